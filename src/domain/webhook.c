/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/webhook.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SECRET_BYTES 32
#define SECRET_PREFIX "whsec_"
#define EVENT_BYTES_MAX 48
#define RETRY_AFTER_MS_MAX MS_DAY
#define GONE 410
#define GIVE_UP_MS (60 * MS_HOUR)        /* less than what a delivery's attempts take */
#define GIVE_UP_ANYWAY_MS (84 * MS_HOUR) /* more: with many waiting, one's attempts lie further apart */

/* Before the attempt of that number, counted from the one before; about three days in all. */
static const int64_t waits_ms[DELIVERY_ATTEMPTS_MAX] = {
    0,           5 * MS_SECOND, 5 * MS_MINUTE, 30 * MS_MINUTE, 2 * MS_HOUR,
    5 * MS_HOUR, 10 * MS_HOUR,  14 * MS_HOUR,  20 * MS_HOUR,   24 * MS_HOUR,
};

/* ---- what is asked ---- */

bool webhook_wants(const char *events, const char *type)
{
    size_t size;

    if (events == NULL)
        return true;
    for (const char *at = events; *at != '\0'; at += size + (at[size] == ' ')) {
        size = strcspn(at, " ");
        bool family = size >= 2 && at[size - 1] == '*';
        if (strncmp(type, at, family ? size - 1 : size) == 0 && (family || type[size] == '\0'))
            return true;
    }
    return false;
}

/* "withdrawal.successful" or "withdrawal.*" */
static bool event_ok(const char *text)
{
    size_t size = strlen(text);

    if (size == 0 || size > EVENT_BYTES_MAX || strspn(text, "abcdefghijklmnopqrstuvwxyz_.*") != size)
        return false;
    const char *star = strchr(text, '*');
    return text[0] != '.' && text[0] != '*' && (star == NULL || (star[1] == '\0' && star[-1] == '.'));
}

/* Form only: where it leads is looked at when it is called (notify/address.h). */
static bool url_ok(const char *url)
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    size_t authority = scheme > 0 ? strcspn(url + scheme, "/?") : 0;

    for (const char *at = url; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~' || *at == '\\' || *at == '#')
            return false;
    return authority > 0 && memchr(url + scheme, '@', authority) == NULL;
}

static struct decision ask_check(const struct webhook_ask *ask)
{
    const char *const *events = ask->events.items;

    if (!url_ok(ask->url))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/url",
                                "An endpoint is https://host/path, without a user name and without a fragment.");
    for (size_t i = 0; i < ask->events.count; i++)
        if (!event_ok(events[i]))
            return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/events",
                                    "Each is the type of an event, as withdrawal.successful, or a family, as "
                                    "withdrawal.*");
    return decision_ok();
}

static const char *events_join(struct deciding *d, const struct field_list *events)
{
    const char *const *items = events->items;
    const char *joined = NULL;

    for (size_t i = 0; i < events->count; i++)
        joined = joined == NULL ? deciding_copy(d, items[i]) : deciding_text(d, "%s %s", joined, items[i]);
    return joined;
}

static const char *secret_new(struct deciding *d)
{
    uint8_t bytes[SECRET_BYTES];
    char text[sodium_base64_ENCODED_LEN(SECRET_BYTES, sodium_base64_VARIANT_ORIGINAL)];

    random_fill(d->random, bytes, sizeof(bytes));
    sodium_bin2base64(text, sizeof(text), bytes, sizeof(bytes), sodium_base64_VARIANT_ORIGINAL);
    return deciding_text(d, SECRET_PREFIX "%s", text);
}

static void webhook_put(struct deciding *d, struct webhook *webhook)
{
    webhook->version++;
    changes_put(d->changes, &webhook->row);
}

static void webhook_able(struct webhook *webhook, bool enabled, const char *reason)
{
    webhook->enabled = enabled;
    deciding_fill(webhook->reason, sizeof(webhook->reason), enabled ? NULL : reason);
    if (enabled)
        webhook->failing_since = INSTANT_NONE;
}

static void webhook_fill(struct deciding *d, struct webhook *webhook, const struct webhook_ask *ask)
{
    webhook->url = deciding_copy(d, ask->url);
    webhook->description = deciding_copy(d, ask->description);
    webhook->events = events_join(d, &ask->events);
    webhook_able(webhook, ask->state != WEBHOOK_DISABLED, "asked");
}

struct decision webhook_make(struct deciding *d, const struct webhook_ask *ask, struct webhook **ret)
{
    struct decision decision = ask_check(ask);

    if (!decision_accepts(&decision))
        return decision;
    struct webhook *webhook = DECIDING_NEW(d, webhook);

    webhook->id = ids_next(d->ids, d->now, 0);
    webhook_fill(d, webhook, ask);
    webhook->secret = secret_new(d);
    webhook->told = webhook->id; /* no event has an id behind it yet */
    deciding_fill(webhook->maker, sizeof(webhook->maker), d->principal);
    webhook->version = 1;
    webhook->created_at = d->now;
    d->object = webhook->id;
    deciding_move(d, "wh", webhook->id, NULL, "made", webhook->enabled ? "enabled" : "disabled");
    *ret = webhook;
    return decision_created();
}

struct decision webhook_change(struct deciding *d, struct webhook *webhook, const struct webhook_ask *ask)
{
    const char *before = webhook->enabled ? "enabled" : "disabled";
    struct decision decision = ask_check(ask);

