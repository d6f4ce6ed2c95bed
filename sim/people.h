/* SPDX-License-Identifier: Apache-2.0 */
/* The people of the town, as a random process: customers of five policies, the operator's billing system,
 * reviewers, and
 * somebody who asks for everything twice. They know only what they were answered. */
#ifndef EBB_SIM_PEOPLE_H
#define EBB_SIM_PEOPLE_H

#include "lies.h"
#include "town.h"

#define PEOPLE_ACCOUNTS 20
#define PEOPLE_MEMOS 48 /* the last accepted requests, to be asked again */
#define PEOPLE_TOLD 256

/* What must be reached by some history, or the simulation proves less than it says. X(CONSTANT, "text") */
/* clang-format off */
#define MARKS(X)                                                                                                       \
    X(MARK_SUCCESSFUL, "successful") X(MARK_PARTLY, "partly successful") X(MARK_FAILED, "failed")                      \
    X(MARK_RETURNED, "returned") X(MARK_REJECTED, "rejected") X(MARK_CANCELLED, "cancelled")                           \
    X(MARK_EXPIRED, "code expired") X(MARK_NOT_COVERED_AT_CODE, "not covered at code")                                 \
    X(MARK_NOT_COVERED_LATER, "not covered before the first send") X(MARK_REROUTED, "window closed, leg rerouted")     \
    X(MARK_DESIGNATED, "paid by the designated route") X(MARK_APPLICATION, "paid by the application route")            \
    X(MARK_TWO_APPROVALS, "approved by two people") X(MARK_DOCUMENTS, "documents asked for and brought")               \
    X(MARK_UNKNOWN_THEN_PAID, "unknown, then paid") X(MARK_RESENT, "same key resent") X(MARK_MANUAL, "aged to manual") \
    X(MARK_RESOLVED, "resolved by two people") X(MARK_ALARM, "unknown for 30 minutes: alarm")                          \
    X(MARK_SUSPENSE, "paid after release: suspense") X(MARK_CONTRADICTION, "contradiction: incident")                  \
    X(MARK_AMOUNT_DIFFERS, "another amount: incident") X(MARK_PAID_TWICE, "another payment: incident")                 \
    X(MARK_UNKNOWN_KEY, "a key that is not ours: incident") X(MARK_DUPLICATE, "duplicate evidence")                    \
    X(MARK_WITHHELD, "send withheld") X(MARK_REPLAY, "request replayed") X(MARK_OTHER_BODY, "same key, other body")    \
    X(MARK_WRONG_CODE, "wrong code") X(MARK_DEBT, "charge became a debt") X(MARK_CHARGEBACK, "chargeback incident")    \
    X(MARK_POWER_CUT, "power cut") X(MARK_CUT_IN_RECOVERY, "power cut during recovery") X(MARK_KILL, "process killed") \
    X(MARK_NO_START, "could not start for a disk error") X(MARK_UNKNOWN_COMMIT, "commit of unknown outcome")              \
    X(MARK_KEPT_UNACKED, "unanswered request was kept")                             \
    X(MARK_LOST_UNACKED, "unanswered request was lost") X(MARK_CLOCK_BACK, "clock set back")                           \
    X(MARK_CLOCK_FORWARD, "clock leapt forward") X(MARK_RESTARTED, "restarted in order") \
    X(MARK_RESTORED, "an old backup came back") X(MARK_QUARANTINED, "old books in quarantine") \
    X(MARK_RELEASED, "released by two people") X(MARK_STRAY_SETTLED, "lost payment settled by two people")
/* clang-format on */
enum mark {
#define MARK_CONSTANT(constant, text) constant,
    MARKS(MARK_CONSTANT)
#undef MARK_CONSTANT
        MARK__COUNT
};

struct person {
    char ref[24], name[48], identity[24], papers[2][ID_TEXT_BYTES];
    int64_t edge; /* the top-up whose window is about to close; 0: none */
    int policy;
    int64_t topups, facts;
};

/* Withdrawals that somebody may do something about. */
#define POOL_IDS 64
enum pool_kind { POOL_CODE, POOL_REVIEW, POOL_PAPER, POOL_APPROVED, POOL_ANY, POOL__COUNT };
struct pool {
    bool known;
    size_t count;
    int64_t ids[POOL_IDS];
};

/* A request as it went out, so that it can go out again. */
struct memo {
    enum command_kind kind;
    unsigned roles;
    char principal[32], account[24], object[24], key[24], json[640];
    bool with_json;
    int64_t object_id;
    int status;    /* 0: unanswered */
    uint64_t body; /* hash of the answer */
};

struct sim {
    struct town town;
    struct person people[PEOPLE_ACCOUNTS];
    struct memo memos[PEOPLE_MEMOS];
    size_t memos_count;
    bool telling; /* what billing tells is noted, to be told again */
    struct memo told[PEOPLE_TOLD];
    size_t told_count, told_again;
    struct memo flying[TOWN_BATCH_MAX]; /* in the batch that is being decided */
    size_t flying_count;
    struct asking *askings[TOWN_BATCH_MAX];
    struct pool pools[POOL__COUNT];
    int64_t keys;        /* given out */
    int64_t withdrawals; /* accepted */
    int64_t faults;      /* on the disk, in the process, of the clock and of channels */
    int64_t audit_acked; /* highest audit row that an answer stands for */
    uint64_t trace;      /* of everything that was answered */
    int64_t marks[MARK__COUNT];
    struct lies lies;
    bool no_timers; /* liveness: nobody starts anything new */
    char failure[512];
};

void people_settle(struct sim *sim);           /* accounts, first top-ups, documents */
void people_act(struct sim *sim, size_t most); /* one batch of what people want now */
void people_review_all(struct sim *sim);       /* whatever waits for a person is decided */
void people_resolve_manual(struct sim *sim, bool all);
void people_ask_again(struct sim *sim, const struct memo *memo, bool must_be_known);
void people_run(struct sim *sim); /* what stands in `flying` */
struct memo *people_want(struct sim *sim, enum command_kind kind, const char *principal, unsigned roles,
                         const char *account, const char *object, int64_t object_id, const char *json, ...)
    PRINTF_LIKE(8, 9);
uint32_t sim_below(struct sim *sim, uint32_t bound);
void sim_trace(struct sim *sim, const void *data, size_t size);
void sim_fail(struct sim *sim, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
