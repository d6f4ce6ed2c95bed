/* SPDX-License-Identifier: Apache-2.0 */
/* Confirming by code, sending it again, cancelling: what the customer does after making a withdrawal. */
#include "domain/challenge.h"
#include "domain/policy_sentence.h"
#include "domain/withdrawal_plan.h"
#include "domain/withdrawal_steps.h"

#include <string.h>

/* The rule that the policy names for a code. */
static const char *rule_of(const struct deciding *d, enum refusal code)
{
    return d->policy->rule_of_refusal[code];
}

static struct decision wrong_state(struct deciding *d, const struct withdrawal *w, const char *what)
{
    if (w->status == WITHDRAWAL_EXPIRED)
        return decision_refused(REFUSAL_CODE_EXPIRED, rule_of(d, REFUSAL_CODE_EXPIRED), NULL,
                                "The code has expired; make a new withdrawal.");
    return decision_conflict(REFUSAL_STATE_CONFLICT,
                             deciding_text(d, "A withdrawal that is %s cannot be %s.",
                                           word_text(&withdrawal_status_words, (int)w->status), what));
}

static void expire(struct deciding *d, struct dossier *dossier)
{
    withdrawal_move(d, dossier->withdrawal, WITHDRAWAL_CODE_EXPIRED);
    memset(dossier->withdrawal->code_hash, 0, sizeof dossier->withdrawal->code_hash);
    dossier->withdrawal->finished_at = d->now;
    withdrawal_settle_row(d, dossier);
}

static struct decision expired(struct deciding *d, struct dossier *dossier)
{
    struct decision no = decision_refused(REFUSAL_CODE_EXPIRED, rule_of(d, REFUSAL_CODE_EXPIRED), "/code",
                                          "The code has expired; make a new withdrawal.");

    expire(d, dossier);
    no.changed = true;
    return no;
}

static struct decision wrong(struct deciding *d, struct dossier *dossier)
{
    struct decision no =
        decision_refused(REFUSAL_WRONG_CODE, rule_of(d, REFUSAL_WRONG_CODE), "/code", "The code is wrong.");

    no.tries_left = dossier->withdrawal->code_tries_left;
    no.changed = true;
    deciding_move(d, "wd", dossier->withdrawal->id, NULL, "wrong_code", NULL);
    if (dossier->withdrawal->code_tries_left == 0)
        expire(d, dossier);
    else
        withdrawal_settle_row(d, dossier);
    return no;
}

/* The money is no longer there: the withdrawal ends here and the answer shows the arithmetic. */
static struct decision not_covered(struct deciding *d, struct dossier *dossier, const struct quote *quote)
{
    struct withdrawal *w = dossier->withdrawal;
    struct decision no =
        decision_amount(REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE, rule_of(d, REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE), NULL,
                        w->amount, quote->withdrawable);

    no.verdict = VERDICT_CONFLICT;
    no.quote = quote;
    no.changed = true;
    withdrawal_move(d, w, WITHDRAWAL_NOT_COVERED);
    strcpy(w->failure_code, "amount_exceeds_withdrawable");
    w->failure_detail = "When the code came the amount was no longer withdrawable.";
    w->finished_at = d->now;
    withdrawal_settle_row(d, dossier);
    return no;
}

/* The same ask planned again, where the first plan no longer fits; chosen top-ups are not chosen for the customer. */
static bool plan_again(struct deciding *d, const struct book *book, struct dossier *dossier, const struct quote *quote)
{
    struct withdrawal *w = dossier->withdrawal;
    struct plan_ask ask = {w->amount, w->strategy, w->route, NULL, 0, NULL};
    struct plan plan = {0};

    if (plan_still_fits(d, book, dossier))
        return true;
    if (w->strategy == STRATEGY_SELECTED)
        return false;
    if (w->destination != NULL)
        ask.channel = dossier->legs[0]->channel; /* the destination stays, and so does who pays it */
    if (plan_make(d->policy, d->calendar, quote, book->account, &ask, d->now, d->arena, &plan).code != REFUSAL_NONE ||
        !plan_keeps_promises(d, book, &plan, w) || !plan_bears_fee(&plan, d->policy->fee))
        return false;
    plan_replace(d, &plan, dossier);
    return true;
}

static void count(struct deciding *d, struct account *account, struct withdrawal *w)
{
    account->withdrawals_month = (int32_t)account_withdrawals_month(account, d->now) + 1;
    account->withdrawals_day = (int32_t)account_withdrawals_day(account, d->now) + 1;
    account->withdrawn_day = money_add(account_withdrawn_day(account, d->now), w->amount);
    account->month = account_month(account, d->now);
    account->day = account_day(account, d->now);
    account->version++;
    w->counted_day = account->day;
    changes_put(d->changes, &account->row);
}

