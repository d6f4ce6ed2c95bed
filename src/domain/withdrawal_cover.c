/* SPDX-License-Identifier: Apache-2.0 */
/* Is the money of a withdrawal still withdrawable, and are its routes still open? Asked when the code is right, at
 * approval and before the first send. */
#include "domain/withdrawal_steps.h"

#include <stdio.h>
#include <string.h>

/* The account as if this withdrawal had never been confirmed. Its turn among the withdrawals of the month and the day
 * was given to it when it was confirmed; what was confirmed since then, or in another month, does not take it away. */
static struct account *account_without(struct deciding *d, const struct book *book, const struct dossier *dossier,
                                       struct topup **topups)
{
    struct account *account = ARENA_MUST(d->arena, struct account);

    *account = *book->account;
    account->withdrawals_month = 0;
    account->withdrawals_day = 0;
    account->withdrawn_day = MONEY_ZERO;
    for (size_t i = 0; i < book->topups_count; i++) {
        topups[i] = ARENA_MUST(d->arena, struct topup);
        *topups[i] = *book->topups[i];
    }
    for (size_t i = 0; i < dossier->lots_count; i++) {
        const struct lot *lot = dossier->lots[i];

        if (leg_by_id(dossier, lot->leg)->status != LEG_HELD)
            continue;
        if (lot->topup == 0) {
            account->other_held = money_sub(account->other_held, lot->amount);
            continue;
        }
        account->topup_held = money_sub(account->topup_held, lot->amount);
        for (size_t k = 0; k < book->topups_count; k++)
            if (topups[k]->id == lot->topup)
                topups[k]->held = money_sub(topups[k]->held, lot->amount);
    }
    return account;
}

void quote_without(struct deciding *d, const struct book *book, const struct dossier *dossier, struct quote *ret)
{
    struct topup **topups = arena_must(d->arena, (book->topups_count + 1) * sizeof *topups);
    struct quote_topup *rows = arena_must(d->arena, (book->topups_count + 1) * sizeof *rows);
    struct quote_input input = {d->policy, d->now, NULL, topups, book->topups_count};

    input.account = account_without(d, book, dossier, topups);
    quote_make(&input, rows, ret);
}

static bool leg_route_open(const struct deciding *d, const struct book *book, const struct dossier *dossier,
                           const struct leg *leg)
{
    for (size_t i = 0; i < dossier->lots_count; i++) {
        struct quote_topup where = {0};

        if (dossier->lots[i]->leg != leg->id || dossier->lots[i]->topup == 0)
            continue;
        route_of_topup(d->policy, lot_topup(book, dossier->lots[i]), d->now, &where);
        if (!where.open[leg->route])
            return false;
    }
    return true;
}

/* What would still go out: a leg whose way has closed stays in the balance whatever the quote says. */
static struct money still_going(const struct deciding *d, const struct book *book, const struct dossier *dossier)
{
    struct money sum = MONEY_ZERO;

    for (size_t i = 0; i < dossier->legs_count; i++)
        if (dossier->legs[i]->status == LEG_HELD && leg_route_open(d, book, dossier, dossier->legs[i]))
            sum = money_add(sum, dossier->legs[i]->amount);
    return sum;
}

bool withdrawal_covered(struct deciding *d, const struct book *book, const struct dossier *dossier, struct quote *ret)
{
    quote_without(d, book, dossier, ret);
    return money_compare(ret->withdrawable, still_going(d, book, dossier)) >= 0;
}

bool withdrawal_risk_found(struct deciding *d, const struct book *book, struct withdrawal *w)
{
    const char *before = w->flags;

    if (d->policy->review_same_subject_overdue && book->subject != NULL &&
        money_compare(book->subject->overdue, book->account->overdue) > 0)
        withdrawal_flag(d, w, "same_subject_overdue");
    return w->flags != before;
}

size_t withdrawal_reroute(struct deciding *d, struct book *book, struct dossier *dossier)
{
    size_t left = 0, closed = 0;

    for (size_t i = 0; i < dossier->legs_count; i++) {
        struct leg *leg = dossier->legs[i];

        if (leg->status != LEG_HELD)
            continue;
        if (leg_route_open(d, book, dossier, leg)) {
            left++;
            continue;
        }
        leg_post(d, book, dossier, leg, leg_move(d, leg, LEG_WINDOW_CLOSED));
        snprintf(leg->failure_code, sizeof leg->failure_code, "window_closed");
        leg->failure_detail = "The route closed before the money was sent; it is back in the balance and can be "
                              "withdrawn by the next route.";
        closed++;
    }
    if (closed > 0)
        withdrawal_tell(d, book, dossier->withdrawal,
                        "the way back to the source has closed; the money is in your balance again and can be "
                        "withdrawn to an account that you name");
    return left;
}
