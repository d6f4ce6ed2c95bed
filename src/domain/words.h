/* SPDX-License-Identifier: Apache-2.0 */
/* The closed vocabularies of the domain. Each list is written once; the enum, its texts in JSON, SQL and policy files
 * and its parser come from it. Index 0 is "none" and is never accepted from outside. */
#ifndef EBB_DOMAIN_WORDS_H
#define EBB_DOMAIN_WORDS_H

#include "base/field.h"

/* X(CONSTANT, "text") */
#define ACCOUNT_STATE_WORDS(X) X(ACCOUNT_ACTIVE, "active") X(ACCOUNT_FROZEN, "frozen") X(ACCOUNT_CLOSED, "closed")
#define SUBJECT_KIND_WORDS(X) X(SUBJECT_PERSON, "person") X(SUBJECT_ENTERPRISE, "enterprise")
#define PARTNER_PAYMENT_WORDS(X) X(PARTNER_ADVANCE, "advance") X(PARTNER_CREDIT, "credit")
/* clang-format off */
#define METHOD_WORDS(X)                                                                                                \
    X(METHOD_ALIPAY, "alipay") X(METHOD_WECHAT, "wechat") X(METHOD_UNIONPAY, "unionpay")                               \
    X(METHOD_ONLINE_BANK, "online_bank") X(METHOD_BANK_CARD, "bank_card") X(METHOD_BANK_TRANSFER, "bank_transfer")     \
    X(METHOD_OFFLINE, "offline")
#define PAYER_KIND_WORDS(X) X(PAYER_PERSONAL, "personal") X(PAYER_CORPORATE, "corporate")
#define FUND_WORDS(X)                                                                                                  \
    X(FUND_TOPUP, "topup") X(FUND_TRANSFERRED_IN, "transferred_in") X(FUND_ALLOCATED_IN, "allocated_in")               \
    X(FUND_OTHER, "other") X(FUND_VOUCHER, "voucher")
/* Per customer: one per fund, and held. Operator side: channel clearing (named by the posting's channel), revenue,
 * suspense, bonus, and transit for money between two accounts. */
#define LEDGER_WORDS(X)                                                                                                \
    X(LEDGER_TOPUP, "topup") X(LEDGER_TRANSFERRED_IN, "transferred_in") X(LEDGER_ALLOCATED_IN, "allocated_in")         \
    X(LEDGER_OTHER, "other") X(LEDGER_VOUCHER, "voucher") X(LEDGER_HELD, "held") X(LEDGER_CHANNEL, "channel")          \
    X(LEDGER_REVENUE, "revenue") X(LEDGER_SUSPENSE, "suspense") X(LEDGER_BONUS, "bonus") X(LEDGER_TRANSIT, "transit")
#define ENTRY_KIND_WORDS(X)                                                                                            \
    X(ENTRY_TOPUP, "topup") X(ENTRY_CHARGE, "charge") X(ENTRY_REVERSAL, "reversal") X(ENTRY_CHARGEBACK, "chargeback")  \
    X(ENTRY_CREDIT, "credit") X(ENTRY_TRANSFER_OUT, "transfer_out") X(ENTRY_TRANSFER_IN, "transfer_in")                \
    X(ENTRY_RECALL_OUT, "recall_out") X(ENTRY_RECALL_IN, "recall_in") X(ENTRY_ALLOCATION_OUT, "allocation_out")        \
    X(ENTRY_ALLOCATION_IN, "allocation_in") X(ENTRY_RECLAIM_OUT, "reclaim_out") X(ENTRY_RECLAIM_IN, "reclaim_in")      \
    X(ENTRY_FREEZE, "freeze") X(ENTRY_SETTLE, "settle") X(ENTRY_RELEASE, "release") X(ENTRY_RETURN, "return")          \
    X(ENTRY_SUSPENSE, "suspense") X(ENTRY_STRAY, "stray") X(ENTRY_STRAY_BACK, "stray_back")                            \
    X(ENTRY_RECOVERY, "recovery")
#define CLAIM_KIND_WORDS(X)                                                                                            \
    X(CLAIM_OWED_INVOICE, "owed_invoice") X(CLAIM_OVERDUE, "overdue") X(CLAIM_UNSETTLED, "unsettled")                  \
    X(CLAIM_INVOICED, "invoiced") /* total invoiced so far: no debt; for policies with an invoiced cap */
#define RESOURCE_STATE_WORDS(X) X(RESOURCE_ACTIVE, "active") X(RESOURCE_RELEASED, "released")
#define ROUTE_WORDS(X)                                                                                                 \
    X(ROUTE_ORIGINAL, "original") X(ROUTE_DESIGNATED, "designated") X(ROUTE_APPLICATION, "application")                \
    X(ROUTE_CASE, "case")
