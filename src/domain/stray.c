/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/stray.h"

#include "domain/channel_key.h"
#include "domain/withdrawal_steps.h"

#include <string.h>

static const struct account nobody;

static const struct account *owner_of(const struct book *book)
{
    return book != NULL ? book->account : &nobody;
}

/* ---- the books ---- */

/* The channel's money is gone; whose it was, people settle. Until then the account withdraws nothing. */
void stray_book(struct deciding *d, struct book *book, struct stray *stray)
{
    struct entry_open open = ledger_open(d, book->account, ENTRY_STRAY, stray->id, stray->withdrawal, stray->amount);

    ledger_post(d, &open, book->account, LEDGER_SUSPENSE, "", 0, money_negate(stray->amount));
    ledger_post(d, &open, book->account, LEDGER_CHANNEL, stray->channel, 0, stray->amount);
    ledger_close(d, &open);
    book->account->suspended = money_add(book->account->suspended, stray->amount);
    deciding_put_account(d, book->account);
}

void stray_unbook(struct deciding *d, struct book *book, struct stray *stray)
{
    struct entry_open open =
        ledger_open(d, book->account, ENTRY_STRAY_BACK, stray->id, stray->withdrawal, stray->amount);

    ledger_post(d, &open, book->account, LEDGER_CHANNEL, stray->channel, 0, money_negate(stray->amount));
    ledger_post(d, &open, book->account, LEDGER_SUSPENSE, "", 0, stray->amount);
    ledger_close(d, &open);
    book->account->suspended = money_sub(book->account->suspended, stray->amount);
    INVARIANT(16, !money_is_negative(book->account->suspended));
    deciding_put_account(d, book->account);
}

/* ---- what a line does to a stray ---- */

struct rule {
    enum stray_status next; /* STRAY_NONE: it stays as it is */
    bool incident;          /* the channel contradicts itself */
};
static const struct rule rules[STRAY__COUNT][EVIDENCE__COUNT] = {
    [STRAY_NONE] = {[EVIDENCE_PAID] = {STRAY_SUSPENSE, false},
                    [EVIDENCE_ACCEPTED] = {STRAY_PENDING, false},
                    [EVIDENCE_NOT_PAID] = {STRAY_VOID, false},
                    [EVIDENCE_RETURNED] = {STRAY_VOID, false}},
    [STRAY_UNASSIGNED] = {[EVIDENCE_PAID] = {STRAY_SUSPENSE, false}, /* its account may be known by now */
                          [EVIDENCE_NOT_PAID] = {STRAY_NONE, true},
                          [EVIDENCE_RETURNED] = {STRAY_VOID, false}},
    [STRAY_PENDING] = {[EVIDENCE_PAID] = {STRAY_SUSPENSE, false},
                       [EVIDENCE_NOT_PAID] = {STRAY_VOID, false},
                       [EVIDENCE_RETURNED] = {STRAY_VOID, false}},
    [STRAY_SUSPENSE] = {[EVIDENCE_NOT_PAID] = {STRAY_NONE, true}, [EVIDENCE_RETURNED] = {STRAY_VOID, false}},
    [STRAY_SETTLED] = {[EVIDENCE_NOT_PAID] = {STRAY_NONE, true}, [EVIDENCE_RETURNED] = {STRAY_NONE, true}},
    [STRAY_VOID] = {[EVIDENCE_PAID] = {STRAY_SUSPENSE, true}},
};

static struct rule rule_of(const struct stray *stray, const struct line_ask *line)
{
    enum evidence_kind outcome = (enum evidence_kind)line->outcome;

    if (stray->status == STRAY_VOID && outcome == EVIDENCE_PAID && stray->outcome == EVIDENCE_RETURNED)
        return (struct rule){STRAY_NONE, false}; /* older news: it was paid before it came back */
    return rules[stray->status][outcome];
}

/* Money that we count is not changed by a line of another amount: someone must look. So must someone where a payment is
 * told without one. */
static bool amount_differs(const struct stray *stray, const struct line_ask *line)
{
    bool counts = line->outcome == EVIDENCE_PAID || line->outcome == EVIDENCE_RETURNED;
    bool counted =
        stray->status == STRAY_SUSPENSE || stray->status == STRAY_UNASSIGNED || stray->status == STRAY_SETTLED;

    if (line->outcome == EVIDENCE_PAID && !money_is_positive(line->amount))
        return true;
    return counts && counted &&
           (line->amount.minor != stray->amount.minor || strcmp(line->currency, stray->currency) != 0);
}

