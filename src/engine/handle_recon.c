/* SPDX-License-Identifier: Apache-2.0 */
/* A statement that is a file: piece by piece, known by the hash of its bytes, so that it goes on where it stood. Behind
 * its last line our payments of its time are looked for in it, a bounded number in each command; when none is left it
 * is taken. The comparison itself is domain/reconcile.c. */
#include "engine/step.h"

#include <sodium.h>
#include <string.h>

#define KNOWN_LINES_MAX 64
#define SWEEP_MAX 50
#define BREAK_ARENA_BYTES ((size_t)2 << 10)

static const struct statement_ask *ask_of(const struct step *s)
{
    return s->command->ask;
}

static const struct line_ask *line_of(const struct step *s, size_t at)
{
    return &((const struct line_ask *)ask_of(s)->lines.items)[at];
}

static bool hash_read(const char *text, uint8_t ret[HASH_BYTES])
{
    size_t size = 0;

    return sodium_hex2bin(ret, HASH_BYTES, text, strlen(text), NULL, &size, NULL) == 0 && size == HASH_BYTES;
}

/* ---- what is known ---- */

static enum err select_by_key(struct step *s, enum query query, const struct table *table, const char *key,
                              struct rows *ret)
{
    struct value args[] = {value_text("channel", ask_of(s)->channel), value_text("key", key),
                           value_int("limit", KNOWN_LINES_MAX)};

    return store_select(s->batch->store, query, args, query == QUERY_RECON_LINES_BY_KEY ? 3 : 2, table, s->batch->arena,
                        ret);
}

/* Earlier lines, with room for those of this ask that have the same key. */
static enum err lines_load(struct step *s, size_t at, struct recon_known *known)
{
    size_t room = 0;
    struct rows rows;

    TRY(select_by_key(s, QUERY_RECON_LINES_BY_KEY, &recon_line_table, line_of(s, at)->key, &rows));
    for (size_t i = at; i < ask_of(s)->lines.count; i++)
        room += strcmp(line_of(s, i)->key, line_of(s, at)->key) == 0;
    known->lines = arena_alloc(s->batch->arena, (rows.count + room) * sizeof(known->lines[0]));
    if (known->lines == NULL)
        return ERR_RETRY;
    if (rows.count > 0)
        memcpy(known->lines, rows.items, rows.count * sizeof(known->lines[0]));
    known->lines_count = rows.count;
    return ERR_NONE;
}

static enum err known_load(struct step *s, size_t at)
{
    struct recon_known *known = &s->recon.known[at];
    const struct attempt *attempt = s->places[at].attempt;
    struct rows rows;

    if (statement_first(s, at) != at)
        return ERR_NONE;
    TRY(lines_load(s, at, known));
    TRY(select_by_key(s, QUERY_RECON_BREAKS_BY_KEY, &recon_break_table, line_of(s, at)->key, &rows));
    known->breaks = (struct recon_break **)rows.items;
    known->breaks_count = rows.count;
    if (attempt == NULL)
        return ERR_NONE;
    struct value args[] = {value_int("account", attempt->account), value_int("withdrawal", attempt->withdrawal),
                           value_int("leg", attempt->leg)};
    known->posted_known = true;
    return store_int(s->batch->store, QUERY_LEDGER_OF_LEG, args, ARRAY_COUNT(args), &known->posted.minor);
}

/* ---- our payments of its time ---- */

static bool in_ask(const struct step *s, const char *key)
{
    for (size_t i = 0; i < ask_of(s)->lines.count; i++)
        if (strcmp(line_of(s, i)->key, key) == 0)
            return true;
    return false;
}

static bool missed_before(const struct rows *breaks)
{
    for (size_t i = 0; i < breaks->count; i++) {
        enum break_kind kind = ((const struct recon_break *)breaks->items[i])->kind;

        if (kind == BREAK_OURS_NOT_THEIRS || kind == BREAK_LATE)
            return true;
    }
    return false;
}

/* That it was taken over, or refused once, is no word of what became of it. */
static bool tells_of_money(const struct rows *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        enum evidence_kind outcome = ((const struct recon_line *)lines->items[i])->outcome;

        if (outcome == EVIDENCE_PAID || outcome == EVIDENCE_RETURNED)
            return true;
    }
    return false;
}

static enum err missing_find(struct step *s, const struct attempt *attempt, const char **ret_currency)
{
    struct book *book = NULL;
    struct rows lines, breaks;

    if (in_ask(s, attempt->key))
        return ERR_NONE;
    TRY(select_by_key(s, QUERY_RECON_LINES_BY_KEY, &recon_line_table, attempt->key, &lines));
    TRY(select_by_key(s, QUERY_RECON_BREAKS_BY_KEY, &recon_break_table, attempt->key, &breaks));
    if (tells_of_money(&lines) || missed_before(&breaks))
        return ERR_NONE;
    TRY(batch_book_by_id(s->batch, attempt->account, 0, &book));
    *ret_currency = book->account->currency;
    s->reserve_bytes += BREAK_ARENA_BYTES;
    return ERR_NONE;
}

