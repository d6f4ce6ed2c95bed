/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts with twenty live top-ups under each of the four policies, for measuring quote and plan alone: no store, no
 * engine, no clock. Methods, banks and ages are mixed so that every rule of a policy gets its share, and the month's
 * end is among the days. */
#ifndef EBB_BENCH_PURE_WORLD_H
#define EBB_BENCH_PURE_WORLD_H

#include "domain/plan.h"

#define PURE_TOPUPS 20
#define PURE_POLICIES 4
#define PURE_AT_MS INT64_C(1795140000000) /* 2026-11-20T10:00:00+08:00 */

struct pure_world {
    struct arena arena, plans;
    struct policy policies[PURE_POLICIES];
    struct calendar calendar;
    struct account account;
    struct topup rows[PURE_TOPUPS];
    struct topup *topups[PURE_TOPUPS];
    struct quote_topup quoted[PURE_TOPUPS];
    struct quote quote;
};

void pure_world_init(struct pure_world *world);
/* One quote under a policy; kept in world->quote. */
void pure_quote(struct pure_world *world, const struct policy *policy);
/* A plan for half of what the last quote allows, on the route that the policy prefers. */
void pure_plan(struct pure_world *world, const struct policy *policy);
void pure_world_fini(struct pure_world *world);

#endif
