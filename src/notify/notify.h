/* SPDX-License-Identifier: Apache-2.0 */
/* The room that tells others: one thread, of one among all servers of a database.
 *
 * It decides nothing. What is to be told, and what came of it, are rows that the engine writes (COMMAND_DELIVERIES): an
 * attempt whose outcome was not committed is made again, so that after a kill nothing is lost and something may come
 * twice, under the same id. Calls run side by side, bounded in number for all and for each endpoint, and those that
 * fail have fewer: a slow or dead one takes nothing from the others, and nothing at all from the engine. */
#ifndef EBB_NOTIFY_NOTIFY_H
#define EBB_NOTIFY_NOTIFY_H

#include "engine/engine.h"
#include "notify/settings.h"

#define NOTIFY_ROUND_MS 200

/* Outlives the room: whoever counts need not ask whether it is still there. */
struct notify_stats {
    _Atomic int64_t webhooks_delivered, webhooks_failed; /* attempts */
    _Atomic int64_t messages_sent, messages_failed;      /* attempts */
};

struct notify_config {
    struct engine *engine;
    const char *store;                      /* where it is read: a directory or a URL */
    struct vault *vault;                    /* opens the endpoints' secrets */
    const struct notify_settings *settings; /* these live as long as the room */
    const struct policies *policies;        /* so do these: their words stand in messages */
    bool messages;                          /* are sent; otherwise they stay where they are */
    bool (*leads)(const void *context);     /* is this the server that tells? */
    const void *leads_context;
    struct notify_stats *stats;
};

struct notify;
MUST_USE enum err notify_start(const struct notify_config *config, struct notify **ret, char ret_reason[256]);
/* Gives up the calls that run: their attempts are made again. The engine must still be open. */
void notify_stop(struct notify **notify);

#endif
