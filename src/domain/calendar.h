/* SPDX-License-Identifier: Apache-2.0 */
/* Working days of the State Council's calendar, with make-up days (docs/rules.md, READ-05).
 *
 * A calendar knows some years. Counting into a year it does not know falls back to Monday–Friday and says
 * `provisional`: never a silent guess. Pure; the data comes from data/calendars/ through calendar_load. */
#ifndef EBB_DOMAIN_CALENDAR_H
#define EBB_DOMAIN_CALENDAR_H

#include "domain/policy_load.h"

#define CALENDAR_DAYS_MAX 512
#define CALENDAR_YEARS_MAX 16

struct calendar {
    int32_t off[CALENDAR_DAYS_MAX], working[CALENDAR_DAYS_MAX]; /* yyyymmdd, ascending */
    size_t off_count, working_count;
    int years[CALENDAR_YEARS_MAX]; /* years whose notice is known */
    size_t years_count;
};

/* ERR_REQUEST: `ret_mistake` is the first mistake of the file, `ret` untouched. */
MUST_USE enum err calendar_load(const char *yaml, size_t size, struct calendar *ret,
                                struct policy_mistake *ret_mistake);
/* `days` since 1970 (civil_days). Sets *provisional when the year is not known, and never clears it. */
bool calendar_is_working(const struct calendar *calendar, int64_t days, bool *provisional);
/* The latest moment promised: minutes are exact; days and working days end at 24:00 (23:59:59) Shanghai of the last
 * day; counting begins the day after `from`. ARRIVAL_UNSTATED gives INSTANT_NONE. */
struct instant calendar_arrival(const struct calendar *calendar, struct instant from, struct arrival arrival,
                                bool *ret_provisional);

#endif
