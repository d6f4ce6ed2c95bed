/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the house: what an account, a top-up, a withdrawal … is made of. Plain data; the meaning of a change
 * stands in the module of the same noun. Texts whose personal content is sealed at rest are marked "sealed". */
#ifndef EBB_DOMAIN_ROWS_H
#define EBB_DOMAIN_ROWS_H

#include "domain/row.h"

#define REF_BYTES 65 /* 1–64 characters */
#define POLICY_NAME_BYTES 33
#define CHANNEL_NAME_BYTES 17
#define BANK_CODE_BYTES 17
#define PRINCIPAL_BYTES 97
#define REASON_CODE_BYTES 33
#define FAILURE_CODE_BYTES 65
/* Codes of evidence that decisions know. */
#define CODE_NOT_FOUND "not_found"   /* of a query: the channel has never heard of the key */
#define CODE_NOT_SENT "not_sent"     /* of a first send: no byte of it left */
#define CODE_NEVER_SENT "never_sent" /* that, and the channel answers questions again */
#define STORE_NAME_BYTES 33
#define ROLE_NAMES_BYTES 129 /* names with a space between two */
#define CHANNEL_KEY_BYTES 33 /* ≤ 32 alphanumerics: the narrowest channel's limit */

/* The hot row of a customer's prepaid account. Totals stand here so that no decision sums up history. */
struct account {
    struct row row;
    int64_t id;
    char ref[REF_BYTES];
    char policy[POLICY_NAME_BYTES];
    char currency[CURRENCY_BYTES];
    enum account_state state;
    enum subject_kind subject_kind;
    bool verified;
    uint8_t subject[HASH_SHORT_BYTES]; /* keyed hash of the identity number; all zero when none is known */
    char master[REF_BYTES];            /* ref of the master account, or "" */
    char partner[REF_BYTES];
    enum partner_payment partner_payment;
    /* money by fund. topup = Σ remaining of its top-ups (held included), topup_held = Σ held */
    struct money topup, topup_held, transferred_in, allocated_in, other, other_held, voucher;
    struct money topped_up; /* Σ amount of all top-ups ever */
    /* claims by kind, Σ of the claim rows */
    struct money owed_invoice, overdue, unsettled, invoiced;
    struct money suspended; /* Σ of its strays in suspense: while there is one, nothing is withdrawn */
    /* pay-as-you-go */
    int64_t payg_active;      /* count of active resources */
    struct money payg_frozen; /* Σ frozen of active resources */
    struct instant payg_last_released_at;
    /* counters, keyed by Shanghai month and day; they never go back to an earlier one (quote.h) */
    int32_t month, withdrawals_month;
    int32_t day, withdrawals_day;
    struct money withdrawn_day;
    int64_t version;
    struct instant created_at;
};

/* Who the account belongs to. Cold: loaded only where a name or a phone is needed. */
struct identity {
    struct row row;
    int64_t account;
    const char *name;      /* sealed */
    const char *id_number; /* sealed */
    const char *phone;     /* sealed */
};

/* Cross-account risk of one identity number (AL-06). */
struct subject {
    struct row row;
    uint8_t id[HASH_SHORT_BYTES];
    struct money overdue; /* Σ overdue of its accounts */
    int64_t accounts;
};

struct topup {
    struct row row;
    int64_t id;
    int64_t account;
    char ref[REF_BYTES];
    uint8_t fingerprint[HASH_SHORT_BYTES];
    enum method method;
    char bank[BANK_CODE_BYTES];
    enum payer_kind payer_kind;
    const char *payer_name;    /* sealed; loaded only where names are compared */
    const char *payer_account; /* sealed */
    char channel[CHANNEL_NAME_BYTES];
    char channel_ref[REF_BYTES];
    struct money amount, remaining, held, refunded; /* held is part of remaining; refunded + held ≤ amount */
    int64_t refunds;                                /* refunds begun on it: some channels allow 50 */
    struct instant refund_last_at;
    struct instant paid_at;
    bool bonus, arbitrage;
};

struct claim {
    struct row row;
    int64_t id;
    int64_t account;
    char ref[REF_BYTES];
    enum claim_kind kind;
    struct money amount;
    struct instant at;
};

struct resource {
    struct row row;
    int64_t id;
    int64_t account;
    char ref[REF_BYTES];
    enum resource_state state;
    struct money frozen;
    struct instant released_at;
};

