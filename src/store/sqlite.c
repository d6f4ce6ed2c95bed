/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/sqlite.h"

#define PATH_BYTES 4096

/* ---- opening ---- */

/* A second writer would be a second checkpointer, and a second engine: the lock lives as long as the process. */
static enum err lock_take(struct sqlite *sqlite, const char *directory)
{
    struct store *store = &sqlite->store;
    char path[PATH_BYTES];

    snprintf(path, sizeof path, "%s/ebb.lock", directory);
    sqlite->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (sqlite->lock_fd < 0)
        return store_refuse(store, ERR_FATAL, "The lock file %s cannot be opened: %s.", path, strerror(errno));
    if (flock(sqlite->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return store_refuse(store, ERR_FATAL, "Another Ebb writes in %s: it holds ebb.lock. Stop it first.", directory);
    return ERR_NONE;
}

/* Created by us, so that it is nobody else's to read; SQLite gives its -wal and -shm the same mode, and syncs the
 * directory with the first sync of a new log: from then on all three names stay. */
static enum err file_create(struct sqlite *sqlite, const char *directory, const char *path)
{
    struct store *store = &sqlite->store;

    if (!directory_keep(directory))
        return store_refuse(store, ERR_FATAL, "The directory %s cannot be created: %s.", directory, strerror(errno));
    TRY(lock_take(sqlite, directory));
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno != EEXIST)
        return store_refuse(store, ERR_FATAL, "%s cannot be created: %s.", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ERR_NONE;
}

static enum err pragmas_set(struct sqlite *sqlite)
{
    bool writer = sqlite->store.mode == STORE_WRITER;
    enum query setup = writer ? QUERY_OPEN_WRITER : QUERY_OPEN_READER;

    sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, writer ? 0 : 1, NULL);
    int code = sqlite3_exec(sqlite->db, query_texts[setup], NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : sqlite_fail(sqlite, code, query_names[setup]);
}

static enum err journal_check(struct sqlite *sqlite)
{
    struct statement *statement;
    enum err err = ERR_NONE;

    TRY(statement_get(sqlite, QUERY_JOURNAL_MODE, &statement));
    int code = sqlite3_step(statement->handle);
    const char *mode = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement->handle, 0) : NULL;
    if (code != SQLITE_ROW)
        err = sqlite_fail(sqlite, code, "journal_mode");
    else if (mode == NULL || strcmp(mode, "wal") != 0)
        err =
            store_refuse(&sqlite->store, ERR_FATAL, "The file system does not carry SQLite's WAL (journal mode is %s).",
                         mode != NULL ? mode : "unknown");
    sqlite3_reset(statement->handle);
    return err;
}

/* After a failed fsync the kernel may show frames of the log that the disk never got, and will not write them again:
 * what is appended behind them would be lost with them. So what an earlier process left in the log is written into the
 * database, anew and synced, before anything is built on it. A reader in the middle of the log is left alone. */
static enum err log_settle(struct sqlite *sqlite)
{
    int code = sqlite3_wal_checkpoint_v2(sqlite->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if (code == SQLITE_OK || code == SQLITE_BUSY)
        return ERR_NONE;
    return sqlite_fail(sqlite, code, "the log of an earlier process");
}

/* Called by SQLite after each commit. */
static int log_grown(void *context, sqlite3 *db, const char *name, int pages)
{
    struct sqlite *sqlite = context;

    (void)db, (void)name;
    if (pages < sqlite->log_moved)
        sqlite->log_moved = 0;
    sqlite->store.log_pages = pages - sqlite->log_moved;
    return SQLITE_OK;
}

/* SQLite counts every byte it allocates, under a mutex, for a statistic that nobody reads. It is told before its first
 * use; later it would refuse, and go on counting. */
static void library_setup(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum err connection_open(struct sqlite *sqlite, const char *directory)
{
    struct store *store = &sqlite->store;
    char path[PATH_BYTES];
    bool writer = store->mode == STORE_WRITER;
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int flags = (writer ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;

    pthread_once(&once, library_setup);
    if (strlen(directory) + sizeof "/ebb.lock" > sizeof path)
        return store_refuse(store, ERR_FATAL, "The name of the data directory is too long.");
    snprintf(path, sizeof path, "%s/ebb.db", directory);
    if (writer)
        TRY(file_create(sqlite, directory, path));
    else if (access(path, R_OK) != 0)
        return store_refuse(store, ERR_FATAL, "There is no database %s to read: %s.", path, strerror(errno));
    int code = sqlite3_open_v2(path, &sqlite->db, flags, NULL);
    if (code != SQLITE_OK)
        return sqlite_fail(sqlite, code, path);
    if (writer && sqlite3_db_readonly(sqlite->db, "main") != 0)
        return store_refuse(store, ERR_FATAL, "%s can only be read now: its mode, or the system's limits, forbid more.",
                            path);
    TRY(pragmas_set(sqlite));
    TRY(journal_check(sqlite));
    sqlite3_wal_hook(sqlite->db, log_grown, sqlite);
    return writer ? log_settle(sqlite) : ERR_NONE;
}

enum err sqlite_open(const char *directory, enum store_mode mode, struct store **ret)
{
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);

    if (sqlite == NULL)
        return ERR_RETRY;
    sqlite->store.operations = &sqlite_operations;
    sqlite->store.mode = mode;
    sqlite->lock_fd = -1;
    *ret = &sqlite->store;
    return connection_open(sqlite, directory);
}

static void sqlite_close_store(struct store *store)
{
    struct sqlite *sqlite = sqlite_of(store);

    statement_forget_all(sqlite);
    sqlite3_close(sqlite->db);
    if (sqlite->lock_fd >= 0)
        close(sqlite->lock_fd);
    free(sqlite);
}

/* ---- reading ---- */

static enum err sqlite_select(struct store *store, struct fetch *fetch, struct arena *arena)
{
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *statement;
    struct rows rows = {0};
    enum err err = ERR_NONE;
    struct row *row;
    int code;

    TRY(statement_get(sqlite, fetch->query, &statement));
    TRY(statement_bind(sqlite, fetch->query, statement, fetch->args, fetch->args_count));
    while ((code = sqlite3_step(statement->handle)) == SQLITE_ROW && err == ERR_NONE) {
        err = rows_add(store, fetch->table, arena, &rows, &row);
        if (err == ERR_NONE)
            err = statement_read_row(sqlite, fetch->query, statement, fetch->table, arena, row);
    }
    if (err == ERR_NONE && code != SQLITE_DONE)
        err = sqlite_fail(sqlite, code, query_names[fetch->query]);
    sqlite3_reset(statement->handle);
    if (err == ERR_NONE)
        fetch->rows = rows;
    return err;
}

static enum err sqlite_fetch(struct store *store, struct fetch *const *fetches, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++)
        TRY(sqlite_select(store, fetches[i], arena));
    return ERR_NONE;
}

static enum err sqlite_number(struct store *store, enum query query, const struct value *args, size_t args_count,
                              int64_t *ret)
{
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *statement;
    enum err err = ERR_NONE;

    TRY(statement_get(sqlite, query, &statement));
    TRY(statement_bind(sqlite, query, statement, args, args_count));
    int code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        *ret = code == SQLITE_ROW ? sqlite3_column_int64(statement->handle, 0) : 0;
    else
        err = sqlite_fail(sqlite, code, query_names[query]);
    sqlite3_reset(statement->handle);
    return err;
}

/* ---- writing ---- */

static enum err simple_run(struct sqlite *sqlite, enum query query)
{
    struct statement *statement;

