/* SPDX-License-Identifier: Apache-2.0 */
/* Quarantine: its beginning, its release, and what people decide about the payments of the lost time. These commands
 * run alone in their batch: they look at rows that another command might be about to change. Evidence does not. */
#include "engine/step.h"

#include <string.h>

static enum err quarantine_open_load(struct store *store, struct arena *arena, struct quarantine **ret)
{
    struct rows rows = {0};

    TRY(store_select(store, QUERY_QUARANTINE_OPEN, NULL, 0, &quarantine_table, arena, &rows));
    *ret = rows.count > 0 ? rows.items[0] : NULL;
    return ERR_NONE;
}

enum err load_quarantine(struct step *s)
{
    return quarantine_open_load(s->batch->store, s->batch->arena, &s->quarantine);
}

static void answer(struct step *s)
{
    view_quarantine(s->out, s->quarantine);
}

/* At the engine's start, by the engine. */
struct decision decide_quarantine(struct step *s)
{
    if (s->quarantine == NULL)
        s->quarantine = quarantine_begin(&s->d, s->command->ask);
    else
        quarantine_extend(&s->d, s->quarantine, s->command->ask);
    s->turned = true;
    answer(s);
    return decision_ok();
}

/* ---- release ---- */

static enum err uncovered_find(struct store *store, const struct channels *channels, const struct quarantine *q,
                               struct arena *arena, struct quarantine_findings *ret)
{
    struct rows rows = {0};

    TRY(store_select(store, QUERY_COVERS_BY_QUARANTINE, (struct value[]){value_int("quarantine", q->id)}, 1,
                     &cover_table, arena, &rows));
    for (size_t i = channels->count; i-- > 0;) {
        const struct channel *channel = channels->items[i];
        struct instant from, to;

        if (!cover_gap((const struct cover *const *)rows.items, rows.count, channel->name, q->gap_from, q->gap_to,
                       &from, &to))
            continue;
        ret->uncovered++;
        ret->channel = channel->name;
        ret->from = from;
        ret->to = to;
    }
    return ERR_NONE;
}

static enum err strays_count(struct store *store, const struct quarantine *q, enum stray_status status, int64_t *ret)
{
    return store_int(store, QUERY_STRAYS_COUNT,
                     (struct value[]){value_int("quarantine", q->id),
                                      value_text("status", word_text(&stray_status_words, (int)status))},
                     2, ret);
}

enum err engine_findings(struct store *store, const struct channels *channels, const struct quarantine *q,
                         struct arena *arena, struct quarantine_findings *ret)
{
    struct quarantine_findings findings = {0};

    TRY(store_int(store, QUERY_ATTEMPTS_UNASKED, (struct value[]){value_int("since", q->id)}, 1, &findings.unasked));
    TRY(strays_count(store, q, STRAY_UNASSIGNED, &findings.unassigned));
    TRY(strays_count(store, q, STRAY_PENDING, &findings.pending));
    TRY(uncovered_find(store, channels, q, arena, &findings));
    *ret = findings;
    return ERR_NONE;
}

enum err load_release(struct step *s)
{
    TRY(load_quarantine(s));
    if (s->quarantine == NULL)
        return ERR_NONE;
    return engine_findings(s->batch->store, s->config->channels, s->quarantine, s->batch->arena, &s->findings);
}

struct decision decide_release(struct step *s)
{
    struct decision decision = quarantine_release(&s->d, s->quarantine, s->command->ask, &s->findings);

    if (!decision_accepts(&decision))
        return decision;
    s->turned = instant_is_set(s->quarantine->released_at);
    answer(s);
    return decision;
}

/* ---- strays ---- */

static enum err stray_load(struct step *s)
{
    struct rows rows = {0};
    int64_t id;

    s->missing = !id_parse("st", s->command->object, &id);
    if (s->missing)
        return ERR_NONE;
    TRY(store_select(s->batch->store, QUERY_STRAY_BY_ID, (struct value[]){value_int("id", id)}, 1, &stray_table,
                     s->batch->arena, &rows));
    s->missing = rows.count == 0;
    s->stray = s->missing ? NULL : rows.items[0];
    return s->missing ? ERR_NONE : load_quarantine(s);
}

/* `other` is the account that the payment stood on before, `book` the one that is named; without rows where the books
 * have lost it. */
enum err load_stray_name(struct step *s)
{
    const struct stray_name_ask *ask = s->command->ask;

    TRY(stray_load(s));
    if (s->missing)
        return ERR_NONE;
    if (s->stray->account != 0)
        TRY(batch_book_by_id(s->batch, s->stray->account, 0, &s->other));
    TRY(batch_book(s->batch, ask->account, 0, &s->book));
    if (s->book != NULL || ask->policy == NULL) {
        s->missing = s->book == NULL;
        return ERR_NONE;
    }
    s->book = ARENA_NEW(s->batch->arena, struct book);
    return s->book != NULL ? ERR_NONE : ERR_RETRY;
}

