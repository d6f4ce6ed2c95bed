/* SPDX-License-Identifier: Apache-2.0 */
/* The one door: takes commands, answers after the commit.
 *
 * Commands queue (engine/queue.h: bounded by number and by time; beyond that they get 429 and Retry-After). A worker
 * takes what is there, up to `batch_max`, loads what they touch, lets the domain decide one after the other in order of
 * arrival, saves all rows in one commit, and only then replies. Adapts by itself: an idle engine commits a single
 * command at once, a busy one groups; the log is moved into the database while nobody waits. A failed commit answers
 * 503 "unknown" to the whole batch, and the engine reopens the store and goes on by what it finds. What payments are to
 * be made after a commit leaves as `effects` to the sink that payout/ gave (NULL: they stay due). */
#ifndef EBB_ENGINE_ENGINE_H
#define EBB_ENGINE_ENGINE_H

#include "access/vault.h"
#include "domain/quarantine.h"
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

#define ANCHOR_BESIDE "ebb.anchor" /* the anchor's name beside the database */
#define ANCHOR_PLACES_MAX 4

struct engine_config {
    const char *directory; /* of the keys */
    const char *store;     /* URL of the rows; NULL: they are in the directory */
    struct world *world;
    const struct policies *policies;
    const struct calendar *calendar;
    const struct channels *channels;
    const char *const *anchors; /* files that keep the audit head; the first stands beside the database. May be none */
    size_t anchors_count;
    bool quarantine; /* begin with one, whatever the books say */
    size_t queue_max, batch_max;
    int64_t checkpoint_commits; /* the log is moved into the database after so many; 0: by its size */
    int64_t documents_day_max;  /* of one account within 24 hours; 0: as many as come */
    bool demo;
    void (*effects)(void *context, struct effect *list);
    void (*due)(void *context, struct instant next); /* some withdrawal wants a tick at `next` */
    void *sink;
};

/* Under a load that never rests the log is moved at so many pages: 64 MB, which a start after a crash has to move. */
#define ENGINE_LOG_PAGES_MOST 16000

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
 * of an account after asking is still true while the number is the same. Where other processes write the same rows no
 * number comes twice. */
uint64_t engine_generation(struct engine *engine, int shard);
/* Ids of withdrawals whose next_at has come, oldest first; for payout/. Reads through `reader`. In quarantine only what
 * is open is asked about. */
MUST_USE enum err engine_due(struct store *reader, struct instant now, bool only_questions, int64_t *ret_ids,
                             size_t capacity, size_t *ret_count, struct instant *ret_next);

/* From now on intents of payments are committed only while the dispatcher's lease is of this epoch (payout/lease.h);
 * -1: not at all. */
void engine_fence(struct engine *engine, int64_t epoch);

/* False while the store cannot be written: full, or its disk fails. Tried anew with every command. */
bool engine_takes_commands(const struct engine *engine);

/* The books came back older than what happened: commands answer 503 and nothing is sent (domain/quarantine.h). */
bool engine_quarantined(const struct engine *engine);
/* What stands against the release of a quarantine, as far as the store shows it. */
MUST_USE enum err engine_findings(struct store *store, const struct channels *channels, const struct quarantine *q,
                                  struct arena *arena, struct quarantine_findings *ret);
/* Anchors that could not be written, since the start. */
int64_t engine_anchor_failures(const struct engine *engine);

struct engine_stats {
    _Atomic int64_t commands, commits, refusals, faults, batch_largest;
};
const struct engine_stats *engine_stats(const struct engine *engine);
int64_t engine_queue_depth(const struct engine *engine);

#endif
