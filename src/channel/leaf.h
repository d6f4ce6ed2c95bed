/* SPDX-License-Identifier: Apache-2.0 */
/* What the channels with an address share: the stored form of a request, tables of codes, and how an answer is filled.
 *
 * A stored request is text: the verb and place on the first line, an empty line, and the body exactly as it is sent.
 * What cannot be asked of the channel is stored as a refusal, "REFUSED code" and the reason; it is never sent, so that
 * a leg that holds one is proven not paid. What a signature needs of the moment (time, nonce) is added when it is sent
 * and is no part of the order.
 *
 * A table of codes says for each code that a channel may answer what it proves and, apart from that, whether asking
 * again can help and whether it is an alarm; what stands in no table proves nothing. This module knows no channel. */
#ifndef EBB_CHANNEL_LEAF_H
#define EBB_CHANNEL_LEAF_H

#include "channel/channel.h"
#include "channel/https.h"

#include <jansson.h>

/* ---- codes ---- */

enum code_fact {
    CODE_UNKNOWN, /* it may have happened */
    CODE_DID,
    CODE_DID_NOT,
    CODE_PENDING, /* taken over, not final */
    CODE_RETURNED,
    CODE_ARRIVED, /* at the payee's bank */
    CODE_FACT__COUNT
};
enum code_again {
    AGAIN_ASK,   /* query first */
    AGAIN_SAME,  /* the same bytes under the same key, later; the money stays on hold */
    AGAIN_NEVER, /* this order will not be carried out */
    CODE_AGAIN__COUNT
};
struct channel_code {
    const char *where; /* the operation whose answer it is, or "status" */
    const char *code;
    enum code_fact fact;
    enum code_again again;
    bool first_only; /* after a resend the cause may be our own first send: then it proves nothing */
    enum channel_alarm alarm;
    const char *source;
};
struct channel_codes {
    const struct channel_code *items;
    size_t count;
};
/* NULL: it stands on no list. */
const struct channel_code *channel_code_find(const struct channel_codes *codes, const char *where, const char *code);
enum evidence_kind channel_code_evidence(const struct channel_code *code, bool first);
extern const struct words code_fact_words, code_again_words, channel_alarm_words;

/* ---- stored requests ---- */

#define LEAF_VERB_BYTES 8
#define LEAF_REQUEST_BYTES_MAX 16384
struct leaf_request {
    char verb[LEAF_VERB_BYTES], place[HTTPS_URL_BYTES];
    const char *body; /* within the stored text */
};
/* In the arena; NULL when it is exhausted. */
char *leaf_request_write(struct arena *arena, const char *verb, const char *place, const char *body);
char *leaf_refusal_write(struct arena *arena, const char *code, const char *reason);
MUST_USE bool leaf_request_read(const char *stored, struct leaf_request *ret);
/* Is it one that is never sent? Then the answer says why. */
MUST_USE bool leaf_refused(const struct leaf_request *request, struct channel_answer *answer);

/* ---- answers ---- */

/* Empty, and proving nothing. */
void leaf_answer_start(struct channel_answer *ret, const char *key);
void leaf_answer_say(struct channel_answer *answer, enum evidence_kind kind, const char *code, const char *detail);
/* Whatever it says, who says it does not know: it proves nothing, and is no alarm. */
void leaf_answer_doubt(struct channel_answer *answer);
/* What a code proves; unlisted ones keep their name, unless it is a word of the house, and prove nothing. */
void leaf_answer_code(struct channel_answer *answer, const struct channel_codes *codes, const char *where,
                      const char *code, bool first, const char *detail);
/* True: there is a whole answer to read. False: `answer` says what is known without one. */
MUST_USE bool leaf_answered(const struct https_reply *reply, bool first, struct channel_answer *answer);

/* ---- notifications ---- */

/* A key of our form. Others use the same merchant's account, and number their payments in their own way: what is told
 * of those is acknowledged and does nothing. */
MUST_USE bool leaf_key_is_ours(const char *key);

/* ---- JSON of others: unknown members are theirs to add; NULL or false when absent or of another type ---- */

MUST_USE json_t *leaf_json(const char *text, size_t size);
const char *leaf_json_text(const json_t *object, const char *key);
MUST_USE bool leaf_json_integer(const json_t *object, const char *key, int64_t *ret);

#endif
