/* SPDX-License-Identifier: Apache-2.0 */
/* Sample rows for the tests of the store, made by walking the column tables: a column that is added is tested at once.
 *
 * Every column gets a value that is not its default, obeys the schema's checks and differs between variants 1 and 2.
 * Ids point at the sample parents; all carry the shard of the sample account, as what an account has does (base/id.h).
 */
#ifndef EBB_TESTS_SAMPLE_ROWS_H
#define EBB_TESTS_SAMPLE_ROWS_H

#include "place.h"

#include "access/vault.h"
#include "base/id.h"
#include "store/store.h"

enum {
    SAMPLE_ACCOUNT = 1001,
    SAMPLE_ACCOUNT_2 = 1002,
    SAMPLE_WITHDRAWAL = 2 * ID_SHARD_COUNT + SAMPLE_ACCOUNT,
    SAMPLE_LEG = 3 * ID_SHARD_COUNT + SAMPLE_ACCOUNT,
    SAMPLE_ENTRY = 4 * ID_SHARD_COUNT + SAMPLE_ACCOUNT,
    SAMPLE_OTHER = 5 * ID_SHARD_COUNT + SAMPLE_ACCOUNT, /* the first column of the tables that are left */
};

/* In the order in which foreign keys allow them to be saved. */
static const struct table *const sample_tables[] = {
    &account_table, &identity_table, &subject_table,  &topup_table,      &claim_table,       &resource_table,
    &fact_table,    &parcel_table,   &draw_table,     &withdrawal_table, &leg_table,         &lot_table,
    &attempt_table, &evidence_table, &review_table,   &entry_table,      &posting_table,     &message_table,
    &event_table,   &incident_table, &document_table, &ticket_table,     &idempotency_table, &audit_table,
};

static inline void *sample_member(const void *row, const struct column *column)
{
    return (void *)((uintptr_t)row + column->offset);
}

static inline int64_t sample_id(const struct table *table, size_t index)
{
    static const struct {
        const struct table *table;
        const char *column;
        int64_t id;
    } known[] = {
        {&account_table, "id", SAMPLE_ACCOUNT},
        {&withdrawal_table, "id", SAMPLE_WITHDRAWAL},
        {&leg_table, "id", SAMPLE_LEG},
        {&entry_table, "id", SAMPLE_ENTRY},
        {NULL, "account", SAMPLE_ACCOUNT},
        {NULL, "giver", SAMPLE_ACCOUNT},
        {NULL, "receiver", SAMPLE_ACCOUNT_2},
        {NULL, "withdrawal", SAMPLE_WITHDRAWAL},
        {NULL, "leg", SAMPLE_LEG},
        {NULL, "entry", SAMPLE_ENTRY},
    };

    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if ((known[i].table == NULL || known[i].table == table) &&
            strcmp(known[i].column, table->columns[index].name) == 0)
            return known[i].id;
    return SAMPLE_OTHER + (int64_t)index * ID_SHARD_COUNT;
}

static inline int64_t sample_int(const char *name, size_t index, int variant)
{
    static const struct {
        const char *name;
        int64_t value;
    } known[] = {{"amount", 1000}, {"topped_up", 900}, {"topup", 500}, {"other", 300}, {"remaining", 80}};

    if (strcmp(name, "code_tries_left") == 0)
        return 2 + variant;
    for (size_t i = 0; i < ARRAY_COUNT(known); i++)
        if (strcmp(known[i].name, name) == 0)
            return known[i].value + variant;
    return 10 + (int64_t)index + variant;
}

static inline const char *sample_text(struct arena *arena, const struct table *table, const struct column *column,
                                      int variant)
{
    return arena_format(arena, "plain-%s-%s-%d", table->name, column->name, variant);
}

static inline void sample_fill(void *row, const struct table *table, size_t index, int variant, struct arena *arena)
{
    const struct column *column = &table->columns[index];
    void *at = sample_member(row, column);
    const char *text;

    switch (column->kind) {
    case COLUMN_ID:
        *(int64_t *)at = sample_id(table, index);
        break;
    case COLUMN_INT:
    case COLUMN_MONEY:
        *(int64_t *)at = sample_int(column->name, index, variant);
        break;
    case COLUMN_INSTANT:
        *(int64_t *)at = 1700000000000 + 1000 * (int64_t)index + variant;
        break;
    case COLUMN_INT32:
        *(int32_t *)at = 202600 + (int32_t)index + variant;
        break;
    case COLUMN_BOOL:
        *(bool *)at = true;
        break;
    case COLUMN_WORD:
        *(int *)at = variant == 1 ? column->words->count - 1 : 1;
        break;
    case COLUMN_TEXT:
        snprintf(at, column->size, "%c%d-%s", column->name[0], variant, table->name);
        break;
    case COLUMN_STRING:
    case COLUMN_SEALED:
        text = sample_text(arena, table, column, variant);
        assert_non_null(text);
        memcpy(at, &text, sizeof text);
        break;
    case COLUMN_HASH:
    case COLUMN_DIGEST:
        memset(at, (int)(16 * index) + variant, column->size);
        break;
    case COLUMN_BYTES:
        *(struct bytes *)at = bytes_of("bytes", 5);
        break;
    }
}

