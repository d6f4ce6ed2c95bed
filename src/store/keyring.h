/* SPDX-License-Identifier: Apache-2.0 */
/* The API keys that a database knows. Adding and revoking are transactions of their own on the writer's connection. */
#ifndef EBB_STORE_KEYRING_H
#define EBB_STORE_KEYRING_H

#include "access/key.h"
#include "store/store.h"

/* ERR_REQUEST: there is a key of that name already, revoked or not: the name stands in the audit. */
MUST_USE enum err keyring_add(struct store *store, const struct api_key *key);

/* Keys that were found, so that not every request asks the database who brings one. Used only where nobody else writes
 * (store_is_shared): a writer's process ends no key, and nobody else can. Its places are fixed, whoever comes takes
 * one; it holds hashes, no tokens. Thread-safe. */
struct keyring_memory;
/* NULL: no memory for it; everything is asked for. */
MUST_USE struct keyring_memory *keyring_memory_new(void);
void keyring_memory_free(struct keyring_memory **memory);

/* The live key of a token; NULL when there is none, or it is revoked or expired. `memory` may be NULL. */
MUST_USE enum err keyring_find(struct store *store, struct keyring_memory *memory, const struct vault *vault,
                               const char *token, struct instant now, struct arena *arena, const struct api_key **ret);
/* All keys, also revoked ones, oldest first: `struct api_key` in rows. */
MUST_USE enum err keyring_list(struct store *store, struct arena *arena, struct rows *ret);
/* False: no live key of that name. */
MUST_USE enum err keyring_revoke(struct store *store, const char *name, struct instant now, bool *ret_revoked);

#endif
