/* SPDX-License-Identifier: Apache-2.0 */
#include "access/pass.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PART_BYTES_MAX 1024

struct header {
    const char *alg, *typ, *kid;
};
static const struct field header_fields[] = {
    {.name = "alg", .kind = FIELD_TEXT, .flags = FIELD_REQUIRED, .offset = offsetof(struct header, alg)},
    {.name = "typ", .kind = FIELD_TEXT, .offset = offsetof(struct header, typ)},
    {.name = "kid", .kind = FIELD_REF, .flags = FIELD_REQUIRED, .offset = offsetof(struct header, kid)},
};
static const struct shape header_shape = {"header", sizeof(struct header), header_fields, ARRAY_COUNT(header_fields)};

struct claims {
    const char *aud, *iss, *sub, *jti;
    int64_t exp, iat;
};
#define CLAIM_SECONDS(name, required)                                                                                  \
    {                                                                                                                  \
#name, FIELD_COUNT, required, offsetof(struct claims, name), 0, INT64_C(1) << 40, NULL, NULL, 0                \
    }
static const struct field claims_fields[] = {
    {.name = "aud", .kind = FIELD_TEXT, .flags = FIELD_REQUIRED, .offset = offsetof(struct claims, aud)},
    {.name = "iss", .kind = FIELD_TEXT, .offset = offsetof(struct claims, iss)},
    {.name = "sub", .kind = FIELD_REF, .flags = FIELD_REQUIRED, .offset = offsetof(struct claims, sub)},
    {.name = "jti",
     .kind = FIELD_TEXT,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct claims, jti),
     .min = 16,
     .max = 64},
    CLAIM_SECONDS(exp, FIELD_REQUIRED),
    CLAIM_SECONDS(iat, 0),
};
static const struct shape claims_shape = {"claims", sizeof(struct claims), claims_fields, ARRAY_COUNT(claims_fields)};

static bool bytes_read(const char *text, size_t size, uint8_t *ret, size_t capacity, size_t *ret_size)
{
    const char *end;

    return sodium_base642bin(ret, capacity, text, size, NULL, ret_size, &end,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           end == text + size;
}

static bool part_read(const char *text, size_t size, const struct shape *shape, struct arena *arena, void *ret)
{
    struct field_problems problems = {0};
    uint8_t json[PART_BYTES_MAX];
    size_t json_bytes;

    return bytes_read(text, size, json, sizeof json, &json_bytes) &&
           field_read_json((const char *)json, json_bytes, shape, arena, ret, &problems) == ERR_NONE;
}

bool pass_read(const char *token, struct arena *arena, struct pass *ret)
{
    size_t header_bytes = strcspn(token, "."), claims_bytes, signature_bytes;
    const char *claims_text = token + header_bytes + 1, *signature_text;
    struct header header = {0};
    struct claims claims = {0};

    if (token[header_bytes] == '\0')
        return false;
    claims_bytes = strcspn(claims_text, ".");
    if (claims_text[claims_bytes] == '\0')
        return false;
    signature_text = claims_text + claims_bytes + 1;
    if (!part_read(token, header_bytes, &header_shape, arena, &header) ||
        !part_read(claims_text, claims_bytes, &claims_shape, arena, &claims) ||
        !bytes_read(signature_text, strlen(signature_text), ret->signature, sizeof ret->signature, &signature_bytes))
        return false;
    ret->key = header.kid;
    ret->account = claims.sub;
    ret->nonce = claims.jti;
    ret->expires_at = (struct instant){claims.exp * MS_SECOND};
    ret->signed_bytes = header_bytes + 1 + claims_bytes;
    return signature_bytes == sizeof ret->signature && strcmp(header.alg, "HS256") == 0 &&
           strcmp(claims.aud, "ebb") == 0;
}

bool pass_is_signed(const struct pass *pass, const char *token, const char *secret)
{
    crypto_auth_hmacsha256_state state;
    uint8_t right[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, (const uint8_t *)secret, strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)token, pass->signed_bytes);
    crypto_auth_hmacsha256_final(&state, right);
    return sodium_memcmp(right, pass->signature, sizeof right) == 0;
}

bool pass_is_timely(const struct pass *pass, struct instant now)
{
    return instant_before(now, pass->expires_at) && pass->expires_at.ms - now.ms <= PASS_MS_MAX;
}

void pass_hash(const struct vault *vault, const struct pass *pass, uint8_t ret[HASH_SHORT_BYTES])
{
    char text[160];

    snprintf(text, sizeof text, "%s/%s", pass->key, pass->nonce);
    vault_lookup(vault, "customer pass", text, ret);
}
