/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers and allocations: money of one account in the hands of another. */
#include "engine/step.h"

static enum err load_pair(struct step *s, enum parcel_kind kind, const char *ref, const char *giver,
                          const char *receiver)
{
    enum err err = batch_book(s->batch, giver, BOOK_TOPUPS, &s->book);

    TRY(batch_both(err, batch_book(s->batch, receiver, BOOK_PARCELS, &s->other)));
    s->missing = s->book == NULL || s->other == NULL;
    return batch_parcel(s->batch, kind, ref, &s->parcel);
}

enum err load_transfer(struct step *s)
{
    const struct transfer_ask *ask = s->command->ask;

    return load_pair(s, PARCEL_TRANSFER, ask->ref, ask->from, ask->to);
}

enum err load_allocate(struct step *s)
{
    const struct allocation_ask *ask = s->command->ask;

    return load_pair(s, PARCEL_ALLOCATION, ask->ref, ask->master, ask->member);
}

static void answer_parcel(struct step *s, const struct parcel *parcel)
{
    view_parcel(s->out, parcel, s->book->account->ref, s->other->account->ref, s->book->account->currency);
}

static struct decision send_parcel(struct step *s, enum parcel_kind kind, const char *ref, struct money amount)
{
    struct parcel *parcel = NULL;
    struct decision decision =
        parcel_send(&s->d, kind, s->book, s->other, ref, amount, s->fingerprint, s->parcel, &parcel);

    if (decision_accepts(&decision))
        answer_parcel(s, parcel);
    return decision;
}

struct decision decide_transfer(struct step *s)
{
    const struct transfer_ask *ask = s->command->ask;

    return send_parcel(s, PARCEL_TRANSFER, ask->ref, ask->amount);
}

struct decision decide_allocate(struct step *s)
{
    const struct allocation_ask *ask = s->command->ask;

    return send_parcel(s, PARCEL_ALLOCATION, ask->ref, ask->amount);
}

static enum err load_parcel(struct step *s, enum parcel_kind kind)
{
    struct topup *topup;

    TRY(batch_parcel(s->batch, kind, s->command->object, &s->parcel));
    s->missing = s->parcel == NULL;
    if (s->missing)
        return ERR_NONE;
    enum err err = batch_book_by_id(s->batch, s->parcel->giver, BOOK_TOPUPS, &s->book);
    err = batch_both(err, batch_book_by_id(s->batch, s->parcel->receiver, BOOK_PARCELS, &s->other));
    TRY(batch_both(err, batch_draws(s->batch, s->parcel->id, &s->draws)));
    for (size_t i = 0; i < s->draws->count; i++)
        if (s->draws->items[i]->fund == FUND_TOPUP)
            err = batch_both(err, batch_topup_by_id(s->batch, s->book, s->draws->items[i]->source, &topup));
    return err;
}

enum err load_recall(struct step *s)
{
    return load_parcel(s, PARCEL_TRANSFER);
}

enum err load_allocation(struct step *s)
{
    return load_parcel(s, PARCEL_ALLOCATION);
}

struct decision decide_take_back(struct step *s)
{
    struct topup **topups = arena_must(s->d.arena, (s->draws->count + 1) * sizeof *topups);
    struct decision decision;

    for (size_t i = 0; i < s->draws->count; i++)
        if (s->draws->items[i]->fund == FUND_TOPUP) {
            enum err err = batch_topup_by_id(s->batch, s->book, s->draws->items[i]->source, &topups[i]);

            INVARIANT(31, err == ERR_NONE && topups[i] != NULL);
        }
    decision = parcel_take_back(&s->d, s->book, s->other, s->parcel, s->draws->items, s->draws->count, topups);
    if (decision_accepts(&decision))
        answer_parcel(s, s->parcel);
    return decision;
}

struct decision decide_invoiced(struct step *s)
{
    struct decision decision = allocation_invoiced(&s->d, s->book, s->parcel, s->command->ask);

    if (decision_accepts(&decision))
        answer_parcel(s, s->parcel);
    return decision;
}
