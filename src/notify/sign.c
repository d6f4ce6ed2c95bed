/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/sign.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "whsec_"
#define KEY_BYTES_MAX 64

_Static_assert(SIGNATURE_BYTES ==
                   3 + sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL),
               "v1, and the base64 of a hash");

bool sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, char ret[SIGNATURE_BYTES])
{
    crypto_auth_hmacsha256_state state;
    uint8_t key[KEY_BYTES_MAX], hash[crypto_auth_hmacsha256_BYTES];
    char head[96];
    size_t size;

    if (strncmp(secret, PREFIX, strlen(PREFIX)) != 0 ||
        sodium_base642bin(key, sizeof(key), secret + strlen(PREFIX), strlen(secret + strlen(PREFIX)), NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0)
        return false;
    int head_size = snprintf(head, sizeof(head), "%s.%lld.", id, (long long)timestamp_s);
    crypto_auth_hmacsha256_init(&state, key, size);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, (unsigned long long)head_size);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)body, strlen(body));
    crypto_auth_hmacsha256_final(&state, hash);
    memcpy(ret, "v1,", 3);
    sodium_bin2base64(ret + 3, SIGNATURE_BYTES - 3, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof(key));
    return true;
}
