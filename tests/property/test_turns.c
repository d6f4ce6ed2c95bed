/* SPDX-License-Identifier: Apache-2.0 */
/* Limits by month and by day under a clock that is set anywhere: whatever it does, no month and no day counts more than
 * the policy allows, the counters are what the withdrawals say and never go back, and a turn is refused exactly where
 * the month or the day in force is used up. `test_turns [SEED [STEPS]]` plays it again. */
#include "house.h"

#include <inttypes.h>

static uint64_t seed = 1;
static int64_t steps_wanted = 700;

/* PA-02, and NW-04 with its caps by month and by amount of a day. */
static const struct customer {
    const char *ref, *policy, *more;
    int64_t per_month, per_day, amount_per_day;
} customers[] = {
    {"ping", "pingan",
     ",\"destination\":{\"kind\":\"bank\",\"name\":\"Ping\",\"account\":\"62\",\"bank\":\"ICBC\",\"branch\":\"x\"}", 1,
     INT64_MAX, INT64_MAX},
    {"nora", "northwind", "", 20, 3, 5000000},
};

struct turns {
    struct house house;
    struct instant began;
    int64_t days[ARRAY_COUNT(customers)]; /* where the counters stood last */
    int64_t counted, refused, given_back, set_back;
};

static int64_t below(struct turns *t, uint32_t limit)
{
    return (int64_t)random_below(&t->house.world.random, limit);
}

/* Minutes, hours, days or months, ahead or back; within the year in which the money may still go back. */
static void turn_clock(struct turns *t)
{
    static const int64_t units[] = {MS_MINUTE, MS_HOUR, MS_DAY, 31 * MS_DAY};
    int64_t by = units[below(t, ARRAY_COUNT(units))] * (1 + below(t, 20));
    bool back = below(t, 2) == 0;
    int64_t now = t->house.now_ms + (back ? -by : by);

    if (now < t->began.ms || now > t->began.ms + 300 * MS_DAY)
        return;
    t->house.now_ms = now;
    t->set_back += back;
}

PRINTF_LIKE(2, 3) static int64_t ask(struct turns *t, const char *format, ...)
{
    char sql[600];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    return house_sql(&t->house, sql);
}

#define OWN "FROM withdrawal w JOIN account a ON a.id = w.account WHERE a.ref = '%s' AND w.counted_day <> 0"

/* What the rows say about the month and the day in force, without the counters. */
static bool used_up(struct turns *t, const struct customer *customer)
{
    struct instant now = {t->house.now_ms};
    int64_t day = instant_day_key(now);
    int64_t latest = ask(t, "SELECT day FROM account WHERE ref = '%s'", customer->ref);

    day = latest > day ? latest : day;
    return ask(t, "SELECT count(*) " OWN " AND w.counted_day / 100 = %lld", customer->ref, (long long)day / 100) >=
               customer->per_month ||
           ask(t, "SELECT count(*) " OWN " AND w.counted_day = %lld", customer->ref, (long long)day) >=
               customer->per_day;
}

static void laws(struct turns *t, size_t who)
{
    const struct customer *c = &customers[who];
    int64_t day = ask(t, "SELECT day FROM account WHERE ref = '%s'", c->ref);

    assert_int_equal(ask(t,
                         "SELECT count(*) FROM (SELECT 1 " OWN " GROUP BY w.counted_day / 100 HAVING count(*) > %lld)",
                         c->ref, (long long)c->per_month),
                     0);
    assert_int_equal(ask(t,
                         "SELECT count(*) FROM (SELECT 1 " OWN
                         " GROUP BY w.counted_day HAVING count(*) > %lld OR sum(w.amount) > %lld)",
                         c->ref, (long long)c->per_day, (long long)c->amount_per_day),
                     0);
    assert_int_equal(ask(t,
                         "SELECT max(withdrawals_month) - (SELECT count(*) " OWN " AND w.counted_day / 100 = a.month) "
                         "FROM account WHERE ref = '%s'",
                         c->ref, c->ref),
                     0);
    assert_int_equal(ask(t,
                         "SELECT max(withdrawals_day) - (SELECT count(*) " OWN " AND w.counted_day = a.day) "
                         "FROM account WHERE ref = '%s'",
                         c->ref, c->ref),
                     0);
    assert_int_equal(ask(t,
                         "SELECT max(withdrawn_day) - (SELECT coalesce(sum(w.amount), 0) " OWN
                         " AND w.counted_day = a.day) "
                         "FROM account WHERE ref = '%s'",
                         c->ref, c->ref),
                     0);
    assert_true(day >= t->days[who]);
    t->days[who] = day;
}

