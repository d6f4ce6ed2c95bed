/* SPDX-License-Identifier: Apache-2.0 */
/* Moments, and the civil calendar of Asia/Shanghai.
 *
 * A moment is milliseconds since 1970 UTC. Zero means "no moment" (SQL NULL, JSON null): nothing we record is that old.
 * China has had no daylight saving since 1991, so policy days and months use a fixed +08:00 (docs/rules.md, READ-02
 * and READ-05); no time-zone data is read. This module does not know what time it is: moments come in
 * (engine/world.h). */
#ifndef EBB_BASE_INSTANT_H
#define EBB_BASE_INSTANT_H

#include "base/err.h"

struct instant {
    int64_t ms;
};

#define INSTANT_NONE ((struct instant){0})
#define INSTANT_TEXT_BYTES 40
#define MS_SECOND INT64_C(1000)
#define MS_MINUTE (60 * MS_SECOND)
#define MS_HOUR (60 * MS_MINUTE)
#define MS_DAY (24 * MS_HOUR)

struct civil {
    int year, month, day; /* month 1–12, day 1–31 */
    int64_t ms_of_day;    /* 0 … MS_DAY − 1 */
};

static inline bool instant_is_set(struct instant at)
{
    return at.ms != 0;
}
static inline struct instant instant_add_ms(struct instant at, int64_t ms)
{
    return (struct instant){at.ms + ms};
}
static inline bool instant_before(struct instant a, struct instant b)
{
    return a.ms < b.ms;
}
static inline bool instant_after(struct instant a, struct instant b)
{
    return a.ms > b.ms;
}
/* The earlier of two, where "none" counts as never. */
struct instant instant_earlier(struct instant a, struct instant b);

struct civil instant_civil(struct instant at); /* in Asia/Shanghai */
struct instant instant_of_civil(struct civil civil);
int64_t instant_days(struct instant at); /* days since 1970-01-01, in Asia/Shanghai */
struct instant instant_of_days(int64_t days, int64_t ms_of_day);
int64_t civil_days(int year, int month, int day);    /* days since 1970-01-01 */
void civil_of_days(int64_t days, struct civil *ret); /* ms_of_day = 0 */
int civil_month_days(int year, int month);
int civil_weekday(int64_t days); /* 0 = Monday … 6 = Sunday */

/* Calendar months, clamped at the month's end (31 January + 1 month = 28 or 29 February); the time of day stays. */
struct instant instant_add_months(struct instant at, int months);

/* yyyymm and yyyymmdd in Asia/Shanghai: keys of the monthly and daily counters. */
int32_t instant_month_key(struct instant at);
int32_t instant_day_key(struct instant at);

/* RFC 3339 with an offset ("Z" or ±hh:mm); fractions up to ms, more digits refused; leap second :60 refused.
 * Years 1971–2200. False leaves `ret` untouched. */
MUST_USE bool instant_parse(const char *text, struct instant *ret);
/* "2026-11-20T10:00:00+08:00", with .mmm when it is not a whole second. */
void instant_format(struct instant at, char ret[INSTANT_TEXT_BYTES]);
/* "2026-11-20" in Asia/Shanghai. */
void instant_format_date(struct instant at, char ret[INSTANT_TEXT_BYTES]);

#endif
