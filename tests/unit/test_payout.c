/* SPDX-License-Identifier: Apache-2.0 */
/* Whole stories of a payment, with the real engine, the real store and the simulated bank: each way in which a channel
 * may answer ends in the right state, with the money where it belongs, and never with a second payment. */
#include "access/vault.h"
#include "base/embedded.h"
#include "channel/simulated.h"
#include "domain/calendar.h"
#include "domain/withdrawal.h"
#include "payout/payout.h"
#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOPUP 100000
#define AMOUNT 30000

struct town {
    char directory[64], book[96];
    struct instant now;
    struct world world;
    struct policies policies;
    struct calendar calendar;
    struct channel *alipay;
    struct channels channels;
    struct payout *payout;
    struct engine *engine;
    struct arena arena;
    int64_t withdrawal;
};

static const struct instant noon = {1795147200000}; /* 2026-11-20T12:00:00+08:00 */

static struct instant town_now(void *context)
{
    return ((struct town *)context)->now;
}

/* ---- opening, and closing as a kill would ---- */

static void migrated(struct town *town)
{
    char reason[512] = "";
    struct store *store = NULL;
    int64_t from, to;

    assert_int_equal(store_open(town->directory, STORE_WRITER, NULL, &store, reason), ERR_NONE);
    assert_int_equal(store_migrate(store, &from, &to), ERR_NONE);
    if (policies_open(store, NULL, town->now, &town->policies, reason) != ERR_NONE)
        fail_msg("%s", reason);
    store_close(&store);
}

static void town_wake(struct town *town)
{
    static const struct channel_capability hasty = {.refund = true, .transfer = true, .query = true, .callbacks = true};
    char reason[256] = "";
    struct engine_config config = {.directory = town->directory,
                                   .world = &town->world,
                                   .policies = &town->policies,
                                   .calendar = &town->calendar,
                                   .channels = &town->channels,
                                   .queue_max = 100,
                                   .batch_max = 10,
                                   .effects = payout_effects,
                                   .due = payout_due};
    struct payout_config payouts = {.channels = &town->channels, .store = town->directory};

    town->world = (struct world){.now = town_now, .context = town};
    random_init_seed(&town->world.random, 7);
    migrated(town);
    town->alipay = simulated_new("alipay", town->book, &hasty, reason);
    assert_non_null(town->alipay);
    town->channels = (struct channels){{town->alipay}, 1};
    town->payout = payout_new();
    config.sink = town->payout;
    if (engine_open(&config, &town->engine, reason) != ERR_NONE)
        fail_msg("%s", reason);
    payouts.engine = town->engine;
    assert_int_equal(payout_attach(town->payout, &payouts, reason), ERR_NONE);
}

/* Whatever was only in memory is gone. */
static void town_sleep(struct town *town)
{
    payout_free(&town->payout);
    engine_close(&town->engine);
    policies_fini(&town->policies);
    town->alipay->operations->close(town->alipay);
}

static struct town *town_new(void)
{
    struct town *town = calloc(1, sizeof *town);
    struct policy_mistake mistake;

    assert_non_null(town);
    snprintf(town->directory, sizeof town->directory, "/tmp/ebb_payout_XXXXXX");
    assert_non_null(mkdtemp(town->directory));
    snprintf(town->book, sizeof town->book, "%s/simulated.db", town->directory);
    town->now = noon;
    arena_init(&town->arena, (size_t)64 << 20);
    assert_int_equal(calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &town->calendar, &mistake),
                     ERR_NONE);
    town_wake(town);
    return town;
}

static int file_remove(const char *path, const struct stat *status UNUSED, int flag UNUSED, struct FTW *walk UNUSED)
{
    return remove(path);
}

static void town_free(struct town *town)
{
    town_sleep(town);
    nftw(town->directory, file_remove, 8, FTW_DEPTH | FTW_PHYS);
    arena_fini(&town->arena);
    free(town);
}

