/* SPDX-License-Identifier: Apache-2.0 */
#include "store/keyring.h"

#include "store/connection.h"

#define KEYRING_BYTES_MAX ((size_t)1 << 20)

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

enum err keyring_find(struct store *store, const struct vault *vault, const char *token, struct instant now,
                      struct arena *arena, const struct api_key **ret)
{
    uint8_t hash[HASH_SHORT_BYTES];
    struct rows rows = {0};

    if (key_token_ok(token)) {
        const struct value args[] = {value_bytes("hash", hash, sizeof hash)};

        key_hash(vault, token, hash);
        TRY(store_select(store, QUERY_KEY_BY_HASH, args, ARRAY_COUNT(args), &key_table, arena, &rows));
    }
    const struct api_key *key = rows.count == 0 ? NULL : rows.items[0];
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