/* A new row with every column filled. */
static inline struct row *sample_row(const struct table *table, int variant, struct arena *arena,
                                     struct changes *changes)
{
    struct row *row = arena_must(arena, table->row_bytes);

    for (size_t i = 0; i < table->columns_count; i++)
        sample_fill(row, table, i, variant, arena);
    if (table == &draw_table || table == &lot_table || table == &posting_table)
        *(int64_t *)sample_member(row, &table->columns[1]) = 1;
    return changes_new(changes, row, table);
}

/* The second account: the receiver of the sample parcel. */
static inline void sample_receiver(struct arena *arena, struct changes *changes)
{
    struct account *account = (struct account *)sample_row(&account_table, 1, arena, changes);

    account->id = SAMPLE_ACCOUNT_2;
    snprintf(account->ref, sizeof account->ref, "receiver");
}

static inline void sample_column_equal(const void *a, const void *b, const struct table *table,
                                       const struct column *column)
{
    const void *left = sample_member(a, column), *right = sample_member(b, column);

    if (column->kind == COLUMN_STRING || column->kind == COLUMN_SEALED) {
        const char *x = *(const char *const *)left, *y = *(const char *const *)right;

        if ((x == NULL) != (y == NULL) || (x != NULL && strcmp(x, y) != 0))
            fail_msg("%s.%s: \"%s\" is not \"%s\"", table->name, column->name, x ? x : "NULL", y ? y : "NULL");
    } else if (column->kind == COLUMN_TEXT) {
        if (strcmp(left, right) != 0)
            fail_msg("%s.%s: \"%s\" is not \"%s\"", table->name, column->name, (const char *)left, (const char *)right);
    } else if (memcmp(left, right, column->size) != 0) {
        fail_msg("%s.%s differs", table->name, column->name);
    }
}

/* A directory of its own, removed with everything in it. */
struct sample_place {
    char directory[64], url[PLACE_BYTES]; /* of the key; of the rows */
    struct vault vault;
    struct store *store;
    struct arena arena;
};

static inline void sample_remove(const char *directory)
{
    char command[160];

    snprintf(command, sizeof command, "rm -rf -- '%s'", directory);
    assert_int_equal(system(command), 0);
}

static inline void sample_open(struct sample_place *place)
{
    char reason[256] = "";
    int64_t from, to;

    snprintf(place->directory, sizeof place->directory, "/tmp/ebb-test-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    place_make(place->directory, place->url);
    arena_init(&place->arena, (size_t)64 << 20);
    assert_int_equal(vault_open(place->directory, true, &place->vault, reason), ERR_NONE);
    if (store_open(place->url, STORE_WRITER, &place->vault, &place->store, reason) != ERR_NONE)
        fail_msg("%s", reason);
    if (store_migrate(place->store, &from, &to) != ERR_NONE)
        fail_msg("%s", store_reason(place->store));
}

static inline void sample_close(struct sample_place *place)
{
    store_close(&place->store);
    vault_fini(&place->vault);
    arena_fini(&place->arena);
    sample_remove(place->directory);
}

static inline void sample_must(struct store *store, enum err err)
{
    if (err != ERR_NONE)
        fail_msg("%s: %s", err_name(err), store_reason(store));
}

static inline void sample_save(struct store *store, struct changes *changes)
{
    sample_must(store, store_begin(store));
    sample_must(store, store_save(store, changes));
    sample_must(store, store_commit(store));
}

/* One row of every table. */
static inline void sample_save_all(struct sample_place *place, struct row *ret[])
{
    struct changes changes = {0};

    sample_receiver(&place->arena, &changes);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++)
        ret[i] = sample_row(sample_tables[i], 1, &place->arena, &changes);
    sample_save(place->store, &changes);
}

/* The database behind the store's back. */
static inline sqlite3 *sample_raw(const struct sample_place *place)
{
    char path[96];
    sqlite3 *raw;

    snprintf(path, sizeof path, "%s/ebb.db", place->directory);
    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    return raw;
}

#endif
