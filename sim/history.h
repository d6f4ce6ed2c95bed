/* SPDX-License-Identifier: Apache-2.0 */
/* One history: a town lives, is struck by faults, is healed, and is judged. The same seed gives the same history. */
#ifndef EBB_SIM_HISTORY_H
#define EBB_SIM_HISTORY_H

#include "people.h"

#define HISTORY_WITHDRAWALS 200
#define HISTORY_FAULTS 20
/* One seed in so many is run twice and compared, and audited. */
#define HISTORY_SPECIAL_EVERY 100

/* So many seeds in a row are lived in the same town, settled by the same people; what happens to it then is each
 * seed's own. */
#define HISTORY_GROUP_SEEDS 50

struct history_result {
    bool done;
    uint64_t trace;
    int64_t withdrawals, faults, starts, commits, lived_ms, marks[MARK__COUNT];
    struct lies lies;
    char failure[512]; /* "": none */
};

/* Builds the town of a group, starts it and moves the people in, in this process. False: `ret` says why. */
bool history_settle(uint64_t group, struct history_result *ret);
/* A life in it, in a child of the process that settled it. `compared`: the trace takes in every row of the books.
 * `audit`: the auditor's program, to look at the books at the end; NULL: not asked. */
void history_run(uint64_t seed, bool compared, const char *audit, struct history_result *ret);
/* Nothing is left on the host. */
void history_sweep(void);

#endif