/* ---- asking ---- */

static int run(struct town *town, enum command_kind kind, const char *account, const struct shape *shape,
               const char *json)
{
    struct command command = {.kind = kind, .roles = ROLE_FACTS | ROLE_WITHDRAW, .object_id = town->withdrawal};
    struct field_problems problems = {0};
    struct reply reply;
    void *ask = arena_alloc(&town->arena, shape->bytes);
    int status;

    assert_int_equal(field_read_json(json, strlen(json), shape, &town->arena, ask, &problems), ERR_NONE);
    command.ask = ask;
    snprintf(command.principal, sizeof command.principal, "test");
    snprintf(command.account, sizeof command.account, "%s", account);
    engine_run(town->engine, &command, &reply);
    status = reply.status;
    if (status >= 300)
        print_message("%s: %d %s\n", word_text(&command_words, (int)kind), status, reply.body);
    reply_fini(&reply);
    return status;
}

/* Rows of one query by one number, read from outside the engine. */
static struct rows read_rows(struct town *town, enum query query, const char *name, int64_t value,
                             const struct table *table)
{
    struct value values[] = {value_int(name, value), value_int("limit", 100)};
    struct vault vault;
    struct store *store = NULL;
    struct rows rows = {0};
    char reason[256];

    assert_int_equal(vault_open(town->directory, false, &vault, reason), ERR_NONE);
    assert_int_equal(store_open(town->directory, STORE_READER, &vault, &store, reason), ERR_NONE);
    assert_int_equal(
        store_select(store, query, values, query == QUERY_MESSAGES_BY_ACCOUNT ? 2 : 1, table, &town->arena, &rows),
        ERR_NONE);
    store_close(&store);
    vault_fini(&vault);
    return rows;
}

static struct account *account_of(struct town *town)
{
    struct value value = value_text("ref", "alice");
    struct store *store = NULL;
    struct rows rows = {0};
    char reason[256];

    assert_int_equal(store_open(town->directory, STORE_READER, NULL, &store, reason), ERR_NONE);
    assert_int_equal(store_select(store, QUERY_ACCOUNT_BY_REF, &value, 1, &account_table, &town->arena, &rows),
                     ERR_NONE);
    store_close(&store);
    assert_int_equal(rows.count, 1);
    return rows.items[0];
}

static struct withdrawal *withdrawal_of(struct town *town)
{
    return read_rows(town, QUERY_WITHDRAWAL_BY_ID, "id", town->withdrawal, &withdrawal_table).items[0];
}

static struct leg *leg_of(struct town *town)
{
    struct rows rows = read_rows(town, QUERY_LEGS_BY_WITHDRAWAL, "withdrawal", town->withdrawal, &leg_table);

    assert_int_equal(rows.count, 1);
    return rows.items[0];
}

static struct attempt *attempt_of(struct town *town)
{
    struct rows rows = read_rows(town, QUERY_ATTEMPTS_BY_WITHDRAWAL, "withdrawal", town->withdrawal, &attempt_table);

    assert_int_equal(rows.count, 1); /* never a second key */
    return rows.items[0];
}

/* The customer withdraws and enters the code: approved, nothing of it sent. */
static void confirmed(struct town *town)
{
    const struct message *message;
    char code[32];

    assert_int_equal(run(town, COMMAND_WITHDRAW, "alice", &withdraw_shape, "{\"account\":\"alice\",\"amount\":30000}"),
                     201);
    message = read_rows(town, QUERY_MESSAGES_BY_ACCOUNT, "account", account_of(town)->id, &message_table).items[0];
    town->withdrawal = message->withdrawal;
    snprintf(code, sizeof code, "{\"code\":\"%s\"}", message->code);
    assert_int_equal(run(town, COMMAND_CODE, "", &code_shape, code), 200);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_APPROVED);
}

