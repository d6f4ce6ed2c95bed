/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/told.h"

#include <string.h>

#include "base/id.h"
#include "view/view.h"

static const struct column columns[] = {
    {"id", COLUMN_ID, offsetof(struct told, id), 0, NULL},
    {"account", COLUMN_ID, offsetof(struct told, account), 0, NULL},
    {"ref", COLUMN_TEXT, offsetof(struct told, ref), sizeof(((struct told *)0)->ref), NULL},
    {"type", COLUMN_TEXT, offsetof(struct told, type), sizeof(((struct told *)0)->type), NULL},
    {"object", COLUMN_ID, offsetof(struct told, object), 0, NULL},
    {"data", COLUMN_STRING, offsetof(struct told, data), 0, NULL},
    {"at", COLUMN_INSTANT, offsetof(struct told, at), 0, NULL},
};
const struct table told_table = {"told", sizeof(struct told), columns, ARRAY_COUNT(columns)};

enum err told_page(struct store *store, int64_t account, int64_t after, int64_t limit, struct arena *arena,
                   struct rows *ret)
{
    const struct value args[] = {account != 0 ? value_int("account", account) : value_null("account"),
                                 value_int("after", after), value_int("limit", limit)};

    return store_select(store, QUERY_EVENTS_TOLD, args, ARRAY_COUNT(args), &told_table, arena, ret);
}

enum err told_newest(struct store *store, int64_t *ret)
{
    return store_int(store, QUERY_EVENTS_NEWEST, NULL, 0, ret);
}

int64_t told_horizon(const struct store *store, struct instant now)
{
    return store_is_shared(store) ? id_last_of(instant_add_ms(now, -TOLD_SETTLE_MS)) : INT64_MAX;
}

void told_write(struct out *out, const struct told *told)
{
    const char *prefix = view_event_prefix(told->type);

    out_object(out, NULL);
    out_id(out, "id", "ev", told->id);
    out_string(out, "type", told->type);
    out_string(out, "account", told->ref);
    out_id(out, "object", prefix, told->object);
    out_id(out, "withdrawal", "wd", strcmp(prefix, "wd") == 0 ? told->object : 0);
    out_instant(out, "at", told->at);
    out_object_end(out);
}

bool told_is_internal(const struct told *told)
{
    return strncmp(told->type, "incident.", strlen("incident.")) == 0;
}