/* An account of the lost time is made again, with nothing but its name: billing will say the rest. */
static struct decision account_again(struct step *s)
{
    static const uint8_t no_subject[HASH_SHORT_BYTES];
    const struct stray_name_ask *ask = s->command->ask;
    const struct account_ask again = {.policy = ask->policy, .currency = s->stray->currency};
    struct account wanted = {0};
    struct decision decision;

    deciding_fill(wanted.ref, sizeof wanted.ref, ask->account);
    deciding_fill(wanted.currency, sizeof wanted.currency, s->stray->currency);
    decision = stray_name_check(&wanted, s->stray);
    s->d.policy = policies_find(s->config->policies, ask->policy, 0);
    return decision_accepts(&decision) ? account_put(&s->d, s->book, ask->account, &again, NULL, NULL, no_subject)
                                       : decision;
}

struct decision decide_stray_name(struct step *s)
{
    struct decision decision = decision_ok();

    if (s->book->account == NULL)
        decision = account_again(s);
    if (decision_accepts(&decision))
        decision = stray_name(&s->d, s->book, s->other, s->stray);
    if (!decision_accepts(&decision))
        return decision;
    if (s->quarantine != NULL)
        quarantine_disturb(&s->d, s->quarantine);
    view_stray(s->out, s->stray, s->book->account->ref, NULL, 0);
    return decision;
}

enum err load_stray_settle(struct step *s)
{
    TRY(stray_load(s));
    if (s->missing || s->stray->account == 0)
        return ERR_NONE;
    return batch_book_by_id(s->batch, s->stray->account, BOOK_TOPUPS, &s->book);
}

struct decision decide_stray_settle(struct step *s)
{
    struct decision decision;

    if (s->book == NULL)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "Name the account that the payment belongs to first.");
    decision = stray_settle(&s->d, s->book, s->stray, s->command->ask);
    if (decision_accepts(&decision))
        view_stray(s->out, s->stray, s->book->account->ref, NULL, 0);
    return decision;
}

/* ---- what channels say of strays, besides their statements ---- */

static enum err told_find(struct batch *batch, const struct stray *stray, struct rows *ret)
{
    if (stray->withdrawal != 0)
        return batch_evidence(batch, stray->withdrawal, ret);
    return store_select(batch->store, QUERY_EVIDENCE_BY_STRAY,
                        (struct value[]){value_int("id", stray->id), value_text("channel", stray->channel),
                                         value_text("key", stray->key)},
                        3, &evidence_table, batch->arena, ret);
}

/* Seldom: read where it is decided, not gathered. */
enum err stray_told_load(struct batch *batch, struct stray_place *place, const struct line_ask *line)
{
    const struct stray *stray = place->stray;
    struct rows rows = {0};
    size_t count = 0;

    if (batch->gathering || stray == NULL || place->told != NULL || !stray_complains(stray, line))
        return ERR_NONE;
    TRY(told_find(batch, stray, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        const struct evidence *row = rows.items[i];

        if (strcmp(row->channel, stray->channel) == 0 && strcmp(row->key, stray->key) == 0)
            rows.items[count++] = rows.items[i];
    }
    place->told = (struct evidence **)rows.items;
    place->told_count = count;
    return ERR_NONE;
}

static struct line_ask line_of(const struct step *s, const struct stray *stray)
{
    const struct channel_answer *answer = &s->command->answer;

    return (struct line_ask){.key = answer->key,
                             .currency = answer->currency[0] != '\0' ? answer->currency : stray->currency,
                             .reference = answer->reference,
                             .code = answer->code,
                             .outcome = (int)answer->kind,
                             .amount = answer->amount,
                             .at = s->d.now};
}

enum err load_stray_evidence(struct step *s)
{
    struct line_ask line;

    TRY(batch_stray(s->batch, s->command->channel, s->command->answer.key, &s->stray));
    if (s->stray == NULL)
        return ERR_NONE;
    if (s->quarantined)
        TRY(batch_quarantine(s->batch, &s->quarantine));
    if (s->stray->account != 0)
        TRY(batch_book_by_id(s->batch, s->stray->account, 0, &s->book));
    s->places = ARENA_NEW(s->batch->arena, struct stray_place);
    if (s->places == NULL)
        return ERR_RETRY;
    *s->places = (struct stray_place){.book = s->book, .stray = s->stray};
    line = line_of(s, s->stray);
    return stray_told_load(s->batch, s->places, &line);
}

struct decision decide_stray_evidence(struct step *s)
{
    struct line_ask line = line_of(s, s->stray);
    const char *effect = "";

    s->d.object = s->stray->id;
    deciding_move(&s->d, "st", s->stray->id, NULL, word_text(&evidence_kind_words, line.outcome), NULL);
    stray_line(&s->d, NULL, s->command->channel, NULL, s->places, s->command->source, &line, &effect);
    if (s->quarantine != NULL && strcmp(effect, "duplicate") != 0)
        quarantine_disturb(&s->d, s->quarantine);
    view_stray(s->out, s->stray, s->book != NULL ? s->book->account->ref : NULL, NULL, 0);
    return decision_ok();
}