/* One customer with one top-up, who withdraws and enters the code: approved, nothing sent. */
static void approved(struct town *town)
{
    assert_int_equal(run(town, COMMAND_ACCOUNT_PUT, "alice", &account_shape,
                         "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"phone\":\"13800000000\",\"subject\":{\"kind\":"
                         "\"person\",\"name\":\"张三\",\"id_number\":\"ID-1\",\"verified\":true}}"),
                     201);
    assert_int_equal(run(town, COMMAND_TOPUP, "alice", &topup_shape,
                         "{\"ref\":\"t1\",\"amount\":100000,\"method\":\"alipay\",\"payer\":{\"kind\":\"personal\","
                         "\"name\":\"张三\"},\"channel_ref\":\"T-1\"}"),
                     201);
    confirmed(town);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 0);
}

/* Steps through `ms` of the town's time, a second a step. */
static void live(struct town *town, int64_t ms)
{
    for (int64_t past = 0; past <= ms; past += MS_SECOND) {
        (void)payout_step(town->payout);
        town->now = instant_add_ms(town->now, MS_SECOND);
    }
}

static void scripted(struct town *town, const char *word)
{
    char reason[201] = "";

    assert_int_equal(simulated_script(town->alipay, &word, 1, reason), ERR_NONE);
}

static size_t incidents(struct town *town, const char *kind)
{
    struct store *store = NULL;
    struct rows rows = {0};
    size_t count = 0;
    char reason[256];

    assert_int_equal(store_open(town->directory, STORE_READER, NULL, &store, reason), ERR_NONE);
    assert_int_equal(store_select(store, QUERY_INCIDENTS_OPEN, NULL, 0, &incident_table, &town->arena, &rows),
                     ERR_NONE);
    store_close(&store);
    for (size_t i = 0; i < rows.count; i++)
        count += strcmp(((const struct incident *)rows.items[i])->kind, kind) == 0;
    return count;
}

/* ---- a story a word ---- */

/* What is true two minutes after the first send. `left`: the top-up's money on the account; `held`: of it, in flight.
 */
struct story {
    const char *word;
    enum withdrawal_status withdrawal;
    enum leg_status leg;
    int64_t left, held, paid_times;
    const char *incident;
};
static const struct story stories[] = {
    {"paid", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"pending_then_paid", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"refused:ACQ.TRADE_HAS_FINISHED", WITHDRAWAL_FAILED, LEG_FAILED, TOPUP, 0, 0, NULL},
    {"timeout_paid", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"timeout_unpaid", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"bounce_after:1m", WITHDRAWAL_RETURNED, LEG_RETURNED, TOPUP, 0, 1, NULL},
    {"duplicate_callback", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"reordered_callback", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"pays_other_amount", WITHDRAWAL_DISPATCHING, LEG_UNKNOWN, TOPUP, AMOUNT, 1, "amount_differs"},
    {"pays_twice_key", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL}, /* asked, not sent again */
    {"not_found_then_paid", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"error_500", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"bad_signature", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"not_sent", WITHDRAWAL_SUCCESSFUL, LEG_SUCCESSFUL, TOPUP - AMOUNT, 0, 1, NULL},
    {"unlisted_code", WITHDRAWAL_DISPATCHING, LEG_UNKNOWN, TOPUP, AMOUNT, 0, NULL},
};

static void story_holds(const struct story *story)
{
    struct town *town = town_new();
    const struct account *account;

    print_message("  %s\n", story->word);
    approved(town);
    scripted(town, story->word);
    live(town, 2 * MS_MINUTE);
    account = account_of(town);
    assert_int_equal(withdrawal_of(town)->status, story->withdrawal);
    assert_int_equal(leg_of(town)->status, story->leg);
    assert_int_equal(account->topup.minor, story->left);
    assert_int_equal(account->topup_held.minor, story->held);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), story->paid_times);
    assert_string_equal(attempt_of(town)->channel, "alipay");
    assert_int_equal(incidents(town, "amount_differs"), story->incident != NULL); /* however often it is told */
    town_free(town);
}

