/* SPDX-License-Identifier: Apache-2.0 */
/* Backups that somebody changed (store/store.h): another manifest, other bytes in the database, or both in agreement.
 * A backup is sound only if the manifest says of the database what it is, seen at a second look; it is as sound when it
 * is asked again; what is sound is restored with its journal, and of what is not nothing is left behind. */
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "look.h"
#include "memory.h"
#include "store/copy.h"
#include "store/store.h"

#define FLIPS_MAX 8
#define AUDIT_ROWS 3

static char home[64];
static char *manifest, *database; /* as they were made */
static size_t manifest_size, database_size;
static json_t *described;

/* ---- files ---- */

static const char *path_of(const char *directory, const char *name)
{
    static char path[192];

    snprintf(path, sizeof path, "%s/%s/%s", home, directory, name);
    return path;
}

static const char *directory_of(const char *directory)
{
    static char path[2][128];
    static int next;

    next = !next;
    snprintf(path[next], sizeof path[next], "%s/%s", home, directory);
    return path[next];
}

static char *file_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    struct stat about;

    CHECK(file != NULL && fstat(fileno(file), &about) == 0);
    char *data = malloc((size_t)about.st_size + 1);
    CHECK(data != NULL);
    *ret_size = fread(data, 1, (size_t)about.st_size, file);
    CHECK(*ret_size == (size_t)about.st_size);
    fclose(file);
    return data;
}

