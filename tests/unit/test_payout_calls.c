/* SPDX-License-Identifier: Apache-2.0 */
/* The payout room by itself: the engine and the store are played here, so that they can be busy, slow and unsure on
 * demand. Whole stories with the real engine stand in test_payout.c. */
#include "channel/simulated.h"
#include "domain/withdrawal.h"
#include "payout/payout.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HEARD_MAX 512

struct heard {
    enum evidence_kind kind;
    enum evidence_source source;
    int64_t withdrawal;
    char key[CHANNEL_KEY_BYTES], code[FAILURE_CODE_BYTES];
};

/* ---- the played engine ---- */

struct engine {
    pthread_mutex_t mutex;
    _Atomic int64_t now_ms;
    struct heard heard[HEARD_MAX]; /* evidence, committed or not */
    size_t heard_count, committed;
    int statuses[64]; /* answers to the next evidence; 200 after that */
    size_t statuses_count, statuses_at;
    bool always_unknown;
    int64_t due[4];
    size_t due_count;
    struct command *held[64]; /* ticks submitted and not answered */
    size_t held_count, submitted, batches;
    bool queue_full;
    _Atomic bool quarantined;
};
static struct engine played;

struct instant engine_now(const struct engine *engine)
{
    return (struct instant){engine->now_ms};
}

bool engine_quarantined(const struct engine *engine)
{
    return engine->quarantined;
}

void engine_run(struct engine *engine, struct command *command, struct reply *ret)
{
    pthread_mutex_lock(&engine->mutex);
    *ret = (struct reply){.status = 200};
    if (command->kind == COMMAND_EVIDENCE) {
        struct heard *heard = &engine->heard[engine->heard_count++];

        assert_true(engine->heard_count <= HEARD_MAX);
        assert_string_equal(command->principal, "system:payout");
        assert_int_equal(command->roles, ROLE_SYSTEM);
        heard->kind = command->answer.kind;
        heard->source = command->source;
        heard->withdrawal = command->object_id;
        memcpy(heard->key, command->answer.key, sizeof heard->key);
        memcpy(heard->code, command->answer.code, sizeof heard->code);
        if (engine->always_unknown)
            ret->status = 503;
        else if (engine->statuses_at < engine->statuses_count)
            ret->status = engine->statuses[engine->statuses_at++];
        engine->committed += ret->status == 200;
    }
    pthread_mutex_unlock(&engine->mutex);
}

void engine_run_batch(struct engine *engine, struct command **commands, size_t count)
{
    engine->batches++;
    for (size_t i = 0; i < count; i++) {
        struct reply reply;

        assert_int_equal(commands[i]->kind, commands[0]->kind);
        assert_true(commands[i]->kind == COMMAND_TICK || commands[i]->kind == COMMAND_EVIDENCE);
        engine_run(engine, commands[i], &reply);
        if (commands[i]->done != NULL)
            commands[i]->done(commands[i], &reply);
    }
}

bool engine_submit(struct engine *engine, struct command *command)
{
    bool taken;

    pthread_mutex_lock(&engine->mutex);
    taken = !engine->queue_full && engine->held_count < ARRAY_COUNT(engine->held);
    if (taken) {
        assert_int_equal(command->kind, COMMAND_TICK);
        engine->held[engine->held_count++] = command;
        engine->submitted++;
    }
    pthread_mutex_unlock(&engine->mutex);
    return taken;
}

enum err engine_due(struct store *reader UNUSED, struct instant now UNUSED, bool only_questions, int64_t *ret_ids,
                    size_t capacity, size_t *ret_count, struct instant *ret_next)
{
    pthread_mutex_lock(&played.mutex);
    assert_int_equal(only_questions, played.quarantined);
    assert_true(capacity >= played.due_count);
    memcpy(ret_ids, played.due, played.due_count * sizeof played.due[0]);
    *ret_count = played.due_count;
    *ret_next = INSTANT_NONE;
    pthread_mutex_unlock(&played.mutex);
    return ERR_NONE;
}

void reply_fini(struct reply *reply UNUSED)
{
}

enum err store_open(const char *directory UNUSED, enum store_mode mode, struct vault *vault UNUSED, struct store **ret,
                    char ret_reason[256] UNUSED)
{
    static int store;

    assert_int_equal(mode, STORE_READER);
    *ret = (struct store *)&store;
    return ERR_NONE;
}

bool store_is_shared(const struct store *store UNUSED)
{
    return false;
}

enum err store_int(struct store *store UNUSED, enum query query UNUSED, const struct value *args UNUSED,
                   size_t args_count UNUSED, int64_t *ret UNUSED)
{
    return ERR_FATAL;
}

void engine_fence(struct engine *engine UNUSED, int64_t epoch UNUSED)
{
}