static void every_answer_ends_in_the_right_state(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_COUNT(stories); i++)
        story_holds(&stories[i]);
}

static void silence_is_never_failure_it_goes_to_people(void **state UNUSED)
{
    struct town *town = town_new();

    approved(town);
    scripted(town, "unlisted_code");
    live(town, MS_MINUTE);
    for (int i = 0; i < 26 * 4; i++) {
        town->now = instant_add_ms(town->now, 15 * MS_MINUTE);
        (void)payout_step(town->payout);
    }
    assert_int_equal(leg_of(town)->status, LEG_MANUAL);
    assert_int_equal(account_of(town)->topup_held.minor, AMOUNT);
    assert_int_equal(incidents(town, "outcome_unknown"), 1);
    assert_int_equal(incidents(town, "manual_decision"), 1);
    town_free(town);
}

/* ---- kills ---- */

/* The intent is committed and the process dies before the call: asked first, then the same bytes under the same key. */
static void an_intent_that_was_never_sent_is_asked_about_and_sent_once(void **state UNUSED)
{
    struct town *town = town_new();
    struct command tick = {.kind = COMMAND_TICK, .roles = ROLE_SYSTEM, .principal = "test"};
    struct reply reply;
    char key[CHANNEL_KEY_BYTES];

    approved(town);
    tick.object_id = town->withdrawal;
    engine_run(town->engine, &tick, &reply);
    assert_int_equal(reply.status, 200);
    reply_fini(&reply);
    snprintf(key, sizeof key, "%s", attempt_of(town)->key);
    assert_int_equal(attempt_of(town)->status, ATTEMPT_INTENT);
    town_sleep(town);
    town_wake(town);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 0);
    (void)payout_step(town->payout);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 0); /* within the guard it may still be on its way */
    live(town, 2 * MS_MINUTE);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    assert_string_equal(attempt_of(town)->key, key);
    assert_int_equal(attempt_of(town)->queries > 0, true);
    assert_int_equal(simulated_paid_times(town->alipay, key), 1);
    town_free(town);
}

/* The bank has paid and the process dies before the answer is committed: asked, not sent again. */
static void a_payment_whose_answer_was_lost_is_not_sent_again(void **state UNUSED)
{
    struct town *town = town_new();
    struct command tick = {.kind = COMMAND_TICK, .roles = ROLE_SYSTEM, .principal = "test"};
    struct channel_answer answer;
    struct reply reply;
    const struct attempt *attempt;

    approved(town);
    tick.object_id = town->withdrawal;
    engine_run(town->engine, &tick, &reply);
    reply_fini(&reply);
    attempt = attempt_of(town);
    town->alipay->operations->send(town->alipay, attempt->key, attempt->request, true, town->now, &answer);
    assert_int_equal(answer.kind, EVIDENCE_PAID);
    town_sleep(town);
    town_wake(town);
    live(town, 2 * MS_MINUTE);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    assert_int_equal(attempt_of(town)->sends, 1);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 1);
    town_free(town);
}

/* A bounce days later, with the server down when it was due. */
static void a_bounce_is_heard_after_a_restart(void **state UNUSED)
{
    struct town *town = town_new();

    approved(town);
    scripted(town, "bounce_after:72h");
    live(town, MS_MINUTE);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    town_sleep(town);
    town->now = instant_add_ms(town->now, 4 * MS_DAY);
    town_wake(town);
    live(town, 2 * MS_SECOND);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_RETURNED);
    assert_int_equal(account_of(town)->topup.minor, TOPUP);
    live(town, 2 * MS_SECOND);
    assert_int_equal(account_of(town)->topup.minor, TOPUP); /* once */
    town_free(town);
}

/* ---- a channel on hold ---- */

/* The bank between, which does something beside. */
static struct channel_operations watching;
static const struct channel_operations *simulated_operations;
static int64_t denied;

