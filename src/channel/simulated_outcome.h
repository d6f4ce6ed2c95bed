/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the simulated payers' script, and what each of them means, as one table. simulated.h says it in words.
 */
#ifndef EBB_CHANNEL_SIMULATED_OUTCOME_H
#define EBB_CHANNEL_SIMULATED_OUTCOME_H

#include "channel/channel.h"
#include "channel/simulated_book.h"

enum outcome {
    OUTCOME_PAID,
    OUTCOME_PENDING_THEN_PAID,
    OUTCOME_REFUSED,
    OUTCOME_TIMEOUT_PAID,
    OUTCOME_TIMEOUT_UNPAID,
    OUTCOME_BOUNCE_AFTER,
    OUTCOME_DUPLICATE_CALLBACK,
    OUTCOME_REORDERED_CALLBACK,
    OUTCOME_PAYS_OTHER_AMOUNT,
    OUTCOME_PAYS_TWICE_KEY,
    OUTCOME_NOT_FOUND_THEN_PAID,
    OUTCOME_ERROR_500,
    OUTCOME_BAD_SIGNATURE,
    OUTCOME_UNLISTED_CODE,
    OUTCOME_NOT_SENT,
    OUTCOME_DENIED,
    OUTCOME__COUNT
};

/* What a first send does to the book, and what it answers. */
struct behaviour {
    const char *word;
    bool argument; /* the word goes on with ":…" */
    enum payment_state state;
    enum evidence_kind kind;
    const char *code; /* NULL: the argument */
    int callbacks;    /* "paid", how many */
    int64_t callbacks_after_ms;
    bool pauses; /* the reply is late, or never comes */
    enum channel_alarm alarm;
};
extern const struct behaviour simulated_behaviours[OUTCOME__COUNT];

/* The outcome of a word, and where its argument begins ("" without). False leaves both untouched. */
MUST_USE bool simulated_outcome_parse(const char *word, enum outcome *ret, const char **ret_argument);
/* "72h" → ms: whole minutes (m), hours (h) or days (d), up to a year. */
MUST_USE bool simulated_outcome_delay(const char *text, int64_t *ret_ms);
/* A word with a good argument. */
MUST_USE bool simulated_outcome_ok(const char *word);

#endif
