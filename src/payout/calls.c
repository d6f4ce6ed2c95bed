/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/withdrawal.h"
#include "payout/payout_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HALT_FIRST_MS MS_MINUTE
#define HALT_DOUBLINGS 6 /* about an hour */

static void effect_free(struct effect *effect)
{
    free(effect->request);
    free(effect);
}

/* The list becomes ours. A call that finds no memory is dropped: its intent is durable, and the engine will ask. */
void payout_enqueue(struct payout *payout, struct effect *list)
{
    struct instant now;

    pthread_mutex_lock(&payout->mutex);
    now = payout->config.engine != NULL ? engine_now(payout->config.engine) : INSTANT_NONE;
    while (list != NULL) {
        struct effect *effect = list;
        struct job *job = calloc(1, sizeof *job);

        list = effect->next;
        effect->next = NULL;
        if (job == NULL) {
            effect_free(effect);
            continue;
        }
        job->effect = effect;
        job->queued_at = now;
        if (payout->jobs_last != NULL)
            payout->jobs_last->next = job;
        else
            payout->jobs = job;
        payout->jobs_last = job;
    }
    pthread_cond_broadcast(&payout->changed);
    pthread_mutex_unlock(&payout->mutex);
}

static struct job *job_take(struct payout *payout, struct job *job, struct job *before)
{
    if (before != NULL)
        before->next = job->next;
    else
        payout->jobs = job->next;
    if (payout->jobs_last == job)
        payout->jobs_last = before;
    job->next = NULL;
    return job;
}

static bool key_runs(const struct payout *payout, const struct effect *effect)
{
    for (size_t i = 0; i < PAYOUT_CALLERS_MAX; i++) {
        const struct effect *running = payout->callers[i].running;

        if (running != NULL && strcmp(running->key, effect->key) == 0 && strcmp(running->channel, effect->channel) == 0)
            return true;
    }
    return false;
}

/* The oldest whose key no other caller is busy with. */
static struct job *job_next(struct payout *payout)
{
    struct job *before = NULL;

    for (struct job *job = payout->jobs; job != NULL; before = job, job = job->next)
        if (!key_runs(payout, job->effect))
            return job_take(payout, job, before);
    return NULL;
}

void payout_forget(struct payout *payout)
{
    pthread_mutex_lock(&payout->mutex);
    while (payout->jobs != NULL) {
        struct job *job = job_take(payout, payout->jobs, NULL);

        effect_free(job->effect);
        free(job);
    }
    pthread_mutex_unlock(&payout->mutex);
}

static bool channel_paused(struct payout *payout, const char *name)
{
    bool paused = false;

    pthread_mutex_lock(&payout->mutex);
    for (size_t i = 0; i < payout->config.channels->count; i++)
        if (strcmp(payout->config.channels->items[i]->name, name) == 0)
            paused = payout->paused[i];
    pthread_mutex_unlock(&payout->mutex);
    return paused;
}

/* An answer that our side is wrong would be the answer to the next hundred, too: nothing is begun or sent until a while
 * is over, and then what is due tries it. Of such answers in a row the first is an alarm. What is answered to a
 * question stops no payment: who may pay need not be allowed to ask. */
static void channel_weigh(struct payout *payout, struct channel *channel, const struct effect *effect,
                          struct instant now, struct channel_answer *answer)
{
    pthread_mutex_lock(&payout->mutex);
    if (answer->alarm == ALARM_HALT && effect->query) {
        answer->alarm = ALARM_TELL;
    } else if (answer->alarm == ALARM_HALT) {
        answer->alarm = channel->halts == 0 ? ALARM_HALT : ALARM_NONE;
        if (now.ms >= channel->halted_until_ms) {
            int64_t doublings = channel->halts < HALT_DOUBLINGS ? channel->halts : HALT_DOUBLINGS;

            channel->halted_until_ms = now.ms + (HALT_FIRST_MS << doublings);
            channel->halts++;
        }
    } else if (!effect->query && answer->kind != EVIDENCE_NOTHING) {
        channel->halts = 0;
        channel->halted_until_ms = 0;
    }
    pthread_mutex_unlock(&payout->mutex);
}