static void denying_send(struct channel *channel UNUSED, const char *key, const char *request UNUSED, bool first UNUSED,
                         struct instant now UNUSED, struct channel_answer *ret)
{
    *ret = (struct channel_answer){.kind = EVIDENCE_NOTHING, .alarm = ALARM_HALT};
    snprintf(ret->key, sizeof ret->key, "%s", key);
    snprintf(ret->code, sizeof ret->code, "SIGN_ERROR");
    denied++;
}

static void a_paused_channel_keeps_the_hold_and_pays_later(void **state UNUSED)
{
    struct town *town = town_new();

    approved(town);
    assert_true(payout_pause(town->payout, "alipay", true));
    live(town, 10 * MS_MINUTE);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 0);
    assert_int_equal(account_of(town)->topup_held.minor, AMOUNT);
    assert_true(payout_pause(town->payout, "alipay", false));
    live(town, MS_HOUR);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 1);
    town_free(town);
}

/* Our side is wrong at the channel: the payment waits, and the next ones are not even begun. One incident for all of
 * it; then the first that is let through finds out, and all are paid. */
static void a_channel_that_denies_us_is_halted_until_it_does_not(void **state UNUSED)
{
    struct town *town = town_new();
    int64_t first;

    approved(town);
    first = town->withdrawal;
    scripted(town, "denied:NO_AUTH");
    (void)payout_step(town->payout);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 0);
    assert_int_equal(leg_of(town)->status, LEG_UNKNOWN);
    assert_int_equal(account_of(town)->topup_held.minor, AMOUNT);
    assert_int_equal(incidents(town, "channel_halted"), 1);
    confirmed(town);
    scripted(town, "denied:NO_AUTH");
    live(town, 50 * MS_SECOND);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_APPROVED); /* it can still be cancelled */
    assert_int_equal(leg_of(town)->status, LEG_HELD);
    live(town, MS_MINUTE);
    town->withdrawal = first; /* was asked about, and tried again first */
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    live(town, MS_HOUR);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 2);
    assert_int_equal(incidents(town, "channel_halted"), 2); /* it had taken orders in between */
    town_free(town);
}

static void denying_query(struct channel *channel UNUSED, const char *key, const char *request UNUSED,
                          struct instant now UNUSED, struct channel_answer *ret)
{
    *ret = (struct channel_answer){.kind = EVIDENCE_NOTHING, .alarm = ALARM_HALT};
    snprintf(ret->key, sizeof ret->key, "%s", key);
    snprintf(ret->code, sizeof ret->code, "NO_AUTH");
}

/* We may pay and not ask: somebody looks, and the others are paid. */
static void a_question_that_is_denied_stops_no_payment(void **state UNUSED)
{
    struct town *town = town_new();

    approved(town);
    simulated_operations = town->alipay->operations;
    watching = *simulated_operations;
    watching.query = denying_query;
    town->alipay->operations = &watching;
    scripted(town, "timeout_unpaid");
    live(town, 2 * MS_MINUTE);
    assert_int_equal(leg_of(town)->status, LEG_UNKNOWN);
    assert_int_equal(incidents(town, "channel_halted"), 0);
    assert_int_equal(incidents(town, "channel_disagrees"), 1);
    confirmed(town);
    live(town, 10 * MS_SECOND);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    town->alipay->operations = simulated_operations;
    town_free(town);
}

/* While it goes on it is one alarm, tried less and less often. */
static void a_halt_that_goes_on_is_one_alarm(void **state UNUSED)
{
    struct town *town = town_new();
    int64_t before;

    approved(town);
    simulated_operations = town->alipay->operations;
    watching = *simulated_operations;
    watching.send = denying_send;
    town->alipay->operations = &watching;
    denied = 0;
    (void)payout_step(town->payout);
    confirmed(town);
    for (int i = 0; i < 12 * 60; i++) {
        (void)payout_step(town->payout);
        town->now = instant_add_ms(town->now, MS_MINUTE);
    }
    assert_in_range(denied, 8, 40);
    before = denied;
    assert_int_equal(incidents(town, "channel_halted"), 1);
    assert_int_equal(withdrawal_of(town)->status == WITHDRAWAL_FAILED, false);
    town->alipay->operations = simulated_operations;
    live(town, 2 * MS_HOUR);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 2);
    assert_int_equal(before, denied);
    town_free(town);
}

