/* SPDX-License-Identifier: Apache-2.0 */
#include "http/clerk.h"

#include <pthread.h>
#include <stdlib.h>

struct clerk {
    pthread_t thread;
    pthread_mutex_t lock; /* guards the tasks */
    pthread_cond_t given;
    struct task *first, *last;
    size_t count;
    _Atomic bool stopping;
};

/* NULL: there will be none any more. */
static struct task *task_take(struct clerk *clerk)
{
    struct task *task;

    pthread_mutex_lock(&clerk->lock);
    while (clerk->first == NULL && !clerk->stopping)
        pthread_cond_wait(&clerk->given, &clerk->lock);
    task = clerk->first;
    if (task != NULL) {
        clerk->first = task->next;
        clerk->count--;
    }
    pthread_mutex_unlock(&clerk->lock);
    return task;
}

static void *clerk_run(void *context)
{
    struct clerk *clerk = context;
    struct task *task;

    while ((task = task_take(clerk)) != NULL)
        task->run(task, clerk->stopping);
    return NULL;
}

struct clerk *clerk_new(void)
{
    struct clerk *clerk = calloc(1, sizeof *clerk);

    if (clerk == NULL)
        return NULL;
    pthread_mutex_init(&clerk->lock, NULL);
    pthread_cond_init(&clerk->given, NULL);
    if (pthread_create(&clerk->thread, NULL, clerk_run, clerk) == 0)
        return clerk;
    pthread_cond_destroy(&clerk->given);
    pthread_mutex_destroy(&clerk->lock);
    free(clerk);
    return NULL;
}

bool clerk_give(struct clerk *clerk, struct task *task)
{
    bool taken;

    pthread_mutex_lock(&clerk->lock);
    taken = clerk->count < CLERK_TASKS_MAX && !clerk->stopping;
    if (taken) {
        task->next = NULL;
        if (clerk->first == NULL)
            clerk->first = task;
        else
            clerk->last->next = task;
        clerk->last = task;
        clerk->count++;
        pthread_cond_signal(&clerk->given);
    }
    pthread_mutex_unlock(&clerk->lock);
    return taken;
}

const _Atomic bool *clerk_stopping(const struct clerk *clerk)
{
    return &clerk->stopping;
}

void clerk_free(struct clerk **pointer)
{
    struct clerk *clerk = *pointer;

    if (clerk == NULL)
        return;
    pthread_mutex_lock(&clerk->lock);
    clerk->stopping = true;
    pthread_cond_signal(&clerk->given);
    pthread_mutex_unlock(&clerk->lock);
    pthread_join(clerk->thread, NULL);
    pthread_cond_destroy(&clerk->given);
    pthread_mutex_destroy(&clerk->lock);
    free(clerk);
    *pointer = NULL;
}
