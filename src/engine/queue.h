/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that wait for the engine's thread, in order of arrival.
 *
 * Bounded twice: by number, which bounds memory, and by time. When more than a batch waits and the oldest of them has
 * waited longer than QUEUE_WAIT_MAX_US, new ones are refused at once: under twice the load that can be borne half is
 * told to come again, and the other half is answered as quickly as before. Patient commands are refused by number only.
 * Knows nothing of what a command asks. Any thread puts; one thread takes. */
#ifndef EBB_ENGINE_QUEUE_H
#define EBB_ENGINE_QUEUE_H

#include <pthread.h>

#include "engine/command.h"

#define QUEUE_WAIT_MAX_US INT64_C(250000)

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t wanted;
    struct command *first, *last;
    size_t count, most, batch; /* waiting; at most so many; this many at once are no crowd yet */
    bool closing;
    _Atomic int64_t depth; /* `count`, for whoever looks from outside */
};

void queue_init(struct queue *queue, size_t most, size_t batch);
void queue_fini(struct queue *queue);
/* False: it was not taken, and never will be if the queue is closing. */
MUST_USE bool queue_put(struct queue *queue, struct command *command);
/* Waits for commands, at most `patience_ms` (negative: for ever), and takes up to `most` of them, linked by `next`.
 * Zero: none came, or the queue is closing and empty. */
size_t queue_take(struct queue *queue, size_t most, int64_t patience_ms, struct command **ret);
/* Nothing more is put; what is there may still be taken. */
void queue_close(struct queue *queue);
/* Closing, and nothing left in it. */
bool queue_ended(struct queue *queue);

#endif
