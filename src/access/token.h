/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: texts that are worth something because nobody can guess them.
 *
 * A prefix of four characters says what for, so that a leaked one is recognised, and 52 characters of base32 hold 256
 * random bits. What is kept of a token is a keyed hash (vault_lookup), never the text. */
#ifndef EBB_ACCESS_TOKEN_H
#define EBB_ACCESS_TOKEN_H

#include "base/random.h"

#define TOKEN_PREFIX_BYTES 4
#define TOKEN_BYTES (TOKEN_PREFIX_BYTES + 52 + 1)

void token_make(struct random *random, const char prefix[TOKEN_PREFIX_BYTES + 1], char ret[TOKEN_BYTES]);
/* False when the text cannot be a token of that prefix; nothing needs to be looked up then. */
MUST_USE bool token_ok(const char *token, const char prefix[TOKEN_PREFIX_BYTES + 1]);

#endif
