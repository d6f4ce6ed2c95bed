/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated payer: every word of its script by send, resend, query and callbacks, and its memory across a kill. */
#include "channel/simulated.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct instant noon = {1795147200000};
static const struct channel_capability hasty = {.refund = true, .transfer = true, .query = true, .callbacks = true};

static void channel_closep(struct channel **channel)
{
    if (*channel != NULL)
        (*channel)->operations->close(*channel);
}

static void wait_for(pid_t child)
{
    int status;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static struct channel *opened(const char *name, const char *path)
{
    char reason[256] = "";
    struct channel *channel = simulated_new(name, path, &hasty, reason);

    assert_string_equal(reason, "");
    assert_non_null(channel);
    return channel;
}

static void scripted(struct channel *channel, const char *word)
{
    char reason[201] = "";

    assert_int_equal(simulated_script(channel, &word, 1, reason), ERR_NONE);
}

static char *request_of(struct channel *channel, struct arena *arena, const char *key, int64_t minor)
{
    struct channel_order order = {.key = key,
                                  .refund = true,
                                  .channel_ref = "2026112022001",
                                  .amount = money_of(minor),
                                  .topup_amount = money_of(100000),
                                  .currency = "CNY",
                                  .at = noon};
    char *request = channel->operations->build(channel, &order, arena);

    assert_non_null(request);
    return request;
}

static struct channel_answer sent(struct channel *channel, const char *key, int64_t minor, bool first,
                                  struct instant at)
{
    struct arena arena;
    struct channel_answer answer;

    arena_init(&arena, 65536);
    channel->operations->send(channel, key, request_of(channel, &arena, key, minor), first, at, &answer);
    arena_fini(&arena);
    assert_string_equal(answer.key, key);
    return answer;
}

static struct channel_answer queried(struct channel *channel, const char *key, struct instant at)
{
    struct channel_answer answer;

    channel->operations->query(channel, key, "", at, &answer);
    assert_string_equal(answer.key, key);
    return answer;
}

/* What a word of the script leads to. Each row: reply to the first send, to the first and the second query, to a resend
 * after that, and how often and how much was paid in the end. Callbacks are counted an hour later. */
struct story {
    const char *word;
    enum evidence_kind reply;
    const char *code;
    int64_t paid_at_once; /* times, after the send alone */
    enum evidence_kind query, query_again, resend;
    int64_t paid_times, paid_total;
    int callbacks;
};
static const struct story stories[] = {
    {"paid", EVIDENCE_PAID, "SUCCESS", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000, 0},
    {"pending_then_paid", EVIDENCE_ACCEPTED, "PROCESSING", 0, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000, 1},
    {"refused:ACQ.TRADE_HAS_FINISHED", EVIDENCE_NOT_PAID, "ACQ.TRADE_HAS_FINISHED", 0, EVIDENCE_NOT_PAID,
     EVIDENCE_NOT_PAID, EVIDENCE_NOT_PAID, 0, 0, 0},
    {"timeout_paid", EVIDENCE_NOTHING, "timeout", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000, 0},
    {"timeout_unpaid", EVIDENCE_NOTHING, "timeout", 0, EVIDENCE_NOTHING, EVIDENCE_NOTHING, EVIDENCE_PAID, 1, 30000, 0},
    {"bounce_after:2m", EVIDENCE_PAID, "SUCCESS", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000, 1},
    {"duplicate_callback", EVIDENCE_PAID, "SUCCESS", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000, 2},
    {"reordered_callback", EVIDENCE_ACCEPTED, "PROCESSING", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000,
     2},
    {"pays_other_amount", EVIDENCE_PAID, "SUCCESS", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 29999, 0},
    {"pays_twice_key", EVIDENCE_NOTHING, "timeout", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 2, 60000, 0},
    {"not_found_then_paid", EVIDENCE_NOTHING, "timeout", 1, EVIDENCE_NOTHING, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000,
     0},
    {"error_500", EVIDENCE_NOTHING, "http_500", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000, 0},
    {"bad_signature", EVIDENCE_NOTHING, "bad_signature", 1, EVIDENCE_PAID, EVIDENCE_PAID, EVIDENCE_PAID, 1, 30000, 0},
    {"not_sent", EVIDENCE_NOTHING, "not_sent", 0, EVIDENCE_NOTHING, EVIDENCE_NOTHING, EVIDENCE_PAID, 1, 30000, 0},
    {"denied:SIGN_ERROR", EVIDENCE_NOTHING, "SIGN_ERROR", 0, EVIDENCE_NOTHING, EVIDENCE_NOTHING, EVIDENCE_PAID, 1,
     30000, 0},
    {"unlisted_code", EVIDENCE_NOTHING, "UNLISTED.0000", 0, EVIDENCE_NOTHING, EVIDENCE_NOTHING, EVIDENCE_NOTHING, 0, 0,
     0},
};

static void story_holds(const struct story *story)
{
    SCOPED(channel_closep) struct channel *channel = opened("alipay", ":memory:");
    struct channel_answer answer;
    int callbacks = 0;

    print_message("  %s\n", story->word);
    scripted(channel, story->word);
    answer = sent(channel, "K1", 30000, true, noon);
    assert_int_equal(answer.kind, story->reply);
    assert_string_equal(answer.code, story->code);
    assert_int_equal(simulated_paid_times(channel, "K1"), story->paid_at_once);
    if (answer.kind == EVIDENCE_NOTHING || answer.kind == EVIDENCE_NOT_PAID)
        assert_string_equal(answer.reference, "");
    else
        assert_string_equal(answer.reference, "SIM000000000001");
    assert_int_equal(queried(channel, "K1", instant_add_ms(noon, 1000)).kind, story->query);
    assert_int_equal(queried(channel, "K1", instant_add_ms(noon, 2000)).kind, story->query_again);
    answer = sent(channel, "K1", 30000, false, instant_add_ms(noon, 3000));
    assert_int_equal(answer.kind, story->resend);
    if (answer.kind == EVIDENCE_PAID) {
        assert_string_equal(answer.currency, "CNY");
        assert_int_equal(answer.amount.minor, story->paid_total / story->paid_times);
    }
    assert_int_equal(simulated_paid_times(channel, "K1"), story->paid_times);
    assert_int_equal(simulated_total_paid(channel, NULL), story->paid_total);
    while (channel->operations->poll(channel, instant_add_ms(noon, MS_HOUR), &answer))
        callbacks++;
    assert_int_equal(callbacks, story->callbacks);
}

static void every_word_does_what_it_says(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_COUNT(stories); i++)
        story_holds(&stories[i]);
}

