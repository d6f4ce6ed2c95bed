/* SPDX-License-Identifier: Apache-2.0 */
#include "payout/payout_parts.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct payout *payout_new(void)
{
    struct payout *payout = calloc(1, sizeof *payout);

    if (payout == NULL)
        return NULL;
    pthread_mutex_init(&payout->mutex, NULL);
    pthread_cond_init(&payout->changed, NULL);
    for (size_t i = 0; i < PAYOUT_CALLERS_MAX; i++)
        payout->callers[i].payout = payout;
    payout->scheduler_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    payout->listener_bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (payout->scheduler_bell < 0 || payout->listener_bell < 0)
        payout_free(&payout);
    return payout;
}

void payout_free(struct payout **payout)
{
    struct payout *freeing = *payout;

    if (freeing == NULL)
        return;
    payout_stop(freeing);
    if (freeing->scheduler_bell >= 0)
        close(freeing->scheduler_bell);
    if (freeing->listener_bell >= 0)
        close(freeing->listener_bell);
    pthread_cond_destroy(&freeing->changed);
    pthread_mutex_destroy(&freeing->mutex);
    free(freeing);
    *payout = NULL;
}

static void bell_ring(int bell)
{
    const uint64_t one = 1;
    ssize_t written = write(bell, &one, sizeof one);

    (void)written; /* full means that it rings already */
}

/* Until the bell rings or a round's time is over. */
static void bell_wait(int bell)
{
    struct pollfd waiting = {.fd = bell, .events = POLLIN};
    uint64_t rung;

    if (poll(&waiting, 1, PAYOUT_ROUND_MS) > 0 && read(bell, &rung, sizeof rung) < 0)
        payout_pause_ms(1);
}

void payout_wake(struct payout *payout)
{
    bell_ring(payout->scheduler_bell);
    bell_ring(payout->listener_bell);
}

void payout_effects(void *context, struct effect *list)
{
    payout_enqueue(context, list);
}

/* What is due later is found by the rounds. */
void payout_due(void *context, struct instant next)
{
    struct payout *payout = context;

    if (payout->started && instant_is_set(next) && !instant_after(next, engine_now(payout->config.engine)))
        bell_ring(payout->scheduler_bell);
}

static void *scheduler_run(void *context)
{
    struct payout *payout = context;

    while (!payout->stopping) {
        lease_round(&payout->lease);
        if (lease_leads(&payout->lease))
            payout_tick_submit(payout);
        bell_wait(payout->scheduler_bell);
    }
    return NULL;
}

static void *listener_run(void *context)
{
    struct payout *payout = context;

    while (!payout->stopping) {
        if (lease_leads(&payout->lease))
            (void)payout_poll(payout);
        bell_wait(payout->listener_bell);
    }
    return NULL;
}

enum err payout_attach(struct payout *payout, const struct payout_config *config, char ret_reason[256])
{
    TRY(store_open(config->store, STORE_READER, NULL, &payout->reader, ret_reason));
    pthread_mutex_lock(&payout->mutex);
    payout->config = *config;
    payout->callers_count = config->callers != 0 ? config->callers : PAYOUT_CALLERS_DEFAULT;
    if (payout->callers_count > PAYOUT_CALLERS_MAX)
        payout->callers_count = PAYOUT_CALLERS_MAX;
    pthread_mutex_unlock(&payout->mutex);
    lease_open(&payout->lease, config->engine, config->store, store_is_shared(payout->reader));
    return ERR_NONE;
}

static bool thread_start(struct payout *payout, void *(*run)(void *), void *context)
{
    if (pthread_create(&payout->threads[payout->threads_count], NULL, run, context) != 0)
        return false;
    payout->threads_count++;
    return true;
}

enum err payout_start(struct payout *payout, const struct payout_config *config, char ret_reason[256])
{
    bool ok;

    TRY(payout_attach(payout, config, ret_reason));
    payout->started = true;
    ok = thread_start(payout, scheduler_run, payout) && thread_start(payout, listener_run, payout);
    for (size_t i = 0; ok && i < payout->callers_count; i++)
        ok = thread_start(payout, payout_caller_run, &payout->callers[i]);
    if (ok)
        return ERR_NONE;
    payout_stop(payout);
    snprintf(ret_reason, 256, "the payout threads could not be started");
    return ERR_FATAL;
}

static void threads_join(struct payout *payout)
{
    pthread_mutex_lock(&payout->mutex);
    payout->stopping = true;
    pthread_cond_broadcast(&payout->changed);
    pthread_mutex_unlock(&payout->mutex);
    payout_wake(payout);
    while (payout->threads_count > 0)
        pthread_join(payout->threads[--payout->threads_count], NULL);
    /* The engine still has our ticks in its hands, and calls back once for each. */
    pthread_mutex_lock(&payout->mutex);
    while (payout->ticking_count > 0)
        pthread_cond_wait(&payout->changed, &payout->mutex);
    pthread_mutex_unlock(&payout->mutex);
}

void payout_stop(struct payout *payout)
{
    if (payout->started)
        threads_join(payout);
    payout->started = false;
    payout_forget(payout);
    lease_close(&payout->lease);
    if (payout->reader != NULL)
        store_close(&payout->reader);
}

int64_t payout_step(struct payout *payout)
{
    int64_t done = 0, calls;

    lease_round(&payout->lease);
    if (lease_leads(&payout->lease))
        done = payout_tick_now(payout);

    while ((calls = payout_calls(payout)) > 0)
        done += calls;
    return done + payout_poll(payout);
}

bool payout_pause(struct payout *payout, const char *channel, bool pause)
{
    bool found = false;

    pthread_mutex_lock(&payout->mutex);
    for (size_t i = 0; payout->config.channels != NULL && i < payout->config.channels->count; i++)
        if (strcmp(payout->config.channels->items[i]->name, channel) == 0) {
            payout->paused[i] = pause;
            found = true;
        }
    pthread_mutex_unlock(&payout->mutex);
    return found;
}

bool payout_quiet(struct payout *payout)
{
    bool quiet;

    pthread_mutex_lock(&payout->mutex);
    quiet = payout->jobs == NULL && payout->ticking_count == 0;
    for (size_t i = 0; i < PAYOUT_CALLERS_MAX; i++)
        quiet = quiet && payout->callers[i].running == NULL;
    pthread_mutex_unlock(&payout->mutex);
    return quiet;
}

const struct payout_stats *payout_stats(const struct payout *payout)
{
    return &payout->stats;
}

bool payout_leads(const struct payout *payout)
{
    return lease_leads(&payout->lease);
}
