/* SPDX-License-Identifier: Apache-2.0 */
/* A channel's statement of the lost time: each line finds its attempt, or the leg that would have used its key, or the
 * stray that it made before, or at least its account; then all of them are decided, in their order and in one commit.
 */
#include "engine/step.h"

#include "domain/channel_key.h"

#include <stdio.h>
#include <string.h>

#define LINE_ARENA_BYTES ((size_t)32 << 10)
#define LINE_LOT_BYTES ((size_t)2 << 10)
#define BOOK_NEEDS (BOOK_IDENTITY | BOOK_SUBJECT)

static const struct line_ask *lines_of(const struct step *s)
{
    return ((const struct statement_ask *)s->command->ask)->lines.items;
}

static size_t lines_count(const struct step *s)
{
    return ((const struct statement_ask *)s->command->ask)->lines.count;
}

/* ---- where a line belongs ---- */

static enum err withdrawal_find(struct step *s, int64_t withdrawal, struct stray_place *place)
{
    TRY(batch_dossier(s->batch, withdrawal, BOOK_NEEDS, &place->dossier, &place->book));
    return place->dossier != NULL ? told_load(s->batch, place->dossier) : ERR_NONE;
}

static enum err by_attempt(struct step *s, const char *channel, const char *key, struct stray_place *place)
{
    struct rows rows = {0};
    const struct attempt *row;

    TRY(store_select(s->batch->store, QUERY_ATTEMPT_BY_KEY, (struct value[]){value_text("key", key)}, 1, &attempt_table,
                     s->batch->arena, &rows));
    row = rows.count > 0 ? rows.items[0] : NULL;
    if (row == NULL || strcmp(row->channel, channel) != 0)
        return ERR_NONE; /* the key of another channel is none of this one's */
    TRY(withdrawal_find(s, row->withdrawal, place));
    for (size_t i = 0; place->dossier != NULL && i < place->dossier->attempts_count; i++)
        if (strcmp(place->dossier->attempts[i]->key, key) == 0)
            place->attempt = place->dossier->attempts[i];
    return ERR_NONE;
}

static enum err by_leg(struct step *s, const char *key, struct stray_place *place)
{
    int64_t leg, number, withdrawal = 0;

    if (!channel_key_parse(key, &leg, &number))
        return ERR_NONE;
    TRY(store_int(s->batch->store, QUERY_WITHDRAWAL_OF_LEG, (struct value[]){value_int("id", leg)}, 1, &withdrawal));
    if (withdrawal == 0)
        return ERR_NONE;
    TRY(withdrawal_find(s, withdrawal, place));
    for (size_t i = 0; place->dossier != NULL && number == 1 && i < place->dossier->legs_count; i++)
        if (place->dossier->legs[i]->id == leg)
            place->leg = place->dossier->legs[i];
    return ERR_NONE;
}

static enum err by_stray(struct step *s, const char *channel, const char *key, struct stray_place *place)
{
    struct rows rows = {0};

    TRY(store_select(s->batch->store, QUERY_STRAY_BY_KEY,
                     (struct value[]){value_text("channel", channel), value_text("key", key)}, 2, &stray_table,
                     s->batch->arena, &rows));
    if (rows.count == 0)
        return ERR_NONE;
    place->stray = rows.items[0];
    if (place->stray->account == 0)
        return ERR_NONE;
    return batch_book_by_id(s->batch, place->stray->account, BOOK_NEEDS, &place->book);
}

enum err statement_place(struct step *s, const char *channel, const struct line_ask *line, struct stray_place *place)
{
    TRY(by_attempt(s, channel, line->key, place));
    if (place->attempt == NULL)
        TRY(by_stray(s, channel, line->key, place));
    if (place->attempt == NULL && place->stray == NULL)
        TRY(by_leg(s, line->key, place));
    if (place->book == NULL && line->account != NULL)
        TRY(batch_book(s->batch, line->account, BOOK_NEEDS, &place->book));
    if (place->dossier != NULL)
        s->reserve_bytes += place->dossier->lots_count * LINE_LOT_BYTES;
    s->reserve_bytes += LINE_ARENA_BYTES;
    return ERR_NONE;
}

/* A key that stands in two lines (paid, then returned) has one place: what the first line made, the second one finds.
 */
size_t statement_first(const struct step *s, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(lines_of(s)[i].key, lines_of(s)[at].key) == 0)
            return i;
    return at;
}

static struct stray_place *place_of(struct step *s, size_t at)
{
    return &s->places[statement_first(s, at)];
}

enum err load_statement(struct step *s)
{
    const struct statement_ask *ask = s->command->ask;

    TRY(load_quarantine(s));
    if (s->quarantine == NULL && ask->hash == NULL)
        return ERR_NONE;
    s->places = arena_alloc(s->batch->arena, (ask->lines.count + 1) * sizeof *s->places);
    if (s->places == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < ask->lines.count; i++) {
        TRY(statement_place(s, ask->channel, &lines_of(s)[i], &s->places[i]));
        TRY(stray_told_load(s->batch, place_of(s, i), &lines_of(s)[i]));
    }
    return ask->hash != NULL ? recon_load(s) : ERR_NONE;
}

