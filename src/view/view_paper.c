/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, cases, messages and events. */
#include "view/view_parts.h"

#include <string.h>

#define DIGEST_TEXT_BYTES (2 * HASH_BYTES + 1)

static void view_json(struct out *out, const char *key, const char *json)
{
    if (json == NULL || json[0] == '\0')
        out_null(out, key);
    else
        out_raw(out, key, json, strlen(json));
}

/* Neither its name nor its content: both are personal, and GET /v1/documents/{id} answers the content itself. */
void view_document(struct out *out, const struct document *document, const char *account_ref)
{
    char digest[DIGEST_TEXT_BYTES];

    hash_hex(document->digest, sizeof document->digest, digest);
    out_object(out, NULL);
    out_id(out, "id", "doc", document->id);
    out_string(out, "account", account_ref);
    out_id(out, "withdrawal", "wd", document->withdrawal);
    out_string(out, "media_type", document->media_type);
    out_int(out, "size", document->size);
    out_string(out, "digest", digest);
    out_instant(out, "at", document->at);
    out_object_end(out);
}

void view_ticket(struct out *out, const struct ticket *ticket, const char *account_ref)
{
    out_object(out, NULL);
    out_id(out, "id", "case", ticket->id);
    out_string(out, "account", account_ref);
    out_string(out, "kind", ticket->kind);
    out_string(out, "state", ticket->state);
    out_instant(out, "at", ticket->at);
    out_instant(out, "closed_at", ticket->closed_at);
    out_object_end(out);
}

/* In clear: only the demo's mailbox and the sender of messages read this. */
void view_message(struct out *out, const struct message *message)
{
    out_object(out, NULL);
    out_string(out, "to", message->recipient);
    out_string(out, "text", message->text);
    out_string(out, "code", message->code);
    out_instant(out, "at", message->at);
    out_id(out, "withdrawal", "wd", message->withdrawal);
    out_object_end(out);
}

/* The noun before the dot says whose id the event carries. */
const char *view_event_prefix(const char *type)
{
    static const struct {
        const char *noun, *prefix;
    } nouns[] = {{"withdrawal.", "wd"}, {"topup.", "tu"}, {"incident.", "in"}, {"leg.", "leg"}};

    for (size_t i = 0; i < ARRAY_COUNT(nouns); i++) {
        if (strncmp(type, nouns[i].noun, strlen(nouns[i].noun)) == 0)
            return nouns[i].prefix;
    }
    return "ob";
}

const char *view_object_prefix(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_TOPUP:
        return "tu";
    case ENTRY_CHARGE:
    case ENTRY_REVERSAL:
        return "ch";
    case ENTRY_CHARGEBACK:
        return "cb";
    case ENTRY_CREDIT:
        return "cr";
    case ENTRY_TRANSFER_OUT:
    case ENTRY_TRANSFER_IN:
    case ENTRY_RECALL_OUT:
    case ENTRY_RECALL_IN:
        return "tr";
    case ENTRY_ALLOCATION_OUT:
    case ENTRY_ALLOCATION_IN:
    case ENTRY_RECLAIM_OUT:
    case ENTRY_RECLAIM_IN:
        return "al";
    case ENTRY_FREEZE:
        return "wd";
    case ENTRY_SETTLE:
    case ENTRY_RELEASE:
    case ENTRY_RETURN:
    case ENTRY_SUSPENSE:
        return "leg";
    case ENTRY_STRAY:
    case ENTRY_STRAY_BACK:
    case ENTRY_RECOVERY:
        return "st";
    case ENTRY_NONE:
    case ENTRY__COUNT:
        break;
    }
    return "ob";
}

void view_event(struct out *out, const struct event *event, const char *account_ref)
{
    out_object(out, NULL);
    out_id(out, "id", "ev", event->id);
    out_string(out, "type", event->type);
    out_string(out, "account", account_ref);
    out_id(out, "object", view_event_prefix(event->type), event->object);
    view_json(out, "data", event->data);
    out_instant(out, "at", event->at);
    out_object_end(out);
}
