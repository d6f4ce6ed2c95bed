/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/engine.h"

#include "engine/generation.h"
#include "engine/outcome.h"
#include "engine/step.h"

#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_ARENA_BYTES ((size_t)512 << 20)
#define BATCH_COMMANDS_MAX 1024
#define CHECKPOINT_COMMITS 2000
#define UNKNOWN_TEXT "Whether this was done is not known; ask again with the same key."
#define LATER_TEXT "The service cannot take this now; ask again with the same key."

struct engine {
    struct engine_config config;
    struct vault vault;
    struct store *store;
    struct arena arena;
    struct batch batch;
    struct chain chain;
    struct ids ids;
    struct engine_stats stats;
    struct generations generations;
    struct instant now; /* of the batch: one moment for all its commands. Order is the chain's, not the clock's */
    int64_t commits_since_checkpoint;
    _Atomic bool failed; /* the store is to be opened anew; until that succeeds everything is refused */

    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t wanted;
    struct command *first, *last;
    size_t queued;
    bool closing;
};

/* ---- Opening ---------------------------------------------------------------------------------------------------- */

static enum err load_heads(struct engine *engine)
{
    int64_t highest = 0;

    TRY(chain_load(engine->store, &engine->arena, &engine->chain));
    TRY(store_int(engine->store, QUERY_IDS_HIGHEST, NULL, 0, &highest));
    ids_init(&engine->ids, 0, highest);
    arena_reset(&engine->arena);
    return ERR_NONE;
}

enum err engine_open(const struct engine_config *config, struct engine **ret, char ret_reason[256])
{
    struct engine *engine = calloc(1, sizeof *engine);
    enum err err;

    if (engine == NULL)
        return ERR_RETRY;
    engine->config = *config;
    arena_init(&engine->arena, BATCH_ARENA_BYTES);
    pthread_mutex_init(&engine->mutex, NULL);
    pthread_cond_init(&engine->wanted, NULL);
    err = vault_open(config->directory, true, &engine->vault, ret_reason);
    if (err == ERR_NONE)
        err = store_open(config->directory, STORE_WRITER, &engine->vault, &engine->store, ret_reason);
    if (err == ERR_NONE && (err = load_heads(engine)) != ERR_NONE)
        snprintf(ret_reason, 256, "%s", store_reason(engine->store));
    if (err != ERR_NONE) {
        engine_close(&engine);
        return err;
    }
    *ret = engine;
    return ERR_NONE;
}

struct instant engine_now(const struct engine *engine)
{
    return engine->config.world->now(engine->config.world->context);
}

uint64_t engine_generation(const struct engine *engine, int shard)
{
    return generations_of(&engine->generations, shard);
}

bool engine_takes_commands(const struct engine *engine)
{
    return !engine->failed;
}

const struct engine_stats *engine_stats(const struct engine *engine)
{
    return &engine->stats;
}

/* ---- One batch -------------------------------------------------------------------------------------------------- */

struct work {
    struct command *command;
    struct reply reply;
};

static void reply_send(struct work *work)
{
    if (work->command->done != NULL)
        work->command->done(work->command, &work->reply);
    else
        reply_fini(&work->reply);
}

/* Nobody's command was done (later), or nobody knows (unknown). */
static void refuse_all(struct engine *engine, struct work *works, size_t count, const char *code, const char *detail)
{
    engine->stats.faults += (int64_t)count;
    for (size_t i = 0; i < count; i++) {
        reply_fini(&works[i].reply);
        reply_problem(&works[i].reply, 503, code, detail, works[i].command->request_id);
        reply_send(&works[i]);
    }
}

static enum err decide_one(struct engine *engine, struct work *work, struct outcome *outcome)
{
    struct out out;
    struct step step = {.config = &engine->config,
                        .vault = &engine->vault,
                        .batch = &engine->batch,
                        .command = work->command,
                        .out = &out,
                        .d = {.now = engine->now,
                              .arena = &engine->arena,
                              .ids = &engine->ids,
                              .random = &engine->config.world->random,
                              .code_key = engine->vault.code_key,
                              .changes = &engine->batch.changes,
                              .calendar = engine->config.calendar,
                              .principal = work->command->principal}};
    enum err err;

    out_init(&out);
    err = process_command(&step, &engine->chain, &work->reply);
    out_fini(&out);
    if (err == ERR_NONE)
        outcome_add(outcome, &step);
    engine->stats.commands++;
    if (work->reply.status >= 400)
        engine->stats.refusals++;
    return err;
}

