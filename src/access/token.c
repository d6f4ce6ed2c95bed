/* SPDX-License-Identifier: Apache-2.0 */
#include "access/token.h"

#include <sodium.h>
#include <string.h>

#define TOKEN_DIGITS 52
#define TOKEN_RANDOM_BYTES 32

/* Lower case, without the letters that are read as digits. */
static const char token_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* Five bits a character, the last one filled up with zeros. */
static void token_write(const uint8_t bytes[TOKEN_RANDOM_BYTES], char *ret)
{
    for (size_t digit = 0; digit < TOKEN_DIGITS; digit++) {
        unsigned value = 0;

        for (size_t bit = 5 * digit; bit < 5 * digit + 5; bit++)
            value = value << 1 | (bit < 8 * TOKEN_RANDOM_BYTES ? (unsigned)bytes[bit / 8] >> (7 - bit % 8) & 1U : 0U);
        ret[digit] = token_alphabet[value];
    }
    ret[TOKEN_DIGITS] = '\0';
}

void token_make(struct random *random, const char prefix[TOKEN_PREFIX_BYTES + 1], char ret[TOKEN_BYTES])
{
    uint8_t bytes[TOKEN_RANDOM_BYTES];

    random_fill(random, bytes, sizeof bytes);
    memcpy(ret, prefix, TOKEN_PREFIX_BYTES);
    token_write(bytes, ret + TOKEN_PREFIX_BYTES);
    sodium_memzero(bytes, sizeof bytes);
}

bool token_ok(const char *token, const char prefix[TOKEN_PREFIX_BYTES + 1])
{
    return strlen(token) == TOKEN_BYTES - 1 && memcmp(token, prefix, TOKEN_PREFIX_BYTES) == 0 &&
           strspn(token + TOKEN_PREFIX_BYTES, token_alphabet) == TOKEN_DIGITS;
}
