/* SPDX-License-Identifier: Apache-2.0 */
/* A policy: everything that differs between one operator's withdrawal rules and the next one's, as data.
 *
 * It is read from a YAML file by policy_load (policies/, docs/policy.md describes every key) and is immutable
 * afterwards. The domain asks it and never asks for its name. Rule ids (AL-09, HW-06 …: docs/rules.md) come from the
 * file, so that an answer names the operator's own rule. This module knows no account and no clock. */
#ifndef EBB_DOMAIN_POLICY_H
#define EBB_DOMAIN_POLICY_H

#include "domain/rows.h"

#define POLICY_RULES_MAX 16
#define POLICY_BANKS_MAX 32
#define POLICY_REASONS_MAX 12
#define POLICY_TIERS_MAX 8
#define RULE_ID_BYTES 17

/* Refusals, as codes of the contract. X(CONSTANT, "code") */
/* clang-format off */
#define REFUSAL_WORDS(X)                                                                                               \
    X(REFUSAL_ACCOUNT_FROZEN, "account_frozen") X(REFUSAL_ACCOUNT_CLOSED, "account_closed")                            \
    X(REFUSAL_REAL_NAME_REQUIRED, "real_name_required") X(REFUSAL_PARTNER_ADVANCE, "partner_advance_payment")          \
    X(REFUSAL_IN_ARREARS, "in_arrears") X(REFUSAL_MONTHLY_LIMIT, "monthly_limit")                                      \
    X(REFUSAL_DAILY_LIMIT, "daily_limit") X(REFUSAL_PAYMENT_IN_SUSPENSE, "payment_in_suspense")                        \
    /* of a request */                                                                                                 \
    X(REFUSAL_AMOUNT_EXCEEDS_WITHDRAWABLE, "amount_exceeds_withdrawable")                                              \
    X(REFUSAL_AMOUNT_EXCEEDS_ROUTE, "amount_exceeds_route") X(REFUSAL_BELOW_MINIMUM, "below_minimum")                  \
    X(REFUSAL_ABOVE_MAXIMUM, "above_maximum") X(REFUSAL_ROUTE_NOT_OPEN, "route_not_open")                              \
    X(REFUSAL_PAYEE_NAME_MISMATCH, "payee_name_mismatch") X(REFUSAL_DOCUMENTS_REQUIRED, "documents_required")          \
    X(REFUSAL_WRONG_CODE, "wrong_code") X(REFUSAL_CODE_EXPIRED, "code_expired")                                        \
    X(REFUSAL_MAKER_IS_CHECKER, "maker_is_checker") X(REFUSAL_REF_REUSED, "ref_reused")                                \
    X(REFUSAL_CASE_REQUIRED, "case_required") X(REFUSAL_TOO_MANY_LOTS, "too_many_lots")                                \
    /* of a fact */                                                                                                    \
    X(REFUSAL_INSUFFICIENT_FUNDS, "insufficient_funds") X(REFUSAL_BALANCE_LIMIT, "balance_limit")                      \
    X(REFUSAL_STATE_CONFLICT, "state_conflict") X(REFUSAL_NOT_FOUND, "not_found")                                      \
    X(REFUSAL_INVALID_VALUE, "invalid_value") X(REFUSAL_RESEND_TOO_SOON, "resend_too_soon")                            \
    X(REFUSAL_STALE, "stale") X(REFUSAL_KEY_REUSED, "idempotency_key_reused")                                          \
    X(REFUSAL_NOT_RECONCILED, "not_reconciled") X(REFUSAL_OWN_ACCOUNT, "own_account")                                  \
    X(REFUSAL_LAST_ADMINISTRATOR, "last_administrator")                                                                \
    /* of one top-up, in a quote */                                                                                    \
    X(REFUSAL_BONUS, "bonus_topup") X(REFUSAL_ARBITRAGE, "arbitrage_topup") X(REFUSAL_COOLING_OFF, "cooling_off")      \
    X(REFUSAL_REFUNDS_USED_UP, "refunds_used_up") X(REFUSAL_NO_ROUTE, "no_route")
/* clang-format on */
DECLARE_WORDS(refusal, REFUSAL, REFUSAL_WORDS)

/* Held-back items of a quote, in the order in which they fill: each takes what the ones before it left of the cash. */
/* clang-format off */
#define ITEM_WORDS(X)                                                                                                  \
    X(ITEM_HOLD, "hold") X(ITEM_TRANSFERRED_IN, "transferred_in") X(ITEM_ALLOCATED_IN, "allocated_in")                 \
    X(ITEM_OWED_INVOICE, "owed_invoice") X(ITEM_OVERDUE, "overdue") X(ITEM_UNSETTLED, "unsettled")                     \
    X(ITEM_RESERVE, "reserve") X(ITEM_NOT_WITHDRAWABLE, "not_withdrawable")
/* clang-format on */
DECLARE_WORDS(item, ITEM, ITEM_WORDS)

