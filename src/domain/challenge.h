/* SPDX-License-Identifier: Apache-2.0 */
/* The one-time code of a withdrawal (docs/rules.md, READ-12).
 *
 * Six digits, five minutes, single use. The five tries are the withdrawal's: a code that is sent again brings no new
 * ones, or guessing would go on as long as codes are sent. Only a keyed hash is stored, over the code and what it was
 * sent for (withdrawal, account, amount, destination): the same digits confirm nothing else. Compared in constant time.
 */
#ifndef EBB_DOMAIN_CHALLENGE_H
#define EBB_DOMAIN_CHALLENGE_H

#include "domain/decide.h"

enum challenge_answer { CHALLENGE_RIGHT, CHALLENGE_WRONG, CHALLENGE_EXPIRED };

/* Draws a code, stores its hash in the row and puts the message into the outbox. */
void challenge_send(struct deciding *d, struct withdrawal *withdrawal, const struct account *account,
                    const char *recipient, const char *payee);
/* A wrong answer uses up a try; a right one uses up the code. An expired one changes nothing. */
enum challenge_answer challenge_answer(struct deciding *d, struct withdrawal *withdrawal, const char *code);

/* What a code is bound to: account, amount, route and destination. */
void challenge_bind(const struct withdrawal *withdrawal, uint8_t ret[HASH_SHORT_BYTES]);

#endif
