/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an engine, for engine.c, which runs batches, and open.c, which opens, reopens and closes. */
#ifndef EBB_ENGINE_INSIDE_H
#define EBB_ENGINE_INSIDE_H

#include "engine/engine.h"
#include "engine/generation.h"
#include "engine/queue.h"
#include "engine/step.h"
#include "engine/watch.h"

#include <pthread.h>
#include <stdatomic.h>

#define BATCH_ARENA_BYTES ((size_t)512 << 20)
#define BATCH_COMMANDS_MAX 1024

struct engine {
    struct engine_config config;
    struct channel_terms terms;
    struct vault vault;
    struct store *store;
    struct arena arena;
    struct batch batch;
    bool remembers; /* what the last batch loaded is still what is stored */
    bool leads;     /* the chain was the last time as this engine had left it */
    struct owners *owners;
    struct chain chain;
    struct watch watch;
    struct ids ids;
    struct engine_stats stats;
    struct generations generations;
    struct instant now; /* of the batch: one moment for all its commands. Order is the chain's, not the clock's */
    struct work *works; /* of the batch: the worker's, or the caller's where there is none */
    int64_t commits_since_checkpoint;
    int64_t log_left;           /* pages that a reader, or a disk that failed, kept in the log the last time */
    _Atomic bool shared;        /* other processes write the same rows */
    _Atomic uint64_t questions; /* for a generation, when they do */
    _Atomic int64_t epoch;      /* of the dispatcher's lease; 0: there is none to look at */
    _Atomic bool failed;        /* the store is to be opened anew; until that succeeds everything is refused */

    pthread_t thread;
    bool started;
    struct queue queue;
};

/* What earlier batches loaded is not what is stored, or not wanted any more. */
void engine_forget(struct engine *engine);
/* What is in memory is forgotten and what is there is looked at: a commit of unknown outcome may show only now. */
void engine_reopen(struct engine *engine);

#endif
