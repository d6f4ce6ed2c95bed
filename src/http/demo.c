/* SPDX-License-Identifier: Apache-2.0 */
/* Demo switches (api/openapi.yaml, /demo/…): the mailbox, the clock and the moods of the simulated channels. */
#include <microhttpd.h>
#include <stdatomic.h>

#include "base/log.h"
#include "channel/simulated.h"
#include "http/answers.h"
#include "http/demo_time.h"
#include "http/request.h"
#include "payout/payout.h"

#define ADVANCE_MS_MAX (INT64_C(3660) * MS_DAY)
#define CLOCK_DAYS_MAX civil_days(2090, 1, 1) /* ids carry the time, and have room into 2093; they never go back */

/* ---- messages ---- */

static enum err messages(struct request *request, struct store *store, struct out *out)
{
    const struct parameters *asked = &request->parameters;
    struct value limit = value_int("limit", asked->limit);
    struct account *account;
    struct rows rows;

    if (asked->account == NULL) {
        TRY(store_select(store, QUERY_MESSAGES_ALL, &limit, 1, &message_table, &request->arena, &rows));
    } else {
        TRY(request_account(request, store, asked->account, &account));
        if (account == NULL)
            return ERR_NONE;
        struct value args[] = {value_int("account", account->id), limit};
        TRY(store_select(store, QUERY_MESSAGES_BY_ACCOUNT, args, ARRAY_COUNT(args), &message_table, &request->arena,
                         &rows));
    }
    request_list_begin(out);
    for (size_t i = 0; i < rows.count; i++)
        view_message(out, rows.items[i]);
    request_list_end(out, 0);
    return ERR_NONE;
}

void demo_messages(struct request *request)
{
    request_read(request, messages);
}

/* ---- the clock ---- */

struct clock_ask {
    const char *advance;
    struct instant set;
};
static const struct field clock_fields[] = {
    {.name = "advance", .kind = FIELD_TEXT, .offset = offsetof(struct clock_ask, advance), .min = 1, .max = 32},
    {.name = "set", .kind = FIELD_INSTANT, .offset = offsetof(struct clock_ask, set)},
};
static const struct shape clock_shape = {"clock", sizeof(struct clock_ask), clock_fields, ARRAY_COUNT(clock_fields)};

static int64_t unit_ms(char unit)
{
    return unit == 's' ? MS_SECOND : unit == 'm' ? MS_MINUTE : unit == 'h' ? MS_HOUR : unit == 'd' ? MS_DAY : 0;
}

/* "26h", "90m", "1h30m", "2d". */
static bool advance_read(const char *text, int64_t *ret)
{
    int64_t total = 0;

    while (*text != '\0') {
        int64_t count = 0;
        size_t digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 7; text++, digits++)
            count = count * 10 + (*text - '0');
        if (digits == 0 || unit_ms(*text) == 0)
            return false;
        total += count * unit_ms(*text++);
        if (total > ADVANCE_MS_MAX)
            return false;
    }
    *ret = total;
    return true;
}

static bool clock_move(struct request *request, const struct clock_ask *ask)
{
    struct system_clock *clock = server_config(request->server)->clock;
    struct field_problems problems = {0};
    int64_t by = 0;

    if ((ask->advance != NULL) == instant_is_set(ask->set))
        field_problem_add(&problems, "", "malformed", "expected either advance or set");
    else if (ask->advance != NULL && !advance_read(ask->advance, &by))
        field_problem_add(&problems, "/advance", "malformed", "expected a duration as 26h, 90m, 1h30m or 2d");
    if (problems.count > 0) {
        request_malformed(request, &problems);
        return false;
    }
    if (ask->advance == NULL)
        by = ask->set.ms - system_clock_now(clock).ms;
    if (system_clock_now(clock).ms + by >= CLOCK_DAYS_MAX * MS_DAY) {
        field_problem_add(&problems, ask->advance != NULL ? "/advance" : "/set", "out_of_range",
                          "the clock goes no further than the year 2089");
        request_malformed(request, &problems);
        return false;
    }
    by += atomic_fetch_add(&clock->offset_ms, by);
    if (!demo_time_keep(server_config(request->server)->directory, by))
        log_line(LOG_LEVEL_WARN, "the demo's clock is not kept: it begins anew with the next start", NULL);
    return true;
}

void demo_clock(struct request *request)
{
    const struct http_config *config = server_config(request->server);
    struct clock_ask ask = {0};
    struct out out;

    if (!request_body(request, &clock_shape, &ask) || !clock_move(request, &ask))
        return;
    payout_wake(config->payout);
    out_init(&out);
    out_object(&out, NULL);
    out_instant(&out, "now", engine_now(config->engine));
    out_object_end(&out);
    request_answer(request, MHD_HTTP_OK, &out);
}

/* ---- the channels ---- */

struct channel_ask {
    struct field_list next;
};
static const struct field channel_fields[] = {
    {.name = "next",
     .kind = FIELD_ARRAY,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct channel_ask, next),
     .max = SIMULATED_SCRIPT_MAX},
};
static const struct shape channel_shape = {"channel", sizeof(struct channel_ask), channel_fields,
                                           ARRAY_COUNT(channel_fields)};

/* All simulated channels share one script: the first one takes it for all. */
void demo_channel(struct request *request)
{
    const struct http_config *config = server_config(request->server);
    struct channel_ask ask = {0};
    struct field_problems problems = {0};
    char reason[201] = "";
    struct out out;
    enum err err;

    if (!request_body(request, &channel_shape, &ask))
        return;
    err = simulated_script(config->channels->items[0], (const char *const *)ask.next.items, ask.next.count, reason);
    if (err == ERR_REQUEST) {
        field_problem_add(&problems, "/next", "out_of_range", "%s", reason);
        request_malformed(request, &problems);
        return;
    }
    if (err != ERR_NONE) {
        request_fault(request, err, reason);
        return;
    }
    out_init(&out);
    out_object(&out, NULL);
    out_int(&out, "accepted", (int64_t)ask.next.count);
    out_object_end(&out);
    request_answer(request, MHD_HTTP_OK, &out);
}
