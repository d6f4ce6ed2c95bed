/* SPDX-License-Identifier: Apache-2.0 */
/* Withdrawals: the customer's, the reviewer's, the clock's and the channels' commands about them. */
#include "engine/step.h"

#include <stdio.h>
#include <string.h>

static const struct policy *pinned(const struct step *s, const struct withdrawal *w)
{
    const struct policy *policy = policies_find(s->config->policies, w->policy, w->policy_version);

    INVARIANT(32, policy != NULL);
    return policy;
}

/* The withdrawal as the contract shows it, with the callers' names of its top-ups. */
void withdrawal_answer(struct step *s)
{
    const struct dossier *dossier = s->dossier;
    const char **refs = arena_must(s->d.arena, (dossier->lots_count + 1) * sizeof *refs);

    for (size_t i = 0; i < dossier->lots_count; i++)
        for (size_t j = 0; j < s->book->topups_count; j++)
            if (s->book->topups[j]->id == dossier->lots[i]->topup)
                refs[i] = s->book->topups[j]->ref;
    view_withdrawal(s->out, dossier, s->d.policy, s->book->account->ref, refs, false);
    s->version = dossier->withdrawal->version;
}

enum err load_withdraw(struct step *s)
{
    const struct withdraw_ask *ask = s->command->ask;

    TRY(batch_book(s->batch, ask->account, BOOK_IDENTITY | BOOK_SUBJECT | BOOK_TOPUPS, &s->book));
    s->missing = s->book == NULL;
    if (s->missing)
        return ERR_NONE;
    s->d.policy = policies_find(s->config->policies, s->book->account->policy, 0);
    return batch_book_fill(s->batch, s->book, BOOK_PAYERS);
}

struct decision decide_withdraw(struct step *s)
{
    struct dossier *dossier = ARENA_MUST(s->d.arena, struct dossier);
    struct decision decision =
        withdrawal_make(&s->d, s->book, s->command->ask, s->command->dry_run, dossier, &s->quote);

    if (!decision_accepts(&decision))
        return decision;
    s->dossier = dossier;
    withdrawal_answer(s);
    if (s->command->dry_run)
        return decision;
    if (batch_put_dossier(s->batch, dossier) != ERR_NONE)
        INVARIANT(2, false);
    char id[ID_TEXT_BYTES];

    id_format("wd", dossier->withdrawal->id, id);
    snprintf(s->location, sizeof s->location, "/v1/withdrawals/%s", id);
    return decision;
}

enum err load_withdrawal(struct step *s)
{
    /* A right code may plan anew, and then names are compared again. */
    unsigned payers = s->command->kind == COMMAND_CODE ? BOOK_PAYERS : 0;

    TRY(batch_dossier(s->batch, s->command->object_id, BOOK_IDENTITY | BOOK_SUBJECT | BOOK_TOPUPS | payers, &s->dossier,
                      &s->book));
    s->missing = s->dossier == NULL;
    if (!s->missing)
        s->d.policy = pinned(s, s->dossier->withdrawal);
    return ERR_NONE;
}

static struct decision answered(struct step *s, struct decision decision)
{
    if (decision_accepts(&decision))
        withdrawal_answer(s);
    return decision;
}

struct decision decide_code(struct step *s)
{
    const struct code_ask *ask = s->command->ask;

    return answered(s, withdrawal_code(&s->d, s->book, s->dossier, ask->code, &s->quote));
}

struct decision decide_resend(struct step *s)
{
    return answered(s, withdrawal_resend(&s->d, s->book, s->dossier));
}

struct decision decide_cancel(struct step *s)
{
    return answered(s, withdrawal_cancel(&s->d, s->book, s->dossier));
}

struct decision decide_review(struct step *s)
{
    return answered(s, withdrawal_review(&s->d, s->book, s->dossier, s->command->ask, s->command->if_match,
                                         s->command->any_version));
}

struct decision decide_tick(struct step *s)
{
    struct channel_terms terms = terms_of(s->config->channels);

    return answered(s, withdrawal_tick(&s->d, s->book, s->dossier, &terms, &s->calls));
}

enum err load_evidence(struct step *s)
{
    struct rows rows = {0};

    TRY(store_select(s->batch->store, QUERY_ATTEMPT_BY_KEY, (struct value[]){value_text("key", s->command->answer.key)},
                     1, &attempt_table, s->batch->arena, &rows));
    /* A key that we never made, or never gave to this channel: decide_evidence keeps it for people to see. */
    if (rows.count == 0 || strcmp(((const struct attempt *)rows.items[0])->channel, s->command->channel) != 0)
        return ERR_NONE;
    s->command->object_id = ((const struct attempt *)rows.items[0])->withdrawal;
    TRY(load_withdrawal(s));
    for (size_t i = 0; !s->missing && i < s->dossier->attempts_count; i++)
        if (strcmp(s->dossier->attempts[i]->key, s->command->answer.key) == 0)
            s->attempt = s->dossier->attempts[i];
    return ERR_NONE;
}

/* Somebody proves something about a payment that is not ours: worth an incident, moves nothing. */
static struct decision evidence_unknown(struct step *s)
{
    const struct channel_answer *answer = &s->command->answer;
    struct account nobody = {0};
    struct incident *incident = DECIDING_NEW(&s->d, incident);

