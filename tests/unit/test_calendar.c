/* SPDX-License-Identifier: Apache-2.0 */
/* Working days of the shipped calendar, promised arrivals counted along it, and calendars that are refused. Run from
 * the top of the source tree. */
#include "domain/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct calendar shipped;

static int load_shipped(void **state)
{
    static char text[65536];
    FILE *stream = fopen("data/calendars/cn.yaml", "re");
    struct policy_mistake mistake = {0};

    (void)state;
    if (stream == NULL)
        return -1;
    size_t size = fread(text, 1, sizeof text, stream);
    fclose(stream);
    enum err err = calendar_load(text, size, &shipped, &mistake);
    if (err != ERR_NONE)
        print_error("line %zu, %s: %s\n", mistake.line, mistake.key, mistake.expected);
    return err == ERR_NONE ? 0 : -1;
}

static int64_t day(int32_t key)
{
    return civil_days(key / 10000, key / 100 % 100, key % 100);
}

static size_t count_year(const int32_t *days, size_t count, int year)
{
    size_t in_year = 0;

    for (size_t i = 0; i < count; i++)
        in_year += days[i] / 10000 == year;
    return in_year;
}

/* The notices, counted twice over: their days, and the statutory holidays that remain when moved weekends are taken
 * out. */
static void the_years_add_up(void **state)
{
    static const struct {
        int year;
        size_t off, working, statutory;
    } rows[] = {{2024, 28, 8, 11}, {2025, 28, 5, 13}, {2026, 33, 6, 13}};

    (void)state;
    assert_int_equal(shipped.years_count, ARRAY_COUNT(rows));
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        size_t weekdays_off = 0;
        for (size_t d = 0; d < shipped.off_count; d++)
            weekdays_off += shipped.off[d] / 10000 == rows[i].year && civil_weekday(day(shipped.off[d])) < 5;
        assert_int_equal(shipped.years[i], rows[i].year);
        assert_int_equal(count_year(shipped.off, shipped.off_count, rows[i].year), rows[i].off);
        assert_int_equal(count_year(shipped.working, shipped.working_count, rows[i].year), rows[i].working);
        assert_int_equal(weekdays_off - rows[i].working, rows[i].statutory);
    }
}

