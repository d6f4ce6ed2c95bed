/* SPDX-License-Identifier: Apache-2.0 */
/* The policies a server runs: every version it has ever run, newest last. A withdrawal keeps the version it was made
 * under.
 *
 * Read from a directory of YAML files at start; a file whose text differs from the newest stored version becomes the
 * next version, stored in the database. Immutable while the server runs. */
#ifndef EBB_ENGINE_POLICIES_H
#define EBB_ENGINE_POLICIES_H

#include "domain/policy_load.h"

struct store;
#define POLICIES_MAX 256
struct policies {
    struct policy items[POLICIES_MAX];
    size_t count;
    struct arena arena;
};

/* Reads stored versions, then the YAML files of `directory` (NULL: the four embedded ones), storing what is new. */
MUST_USE enum err policies_open(struct store *store, const char *directory, struct instant now, struct policies *ret,
                                char ret_reason[512]);
/* For tools without a database: the embedded ones or one file. */
MUST_USE enum err policies_embedded(struct policies *ret, char ret_reason[512]);
void policies_fini(struct policies *policies);
/* version 0: the newest. NULL when unknown. */
const struct policy *policies_find(const struct policies *policies, const char *name, int64_t version);

#endif
