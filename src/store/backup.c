/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/field.h"
#include "base/file.h"
#include "base/out.h"
#include "store/copy.h"
#include "store/sqlite.h"

#define REASON_BYTES 256
#define DATABASE "ebb.db"
#define MANIFEST "manifest.json"
#define MASTER_KEY "master.key"
#define MANIFEST_FORMAT 1
#define MANIFEST_BYTES_MAX 4096
#define BACKUP_ARENA_BYTES ((size_t)16 << 20)

/* What stands in manifest.json. */
struct manifest {
    int64_t format, size, schema, audit_seq;
    struct instant created_at;
    const char *hash, *audit_hash; /* hex */
};
#define MEMBER(member, kind)                                                                                           \
    {                                                                                                                  \
#member, kind, FIELD_REQUIRED, offsetof(struct manifest, member)                                               \
    }
#define MEMBER_COUNT(member)                                                                                           \
    {                                                                                                                  \
#member, FIELD_COUNT, FIELD_REQUIRED, offsetof(struct manifest, member), 0, INT64_MAX                          \
    }
static const struct field manifest_fields[] = {
    MEMBER_COUNT(format),     MEMBER(created_at, FIELD_INSTANT), MEMBER_COUNT(schema),           MEMBER_COUNT(size),
    MEMBER(hash, FIELD_TEXT), MEMBER_COUNT(audit_seq),           MEMBER(audit_hash, FIELD_TEXT),
};
static const struct shape manifest_shape = {"backup manifest", sizeof(struct manifest), manifest_fields,
                                            ARRAY_COUNT(manifest_fields)};

/* What the database itself says: schema and the head of its audit chain. */
struct contents {
    int64_t schema, audit_seq;
    char audit_hash[2 * HASH_BYTES + 1];
};

static enum err no(char *reason, enum err err, const char *what, const char *path)
{
    snprintf(reason, REASON_BYTES, "%s %.160s.", what, path);
    return err;
}

static enum err no_errno(char *reason, const char *what, const char *path)
{
    snprintf(reason, REASON_BYTES, "%s %.120s: %.80s.", what, path, strerror(errno));
    return errno == ENOSPC || errno == ENOMEM ? ERR_RETRY : ERR_REQUEST;
}

/* ---- looking into a copy ---- */

/* A path as it stands in a URI: whatever has a meaning there is written as %XX. */
static char *uri_of(const char *directory)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    static const char hex[] = "0123456789ABCDEF", head[] = "file:", tail[] = "/" DATABASE "?immutable=1";
    char *uri = malloc(sizeof head + 3 * strlen(directory) + sizeof tail), *at = uri;

    if (uri == NULL)
        return NULL;
    at = stpcpy(at, head);
    for (const char *c = directory; *c != '\0'; c++) {
        if (strchr(plain, *c) != NULL) {
            *at++ = *c;
            continue;
        }
        *at++ = '%';
        *at++ = hex[(unsigned char)*c >> 4];
        *at++ = hex[(unsigned char)*c & 15];
    }
    stpcpy(at, tail);
    return uri;
}

/* `file` is a path or, among the flags, a URI; NULL: there was no memory for it. */
static enum err file_store(const char *file, int flags, enum store_mode mode, struct store **ret)
{
    struct sqlite *sqlite = calloc(1, sizeof *sqlite);
    int code = file == NULL || sqlite == NULL ? SQLITE_NOMEM : SQLITE_OK;

    if (sqlite != NULL) {
        sqlite->store = (struct store){.operations = &sqlite_operations, .mode = mode};
        sqlite->lock_fd = -1;
    }
    if (code == SQLITE_OK)
        code = sqlite3_open_v2(file, &sqlite->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK && mode == STORE_WRITER)
        code = sqlite3_exec(sqlite->db, query_texts[QUERY_OPEN_WRITER], NULL, NULL, NULL);
    if (code == SQLITE_OK) {
        *ret = &sqlite->store;
        return ERR_NONE;
    }
    struct store *store = sqlite != NULL ? &sqlite->store : NULL;
    store_close(&store);
    return code == SQLITE_NOMEM ? ERR_RETRY : ERR_REQUEST;
}

