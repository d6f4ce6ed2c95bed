/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash.h"

#include <sodium.h>
#include <string.h>

struct bytes bytes_of_text(const char *text)
{
    return text == NULL ? bytes_of(NULL, 0) : bytes_of(text, strlen(text));
}

static void part_add(crypto_generichash_state *state, struct bytes part)
{
    uint8_t length[8];

    for (size_t i = 0; i < sizeof length; i++)
        length[i] = (uint8_t)((uint64_t)part.size >> (8 * i));
    crypto_generichash_update(state, length, sizeof length);
    if (part.size > 0)
        crypto_generichash_update(state, part.data, part.size);
}

void hash_parts(const char *domain, const uint8_t *key, const struct bytes *parts, size_t parts_count, uint8_t *ret,
                size_t size)
{
    crypto_generichash_state state;

    INVARIANT(7, size == HASH_BYTES || size == HASH_SHORT_BYTES);
    crypto_generichash_init(&state, key, key == NULL ? 0 : HASH_KEY_BYTES, size);
    part_add(&state, bytes_of_text(domain));
    for (size_t i = 0; i < parts_count; i++)
        part_add(&state, parts[i]);
    crypto_generichash_final(&state, ret, size);
    sodium_memzero(&state, sizeof state);
}

bool hash_equal(const uint8_t *a, const uint8_t *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

void hash_hex(const uint8_t *hash, size_t size, char *ret)
{
    sodium_bin2hex(ret, 2 * size + 1, hash, size);
}
