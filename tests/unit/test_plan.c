/* SPDX-License-Identifier: Apache-2.0 */
/* Which top-ups pay for an amount (HW-10, AL-12): a table of asks and the legs they get, and the sums for random
 * accounts. */
#include "quote_world.h"

#include "domain/plan.h"

#define TEXT_BYTES 512

static struct world world;
static struct calendar calendar;

struct asked {
    const char *rule, *says, *policy;
    struct paid topups[5];
    struct account account;
    struct plan_ask ask;
    struct plan_pick picks[3];
    const char *plan; /* "route channel amount (lot amount, …); …" or "refusal available" */
};

#define DAY(day_) "2026-11-" day_ "T10:00:00+08:00"
#define LIFO(amount_, route_)                                                                                          \
    {                                                                                                                  \
        .amount = {amount_}, .strategy = STRATEGY_LIFO, .route = (route_)                                              \
    }
#define BY(strategy_, amount_, route_)                                                                                 \
    {                                                                                                                  \
        .amount = {amount_}, .strategy = (strategy_), .route = (route_)                                                \
    }
#define PAID(method_, amount_, day_)                                                                                   \
    {                                                                                                                  \
        .method = (method_), .amount = (amount_), .paid_at = DAY(day_)                                                 \
    }
#define THREE PAID(METHOD_ALIPAY, 1000, "01"), PAID(METHOD_ALIPAY, 5000, "02"), PAID(METHOD_ALIPAY, 2000, "03")

