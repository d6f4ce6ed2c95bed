/* SPDX-License-Identifier: Apache-2.0 */
#include "payout/payout_parts.h"

#include <stdlib.h>

static enum err due(struct payout *payout, int64_t ids[TICKS_MAX], size_t *ret_count)
{
    const struct engine *engine = payout->config.engine;
    struct instant next;

    return engine_due(payout->reader, engine_now(engine), engine_quarantined(engine), ids, TICKS_MAX, ret_count, &next);
}

#define TICKS_TOGETHER 16 /* on this thread */

/* One batch and one commit, as the engine's worker makes of ticks that wait together. */
static void tick_together(struct payout *payout, const int64_t *ids, size_t count)
{
    struct command commands[TICKS_TOGETHER], *batch[TICKS_TOGETHER];

    for (size_t i = 0; i < count; i++) {
        payout_command(&commands[i], COMMAND_TICK, ids[i]);
        batch[i] = &commands[i];
    }
    engine_run_batch(payout->config.engine, batch, count);
    payout->stats.ticks += (int64_t)count;
}

int64_t payout_tick_now(struct payout *payout)
{
    int64_t ids[TICKS_MAX];
    size_t count = 0;

    if (due(payout, ids, &count) != ERR_NONE)
        return 0;
    for (size_t i = 0; i < count; i += TICKS_TOGETHER)
        tick_together(payout, ids + i, count - i < TICKS_TOGETHER ? count - i : TICKS_TOGETHER);
    return (int64_t)count;
}

/* A tick on its way through the engine. */
struct ticking {
    struct command command;
    struct payout *payout;
};

static bool ticking_add(struct payout *payout, int64_t withdrawal)
{
    bool added;

    pthread_mutex_lock(&payout->mutex);
    added = payout->ticking_count < TICKS_MAX;
    for (size_t i = 0; i < payout->ticking_count; i++)
        added = added && payout->ticking[i] != withdrawal;
    if (added)
        payout->ticking[payout->ticking_count++] = withdrawal;
    pthread_mutex_unlock(&payout->mutex);
    return added;
}

/* When the last of a full round is through, the next round need not wait for the clock. */
static void ticking_drop(struct payout *payout, int64_t withdrawal)
{
    bool again;

    pthread_mutex_lock(&payout->mutex);
    for (size_t i = 0; i < payout->ticking_count; i++)
        if (payout->ticking[i] == withdrawal) {
            payout->ticking[i] = payout->ticking[--payout->ticking_count];
            break;
        }
    again = payout->ticking_count == 0 && payout->more_due;
    pthread_cond_broadcast(&payout->changed);
    if (again)
        payout_wake(payout);
    pthread_mutex_unlock(&payout->mutex);
}

/* On the engine's thread, after the commit. */
static void ticking_done(struct command *command, struct reply *reply)
{
    struct ticking *ticking = command->context;

    reply_fini(reply);
    ticking->payout->stats.ticks++;
    ticking_drop(ticking->payout, command->object_id);
    free(ticking);
}

/* False: not now (the queue is full, or no memory); the withdrawal stays due. */
static bool tick_submit(struct payout *payout, int64_t withdrawal)
{
    struct ticking *ticking = calloc(1, sizeof *ticking);

    if (ticking == NULL) {
        ticking_drop(payout, withdrawal);
        return false;
    }
    ticking->payout = payout;
    payout_command(&ticking->command, COMMAND_TICK, withdrawal);
    ticking->command.done = ticking_done;
    ticking->command.context = ticking;
    if (engine_submit(payout->config.engine, &ticking->command))
        return true;
    free(ticking);
    ticking_drop(payout, withdrawal);
    return false;
}

void payout_tick_submit(struct payout *payout)
{
    int64_t ids[TICKS_MAX];
    size_t count = 0;

    if (due(payout, ids, &count) != ERR_NONE)
        return;
    pthread_mutex_lock(&payout->mutex);
    payout->more_due = count == TICKS_MAX;
    pthread_mutex_unlock(&payout->mutex);
    for (size_t i = 0; i < count && !payout->stopping; i++)
        if (ticking_add(payout, ids[i]) && !tick_submit(payout, ids[i]))
            return;
}

/* The callback that waits, or else the channel's next: asking for the next says that the last one is committed. */
static bool callback_next(struct payout *payout, size_t at)
{
    struct channel *channel = payout->config.channels->items[at];

    if (!payout->has_undelivered[at])
        payout->has_undelivered[at] =
            channel->operations->poll(channel, engine_now(payout->config.engine), &payout->undelivered[at]);
    return payout->has_undelivered[at];
}

static int64_t channel_poll(struct payout *payout, size_t at)
{
    int64_t count = 0;

    while (!payout->stopping && callback_next(payout, at)) {
        struct finding told = {payout->config.channels->items[at]->name, 0, SOURCE_CALLBACK, payout->undelivered[at]};

        if (!payout_evidence(payout, &told))
            break;
        payout->has_undelivered[at] = false;
        payout->stats.callbacks++;
        count++;
    }
    return count;
}

int64_t payout_poll(struct payout *payout)
{
    const struct channels *channels = payout->config.channels;
    int64_t count = 0;

    for (size_t i = 0; i < channels->count; i++)
        if (channels->items[i]->operations->poll != NULL)
            count += channel_poll(payout, i);
    return count;
}
