/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/inside.h"

#include "engine/outcome.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_BYTES ((size_t)24 << 20) /* what earlier batches loaded is forgotten when it is more */
#define LOG_REST_MS 50                  /* the queue is empty for so long: time to move the log */
#define BATCH_TRIES_MAX 8
#define UNKNOWN_TEXT "Whether this was done is not known; ask again with the same key."

/* ---- One batch -------------------------------------------------------------------------------------------------- */

/* Nobody's command was done (later), or nobody knows (unknown). */
static void refuse_all(struct engine *engine, struct work *works, size_t count, const char *code, const char *detail)
{
    engine->stats.faults += (int64_t)count;
    works_refuse(works, count, code, detail);
}

struct step engine_step(struct engine *engine, struct command *command, struct out *out)
{
    return (struct step){.config = &engine->config,
                         .vault = &engine->vault,
                         .batch = &engine->batch,
                         .command = command,
                         .out = out,
                         .quarantined = engine->watch.quarantined,
                         .d = {.now = engine->now,
                               .arena = &engine->arena,
                               .ids = &engine->ids,
                               .random = &engine->config.world->random,
                               .code_key = engine->vault.code_key,
                               .changes = &engine->batch.changes,
                               .calendar = engine->config.calendar,
                               .principal = command->principal,
                               .lost = engine->watch.lost,
                               .terms = &engine->terms}};
}

static enum err decide_one(struct engine *engine, struct work *work, struct outcome *outcome)
{
    struct out out;
    struct step step = engine_step(engine, work->command, &out);
    enum err err;

    out_init(&out);
    err = process_command(&step, &engine->chain, &work->reply);
    out_fini(&out);
    if (err == ERR_NONE)
        outcome_add(outcome, &step);
    return err;
}

/* Decides all; a fault of one leaves the batch, the others stand. A fault after changes were begun, or one that took
 * the transaction with it, fails the batch, and so does any where the rows are shared: the transaction that holds the
 * locks is over. */
static enum err decide_all(struct engine *engine, struct work *works, size_t count, struct outcome *outcome)
{
    for (size_t i = 0; i < count; i++) {
        struct row *before = engine->batch.changes.last;
        enum err err = work_is_held_up(&works[i]) ? ERR_NONE : decide_one(engine, &works[i], outcome);

        if (err == ERR_NONE)
            continue;
        if (err == ERR_FATAL || engine->batch.changes.last != before || engine->batch.shared ||
            !store_transacting(engine->store))
            return err;
        work_fail(&works[i], "later", LATER_TEXT);
        engine->remembers = false; /* half of something may have been loaded */
        engine->stats.faults++;
    }
    return ERR_NONE;
}

static void stop_on_bug(const struct engine *engine, const char *where)
{
    log_line(LOG_LEVEL_ERROR, "the store refused what the rules decided; stopping", "where", where, "reason",
             store_reason(engine->store), NULL);
    abort();
}

/* A disk that was full may have room again: a failed store is tried anew with every batch. */
static bool batch_begin(struct engine *engine)
{
    if (engine->failed)
        engine_reopen(engine);
    if (engine->failed)
        return false;
    if (store_begin(engine->store) == ERR_NONE)
        return true;
    log_line(LOG_LEVEL_ERROR, "the store takes nothing; reopening", "reason", store_reason(engine->store), NULL);
    engine_reopen(engine);
    return !engine->failed && store_begin(engine->store) == ERR_NONE;
}

static enum err save(struct engine *engine)
{
    enum err err;

    if (engine->batch.changes.first == NULL) {
        store_rollback(engine->store);
        return ERR_NONE;
    }
    err = store_save_commit(engine->store, &engine->batch.changes);
    if (err == ERR_FATAL)
        stop_on_bug(engine, "save");
    if (err == ERR_NONE)
        engine->stats.commits++;
    else if (err != ERR_UNKNOWN)
        store_rollback(engine->store);
    return err;
}

static int64_t log_grew(const struct engine *engine)
{
    int64_t pages = engine->failed ? 0 : store_log_pages(engine->store);

    return pages < engine->log_left ? pages : pages - engine->log_left;
}

