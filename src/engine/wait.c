/* SPDX-License-Identifier: Apache-2.0 */
/* A command whose answer its thread waits for. */
#include "engine/step.h"

#include <pthread.h>
#include <string.h>

struct waiting {
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    struct reply *reply;
    bool done;
};

static void wake(struct command *command, struct reply *reply)
{
    struct waiting *waiting = command->context;

    pthread_mutex_lock(&waiting->mutex);
    *waiting->reply = *reply;
    waiting->done = true;
    pthread_cond_signal(&waiting->answered);
    pthread_mutex_unlock(&waiting->mutex);
}

void engine_run(struct engine *engine, struct command *command, struct reply *ret)
{
    struct waiting waiting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, ret, false};

    memset(ret, 0, sizeof *ret);
    command->done = wake;
    command->context = &waiting;
    if (!engine_has_worker(engine)) {
        engine_run_batch(engine, &command, 1);
        return;
    }
    if (!engine_submit(engine, command)) {
        (void)reply_problem(ret, 429, "busy", LATER_TEXT, command->request_id);
        return;
    }
    pthread_mutex_lock(&waiting.mutex);
    while (!waiting.done)
        pthread_cond_wait(&waiting.answered, &waiting.mutex);
    pthread_mutex_unlock(&waiting.mutex);
}
