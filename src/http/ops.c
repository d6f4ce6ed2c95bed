/* SPDX-License-Identifier: Apache-2.0 */
/* For those who run the house: is it alive, is it ready, how is it doing, what can it be asked. */
#include <microhttpd.h>
#include <string.h>

#include "base/embedded.h"
#include "base/version.h"
#include "http/answers.h"
#include "http/request.h"
#include "notify/notify.h"
#include "payout/payout.h"

void ops_health(struct request *request)
{
    static const char ok[] = "{\"status\":\"ok\"}";

    request_answer_static(request, "application/json", ok, sizeof(ok) - 1);
}

static enum err ready(struct request *request, struct store *store, struct out *out)
{
    int64_t version;

    if (!engine_takes_commands(server_config(request->server)->engine)) {
        request_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "unavailable", "The database cannot be written.");
        return ERR_NONE;
    }
    if (engine_quarantined(server_config(request->server)->engine)) {
        request_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "quarantined",
                        "The books came back older than what happened; see GET /v1/quarantine.");
        return ERR_NONE;
    }
    TRY(store_schema_version(store, &version));
    if (version != store_schema_latest()) {
        request_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE, "unavailable",
                        "The database is of another schema version.");
        return ERR_NONE;
    }
    out_object(out, NULL);
    out_string(out, "status", "ready");
    out_int(out, "schema", version);
    out_object_end(out);
    return ERR_NONE;
}

void ops_ready(struct request *request)
{
    request_read(request, ready);
}

void ops_openapi(struct request *request)
{
    request_answer_static(request, "application/json", embedded_api[0].data, embedded_api[0].size);
}

/* ---- metrics: Prometheus text ---- */

static void metric(struct out *out, const char *name, const char *type, const char *help)
{
    out_format(out, "# HELP ebb_%s %s\n# TYPE ebb_%s %s\n", name, help, name, type);
}

static void metric_single(struct out *out, const char *name, const char *type, const char *help, int64_t value)
{
    metric(out, name, type, help);
    out_format(out, "ebb_%s %lld\n", name, (long long)value);
}

/* How many there are of each word, and for how long the oldest of them has been waiting. */
static enum err metric_tally(struct request *request, struct store *store, struct out *out, enum query query,
                             const char *name, const char *label, const char *help)
{
    struct instant now = engine_now(server_config(request->server)->engine);
    struct rows rows;

    TRY(store_select(store, query, NULL, 0, &tally_table, &request->arena, &rows));
    metric(out, name, "gauge", help);
    for (size_t i = 0; i < rows.count; i++) {
        const struct tally *tally = rows.items[i];
        out_format(out, "ebb_%s{%s=\"%s\"} %lld\n", name, label, tally->word, (long long)tally->count);
    }
    out_format(out, "# HELP ebb_%s_oldest_seconds The age of the oldest of them.\n# TYPE ebb_%s_oldest_seconds gauge\n",
               name, name);
    for (size_t i = 0; i < rows.count; i++) {
        const struct tally *tally = rows.items[i];
        out_format(out, "ebb_%s_oldest_seconds{%s=\"%s\"} %lld\n", name, label, tally->word,
                   (long long)((now.ms - tally->at.ms) / MS_SECOND));
    }
    return ERR_NONE;
}

static void metrics_engine(const struct engine *engine, struct out *out)
{
    const struct engine_stats *stats = engine_stats(engine);

    metric_single(out, "commands_total", "counter", "Commands decided.", stats->commands);
    metric_single(out, "commits_total", "counter", "Commits; commands per commit is the grouping.", stats->commits);
    metric_single(out, "refusals_total", "counter", "Commands refused by a rule.", stats->refusals);
    metric_single(out, "faults_total", "counter", "Commands that ended in a fault.", stats->faults);
    metric_single(out, "queue_depth", "gauge", "Commands waiting.", engine_queue_depth(engine));
    metric_single(out, "quarantined", "gauge",
                  "1 while nothing moves because the books came back older than what happened.",
                  engine_quarantined(engine) ? 1 : 0);
    metric_single(out, "anchor_failures_total", "counter", "Writes of the audit head into an anchor that failed.",
                  engine_anchor_failures(engine));
    metric_single(out, "batch_largest", "gauge", "The largest group committed so far.", stats->batch_largest);
}

static void metrics_payout(const struct payout *payout, struct out *out)
{
    const struct payout_stats *stats = payout != NULL ? payout_stats(payout) : NULL;

    if (stats == NULL)
        return;
    metric_single(out, "channel_sends_total", "counter", "Payments sent to channels.", stats->sends);
    metric_single(out, "channel_queries_total", "counter", "Questions asked to channels.", stats->queries);
    metric_single(out, "channel_callbacks_total", "counter", "Callbacks taken from channels.", stats->callbacks);
    metric_single(out, "channel_withheld_total", "counter", "Sends not made: paused or too late.", stats->withheld);
}

static void metrics_notify(const struct notify_stats *stats, struct out *out)
{
    if (stats == NULL)
        return;
    metric_single(out, "webhooks_delivered_total", "counter", "Attempts that an endpoint took.",
                  stats->webhooks_delivered);
    metric_single(out, "webhooks_failed_total", "counter", "Attempts that an endpoint did not take.",
                  stats->webhooks_failed);
    metric_single(out, "messages_sent_total", "counter", "Messages that a provider took.", stats->messages_sent);
    metric_single(out, "messages_failed_total", "counter", "Attempts that a provider did not take.",
                  stats->messages_failed);
}

static void metrics_http(const struct server *server, struct out *out)
{
    metric(out, "http_requests_total", "counter", "Requests answered, by class of status.");
    for (int hundreds = 2; hundreds < SERVER_STATUS_CLASSES; hundreds++)
        out_format(out, "ebb_http_requests_total{status=\"%dxx\"} %lld\n", hundreds,
                   (long long)server_answers(server, hundreds));
}

static enum err metrics(struct request *request, struct store *store, struct out *out)
{
    const struct http_config *config = server_config(request->server);

    metric(out, "build_info", "gauge", "Version of the program and of its database library.");
    out_format(out, "ebb_build_info{version=\"%s\",sqlite=\"%s\"} 1\n", EBB_VERSION, store_version());
    metrics_engine(config->engine, out);
    metrics_payout(config->payout, out);
    metrics_notify(config->notify, out);
    metrics_http(request->server, out);
    TRY(metric_tally(request, store, out, QUERY_WITHDRAWALS_COUNT_OPEN, "withdrawals_open", "status",
                     "Withdrawals that wait for a timer, a channel or a person."));
    TRY(metric_tally(request, store, out, QUERY_LEGS_COUNT_UNKNOWN, "legs_unknown", "status",
                     "Payments whose outcome is not known."));
    TRY(metric_tally(request, store, out, QUERY_INCIDENTS_COUNT, "incidents_open", "kind", "Open incidents."));
    request->content_type = "text/plain; version=0.0.4";
    return ERR_NONE;
}

void ops_metrics(struct request *request)
{
    request_read(request, metrics);
}
