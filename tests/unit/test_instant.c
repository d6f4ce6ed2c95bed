/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/instant.h"

#include <string.h>

static struct instant at(const char *text)
{
    struct instant instant = INSTANT_NONE;

    assert_true(instant_parse(text, &instant));
    return instant;
}

static void assert_instant(struct instant instant, const char *expected)
{
    char text[INSTANT_TEXT_BYTES];

    instant_format(instant, text);
    assert_string_equal(text, expected);
}

static void rfc_3339_is_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1971-01-01T00:00:00Z", INT64_C(31536000000)},        {"2000-02-29T00:00:00Z", INT64_C(951782400000)},
        {"2026-11-20T10:00:00+08:00", INT64_C(1795140000000)}, {"2026-11-20T02:00:00Z", INT64_C(1795140000000)},
        {"2026-11-20t02:00:00z", INT64_C(1795140000000)},      {"2026-11-19T18:30:00-07:30", INT64_C(1795140000000)},
        {"2026-11-20T02:00:00-00:00", INT64_C(1795140000000)}, {"2026-11-20T02:00:00.5Z", INT64_C(1795140000500)},
        {"2026-11-20T02:00:00.05Z", INT64_C(1795140000050)},   {"2026-11-20T02:00:00.123Z", INT64_C(1795140000123)},
        {"2200-12-31T23:59:59.999Z", INT64_C(7289654399999)},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_int_equal(at(rows[i].text).ms, rows[i].ms);
}

static void anything_else_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "2026-11-20",
        "2026-11-20T10:00:00",
        "2026-11-20 10:00:00Z",
        "2026-11-20T10:00Z",
        "2026-11-20T10:00:00+0800",
        "2026-11-20T10:00:00+08",
        "2026-11-20T10:00:00+24:00",
        "2026-11-20T10:00:00+08:60",
        "2026-11-20T24:00:00Z",
        "2026-11-20T10:60:00Z",
        "2026-12-31T23:59:60Z",
        "2026-11-20T10:00:00.Z",
        "2026-11-20T10:00:00.1234Z",
        "2026-11-20T10:00:00,5Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "1970-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
        "2026-11-20T10:00:00Zz",
        " 2026-11-20T10:00:00Z",
        "26-11-20T10:00:00Z",
        "+026-11-20T10:00:00Z",
        "2026-1-20T10:00:00Z",
        "2026-11-20T1:00:00Z",
        "2026-11-20T10:00:00 +08:00",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct instant instant = {77};
        assert_false(instant_parse(rows[i], &instant));
        assert_int_equal(instant.ms, 77);
    }
    struct instant instant = {77};
    assert_false(instant_parse(NULL, &instant));
}

static void moments_print_in_shanghai(void **state)
{
    char text[INSTANT_TEXT_BYTES];

    (void)state;
    assert_instant(at("2026-11-20T02:00:00Z"), "2026-11-20T10:00:00+08:00");
    assert_instant(at("2026-12-31T16:00:00Z"), "2027-01-01T00:00:00+08:00");
    assert_instant(at("2026-11-20T02:00:00.007Z"), "2026-11-20T10:00:00.007+08:00");
    assert_instant((struct instant){-1}, "1970-01-01T07:59:59.999+08:00");
    instant_format_date(at("2026-11-20T15:59:59Z"), text);
    assert_string_equal(text, "2026-11-20");
    instant_format_date(at("2026-11-20T16:00:00Z"), text);
    assert_string_equal(text, "2026-11-21");
}