/* A charge, credit or chargeback: something that happened once under the caller's name for it. */
struct fact {
    struct row row;
    int64_t id;
    int64_t account;
    enum fact_kind kind;
    char ref[REF_BYTES];
    uint8_t fingerprint[HASH_SHORT_BYTES];
    struct money amount;
    struct money unpaid; /* charge: became a claim; chargeback: missing */
    enum fund fund;      /* credit */
    int64_t topup;       /* chargeback */
    struct instant at;
    struct instant reversed_at;
};

/* A transfer or an allocation: money of `giver` in the hands of `receiver`. amount = remaining + used + taken_back. */
struct parcel {
    struct row row;
    int64_t id;
    enum parcel_kind kind;
    char ref[REF_BYTES];
    uint8_t fingerprint[HASH_SHORT_BYTES];
    int64_t giver, receiver;
    struct money amount, remaining, taken_back, invoiced;
    struct instant at;
};

/* What a charge, transfer, allocation or chargeback took, and from where; `given_back` is what its undoing returned. */
struct draw {
    struct row row;
    int64_t owner; /* fact or parcel */
    int64_t line;  /* 1, 2, … */
    int64_t account;
    enum fund fund;
    int64_t source; /* top-up or parcel; 0 for pools */
    struct money amount, given_back;
};

struct withdrawal {
    struct row row;
    int64_t id;
    int64_t account;
    struct money amount;
    char currency[CURRENCY_BYTES];
    enum strategy strategy;
    enum route route;
    enum withdrawal_status status;
    char policy[POLICY_NAME_BYTES];
    int64_t policy_version;
    char maker[PRINCIPAL_BYTES];
    char reason[REASON_CODE_BYTES];
    const char *destination; /* sealed JSON object, or NULL on the original route */
    const char *documents;   /* JSON array of ids */
    const char *flags;       /* JSON array of review flags: risk_same_subject, name_near … */
    int64_t approvals_needed, approvals;
    int32_t counted_day; /* of the account that counts it, until it is rejected, failed or cancelled; 0: not counted */
    /* the challenge in force */
    uint8_t code_hash[HASH_SHORT_BYTES];
    uint8_t binding[HASH_SHORT_BYTES]; /* of account + amount + destination + plan: what the code was sent for */
    struct instant code_sent_at, code_expires_at;
    int64_t code_tries_left; /* of the withdrawal, not of the code */
    struct instant created_at, confirmed_at, decided_at, finished_at;
    char failure_code[FAILURE_CODE_BYTES];
    const char *failure_detail;
    struct instant next_at; /* when a timer must look at it again; none when nothing is due */
    int64_t version;        /* the ETag */
};

struct leg {
    struct row row;
    int64_t id;
    int64_t withdrawal;
    int64_t account;
    int64_t number; /* 1, 2, … in the order of the plan */
    enum route route;
    char channel[CHANNEL_NAME_BYTES];
    struct money amount; /* taken from the balance */
    struct money fee;    /* of which the operator keeps this when it is paid; the rest goes out */
    enum leg_status status;
    struct instant arrives_by;
    bool arrives_by_provisional;
    char failure_code[FAILURE_CODE_BYTES];
    const char *failure_detail;
    char reference[REF_BYTES]; /* the channel's own number */
    struct instant paid_at, arrived_at, returned_at;
};

struct lot {
    struct row row;
    int64_t leg;
    int64_t line;
    int64_t withdrawal;
    int64_t topup; /* 0: other funds */
    struct money amount;
};

struct attempt {
    struct row row;
    int64_t id;
    int64_t leg;
    int64_t withdrawal;
    int64_t account;
    int64_t number;              /* 1, 2, … per leg; k + 1 exists only after k is refused */
    char key[CHANNEL_KEY_BYTES]; /* our reference at the channel; never changes, never used again */
    char channel[CHANNEL_NAME_BYTES];
    enum attempt_status status;
    struct money amount;
    const char *request; /* sealed: the exact bytes to send */
    int64_t sends, queries;
    struct instant began_at, last_sent_at, dedupe_until;
    char code[FAILURE_CODE_BYTES]; /* what the channel said last */
};

struct evidence {
    struct row row;
    int64_t id;
    int64_t attempt; /* 0 when no attempt matches its key */
    int64_t withdrawal;
    int64_t account;
    char channel[CHANNEL_NAME_BYTES];
    char key[CHANNEL_KEY_BYTES];
    enum evidence_source source;
    enum evidence_kind kind;
    char code[FAILURE_CODE_BYTES];
    struct money amount;
    char reference[REF_BYTES];
    const char *detail;
    const char *effect; /* what it did: settled, released, returned, suspense, duplicate, none */
    struct instant at;
};