    if (!decision_accepts(&decision))
        return decision;
    webhook_fill(d, webhook, ask);
    webhook_put(d, webhook);
    d->object = webhook->id;
    deciding_move(d, "wh", webhook->id, before, "changed", webhook->enabled ? "enabled" : "disabled");
    return decision;
}

void webhook_delete(struct deciding *d, struct webhook *webhook)
{
    webhook_able(webhook, false, "asked");
    webhook->secret = webhook->previous = NULL;
    webhook->previous_until = INSTANT_NONE;
    webhook->deleted_at = d->now;
    webhook_put(d, webhook);
    d->object = webhook->id;
    deciding_move(d, "wh", webhook->id, NULL, "deleted", "deleted");
}

void webhook_rotate(struct deciding *d, struct webhook *webhook, const struct rotate_ask *ask)
{
    int64_t hours = ask->overlap_hours > 0 ? ask->overlap_hours : WEBHOOK_OVERLAP_HOURS;

    webhook->previous = webhook->secret;
    webhook->previous_until = instant_add_ms(d->now, hours * MS_HOUR);
    webhook->secret = secret_new(d);
    webhook_put(d, webhook);
    d->object = webhook->id;
    deciding_move(d, "wh", webhook->id, NULL, "rotated", NULL);
}

/* ---- deliveries ---- */

struct delivery *delivery_make(struct deciding *d, struct webhook *webhook, int64_t event)
{
    struct delivery *delivery = DECIDING_NEW(d, delivery);

    delivery->id = ids_next(d->ids, d->now, 0);
    delivery->webhook = webhook->id;
    delivery->event = event;
    delivery->state = DELIVERY_WAITING;
    delivery->created_at = delivery->next_at = d->now;
    return delivery;
}

void delivery_replay(struct deciding *d, struct delivery *delivery)
{
    delivery->state = DELIVERY_WAITING;
    delivery->attempts = 0;
    delivery->next_at = d->now;
    changes_put(d->changes, &delivery->row);
}

static void delivery_end(struct delivery *delivery, enum delivery_state state)
{
    delivery->state = state;
    delivery->next_at = INSTANT_NONE;
}

/* A tenth more or less, so that what failed together does not come again together. */
static int64_t jitter(struct deciding *d, int64_t ms)
{
    return ms / 100 * (90 + (int64_t)random_below(d->random, 21));
}

static void delivery_again(struct deciding *d, struct delivery *delivery, int64_t retry_after_ms)
{
    int64_t wait = jitter(d, waits_ms[delivery->attempts]);
    int64_t asked = retry_after_ms < RETRY_AFTER_MS_MAX ? retry_after_ms : RETRY_AFTER_MS_MAX;

    delivery->next_at = instant_add_ms(d->now, wait > asked ? wait : asked);
}

/* Somebody has to look: an endpoint that nobody reads is not told any more. */
static void webhook_give_up(struct deciding *d, struct webhook *webhook, const char *reason, const char *detail)
{
    struct incident *incident = DECIDING_NEW(d, incident);
    char id[ID_TEXT_BYTES];

    webhook_able(webhook, false, reason);
    webhook_put(d, webhook);
    id_format("wh", webhook->id, id);
    incident->id = ids_next(d->ids, d->now, 0);
    deciding_fill(incident->kind, sizeof(incident->kind), "webhook_disabled");
    incident->detail = deciding_text(d, "The endpoint %s is not told of events any more: %s", id, detail);
    incident->at = d->now;
    d->object = webhook->id;
    deciding_move(d, "wh", webhook->id, "enabled", reason, "disabled");
}

static void webhook_answered(struct deciding *d, struct webhook *webhook, bool well)
{
    if (well != instant_is_set(webhook->failing_since))
        return;
    webhook->failing_since = well ? INSTANT_NONE : d->now;
    changes_put(d->changes, &webhook->row);
}

static void delivery_failed(struct deciding *d, struct webhook *webhook, struct delivery *delivery,
                            const struct delivery_outcome *outcome)
{
    delivery->detail = deciding_copy(d, outcome->detail);
    webhook_answered(d, webhook, false);
    if (outcome->answer == GONE) {
        delivery_end(delivery, DELIVERY_FAILED);
        if (webhook->enabled)
            webhook_give_up(d, webhook, "gone", "it answered 410, which says that it is gone.");
        return;
    }
    bool last = delivery->attempts >= DELIVERY_ATTEMPTS_MAX;
    if (last)
        delivery_end(delivery, DELIVERY_FAILED);
    else
        delivery_again(d, delivery, outcome->retry_after_ms);
    if (webhook->enabled && d->now.ms - webhook->failing_since.ms >= (last ? GIVE_UP_MS : GIVE_UP_ANYWAY_MS))
        webhook_give_up(d, webhook, "failing", "it took nothing for days.");
}

void delivery_conclude(struct deciding *d, struct webhook *webhook, struct delivery *delivery,
                       const struct delivery_outcome *outcome)
{
    bool well = outcome->answer >= 200 && outcome->answer < 300;

    if (delivery->state != DELIVERY_WAITING || delivery->attempts != outcome->attempts)
        return;
    delivery->attempts++;
    delivery->answer = outcome->answer;
    delivery->last_at = d->now;
    if (well) {
        delivery_end(delivery, DELIVERY_DELIVERED);
        delivery->detail = NULL;
        webhook_answered(d, webhook, true);
    } else {
        delivery_failed(d, webhook, delivery, outcome);
    }
    changes_put(d->changes, &delivery->row);
}
