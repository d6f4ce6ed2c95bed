/* SPDX-License-Identifier: Apache-2.0 */
/* Many tasks, some at a time, each in a process of its own: what aborts is one task, and nothing is left over from the
 * one before. A task leaves its result in memory that is shared; results are handed over in the order of the tasks,
 * however many ran at a time. */
#ifndef EBB_SIM_CREW_H
#define EBB_SIM_CREW_H

#include <stddef.h>
#include <stdint.h>

struct crew {
    size_t jobs;         /* at a time; 0: as many as there are processors */
    size_t result_bytes; /* of one task; zeros at first */
    void (*task)(size_t number, void *result);
    void (*done)(size_t number, const void *result, int status); /* as of waitpid */
};

/* Returns when all `count` are done; exits when the system gives no process. */
void crew_run(const struct crew *crew, size_t count);

/* Runs `task` in a child and waits: its status as of waitpid, -1 when there was no child. */
int crew_alone(void (*task)(void *context), void *context);

/* What the system has to run jobs on. */
size_t crew_processors(void);
int64_t crew_clock_ms(void);

#endif