/* Decides all; a fault of one leaves the batch, the others stand. A fault after changes were begun fails the batch. */
static enum err decide_all(struct engine *engine, struct work *works, size_t count, struct outcome *outcome)
{
    for (size_t i = 0; i < count; i++) {
        struct row *before = engine->batch.changes.last;
        enum err err = decide_one(engine, &works[i], outcome);

        if (err == ERR_NONE)
            continue;
        if (err == ERR_FATAL || engine->batch.changes.last != before)
            return err;
        reply_problem(&works[i].reply, 503, "later", LATER_TEXT, works[i].command->request_id);
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

/* What is in memory is forgotten and what is there is looked at: a commit of unknown outcome may show only now. */
static void reopen(struct engine *engine)
{
    char reason[256] = "";
    bool failed_before = engine->failed;

    store_close(&engine->store);
    arena_reset(&engine->arena);
    if (store_open(engine->config.directory, STORE_WRITER, &engine->vault, &engine->store, reason) == ERR_NONE &&
        load_heads(engine) == ERR_NONE) {
        engine->failed = false;
        generations_raise_all(&engine->generations);
        log_line(LOG_LEVEL_WARN, "the store is open again", NULL);
        return;
    }
    engine->failed = true;
    if (!failed_before) /* every batch tries again; one line is enough */
        log_line(LOG_LEVEL_ERROR, "the store cannot be reopened yet; refusing all commands until it can", "reason",
                 engine->store != NULL ? store_reason(engine->store) : reason, NULL);
}

/* A disk that was full may have room again: a failed store is tried anew with every batch. */
static bool batch_begin(struct engine *engine)
{
    if (engine->failed)
        reopen(engine);
    if (engine->failed)
        return false;
    if (store_begin(engine->store) == ERR_NONE)
        return true;
    log_line(LOG_LEVEL_ERROR, "the store takes nothing; reopening", "reason", store_reason(engine->store), NULL);
    reopen(engine);
    return !engine->failed && store_begin(engine->store) == ERR_NONE;
}

static enum err save(struct engine *engine)
{
    enum err err;

    if (engine->batch.changes.first == NULL) {
        store_rollback(engine->store);
        return ERR_NONE;
    }
    err = store_save(engine->store, &engine->batch.changes);
    if (err == ERR_FATAL)
        stop_on_bug(engine, "save");
    if (err != ERR_NONE) {
        store_rollback(engine->store);
        return err;
    }
    err = store_commit(engine->store);
    if (err == ERR_NONE)
        engine->stats.commits++;
    return err;
}

static void checkpoint(struct engine *engine)
{
    if (++engine->commits_since_checkpoint < CHECKPOINT_COMMITS)
        return;
    engine->commits_since_checkpoint = 0;
    if (store_checkpoint(engine->store) != ERR_NONE)
        log_line(LOG_LEVEL_WARN, "checkpoint failed", "reason", store_reason(engine->store), NULL);
}

/* The chain as it was: what was not saved did not happen. Ids are not given back; a gap harms nobody. */
static void run_batch(struct engine *engine, struct work *works, size_t count)
{
    struct outcome outcome;
    struct chain chain;
    struct shards changed = {0};
    struct instant now = engine_now(engine);
    enum err err;

    outcome_init(&outcome);
    engine->now = now;
    if (engine->stats.batch_largest < (int64_t)count)
        engine->stats.batch_largest = (int64_t)count;
    if (!batch_begin(engine)) {
        refuse_all(engine, works, count, "unavailable", LATER_TEXT);
        return;
    }
    chain = engine->chain; /* a reopened store has brought its own */
    arena_reset(&engine->arena);
    batch_init(&engine->batch, engine->store, &engine->arena);
    err = decide_all(engine, works, count, &outcome);
    shards_note(&changed, &engine->batch.changes);
    if (err == ERR_NONE)
        err = save(engine);
    else
        store_rollback(engine->store);
    if (err == ERR_NONE) {
        generations_raise(&engine->generations, &changed);
        for (size_t i = 0; i < count; i++)
            reply_send(&works[i]);
        outcome_send(&engine->config, &outcome);
        checkpoint(engine);
        return;
    }
    engine->chain = chain;
    generations_raise_all(&engine->generations); /* it may have happened */
    outcome_free(&outcome);
    if (err == ERR_FATAL)
        stop_on_bug(engine, "load");
    refuse_all(engine, works, count, err == ERR_UNKNOWN ? "unknown_outcome" : "later",
               err == ERR_UNKNOWN ? UNKNOWN_TEXT : LATER_TEXT);
    if (err == ERR_UNKNOWN) {
        log_line(LOG_LEVEL_ERROR, "commit of unknown outcome; reopening", "reason", store_reason(engine->store), NULL);
        reopen(engine);
    }
}

/* ---- The queue -------------------------------------------------------------------------------------------------- */

static size_t take(struct engine *engine, struct work *works, size_t most)
{
    size_t count = 0;

    while (engine->first != NULL && count < most) {
        works[count] = (struct work){.command = engine->first};
        engine->first = engine->first->next;
        count++;
    }
    if (engine->first == NULL)
        engine->last = NULL;
    engine->queued -= count;
    engine->stats.queue_depth = (int64_t)engine->queued;
    return count;
}

static void *worker(void *argument)
{
    struct engine *engine = argument;
    struct work works[BATCH_COMMANDS_MAX];
    size_t most = engine->config.batch_max;

    if (most == 0 || most > BATCH_COMMANDS_MAX)
        most = BATCH_COMMANDS_MAX;
    for (;;) {
        size_t count;

        pthread_mutex_lock(&engine->mutex);
        while (engine->first == NULL && !engine->closing)
            pthread_cond_wait(&engine->wanted, &engine->mutex);
        count = take(engine, works, most);
        pthread_mutex_unlock(&engine->mutex);
        if (count == 0)
            return NULL;
        run_batch(engine, works, count);
    }
}

enum err engine_start(struct engine *engine)
{
    if (pthread_create(&engine->thread, NULL, worker, engine) != 0)
        return ERR_RETRY;
    engine->started = true;
    return ERR_NONE;
}

bool engine_submit(struct engine *engine, struct command *command)
{
    bool taken = false;

    command->next = NULL;
    pthread_mutex_lock(&engine->mutex);
    if (!engine->closing && engine->queued < engine->config.queue_max) {
        if (engine->last == NULL)
            engine->first = command;
        else
            engine->last->next = command;
        engine->last = command;
        engine->queued++;
        engine->stats.queue_depth = (int64_t)engine->queued;
        pthread_cond_signal(&engine->wanted);
        taken = true;
    }
    pthread_mutex_unlock(&engine->mutex);
    return taken;
}

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
    if (!engine->started) {
        engine_run_batch(engine, &command, 1);
        return;
    }
    if (!engine_submit(engine, command)) {
        reply_problem(ret, 429, "busy", LATER_TEXT, command->request_id);
        return;
    }
    pthread_mutex_lock(&waiting.mutex);
    while (!waiting.done)
        pthread_cond_wait(&waiting.answered, &waiting.mutex);
    pthread_mutex_unlock(&waiting.mutex);
}

void engine_run_batch(struct engine *engine, struct command **commands, size_t count)
{
    struct work works[BATCH_COMMANDS_MAX];

    INVARIANT(33, !engine->started && count <= BATCH_COMMANDS_MAX);
    for (size_t i = 0; i < count; i++)
        works[i] = (struct work){.command = commands[i]};
    run_batch(engine, works, count);
}

void engine_close(struct engine **pointer)
{
    struct engine *engine = *pointer;

    if (engine == NULL)
        return;
    pthread_mutex_lock(&engine->mutex);
    engine->closing = true;
    pthread_cond_signal(&engine->wanted);
    pthread_mutex_unlock(&engine->mutex);
    if (engine->started)
        pthread_join(engine->thread, NULL);
    if (engine->store != NULL && store_checkpoint(engine->store) != ERR_NONE)
        log_line(LOG_LEVEL_WARN, "checkpoint at the end failed", "reason", store_reason(engine->store), NULL);
    store_close(&engine->store);
    vault_fini(&engine->vault);
    arena_fini(&engine->arena);
    pthread_cond_destroy(&engine->wanted);
    pthread_mutex_destroy(&engine->mutex);
    free(engine);
    *pointer = NULL;
}

/* ---- What is due ------------------------------------------------------------------------------------------------ */

enum err engine_due(struct store *reader, struct instant now, int64_t *ret_ids, size_t capacity, size_t *ret_count,
                    struct instant *ret_next)
{
    struct arena arena;
    struct rows rows = {0};
    int64_t next = 0;
    enum err err;

    arena_init(&arena, (size_t)16 << 20);
    err = store_select(reader, QUERY_WITHDRAWALS_DUE,
                       (struct value[]){value_int("now", now.ms), value_int("limit", (int64_t)capacity)}, 2,
                       &withdrawal_table, &arena, &rows);
    if (err == ERR_NONE)
        err = store_int(reader, QUERY_WITHDRAWAL_NEXT_DUE, NULL, 0, &next);
    if (err == ERR_NONE) {
        *ret_count = rows.count;
        for (size_t i = 0; i < rows.count; i++)
            ret_ids[i] = ((const struct withdrawal *)rows.items[i])->id;
        *ret_next = (struct instant){next};
    }
    arena_fini(&arena);
    return err;
}
