/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/connection.h"

#define KEY_ARENA_BYTES ((size_t)64 << 10)

#define TALLY(name, kind)                                                                                              \
    {                                                                                                                  \
#name, kind, offsetof(struct tally, name), sizeof(((struct tally *)0)->name), NULL                             \
    }
static const struct column tally_columns[] = {
    TALLY(word, COLUMN_TEXT),
    TALLY(count, COLUMN_INT),
    TALLY(amount, COLUMN_MONEY),
    TALLY(at, COLUMN_INSTANT),
};
const struct table tally_table = {"tally", sizeof(struct tally), tally_columns, ARRAY_COUNT(tally_columns)};

struct meta {
    struct row row;
    const char *key, *value;
};
static const struct column meta_columns[] = {
    {"key", COLUMN_STRING, offsetof(struct meta, key), sizeof(const char *), NULL},
    {"value", COLUMN_STRING, offsetof(struct meta, value), sizeof(const char *), NULL},
};
static const struct table meta_table = {"meta", sizeof(struct meta), meta_columns, ARRAY_COUNT(meta_columns)};

enum err store_refuse(struct store *store, enum err err, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(store->reason, sizeof store->reason, format, arguments);
    va_end(arguments);
    return err;
}

/* ---- opening ---- */

bool store_is_url(const char *place)
{
    return strncmp(place, "postgresql://", 13) == 0 || strncmp(place, "postgres://", 11) == 0;
}

/* What the leaf gives, also when it failed half-way, is closed here. */
enum err store_open(const char *place, enum store_mode mode, struct vault *vault, struct store **ret,
                    char ret_reason[256])
{
    struct store *store = NULL;
    enum err err = store_is_url(place) ? postgres_open(place, mode, &store) : sqlite_open(place, mode, &store);

    if (store == NULL) {
        snprintf(ret_reason, 256, "There is no memory for a database connection.");
        return ERR_RETRY;
    }
    store->vault = vault;
    if (err == ERR_NONE)
        err = store_opened(store);
    if (err != ERR_NONE) {
        snprintf(ret_reason, 256, "%s", store->reason);
        store_close(&store);
        return err;
    }
    *ret = store;
    return ERR_NONE;
}

/* A schema alone, as `ebb migrate` makes it, has seen no key yet. */
static enum err key_is_known(struct store *store, bool *ret)
{
    SCOPED(arena_fini) struct arena arena;
    const char *known = NULL;
    int64_t version;

    arena_init(&arena, KEY_ARENA_BYTES);
    TRY(store_schema_version(store, &version));
    if (version > 0)
        TRY(store_meta_get(store, STORE_KEY_CHECK, &arena, &known));
    *ret = known != NULL;
    return ERR_NONE;
}

enum err store_exists(const char *place, bool *ret, char ret_reason[256])
{
    SCOPED(store_close) struct store *store = NULL;
    char path[4096];

    if (!store_is_url(place)) {
        snprintf(path, sizeof path, "%s/ebb.db", place);
        *ret = access(path, F_OK) == 0;
        return ERR_NONE;
    }
    TRY(store_open(place, STORE_READER, NULL, &store, ret_reason));
    enum err err = key_is_known(store, ret);
    snprintf(ret_reason, 256, "%s", store->reason);
    return err;
}

enum err store_lease(struct store *store, int *ret)
{
    *ret = 0;
    return store->operations->lease == NULL ? ERR_NONE : store->operations->lease(store, ret);
}

void store_close(struct store **store)
{
    if (*store != NULL)
        (*store)->operations->close(*store);
    *store = NULL;
}

bool store_is_shared(const struct store *store)
{
    return store->operations->shared;
}

/* ---- reading ---- */

static enum err rows_grow(struct store *store, struct arena *arena, struct rows *rows)
{
    size_t wanted = rows->count == 0 ? 8 : 2 * rows->count;
    void **items = arena_alloc(arena, wanted * sizeof *items);

    if (items == NULL)
        return store_refuse(store, ERR_RETRY, "no memory for %zu rows", wanted);
    if (rows->count > 0)
        memcpy(items, rows->items, rows->count * sizeof *items);
    rows->items = items;
    return ERR_NONE;
}

