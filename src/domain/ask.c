/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/ask.h"

#include "domain/rows_recon.h"

/* Longest texts, in bytes. Identity numbers, phones and account numbers are opaque, 1–64 (api/openapi.yaml). */
#define OPAQUE_BYTES 64
#define NAME_BYTES 200
#define PLACE_BYTES 100
#define REASON_BYTES 500
#define CODE_BYTES 16
#define URL_BYTES 500
#define PICKS_MAX 200
#define DOCUMENTS_MAX 20
#define CONTENT_BYTES (7 * 1024 * 1024)
#define ID_BYTES 23 /* a prefix, "_" and 13 characters, with room */

/* One line a member: its JSON name is the struct's. OPTIONAL may be null, which is the same as leaving it out. */
#define OPTIONAL FIELD_NULLABLE
#define REQUIRED FIELD_REQUIRED
#define FIELD_OF(type, member, field_kind, field_flags)                                                                \
    .name = #member, .kind = (field_kind), .flags = (field_flags), .offset = offsetof(struct type, member)
#define TEXT(type, member, flags_, longest)                                                                            \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_TEXT, flags_), .min = 1, .max = (longest)                                         \
    }
#define TEXT_EXACT(type, member, flags_, length)                                                                       \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_TEXT, flags_), .min = (length), .max = (length)                                   \
    }
#define REF(type, member, flags_)                                                                                      \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_REF, flags_)                                                                      \
    }
#define MONEY(type, member, flags_)                                                                                    \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_MONEY, flags_)                                                                    \
    }
#define BOOL(type, member, flags_)                                                                                     \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_BOOL, flags_)                                                                     \
    }
#define INSTANT(type, member, flags_)                                                                                  \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_INSTANT, flags_)                                                                  \
    }
#define WORD(type, member, flags_, vocabulary)                                                                         \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_WORD, flags_), .words = &(vocabulary)                                             \
    }
#define OBJECT(type, member, flags_, inner)                                                                            \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_OBJECT, flags_), .shape = &(inner)                                                \
    }
#define OBJECT_GIVEN(type, member, flags_, inner)                                                                      \
    {                                                                                                                  \
        FIELD_OF(type, member, FIELD_OBJECT, flags_), .shape = &(inner),                                               \
                                                      .present_offset = offsetof(struct type, member.given)            \
    }
#define SHAPE(noun, shape_fields)                                                                                      \
    {                                                                                                                  \
        .name = #noun, .bytes = sizeof(struct noun##_ask), .fields = (shape_fields),                                   \
        .fields_count = ARRAY_COUNT(shape_fields)                                                                      \
    }

static const struct field subject_fields[] = {
    WORD(subject_ask, kind, REQUIRED, subject_kind_words),
    TEXT(subject_ask, name, OPTIONAL, NAME_BYTES),
    TEXT(subject_ask, id_number, OPTIONAL, OPAQUE_BYTES),
    BOOL(subject_ask, verified, OPTIONAL),
};
static const struct shape subject_shape = SHAPE(subject, subject_fields);

static const struct field partner_fields[] = {
    REF(partner_ask, ref, REQUIRED),
    WORD(partner_ask, payment, REQUIRED, partner_payment_words),
};
static const struct shape partner_shape = SHAPE(partner, partner_fields);

static const struct field account_fields[] = {
    TEXT(account_ask, policy, REQUIRED, POLICY_NAME_BYTES - 1),
    TEXT_EXACT(account_ask, currency, REQUIRED, CURRENCY_BYTES - 1),
    OBJECT(account_ask, subject, OPTIONAL, subject_shape),
    TEXT(account_ask, phone, OPTIONAL, OPAQUE_BYTES),
    WORD(account_ask, state, OPTIONAL, account_state_words),
    REF(account_ask, master, OPTIONAL),
    OBJECT_GIVEN(account_ask, partner, OPTIONAL, partner_shape),
};
const struct shape account_shape = SHAPE(account, account_fields);

static const struct field payer_fields[] = {
    WORD(payer_ask, kind, OPTIONAL, payer_kind_words),
    TEXT(payer_ask, name, OPTIONAL, NAME_BYTES),
    TEXT(payer_ask, account, OPTIONAL, OPAQUE_BYTES),
};
static const struct shape payer_shape = SHAPE(payer, payer_fields);

