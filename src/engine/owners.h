/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a ref or a withdrawal is never changes: what was looked up once need not be asked again, and a batch that knows
 * it begins with the lock. For databases that others write as well; one that lost rows is another one (owners_forget).
 * Bounded: a place for each hash, and the latest has it. One thread's. */
#ifndef EBB_ENGINE_OWNERS_H
#define EBB_ENGINE_OWNERS_H

#include "domain/rows.h"

#define OWNERS_PLACES 8192

struct owners {
    struct owner {
        int64_t account, withdrawal; /* 0: none here; of an account's ref */
        char ref[REF_BYTES];
    } places[OWNERS_PLACES];
};

void owners_forget(struct owners *owners);
/* The account's id, or 0: it has to be asked for. `owners` may be NULL: nothing is known, and nothing kept. */
int64_t owners_of_ref(const struct owners *owners, const char *ref);
int64_t owners_of_withdrawal(const struct owners *owners, int64_t withdrawal);
/* The account is stored. */
void owners_keep_ref(struct owners *owners, const char *ref, int64_t account);
/* The account is stored; whether the withdrawal is does not matter. */
void owners_keep_withdrawal(struct owners *owners, int64_t withdrawal, int64_t account);

#endif
