/* SPDX-License-Identifier: Apache-2.0 */
#include "operations_store.h"

#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/file.h"
#include "invariants.h"
#include "operations.h"
#include "store/store.h"

#define KEY_MARK "-- master.key "

extern const struct embedded embedded_older[];

static void die(const char *what, const char *why)
{
    fprintf(stderr, "crash: %s: %s\n", what, why);
    exit(2);
}

static void path_of(const struct town *town, const char *name, char ret[DISK_PATH_BYTES])
{
    if ((size_t)snprintf(ret, DISK_PATH_BYTES, "%s/%s", town->directory, name) >= DISK_PATH_BYTES)
        die(town->directory, "the path is too long");
}

/* ---- the books of an older program ---- */

static void database_remove(struct town *town)
{
    static const char *const files[] = {"ebb.db", "ebb.db-wal"};
    char path[DISK_PATH_BYTES];

    for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
        path_of(town, files[i], path);
        struct disk_name *name = disk_find(&town->disk, path);
        if (name != NULL && disk_remove(&town->disk, name, true) != FAULT_NONE)
            die(path, "cannot be removed");
    }
}

/* It stands in the dump, in hex. */
static void key_take(const struct town *town, const char *dump)
{
    const char *mark = strstr(dump, KEY_MARK);
    uint8_t key[TOWN_KEY_BYTES];
    size_t size = 0;

    if (mark == NULL ||
        sodium_hex2bin(key, sizeof key, mark + sizeof KEY_MARK - 1, 2 * sizeof key, NULL, &size, NULL) != 0 ||
        size != sizeof key)
        die("the dump", "there is no master key in it");
    town_key(town, key);
}

void older_books(struct town *town)
{
    char path[DISK_PATH_BYTES];
    sqlite3 *db = NULL;

    town_stop(town);
    database_remove(town);
    key_take(town, embedded_older[0].data);
    path_of(town, "ebb.db", path);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK ||
        sqlite3_exec(db, embedded_older[0].data, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL) != SQLITE_OK)
        die("the older books", sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* ---- backups ---- */

#define BACKUP "backup"
#define RESTORED "restored"

void backup_create(struct town *town)
{
    char target[DISK_PATH_BYTES], reason[256] = "";

    path_of(town, BACKUP, target);
    if (store_backup_create(town->directory, target, town->now, reason) != ERR_NONE)
        snprintf(operation_refusal, sizeof operation_refusal, "%s", reason);
}

static bool copy_has(const char *path, uint64_t books)
{
    char uri[DISK_PATH_BYTES + 32];
    sqlite3 *db = NULL;

    snprintf(uri, sizeof uri, "file:%s?immutable=1", path);
    bool has = sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK &&
               invariants_digest(db) == books;
    sqlite3_close(db);
    return has;
}

const char *backup_beside(const struct town *town, uint64_t books, bool answered)
{
    static char reason[256];
    char target[DISK_PATH_BYTES], path[DISK_PATH_BYTES];

    path_of(town, BACKUP, target);
    path_of(town, BACKUP "/manifest.json", path);
    if (store_backup_verify(target, reason) != ERR_NONE)
        return answered || file_is_there(path) ? reason : NULL;
    path_of(town, BACKUP "/ebb.db", path);
    return copy_has(path, books) ? NULL : "the backup has other books";
}

void backup_restore(struct town *town)
{
    char target[DISK_PATH_BYTES], directory[DISK_PATH_BYTES], reason[256] = "";

    path_of(town, BACKUP, target);
    path_of(town, RESTORED, directory);
    if (store_backup_restore(target, directory, reason) != ERR_NONE)
        snprintf(operation_refusal, sizeof operation_refusal, "%s", reason);
}

static bool is_marked(sqlite3 *db)
{
    sqlite3_stmt *row = NULL;
    bool marked =
        sqlite3_prepare_v2(db, "SELECT 1 FROM meta WHERE key = 'restored_from'", -1, &row, NULL) == SQLITE_OK &&
        sqlite3_step(row) == SQLITE_ROW;

    sqlite3_finalize(row);
    return marked;
}

const char *restore_beside(const struct town *town, uint64_t books, bool answered)
{
    char path[DISK_PATH_BYTES];
    const char *wrong = NULL;
    sqlite3 *db = NULL;

    path_of(town, RESTORED "/ebb.db", path);
    if (!file_is_there(path))
        return answered ? "what was restored is not there" : NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        wrong = "what was restored does not open";
    else if (!is_marked(db))
        wrong = "a server would start on older books and not know that they are";
    else if (invariants_digest_but(db, RESTORE_META) != books)
        wrong = "what was restored has other books";
    sqlite3_close(db);
    return wrong;
}
