/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence, the only thing that ends a leg (design.md, States).
 *
 *                 intent, unknown        paid                    refused                 returned
 *   paid          settle                 duplicate, or incident  suspense + incident     duplicate
 *   not_paid      release                incident                duplicate               incident
 *   returned      settle, then return    return                  incident                duplicate
 *   accepted      note                   –                       –                       –
 *   nothing       unknown                –                       –                       –
 *   arrived       –                      note                    –                       –
 * A paid or returned amount that differs, or another currency, proves nothing but that someone must look: no
 * transition. */
#include "domain/withdrawal_steps.h"

#include <stdio.h>
#include <string.h>

struct proof {
    struct deciding *d;
    struct book *book;
    struct dossier *dossier;
    struct attempt *attempt;
    struct leg *leg;
    struct evidence *evidence;
    const char *currency;
};

static struct leg *leg_of(const struct dossier *dossier, const struct attempt *attempt)
{
    for (size_t i = 0; i < dossier->legs_count; i++)
        if (dossier->legs[i]->id == attempt->leg)
            return dossier->legs[i];
    return NULL;
}

static void incident(struct proof *p, const char *kind, const char *what)
{
    incident_open(p->d, p->book->account, p->dossier->withdrawal, kind, p->evidence->amount,
                  deciding_text(p->d, "%s said %s of payment %s (%s): %s", p->evidence->channel,
                                word_text(&evidence_kind_words, (int)p->evidence->kind), p->evidence->key,
                                p->evidence->code, what));
    p->evidence->effect = kind;
}

/* The refund counts on the top-up as begun; a settled leg tells who paid it, and when. */
static void settle(struct proof *p)
{
    attempt_move(p->d, p->attempt, ATTEMPT_PROVEN_PAID);
    leg_post(p->d, p->book, p->dossier, p->leg, leg_move(p->d, p->leg, LEG_PAID));
    p->leg->paid_at = p->d->now;
    snprintf(p->leg->reference, sizeof p->leg->reference, "%s", p->evidence->reference);
    p->evidence->effect = "settled";
}

static void give_back(struct proof *p)
{
    attempt_move(p->d, p->attempt, ATTEMPT_BOUNCE);
    leg_post(p->d, p->book, p->dossier, p->leg, leg_move(p->d, p->leg, LEG_BOUNCE));
    p->leg->returned_at = p->d->now;
    snprintf(p->leg->failure_code, sizeof p->leg->failure_code, "%s",
             p->evidence->code[0] != '\0' ? p->evidence->code : "returned");
    p->leg->failure_detail = p->evidence->detail;
    p->evidence->effect = "returned";
    withdrawal_tell(p->d, p->book, p->dossier->withdrawal,
                    "the payment came back from the bank; the money is in your balance again");
}

static void fail(struct proof *p)
{
    attempt_move(p->d, p->attempt, ATTEMPT_PROVEN_NOT_PAID);
    leg_post(p->d, p->book, p->dossier, p->leg, leg_move(p->d, p->leg, LEG_NOT_PAID));
    snprintf(p->leg->failure_code, sizeof p->leg->failure_code, "%s", p->evidence->code);
    p->leg->failure_detail = p->evidence->detail;
    p->evidence->effect = "released";
}

/* Money went out for a leg whose hold was given back: it is nobody's until a person decides. */
static void suspend(struct proof *p)
{
    struct entry_open open =
        ledger_open(p->d, p->book->account, ENTRY_SUSPENSE, p->leg->id, p->leg->withdrawal, p->evidence->amount);

    ledger_post(p->d, &open, p->book->account, LEDGER_SUSPENSE, "", 0, money_negate(p->evidence->amount));
    ledger_post(p->d, &open, p->book->account, LEDGER_CHANNEL, p->leg->channel, 0, p->evidence->amount);
    ledger_close(p->d, &open);
    incident(p, "paid_after_release", "the hold had been given back; the amount stands in suspense.");
    p->evidence->effect = "suspense";
    snprintf(p->leg->reference, sizeof p->leg->reference, "%s",
             p->evidence->reference[0] != '\0' ? p->evidence->reference : p->evidence->key);
    changes_put(p->d->changes, &p->leg->row);
}

/* Another reference is another payment; no reference is no news. */
static void paid_again(struct proof *p)
{
    if (p->evidence->reference[0] != '\0' && p->leg->reference[0] != '\0' &&
        strcmp(p->leg->reference, p->evidence->reference) != 0)
        incident(p, "paid_twice", "another payment was proven before.");
    else
        p->evidence->effect = "duplicate";
}

static void prove_paid(struct proof *p)
{
    switch (p->attempt->status) {
    case ATTEMPT_INTENT:
    case ATTEMPT_UNKNOWN:
        settle(p);
        break;
    case ATTEMPT_PAID:
    case ATTEMPT_RETURNED:
        paid_again(p);
        break;
    case ATTEMPT_REFUSED: /* a failed leg has a reference only once its payment stands in suspense */
        if (p->leg->reference[0] != '\0')
            paid_again(p);
        else
            suspend(p);
        break;
    case ATTEMPT_NONE:
    case ATTEMPT__COUNT:
        break;
    }
}