/* What was said now, which may be other than what counts. */
static void tell(struct deciding *d, const struct book *book, const struct stray *stray, const struct line_ask *line,
                 const char *kind, const char *what)
{
    const char *detail = deciding_text(d, "%s says %s of payment %s, which these books do not know: %s", stray->channel,
                                       word_text(&evidence_kind_words, line->outcome), stray->key, what);
    struct money amount = money_is_positive(line->amount) ? line->amount : stray->amount;
    struct incident *incident;

    if (book != NULL) {
        incident_open(d, book->account, NULL, kind, amount, detail);
        return;
    }
    incident = DECIDING_NEW(d, incident);
    incident->id = deciding_id(d, &nobody);
    deciding_fill(incident->kind, sizeof incident->kind, kind);
    incident->amount = amount;
    incident->detail = detail;
    incident->at = d->now;
}

static void status_set(struct deciding *d, struct stray *stray, enum stray_status status)
{
    const char *from = stray->status == STRAY_NONE ? NULL : word_text(&stray_status_words, (int)stray->status);

    deciding_move(d, "st", stray->id, from, word_text(&evidence_kind_words, (int)stray->outcome),
                  word_text(&stray_status_words, (int)status));
    stray->status = status;
    changes_put(d->changes, &stray->row);
}

static bool can_be_booked(const struct book *book, const struct stray *stray)
{
    return book != NULL && strcmp(book->account->currency, stray->currency) == 0;
}

static void stray_pay(struct deciding *d, struct book *book, struct stray *stray, const struct line_ask *line,
                      bool contradicts)
{
    bool booked;

    deciding_fill(stray->currency, sizeof stray->currency, line->currency);
    deciding_fill(stray->reference, sizeof stray->reference, line->reference);
    stray->amount = line->amount;
    stray->paid_at = line->at;
    booked = can_be_booked(book, stray);
    stray->account = booked ? book->account->id : 0;
    status_set(d, stray, booked ? STRAY_SUSPENSE : STRAY_UNASSIGNED);
    if (booked)
        stray_book(d, book, stray);
    tell(d, booked ? book : NULL, stray, line, contradicts ? "contradiction" : "paid_in_lost_time",
         booked ? "it stands in suspense until it is settled with the customer."
                : "name the account that it belongs to, so that nothing is paid twice.");
}

static void stray_void(struct deciding *d, struct book *book, struct stray *stray)
{
    if (stray->status == STRAY_SUSPENSE)
        stray_unbook(d, book, stray);
    status_set(d, stray, STRAY_VOID);
}

static bool contradicts(const struct stray *stray, const struct line_ask *line)
{
    struct rule rule = rule_of(stray, line);

    return rule.incident && rule.next == STRAY_NONE;
}

bool stray_complains(const struct stray *stray, const struct line_ask *line)
{
    return amount_differs(stray, line) || contradicts(stray, line);
}

/* In what is stored, or in what this batch has not saved yet. */
static bool told_before(const struct deciding *d, const struct stray_place *place, const struct evidence *now,
                        const char *incident_kind)
{
    for (size_t i = 0; i < place->told_count; i++)
        if (evidence_told(place->told[i], now, incident_kind))
            return true;
    for (const struct row *row = d->changes->first; row != NULL; row = row->next_changed) {
        const struct evidence *before = (const struct evidence *)row;

        if (row->table == &evidence_table && before != now && strcmp(before->key, now->key) == 0 &&
            strcmp(before->channel, now->channel) == 0 && evidence_told(before, now, incident_kind))
            return true;
    }
    return false;
}

static const char *stray_complain(struct deciding *d, const struct stray_place *place, const struct evidence *now,
                                  const struct line_ask *line)
{
    bool differs = amount_differs(place->stray, line);
    const char *kind = differs ? "amount_differs" : "contradiction";

    if (told_before(d, place, now, kind))
        return "duplicate";
    tell(d, place->book, place->stray, line, kind,
         differs ? "another amount or currency was told before." : "it was told paid before.");
    return kind;
}

