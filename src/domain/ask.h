/* SPDX-License-Identifier: Apache-2.0 */
/* What callers may ask: one struct and one shape a command. The shapes are the only description of the bodies of the
 * HTTP API, the batch lines, `ebb import` and (through tools/) the OpenAPI file's request schemas. */
#ifndef EBB_DOMAIN_ASK_H
#define EBB_DOMAIN_ASK_H

#include "domain/policy.h"

#define STATEMENT_LINES_MAX 1000
#define STATEMENT_TOTAL_MAX 10000000
#define STATEMENT_LAG_HOURS_MAX 240
#define WEBHOOK_EVENTS_MAX 32

struct subject_ask {
    int kind; /* enum subject_kind; words are int in asks */
    const char *name, *id_number;
    bool verified;
};
struct partner_ask {
    const char *ref;
    int payment;
    bool given;
};
struct account_ask {
    const char *policy, *currency, *phone, *master;
    struct subject_ask subject;
    struct partner_ask partner;
    int state;
};
struct payer_ask {
    int kind;
    const char *name, *account;
};
struct topup_ask {
    const char *ref, *bank, *channel, *channel_ref;
    struct money amount;
    int method;
    struct instant paid_at; /* none: now */
    struct payer_ask payer;
    bool bonus, arbitrage;
};
struct charge_ask {
    const char *ref;
    struct money amount;
};
struct chargeback_ask {
    const char *ref;
    struct money amount;
};
struct claim_ask {
    int kind;
    struct money amount;
};
struct resource_ask {
    int state;
    struct instant at;
    struct money frozen;
};
struct credit_ask {
    const char *ref;
    int fund;
    struct money amount;
};
struct transfer_ask {
    const char *ref, *from, *to;
    struct money amount;
};
struct allocation_ask {
    const char *ref, *master, *member;
    struct money amount;
};
struct invoiced_ask {
    struct money invoiced;
};
struct pick_ask {
    const char *ref;
    struct money amount;
};
struct destination_ask {
    int kind;
    const char *name, *account, *bank, *branch, *province, *city;
    bool given;
};
struct withdraw_ask {
    const char *account;
    struct money amount;
    int strategy;
    struct field_list topups; /* struct pick_ask */
    bool topups_given;
    int route;
    struct destination_ask destination;
    const char *reason;
    struct field_list documents; /* const char * */
};
struct code_ask {
    const char *code;
};
struct review_ask {
    int decision;
    const char *reason;
};
struct document_ask {
    const char *account, *withdrawal, *name, *media_type, *content; /* content: base64 */
};
struct ticket_ask {
    const char *account, *kind, *withdrawal;
    const char *company, *bank_account, *bank_type, *bank, *city, *branch, *reason;
    struct money amount;
};
struct evidence_ask { /* a person's or a statement's evidence; channels come through engine/command.h */
    const char *key;
    int kind;
    struct money amount;
    const char *code, *reference, *document, *reason;
};
struct webhook_ask {
    const char *url, *description;
    struct field_list events; /* const char *: types, or "noun.*"; none: all */
    int state;                /* enum webhook_state; none: enabled */
};
struct rotate_ask {
    int64_t overlap_hours; /* how long the secret before signs as well; 0: WEBHOOK_OVERLAP_HOURS */
};
struct replay_ask {
    struct instant from, to; /* of the events */
};
struct line_ask { /* what a channel did under one key */
    const char *key, *currency, *reference, *code, *account;
    int outcome; /* enum evidence_kind */
    struct money amount;
    struct instant at;
};
struct statement_ask {
    const char *channel;
    struct instant from, to;
    struct field_list lines; /* struct line_ask */
    /* Of a file (domain/reconcile.h); NULL and 0 where it is not one. */
    const char *hash;    /* of its bytes, in hex */
    const char *format;  /* of the file */
    const char *account; /* the operator's, as the file names it */
    int64_t first;       /* so many of its lines stand before these */
    int64_t total;       /* lines in all of it */
    int64_t lag_hours; /* so long a payment may take to stand in a statement: those of its last hours are looked for in
                          the next one */
};
struct break_settle_ask {
    const char *reason;
    bool believe; /* what the line says */
};
struct release_ask {
    bool override;
    const char *reason;
};
struct stray_name_ask {
    const char *account, *policy; /* policy: of an account that the books have lost */
};
struct stray_settle_ask {
    int decision;
    struct money amount;
    const char *reason;
};

extern const struct shape account_shape, destination_ask_shape, topup_shape, charge_shape, chargeback_shape,
    claim_shape, resource_shape, credit_shape, transfer_shape, allocation_shape, invoiced_shape, withdraw_shape,
    code_shape, review_shape, document_shape, ticket_shape, evidence_shape, line_shape, statement_shape,
    break_settle_shape, release_shape, stray_name_shape, stray_settle_shape, webhook_shape, rotate_shape, replay_shape,
    empty_shape;

#endif