static void words_are_checked_before_any_is_taken(void **state UNUSED)
{
    static const char *const bad[] = {"",
                                      "Paid",
                                      "paid:1",
                                      "refused",
                                      "refused:",
                                      "refused:A B",
                                      "bounce_after",
                                      "bounce_after:",
                                      "bounce_after:72",
                                      "bounce_after:h",
                                      "bounce_after:72s",
                                      "bounce_after:72hh",
                                      "bounce_after:9999999h",
                                      "bounce_after:367d",
                                      "nonsense"};
    SCOPED(channel_closep) struct channel *channel = opened("alipay", ":memory:");

    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        const char *words[] = {"refused:X", bad[i]};
        char reason[201] = "";

        assert_int_equal(simulated_script(channel, words, 2, reason), ERR_REQUEST);
        assert_non_null(strstr(reason, "outcome 2, "));
        assert_non_null(strstr(reason, "timeout_unpaid"));
    }
    assert_int_equal(sent(channel, "K1", 100, true, noon).kind, EVIDENCE_PAID);
}

static void only_first_sends_take_from_the_script(void **state UNUSED)
{
    SCOPED(channel_closep) struct channel *channel = opened("alipay", ":memory:");

    scripted(channel, "timeout_unpaid");
    scripted(channel, "refused:R2");
    assert_int_equal(sent(channel, "K1", 100, true, noon).kind, EVIDENCE_NOTHING);
    assert_int_equal(queried(channel, "K9", noon).kind, EVIDENCE_NOTHING);
    assert_int_equal(sent(channel, "K1", 100, false, noon).kind, EVIDENCE_PAID);
    assert_int_equal(sent(channel, "K7", 100, false, noon).kind, EVIDENCE_PAID); /* a send whose first was never made */
    assert_string_equal(sent(channel, "K2", 100, true, noon).code, "R2");
    assert_int_equal(sent(channel, "K3", 100, true, noon).kind, EVIDENCE_PAID);
}

