/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for the engine, who is told to come again, and what the engine does when nobody waits. */
#include "house.h"

#include <pthread.h>

#include "engine/queue.h"

#define BATCH 8
#define MOST 20

static void sleep_us(int64_t us)
{
    usleep((useconds_t)us);
}

static void commands_come_out_in_order(void **state)
{
    struct command commands[5] = {0}, *list;
    struct queue queue;

    (void)state;
    queue_init(&queue, MOST, BATCH);
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        assert_true(queue_put(&queue, &commands[i]));
    assert_int_equal(queue.depth, 5);
    assert_int_equal(queue_take(&queue, 3, -1, &list), 3);
    assert_ptr_equal(list, &commands[0]);
    assert_ptr_equal(list->next, &commands[1]);
    assert_ptr_equal(list->next->next, &commands[2]);
    assert_null(list->next->next->next);
    assert_int_equal(queue_take(&queue, 3, -1, &list), 2);
    assert_ptr_equal(list, &commands[3]);
    assert_int_equal(queue.depth, 0);
    assert_true(queue_put(&queue, &commands[0]));
    assert_int_equal(queue_take(&queue, 3, -1, &list), 1);
    queue_fini(&queue);
}

static void nothing_beyond_the_number(void **state)
{
    struct command commands[MOST + 1] = {0}, *list;
    struct queue queue;

    (void)state;
    queue_init(&queue, MOST, BATCH);
    for (size_t i = 0; i < MOST; i++)
        assert_true(queue_put(&queue, &commands[i]));
    commands[MOST].patient = true;
    assert_false(queue_put(&queue, &commands[MOST]));
    assert_int_equal(queue_take(&queue, 1, -1, &list), 1);
    assert_true(queue_put(&queue, &commands[MOST]));
    queue_fini(&queue);
}

/* Twice the load: the oldest waits too long, whoever comes now is told at once. */
static void a_crowd_that_waits_too_long_grows_no_more(void **state)
{
    struct command commands[BATCH + 3] = {0}, *list;
    struct queue queue;

    (void)state;
    queue_init(&queue, MOST, BATCH);
    for (size_t i = 0; i < BATCH; i++)
        assert_true(queue_put(&queue, &commands[i]));
    assert_true(queue_put(&queue, &commands[BATCH])); /* they have only just come */
    sleep_us(QUEUE_WAIT_MAX_US + 20000);
    assert_false(queue_put(&queue, &commands[BATCH + 1]));
    commands[BATCH + 1].patient = true;
    assert_true(queue_put(&queue, &commands[BATCH + 1]));
    assert_int_equal(queue_take(&queue, 3, -1, &list), 3); /* fewer than a batch are no crowd, however old */
    assert_true(queue_put(&queue, &commands[BATCH + 2]));
    queue_fini(&queue);
}

static void whoever_takes_waits_no_longer_than_it_wants(void **state)
{
    struct command *list;
    struct queue queue;
    int64_t began_us = monotonic_us();

    (void)state;
    queue_init(&queue, MOST, BATCH);
    assert_int_equal(queue_take(&queue, 1, 30, &list), 0);
    assert_true(monotonic_us() - began_us >= 30000);
    assert_false(queue_ended(&queue));
    queue_fini(&queue);
}

static void a_closed_queue_is_emptied(void **state)
{
    struct command commands[2] = {0}, *list;
    struct queue queue;

    (void)state;
    queue_init(&queue, MOST, BATCH);
    assert_true(queue_put(&queue, &commands[0]));
    queue_close(&queue);
    assert_false(queue_put(&queue, &commands[1]));
    assert_false(queue_ended(&queue));
    assert_int_equal(queue_take(&queue, 1, -1, &list), 1);
    assert_true(queue_ended(&queue));
    assert_int_equal(queue_take(&queue, 1, -1, &list), 0);
    queue_fini(&queue);
}

static int prepare_account(struct house *house, const char *ref)
{
    return house_fact(house, COMMAND_ACCOUNT_PUT, ref, "",
                      "{\"policy\":\"alibaba\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"A\","
                      "\"verified\":true}}");
}

/* What the database file alone holds, without its log. */
static int64_t moved_accounts(const struct house *house)
{
    char name[128];
    sqlite3 *db;
    sqlite3_stmt *statement = NULL;
    int64_t count = 0;

    snprintf(name, sizeof name, "file:%s/ebb.db?immutable=1", house->directory);
    assert_int_equal(sqlite3_open_v2(name, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, "SELECT count(*) FROM account", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

static void the_log_is_moved_when_nobody_waits(void **state)
{
    struct house house;
    int64_t began_us;

    (void)state;
    house_open(&house, "2026-11-20T10:00:00+08:00");
    assert_int_equal(engine_start(house.engine), ERR_NONE);
    assert_int_equal(prepare_account(&house, "alice"), 201);
    began_us = monotonic_us();
    while (moved_accounts(&house) == 0 && monotonic_us() - began_us < 10000000)
        sleep_us(10000);
    assert_int_equal(moved_accounts(&house), 1);
    house_close(&house);
}

#define CROWD 256

/* Every batch changes as many accounts as it can, and there is no moment of rest: the log stays within its bound. */
static void a_log_that_never_rests_is_bounded(void **state)
{
    static struct command commands[CROWD], *list[CROWD];
    static struct topup_ask asks[CROWD];
    struct house house;
    int64_t pages = 0;
    FILE *log;
    char path[96], ref[24];

    (void)state;
    house_open(&house, "2026-11-20T10:00:00+08:00");
    for (size_t i = 0; i < CROWD; i++) {
        snprintf(ref, sizeof ref, "a%zu", i);
        assert_int_equal(prepare_account(&house, ref), 201);
    }
    for (int round = 0; round < 60; round++) {
        for (size_t i = 0; i < CROWD; i++) {
            commands[i] = house_command(COMMAND_TOPUP, "billing", BILLING, "", "");
            snprintf(commands[i].account, REF_BYTES, "a%zu", i);
            asks[i] = (struct topup_ask){
                .ref = arena_format(&house.arena, "t%d", round), .amount = money_of(100), .method = METHOD_ALIPAY};
            commands[i].ask = &asks[i];
            list[i] = &commands[i];
        }
        engine_run_batch(house.engine, list, CROWD);
    }
    assert_int_equal(house_sql(&house, "SELECT count(*) FROM topup"), 60 * CROWD);
    snprintf(path, sizeof path, "%s/ebb.db-wal", house.directory);
    log = fopen(path, "r");
    assert_non_null(log);
    assert_int_equal(fseek(log, 0, SEEK_END), 0);
    pages = ftell(log) / 4120;
    fclose(log);
    assert_true(pages > ENGINE_LOG_PAGES_MOST / 2); /* or nothing was shown here */
    assert_true(pages < ENGINE_LOG_PAGES_MOST + 2000);
    house_close(&house);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_come_out_in_order),
        cmocka_unit_test(nothing_beyond_the_number),
        cmocka_unit_test(a_crowd_that_waits_too_long_grows_no_more),
        cmocka_unit_test(whoever_takes_waits_no_longer_than_it_wants),
        cmocka_unit_test(a_closed_queue_is_emptied),
        cmocka_unit_test(the_log_is_moved_when_nobody_waits),
        cmocka_unit_test(a_log_that_never_rests_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
