/* SPDX-License-Identifier: Apache-2.0 */
/* Power cuts. An operation happens once, on a disk that records what it was told. Then the power goes at each point of
 * the record: the disk stands as it did there, loses what it would lose, and SQLite recovers it. The books that are
 * found must be, row for row, those before or after a commit; never fewer than were answered, never more than one that
 * was not. In some histories the power goes again during the recovery; some are opened by the whole store.
 *
 * Which of them follows from seed, point and damage alone, and so does what the disk loses: one history can be had
 * again by itself. Equal images are recovered and judged once. */
#ifndef EBB_SIM_CUTS_H
#define EBB_SIM_CUTS_H

#include "crash.h"

/* Only counts the points. */
void cuts_count(const struct operation *operation, struct part *ret);
/* Cuts at each point that was asked for, `rounds` times with each damage. */
void cuts_run(const struct operation *operation, int64_t rounds, struct part *ret);

#endif
