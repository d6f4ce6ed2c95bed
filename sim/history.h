/* SPDX-License-Identifier: Apache-2.0 */
/* One history: a town lives, is struck by faults, is healed, and is judged. The same seed gives the same history. */
#ifndef EBB_SIM_HISTORY_H
#define EBB_SIM_HISTORY_H

#include "people.h"

#define HISTORY_WITHDRAWALS 200
#define HISTORY_FAULTS 20
/* One seed in so many is run twice and compared, and audited. Its clock never goes back: the auditor counts
 * withdrawals by
 * the day on which they were confirmed, and a day that comes twice is counted from anew by the engine. */
#define HISTORY_SPECIAL_EVERY 100

struct history_result {
    bool done;
    uint64_t trace;
    int64_t withdrawals, faults, starts, commits, lived_ms, marks[MARK__COUNT];
    char failure[512]; /* "": none */
};

/* `audit`: the auditor's program, to look at the books at the end; NULL: not asked. */
void history_run(uint64_t seed, const char *audit, struct history_result *ret);

#endif
