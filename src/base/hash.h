/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes (BLAKE2b through libsodium) of named parts, and comparison in constant time.
 *
 * Every hash is over a list of length-prefixed parts and begins with a domain word, so that two different lists never
 * hash alike and a hash made for one purpose is worth nothing for another. */
#ifndef EBB_BASE_HASH_H
#define EBB_BASE_HASH_H

#include "base/err.h"

#define HASH_BYTES 32       /* audit chain */
#define HASH_SHORT_BYTES 16 /* keys and fingerprints */
#define HASH_KEY_BYTES 32

struct bytes {
    const void *data;
    size_t size;
};

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){data, size};
}
struct bytes bytes_of_text(const char *text); /* without the NUL; NULL is empty */

/* `key` is HASH_KEY_BYTES or NULL. `size` is HASH_BYTES or HASH_SHORT_BYTES. */
void hash_parts(const char *domain, const uint8_t *key, const struct bytes *parts, size_t parts_count, uint8_t *ret,
                size_t size);
MUST_USE bool hash_equal(const uint8_t *a, const uint8_t *b, size_t size); /* constant time */
void hash_hex(const uint8_t *hash, size_t size, char *ret);                /* 2·size + 1 characters */

#endif