static void log_move(struct engine *engine)
{
    engine->commits_since_checkpoint = 0;
    if (store_checkpoint(engine->store) != ERR_NONE)
        log_line(LOG_LEVEL_WARN, "checkpoint failed", "reason", store_reason(engine->store), NULL);
    engine->log_left = store_log_pages(engine->store);
}

/* Under a load that never rests the log is moved late rather than often: what a page became in between is written once.
 */
static void log_look(struct engine *engine)
{
    int64_t commits = engine->config.checkpoint_commits;

    engine->commits_since_checkpoint++;
    if (commits > 0 ? engine->commits_since_checkpoint >= commits : log_grew(engine) >= ENGINE_LOG_PAGES_MOST)
        log_move(engine);
}

/* The rows follow what is there when nobody else may append any more. Who found the chain as it was left expects it to
 * be so the next time, which costs no way of its own: with another head the save fails, and is done again by asking. A
 * quarantine that another began or ended is in the chain as well. */
static enum err others_follow(struct engine *engine, const struct chain *began)
{
    const struct quarantine *last;
    if (!engine->batch.shared || engine->batch.changes.first == NULL)
        return ERR_NONE;
    if (engine->leads) {
        store_expect(engine->store, began->seq);
        return ERR_NONE;
    }
    TRY(chain_follow(&engine->batch, began, &engine->chain, &last, &engine->leads));
    return watch_agrees(&engine->watch, last) ? ERR_NONE : ERR_RETRY;
}

/* Where nobody else writes, the next batch finds what this one loaded, as it is after the commit. Billing facts only:
 * the others look at more than what hangs on accounts. */
static bool remembers_after(const struct engine *engine, const struct work *works, size_t count)
{
    if (engine->batch.shared || engine->arena.bytes_used > MEMORY_BYTES)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!handlers[works[i].command->kind].remembered)
            return false;
    return true;
}

/* A batch on what the last one left, or on nothing. */
static void batch_open(struct engine *engine)
{
    if (engine->remembers) {
        engine->batch.changes = (struct changes){0};
        return;
    }
    arena_reset(&engine->arena);
    batch_init(&engine->batch, engine->store, &engine->arena, engine->owners);
    engine->remembers = true;
}

/* Loads, decides and saves. What was not saved did not happen: the chain is as it was. Ids are not given back; a gap
 * harms nobody. */
static enum err batch_try(struct engine *engine, struct work *works, size_t count, struct outcome *outcome,
                          struct shards *changed)
{
    bool alone = handlers[works[0].command->kind].alone;
    struct chain chain = engine->chain;
    enum err err = ERR_NONE;

    batch_open(engine);
    if (engine->batch.shared)
        err = watch_follow(&engine->watch, &engine->batch, alone);
    if (err == ERR_NONE && engine->batch.shared && !alone)
        err = gather(engine, &engine->batch, works, count);
    if (err == ERR_NONE)
        err = decide_all(engine, works, count, outcome);
    if (err == ERR_NONE)
        err = others_follow(engine, &chain);
    shards_note(changed, &engine->batch.changes);
    if (outcome_sends(outcome))
        store_fence(engine->store, engine->epoch, SEND_GUARD_MS);
    if (err == ERR_NONE)
        err = save(engine);
    else
        store_rollback(engine->store);
    if (err != ERR_NONE) {
        engine->chain = chain;
        engine->leads = false;
    }
    engine->remembers = engine->remembers && err == ERR_NONE && remembers_after(engine, works, count);
    return err;
}

/* A batch that lost a race against another engine, or its connection before the commit, is decided again on what is
 * there now. False: the store takes nothing. */
static bool batch_settle(struct engine *engine, struct work *works, size_t count, struct outcome *outcome,
                         struct shards *changed, enum err *ret)
{
    for (int tries = 1;; tries++) {
        if (!batch_begin(engine))
            return false;
        *ret = batch_try(engine, works, count, outcome, changed);
        if (*ret != ERR_RETRY || !(store_raced(engine->store) || engine->watch.stale) || tries == BATCH_TRIES_MAX)
            return true;
        works_forget(works, count);
        outcome_free(outcome);
        outcome_init(outcome);
    }
}

