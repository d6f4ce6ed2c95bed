/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/connection.h"

#define PATH_BYTES 4096

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

/* ---- opening ---- */

/* A second writer would be a second checkpointer, and a second engine: the lock lives as long as the process. */
static enum err lock_take(struct store *store, const char *directory)
{
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/ebb.lock", directory);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0)
        return store_refuse(store, ERR_FATAL, "The lock file %s cannot be opened: %s.", path, strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return store_refuse(store, ERR_FATAL, "Another Ebb writes in %s: it holds ebb.lock. Stop it first.", directory);
    return ERR_NONE;
}

/* Created by us, so that it is nobody else's to read; SQLite gives its -wal and -shm the same mode. */
static enum err file_create(struct store *store, const char *directory, const char *path)
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return store_refuse(store, ERR_FATAL, "The directory %s cannot be created: %s.", directory, strerror(errno));
    TRY(lock_take(store, directory));
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return store_refuse(store, ERR_FATAL, "%s cannot be created: %s.", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ERR_NONE;
}

static enum err pragmas_set(struct store *store)
{
    bool writer = store->mode == STORE_WRITER;
    enum query setup = writer ? QUERY_OPEN_WRITER : QUERY_OPEN_READER;

    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, writer ? 0 : 1, NULL);
    int code = sqlite3_exec(store->db, query_texts[setup], NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : store_fail(store, code, query_names[setup]);
}

static enum err journal_check(struct store *store)
{
    struct statement *statement;
    enum err err = ERR_NONE;

    TRY(statement_get(store, QUERY_JOURNAL_MODE, &statement));
    int code = sqlite3_step(statement->handle);
    const char *mode = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement->handle, 0) : NULL;
    if (code != SQLITE_ROW)
        err = store_fail(store, code, "journal_mode");
    else if (mode == NULL || strcmp(mode, "wal") != 0)
        err = store_refuse(store, ERR_FATAL, "The file system does not carry SQLite's WAL (journal mode is %s).",
                           mode != NULL ? mode : "unknown");
    sqlite3_reset(statement->handle);
    return err;
}

/* After a failed fsync the kernel may show frames of the log that the disk never got, and will not write them again:
 * what is appended behind them would be lost with them. So what an earlier process left in the log is written into the
 * database, anew and synced, before anything is built on it. A reader in the middle of the log is left alone. */
static enum err log_settle(struct store *store)
{
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if (code == SQLITE_OK || code == SQLITE_BUSY)
        return ERR_NONE;
    return store_fail(store, code, "the log of an earlier process");
}