    incident->id = deciding_id(&s->d, &nobody);
    deciding_fill(incident->kind, sizeof incident->kind, "unknown_key");
    incident->amount = answer->amount;
    incident->detail =
        deciding_text(&s->d, "%s sent evidence (%s) for the key %s, which it never got from us.", s->command->channel,
                      word_text(&evidence_kind_words, (int)answer->kind), answer->key);
    incident->at = s->d.now;
    s->d.object = incident->id;
    deciding_move(&s->d, "inc", incident->id, NULL, "opened", "open");
    out_object(s->out, NULL);
    out_id(s->out, "incident", "inc", incident->id);
    out_object_end(s->out);
    return decision_ok();
}

struct decision decide_evidence(struct step *s)
{
    const struct channel_answer *answer = &s->command->answer;

    if (s->attempt == NULL)
        return evidence_unknown(s);
    return answered(s,
                    withdrawal_evidence(&s->d, s->book, s->dossier, s->attempt, s->command->channel, s->command->source,
                                        answer->kind, answer->key, answer->code, deciding_copy(&s->d, answer->detail),
                                        answer->reference, answer->amount, answer->currency));
}

/* Two people settle what no channel tells: the first proposes with a document, another one confirms the same. */
static const struct evidence *proposal(struct step *s, const struct attempt *attempt, const struct evidence_ask *ask,
                                       bool *ret_own)
{
    struct rows rows = {0};
    char own[REF_BYTES];

    *ret_own = false;
    deciding_fill(own, sizeof own, s->command->principal); /* cut as it is in the row */
    if (store_select(s->batch->store, QUERY_EVIDENCE_BY_WITHDRAWAL,
                     (struct value[]){value_int("withdrawal", s->dossier->withdrawal->id)}, 1, &evidence_table,
                     s->batch->arena, &rows) != ERR_NONE)
        return NULL;
    for (size_t i = rows.count; i > 0; i--) {
        const struct evidence *row = rows.items[i - 1];

        if (row->attempt != attempt->id || row->effect == NULL || strcmp(row->effect, "proposed") != 0 ||
            row->kind != (enum evidence_kind)ask->kind || row->amount.minor != ask->amount.minor)
            continue;
        if (strcmp(row->reference, own) != 0)
            return row;
        *ret_own = true;
    }
    return NULL;
}

static struct decision propose(struct step *s, const struct attempt *attempt, const struct evidence_ask *ask)
{
    struct evidence *row = DECIDING_NEW(&s->d, evidence);

    row->id = deciding_id(&s->d, s->book->account);
    row->attempt = attempt->id;
    row->withdrawal = attempt->withdrawal;
    row->account = attempt->account;
    deciding_fill(row->channel, sizeof row->channel, attempt->channel);
    deciding_fill(row->key, sizeof row->key, attempt->key);
    row->source = SOURCE_MANUAL;
    row->kind = (enum evidence_kind)ask->kind;
    deciding_fill(row->code, sizeof row->code, "proposed");
    deciding_fill(row->reference, sizeof row->reference, s->command->principal);
    row->amount = ask->amount;
    row->detail = deciding_text(&s->d, "document %s: %s", ask->document, ask->reason != NULL ? ask->reason : "");
    row->effect = "proposed";
    row->at = s->d.now;
    s->d.object = s->dossier->withdrawal->id;
    deciding_move(&s->d, "at", attempt->id, NULL, "proposed", NULL);
    return decision_ok();
}

static struct attempt *attempt_of_key(const struct dossier *dossier, const char *key)
{
    for (size_t i = 0; i < dossier->attempts_count; i++)
        if (key != NULL && strcmp(dossier->attempts[i]->key, key) == 0)
            return dossier->attempts[i];
    return NULL;
}

static bool leg_is_manual(const struct dossier *dossier, const struct attempt *attempt)
{
    for (size_t i = 0; i < dossier->legs_count; i++)
        if (dossier->legs[i]->id == attempt->leg)
            return dossier->legs[i]->status == LEG_MANUAL;
    return false;
}

struct decision decide_resolve(struct step *s)
{
    const struct evidence_ask *ask = s->command->ask;
    struct attempt *attempt = attempt_of_key(s->dossier, ask->key);
    bool own = false;

    if (attempt == NULL)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/key", "The withdrawal has no payment of that key.");
    if (ask->kind != EVIDENCE_PAID && ask->kind != EVIDENCE_NOT_PAID)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/kind", "paid or not_paid");
    if (ask->document == NULL)
        return decision_refused(REFUSAL_DOCUMENTS_REQUIRED, NULL, "/document", "A decision by hand needs a document.");
    if (!leg_is_manual(s->dossier, attempt))
        return decision_conflict(REFUSAL_STATE_CONFLICT,
                                 "Only a payment that has aged into manual is decided by hand.");
    if (strcmp(s->dossier->withdrawal->maker, s->command->principal) == 0)
        return decision_refused(REFUSAL_MAKER_IS_CHECKER, NULL, NULL, "Whoever made it may not decide on it.");
    if (proposal(s, attempt, ask, &own) == NULL)
        return own ? decision_refused(REFUSAL_MAKER_IS_CHECKER, NULL, NULL,
                                      "You have proposed it already; another person must confirm.")
                   : answered(s, propose(s, attempt, ask));
    return answered(s, withdrawal_evidence(&s->d, s->book, s->dossier, attempt, attempt->channel, SOURCE_MANUAL,
                                           (enum evidence_kind)ask->kind, attempt->key, ask->code, ask->reason,
                                           ask->reference, ask->amount, NULL));
}
