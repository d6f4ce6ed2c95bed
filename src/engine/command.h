/* SPDX-License-Identifier: Apache-2.0 */
/* A command: the only way in which money or state changes. HTTP, the CLI, timers and channels all make these.
 *
 * A command is parsed and of the right shape when it arrives; whether it is allowed is decided here. It carries who
 * asks (principal, roles, and the one account a customer is bound to), the idempotency key with a fingerprint of the
 * request, and the ask. Its memory belongs to the caller until the reply. */
#ifndef EBB_ENGINE_COMMAND_H
#define EBB_ENGINE_COMMAND_H

#include "channel/channel.h"
#include "domain/decide.h"
#include "domain/session.h"
#include "domain/staff.h"

/* X(CONSTANT, "name", ask shape or empty_shape) — the name is used by /v1/batch, `ebb import` and the audit. */
#define COMMANDS(X)                                                                                                    \
    X(COMMAND_ACCOUNT_PUT, "account", account_shape)                                                                   \
    X(COMMAND_TOPUP, "topup", topup_shape)                                                                             \
    X(COMMAND_CHARGE, "charge", charge_shape)                                                                          \
    X(COMMAND_CHARGE_REVERSE, "reverse", empty_shape)                                                                  \
    X(COMMAND_CHARGEBACK, "chargeback", chargeback_shape)                                                              \
    X(COMMAND_CLAIM_PUT, "claim", claim_shape)                                                                         \
    X(COMMAND_RESOURCE_PUT, "resource", resource_shape)                                                                \
    X(COMMAND_CREDIT, "credit", credit_shape)                                                                          \
    X(COMMAND_TRANSFER, "transfer", transfer_shape)                                                                    \
    X(COMMAND_RECALL, "recall", empty_shape)                                                                           \
    X(COMMAND_ALLOCATE, "allocation", allocation_shape)                                                                \
    X(COMMAND_INVOICED_PUT, "invoiced", invoiced_shape)                                                                \
    X(COMMAND_RECLAIM, "reclaim", empty_shape)                                                                         \
    X(COMMAND_WITHDRAW, "withdraw", withdraw_shape)                                                                    \
    X(COMMAND_CODE, "code", code_shape)                                                                                \
    X(COMMAND_RESEND, "resend", empty_shape)                                                                           \
    X(COMMAND_CANCEL, "cancel", empty_shape)                                                                           \
    X(COMMAND_REVIEW, "review", review_shape)                                                                          \
    X(COMMAND_DOCUMENT, "document", document_shape)                                                                    \
    X(COMMAND_TICKET, "case", ticket_shape)                                                                            \
    X(COMMAND_RESOLVE, "resolve", evidence_shape)                                                                      \
    X(COMMAND_QUARANTINE, "quarantine", empty_shape)                                                                   \
    X(COMMAND_STATEMENT, "statement", statement_shape)                                                                 \
    X(COMMAND_BREAK_SETTLE, "break_settle", break_settle_shape)                                                        \
    X(COMMAND_RELEASE, "release", release_shape)                                                                       \
    X(COMMAND_STRAY_NAME, "stray_name", stray_name_shape)                                                              \
    X(COMMAND_STRAY_SETTLE, "stray_settle", stray_settle_shape)                                                        \
    X(COMMAND_USER, "user", empty_shape)                                                                               \
    X(COMMAND_SESSION, "session", empty_shape)                                                                         \
    X(COMMAND_WEBHOOK_MAKE, "webhook", webhook_shape)                                                                  \
    X(COMMAND_WEBHOOK_CHANGE, "webhook_change", webhook_shape)                                                         \
    X(COMMAND_WEBHOOK_DELETE, "webhook_delete", empty_shape)                                                           \
    X(COMMAND_WEBHOOK_ROTATE, "webhook_rotate", rotate_shape)                                                          \
    X(COMMAND_WEBHOOK_TEST, "webhook_test", empty_shape)                                                               \
    X(COMMAND_WEBHOOK_REPLAY, "webhook_replay", replay_shape)                                                          \
    X(COMMAND_DELIVERY_REPLAY, "delivery_replay", empty_shape)                                                         \
    X(COMMAND_MESSAGES, "messages", empty_shape)                                                                       \
    X(COMMAND_DELIVERIES, "deliveries", empty_shape)                                                                   \
    X(COMMAND_EVIDENCE, "evidence", empty_shape)                                                                       \
    X(COMMAND_TICK, "tick", empty_shape)
