/* SPDX-License-Identifier: Apache-2.0 */
#include "access/key.h"

#include <stdio.h>
#include <string.h>

#define KEY_PREFIX "ebb_"

#define COL(name, kind)                                                                                                \
    {                                                                                                                  \
#name, kind, offsetof(struct api_key, name), sizeof(((struct api_key *)0)->name), NULL                         \
    }
static const struct column key_columns[] = {
    COL(hash, COLUMN_HASH),          COL(name, COLUMN_TEXT),          COL(roles, COLUMN_INT),
    COL(account, COLUMN_TEXT),       COL(created_at, COLUMN_INSTANT), COL(expires_at, COLUMN_INSTANT),
    COL(revoked_at, COLUMN_INSTANT),
};
const struct table key_table = {"api_key", sizeof(struct api_key), key_columns, ARRAY_COUNT(key_columns)};

void key_issue(const struct vault *vault, struct random *random, const char *name, unsigned roles, const char *account,
               struct instant now, struct instant expires_at, struct api_key *ret, char ret_token[KEY_TOKEN_BYTES])
{
    struct api_key key = {.roles = roles, .created_at = now, .expires_at = expires_at};

    token_make(random, KEY_PREFIX, ret_token);
    snprintf(key.name, sizeof key.name, "%s", name);
    snprintf(key.account, sizeof key.account, "%s", account == NULL ? "" : account);
    key_hash(vault, ret_token, key.hash);
    *ret = key;
}

bool key_token_ok(const char *token)
{
    return token_ok(token, KEY_PREFIX);
}

void key_hash(const struct vault *vault, const char *token, uint8_t ret[HASH_SHORT_BYTES])
{
    vault_lookup(vault, "api key", token, ret);
}

bool key_is_live(const struct api_key *key, struct instant now)
{
    return !instant_is_set(key->revoked_at) &&
           (!instant_is_set(key->expires_at) || instant_before(now, key->expires_at));
}