/* clang-format off */
static const struct asked rows[] = {
    {"HW-10", "last in, first out", "huawei", {THREE}, .ask = LIFO(3000, ROUTE_ORIGINAL),
     .plan = "original ch_3 2000 (t3 2000); original ch_2 1000 (t2 1000)"},
    {"HW-10", "all of it", "huawei", {THREE}, .ask = LIFO(8000, ROUTE_ORIGINAL),
     .plan = "original ch_3 2000 (t3 2000); original ch_2 5000 (t2 5000); original ch_1 1000 (t1 1000)"},
    {"HW-10", "exactly the latest one", "huawei", {THREE}, .ask = LIFO(2000, ROUTE_ORIGINAL),
     .plan = "original ch_3 2000 (t3 2000)"},
    {"HW-10", "a cent", "huawei", {THREE}, .ask = LIFO(1, ROUTE_ORIGINAL), .plan = "original ch_3 1 (t3 1)"},
    {"HW-10", "paid at the same moment: the larger id first", "huawei",
     {PAID(METHOD_ALIPAY, 1000, "02"), PAID(METHOD_WECHAT, 1000, "02")}, .ask = LIFO(1500, ROUTE_ORIGINAL),
     .plan = "original ch_2 1000 (t2 1000); original ch_1 500 (t1 500)"},
    {"HW-10", "the order of the input does not matter", "huawei",
     {PAID(METHOD_ALIPAY, 2000, "03"), PAID(METHOD_ALIPAY, 5000, "02"), PAID(METHOD_ALIPAY, 1000, "04"),
      PAID(METHOD_ALIPAY, 9000, "01")}, .ask = LIFO(4000, ROUTE_ORIGINAL),
     .plan = "original ch_3 1000 (t3 1000); original ch_1 2000 (t1 2000); original ch_2 1000 (t2 1000)"},
    {"HW-10", "money on hold is not taken", "huawei",
     {PAID(METHOD_ALIPAY, 5000, "02"), {.method = METHOD_ALIPAY, .amount = 2000, .held = 2000, .paid_at = DAY("03")},
      {.method = METHOD_ALIPAY, .amount = 2000, .held = 1500, .paid_at = DAY("04")}}, .ask = LIFO(3000, ROUTE_ORIGINAL),
     .plan = "original ch_3 500 (t3 500); original ch_1 2500 (t1 2500)"},
    {"HW-03", "a bonus top-up is passed over", "huawei",
     {PAID(METHOD_ALIPAY, 5000, "02"), {.method = METHOD_ALIPAY, .amount = 2000, .bonus = true, .paid_at = DAY("03")}},
     .ask = LIFO(3000, ROUTE_ORIGINAL), .plan = "original ch_1 3000 (t1 3000)"},
    {"HW-09", "one card transfer, not two", "huawei",
     {PAID(METHOD_ONLINE_BANK, 1000, "01"), PAID(METHOD_BANK_CARD, 5000, "02")}, .ask = LIFO(5500, ROUTE_DESIGNATED),
     .plan = "designated bankfile 5500 (t2 5000, t1 500)"},
    {"AL-04", "inside its window a top-up may go to a designated account, too", "alibaba", {THREE},
     .ask = LIFO(2500, ROUTE_DESIGNATED), .plan = "designated bankfile 2500 (t3 2000, t2 500)"},
    {"AL-07", "other funds by application, in an instalment", "alibaba", {THREE}, {.other = {4000}, .other_held = {500}},
     .ask = LIFO(3500, ROUTE_APPLICATION), .plan = "application bankfile 3500 (other 3500)"},

    {"AL-12", "fewest: the largest first", "alibaba", {THREE}, .ask = BY(STRATEGY_FEWEST, 6000, ROUTE_ORIGINAL),
     .plan = "original ch_2 5000 (t2 5000); original ch_3 1000 (t3 1000)"},
    {"AL-12", "fewest: equals as last in, first out", "alibaba",
     {PAID(METHOD_ALIPAY, 1000, "01"), PAID(METHOD_ALIPAY, 1000, "02"), PAID(METHOD_ALIPAY, 3000, "03")},
     .ask = BY(STRATEGY_FEWEST, 4500, ROUTE_ORIGINAL),
     .plan = "original ch_3 3000 (t3 3000); original ch_2 1000 (t2 1000); original ch_1 500 (t1 500)"},
    {"AL-03", "fastest: within the hour before two working days", "alibaba",
     {PAID(METHOD_ALIPAY, 1000, "01"), PAID(METHOD_BANK_CARD, 1000, "03"), PAID(METHOD_ONLINE_BANK, 1000, "02")},
     .ask = BY(STRATEGY_FASTEST, 2500, ROUTE_ORIGINAL),
     .plan = "original ch_3 1000 (t3 1000); original ch_1 1000 (t1 1000); original ch_2 500 (t2 500)"},

    {"AL-12", "selected, in the order of the asking", "alibaba", {THREE},
     .ask = BY(STRATEGY_SELECTED, 1500, ROUTE_ORIGINAL), .picks = {{"t2", {500}}, {"t1", {1000}}},
     .plan = "original ch_2 500 (t2 500); original ch_1 1000 (t1 1000)"},
    {"HW-10", "selected for the card", "huawei",
     {PAID(METHOD_ONLINE_BANK, 1000, "01"), PAID(METHOD_BANK_CARD, 5000, "02")},
     .ask = BY(STRATEGY_SELECTED, 600, ROUTE_DESIGNATED), .picks = {{"t1", {100}}, {"t2", {500}}},
     .plan = "designated bankfile 600 (t1 100, t2 500)"},
    {"AL-12", "selected: no such top-up", "alibaba", {THREE}, .ask = BY(STRATEGY_SELECTED, 10, ROUTE_ORIGINAL),
     .picks = {{"t1", {5}}, {"t9", {5}}}, .plan = "invalid_value 0 #1"},
    {"AL-12", "selected: the same one twice", "alibaba", {THREE}, .ask = BY(STRATEGY_SELECTED, 10, ROUTE_ORIGINAL),
     .picks = {{"t1", {5}}, {"t1", {5}}}, .plan = "invalid_value 0 #1"},
    {"AL-12", "selected: more than the order holds", "alibaba", {THREE},
     .ask = BY(STRATEGY_SELECTED, 1001, ROUTE_ORIGINAL), .picks = {{"t1", {1001}}},
     .plan = "amount_exceeds_withdrawable 1000 #0"},
    {"AL-12", "selected: the sum is not the amount", "alibaba", {THREE},
     .ask = BY(STRATEGY_SELECTED, 11, ROUTE_ORIGINAL), .picks = {{"t1", {5}}, {"t2", {5}}}, .plan = "invalid_value 10 #0"},
    {"AL-12", "selected: nothing of one", "alibaba", {THREE}, .ask = BY(STRATEGY_SELECTED, 5, ROUTE_ORIGINAL),
     .picks = {{"t1", {5}}, {"t2", {0}}}, .plan = "invalid_value 0 #1"},
    {"AL-12", "selected: none named", "alibaba", {THREE}, .ask = BY(STRATEGY_SELECTED, 5, ROUTE_ORIGINAL),
     .plan = "invalid_value 0 #0"},
    {"AL-05", "selected: past its window", "alibaba",
     {THREE, {.method = METHOD_ALIPAY, .amount = 1000, .paid_at = "2026-01-01T00:00:00+08:00"}},
     .ask = BY(STRATEGY_SELECTED, 5, ROUTE_ORIGINAL), .picks = {{"t4", {5}}}, .plan = "route_not_open 0 #0"},
    {"JD-05", "selected: staff's business", "jdcloud", {THREE, PAID(METHOD_BANK_TRANSFER, 1000, "04")},
     .ask = BY(STRATEGY_SELECTED, 5, ROUTE_ORIGINAL), .picks = {{"t4", {5}}}, .plan = "case_required 0 #0"},

    {"AL-09", "a cent more than withdrawable", "alibaba", {THREE}, {.overdue = {1000}},
     .ask = LIFO(7001, ROUTE_ORIGINAL), .plan = "amount_exceeds_withdrawable 7000 #0"},
    {"HW-09", "more than the source route holds", "huawei", {THREE, PAID(METHOD_BANK_CARD, 1000, "04")},
     .ask = LIFO(8001, ROUTE_ORIGINAL), .plan = "amount_exceeds_route 8000 #0"},
    {"HW-09", "nothing is for the card", "huawei", {THREE}, .ask = LIFO(1, ROUTE_DESIGNATED),
     .plan = "route_not_open 0 #0"},
    {"JD-08", "a route that the policy does not offer", "jdcloud", {THREE}, .ask = LIFO(1, ROUTE_DESIGNATED),
     .plan = "route_not_open 0 #0"},
    {"AL-07", "no other funds", "alibaba", {THREE}, .ask = LIFO(1, ROUTE_APPLICATION), .plan = "route_not_open 0 #0"},
    {"AL-07", "more than the other funds", "alibaba", {THREE}, {.other = {400}}, .ask = LIFO(401, ROUTE_APPLICATION),
     .plan = "amount_exceeds_route 400 #0"},
    {"AL-07", "an application names no top-ups", "alibaba", {THREE}, {.other = {400}},
     .ask = BY(STRATEGY_SELECTED, 1, ROUTE_APPLICATION), .picks = {{"t1", {1}}}, .plan = "invalid_value 0 #0"},
    {"JD-05", "nothing but a corporate transfer", "jdcloud", {PAID(METHOD_BANK_TRANSFER, 1000, "04")},
     .ask = LIFO(1, ROUTE_ORIGINAL), .plan = "case_required 0 #0"},
    {"AL-09", "nothing at all", "alibaba", {{0}}, .ask = LIFO(1, ROUTE_ORIGINAL),
     .plan = "amount_exceeds_withdrawable 0 #0"},
    {"AL-09", "an amount of zero", "alibaba", {THREE}, .ask = LIFO(0, ROUTE_ORIGINAL), .plan = "invalid_value 0 #0"},
};
/* clang-format on */