enum command_kind {
#define COMMAND_CONSTANT(constant, name, shape) constant,
    COMMANDS(COMMAND_CONSTANT)
#undef COMMAND_CONSTANT
        COMMAND__COUNT
};
extern const struct words command_words; /* index = kind; here entry 0 is real */
/* The shape of its ask. */
const struct shape *command_shape(enum command_kind kind);

enum role {
    ROLE_FACTS = 1,      /* billing facts in */
    ROLE_CUSTOMER = 2,   /* one account (and its members): quote, withdraw, code, cancel */
    ROLE_REVIEW = 4,     /* look at applications and send them back */
    ROLE_READ = 8,       /* see every account */
    ROLE_SYSTEM = 16,    /* timers, channels and the door itself; never given to anybody */
    ROLE_DEMO = 32,      /* demo switches */
    ROLE_ADMIN = 64,     /* people, keys, policies */
    ROLE_WITHDRAW = 128, /* withdraw for any account (the operator's own front end) */
    ROLE_APPROVE = 256,  /* approve applications */
    ROLE_RESOLVE = 512,  /* say what became of payments: unknown ones, strays, a quarantine */
    ROLE_AUDIT = 1024,   /* see who did what */
    ROLE__ALL = 2047     /* of them, for the table of roles (engine/role.h) */
};

struct reply {
    int status;       /* HTTP status */
    const char *body; /* JSON or problem+json; malloc'ed, owned by whoever got the reply. NULL: a fault (429, 503)
                         for whose body there was no memory */
    size_t body_bytes;
    char location[96]; /* "" when there is none */
    int64_t version;   /* withdrawals: the ETag; 0 otherwise */
    bool replayed;
    bool problem;
};
void reply_fini(struct reply *reply);

struct command {
    enum command_kind kind;
    char principal[PRINCIPAL_BYTES];
    unsigned roles;
    char own_account[REF_BYTES]; /* ROLE_CUSTOMER: the account it is bound to; "" otherwise */
    char account[REF_BYTES];     /* from the path or the body; "" when it follows from the object */
    char object[REF_BYTES];      /* ref of the charge, claim, resource, top-up, transfer or allocation in the path */
    int64_t object_id;           /* withdrawal in the path, tick or evidence */
    char idempotency_key[256];   /* "" when none was given */
    uint8_t fingerprint[HASH_SHORT_BYTES]; /* of method, path and body */
    bool dry_run;
    _Atomic bool *held_up; /* set by the first of an ordered series that was answered 503: nothing of it is decided
                              from there on. NULL: the order is nobody's concern */
    bool quiet;            /* nobody reads the body of the answer: there may be none */
    bool any_version;      /* no If-Match is needed (CLI, tests) */
    int64_t if_match;      /* review: version that the reviewer saw */
    const void *ask;       /* of the kind's shape; NULL for empty_shape (COMMAND_QUARANTINE: quarantine_ask,
                            COMMAND_SESSION: session_ask, COMMAND_DELIVERIES: deliveries_ask) */
    struct channel_answer answer;     /* COMMAND_EVIDENCE */
    char channel[CHANNEL_NAME_BYTES]; /* COMMAND_EVIDENCE */
    enum evidence_source source;      /* COMMAND_EVIDENCE */
    char request_id[33];

    void (*done)(struct command *command, struct reply *reply); /* on the engine's thread, after the commit */
    void *context;
    bool patient;      /* waits its turn however long the queue is: the house's own, and lines of a batch */
    int64_t queued_us; /* the queue's */
    struct command *next;
};

#endif