static int on(struct turns *t, enum command_kind kind, int64_t id, const char *json)
{
    return house_on(&t->house, kind, id, "alice", json);
}

/* Makes one, and enters its code where the clock is then. */
static void take_turn(struct turns *t, const struct customer *customer)
{
    struct command command = house_command(COMMAND_WITHDRAW, "alice", OPERATOR, customer->ref, "");
    char json[300], body[64], code[16];
    bool used = used_up(t, customer);
    int64_t id;

    snprintf(json, sizeof json, "{\"account\":\"%s\",\"amount\":%lld%s}", customer->ref,
             (long long)(100 + below(t, 2500000)), customer->more);
    if (house_ask(&t->house, &command, json) != 201) {
        assert_true(used || strcmp(house_member(&t->house, "code"), "amount_exceeds_withdrawable") == 0);
        t->refused++;
        return;
    }
    assert_false(used);
    assert_true(id_parse("wd", house_member(&t->house, "id"), &id));
    house_code(&t->house, code);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    if (below(t, 3) == 0)
        turn_clock(t);
    used = used_up(t, customer);
    if (on(t, COMMAND_CODE, id, body) == 200) {
        assert_false(used);
        t->counted++;
    }
}

static void give_back(struct turns *t, const struct customer *customer)
{
    int64_t id = ask(t, "SELECT w.id " OWN " ORDER BY w.id DESC LIMIT 1 OFFSET %d", customer->ref, (int)below(t, 4));

    if (id > 0 && on(t, COMMAND_CANCEL, id, NULL) == 200)
        t->given_back++;
}

static void open_customer(struct turns *t, const struct customer *customer)
{
    char json[300];

    snprintf(json, sizeof json,
             "{\"policy\":\"%s\",\"currency\":\"CNY\",\"subject\":{\"kind\":\"person\",\"name\":\"Ping\","
             "\"id_number\":\"%s\",\"verified\":true}}",
             customer->policy, customer->ref);
    assert_int_equal(house_fact(&t->house, COMMAND_ACCOUNT_PUT, customer->ref, "", json), 201);
    assert_int_equal(house_fact(&t->house, COMMAND_TOPUP, customer->ref, "",
                                "{\"ref\":\"t\",\"amount\":4000000000,\"method\":\"alipay\","
                                "\"paid_at\":\"2026-01-31T09:00:00+08:00\",\"payer\":{\"kind\":\"personal\","
                                "\"name\":\"Ping\"}}"),
                     201);
    t->house.now_ms += MS_HOUR; /* NW-06 */
}

static void a_limit_holds_wherever_the_clock_is_set(void **state)
{
    static struct turns turns;
    struct turns *t = &turns;

    (void)state;
    house_open_with(&t->house, "2026-01-31T10:00:00+08:00", POLICIES);
    random_init_seed(&t->house.world.random, seed);
    for (size_t i = 0; i < ARRAY_COUNT(customers); i++)
        open_customer(t, &customers[i]);
    t->began.ms = t->house.now_ms;
    for (int64_t i = 0; i < steps_wanted; i++) {
        size_t who = (size_t)below(t, ARRAY_COUNT(customers));

        if (below(t, 3) == 0)
            turn_clock(t);
        if (below(t, 4) == 0)
            give_back(t, &customers[who]);
        else
            take_turn(t, &customers[who]);
        laws(t, who);
    }
    print_message("seed %" PRIu64 ": %lld counted, %lld refused, %lld given back, the clock was set back %lld times\n",
                  seed, (long long)t->counted, (long long)t->refused, (long long)t->given_back, (long long)t->set_back);
    assert_true(t->counted > steps_wanted / 10 && t->refused > steps_wanted / 10 && t->set_back > 0);
    house_close(&t->house);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_limit_holds_wherever_the_clock_is_set)};

    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        steps_wanted = strtoll(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
