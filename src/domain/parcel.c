/* SPDX-License-Identifier: Apache-2.0 */
/* Parcels: money of one account in the hands of another, and the way back. Both kinds are one movement; a table says
 * what each is called. Each account gets an entry of its own, and the two meet in `transit`, so that a shard is a
 * shard. */
#include "domain/draw.h"
#include "domain/funds.h"

#include <string.h>

static const struct parcel_terms {
    enum fund fund; /* what it is for the receiver */
    enum entry_kind out, in, back_out, back_in;
    const char *prefix, *receiver_pointer, *recorded, *taken_back;
} parcel_terms[PARCEL__COUNT] = {
    [PARCEL_TRANSFER] = {FUND_TRANSFERRED_IN, ENTRY_TRANSFER_OUT, ENTRY_TRANSFER_IN, ENTRY_RECALL_OUT, ENTRY_RECALL_IN,
                         "tr", "/to", "transfer.recorded", "transfer.recalled"},
    [PARCEL_ALLOCATION] = {FUND_ALLOCATED_IN, ENTRY_ALLOCATION_OUT, ENTRY_ALLOCATION_IN, ENTRY_RECLAIM_OUT,
                           ENTRY_RECLAIM_IN, "al", "/member", "allocation.recorded", "allocation.reclaimed"},
};

/* Of its own money only: what was given to it goes back to who gave it, and a voucher is no money. */
static const enum fund giver_order[FUND__COUNT] = {FUND_TOPUP, FUND_OTHER, FUND_NONE};

static struct decision parcel_check(enum parcel_kind kind, const struct book *giver, const struct book *receiver,
                                    struct money amount)
{
    const char *pointer = parcel_terms[kind].receiver_pointer;

    if (giver->account == receiver->account)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, pointer, "An account cannot give to itself.");
    if (strcmp(giver->account->currency, receiver->account->currency) != 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, pointer, "The two accounts have different currencies.");
    if (kind == PARCEL_ALLOCATION && strcmp(receiver->account->master, giver->account->ref) != 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, pointer, "This account is no member of that master.");
    struct money available = draw_available(giver->account, giver_order);
    if (money_compare(amount, available) > 0)
        return fact_insufficient(amount, available);
    if (!money_fits(fund_balance(receiver->account), amount, MONEY_BALANCE_MAX))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, "/amount",
                                "The receiver would hold more than an account may.");
    return decision_ok();
}

static struct parcel *parcel_new(struct deciding *d, enum parcel_kind kind, const struct account *giver,
                                 const struct account *receiver, const char *ref, struct money amount,
                                 const uint8_t fingerprint[HASH_SHORT_BYTES])
{
    struct parcel *parcel = DECIDING_NEW(d, parcel);

    parcel->id = deciding_id(d, giver);
    parcel->kind = kind;
    deciding_fill(parcel->ref, sizeof(parcel->ref), ref);
    memcpy(parcel->fingerprint, fingerprint, HASH_SHORT_BYTES);
    parcel->giver = giver->id;
    parcel->receiver = receiver->id;
    parcel->amount = parcel->remaining = amount;
    parcel->at = d->now;
    return parcel;
}

static void parcel_leave(struct deciding *d, struct book *giver, const struct parcel *parcel)
{
    struct entry_open entry =
        ledger_open(d, giver->account, parcel_terms[parcel->kind].out, parcel->id, 0, parcel->amount);
    struct drawing drawing = {d, giver, &entry, parcel->id, 0};

    draw_take(&drawing, giver_order, parcel->amount);
    ledger_post(d, &entry, giver->account, LEDGER_TRANSIT, "", parcel->id, parcel->amount);
    ledger_close(d, &entry);
}

/* The receiver's side of a parcel: `amount` comes into its fund, or goes out of it when negative. */
static void parcel_receive(struct deciding *d, struct book *receiver, const struct parcel *parcel, enum entry_kind kind,
                           struct money amount)
{
    struct account *account = receiver->account;
    enum fund fund = parcel_terms[parcel->kind].fund;
    struct money *total = fund_total(account, fund);
    struct entry_open entry = ledger_open(d, account, kind, parcel->id, 0, money_max(amount, money_negate(amount)));

    *total = money_add(*total, amount);
    INVARIANT(16, !money_is_negative(*total));
    deciding_put_account(d, account);
    ledger_post(d, &entry, account, LEDGER_TRANSIT, "", parcel->id, money_negate(amount));
    ledger_post(d, &entry, account, fund_ledger(fund), "", parcel->id, amount);
    ledger_close(d, &entry);
}

static void parcel_events(struct deciding *d, const struct account *giver, const struct account *receiver,
                          const struct parcel *parcel, const char *type, struct money amount)
{
    const char *prefix = parcel_terms[parcel->kind].prefix;

    fact_event(d, giver, type, prefix, parcel->id, parcel->ref, amount);
    fact_event(d, receiver, type, prefix, parcel->id, parcel->ref, amount);
}