/* Lists have room for 8, 16, 32 … rows: one is full exactly when its count is such a number. */
enum err rows_add(struct store *store, const struct table *table, struct arena *arena, struct rows *rows,
                  struct row **ret)
{
    if (rows->count == 0 || (rows->count >= 8 && (rows->count & (rows->count - 1)) == 0))
        TRY(rows_grow(store, arena, rows));
    struct row *row = arena_alloc(arena, table->row_bytes);
    if (row == NULL)
        return store_refuse(store, ERR_RETRY, "no memory for a row of %s", table->name);
    row->table = table;
    rows->items[rows->count++] = row;
    *ret = row;
    return ERR_NONE;
}

enum err store_select(struct store *store, enum query query, const struct value *args, size_t args_count,
                      const struct table *table, struct arena *arena, struct rows *ret)
{
    struct fetch fetch = {.query = query, .table = table, .args = args, .args_count = args_count};

    TRY(store->operations->select(store, &fetch, arena));
    *ret = fetch.rows;
    return ERR_NONE;
}

enum err store_fetch(struct store *store, struct fetch *const *fetches, size_t count, struct arena *arena)
{
    return store->operations->fetch(store, fetches, count, arena);
}

enum err store_int(struct store *store, enum query query, const struct value *args, size_t args_count, int64_t *ret)
{
    return store->operations->number(store, query, args, args_count, ret);
}

enum err store_meta_get(struct store *store, const char *key, struct arena *arena, const char **ret)
{
    const struct value args[] = {value_text("key", key)};
    struct rows rows;

    TRY(store_select(store, QUERY_META_GET, args, ARRAY_COUNT(args), &meta_table, arena, &rows));
    *ret = rows.count == 0 ? NULL : ((const struct meta *)rows.items[0])->value;
    return ERR_NONE;
}

/* ---- writing ---- */

enum err store_begin(struct store *store)
{
    store->raced = false;
    store_fence(store, 0, 0);
    store_expect(store, -1);
    return store->operations->begin(store);
}

/* The engine may have rolled back by itself (disk full, no memory): going on would commit the second half alone. */
enum err store_in_transaction(struct store *store)
{
    if (store->mode != STORE_WRITER)
        return store_refuse(store, ERR_FATAL, "a reader does not write");
    if (!store->operations->in_transaction(store))
        return store_refuse(store, ERR_FATAL, "there is no open transaction to write in");
    return ERR_NONE;
}

bool store_usable(const struct store *store)
{
    return !store->lost;
}

bool store_transacting(const struct store *store)
{
    return store->operations->in_transaction(store);
}

enum err store_execute(struct store *store, enum query query, const struct value *args, size_t args_count)
{
    TRY(store_in_transaction(store));
    return store->operations->execute(store, query, args, args_count);
}

int64_t store_changed(const struct store *store)
{
    return store->changed;
}

enum err store_meta_put(struct store *store, const char *key, const char *value)
{
    const struct value args[] = {value_text("key", key), value_text("value", value)};

    return store_execute(store, QUERY_META_PUT, args, ARRAY_COUNT(args));
}

static enum err save(struct store *store, struct changes *changes, bool commit)
{
    store->raced = false;
    TRY(store_in_transaction(store));
    TRY(store->operations->save(store, changes, commit));
    changes_forget(changes);
    return ERR_NONE;
}

enum err store_save(struct store *store, struct changes *changes)
{
    return save(store, changes, false);
}

enum err store_save_commit(struct store *store, struct changes *changes)
{
    return save(store, changes, true);
}

void store_fence(struct store *store, int64_t epoch, int64_t guard_ms)
{
    store->fence_epoch = epoch;
    store->fence_ms = guard_ms;
}

void store_expect(struct store *store, int64_t seq)
{
    store->expected_seq = seq;
}

bool store_raced(const struct store *store)
{
    return store->raced;
}

enum err store_commit(struct store *store)
{
    TRY(store_in_transaction(store));
    return store->operations->commit(store);
}

void store_rollback(struct store *store)
{
    store->operations->rollback(store);
}

enum err store_checkpoint(struct store *store)
{
    if (store->mode != STORE_WRITER)
        return store_refuse(store, ERR_FATAL, "a reader does not checkpoint");
    return store->operations->checkpoint(store);
}

int64_t store_log_pages(const struct store *store)
{
    return store->log_pages;
}

const char *store_reason(const struct store *store)
{
    return store->reason;
}