/* Nobody else touches a copy, so it is read as it lies there: `immutable` makes no -wal and no -shm beside it. */
static enum err copy_open(const char *directory, struct store **ret, char *reason)
{
    char *uri = uri_of(directory);
    enum err err = file_store(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, STORE_READER, ret);

    free(uri);
    return err == ERR_NONE ? err : no(reason, err, "SQLite cannot open the copy in", directory);
}

static enum err integrity_check(struct store *store)
{
    struct statement *statement;

    TRY(statement_get(sqlite_of(store), QUERY_INTEGRITY_CHECK, &statement));
    int code = sqlite3_step(statement->handle);
    const char *answer = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement->handle, 0) : NULL;
    enum err err = ERR_NONE;
    if (code != SQLITE_ROW)
        err = sqlite_fail(sqlite_of(store), code, "integrity_check");
    else if (answer == NULL || strcmp(answer, "ok") != 0)
        err = store_refuse(store, ERR_REQUEST, "integrity_check says: %.180s", answer == NULL ? "nothing" : answer);
    sqlite3_reset(statement->handle);
    return err;
}

static enum err contents_read(struct store *store, struct arena *arena, struct contents *ret)
{
    struct rows rows = {0};
    struct contents contents = {.audit_hash = ""};

    TRY(integrity_check(store));
    TRY(store_schema_version(store, &contents.schema));
    if (contents.schema == 0)
        return store_refuse(store, ERR_REQUEST, "it holds no schema of Ebb");
    TRY(store_select(store, QUERY_AUDIT_LAST, NULL, 0, &audit_table, arena, &rows));
    if (rows.count == 1) {
        const struct audit_row *last = rows.items[0];

        contents.audit_seq = last->seq;
        hash_hex(last->hash, HASH_BYTES, contents.audit_hash);
    }
    *ret = contents;
    return ERR_NONE;
}

static enum err contents_of(const char *directory, struct contents *ret, char *reason)
{
    SCOPED(store_close) struct store *store = NULL;
    SCOPED(arena_fini) struct arena arena;

    arena_init(&arena, BACKUP_ARENA_BYTES);
    TRY(copy_open(directory, &store, reason));
    enum err err = contents_read(store, &arena, ret);
    if (err != ERR_NONE)
        snprintf(reason, REASON_BYTES, "The copy in %.60s is not sound: %.160s.", directory, store_reason(store));
    return err == ERR_FATAL ? ERR_REQUEST : err;
}

/* ---- making one ---- */

static void db_close(sqlite3 **db)
{
    sqlite3_close(*db);
}

/* One step copies everything inside one read transaction: a snapshot that waits for no writer and makes none wait. */
static enum err pages_copy(struct store *source, const char *target, char *reason)
{
    char path[COPY_PATH_BYTES];
    SCOPED(db_close) sqlite3 *copy = NULL;

    if (!copy_path(path, target, DATABASE, ".part"))
        return no_errno(reason, "The copy cannot be written to", target);
    int code = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(copy, "main", sqlite_of(source)->db, "main");

        code = backup == NULL ? sqlite3_errcode(copy) : sqlite3_backup_step(backup, -1);
        int finished = sqlite3_backup_finish(backup);
        code = code == SQLITE_DONE ? finished : code == SQLITE_OK ? SQLITE_ERROR : code;
    }
    if (code == SQLITE_OK)
        return ERR_NONE;
    snprintf(reason, REASON_BYTES, "The copy to %.120s stopped: %.90s.", target, sqlite3_errstr(code));
    return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL || code == SQLITE_NOMEM ? ERR_RETRY
                                                                                                       : ERR_FATAL;
}