/* ---- with threads ---- */

static void with_threads(struct town *town)
{
    struct payout_config config = {.channels = &town->channels, .store = town->directory};
    char reason[256];

    payout_stop(town->payout);
    assert_int_equal(engine_start(town->engine), ERR_NONE);
    config.engine = town->engine;
    assert_int_equal(payout_start(town->payout, &config, reason), ERR_NONE);
    for (int i = 0; i < 500 && withdrawal_of(town)->status != WITHDRAWAL_SUCCESSFUL; i++)
        usleep(10000);
    payout_stop(town->payout);
    assert_int_equal(withdrawal_of(town)->status, WITHDRAWAL_SUCCESSFUL);
    assert_int_equal(simulated_paid_times(town->alipay, NULL), 1);
}

static void the_threads_do_the_same(void **state UNUSED)
{
    struct town *town = town_new();

    approved(town);
    with_threads(town);
    town_free(town);
}

/* A bank that looks into our books before it pays: the intent must stand there, under this key, with these bytes. */
static struct town *watched;
static _Atomic int seen_durable, seen_too_early;

static void watching_send(struct channel *channel, const char *key, const char *request, bool first, struct instant now,
                          struct channel_answer *ret)
{
    struct value value = value_int("withdrawal", watched->withdrawal);
    struct vault vault;
    struct store *store = NULL;
    struct rows rows = {0};
    struct arena arena;
    char reason[256];
    bool durable;

    arena_init(&arena, (size_t)1 << 20);
    durable = vault_open(watched->directory, false, &vault, reason) == ERR_NONE &&
              store_open(watched->directory, STORE_READER, &vault, &store, reason) == ERR_NONE &&
              store_select(store, QUERY_ATTEMPTS_BY_WITHDRAWAL, &value, 1, &attempt_table, &arena, &rows) == ERR_NONE &&
              rows.count == 1 && strcmp(((const struct attempt *)rows.items[0])->key, key) == 0 &&
              strcmp(((const struct attempt *)rows.items[0])->request, request) == 0;
    if (durable)
        seen_durable++;
    else
        seen_too_early++;
    store_close(&store);
    vault_fini(&vault);
    arena_fini(&arena);
    simulated_operations->send(channel, key, request, first, now, ret);
}

static void the_intent_is_durable_before_the_first_byte(void **state UNUSED)
{
    struct town *town = town_new();

    approved(town);
    watched = town;
    simulated_operations = town->alipay->operations;
    watching = *simulated_operations;
    watching.send = watching_send;
    town->alipay->operations = &watching;
    with_threads(town);
    assert_int_equal(seen_durable, 1);
    assert_int_equal(seen_too_early, 0);
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_ends_in_the_right_state),
        cmocka_unit_test(silence_is_never_failure_it_goes_to_people),
        cmocka_unit_test(an_intent_that_was_never_sent_is_asked_about_and_sent_once),
        cmocka_unit_test(a_payment_whose_answer_was_lost_is_not_sent_again),
        cmocka_unit_test(a_bounce_is_heard_after_a_restart),
        cmocka_unit_test(a_paused_channel_keeps_the_hold_and_pays_later),
        cmocka_unit_test(a_channel_that_denies_us_is_halted_until_it_does_not),
        cmocka_unit_test(a_halt_that_goes_on_is_one_alarm),
        cmocka_unit_test(a_question_that_is_denied_stops_no_payment),
        cmocka_unit_test(the_threads_do_the_same),
        cmocka_unit_test(the_intent_is_durable_before_the_first_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