static void months_are_clamped_at_their_end(void **state)
{
    static const struct {
        const char *from;
        int months;
        const char *to;
    } rows[] = {
        {"2026-01-31T10:00:00+08:00", 1, "2026-02-28T10:00:00+08:00"},
        {"2028-01-31T10:00:00+08:00", 1, "2028-02-29T10:00:00+08:00"},
        {"2028-02-29T10:00:00+08:00", 12, "2029-02-28T10:00:00+08:00"},
        {"2026-03-31T23:59:59+08:00", 3, "2026-06-30T23:59:59+08:00"},
        {"2026-01-15T00:00:00+08:00", 11, "2026-12-15T00:00:00+08:00"},
        {"2026-02-15T00:00:00+08:00", 11, "2027-01-15T00:00:00+08:00"},
        {"2026-08-31T12:00:00+08:00", 6, "2027-02-28T12:00:00+08:00"},
        {"2026-03-31T12:00:00+08:00", -1, "2026-02-28T12:00:00+08:00"},
        {"2026-01-31T12:00:00+08:00", -1, "2025-12-31T12:00:00+08:00"},
        {"2026-01-31T12:00:00+08:00", 0, "2026-01-31T12:00:00+08:00"},
        /* The civil day is Shanghai's: 1 February there, still 31 January in UTC. */
        {"2026-01-31T17:00:00Z", 1, "2026-03-01T01:00:00+08:00"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_instant(instant_add_months(at(rows[i].from), rows[i].months), rows[i].to);
}

static void the_calendar_is_gregorian(void **state)
{
    (void)state;
    assert_int_equal(civil_days(1970, 1, 1), 0);
    assert_int_equal(civil_days(1969, 12, 31), -1);
    assert_int_equal(civil_days(2000, 3, 1), 11017);
    assert_int_equal(civil_month_days(2000, 2), 29);
    assert_int_equal(civil_month_days(2100, 2), 28);
    assert_int_equal(civil_month_days(2024, 2), 29);
    assert_int_equal(civil_month_days(2026, 2), 28);
    assert_int_equal(civil_weekday(0), 3);                        /* Thursday */
    assert_int_equal(civil_weekday(-4), 6);                       /* Sunday */
    assert_int_equal(civil_weekday(civil_days(2026, 11, 20)), 4); /* Friday */
    assert_int_equal(civil_weekday(civil_days(2026, 11, 23)), 0); /* Monday */
    assert_true(DIES(civil_month_days(2026, 13)));
    assert_true(DIES(civil_month_days(2026, 0)));
}

static void every_day_has_one_name(void **state)
{
    struct civil before = {0}, civil;

    (void)state;
    for (int64_t days = civil_days(1900, 1, 1); days < civil_days(2201, 1, 1); days++) {
        civil_of_days(days, &civil);
        assert_int_equal(civil_days(civil.year, civil.month, civil.day), days);
        assert_true(civil.day == before.day + 1 || civil.day == 1);
        before = civil;
    }
}

static void keys_turn_at_midnight_in_shanghai(void **state)
{
    (void)state;
    assert_int_equal(instant_month_key(at("2026-11-30T15:59:59.999Z")), 202611);
    assert_int_equal(instant_month_key(at("2026-11-30T16:00:00Z")), 202612);
    assert_int_equal(instant_day_key(at("2026-11-30T15:59:59.999Z")), 20261130);
    assert_int_equal(instant_day_key(at("2026-11-30T16:00:00Z")), 20261201);
}

static void none_counts_as_never(void **state)
{
    struct instant early = {1}, late = {2};

    (void)state;
    assert_int_equal(instant_earlier(early, late).ms, 1);
    assert_int_equal(instant_earlier(late, early).ms, 1);
    assert_int_equal(instant_earlier(INSTANT_NONE, late).ms, 2);
    assert_int_equal(instant_earlier(late, INSTANT_NONE).ms, 2);
    assert_int_equal(instant_earlier(INSTANT_NONE, INSTANT_NONE).ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_3339_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(moments_print_in_shanghai),
        cmocka_unit_test(months_are_clamped_at_their_end),
        cmocka_unit_test(the_calendar_is_gregorian),
        cmocka_unit_test(every_day_has_one_name),
        cmocka_unit_test(keys_turn_at_midnight_in_shanghai),
        cmocka_unit_test(none_counts_as_never),
    };
    return cmocka_run_group_tests_name("instant", tests, NULL, NULL);
}
