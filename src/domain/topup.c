/* SPDX-License-Identifier: Apache-2.0 */
/* Top-ups: paid-in orders, and what happens when a channel takes one back. */
#include "domain/draw.h"
#include "domain/funds.h"

#include <string.h>

/* Where money of a method comes in, and goes back out, unless the fact names its channel. */
static const char *const method_channels[METHOD__COUNT] = {
    [METHOD_ALIPAY] = "alipay",        [METHOD_WECHAT] = "wechatpay",   [METHOD_UNIONPAY] = "unionpay",
    [METHOD_ONLINE_BANK] = "unionpay", [METHOD_BANK_CARD] = "unionpay", [METHOD_BANK_TRANSFER] = "bankfile",
    [METHOD_OFFLINE] = "bankfile",
};

static struct topup *topup_new(struct deciding *d, const struct account *account, const struct topup_ask *ask,
                               const uint8_t fingerprint[HASH_SHORT_BYTES])
{
    struct topup *topup = DECIDING_NEW(d, topup);

    INVARIANT(16, ask->method > METHOD_NONE && ask->method < METHOD__COUNT);
    topup->id = deciding_id(d, account);
    topup->account = account->id;
    deciding_fill(topup->ref, sizeof(topup->ref), ask->ref);
    memcpy(topup->fingerprint, fingerprint, HASH_SHORT_BYTES);
    topup->method = (enum method)ask->method;
    deciding_fill(topup->bank, sizeof(topup->bank), ask->bank);
    topup->payer_kind = (enum payer_kind)ask->payer.kind;
    topup->payer_name = deciding_copy(d, ask->payer.name);
    topup->payer_account = deciding_copy(d, ask->payer.account);
    deciding_fill(topup->channel, sizeof(topup->channel),
                  ask->channel != NULL ? ask->channel : method_channels[ask->method]);
    deciding_fill(topup->channel_ref, sizeof(topup->channel_ref), ask->channel_ref);
    topup->amount = topup->remaining = ask->amount;
    topup->paid_at = instant_is_set(ask->paid_at) ? ask->paid_at : d->now;
    topup->bonus = ask->bonus;
    topup->arbitrage = ask->arbitrage;
    return topup;
}

struct decision topup_record(struct deciding *d, struct book *book, const struct topup_ask *ask,
                             const uint8_t fingerprint[HASH_SHORT_BYTES], struct topup *earlier, struct topup **ret)
{
    struct account *account = book->account;

    if (earlier != NULL) {
        struct decision repeated = fact_repeated(earlier->fingerprint, fingerprint);
        if (decision_accepts(&repeated))
            *ret = earlier;
        return repeated;
    }
    if (instant_is_set(ask->paid_at) && fact_in_future(d, ask->paid_at))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/paid_at",
                                "A top-up cannot have been paid in the future.");
    if (!money_fits(fund_balance(account), ask->amount, MONEY_BALANCE_MAX) ||
        !money_fits(account->topped_up, ask->amount, FUND_BEARABLE_MAX))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, "/amount",
                                "The account would hold more than an account may.");

    struct topup *topup = topup_new(d, account, ask, fingerprint);
    account->topup = money_add(account->topup, ask->amount);
    account->topped_up = money_add(account->topped_up, ask->amount);
    deciding_put_account(d, account);
    book_add_topup(d, book, topup); /* also when the others are not loaded yet: they will join it */

    struct entry_open entry = ledger_open(d, account, ENTRY_TOPUP, topup->id, 0, ask->amount);
    ledger_post(d, &entry, account, LEDGER_CHANNEL, topup->channel, topup->id, money_negate(ask->amount));
    ledger_post(d, &entry, account, LEDGER_TOPUP, "", topup->id, ask->amount);
    ledger_close(d, &entry);
    d->object = topup->id;
    deciding_move(d, "tu", topup->id, NULL, "topup", "recorded");
    fact_event(d, account, "topup.recorded", "tu", topup->id, topup->ref, topup->amount);
    *ret = topup;
    return decision_created();
}

/* The money is gone at the channel already: what the top-up no longer has is owed, and a person must look. */
static void chargeback_short(struct deciding *d, struct book *book, const struct fact *fact, const struct topup *topup)
{
    struct incident *incident = DECIDING_NEW(d, incident);
    char claim[REF_BYTES];

    incident->id = deciding_id(d, book->account);
    incident->account = book->account->id;
    deciding_fill(incident->kind, sizeof(incident->kind), "chargeback_short");
    incident->detail = deciding_text(d, "Chargeback %s of top-up %s found less than it takes.", fact->ref, topup->ref);
    incident->amount = fact->unpaid;
    incident->at = d->now;
    deciding_move(d, "in", incident->id, NULL, "chargeback_short", "open");
    fact_claim_ref(fact, claim);
    claim_open(d, book, claim, CLAIM_OVERDUE, fact->unpaid);
}

struct decision chargeback_record(struct deciding *d, struct book *book, struct topup *topup,
                                  const struct chargeback_ask *ask, const uint8_t fingerprint[HASH_SHORT_BYTES],
                                  struct fact *earlier, struct fact **ret)
{
    struct account *account = book->account;

    if (earlier != NULL) {
        struct decision repeated = fact_repeated(earlier->fingerprint, fingerprint);
        if (decision_accepts(&repeated))
            *ret = earlier;
        return repeated;
    }
    if (money_compare(ask->amount, topup->amount) > 0)
        return decision_amount(REFUSAL_INVALID_VALUE, NULL, "/amount", ask->amount, topup->amount);
    struct money free = money_sub(topup->remaining, topup->held);
    if (!claim_bears(book, CLAIM_OVERDUE, money_sub_floor(ask->amount, free)))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, "/amount", "The account's claims would be too large.");

    struct fact *fact = fact_new(d, account, FACT_CHARGEBACK, ask->ref, ask->amount, fingerprint);
    struct entry_open entry = ledger_open(d, account, ENTRY_CHARGEBACK, fact->id, 0, ask->amount);
    struct drawing drawing = {d, book, &entry, fact->id, 0};
    struct money taken = draw_take_topup(&drawing, topup, ask->amount);
    topup->refunded = money_add(topup->refunded, taken);
    draw_done(&drawing);
    fact->topup = topup->id;
    fact->unpaid = money_sub(ask->amount, taken);
    ledger_post(d, &entry, account, LEDGER_SUSPENSE, "", topup->id, money_negate(fact->unpaid));
    ledger_post(d, &entry, account, LEDGER_CHANNEL, topup->channel, topup->id, ask->amount);
    ledger_close(d, &entry);
    d->object = fact->id;
    deciding_move(d, "cb", fact->id, NULL, "chargeback", "recorded");
    if (money_is_positive(fact->unpaid))
        chargeback_short(d, book, fact, topup);
    fact_event(d, account, "chargeback.recorded", "cb", fact->id, fact->ref, fact->amount);
    *ret = fact;
    return decision_created();
}
