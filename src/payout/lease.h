/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher's lease: of all servers of one database only its holder ticks and calls channels.
 *
 * It lies in the database and runs by the database's clock. Whoever takes it raises its epoch; the engine commits an
 * intent only while the lease is of the epoch that it was told, and will be until the payment has left or is too late
 * to (SEND_GUARD_MS). So a server that was stopped in the middle and wakes up when another one leads commits nothing
 * that could leave, and what it had committed before is too old to be sent. The holder's session holds a lock as well:
 * when the process dies, the next one need not wait for the clock. Where one server has the database to itself (SQLite)
 * it always leads. Used by one thread; lease_leads is for all. */
#ifndef EBB_PAYOUT_LEASE_H
#define EBB_PAYOUT_LEASE_H

#include "engine/engine.h"

#define LEASE_MS INT64_C(45000)
#define LEASE_ROUNDS                                                                                                   \
    8 /* it is renewed every so many rounds: often enough that none is lost while the store answers                    \
       */

struct lease {
    struct engine *engine;
    const char *place; /* URL of the database; NULL: we lead */
    struct store *store;
    int64_t epoch; /* 0: not ours */
    int64_t rounds;
    _Atomic bool leads;
};

/* `place` lives as long as the lease. */
void lease_open(struct lease *lease, struct engine *engine, const char *place, bool shared);
/* Once a round: takes or renews the lease when it is time to. */
void lease_round(struct lease *lease);
bool lease_leads(const struct lease *lease);
/* Gives it back, so that another one need not wait. */
void lease_close(struct lease *lease);

#endif
