/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/reconcile.h"

#include <string.h>

static const struct account nobody;

/* Whose move a break is, and why it is one. */
static const struct {
    enum break_owner owner;
    const char *why;
} kinds[BREAK_KIND__COUNT] = {
    [BREAK_OURS_NOT_THEIRS] = {BREAK_OF_CHANNEL, "our books sent it, and the statement of that time does not have it"},
    [BREAK_THEIRS_NOT_OURS] = {BREAK_OF_TREASURY, "the channel moved money that our books did not send"},
    [BREAK_AMOUNT_DIFFERS] = {BREAK_OF_CHANNEL, "another amount or currency was sent"},
    [BREAK_STATUS_DIFFERS] = {BREAK_OF_TREASURY, "our books had proof of the contrary"},
    [BREAK_DUPLICATE] = {BREAK_OF_CHANNEL, "the same key stands in a statement a second time"},
    [BREAK_LATE] = {BREAK_OF_CHANNEL, "it came in a later statement than that of its time"},
};

static const char *kind_text(enum break_kind kind)
{
    return word_text(&break_kind_words, (int)kind);
}

/* What a line leaves out is the same as nothing. */
static const char *said(const char *text)
{
    return text != NULL ? text : "";
}

/* ---- breaks ---- */

static struct recon_break *break_open(struct deciding *d, struct recon_statement *statement, enum break_kind kind,
                                      const char *key, const struct attempt *attempt)
{
    struct recon_break *found = DECIDING_NEW(d, recon_break);

    found->id = deciding_id(d, &nobody);
    found->statement = statement->id;
    deciding_fill(found->channel, sizeof found->channel, statement->channel);
    deciding_fill(found->key, sizeof found->key, key);
    found->kind = kind;
    found->owner = kinds[kind].owner;
    found->detail = kinds[kind].why;
    if (attempt != NULL) {
        found->attempt = attempt->id;
        found->withdrawal = attempt->withdrawal;
        found->account = attempt->account;
        found->ours = attempt->amount;
    }
    found->status = BREAK_OPEN;
    found->at = d->now;
    deciding_move(d, "bk", found->id, NULL, kind_text(kind), "open");
    statement->breaks++;
    return found;
}

static void break_settle(struct deciding *d, struct recon_break *found, const char *settler, const char *reason)
{
    found->status = BREAK_SETTLED;
    deciding_fill(found->settler, sizeof found->settler, settler);
    found->reason = deciding_copy(d, reason);
    found->settled_at = d->now;
    deciding_move(d, "bk", found->id, "open", kind_text(found->kind), "settled");
    changes_put(d->changes, &found->row);
}

/* What was missing in the statement of its time is there now. */
static void late_settle(struct deciding *d, struct recon_known *known, const struct line_ask *line)
{
    for (size_t i = 0; i < known->breaks_count; i++) {
        struct recon_break *found = known->breaks[i];

        if (found->kind != BREAK_OURS_NOT_THEIRS || found->status != BREAK_OPEN)
            continue;
        found->kind = BREAK_LATE;
        found->theirs = line->amount;
        break_settle(d, found, "statement", kinds[BREAK_LATE].why);
    }
}

/* ---- a line ---- */

static bool moves_money(const struct line_ask *line)
{
    return line->outcome == EVIDENCE_PAID || line->outcome == EVIDENCE_RETURNED;
}

/* The very line, in another statement that overlaps this one. Only a reference tells it from a second payment of the
 * same day. */
static bool same_line(const struct recon_statement *statement, const struct recon_line *before,
                      const struct line_ask *line)
{
    return before->statement != statement->id && before->amount.minor == line->amount.minor &&
           before->booked_at.ms == line->at.ms && strcmp(before->reference, said(line->reference)) == 0 &&
           (before->reference[0] != '\0' || !moves_money(line));
}

/* The same key and outcome before: a second payment, unless it is the very line. */
static bool told_before(const struct recon_known *known, const struct line_ask *line)
{
    for (size_t i = 0; i < known->lines_count; i++)
        if ((int)known->lines[i]->outcome == line->outcome)
            return true;
    return false;
}

static bool is_repeated(const struct recon_statement *statement, const struct recon_known *known,
                        const struct line_ask *line)
{
    for (size_t i = 0; i < known->lines_count; i++)
        if ((int)known->lines[i]->outcome == line->outcome && same_line(statement, known->lines[i], line))
            return true;
    return false;
}

/* What our books had proof of before this line (design: evidence ends a leg) against what it says. */
static const bool contradictions[EVIDENCE__COUNT][ATTEMPT__COUNT] = {
    [EVIDENCE_PAID] = {[ATTEMPT_REFUSED] = true},
    [EVIDENCE_ACCEPTED] = {[ATTEMPT_REFUSED] = true},
    [EVIDENCE_NOT_PAID] = {[ATTEMPT_PAID] = true, [ATTEMPT_RETURNED] = true},
    [EVIDENCE_RETURNED] = {[ATTEMPT_REFUSED] = true},
};