static bool needs_review(const struct deciding *d, const struct withdrawal *w)
{
    enum review_mode mode = d->policy->routes[w->route].review;

    return mode == REVIEW_MODE_ALWAYS || w->flags != NULL;
}

/* PA-08: the receipt says how long it takes. */
static void tell_received(struct deciding *d, const struct book *book, const struct withdrawal *w)
{
    struct arrival arrival = d->policy->routes[w->route].arrival[METHOD_NONE];
    struct out out;
    struct telling telling = {.policy = d->policy, .out = &out};

    out_init_in(&out, d->arena);
    out_text(&out, "your application has been received and is in review");
    if (arrival.unit != ARRIVAL_UNSTATED) {
        out_text(&out, "; the money arrives ");
        tell_arrival(&telling, arrival);
        if (d->policy->routes[w->route].arrives_after_approval)
            out_text(&out, " after the approval");
    }
    withdrawal_tell(d, book, w, deciding_written(&out));
}

static void confirm(struct deciding *d, struct book *book, struct dossier *dossier)
{
    struct withdrawal *w = dossier->withdrawal;

    w->confirmed_at = d->now;
    (void)withdrawal_risk_found(d, book, w);
    count(d, book->account, w);
    if (needs_review(d, w)) {
        w->approvals_needed = policy_approvals(d->policy, w->amount, w->route);
        withdrawal_move(d, w, WITHDRAWAL_CONFIRMED_FOR_REVIEW);
        tell_received(d, book, w);
    } else {
        w->decided_at = d->now;
        withdrawal_move(d, w, WITHDRAWAL_CONFIRMED);
    }
    for (size_t i = 0; i < dossier->legs_count; i++)
        leg_post(d, book, dossier, dossier->legs[i], leg_move(d, dossier->legs[i], LEG_FREEZE));
    withdrawal_settle_row(d, dossier);
}

struct decision withdrawal_code(struct deciding *d, struct book *book, struct dossier *dossier, const char *code,
                                struct quote *ret_quote)
{
    struct withdrawal *w = dossier->withdrawal;
    struct quote_topup *rows = arena_must(d->arena, (book->topups_count + 1) * sizeof *rows);
    struct quote_input input = {d->policy, d->now, book->account, book->topups, book->topups_count};
    enum challenge_answer answer;

    if (w->status != WITHDRAWAL_AWAITING_CODE)
        return wrong_state(d, w, "confirmed");
    answer = challenge_answer(d, w, code);
    if (answer != CHALLENGE_RIGHT)
        return answer == CHALLENGE_WRONG ? wrong(d, dossier) : expired(d, dossier);
    quote_make(&input, rows, ret_quote);
    if (money_compare(w->amount, ret_quote->withdrawable) > 0 || !plan_again(d, book, dossier, ret_quote))
        return not_covered(d, dossier, ret_quote);
    confirm(d, book, dossier);
    return decision_ok();
}

struct decision withdrawal_resend(struct deciding *d, struct book *book, struct dossier *dossier)
{
    struct withdrawal *w = dossier->withdrawal;

    if (w->status != WITHDRAWAL_AWAITING_CODE)
        return wrong_state(d, w, "sent a code");
    if (instant_after(d->now, w->code_expires_at))
        return expired(d, dossier);
    if (instant_before(d->now, instant_add_ms(w->code_sent_at, CODE_RESEND_MS)))
        return decision_refused(REFUSAL_RESEND_TOO_SOON, NULL, NULL, "A code was sent less than 60 seconds ago.");
    challenge_send(d, w, book->account, book->identity->phone,
                   w->destination != NULL ? "the account that you named" : "where it came from");
    deciding_move(d, "wd", w->id, NULL, "code_sent", NULL);
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}

struct decision withdrawal_cancel(struct deciding *d, struct book *book, struct dossier *dossier)
{
    struct withdrawal *w = dossier->withdrawal;

    if (machine_find(&withdrawal_machine, (int)w->status, WITHDRAWAL_WITHDRAWN) == NULL)
        return decision_conflict(REFUSAL_STATE_CONFLICT,
                                 deciding_text(d, "A withdrawal that is %s cannot be cancelled.",
                                               word_text(&withdrawal_status_words, (int)w->status)));
    if (withdrawal_move(d, w, WITHDRAWAL_WITHDRAWN) == MOVE_RELEASE)
        withdrawal_release(d, book, dossier);
    memset(w->code_hash, 0, sizeof w->code_hash);
    w->finished_at = d->now;
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}
