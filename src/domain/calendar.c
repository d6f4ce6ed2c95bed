/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/calendar.h"

/* Working days end with the Shanghai day, at its last whole second. */
#define LAST_SECOND_MS (MS_DAY - MS_SECOND)

/* A day, and where it stands in the calendar's lists: the next day is found without looking it up anew. */
struct walk {
    const struct calendar *calendar;
    struct civil civil;
    int weekday;
    size_t off, working; /* the first in each list that is not before the day */
    bool known;          /* the year's notice is */
};

static int32_t key_of(const struct civil *civil)
{
    return civil->year * 10000 + civil->month * 100 + civil->day;
}

static size_t place_of(const int32_t *days, size_t count, int32_t day)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (days[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool knows_year(const struct calendar *calendar, int year)
{
    for (size_t i = 0; i < calendar->years_count; i++) {
        if (calendar->years[i] == year)
            return true;
    }
    return false;
}

static struct walk walk_begin(const struct calendar *calendar, int64_t days)
{
    struct walk walk = {.calendar = calendar, .weekday = civil_weekday(days)};

    civil_of_days(days, &walk.civil);
    walk.off = place_of(calendar->off, calendar->off_count, key_of(&walk.civil));
    walk.working = place_of(calendar->working, calendar->working_count, key_of(&walk.civil));
    walk.known = knows_year(calendar, walk.civil.year);
    return walk;
}

static void walk_on(struct walk *walk)
{
    const struct calendar *calendar = walk->calendar;
    struct civil *civil = &walk->civil;
    int32_t passed = key_of(civil);

    walk->weekday = walk->weekday == 6 ? 0 : walk->weekday + 1;
    walk->off += walk->off < calendar->off_count && calendar->off[walk->off] == passed;
    walk->working += walk->working < calendar->working_count && calendar->working[walk->working] == passed;
    if (++civil->day <= 28 || civil->day <= civil_month_days(civil->year, civil->month)) /* every month has 28 */
        return;
    civil->day = 1;
    if (++civil->month <= 12)
        return;
    civil->month = 1;
    walk->known = knows_year(calendar, ++civil->year);
}

static bool walk_is_working(const struct walk *walk, bool *provisional)
{
    const struct calendar *calendar = walk->calendar;
    int32_t day = key_of(&walk->civil);

    if (walk->off < calendar->off_count && calendar->off[walk->off] == day)
        return false;
    if (walk->working < calendar->working_count && calendar->working[walk->working] == day)
        return true;
    if (!walk->known)
        *provisional = true;
    return walk->weekday < 5;
}

bool calendar_is_working(const struct calendar *calendar, int64_t days, bool *provisional)
{
    struct walk walk = walk_begin(calendar, days);

    return walk_is_working(&walk, provisional);
}

static int64_t working_days_later(const struct calendar *calendar, int64_t days, int64_t count, bool *provisional)
{
    struct walk walk = walk_begin(calendar, days);

    while (count > 0) {
        days++;
        walk_on(&walk);
        if (walk_is_working(&walk, provisional))
            count--;
    }
    return days;
}

static struct instant end_of_day(int64_t days)
{
    return instant_of_days(days, LAST_SECOND_MS);
}

struct instant calendar_arrival(const struct calendar *calendar, struct instant from, struct arrival arrival,
                                bool *ret_provisional)
{
    int64_t days = instant_days(from);

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
