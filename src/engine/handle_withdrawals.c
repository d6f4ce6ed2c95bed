/* SPDX-License-Identifier: Apache-2.0 */
/* Withdrawals: the customer's, the reviewer's, the clock's and the channels' commands about them. */
#include "engine/step.h"

#include <stdio.h>
#include <string.h>

#define STRANGE "unknown_key" /* the incident of a key that nobody made */

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

/* Names of payers are sealed, one by one: they are opened only where they are compared. */
static unsigned topups_with_payers(const struct policy *policy, enum route route, bool destination)
{
    return withdrawal_asks_payers(policy, route, destination) ? BOOK_PAYERS : BOOK_TOPUPS;
}

static bool named_before(const char *const *names, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(names[i], names[at]) == 0)
            return true;
    return false;
}

/* What counts as a document is one that was brought, for this account. */
static enum err document_find(struct step *s, const char *name, bool *ret_own)
{
    const struct document *document = NULL;
    int64_t id;

    *ret_own = false;
    if (!id_parse("doc", name, &id))
        return ERR_NONE;
    TRY(batch_document(s->batch, id, &document));
    *ret_own = document != NULL && document->account == s->book->account->id;
    return ERR_NONE;
}

/* AL-14: each counts once. */
static enum err documents_find(struct step *s, const struct field_list *documents)
{
    const char *const *names = documents->items;
    enum err err = ERR_NONE;

    s->strange_document = 0;
    for (size_t i = 0; i < documents->count; i++) {
        bool own = false;
        enum err found = named_before(names, i) ? ERR_NONE : document_find(s, names[i], &own);

        err = batch_both(err, found);
        if (found == ERR_NONE && !own && s->strange_document == 0)
            s->strange_document = i + 1;
    }
    return err;
}

enum err load_withdraw(struct step *s)
{
    const struct withdraw_ask *ask = s->command->ask;

    TRY(batch_book(s->batch, ask->account, 0, &s->book));
    s->missing = s->book == NULL;
    if (s->missing)
        return ERR_NONE;
    s->d.policy = policies_find(s->config->policies, s->book->account->policy, 0);
    return batch_both(
        documents_find(s, &ask->documents),
        batch_book_fill(s->batch, s->book,
                        BOOK_IDENTITY | BOOK_SUBJECT |
                            topups_with_payers(s->d.policy, (enum route)ask->route, ask->destination.given)));
}

struct decision decide_withdraw(struct step *s)
{
    struct dossier *dossier = ARENA_MUST(s->d.arena, struct dossier);
    struct decision decision;

    if (s->strange_document > 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL,
                                deciding_text(&s->d, "/documents/%zu", s->strange_document - 1),
                                "There is no such document of this account, or it is named twice.");
    decision = withdrawal_make(&s->d, s->book, s->command->ask, s->command->dry_run, dossier, &s->quote);

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

/* The other top-ups of the account are read only where a quote is made again: when the code is right (it may plan anew,
 * and then names are compared), at a review, and while a leg waits for its first send. Evidence moves nothing but its
 * own lots. */
static unsigned topups_needed(enum command_kind kind, const struct policy *policy, const struct dossier *dossier)
{
    const struct withdrawal *w = dossier->withdrawal;

    if (kind == COMMAND_CODE)
        return topups_with_payers(policy, w->route, w->destination != NULL);
    if (kind == COMMAND_REVIEW)
        return BOOK_TOPUPS;
    for (size_t i = 0; kind == COMMAND_TICK && i < dossier->legs_count; i++)
        if (dossier->legs[i]->status == LEG_HELD)
            return BOOK_TOPUPS;
    return 0;
}

/* Asked for together with the dossier where each further question is another way over the network. */
static unsigned topups_likely(enum command_kind kind)
{
    return kind == COMMAND_CODE ? BOOK_PAYERS : kind == COMMAND_REVIEW ? BOOK_TOPUPS : 0;
}

enum err load_withdrawal(struct step *s)
{
    TRY(batch_dossier(s->batch, s->command->object_id,
                      BOOK_IDENTITY | BOOK_SUBJECT | (s->batch->shared ? topups_likely(s->command->kind) : 0),
                      &s->dossier, &s->book));
    s->missing = s->dossier == NULL;
    if (s->missing)
        return ERR_NONE;
    s->d.policy = pinned(s, s->dossier->withdrawal);
    return batch_book_fill(s->batch, s->book, topups_needed(s->command->kind, s->d.policy, s->dossier));
}

static struct decision answered(struct step *s, struct decision decision)
{
    if (decision_accepts(&decision) && !s->command->quiet)
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

/* Whoever looks at applications sends them back or rejects them; a yes is another's. */
bool review_allows(const struct command *command)
{
    const struct review_ask *ask = command->ask;

    return (command->roles & ROLE_APPROVE) != 0 ||
           (ask->decision != REVIEW_APPROVE && (command->roles & ROLE_REVIEW) != 0);
}

struct decision decide_review(struct step *s)
{
    return answered(s, withdrawal_review(&s->d, s->book, s->dossier, s->command->ask, s->command->if_match,
                                         s->command->any_version));
}

struct decision decide_tick(struct step *s)
{
    struct channel_terms terms = terms_of(s->config->channels);

