/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed fields and API tokens (access/vault.h, key.h). What was sealed opens, in its own place only; nothing else
 * opens at all, however it came about: changed by bytes, cut, moved to another row, or made up. A token is one text,
 * and no other text has its hash. */
#include <sodium.h>

#include "access/key.h"
#include "fuzz.h"
#include "http/caller.h"

#define SEALED_MAX 4096
#define ARENA_BYTES ((size_t)64 << 10)

static struct vault vault;
static struct arena arena;

static void prepare(void)
{
    struct random random;

    CHECK(sodium_init() >= 0);
    random_init_seed(&random, 7);
    random_fill(&random, &vault, sizeof vault);
    vault.version = 1;
    arena_init(&arena, ARENA_BYTES);
}

static enum err open_here(const char *table, const char *column, int64_t row, const uint8_t *sealed, size_t size,
                          const char **ret)
{
    /* Exactly as large as it is said to be. */
    uint8_t *exact = malloc(size > 0 ? size : 1);

    CHECK(exact != NULL);
    if (size > 0)
        memcpy(exact, sealed, size);
    arena_reset(&arena);
    *ret = NULL;
    enum err err = vault_open_field(&vault, table, column, row, bytes_of(exact, size), &arena, ret);
    CHECK((err == ERR_NONE) == (*ret != NULL));
    free(exact);
    return err;
}

/* Bytes say what is done to the sealed field; if it changes nothing, it must open. */
static void damage_check(struct input *input, const char *plain, const uint8_t *sealed, size_t size)
{
    static uint8_t damaged[2 * SEALED_MAX];
    size_t damaged_size = size;
    const char *opened;

    memcpy(damaged, sealed, size);
    for (int i = 0; i < 4 && input->left > 0; i++) {
        uint8_t what = input_byte(input);
        size_t at = (size_t)input_number(input, 2) % (size + 1);
        if (what < 200 && at < damaged_size)
            damaged[at] ^= input_byte(input);
        else if (what < 225)
            damaged_size = at;
        else if (damaged_size < size + 8)
            damaged[damaged_size++] = input_byte(input);
    }
    bool same = damaged_size == size && memcmp(damaged, sealed, size) == 0;
    CHECK((open_here("identity", "name", 5, damaged, damaged_size, &opened) == ERR_NONE) == same);
    CHECK(!same || strcmp(opened, plain) == 0);
}

static void seal_check(struct input *input)
{
    static uint8_t sealed[SEALED_MAX], again[SEALED_MAX];
    char *plain = input_text(input, input_byte(input));
    size_t size = strlen(plain), sealed_size = vault_sealed_bytes(size);
    const char *opened;

    vault_seal(&vault, "identity", "name", 5, plain, size, sealed);
    vault_seal(&vault, "identity", "name", 5, plain, size, again);
    CHECK(memcmp(sealed, again, sealed_size) == 0);
    CHECK(open_here("identity", "name", 5, sealed, sealed_size, &opened) == ERR_NONE && strcmp(opened, plain) == 0);
    CHECK(open_here("identity", "name", 6, sealed, sealed_size, &opened) == ERR_FATAL);
    CHECK(open_here("identity", "phone", 5, sealed, sealed_size, &opened) == ERR_FATAL);
    CHECK(open_here("identity", "nave", 5, sealed, sealed_size, &opened) == ERR_FATAL); /* of the same length */
    CHECK(open_here("identitx", "name", 5, sealed, sealed_size, &opened) == ERR_FATAL);
    CHECK(open_here("topup", "name", 5, sealed, sealed_size, &opened) == ERR_FATAL);
    CHECK(open_here("identit", "yname", 5, sealed, sealed_size, &opened) == ERR_FATAL);
    vault_seal(&vault, "identity", "name", 6, plain, size, again);
    CHECK(memcmp(sealed + 1, again + 1, 24) != 0); /* a nonce of its own */
    damage_check(input, plain, sealed, sealed_size);
    free(plain);
}

static void token_check(const char *header)
{
    const char *token = caller_bearer(header);
    uint8_t first[HASH_SHORT_BYTES], second[HASH_SHORT_BYTES];
    struct caller caller;

    if (token == NULL)
        return;
    CHECK(token > header && token[0] != '\0' && strcmp(header + strlen(header) - strlen(token), token) == 0);
    if (caller_of_demo_token(token, &caller)) {
        CHECK(strcmp(caller.principal, token) == 0 && caller.roles != 0);
        CHECK((caller.own_account[0] != '\0') == (caller.roles == ROLE_CUSTOMER));
    }
    if (!key_token_ok(token))
        return;
    CHECK(strlen(token) == KEY_TOKEN_BYTES - 1 && strncmp(token, "ebb_", 4) == 0);
    char other[KEY_TOKEN_BYTES];
    memcpy(other, token, sizeof other);
    other[10] = other[10] == '7' ? '8' : '7';
    CHECK(key_token_ok(other));
    key_hash(&vault, token, first);
    key_hash(&vault, other, second);
    CHECK(!hash_equal(first, second, sizeof first));
    other[10] = 'I'; /* read as a one: not of the alphabet */
    CHECK(!key_token_ok(other));
}

static void issue_check(struct input *input)
{
    struct instant now = {INT64_C(1795140000000)}, expires = {now.ms + (int64_t)input_number(input, 3) - (1 << 23)};
    struct api_key key;
    struct random random;
    char token[KEY_TOKEN_BYTES];
    uint8_t hash[HASH_SHORT_BYTES];

    random_init_seed(&random, input_number(input, 8));
    key_issue(&vault, &random, "name", ROLE_READ, NULL, now, expires, &key, token);
    key_hash(&vault, token, hash);
    CHECK(key_token_ok(token) && hash_equal(hash, key.hash, sizeof hash));
    CHECK(key_is_live(&key, now) == (expires.ms > now.ms));
    key.revoked_at = now;
    CHECK(!key_is_live(&key, now));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size}, issue = {data, size}, text = {data, size};
    const char *opened;
    char *header = input_rest(&text);

    if (arena.bytes_max == 0)
        prepare();
    CHECK(open_here("message", "text", 5, data, size, &opened) == ERR_FATAL); /* where nothing was ever sealed */
    seal_check(&input);
    token_check(header);
    issue_check(&issue);
    free(header);
    return 0;
}