static const struct field topup_fields[] = {
    REF(topup_ask, ref, REQUIRED),
    MONEY(topup_ask, amount, REQUIRED | FIELD_POSITIVE),
    WORD(topup_ask, method, REQUIRED, method_words),
    TEXT(topup_ask, bank, OPTIONAL, BANK_CODE_BYTES - 1),
    INSTANT(topup_ask, paid_at, OPTIONAL),
    OBJECT(topup_ask, payer, OPTIONAL, payer_shape),
    TEXT(topup_ask, channel, OPTIONAL, CHANNEL_NAME_BYTES - 1),
    TEXT(topup_ask, channel_ref, OPTIONAL, REF_BYTES - 1),
    BOOL(topup_ask, bonus, OPTIONAL),
    BOOL(topup_ask, arbitrage, OPTIONAL),
};
const struct shape topup_shape = SHAPE(topup, topup_fields);

static const struct field charge_fields[] = {
    REF(charge_ask, ref, REQUIRED),
    MONEY(charge_ask, amount, REQUIRED | FIELD_POSITIVE),
};
const struct shape charge_shape = SHAPE(charge, charge_fields);

static const struct field chargeback_fields[] = {
    REF(chargeback_ask, ref, REQUIRED),
    MONEY(chargeback_ask, amount, REQUIRED | FIELD_POSITIVE),
};
const struct shape chargeback_shape = SHAPE(chargeback, chargeback_fields);

static const struct field claim_fields[] = {
    WORD(claim_ask, kind, REQUIRED, claim_kind_words),
    MONEY(claim_ask, amount, REQUIRED),
};
const struct shape claim_shape = SHAPE(claim, claim_fields);

static const struct field resource_fields[] = {
    WORD(resource_ask, state, REQUIRED, resource_state_words),
    INSTANT(resource_ask, at, OPTIONAL),
    MONEY(resource_ask, frozen, OPTIONAL),
};
const struct shape resource_shape = SHAPE(resource, resource_fields);

static const struct field credit_fields[] = {
    REF(credit_ask, ref, REQUIRED),
    WORD(credit_ask, fund, REQUIRED, fund_words),
    MONEY(credit_ask, amount, REQUIRED | FIELD_POSITIVE),
};
const struct shape credit_shape = SHAPE(credit, credit_fields);

static const struct field transfer_fields[] = {
    REF(transfer_ask, ref, REQUIRED),
    REF(transfer_ask, from, REQUIRED),
    REF(transfer_ask, to, REQUIRED),
    MONEY(transfer_ask, amount, REQUIRED | FIELD_POSITIVE),
};
const struct shape transfer_shape = SHAPE(transfer, transfer_fields);

static const struct field allocation_fields[] = {
    REF(allocation_ask, ref, REQUIRED),
    REF(allocation_ask, master, REQUIRED),
    REF(allocation_ask, member, REQUIRED),
    MONEY(allocation_ask, amount, REQUIRED | FIELD_POSITIVE),
};
const struct shape allocation_shape = SHAPE(allocation, allocation_fields);

static const struct field invoiced_fields[] = {
    MONEY(invoiced_ask, invoiced, REQUIRED),
};
const struct shape invoiced_shape = SHAPE(invoiced, invoiced_fields);

static const struct field pick_fields[] = {
    REF(pick_ask, ref, REQUIRED),
    MONEY(pick_ask, amount, REQUIRED | FIELD_POSITIVE),
};
static const struct shape pick_shape = SHAPE(pick, pick_fields);

static const struct field destination_fields[] = {
    WORD(destination_ask, kind, REQUIRED, destination_kind_words),
    TEXT(destination_ask, name, REQUIRED, NAME_BYTES),
    TEXT(destination_ask, account, REQUIRED, OPAQUE_BYTES),
    TEXT(destination_ask, bank, OPTIONAL, PLACE_BYTES),
    TEXT(destination_ask, branch, OPTIONAL, NAME_BYTES),
    TEXT(destination_ask, province, OPTIONAL, PLACE_BYTES),
    TEXT(destination_ask, city, OPTIONAL, PLACE_BYTES),
};
const struct shape destination_ask_shape = SHAPE(destination, destination_fields);

