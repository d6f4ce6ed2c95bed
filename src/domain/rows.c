/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/row_columns.h"

/* clang-format off */
static const struct column account_columns[] = {
    COL(account, id, ID),
    COL(account, ref, TEXT),
    COL(account, policy, TEXT),
    COL(account, currency, TEXT),
    COL_WORD(account, state, account_state),
    COL_WORD(account, subject_kind, subject_kind),
    COL(account, verified, BOOL),
    COL(account, subject, HASH),
    COL(account, master, TEXT),
    COL(account, partner, TEXT),
    COL_WORD(account, partner_payment, partner_payment),
    COL(account, topup, MONEY),
    COL(account, topup_held, MONEY),
    COL(account, transferred_in, MONEY),
    COL(account, allocated_in, MONEY),
    COL(account, other, MONEY),
    COL(account, other_held, MONEY),
    COL(account, voucher, MONEY),
    COL(account, topped_up, MONEY),
    COL(account, owed_invoice, MONEY),
    COL(account, overdue, MONEY),
    COL(account, unsettled, MONEY),
    COL(account, invoiced, MONEY),
    COL(account, suspended, MONEY),
    COL(account, payg_active, INT),
    COL(account, payg_frozen, MONEY),
    COL(account, payg_last_released_at, INSTANT),
    COL(account, month, INT32),
    COL(account, withdrawals_month, INT32),
    COL(account, day, INT32),
    COL(account, withdrawals_day, INT32),
    COL(account, withdrawn_day, MONEY),
    COL(account, version, INT),
    COL(account, created_at, INSTANT),
};
TABLE(account, "account");

static const struct column identity_columns[] = {
    COL(identity, account, ID),
    COL(identity, name, SEALED),
    COL(identity, id_number, SEALED),
    COL(identity, phone, SEALED),
};
TABLE(identity, "identity");

static const struct column subject_columns[] = {
    COL(subject, id, HASH),
    COL(subject, overdue, MONEY),
    COL(subject, accounts, INT),
};
TABLE(subject, "subject");

static const struct column topup_columns[] = {
    COL(topup, id, ID),
    COL(topup, account, ID),
    COL(topup, ref, TEXT),
    COL(topup, fingerprint, HASH),
    COL_WORD(topup, method, method),
    COL(topup, bank, TEXT),
    COL_WORD(topup, payer_kind, payer_kind),
    COL(topup, payer_name, SEALED),
    COL(topup, payer_account, SEALED),
    COL(topup, channel, TEXT),
    COL(topup, channel_ref, TEXT),
    COL(topup, amount, MONEY),
    COL(topup, remaining, MONEY),
    COL(topup, held, MONEY),
    COL(topup, refunded, MONEY),
    COL(topup, refunds, INT),
    COL(topup, refund_last_at, INSTANT),
    COL(topup, paid_at, INSTANT),
    COL(topup, bonus, BOOL),
    COL(topup, arbitrage, BOOL),
};
TABLE(topup, "topup");

static const struct column claim_columns[] = {
    COL(claim, id, ID),
    COL(claim, account, ID),
    COL(claim, ref, TEXT),
    COL_WORD(claim, kind, claim_kind),
    COL(claim, amount, MONEY),
    COL(claim, at, INSTANT),
};
TABLE(claim, "claim");

static const struct column resource_columns[] = {
    COL(resource, id, ID),
    COL(resource, account, ID),
    COL(resource, ref, TEXT),
    COL_WORD(resource, state, resource_state),
    COL(resource, frozen, MONEY),
    COL(resource, released_at, INSTANT),
};
TABLE(resource, "resource");

static const struct column fact_columns[] = {
    COL(fact, id, ID),
    COL(fact, account, ID),
    COL_WORD(fact, kind, fact_kind),
    COL(fact, ref, TEXT),
    COL(fact, fingerprint, HASH),
    COL(fact, amount, MONEY),
    COL(fact, unpaid, MONEY),
    COL_WORD(fact, fund, fund),
    COL(fact, topup, ID),
    COL(fact, at, INSTANT),
    COL(fact, reversed_at, INSTANT),
};
TABLE(fact, "fact");

