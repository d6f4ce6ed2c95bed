/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence, the only thing that ends a leg (docs/architecture.md): what each kind does to each attempt stands in one
 * table, `effects` below. A paid or returned amount that differs, or another currency, proves nothing but that someone
 * must look. An incident is opened for a fact, not for each time that it is told. */
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

/* Another reference is another payment; no reference is no news. */
static bool same_reference(const char *a, const char *b)
{
    return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

bool evidence_told(const struct evidence *before, const struct evidence *now, const char *incident_kind)
{
    return before->attempt == now->attempt && before->kind == now->kind && before->amount.minor == now->amount.minor &&
           same_reference(before->reference, now->reference) && strcmp(before->effect, incident_kind) == 0;
}

static bool told_before(const struct proof *p, const char *incident_kind)
{
    for (size_t i = 0; i < p->dossier->told_count; i++)
        if (evidence_told(p->dossier->told[i], p->evidence, incident_kind))
            return true;
    return false;
}

static void incident(struct proof *p, const char *kind, const char *what)
{
    p->evidence->effect = "duplicate";
    if (told_before(p, kind))
        return;
    incident_open(p->d, p->book->account, p->dossier->withdrawal, kind, p->evidence->amount,
                  deciding_text(p->d, "%s said %s of payment %s (%s): %s", p->evidence->channel,
                                word_text(&evidence_kind_words, (int)p->evidence->kind), p->evidence->key,
                                p->evidence->code, what));
    p->evidence->effect = kind;
}

static void refer(struct proof *p, const char *reference)
{
    snprintf(p->leg->reference, sizeof p->leg->reference, "%s", reference);
    changes_put(p->d->changes, &p->leg->row);
}

/* The refund counts on the top-up as begun; a settled leg tells who paid it, and when. */
static void settle(struct proof *p)
{
    attempt_move(p->d, p->attempt, ATTEMPT_PROVEN_PAID);
    leg_post(p->d, p->book, p->dossier, p->leg, leg_move(p->d, p->leg, LEG_PAID));
    p->leg->paid_at = p->d->now;
    refer(p, p->evidence->reference);
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
    refer(p, p->evidence->reference[0] != '\0' ? p->evidence->reference : p->attempt->key);
}

/* The first reference that is told is this payment's: until then the leg has none, or our key in its place. */
static void paid_again(struct proof *p)
{
    bool referred = p->leg->reference[0] != '\0' && strcmp(p->leg->reference, p->attempt->key) != 0;

    p->evidence->effect = "duplicate";
    if (!referred && p->evidence->reference[0] != '\0')
        refer(p, p->evidence->reference);
    else if (!same_reference(p->leg->reference, p->evidence->reference))
        incident(p, "paid_twice", "another payment was proven before.");
}

/* A failed leg has a reference only once its payment stands in suspense. */
static void paid_late(struct proof *p)
{
    if (p->leg->reference[0] != '\0')
        paid_again(p);
    else
        suspend(p);
}

static void come_back(struct proof *p)
{
    settle(p);
    give_back(p);
}

static void repeat(struct proof *p)
{
    p->evidence->effect = "duplicate";
}

static void contradict(struct proof *p)
{
    incident(p, "contradiction",
             p->attempt->status == ATTEMPT_REFUSED ? "it had been proven not paid." : "it had been proven paid.");
}

/* Neither yes nor no: the hold stays and the janitor goes on asking. */
static void lose_sight(struct proof *p)
{
    if (p->attempt->status == ATTEMPT_INTENT)
        attempt_move(p->d, p->attempt, ATTEMPT_LOSE_SIGHT);
    if (p->leg->status == LEG_SENDING)
        leg_move(p->d, p->leg, LEG_LOSE_SIGHT);
}

static void take_over(struct proof *p)
{
    if (p->attempt->status == ATTEMPT_INTENT)
        attempt_move(p->d, p->attempt, ATTEMPT_LOSE_SIGHT);
    if (machine_find(&leg_machine, (int)p->leg->status, LEG_ACCEPT) != NULL)
        leg_move(p->d, p->leg, LEG_ACCEPT);
    p->evidence->effect = "accepted";
}

static void arrive(struct proof *p)
{
    if (instant_is_set(p->leg->arrived_at))
        return;
    p->leg->arrived_at = p->d->now;
    changes_put(p->d->changes, &p->leg->row);
    p->evidence->effect = "arrived";
}

/* What is not here is noted and does nothing. */
static void (*const effects[EVIDENCE__COUNT][ATTEMPT__COUNT])(struct proof *p) = {
    [EVIDENCE_PAID] = {[ATTEMPT_INTENT] = settle,
                       [ATTEMPT_UNKNOWN] = settle,
                       [ATTEMPT_PAID] = paid_again,
                       [ATTEMPT_REFUSED] = paid_late,
                       [ATTEMPT_RETURNED] = paid_again},
    [EVIDENCE_NOT_PAID] = {[ATTEMPT_INTENT] = fail,
                           [ATTEMPT_UNKNOWN] = fail,
                           [ATTEMPT_PAID] = contradict,
                           [ATTEMPT_REFUSED] = repeat,
                           [ATTEMPT_RETURNED] = contradict},
    [EVIDENCE_RETURNED] = {[ATTEMPT_INTENT] = come_back,
                           [ATTEMPT_UNKNOWN] = come_back,
                           [ATTEMPT_PAID] = give_back,
                           [ATTEMPT_REFUSED] = contradict,
                           [ATTEMPT_RETURNED] = repeat},
    [EVIDENCE_ACCEPTED] = {[ATTEMPT_INTENT] = take_over, [ATTEMPT_UNKNOWN] = take_over},
    [EVIDENCE_NOTHING] = {[ATTEMPT_INTENT] = lose_sight, [ATTEMPT_UNKNOWN] = lose_sight},
    [EVIDENCE_ARRIVED] = {[ATTEMPT_PAID] = arrive},
};

static bool amount_agrees(const struct dossier *dossier, const struct attempt *attempt, struct money amount,
                          const char *currency)
{
    bool ours = currency == NULL || currency[0] == '\0' || strcmp(currency, dossier->withdrawal->currency) == 0;

    return ours && amount.minor == attempt->amount.minor;
}

bool evidence_is_plain(const struct dossier *dossier, const struct attempt *attempt, struct money amount,
                       const char *currency)
{
    return (attempt->status == ATTEMPT_INTENT || attempt->status == ATTEMPT_UNKNOWN) &&
           amount_agrees(dossier, attempt, amount, currency);
}

static void prove(struct proof *p)
{
    bool of_money = p->evidence->kind == EVIDENCE_PAID || p->evidence->kind == EVIDENCE_RETURNED;
    void (*effect)(struct proof *) = effects[p->evidence->kind][p->attempt->status];

    if (of_money && !amount_agrees(p->dossier, p->attempt, p->evidence->amount, p->currency))
        incident(p, "amount_differs", "the amount or currency is not the one that was sent.");
    else if (effect != NULL)
        effect(p);
}

static struct evidence *evidence_new(struct deciding *d, const struct book *book, const struct attempt *attempt,
                                     const char *channel, enum evidence_source source, enum evidence_kind kind,
                                     const char *key)
{
    struct evidence *evidence = changes_new(d->changes, ARENA_MUST(d->arena, struct evidence), &evidence_table);

    evidence->id = deciding_id(d, book->account);
    evidence->attempt = attempt->id;
    evidence->withdrawal = attempt->withdrawal;
    evidence->account = attempt->account;
    snprintf(evidence->channel, sizeof evidence->channel, "%s", channel);
    snprintf(evidence->key, sizeof evidence->key, "%s", key);
    evidence->source = source;
    evidence->kind = kind;
    evidence->effect = "none";
    evidence->at = d->now;
    return evidence;
}

/* The last word about an attempt. What never left stays so whatever a question brings; once the channel answers one,
 * the way to it is open. */
static void hear(struct deciding *d, struct attempt *attempt, const struct evidence *told)
{
    bool unknown = told->source == SOURCE_QUERY && told->kind == EVIDENCE_NOTHING;
    const char *code = told->code;

    if (told->source == SOURCE_STATEMENT) /* whether to send again, only the channel's own answers say */
        return;
    if (attempt_is_unsent(attempt) && unknown)
        code = strcmp(code, CODE_NOT_FOUND) == 0 ? CODE_NEVER_SENT : CODE_NOT_SENT;
    snprintf(attempt->code, sizeof attempt->code, "%s", code);
    changes_put(d->changes, &attempt->row);
}

struct decision withdrawal_evidence(struct deciding *d, struct book *book, struct dossier *dossier,
                                    struct attempt *attempt, const char *channel, enum evidence_source source,
                                    enum evidence_kind kind, const char *key, const char *code, const char *detail,
                                    const char *reference, struct money amount, const char *currency)
{
    struct proof p = {d, book, dossier, attempt, leg_by_id(dossier, attempt->leg), NULL, currency};

    p.evidence = evidence_new(d, book, attempt, channel, source, kind, key);
    p.evidence->amount = amount;
    p.evidence->detail = detail;
    snprintf(p.evidence->code, sizeof p.evidence->code, "%s", code != NULL ? code : "");
    snprintf(p.evidence->reference, sizeof p.evidence->reference, "%s", reference != NULL ? reference : "");
    hear(d, attempt, p.evidence);
    deciding_move(d, "at", attempt->id, NULL, word_text(&evidence_kind_words, (int)kind), NULL);
    INVARIANT(27, dossier->told_loaded || evidence_is_plain(dossier, attempt, amount, currency));
    prove(&p);
    dossier_add_told(d, dossier, p.evidence);
    withdrawal_conclude(d, book, dossier);
    withdrawal_settle_row(d, dossier);
    return decision_ok();
}

/* Did one of the answers before the last say this of the same attempt? */
static bool code_told(const struct dossier *dossier, const struct evidence *now)
{
    for (size_t i = 0; i + 1 < dossier->told_count; i++)
        if (dossier->told[i]->attempt == now->attempt && strcmp(dossier->told[i]->code, now->code) == 0)
            return true;
    return false;
}

void withdrawal_alarm(struct deciding *d, struct book *book, struct dossier *dossier, const struct attempt *attempt,
                      const char *kind, const char *what)
{
    const struct evidence *now = dossier->told[dossier->told_count - 1];

    INVARIANT(27, dossier->told_loaded && now->attempt == attempt->id);
    if (!code_told(dossier, now))
        incident_open(d, book->account, dossier->withdrawal, kind, attempt->amount,
                      deciding_text(d, "%s answered %s to payment %s (%s): %s", now->channel, now->code, now->key,
                                    now->detail, what));
}