void store_close(struct store **store)
{
    *store = NULL;
}

/* ---- the set-up of each test ---- */

static struct payout *payout;
static struct channel *alipay;
static struct channels channels;
static const struct instant noon = {1795147200000};

static int set_up(void **state UNUSED)
{
    static const struct channel_capability hasty = {.refund = true, .transfer = true, .query = true, .callbacks = true};
    char reason[256];

    played = (struct engine){.mutex = PTHREAD_MUTEX_INITIALIZER, .now_ms = noon.ms};
    alipay = simulated_new("alipay", ":memory:", &hasty, reason);
    assert_non_null(alipay);
    channels = (struct channels){{alipay}, 1};
    payout = payout_new();
    assert_non_null(payout);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    payout_free(&payout);
    alipay->operations->close(alipay);
    return 0;
}

static const struct payout_config config = {.engine = &played, .channels = &channels, .store = "/nowhere"};

static void attach(void)
{
    char reason[256];

    assert_int_equal(payout_attach(payout, &config, reason), ERR_NONE);
}

static struct effect *effect_of(const char *channel, const char *key, bool query)
{
    struct channel_order order = {
        .key = key, .refund = true, .amount = money_of(100), .currency = "CNY", .channel_ref = "T1", .at = noon};
    struct effect *effect = calloc(1, sizeof *effect);
    struct arena arena;

    assert_non_null(effect);
    arena_init(&arena, 65536);
    effect->query = query;
    effect->first = !query;
    effect->withdrawal = 77;
    snprintf(effect->channel, sizeof effect->channel, "%s", channel);
    snprintf(effect->key, sizeof effect->key, "%s", key);
    if (!query)
        effect->request = strdup(alipay->operations->build(alipay, &order, &arena));
    arena_fini(&arena);
    return effect;
}

static void heard_is(size_t at, enum evidence_kind kind, enum evidence_source source, int64_t withdrawal,
                     const char *code)
{
    assert_true(at < played.heard_count);
    assert_int_equal(played.heard[at].kind, kind);
    assert_int_equal(played.heard[at].source, source);
    assert_int_equal(played.heard[at].withdrawal, withdrawal);
    assert_string_equal(played.heard[at].code, code);
}

/* ---- step by step ---- */

static void a_call_becomes_evidence(void **state UNUSED)
{
    struct effect *list;

    attach();
    list = effect_of("alipay", "K1", false);
    list->next = effect_of("alipay", "K1", true);
    payout_effects(payout, list);
    assert_false(payout_quiet(payout));
    assert_int_equal(payout_step(payout), 2);
    assert_true(payout_quiet(payout));
    heard_is(0, EVIDENCE_PAID, SOURCE_REPLY, 77, "SUCCESS");
    heard_is(1, EVIDENCE_PAID, SOURCE_QUERY, 77, "SUCCESS");
    assert_string_equal(played.heard[0].key, "K1");
    assert_int_equal(simulated_paid_times(alipay, "K1"), 1);
}

static void evidence_is_tried_until_it_is_committed(void **state UNUSED)
{
    attach();
    played.statuses[0] = 429;
    played.statuses[1] = 503;
    played.statuses[2] = 500;
    played.statuses_count = 3;
    payout_effects(payout, effect_of("alipay", "K1", false));
    assert_int_equal(payout_step(payout), 1);
    assert_int_equal(played.heard_count, 4);
    assert_int_equal(played.committed, 1);
    assert_int_equal(simulated_paid_times(alipay, "K1"), 1); /* the evidence was repeated, not the payment */
    assert_int_equal(payout_stats(payout)->evidence_retries, 3);
}

static void what_calls_find_is_handed_in_together_and_the_rest_again(void **state UNUSED)
{
    struct effect *list;

    attach();
    played.statuses[0] = 200;
    played.statuses[1] = 503;
    played.statuses_count = 2;
    list = effect_of("alipay", "K1", false);
    list->next = effect_of("alipay", "K2", false);
    payout_effects(payout, list);
    assert_int_equal(payout_step(payout), 2);
    assert_int_equal(played.batches, 1);
    assert_int_equal(played.heard_count, 3);
    assert_int_equal(played.committed, 2);
    assert_string_equal(played.heard[2].key, "K2");
    assert_int_equal(payout_stats(payout)->evidence_retries, 1);
}

static void a_refused_evidence_is_not_repeated(void **state UNUSED)
{
    attach();
    played.statuses[0] = 404;
    played.statuses_count = 1;
    payout_effects(payout, effect_of("alipay", "K1", false));
    assert_int_equal(payout_step(payout), 1);
    assert_int_equal(played.heard_count, 1);
    assert_int_equal(payout_stats(payout)->evidence_refused, 1);
}

