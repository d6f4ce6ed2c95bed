/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/words.h"

#define WORD_TEXT(constant, text) text,
#define DEFINE_WORDS(type, LIST)                                                                                       \
    static const char *const type##_texts[] = {"none", LIST(WORD_TEXT)};                                               \
    const struct words type##_words = {#type, type##_texts, ARRAY_COUNT(type##_texts)};

DEFINE_WORDS(account_state, ACCOUNT_STATE_WORDS)
DEFINE_WORDS(subject_kind, SUBJECT_KIND_WORDS)
DEFINE_WORDS(partner_payment, PARTNER_PAYMENT_WORDS)
DEFINE_WORDS(method, METHOD_WORDS)
DEFINE_WORDS(payer_kind, PAYER_KIND_WORDS)
DEFINE_WORDS(fund, FUND_WORDS)
DEFINE_WORDS(ledger, LEDGER_WORDS)
DEFINE_WORDS(entry_kind, ENTRY_KIND_WORDS)
DEFINE_WORDS(claim_kind, CLAIM_KIND_WORDS)
DEFINE_WORDS(resource_state, RESOURCE_STATE_WORDS)
DEFINE_WORDS(route, ROUTE_WORDS)
DEFINE_WORDS(strategy, STRATEGY_WORDS)
DEFINE_WORDS(destination_kind, DESTINATION_KIND_WORDS)
DEFINE_WORDS(withdrawal_status, WITHDRAWAL_STATUS_WORDS)
DEFINE_WORDS(leg_status, LEG_STATUS_WORDS)
DEFINE_WORDS(attempt_status, ATTEMPT_STATUS_WORDS)
DEFINE_WORDS(evidence_kind, EVIDENCE_KIND_WORDS)
DEFINE_WORDS(evidence_source, EVIDENCE_SOURCE_WORDS)
DEFINE_WORDS(review_decision, REVIEW_DECISION_WORDS)
DEFINE_WORDS(fact_kind, FACT_KIND_WORDS)
DEFINE_WORDS(parcel_kind, PARCEL_KIND_WORDS)
DEFINE_WORDS(quarantine_reason, QUARANTINE_REASON_WORDS)
DEFINE_WORDS(stray_status, STRAY_STATUS_WORDS)
DEFINE_WORDS(webhook_state, WEBHOOK_STATE_WORDS)
DEFINE_WORDS(delivery_state, DELIVERY_STATE_WORDS)
DEFINE_WORDS(stray_decision, STRAY_DECISION_WORDS)
DEFINE_WORDS(break_kind, BREAK_KIND_WORDS)
DEFINE_WORDS(break_owner, BREAK_OWNER_WORDS)
DEFINE_WORDS(break_status, BREAK_STATUS_WORDS)
DEFINE_WORDS(staff_state, STAFF_STATE_WORDS)
DEFINE_WORDS(session_kind, SESSION_KIND_WORDS)