static void other_bytes_under_a_known_key_prove_nothing(void **state UNUSED)
{
    SCOPED(channel_closep) struct channel *channel = opened("alipay", ":memory:");
    struct channel_answer answer;

    assert_int_equal(sent(channel, "K1", 100, true, noon).kind, EVIDENCE_PAID);
    answer = sent(channel, "K1", 101, false, noon);
    assert_int_equal(answer.kind, EVIDENCE_NOTHING);
    assert_string_equal(answer.code, "DISCORDANT_REPEAT_REQUEST");
    channel->operations->send(channel, "K2", "{\"key\":\"K1\"}", true, noon, &answer);
    assert_int_equal(answer.kind, EVIDENCE_NOTHING);
    assert_string_equal(answer.code, "unreadable_request");
    assert_int_equal(simulated_total_paid(channel, NULL), 100);
}

static void a_request_is_always_the_same_bytes(void **state UNUSED)
{
    SCOPED(channel_closep) struct channel *channel = opened("alipay", ":memory:");
    struct channel_order order = {.key = "K1",
                                  .amount = money_of(5),
                                  .currency = "CNY",
                                  .destination = "{\"name\":\"张三\",\"account\":\"62\\\"2\"}",
                                  .at = noon};
    struct arena arena;

    arena_init(&arena, 65536);
    assert_string_equal(channel->operations->build(channel, &order, &arena),
                        "{\"key\":\"K1\",\"kind\":\"transfer\",\"channel_ref\":null,\"amount\":5,\"topup_amount\":null,"
                        "\"currency\":\"CNY\",\"destination\":\"{\\\"name\\\":\\\"张三\\\",\\\"account\\\":"
                        "\\\"62\\\\\\\"2\\\"}\",\"at\":\"2026-11-20T12:00:00+08:00\"}");
    arena_fini(&arena);
}

static void callbacks_come_when_due_and_until_received(void **state UNUSED)
{
    SCOPED(channel_closep) struct channel *channel = opened("alipay", ":memory:");
    struct channel_answer answer = {0};
    struct instant bounce = instant_add_ms(noon, 72 * MS_HOUR);

    assert_false(instant_is_set(channel->operations->next(channel)));
    scripted(channel, "bounce_after:72h");
    scripted(channel, "pending_then_paid");
    (void)sent(channel, "K1", 100, true, noon);
    (void)sent(channel, "K2", 100, true, noon);
    assert_int_equal(channel->operations->next(channel).ms, noon.ms + 2000);
    assert_false(channel->operations->poll(channel, instant_add_ms(noon, 1999), &answer));
    assert_int_equal(simulated_paid_times(channel, "K2"), 0);
    assert_true(channel->operations->poll(channel, instant_add_ms(noon, 2000), &answer));
    assert_string_equal(answer.key, "K2");
    assert_int_equal(answer.kind, EVIDENCE_PAID);
    assert_int_equal(simulated_paid_times(channel, "K2"), 1);
    assert_false(channel->operations->poll(channel, instant_add_ms(bounce, -1), &answer));
    assert_int_equal(channel->operations->next(channel).ms, bounce.ms);
    assert_true(channel->operations->poll(channel, bounce, &answer));
    assert_string_equal(answer.key, "K1");
    assert_int_equal(answer.kind, EVIDENCE_RETURNED);
    assert_int_equal(answer.amount.minor, 100);
    assert_int_equal(queried(channel, "K1", bounce).kind, EVIDENCE_RETURNED);
    assert_false(channel->operations->poll(channel, bounce, &answer));
    assert_false(instant_is_set(channel->operations->next(channel)));
}

static void a_channel_without_callbacks_or_queries_has_none(void **state UNUSED)
{
    const struct channel_capability mute = {.transfer = true};
    char reason[256];
    SCOPED(channel_closep) struct channel *channel = simulated_new("bankfile", ":memory:", &mute, reason);
    struct channel_answer answer;

    scripted(channel, "pending_then_paid");
    assert_int_equal(sent(channel, "K1", 100, true, noon).kind, EVIDENCE_ACCEPTED);
    assert_false(channel->operations->poll(channel, instant_add_ms(noon, MS_DAY), &answer));
    answer = queried(channel, "K1", noon);
    assert_int_equal(answer.kind, EVIDENCE_NOTHING);
    assert_string_equal(answer.code, "no_query");
}