/* Why a call is not made after all; NULL when it is. A query can do no harm and is never too late. */
static const char *withheld_because(struct payout *payout, const struct channel *channel, const struct job *job,
                                    struct instant now)
{
    if (channel == NULL)
        return "no_channel";
    if (job->effect->query)
        return NULL;
    if (job->effect->request == NULL)
        return "no_request";
    if (!lease_leads(&payout->lease))
        return "lease_lost";
    if (engine_quarantined(payout->config.engine))
        return "quarantined";
    if (channel_paused(payout, job->effect->channel) || now.ms < channel->halted_until_ms)
        return "channel_paused";
    if (!instant_is_set(job->queued_at) || !instant_before(now, instant_add_ms(job->queued_at, SEND_GUARD_MS)))
        return "sent_too_late";
    return NULL;
}

static void answer_nothing(struct channel_answer *ret, const char *key, const char *code)
{
    *ret = (struct channel_answer){.kind = EVIDENCE_NOTHING};
    snprintf(ret->key, sizeof ret->key, "%s", key);
    snprintf(ret->code, sizeof ret->code, "%s", code);
    snprintf(ret->detail, sizeof ret->detail, "the call was not made");
}

/* What the channel says; without a call, that nothing is known. */
static void job_call(struct payout *payout, const struct job *job, struct channel_answer *ret)
{
    const struct effect *effect = job->effect;
    struct channel *channel = channels_find(payout->config.channels, effect->channel);
    struct instant now = engine_now(payout->config.engine);
    const char *withheld = withheld_because(payout, channel, job, now);

    if (withheld != NULL) {
        answer_nothing(ret, effect->key, withheld);
        payout->stats.withheld++;
    } else if (effect->query) {
        channel->operations->query(channel, effect->key, effect->request, now, ret);
        payout->stats.queries++;
    } else {
        channel->operations->send(channel, effect->key, effect->request, effect->first, now, ret);
        payout->stats.sends++;
    }
    if (withheld == NULL)
        channel_weigh(payout, channel, effect, now, ret);
}

static struct job *job_begin(struct caller *caller)
{
    struct job *job;

    pthread_mutex_lock(&caller->payout->mutex);
    job = job_next(caller->payout);
    if (job != NULL)
        caller->running = job->effect;
    pthread_mutex_unlock(&caller->payout->mutex);
    return job;
}

static void job_end(struct caller *caller, struct job *job)
{
    pthread_mutex_lock(&caller->payout->mutex);
    caller->running = NULL;
    pthread_cond_broadcast(&caller->payout->changed);
    pthread_mutex_unlock(&caller->payout->mutex);
    effect_free(job->effect);
    free(job);
}

static void job_find(struct payout *payout, const struct job *job, struct finding *ret)
{
    const struct effect *effect = job->effect;

    *ret = (struct finding){effect->channel, effect->withdrawal, effect->query ? SOURCE_QUERY : SOURCE_REPLY};
    job_call(payout, job, &ret->answer);
}

static void call(struct caller *caller)
{
    struct job *job = job_begin(caller);
    struct finding finding;

    if (job == NULL)
        return;
    job_find(caller->payout, job, &finding);
    (void)payout_evidence(caller->payout, &finding);
    job_end(caller, job);
}

int64_t payout_calls(struct payout *payout)
{
    struct job *jobs[PAYOUT_CALLERS_MAX];
    struct finding findings[PAYOUT_CALLERS_MAX];
    size_t count = 0;

    while (count < PAYOUT_CALLERS_MAX && (jobs[count] = job_begin(&payout->callers[count])) != NULL) {
        job_find(payout, jobs[count], &findings[count]);
        count++;
    }
    if (count > 0)
        payout_evidence_together(payout, findings, count);
    for (size_t i = 0; i < count; i++)
        job_end(&payout->callers[i], jobs[i]);
    return (int64_t)count;
}

static bool job_ready(const struct payout *payout)
{
    for (const struct job *job = payout->jobs; job != NULL; job = job->next)
        if (!key_runs(payout, job->effect))
            return true;
    return false;
}

void *payout_caller_run(void *context)
{
    struct caller *caller = context;
    struct payout *payout = caller->payout;

    pthread_mutex_lock(&payout->mutex);
    while (!payout->stopping) {
        if (!job_ready(payout)) {
            pthread_cond_wait(&payout->changed, &payout->mutex);
            continue;
        }
        pthread_mutex_unlock(&payout->mutex);
        call(caller);
        pthread_mutex_lock(&payout->mutex);
    }
    pthread_mutex_unlock(&payout->mutex);
    return NULL;
}
