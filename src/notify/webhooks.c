/* SPDX-License-Identifier: Apache-2.0 */
/* A round: which endpoints there are, what they are to be told, what is due, what came of it. */
#include "notify/notify_parts.h"

#include <string.h>

#include "base/id.h"
#include "base/log.h"

#define PAGES_MAX 16 /* in a round */

/* ---- endpoints ---- */

static struct endpoint *endpoint_find(struct notify *notify, int64_t id)
{
    for (size_t i = 0; i < notify->endpoints_count; i++)
        if (notify->endpoints[i].id == id)
            return &notify->endpoints[i];
    return NULL;
}

static void endpoint_take(struct notify *notify, const struct webhook *webhook)
{
    struct endpoint *endpoint = endpoint_find(notify, webhook->id);

    if (endpoint == NULL && notify->endpoints_count == WEBHOOKS_MAX)
        return;
    if (endpoint == NULL) {
        endpoint = &notify->endpoints[notify->endpoints_count++];
        *endpoint = (struct endpoint){.id = webhook->id, .reached = webhook->told};
    }
    endpoint->seen = true;
    endpoint->url = webhook->url;
    endpoint->events = webhook->events;
    endpoint->secret = webhook->secret;
    endpoint->previous = webhook->previous;
    endpoint->previous_until = webhook->previous_until;
    endpoint->failing = instant_is_set(webhook->failing_since);
    endpoint->told = webhook->told;
}

/* Those that are gone or disabled leave; their calls end without them. */
static enum err endpoints_read(struct notify *notify)
{
    struct rows rows;

    TRY(store_select(notify->reader, QUERY_WEBHOOKS_ALL, NULL, 0, &webhook_table, &notify->arena, &rows));
    for (size_t i = 0; i < notify->endpoints_count; i++)
        notify->endpoints[i].seen = false;
    for (size_t i = 0; i < rows.count; i++)
        if (((const struct webhook *)rows.items[i])->enabled)
            endpoint_take(notify, rows.items[i]);
    for (size_t i = notify->endpoints_count; i-- > 0;)
        if (!notify->endpoints[i].seen)
            notify->endpoints[i] = notify->endpoints[--notify->endpoints_count];
    return ERR_NONE;
}

/* ---- what came of attempts ---- */

bool webhooks_report(struct notify *notify, const struct deliveries_ask *more)
{
    struct delivery_outcome outcomes[OUTCOMES_MAX];
    struct deliveries_ask ask = more != NULL ? *more : (struct deliveries_ask){0};
    struct command command = {
        .kind = COMMAND_DELIVERIES, .roles = ROLE_SYSTEM, .principal = "system:notify", .quiet = true, .ask = &ask};
    struct reply reply;

    ask.outcomes = outcomes;
    for (size_t i = 0; i < OUTCOMES_MAX; i++)
        if (notify->flights[i].used && notify->flights[i].ended)
            outcomes[ask.outcomes_count++] = notify->flights[i].outcome;
    if (ask.outcomes_count + ask.news_count + ask.told_count == 0)
        return true;
    engine_run(notify->config.engine, &command, &reply);
    bool done = reply.status >= 200 && reply.status < 300;
    reply_fini(&reply);
    for (size_t i = 0; i < OUTCOMES_MAX && done; i++)
        if (notify->flights[i].used && notify->flights[i].ended)
            notify->flights[i].used = false;
    return done;
}

/* ---- what endpoints are to be told ---- */

struct telling {
    struct delivery_new news[DELIVERIES_TOGETHER_MAX];
    struct delivery_told told[WEBHOOKS_MAX];
    size_t news_count, told_count;
};

static int64_t reached_least(const struct notify *notify)
{
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < notify->endpoints_count; i++)
        if (notify->endpoints[i].reached < least)
            least = notify->endpoints[i].reached;
    return least;
}

static size_t telling_add(const struct notify *notify, const struct told *told, struct delivery_new *news)
{
    size_t count = 0;

    for (size_t i = 0; i < notify->endpoints_count; i++) {
        const struct endpoint *endpoint = &notify->endpoints[i];
        if (endpoint->reached < told->id && webhook_wants(endpoint->events, told->type))
            news[count++] = (struct delivery_new){.webhook = endpoint->id, .event = told->id};
    }
    return count;
}

/* As many of the page's events as fit; each with all its endpoints. Returns the last event's id. */
static int64_t telling_fill(const struct notify *notify, const struct rows *page, struct telling *ret)
{
    struct delivery_new news[WEBHOOKS_MAX];
    int64_t last = 0;

    for (size_t i = 0; i < page->count; i++) {
        const struct told *told = page->items[i];
        size_t count = telling_add(notify, told, news);
        if (ret->news_count + count > DELIVERIES_TOGETHER_MAX)
            break;
        memcpy(ret->news + ret->news_count, news, count * sizeof(news[0]));
        ret->news_count += count;
        last = told->id;
    }
    return last;
}

/* Kept with what is new, and now and then also when nothing was. */
static void told_note(struct notify *notify, int64_t last, bool keep, struct telling *ret)
{
    for (size_t i = 0; i < notify->endpoints_count; i++) {
        struct endpoint *endpoint = &notify->endpoints[i];
        if (endpoint->reached < last && keep)
            ret->told[ret->told_count++] = (struct delivery_told){.webhook = endpoint->id, .told = last};
    }
}

