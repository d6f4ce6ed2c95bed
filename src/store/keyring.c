/* SPDX-License-Identifier: Apache-2.0 */
#include "store/keyring.h"

#include "store/connection.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEYRING_BYTES_MAX ((size_t)1 << 20)
#define MEMORY_PLACES 4096

struct keyring_memory {
    pthread_mutex_t mutex;
    struct api_key keys[MEMORY_PLACES]; /* a name of nothing: none here */
};

static struct value value_moment(const char *name, struct instant at)
{
    return instant_is_set(at) ? value_int(name, at.ms) : value_null(name);
}

static enum err key_insert(struct store *store, const struct api_key *key)
{
    const struct value args[] = {
        value_bytes("hash", key->hash, sizeof key->hash),
        value_text("name", key->name),
        value_int("roles", key->roles),
        value_text("account", key->account[0] == '\0' ? NULL : key->account),
        value_moment("created_at", key->created_at),
        value_moment("expires_at", key->expires_at),
        value_moment("revoked_at", key->revoked_at),
    };

    return store_execute(store, QUERY_KEY_INSERT, args, ARRAY_COUNT(args));
}

static enum err key_add(struct store *store, const struct api_key *key)
{
    const struct value args[] = {value_text("name", key->name)};
    SCOPED(arena_fini) struct arena arena;
    struct rows rows;

    arena_init(&arena, KEYRING_BYTES_MAX);
    TRY(store_select(store, QUERY_KEY_BY_NAME, args, ARRAY_COUNT(args), &key_table, &arena, &rows));
    if (rows.count > 0)
        return store_refuse(store, ERR_REQUEST, "There is a key named %s already.", key->name);
    return key_insert(store, key);
}

enum err keyring_add(struct store *store, const struct api_key *key)
{
    TRY(store_begin(store));
    enum err err = key_add(store, key);
    if (err == ERR_NONE)
        return store_commit(store);
    store_rollback(store);
    return err;
}

struct keyring_memory *keyring_memory_new(void)
{
    struct keyring_memory *memory = calloc(1, sizeof *memory);

    if (memory != NULL)
        pthread_mutex_init(&memory->mutex, NULL);
    return memory;
}

void keyring_memory_free(struct keyring_memory **memory)
{
    if (*memory != NULL)
        pthread_mutex_destroy(&(*memory)->mutex);
    free(*memory);
    *memory = NULL;
}

/* The hash is keyed: nobody outside can aim at a place. */
static struct api_key *place_of(struct keyring_memory *memory, const uint8_t hash[HASH_SHORT_BYTES])
{
    return &memory->keys[((size_t)hash[0] << 8 | hash[1]) % MEMORY_PLACES];
}

static bool remembered(struct keyring_memory *memory, const uint8_t hash[HASH_SHORT_BYTES], struct api_key *ret)
{
    pthread_mutex_lock(&memory->mutex);
    *ret = *place_of(memory, hash);
    pthread_mutex_unlock(&memory->mutex);
    return ret->name[0] != '\0' && hash_equal(ret->hash, hash, HASH_SHORT_BYTES);
}

static void remember(struct keyring_memory *memory, const struct api_key *key)
{
    pthread_mutex_lock(&memory->mutex);
    *place_of(memory, key->hash) = *key;
    pthread_mutex_unlock(&memory->mutex);
}

/* Whether it is live or not; NULL when there is none. */
static enum err key_read(struct store *store, const uint8_t hash[HASH_SHORT_BYTES], struct arena *arena,
                         const struct api_key **ret)
{
    const struct value args[] = {value_bytes("hash", hash, HASH_SHORT_BYTES)};
    struct rows rows = {0};

    TRY(store_select(store, QUERY_KEY_BY_HASH, args, ARRAY_COUNT(args), &key_table, arena, &rows));
    *ret = rows.count == 0 ? NULL : rows.items[0];
    return ERR_NONE;
}

enum err keyring_find(struct store *store, struct keyring_memory *memory, const struct vault *vault, const char *token,
                      struct instant now, struct arena *arena, const struct api_key **ret)
{
    uint8_t hash[HASH_SHORT_BYTES];
    const struct api_key *key = NULL;
    struct api_key *copy = ARENA_NEW(arena, struct api_key);
    bool remembers = memory != NULL && !store_is_shared(store);

    if (copy == NULL)
        return ERR_RETRY;
    if (key_token_ok(token)) {
        key_hash(vault, token, hash);
        if (remembers && remembered(memory, hash, copy))
            key = copy;
        else
            TRY(key_read(store, hash, arena, &key));
        if (remembers && key != NULL && key != copy)
            remember(memory, key);
    }
    *ret = key != NULL && key_is_live(key, now) ? key : NULL;
    return ERR_NONE;
}

enum err keyring_list(struct store *store, struct arena *arena, struct rows *ret)
{
    return store_select(store, QUERY_KEYS_ALL, NULL, 0, &key_table, arena, ret);
}

enum err keyring_revoke(struct store *store, const char *name, struct instant now, bool *ret_revoked)
{
    const struct value args[] = {value_text("name", name), value_int("now", now.ms)};

    TRY(store_begin(store));
    enum err err = store_execute(store, QUERY_KEY_REVOKE, args, ARRAY_COUNT(args));
    bool revoked = err == ERR_NONE && store_changed(store) == 1;
    if (err != ERR_NONE) {
        store_rollback(store);
        return err;
    }
    TRY(store_commit(store));
    *ret_revoked = revoked;
    return ERR_NONE;
}
