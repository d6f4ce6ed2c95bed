/* SPDX-License-Identifier: Apache-2.0 */
/* Charges: consumption that uses up the account's funds, and its undoing. */
#include "domain/draw.h"
#include "domain/funds.h"

static void charge_pay(struct deciding *d, struct book *book, const struct fact *charge, struct money paid)
{
    struct entry_open entry = ledger_open(d, book->account, ENTRY_CHARGE, charge->id, 0, paid);
    struct drawing drawing = {d, book, &entry, charge->id, 0};

    draw_take(&drawing, d->policy->charge_order, paid);
    ledger_post(d, &entry, book->account, LEDGER_REVENUE, "", 0, paid);
    ledger_close(d, &entry);
}

static void charge_owe(struct deciding *d, struct book *book, const struct fact *charge)
{
    char claim[REF_BYTES];

    fact_claim_ref(charge, claim);
    claim_open(d, book, claim, CLAIM_OVERDUE, charge->unpaid);
}

struct decision charge_record(struct deciding *d, struct book *book, const struct charge_ask *ask,
                              const uint8_t fingerprint[HASH_SHORT_BYTES], struct fact *earlier, struct fact **ret)
{
    if (earlier != NULL) {
        struct decision repeated = fact_repeated(earlier->fingerprint, fingerprint);
        if (decision_accepts(&repeated))
            *ret = earlier;
        return repeated;
    }

    struct money available = draw_available(book->account, d->policy->charge_order);
    struct money paid = money_min(ask->amount, available);
    struct money unpaid = money_sub(ask->amount, paid);
    if (money_is_positive(unpaid) && !d->policy->debt)
        return fact_insufficient(ask->amount, available);
    if (!claim_bears(book, CLAIM_OVERDUE, unpaid))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, "/amount", "The account's claims would be too large.");

    struct fact *charge = fact_new(d, book->account, FACT_CHARGE, ask->ref, ask->amount, fingerprint);
    charge->unpaid = unpaid;
    d->object = charge->id;
    deciding_move(d, "ch", charge->id, NULL, "charge", "recorded");
    if (money_is_positive(paid))
        charge_pay(d, book, charge, paid);
    if (money_is_positive(unpaid))
        charge_owe(d, book, charge);
    fact_event(d, book->account, "charge.recorded", "ch", charge->id, charge->ref, charge->amount);
    *ret = charge;
    return decision_created();
}

static void charge_give_back(struct deciding *d, struct book *book, const struct fact *charge, struct draw **draws,
                             size_t draws_count, struct topup **topups, struct parcel **parcels, struct money paid)
{
    struct entry_open entry = ledger_open(d, book->account, ENTRY_REVERSAL, charge->id, 0, paid);
    struct drawing drawing = {d, book, &entry, charge->id, 0};

    ledger_post(d, &entry, book->account, LEDGER_REVENUE, "", 0, money_negate(paid));
    draw_give_back(&drawing, draws, draws_count, topups, parcels, paid);
    ledger_close(d, &entry);
}

struct decision charge_reverse(struct deciding *d, struct book *book, struct fact *charge, struct draw **draws,
                               size_t draws_count, struct topup **topups, struct parcel **parcels, struct claim *claim)
{
    struct money paid = money_sub(charge->amount, charge->unpaid);

    INVARIANT(16, charge->kind == FACT_CHARGE && charge->account == book->account->id);
    d->object = charge->id;
    if (instant_is_set(charge->reversed_at))
        return decision_stored();
    if (!money_fits(fund_balance(book->account), paid, FUND_BEARABLE_MAX))
        return decision_conflict(REFUSAL_BALANCE_LIMIT, "The account would hold more than sums can bear.");

    charge->reversed_at = d->now;
    changes_put(d->changes, &charge->row);
    deciding_move(d, "ch", charge->id, "recorded", "reverse", "reversed");
    if (money_is_positive(paid))
        charge_give_back(d, book, charge, draws, draws_count, topups, parcels, paid);
    if (claim != NULL && money_is_positive(charge->unpaid))
        claim_set(d, book, claim, claim->kind, money_sub_floor(claim->amount, charge->unpaid));
    fact_event(d, book->account, "charge.reversed", "ch", charge->id, charge->ref, charge->amount);
    return decision_ok();
}