#define STRATEGY_WORDS(X)                                                                                              \
    X(STRATEGY_LIFO, "lifo")                                                                                           \
    X(STRATEGY_SELECTED, "selected") X(STRATEGY_FASTEST, "fastest") X(STRATEGY_FEWEST, "fewest")
#define DESTINATION_KIND_WORDS(X) X(DESTINATION_BANK, "bank") X(DESTINATION_ALIPAY, "alipay")
#define WITHDRAWAL_STATUS_WORDS(X)                                                                                     \
    X(WITHDRAWAL_AWAITING_CODE, "awaiting_code") X(WITHDRAWAL_IN_REVIEW, "in_review")                                  \
    X(WITHDRAWAL_NEED_DOCUMENTS, "need_documents") X(WITHDRAWAL_APPROVED, "approved")                                  \
    X(WITHDRAWAL_DISPATCHING, "dispatching") X(WITHDRAWAL_SUCCESSFUL, "successful")                                    \
    X(WITHDRAWAL_PARTLY_SUCCESSFUL, "partly_successful") X(WITHDRAWAL_FAILED, "failed")                                \
    X(WITHDRAWAL_RETURNED, "returned") X(WITHDRAWAL_REJECTED, "rejected") X(WITHDRAWAL_CANCELLED, "cancelled")         \
    X(WITHDRAWAL_EXPIRED, "expired")
#define LEG_STATUS_WORDS(X)                                                                                            \
    X(LEG_PLANNED, "planned") X(LEG_HELD, "held") X(LEG_SENDING, "sending") X(LEG_ACCEPTED, "accepted")                \
    X(LEG_UNKNOWN, "unknown") X(LEG_MANUAL, "manual") X(LEG_SUCCESSFUL, "successful") X(LEG_RETURNED, "returned")      \
    X(LEG_FAILED, "failed") X(LEG_RELEASED, "released") X(LEG_REROUTED, "rerouted")
#define ATTEMPT_STATUS_WORDS(X)                                                                                        \
    X(ATTEMPT_INTENT, "intent") X(ATTEMPT_UNKNOWN, "unknown") X(ATTEMPT_PAID, "paid") X(ATTEMPT_REFUSED, "refused")    \
    X(ATTEMPT_RETURNED, "returned")
#define EVIDENCE_KIND_WORDS(X)                                                                                         \
    X(EVIDENCE_PAID, "paid") X(EVIDENCE_NOT_PAID, "not_paid") X(EVIDENCE_NOTHING, "nothing")                           \
    X(EVIDENCE_ACCEPTED, "accepted") X(EVIDENCE_RETURNED, "returned") X(EVIDENCE_ARRIVED, "arrived")
#define EVIDENCE_SOURCE_WORDS(X)                                                                                       \
    X(SOURCE_REPLY, "reply") X(SOURCE_QUERY, "query") X(SOURCE_CALLBACK, "callback") X(SOURCE_STATEMENT, "statement")  \
    X(SOURCE_MANUAL, "manual")
#define REVIEW_DECISION_WORDS(X)                                                                                       \
    X(REVIEW_APPROVE, "approve") X(REVIEW_REJECT, "reject") X(REVIEW_NEED_DOCUMENTS, "need_documents")
#define FACT_KIND_WORDS(X) X(FACT_CHARGE, "charge") X(FACT_CREDIT, "credit") X(FACT_CHARGEBACK, "chargeback")
/* Why the house stands still (domain/quarantine.h). */
#define QUARANTINE_REASON_WORDS(X)                                                                                     \
    X(QUARANTINE_RESTORED, "restored") X(QUARANTINE_BEHIND, "behind") X(QUARANTINE_DIFFERS, "differs")                 \
    X(QUARANTINE_OTHER_STORE, "other_store") X(QUARANTINE_ANCHOR_MISSING, "anchor_missing")                            \
    X(QUARANTINE_ASKED, "asked")
/* A payment that the books do not know (domain/stray.h). */
#define STRAY_STATUS_WORDS(X)                                                                                          \
    X(STRAY_UNASSIGNED, "unassigned") X(STRAY_PENDING, "pending") X(STRAY_SUSPENSE, "suspense")                        \
    X(STRAY_SETTLED, "settled") X(STRAY_VOID, "void")
#define STRAY_DECISION_WORDS(X)                                                                                        \
    X(STRAY_TAKE, "take") X(STRAY_BEAR, "bear") X(STRAY_CAME_BACK, "came_back")
/* What a line of a statement was, and where books and channel do not say the same (domain/reconcile.h). */
#define BREAK_KIND_WORDS(X)                                                                                            \
    X(BREAK_OURS_NOT_THEIRS, "ours_not_theirs") X(BREAK_THEIRS_NOT_OURS, "theirs_not_ours")                            \
    X(BREAK_AMOUNT_DIFFERS, "amount_differs") X(BREAK_STATUS_DIFFERS, "status_differs")                                \
    X(BREAK_DUPLICATE, "duplicate") X(BREAK_LATE, "late")