static struct plan_refusal plan(const struct policy *policy, const struct plan_ask *ask, struct instant at,
                                struct plan *ret)
{
    return plan_make(policy, &calendar, &world.quote, &world.account, ask, at, &world.arena, ret);
}

static void plan_text(const struct plan *made, char text[TEXT_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < made->legs_count; i++) {
        const struct plan_leg *leg = &made->legs[i];

        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s%s %s %lld (", i > 0 ? "; " : "",
                                 word_text(&route_words, (int)leg->route), leg->channel, (long long)leg->amount.minor);
        for (size_t j = 0; j < leg->lots_count; j++)
            used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s%s %lld", j > 0 ? ", " : "",
                                     leg->lots[j].topup != NULL ? leg->lots[j].topup->ref : "other",
                                     (long long)leg->lots[j].amount.minor);
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, ")");
    }
}

static void test_rows(void **state)
{
    struct instant at = world_instant(WORLD_AT);
    char text[TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct policy *policy = world_policy(&world, rows[i].policy);
        struct account account = rows[i].account;
        struct plan_ask ask = rows[i].ask;
        struct plan made;

        account.verified = true;
        world_account(&world, &account, rows[i].topups, ARRAY_COUNT(rows[i].topups));
        world_quote(&world, policy, at);
        ask.picks = rows[i].picks;
        while (ask.picks_count < ARRAY_COUNT(rows[i].picks) && rows[i].picks[ask.picks_count].ref != NULL)
            ask.picks_count++;
        struct plan_refusal refusal = plan(policy, &ask, at, &made);

        if (refusal.code == REFUSAL_NONE)
            plan_text(&made, text);
        else
            snprintf(text, sizeof(text), "%s %lld #%zu", word_text(&refusal_words, (int)refusal.code),
                     (long long)refusal.available.minor, refusal.pick);
        if (strcmp(text, rows[i].plan) != 0)
            fail_msg("%s %s: %s\n  got      %s\n  expected %s", rows[i].rule, rows[i].policy, rows[i].says, text,
                     rows[i].plan);
    }
}

