/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/inside.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

static enum err load_heads(struct engine *engine)
{
    int64_t highest = 0;
    int node;

    TRY(store_lease(engine->store, &node));
    TRY(chain_load(engine->store, &engine->arena, &engine->chain));
    TRY(store_int(engine->store, QUERY_IDS_HIGHEST, NULL, 0, &highest));
    ids_init(&engine->ids, node, highest);
    engine->shared = store_is_shared(engine->store);
    engine->leads = false;
    owners_forget(engine->owners);
    if (engine->shared && engine->owners == NULL)
        engine->owners = calloc(1, sizeof *engine->owners); /* without it everything is asked for */
    TRY(watch_load(&engine->watch, engine->store, &engine->arena));
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
    engine->terms = terms_of(config->channels);
    if (config->batch_max == 0 || config->batch_max > BATCH_COMMANDS_MAX)
        engine->config.batch_max = BATCH_COMMANDS_MAX;
    engine->works = calloc(BATCH_COMMANDS_MAX, sizeof *engine->works);
    if (engine->works == NULL) {
        free(engine);
        return ERR_RETRY;
    }
    arena_init(&engine->arena, BATCH_ARENA_BYTES);
    queue_init(&engine->queue, config->queue_max, engine->config.batch_max);
    err = vault_open(config->directory, true, &engine->vault, ret_reason);
    if (err == ERR_NONE)
        err = store_open(store_place(config->store, config->directory), STORE_WRITER, &engine->vault, &engine->store,
                         ret_reason);
    if (err == ERR_NONE && (err = load_heads(engine)) != ERR_NONE)
        snprintf(ret_reason, 256, "%s", store_reason(engine->store));
    if (err == ERR_NONE)
        err = watch_open(&engine->watch, config, &engine->vault, ret_reason);
    if (err == ERR_NONE)
        err = watch_compare(&engine->watch, engine, &engine->config, engine->store, &engine->chain, ret_reason);
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

uint64_t engine_generation(struct engine *engine, int shard)
{
    /* What other processes change nobody here knows: no two questions get the same answer. */
    return engine->shared ? atomic_fetch_add(&engine->questions, 1) : generations_of(&engine->generations, shard);
}

void engine_fence(struct engine *engine, int64_t epoch)
{
    engine->epoch = epoch;
}

bool engine_takes_commands(const struct engine *engine)
{
    return !engine->failed;
}

int64_t engine_queue_depth(const struct engine *engine)
{
    return engine->queue.depth;
}

bool engine_quarantined(const struct engine *engine)
{
    return engine->watch.quarantined;
}

int64_t engine_anchor_failures(const struct engine *engine)
{
    return engine->watch.anchors != NULL ? anchors_failures(engine->watch.anchors) : 0;
}

const struct engine_stats *engine_stats(const struct engine *engine)
{
    return &engine->stats;
}

bool engine_has_worker(const struct engine *engine)
{
    return engine->started;
}

void engine_forget(struct engine *engine)
{
    engine->remembers = false;
    arena_reset(&engine->arena);
}

void engine_reopen(struct engine *engine)
{
    char reason[256] = "";
    bool failed_before = engine->failed;

    store_close(&engine->store);
    engine->log_left = 0;
    engine_forget(engine);
    if (store_open(store_place(engine->config.store, engine->config.directory), STORE_WRITER, &engine->vault,
                   &engine->store, reason) == ERR_NONE &&
        load_heads(engine) == ERR_NONE && watch_reopened(&engine->watch, engine->store, &engine->arena) == ERR_NONE) {
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

void engine_close(struct engine **pointer)
{
    struct engine *engine = *pointer;

    if (engine == NULL)
        return;
    queue_close(&engine->queue);
    if (engine->started)
        pthread_join(engine->thread, NULL);
    if (engine->store != NULL && store_checkpoint(engine->store) != ERR_NONE)
        log_line(LOG_LEVEL_WARN, "checkpoint at the end failed", "reason", store_reason(engine->store), NULL);
    watch_close(&engine->watch);
    store_close(&engine->store);
    vault_fini(&engine->vault);
    arena_fini(&engine->arena);
    free(engine->works);
    free(engine->owners);
    queue_fini(&engine->queue);
    free(engine);
    *pointer = NULL;
}
