/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints that are told of events, and their deliveries: who is told of what, when an attempt is repeated, when an
 * endpoint is given up. Standard Webhooks 1.0.0 says how a message looks; notify/ makes and sends it.
 *
 *   waiting ──2xx──▶ delivered        every other answer waits for the next attempt; after the last one the delivery
 *      │  ▲                            failed, and an endpoint that took nothing in all that time is disabled with an
 *      └──┴─anything else──▶ failed    incident. 410 disables at once: the endpoint says that it is gone.
 *
 * A replay makes a delivery wait again. Pure. */
#ifndef EBB_DOMAIN_WEBHOOK_H
#define EBB_DOMAIN_WEBHOOK_H

#include "domain/decide.h"

#define WEBHOOKS_MAX 50
#define WEBHOOK_OVERLAP_HOURS 24
#define DELIVERY_ATTEMPTS_MAX 10
#define DELIVERIES_REPLAY_MAX 1000
#define DELIVERIES_TOGETHER_MAX 256

/* What an attempt came to. */
struct delivery_outcome {
    int64_t delivery;
    int64_t attempts;   /* before it: an outcome of an attempt that somebody else has counted since changes nothing */
    int64_t answer;     /* HTTP status; 0: none came */
    const char *detail; /* in words, when it was not delivered */
    int64_t retry_after_ms; /* 0: the endpoint did not say */
};
/* An event that an endpoint is to be told of. */
struct delivery_new {
    int64_t webhook, event;
};
/* How far an endpoint's events were looked at. */
struct delivery_told {
    int64_t webhook, told;
};
/* COMMAND_MESSAGES: these were sent; by the sender alone. */
struct messages_ask {
    const int64_t *ids;
    size_t count;
};
/* COMMAND_DELIVERIES; by the sender alone. */
struct deliveries_ask {
    const struct delivery_outcome *outcomes;
    const struct delivery_new *news;
    const struct delivery_told *told;
    size_t outcomes_count, news_count, told_count;
};

/* Is an endpoint with these `events` (NULL: all) told of that type? */
bool webhook_wants(const char *events, const char *type);

/* It is told of what happens from now on. */
struct decision webhook_make(struct deciding *d, const struct webhook_ask *ask, struct webhook **ret);
struct decision webhook_change(struct deciding *d, struct webhook *webhook, const struct webhook_ask *ask);
void webhook_delete(struct deciding *d, struct webhook *webhook);
void webhook_rotate(struct deciding *d, struct webhook *webhook, const struct rotate_ask *ask);
/* `event` 0: a test. */
struct delivery *delivery_make(struct deciding *d, struct webhook *webhook, int64_t event);
void delivery_replay(struct deciding *d, struct delivery *delivery);
void delivery_conclude(struct deciding *d, struct webhook *webhook, struct delivery *delivery,
                       const struct delivery_outcome *outcome);

#endif