static void expect_arrival(const struct plan_leg *leg, const char *expected)
{
    char text[INSTANT_TEXT_BYTES];

    instant_format(leg->arrives_by, text);
    assert_string_equal(text, expected);
}

/* 20 November 2026 is a Friday. */
static void test_arrivals(void **state)
{
    static const struct paid both[] = {PAID(METHOD_ALIPAY, 1000, "01"), PAID(METHOD_BANK_CARD, 1000, "02")};
    struct instant at = world_instant(WORLD_AT);
    const struct policy *alibaba = world_policy(&world, "alibaba"), *huawei = world_policy(&world, "huawei");
    struct account account = {.verified = true};
    struct plan_ask ask = LIFO(2000, ROUTE_ORIGINAL);
    struct plan made;

    (void)state;
    world_account(&world, &account, both, ARRAY_COUNT(both));
    world_quote(&world, alibaba, at);
    assert_int_equal(plan(alibaba, &ask, at, &made).code, REFUSAL_NONE);
    expect_arrival(&made.legs[0], "2026-11-24T23:59:59+08:00"); /* AL-03: two working days */
    expect_arrival(&made.legs[1], "2026-11-20T11:00:00+08:00"); /* AL-03: within the hour */
    ask.route = ROUTE_DESIGNATED;
    assert_int_equal(plan(alibaba, &ask, at, &made).code, REFUSAL_NONE);
    expect_arrival(&made.legs[0], "2026-12-05T23:59:59+08:00"); /* AL-04: 15 days */
    ask.amount = money_of(1000);
    world_quote(&world, huawei, at);
    assert_int_equal(plan(huawei, &ask, at, &made).code, REFUSAL_NONE);
    expect_arrival(&made.legs[0], "2026-12-01T23:59:59+08:00"); /* HW-07: seven working days */
}

