/* SPDX-License-Identifier: Apache-2.0 */
/* A thread for answers that take a while: their requests are suspended and the HTTP threads stay free. One task at a
 * time, in the order in which they came; a queue that is full takes no more. */
#ifndef EBB_HTTP_CLERK_H
#define EBB_HTTP_CLERK_H

#include <stdatomic.h>

#include "base/err.h"

#define CLERK_TASKS_MAX 64

struct task {
    /* Frees the task. `stopping`: only to be ended, with an answer. */
    void (*run)(struct task *task, bool stopping);
    struct task *next;
};

struct clerk;
/* NULL: no memory or no thread. */
struct clerk *clerk_new(void);
/* False: there are too many. */
MUST_USE bool clerk_give(struct clerk *clerk, struct task *task);
/* Turns true when the clerk is to end. */
const _Atomic bool *clerk_stopping(const struct clerk *clerk);
/* Ends what it does and what it has, and waits for it. */
void clerk_free(struct clerk **clerk);

#endif
