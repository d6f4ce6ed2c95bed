/* SPDX-License-Identifier: Apache-2.0 */
#include "payout/payout_parts.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#define RETRY_FIRST_MS 10
#define RETRY_LAST_MS 200
#define RETRIES_WHEN_STOPPING 20
#define RETRIES_STEP 5

void payout_pause_ms(int64_t ms)
{
    struct timespec pause = {(time_t)(ms / MS_SECOND), (long)(ms % MS_SECOND * 1000000)};

    (void)nanosleep(&pause, NULL);
}

void payout_command(struct command *ret, enum command_kind kind, int64_t withdrawal)
{
    *ret = (struct command){
        .kind = kind, .roles = ROLE_SYSTEM, .object_id = withdrawal, .any_version = true, .quiet = true};
    snprintf(ret->principal, sizeof ret->principal, "system:payout");
}

/* Busy, or the commit's outcome is not known: the same evidence again is safe, and without it a leg stays open. */
static bool must_repeat(int status)
{
    return status == 429 || status >= 500;
}

/* A process that stops may not wait for ever; without a worker there is nobody to wait for. */
static int tries_max(const struct payout *payout)
{
    if (!payout->started)
        return RETRIES_STEP;
    return payout->stopping ? RETRIES_WHEN_STOPPING : INT_MAX;
}

static void evidence_command(struct command *ret, const struct finding *finding)
{
    payout_command(ret, COMMAND_EVIDENCE, finding->withdrawal);
    snprintf(ret->channel, sizeof ret->channel, "%s", finding->channel);
    ret->answer = finding->answer;
    ret->source = finding->source;
}

/* False: it must be handed in again. */
static bool concluded(struct payout *payout, int status)
{
    if (must_repeat(status))
        return false;
    if (status >= 300)
        payout->stats.evidence_refused++;
    return true;
}

bool payout_evidence(struct payout *payout, const struct finding *finding)
{
    int64_t wait_ms = RETRY_FIRST_MS;

    for (int tries = 0;; tries += tries < INT_MAX - 1) {
        struct command command;
        struct reply reply = {0};
        int status;

        evidence_command(&command, finding);
        engine_run(payout->config.engine, &command, &reply);
        status = reply.status;
        reply_fini(&reply);
        if (concluded(payout, status))
            return true;
        if (tries >= tries_max(payout))
            return false;
        payout->stats.evidence_retries++;
        payout_pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < RETRY_LAST_MS ? wait_ms * 2 : RETRY_LAST_MS;
    }
}

static void note_status(struct command *command, struct reply *reply)
{
    *(int *)command->context = reply->status;
    reply_fini(reply);
}

void payout_evidence_together(struct payout *payout, const struct finding *findings, size_t count)
{
    struct command commands[PAYOUT_CALLERS_MAX], *batch[PAYOUT_CALLERS_MAX];
    int statuses[PAYOUT_CALLERS_MAX];

    for (size_t i = 0; i < count; i++) {
        batch[i] = &commands[i];
        evidence_command(batch[i], &findings[i]);
        batch[i]->done = note_status;
        batch[i]->context = &statuses[i];
    }
    engine_run_batch(payout->config.engine, batch, count);
    for (size_t i = 0; i < count; i++)
        if (!concluded(payout, statuses[i])) {
            payout->stats.evidence_retries++;
            (void)payout_evidence(payout, &findings[i]);
        }
}
