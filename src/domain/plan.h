/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: which top-ups pay for an amount, by which route, in how many payments.
 *
 * A leg is one payment. On the original route every top-up is a leg of its own; on designated and application all lots
 * share one leg (one transfer to the card, not twenty). Lots are picked by strategy: `lifo` latest paid_at first, ties
 * by larger id; `selected` the given top-ups and amounts; `fastest` earliest arrival, ties as lifo; `fewest` largest
 * available first, ties as lifo. Deterministic; at most PLAN_LOTS_MAX lots. Pure; arrays live in the arena. Σ lots =
 * amount (INVARIANT 12). */
#ifndef EBB_DOMAIN_PLAN_H
#define EBB_DOMAIN_PLAN_H

#include "domain/calendar.h"
#include "domain/quote.h"

#define PLAN_LOTS_MAX 200

struct plan_pick { /* strategy selected */
    const char *ref;
    struct money amount;
};
struct plan_ask {
    struct money amount;
    enum strategy strategy;
    enum route route;
    const struct plan_pick *picks;
    size_t picks_count;
    const char *channel; /* who pays the destination; NULL on the original route: each top-up's own */
};
struct plan_lot {
    const struct topup *topup; /* NULL: other funds */
    struct money amount;
};
struct plan_leg {
    enum route route;
    const char *channel; /* of the top-up, or of the route */
    struct money amount;
    struct plan_lot *lots;
    size_t lots_count;
    struct instant arrives_by;
    bool arrives_by_provisional;
};
struct plan {
    struct plan_leg *legs;
    size_t legs_count, lots_count;
};
struct plan_refusal {
    enum refusal code; /* REFUSAL_NONE: planned */
    const char *rule;
    struct money available; /* what the route or the pick holds */
    size_t pick;            /* which pick was wrong */
    const char *detail;
};

/* The quote must be of the same moment. A refusal leaves `ret` untouched. Needs arena_reserve(PLAN_ARENA_BYTES + 64
 * bytes a live top-up) before. */
#define PLAN_ARENA_BYTES 65536
struct plan_refusal plan_make(const struct policy *policy, const struct calendar *calendar, const struct quote *quote,
                              const struct account *account, const struct plan_ask *ask, struct instant at,
                              struct arena *arena, struct plan *ret);

/* The route for an ask that names none: designated when a destination is given, else the route preferred by the policy
 * that holds money (original, then designated, then application). */
enum route plan_default_route(const struct quote *quote, bool has_destination);

#endif
