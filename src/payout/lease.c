/* SPDX-License-Identifier: Apache-2.0 */
#include "payout/lease.h"

#include "base/log.h"

#define NOBODYS INT64_C(-1) /* an epoch that the lease never has */

static void leads_set(struct lease *lease, int64_t epoch)
{
    if (lease->leads != (epoch > 0))
        log_line(LOG_LEVEL_INFO, epoch > 0 ? "this server dispatches" : "another server dispatches", NULL);
    lease->epoch = epoch > 0 ? epoch : 0;
    engine_fence(lease->engine, epoch > 0 ? epoch : NOBODYS);
    lease->leads = epoch > 0;
}

void lease_open(struct lease *lease, struct engine *engine, const char *place, bool shared)
{
    *lease = (struct lease){.engine = engine, .place = shared ? place : NULL, .leads = !shared};
    if (shared)
        engine_fence(engine, NOBODYS);
}

/* A lease that was lost takes its session with it: the lock that the session holds is for the new holder. */
static void session_drop(struct lease *lease)
{
    store_close(&lease->store);
    leads_set(lease, 0);
}

static enum err epoch_ask(struct lease *lease, int64_t *ret)
{
    const struct value args[] = {value_int("ms", LEASE_MS), value_int("epoch", lease->epoch)};
    bool held = lease->epoch > 0;
    char reason[256];

    if (lease->store == NULL)
        TRY(store_open(lease->place, STORE_WRITER, NULL, &lease->store, reason));
    return store_int(lease->store, held ? QUERY_DISPATCHER_RENEW : QUERY_DISPATCHER_TAKE, args, held ? 2 : 1, ret);
}

void lease_round(struct lease *lease)
{
    int64_t epoch = 0;

    if (lease->place == NULL || lease->rounds++ % LEASE_ROUNDS != 0)
        return;
    bool held = lease->epoch > 0;
    if (epoch_ask(lease, &epoch) != ERR_NONE || (held && epoch == 0))
        session_drop(lease);
    else if (!held && epoch > 0)
        leads_set(lease, epoch);
}

bool lease_leads(const struct lease *lease)
{
    return lease->leads;
}

void lease_close(struct lease *lease)
{
    const struct value args[] = {value_int("epoch", lease->epoch)};
    int64_t released;

    if (lease->store != NULL && lease->epoch > 0 &&
        store_int(lease->store, QUERY_DISPATCHER_RELEASE, args, ARRAY_COUNT(args), &released) != ERR_NONE)
        log_line(LOG_LEVEL_WARN, "the dispatcher's lease was not given back; it runs out", NULL);
    store_close(&lease->store);
    lease->epoch = 0;
}