#define BREAK_OWNER_WORDS(X) X(BREAK_OF_CHANNEL, "channel") X(BREAK_OF_TREASURY, "treasury")
#define BREAK_STATUS_WORDS(X) X(BREAK_OPEN, "open") X(BREAK_SETTLED, "settled")
/* Who signs in (domain/session.h). */
#define STAFF_STATE_WORDS(X) X(STAFF_ACTIVE, "active") X(STAFF_DISABLED, "disabled")
#define SESSION_KIND_WORDS(X) X(SESSION_CUSTOMER, "customer") X(SESSION_STAFF, "staff")
/* clang-format on */
#define WEBHOOK_STATE_WORDS(X) X(WEBHOOK_ENABLED, "enabled") X(WEBHOOK_DISABLED, "disabled")
#define DELIVERY_STATE_WORDS(X)                                                                                        \
    X(DELIVERY_WAITING, "waiting") X(DELIVERY_DELIVERED, "delivered") X(DELIVERY_FAILED, "failed")
#define PARCEL_KIND_WORDS(X) X(PARCEL_TRANSFER, "transfer") X(PARCEL_ALLOCATION, "allocation")

#define WORD_CONSTANT(constant, text) constant,
#define DECLARE_WORDS(type, PREFIX, LIST)                                                                              \
    enum type { PREFIX##_NONE = 0, LIST(WORD_CONSTANT) PREFIX##__COUNT };                                              \
    extern const struct words type##_words;

DECLARE_WORDS(account_state, ACCOUNT, ACCOUNT_STATE_WORDS)
DECLARE_WORDS(subject_kind, SUBJECT, SUBJECT_KIND_WORDS)
DECLARE_WORDS(partner_payment, PARTNER, PARTNER_PAYMENT_WORDS)
DECLARE_WORDS(method, METHOD, METHOD_WORDS)
DECLARE_WORDS(payer_kind, PAYER, PAYER_KIND_WORDS)
DECLARE_WORDS(fund, FUND, FUND_WORDS)
DECLARE_WORDS(ledger, LEDGER, LEDGER_WORDS)
DECLARE_WORDS(entry_kind, ENTRY, ENTRY_KIND_WORDS)
DECLARE_WORDS(claim_kind, CLAIM, CLAIM_KIND_WORDS)
DECLARE_WORDS(resource_state, RESOURCE, RESOURCE_STATE_WORDS)
DECLARE_WORDS(route, ROUTE, ROUTE_WORDS) /* ROUTE_NONE reads "none" in answers */
DECLARE_WORDS(strategy, STRATEGY, STRATEGY_WORDS)
DECLARE_WORDS(destination_kind, DESTINATION, DESTINATION_KIND_WORDS)
DECLARE_WORDS(withdrawal_status, WITHDRAWAL, WITHDRAWAL_STATUS_WORDS)
DECLARE_WORDS(leg_status, LEG, LEG_STATUS_WORDS)
DECLARE_WORDS(attempt_status, ATTEMPT, ATTEMPT_STATUS_WORDS)
DECLARE_WORDS(evidence_kind, EVIDENCE, EVIDENCE_KIND_WORDS)
DECLARE_WORDS(evidence_source, SOURCE, EVIDENCE_SOURCE_WORDS)
DECLARE_WORDS(review_decision, REVIEW, REVIEW_DECISION_WORDS)
DECLARE_WORDS(fact_kind, FACT, FACT_KIND_WORDS)
DECLARE_WORDS(parcel_kind, PARCEL, PARCEL_KIND_WORDS)
DECLARE_WORDS(quarantine_reason, QUARANTINE, QUARANTINE_REASON_WORDS)
DECLARE_WORDS(stray_status, STRAY, STRAY_STATUS_WORDS)
DECLARE_WORDS(webhook_state, WEBHOOK, WEBHOOK_STATE_WORDS)
DECLARE_WORDS(delivery_state, DELIVERY, DELIVERY_STATE_WORDS)
DECLARE_WORDS(stray_decision, STRAY_DECISION, STRAY_DECISION_WORDS)
DECLARE_WORDS(break_kind, BREAK_KIND, BREAK_KIND_WORDS)
DECLARE_WORDS(break_owner, BREAK_OWNER, BREAK_OWNER_WORDS)
DECLARE_WORDS(break_status, BREAK_STATUS, BREAK_STATUS_WORDS)
DECLARE_WORDS(staff_state, STAFF, STAFF_STATE_WORDS)
DECLARE_WORDS(session_kind, SESSION, SESSION_KIND_WORDS)

#endif