/* What gives money back to a customer, who may withdraw it again. */
static const bool freed[EVIDENCE__COUNT][ATTEMPT__COUNT] = {
    [EVIDENCE_NOT_PAID] = {[ATTEMPT_INTENT] = true, [ATTEMPT_UNKNOWN] = true},
    [EVIDENCE_RETURNED] = {[ATTEMPT_INTENT] = true, [ATTEMPT_UNKNOWN] = true, [ATTEMPT_PAID] = true},
};

static bool frees(const struct stray_place *place, int outcome)
{
    if (place->attempt == NULL)
        return place->stray != NULL && (outcome == EVIDENCE_NOT_PAID || outcome == EVIDENCE_RETURNED);
    return freed[outcome][place->attempt->status];
}

static bool amount_differs(const struct stray_place *place, const struct line_ask *line)
{
    return moves_money(line) && (line->amount.minor != place->attempt->amount.minor ||
                                 strcmp(said(line->currency), place->dossier->withdrawal->currency) != 0);
}

/* The third of the three: the channel's clearing account has what the payment's state says. Where money stands in
 * suspense beside a refused payment, people look already. */
static bool ledger_differs(const struct stray_place *place, const struct recon_known *known)
{
    int64_t expected = place->attempt->status == ATTEMPT_PAID ? place->attempt->amount.minor : 0;

    return known->posted_known && place->attempt->status != ATTEMPT_REFUSED && known->posted.minor != expected;
}

/* BREAK_KIND_NONE: all say the same, or will when the line has been heard. */
static enum break_kind compare(const struct stray_place *place, const struct recon_known *known,
                               const struct line_ask *line)
{
    if (place->attempt == NULL && place->stray == NULL)
        return moves_money(line) ? BREAK_THEIRS_NOT_OURS : BREAK_KIND_NONE;
    if (told_before(known, line) && moves_money(line))
        return BREAK_DUPLICATE;
    if (place->attempt == NULL) /* of a lost time, which people settle as a stray */
        return frees(place, line->outcome) ? BREAK_STATUS_DIFFERS : BREAK_KIND_NONE;
    if (contradictions[line->outcome][place->attempt->status])
        return BREAK_STATUS_DIFFERS;
    if (amount_differs(place, line) || ledger_differs(place, known))
        return BREAK_AMOUNT_DIFFERS;
    return frees(place, line->outcome) ? BREAK_STATUS_DIFFERS : BREAK_KIND_NONE;
}

/* A payment that was proven is proven no more by a line that agrees; a bank's statement names it in its own way, which
 * would pass for a second one. */
static bool is_known(const struct stray_place *place, enum break_kind kind, const struct line_ask *line)
{
    return kind == BREAK_KIND_NONE && line->outcome == EVIDENCE_PAID && place->attempt != NULL &&
           place->attempt->status == ATTEMPT_PAID;
}

static const char *verdict_of(const struct stray_place *place, enum break_kind kind)
{
    if (kind != BREAK_KIND_NONE)
        return kind_text(kind);
    return place->attempt != NULL || place->stray != NULL ? "matched" : "void";
}

static struct recon_line *line_keep(struct deciding *d, struct recon_statement *statement,
                                    const struct stray_place *place, struct recon_known *known,
                                    const struct line_ask *line)
{
    struct recon_line *kept = DECIDING_NEW(d, recon_line);

    kept->id = deciding_id(d, &nobody);
    kept->statement = statement->id;
    kept->number = ++statement->taken;
    deciding_fill(kept->channel, sizeof kept->channel, statement->channel);
    deciding_fill(kept->key, sizeof kept->key, line->key);
    kept->outcome = (enum evidence_kind)line->outcome;
    kept->amount = line->amount;
    deciding_fill(kept->currency, sizeof kept->currency, line->currency);
    deciding_fill(kept->reference, sizeof kept->reference, line->reference);
    kept->booked_at = line->at;
    kept->attempt = place->attempt != NULL ? place->attempt->id : 0;
    known->lines[known->lines_count++] = kept;
    changes_put(d->changes, &statement->row);
    return kept;
}

