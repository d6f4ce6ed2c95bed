/* SPDX-License-Identifier: Apache-2.0 */
/* The house at a glance, for staff: what a period brought by day, how fast channels were, and what is under way now. */
#include <microhttpd.h>
#include <string.h>

#include "http/answers.h"
#include "http/request.h"

/* A line of any of the queries; each fills what it counts by. */
struct counted {
    struct row row;
    int64_t day;
    char word[33], channel[CHANNEL_NAME_BYTES], currency[CURRENCY_BYTES];
    int64_t count, half, most;
    struct money amount;
    struct instant at;
};
#define COUNTED(name, kind)                                                                                            \
    {                                                                                                                  \
#name, kind, offsetof(struct counted, name), sizeof(((struct counted *)0)->name), NULL                         \
    }
static const struct column counted_columns[] = {
    COUNTED(day, COLUMN_INT),       COUNTED(word, COLUMN_TEXT),    COUNTED(channel, COLUMN_TEXT),
    COUNTED(currency, COLUMN_TEXT), COUNTED(count, COLUMN_INT),    COUNTED(half, COLUMN_INT),
    COUNTED(most, COLUMN_INT),      COUNTED(amount, COLUMN_MONEY), COUNTED(at, COLUMN_INSTANT),
};
static const struct table counted_table = {"counted", sizeof(struct counted), counted_columns,
                                           ARRAY_COUNT(counted_columns)};

/* Which of a line's members an answer says, and what it calls them; NULL: not this one. */
struct part {
    const char *name;
    enum query query;
    enum { OF_PERIOD, OF_NOW, OF_ALL } takes;
    const char *word, *channel;
    bool dated, timed, fast, plain; /* says the day, the oldest, the percentiles, no money */
};

static const struct part parts[] = {
    {"withdrawals", QUERY_SUMMARY_WITHDRAWALS, OF_PERIOD, "status", NULL, .dated = true},
    {"legs", QUERY_SUMMARY_LEGS, OF_PERIOD, "status", "channel", .dated = true},
    {"movements", QUERY_SUMMARY_ENTRIES, OF_PERIOD, "kind", NULL, .dated = true},
    {"arrival", QUERY_SUMMARY_ARRIVAL, OF_PERIOD, NULL, "channel", .fast = true, .plain = true},
    {"open", QUERY_SUMMARY_OPEN, OF_NOW, "status", "age", .timed = true},
    {"in_transit", QUERY_SUMMARY_TRANSIT, OF_ALL, "status", "channel", .timed = true},
    {"queue", QUERY_SUMMARY_QUEUE, OF_ALL, "status", NULL, .timed = true},
    {"incidents", QUERY_INCIDENTS_COUNT, OF_ALL, "kind", NULL, .timed = true, .plain = true},
};

static void counted_write(struct out *out, const struct part *part, const struct counted *counted, struct instant now)
{
    char day[INSTANT_TEXT_BYTES];

    out_object(out, NULL);
    if (part->dated) {
        instant_format_date(instant_of_days(counted->day, 0), day);
        out_string(out, "day", day);
    }
    if (part->channel != NULL)
        out_string(out, part->channel, counted->channel[0] != '\0' ? counted->channel : NULL);
    if (part->word != NULL)
        out_string(out, part->word, counted->word);
    out_int(out, "count", counted->count);
    if (!part->plain) {
        out_string(out, "currency", counted->currency);
        out_money(out, "amount", counted->amount);
    }
    if (part->timed) {
        out_instant(out, "oldest_at", counted->at);
        out_int(out, "oldest_seconds", (now.ms - counted->at.ms) / MS_SECOND);
    }
    if (part->fast) {
        out_int(out, "p50_seconds", counted->half / MS_SECOND);
        out_int(out, "p90_seconds", counted->most / MS_SECOND);
    }
    out_object_end(out);
}

static enum err part_write(struct request *request, struct store *store, const struct part *part, struct instant now,
                           struct out *out)
{
    const struct parameters *asked = &request->parameters;
    struct value period[] = {value_int("floor", id_last_of(instant_add_ms(asked->from, -1))),
                             value_int("from", asked->from.ms), value_int("to", asked->to.ms)};
    struct value moment = value_int("now", now.ms);
    struct rows rows;

    TRY(store_select(store, part->query, part->takes == OF_PERIOD ? period : &moment,
                     part->takes == OF_PERIOD ? ARRAY_COUNT(period)
                     : part->takes == OF_NOW  ? 1
                                              : 0,
                     &counted_table, &request->arena, &rows));
    out_array(out, part->name);
    for (size_t i = 0; i < rows.count; i++)
        counted_write(out, part, rows.items[i], now);
    out_array_end(out);
    return ERR_NONE;
}

static enum err summary(struct request *request, struct store *store, struct out *out)
{
    struct instant now = engine_now(server_config(request->server)->engine);

    if (!request_period(request, now))
        return ERR_NONE;
    out_object(out, NULL);
    out_instant(out, "at", now);
    out_instant(out, "from", request->parameters.from);
    out_instant(out, "to", request->parameters.to);
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
        TRY(part_write(request, store, &parts[i], now, out));
    out_object_end(out);
    return ERR_NONE;
}

/* GET /v1/transit: money that was sent and is not proven. It must reach zero, which `clear` says. */
static enum err transit(struct request *request, struct store *store, struct out *out)
{
    struct instant now = engine_now(server_config(request->server)->engine);
    int64_t open;

    TRY(store_int(store, QUERY_ATTEMPTS_OPEN, NULL, 0, &open));
    out_object(out, NULL);
    out_instant(out, "at", now);
    for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
        if (parts[i].query == QUERY_SUMMARY_TRANSIT)
            TRY(part_write(request, store, &parts[i], now, out));
    out_int(out, "payments", open);
    out_bool(out, "clear", open == 0);
    out_object_end(out);
    return ERR_NONE;
}

void transit_show(struct request *request)
{
    request_read(request, transit);
}

void summary_show(struct request *request)
{
    request_read(request, summary);
}
