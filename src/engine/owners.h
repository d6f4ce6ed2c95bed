/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a ref or a withdrawal is never changes: what was looked up once need not be asked again, and a batch that knows
 * it begins with the lock. What the account was when it was last loaded is kept as well, as a guess of what will be
 * asked for: it may have changed since, and nothing is decided on it. For databases that others write as well; one that
 * lost rows is another one (owners_forget). Bounded: a hash has eight places, and whoever comes when they are taken
 * takes one of them. One thread's. */
#ifndef EBB_ENGINE_OWNERS_H
#define EBB_ENGINE_OWNERS_H

#include "domain/rows.h"

#define OWNERS_PLACES 8192
#define OWNERS_CHOICES 8

struct owners {
    struct owner {
        int64_t account, withdrawal; /* 0: none here; of an account's ref */
        char ref[REF_BYTES];
    } places[OWNERS_PLACES];
    struct account accounts[OWNERS_PLACES]; /* id 0: none here */
    size_t turn;
};

void owners_forget(struct owners *owners);
/* The account's id, or 0: it has to be asked for. `owners` may be NULL: nothing is known, and nothing kept. */
int64_t owners_of_ref(const struct owners *owners, const char *ref);
int64_t owners_of_withdrawal(const struct owners *owners, int64_t withdrawal);
/* The account is stored. */
void owners_keep_ref(struct owners *owners, const char *ref, int64_t account);
/* The account is stored; whether the withdrawal is does not matter. */
void owners_keep_withdrawal(struct owners *owners, int64_t withdrawal, int64_t account);
/* As it was when it was kept, or NULL. */
const struct account *owners_account(const struct owners *owners, int64_t account);
void owners_keep_account(struct owners *owners, const struct account *account);

#endif