static enum err sweep_load(struct step *s)
{
    const struct statement_ask *ask = ask_of(s);
    struct recon_step *recon = &s->recon;
    int64_t lag_ms = ask->lag_hours * MS_HOUR;
    struct instant from = instant_add_ms(ask->from, -lag_ms), to = instant_add_ms(ask->to, -lag_ms);
    int64_t after = recon->statement != NULL ? recon->statement->swept : id_last_of(instant_add_ms(from, -1));
    struct value args[] = {value_int("after", after), value_int("from", from.ms), value_int("to", to.ms),
                           value_text("channel", ask->channel), value_int("limit", SWEEP_MAX + 1)};

    TRY(store_select(s->batch->store, QUERY_ATTEMPTS_SWEPT, args, ARRAY_COUNT(args), &attempt_table, s->batch->arena,
                     &recon->sent));
    recon->more = recon->sent.count > SWEEP_MAX;
    recon->sent.count = recon->more ? SWEEP_MAX : recon->sent.count;
    recon->currencies = arena_alloc(s->batch->arena, (recon->sent.count + 1) * sizeof(recon->currencies[0]));
    if (recon->currencies == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < recon->sent.count; i++)
        TRY(missing_find(s, recon->sent.items[i], &recon->currencies[i]));
    return ERR_NONE;
}

enum err recon_load(struct step *s)
{
    const struct statement_ask *ask = ask_of(s);
    struct recon_step *recon = &s->recon;
    uint8_t hash[HASH_BYTES];
    struct rows rows;

    if (!hash_read(ask->hash, hash))
        return ERR_NONE; /* recon_check says so */
    struct value args[] = {value_text("channel", ask->channel), value_bytes("hash", hash, HASH_BYTES)};
    TRY(store_select(s->batch->store, s->batch->shared ? QUERY_RECON_STATEMENT_LOCK : QUERY_RECON_STATEMENT_BY_HASH,
                     args, 2, &recon_statement_table, s->batch->arena, &rows));
    recon->statement = rows.count > 0 ? rows.items[0] : NULL;
    TRY(store_select(s->batch->store, QUERY_RECON_STATEMENT_LAST, args, 1, &recon_statement_table, s->batch->arena,
                     &rows));
    recon->last = rows.count > 0 ? rows.items[0] : NULL;
    recon->known = arena_alloc(s->batch->arena, (ask->lines.count + 1) * sizeof(recon->known[0]));
    if (recon->known == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < ask->lines.count; i++)
        TRY(known_load(s, i));
    recon->sweeps = s->quarantine == NULL && ask->first + (int64_t)ask->lines.count == ask->total &&
                    (recon->statement == NULL || !instant_is_set(recon->statement->done_at));
    return recon->sweeps ? sweep_load(s) : ERR_NONE;
}

/* ---- may it be taken in ---- */

struct decision recon_check(struct step *s)
{
    const struct statement_ask *ask = ask_of(s);
    const struct recon_statement *statement = s->recon.statement, *last = s->recon.last;
    uint8_t hash[HASH_BYTES];

    if (!hash_read(ask->hash, hash))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/hash", "It is the file's BLAKE2b hash in hex.");
    if (ask->first + (int64_t)ask->lines.count > ask->total)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/total", "It has fewer lines than stand here.");
    if (ask->account != NULL && last != NULL && strcmp(last->own_account, ask->account) != 0)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/account",
                                "The statements of this channel are of another account.");
    if (statement != NULL && statement->lines != ask->total)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "This file has another number of lines in the books.");
    if (statement != NULL && !instant_is_set(statement->done_at) &&
        (statement->covers_from.ms != ask->from.ms || statement->covers_to.ms != ask->to.ms))
        return decision_conflict(REFUSAL_STATE_CONFLICT, "This file tells of another time in the books.");
    if (ask->first > (statement != NULL ? statement->taken : 0))
        return decision_conflict(REFUSAL_STATE_CONFLICT, "The lines before these are not in the books yet.");
    return decision_ok();
}

/* ---- taking it in ---- */

static void answer(struct step *s, bool already, size_t from)
{
    const struct recon_step *recon = &s->recon;

    out_object(s->out, NULL);
    view_recon_statement_members(s->out, recon->statement);
    out_bool(s->out, "already", already);
    out_array(s->out, "lines");
    for (size_t i = from; i < ask_of(s)->lines.count; i++) {
        const struct recon_known *known = &recon->known[statement_first(s, i)];
        int64_t number = ask_of(s)->first + (int64_t)i + 1;

        out_object(s->out, NULL);
        out_string(s->out, "key", line_of(s, i)->key);
        for (size_t k = 0; k < known->lines_count; k++)
            if (known->lines[k]->statement == recon->statement->id && known->lines[k]->number == number)
                out_string(s->out, "effect", known->lines[k]->verdict);
        out_object_end(s->out);
    }
    out_array_end(s->out);
    out_object_end(s->out);
}

