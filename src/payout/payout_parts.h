/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the payout room share. Members below `mutex` are guarded by it. */
#ifndef EBB_PAYOUT_PAYOUT_PARTS_H
#define EBB_PAYOUT_PAYOUT_PARTS_H

#include "payout/lease.h"
#include "payout/payout.h"

#include <pthread.h>

#define TICKS_MAX 256 /* in flight */

/* A call that waits for a caller. */
struct job {
    struct job *next;
    struct effect *effect;
    struct instant queued_at; /* none: it came before the start and will not be sent */
};

/* What came of a call, or what a channel told by itself. */
struct finding {
    const char *channel;
    int64_t withdrawal; /* 0: its key says */
    enum evidence_source source;
    struct channel_answer answer;
};

struct caller {
    struct payout *payout;
    const struct effect *running; /* NULL when idle */
};

struct payout {
    struct payout_config config;
    struct store *reader; /* the scheduler's */
    struct lease lease;   /* the scheduler's; whether it leads is for all */
    struct payout_stats stats;
    int scheduler_bell, listener_bell; /* eventfds: wait with a time-out, read no clock */
    pthread_t threads[PAYOUT_CALLERS_MAX + 2];
    size_t threads_count;
    _Atomic bool started, stopping;
    struct channel_answer undelivered[CHANNELS_MAX]; /* a callback that could not be handed in; the listener's */
    bool has_undelivered[CHANNELS_MAX];

    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a job came or ended, a tick ended, stopping */
    struct job *jobs, *jobs_last;
    struct caller callers[PAYOUT_CALLERS_MAX]; /* without threads they call one after the other */
    size_t callers_count;
    int64_t ticking[TICKS_MAX];
    size_t ticking_count;
    bool more_due; /* the last round did not see all */
    bool paused[CHANNELS_MAX];
};

/* calls.c: queueing and making calls. */
void payout_enqueue(struct payout *payout, struct effect *list);
void payout_forget(struct payout *payout);
/* Without threads: makes calls of the queue on this thread, and hands in what came of them in one commit, as the engine
 * takes what callers find at the same time. Returns how many. */
int64_t payout_calls(struct payout *payout);
void *payout_caller_run(void *caller);

/* evidence.c: evidence into the engine, tried until committed. False: given up because everything stops. */
bool payout_evidence(struct payout *payout, const struct finding *finding);
/* Without threads: up to PAYOUT_CALLERS_MAX of them in one batch. */
void payout_evidence_together(struct payout *payout, const struct finding *findings, size_t count);
void payout_command(struct command *ret, enum command_kind kind, int64_t withdrawal);
void payout_pause_ms(int64_t ms);

/* rounds.c: ticks and callbacks. */
int64_t payout_tick_now(struct payout *payout); /* on this thread */
void payout_tick_submit(struct payout *payout); /* through the engine's worker */
int64_t payout_poll(struct payout *payout);     /* takes every callback that is due */

#endif
