/* SPDX-License-Identifier: Apache-2.0 */
#include "base/instant.h"

#include <stdio.h>
#include <string.h>

#define SHANGHAI_OFFSET_MS (8 * MS_HOUR)
#define YEAR_MIN 1971
#define YEAR_MAX 2200

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

struct instant instant_earlier(struct instant a, struct instant b)
{
    if (!instant_is_set(a))
        return b;
    if (!instant_is_set(b))
        return a;
    return instant_before(a, b) ? a : b;
}

static bool year_is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to 1 January of the year: 365 a year and one more for each leap year before it. The years after
 * Christ are the ones that count here, so that the divisions need not be floored. */
static int64_t year_days(int64_t year)
{
    uint32_t before = (uint32_t)(year - 1);
    uint32_t leaps = before / 4 - before / 100 + before / 400;

    INVARIANT(6, year >= 1 && year <= 1000000);
    return (year - 1970) * 365 + leaps - (1969 / 4 - 1969 / 100 + 1969 / 400);
}

/* Days of the year before each month, by whether the year is leap; [13] is the whole year. */
static const int before_month[2][14] = {
    {0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
    {0, 0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
};

int civil_month_days(int year, int month)
{
    const int *before = before_month[year_is_leap(year)];

    INVARIANT(6, month >= 1 && month <= 12);
    return before[month + 1] - before[month];
}

int64_t civil_days(int year, int month, int day)
{
    INVARIANT(6, month >= 1 && month <= 12);
    return year_days(year) + before_month[year_is_leap(year)][month] + day - 1;
}

void civil_of_days(int64_t days, struct civil *ret)
{
    /* 400 years have 146097 days: the guess is at most one year off. */
    int64_t year = 1970 + floor_div(days * 400, 146097);
    int64_t start = year_days(year);

    while (start > days)
        start -= before_month[year_is_leap(--year)][13];
    while (start + before_month[year_is_leap(year)][13] <= days)
        start += before_month[year_is_leap(year++)][13];

    const int *before = before_month[year_is_leap(year)];
    int rest = (int)(days - start);
    int month = rest / 32 + 1; /* no month is longer: at most one too early */

    while (rest >= before[month + 1])
        month++;
    *ret = (struct civil){(int)year, month, rest - before[month] + 1, 0};
}

int civil_weekday(int64_t days)
{
    int64_t since_monday = days + 3; /* 1970-01-01 was a Thursday */

    return (int)(since_monday - floor_div(since_monday, 7) * 7);
}

int64_t instant_days(struct instant at)
{
    return floor_div(at.ms + SHANGHAI_OFFSET_MS, MS_DAY);
}

struct instant instant_of_days(int64_t days, int64_t ms_of_day)
{
    return (struct instant){days * MS_DAY + ms_of_day - SHANGHAI_OFFSET_MS};
}

struct civil instant_civil(struct instant at)
{
    int64_t days = instant_days(at);
    struct civil civil;

    civil_of_days(days, &civil);
    civil.ms_of_day = at.ms + SHANGHAI_OFFSET_MS - days * MS_DAY;
    return civil;
}

struct instant instant_of_civil(struct civil civil)
{
    return instant_of_days(civil_days(civil.year, civil.month, civil.day), civil.ms_of_day);
}

struct instant instant_add_months(struct instant at, int months)
{
    struct civil civil = instant_civil(at);
    int64_t month = (int64_t)civil.year * 12 + civil.month - 1 + months;

    civil.year = (int)floor_div(month, 12);
    civil.month = (int)(month - (int64_t)civil.year * 12) + 1;
    if (civil.day > 28) { /* every month has 28 */
        int last_day = civil_month_days(civil.year, civil.month);

        civil.day = civil.day > last_day ? last_day : civil.day;
    }
    return instant_of_civil(civil);
}

int32_t instant_month_key(struct instant at)
{
    struct civil civil = instant_civil(at);

    return civil.year * 100 + civil.month;
}

int32_t instant_day_key(struct instant at)
{
    return instant_month_key(at) * 100 + instant_civil(at).day;
}

/* Exactly `count` digits within [least, most]; moves *text behind them. */
static bool number_read(const char **text, int count, int least, int most, int *ret)
{
    int value = 0;

    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *text += count;
    *ret = value;
    return value >= least && value <= most;
}

static bool mark_read(const char **text, char upper, char lower)
{
    if (**text != upper && **text != lower)
        return false;
    (*text)++;
    return true;
}

static bool date_read(const char **text, struct civil *ret)
{
    if (!number_read(text, 4, YEAR_MIN, YEAR_MAX, &ret->year) || !mark_read(text, '-', '-') ||
        !number_read(text, 2, 1, 12, &ret->month) || !mark_read(text, '-', '-'))
        return false;
    return number_read(text, 2, 1, civil_month_days(ret->year, ret->month), &ret->day);
}

/* ".5" is 500 ms; a fourth digit would be lost, so it is refused. */
static bool fraction_read(const char **text, int64_t *ret_ms)
{
    int64_t ms = 0, unit = 100;

    *ret_ms = 0;
    if (**text != '.')
        return true;
    const char *first = ++*text;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        if (unit == 0)
            return false;
        ms += (**text - '0') * unit;
        unit /= 10;
    }
    *ret_ms = ms;
    return *text > first;
}

static bool time_read(const char **text, int64_t *ret_ms)
{
    int hour, minute, second;
    int64_t fraction_ms;

    if (!number_read(text, 2, 0, 23, &hour) || !mark_read(text, ':', ':') || !number_read(text, 2, 0, 59, &minute) ||
        !mark_read(text, ':', ':') || !number_read(text, 2, 0, 59, &second) || !fraction_read(text, &fraction_ms))
        return false;
    *ret_ms = hour * MS_HOUR + minute * MS_MINUTE + second * MS_SECOND + fraction_ms;
    return true;
}

static bool offset_read(const char **text, int64_t *ret_ms)
{
    int hour, minute;
    int64_t sign = **text == '-' ? -1 : 1;

    *ret_ms = 0;
    if (mark_read(text, 'Z', 'z'))
        return true;
    if (!mark_read(text, '+', '-') || !number_read(text, 2, 0, 23, &hour) || !mark_read(text, ':', ':') ||
        !number_read(text, 2, 0, 59, &minute))
        return false;
    *ret_ms = sign * (hour * MS_HOUR + minute * MS_MINUTE);
    return true;
}

bool instant_parse(const char *text, struct instant *ret)
{
    struct civil civil;
    int64_t time_ms, offset_ms;

    if (text == NULL || !date_read(&text, &civil) || !mark_read(&text, 'T', 't') || !time_read(&text, &time_ms) ||
        !offset_read(&text, &offset_ms) || *text != '\0')
        return false;
    ret->ms = civil_days(civil.year, civil.month, civil.day) * MS_DAY + time_ms - offset_ms;
    return true;
}

/* `value` in `count` digits, and what follows them; returns the end. */
static char *digits_put(char *at, int64_t value, int count, char after)
{
    for (int i = count; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    at[count] = after;
    return at + count + 1;
}

void instant_format(struct instant at, char ret[INSTANT_TEXT_BYTES])
{
    struct civil civil = instant_civil(at);
    int64_t ms = civil.ms_of_day % MS_SECOND, seconds = civil.ms_of_day / MS_SECOND;
    int size = snprintf(ret, INSTANT_TEXT_BYTES, "%04d-", civil.year); /* of far moments it has more digits */

    INVARIANT(6, size > 0 && (size_t)size + sizeof "MM-DDThh:mm:ss.mmm+08:00" <= INSTANT_TEXT_BYTES);
    char *end = digits_put(ret + size, civil.month, 2, '-');
    end = digits_put(end, civil.day, 2, 'T');
    end = digits_put(end, seconds / 3600, 2, ':');
    end = digits_put(end, seconds / 60 % 60, 2, ':');
    end = digits_put(end, seconds % 60, 2, ms == 0 ? '+' : '.');
    if (ms != 0)
        end = digits_put(end, ms, 3, '+');
    memcpy(end, "08:00", sizeof "08:00");
}

void instant_format_date(struct instant at, char ret[INSTANT_TEXT_BYTES])
{
    struct civil civil = instant_civil(at);

    snprintf(ret, INSTANT_TEXT_BYTES, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
}