static const struct field withdraw_fields[] = {
    REF(withdraw_ask, account, REQUIRED),
    MONEY(withdraw_ask, amount, REQUIRED | FIELD_POSITIVE),
    WORD(withdraw_ask, strategy, OPTIONAL, strategy_words),
    {FIELD_OF(withdraw_ask, topups, FIELD_ARRAY, OPTIONAL), .min = 1, .max = PICKS_MAX, .shape = &pick_shape,
     .present_offset = offsetof(struct withdraw_ask, topups_given)},
    WORD(withdraw_ask, route, OPTIONAL, route_words),
    OBJECT_GIVEN(withdraw_ask, destination, OPTIONAL, destination_ask_shape),
    TEXT(withdraw_ask, reason, OPTIONAL, REASON_CODE_BYTES - 1),
    {FIELD_OF(withdraw_ask, documents, FIELD_ARRAY, OPTIONAL), .min = 0, .max = DOCUMENTS_MAX},
};
const struct shape withdraw_shape = SHAPE(withdraw, withdraw_fields);

static const struct field code_fields[] = {
    TEXT(code_ask, code, REQUIRED, CODE_BYTES),
};
const struct shape code_shape = SHAPE(code, code_fields);

static const struct field review_fields[] = {
    WORD(review_ask, decision, REQUIRED, review_decision_words),
    TEXT(review_ask, reason, OPTIONAL, REASON_BYTES),
};
const struct shape review_shape = SHAPE(review, review_fields);

/* The account follows from the withdrawal when only that is named. */
static const struct field document_fields[] = {
    REF(document_ask, account, OPTIONAL),
    TEXT(document_ask, withdrawal, OPTIONAL, ID_BYTES),
    TEXT(document_ask, name, REQUIRED, NAME_BYTES),
    TEXT(document_ask, media_type, REQUIRED, OPAQUE_BYTES),
    TEXT(document_ask, content, REQUIRED, CONTENT_BYTES),
};
const struct shape document_shape = SHAPE(document, document_fields);

static const struct field ticket_fields[] = {
    REF(ticket_ask, account, REQUIRED),
    TEXT(ticket_ask, kind, REQUIRED, REASON_CODE_BYTES - 1),
    TEXT(ticket_ask, withdrawal, OPTIONAL, ID_BYTES),
    TEXT(ticket_ask, company, OPTIONAL, NAME_BYTES),
    TEXT(ticket_ask, bank_account, OPTIONAL, OPAQUE_BYTES),
    TEXT(ticket_ask, bank_type, OPTIONAL, PLACE_BYTES),
    TEXT(ticket_ask, bank, OPTIONAL, PLACE_BYTES),
    TEXT(ticket_ask, city, OPTIONAL, PLACE_BYTES),
    TEXT(ticket_ask, branch, OPTIONAL, NAME_BYTES),
    TEXT(ticket_ask, reason, OPTIONAL, REASON_BYTES),
    MONEY(ticket_ask, amount, OPTIONAL),
};
const struct shape ticket_shape = SHAPE(ticket, ticket_fields);

static const struct field evidence_fields[] = {
    TEXT(evidence_ask, key, REQUIRED, CHANNEL_KEY_BYTES - 1),
    WORD(evidence_ask, kind, REQUIRED, evidence_kind_words),
    MONEY(evidence_ask, amount, OPTIONAL),
    TEXT(evidence_ask, code, OPTIONAL, FAILURE_CODE_BYTES - 1),
    TEXT(evidence_ask, reference, OPTIONAL, REF_BYTES - 1),
    TEXT(evidence_ask, document, OPTIONAL, ID_BYTES),
    TEXT(evidence_ask, reason, OPTIONAL, REASON_BYTES),
};
const struct shape evidence_shape = SHAPE(evidence, evidence_fields);