struct decision parcel_send(struct deciding *d, enum parcel_kind kind, struct book *giver, struct book *receiver,
                            const char *ref, struct money amount, const uint8_t fingerprint[HASH_SHORT_BYTES],
                            struct parcel *earlier, struct parcel **ret)
{
    INVARIANT(16, kind > PARCEL_NONE && kind < PARCEL__COUNT);
    if (earlier != NULL) {
        struct decision repeated = fact_repeated(earlier->fingerprint, fingerprint);
        if (decision_accepts(&repeated))
            *ret = earlier;
        return repeated;
    }
    struct decision checked = parcel_check(kind, giver, receiver, amount);
    if (!decision_accepts(&checked))
        return checked;

    struct parcel *parcel = parcel_new(d, kind, giver->account, receiver->account, ref, amount, fingerprint);
    d->object = parcel->id;
    deciding_move(d, parcel_terms[kind].prefix, parcel->id, NULL, word_text(&parcel_kind_words, (int)kind), "recorded");
    parcel_leave(d, giver, parcel);
    parcel_receive(d, receiver, parcel, parcel_terms[kind].in, amount);
    book_add_parcel(d, receiver, parcel);
    parcel_events(d, giver->account, receiver->account, parcel, parcel_terms[kind].recorded, amount);
    *ret = parcel;
    return decision_created();
}

/* A transfer comes back as far as it was not used. Of an allocation, what the member was invoiced for stays as well
 * (HW-05): allocated − used − invoiced, which is remaining − invoiced because amount = remaining + used + taken_back.
 */
static struct money parcel_takeable(const struct parcel *parcel)
{
    return money_sub_floor(parcel->remaining, parcel->kind == PARCEL_ALLOCATION ? parcel->invoiced : MONEY_ZERO);
}

static void parcel_return(struct deciding *d, struct book *giver, const struct parcel *parcel, struct draw **draws,
                          size_t draws_count, struct topup **topups, struct money amount)
{
    struct entry_open entry = ledger_open(d, giver->account, parcel_terms[parcel->kind].back_in, parcel->id, 0, amount);
    struct drawing drawing = {d, giver, &entry, parcel->id, 0};

    ledger_post(d, &entry, giver->account, LEDGER_TRANSIT, "", parcel->id, money_negate(amount));
    draw_give_back(&drawing, draws, draws_count, topups, NULL, amount);
    ledger_close(d, &entry);
}

struct decision parcel_take_back(struct deciding *d, struct book *giver, struct book *receiver, struct parcel *parcel,
                                 struct draw **draws, size_t draws_count, struct topup **topups)
{
    struct money amount = parcel_takeable(parcel);

    INVARIANT(16, parcel->giver == giver->account->id && parcel->receiver == receiver->account->id);
    d->object = parcel->id;
    if (money_is_zero(amount))
        return decision_conflict(REFUSAL_STATE_CONFLICT, "Nothing of it is left that could be taken back.");
    if (!money_fits(fund_balance(giver->account), amount, FUND_BEARABLE_MAX))
        return decision_conflict(REFUSAL_BALANCE_LIMIT, "The giver would hold more than sums can bear.");

    parcel->remaining = money_sub(parcel->remaining, amount);
    parcel->taken_back = money_add(parcel->taken_back, amount);
    changes_put(d->changes, &parcel->row);
    deciding_move(d, parcel_terms[parcel->kind].prefix, parcel->id, "recorded", "take_back", "taken_back");
    parcel_receive(d, receiver, parcel, parcel_terms[parcel->kind].back_out, money_negate(amount));
    book_drop_spent(receiver);
    parcel_return(d, giver, parcel, draws, draws_count, topups, amount);
    parcel_events(d, giver->account, receiver->account, parcel, parcel_terms[parcel->kind].taken_back, amount);
    return decision_ok();
}

struct decision allocation_invoiced(struct deciding *d, struct book *giver, struct parcel *parcel,
                                    const struct invoiced_ask *ask)
{
    INVARIANT(16, parcel->kind == PARCEL_ALLOCATION && parcel->giver == giver->account->id);
    if (money_compare(ask->invoiced, parcel->amount) > 0)
        return decision_amount(REFUSAL_INVALID_VALUE, NULL, "/invoiced", ask->invoiced, parcel->amount);
    d->object = parcel->id;
    if (parcel->invoiced.minor == ask->invoiced.minor)
        return decision_ok();
    parcel->invoiced = ask->invoiced;
    changes_put(d->changes, &parcel->row);
    deciding_move(d, "al", parcel->id, NULL, "invoiced", "recorded");
    fact_event(d, giver->account, "allocation.invoiced", "al", parcel->id, parcel->ref, ask->invoiced);
    return decision_ok();
}
