/* SPDX-License-Identifier: Apache-2.0 */
/* Passes: short-lived tokens by which the operator's own site signs its customers in.
 *
 * A pass is a JSON Web Token in its compact form (RFC 7519), signed by HMAC-SHA256 (`alg` HS256 and nothing else),
 * which every language can make with its standard library. Its header names the key (`kid`); it says for whom it is
 * (`aud` "ebb"), which account signs in (`sub`), until when it is good (`exp`, at most PASS_MS_MAX from now) and what
 * tells it from all others (`jti`, 16 to 64 characters); it is taken once. The key is its text as it was printed.
 * Members that are not known are refused. Pure. */
#ifndef EBB_ACCESS_PASS_H
#define EBB_ACCESS_PASS_H

#include "access/vault.h"
#include "base/field.h"

#define PASS_MS_MAX (5 * MS_MINUTE)
#define PASS_KEY_PREFIX "ebc_"

struct pass {
    const char *key, *account, *nonce; /* in the arena */
    struct instant expires_at;
    size_t signed_bytes; /* of the token, from its start */
    uint8_t signature[32];
};

/* False: it is none, whoever signed it. */
MUST_USE bool pass_read(const char *token, struct arena *arena, struct pass *ret);
MUST_USE bool pass_is_signed(const struct pass *pass, const char *token, const char *secret);
MUST_USE bool pass_is_timely(const struct pass *pass, struct instant now);
/* What is kept of a used one. */
void pass_hash(const struct vault *vault, const struct pass *pass, uint8_t ret[HASH_SHORT_BYTES]);

#endif
