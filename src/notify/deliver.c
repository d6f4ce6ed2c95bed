/* SPDX-License-Identifier: Apache-2.0 */
/* One attempt: the message as Standard Webhooks wants it, its body an event as CloudEvents has it, and what the call
 * comes to. */
#include "notify/notify_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "notify/sign.h"
#include "view/view.h"

#define BODY_BYTES_MAX 20000
#define TEST_TYPE "webhook.test"

static struct attempt_flight *flight_take(struct notify *notify)
{
    for (size_t i = 0; i < OUTCOMES_MAX; i++)
        if (!notify->flights[i].used)
            return &notify->flights[i];
    return NULL;
}

static struct endpoint *endpoint_of(struct notify *notify, int64_t id)
{
    for (size_t i = 0; i < notify->endpoints_count; i++)
        if (notify->endpoints[i].id == id)
            return &notify->endpoints[i];
    return NULL;
}

/* ---- the end of an attempt ---- */

size_t flying_for(const struct notify *notify, int64_t webhook)
{
    size_t count = 0;

    for (size_t i = 0; i < OUTCOMES_MAX; i++)
        count += notify->flights[i].used && !notify->flights[i].ended && notify->flights[i].webhook == webhook;
    return count;
}

static void flight_end(struct attempt_flight *flight, const struct wire_answer *answer)
{
    flight->ended = true;
    snprintf(flight->detail, sizeof(flight->detail), "%s", answer->detail);
    flight->outcome = (struct delivery_outcome){.delivery = flight->delivery,
                                                .attempts = flight->attempts,
                                                .answer = answer->status,
                                                .detail = flight->detail,
                                                .retry_after_ms = answer->retry_after_ms};
}

static void on_done(void *context, const struct wire_answer *answer)
{
    struct attempt_flight *flight = context;
    struct notify *notify = flight->notify;
    struct endpoint *endpoint = endpoint_of(notify, flight->webhook);
    bool well = answer->well;

    flight_end(flight, answer);
    if (well)
        notify->config.stats->webhooks_delivered++;
    else
        notify->config.stats->webhooks_failed++;
    if (endpoint == NULL)
        return;
    endpoint->failing = !well;
    endpoint->look_at = INSTANT_NONE;
    if (answer->status == 429 || answer->status == 503)
        endpoint->hold_until = instant_add_ms(engine_now(notify->config.engine),
                                              answer->retry_after_ms < MS_DAY ? answer->retry_after_ms : MS_DAY);
}

/* ---- the message ---- */

static void data_write(struct out *out, const struct told *told, bool whole)
{
    const char *prefix = view_event_prefix(told->type);

    out_object(out, "data");
    out_string(out, "account", told->ref);
    out_id(out, "object", prefix, told->object);
    out_id(out, "withdrawal", "wd", strcmp(prefix, "wd") == 0 ? told->object : 0);
    if (whole && told->data != NULL)
        out_raw(out, "detail", told->data, strlen(told->data));
    out_object_end(out);
}

static void body_write(struct out *out, const char *source, const char *id, const struct told *told, bool whole)
{
    out_object(out, NULL);
    out_string(out, "specversion", "1.0");
    out_string(out, "id", id);
    out_string(out, "source", source);
    out_string(out, "type", told->type);
    out_instant(out, "time", told->at);
    out_instant(out, "timestamp", told->at);
    out_string(out, "datacontenttype", "application/json");
    data_write(out, told, whole);
    out_object_end(out);
}

/* What an event carries is thin; should one ever not be, who is told of it asks for the rest. */
static const char *body_make(struct notify *notify, const char *id, const struct told *told)
{
    struct out out;

    for (int whole = 1; whole >= 0; whole--) {
        out_init_in(&out, &notify->arena);
        body_write(&out, notify->config.settings->source, id, told, whole != 0);
        if (out.failed || out.size < BODY_BYTES_MAX)
            break;
    }
    return out.failed ? NULL : out.data;
}