static void manifest_write(struct out *out, struct instant now, const struct digest *digest,
                           const struct contents *contents)
{
    char hash[2 * HASH_BYTES + 1];

    hash_hex(digest->hash, HASH_BYTES, hash);
    out_object(out, NULL);
    out_int(out, "format", MANIFEST_FORMAT);
    out_instant(out, "created_at", now);
    out_int(out, "schema", contents->schema);
    out_int(out, "size", digest->size);
    out_string(out, "hash", hash);
    out_int(out, "audit_seq", contents->audit_seq);
    out_string(out, "audit_hash", contents->audit_hash);
    out_object_end(out);
    out_text(out, "\n");
}

/* The manifest comes last: a directory without one is no backup. */
static enum err manifest_create(const char *target, struct instant now, char *reason)
{
    char path[COPY_PATH_BYTES];
    struct digest digest;
    struct contents contents;
    SCOPED(out_fini) struct out out;

    out_init(&out);
    TRY(contents_of(target, &contents, reason));
    if (!copy_path(path, target, DATABASE, "") || !copy_digest(path, &digest))
        return no_errno(reason, "The copy cannot be read again in", target);
    manifest_write(&out, now, &digest, &contents);
    if (out.failed)
        return no(reason, ERR_RETRY, "There is no memory for the manifest of", target);
    if (!copy_write(target, MANIFEST, out.data, out.size))
        return no_errno(reason, "The manifest cannot be written to", target);
    return ERR_NONE;
}

enum err store_backup_create(const char *directory, const char *target, struct instant now, char ret_reason[256])
{
    SCOPED(store_close) struct store *source = NULL;

    TRY(store_open(directory, STORE_READER, NULL, &source, ret_reason));
    if (!copy_directory(target))
        return no_errno(ret_reason, "A backup cannot be put into", target);
    TRY(pages_copy(source, target, ret_reason));
    if (!copy_place(target, DATABASE))
        return no_errno(ret_reason, "The copy cannot be kept in", target);
    return manifest_create(target, now, ret_reason);
}

/* ---- believing one ---- */

static enum err manifest_read(const char *target, struct arena *arena, struct manifest *ret, char *reason)
{
    char path[COPY_PATH_BYTES], text[MANIFEST_BYTES_MAX];
    struct manifest manifest = {0};
    struct field_problems problems = {0};
    size_t size;

    if (!copy_path(path, target, MANIFEST, ""))
        return no_errno(reason, "There is no backup in", target);
    if (!copy_read(path, text, sizeof text, &size))
        return no_errno(reason, "There is no manifest", path);
    if (size == sizeof text)
        return no(reason, ERR_REQUEST, "This is no manifest of a backup:", path);
    enum err err = field_read_json(text, size, &manifest_shape, arena, &manifest, &problems);
    if (err == ERR_REQUEST)
        snprintf(reason, REASON_BYTES, "%.100s is no manifest of a backup: %.20s %.80s.", path,
                 problems.items[0].pointer, problems.items[0].detail);
    else if (err != ERR_NONE)
        snprintf(reason, REASON_BYTES, "There is no memory to read %.160s.", path);
    TRY(err);
    if (manifest.format != MANIFEST_FORMAT)
        return no(reason, ERR_REQUEST, "The manifest is of a format that this program does not know:", path);
    *ret = manifest;
    return ERR_NONE;
}

static bool digest_matches(const struct digest *digest, const struct manifest *manifest)
{
    char hash[2 * HASH_BYTES + 1];

    hash_hex(digest->hash, HASH_BYTES, hash);
    return digest->size == manifest->size && strcmp(hash, manifest->hash) == 0;
}

static enum err backup_check(const char *target, const struct manifest *manifest, char *reason)
{
    char path[COPY_PATH_BYTES];
    struct digest digest;
    struct contents contents;

