/* SPDX-License-Identifier: Apache-2.0 */
/* What people decide about a stray: whose it is, and who bears it. */
#include "domain/draw.h"
#include "domain/stray.h"

#include <string.h>

/* Of the customer's own money, as parcels are: what others gave is not theirs to take. */
static const enum fund own_funds[] = {FUND_TOPUP, FUND_OTHER, FUND_NONE};

struct decision stray_name_check(const struct account *account, const struct stray *stray)
{
    if (stray->status != STRAY_UNASSIGNED && stray->status != STRAY_PENDING && stray->status != STRAY_SUSPENSE)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "This payment is settled, or was none.");
    if (strcmp(account->currency, stray->currency) != 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/account", "The account is of another currency.");
    if (stray->leg != 0 && stray->account != 0 && stray->account != account->id)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "The books know the leg of this key, and so its account.");
    if (!stray_key_fits(stray->key, account))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/account",
                                "This key was never made for that account: keys carry a part of their account's hash.");
    return decision_ok();
}

struct decision stray_name(struct deciding *d, struct book *book, struct book *before, struct stray *stray)
{
    struct decision decision = stray_name_check(book->account, stray);

    if (!decision_accepts(&decision))
        return decision;
    d->object = stray->id;
    if (stray->account == book->account->id && stray->status != STRAY_UNASSIGNED)
        return decision_stored();
    if (stray->status == STRAY_SUSPENSE)
        stray_unbook(d, before, stray);
    stray->account = book->account->id;
    stray->proposer[0] = '\0'; /* what was proposed was about another account */
    if (stray->status != STRAY_PENDING) {
        const char *from = word_text(&stray_status_words, (int)stray->status);

        stray->status = STRAY_SUSPENSE;
        stray_book(d, book, stray);
        deciding_move(d, "st", stray->id, from, "name", word_text(&stray_status_words, STRAY_SUSPENSE));
    } else {
        deciding_move(d, "st", stray->id, NULL, "name", NULL);
    }
    changes_put(d->changes, &stray->row);
    return decision_ok();
}

/* ---- settling ---- */

static struct decision check_settle(const struct book *book, const struct stray *stray,
                                    const struct stray_settle_ask *ask)
{
    struct money available = draw_available(book->account, own_funds);

    if (stray->status != STRAY_SUSPENSE)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "Only a payment in suspense can be settled.");
    if (ask->decision != STRAY_TAKE)
        return money_is_zero(ask->amount)
                   ? decision_ok()
                   : decision_refused(REFUSAL_INVALID_VALUE, NULL, "/amount", "Only what is taken has an amount.");
    if (!money_is_positive(ask->amount) || money_compare(ask->amount, stray->amount) > 0)
        return decision_amount(REFUSAL_INVALID_VALUE, NULL, "/amount", ask->amount, stray->amount);
    if (money_compare(ask->amount, available) > 0)
        return decision_amount(REFUSAL_INSUFFICIENT_FUNDS, NULL, "/amount", ask->amount, available);
    return decision_ok();
}

static struct decision propose(struct deciding *d, struct stray *stray, const struct stray_settle_ask *ask)
{
    stray->decision = (enum stray_decision)ask->decision;
    stray->taken = ask->amount;
    deciding_fill(stray->proposer, sizeof stray->proposer, d->principal);
    stray->reason = deciding_copy(d, ask->reason);
    changes_put(d->changes, &stray->row);
    deciding_move(d, "st", stray->id, NULL, "propose", NULL);
    return decision_ok();
}

static void take(struct deciding *d, struct book *book, const struct stray *stray)
{
    struct entry_open entry = ledger_open(d, book->account, ENTRY_RECOVERY, stray->id, stray->withdrawal, stray->taken);
    struct drawing drawing = {d, book, &entry, stray->id, 0};

    draw_take(&drawing, own_funds, stray->taken);
    ledger_post(d, &entry, book->account, LEDGER_SUSPENSE, "", 0, stray->taken);
    ledger_close(d, &entry);
}

static void unblock(struct deciding *d, struct account *account, struct money amount)
{
    account->suspended = money_sub(account->suspended, amount);
    INVARIANT(16, !money_is_negative(account->suspended));
    deciding_put_account(d, account);
}

static struct decision settle(struct deciding *d, struct book *book, struct stray *stray)
{
    if (stray->decision == STRAY_TAKE)
        take(d, book, stray);
    if (stray->decision == STRAY_CAME_BACK)
        stray_unbook(d, book, stray);
    else
        unblock(d, book->account, stray->amount);
    stray->status = STRAY_SETTLED;
    deciding_fill(stray->settler, sizeof stray->settler, d->principal);
    stray->settled_at = d->now;
    changes_put(d->changes, &stray->row);
    deciding_move(d, "st", stray->id, word_text(&stray_status_words, STRAY_SUSPENSE),
                  word_text(&stray_decision_words, (int)stray->decision),
                  word_text(&stray_status_words, STRAY_SETTLED));
    return decision_ok();
}

struct decision stray_settle(struct deciding *d, struct book *book, struct stray *stray,
                             const struct stray_settle_ask *ask)
{
    struct decision decision = check_settle(book, stray, ask);
    bool again = stray->proposer[0] != '\0' && stray->decision == (enum stray_decision)ask->decision &&
                 stray->taken.minor == ask->amount.minor;

    if (!decision_accepts(&decision))
        return decision;
    d->object = stray->id;
    if (!again)
        return propose(d, stray, ask);
    if (strcmp(stray->proposer, d->principal) == 0)
        return decision_refused(REFUSAL_MAKER_IS_CHECKER, NULL, NULL,
                                "You have proposed it already; another person must confirm.");
    return settle(d, book, stray);
}
