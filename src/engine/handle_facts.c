/* SPDX-License-Identifier: Apache-2.0 */
/* Billing facts: loading what they touch, and answering with what is now stored. */
#include "engine/step.h"

#include <string.h>

/* With the book there, what it needs and what else hangs on it do not wait for each other: a miss is handed back only
 * after both were asked for. */
static enum err need_book(struct step *s, unsigned needs, bool *ret_there)
{
    enum err err = batch_book(s->batch, s->command->account, needs, &s->book);

    s->missing = s->book == NULL;
    *ret_there = !s->missing;
    return err;
}

enum err load_account_put(struct step *s)
{
    const struct account_ask *ask = s->command->ask;
    static const uint8_t nobody[HASH_SHORT_BYTES];

    enum err err = batch_book(s->batch, s->command->account, BOOK_IDENTITY | BOOK_SUBJECT, &s->book);

    if (err != ERR_NONE && s->book == NULL)
        return err;
    if (s->book == NULL) {
        s->book = ARENA_NEW(s->batch->arena, struct book);
        if (s->book == NULL)
            return ERR_RETRY;
        s->book->topups_loaded = true;
        s->book->parcels_loaded = true;
        s->book->payers_loaded = true;
    }
    memset(s->subject_id, 0, sizeof s->subject_id);
    if (ask->subject.id_number != NULL)
        vault_lookup(s->vault, "id_number", ask->subject.id_number, s->subject_id);
    if (memcmp(s->subject_id, nobody, sizeof nobody) != 0)
        err = batch_both(err, batch_subject(s->batch, s->subject_id, &s->subject));
    return err;
}

struct decision decide_account_put(struct step *s)
{
    bool fresh = s->book->account == NULL;
    const struct account_ask *ask = s->command->ask;
    struct decision decision;

    s->d.policy = policies_find(s->config->policies, ask->policy, 0);
    decision = account_put(&s->d, s->book, s->command->account, ask, fresh ? NULL : s->book->subject, s->subject,
                           s->subject_id);
    if (decision_accepts(&decision)) {
        view_account(s->out, s->book->account, s->book->identity, s->d.now);
        if (fresh && batch_put_book(s->batch, s->book) != ERR_NONE)
            INVARIANT(2, false);
    }
    return decision;
}

enum err load_topup(struct step *s)
{
    const struct topup_ask *ask = s->command->ask;

    bool there;
    enum err err = need_book(s, 0, &there);

    return there ? batch_both(err, batch_topup(s->batch, s->book, ask->ref, &s->topup)) : err;
}

struct decision decide_topup(struct step *s)
{
    struct topup *topup = NULL;
    struct decision decision = topup_record(&s->d, s->book, s->command->ask, s->fingerprint, s->topup, &topup);

    if (decision_accepts(&decision))
        view_topup(s->out, topup, s->book->account);
    return decision;
}

enum err load_charge(struct step *s)
{
    const struct charge_ask *ask = s->command->ask;

    bool there;
    enum err err = need_book(s, BOOK_TOPUPS | BOOK_PARCELS | BOOK_SUBJECT, &there);

    return there ? batch_both(err, batch_fact(s->batch, s->book->account->id, FACT_CHARGE, ask->ref, &s->fact)) : err;
}

static struct decision answer_fact(struct step *s, struct decision decision, const struct fact *fact)
{
    if (decision_accepts(&decision))
        view_fact(s->out, fact, s->book->account);
    return decision;
}

struct decision decide_charge(struct step *s)
{
    struct fact *fact = NULL;
    struct decision decision = charge_record(&s->d, s->book, s->command->ask, s->fingerprint, s->fact, &fact);

    return answer_fact(s, decision, fact);
}

enum err load_reverse(struct step *s)
{
    char ref[REF_BYTES];
    bool there;
    enum err err = need_book(s, BOOK_TOPUPS | BOOK_PARCELS | BOOK_SUBJECT, &there);