static enum err connection_open(struct store *store, const char *directory)
{
    char path[PATH_BYTES];
    bool writer = store->mode == STORE_WRITER;
    int flags = (writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    if (strlen(directory) + sizeof "/ebb.lock" > sizeof path)
        return store_refuse(store, ERR_FATAL, "The name of the data directory is too long.");
    snprintf(path, sizeof path, "%s/ebb.db", directory);
    if (writer)
        TRY(file_create(store, directory, path));
    else if (access(path, R_OK) != 0)
        return store_refuse(store, ERR_FATAL, "There is no database %s to read: %s.", path, strerror(errno));
    int code = sqlite3_open_v2(path, &store->db, flags, NULL);
    if (code != SQLITE_OK)
        return store_fail(store, code, path);
    TRY(pragmas_set(store));
    TRY(journal_check(store));
    return writer ? log_settle(store) : ERR_NONE;
}

enum err store_open(const char *directory, enum store_mode mode, struct vault *vault, struct store **ret,
                    char ret_reason[256])
{
    struct store *store = calloc(1, sizeof *store);

    if (store == NULL) {
        snprintf(ret_reason, 256, "There is no memory for a database connection.");
        return ERR_RETRY;
    }
    store->mode = mode;
    store->vault = vault;
    store->lock_fd = -1;
    enum err err = connection_open(store, directory);
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

void store_close(struct store **store)
{
    struct store *closing = *store;

    if (closing == NULL)
        return;
    statement_forget_all(closing);
    sqlite3_close(closing->db);
    if (closing->lock_fd >= 0)
        close(closing->lock_fd);
    free(closing);
    *store = NULL;
}

/* ---- reading ---- */

static enum err rows_grow(struct store *store, struct arena *arena, struct rows *rows, size_t *capacity)
{
    if (rows->count < *capacity)
        return ERR_NONE;
    size_t wanted = *capacity == 0 ? 8 : 2 * *capacity;
    void **items = arena_alloc(arena, wanted * sizeof *items);
    if (items == NULL)
        return store_refuse(store, ERR_RETRY, "no memory for %zu rows", wanted);
    if (rows->count > 0)
        memcpy(items, rows->items, rows->count * sizeof *items);
    rows->items = items;
    *capacity = wanted;
    return ERR_NONE;
}

static enum err row_add(struct store *store, enum query query, struct statement *statement, const struct table *table,
                        struct arena *arena, struct rows *rows, size_t *capacity)
{
    TRY(rows_grow(store, arena, rows, capacity));
    struct row *row = arena_alloc(arena, table->row_bytes);
    if (row == NULL)
        return store_refuse(store, ERR_RETRY, "no memory for a row of %s", table->name);
    TRY(row_read(store, query, statement, table, arena, row));
    rows->items[rows->count++] = row;
    return ERR_NONE;
}

enum err store_select(struct store *store, enum query query, const struct value *args, size_t args_count,
                      const struct table *table, struct arena *arena, struct rows *ret)
{
    struct statement *statement;
    struct rows rows = {0};
    size_t capacity = 0;
    enum err err = ERR_NONE;
    int code;

    TRY(statement_get(store, query, &statement));
    TRY(statement_bind(store, query, statement, args, args_count));
    while ((code = sqlite3_step(statement->handle)) == SQLITE_ROW && err == ERR_NONE)
        err = row_add(store, query, statement, table, arena, &rows, &capacity);
    if (err == ERR_NONE && code != SQLITE_DONE)
        err = store_fail(store, code, query_names[query]);
    sqlite3_reset(statement->handle);
    if (err == ERR_NONE)
        *ret = rows;
    return err;
}

enum err store_int(struct store *store, enum query query, const struct value *args, size_t args_count, int64_t *ret)
{
    struct statement *statement;
    enum err err = ERR_NONE;

    TRY(statement_get(store, query, &statement));
    TRY(statement_bind(store, query, statement, args, args_count));
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        *ret = code == SQLITE_ROW ? sqlite3_column_int64(statement->handle, 0) : 0;
    else
        err = store_fail(store, code, query_names[query]);
    sqlite3_reset(statement->handle);
    return err;
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

static enum err simple_run(struct store *store, enum query query)
{
    struct statement *statement;

    TRY(statement_get(store, query, &statement));
    return statement_run(store, query, statement);
}

enum err store_begin(struct store *store)
{
    return simple_run(store, store->mode == STORE_WRITER ? QUERY_TRANSACTION_BEGIN : QUERY_TRANSACTION_SNAPSHOT);
}

/* SQLite may have rolled back by itself (disk full, no memory): going on would commit the second half alone. */
enum err store_in_transaction(struct store *store)
{
    if (store->mode != STORE_WRITER)
        return store_refuse(store, ERR_FATAL, "a reader does not write");
    if (sqlite3_get_autocommit(store->db) != 0)
        return store_refuse(store, ERR_FATAL, "there is no open transaction to write in");
    return ERR_NONE;
}

enum err store_execute(struct store *store, enum query query, const struct value *args, size_t args_count)
{
    struct statement *statement;

    TRY(store_in_transaction(store));
    TRY(statement_get(store, query, &statement));
    TRY(statement_bind(store, query, statement, args, args_count));
    return statement_run(store, query, statement);
}

enum err store_meta_put(struct store *store, const char *key, const char *value)
{
    const struct value args[] = {value_text("key", key), value_text("value", value)};

    return store_execute(store, QUERY_META_PUT, args, ARRAY_COUNT(args));
}

/* Whatever goes wrong from here on, the frames may be on the disk or not: measured, a commit that reported EIO was
 * there after reopening. So the outcome is unknown and this connection is not asked again. */
enum err store_commit(struct store *store)
{
    struct statement *statement;

    TRY(store_in_transaction(store));
    TRY(statement_get(store, QUERY_TRANSACTION_COMMIT, &statement));
    if (statement_run(store, QUERY_TRANSACTION_COMMIT, statement) == ERR_NONE)
        return ERR_NONE;
    store->lost = true;
    return ERR_UNKNOWN;
}

void store_rollback(struct store *store)
{
    if (store->db == NULL || sqlite3_get_autocommit(store->db) != 0)
        return;
    /* If even this fails the transaction ends with the connection: nothing of it was committed. */
    if (sqlite3_exec(store->db, query_texts[QUERY_TRANSACTION_ROLLBACK], NULL, NULL, NULL) != SQLITE_OK)
        store->lost = true;
}

enum err store_checkpoint(struct store *store)
{
    if (store->mode != STORE_WRITER)
        return store_refuse(store, ERR_FATAL, "a reader does not checkpoint");
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : store_fail(store, code, "checkpoint");
}

const char *store_reason(const struct store *store)
{
    return store->reason;
}

const char *store_version(void)
{
    return sqlite3_libversion();
}
