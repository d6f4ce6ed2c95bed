/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/calendar.h"

/* Working days end with the Shanghai day, at its last whole second. */
#define LAST_SECOND_MS (MS_DAY - MS_SECOND)

static bool holds_day(const int32_t *days, size_t count, int32_t day)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && days[low] == day;
}

static bool knows_year(const struct calendar *calendar, int year)
{
    for (size_t i = 0; i < calendar->years_count; i++) {
        if (calendar->years[i] == year)
            return true;
    }
    return false;
}

bool calendar_is_working(const struct calendar *calendar, int64_t days, bool *provisional)
{
    struct civil civil = {0};

    civil_of_days(days, &civil);
    int32_t day = civil.year * 10000 + civil.month * 100 + civil.day;
    if (holds_day(calendar->off, calendar->off_count, day))
        return false;
    if (holds_day(calendar->working, calendar->working_count, day))
        return true;
    if (!knows_year(calendar, civil.year))
        *provisional = true;
    return civil_weekday(days) < 5;
}

static int64_t working_days_later(const struct calendar *calendar, int64_t days, int64_t count, bool *provisional)
{
    while (count > 0) {
        days++;
        if (calendar_is_working(calendar, days, provisional))
            count--;
    }
    return days;
}

static struct instant end_of_day(int64_t days)
{
    struct civil civil = {0};

    civil_of_days(days, &civil);
    civil.ms_of_day = LAST_SECOND_MS;
    return instant_of_civil(civil);
}

struct instant calendar_arrival(const struct calendar *calendar, struct instant from, struct arrival arrival,
                                bool *ret_provisional)
{
    struct civil civil = instant_civil(from);
    int64_t days = civil_days(civil.year, civil.month, civil.day);

    *ret_provisional = false;
    switch (arrival.unit) {
    case ARRIVAL_UNSTATED:
        return INSTANT_NONE;
    case ARRIVAL_MINUTES:
        return instant_add_ms(from, arrival.most * MS_MINUTE);
    case ARRIVAL_DAYS:
        return end_of_day(days + arrival.most);
    case ARRIVAL_WORKING_DAYS:
        return end_of_day(working_days_later(calendar, days, arrival.most, ret_provisional));
    }
    return INSTANT_NONE;
}
