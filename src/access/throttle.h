/* SPDX-License-Identifier: Apache-2.0 */
/* Slows down whoever guesses, without locking anybody out.
 *
 * Wrong tries are counted for a name from one address, for an address whatever the names, and for a name from all
 * addresses together; beyond a few each one more doubles the time until the next is looked at. From an address where
 * that person signed in before, the last count does not matter: so strangers can slow down other strangers, not their
 * victim. Counts are kept in memory, a fixed number of them, the oldest makes room; a restart forgets them. Several
 * servers count each for itself. Not thread-safe: one thread looks at passwords. */
#ifndef EBB_ACCESS_THROTTLE_H
#define EBB_ACCESS_THROTTLE_H

#include "base/instant.h"

#define THROTTLE_SLOTS 4096

struct throttle_slot {
    uint64_t key; /* 0: free */
    int32_t wrong;
    bool known; /* the person signed in from there */
    struct instant last, until;
};

struct throttle {
    struct throttle_slot slots[THROTTLE_SLOTS];
};

/* How long to wait before a try is looked at; 0: now. */
int64_t throttle_wait_ms(struct throttle *throttle, const char *name, const char *address, struct instant now);
void throttle_wrong(struct throttle *throttle, const char *name, const char *address, struct instant now);
void throttle_right(struct throttle *throttle, const char *name, const char *address, struct instant now);

#endif
