/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/queue.h"

#include <errno.h>
#include <time.h>

#include "engine/world.h"

#define US_SECOND INT64_C(1000000)

void queue_init(struct queue *queue, size_t most, size_t batch)
{
    pthread_condattr_t attributes;

    *queue = (struct queue){.most = most, .batch = batch};
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->wanted, &attributes);
    pthread_condattr_destroy(&attributes);
}

void queue_fini(struct queue *queue)
{
    pthread_cond_destroy(&queue->wanted);
    pthread_mutex_destroy(&queue->mutex);
}

static bool too_long(const struct queue *queue, const struct command *command)
{
    return !command->patient && queue->count >= queue->batch &&
           command->queued_us - queue->first->queued_us > QUEUE_WAIT_MAX_US;
}

bool queue_put(struct queue *queue, struct command *command)
{
    bool taken = false;

    command->next = NULL;
    pthread_mutex_lock(&queue->mutex);
    command->queued_us = monotonic_us();
    if (!queue->closing && queue->count < queue->most && !too_long(queue, command)) {
        if (queue->last == NULL)
            queue->first = command;
        else
            queue->last->next = command;
        queue->last = command;
        queue->depth = (int64_t)++queue->count;
        pthread_cond_signal(&queue->wanted);
        taken = true;
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken;
}

/* False: the time is over. */
static bool wait_until(struct queue *queue, int64_t until_us)
{
    struct timespec until = {until_us / US_SECOND, until_us % US_SECOND * 1000};

    return pthread_cond_timedwait(&queue->wanted, &queue->mutex, &until) != ETIMEDOUT;
}

static void wait_for_one(struct queue *queue, int64_t patience_ms)
{
    int64_t until_us = patience_ms >= 0 ? monotonic_us() + patience_ms * 1000 : 0;

    while (queue->first == NULL && !queue->closing) {
        if (patience_ms < 0)
            pthread_cond_wait(&queue->wanted, &queue->mutex);
        else if (!wait_until(queue, until_us))
            return;
    }
}

size_t queue_take(struct queue *queue, size_t most, int64_t patience_ms, struct command **ret)
{
    struct command *last = NULL;
    size_t count = 0;

    pthread_mutex_lock(&queue->mutex);
    wait_for_one(queue, patience_ms);
    *ret = queue->first;
    for (struct command *command = queue->first; command != NULL && count < most; command = command->next) {
        last = command;
        count++;
    }
    if (last != NULL) {
        queue->first = last->next;
        last->next = NULL;
    }
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count -= count;
    queue->depth = (int64_t)queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closing = true;
    pthread_cond_signal(&queue->wanted);
    pthread_mutex_unlock(&queue->mutex);
}

bool queue_ended(struct queue *queue)
{
    bool ended;

    pthread_mutex_lock(&queue->mutex);
    ended = queue->closing && queue->first == NULL;
    pthread_mutex_unlock(&queue->mutex);
    return ended;
}
