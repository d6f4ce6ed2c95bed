/* SPDX-License-Identifier: Apache-2.0 */
/* The API keys that a database knows. Adding and revoking are transactions of their own on the writer's connection. */
#ifndef EBB_STORE_KEYRING_H
#define EBB_STORE_KEYRING_H

#include "access/key.h"
#include "store/store.h"

/* ERR_REQUEST: there is a key of that name already, revoked or not: the name stands in the audit. */
MUST_USE enum err keyring_add(struct store *store, const struct api_key *key);
/* The live key of a token; NULL when there is none, or it is revoked or expired. */
MUST_USE enum err keyring_find(struct store *store, const struct vault *vault, const char *token, struct instant now,
                               struct arena *arena, const struct api_key **ret);
/* All keys, also revoked ones, oldest first: `struct api_key` in rows. */
MUST_USE enum err keyring_list(struct store *store, struct arena *arena, struct rows *ret);
/* False: no live key of that name. */
MUST_USE enum err keyring_revoke(struct store *store, const char *name, struct instant now, bool *ret_revoked);

#endif