static void prove_not_paid(struct proof *p)
{
    switch (p->attempt->status) {
    case ATTEMPT_INTENT:
    case ATTEMPT_UNKNOWN:
        fail(p);
        break;
    case ATTEMPT_REFUSED:
        p->evidence->effect = "duplicate";
        break;
    case ATTEMPT_PAID:
    case ATTEMPT_RETURNED:
        incident(p, "contradiction", "it had been proven paid.");
        break;
    case ATTEMPT_NONE:
    case ATTEMPT__COUNT:
        break;
    }
}

static void prove_returned(struct proof *p)
{
    switch (p->attempt->status) {
    case ATTEMPT_INTENT:
    case ATTEMPT_UNKNOWN:
        settle(p);
        give_back(p);
        break;
    case ATTEMPT_PAID:
        give_back(p);
        break;
    case ATTEMPT_RETURNED:
        p->evidence->effect = "duplicate";
        break;
    case ATTEMPT_REFUSED:
        incident(p, "contradiction", "it had been proven not paid.");
        break;
    case ATTEMPT_NONE:
    case ATTEMPT__COUNT:
        break;
    }
}

/* Neither yes nor no: the hold stays and the janitor goes on asking. */
static void lose_sight(struct proof *p, bool accepted)
{
    if (p->attempt->status != ATTEMPT_INTENT && p->attempt->status != ATTEMPT_UNKNOWN)
        return;
    if (p->attempt->status == ATTEMPT_INTENT)
        attempt_move(p->d, p->attempt, ATTEMPT_LOSE_SIGHT);
    if (accepted && machine_find(&leg_machine, (int)p->leg->status, LEG_ACCEPT) != NULL)
        leg_move(p->d, p->leg, LEG_ACCEPT);
    else if (!accepted && p->leg->status == LEG_SENDING)
        leg_move(p->d, p->leg, LEG_LOSE_SIGHT);
    p->evidence->effect = accepted ? "accepted" : "none";
}

static bool amount_agrees(const struct proof *p)
{
    return p->evidence->amount.minor == p->attempt->amount.minor &&
           (p->currency == NULL || p->currency[0] == '\0' ||
            strcmp(p->currency, p->dossier->withdrawal->currency) == 0);
}

static void prove(struct proof *p)
{
    switch (p->evidence->kind) {
    case EVIDENCE_PAID:
    case EVIDENCE_RETURNED:
        if (!amount_agrees(p))
            incident(p, "amount_differs", "the amount or currency is not the one that was sent.");
        else if (p->evidence->kind == EVIDENCE_PAID)
            prove_paid(p);
        else
            prove_returned(p);
        break;
    case EVIDENCE_NOT_PAID:
        prove_not_paid(p);
        break;
    case EVIDENCE_ACCEPTED:
        lose_sight(p, true);
        break;
    case EVIDENCE_NOTHING:
        lose_sight(p, false);
        break;
    case EVIDENCE_ARRIVED:
        if (p->leg->status == LEG_SUCCESSFUL && !instant_is_set(p->leg->arrived_at)) {
            p->leg->arrived_at = p->d->now;
            changes_put(p->d->changes, &p->leg->row);
            p->evidence->effect = "arrived";
        }
        break;
    case EVIDENCE_NONE:
    case EVIDENCE__COUNT:
        break;
    }
}

static struct evidence *evidence_new(struct deciding *d, const struct book *book, const struct attempt *attempt,
                                     const char *channel, enum evidence_source source, enum evidence_kind kind,
                                     const char *key)
{
    struct evidence *evidence = changes_new(d->changes, ARENA_MUST(d->arena, struct evidence), &evidence_table);

    evidence->id = deciding_id(d, book->account);
    if (attempt != NULL) {
        evidence->attempt = attempt->id;
        evidence->withdrawal = attempt->withdrawal;
        evidence->account = attempt->account;
    }
    snprintf(evidence->channel, sizeof evidence->channel, "%s", channel);
    snprintf(evidence->key, sizeof evidence->key, "%s", key);
    evidence->source = source;
    evidence->kind = kind;
    evidence->effect = "none";
    evidence->at = d->now;
    return evidence;
}

struct decision withdrawal_evidence(struct deciding *d, struct book *book, struct dossier *dossier,
                                    struct attempt *attempt, const char *channel, enum evidence_source source,
                                    enum evidence_kind kind, const char *key, const char *code, const char *detail,
                                    const char *reference, struct money amount, const char *currency)
{
    struct proof p = {d, book, dossier, attempt, leg_of(dossier, attempt), NULL, currency};

    INVARIANT(27, p.leg != NULL);
    p.evidence = evidence_new(d, book, attempt, channel, source, kind, key);
    p.evidence->amount = amount;
    p.evidence->detail = detail;
    snprintf(p.evidence->code, sizeof p.evidence->code, "%s", code != NULL ? code : "");
    snprintf(p.evidence->reference, sizeof p.evidence->reference, "%s", reference != NULL ? reference : "");
    snprintf(attempt->code, sizeof attempt->code, "%s", code != NULL ? code : "");
    changes_put(d->changes, &attempt->row);
    deciding_move(d, "at", attempt->id, NULL, word_text(&evidence_kind_words, (int)kind), NULL);
    prove(&p);
    withdrawal_conclude(d, book, dossier);
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}