static const char *stray_apply(struct deciding *d, struct book *book, struct stray *stray, const struct line_ask *line)
{
    struct rule rule = rule_of(stray, line);

    if (rule.next == STRAY_NONE ||
        (stray->status == STRAY_UNASSIGNED && rule.next == STRAY_SUSPENSE && !can_be_booked(book, stray)))
        return "duplicate";
    stray->outcome = (enum evidence_kind)line->outcome;
    if (rule.next == STRAY_SUSPENSE)
        stray_pay(d, book, stray, line, rule.incident);
    else if (rule.next == STRAY_VOID)
        stray_void(d, book, stray);
    else
        status_set(d, stray, rule.next);
    return word_text(&stray_status_words, (int)stray->status);
}

static struct stray *stray_new(struct deciding *d, const struct quarantine *q, const char *channel,
                               const struct stray_place *place, const struct line_ask *line)
{
    struct stray *stray = DECIDING_NEW(d, stray);

    stray->id = deciding_id(d, owner_of(place->book));
    stray->quarantine = q->id;
    deciding_fill(stray->channel, sizeof stray->channel, channel);
    deciding_fill(stray->key, sizeof stray->key, line->key);
    stray->leg = place->leg != NULL ? place->leg->id : 0;
    stray->withdrawal = place->leg != NULL ? place->leg->withdrawal : 0;
    stray->amount = line->amount;
    deciding_fill(stray->currency, sizeof stray->currency, line->currency);
    stray->account = can_be_booked(place->book, stray) ? place->book->account->id : 0;
    deciding_fill(stray->reference, sizeof stray->reference, line->reference);
    stray->paid_at = line->at;
    stray->at = d->now;
    return stray;
}

/* ---- lines ---- */

bool stray_key_fits(const char *key, const struct account *account)
{
    int64_t leg, number;

    return !channel_key_parse(key, &leg, &number) || id_shard(leg) == shard_of_ref(account->ref);
}

/* It lies beside the stray, whoever's that is by now. */
static struct evidence *evidence_new(struct deciding *d, const char *channel, const struct stray *stray,
                                     enum evidence_source source, const struct line_ask *line)
{
    const struct account beside = {.id = stray->id};
    struct evidence *evidence = DECIDING_NEW(d, evidence);

    evidence->id = deciding_id(d, &beside);
    evidence->withdrawal = stray->withdrawal;
    deciding_fill(evidence->channel, sizeof evidence->channel, channel);
    deciding_fill(evidence->key, sizeof evidence->key, line->key);
    evidence->source = source;
    evidence->kind = (enum evidence_kind)line->outcome;
    deciding_fill(evidence->code, sizeof evidence->code, line->code);
    evidence->amount = line->amount;
    deciding_fill(evidence->reference, sizeof evidence->reference, line->reference);
    evidence->effect = "none";
    evidence->at = d->now;
    return evidence;
}

/* A key that the lost time had used is not made again: ids go on behind it. One from far beyond the lost time cannot be
 * ours, and must not take the ids with it. */
static void ids_skip_key(struct deciding *d, struct quarantine *q, const char *key)
{
    int64_t leg, number;

    if (q == NULL || !channel_key_parse(key, &leg, &number) ||
        instant_after(id_moment(leg), instant_add_ms(q->gap_to, MS_DAY)))
        return;
    ids_skip(d->ids, leg);
    if (leg > q->ids_floor) {
        q->ids_floor = leg;
        changes_put(d->changes, &q->row);
    }
}

void stray_line(struct deciding *d, struct quarantine *q, const char *channel, const struct channel_terms *terms,
                struct stray_place *place, enum evidence_source source, const struct line_ask *line,
                const char **ret_effect)
{
    ids_skip_key(d, q, line->key);
    if (place->attempt == NULL && place->leg != NULL && strcmp(place->leg->channel, channel) == 0)
        place->attempt = withdrawal_found_sent(d, place->book, place->dossier, place->leg, terms, line->at);
    if (place->attempt != NULL) {
        struct decision done = withdrawal_evidence(d, place->book, place->dossier, place->attempt, channel, source,
                                                   (enum evidence_kind)line->outcome, line->key, line->code, NULL,
                                                   line->reference, line->amount, line->currency);

        INVARIANT(27, decision_accepts(&done));
        *ret_effect = "evidence";
        return;
    }
    if (place->stray == NULL)
        place->stray = stray_new(d, q, channel, place, line);
    struct evidence *evidence = evidence_new(d, channel, place->stray, source, line);
    *ret_effect = stray_complains(place->stray, line) ? stray_complain(d, place, evidence, line)
                                                      : stray_apply(d, place->book, place->stray, line);
    evidence->account = place->stray->account;
    evidence->effect = *ret_effect;
}