    if (s->quarantined)
        return answered(s, withdrawal_question(&s->d, s->book, s->dossier, &s->calls));
    return answered(s, withdrawal_tick(&s->d, s->book, s->dossier, &terms, &s->calls));
}

enum err told_load(struct batch *batch, struct dossier *dossier)
{
    struct rows rows = {0};

    if (dossier->told_loaded)
        return ERR_NONE;
    TRY(batch_evidence(batch, dossier->withdrawal->id, &rows));
    size_t count = rows.count + dossier->told_count, capacity = 2 * count + 16;
    struct evidence **told = arena_alloc(batch->arena, capacity * sizeof(struct evidence *));
    if (told == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < count; i++)
        told[i] = i < rows.count ? rows.items[i] : dossier->told[i - rows.count];
    dossier->told = told;
    dossier->told_count = count;
    dossier->told_capacity = capacity;
    dossier->told_loaded = true;
    return ERR_NONE;
}

/* A channel's words are bytes until here. What is no text would stop a store that takes only text, and each time that
 * it is told again. */
static void answer_clean(struct channel_answer *answer)
{
    text_clean(answer->key, sizeof answer->key);
    text_clean(answer->code, sizeof answer->code);
    text_clean(answer->detail, sizeof answer->detail);
    text_clean(answer->reference, sizeof answer->reference);
    text_clean(answer->currency, sizeof answer->currency);
}

/* The same words in this batch, which is not saved yet. */
static const struct incident *told_in_batch(const struct changes *changes, const struct incident *wanted)
{
    for (const struct row *row = changes->first; row != NULL; row = row->next_changed) {
        const struct incident *incident = (const struct incident *)row;

        if (row->table == &incident_table && strcmp(incident->kind, wanted->kind) == 0 &&
            strcmp(incident->detail, wanted->detail) == 0 && incident->amount.minor == wanted->amount.minor)
            return incident;
    }
    return NULL;
}

/* Of a key that we never made, or never gave to this channel: was the same said before? Seldom: read, not gathered. */
static enum err load_strange(struct step *s)
{
    const struct channel_answer *answer = &s->command->answer;
    struct incident wanted = {.kind = STRANGE, .amount = answer->amount};
    struct rows rows = {0};

    TRY(load_stray_evidence(s));
    if (s->stray != NULL || s->batch->gathering)
        return ERR_NONE;
    s->strange = arena_format(s->batch->arena, "%s sent evidence (%s%s%s) for the key %s, which it never got from us.",
                              s->command->channel, word_text(&evidence_kind_words, (int)answer->kind),
                              answer->reference[0] != '\0' ? " " : "", answer->reference, answer->key);
    if (s->strange == NULL)
        return ERR_RETRY;
    wanted.detail = s->strange;
    s->told = told_in_batch(&s->batch->changes, &wanted);
    if (s->told != NULL)
        return ERR_NONE;
    TRY(store_select(s->batch->store, QUERY_INCIDENT_TOLD,
                     (struct value[]){value_int("shard", shard_of_ref("")), value_text("kind", STRANGE),
                                      value_text("detail", s->strange), value_int("amount", answer->amount.minor)},
                     4, &incident_table, s->batch->arena, &rows));
    s->told = rows.count > 0 ? rows.items[0] : NULL;
    return ERR_NONE;
}

enum err load_evidence(struct step *s)
{
    const struct attempt *attempt;

