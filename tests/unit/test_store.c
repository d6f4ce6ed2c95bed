/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_rows.h"

#include <fcntl.h>
#include <sys/stat.h>

/* One full select a table: how to get the sample row back with all its columns. */
static const struct full_select {
    const struct table *table;
    enum query select, update;
    struct value args[6];
    size_t args_count;
} full_selects[] = {
#define ONE(wanted, number) {{.kind = VALUE_INT, .name = wanted, .integer = number}}, 1
    {&account_table, QUERY_ACCOUNT_BY_ID, QUERY_ACCOUNT_UPDATE, ONE("id", SAMPLE_ACCOUNT)},
    {&identity_table, QUERY_IDENTITY_BY_ACCOUNT, QUERY_IDENTITY_UPDATE, ONE("account", SAMPLE_ACCOUNT)},
    {&topup_table, QUERY_TOPUP_FULL_BY_ID, QUERY_TOPUP_UPDATE, ONE("id", SAMPLE_OTHER)},
    {&fact_table, QUERY_FACT_BY_ID, QUERY_FACT_UPDATE, ONE("id", SAMPLE_OTHER)},
    {&draw_table, QUERY_DRAWS_BY_OWNER, QUERY_DRAW_UPDATE, ONE("owner", SAMPLE_OTHER)},
    {&withdrawal_table, QUERY_WITHDRAWAL_BY_ID, QUERY_WITHDRAWAL_UPDATE, ONE("id", SAMPLE_WITHDRAWAL)},
    {&leg_table, QUERY_LEGS_BY_WITHDRAWAL, QUERY_LEG_UPDATE, ONE("withdrawal", SAMPLE_WITHDRAWAL)},
    {&lot_table, QUERY_LOTS_BY_WITHDRAWAL, QUERY__COUNT, ONE("withdrawal", SAMPLE_WITHDRAWAL)},
    {&attempt_table, QUERY_ATTEMPTS_BY_WITHDRAWAL, QUERY_ATTEMPT_UPDATE, ONE("withdrawal", SAMPLE_WITHDRAWAL)},
    {&evidence_table, QUERY_EVIDENCE_BY_WITHDRAWAL, QUERY__COUNT, ONE("withdrawal", SAMPLE_WITHDRAWAL)},
    {&review_table, QUERY_REVIEWS_BY_WITHDRAWAL, QUERY__COUNT, ONE("withdrawal", SAMPLE_WITHDRAWAL)},
    {&posting_table, QUERY_POSTINGS_BY_ENTRY, QUERY__COUNT, ONE("entry", SAMPLE_ENTRY)},
    {&incident_table, QUERY_INCIDENT_BY_ID, QUERY_INCIDENT_UPDATE, ONE("id", SAMPLE_OTHER)},
    {&document_table, QUERY_DOCUMENT_CONTENT_BY_ID, QUERY_DOCUMENT_UPDATE, ONE("id", SAMPLE_OTHER)},
    {&ticket_table, QUERY_TICKET_BY_ID, QUERY_TICKET_UPDATE, ONE("id", SAMPLE_OTHER)},
    {&audit_table, QUERY_AUDIT_LAST, QUERY__COUNT, {{0}}, 0},
#undef ONE
    {&parcel_table,
     QUERY_PARCEL_BY_ID,
     QUERY_PARCEL_UPDATE,
     {{.kind = VALUE_INT, .name = "id", .integer = SAMPLE_OTHER},
      {.kind = VALUE_INT, .name = "receiver", .integer = SAMPLE_ACCOUNT_2}},
     2},
    {&claim_table,
     QUERY_CLAIM_BY_REF,
     QUERY_CLAIM_UPDATE,
     {{.kind = VALUE_INT, .name = "account", .integer = SAMPLE_ACCOUNT},
      {.kind = VALUE_TEXT, .name = "ref", .text = "r1-claim"}},
     2},
    {&resource_table,
     QUERY_RESOURCE_BY_REF,
     QUERY_RESOURCE_UPDATE,
     {{.kind = VALUE_INT, .name = "account", .integer = SAMPLE_ACCOUNT},
      {.kind = VALUE_TEXT, .name = "ref", .text = "r1-resource"}},
     2},
    {&subject_table,
     QUERY_SUBJECT_BY_ID,
     QUERY_SUBJECT_UPDATE,
     {{.kind = VALUE_BYTES, .name = "id", .bytes = {"\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16}}},
     1},
    {&idempotency_table,
     QUERY_IDEMPOTENCY_BY_SCOPE,
     QUERY__COUNT,
     {{.kind = VALUE_BYTES, .name = "scope", .bytes = {"\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 16}}},
     1},
    {&message_table,
     QUERY_MESSAGES_BY_ACCOUNT,
     QUERY_MESSAGE_UPDATE,
     {{.kind = VALUE_INT, .name = "account", .integer = SAMPLE_ACCOUNT},
      {.kind = VALUE_INT, .name = "limit", .integer = 5}},
     2},
    {&event_table,
     QUERY_EVENTS_LIST,
     QUERY__COUNT,
     {{.kind = VALUE_INT, .name = "after", .integer = 0},
      {.kind = VALUE_INT, .name = "limit", .integer = 5},
      {.kind = VALUE_NULL, .name = "account"}},
     3},
    {&entry_table,
     QUERY_TRANSACTIONS_LIST,
     QUERY__COUNT,
     {{.kind = VALUE_INT, .name = "account", .integer = SAMPLE_ACCOUNT},
      {.kind = VALUE_NULL, .name = "kind"},
      {.kind = VALUE_NULL, .name = "from"},
      {.kind = VALUE_NULL, .name = "to"},
      {.kind = VALUE_NULL, .name = "before"},
      {.kind = VALUE_INT, .name = "limit", .integer = 5}},
     6},
};
_Static_assert(ARRAY_COUNT(full_selects) == ARRAY_COUNT(sample_tables), "every table comes back");

static const struct full_select *full_select_of(const struct table *table)
{
    for (size_t i = 0; i < ARRAY_COUNT(full_selects); i++)
        if (full_selects[i].table == table)
            return &full_selects[i];
    fail_msg("no full select of %s", table->name);
    return NULL;
}

static struct row *row_back(struct sample_place *place, struct store *store, const struct table *table)
{
    const struct full_select *full = full_select_of(table);
    struct rows rows;

    sample_must(store, store_select(store, full->select, full->args, full->args_count, table, &place->arena, &rows));
    if (rows.count != 1)
        fail_msg("%s: %zu rows came back", table->name, rows.count);
    return rows.items[0];
}

static bool is_default(const void *row, const struct column *column)
{
    const char *at = sample_member(row, column);

    for (size_t i = 0; i < column->size; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static void test_every_column_comes_back(void **state)
{
    struct sample_place place;
    struct row *saved[ARRAY_COUNT(sample_tables)];
    (void)state;

    sample_open(&place);
    sample_save_all(&place, saved);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++) {
        const struct table *table = sample_tables[i];
        struct row *back = row_back(&place, place.store, table);

        assert_ptr_equal(back->table, table);
        assert_int_equal(back->state, ROW_CLEAN);
        for (size_t c = 0; c < table->columns_count; c++) {
            if (is_default(saved[i], &table->columns[c]))
                fail_msg("%s.%s: the sample is the default and proves nothing", table->name, table->columns[c].name);
            sample_column_equal(saved[i], back, table, &table->columns[c]);
        }
    }
    sample_close(&place);
}

/* What an update statement names takes the new value, everything else keeps the old one. */
static void update_check(struct sample_place *place, const struct table *table, enum query update, int round,
                         struct row *row)
{
    struct changes changes = {0};
    struct row *before = arena_copy(&place->arena, row, table->row_bytes);
    size_t mutable = 0;
    char set[160];

    assert_non_null(before);
    for (size_t c = 0; c < table->columns_count; c++)
        if (table->columns[c].kind != COLUMN_ID && strcmp(table->columns[c].name, "line") != 0 &&
            !(table == &subject_table && c == 0))
            sample_fill(row, table, c, round, &place->arena);
    if (update == QUERY_ACCOUNT_FIGURES)
        changes_put(&changes, row);
    else
        changes_put_described(&changes, row);
    sample_save(place->store, &changes);
    struct row *back = row_back(place, place->store, table);
    for (size_t c = 0; c < table->columns_count; c++) {
        const struct column *column = &table->columns[c];
        const char *where = strstr(query_texts[update], " WHERE ");

        snprintf(set, sizeof set, " %s = $%s", column->name, column->name);
        const char *named = strstr(query_texts[update], set);
        bool changes_it = named != NULL && named < where;
        mutable += changes_it;
        sample_column_equal(changes_it ? row : before, back, table, column);
    }
    assert_true(mutable > 0);
}

static void test_update_changes_what_it_names(void **state)
{
    struct sample_place place;
    struct row *saved[ARRAY_COUNT(sample_tables)];
    (void)state;

    sample_open(&place);
    sample_save_all(&place, saved);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++) {
        const struct full_select *full = full_select_of(sample_tables[i]);

        if (full->update != QUERY__COUNT)
            update_check(&place, full->table, full->update, 2, saved[i]);
    }
    update_check(&place, &account_table, QUERY_ACCOUNT_FIGURES, 3, row_back(&place, place.store, &account_table));
    sample_close(&place);
}

static void test_fixed_tables_refuse_updates(void **state)
{
    struct sample_place place;
    struct row *saved[ARRAY_COUNT(sample_tables)];
    (void)state;

    sample_open(&place);
    sample_save_all(&place, saved);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++) {
        struct changes changes = {0};

        if (full_select_of(sample_tables[i])->update != QUERY__COUNT)
            continue;
        changes_put(&changes, saved[i]);
        sample_must(place.store, store_begin(place.store));
        assert_int_equal(store_save(place.store, &changes), ERR_FATAL);
        store_rollback(place.store);
    }
    sample_close(&place);
}

static int64_t raw_int(sqlite3 *raw, const char *sql, const char *a, const char *b)
{
    char *text = sqlite3_mprintf(sql, a, b);
    sqlite3_stmt *statement;

    assert_int_equal(sqlite3_prepare_v2(raw, text, -1, &statement, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_free(text);
    return value;
}

static bool kind_has_null(enum column_kind kind)
{
    return kind != COLUMN_INT && kind != COLUMN_INT32 && kind != COLUMN_BOOL && kind != COLUMN_MONEY;
}

/* "Nothing" is NULL outside and zero inside, for every column that the schema lets be empty. */
static void test_nothing_is_null(void **state)
{
    struct sample_place place;
    struct changes changes = {0};
    struct row *saved[ARRAY_COUNT(sample_tables)];
    int64_t nulls = 0;
    (void)state;

    sample_open(&place);
    sqlite3 *raw = sample_raw(&place);
    sample_receiver(&place.arena, &changes);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++) {
        const struct table *table = sample_tables[i];

        saved[i] = sample_row(table, 1, &place.arena, &changes);
        for (size_t c = 1; c < table->columns_count; c++)
            if (kind_has_null(table->columns[c].kind) &&
                raw_int(raw, "SELECT \"notnull\" FROM pragma_table_info(%Q) WHERE name = %Q", table->name,
                        table->columns[c].name) == 0 &&
                !(table == &evidence_table && strcmp(table->columns[c].name, "withdrawal") == 0))
                memset(sample_member(saved[i], &table->columns[c]), 0, table->columns[c].size);
    }
    sample_save(place.store, &changes);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++) {
        const struct table *table = sample_tables[i];
        struct row *back = row_back(&place, place.store, table);

        for (size_t c = 0; c < table->columns_count; c++) {
            sample_column_equal(saved[i], back, table, &table->columns[c]);
            if (!is_default(saved[i], &table->columns[c]))
                continue;
            assert_int_equal(
                raw_int(raw, "SELECT count(*) FROM \"%w\" WHERE \"%w\" IS NULL", table->name, table->columns[c].name),
                1);
            nulls++;
        }
    }
    assert_true(nulls > 40);
    sqlite3_close(raw);
    sample_close(&place);
}

/* Every column of the schema is a column of the table in rows.c and the other way round. */
static void test_tables_and_schema_agree(void **state)
{
    struct sample_place place;
    (void)state;

    sample_open(&place);
    sqlite3 *raw = sample_raw(&place);
    for (size_t i = 0; i < ARRAY_COUNT(sample_tables); i++) {
        const struct table *table = sample_tables[i];

        assert_int_equal(raw_int(raw, "SELECT count(*) FROM pragma_table_info(%Q)", table->name, NULL),
                         table->columns_count);
        for (size_t c = 0; c < table->columns_count; c++)
            if (raw_int(raw, "SELECT count(*) FROM pragma_table_info(%Q) WHERE name = %Q", table->name,
                        table->columns[c].name) != 1)
                fail_msg("the schema has no %s.%s", table->name, table->columns[c].name);
    }
    sqlite3_close(raw);
    sample_close(&place);
}

/* The writer prepares every statement when it opens a database of the latest schema; here each is named if it fails. */
static void test_all_statements_prepare(void **state)
{
    struct sample_place place;
    (void)state;

    sample_open(&place);
    sqlite3 *raw = sample_raw(&place);
    for (int query = 0; query < QUERY__COUNT; query++) {
        sqlite3_stmt *statement = NULL;

        if (query_texts[query] != NULL &&
            sqlite3_prepare_v2(raw, query_texts[query], -1, &statement, NULL) != SQLITE_OK)
            fail_msg("%s: %s", query_names[query], sqlite3_errmsg(raw));
        sqlite3_finalize(statement);
    }
    sqlite3_close(raw);
    sample_close(&place);
}

/* New and then changed in one batch is one insert with the last state; order is that of the first change. */
static void test_a_batch_saves_the_last_state(void **state)
{
    struct sample_place place;
    struct changes changes = {0};
    (void)state;

    sample_open(&place);
    struct account *account = (struct account *)sample_row(&account_table, 1, &place.arena, &changes);
    struct row *topup = sample_row(&topup_table, 1, &place.arena, &changes);
    account->version = 77;
    changes_put(&changes, &account->row);
    assert_int_equal(changes.count, 2);
    sample_save(place.store, &changes);
    assert_int_equal(account->row.state, ROW_CLEAN);
    assert_int_equal(topup->state, ROW_CLEAN);
    assert_int_equal(((struct account *)row_back(&place, place.store, &account_table))->version, 77);
    account->version = 78;
    changes_put(&changes, &account->row);
    changes_put(&changes, &account->row);
    assert_int_equal(changes.count, 1);
    sample_save(place.store, &changes);
    assert_int_equal(((struct account *)row_back(&place, place.store, &account_table))->version, 78);
    sample_close(&place);
}

static void test_rows_that_go_make_room(void **state)
{
    struct sample_place place;
    struct changes changes = {0};
    (void)state;

    sample_open(&place);
    sample_row(&account_table, 1, &place.arena, &changes);
    sample_row(&withdrawal_table, 1, &place.arena, &changes);
    struct row *leg = sample_row(&leg_table, 1, &place.arena, &changes);
    struct row *lot = sample_row(&lot_table, 1, &place.arena, &changes);
    sample_save(place.store, &changes);
    struct leg *other = (struct leg *)sample_row(&leg_table, 1, &place.arena, &changes);
    struct lot *part = (struct lot *)sample_row(&lot_table, 1, &place.arena, &changes);
    other->id = part->leg = SAMPLE_LEG + ID_SHARD_COUNT; /* takes the same number of the same withdrawal */
    changes_drop(&changes, leg);
    changes_drop(&changes, lot);
    sample_save(place.store, &changes);
    assert_int_equal(((struct leg *)row_back(&place, place.store, &leg_table))->id, SAMPLE_LEG + ID_SHARD_COUNT);
    assert_int_equal(((struct lot *)row_back(&place, place.store, &lot_table))->leg, SAMPLE_LEG + ID_SHARD_COUNT);
    sample_close(&place);
}

static void file_hash(const struct sample_place *place, const char *name, uint8_t ret[HASH_BYTES])
{
    char path[96];
    struct stat about;

    snprintf(path, sizeof path, "%s/%s", place->directory, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &about) == 0);
    char *data = malloc((size_t)about.st_size + 1);
    assert_non_null(data);
    assert_int_equal(read(fd, data, (size_t)about.st_size), about.st_size);
    struct bytes part = bytes_of(data, (size_t)about.st_size);
    hash_parts("test", NULL, &part, 1, ret, HASH_BYTES);
    free(data);
    close(fd);
}

/* A constraint that fires is ERR_FATAL, and after the rollback not one byte of the files has changed. */
static void test_a_failed_save_leaves_nothing(void **state)
{
    static const char *const files[] = {"ebb.db", "ebb.db-wal"};
    struct sample_place place;
    struct changes changes = {0};
    uint8_t before[2][HASH_BYTES], after[2][HASH_BYTES];
    (void)state;

    sample_open(&place);
    sample_row(&account_table, 1, &place.arena, &changes);
    sample_save(place.store, &changes);
    for (size_t i = 0; i < ARRAY_COUNT(files); i++)
        file_hash(&place, files[i], before[i]);
    sample_row(&topup_table, 1, &place.arena, &changes); /* good */
    struct topup *bad = (struct topup *)sample_row(&topup_table, 1, &place.arena, &changes);
    bad->id++;
    snprintf(bad->ref, sizeof bad->ref, "other");
    bad->held = money_of(bad->remaining.minor + 1);
    sample_must(place.store, store_begin(place.store));
    assert_int_equal(store_save(place.store, &changes), ERR_FATAL);
    assert_non_null(strstr(store_reason(place.store), "CHECK"));
    store_rollback(place.store);
    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        file_hash(&place, files[i], after[i]);
        assert_memory_equal(before[i], after[i], HASH_BYTES);
    }
    sample_close(&place);
}

/* One attribute differs per row: what the constraints of the schema refuse. */
static void test_constraints_repeat_the_invariants(void **state)
{
    static const struct {
        const struct table *table;
        const char *column;
        int64_t value;
    } cases[] = {
        {&account_table, "topup", -1},
        {&account_table, "topup_held", 502},
        {&account_table, "other_held", 302},
        {&account_table, "overdue", -1},
        {&account_table, "topped_up", 500},
        {&topup_table, "remaining", 991},
        {&topup_table, "amount", 0},
        {&topup_table, "held", 82},
        {&topup_table, "refunds", -1},
        {&fact_table, "unpaid", 1002},
        {&parcel_table, "receiver", SAMPLE_ACCOUNT},
        {&parcel_table, "taken_back", 990},
        {&draw_table, "given_back", 1002},
        {&withdrawal_table, "code_tries_left", 6},
        {&withdrawal_table, "account", 99},
        {&leg_table, "withdrawal", 99},
        {&posting_table, "amount", 0},
        {&posting_table, "entry", 99},
    };
    struct sample_place place;
    (void)state;

    sample_open(&place);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct changes changes = {0};

        sample_receiver(&place.arena, &changes);
        for (size_t t = 0; t < ARRAY_COUNT(sample_tables); t++) {
            const struct table *table = sample_tables[t];
            struct row *row = sample_row(table, 1, &place.arena, &changes);

            for (size_t c = 0; table == cases[i].table && c < table->columns_count; c++)
                if (strcmp(table->columns[c].name, cases[i].column) == 0)
                    *(int64_t *)sample_member(row, &table->columns[c]) = cases[i].value;
        }
        sample_must(place.store, store_begin(place.store));
        enum err err = store_save(place.store, &changes);
        store_rollback(place.store);
        if (err != ERR_FATAL)
            fail_msg("%s.%s = %lld was stored", cases[i].table->name, cases[i].column, (long long)cases[i].value);
    }
    sample_close(&place);
}

static void test_an_update_must_hit_one_row(void **state)
{
    struct sample_place place;
    struct changes changes = {0};
    (void)state;

    sample_open(&place);
    struct row *row = sample_row(&account_table, 1, &place.arena, &changes);
    row->state = ROW_CHANGED; /* as if it had been loaded */
    row->described = true;
    sample_must(place.store, store_begin(place.store));
    assert_int_equal(store_save(place.store, &changes), ERR_FATAL);
    assert_non_null(strstr(store_reason(place.store), "account_update wrote"));
    store_rollback(place.store);
    sample_close(&place);
}

static void test_arguments_are_checked(void **state)
{
    struct sample_place place;
    struct rows rows;
    const struct value wrong[] = {value_int("ident", 1)}, extra[] = {value_int("id", 1), value_int("x", 1)};
    (void)state;

    sample_open(&place);
    assert_int_equal(store_select(place.store, QUERY_ACCOUNT_BY_ID, wrong, 1, &account_table, &place.arena, &rows),
                     ERR_FATAL);
    assert_int_equal(store_select(place.store, QUERY_ACCOUNT_BY_ID, extra, 2, &account_table, &place.arena, &rows),
                     ERR_FATAL);
    assert_int_equal(store_select(place.store, QUERY_ACCOUNT_BY_ID, NULL, 0, &account_table, &place.arena, &rows),
                     ERR_FATAL);
    /* Columns that the table does not know. */
    assert_int_equal(store_select(place.store, QUERY_ACCOUNT_BY_ID, (struct value[]){value_int("id", 1)}, 1,
                                  &topup_table, &place.arena, &rows),
                     ERR_NONE); /* no row, nothing to resolve */
    struct changes changes = {0};
    sample_row(&account_table, 1, &place.arena, &changes);
    sample_save(place.store, &changes);
    assert_int_equal(store_select(place.store, QUERY_ACCOUNT_BY_ID, (struct value[]){value_int("id", SAMPLE_ACCOUNT)},
                                  1, &topup_table, &place.arena, &rows),
                     ERR_FATAL);
    sample_close(&place);
}

static void test_writing_needs_a_transaction(void **state)
{
    struct sample_place place;
    struct changes changes = {0};
    (void)state;

    sample_open(&place);
    sample_row(&account_table, 1, &place.arena, &changes);
    assert_int_equal(store_save(place.store, &changes), ERR_FATAL);
    assert_int_equal(store_meta_put(place.store, "k", "v"), ERR_FATAL);
    assert_int_equal(store_commit(place.store), ERR_FATAL);
    sample_close(&place);
}

static void test_meta(void **state)
{
    struct sample_place place;
    const char *value = "untouched";
    (void)state;

    sample_open(&place);
    sample_must(place.store, store_meta_get(place.store, "colour", &place.arena, &value));
    assert_null(value);
    sample_must(place.store, store_begin(place.store));
    sample_must(place.store, store_meta_put(place.store, "colour", "blue"));
    sample_must(place.store, store_meta_put(place.store, "colour", "green"));
    sample_must(place.store, store_commit(place.store));
    sample_must(place.store, store_meta_get(place.store, "colour", &place.arena, &value));
    assert_string_equal(value, "green");
    sample_close(&place);
}

int main(void)
{
    const struct CMUnitTest everywhere[] = {
        cmocka_unit_test(test_every_column_comes_back),     cmocka_unit_test(test_update_changes_what_it_names),
        cmocka_unit_test(test_fixed_tables_refuse_updates), cmocka_unit_test(test_a_batch_saves_the_last_state),
        cmocka_unit_test(test_rows_that_go_make_room),      cmocka_unit_test(test_constraints_repeat_the_invariants),
        cmocka_unit_test(test_an_update_must_hit_one_row),  cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_writing_needs_a_transaction), cmocka_unit_test(test_meta),
    };
    const struct CMUnitTest in_a_file[] = {
        cmocka_unit_test(test_nothing_is_null),
        cmocka_unit_test(test_tables_and_schema_agree),
        cmocka_unit_test(test_all_statements_prepare),
        cmocka_unit_test(test_a_failed_save_leaves_nothing),
    };
    int failed = cmocka_run_group_tests(everywhere, NULL, NULL);

    return place_server() != NULL ? failed : failed + cmocka_run_group_tests(in_a_file, NULL, NULL);
}
