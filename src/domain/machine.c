/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/machine.h"

#define WORD_TEXT(constant, text) text,
#define DEFINE_WORDS(type, LIST)                                                                                       \
    static const char *const type##_texts[] = {"none", LIST(WORD_TEXT)};                                               \
    const struct words type##_words = {#type, type##_texts, ARRAY_COUNT(type##_texts)};
DEFINE_WORDS(withdrawal_event, WITHDRAWAL_EVENT_WORDS)
DEFINE_WORDS(leg_event, LEG_EVENT_WORDS)
DEFINE_WORDS(attempt_event, ATTEMPT_EVENT_WORDS)

/*  (made) → awaiting_code ─┬→ in_review ⇄ need_documents ─┬→ rejected
 *                          │      │                       └→ cancelled
 *                          │      ↓
 *                          ├→ approved → dispatching ─┬→ successful ────────┐
 *                          │      │  └→ cancelled     ├→ partly_successful ─┴→ returned
 *                          │      └→ failed           └→ failed
 *                          └→ cancelled | expired
 * approved → failed: every window closed before the first send; approved → cancelled: by the customer, or no longer
 * covered. */
static const struct transition withdrawal_transitions[] = {
    {WITHDRAWAL_NONE, WITHDRAWAL_MADE, WITHDRAWAL_AWAITING_CODE, MOVE_NONE},
    {WITHDRAWAL_AWAITING_CODE, WITHDRAWAL_CONFIRMED, WITHDRAWAL_APPROVED, MOVE_FREEZE},
    {WITHDRAWAL_AWAITING_CODE, WITHDRAWAL_CONFIRMED_FOR_REVIEW, WITHDRAWAL_IN_REVIEW, MOVE_FREEZE},
    {WITHDRAWAL_AWAITING_CODE, WITHDRAWAL_CODE_EXPIRED, WITHDRAWAL_EXPIRED, MOVE_NONE},
    {WITHDRAWAL_AWAITING_CODE, WITHDRAWAL_WITHDRAWN, WITHDRAWAL_CANCELLED, MOVE_NONE},
    {WITHDRAWAL_AWAITING_CODE, WITHDRAWAL_NOT_COVERED, WITHDRAWAL_CANCELLED, MOVE_NONE},
    {WITHDRAWAL_IN_REVIEW, WITHDRAWAL_ACCEPT, WITHDRAWAL_APPROVED, MOVE_NONE},
    {WITHDRAWAL_IN_REVIEW, WITHDRAWAL_REFUSE, WITHDRAWAL_REJECTED, MOVE_RELEASE},
    {WITHDRAWAL_IN_REVIEW, WITHDRAWAL_ASK_DOCUMENTS, WITHDRAWAL_NEED_DOCUMENTS, MOVE_NONE},
    {WITHDRAWAL_IN_REVIEW, WITHDRAWAL_WITHDRAWN, WITHDRAWAL_CANCELLED, MOVE_RELEASE},
    {WITHDRAWAL_NEED_DOCUMENTS, WITHDRAWAL_DOCUMENTED, WITHDRAWAL_IN_REVIEW, MOVE_NONE},
    {WITHDRAWAL_NEED_DOCUMENTS, WITHDRAWAL_REFUSE, WITHDRAWAL_REJECTED, MOVE_RELEASE},
    {WITHDRAWAL_NEED_DOCUMENTS, WITHDRAWAL_WITHDRAWN, WITHDRAWAL_CANCELLED, MOVE_RELEASE},
    {WITHDRAWAL_APPROVED, WITHDRAWAL_DISPATCH, WITHDRAWAL_DISPATCHING, MOVE_NONE},
    {WITHDRAWAL_APPROVED, WITHDRAWAL_WITHDRAWN, WITHDRAWAL_CANCELLED, MOVE_RELEASE},
    {WITHDRAWAL_APPROVED, WITHDRAWAL_NOT_COVERED, WITHDRAWAL_CANCELLED, MOVE_RELEASE},
    {WITHDRAWAL_APPROVED, WITHDRAWAL_NONE_PAID, WITHDRAWAL_FAILED, MOVE_NONE},
    {WITHDRAWAL_DISPATCHING, WITHDRAWAL_ALL_PAID, WITHDRAWAL_SUCCESSFUL, MOVE_NONE},
    {WITHDRAWAL_DISPATCHING, WITHDRAWAL_SOME_PAID, WITHDRAWAL_PARTLY_SUCCESSFUL, MOVE_NONE},
    {WITHDRAWAL_DISPATCHING, WITHDRAWAL_NONE_PAID, WITHDRAWAL_FAILED, MOVE_NONE},
    {WITHDRAWAL_DISPATCHING, WITHDRAWAL_ALL_RETURNED, WITHDRAWAL_RETURNED, MOVE_NONE},
    {WITHDRAWAL_SUCCESSFUL, WITHDRAWAL_ALL_RETURNED, WITHDRAWAL_RETURNED, MOVE_NONE},
    {WITHDRAWAL_PARTLY_SUCCESSFUL, WITHDRAWAL_ALL_RETURNED, WITHDRAWAL_RETURNED, MOVE_NONE},
};