    if (!copy_path(path, target, DATABASE, "") || !copy_digest(path, &digest))
        return no_errno(reason, "The backup's database cannot be read:", target);
    if (!digest_matches(&digest, manifest))
        return no(reason, ERR_REQUEST,
                  "The database is not the one that the manifest describes (size or hash differ):", path);
    TRY(contents_of(target, &contents, reason));
    if (contents.schema != manifest->schema || contents.audit_seq != manifest->audit_seq ||
        strcmp(contents.audit_hash, manifest->audit_hash) != 0)
        return no(reason, ERR_REQUEST, "Schema or audit head are not those of the manifest:", path);
    if (contents.schema > store_schema_latest())
        return no(reason, ERR_REQUEST, "The backup is of a newer program; use that one:", target);
    return ERR_NONE;
}

enum err store_backup_verify(const char *target, char ret_reason[256])
{
    struct manifest manifest;
    SCOPED(arena_fini) struct arena arena;

    arena_init(&arena, BACKUP_ARENA_BYTES);
    TRY(manifest_read(target, &arena, &manifest, ret_reason));
    return backup_check(target, &manifest, ret_reason);
}

/* ---- putting one back ---- */

static enum err key_restore(const char *target, const char *directory, char *reason)
{
    char path[COPY_PATH_BYTES];
    struct digest digest;

    if (!copy_path(path, target, MASTER_KEY, ""))
        return no_errno(reason, "There is no key in", target);
    if (file_is_there(path) && !copy_file(target, directory, MASTER_KEY, &digest))
        return no_errno(reason, "The key cannot be restored to", directory);
    return ERR_NONE;
}

static enum err part_mark(struct store *store, struct instant created_at)
{
    char moment[INSTANT_TEXT_BYTES];
    int64_t from, to;

    instant_format(created_at, moment);
    TRY(store_migrate(store, &from, &to));
    TRY(store_begin(store));
    TRY(store_meta_put(store, "restored_from", moment));
    return store_commit(store);
}

/* Money may have moved since the backup was made: whoever starts on it must be able to see what it is. */
static enum err origin_mark(const char *directory, struct instant created_at, char *reason)
{
    char part[COPY_PATH_BYTES], log[COPY_PATH_BYTES];
    struct store *store = NULL;

    if (!copy_path(part, directory, DATABASE, ".part") || !copy_path(log, directory, DATABASE, ".part-wal"))
        return no_errno(reason, "The database cannot be restored to", directory);
    enum err err = file_store(part, SQLITE_OPEN_READWRITE, STORE_WRITER, &store);
    if (err != ERR_NONE)
        return no(reason, err, "SQLite cannot open what was restored:", part);
    err = part_mark(store, created_at);
    if (err != ERR_NONE)
        snprintf(reason, REASON_BYTES, "%s", store_reason(store));
    store_close(&store);
    TRY(err);
    return file_is_there(log) ? no(reason, ERR_RETRY, "What was restored cannot be closed in order:", part) : ERR_NONE;
}

/* The database gets its name when it is whole and says what it is: a power cut leaves that, or none. */
static enum err database_restore(const char *target, const char *directory, const struct manifest *manifest,
                                 char *reason)
{
    struct digest digest;

    if (!copy_part(target, directory, DATABASE, &digest))
        return no_errno(reason, "The database cannot be restored to", directory);
    if (!digest_matches(&digest, manifest))
        return no(reason, ERR_REQUEST, "The backup changed while it was read:", target);
    TRY(origin_mark(directory, manifest->created_at, reason));
    return copy_place(directory, DATABASE) ? ERR_NONE : no_errno(reason, "The database cannot be kept in", directory);
}

enum err store_backup_restore(const char *target, const char *directory, char ret_reason[256])
{
    struct manifest manifest;
    SCOPED(arena_fini) struct arena arena;

    arena_init(&arena, BACKUP_ARENA_BYTES);
    TRY(manifest_read(target, &arena, &manifest, ret_reason));
    TRY(backup_check(target, &manifest, ret_reason));
    if (!copy_directory(directory))
        return no_errno(ret_reason, "A backup is restored only into an empty directory, not into", directory);
    TRY(key_restore(target, directory, ret_reason));
    return database_restore(target, directory, &manifest, ret_reason);
}