void recon_take(struct deciding *d, struct recon_statement *statement, struct quarantine *q, struct stray_place *place,
                struct recon_known *known, const struct channel_terms *terms, const struct line_ask *line,
                const char **ret_verdict)
{
    bool repeated = is_repeated(statement, known, line);
    bool doubted = q == NULL && frees(place, line->outcome);
    enum break_kind kind = q != NULL || repeated ? BREAK_KIND_NONE : compare(place, known, line);
    bool heard = !repeated && !doubted && (q != NULL || !is_known(place, kind, line));
    const struct attempt *ours = place->attempt;
    struct recon_line *kept;

    *ret_verdict = repeated ? "repeated" : verdict_of(place, kind);
    if (heard && (q != NULL || place->attempt != NULL || place->stray != NULL)) {
        const char *effect = "";

        stray_line(d, q, statement->channel, terms, place, SOURCE_STATEMENT, line, &effect);
        known->posted_known = false; /* the ledger goes on with it */
        if (q != NULL)
            *ret_verdict = effect;
    }
    kept = line_keep(d, statement, place, known, line);
    kept->verdict = *ret_verdict;
    late_settle(d, known, line);
    if (kind != BREAK_KIND_NONE) {
        struct recon_break *found = break_open(d, statement, kind, line->key, ours);

        if (doubted)
            found->detail = "it says that the money did not leave, or came back: a second person confirms that";
        found->line = kept->number;
        found->theirs = line->amount;
        deciding_fill(found->currency, sizeof found->currency, line->currency);
    } else {
        statement->matched++;
    }
}

/* ---- settling a break ---- */

/* Two people, and a line that still says something of the payment as it stands. */
static struct decision claim_check(struct deciding *d, const struct recon_claim *claim)
{
    const struct attempt *attempt = claim->place->attempt;
    const struct recon_line *line = claim->line;

    if (line == NULL || !frees(claim->place, (int)line->outcome))
        return decision_conflict(REFUSAL_STATE_CONFLICT, "There is nothing to believe: no money would be freed by it.");
    if (strcmp(claim->statement->principal, d->principal) == 0 ||
        (claim->place->dossier != NULL && strcmp(claim->place->dossier->withdrawal->maker, d->principal) == 0))
        return decision_refused(REFUSAL_MAKER_IS_CHECKER, NULL, NULL,
                                "Whoever handed the statement in, or made the withdrawal, may not confirm it.");
    if (attempt == NULL)
        return decision_ok();
    if (line->outcome == EVIDENCE_NOT_PAID &&
        (attempt->sends > 1 || instant_before(line->booked_at, attempt->began_at)))
        return decision_conflict(REFUSAL_STATE_CONFLICT,
                                 "The payment was sent again, or after this was said: it proves nothing.");
    if (line->outcome == EVIDENCE_RETURNED && line->amount.minor != attempt->amount.minor)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "Another amount came back than was sent.");
    return decision_ok();
}

static void believe(struct deciding *d, const struct recon_claim *claim)
{
    const struct recon_line *line = claim->line;
    const struct line_ask told = {.key = line->key,
                                  .outcome = (int)line->outcome,
                                  .amount = line->amount,
                                  .currency = line->currency[0] != '\0' ? line->currency : NULL,
                                  .reference = line->reference[0] != '\0' ? line->reference : NULL,
                                  .at = line->booked_at};
    const char *effect;

    stray_line(d, NULL, claim->statement->channel, claim->terms, claim->place, SOURCE_STATEMENT, &told, &effect);
}

struct decision recon_settle(struct deciding *d, struct recon_break *found, const struct recon_claim *claim,
                             const char *reason)
{
    if (found->status != BREAK_OPEN)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "This break is settled already.");
    if (claim != NULL) {
        struct decision decision = claim_check(d, claim);

        if (!decision_accepts(&decision))
            return decision;
        believe(d, claim);
    }
    d->object = found->id;
    break_settle(d, found, d->principal, reason);
    return decision_ok();
}

/* ---- the statement ---- */

struct recon_statement *recon_begin(struct deciding *d, const struct statement_ask *ask, const uint8_t hash[HASH_BYTES])
{
    struct recon_statement *statement = DECIDING_NEW(d, recon_statement);

    statement->id = deciding_id(d, &nobody);
    deciding_fill(statement->channel, sizeof statement->channel, ask->channel);
    memcpy(statement->hash, hash, HASH_BYTES);
    deciding_fill(statement->format, sizeof statement->format, ask->format != NULL ? ask->format : "lines");
    deciding_fill(statement->own_account, sizeof statement->own_account, ask->account);
    statement->covers_from = ask->from;
    statement->covers_to = ask->to;
    statement->lines = ask->total;
    statement->swept = id_last_of(instant_add_ms(ask->from, -1 - ask->lag_hours * MS_HOUR));
    deciding_fill(statement->principal, sizeof statement->principal, d->principal);
    statement->at = d->now;
    deciding_move(d, "sm", statement->id, NULL, "begun", "taking");
    return statement;
}

void recon_missing(struct deciding *d, struct recon_statement *statement, const struct attempt *attempt,
                   const char *currency)
{
    struct recon_break *found = break_open(d, statement, BREAK_OURS_NOT_THEIRS, attempt->key, attempt);

    deciding_fill(found->currency, sizeof found->currency, currency);
    changes_put(d->changes, &statement->row);
}

void recon_done(struct deciding *d, struct recon_statement *statement)
{
    INVARIANT(34, statement->taken == statement->lines);
    statement->done_at = d->now;
    deciding_move(d, "sm", statement->id, "taking", "taken", "taken");
    changes_put(d->changes, &statement->row);
}
