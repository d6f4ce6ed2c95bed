/* SPDX-License-Identifier: Apache-2.0 */
/* Moments (base/instant.h): RFC 3339 in and out, and the arithmetic of the civil calendar, against the C library's.
 * Text and number are taken from the same bytes. */
#include <ctype.h>
#include <time.h>

#include "base/instant.h"
#include "fuzz.h"

#define SHANGHAI_MS (8 * MS_HOUR)
#define DAYS_SPAN 200000 /* about 547 years to both sides of 1970 */

/* What the library makes of Shanghai's wall clock. */
static struct tm wall_of(struct instant at)
{
    int64_t local_ms = at.ms + SHANGHAI_MS;
    time_t seconds = local_ms / MS_SECOND - (local_ms % MS_SECOND < 0);
    struct tm wall;

    CHECK(gmtime_r(&seconds, &wall) != NULL);
    return wall;
}

static bool same_day(struct civil civil, const struct tm *wall)
{
    return civil.year == wall->tm_year + 1900 && civil.month == wall->tm_mon + 1 && civil.day == wall->tm_mday;
}

static void calendar_check(struct instant at)
{
    struct civil civil = instant_civil(at);
    struct tm wall = wall_of(at);
    int64_t days = civil_days(civil.year, civil.month, civil.day);
    char text[INSTANT_TEXT_BYTES];

    CHECK(same_day(civil, &wall));
    CHECK(civil.ms_of_day / MS_SECOND == wall.tm_hour * 3600 + wall.tm_min * 60 + wall.tm_sec);
    CHECK(instant_of_civil(civil).ms == at.ms);
    CHECK(civil_weekday(days) == (wall.tm_wday + 6) % 7);
    CHECK(instant_day_key(at) == civil.year * 10000 + civil.month * 100 + civil.day);
    CHECK(instant_month_key(at) == instant_day_key(at) / 100);
    instant_format_date(at, text);
    CHECK(strtol(text, NULL, 10) == civil.year && strlen(text) == 10);
}

/* Counted by the library: as many months on, and then back to the last day of a month that has no such day. */
static void months_check(struct instant at, int months)
{
    struct civil from = instant_civil(at), to = instant_civil(instant_add_months(at, months));
    struct tm first = {.tm_year = from.year - 1900, .tm_mon = from.month - 1 + months, .tm_mday = 1};
    time_t seconds = timegm(&first);

    CHECK(gmtime_r(&seconds, &first) != NULL);
    CHECK(to.year == first.tm_year + 1900 && to.month == first.tm_mon + 1 && to.ms_of_day == from.ms_of_day);
    CHECK(to.day == from.day || (to.day < from.day && to.day == civil_month_days(to.year, to.month)));
}

static void format_check(struct instant at)
{
    char text[INSTANT_TEXT_BYTES];
    struct instant again = {-1};
    int year = instant_civil(at).year;

    instant_format(at, text);
    CHECK(instant_parse(text, &again) == (year >= 1971 && year <= 2200));
    CHECK(again.ms == (year >= 1971 && year <= 2200 ? at.ms : -1));
}

static bool digits_are(const char *text, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, text++)
        if (*pattern == '0' ? !isdigit((unsigned char)*text) : *pattern != toupper((unsigned char)*text))
            return false;
    return true;
}

/* A second reading: the form by a pattern, the numbers by sscanf, their meaning by timegm. */
static bool moment_read(const char *text, int64_t *ret_ms)
{
    struct tm tm = {0}, back;
    int hours = 0, minutes = 0;
    int64_t fraction_ms = 0;

    if (!digits_are(text, "0000-00-00T00:00:00") || sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon,
                                                           &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
        return false;
    text += 19;
    if (*text == '.') {
        size_t digits = strspn(text + 1, "0123456789");
        char padded[4] = "000";
        if (digits == 0 || digits > 3)
            return false;
        memcpy(padded, text + 1, digits);
        fraction_ms = strtol(padded, NULL, 10);
        text += 1 + digits;
    }
    if (toupper((unsigned char)*text) == 'Z')
        text++;
    else if ((*text == '+' || *text == '-') && digits_are(text + 1, "00:00") &&
             sscanf(text + 1, "%2d:%2d", &hours, &minutes) == 2 && hours < 24 && minutes < 60) {
        fraction_ms -= (*text == '-' ? -1 : 1) * (hours * MS_HOUR + minutes * MS_MINUTE);
        text += 6;
    } else {
        return false;
    }
    if (*text != '\0' || tm.tm_year < 1971 || tm.tm_year > 2200 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
        tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    back = tm;
    *ret_ms = (int64_t)timegm(&back) * MS_SECOND + fraction_ms;
    return back.tm_mday == tm.tm_mday; /* 30 February became March */
}

static void text_check(const char *text)
{
    struct instant at = {-1};
    int64_t expected = -1;
    bool accepted = instant_parse(text, &at);

    CHECK(accepted == moment_read(text, &expected));
    if (!accepted) {
        CHECK(at.ms == -1);
        return;
    }
    CHECK(at.ms == expected);
    calendar_check(at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size}, text = {data, size};
    int64_t days = (int64_t)input_number(&input, 4) % DAYS_SPAN;
    struct instant at = {days * MS_DAY + (int64_t)input_number(&input, 4) % MS_DAY};
    int months = (int)input_number(&input, 2) % 2400;
    char *moment = input_rest(&text);

    text_check(moment);
    free(moment);
    if ((days & 1) != 0)
        at.ms = -at.ms;
    calendar_check(at);
    months_check(at, (days & 2) != 0 ? months : -months);
    format_check(at);
    return 0;
}