/* One transfer of two methods promises the later of their dates, whichever comes first in it. */
static void test_arrival_of_several_methods(void **state)
{
    static const struct paid both[] = {PAID(METHOD_ALIPAY, 1000, "01"), PAID(METHOD_BANK_CARD, 1000, "02")};
    static const struct {
        int64_t alipay_days;
        const char *arrives_by;
    } promises[] = {
        {1, "2026-12-05T23:59:59+08:00"}, {15, "2026-12-05T23:59:59+08:00"}, {16, "2026-12-06T23:59:59+08:00"}};
    struct instant at = world_instant(WORLD_AT);
    struct account account = {.verified = true};
    struct plan_ask ask = LIFO(2000, ROUTE_DESIGNATED);
    struct plan made;

    (void)state;
    world_account(&world, &account, both, ARRAY_COUNT(both));
    for (size_t i = 0; i < ARRAY_COUNT(promises); i++) {
        struct policy policy = *world_policy(&world, "alibaba"); /* AL-04: 15 days for the others */

        policy.routes[ROUTE_DESIGNATED].arrival[METHOD_ALIPAY] =
            (struct arrival){ARRIVAL_DAYS, promises[i].alipay_days, promises[i].alipay_days};
        world_quote(&world, &policy, at);
        assert_int_equal(plan(&policy, &ask, at, &made).code, REFUSAL_NONE);
        assert_int_equal(made.legs_count, 1);
        expect_arrival(&made.legs[0], promises[i].arrives_by);
    }
}

static void test_too_many_lots(void **state)
{
    enum { COUNT = PLAN_LOTS_MAX + 50 };
    static struct topup topups[COUNT];
    static struct topup *pointers[COUNT];
    static struct quote_topup quoted[COUNT];
    struct instant at = world_instant(WORLD_AT);
    const struct policy *policy = world_policy(&world, "huawei");
    struct account account = {.state = ACCOUNT_ACTIVE, .verified = true, .topup = {COUNT * 10}};
    struct plan_ask ask = LIFO(PLAN_LOTS_MAX * 10, ROUTE_ORIGINAL);
    struct quote quote;
    struct plan made;

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        topups[i] = (struct topup){.id = (int64_t)i, .method = METHOD_ALIPAY, .amount = {10}, .remaining = {10}};
        topups[i].paid_at = instant_add_ms(at, -MS_DAY);
        pointers[i] = &topups[i];
    }
    quote_make(&(struct quote_input){policy, at, &account, pointers, COUNT}, quoted, &quote);
    assert_int_equal(plan_make(policy, &calendar, &quote, &account, &ask, at, &world.arena, &made).code, REFUSAL_NONE);
    assert_int_equal(made.legs_count, PLAN_LOTS_MAX);
    ask.amount = money_of(PLAN_LOTS_MAX * 10 + 1);
    struct plan_refusal refusal = plan_make(policy, &calendar, &quote, &account, &ask, at, &world.arena, &made);

    assert_int_equal(refusal.code, REFUSAL_TOO_MANY_LOTS);
    assert_int_equal(refusal.available.minor, PLAN_LOTS_MAX * 10);
}

static void test_default_route(void **state)
{
    struct quote quote = {0};

    (void)state;
    assert_int_equal(plan_default_route(&quote, true), ROUTE_DESIGNATED);
    assert_int_equal(plan_default_route(&quote, false), ROUTE_NONE);
    quote.by_route[ROUTE_APPLICATION] = money_of(1);
    assert_int_equal(plan_default_route(&quote, false), ROUTE_APPLICATION);
    quote.by_route[ROUTE_DESIGNATED] = money_of(1);
    assert_int_equal(plan_default_route(&quote, false), ROUTE_DESIGNATED);
    quote.by_route[ROUTE_ORIGINAL] = money_of(1);
    assert_int_equal(plan_default_route(&quote, false), ROUTE_ORIGINAL);
}

