/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that are told of events, for who keeps them. A secret is shown by one route alone, so that no answer that
 * is kept for its key, and no list, has one. */
#include "http/answers.h"
#include "http/request.h"

static enum err webhook_read(struct request *request, struct store *store, const struct webhook **ret)
{
    struct rows rows = {0};
    struct value arg;
    int64_t id;

    if (id_parse("wh", request->match.object, &id)) {
        arg = value_int("id", id);
        TRY(store_select(store, QUERY_WEBHOOK_BY_ID, &arg, 1, &webhook_table, &request->arena, &rows));
    }
    *ret = rows.count == 1 ? rows.items[0] : NULL;
    if (*ret == NULL)
        request_missing(request);
    return ERR_NONE;
}

static enum err list(struct request *request, struct store *store, struct out *out)
{
    struct rows rows;

    TRY(store_select(store, QUERY_WEBHOOKS_ALL, NULL, 0, &webhook_table, &request->arena, &rows));
    request_list_begin(out);
    for (size_t i = 0; i < rows.count; i++)
        view_webhook(out, rows.items[i]);
    request_list_end(out, 0);
    return ERR_NONE;
}

static enum err show(struct request *request, struct store *store, struct out *out)
{
    const struct webhook *webhook;

    TRY(webhook_read(request, store, &webhook));
    if (webhook != NULL)
        view_webhook(out, webhook);
    return ERR_NONE;
}

static enum err secret(struct request *request, struct store *store, struct out *out)
{
    const struct webhook *webhook;
    bool overlaps;

    TRY(webhook_read(request, store, &webhook));
    if (webhook == NULL)
        return ERR_NONE;
    overlaps = instant_before(engine_now(server_config(request->server)->engine), webhook->previous_until);
    out_object(out, NULL);
    out_id(out, "webhook", "wh", webhook->id);
    out_string(out, "secret", webhook->secret);
    out_string(out, "previous", overlaps ? webhook->previous : NULL);
    out_instant(out, "previous_until", overlaps ? webhook->previous_until : INSTANT_NONE);
    out_object_end(out);
    return ERR_NONE;
}

static bool state_ok(struct request *request, const char *state)
{
    struct field_problems problems = {0};
    int word;

    if (state == NULL || word_parse(&delivery_state_words, state, &word))
        return true;
    field_problem_add(&problems, "status", "out_of_range", "expected waiting, delivered or failed");
    request_malformed(request, &problems);
    return false;
}

static enum err deliveries(struct request *request, struct store *store, struct out *out)
{
    const struct parameters *asked = &request->parameters;
    const struct webhook *webhook;
    struct rows rows;
    size_t shown;

    TRY(webhook_read(request, store, &webhook));
    if (webhook == NULL || !state_ok(request, asked->status))
        return ERR_NONE;
    const struct value args[] = {value_int("webhook", webhook->id), value_int_or_null("before", asked->cursor),
                                 value_text("state", asked->status), value_int("limit", asked->limit + 1)};
    TRY(store_select(store, QUERY_DELIVERIES_LIST, args, ARRAY_COUNT(args), &delivery_table, &request->arena, &rows));
    shown = page_size(request, rows.count);
    request_list_begin(out);
    for (size_t i = 0; i < shown; i++)
        view_delivery(out, rows.items[i]);
    request_list_end(out, shown < rows.count ? ((const struct delivery *)rows.items[shown - 1])->id : 0);
    return ERR_NONE;
}

void webhooks_list(struct request *request)
{
    request_read(request, list);
}

void webhook_show(struct request *request)
{
    request_read(request, show);
}

void webhook_secret(struct request *request)
{
    request_read(request, secret);
}

void webhook_deliveries(struct request *request)
{
    request_read(request, deliveries);
}
