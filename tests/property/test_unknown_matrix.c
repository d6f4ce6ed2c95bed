/* SPDX-License-Identifier: Apache-2.0 */
/* R6: each way in which the simulated channel may answer, against each thing that may be asked of a payment:
 *   pay      the answer to the send comes in, whatever it is
 *   query    the house dies with the answer in its hands: only what it asks later can tell
 *   cancel   the customer cancels while the payment is under way: refused, and it ends as if nobody had asked
 * In every cell the payment must end where a few words here say, the channel must have paid as often as they say, and
 * what the books gave away must be what left. The cells are printed. */
#include "house.h"

#include <inttypes.h>

#define TOPUP 100000
#define AMOUNT 30000
#define HOURS 90 /* past the day after which people decide, and past the bounce */

enum question { ASK_PAY, ASK_QUERY, ASK_CANCEL, QUESTION__COUNT };
static const char *const questions[] = {"pay", "query", "cancel"};

struct mode {
    const char *outcome;
    const char *status, *leg; /* where it ends */
    int64_t paid_times;
    int64_t given; /* what has left the balance for good or is still held */
};
/* `pays_other_amount` proves nothing, `unlisted_code` says nothing: both wait for people with the money on hold. */
static const struct mode modes[] = {
    {"paid", "successful", "successful", 1, AMOUNT},
    {"pending_then_paid", "successful", "successful", 1, AMOUNT},
    {"refused:ACQ.TRADE_HAS_FINISHED", "failed", "failed", 0, 0},
    {"timeout_paid", "successful", "successful", 1, AMOUNT},
    {"timeout_unpaid", "successful", "successful", 1, AMOUNT},
    {"bounce_after:72h", "returned", "returned", 1, 0},
    {"duplicate_callback", "successful", "successful", 1, AMOUNT},
    {"reordered_callback", "successful", "successful", 1, AMOUNT},
    {"pays_other_amount", "dispatching", "manual", 1, AMOUNT},
    {"pays_twice_key", "successful", "successful", 1, AMOUNT},
    {"not_found_then_paid", "successful", "successful", 1, AMOUNT},
    {"error_500", "successful", "successful", 1, AMOUNT},
    {"bad_signature", "successful", "successful", 1, AMOUNT},
    {"not_sent", "successful", "successful", 1, AMOUNT},
    {"denied:NO_AUTH", "successful", "successful", 1, AMOUNT},
    {"unlisted_code", "dispatching", "manual", 0, AMOUNT},
};

struct cell {
    struct house house;
    struct channel *channel;
    int64_t withdrawal;
    char status[32], leg[32];
    int64_t sends, queries, callbacks;
};

static struct channel *alipay(struct house *house)
{
    struct channel *channel = channels_find(&house->channels, "alipay");

    assert_non_null(channel);
    return channel;
}

/* ---- a payment that is approved ---- */

static void cell_open(struct cell *c, const struct mode *mode)
{
    char code[16], json[40], reason[201] = "";
    struct command command;

    memset(c, 0, sizeof *c);
    house_open(&c->house, "2026-11-20T10:00:00+08:00");
    c->channel = alipay(&c->house);
    assert_int_equal(house_fact(&c->house, COMMAND_ACCOUNT_PUT, "a", "",
                                "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"phone\":\"1\",\"subject\":{\"kind\":"
                                "\"person\",\"name\":\"A\",\"id_number\":\"1\",\"verified\":true}}"),
                     201);
    assert_int_equal(house_fact(&c->house, COMMAND_TOPUP, "a", "",
                                "{\"ref\":\"t\",\"amount\":100000,\"method\":\"alipay\",\"payer\":{\"kind\":"
                                "\"personal\",\"name\":\"A\"}}"),
                     201);
    if (simulated_script(c->channel, &mode->outcome, 1, reason) != ERR_NONE)
        fail_msg("%s", reason);
    command = house_command(COMMAND_WITHDRAW, "op", OPERATOR, "a", "");
    assert_int_equal(house_ask(&c->house, &command, "{\"account\":\"a\",\"amount\":30000}"), 201);
    assert_true(id_parse("wd", house_member(&c->house, "id"), &c->withdrawal));
    house_code(&c->house, code);
    snprintf(json, sizeof json, "{\"code\":\"%s\"}", code);
    assert_int_equal(house_on(&c->house, COMMAND_CODE, c->withdrawal, "op", json), 200);
    assert_string_equal(house_member(&c->house, "status"), "approved");
}

/* ---- what the payout room does, one step at a time ---- */

static void evidence(struct cell *c, const struct channel_answer *answer, enum evidence_source source)
{
    struct command command = house_command(COMMAND_EVIDENCE, "system", ROLE_SYSTEM, "", "");

    command.answer = *answer;
    command.source = source;
    snprintf(command.channel, sizeof command.channel, "%s", c->channel->name);
    assert_int_equal(house_ask(&c->house, &command, NULL), 200);
}