/*  (plan) → planned → held ─┬→ sending ─┬→ accepted ─┐
 *                           │     ⇅     ├→ unknown ──┼→ manual
 *                           │           │            │
 *                           │           └────────────┴→ successful → returned | failed
 *                           ├→ released   (cancelled, rejected)
 *                           └→ rerouted   (its window closed; nothing was sent) */
static const struct transition leg_transitions[] = {
    {LEG_NONE, LEG_PLAN, LEG_PLANNED, MOVE_NONE},
    {LEG_PLANNED, LEG_FREEZE, LEG_HELD, MOVE_FREEZE},
    {LEG_HELD, LEG_SEND, LEG_SENDING, MOVE_NONE},
    {LEG_HELD, LEG_LET_GO, LEG_RELEASED, MOVE_RELEASE},
    {LEG_HELD, LEG_WINDOW_CLOSED, LEG_REROUTED, MOVE_RELEASE},
    {LEG_SENDING, LEG_ACCEPT, LEG_ACCEPTED, MOVE_NONE},
    {LEG_SENDING, LEG_LOSE_SIGHT, LEG_UNKNOWN, MOVE_NONE},
    {LEG_SENDING, LEG_PAID, LEG_SUCCESSFUL, MOVE_SETTLE},
    {LEG_SENDING, LEG_NOT_PAID, LEG_FAILED, MOVE_RELEASE},
    {LEG_ACCEPTED, LEG_PAID, LEG_SUCCESSFUL, MOVE_SETTLE},
    {LEG_ACCEPTED, LEG_NOT_PAID, LEG_FAILED, MOVE_RELEASE},
    {LEG_ACCEPTED, LEG_AGE, LEG_MANUAL, MOVE_NONE},
    {LEG_UNKNOWN, LEG_SEND, LEG_SENDING, MOVE_NONE},
    {LEG_UNKNOWN, LEG_ACCEPT, LEG_ACCEPTED, MOVE_NONE},
    {LEG_UNKNOWN, LEG_AGE, LEG_MANUAL, MOVE_NONE},
    {LEG_UNKNOWN, LEG_PAID, LEG_SUCCESSFUL, MOVE_SETTLE},
    {LEG_UNKNOWN, LEG_NOT_PAID, LEG_FAILED, MOVE_RELEASE},
    {LEG_MANUAL, LEG_PAID, LEG_SUCCESSFUL, MOVE_SETTLE},
    {LEG_MANUAL, LEG_NOT_PAID, LEG_FAILED, MOVE_RELEASE},
    {LEG_SUCCESSFUL, LEG_BOUNCE, LEG_RETURNED, MOVE_RETURN},
};

/*  (begin) → intent ⇄ unknown → paid → returned | refused      unknown → intent: the same bytes under the same key. */
static const struct transition attempt_transitions[] = {
    {ATTEMPT_NONE, ATTEMPT_BEGIN, ATTEMPT_INTENT, MOVE_NONE},
    {ATTEMPT_INTENT, ATTEMPT_LOSE_SIGHT, ATTEMPT_UNKNOWN, MOVE_NONE},
    {ATTEMPT_INTENT, ATTEMPT_PROVEN_PAID, ATTEMPT_PAID, MOVE_NONE},
    {ATTEMPT_INTENT, ATTEMPT_PROVEN_NOT_PAID, ATTEMPT_REFUSED, MOVE_NONE},
    {ATTEMPT_UNKNOWN, ATTEMPT_RESEND, ATTEMPT_INTENT, MOVE_NONE},
    {ATTEMPT_UNKNOWN, ATTEMPT_PROVEN_PAID, ATTEMPT_PAID, MOVE_NONE},
    {ATTEMPT_UNKNOWN, ATTEMPT_PROVEN_NOT_PAID, ATTEMPT_REFUSED, MOVE_NONE},
    {ATTEMPT_PAID, ATTEMPT_BOUNCE, ATTEMPT_RETURNED, MOVE_NONE},
};

#define MACHINE(noun)                                                                                                  \
    const struct machine noun##_machine = {#noun, &noun##_status_words, &noun##_event_words, noun##_transitions,       \
                                           ARRAY_COUNT(noun##_transitions)};
MACHINE(withdrawal)
MACHINE(leg)
MACHINE(attempt)

const struct transition *machine_find(const struct machine *machine, int from, int event)
{
    for (size_t i = 0; i < machine->count; i++)
        if (machine->transitions[i].from == from && machine->transitions[i].event == event)
            return &machine->transitions[i];
    return NULL;
}

bool withdrawal_status_final(enum withdrawal_status status)
{
    for (size_t i = 0; i < ARRAY_COUNT(withdrawal_transitions); i++)
        if (withdrawal_transitions[i].from == (int)status && withdrawal_transitions[i].event != WITHDRAWAL_ALL_RETURNED)
            return false;
    return true;
}

bool leg_status_final(enum leg_status status)
{
    for (size_t i = 0; i < ARRAY_COUNT(leg_transitions); i++)
        if (leg_transitions[i].from == (int)status && leg_transitions[i].event != LEG_BOUNCE)
            return false;
    return true;
}