/* A longer statement is handed in as several, each of a part of its time. */
static const struct field line_fields[] = {
    TEXT(line_ask, key, REQUIRED, REF_BYTES - 1),
    WORD(line_ask, outcome, REQUIRED, evidence_kind_words),
    MONEY(line_ask, amount, OPTIONAL),
    TEXT_EXACT(line_ask, currency, OPTIONAL, CURRENCY_BYTES - 1),
    INSTANT(line_ask, at, REQUIRED),
    TEXT(line_ask, reference, OPTIONAL, REF_BYTES - 1),
    TEXT(line_ask, code, OPTIONAL, FAILURE_CODE_BYTES - 1),
    REF(line_ask, account, OPTIONAL),
};
const struct shape line_shape = SHAPE(line, line_fields);

static const struct field statement_fields[] = {
    TEXT(statement_ask, channel, REQUIRED, CHANNEL_NAME_BYTES - 1),
    INSTANT(statement_ask, from, REQUIRED),
    INSTANT(statement_ask, to, REQUIRED),
    {FIELD_OF(statement_ask, lines, FIELD_ARRAY, REQUIRED), .min = 0, .max = STATEMENT_LINES_MAX, .shape = &line_shape},
    TEXT_EXACT(statement_ask, hash, OPTIONAL, HASH_BYTES * 2),
    TEXT(statement_ask, format, OPTIONAL, FORMAT_BYTES - 1),
    TEXT(statement_ask, account, OPTIONAL, REF_BYTES - 1),
    {FIELD_OF(statement_ask, first, FIELD_COUNT, OPTIONAL), .max = STATEMENT_TOTAL_MAX},
    {FIELD_OF(statement_ask, total, FIELD_COUNT, OPTIONAL), .max = STATEMENT_TOTAL_MAX},
    {FIELD_OF(statement_ask, lag_hours, FIELD_COUNT, OPTIONAL), .max = STATEMENT_LAG_HOURS_MAX},
};
const struct shape statement_shape = SHAPE(statement, statement_fields);

static const struct field break_settle_fields[] = {
    TEXT(break_settle_ask, reason, REQUIRED, REASON_BYTES),
    BOOL(break_settle_ask, believe, OPTIONAL),
};
const struct shape break_settle_shape = SHAPE(break_settle, break_settle_fields);

static const struct field release_fields[] = {
    BOOL(release_ask, override, OPTIONAL),
    TEXT(release_ask, reason, OPTIONAL, REASON_BYTES),
};
const struct shape release_shape = SHAPE(release, release_fields);

static const struct field stray_name_fields[] = {
    REF(stray_name_ask, account, REQUIRED),
    TEXT(stray_name_ask, policy, OPTIONAL, POLICY_NAME_BYTES - 1),
};
const struct shape stray_name_shape = SHAPE(stray_name, stray_name_fields);

static const struct field stray_settle_fields[] = {
    WORD(stray_settle_ask, decision, REQUIRED, stray_decision_words),
    MONEY(stray_settle_ask, amount, OPTIONAL),
    TEXT(stray_settle_ask, reason, REQUIRED, REASON_BYTES),
};
const struct shape stray_settle_shape = SHAPE(stray_settle, stray_settle_fields);

static const struct field webhook_fields[] = {
    TEXT(webhook_ask, url, REQUIRED, URL_BYTES),
    {FIELD_OF(webhook_ask, events, FIELD_ARRAY, OPTIONAL), .max = WEBHOOK_EVENTS_MAX},
    TEXT(webhook_ask, description, OPTIONAL, NAME_BYTES),
    WORD(webhook_ask, state, OPTIONAL, webhook_state_words),
};
const struct shape webhook_shape = SHAPE(webhook, webhook_fields);

static const struct field rotate_fields[] = {
    {FIELD_OF(rotate_ask, overlap_hours, FIELD_COUNT, OPTIONAL), .min = 1, .max = 168},
};
const struct shape rotate_shape = SHAPE(rotate, rotate_fields);

static const struct field replay_fields[] = {
    INSTANT(replay_ask, from, REQUIRED),
    INSTANT(replay_ask, to, REQUIRED),
};
const struct shape replay_shape = SHAPE(replay, replay_fields);

const struct shape empty_shape = {.name = "empty", .bytes = 0, .fields = NULL, .fields_count = 0};