    answer_clean(&s->command->answer);
    TRY(batch_attempt_by_key(s->batch, s->command->answer.key, &attempt));
    if (attempt == NULL || strcmp(attempt->channel, s->command->channel) != 0)
        return load_strange(s);
    s->command->object_id = attempt->withdrawal;
    if (s->quarantined)
        TRY(batch_quarantine(s->batch, &s->quarantine));
    TRY(load_withdrawal(s));
    for (size_t i = 0; !s->missing && i < s->dossier->attempts_count; i++)
        if (strcmp(s->dossier->attempts[i]->key, s->command->answer.key) == 0)
            s->attempt = s->dossier->attempts[i];
    if (s->attempt == NULL ||
        (s->command->answer.alarm == ALARM_NONE &&
         evidence_is_plain(s->dossier, s->attempt, s->command->answer.amount, s->command->answer.currency)))
        return ERR_NONE;
    return told_load(s->batch, s->dossier);
}

/* Somebody proves something about a payment that is not ours: worth an incident, moves nothing. Told again, it is the
 * one that there is. */
static struct decision evidence_unknown(struct step *s)
{
    const struct incident *told = s->told;
    struct account nobody = {0};

    if (told == NULL) {
        struct incident *incident = DECIDING_NEW(&s->d, incident);

        incident->id = deciding_id(&s->d, &nobody);
        deciding_fill(incident->kind, sizeof incident->kind, STRANGE);
        incident->amount = s->command->answer.amount;
        incident->detail = deciding_copy(&s->d, s->strange);
        incident->at = s->d.now;
        s->d.object = incident->id;
        deciding_move(&s->d, "inc", incident->id, NULL, "opened", "open");
        told = incident;
    }
    out_object(s->out, NULL);
    out_id(s->out, "incident", "inc", told->id);
    out_object_end(s->out);
    return decision_ok();
}

static bool is_news(const struct evidence *evidence)
{
    return strcmp(evidence->effect, "none") != 0 && strcmp(evidence->effect, "duplicate") != 0;
}

static void evidence_alarm(struct step *s)
{
    static const struct {
        const char *kind, *what;
    } alarms[CHANNEL_ALARM__COUNT] = {
        [ALARM_TELL] = {"channel_disagrees", "its books, or its reading of our order, differ from ours."},
        [ALARM_HALT] = {"channel_halted",
                        "our side is wrong there (key, permission or balance). Nothing is sent to it but "
                        "tries, until one is answered otherwise; payments wait."}};
    enum channel_alarm alarm = s->command->answer.alarm;

    if (alarm != ALARM_NONE)
        withdrawal_alarm(&s->d, s->book, s->dossier, s->attempt, alarms[alarm].kind, alarms[alarm].what);
}

struct decision decide_evidence(struct step *s)
{
    const struct channel_answer *answer = &s->command->answer;
    struct decision decision;

    if (s->stray != NULL)
        return decide_stray_evidence(s);
    if (s->attempt == NULL)
        return evidence_unknown(s);
    decision = withdrawal_evidence(&s->d, s->book, s->dossier, s->attempt, s->command->channel, s->command->source,
                                   answer->kind, answer->key, answer->code, deciding_copy(&s->d, answer->detail),
                                   answer->reference, answer->amount, answer->currency);
    evidence_alarm(s);
    if (s->quarantine != NULL && is_news(s->dossier->told[s->dossier->told_count - 1]))
        quarantine_disturb(&s->d, s->quarantine);
    return answered(s, decision);
}

enum err load_resolve(struct step *s)
{
    const struct evidence_ask *ask = s->command->ask;
    bool own = true;

    TRY(load_withdrawal(s));
    if (s->missing)
        return ERR_NONE;
    if (ask->document != NULL)
        TRY(document_find(s, ask->document, &own));
    s->strange_document = !own;
    return told_load(s->batch, s->dossier);
}

/* Two people settle what no channel tells: the first proposes with a document, another one confirms the same. */
static const struct evidence *proposal(const struct step *s, const struct attempt *attempt,
                                       const struct evidence_ask *ask, bool *ret_own)
{
    char own[REF_BYTES];

    *ret_own = false;
    deciding_fill(own, sizeof own, s->command->principal); /* cut as it is in the row */
    for (size_t i = s->dossier->told_count; i > 0; i--) {
        const struct evidence *row = s->dossier->told[i - 1];

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
    dossier_add_told(&s->d, s->dossier, row);
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
    if (s->strange_document > 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/document", "There is no such document of this account.");
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
