/* SPDX-License-Identifier: Apache-2.0 */
/* The one door: takes commands, answers after the commit.
 *
 * Commands queue (bounded: beyond `queue_max` they are refused with 429 and Retry-After). A worker takes what is there,
 * up to `batch_max`, loads what they touch, lets the domain decide one after the other in order of arrival, saves all
 * rows in one commit, and only then replies. Adapts by itself: an idle engine commits a single command at once, a busy
 * one groups. A failed commit answers 503 "unknown" to the whole batch, and the engine reopens the store and goes on by
 * what it finds. What payments are to be made after a commit leaves as `effects` to the sink that payout/ gave (NULL:
 * they stay due). */
#ifndef EBB_ENGINE_ENGINE_H
#define EBB_ENGINE_ENGINE_H

#include "access/vault.h"
#include "engine/command.h"
#include "engine/policies.h"
#include "engine/world.h"
#include "store/store.h"

/* A call to make on a channel once its intent is durable. Strings are copies owned by the receiver (free the effect).
 */
struct effect {
    struct effect *next;
    bool query; /* otherwise send */
    bool first; /* first send of this key */
    int64_t attempt, withdrawal;
    char channel[CHANNEL_NAME_BYTES], key[CHANNEL_KEY_BYTES];
    char *request;
};

struct engine_config {
    const char *directory;
    struct world *world;
    const struct policies *policies;
    const struct calendar *calendar;
    const struct channels *channels;
    size_t queue_max, batch_max;
    bool demo;
    void (*effects)(void *context, struct effect *list);
    void (*due)(void *context, struct instant next); /* some withdrawal wants a tick at `next` */
    void *sink;
};

struct engine;
MUST_USE enum err engine_open(const struct engine_config *config, struct engine **ret, char ret_reason[256]);
/* Starts the worker thread. Without it, engine_run decides on the caller's thread (tests, CLI, simulation). */
MUST_USE enum err engine_start(struct engine *engine);
/* Finishes what is queued, checkpoints, closes. */
void engine_close(struct engine **engine);

/* Queues the command; its `done` will be called exactly once. False: the queue is full or closing, `done` is not
 * called. */
MUST_USE bool engine_submit(struct engine *engine, struct command *command);
/* Submits and waits. */
void engine_run(struct engine *engine, struct command *command, struct reply *ret);
/* Decides several in one batch on the caller's thread (only when the worker is not started). */
void engine_run_batch(struct engine *engine, struct command **commands, size_t count);

struct instant engine_now(const struct engine *engine);
/* Goes up with every commit that changed an account of the shard (base/id.h), before the replies leave: what was read
 * of an account after asking is still true while the number is the same. */
uint64_t engine_generation(const struct engine *engine, int shard);
/* Ids of withdrawals whose next_at has come, oldest first; for payout/. Reads through `reader`. */
MUST_USE enum err engine_due(struct store *reader, struct instant now, int64_t *ret_ids, size_t capacity,
                             size_t *ret_count, struct instant *ret_next);

/* False while the store cannot be written: full, or its disk fails. Tried anew with every command. */
bool engine_takes_commands(const struct engine *engine);

struct engine_stats {
    _Atomic int64_t commands, commits, refusals, faults, queue_depth, batch_largest;
};
const struct engine_stats *engine_stats(const struct engine *engine);

#endif
