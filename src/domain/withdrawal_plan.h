/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to the rows of a withdrawal: legs and lots, first planned, planned anew when the code is right and the
 * old plan no longer fits. Private to withdrawal*.c. */
#ifndef EBB_DOMAIN_WITHDRAWAL_PLAN_H
#define EBB_DOMAIN_WITHDRAWAL_PLAN_H

#include "domain/withdrawal.h"

/* Fills `ret` with new legs and lots; registered in `changes` unless NULL (a dry run: ids stay 0). */
void plan_register(struct deciding *d, const struct plan *plan, struct withdrawal *w, struct changes *changes,
                   struct dossier *ret);
/* Drops the planned legs and lots of the dossier and puts the new plan in their place. */
void plan_replace(struct deciding *d, const struct plan *plan, struct dossier *dossier);
/* True when every lot of the dossier is still free and its route is open. */
bool plan_still_fits(struct deciding *d, const struct book *book, const struct dossier *dossier);
/* May the new plan pay to the destination and for the reason of the first one? A near name flags the withdrawal. */
bool plan_keeps_promises(struct deciding *d, const struct book *book, const struct plan *plan, struct withdrawal *w);
/* The operator's fee is kept back from the largest leg (the first of equals); false when none is larger than the fee.
 */
bool plan_bears_fee(const struct plan *plan, struct money fee);
/* True when some top-up of the plan could still go back to its source. */
bool plan_inside_window(struct deciding *d, const struct plan *plan);
/* The dates of what is still to go out, anew at the approval where the policy counts them from there. */
void plan_promise(struct deciding *d, const struct book *book, struct dossier *dossier);

#endif
