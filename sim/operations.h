/* SPDX-License-Identifier: Apache-2.0 */
/* The named operations that are cut at each of their writes: every kind of command, evidence of each kind, timers, and
 * what the store does by itself. Each is prepared, then done in steps; a step is one commit and one answer. */
#ifndef EBB_SIM_OPERATIONS_H
#define EBB_SIM_OPERATIONS_H

#include "town.h"

#define STEPS_MAX 8

struct operation {
    const char *name;
    void (*prepare)(struct town *town);
    void (*act)(struct town *town);
    bool by_store; /* no command: the books are the same before, after, and at every cut */
};
extern const struct operation operations[];
extern const size_t operations_count;

/* Called around each step of an act; may be NULL. */
extern void (*operation_step)(struct town *town, bool done);
/* Steps that were answered 2xx since it was set to 0, and the first answer that was not. */
extern int operation_accepted;
extern char operation_refusal[256];

/* The next act asks as the last one did: the same keys at the same moment. Call it before the first, too. */
void operation_remember(struct town *town);
void operation_ask_again(struct town *town);

/* Accounts and money that every operation starts from. */
void operation_base(struct town *town);

#endif