enum reserve_mode { RESERVE_NONE = 0, RESERVE_FIXED, RESERVE_RESOURCES }; /* amount while active | Σ frozen of active */
enum review_mode { REVIEW_MODE_NEVER = 0, REVIEW_MODE_FLAGGED, REVIEW_MODE_ALWAYS };
/* Whose name a destination must bear. DOCUMENTS: another name is allowed where documents are attached. */
enum payee_rule { PAYEE_ANY = 0, PAYEE_SUBJECT, PAYEE_PAYER, PAYEE_SUBJECT_OR_DOCUMENTS };
enum arrival_unit { ARRIVAL_UNSTATED = 0, ARRIVAL_MINUTES, ARRIVAL_DAYS, ARRIVAL_WORKING_DAYS };

struct arrival {
    enum arrival_unit unit;
    int64_t least, most;
};

/* How long the original route stays open after paid_at; the closing instant itself is inside. */
struct window {
    int64_t days;   /* 24-hour days */
    int64_t months; /* calendar months, clamped at the month's end */
    bool unlimited; /* no window stated */
};

/* The first rule that matches a top-up says where it may go. */
struct topup_rule {
    uint32_t methods;           /* bit 1u << enum method */
    enum payer_kind payer_kind; /* PAYER_NONE: any */
    char banks[POLICY_BANKS_MAX][BANK_CODE_BYTES];
    size_t banks_count;     /* 0: any */
    bool original;          /* the original route exists at all */
    struct window window;   /* of the original route */
    bool designated_inside; /* designated is open inside the window too (for reasons that allow it) */
    enum route after;       /* designated, case or none: when original is closed or absent */
    char rule[RULE_ID_BYTES];
};

struct payout_reason { /* AL-04: why money goes to a designated account */
    char code[REASON_CODE_BYTES];
    bool inside_window; /* valid while the original route is open */
    const char *en, *zh;
};

struct route_terms {
    bool offered;
    enum review_mode review;
    struct arrival arrival[METHOD__COUNT]; /* [METHOD_NONE] is the route's default */
    bool arrives_after_approval;           /* the arrival is counted from the approval, not from the request */
    enum payee_rule payee[METHOD__COUNT];
    int64_t documents_min;
    bool destination;                          /* needs one */
    bool destination_bank, destination_alipay; /* kinds accepted */
    bool needs_bank, needs_branch, needs_city; /* members of a bank destination (province goes with city) */
    char channel[CHANNEL_NAME_BYTES];          /* pays bank accounts; "" on the original route: the top-up's own */
    char channel_alipay[CHANNEL_NAME_BYTES];   /* pays Alipay accounts; "" where they are no destination */
    struct payout_reason reasons[POLICY_REASONS_MAX];
    size_t reasons_count;
    char rule[RULE_ID_BYTES];
};

struct policy {
    char name[POLICY_NAME_BYTES];
    int64_t version;
    char currency[CURRENCY_BYTES];
    const char *title_en, *title_zh;

    bool refuse_overdue, refuse_partner_advance;
    int64_t per_month_max, per_day_max;                  /* withdrawals; 0: no limit */
    struct money per_withdrawal_max, per_day_amount_max; /* zero: no limit */
    struct money minimum, fee;

    bool subtract[CLAIM__COUNT];
    bool transferred_in_offsets; /* AL-09 */
    bool invoiced_cap;           /* withdrawable ≤ total top-ups − total invoiced */
    enum reserve_mode reserve;
    struct money reserve_amount;
    int64_t reserve_release_ms; /* after the last release; 0: at once */

    bool exclude_bonus, exclude_arbitrage;
    int64_t cool_off_ms;
    int64_t refunds_per_topup_max; /* 0: no limit */
    struct topup_rule topups[POLICY_RULES_MAX];
    size_t topups_count;
    struct route_terms routes[ROUTE__COUNT];

    enum fund charge_order[FUND__COUNT]; /* ended by FUND_NONE */
    bool debt;                           /* what a charge cannot cover becomes an overdue claim */

    int64_t reviewers; /* how many people can approve; the maker may not, so approvals stay below this number */
    bool review_same_subject_overdue; /* AL-06 */
    struct approval_tier {
        struct money above;
        int64_t approvals;
        uint32_t routes;       /* bit 1u << enum route; 0: every route */
    } tiers[POLICY_TIERS_MAX]; /* ascending for each route; the first has above = 0 and every route */
    size_t tiers_count;

    char rule_of_refusal[REFUSAL__COUNT][RULE_ID_BYTES];
    char rule_of_item[ITEM__COUNT][RULE_ID_BYTES];
    const char *label_en[WITHDRAWAL__COUNT], *label_zh[WITHDRAWAL__COUNT];
};

bool policy_tier_covers(const struct approval_tier *tier, enum route route);
/* How many people must approve this amount on this route: what the last line that fits says. One by default. */
int64_t policy_approvals(const struct policy *policy, struct money amount, enum route route);
const char *policy_label(const struct policy *policy, enum withdrawal_status status, bool chinese);
/* NULL when the policy names no such reason. */
const struct payout_reason *policy_reason(const struct policy *policy, enum route route, const char *code);
/* The channel that pays a destination of this kind; "" on the original route, where the top-up's own channel pays. */
const char *policy_channel(const struct policy *policy, enum route route, enum destination_kind kind);

#endif