    if (!there)
        return err;
    TRY(batch_both(err, batch_fact(s->batch, s->book->account->id, FACT_CHARGE, s->command->object, &s->fact)));
    s->missing = s->fact == NULL;
    if (s->missing)
        return ERR_NONE;
    fact_claim_ref(s->fact, ref);
    err = batch_claim(s->batch, s->book->account->id, ref, &s->claim);
    TRY(batch_both(err, batch_draws(s->batch, s->fact->id, &s->draws)));
    for (size_t i = 0; i < s->draws->count; i++) {
        const struct draw *draw = s->draws->items[i];
        struct topup *topup;
        struct parcel *parcel;

        if (draw->fund == FUND_TOPUP)
            err = batch_both(err, batch_topup_by_id(s->batch, s->book, draw->source, &topup));
        else if (draw->source != 0)
            err = batch_both(err, batch_parcel_by_id(s->batch, s->book, draw->source, &parcel));
    }
    return err;
}

/* What a draw was taken from, looked up again: everything is loaded by now. */
static void sources_of(struct step *s, struct topup **topups, struct parcel **parcels)
{
    for (size_t i = 0; i < s->draws->count; i++) {
        const struct draw *draw = s->draws->items[i];
        enum err err = ERR_NONE;

        if (draw->fund == FUND_TOPUP)
            err = batch_topup_by_id(s->batch, s->book, draw->source, &topups[i]);
        else if (draw->source != 0 && parcels != NULL)
            err = batch_parcel_by_id(s->batch, s->book, draw->source, &parcels[i]);
        INVARIANT(31, err == ERR_NONE);
    }
}

struct decision decide_reverse(struct step *s)
{
    struct topup **topups = arena_must(s->d.arena, (s->draws->count + 1) * sizeof *topups);
    struct parcel **parcels = arena_must(s->d.arena, (s->draws->count + 1) * sizeof *parcels);

    sources_of(s, topups, parcels);
    return answer_fact(
        s, charge_reverse(&s->d, s->book, s->fact, s->draws->items, s->draws->count, topups, parcels, s->claim),
        s->fact);
}

enum err load_chargeback(struct step *s)
{
    const struct chargeback_ask *ask = s->command->ask;

    bool there;
    enum err err = need_book(s, BOOK_SUBJECT, &there);

    if (!there)
        return err;
    err = batch_both(err, batch_topup(s->batch, s->book, s->command->object, &s->topup));
    s->missing = s->topup == NULL;
    return batch_both(err, batch_fact(s->batch, s->book->account->id, FACT_CHARGEBACK, ask->ref, &s->fact));
}

struct decision decide_chargeback(struct step *s)
{
    struct fact *fact = NULL;
    struct decision decision =
        chargeback_record(&s->d, s->book, s->topup, s->command->ask, s->fingerprint, s->fact, &fact);

    return answer_fact(s, decision, fact);
}

enum err load_claim(struct step *s)
{
    bool there;
    enum err err = need_book(s, BOOK_SUBJECT, &there);

    return there ? batch_both(err, batch_claim(s->batch, s->book->account->id, s->command->object, &s->claim)) : err;
}

struct decision decide_claim(struct step *s)
{
    struct claim *claim = NULL;
    struct decision decision = claim_put(&s->d, s->book, s->command->object, s->command->ask, s->claim, &claim);

    if (decision_accepts(&decision))
        view_claim(s->out, claim, s->book->account);
    return decision;
}

enum err load_resource(struct step *s)
{
    bool there;
    enum err err = need_book(s, 0, &there);

    return there ? batch_both(err, batch_resource(s->batch, s->book->account->id, s->command->object, &s->resource))
                 : err;
}

struct decision decide_resource(struct step *s)
{
    struct resource *resource = NULL;
    struct decision decision =
        resource_put(&s->d, s->book, s->command->object, s->command->ask, s->resource, &resource);

    if (decision_accepts(&decision))
        view_resource(s->out, resource, s->book->account);
    return decision;
}

enum err load_credit(struct step *s)
{
    const struct credit_ask *ask = s->command->ask;

    bool there;
    enum err err = need_book(s, 0, &there);

    return there ? batch_both(err, batch_fact(s->batch, s->book->account->id, FACT_CREDIT, ask->ref, &s->fact)) : err;
}

struct decision decide_credit(struct step *s)
{
    struct fact *fact = NULL;
    struct decision decision = credit_record(&s->d, s->book, s->command->ask, s->fingerprint, s->fact, &fact);

    return answer_fact(s, decision, fact);
}