static void reached_move(struct notify *notify, int64_t last)
{
    for (size_t i = 0; i < notify->endpoints_count; i++)
        if (notify->endpoints[i].reached < last)
            notify->endpoints[i].reached = last;
}

/* One page; false: nothing more is to be looked at now. */
static enum err events_tell(struct notify *notify, bool *ret_more)
{
    int64_t horizon = told_horizon(notify->reader, engine_now(notify->config.engine));
    struct telling telling = {0};
    struct rows page;
    bool full;

    *ret_more = false;
    TRY(told_page(notify->reader, 0, reached_least(notify), PAGE_EVENTS, &notify->arena, &page));
    full = page.count == PAGE_EVENTS;
    while (page.count > 0 && ((const struct told *)page.items[page.count - 1])->id > horizon)
        page.count--;
    int64_t last = telling_fill(notify, &page, &telling);
    if (last == 0)
        return ERR_NONE;
    told_note(notify, last, telling.news_count > 0 || full, &telling);
    const struct deliveries_ask ask = {
        .news = telling.news, .news_count = telling.news_count, .told = telling.told, .told_count = telling.told_count};
    if (!webhooks_report(notify, &ask))
        return ERR_RETRY;
    reached_move(notify, last);
    for (size_t i = 0; i < notify->endpoints_count && telling.news_count > 0; i++)
        notify->endpoints[i].look_at = INSTANT_NONE;
    *ret_more = full || last < ((const struct told *)page.items[page.count - 1])->id;
    return ERR_NONE;
}

/* ---- what is due ---- */

static bool is_flying(const struct notify *notify, int64_t delivery)
{
    for (size_t i = 0; i < OUTCOMES_MAX; i++)
        if (notify->flights[i].used && notify->flights[i].delivery == delivery)
            return true;
    return false;
}

static size_t failing_flying(const struct notify *notify)
{
    size_t count = 0;

    for (size_t i = 0; i < OUTCOMES_MAX; i++)
        count += notify->flights[i].used && !notify->flights[i].ended && notify->flights[i].failing;
    return count;
}

/* One that failed last is tried with one call at a time, and all of those take at most half of the room. */
static size_t room_of(const struct notify *notify, const struct endpoint *endpoint)
{
    size_t most = endpoint->failing ? 1 : FLIGHTS_ENDPOINT_MAX, flying = flying_for(notify, endpoint->id);

    if (flying >= most || wire_flying(notify->wire) >= FLIGHTS_MAX ||
        (endpoint->failing && failing_flying(notify) >= FLIGHTS_FAILING_MAX))
        return 0;
    return most - flying;
}

static enum err next_look(struct notify *notify, struct endpoint *endpoint)
{
    const struct value arg = value_int("webhook", endpoint->id);
    int64_t next;

    TRY(store_int(notify->reader, QUERY_DELIVERY_NEXT, &arg, 1, &next));
    endpoint->look_at.ms = next != 0 ? next : INT64_MAX;
    return ERR_NONE;
}

static enum err endpoint_deliver(struct notify *notify, struct endpoint *endpoint, struct instant now)
{
    size_t room = room_of(notify, endpoint), asked = room + OUTCOMES_MAX, begun = 0;
    const struct value args[] = {value_int("webhook", endpoint->id), value_int("now", now.ms),
                                 value_int("limit", (int64_t)asked)};
    struct rows due;

    if (room == 0)
        return ERR_NONE;
    TRY(store_select(notify->reader, QUERY_DELIVERIES_DUE, args, ARRAY_COUNT(args), &delivery_table, &notify->arena,
                     &due));
    for (size_t i = 0; i < due.count && begun < room; i++) {
        const struct delivery *delivery = due.items[i];
        if (is_flying(notify, delivery->id))
            continue;
        TRY(deliver(notify, endpoint, delivery));
        begun++;
    }
    return due.count == 0 ? next_look(notify, endpoint) : ERR_NONE;
}

static enum err due_deliver(struct notify *notify)
{
    struct instant now = engine_now(notify->config.engine);

    for (size_t i = 0; i < notify->endpoints_count; i++) {
        /* nobody is first for ever */
        struct endpoint *endpoint = &notify->endpoints[(i + (size_t)notify->rounds) % notify->endpoints_count];
        if (instant_after(endpoint->look_at, now) || instant_after(endpoint->hold_until, now))
            continue;
        TRY(endpoint_deliver(notify, endpoint, now));
    }
    return ERR_NONE;
}

/* ---- the round ---- */

static enum err round_read(struct notify *notify, bool changed)
{
    bool more = changed && notify->endpoints_count > 0;

    if (changed)
        for (size_t i = 0; i < notify->endpoints_count; i++)
            notify->endpoints[i].look_at = INSTANT_NONE;
    for (int page = 0; more && page < PAGES_MAX; page++)
        TRY(events_tell(notify, &more));
    if (more)
        notify->behind = true;
    if (!webhooks_report(notify, NULL))
        return ERR_RETRY;
    return due_deliver(notify);
}

enum err webhooks_round(struct notify *notify)
{
    struct engine *engine = notify->config.engine;
    int64_t commits = engine_stats(engine)->commits;
    bool changed = commits != notify->commits || notify->behind || store_is_shared(notify->reader);

    notify->rounds++;
    notify->behind = false;
    TRY(endpoints_read(notify));
    TRY(round_read(notify, changed));
    notify->commits = commits; /* what failed is done again */
    return ERR_NONE;
}
