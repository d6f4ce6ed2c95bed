/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/machine.h"

#define WORD_TEXT(constant, text) text,
#define DEFINE_WORDS(type, LIST)                                                                                       \
    static const char *const type##_texts[] = {"none", LIST(WORD_TEXT)};                                               \
    const struct words type##_words = {#type, type##_texts, ARRAY_COUNT(type##_texts)};
DEFINE_WORDS(withdrawal_event, WITHDRAWAL_EVENT_WORDS)
DEFINE_WORDS(leg_event, LEG_EVENT_WORDS)
DEFINE_WORDS(attempt_event, ATTEMPT_EVENT_WORDS)

/* The moves themselves, with their diagrams, stand in machines.def. */
static const struct transition withdrawal_transitions[] = {
#define WITHDRAWAL_MOVE(from, event, to, money) {WITHDRAWAL_##from, WITHDRAWAL_##event, WITHDRAWAL_##to, MOVE_##money},
#include "domain/machines.def"
};
static const struct transition leg_transitions[] = {
#define LEG_MOVE(from, event, to, money) {LEG_##from, LEG_##event, LEG_##to, MOVE_##money},
#include "domain/machines.def"
};
static const struct transition attempt_transitions[] = {
#define ATTEMPT_MOVE(from, event, to, money) {ATTEMPT_##from, ATTEMPT_##event, ATTEMPT_##to, MOVE_##money},
#include "domain/machines.def"
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