/* The book on disk: `fork` and `_exit` stand for SIGKILL, nothing is closed. */
static void a_kill_forgets_nothing(void **state UNUSED)
{
    char path[] = "/tmp/ebb_simulated_XXXXXX";
    int file = mkstemp(path);
    SCOPED(channel_closep) struct channel *channel = NULL;
    struct channel_answer answer;
    char side[64];
    pid_t child;

    assert_true(file >= 0);
    close(file);
    child = fork();
    if (child == 0) {
        struct channel *killed = opened("alipay", path);

        scripted(killed, "timeout_paid");
        scripted(killed, "duplicate_callback");
        scripted(killed, "refused:LATER");
        (void)sent(killed, "K1", 100, true, noon);
        (void)sent(killed, "K2", 50, true, noon);
        if (!killed->operations->poll(killed, noon, &answer))
            _exit(1);
        _exit(0);
    }
    wait_for(child);
    channel = opened("alipay", path);
    assert_int_equal(simulated_total_paid(channel, NULL), 150);
    assert_int_equal(queried(channel, "K1", noon).kind, EVIDENCE_PAID);
    assert_int_equal(sent(channel, "K1", 100, false, noon).kind, EVIDENCE_PAID);
    assert_int_equal(simulated_paid_times(channel, "K1"), 1);
    assert_true(channel->operations->poll(channel, noon, &answer)); /* handed out before the kill, never received */
    assert_true(channel->operations->poll(channel, noon, &answer));
    assert_false(channel->operations->poll(channel, noon, &answer));
    assert_string_equal(sent(channel, "K3", 100, true, noon).code, "LATER");
    unlink(path);
    snprintf(side, sizeof side, "%s-wal", path);
    unlink(side);
    snprintf(side, sizeof side, "%s-shm", path);
    unlink(side);
}

static void channels_of_one_file_share_the_script_not_the_keys(void **state UNUSED)
{
    char path[] = "/tmp/ebb_simulated_XXXXXX";
    int file = mkstemp(path);
    SCOPED(channel_closep) struct channel *alipay = opened("alipay", path);
    SCOPED(channel_closep) struct channel *bank = opened("bank", path);

    scripted(alipay, "refused:A");
    scripted(bank, "refused:B");
    assert_string_equal(sent(bank, "K1", 100, true, noon).code, "A");
    assert_string_equal(sent(alipay, "K1", 100, true, noon).code, "B");
    assert_int_equal(sent(alipay, "K2", 7, true, noon).kind, EVIDENCE_PAID);
    assert_string_equal(queried(bank, "K2", noon).code, "not_found");
    assert_int_equal(simulated_total_paid(alipay, NULL), 7);
    assert_int_equal(simulated_total_paid(bank, NULL), 0);
    close(file);
    unlink(path);
}

static void *send_many(void *context)
{
    struct channel *channel = context;

    for (int i = 0; i < 50; i++) {
        char key[CHANNEL_KEY_BYTES];

        snprintf(key, sizeof key, "K%d", i);
        (void)sent(channel, key, 10, i % 2 == 0, noon);
    }
    return NULL;
}

static void threads_with_the_same_keys_pay_each_once(void **state UNUSED)
{
    SCOPED(channel_closep) struct channel *channel = opened("alipay", ":memory:");
    pthread_t threads[4];

    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, channel), 0);
    for (size_t i = 0; i < ARRAY_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(simulated_paid_times(channel, NULL), 50);
    assert_int_equal(simulated_total_paid(channel, NULL), 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_does_what_it_says),
        cmocka_unit_test(words_are_checked_before_any_is_taken),
        cmocka_unit_test(only_first_sends_take_from_the_script),
        cmocka_unit_test(other_bytes_under_a_known_key_prove_nothing),
        cmocka_unit_test(a_request_is_always_the_same_bytes),
        cmocka_unit_test(callbacks_come_when_due_and_until_received),
        cmocka_unit_test(a_channel_without_callbacks_or_queries_has_none),
        cmocka_unit_test(a_kill_forgets_nothing),
        cmocka_unit_test(channels_of_one_file_share_the_script_not_the_keys),
        cmocka_unit_test(threads_with_the_same_keys_pay_each_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