/* ---- may it be taken in ---- */

static struct decision wrong(struct step *s, size_t line, const char *member, const char *detail)
{
    char *pointer = arena_format(s->batch->arena, "/lines/%zu/%s", line, member);

    return decision_refused(REFUSAL_INVALID_VALUE, NULL, pointer, detail);
}

static bool has_amount(const struct line_ask *line)
{
    return line->outcome == EVIDENCE_PAID || line->outcome == EVIDENCE_RETURNED || line->outcome == EVIDENCE_ACCEPTED;
}

static struct decision check_line(struct step *s, size_t at)
{
    const struct statement_ask *ask = s->command->ask;
    const struct line_ask *line = &lines_of(s)[at];
    const struct stray_place *place = &s->places[at];

    if (!has_amount(line) && line->outcome != EVIDENCE_NOT_PAID)
        return wrong(s, at, "outcome", "A statement says paid, not_paid, accepted or returned.");
    if (instant_before(line->at, ask->from) || instant_after(line->at, ask->to))
        return wrong(s, at, "at", "It lies outside of the statement's time.");
    if (has_amount(line) && !money_is_positive(line->amount))
        return wrong(s, at, "amount", "A payment has an amount.");
    if (has_amount(line) && (line->currency == NULL || currency_digits(line->currency) < 0))
        return wrong(s, at, "currency", "A payment has a currency.");
    if (s->quarantine != NULL && strlen(line->key) >= CHANNEL_KEY_BYTES)
        return wrong(s, at, "key", "No channel's key is so long.");
    if (line->account == NULL)
        return decision_ok();
    if (place->book == NULL)
        return wrong(s, at, "account", "There is no such account; leave it out and name it afterwards.");
    if (strcmp(place->book->account->ref, line->account) != 0 || !stray_key_fits(line->key, place->book->account))
        return wrong(s, at, "account", "The key belongs to another account.");
    return decision_ok();
}

static struct decision check_statement(struct step *s)
{
    const struct statement_ask *ask = s->command->ask;

    if (s->quarantine == NULL && ask->hash == NULL)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "Statements of a lost time are taken in during quarantine.");
    if (channels_find(s->config->channels, ask->channel) == NULL)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/channel", "There is no such channel.");
    if (!instant_before(ask->from, ask->to))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/to", "A statement ends after it begins.");
    if (instant_after(ask->to, s->d.now))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/to", "A statement cannot cover what is still to come.");
    for (size_t i = 0; i < ask->lines.count; i++) {
        struct decision decision = check_line(s, i);

        if (!decision_accepts(&decision))
            return decision;
    }
    return ask->hash != NULL ? recon_check(s) : decision_ok();
}

/* ---- taking it in ---- */

void statement_policy(struct step *s, const struct stray_place *place)
{
    s->d.policy = NULL;
    if (place->dossier != NULL)
        s->d.policy = policies_find(s->config->policies, place->dossier->withdrawal->policy,
                                    place->dossier->withdrawal->policy_version);
    else if (place->book != NULL)
        s->d.policy = policies_find(s->config->policies, place->book->account->policy, 0);
    INVARIANT(32, place->book == NULL || s->d.policy != NULL);
}

static void line_take(struct step *s, size_t at, const struct channel_terms *terms)
{
    const struct statement_ask *ask = s->command->ask;
    struct stray_place *place = place_of(s, at);
    const char *effect = "";

    statement_policy(s, place);
    stray_line(&s->d, s->quarantine, ask->channel, terms, place, SOURCE_STATEMENT, &lines_of(s)[at], &effect);
    out_object(s->out, NULL);
    out_string(s->out, "key", lines_of(s)[at].key);
    out_string(s->out, "effect", effect);
    out_id(s->out, "stray", "st", place->stray != NULL ? place->stray->id : 0);
    out_object_end(s->out);
}

struct decision decide_statement(struct step *s)
{
    const struct statement_ask *ask = s->command->ask;
    struct channel_terms terms = terms_of(s->config->channels);
    struct decision decision = check_statement(s);

    if (!decision_accepts(&decision))
        return decision;
    if (ask->hash != NULL) {
        recon_decide(s);
        return decision;
    }
    out_object(s->out, NULL);
    out_string(s->out, "channel", ask->channel);
    out_instant(s->out, "from", ask->from);
    out_instant(s->out, "to", ask->to);
    out_array(s->out, "lines");
    for (size_t i = 0; i < lines_count(s); i++)
        line_take(s, i, &terms);
    out_array_end(s->out);
    out_object_end(s->out);
    quarantine_cover(&s->d, s->quarantine, ask->channel, ask->from, ask->to, (int64_t)lines_count(s));
    return decision;
}