struct review {
    struct row row;
    int64_t id;
    int64_t withdrawal;
    char reviewer[PRINCIPAL_BYTES];
    enum review_decision decision;
    const char *reason;
    int64_t version; /* of the withdrawal that the reviewer saw */
    struct instant at;
};

struct entry {
    struct row row;
    int64_t id;
    int64_t account;
    enum entry_kind kind;
    char currency[CURRENCY_BYTES];
    int64_t object; /* top-up, fact, parcel or leg */
    int64_t withdrawal;
    struct money amount;
    struct instant at;
};

struct posting {
    struct row row;
    int64_t entry;
    int64_t line;
    int64_t account;
    enum ledger ledger;
    char channel[CHANNEL_NAME_BYTES]; /* LEDGER_CHANNEL only */
    int64_t source;                   /* top-up or parcel that the money belongs to; 0 for pools */
    struct money amount;
};

struct message {
    struct row row;
    int64_t id;
    int64_t account;
    int64_t withdrawal;
    const char *recipient; /* sealed */
    const char *text;      /* sealed */
    const char *code;      /* sealed; NULL where the message carries none */
    struct instant at, sent_at;
};

struct event {
    struct row row;
    int64_t id;
    int64_t account;
    char type[49]; /* withdrawal.paid … */
    int64_t object;
    const char *data; /* JSON, thin: ids, status, amount; no personal data */
    struct instant at;
};

/* Something that should never happen did, and nobody lost money yet: a person must look. */
struct incident {
    struct row row;
    int64_t id;
    int64_t account;
    int64_t withdrawal;
    char kind[33];
    const char *detail;
    struct money amount;
    struct instant at, closed_at;
};

struct document {
    struct row row;
    int64_t id;
    int64_t account;
    int64_t withdrawal;
    const char *name; /* sealed */
    char media_type[65];
    int64_t size;
    uint8_t digest[HASH_BYTES];
    const char *content; /* sealed, base64 */
    char uploader[PRINCIPAL_BYTES];
    struct instant at;
};

/* A case: what staff handle outside self-service (JD-05, JD-08, JD-09). */
struct ticket {
    struct row row;
    int64_t id;
    int64_t account;
    char kind[33];
    char state[17];   /* open, closed */
    const char *body; /* sealed JSON */
    char opener[PRINCIPAL_BYTES];
    struct instant at, closed_at;
};

struct idempotency {
    struct row row;
    uint8_t scope[HASH_SHORT_BYTES];       /* principal + account + key */
    uint8_t fingerprint[HASH_SHORT_BYTES]; /* method + path + body */
    int64_t status;
    const char *body;
    const char *location;
    struct instant at;
};

/* An endpoint that is told of events (domain/webhook.h). */
struct webhook {
    struct row row;
    int64_t id;
    const char *url;
    const char *events; /* which types it is told of: "withdrawal.* topup.recorded"; NULL: all */
    const char *description;
    bool enabled;
    char reason[17];               /* why it is not: asked, gone, failing */
    const char *secret, *previous; /* sealed; whsec_…. The previous one signs as well until previous_until */
    struct instant previous_until;
    int64_t told; /* events up to this id have their delivery, or wanted none */
    struct instant failing_since;
    char maker[PRINCIPAL_BYTES];
    int64_t version;
    struct instant created_at, deleted_at;
};

/* One event on its way to one endpoint. */
struct delivery {
    struct row row;
    int64_t id;
    int64_t webhook;
    int64_t event; /* 0: a test */
    enum delivery_state state;
    int64_t attempts;
    int64_t answer; /* HTTP status of the last one; 0: there was none */
    const char *detail;
    struct instant created_at, last_at, next_at;
};