static void lines_take(struct step *s, size_t from)
{
    struct channel_terms terms = terms_of(s->config->channels);

    for (size_t i = from; i < ask_of(s)->lines.count; i++) {
        size_t first = statement_first(s, i);
        const char *verdict;

        statement_policy(s, &s->places[first]);
        recon_take(&s->d, s->recon.statement, s->quarantine, &s->places[first], &s->recon.known[first], &terms,
                   line_of(s, i), &verdict);
    }
}

static void sweep(struct step *s)
{
    struct recon_step *recon = &s->recon;

    for (size_t i = 0; i < recon->sent.count; i++) {
        const struct attempt *attempt = recon->sent.items[i];

        if (recon->currencies[i] != NULL)
            recon_missing(&s->d, recon->statement, attempt, recon->currencies[i]);
        recon->statement->swept = attempt->id;
    }
    changes_put(s->d.changes, &recon->statement->row);
}

void recon_decide(struct step *s)
{
    const struct statement_ask *ask = ask_of(s);
    struct recon_step *recon = &s->recon;
    struct recon_statement *statement = recon->statement;
    size_t from = statement != NULL ? (size_t)(statement->taken - ask->first) : 0;
    uint8_t hash[HASH_BYTES];

    if (statement != NULL && (instant_is_set(statement->done_at) || (from >= ask->lines.count && !recon->sweeps))) {
        answer(s, true, ask->lines.count); /* nothing of it is new */
        return;
    }
    if (statement == NULL && hash_read(ask->hash, hash))
        statement = recon->statement = recon_begin(&s->d, ask, hash);
    s->d.object = statement->id;
    deciding_move(&s->d, "sm", statement->id, NULL, "piece", NULL);
    lines_take(s, from);
    if (recon->sweeps)
        sweep(s);
    if (statement->taken == statement->lines && !recon->more) {
        recon_done(&s->d, statement);
        if (s->quarantine != NULL)
            quarantine_cover(&s->d, s->quarantine, ask->channel, ask->from, ask->to, statement->lines);
    }
    answer(s, false, from);
}

/* ---- breaks ---- */

/* The statement's line that the break is about, and where that belongs. */
static enum err claim_load(struct step *s)
{
    const struct recon_break *found = s->recon.found;
    const struct value args[] = {value_int("statement", found->statement), value_int("number", found->line)};
    struct line_ask line = {.key = found->key};
    struct rows rows;

    TRY(store_select(s->batch->store, QUERY_RECON_STATEMENT_BY_ID, args, 1, &recon_statement_table, s->batch->arena,
                     &rows));
    INVARIANT(32, rows.count == 1);
    s->recon.statement = rows.items[0];
    TRY(store_select(s->batch->store, QUERY_RECON_LINE_BY_NUMBER, args, 2, &recon_line_table, s->batch->arena, &rows));
    s->recon.claimed = rows.count > 0 ? rows.items[0] : NULL;
    if (s->recon.claimed == NULL)
        return ERR_NONE;
    line.outcome = (int)s->recon.claimed->outcome;
    line.amount = s->recon.claimed->amount;
    line.currency = s->recon.claimed->currency;
    TRY(statement_place(s, found->channel, &line, &s->recon.place));
    return stray_told_load(s->batch, &s->recon.place, &line);
}

enum err load_break_settle(struct step *s)
{
    const struct break_settle_ask *ask = s->command->ask;
    struct rows rows = {0};
    int64_t id;

    if (id_parse("bk", s->command->object, &id))
        TRY(store_select(s->batch->store, s->batch->shared ? QUERY_RECON_BREAK_LOCK : QUERY_RECON_BREAK_BY_ID,
                         (struct value[]){value_int("id", id)}, 1, &recon_break_table, s->batch->arena, &rows));
    s->missing = rows.count == 0;
    s->recon.found = s->missing ? NULL : rows.items[0];
    return s->missing || !ask->believe ? ERR_NONE : claim_load(s);
}

struct decision decide_break_settle(struct step *s)
{
    const struct break_settle_ask *ask = s->command->ask;
    struct channel_terms terms = terms_of(s->config->channels);
    struct recon_claim claim = {s->recon.statement, s->recon.claimed, &s->recon.place, &terms};

    statement_policy(s, &s->recon.place);
    struct decision decision = recon_settle(&s->d, s->recon.found, ask->believe ? &claim : NULL, ask->reason);
    if (decision_accepts(&decision))
        view_break(s->out, s->recon.found, s->d.now);
    return decision;
}
