/* SPDX-License-Identifier: Apache-2.0 */
/* What `ebb serve` wires of the notify room: its settings, which are read before anything is opened, and its thread. */
#ifndef EBB_HTTP_SERVE_NOTIFY_H
#define EBB_HTTP_SERVE_NOTIFY_H

#include "notify/notify.h"

struct payout;
struct serve_notify {
    struct arena arena;
    struct notify_settings settings;
    struct notify_stats stats;
    struct notify *room;
};

/* `path` NULL: the defaults. */
MUST_USE enum err serve_notify_read(struct serve_notify *notify, const char *path, char ret_reason[256]);
/* Who calls channels tells others, too. */
struct serve_notify_place {
    struct engine *engine;
    const char *store;
    struct vault *vault;
    const struct payout *payout;
    const struct policies *policies;
    bool demo; /* messages stay in the demo's mailbox */
};
MUST_USE enum err serve_notify_start(struct serve_notify *notify, const struct serve_notify_place *place,
                                     char ret_reason[256]);
void serve_notify_fini(struct serve_notify *notify);

#endif