/* Makes the calls that the last commit asked for; `lost`: and dies with the answers. */
static void calls_make(struct cell *c, bool lost)
{
    struct effect *list = c->house.effects;

    c->house.effects = NULL;
    while (list != NULL) {
        struct effect *next = list->next;
        struct channel_answer answer = {0};
        struct instant now = house_now(&c->house);

        if (list->query)
            c->channel->operations->query(c->channel, list->key, "", now, &answer);
        else
            c->channel->operations->send(c->channel, list->key, list->request, list->first, now, &answer);
        c->queries += list->query;
        c->sends += !list->query;
        if (!lost)
            evidence(c, &answer, list->query ? SOURCE_QUERY : SOURCE_REPLY);
        free(list->request);
        free(list);
        list = next;
    }
}

static void callbacks_take(struct cell *c)
{
    struct channel_answer answer;

    while (c->channel->operations->poll(c->channel, house_now(&c->house), &answer)) {
        c->callbacks++;
        evidence(c, &answer, SOURCE_CALLBACK);
    }
}

static void tick(struct cell *c)
{
    assert_int_equal(house_on(&c->house, COMMAND_TICK, c->withdrawal, "system", NULL), 200);
    snprintf(c->status, sizeof c->status, "%s", house_member(&c->house, "status"));
    snprintf(c->leg, sizeof c->leg, "%s", house_member(&c->house, "legs.0.status"));
}

/* The hold stands for what is in flight, whatever was said so far. */
static void hold_check(struct cell *c)
{
    int64_t held = house_sql(&c->house, "SELECT topup_held FROM account WHERE ref = 'a'");
    int64_t in_flight = house_sql(&c->house, "SELECT coalesce(sum(amount), 0) FROM leg "
                                             "WHERE status IN ('held','sending','accepted','unknown','manual')");

    assert_int_equal(held, in_flight);
}

static void cell_play(struct cell *c, enum question question)
{
    tick(c);
    calls_make(c, question == ASK_QUERY);
    if (question == ASK_CANCEL) {
        assert_int_equal(house_on(&c->house, COMMAND_CANCEL, c->withdrawal, "op", NULL), 409);
        hold_check(c);
    }
    for (int hour = 0; hour < HOURS; hour++) {
        callbacks_take(c);
        c->house.now_ms += MS_HOUR;
        tick(c);
        calls_make(c, false);
        hold_check(c);
    }
    tick(c);
}

/* ---- the end of a cell ---- */

static void cell_check(struct cell *c, const struct mode *mode, const char *question)
{
    int64_t paid_times = simulated_paid_times(c->channel, NULL), paid = simulated_total_paid(c->channel, NULL);
    int64_t free_amount = house_sql(&c->house, "SELECT topup - topup_held FROM account WHERE ref = 'a'");
    int64_t settled = house_sql(&c->house, "SELECT count(*) FROM entry WHERE kind IN ('settle','release')");

    print_message("%-32s %-7s %-12s %-11s paid %" PRId64 " x  sends %" PRId64 "  queries %" PRId64
                  "  callbacks %" PRId64 "\n",
                  mode->outcome, question, c->status, c->leg, paid_times, c->sends, c->queries, c->callbacks);
    assert_string_equal(c->status, mode->status);
    assert_string_equal(c->leg, mode->leg);
    assert_int_equal(paid_times, mode->paid_times);
    assert_int_equal(free_amount, TOPUP - mode->given);
    assert_int_equal(settled, strcmp(mode->leg, "manual") != 0);
    assert_int_equal(house_sql(&c->house, "SELECT count(*) FROM attempt"), 1);
    assert_int_equal(house_sql(&c->house, "SELECT coalesce(sum(amount), 0) FROM posting"), 0);
    if (strcmp(mode->status, "successful") == 0)
        assert_int_equal(paid, AMOUNT);
}

static void every_cell_ends_where_it_must(void **state)
{
    static struct cell cell;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(modes); i++)
        for (int question = 0; question < QUESTION__COUNT; question++) {
            cell_open(&cell, &modes[i]);
            cell_play(&cell, (enum question)question);
            cell_check(&cell, &modes[i], questions[question]);
            house_close(&cell.house);
        }
    print_message("R6: %zu modes x %d questions\n", ARRAY_COUNT(modes), (int)QUESTION__COUNT);
}

/* Before the first send a cancellation is free in every mode: the channel never hears of it. */
static void a_cancelled_payment_is_never_sent(void **state)
{
    static struct cell cell;
    struct cell *c = &cell;

    (void)state;
    cell_open(c, &modes[0]);
    assert_int_equal(house_on(&c->house, COMMAND_CANCEL, c->withdrawal, "op", NULL), 200);
    for (int hour = 0; hour < 3; hour++) {
        tick(c);
        calls_make(c, false);
        c->house.now_ms += MS_HOUR;
    }
    assert_string_equal(c->status, "cancelled");
    assert_int_equal(c->sends + c->queries, 0);
    assert_int_equal(simulated_paid_times(c->channel, NULL), 0);
    assert_int_equal(house_sql(&c->house, "SELECT topup - topup_held FROM account WHERE ref = 'a'"), TOPUP);
    house_close(&c->house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_cell_ends_where_it_must),
                                       cmocka_unit_test(a_cancelled_payment_is_never_sent)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
