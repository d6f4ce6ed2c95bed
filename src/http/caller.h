/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks: from an Authorization header to a principal, its roles and the one account that a customer is bound to.
 *
 * Demo tokens (`ebb serve --demo` prints them) mean something only there; API keys are looked up by hash. Knows
 * nothing of routes: whether a role is enough is decided against the table of routes. */
#ifndef EBB_HTTP_CALLER_H
#define EBB_HTTP_CALLER_H

#include "engine/command.h"

struct keyring_memory;
struct store;
struct vault;

struct caller {
    char principal[PRINCIPAL_BYTES];
    unsigned roles;
    char own_account[REF_BYTES]; /* ROLE_CUSTOMER only; "" otherwise */
};

/* The token of a "Bearer …" header, or NULL. */
const char *caller_bearer(const char *authorization);
/* The names of its roles (engine/role.h); NULL: it is none. */
const char *caller_of_demo_token(const char *token, struct caller *ret);
/* ERR_REQUEST: nobody we know. `keys` may be NULL. */
MUST_USE enum err caller_of_key(struct store *reader, struct keyring_memory *keys, const struct vault *vault,
                                const char *token, struct instant now, struct arena *arena, struct caller *ret);

#endif
