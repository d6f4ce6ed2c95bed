/* SPDX-License-Identifier: Apache-2.0 */
/* API keys: what a token looks like, and what is kept of it.
 *
 * A token (access/token.h) begins with "ebb_" and is shown once when it is made. Only its keyed hash is
 * kept, so a stolen database logs nobody in. Roles are bits that the engine gives a meaning (engine/command.h); this
 * module does not know them, and it does not know where keys are stored (store/keyring.h). */
#ifndef EBB_ACCESS_KEY_H
#define EBB_ACCESS_KEY_H

#include "access/token.h"
#include "access/vault.h"
#include "domain/rows.h"

#define KEY_TOKEN_BYTES TOKEN_BYTES

struct api_key {
    struct row row;
    uint8_t hash[HASH_SHORT_BYTES];
    char name[REF_BYTES];
    int64_t roles;
    char account[REF_BYTES]; /* the one account of a customer's key; "" otherwise */
    struct instant created_at;
    struct instant expires_at; /* none: it does not expire */
    struct instant revoked_at;
};
extern const struct table key_table;

/* A new key and its token. `account` and `expires_at` may be empty. */
void key_issue(const struct vault *vault, struct random *random, const char *name, unsigned roles, const char *account,
               struct instant now, struct instant expires_at, struct api_key *ret, char ret_token[KEY_TOKEN_BYTES]);
/* False when the text cannot be a token; nothing needs to be looked up then. */
MUST_USE bool key_token_ok(const char *token);
void key_hash(const struct vault *vault, const char *token, uint8_t ret[HASH_SHORT_BYTES]);
/* Neither revoked nor expired. */
MUST_USE bool key_is_live(const struct api_key *key, struct instant now);

#endif
