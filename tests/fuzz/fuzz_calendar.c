/* SPDX-License-Identifier: Apache-2.0 */
/* Calendar files (domain/calendar.h): what loads has its days in order and none both off and worked, says of every day
 * what its lists say, and promises arrivals that a day-by-day count finds too. What does not load names a line that the
 * file has. */
#include "domain/calendar.h"
#include "fuzz.h"

#define ARRIVALS_DAYS_MAX 40

static bool in_list(const int32_t *days, size_t count, int32_t day)
{
    for (size_t i = 0; i < count; i++)
        if (days[i] == day)
            return true;
    return false;
}

static void list_check(const int32_t *days, size_t count)
{
    CHECK(count <= CALENDAR_DAYS_MAX);
    for (size_t i = 0; i < count; i++) {
        int day = days[i] % 100, month = days[i] / 100 % 100, year = days[i] / 10000;
        CHECK(i == 0 || days[i - 1] < days[i]);
        CHECK(month >= 1 && month <= 12 && day >= 1 && day <= civil_month_days(year, month));
    }
}

/* Read from the lists alone. */
static bool is_worked(const struct calendar *calendar, int64_t days, bool *ret_known)
{
    struct instant noon = {days * MS_DAY};
    int32_t day = instant_day_key(noon);
    bool off = in_list(calendar->off, calendar->off_count, day);
    bool worked = in_list(calendar->working, calendar->working_count, day);

    *ret_known = off || worked;
    for (size_t i = 0; i < calendar->years_count; i++)
        *ret_known = *ret_known || calendar->years[i] == day / 10000;
    CHECK(!(off && worked) && (!worked || civil_weekday(days) >= 5));
    return worked || (!off && civil_weekday(days) < 5);
}

static void arrival_check(const struct calendar *calendar, int64_t from_days, int64_t count)
{
    struct arrival arrival = {ARRIVAL_WORKING_DAYS, 1, count};
    struct instant from = {from_days * MS_DAY + 5 * MS_HOUR};
    bool provisional = true, all_known = true, known = true;
    struct instant promised = calendar_arrival(calendar, from, arrival, &provisional);
    int64_t day = from_days;

    for (int64_t left = count; left > 0;) {
        day++;
        left -= is_worked(calendar, day, &known);
        all_known = all_known && known;
    }
    struct civil civil = instant_civil(promised);
    CHECK(civil_days(civil.year, civil.month, civil.day) == day && civil.ms_of_day == MS_DAY - MS_SECOND);
    CHECK(provisional == !all_known);
}

static void loaded_check(const struct calendar *calendar, unsigned chosen)
{
    int64_t first = civil_days(2026, 1, 1);

    list_check(calendar->off, calendar->off_count);
    list_check(calendar->working, calendar->working_count);
    for (size_t i = 0; i < calendar->off_count; i++)
        CHECK(!in_list(calendar->working, calendar->working_count, calendar->off[i]));
    CHECK(calendar->years_count <= CALENDAR_YEARS_MAX);
    if (calendar->years_count > 0)
        first = civil_days(calendar->years[chosen % calendar->years_count], 1 + (int)(chosen % 12), 1);
    for (int64_t day = first; day < first + 40; day++) {
        bool provisional = false, known;
        bool worked = is_worked(calendar, day, &known);
        CHECK(calendar_is_working(calendar, day, &provisional) == worked && provisional == !known);
    }
    arrival_check(calendar, first - 20 + chosen % 60, 1 + chosen % ARRIVALS_DAYS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct calendar calendar, untouched;
    struct policy_mistake mistake = {0};
    size_t lines = 1;

    memset(&calendar, 0, sizeof calendar);
    enum err err = calendar_load((const char *)data, size, &calendar, &mistake);
    CHECK(err == ERR_NONE || err == ERR_REQUEST);
    if (err == ERR_NONE) {
        loaded_check(&calendar, (unsigned)size);
        return 0;
    }
    for (size_t i = 0; i < size; i++) /* the last byte of every line break that YAML knows */
        lines += strchr("\n\r\x85\xA8\xA9", data[i]) != NULL;
    CHECK(memcmp(&calendar, &untouched, sizeof calendar) == 0);
    CHECK(mistake.line <= lines && mistake.expected[0] != '\0');
    return 0;
}
