/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the notify room share. All of it is the room's thread's. */
#ifndef EBB_NOTIFY_NOTIFY_PARTS_H
#define EBB_NOTIFY_NOTIFY_PARTS_H

#include "domain/webhook.h"
#include "notify/notify.h"
#include "notify/told.h"
#include "notify/wire.h"

#include <pthread.h>

#define FLIGHTS_MAX 64
#define FLIGHTS_FAILING_MAX 32 /* of them, for endpoints that failed last */
#define FLIGHTS_ENDPOINT_MAX 8
#define OUTCOMES_MAX DELIVERIES_TOGETHER_MAX
#define PAGE_EVENTS 256
#define ROUND_ARENA_BYTES ((size_t)32 << 20)
#define SWEEP_ROUNDS 50

/* An enabled endpoint; what is behind the line is remembered over its being read anew. */
struct endpoint {
    int64_t id;
    const char *url, *events, *secret, *previous; /* of this round */
    struct instant previous_until;
    int64_t told;
    bool failing;

    bool seen;
    struct instant look_at;    /* when something may be due; none: now */
    struct instant hold_until; /* it asked to be left alone */
    int64_t reached;           /* its events were looked at up to here */
};

/* An attempt under way, or one whose outcome waits to be committed. */
struct attempt_flight {
    struct notify *notify;
    int64_t delivery, webhook, attempts;
    bool used, ended, failing;
    struct delivery_outcome outcome;
    char detail[WIRE_DETAIL_BYTES];
};

#define POSTS_MAX 256

/* A message on its way; one that was given up is remembered until it is too old to be read again. */
struct post {
    struct notify *notify;
    int64_t message;
    struct instant next_at;
    int64_t attempts;
    bool used, flying, sent, given_up;
};

struct notify {
    struct notify_config config;
    pthread_t thread;
    bool started;
    _Atomic bool stopping;
    struct store *reader;
    struct wire *wire;
    struct arena arena; /* of a round */
    struct arena sweep_arena;
    struct endpoint endpoints[WEBHOOKS_MAX];
    size_t endpoints_count;
    struct attempt_flight flights[OUTCOMES_MAX];
    struct post posts[POSTS_MAX];
    int64_t commits; /* of the engine, when it was looked last */
    bool behind;     /* the last round did not see all */
    int64_t rounds;
};

/* webhooks.c: one round. */
MUST_USE enum err webhooks_round(struct notify *notify);
/* Hands in what is known, tried once. False: it stays for the next round. */
bool webhooks_report(struct notify *notify, const struct deliveries_ask *more);

/* sweep.c: looks for what came late; where several engines write. */
MUST_USE enum err webhooks_sweep(struct notify *notify);

/* messages.c: one round. */
MUST_USE enum err messages_round(struct notify *notify);

/* deliver.c: begins the attempt; one for which there is nothing to send has failed at once. */
MUST_USE enum err deliver(struct notify *notify, struct endpoint *endpoint, const struct delivery *delivery);

/* Calls under way for an endpoint. */
size_t flying_for(const struct notify *notify, int64_t webhook);

#endif
