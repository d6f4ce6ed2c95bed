/* SPDX-License-Identifier: Apache-2.0 */
/* What came late: where several engines write, an event may be committed after one with a greater id, and the sender
 * may have gone past it. So the last SWEEP_MS are looked at again now and then, and what has no delivery gets one. */
#include "notify/notify_parts.h"

#include "base/id.h"

#define SWEEP_MS (90 * MS_SECOND) /* longer than a commit may take: sql/query/schema.sql bounds its statements */
#define SWEEP_EVENTS 2048
#define SWEEP_PAGES_MAX 32

/* Events of the page, and deliveries of them, both in the order of the events' ids. */
static size_t missing_add(const struct endpoint *endpoint, const struct rows *page, const struct rows *known,
                          struct delivery_new *news, size_t room)
{
    size_t count = 0, at = 0;

    for (size_t i = 0; i < page->count && count < room; i++) {
        const struct told *told = page->items[i];

        while (at < known->count && ((const struct delivery *)known->items[at])->event < told->id)
            at++;
        if (at < known->count && ((const struct delivery *)known->items[at])->event == told->id)
            continue;
        if (told->id > endpoint->id && told->id <= endpoint->reached && webhook_wants(endpoint->events, told->type))
            news[count++] = (struct delivery_new){.webhook = endpoint->id, .event = told->id};
    }
    return count;
}

static enum err page_sweep(struct notify *notify, const struct rows *page)
{
    struct delivery_new news[DELIVERIES_TOGETHER_MAX];
    struct deliveries_ask ask = {.news = news};
    int64_t first = ((const struct told *)page->items[0])->id;
    int64_t last = ((const struct told *)page->items[page->count - 1])->id;

    for (size_t i = 0; i < notify->endpoints_count; i++) {
        const struct endpoint *endpoint = &notify->endpoints[i];
        const struct value args[] = {value_int("webhook", endpoint->id), value_int("from", first),
                                     value_int("to", last), value_int("limit", SWEEP_EVENTS)};
        struct rows known;

        TRY(store_select(notify->reader, QUERY_DELIVERIES_OF_EVENTS, args, ARRAY_COUNT(args), &delivery_table,
                         &notify->sweep_arena, &known));
        ask.news_count +=
            missing_add(endpoint, page, &known, news + ask.news_count, DELIVERIES_TOGETHER_MAX - ask.news_count);
    }
    if (ask.news_count == 0)
        return ERR_NONE;
    return webhooks_report(notify, &ask) ? ERR_NONE : ERR_RETRY;
}

enum err webhooks_sweep(struct notify *notify)
{
    int64_t after = id_last_of(instant_add_ms(engine_now(notify->config.engine), -SWEEP_MS));
    struct rows page = {.count = SWEEP_EVENTS};

    for (int pages = 0; pages < SWEEP_PAGES_MAX && page.count == SWEEP_EVENTS; pages++) {
        arena_reset(&notify->sweep_arena);
        TRY(told_page(notify->reader, 0, after, SWEEP_EVENTS, &notify->sweep_arena, &page));
        if (page.count == 0)
            break;
        TRY(page_sweep(notify, &page));
        after = ((const struct told *)page.items[page.count - 1])->id;
    }
    return ERR_NONE;
}