static const struct column parcel_columns[] = {
    COL(parcel, id, ID),
    COL_WORD(parcel, kind, parcel_kind),
    COL(parcel, ref, TEXT),
    COL(parcel, fingerprint, HASH),
    COL(parcel, giver, ID),
    COL(parcel, receiver, ID),
    COL(parcel, amount, MONEY),
    COL(parcel, remaining, MONEY),
    COL(parcel, taken_back, MONEY),
    COL(parcel, invoiced, MONEY),
    COL(parcel, at, INSTANT),
};
TABLE(parcel, "parcel");

static const struct column draw_columns[] = {
    COL(draw, owner, ID),
    COL(draw, line, INT),
    COL(draw, account, ID),
    COL_WORD(draw, fund, fund),
    COL(draw, source, INT),
    COL(draw, amount, MONEY),
    COL(draw, given_back, MONEY),
};
TABLE(draw, "draw");

static const struct column withdrawal_columns[] = {
    COL(withdrawal, id, ID),
    COL(withdrawal, account, ID),
    COL(withdrawal, amount, MONEY),
    COL(withdrawal, currency, TEXT),
    COL_WORD(withdrawal, strategy, strategy),
    COL_WORD(withdrawal, route, route),
    COL_WORD(withdrawal, status, withdrawal_status),
    COL(withdrawal, policy, TEXT),
    COL(withdrawal, policy_version, INT),
    COL(withdrawal, maker, TEXT),
    COL(withdrawal, reason, TEXT),
    COL(withdrawal, destination, SEALED),
    COL(withdrawal, documents, STRING),
    COL(withdrawal, flags, STRING),
    COL(withdrawal, approvals_needed, INT),
    COL(withdrawal, approvals, INT),
    COL(withdrawal, counted_day, INT32),
    COL(withdrawal, code_hash, HASH),
    COL(withdrawal, binding, HASH),
    COL(withdrawal, code_sent_at, INSTANT),
    COL(withdrawal, code_expires_at, INSTANT),
    COL(withdrawal, code_tries_left, INT),
    COL(withdrawal, created_at, INSTANT),
    COL(withdrawal, confirmed_at, INSTANT),
    COL(withdrawal, decided_at, INSTANT),
    COL(withdrawal, finished_at, INSTANT),
    COL(withdrawal, failure_code, TEXT),
    COL(withdrawal, failure_detail, STRING),
    COL(withdrawal, next_at, INSTANT),
    COL(withdrawal, version, INT),
};
TABLE(withdrawal, "withdrawal");

static const struct column leg_columns[] = {
    COL(leg, id, ID),
    COL(leg, withdrawal, ID),
    COL(leg, account, ID),
    COL(leg, number, INT),
    COL_WORD(leg, route, route),
    COL(leg, channel, TEXT),
    COL(leg, amount, MONEY),
    COL(leg, fee, MONEY),
    COL_WORD(leg, status, leg_status),
    COL(leg, arrives_by, INSTANT),
    COL(leg, arrives_by_provisional, BOOL),
    COL(leg, failure_code, TEXT),
    COL(leg, failure_detail, STRING),
    COL(leg, reference, TEXT),
    COL(leg, paid_at, INSTANT),
    COL(leg, arrived_at, INSTANT),
    COL(leg, returned_at, INSTANT),
};
TABLE(leg, "leg");

static const struct column lot_columns[] = {
    COL(lot, leg, ID),
    COL(lot, line, INT),
    COL(lot, withdrawal, ID),
    COL(lot, topup, INT),
    COL(lot, amount, MONEY),
};
TABLE(lot, "lot");

static const struct column attempt_columns[] = {
    COL(attempt, id, ID),
    COL(attempt, leg, ID),
    COL(attempt, withdrawal, ID),
    COL(attempt, account, ID),
    COL(attempt, number, INT),
    COL(attempt, key, TEXT),
    COL(attempt, channel, TEXT),
    COL_WORD(attempt, status, attempt_status),
    COL(attempt, amount, MONEY),
    COL(attempt, request, SEALED),
    COL(attempt, sends, INT),
    COL(attempt, queries, INT),
    COL(attempt, began_at, INSTANT),
    COL(attempt, last_sent_at, INSTANT),
    COL(attempt, dedupe_until, INSTANT),
    COL(attempt, code, TEXT),
};
TABLE(attempt, "attempt");

