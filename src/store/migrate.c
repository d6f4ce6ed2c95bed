/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access/vault.h"
#include "base/embedded.h"
#include "store/connection.h"

#define MIGRATION_BYTES_MAX ((size_t)4 << 20)
#define KEY_CHECK_BYTES (2 * HASH_SHORT_BYTES + 1)

/* What was applied: which file (checksum of its text) and what it left behind (hash of what the database says of its
 * tables). */
struct migration {
    struct row row;
    int64_t version;
    uint8_t checksum[HASH_BYTES], shape[HASH_BYTES];
};
#define MIGRATION(name, kind)                                                                                          \
    {                                                                                                                  \
#name, kind, offsetof(struct migration, name), sizeof(((struct migration *)0)->name), NULL                     \
    }
static const struct column migration_columns[] = {
    MIGRATION(version, COLUMN_ID),
    MIGRATION(checksum, COLUMN_HASH),
    MIGRATION(shape, COLUMN_HASH),
};
static const struct table migration_table = {"schema_migration", sizeof(struct migration), migration_columns,
                                             ARRAY_COUNT(migration_columns)};

struct object {
    struct row row;
    const char *name, *sql;
};
static const struct column object_columns[] = {
    {"name", COLUMN_STRING, offsetof(struct object, name), sizeof(const char *), NULL},
    {"sql", COLUMN_STRING, offsetof(struct object, sql), sizeof(const char *), NULL},
};
static const struct table object_table = {"sqlite_schema", sizeof(struct object), object_columns,
                                          ARRAY_COUNT(object_columns)};

/* "0001_main.sql" → 1. */
static int64_t file_version(const struct embedded *file)
{
    return strtoll(file->name, NULL, 10);
}

int64_t store_schema_latest(void)
{
    int64_t latest = 0;

    for (const struct embedded *file = embedded_schema; file->name != NULL; file++)
        latest = file_version(file) > latest ? file_version(file) : latest;
    return latest;
}

enum err store_schema_version(struct store *store, int64_t *ret)
{
    int64_t exists;

    TRY(store_int(store, QUERY_SCHEMA_EXISTS, NULL, 0, &exists));
    if (exists == 0) {
        *ret = 0;
        return ERR_NONE;
    }
    return store_int(store, QUERY_SCHEMA_VERSION, NULL, 0, ret);
}

static void file_checksum(const struct embedded *file, uint8_t ret[HASH_BYTES])
{
    const struct bytes parts[] = {bytes_of_text(file->name), bytes_of(file->data, file->size)};

    hash_parts("ebb schema file", NULL, parts, ARRAY_COUNT(parts), ret, HASH_BYTES);
}

/* Hash of every table, index and trigger as the database describes itself. */
static enum err shape_hash(struct store *store, struct arena *arena, uint8_t ret[HASH_BYTES])
{
    struct rows rows;

    TRY(store_select(store, QUERY_SCHEMA_OBJECTS, NULL, 0, &object_table, arena, &rows));
    struct bytes *parts = arena_alloc(arena, (2 * rows.count + 1) * sizeof *parts);
    if (parts == NULL)
        return store_refuse(store, ERR_RETRY, "no memory to look at the schema");
    for (size_t i = 0; i < rows.count; i++) {
        const struct object *object = rows.items[i];

        parts[2 * i] = bytes_of_text(object->name);
        parts[2 * i + 1] = bytes_of_text(object->sql);
    }
    hash_parts("ebb schema shape", NULL, parts, 2 * rows.count, ret, HASH_BYTES);
    return ERR_NONE;
}

static const struct embedded *file_find(const struct store *store, int64_t version)
{
    for (const struct embedded *file = store->operations->schema; file->name != NULL; file++)
        if (file_version(file) == version)
            return file;
    return NULL;
}

/* Every migration that the database remembers must be one that this program brings, unchanged, and nobody may have
 * changed the tables since. */
static enum err history_check(struct store *store, struct arena *arena)
{
    struct rows rows;
    uint8_t hash[HASH_BYTES];

    TRY(store_select(store, QUERY_SCHEMA_MIGRATIONS, NULL, 0, &migration_table, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct migration *applied = rows.items[i];
        const struct embedded *file = file_find(store, applied->version);

        if (file == NULL)
            return store_refuse(
                store, ERR_FATAL,
                "The database has schema %lld; this program knows only up to %lld. Use the newer program.",
                (long long)applied->version, (long long)store_schema_latest());
        file_checksum(file, hash);
        if (!hash_equal(hash, applied->checksum, HASH_BYTES))
            return store_refuse(store, ERR_FATAL, "Schema %lld was applied from another text than this program's %s.",
                                (long long)applied->version, file->name);
    }
    if (rows.count == 0)
        return ERR_NONE;
    TRY(shape_hash(store, arena, hash));
    if (!hash_equal(hash, ((const struct migration *)rows.items[rows.count - 1])->shape, HASH_BYTES))
        return store_refuse(store, ERR_FATAL,
                            "The tables of the database were altered by hand since its last migration.");
    return ERR_NONE;
}

static enum err history_of(struct store *store)
{
    SCOPED(arena_fini) struct arena arena;

