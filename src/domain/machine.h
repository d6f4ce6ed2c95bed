/* SPDX-License-Identifier: Apache-2.0 */
/* The three state machines, one table each: state, event, next state, and the ledger move that goes with it.
 *
 * Everything that moves a withdrawal, a leg or an attempt asks these tables; a pair that is not in a table is a bug of
 * the caller (INVARIANT 20–22). The tables are plain data (machines.def), so that the tests walk all pairs and the
 * model that Spin searches is made of the same lines. The ledger move is a promise that the caller keeps in the same
 * decision. */
#ifndef EBB_DOMAIN_MACHINE_H
#define EBB_DOMAIN_MACHINE_H

#include "domain/words.h"

/* clang-format off */
#define WITHDRAWAL_EVENT_WORDS(X)                                                                                      \
    X(WITHDRAWAL_MADE, "made")                                                                                         \
    X(WITHDRAWAL_CONFIRMED, "confirmed") X(WITHDRAWAL_CONFIRMED_FOR_REVIEW, "confirmed_for_review")                    \
        X(WITHDRAWAL_CODE_EXPIRED, "code_expired") X(WITHDRAWAL_WITHDRAWN, "cancel")                                   \
            X(WITHDRAWAL_NOT_COVERED, "not_covered") X(WITHDRAWAL_ACCEPT, "approve") X(WITHDRAWAL_REFUSE, "reject")    \
                X(WITHDRAWAL_ASK_DOCUMENTS, "ask_documents") X(WITHDRAWAL_DOUBT, "doubt")                              \
                    X(WITHDRAWAL_DOCUMENTED, "documented") X(WITHDRAWAL_DISPATCH, "dispatch")                          \
                        X(WITHDRAWAL_ALL_PAID, "all_paid") X(WITHDRAWAL_SOME_PAID, "some_paid")                        \
                            X(WITHDRAWAL_NONE_PAID, "none_paid") X(WITHDRAWAL_ALL_RETURNED, "all_returned")
#define LEG_EVENT_WORDS(X)                                                                                             \
    X(LEG_PLAN, "plan")                                                                                                \
    X(LEG_FREEZE, "freeze") X(LEG_SEND, "send") X(LEG_ACCEPT, "accept") X(LEG_LOSE_SIGHT, "lose_sight")                \
        X(LEG_AGE, "age") X(LEG_PAID, "paid") X(LEG_NOT_PAID, "not_paid") X(LEG_BOUNCE, "bounce")                      \
            X(LEG_LET_GO, "release") X(LEG_WINDOW_CLOSED, "window_closed")
#define ATTEMPT_EVENT_WORDS(X)                                                                                         \
    X(ATTEMPT_BEGIN, "begin")                                                                                          \
    X(ATTEMPT_LOSE_SIGHT, "lose_sight") X(ATTEMPT_RESEND, "resend") X(ATTEMPT_PROVEN_PAID, "paid")                     \
        X(ATTEMPT_PROVEN_NOT_PAID, "not_paid") X(ATTEMPT_BOUNCE, "bounce")
/* clang-format on */

DECLARE_WORDS(withdrawal_event, WITHDRAWAL_EVENT, WITHDRAWAL_EVENT_WORDS)
DECLARE_WORDS(leg_event, LEG_EVENT, LEG_EVENT_WORDS)
DECLARE_WORDS(attempt_event, ATTEMPT_EVENT, ATTEMPT_EVENT_WORDS)

enum ledger_move { MOVE_NONE = 0, MOVE_FREEZE, MOVE_SETTLE, MOVE_RELEASE, MOVE_RETURN };

struct transition {
    int from, event, to;
    enum ledger_move move;
};
struct machine {
    const char *name;
    const struct words *states, *events;
    const struct transition *transitions;
    size_t count;
};
extern const struct machine withdrawal_machine, leg_machine, attempt_machine;

/* NULL when the pair is not legal. */
const struct transition *machine_find(const struct machine *machine, int from, int event);
/* No event leads out of it, save a return. */
bool withdrawal_status_final(enum withdrawal_status status);
bool leg_status_final(enum leg_status status);

#endif
