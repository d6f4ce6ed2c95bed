/* SPDX-License-Identifier: Apache-2.0 */
/* The server's door over the stage: whole HTTP requests against the real server, engine and books, through the library
 * that mhd.h plays. Four withdrawals stand in the books, each in another state, and every request finds them so. What
 * is true of every answer is checked here. */
#ifndef EBB_TESTS_FUZZ_COUNTER_H
#define EBB_TESTS_FUZZ_COUNTER_H

#include "mhd.h"
#include "stage.h"

enum { COUNTER_AWAITING_CODE, COUNTER_IN_REVIEW, COUNTER_SUCCESSFUL, COUNTER_MANUAL, COUNTER_WITHDRAWALS };

struct counter {
    char ids[COUNTER_WITHDRAWALS][ID_TEXT_BYTES];
    int64_t versions[COUNTER_WITHDRAWALS];
    char code[16];               /* of the first */
    char key[CHANNEL_KEY_BYTES]; /* of the last one's attempt */
};
extern struct counter counter;

/* Before every input: sets back what the last one changed. */
void counter_open(void);
/* Asks, and checks the answer by itself: its form, and that what refuses or only reads changes no byte. True when it
 * changed something. */
bool counter_ask(const struct mhd_request *request, struct mhd_answer *ret);

#endif