static const struct column evidence_columns[] = {
    COL(evidence, id, ID),
    COL(evidence, attempt, ID),
    COL(evidence, withdrawal, ID),
    COL(evidence, account, ID),
    COL(evidence, channel, TEXT),
    COL(evidence, key, TEXT),
    COL_WORD(evidence, source, evidence_source),
    COL_WORD(evidence, kind, evidence_kind),
    COL(evidence, code, TEXT),
    COL(evidence, amount, MONEY),
    COL(evidence, reference, TEXT),
    COL(evidence, detail, STRING),
    COL(evidence, effect, STRING),
    COL(evidence, at, INSTANT),
};
TABLE(evidence, "evidence");

static const struct column review_columns[] = {
    COL(review, id, ID),
    COL(review, withdrawal, ID),
    COL(review, reviewer, TEXT),
    COL_WORD(review, decision, review_decision),
    COL(review, reason, STRING),
    COL(review, version, INT),
    COL(review, at, INSTANT),
};
TABLE(review, "review");

static const struct column entry_columns[] = {
    COL(entry, id, ID),
    COL(entry, account, ID),
    COL_WORD(entry, kind, entry_kind),
    COL(entry, currency, TEXT),
    COL(entry, object, ID),
    COL(entry, withdrawal, ID),
    COL(entry, amount, MONEY),
    COL(entry, at, INSTANT),
};
TABLE(entry, "entry");

static const struct column posting_columns[] = {
    COL(posting, entry, ID),
    COL(posting, line, INT),
    COL(posting, account, ID),
    COL_WORD(posting, ledger, ledger),
    COL(posting, channel, TEXT),
    COL(posting, source, ID),
    COL(posting, amount, MONEY),
};
TABLE(posting, "posting");

static const struct column message_columns[] = {
    COL(message, id, ID),
    COL(message, account, ID),
    COL(message, withdrawal, ID),
    COL(message, recipient, SEALED),
    COL(message, text, SEALED),
    COL(message, code, SEALED),
    COL(message, at, INSTANT),
    COL(message, sent_at, INSTANT),
};
TABLE(message, "message");

static const struct column event_columns[] = {
    COL(event, id, ID),
    COL(event, account, ID),
    COL(event, type, TEXT),
    COL(event, object, ID),
    COL(event, data, STRING),
    COL(event, at, INSTANT),
};
TABLE(event, "event");

static const struct column incident_columns[] = {
    COL(incident, id, ID),
    COL(incident, account, ID),
    COL(incident, withdrawal, ID),
    COL(incident, kind, TEXT),
    COL(incident, detail, STRING),
    COL(incident, amount, MONEY),
    COL(incident, at, INSTANT),
    COL(incident, closed_at, INSTANT),
};
TABLE(incident, "incident");

static const struct column document_columns[] = {
    COL(document, id, ID),
    COL(document, account, ID),
    COL(document, withdrawal, ID),
    COL(document, name, SEALED),
    COL(document, media_type, TEXT),
    COL(document, size, INT),
    COL(document, digest, HASH),
    COL(document, content, SEALED),
    COL(document, uploader, TEXT),
    COL(document, at, INSTANT),
};
TABLE(document, "document");

static const struct column ticket_columns[] = {
    COL(ticket, id, ID),
    COL(ticket, account, ID),
    COL(ticket, kind, TEXT),
    COL(ticket, state, TEXT),
    COL(ticket, body, SEALED),
    COL(ticket, opener, TEXT),
    COL(ticket, at, INSTANT),
    COL(ticket, closed_at, INSTANT),
};
TABLE(ticket, "ticket");

static const struct column idempotency_columns[] = {
    COL(idempotency, scope, HASH),
    COL(idempotency, fingerprint, HASH),
    COL(idempotency, status, INT),
    COL(idempotency, body, STRING),
    COL(idempotency, location, STRING),
    COL(idempotency, at, INSTANT),
};
TABLE(idempotency, "idempotency");

