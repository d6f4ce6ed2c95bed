/* SPDX-License-Identifier: Apache-2.0 */
#include "access/key.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_PREFIX "ebb_"
#define TOKEN_PREFIX_BYTES 4
#define TOKEN_DIGITS 52
#define TOKEN_RANDOM_BYTES 32

/* Lower case, without the letters that are read as digits. */
static const char token_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

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

/* Five bits a character, the last one filled up with zeros. */
static void token_write(const uint8_t bytes[TOKEN_RANDOM_BYTES], char ret[KEY_TOKEN_BYTES])
{
    memcpy(ret, TOKEN_PREFIX, TOKEN_PREFIX_BYTES);
    for (size_t digit = 0; digit < TOKEN_DIGITS; digit++) {
        unsigned value = 0;

        for (size_t bit = 5 * digit; bit < 5 * digit + 5; bit++)
            value = value << 1 | (bit < 8 * TOKEN_RANDOM_BYTES ? (unsigned)bytes[bit / 8] >> (7 - bit % 8) & 1U : 0U);
        ret[TOKEN_PREFIX_BYTES + digit] = token_alphabet[value];
    }
    ret[TOKEN_PREFIX_BYTES + TOKEN_DIGITS] = '\0';
}

void key_issue(const struct vault *vault, struct random *random, const char *name, unsigned roles, const char *account,
               struct instant now, struct instant expires_at, struct api_key *ret, char ret_token[KEY_TOKEN_BYTES])
{
    uint8_t bytes[TOKEN_RANDOM_BYTES];
    struct api_key key = {.roles = roles, .created_at = now, .expires_at = expires_at};

    random_fill(random, bytes, sizeof bytes);
    token_write(bytes, ret_token);
    sodium_memzero(bytes, sizeof bytes);
    snprintf(key.name, sizeof key.name, "%s", name);
    snprintf(key.account, sizeof key.account, "%s", account == NULL ? "" : account);
    key_hash(vault, ret_token, key.hash);
    *ret = key;
}

bool key_token_ok(const char *token)
{
    return strlen(token) == KEY_TOKEN_BYTES - 1 && memcmp(token, TOKEN_PREFIX, TOKEN_PREFIX_BYTES) == 0 &&
           strspn(token + TOKEN_PREFIX_BYTES, token_alphabet) == TOKEN_DIGITS;
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
