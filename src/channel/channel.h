/* SPDX-License-Identifier: Apache-2.0 */
/* A channel: whoever moves the money outside. Alipay, a bank's file, or the simulated one.
 *
 * The engine never calls a channel inside a transaction. First an attempt is committed with its key and exact request
 * bytes; then `send` is called with those bytes; what comes back is *evidence*, and only evidence ends a leg:
 *   paid      a verified terminal success for our key, with amount and currency
 *   not_paid  a listed terminal failure for that key, or an order that is never sent at all
 *   accepted  taken over, not final (the hold stays, queries follow)
 *   nothing   everything else: time-out, 5xx, bad signature, unlisted code, "not found"
 *   returned  paid before, came back (bounce)
 *   arrived   the payee's bank confirmed arrival (JD-11): a fact of its own, it ends nothing
 * A channel knows nothing of accounts, holds or withdrawals. Its functions may block for `timeout_ms`; they are called
 * from payout threads only. */
#ifndef EBB_CHANNEL_CHANNEL_H
#define EBB_CHANNEL_CHANNEL_H

#include "base/arena.h"
#include "domain/rows.h"

struct channel_capability {
    bool refund, transfer, query, callbacks;
    int64_t refunds_per_topup_max; /* 0: no limit */
    int64_t spacing_ms;            /* between two refunds of one top-up */
    int64_t dedupe_ms;             /* after that a key may pay again: query or a person, never resend; 0: unbounded */
    int64_t query_days;            /* after that a query proves nothing; 0: unbounded */
    int64_t bounce_days;           /* a payment that was made may come back for so long without a word; 0: it tells */
    int64_t window_days;           /* how long after payment a refund is taken; 0: unbounded */
    int64_t timeout_ms;
};

/* What is paid, before it becomes bytes. */
struct channel_order {
    const char *key; /* our reference, ≤ 32 alphanumerics */
    bool refund;     /* to the source of channel_ref; otherwise a transfer to the destination */
    const char *channel_ref;
    struct money amount, topup_amount;
    const char *currency;
    const char *destination; /* JSON, transfers */
    struct instant at;       /* when the customer confirmed: the same order is the same bytes whenever it is built */
};

/* What an answer says of the house and not of the payment. */
enum channel_alarm {
    ALARM_NONE,
    ALARM_TELL, /* their books, or their reading of our order, differ from ours: somebody looks */
    ALARM_HALT, /* our side is wrong (key, permission, balance): the next payment would fare the same */
    CHANNEL_ALARM__COUNT
};

struct channel_answer {
    enum evidence_kind kind;
    enum channel_alarm alarm;
    char key[CHANNEL_KEY_BYTES];
    char code[FAILURE_CODE_BYTES];
    char detail[201];
    char reference[REF_BYTES];
    struct money amount;
    char currency[CURRENCY_BYTES];
};

/* What a channel sent by itself: the raw body, the headers by name, and when it came in. */
struct channel_notice {
    const char *body;
    size_t size;
    const char *(*header)(void *headers, const char *name); /* NULL when absent */
    void *headers;
    struct instant now;
};
enum channel_heard {
    HEARD_REFUSED, /* not proven to come from the channel, or unreadable: no effect */
    HEARD_NEWS,    /* verified: the answer is evidence */
    HEARD_NOTHING, /* verified, and about nothing of ours: to be acknowledged all the same */
};

struct channel;
struct channel_operations {
    /* Pure: the exact bytes to store and send (NUL-terminated text), or NULL when the arena is exhausted. What cannot
     * be asked of this channel is a text, too, that `send` does not send and answers not_paid. */
    char *(*build)(const struct channel *channel, const struct channel_order *order, struct arena *arena);
    /* `first`: the first send of this key. A fault of the network is an answer of kind nothing; its code is
     * CODE_NOT_SENT when it is certain that no byte left: then the payment may still be made, and waits. */
    void (*send)(struct channel *channel, const char *key, const char *request, bool first, struct instant now,
                 struct channel_answer *ret);
    /* `request`: what was stored to be sent; some channels find a payment only by what it was made for. */
    void (*query)(struct channel *channel, const char *key, const char *request, struct instant now,
                  struct channel_answer *ret);
    /* The next callback that is due at `now`; false when there is none. Asking again says that the last one was dealt
     * with for good. By one thread at a time. Simulated channels only; NULL otherwise. */
    bool (*poll)(struct channel *channel, struct instant now, struct channel_answer *ret);
    /* When the next callback will be due; none when nothing is pending. */
    struct instant (*next)(struct channel *channel);
    /* A notification that came in over HTTP: verified and read, or refused with a reason for the log. It does not
     * block. NULL: this channel sends none. */
    enum channel_heard (*notify)(struct channel *channel, const struct channel_notice *notice,
                                 struct channel_answer *ret, char ret_reason[201]);
    const char *taken, *taken_type; /* the body and media type that tell the channel that its notification was taken */
    void (*close)(struct channel *channel);
};

struct channel {
    char name[CHANNEL_NAME_BYTES];
    struct channel_capability capability;
    const struct channel_operations *operations;
    /* payout/ halts a channel that said ALARM_HALT: until then nothing is begun or sent. 0: it takes orders. */
    _Atomic int64_t halted_until_ms;
    int64_t halts; /* in a row */
};

#define CHANNELS_MAX 16
struct channels {
    struct channel *items[CHANNELS_MAX];
    size_t count;
};
/* NULL when there is none of that name. */
struct channel *channels_find(const struct channels *channels, const char *name);

#endif
