/* SPDX-License-Identifier: Apache-2.0 */
/* Where the books stand in time: which database this is, the anchors that say how far it was, and whether it is in
 * quarantine because it came back older than that. Private to engine/.
 *
 * No call to a channel leaves before the head that holds its intent is in an anchor, so that a database that comes back
 * older can be told from one that never went further. While the books are in quarantine the anchors stay as they are:
 * they are what it was found by. With its release the database has a new name, and anchors of its earlier lives count
 * only as far as their rows are still its own. */
#ifndef EBB_ENGINE_WATCH_H
#define EBB_ENGINE_WATCH_H

#include "engine/anchors.h"
#include "engine/step.h"

struct watch {
    struct anchors *anchors; /* NULL: none are kept */
    char store[ANCHOR_STORE_BYTES];
    struct instant opened_at;
    _Atomic bool quarantined;
    char why[200]; /* while it is */
    int64_t last;  /* id of the last quarantine */
    struct lost_time lost;
    bool stale;        /* another engine began or ended one: to be loaded */
    struct chain head; /* as it was committed last */
};

/* Opens the anchors that the configuration names. */
MUST_USE enum err watch_open(struct watch *watch, const struct engine_config *config, const struct vault *vault,
                             char ret_reason[256]);
/* What the database says of itself; also after it was opened anew. */
MUST_USE enum err watch_load(struct watch *watch, struct store *store, struct arena *arena);
/* At the start: why the books must go into quarantine now, or NULL. In the arena. */
MUST_USE enum err watch_judge(const struct watch *watch, const struct engine_config *config, struct store *store,
                              const struct chain *chain, struct arena *arena, const struct quarantine_ask **ret);
/* The start: judges, begins or extends the quarantine through `engine` where there is a reason to, and without one puts
 * the head into the anchors; the database then remembers that it has some. */
MUST_USE enum err watch_compare(struct watch *watch, struct engine *engine, const struct engine_config *config,
                                struct store *store, const struct chain *chain, char ret_reason[256]);
/* Starts what goes on by itself. */
MUST_USE enum err watch_start(struct watch *watch);
/* A quarantine began or ended with a commit. */
void watch_turned(struct watch *watch, const struct quarantine *quarantine);
/* Where other engines write the same rows, one of them may have begun or ended a quarantine: loads it when it is time
 * to. A command that counts rows (`alone`) waits for their commits first. */
MUST_USE enum err watch_follow(struct watch *watch, struct batch *batch, bool alone);
/* Is this, of all quarantines the last one, what the watch knows? Otherwise it is to be loaded again. */
MUST_USE bool watch_agrees(struct watch *watch, const struct quarantine *last);
/* The chain as it is after a durable commit. */
void watch_committed(struct watch *watch, const struct chain *chain);
/* After the database was opened anew. Where what was committed is gone (another machine took over that had not heard of
 * it) the process stops: the anchors tell the next start. */
MUST_USE enum err watch_reopened(struct watch *watch, struct store *store, struct arena *arena);
/* May payments leave that this chain holds the intents of? */
MUST_USE bool watch_may_send(struct watch *watch);
/* The last head is synced, then the anchors are closed. */
void watch_close(struct watch *watch);

#endif