static void batch_answer(struct engine *engine, struct work *works, size_t count, struct outcome *outcome,
                         const struct shards *changed)
{
    generations_raise(&engine->generations, changed);
    if (outcome->turned != NULL)
        watch_turned(&engine->watch, outcome->turned);
    watch_committed(&engine->watch, &engine->chain);
    for (size_t i = 0; i < count; i++) {
        engine->stats.refusals += works[i].reply.status >= 400 && works[i].reply.status < 500;
        reply_send(&works[i]);
    }
    if (outcome_sends(outcome) && !watch_may_send(&engine->watch))
        outcome_withhold(outcome);
    outcome_send(&engine->config, outcome);
    log_look(engine);
}

/* False: it was not saved, for the sake of intents that it holds besides what others asked for. */
static bool batch_run(struct engine *engine, struct work *works, size_t count)
{
    struct outcome outcome;
    struct shards changed = {0};
    enum err err;
    bool sends;

    outcome_init(&outcome);
    if (!batch_settle(engine, works, count, &outcome, &changed, &err)) {
        refuse_all(engine, works, count, "unavailable", LATER_TEXT);
        return true;
    }
    if (err == ERR_NONE) {
        batch_answer(engine, works, count, &outcome, &changed);
        return true;
    }
    generations_raise_all(&engine->generations); /* it may have happened */
    sends = outcome_sends(&outcome);
    outcome_free(&outcome);
    if (err == ERR_RETRY && sends && !works_are_ticks(works, count))
        return false;
    if (err == ERR_FATAL)
        stop_on_bug(engine, "load");
    refuse_all(engine, works, count, err == ERR_UNKNOWN ? "unknown_outcome" : "later",
               err == ERR_UNKNOWN ? UNKNOWN_TEXT : LATER_TEXT);
    if (err == ERR_UNKNOWN) {
        log_line(LOG_LEVEL_ERROR, "commit of unknown outcome; reopening", "reason", store_reason(engine->store), NULL);
        engine_reopen(engine);
    }
    return true;
}

/* Where intents may not be committed, as when the lease is another server's, they wait; what others asked for does not
 * wait with them. */
static void run_batch(struct engine *engine, struct work *works, size_t count)
{
    size_t others;

    engine->now = engine_now(engine);
    engine->stats.commands += (int64_t)count;
    if (engine->stats.batch_largest < (int64_t)count)
        engine->stats.batch_largest = (int64_t)count;
    if (batch_run(engine, works, count))
        return;
    others = works_part(works, count);
    refuse_all(engine, works + others, count - others, "later", LATER_TEXT);
    works_forget(works, others);
    (void)batch_run(engine, works, others);
}

/* ---- The thread ------------------------------------------------------------------------------------------------- */

static void run_commands(struct engine *engine, struct command *list)
{
    size_t count = 0;

    for (struct command *command = list, *next; command != NULL; command = next) {
        bool alone = handlers[command->kind].alone;

        next = command->next; /* whoever is answered owns it again */
        engine->works[count++] = (struct work){.command = command};
        if (next != NULL && !alone && !handlers[next->kind].alone)
            continue;
        run_batch(engine, engine->works, count);
        count = 0;
    }
}

static void rest(struct engine *engine)
{
    engine->remembers = false;
    arena_fini(&engine->arena);
    log_move(engine);
}

/* Nothing to do for a moment is when the log is moved; somebody who comes just then waits for it. */
static void *worker(void *argument)
{
    struct engine *engine = argument;

    while (!queue_ended(&engine->queue)) {
        bool log = log_grew(engine) > 0;
        struct command *list;

        if (queue_take(&engine->queue, engine->config.batch_max, log ? LOG_REST_MS : -1, &list) > 0)
            run_commands(engine, list);
        else if (log)
            rest(engine);
    }
    return NULL;
}

enum err engine_start(struct engine *engine)
{
    if (pthread_create(&engine->thread, NULL, worker, engine) != 0)
        return ERR_RETRY;
    engine->started = true;
    return watch_start(&engine->watch);
}

bool engine_submit(struct engine *engine, struct command *command)
{
    if ((command->roles & ROLE_SYSTEM) != 0)
        command->patient = true;
    return queue_put(&engine->queue, command);
}

void engine_run_batch(struct engine *engine, struct command **commands, size_t count)
{
    INVARIANT(33, !engine->started && count <= BATCH_COMMANDS_MAX);
    for (size_t i = 0; i < count; i++)
        engine->works[i] = (struct work){.command = commands[i]};
    run_batch(engine, engine->works, count);
}
