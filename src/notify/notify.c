/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/notify_parts.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

#define IDLE_MS 1000

static enum err reader_open(struct notify *notify, char ret_reason[256])
{
    if (notify->reader != NULL && store_usable(notify->reader))
        return ERR_NONE;
    store_close(&notify->reader);
    return store_open(notify->config.store, STORE_READER, notify->config.vault, &notify->reader, ret_reason);
}

/* In quarantine nothing leaves, and nobody is told by two. */
static bool may_tell(const struct notify *notify)
{
    return notify->config.leads(notify->config.leads_context) && !engine_quarantined(notify->config.engine);
}

static enum err round_run(struct notify *notify)
{
    char reason[256];

    if (!may_tell(notify))
        return ERR_NONE;
    TRY(reader_open(notify, reason));
    arena_reset(&notify->arena);
    TRY(webhooks_round(notify));
    if (store_is_shared(notify->reader) && notify->endpoints_count > 0 && notify->rounds % SWEEP_ROUNDS == 0)
        TRY(webhooks_sweep(notify));
    return notify->config.messages ? messages_round(notify) : ERR_NONE;
}

static void *run(void *context)
{
    struct notify *notify = context;
    bool failed = false;

    while (!notify->stopping) {
        bool idle = !notify->config.messages && notify->endpoints_count == 0 && wire_flying(notify->wire) == 0;

        wire_run(notify->wire, idle && notify->rounds > 0 ? IDLE_MS : NOTIFY_ROUND_MS);
        bool fails = round_run(notify) != ERR_NONE;
        if (fails && !failed)
            log_line(LOG_LEVEL_WARN, "events are not told for the moment: the store does not answer", NULL);
        failed = fails;
    }
    (void)webhooks_report(notify, NULL);
    return NULL;
}

static void notify_free(struct notify *notify)
{
    wire_free(&notify->wire);
    store_close(&notify->reader);
    arena_fini(&notify->arena);
    arena_fini(&notify->sweep_arena);
    free(notify);
}

enum err notify_start(const struct notify_config *config, struct notify **ret, char ret_reason[256])
{
    const struct wire_config wire = {.allowed = &config->settings->webhooks.allowed,
                                     .ca = config->settings->webhooks.ca,
                                     .timeout_ms = config->settings->webhooks.timeout_ms};
    struct notify *notify = calloc(1, sizeof(*notify));

    if (notify == NULL)
        return ERR_RETRY;
    notify->config = *config;
    notify->behind = true;
    arena_init(&notify->arena, ROUND_ARENA_BYTES);
    arena_init(&notify->sweep_arena, ROUND_ARENA_BYTES);
    notify->wire = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? wire_new(&wire) : NULL;
    if (notify->wire == NULL || reader_open(notify, ret_reason) != ERR_NONE ||
        pthread_create(&notify->thread, NULL, run, notify) != 0) {
        notify_free(notify);
        return ERR_RETRY;
    }
    notify->started = true;
    *ret = notify;
    return ERR_NONE;
}

void notify_stop(struct notify **notify)
{
    if (*notify == NULL)
        return;
    (*notify)->stopping = true;
    wire_wake((*notify)->wire);
    pthread_join((*notify)->thread, NULL);
    notify_free(*notify);
    *notify = NULL;
}
