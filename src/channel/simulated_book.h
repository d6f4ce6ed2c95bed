/* SPDX-License-Identifier: Apache-2.0 */
/* The book of the simulated payers: what they know, in an SQLite file of their own.
 *
 * One connection serves all channels of one file, because two connections that write and checkpoint one WAL are not
 * safe with every SQLite in use; so it is looked up by path and counted. Everything happens between begin and commit
 * (or rollback), which also hold the book's lock. A commit is durable when it returns. The book knows no outcome's
 * meaning. */
#ifndef EBB_CHANNEL_SIMULATED_BOOK_H
#define EBB_CHANNEL_SIMULATED_BOOK_H

#include "base/hash.h"
#include "domain/rows.h"

#define OUTCOME_BYTES 97

enum payment_state { PAYMENT_LOST, PAYMENT_PROCESSING, PAYMENT_PAID, PAYMENT_REFUSED, PAYMENT_RETURNED };

/* What one channel knows of one key. */
struct payment {
    int64_t number; /* the channel's own; 0 until stored */
    char channel[CHANNEL_NAME_BYTES];
    char key[CHANNEL_KEY_BYTES];
    uint8_t digest[HASH_SHORT_BYTES]; /* of the request's bytes */
    char outcome[OUTCOME_BYTES];      /* the word of the script */
    enum payment_state state;
    struct money amount; /* asked for or, once paid, really paid each time */
    char currency[CURRENCY_BYTES];
    int64_t paid_times, queries;
    struct instant sent_at, paid_at;
};

/* News that a channel still owes to whom it serves. */
struct callback {
    int64_t id;
    char key[CHANNEL_KEY_BYTES];
    bool returned; /* otherwise paid */
    struct instant due_at;
};

struct simulated_book;
MUST_USE enum err simulated_book_open(const char *path, struct simulated_book **ret, char ret_reason[256]);
void simulated_book_close(struct simulated_book **book);

MUST_USE enum err simulated_book_begin(struct simulated_book *book);
MUST_USE enum err simulated_book_commit(struct simulated_book *book);
void simulated_book_rollback(struct simulated_book *book);

/* `ret_found` false: `ret` is untouched. */
MUST_USE enum err simulated_book_find(struct simulated_book *book, const char *channel, const char *key,
                                      struct payment *ret, bool *ret_found);
MUST_USE enum err simulated_book_insert(struct simulated_book *book, struct payment *payment); /* sets its number */
MUST_USE enum err simulated_book_update(struct simulated_book *book, const struct payment *payment);
/* key NULL: all keys. */
MUST_USE enum err simulated_book_totals(struct simulated_book *book, const char *channel, const char *key,
                                        int64_t *ret_amount, int64_t *ret_times);

MUST_USE enum err simulated_book_script_add(struct simulated_book *book, const char *outcome);
MUST_USE enum err simulated_book_script_length(struct simulated_book *book, int64_t *ret);
/* Takes the oldest word; "" when there is none. */
MUST_USE enum err simulated_book_script_take(struct simulated_book *book, char ret[OUTCOME_BYTES]);

MUST_USE enum err simulated_book_callback_add(struct simulated_book *book, const char *channel,
                                              const struct callback *callback);
/* The first that is due at `now` (any, when `now` is none). */
MUST_USE enum err simulated_book_callback_first(struct simulated_book *book, const char *channel, struct instant now,
                                                struct callback *ret, bool *ret_found);
MUST_USE enum err simulated_book_callback_drop(struct simulated_book *book, int64_t id);

#endif
