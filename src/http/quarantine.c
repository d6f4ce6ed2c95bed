/* SPDX-License-Identifier: Apache-2.0 */
/* What staff see of a quarantine: why, since when, what is still open, and the payments that the books do not know. */
#include "domain/channel_key.h"
#include "http/answers.h"
#include "http/request.h"

#define CANDIDATES_MAX 10

/* ---- GET /v1/quarantine ---- */

static enum err channels_write(struct request *request, struct store *store, const struct quarantine *q,
                               struct out *out)
{
    const struct channels *channels = server_config(request->server)->channels;
    struct value arg = value_int("quarantine", q->id);
    struct rows rows;

    TRY(store_select(store, QUERY_COVERS_BY_QUARANTINE, &arg, 1, &cover_table, &request->arena, &rows));
    out_array(out, "channels");
    for (size_t i = 0; i < channels->count; i++) {
        struct instant from = INSTANT_NONE, to = INSTANT_NONE;
        bool missing = cover_gap((const struct cover *const *)rows.items, rows.count, channels->items[i]->name,
                                 q->gap_from, q->gap_to, &from, &to);

        out_object(out, NULL);
        out_string(out, "channel", channels->items[i]->name);
        out_bool(out, "covered", !missing);
        out_instant(out, "missing_from", from);
        out_instant(out, "missing_to", to);
        out_object_end(out);
    }
    out_array_end(out);
    return ERR_NONE;
}

static enum err strays_write(struct store *store, const struct quarantine *q, struct out *out)
{
    out_object(out, "strays");
    for (int status = STRAY_NONE + 1; status < STRAY__COUNT; status++) {
        const char *word = word_text(&stray_status_words, status);
        struct value args[] = {value_int("quarantine", q->id), value_text("status", word)};
        int64_t count;

        TRY(store_int(store, QUERY_STRAYS_COUNT, args, ARRAY_COUNT(args), &count));
        out_int(out, word, count);
    }
    out_object_end(out);
    return ERR_NONE;
}

static enum err open_write(struct request *request, struct store *store, const struct quarantine *q, struct out *out)
{
    struct quarantine_findings findings;
    int64_t attempts, unsent;

    TRY(engine_findings(store, server_config(request->server)->channels, q, &request->arena, &findings));
    TRY(store_int(store, QUERY_ATTEMPTS_OPEN, NULL, 0, &attempts));
    TRY(store_int(store, QUERY_LEGS_UNSENT, NULL, 0, &unsent));
    out_object(out, "open");
    out_int(out, "attempts", attempts);
    out_int(out, "unasked", findings.unasked);
    out_int(out, "unsent", unsent);
    out_object_end(out);
    TRY(channels_write(request, store, q, out));
    TRY(strays_write(store, q, out));
    out_bool(out, "clear", quarantine_is_clear(&findings));
    return ERR_NONE;
}

static enum err show(struct request *request, struct store *store, struct out *out)
{
    struct rows rows;

    TRY(store_select(store, QUERY_QUARANTINE_LAST, NULL, 0, &quarantine_table, &request->arena, &rows));
    out_object(out, NULL);
    if (rows.count == 0) {
        out_string(out, "status", "none");
    } else {
        view_quarantine_members(out, rows.items[0]);
        TRY(open_write(request, store, rows.items[0], out));
    }
    out_object_end(out);
    return ERR_NONE;
}

void quarantine_show(struct request *request)
{
    request_read(request, show);
}

/* ---- GET /v1/strays ---- */

static enum err owner_find(struct request *request, struct store *store, const struct stray *stray, const char **ret)
{
    struct value arg = value_int("id", stray->account);
    struct rows rows;

    *ret = NULL;
    if (stray->account == 0)
        return ERR_NONE;
    TRY(store_select(store, QUERY_ACCOUNT_BY_ID, &arg, 1, &account_table, &request->arena, &rows));
    if (rows.count == 1)
        *ret = ((const struct account *)rows.items[0])->ref;
    return ERR_NONE;
}

/* A key of ours carries ten bits of its account's hash: few accounts can be meant. */
static enum err candidates_find(struct request *request, struct store *store, const struct stray *stray,
                                struct rows *ret)
{
    int64_t leg, number;

    if (stray->account != 0 || !channel_key_parse(stray->key, &leg, &number))
        return ERR_NONE;
    struct value args[] = {value_int("shard", id_shard(leg)), value_text("currency", stray->currency),
                           value_int("limit", CANDIDATES_MAX)};
    return store_select(store, QUERY_ACCOUNTS_OF_SHARD, args, ARRAY_COUNT(args), &account_table, &request->arena, ret);
}

static enum err list(struct request *request, struct store *store, struct out *out)
{
    struct value args[] = {value_int("after", request->parameters.cursor),
                           value_int("limit", request->parameters.limit + 1)};
    struct rows rows;
    size_t shown;

    TRY(store_select(store, QUERY_STRAYS_OPEN, args, ARRAY_COUNT(args), &stray_table, &request->arena, &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++) {
        struct rows candidates = {0};
        const char *owner;

        TRY(owner_find(request, store, rows.items[i], &owner));
        TRY(candidates_find(request, store, rows.items[i], &candidates));
        view_stray(out, rows.items[i], owner, (const struct account *const *)candidates.items, candidates.count);
    }
    request_list_end(out, shown < rows.count ? ((const struct stray *)rows.items[shown - 1])->id : 0);
    return ERR_NONE;
}

void strays_list(struct request *request)
{
    request_read(request, list);
}
