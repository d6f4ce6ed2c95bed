/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation that met a fault must have led to once everything was asked again: it has happened exactly once,
 * and the books are sound. */
#ifndef EBB_SIM_AGAIN_H
#define EBB_SIM_AGAIN_H

#include "town.h"

#define AGAIN_COUNTS 4
struct again {
    int64_t counts[AGAIN_COUNTS]; /* of audit rows, entries, keys, postings */
};

enum again_verdict { AGAIN_ONCE = 0, AGAIN_NOT_ONCE, AGAIN_DAMAGED };

void again_count(struct town *town, struct again *ret);
enum again_verdict again_judge(struct town *town, const struct again *wanted);

#endif
