/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "view/view.h"

static void events_write(struct out *out, const char *events)
{
    char event[64];
    size_t size;

    out_array(out, "events");
    for (const char *at = events != NULL ? events : ""; *at != '\0'; at += size + (at[size] == ' ')) {
        size = strcspn(at, " ");
        size_t kept = size < sizeof(event) ? size : sizeof(event) - 1;
        memcpy(event, at, kept);
        event[kept] = '\0';
        out_string(out, NULL, event);
    }
    out_array_end(out);
}

void view_webhook(struct out *out, const struct webhook *webhook)
{
    out_object(out, NULL);
    out_id(out, "id", "wh", webhook->id);
    out_string(out, "url", webhook->url);
    events_write(out, webhook->events);
    out_string(out, "description", webhook->description);
    out_string(out, "state", word_text(&webhook_state_words, webhook->enabled ? WEBHOOK_ENABLED : WEBHOOK_DISABLED));
    out_string(out, "reason", webhook->reason[0] != '\0' ? webhook->reason : NULL);
    out_instant(out, "failing_since", webhook->failing_since);
    out_instant(out, "previous_secret_until", webhook->previous_until);
    out_string(out, "maker", webhook->maker);
    out_instant(out, "created_at", webhook->created_at);
    out_object_end(out);
}

void view_delivery(struct out *out, const struct delivery *delivery)
{
    out_object(out, NULL);
    out_id(out, "id", "dl", delivery->id);
    out_id(out, "webhook", "wh", delivery->webhook);
    out_id(out, "event", "ev", delivery->event);
    out_string(out, "state", word_text(&delivery_state_words, (int)delivery->state));
    out_int(out, "attempts", delivery->attempts);
    if (delivery->answer != 0)
        out_int(out, "answer", delivery->answer);
    else
        out_null(out, "answer");
    out_string(out, "detail", delivery->detail);
    out_instant(out, "created_at", delivery->created_at);
    out_instant(out, "last_at", delivery->last_at);
    out_instant(out, "next_at", delivery->next_at);
    out_object_end(out);
}
