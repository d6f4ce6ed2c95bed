/* SPDX-License-Identifier: Apache-2.0 */
/* An old backup comes back (ADR 0013). In some histories the books are copied at some moment; they go on, send and
 * learn, and later the copy stands in their place, while the banks, and the anchor that lies elsewhere, keep what they
 * know.
 *
 *   none → planned → kept → back (in quarantine) → released
 *
 * In quarantine nothing is sent and nothing is accepted but what reconciles: the banks say what they did, the payments
 * that the books do not know are given their accounts, two people release them. Then billing tells the lost facts
 * again, and two people settle what stands in suspense. The power may go at any of these moments. */
#ifndef EBB_SIM_OLD_BOOKS_H
#define EBB_SIM_OLD_BOOKS_H

#include "people.h"

#define OLD_BOOKS_EVERY 8 /* one seed in so many */

/* At the beginning of a history; nothing runs. */
void old_books_plan(struct sim *sim, uint64_t seed);
/* Between two rounds of life: keeps a copy, or brings it back, when it is time to. */
void old_books_turn(struct sim *sim);
/* Some of it is still to come. */
bool old_books_pending(const struct sim *sim);
bool old_books_quarantined(const struct sim *sim);
/* One round of people who want the quarantine to end. */
void old_books_reconcile(struct sim *sim);
/* Two people settle a payment that stands in suspense. False: there is none. */
bool old_books_settle(struct sim *sim);
/* At the end: every payment of a bank in the lost time stands in the books, and was made once. */
void old_books_judge(struct sim *sim);

#endif
