/* SPDX-License-Identifier: Apache-2.0 */
#include "recovery.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "crash_vfs.h"
#include "store/sqlite.h"

#define FOR_WHOLE_STORE 2
#define FOR_WHAT_STANDS_BESIDE 3 /* and 4, when it was answered */

static const struct operation *operation;
static struct town *town;
static struct part *part;
static struct image_memo memo; /* the digest of the sound books that came out of an image */

void recovery_init(const struct operation *of, struct town *stopped, struct part *counts)
{
    operation = of;
    town = stopped;
    part = counts;
    memo = (struct image_memo){0};
}

void recovery_fini(void)
{
    image_memo_fini(&memo);
}

static void database_path(char ret[DISK_PATH_BYTES + 32])
{
    snprintf(ret, DISK_PATH_BYTES + 32, "%s/ebb.db", town->directory);
}

struct image_key recovery_key(const struct disk *disk)
{
    char path[DISK_PATH_BYTES + 32];

    database_path(path);
    return image_key(disk, path);
}

static sqlite3 *database_open(const char *sql)
{
    char path[DISK_PATH_BYTES + 32];
    sqlite3 *db = NULL;

    database_path(path);
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return db;
    sqlite3_close(db);
    return NULL;
}

/* Nothing is left of a process before. What SQLite leaves to chance while it recovers follows from the image, or equal
 * images would not end as equals. */
static void machine_start(struct disk *disk, struct image_key key)
{
    disk_process_end(disk);
    random_init_seed(&disk->random, key.words[0]);
    crash_vfs_insert(disk);
    sqlite3_randomness(0, NULL);
}

bool recovery_log_move(struct disk *disk, struct image_key key)
{
    machine_start(disk, key);
    sqlite3 *db = database_open("PRAGMA user_version");
    int code =
        db == NULL ? SQLITE_CANTOPEN : sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return sqlite3_close(db) == SQLITE_OK && code == SQLITE_OK;
}

static void look(sqlite3 *db, struct recovered *ret)
{
    ret->opens = true;
    invariants_check_file(db, &ret->file);
    ret->books = invariants_digest_but(db, operation->meta);
}

static void look_with_settings(struct disk *disk, struct image_key key, struct recovered *ret)
{
    machine_start(disk, key);
    sqlite3 *db = database_open(query_texts[QUERY_OPEN_WRITER]);
    if (db != NULL)
        look(db, ret);
    sqlite3_close(db);
}

/* The next start completes what was cut off. */
static void look_after_start(struct disk *disk, struct image_key key, struct recovered *ret)
{
    char reason[512];

    machine_start(disk, key);
    town_reseed(town, key.words[1]);
    *ret = (struct recovered){0};
    if (town_start(town, true, reason))
        look(town_books(town), ret);
    else
        snprintf(ret->file.first, sizeof ret->file.first, "%.250s", reason);
    town_stop(town);
}

static bool was_found(struct image_key key, struct recovered *ret)
{
    *ret = (struct recovered){0};
    ret->opens = image_memo_find(&memo, key, &ret->books);
    return ret->opens;
}

/* Only what is sound is remembered: what is not is said again, with its reason. */
static void remember(struct image_key key, const struct recovered *found)
{
    if (found->opens && found->file.count == 0 && !options.anew)
        image_memo_put(&memo, key, found->books);
}

void recovery_light(struct disk *disk, struct recovered *ret)
{
    struct image_key key = recovery_key(disk);

    if (was_found(key, ret))
        return;
    part->sums.images++;
    if (!recovery_log_move(disk, key))
        return;
    struct image_key moved = recovery_key(disk);
    if (!was_found(moved, ret)) {
        part->sums.contents++;
        look_with_settings(disk, moved, ret);
        if (operation->finishes && ret->opens && ret->file.count == 0)
            look_after_start(disk, moved, ret);
        remember(moved, ret);
    }
    remember(key, ret);
}

static void look_by_store(struct disk *disk, struct image_key key, struct recovered *ret)
{
    char reason[256] = "";
    struct store *store = NULL;

    machine_start(disk, key);
    if (store_open(town->directory, STORE_WRITER, &town->vault, &store, reason) == ERR_NONE)
        look(sqlite_of(store)->db, ret);
    else
        snprintf(ret->file.first, sizeof ret->file.first, "%s", reason);
    store_close(&store);
}

void recovery_whole(struct disk *disk, struct recovered *ret)
{
    struct image_key plain = recovery_key(disk), key = image_key_for(plain, FOR_WHOLE_STORE);

    if (was_found(key, ret))
        return;
    part->sums.images++;
    if (operation->finishes)
        look_after_start(disk, plain, ret);
    else
        look_by_store(disk, plain, ret);
    remember(key, ret);
}

const char *recovery_beside(struct disk *disk, uint64_t books, bool answered)
{
    struct image_key key = image_key_for(image_key(disk, town->directory), FOR_WHAT_STANDS_BESIDE + answered);
    uint64_t known;

    if (image_memo_find(&memo, key, &known))
        return NULL;
    crash_vfs_insert(disk);
    const char *wrong = operation->beside(town, books, answered);
    if (wrong == NULL && !options.anew)
        image_memo_put(&memo, key, 0);
    return wrong;
}
