/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"

#include "base/hash.h"

#include <sodium.h>

_Static_assert(sizeof((struct random){0}.key) == crypto_stream_chacha20_KEYBYTES, "a ChaCha20 key");
_Static_assert(sizeof((struct random){0}.counter) == crypto_stream_chacha20_NONCEBYTES, "a ChaCha20 nonce");

void random_init_seed(struct random *random, uint64_t seed)
{
    uint8_t text[sizeof seed];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(seed >> (8 * i));
    *random = (struct random){0};
    struct bytes part = bytes_of(text, sizeof text);
    hash_parts("random seed", NULL, &part, 1, random->key, sizeof random->key);
}

void random_init_system(struct random *random)
{
    int ready = sodium_init();

    INVARIANT(7, ready >= 0);
    *random = (struct random){0};
    randombytes_buf(random->key, sizeof random->key);
}

/* Every call takes a nonce of its own, so no byte of the stream is given twice. */
void random_fill(struct random *random, void *ret, size_t size)
{
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)(random->counter >> (8 * i));
    random->counter++;
    INVARIANT(7, random->counter != 0);
    crypto_stream_chacha20(ret, size, nonce, random->key);
}

uint32_t random_below(struct random *random, uint32_t bound)
{
    uint8_t bytes[4];
    uint32_t value;

    INVARIANT(7, bound > 0);
    /* The lowest 2³² mod bound values would be too frequent by one: draw again. */
    uint32_t least = (0 - bound) % bound;
    do {
        random_fill(random, bytes, sizeof bytes);
        value = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    } while (value < least);
    return value % bound;
}
