/* SPDX-License-Identifier: Apache-2.0 */
/* After a restore: a channel names a key that would have been ours (model/withdrawal.pml, adopt). A key that the
 * channel refused counts as used, too: its old "refused" would end a leg that is sent again under it.
 *
 *   approved, dispatching        the leg is begun under its key; evidence follows
 *   in_review, need_documents    rejected, the hold is given back
 *   awaiting_code                expired: nothing was held
 *   ended before                 stays
 *
 * What no channel names may have been sent all the same: a leg that was there before the lost time is asked about
 * before it is sent for the first time, and nothing that was said before that time allows to send it again. */
#include "domain/withdrawal_steps.h"

#include <stdio.h>
#include <string.h>

static bool may_begin(const struct withdrawal *w, const struct leg *leg, const struct dossier *dossier)
{
    return (w->status == WITHDRAWAL_APPROVED || w->status == WITHDRAWAL_DISPATCHING) && leg->status == LEG_HELD &&
           leg_attempt(dossier, leg) == NULL;
}

static void end_without_sending(struct deciding *d, struct book *book, struct dossier *dossier)
{
    struct withdrawal *w = dossier->withdrawal;

    if (w->status == WITHDRAWAL_IN_REVIEW || w->status == WITHDRAWAL_NEED_DOCUMENTS) {
        withdrawal_move(d, w, WITHDRAWAL_REFUSE);
        withdrawal_release(d, book, dossier);
        w->decided_at = d->now;
    } else if (w->status == WITHDRAWAL_AWAITING_CODE) {
        withdrawal_move(d, w, WITHDRAWAL_CODE_EXPIRED);
        memset(w->code_hash, 0, sizeof w->code_hash);
    } else {
        return;
    }
    w->finished_at = d->now;
    snprintf(w->failure_code, sizeof w->failure_code, "made_in_lost_time");
    w->failure_detail = "It went on in a time whose records were lost; staff settle with you what was paid.";
    withdrawal_tell(d, book, w,
                    "ended here, because it went on in a time whose records were lost; we settle it with you");
    withdrawal_settle_row(d, dossier);
}

bool withdrawal_may_be_lost(const struct deciding *d, const struct withdrawal *w)
{
    return w->id < d->lost.before;
}

struct attempt *withdrawal_found_sent(struct deciding *d, struct book *book, struct dossier *dossier, struct leg *leg,
                                      const struct channel_terms *terms, struct instant first_seen)
{
    struct withdrawal *w = dossier->withdrawal;
    struct attempt *attempt;
    int64_t dedupe = terms->dedupe_ms(terms->channels, leg->channel);

    if (!may_begin(w, leg, dossier)) {
        end_without_sending(d, book, dossier);
        return NULL;
    }
    if (w->status == WITHDRAWAL_APPROVED)
        withdrawal_move(d, w, WITHDRAWAL_DISPATCH);
    attempt = attempt_begin(d, book, dossier, leg, terms);
    if (dedupe > 0)
        attempt->dedupe_until = instant_add_ms(first_seen, dedupe);
    return attempt;
}
