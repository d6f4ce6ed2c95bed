/* SPDX-License-Identifier: Apache-2.0 */
/* The few set phrases of a policy file, as a finance person writes them, turned into values.
 *
 *   window    within 180 days | within 11 months | always | never
 *   arrival   within 1 hour | within 2 working days | 7 to 15 days | 10 to 15 working days | unstated
 *   span      24 hours | 15 minutes | 2 days | at once
 *   count     1 … 1000000
 *
 * One space between words, lower case, singular or plural. Pure; false leaves `ret` untouched. */
#ifndef EBB_DOMAIN_PHRASE_H
#define EBB_DOMAIN_PHRASE_H

#include "domain/policy.h"

#define WINDOW_DAYS_MAX 7300 /* 20 years: longer is a slip of the pen, `always` is meant */
#define WINDOW_MONTHS_MAX 240
#define ARRIVAL_DAYS_MAX 366
#define ARRIVAL_MINUTES_MAX (31 * 24 * 60)
#define SPAN_MS_MAX (366 * MS_DAY)
#define COUNT_MAX 1000000

/* `never` is a true answer with *ret_open = false. */
MUST_USE bool phrase_window(const char *text, bool *ret_open, struct window *ret);
MUST_USE bool phrase_arrival(const char *text, struct arrival *ret);
MUST_USE bool phrase_span(const char *text, int64_t *ret_ms);
MUST_USE bool phrase_count(const char *text, int64_t *ret);

#endif