    TRY(statement_get(sqlite, query, &statement));
    return statement_run(sqlite, query, statement);
}

static enum err sqlite_begin(struct store *store)
{
    return simple_run(sqlite_of(store),
                      store->mode == STORE_WRITER ? QUERY_TRANSACTION_BEGIN : QUERY_TRANSACTION_SNAPSHOT);
}

static bool sqlite_in_transaction(const struct store *store)
{
    return sqlite3_get_autocommit(((const struct sqlite *)store)->db) == 0;
}

static enum err sqlite_execute(struct store *store, enum query query, const struct value *args, size_t args_count)
{
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *statement;

    TRY(statement_get(sqlite, query, &statement));
    TRY(statement_bind(sqlite, query, statement, args, args_count));
    TRY(statement_run(sqlite, query, statement));
    store->changed = sqlite3_changes64(sqlite->db);
    return ERR_NONE;
}

/* Whatever goes wrong from here on, the frames may be on the disk or not: measured, a commit that reported EIO was
 * there after reopening. So the outcome is unknown and this connection is not asked again. */
static enum err sqlite_commit(struct store *store)
{
    struct sqlite *sqlite = sqlite_of(store);
    struct statement *statement;

    TRY(statement_get(sqlite, QUERY_TRANSACTION_COMMIT, &statement));
    if (statement_run(sqlite, QUERY_TRANSACTION_COMMIT, statement) == ERR_NONE)
        return ERR_NONE;
    store->lost = true;
    return ERR_UNKNOWN;
}

static void sqlite_rollback(struct store *store)
{
    struct sqlite *sqlite = sqlite_of(store);

    if (sqlite->db == NULL || sqlite3_get_autocommit(sqlite->db) != 0)
        return;
    /* If even this fails the transaction ends with the connection: nothing of it was committed. */
    if (sqlite3_exec(sqlite->db, query_texts[QUERY_TRANSACTION_ROLLBACK], NULL, NULL, NULL) != SQLITE_OK)
        store->lost = true;
}

static enum err sqlite_checkpoint(struct store *store)
{
    struct sqlite *sqlite = sqlite_of(store);
    int pages = 0, moved = 0;
    int code = sqlite3_wal_checkpoint_v2(sqlite->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);

    if (code != SQLITE_OK)
        return sqlite_fail(sqlite, code, "checkpoint");
    sqlite->log_moved = moved;
    store->log_pages = pages - moved; /* what a reader still needs stays */
    return ERR_NONE;
}

static enum err sqlite_script(struct store *store, const struct embedded *file)
{
    struct sqlite *sqlite = sqlite_of(store);
    int code = sqlite3_exec(sqlite->db, file->data, NULL, NULL, NULL);

    return code == SQLITE_OK ? ERR_NONE : sqlite_fail(sqlite, code, file->name);
}

/* What compiled once against the latest schema compiles again: later openings of the process prepare a statement when
 * it is wanted, and a store that failed is open again at once. */
static enum err sqlite_prepare_all(struct store *store)
{
    static _Atomic bool proven;

    if (!proven)
        TRY(statement_prepare_all(sqlite_of(store)));
    proven = true;
    return ERR_NONE;
}

const struct store_operations sqlite_operations = {
    .schema = embedded_schema,
    .close = sqlite_close_store,
    .select = sqlite_select,
    .fetch = sqlite_fetch,
    .number = sqlite_number,
    .execute = sqlite_execute,
    .begin = sqlite_begin,
    .in_transaction = sqlite_in_transaction,
    .save = sqlite_save,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .checkpoint = sqlite_checkpoint,
    .script = sqlite_script,
    .prepare_all = sqlite_prepare_all,
};

const char *store_version(void)
{
    return sqlite3_libversion();
}
