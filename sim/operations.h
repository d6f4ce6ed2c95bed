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
    const char *refusal; /* the code that it is refused with; NULL: it is accepted */
    bool by_store;       /* no command: the books are the same before, after, and at every cut */
    bool finishes;       /* what was cut off, the next start completes: those are the books that are looked at */
    /* Of what stands beside the database after a cut; NULL: it is as it must be. `books`: before the operation;
     * `answered`: it was over. */
    const char *(*beside)(const struct town *town, uint64_t books, bool answered);
    const char *meta; /* SQL: which rows of table meta belong to the books; NULL: all */
};
extern const struct operation operations[];
extern const size_t operations_count;
/* Too much work to look at each of their points. About as many top-ups as a withdrawal may take: what is decided must
 * fit into the memory that was reserved for it. And the first command of a process. */
#define OPERATIONS_THIN 6
extern const struct operation operations_thin[OPERATIONS_THIN];

/* Called around each step of an act; may be NULL. */
extern void (*operation_step)(struct town *town, bool done);
/* Steps that were answered 2xx since it was set to 0, and the first answer that was not. */
extern int operation_accepted;
#define OPERATION_REFUSAL_BYTES 512
extern char operation_refusal[OPERATION_REFUSAL_BYTES];

/* The first answer that was not 2xx is the refusal that belongs to the operation. */
bool operation_refused_rightly(const struct operation *operation);

/* The next act asks as the last one did: the same keys at the same moment. Call it before the first, too. */
void operation_remember(struct town *town);
void operation_ask_again(struct town *town);

/* Builds and starts the town, with the accounts and the money that every operation starts from, and prepares. */
void operation_ready(struct town *town, const struct operation *operation);

#endif
