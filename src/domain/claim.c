/* SPDX-License-Identifier: Apache-2.0 */
/* Claims: money that the customer owes or is about to owe, and totals of it on the account and its subject. */
#include "domain/funds.h"

#include <string.h>

/* How the claim of a fact is named: after its ref, or after its id where that would be too long for a ref. */
static const struct claim_name {
    const char *by_ref, *by_id, *id_prefix;
} claim_names[FACT__COUNT] = {
    [FACT_CHARGE] = {"charge:", "charge.id:", "ch"},
    [FACT_CHARGEBACK] = {"chargeback:", "chargeback.id:", "cb"},
};

void fact_claim_ref(const struct fact *fact, char ret[REF_BYTES])
{
    const struct claim_name *name = &claim_names[fact->kind];
    char id[ID_TEXT_BYTES];

    INVARIANT(16, name->by_ref != NULL);
    id_format(name->id_prefix, fact->id, id);
    bool short_enough = strlen(name->by_ref) + strlen(fact->ref) < REF_BYTES;
    const char *prefix = short_enough ? name->by_ref : name->by_id;
    deciding_fill(ret, REF_BYTES, prefix);
    deciding_fill(ret + strlen(prefix), REF_BYTES - strlen(prefix), short_enough ? fact->ref : id);
}

static bool text_begins(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool claim_name_is_ours(const char *ref)
{
    for (int kind = 0; kind < FACT__COUNT; kind++) {
        const struct claim_name *name = &claim_names[kind];
        if (name->by_ref != NULL && (text_begins(ref, name->by_ref) || text_begins(ref, name->by_id)))
            return true;
    }
    return false;
}

static struct money *claim_total(struct account *account, enum claim_kind kind)
{
    switch (kind) {
    case CLAIM_OWED_INVOICE:
        return &account->owed_invoice;
    case CLAIM_OVERDUE:
        return &account->overdue;
    case CLAIM_UNSETTLED:
        return &account->unsettled;
    case CLAIM_INVOICED:
        return &account->invoiced;
    case CLAIM_NONE:
    case CLAIM__COUNT:
        break;
    }
    invariant_broken(16, "a claim has a kind", __FILE__, __LINE__);
}

bool claim_bears(const struct book *book, enum claim_kind kind, struct money more)
{
    if (!money_fits(*claim_total(book->account, kind), more, MONEY_BALANCE_MAX))
        return false;
    return kind != CLAIM_OVERDUE || book->subject == NULL ||
           money_fits(book->subject->overdue, more, FUND_BEARABLE_MAX);
}

/* Overdue is also the subject's: another account of the same identity is looked at more closely then (AL-06). */
static void claim_total_move(struct deciding *d, struct book *book, enum claim_kind kind, struct money more)
{
    struct money *total = claim_total(book->account, kind);

    *total = money_add(*total, more);
    INVARIANT(16, !money_is_negative(*total));
    if (kind != CLAIM_OVERDUE)
        return;
    INVARIANT(16, (book->subject != NULL) == account_has_subject(book->account)); /* else it was not loaded */
    if (book->subject == NULL)
        return;
    book->subject->overdue = money_add(book->subject->overdue, more);
    INVARIANT(16, !money_is_negative(book->subject->overdue));
    changes_put(d->changes, &book->subject->row);
}

static const char *claim_state(struct money amount)
{
    return money_is_zero(amount) ? "closed" : "open";
}

void claim_set(struct deciding *d, struct book *book, struct claim *claim, enum claim_kind kind, struct money amount)
{
    const char *from = claim_state(claim->amount);

    claim_total_move(d, book, claim->kind, money_negate(claim->amount));
    claim_total_move(d, book, kind, amount);
    claim->kind = kind;
    claim->amount = amount;
    claim->at = d->now;
    changes_put(d->changes, &claim->row);
    deciding_put_account(d, book->account);
    deciding_move(d, "cl", claim->id, from, "claim", claim_state(amount));
}

static struct claim *claim_new(struct deciding *d, struct book *book, const char *ref, enum claim_kind kind,
                               struct money amount)
{
    struct claim *claim = DECIDING_NEW(d, claim);

    claim->id = deciding_id(d, book->account);
    claim->account = book->account->id;
    deciding_fill(claim->ref, sizeof(claim->ref), ref);
    claim->kind = kind;
    claim->amount = amount;
    claim->at = d->now;
    claim_total_move(d, book, kind, amount);
    deciding_put_account(d, book->account);
    deciding_move(d, "cl", claim->id, NULL, "claim", claim_state(amount));
    return claim;
}

void claim_open(struct deciding *d, struct book *book, const char *ref, enum claim_kind kind, struct money amount)
{
    struct claim *claim = claim_new(d, book, ref, kind, amount);

    fact_event(d, book->account, "claim.updated", "cl", claim->id, claim->ref, amount);
}

struct decision claim_put(struct deciding *d, struct book *book, const char *ref, const struct claim_ask *ask,
                          struct claim *earlier, struct claim **ret)
{
    enum claim_kind kind = (enum claim_kind)ask->kind;
    struct money more = ask->amount;

    if (!field_ref_ok(ref) || (earlier == NULL && claim_name_is_ours(ref)))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, NULL, "No claim can be opened under this name.");
    if (earlier != NULL && earlier->kind == kind)
        more = money_sub_floor(ask->amount, earlier->amount);
    if (!claim_bears(book, kind, more))
        return decision_refused(REFUSAL_BALANCE_LIMIT, NULL, "/amount", "The account's claims would be too large.");

    if (earlier == NULL) {
        struct claim *claim = claim_new(d, book, ref, kind, ask->amount);
        d->object = claim->id;
        fact_event(d, book->account, "claim.updated", "cl", claim->id, claim->ref, claim->amount);
        *ret = claim;
        return decision_created();
    }
    d->object = earlier->id;
    *ret = earlier;
    if (earlier->kind == kind && earlier->amount.minor == ask->amount.minor)
        return decision_ok();
    claim_set(d, book, earlier, kind, ask->amount);
    fact_event(d, book->account, "claim.updated", "cl", earlier->id, earlier->ref, earlier->amount);
    return decision_ok();
}
