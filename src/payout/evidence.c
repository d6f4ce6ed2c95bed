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
    *ret = (struct command){.kind = kind, .roles = ROLE_SYSTEM, .object_id = withdrawal, .any_version = true};
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

bool payout_evidence(struct payout *payout, const char *channel, int64_t withdrawal, enum evidence_source source,
                     const struct channel_answer *answer)
{
    int64_t wait_ms = RETRY_FIRST_MS;

    for (int tries = 0;; tries += tries < INT_MAX - 1) {
        struct command command;
        struct reply reply = {0};
        int status;

        payout_command(&command, COMMAND_EVIDENCE, withdrawal);
        snprintf(command.channel, sizeof command.channel, "%s", channel);
        command.answer = *answer;
        command.source = source;
        engine_run(payout->config.engine, &command, &reply);
        status = reply.status;
        reply_fini(&reply);
        if (!must_repeat(status)) {
            if (status >= 300)
                payout->stats.evidence_refused++;
            return true;
        }
        if (tries >= tries_max(payout))
            return false;
        payout->stats.evidence_retries++;
        payout_pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < RETRY_LAST_MS ? wait_ms * 2 : RETRY_LAST_MS;
    }
}
