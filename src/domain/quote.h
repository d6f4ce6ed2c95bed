/* SPDX-License-Identifier: Apache-2.0 */
/* The quote: what is withdrawable and why not more, adding up to the cent.
 *
 *   cash     = topup + transferred_in + allocated_in + other                    (vouchers are not cash)
 *   owed     = Σ claims that the policy subtracts
 *   formula  = max(0, cash − holds − max(transferred_in, owed) − reserve)       (if transferred_in offsets owed;
 *              otherwise max(0, cash − holds − transferred_in − owed − reserve); allocated_in is subtracted as well)
 *   eligible = Σ (remaining − held) of top-ups that some self-service route accepts + other if applications are offered
 *   withdrawable = min(formula, eligible, caps), 0 if any refusal stands
 *
 * Pure, O(live top-ups), no allocation: the caller gives the array for per-top-up results. Always
 * cash − Σ held_back = withdrawable (INVARIANT 10) and Σ topup rows = account.topup (INVARIANT 11). */
#ifndef EBB_DOMAIN_QUOTE_H
#define EBB_DOMAIN_QUOTE_H

#include "domain/policy.h"

#define QUOTE_REFUSALS_MAX 8

struct quote_input {
    const struct policy *policy;
    struct instant at;
    const struct account *account;
    struct topup *const *topups; /* those with remaining > 0; any order */
    size_t topups_count;
};

struct quote_topup {
    const struct topup *topup;
    struct money withdrawable;
    enum route route;        /* preferred now; ROUTE_NONE or ROUTE_CASE: not self-service */
    bool open[ROUTE__COUNT]; /* all self-service routes open now */
    struct instant original_until;
    enum refusal refusal; /* REFUSAL_NONE where a self-service route is open */
    const char *rule;
};

struct quote_item {
    enum item code;
    struct money amount;
    const char *rule;
    struct instant frees_at;
};

struct quote {
    struct money cash, withdrawable;
    struct {
        enum refusal code;
        const char *rule;
    } refusals[QUOTE_REFUSALS_MAX];
    size_t refusals_count;
    struct quote_item items[ITEM__COUNT]; /* only amounts > 0 */
    size_t items_count;
    struct money by_route[ROUTE__COUNT]; /* original, designated, application */
    struct quote_topup *topups;          /* in the order of the input */
    size_t topups_count;
};

/* `topups` holds input->topups_count elements. */
void quote_make(const struct quote_input *input, struct quote_topup *topups, struct quote *ret);

/* Where one top-up may go at a moment; part of the quote, and asked again at approval and before the first send. */
void route_of_topup(const struct policy *policy, const struct topup *topup, struct instant at, struct quote_topup *ret);

/* The reserve in force at a moment and when it frees (INSTANT_NONE: not known, resources are active). */
struct money reserve_of(const struct policy *policy, const struct account *account, struct instant at,
                        struct instant *ret_frees_at);
/* The month and the day that the account counts under at `at`: those of `at`, or those of its counters where they are
 * later. So a limit that was used stays used when the clock is set back: it goes on with the later day until `at` has
 * reached it, and no month is begun twice. */
int32_t account_month(const struct account *account, struct instant at);
int32_t account_day(const struct account *account, struct instant at);
/* What is counted in that month and on that day. */
int64_t account_withdrawals_month(const struct account *account, struct instant at);
int64_t account_withdrawals_day(const struct account *account, struct instant at);
struct money account_withdrawn_day(const struct account *account, struct instant at);

#endif
