/* SPDX-License-Identifier: Apache-2.0 */
/* The payout room: the only place that calls channels.
 *
 * It decides nothing about money. It asks which withdrawals want a tick and submits the tick; the engine commits the
 * intents and hands back the calls to make; each call is made once, outside any transaction, and whatever comes of it
 * goes back in as evidence, tried until the engine has committed it. Every call ends in evidence, also one that was not
 * made: a send that has waited longer than the engine's guard, or whose channel is paused, is not made and says
 * "nothing is known", because by then the engine asks about it on its own and may decide otherwise. After a kill
 * nothing needs repair here: what was open is still due in the store. Two calls with one key never run at the same
 * time, nor two ticks of one withdrawal.
 *
 * A channel that answers that our side is wrong (ALARM_HALT) is halted: payments that were not begun stay on hold, what
 * was begun is asked about and waits. After a minute, two, four … an hour what is due tries it again; a send that is
 * answered otherwise, or a new start, ends the halt.
 *
 * Two ways to run it: payout_start gives it threads (a scheduler, a listener for callbacks, and callers that may
 * block); payout_attach leaves it without, and payout_step does what is due on the caller's thread, the same way every
 * time. */
#ifndef EBB_PAYOUT_PAYOUT_H
#define EBB_PAYOUT_PAYOUT_H

#include "engine/engine.h"

#define PAYOUT_CALLERS_MAX 16
#define PAYOUT_CALLERS_DEFAULT 4
#define PAYOUT_ROUND_MS 200 /* the longest that something due waits for a round */

struct payout_config {
    struct engine *engine;
    const struct channels *channels; /* owned by the caller, outlives the payout */
    const char *store;               /* where it is read: a directory or a URL; lives as long as the payout */
    size_t callers;                  /* 0: the default */
};

struct payout_stats {
    _Atomic int64_t ticks, sends, queries, callbacks;
    _Atomic int64_t withheld; /* sends not made: paused or too late */
    _Atomic int64_t evidence_refused, evidence_retries;
};

struct payout;

/* Exists before the engine, which wants the sinks; calls that arrive before the start wait. NULL: no memory. */
MUST_USE struct payout *payout_new(void);
MUST_USE enum err payout_attach(struct payout *payout, const struct payout_config *config, char ret_reason[256]);
MUST_USE enum err payout_start(struct payout *payout, const struct payout_config *config, char ret_reason[256]);
/* Ends the calls that run (each within its channel's time-out), hands in their evidence, joins. Calls not begun are
 * forgotten: their intents are durable. The engine must still be open. */
void payout_stop(struct payout *payout);
/* Stops when that was not done. */
void payout_free(struct payout **payout);

/* For engine_config.effects and .due; the context is the payout. */
void payout_effects(void *payout, struct effect *list);
void payout_due(void *payout, struct instant next);

/* The clock was moved, or something became due: do not wait for the next round. */
void payout_wake(struct payout *payout);
/* Without threads: ticks what is due at the engine's clock, makes the calls, takes the callbacks; each once. Returns
 * how many things it did. */
int64_t payout_step(struct payout *payout);
/* Stops (or allows again) sends on one channel; queries go on. False: no channel of that name. */
bool payout_pause(struct payout *payout, const char *channel, bool pause);
/* No tick, no call under way and none waiting. */
bool payout_quiet(struct payout *payout);
/* Is this the server that calls, of all of one database? */
bool payout_leads(const struct payout *payout);
const struct payout_stats *payout_stats(const struct payout *payout);

#endif
