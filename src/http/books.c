/* SPDX-License-Identifier: Apache-2.0 */
/* For those who answer for the house: what a period moved in the ledger, what a person must look at, and the rules that
 * stand. */
#include <microhttpd.h>

#include "domain/policy_explain.h"
#include "http/answers.h"
#include "http/request.h"

/* ---- GET /v1/ledger ---- */

/* What one ledger account got and gave. Its columns are not a table of the store's. */
struct turnover {
    struct row row;
    char word[33], channel[CHANNEL_NAME_BYTES], currency[CURRENCY_BYTES];
    int64_t count;
    struct money got, gave;
};
#define TURNOVER(name, kind)                                                                                           \
    {                                                                                                                  \
#name, kind, offsetof(struct turnover, name), sizeof(((struct turnover *)0)->name), NULL                       \
    }
static const struct column turnover_columns[] = {
    TURNOVER(word, COLUMN_TEXT), TURNOVER(channel, COLUMN_TEXT), TURNOVER(currency, COLUMN_TEXT),
    TURNOVER(count, COLUMN_INT), TURNOVER(got, COLUMN_MONEY),    TURNOVER(gave, COLUMN_MONEY),
};
static const struct table turnover_table = {"turnover", sizeof(struct turnover), turnover_columns,
                                            ARRAY_COUNT(turnover_columns)};

static void turnover_write(struct out *out, const struct turnover *line)
{
    out_object(out, NULL);
    out_string(out, "ledger", line->word);
    out_string(out, "channel", line->channel[0] != '\0' ? line->channel : NULL);
    out_string(out, "currency", line->currency);
    out_int(out, "postings", line->count);
    out_money(out, "in", line->got);
    out_money(out, "out", line->gave);
    out_object_end(out);
}

static enum err ledger(struct request *request, struct store *store, struct out *out)
{
    const struct parameters *asked = &request->parameters;
    struct rows rows;

    if (!request_period(request, engine_now(server_config(request->server)->engine)))
        return ERR_NONE;
    struct value args[] = {value_int("floor", id_last_of(instant_add_ms(asked->from, -1))),
                           value_int("from", asked->from.ms), value_int("to", asked->to.ms)};
    TRY(store_select(store, QUERY_LEDGER_TURNOVER, args, ARRAY_COUNT(args), &turnover_table, &request->arena, &rows));
    out_object(out, NULL);
    out_instant(out, "from", asked->from);
    out_instant(out, "to", asked->to);
    out_array(out, "data");
    for (size_t i = 0; i < rows.count; i++)
        turnover_write(out, rows.items[i]);
    out_array_end(out);
    out_object_end(out);
    return ERR_NONE;
}

void ledger_show(struct request *request)
{
    request_read(request, ledger);
}

/* ---- GET /v1/incidents ---- */

static enum err incident_write(struct request *request, struct store *store, const struct incident *incident,
                               struct out *out)
{
    struct value arg = value_int("id", incident->account);
    struct rows rows = {0};

    if (incident->account != 0)
        TRY(store_select(store, QUERY_ACCOUNT_BY_ID, &arg, 1, &account_table, &request->arena, &rows));
    const struct account *account = rows.count == 1 ? rows.items[0] : NULL;
    out_object(out, NULL);
    out_id(out, "id", "inc", incident->id);
    out_instant(out, "at", incident->at);
    out_string(out, "kind", incident->kind);
    out_string(out, "account", account != NULL ? account->ref : NULL);
    out_id(out, "withdrawal", "wd", incident->withdrawal);
    out_string(out, "detail", incident->detail);
    out_money(out, "amount", incident->amount);
    out_string(out, "currency", account != NULL ? account->currency : NULL);
    out_object_end(out);
    return ERR_NONE;
}

static enum err incidents(struct request *request, struct store *store, struct out *out)
{
    struct rows rows;

    TRY(store_select(store, QUERY_INCIDENTS_OPEN, NULL, 0, &incident_table, &request->arena, &rows));
    request_list_begin(out);
    for (size_t i = 0; i < rows.count; i++)
        TRY(incident_write(request, store, rows.items[i], out));
    request_list_end(out, 0);
    return ERR_NONE;
}

void incidents_list(struct request *request)
{
    request_read(request, incidents);
}

/* ---- GET /v1/policies ---- */

/* Versions stand together, the newest last. */
static bool is_newest(const struct policies *policies, size_t i)
{
    return policies_find(policies, policies->items[i].name, 0) == &policies->items[i];
}

void policies_list(struct request *request)
{
    const struct policies *policies = server_config(request->server)->policies;
    struct out out;

    out_init(&out);
    request_list_begin(&out);
    for (size_t i = 0; i < policies->count; i++) {
        out_object(&out, NULL);
        out_string(&out, "name", policies->items[i].name);
        out_int(&out, "version", policies->items[i].version);
        out_bool(&out, "newest", is_newest(policies, i));
        out_object_end(&out);
    }
    request_list_end(&out, 0);
    request_answer(request, MHD_HTTP_OK, &out);
}

/* In plain sentences, as `ebb policy explain` says it. */
void policy_show(struct request *request)
{
    const struct policy *policy = policies_find(server_config(request->server)->policies, request->match.object, 0);
    struct out text, out;

    if (policy == NULL) {
        request_missing(request);
        return;
    }
    out_init(&text);
    out_init(&out);
    policy_explain(policy, request_prefers_chinese(request), &text);
    out_bytes(&text, "", 1);
    out_object(&out, NULL);
    out_string(&out, "name", policy->name);
    out_int(&out, "version", policy->version);
    out_string(&out, "explanation", text.data);
    out_object_end(&out);
    out.failed = out.failed || text.failed;
    out_fini(&text);
    request_answer(request, MHD_HTTP_OK, &out);
}