static void a_paused_channel_sends_nothing_but_answers_queries(void **state UNUSED)
{
    attach();
    assert_false(payout_pause(payout, "wechat", true));
    assert_true(payout_pause(payout, "alipay", true));
    payout_effects(payout, effect_of("alipay", "K1", false));
    payout_effects(payout, effect_of("alipay", "K1", true));
    assert_int_equal(payout_step(payout), 2);
    heard_is(0, EVIDENCE_NOTHING, SOURCE_REPLY, 77, "channel_paused");
    heard_is(1, EVIDENCE_NOTHING, SOURCE_QUERY, 77, "not_found");
    assert_true(payout_pause(payout, "alipay", false));
    payout_effects(payout, effect_of("alipay", "K1", false));
    assert_int_equal(payout_step(payout), 1);
    heard_is(2, EVIDENCE_PAID, SOURCE_REPLY, 77, "SUCCESS");
}

static void in_quarantine_nothing_is_sent_but_questions_are_asked(void **state UNUSED)
{
    attach();
    played.quarantined = true;
    payout_effects(payout, effect_of("alipay", "K1", false));
    payout_effects(payout, effect_of("alipay", "K1", true));
    assert_int_equal(payout_step(payout), 2);
    heard_is(0, EVIDENCE_NOTHING, SOURCE_REPLY, 77, "quarantined");
    heard_is(1, EVIDENCE_NOTHING, SOURCE_QUERY, 77, "not_found");
    assert_int_equal(simulated_paid_times(alipay, NULL), 0);
    played.quarantined = false;
    payout_effects(payout, effect_of("alipay", "K1", false));
    assert_int_equal(payout_step(payout), 1);
    assert_int_equal(simulated_paid_times(alipay, NULL), 1);
}

static void a_send_that_waited_past_the_guard_is_not_made(void **state UNUSED)
{
    attach();
    payout_effects(payout, effect_of("alipay", "K1", false));
    played.now_ms = noon.ms + SEND_GUARD_MS - 1;
    assert_int_equal(payout_step(payout), 1);
    heard_is(0, EVIDENCE_PAID, SOURCE_REPLY, 77, "SUCCESS");
    payout_effects(payout, effect_of("alipay", "K2", false));
    payout_effects(payout, effect_of("alipay", "K1", true));
    played.now_ms += SEND_GUARD_MS;
    assert_int_equal(payout_step(payout), 2);
    heard_is(1, EVIDENCE_NOTHING, SOURCE_REPLY, 77, "sent_too_late");
    heard_is(2, EVIDENCE_PAID, SOURCE_QUERY, 77, "SUCCESS");
    assert_int_equal(simulated_paid_times(alipay, NULL), 1);
    assert_int_equal(payout_stats(payout)->withheld, 1);
}

static void what_came_before_the_start_is_not_sent(void **state UNUSED)
{
    payout_effects(payout, effect_of("alipay", "K1", false));
    attach();
    assert_int_equal(payout_step(payout), 1);
    heard_is(0, EVIDENCE_NOTHING, SOURCE_REPLY, 77, "sent_too_late");
    assert_int_equal(simulated_paid_times(alipay, NULL), 0);
}

static void a_channel_that_is_not_there_is_said(void **state UNUSED)
{
    attach();
    payout_effects(payout, effect_of("wechat", "K1", false));
    assert_int_equal(payout_step(payout), 1);
    heard_is(0, EVIDENCE_NOTHING, SOURCE_REPLY, 77, "no_channel");
}

static void a_callback_stays_with_the_channel_until_committed(void **state UNUSED)
{
    const char *word = "duplicate_callback";
    char reason[201];

    attach();
    assert_int_equal(simulated_script(alipay, &word, 1, reason), ERR_NONE);
    payout_effects(payout, effect_of("alipay", "K1", false));
    played.always_unknown = true; /* reply and the first callback are tried to the limit of a step, and given up */
    assert_int_equal(payout_step(payout), 1);
    assert_int_equal(played.committed, 0);
    played.always_unknown = false;
    played.heard_count = 0;
    assert_int_equal(payout_step(payout), 2);
    assert_int_equal(played.committed, 2);
    heard_is(0, EVIDENCE_PAID, SOURCE_CALLBACK, 0, "SUCCESS");
    heard_is(1, EVIDENCE_PAID, SOURCE_CALLBACK, 0, "SUCCESS");
    assert_int_equal(payout_step(payout), 0);
}

static void a_step_ticks_what_is_due(void **state UNUSED)
{
    attach();
    played.due[0] = 5;
    played.due[1] = 6;
    played.due_count = 2;
    assert_int_equal(payout_step(payout), 2);
    assert_int_equal(payout_stats(payout)->ticks, 2);
}

/* ---- with threads ---- */

/* A channel that notices when one of its keys is used by two threads at once. */
static _Atomic int in_use[10], calls_made, collisions;

