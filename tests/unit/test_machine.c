/* SPDX-License-Identifier: Apache-2.0 */
/* The three machines: every pair of state and event, and what the tables promise as a whole. */
#include "unit.h"

#include "domain/machine.h"

static const struct machine *const machines[] = {&withdrawal_machine, &leg_machine, &attempt_machine};

static void every_pair_is_legal_once_or_not_at_all(void **state)
{
    (void)state;
    for (size_t m = 0; m < ARRAY_COUNT(machines); m++) {
        const struct machine *machine = machines[m];
        size_t legal = 0;

        for (int from = 0; from < machine->states->count; from++)
            for (int event = 1; event < machine->events->count; event++) {
                size_t found = 0;

                for (size_t i = 0; i < machine->count; i++)
                    found += machine->transitions[i].from == from && machine->transitions[i].event == event;
                assert_true(found <= 1);
                assert_int_equal(machine_find(machine, from, event) != NULL, found == 1);
                legal += found;
            }
        assert_int_equal(legal, machine->count);
    }
}

static bool reaches(const struct machine *machine, int from, bool *seen)
{
    seen[from] = true;
    for (size_t i = 0; i < machine->count; i++)
        if (machine->transitions[i].from == from && !seen[machine->transitions[i].to])
            reaches(machine, machine->transitions[i].to, seen);
    return true;
}

static void every_state_can_be_reached(void **state)
{
    (void)state;
    for (size_t m = 0; m < ARRAY_COUNT(machines); m++) {
        bool seen[64] = {false};

        reaches(machines[m], 0, seen);
        for (int at = 0; at < machines[m]->states->count; at++)
            if (!seen[at])
                fail_msg("%s never becomes %s", machines[m]->name, machines[m]->states->texts[at]);
    }
}

/* Money is frozen once, and after that either settled or released: no path through the leg's table does both. */
static void walk_leg(int at, int frozen, int settled, int released, int returned, int depth)
{
    assert_true(frozen <= 1 && settled + released <= 1 && returned <= settled);
    assert_true(settled + released <= frozen);
    if (depth == 0)
        return;
    for (size_t i = 0; i < leg_machine.count; i++) {
        const struct transition *t = &leg_machine.transitions[i];

        if (t->from == at)
            walk_leg(t->to, frozen + (t->move == MOVE_FREEZE), settled + (t->move == MOVE_SETTLE),
                     released + (t->move == MOVE_RELEASE), returned + (t->move == MOVE_RETURN), depth - 1);
    }
}

static void a_hold_is_resolved_once(void **state)
{
    (void)state;
    walk_leg(LEG_NONE, 0, 0, 0, 0, 12);
}

/* A leg that is over holds nothing: neither may a hold be forgotten. */
static void a_leg_that_is_over_holds_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < leg_machine.count; i++) {
        const struct transition *t = &leg_machine.transitions[i];
        bool resolves = t->move == MOVE_SETTLE || t->move == MOVE_RELEASE;

        if (!leg_status_final((enum leg_status)t->from))
            assert_int_equal(resolves, leg_status_final((enum leg_status)t->to));
    }
}

/* Before the code nothing is on hold, so that nothing is let go; after it every end without payment lets go. */
static void an_end_without_payment_lets_go(void **state)
{
    (void)state;
    for (size_t i = 0; i < withdrawal_machine.count; i++) {
        const struct transition *t = &withdrawal_machine.transitions[i];
        bool held =
            t->from == WITHDRAWAL_IN_REVIEW || t->from == WITHDRAWAL_NEED_DOCUMENTS || t->from == WITHDRAWAL_APPROVED;
        bool stopped = t->to == WITHDRAWAL_REJECTED || t->to == WITHDRAWAL_CANCELLED;

        assert_int_equal(t->move == MOVE_RELEASE, held && stopped);
        assert_int_equal(t->move == MOVE_FREEZE,
                         t->event == WITHDRAWAL_CONFIRMED || t->event == WITHDRAWAL_CONFIRMED_FOR_REVIEW);
    }
}

/* From the first send on nobody stops a withdrawal: its legs say how it ends. */
static void what_is_being_sent_is_not_stopped(void **state)
{
    (void)state;
    for (size_t i = 0; i < withdrawal_machine.count; i++) {
        const struct transition *t = &withdrawal_machine.transitions[i];

        if (t->from == WITHDRAWAL_DISPATCHING)
            assert_true(t->event == WITHDRAWAL_ALL_PAID || t->event == WITHDRAWAL_SOME_PAID ||
                        t->event == WITHDRAWAL_NONE_PAID || t->event == WITHDRAWAL_ALL_RETURNED);
    }
}

static void only_evidence_ends_what_was_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < leg_machine.count; i++) {
        const struct transition *t = &leg_machine.transitions[i];
        bool sent =
            t->from == LEG_SENDING || t->from == LEG_ACCEPTED || t->from == LEG_UNKNOWN || t->from == LEG_MANUAL;

        if (sent && leg_status_final((enum leg_status)t->to))
            assert_true(t->event == LEG_PAID || t->event == LEG_NOT_PAID);
    }
}

static void final_states_lead_nowhere_but_back(void **state)
{
    static const enum withdrawal_status final[] = {
        WITHDRAWAL_SUCCESSFUL, WITHDRAWAL_PARTLY_SUCCESSFUL, WITHDRAWAL_FAILED, WITHDRAWAL_RETURNED,
        WITHDRAWAL_REJECTED,   WITHDRAWAL_CANCELLED,         WITHDRAWAL_EXPIRED};
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(final); i++)
        assert_true(withdrawal_status_final(final[i]));
    for (int status = 1; status < WITHDRAWAL__COUNT; status++)
        count += withdrawal_status_final((enum withdrawal_status)status);
    assert_int_equal(count, ARRAY_COUNT(final));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_legal_once_or_not_at_all),
        cmocka_unit_test(every_state_can_be_reached),
        cmocka_unit_test(a_hold_is_resolved_once),
        cmocka_unit_test(only_evidence_ends_what_was_sent),
        cmocka_unit_test(final_states_lead_nowhere_but_back),
        cmocka_unit_test(a_leg_that_is_over_holds_nothing),
        cmocka_unit_test(an_end_without_payment_lets_go),
        cmocka_unit_test(what_is_being_sent_is_not_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