/* The strategies written again as sentences: no lot left of the order is larger, or later. */
static void check_order(const struct plan_ask *ask, const struct plan_lot *lots, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct topup *a = lots[i - 1].topup, *b = lots[i].topup;

        if (ask->strategy == STRATEGY_LIFO)
            assert_true(a->paid_at.ms > b->paid_at.ms || (a->paid_at.ms == b->paid_at.ms && a->id > b->id));
        if (ask->strategy == STRATEGY_FEWEST)
            assert_true(a->remaining.minor - a->held.minor >= b->remaining.minor - b->held.minor);
    }
}

static void check_plan(const struct plan *made, const struct plan_ask *ask)
{
    struct plan_lot lots[PLAN_LOTS_MAX];
    size_t count = 0;
    int64_t sum = 0;

    for (size_t i = 0; i < made->legs_count; i++) {
        int64_t leg_sum = 0;

        for (size_t j = 0; j < made->legs[i].lots_count; j++) {
            const struct plan_lot *lot = &made->legs[i].lots[j];

            assert_true(lot->amount.minor > 0);
            if (lot->topup != NULL)
                assert_true(lot->amount.minor <= lot->topup->remaining.minor - lot->topup->held.minor);
            for (size_t k = 0; k < count; k++)
                assert_ptr_not_equal(lots[k].topup, lot->topup);
            lots[count++] = *lot;
            leg_sum += lot->amount.minor;
        }
        assert_int_equal(leg_sum, made->legs[i].amount.minor);
        sum += leg_sum;
    }
    assert_int_equal(sum, ask->amount.minor);
    assert_int_equal(count, made->lots_count);
    if (ask->route != ROUTE_APPLICATION)
        check_order(ask, lots, count);
}

static void test_random_plans(void **state)
{
    static const enum strategy strategies[] = {STRATEGY_LIFO, STRATEGY_FASTEST, STRATEGY_FEWEST};
    struct instant at = world_instant(WORLD_AT);
    struct plan first, second;
    struct random random;
    char a[4096], b[4096];

    (void)state;
    random_init_seed(&random, 7);
    for (int round = 0; round < 20000; round++) {
        const struct policy *policy = &world.policies[round % WORLD_POLICIES];

        world_random(&world, &random, at);
        world_quote(&world, policy, at);
        enum route route = (enum route)(ROUTE_ORIGINAL + random_below(&random, 3));
        int64_t most = world.quote.by_route[route].minor;

        if (most == 0)
            continue;
        struct plan_ask ask = {money_of(1 + world_below(&random, most)), strategies[random_below(&random, 3)], route,
                               NULL, 0};

        struct arena arena;

        arena_init(&arena, PLAN_ARENA_BYTES + 64 * WORLD_TOPUPS); /* the promise of the header is enough */
        assert_true(arena_reserve(&arena, PLAN_ARENA_BYTES + 64 * WORLD_TOPUPS));
        assert_int_equal(plan_make(policy, &calendar, &world.quote, &world.account, &ask, at, &arena, &first).code,
                         REFUSAL_NONE);
        check_plan(&first, &ask);
        if (first.lots_count <= 5) {
            plan_text(&first, a);
            assert_int_equal(plan(policy, &ask, at, &second).code, REFUSAL_NONE);
            plan_text(&second, b);
            assert_string_equal(a, b);
        }
        arena_fini(&arena);
        arena_reset(&world.arena); /* texts of the policies are not needed here */
    }
}

static int set_up(void **state)
{
    struct policy_mistake mistake;

    (void)state;
    world_init(&world);
    assert_int_equal(calendar_load(embedded_calendars[0].data, embedded_calendars[0].size, &calendar, &mistake),
                     ERR_NONE);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_fini(&world.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_arrivals),
                                       cmocka_unit_test(test_arrival_of_several_methods),
                                       cmocka_unit_test(test_too_many_lots),
                                       cmocka_unit_test(test_default_route),
                                       cmocka_unit_test(test_random_plans)};

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