static const struct column quarantine_columns[] = {
    COL(quarantine, id, ID),
    COL_WORD(quarantine, reason, quarantine_reason),
    COL(quarantine, detail, STRING),
    COL(quarantine, began_at, INSTANT),
    COL(quarantine, gap_from, INSTANT),
    COL(quarantine, gap_to, INSTANT),
    COL(quarantine, head_seq, INT),
    COL(quarantine, anchor_seq, ID),
    COL(quarantine, store, TEXT),
    COL(quarantine, next_store, TEXT),
    COL(quarantine, restored_from, STRING),
    COL(quarantine, seen, HASH),
    COL(quarantine, strangers, STRING),
    COL(quarantine, ids_floor, INT),
    COL(quarantine, proposer, TEXT),
    COL(quarantine, proposed_at, INSTANT),
    COL(quarantine, overrides, BOOL),
    COL(quarantine, proposal, STRING),
    COL(quarantine, verdict, STRING),
    COL(quarantine, releaser, TEXT),
    COL(quarantine, released_at, INSTANT),
};
TABLE(quarantine, "quarantine");

static const struct column cover_columns[] = {
    COL(cover, id, ID),
    COL(cover, quarantine, ID),
    COL(cover, channel, TEXT),
    COL(cover, covers_from, INSTANT),
    COL(cover, covers_to, INSTANT),
    COL(cover, lines, INT),
    COL(cover, principal, TEXT),
    COL(cover, at, INSTANT),
};
TABLE(cover, "cover");

static const struct column stray_columns[] = {
    COL(stray, id, ID),
    COL(stray, quarantine, ID),
    COL(stray, channel, TEXT),
    COL(stray, key, TEXT),
    COL(stray, account, ID),
    COL(stray, withdrawal, ID),
    COL(stray, leg, ID),
    COL_WORD(stray, status, stray_status),
    COL_WORD(stray, outcome, evidence_kind),
    COL(stray, amount, MONEY),
    COL(stray, currency, TEXT),
    COL(stray, reference, TEXT),
    COL(stray, paid_at, INSTANT),
    COL_WORD(stray, decision, stray_decision),
    COL(stray, taken, MONEY),
    COL(stray, proposer, TEXT),
    COL(stray, settler, TEXT),
    COL(stray, reason, STRING),
    COL(stray, at, INSTANT),
    COL(stray, settled_at, INSTANT),
};
TABLE(stray, "stray");

static const struct column webhook_columns[] = {
    COL(webhook, id, ID),
    COL(webhook, url, STRING),
    COL(webhook, events, STRING),
    COL(webhook, description, STRING),
    COL(webhook, enabled, BOOL),
    COL(webhook, reason, TEXT),
    COL(webhook, secret, SEALED),
    COL(webhook, previous, SEALED),
    COL(webhook, previous_until, INSTANT),
    COL(webhook, told, INT),
    COL(webhook, failing_since, INSTANT),
    COL(webhook, maker, TEXT),
    COL(webhook, version, INT),
    COL(webhook, created_at, INSTANT),
    COL(webhook, deleted_at, INSTANT),
};
TABLE(webhook, "webhook");

static const struct column delivery_columns[] = {
    COL(delivery, id, ID),
    COL(delivery, webhook, ID),
    COL(delivery, event, ID),
    COL_WORD(delivery, state, delivery_state),
    COL(delivery, attempts, INT),
    COL(delivery, answer, INT),
    COL(delivery, detail, STRING),
    COL(delivery, created_at, INSTANT),
    COL(delivery, last_at, INSTANT),
    COL(delivery, next_at, INSTANT),
};
TABLE(delivery, "delivery");

static const struct column audit_columns[] = {
    COL(audit_row, seq, ID),
    COL(audit_row, at, INSTANT),
    COL(audit_row, principal, TEXT),
    COL(audit_row, command, TEXT),
    COL(audit_row, account, ID),
    COL(audit_row, object, ID),
    COL(audit_row, body, STRING),
    COL(audit_row, previous, DIGEST),
    COL(audit_row, hash, DIGEST),
};
const struct table audit_table = {"audit", sizeof(struct audit_row), audit_columns, ARRAY_COUNT(audit_columns)};
/* clang-format on */