static void file_write(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "we");

    CHECK(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static void directory_clear(const char *directory)
{
    static const char *const files[] = {"ebb.db",        "ebb.db-wal",  "ebb.db-shm",        "ebb.lock",
                                        "manifest.json", "ebb.db.part", "manifest.json.part"};

    for (size_t i = 0; i < ARRAY_COUNT(files); i++)
        (void)unlink(path_of(directory, files[i]));
    (void)rmdir(directory_of(directory));
}

static void leave(void)
{
    directory_clear("house");
    directory_clear("backup");
    directory_clear("restored");
    (void)rmdir(home);
    free(manifest);
    free(database);
    json_decref(described);
}

/* ---- the backup ---- */

static void journal_write(void)
{
    sqlite3 *db = NULL;
    char sql[256];

    CHECK(sqlite3_open(path_of("house", "ebb.db"), &db) == SQLITE_OK);
    for (int seq = 1; seq <= AUDIT_ROWS; seq++) {
        snprintf(sql, sizeof sql,
                 "INSERT INTO audit VALUES (%d, 1795140000000, 'somebody', 'tick', NULL, NULL, '{}', zeroblob(32), "
                 "X'%064d')",
                 seq, seq);
        CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    }
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

static void prepare(void)
{
    const char *place = getenv("TMPDIR");
    struct store *store = NULL;
    char reason[256];
    int64_t from, to;

    memory_choose();
    snprintf(home, sizeof home, "%.40s/ebb-backup-XXXXXX", place != NULL ? place : "/tmp");
    CHECK(mkdtemp(home) != NULL);
    atexit(leave);
    CHECK(store_open(directory_of("house"), STORE_WRITER, NULL, &store, reason) == ERR_NONE);
    CHECK(store_migrate(store, &from, &to) == ERR_NONE);
    store_close(&store);
    journal_write();
    CHECK(store_backup_create(directory_of("house"), directory_of("backup"), (struct instant){INT64_C(1795140000000)},
                              reason) == ERR_NONE);
    manifest = file_read(path_of("backup", "manifest.json"), &manifest_size);
    database = file_read(path_of("backup", "ebb.db"), &database_size);
    described = look_parse(manifest, manifest_size, 0);
    CHECK(described != NULL);
}

/* ---- what somebody did ---- */

/* True: the bytes are not what they were. */
static bool database_change(struct input *input)
{
    char *copy = malloc(database_size);
    size_t size = database_size;

    CHECK(copy != NULL);
    memcpy(copy, database, database_size);
    if ((input_byte(input) & 7) == 7)
        size = (size_t)input_number(input, 3) % database_size;
    for (int i = 0; i < FLIPS_MAX && input->left > 0 && size > 0; i++) {
        /* Half of them near the front, where the header and the schema stand. */
        size_t at = (size_t)input_number(input, 3);
        copy[(at & 1) != 0 ? at % size : at % 4096 % size] ^= (char)input_byte(input);
    }
    bool changed = size != database_size || memcmp(copy, database, database_size) != 0;
    file_write(path_of("backup", "ebb.db"), copy, size);
    free(copy);
    return changed;
}

/* The manifest that describes the database as it is now. */
static void manifest_agree(void)
{
    json_t *agreed SCOPED(look_free) = json_copy(described);
    struct digest digest;
    char hash[2 * HASH_BYTES + 1];

    CHECK(copy_digest(path_of("backup", "ebb.db"), &digest));
    hash_hex(digest.hash, HASH_BYTES, hash);
    json_object_set_new(agreed, "hash", json_string(hash));
    json_object_set_new(agreed, "size", json_integer(digest.size));
    char *text = json_dumps(agreed, 0);
    file_write(path_of("backup", "manifest.json"), text, strlen(text));
    free(text);
}

/* ---- what is true of it ---- */

/* Every member says what the original says, but for the moment, which is the manifest's own word. */
static bool describes(const char *text, size_t size)
{
    json_t *said SCOPED(look_free) = look_parse(text, size, JSON_REJECT_DUPLICATES);
    const char *name;
    json_t *value;
    struct instant at;

    if (!json_is_object(said) || json_object_size(said) != json_object_size(described))
        return false;
    json_object_foreach(described, name, value) if (strcmp(name, "created_at") != 0 &&
                                                    !json_equal(value, json_object_get(said, name))) return false;
    const char *moment = json_string_value(json_object_get(said, "created_at"));
    return moment != NULL && instant_parse(moment, &at);
}

static void journal_check(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    CHECK(sqlite3_open_v2(path_of("restored", "ebb.db"), &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(db,
                             "SELECT (SELECT max(seq) FROM audit), (SELECT count(*) FROM meta WHERE key = "
                             "'restored_from')",
                             -1, &statement, NULL) == SQLITE_OK);
    CHECK(sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == AUDIT_ROWS &&
          sqlite3_column_int(statement, 1) == 1);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* `known`: whether it must be sound is known. */
static void backup_check(bool known, bool sound)
{
    char reason[256] = "", again[256] = "", restoring[256] = "";
    enum err err = store_backup_verify(directory_of("backup"), reason);

    CHECK(err == ERR_NONE || err == ERR_REQUEST);
    CHECK((err == ERR_NONE) == (reason[0] == '\0'));
    CHECK(store_backup_verify(directory_of("backup"), again) == err && strcmp(reason, again) == 0);
    CHECK(!known || (err == ERR_NONE) == sound);
    enum err restored = store_backup_restore(directory_of("backup"), directory_of("restored"), restoring);
    if (err == ERR_NONE && known) {
        CHECK(restored == ERR_NONE);
        journal_check();
    } else if (err != ERR_NONE) {
        CHECK(restored == err && access(directory_of("restored"), F_OK) != 0);
    }
    directory_clear("restored");
}

int LLVMFuzzerInitialize(int *count UNUSED, char ***arguments UNUSED)
{
    prepare();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};

    uint8_t mode = (uint8_t)input_choice(&input, 3);
    if (mode == 0) {
        file_write(path_of("backup", "manifest.json"), (const char *)input.at, input.left);
        backup_check(true, describes((const char *)input.at, input.left));
        file_write(path_of("backup", "manifest.json"), manifest, manifest_size);
        return 0;
    }
    bool changed = database_change(&input);
    if (mode == 2)
        manifest_agree();
    backup_check(mode == 1, !changed);
    file_write(path_of("backup", "ebb.db"), database, database_size);
    file_write(path_of("backup", "manifest.json"), manifest, manifest_size);
    return 0;
}
