/* SPDX-License-Identifier: Apache-2.0 */
/* The places where the head of the audit chain is kept: a file beside the database, and files outside that the operator
 * named. Private to engine/.
 *
 * A place is a file of three slots, a line each. The first is overwritten without a sync before calls to channels
 * leave: plain, so that it costs nothing, and a lower bound is all that is needed. The other two are overwritten in
 * turns, each with a sync, every minute or ANCHOR_ROWS rows when something changed, so that at any moment one of them
 * stands on the disk whole: a torn or lost write costs a newer statement, never the last one that was synced. Slots are
 * read each for itself; what bears no signature of ours does not count.
 *
 * Only heads whose commit is durable may be handed in. It knows nothing of what the statements are compared with. */
#ifndef EBB_ENGINE_ANCHORS_H
#define EBB_ENGINE_ANCHORS_H

#include "access/vault.h"
#include "engine/engine.h"

#define ANCHOR_SLOTS 3
#define ANCHOR_ROWS 1000
#define ANCHOR_ROUND_MS (60 * 1000)

struct anchors_config {
    const char *const *paths; /* the first one stands beside the database */
    size_t paths_count;
    const struct vault *vault; /* outlives the anchors */
    struct world *world;
};

struct anchors;
/* Creates what is absent and reads what is there. ERR_FATAL with a sentence: a path is no file that we can keep. */
MUST_USE enum err anchors_open(const struct anchors_config *config, struct anchors **ret, char ret_reason[256]);
/* Every statement of ours that stood in the places when they were opened. */
const struct anchor *anchors_found(const struct anchors *anchors, size_t *ret_count);
/* The file beside the database held none. */
bool anchors_beside_is_empty(const struct anchors *anchors);

/* The head is durable from now on. Cheap: nothing is written. */
void anchors_advance(struct anchors *anchors, const char *store, const struct anchor_head *head, struct instant at);
/* Before a call leaves: the head stands in some place, perhaps not synced. False: in none. */
MUST_USE bool anchors_put(struct anchors *anchors);
/* The head stands in every place, synced. False: not in all; the log says where. */
bool anchors_sync(struct anchors *anchors);
/* Starts the thread that syncs in time and says the head in the log once a minute. */
MUST_USE enum err anchors_keep(struct anchors *anchors);
/* Ends the thread. Writes nothing. */
void anchors_close(struct anchors **anchors);

/* Writes that failed since the start. */
int64_t anchors_failures(const struct anchors *anchors);

#endif