/* The event, or what a test says instead. */
static enum err told_of(struct notify *notify, const struct delivery *delivery, const struct told **ret)
{
    const struct value arg = value_int("id", delivery->event);
    struct rows rows;
    struct told *test;

    if (delivery->event != 0) {
        TRY(store_select(notify->reader, QUERY_EVENT_TOLD_BY_ID, &arg, 1, &told_table, &notify->arena, &rows));
        if (rows.count == 0)
            return ERR_REQUEST;
        *ret = rows.items[0];
        return ERR_NONE;
    }
    test = ARENA_NEW(&notify->arena, struct told);
    if (test == NULL)
        return ERR_RETRY;
    snprintf(test->type, sizeof(test->type), TEST_TYPE);
    test->at = delivery->created_at;
    *ret = test;
    return ERR_NONE;
}

/* Both secrets sign while one follows the other. */
static bool signatures_make(const struct endpoint *endpoint, struct instant now, const char *id, const char *body,
                            char ret[2 * SIGNATURE_BYTES])
{
    int64_t timestamp_s = now.ms / MS_SECOND;

    if (endpoint->secret == NULL || !sign(endpoint->secret, id, timestamp_s, body, ret))
        return false;
    if (endpoint->previous == NULL || !instant_before(now, endpoint->previous_until))
        return true;
    ret[SIGNATURE_BYTES - 1] = ' ';
    return sign(endpoint->previous, id, timestamp_s, body, ret + SIGNATURE_BYTES);
}

static enum err call_make(struct notify *notify, const struct endpoint *endpoint, const char *id, const char *body,
                          struct attempt_flight *flight)
{
    struct instant now = engine_now(notify->config.engine);
    char id_header[64], time_header[64], signature_header[32 + 2 * SIGNATURE_BYTES], signatures[2 * SIGNATURE_BYTES];
    struct wire_call call = {.url = endpoint->url,
                             .body = body,
                             .headers = {"Content-Type: application/json", id_header, time_header, signature_header},
                             .done = on_done,
                             .context = flight};

    if (!signatures_make(endpoint, now, id, body, signatures))
        return ERR_REQUEST;
    snprintf(id_header, sizeof(id_header), "webhook-id: %s", id);
    snprintf(time_header, sizeof(time_header), "webhook-timestamp: %lld", (long long)(now.ms / MS_SECOND));
    snprintf(signature_header, sizeof(signature_header), "webhook-signature: %s", signatures);
    return wire_post(notify->wire, &call);
}

/* ERR_REQUEST: there is nothing to send, and there never will be. */
static enum err deliver_try(struct notify *notify, struct endpoint *endpoint, const struct delivery *delivery,
                            struct attempt_flight *flight)
{
    const struct told *told = NULL;
    char id[ID_TEXT_BYTES];
    const char *body;

    TRY(told_of(notify, delivery, &told));
    id_format(delivery->event != 0 ? "ev" : "dl", delivery->event != 0 ? delivery->event : delivery->id, id);
    body = body_make(notify, id, told);
    return body != NULL ? call_make(notify, endpoint, id, body, flight) : ERR_RETRY;
}

enum err deliver(struct notify *notify, struct endpoint *endpoint, const struct delivery *delivery)
{
    static const struct wire_answer nothing = {.detail = "There is nothing that could be sent."};
    struct attempt_flight *flight = flight_take(notify);
    enum err err;

    if (flight == NULL)
        return ERR_RETRY;
    *flight = (struct attempt_flight){.notify = notify,
                                      .delivery = delivery->id,
                                      .webhook = endpoint->id,
                                      .attempts = delivery->attempts,
                                      .failing = endpoint->failing};
    err = deliver_try(notify, endpoint, delivery, flight);
    flight->used = err == ERR_NONE || err == ERR_REQUEST;
    if (err == ERR_REQUEST)
        flight_end(flight, &nothing);
    return err == ERR_REQUEST ? ERR_NONE : err;
}
