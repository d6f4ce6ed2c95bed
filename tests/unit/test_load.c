/* SPDX-License-Identifier: Apache-2.0 */
/* The measuring side of `ebb bench`: percentiles that do not lie, and addresses that are this machine or not. */
#include "unit.h"

#include "cli/latency.h"
#include "cli/load.h"

static void a_percentile_is_at_most_a_bucket_too_high(void **state)
{
    static struct latencies some;

    (void)state;
    assert_int_equal(latencies_at(&some, 5000), 0);
    for (int64_t us = 1; us <= 100000; us++)
        latencies_add(&some, us);
    for (int64_t per_10000 = 1; per_10000 <= 10000; per_10000 += 7) {
        int64_t exact = (100000 * per_10000 + 9999) / 10000, found = latencies_at(&some, per_10000);

        assert_true(found >= exact);
        assert_true(found <= exact + exact / LATENCY_STEPS);
    }
    assert_int_equal(latencies_at(&some, 10000), 100000);
    assert_int_equal(some.greatest_us, 100000);
}

static void small_values_are_exact_and_large_ones_have_room(void **state)
{
    static struct latencies some;

    (void)state;
    latencies_add(&some, 0);
    latencies_add(&some, -5); /* a clock that was read twice in the wrong order */
    latencies_add(&some, 63);
    latencies_add(&some, 64);
    latencies_add(&some, INT64_MAX);
    assert_int_equal(latencies_at(&some, 1), 0);
    assert_int_equal(latencies_at(&some, 6000), 63);
    assert_int_equal(latencies_at(&some, 8000), 65);
    assert_int_equal(latencies_at(&some, 10000), INT64_MAX);
}

static void only_this_machine_is_loopback(void **state)
{
    static const struct {
        const char *url;
        bool parsed, loopback;
    } rows[] = {
        {"http://127.0.0.1:8080", true, true},    {"http://127.9.9.9:1/", true, true},
        {"http://[::1]:8080", true, true},        {"http://192.0.2.7:8080", true, false},
        {"http://[2001:db8::1]:80", true, false}, {"https://127.0.0.1:8080", false, false},
        {"http://127.0.0.1", false, false},       {"http://127.0.0.1:8080/v1", false, false},
        {"http://:8080", false, false},           {"http://127.0.0.1:", false, false},
        {"127.0.0.1:8080", false, false},         {"http://", false, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct load_target target = {.loopback = !rows[i].loopback};
        const char *why = NULL;

        if (load_target_parse(rows[i].url, &target, &why) != rows[i].parsed)
            fail_msg("%s", rows[i].url);
        if (rows[i].parsed && target.loopback != rows[i].loopback)
            fail_msg("%s is%s this machine", rows[i].url, rows[i].loopback ? "" : " not");
        assert_true(rows[i].parsed || why != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_percentile_is_at_most_a_bucket_too_high),
        cmocka_unit_test(small_values_are_exact_and_large_ones_have_room),
        cmocka_unit_test(only_this_machine_is_loopback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