    arena_init(&arena, MIGRATION_BYTES_MAX);
    return history_check(store, &arena);
}

static enum err migration_record(struct store *store, const struct embedded *file)
{
    SCOPED(arena_fini) struct arena arena;
    uint8_t checksum[HASH_BYTES], shape[HASH_BYTES];

    arena_init(&arena, MIGRATION_BYTES_MAX);
    file_checksum(file, checksum);
    TRY(shape_hash(store, &arena, shape));
    const struct value args[] = {value_int("version", file_version(file)),
                                 value_bytes("checksum", checksum, sizeof checksum),
                                 value_bytes("shape", shape, sizeof shape)};
    return store_execute(store, QUERY_SCHEMA_RECORD, args, ARRAY_COUNT(args));
}

enum err store_shape_record(struct store *store)
{
    SCOPED(arena_fini) struct arena arena;
    uint8_t shape[HASH_BYTES];

    arena_init(&arena, MIGRATION_BYTES_MAX);
    TRY(shape_hash(store, &arena, shape));
    const struct value args[] = {value_int("version", store_schema_latest()),
                                 value_bytes("shape", shape, sizeof shape)};
    return store_execute(store, QUERY_SCHEMA_RESHAPE, args, ARRAY_COUNT(args));
}

static enum err migration_apply(struct store *store, const struct embedded *file)
{
    TRY(store->operations->script(store, file));
    return migration_record(store, file);
}

/* One file, one transaction: a crash between two files leaves a database that the next start finishes. */
static enum err migration_run(struct store *store, const struct embedded *file)
{
    TRY(store_begin(store));
    enum err err = migration_apply(store, file);
    if (err == ERR_NONE)
        return store_commit(store);
    store_rollback(store);
    return err;
}

static enum err history_create(struct store *store)
{
    TRY(store_begin(store));
    enum err err = store_execute(store, QUERY_SCHEMA_CREATE, NULL, 0);
    if (err == ERR_NONE)
        return store_commit(store);
    store_rollback(store);
    return err;
}

static enum err migrate(struct store *store, int64_t *ret_from, int64_t *ret_to)
{
    int64_t from;

    TRY(history_create(store));
    TRY(history_of(store));
    TRY(store_schema_version(store, &from));
    for (int64_t version = from + 1; version <= store_schema_latest(); version++) {
        const struct embedded *file = file_find(store, version);

        if (file == NULL)
            return store_refuse(store, ERR_FATAL, "This program lacks the schema file %lld.", (long long)version);
        TRY(migration_run(store, file));
    }
    TRY(store_opened(store));
    *ret_from = from;
    *ret_to = store_schema_latest();
    return ERR_NONE;
}

enum err store_migrate(struct store *store, int64_t *ret_from, int64_t *ret_to)
{
    if (store->operations->lock == NULL)
        return migrate(store, ret_from, ret_to);
    TRY(store->operations->lock(store, true));
    enum err err = migrate(store, ret_from, ret_to);
    if (err == ERR_NONE)
        err = store->operations->lock(store, false);
    return err; /* after a fault the lock ends with the connection */
}

/* ---- after opening ---- */

/* The database remembers a keyed hash that only its own master key gives: a wrong key file is found before it seals. */
static enum err key_compare(struct store *store, struct arena *arena)
{
    uint8_t hash[HASH_SHORT_BYTES];
    char text[KEY_CHECK_BYTES];
    const char *known;

    vault_lookup(store->vault, "key check", "", hash);
    hash_hex(hash, sizeof hash, text);
    TRY(store_meta_get(store, STORE_KEY_CHECK, arena, &known));
    if (known != NULL && strcmp(known, text) != 0)
        return store_refuse(store, ERR_FATAL,
                            "master.key is not the key of this database: its personal data stays shut.");
    if (known != NULL || store->mode == STORE_READER)
        return ERR_NONE;
    TRY(store_begin(store));
    enum err err = store_meta_put(store, STORE_KEY_CHECK, text);
    if (err == ERR_NONE)
        return store_commit(store);
    store_rollback(store);
    return err;
}

enum err store_opened(struct store *store)
{
    int64_t version;
    SCOPED(arena_fini) struct arena arena;

    arena_init(&arena, MIGRATION_BYTES_MAX);
    TRY(store_schema_version(store, &version));
    if (version != store_schema_latest())
        return ERR_NONE; /* the caller migrates, or says that it will not */
    if (store->mode == STORE_WRITER)
        TRY(store->operations->prepare_all(store));
    const char *distributed;
    TRY(store_meta_get(store, STORE_DISTRIBUTED, &arena, &distributed));
    store->distributed = distributed != NULL;
    return store->vault == NULL ? ERR_NONE : key_compare(store, &arena);
}
