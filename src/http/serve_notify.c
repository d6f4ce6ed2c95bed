/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_notify.h"

#include "payout/payout.h"

enum err serve_notify_read(struct serve_notify *notify, const char *path, char ret_reason[256])
{
    arena_init(&notify->arena, SETTINGS_ARENA_BYTES);
    return notify_settings_read(path, &notify->arena, &notify->settings, ret_reason);
}

static bool leads(const void *payout)
{
    return payout_leads(payout);
}

enum err serve_notify_start(struct serve_notify *notify, const struct serve_notify_place *place, char ret_reason[256])
{
    const struct notify_settings *settings = &notify->settings;
    const struct notify_config config = {
        .engine = place->engine,
        .store = place->store,
        .vault = place->vault,
        .settings = settings,
        .policies = place->policies,
        .messages = !place->demo && (settings->messages.sms.url != NULL || settings->messages.mail.url != NULL),
        .leads = leads,
        .leads_context = place->payout,
        .stats = &notify->stats};

    return notify_start(&config, &notify->room, ret_reason);
}

void serve_notify_fini(struct serve_notify *notify)
{
    notify_stop(&notify->room);
    arena_fini(&notify->arena);
}