static void narrow_send(struct channel *channel UNUSED, const char *key, const char *request UNUSED, bool first UNUSED,
                        struct instant now UNUSED, struct channel_answer *ret)
{
    int number = key[1] - '0';

    if (in_use[number]++ != 0)
        collisions++;
    usleep(500);
    in_use[number]--;
    calls_made++;
    *ret = (struct channel_answer){.kind = EVIDENCE_NOTHING};
    snprintf(ret->key, sizeof ret->key, "%s", key);
}

static size_t held_count(void)
{
    size_t count;

    pthread_mutex_lock(&played.mutex);
    count = played.held_count;
    pthread_mutex_unlock(&played.mutex);
    return count;
}

static void wait_until_quiet(void)
{
    for (int i = 0; i < 5000 && !payout_quiet(payout); i++)
        usleep(1000);
    assert_true(payout_quiet(payout));
}

static void one_key_is_never_with_two_callers(void **state UNUSED)
{
    static const struct channel_operations operations = {.send = narrow_send};
    struct channel narrow = {.name = "narrow", .operations = &operations};
    char reason[256];

    channels.items[channels.count++] = &narrow;
    assert_int_equal(payout_start(payout, &config, reason), ERR_NONE);
    for (int i = 0; i < 200; i++) {
        char key[CHANNEL_KEY_BYTES];

        snprintf(key, sizeof key, "K%d", i % 3);
        payout_effects(payout, effect_of("narrow", key, false));
    }
    wait_until_quiet();
    assert_int_equal(calls_made, 200);
    assert_int_equal(collisions, 0);
    assert_int_equal(played.committed, 200);
    payout_stop(payout);
}

/* Answers all ticks that the engine holds, as its worker would. */
static void answer_ticks(void)
{
    struct command *held[64];
    size_t count;

    pthread_mutex_lock(&played.mutex);
    count = played.held_count;
    memcpy(held, played.held, count * sizeof held[0]);
    played.held_count = 0;
    pthread_mutex_unlock(&played.mutex);
    for (size_t i = 0; i < count; i++) {
        struct reply reply = {.status = 200};

        held[i]->done(held[i], &reply);
    }
}

static void one_withdrawal_has_one_tick_at_a_time(void **state UNUSED)
{
    char reason[256];

    played.due[0] = 5;
    played.due[1] = 6;
    played.due_count = 2;
    assert_int_equal(payout_start(payout, &config, reason), ERR_NONE);
    for (int i = 0; i < 1000 && held_count() < 2; i++)
        usleep(1000);
    for (int i = 0; i < 20; i++) {
        payout_wake(payout);
        usleep(1000);
    }
    assert_int_equal(held_count(), 2);
    assert_int_equal(played.submitted, 2);
    answer_ticks();
    payout_wake(payout);
    for (int i = 0; i < 1000 && held_count() < 2; i++)
        usleep(1000);
    assert_int_equal(held_count(), 2);
    pthread_mutex_lock(&played.mutex);
    played.due_count = 0;
    pthread_mutex_unlock(&played.mutex);
    answer_ticks();
    wait_until_quiet();
    payout_stop(payout);
}

static void a_full_engine_is_asked_again(void **state UNUSED)
{
    char reason[256];

    played.due[0] = 5;
    played.due_count = 1;
    played.queue_full = true;
    assert_int_equal(payout_start(payout, &config, reason), ERR_NONE);
    usleep(20000);
    assert_true(payout_quiet(payout));
    pthread_mutex_lock(&played.mutex);
    played.queue_full = false;
    pthread_mutex_unlock(&played.mutex);
    for (int i = 0; i < 1000 && held_count() < 1; i++)
        usleep(1000);
    assert_int_equal(held_count(), 1);
    pthread_mutex_lock(&played.mutex);
    played.due_count = 0;
    pthread_mutex_unlock(&played.mutex);
    answer_ticks();
    wait_until_quiet();
    payout_stop(payout);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(a_call_becomes_evidence),
        CASE(evidence_is_tried_until_it_is_committed),
        CASE(what_calls_find_is_handed_in_together_and_the_rest_again),
        CASE(a_refused_evidence_is_not_repeated),
        CASE(a_paused_channel_sends_nothing_but_answers_queries),
        CASE(in_quarantine_nothing_is_sent_but_questions_are_asked),
        CASE(a_send_that_waited_past_the_guard_is_not_made),
        CASE(what_came_before_the_start_is_not_sent),
        CASE(a_channel_that_is_not_there_is_said),
        CASE(a_callback_stays_with_the_channel_until_committed),
        CASE(a_step_ticks_what_is_due),
        CASE(one_key_is_never_with_two_callers),
        CASE(one_withdrawal_has_one_tick_at_a_time),
        CASE(a_full_engine_is_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