/* A time whose books were lost. Until two people release it nothing moves but what reconciles (domain/quarantine.h). */
struct quarantine {
    struct row row;
    int64_t id;
    enum quarantine_reason reason;
    const char *detail;
    struct instant began_at;
    struct instant gap_from, gap_to; /* the time that statements of the channels must cover */
    int64_t head_seq, anchor_seq;    /* the last audit row before it; what the newest anchor knew, or 0 */
    char store[STORE_NAME_BYTES], next_store[STORE_NAME_BYTES]; /* the database's name before and after its release */
    const char *restored_from;                                  /* what `ebb backup restore` wrote; NULL */
    uint8_t seen[HASH_SHORT_BYTES]; /* of the anchors that were known; all zero when there was none */
    const char *strangers;          /* names in them that these books do not know: lives that were lost; or NULL */
    int64_t ids_floor;              /* ids up to here belong to the lost time */
    char proposer[PRINCIPAL_BYTES];
    struct instant proposed_at;
    bool overrides;                 /* released although something was open */
    const char *proposal, *verdict; /* the reasons that the two gave */
    char releaser[PRINCIPAL_BYTES];
    struct instant released_at;
};

/* From when to when a statement of a channel told everything that the channel did. */
struct cover {
    struct row row;
    int64_t id;
    int64_t quarantine;
    char channel[CHANNEL_NAME_BYTES];
    struct instant covers_from, covers_to;
    int64_t lines;
    char principal[PRINCIPAL_BYTES];
    struct instant at;
};

/* A payment of a lost time that our books cannot attach to a leg (domain/stray.h). */
struct stray {
    struct row row;
    int64_t id;
    int64_t quarantine;
    char channel[CHANNEL_NAME_BYTES];
    char key[CHANNEL_KEY_BYTES];
    int64_t account, withdrawal, leg; /* 0 while they are not known */
    enum stray_status status;
    enum evidence_kind outcome; /* what the channel said last */
    struct money amount;
    char currency[CURRENCY_BYTES];
    char reference[REF_BYTES];
    struct instant paid_at;       /* by the channel's word */
    enum stray_decision decision; /* proposed, then decided */
    struct money taken;           /* of the customer's funds; proposed, then decided */
    char proposer[PRINCIPAL_BYTES], settler[PRINCIPAL_BYTES];
    const char *reason;
    struct instant at, settled_at;
};

/* A person of the operator (domain/staff.h). */
struct staff {
    struct row row;
    int64_t id;
    char name[REF_BYTES];
    char roles[ROLE_NAMES_BYTES];
    enum staff_state state;
    const char *password; /* Argon2id's own text; NULL: cannot sign in */
    const char *totp;     /* sealed; the secret in base32; NULL: none is asked for */
    int64_t totp_step;    /* the newest that was used */
    const char *recovery; /* keyed hashes in hex with a space between two; NULL: none is left */
    struct instant created_at, password_at;
    int64_t version; /* of what signs in: password, state, roles, one-time passwords */
};

/* By which the operator's own site vouches for its customers (access/pass.h). */
struct customer_key {
    struct row row;
    int64_t id;
    char name[REF_BYTES];
    const char *secret; /* sealed */
    struct instant created_at, revoked_at;
};

/* A token of such a key that was used. */
struct customer_pass {
    struct row row;
    uint8_t hash[HASH_SHORT_BYTES];
    struct instant expires_at;
};

/* What a cookie stands for (domain/session.h). */
struct session {
    struct row row;
    int64_t id;
    uint8_t hash[HASH_SHORT_BYTES]; /* of the cookie's text, which is not kept */
    enum session_kind kind;
    char principal[PRINCIPAL_BYTES];
    char roles[ROLE_NAMES_BYTES];
    char account[REF_BYTES]; /* a customer's; "" for staff */
    struct instant created_at, seen_at;
    int64_t idle_ms; /* it ends so long after it was seen last */
    struct instant expires_at;
};

/* One row a command that changed something. hash = H(domain ‖ seq ‖ previous hash ‖ all other columns). */
struct audit_row {
    struct row row;
    int64_t seq;
    struct instant at;
    char principal[PRINCIPAL_BYTES];
    char command[33];
    int64_t account;
    int64_t object;
    const char *body; /* JSON: the moves (object, from, event, to) and entries of this command */
    uint8_t previous[HASH_BYTES], hash[HASH_BYTES];
};

extern const struct table account_table, identity_table, subject_table, topup_table, claim_table, resource_table,
    fact_table, parcel_table, draw_table, withdrawal_table, leg_table, lot_table, attempt_table, evidence_table,
    review_table, entry_table, posting_table, message_table, event_table, incident_table, document_table, ticket_table,
    idempotency_table, quarantine_table, cover_table, stray_table, staff_table, customer_key_table, customer_pass_table,
    session_table, webhook_table, delivery_table, audit_table;

#endif