static void days_are_worked_or_off(void **state)
{
    static const struct {
        int32_t day;
        bool working, provisional;
    } rows[] = {
        {20260105, true, false},  /* a Monday */
        {20260110, false, false}, /* a Saturday */
        {20260104, true, false},  /* a Sunday made up for New Year */
        {20260102, false, false}, /* a Friday off */
        {20260214, true, false},  /* the Saturday before Spring Festival */
        {20260215, false, false}, {20260223, false, false}, {20260224, true, false},
        {20261007, false, false}, {20261008, true, false},  {20261010, true, false}, /* a Saturday made up */
        {20261011, false, false},                                                    /* the Sunday after it */
        {20251008, false, false}, {20241012, true, false},  {20240912, true, false},
        {20270101, true, true}, /* not announced: Monday to Friday, and it says so */
        {20270102, false, true},  {20231229, true, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        bool provisional = false;
        bool working = calendar_is_working(&shipped, day(rows[i].day), &provisional);
        if (working != rows[i].working || provisional != rows[i].provisional)
            fail_msg("%d: working %d, provisional %d", rows[i].day, working, provisional);
    }
    bool kept = true;
    assert_true(calendar_is_working(&shipped, day(20260105), &kept));
    assert_true(kept); /* once provisional, always provisional */
}

static void arrivals_are_the_latest_moment_promised(void **state)
{
    static const struct {
        const char *from;
        struct arrival arrival;
        const char *by;
        bool provisional;
    } rows[] = {
        /* minutes are exact and need no calendar */
        {"2026-11-20T10:00:00+08:00", {ARRIVAL_MINUTES, 0, 60}, "2026-11-20T11:00:00+08:00", false},
        {"2026-12-31T23:59:00+08:00", {ARRIVAL_MINUTES, 0, 5}, "2027-01-01T00:04:00+08:00", false},
        /* days end with the last day in Shanghai, whatever the hour and whatever the zone of the clock */
        {"2026-11-20T00:00:00+08:00", {ARRIVAL_DAYS, 7, 15}, "2026-12-05T23:59:59+08:00", false},
        {"2026-11-20T23:59:59+08:00", {ARRIVAL_DAYS, 7, 15}, "2026-12-05T23:59:59+08:00", false},
        {"2026-11-20T15:59:59Z", {ARRIVAL_DAYS, 7, 15}, "2026-12-05T23:59:59+08:00", false},
        {"2026-11-20T16:00:00Z", {ARRIVAL_DAYS, 7, 15}, "2026-12-06T23:59:59+08:00", false},
        {"2024-02-14T12:00:00+08:00", {ARRIVAL_DAYS, 7, 15}, "2024-02-29T23:59:59+08:00", false},
        {"2025-02-14T12:00:00+08:00", {ARRIVAL_DAYS, 7, 15}, "2025-03-01T23:59:59+08:00", false},
        {"2026-12-20T12:00:00+08:00", {ARRIVAL_DAYS, 7, 15}, "2027-01-04T23:59:59+08:00", false},
        /* working days begin the day after: Friday + 1 is Monday, Saturday + 1 as well */
        {"2026-11-20T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 0, 1}, "2026-11-23T23:59:59+08:00", false},
        {"2026-11-21T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 0, 1}, "2026-11-23T23:59:59+08:00", false},
        {"2026-11-20T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 0, 2}, "2026-11-24T23:59:59+08:00", false},
        /* a make-up Sunday is a working day, the holiday around it is not */
        {"2026-09-18T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 0, 1}, "2026-09-20T23:59:59+08:00", false},
        {"2026-09-30T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 0, 3}, "2026-10-10T23:59:59+08:00", false},
        {"2026-09-30T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 0, 4}, "2026-10-12T23:59:59+08:00", false},
        {"2026-02-13T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 0, 7}, "2026-03-02T23:59:59+08:00", false},
        {"2024-12-20T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 10, 15}, "2025-01-13T23:59:59+08:00", false},
        /* the last promise that 2026 can hold, and the first that it cannot */
        {"2026-12-10T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 10, 15}, "2026-12-31T23:59:59+08:00", false},
        {"2026-12-11T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 10, 15}, "2027-01-01T23:59:59+08:00", true},
        {"2026-12-15T10:00:00+08:00", {ARRIVAL_WORKING_DAYS, 10, 15}, "2027-01-05T23:59:59+08:00", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct instant from = INSTANT_NONE;
        char text[INSTANT_TEXT_BYTES];
        bool provisional = !rows[i].provisional;
        assert_true(instant_parse(rows[i].from, &from));
        instant_format(calendar_arrival(&shipped, from, rows[i].arrival, &provisional), text);
        if (strcmp(text, rows[i].by) != 0 || provisional != rows[i].provisional)
            fail_msg("row %zu: from %s by %s (provisional %d), not %s", i, rows[i].from, text, provisional, rows[i].by);
    }
    bool provisional = true;
    struct instant by =
        calendar_arrival(&shipped, (struct instant){MS_DAY}, (struct arrival){.unit = ARRIVAL_UNSTATED}, &provisional);
    assert_false(instant_is_set(by));
    assert_false(provisional);
}

/* A promise walks along the lists; asked day by day, the calendar says the same. Years before and after it included. */
static void a_walk_meets_every_day(void **state)
{
    (void)state;
    for (int64_t start = civil_days(2023, 11, 1); start < civil_days(2028, 3, 10); start++) {
        struct instant from = {start * MS_DAY + 2 * MS_HOUR};
        int64_t days = start;
        bool expected = false;

        for (int64_t count = 1; count <= 16; count++) {
            bool provisional = false;

            while (!calendar_is_working(&shipped, ++days, &expected))
                ;
            struct instant by =
                calendar_arrival(&shipped, from, (struct arrival){ARRIVAL_WORKING_DAYS, 0, count}, &provisional);
            struct civil civil = instant_civil(by);

            assert_int_equal(civil_days(civil.year, civil.month, civil.day), days);
            assert_int_equal(provisional, expected);
        }
    }
}

static void without_a_calendar_everything_is_provisional(void **state)
{
    static const struct calendar empty;
    struct instant from = INSTANT_NONE;
    bool provisional = false;

    (void)state;
    assert_true(instant_parse("2026-09-30T10:00:00+08:00", &from));
    struct instant by = calendar_arrival(&empty, from, (struct arrival){ARRIVAL_WORKING_DAYS, 0, 3}, &provisional);
    assert_int_equal(instant_day_key(by), 20261005);
    assert_true(provisional);
}

static void wrong_calendars_are_refused(void **state)
{
    static const struct {
        const char *yaml;
        size_t line;
        const char *key;
    } rows[] = {
        {"calendar: cn\n", 1, ""},
        {"calendar: cn\nyears: []\n", 1, ""},
        {"calendar: cn\nyears: {}\nzone: 8\n", 1, ""},
        {"calendar: cn\nyears:\n  26: {off: [], working: []}\n", 3, "years.26"},
        {"calendar: cn\nyears:\n  2026: {off: []}\n", 3, "years.2026"},
        {"calendar: cn\nyears:\n  2026: {off: [], working: [], half: []}\n", 3, "years.2026"},
        {"calendar: cn\nyears:\n  2026: {off: none, working: []}\n", 3, "years.2026.off"},
        {"calendar: cn\nyears:\n  2026:\n    off:\n      - 2026-02-30\n    working: []\n", 5, "years.2026.off[1]"},
        {"calendar: cn\nyears:\n  2026:\n    off:\n      - 2026-2-3\n    working: []\n", 5, "years.2026.off[1]"},
        {"calendar: cn\nyears:\n  2026: {off: [2026-01-03 to 2026-01-01], working: []}\n", 3, "years.2026.off[1]"},
        {"calendar: cn\nyears:\n  2026: {off: [2026-01-01 to 2026-02-01], working: []}\n", 3, "years.2026.off[1]"},
        {"calendar: cn\nyears:\n  2026: {off: [2026-01-01, 2026-01-01], working: []}\n", 3, "years.2026.off[2]"},
        {"calendar: cn\nyears:\n  2026: {off: [2027-01-01], working: []}\n", 3, "years.2026.off[1]"},
        {"calendar: cn\nyears:\n  2026: {off: [2025-11-30], working: []}\n", 3, "years.2026.off[1]"},
        {"calendar: cn\nyears:\n  2026: {off: [], working: [2026-01-05]}\n", 3, "years.2026.working[1]"},
        {"calendar: cn\nyears:\n  2026: {off: [2026-01-04], working: [2026-01-04]}\n", 2, "years"},
        {"calendar: cn\nyears:\n  2026: {off: [], working: []}\n  2026: {off: [], working: []}\n", 4, "years.2026"},
        {"calendar: [cn\n", 2, ""},
        {"", 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct calendar calendar = {.years_count = 99};
        struct policy_mistake mistake = {0};
        assert_int_equal(calendar_load(rows[i].yaml, strlen(rows[i].yaml), &calendar, &mistake), ERR_REQUEST);
        if (mistake.line != rows[i].line || strcmp(mistake.key, rows[i].key) != 0)
            fail_msg("row %zu: line %zu, %s: %s", i, mistake.line, mistake.key, mistake.expected);
        assert_int_equal(calendar.years_count, 99);
    }
    /* a notice may move the December before it */
    static const char december[] = "calendar: cn\nyears:\n  2027: {off: [2026-12-31], working: [2026-12-26]}\n";
    struct calendar calendar = {0};
    struct policy_mistake mistake = {0};
    assert_int_equal(calendar_load(december, strlen(december), &calendar, &mistake), ERR_NONE);
    assert_int_equal(calendar.off[0], 20261231);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_years_add_up),
        cmocka_unit_test(days_are_worked_or_off),
        cmocka_unit_test(arrivals_are_the_latest_moment_promised),
        cmocka_unit_test(a_walk_meets_every_day),
        cmocka_unit_test(without_a_calendar_everything_is_provisional),
        cmocka_unit_test(wrong_calendars_are_refused),
    };

    return cmocka_run_group_tests(tests, load_shipped, NULL);
}
