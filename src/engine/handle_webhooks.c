/* SPDX-License-Identifier: Apache-2.0 */
/* Endpoints and their deliveries. These commands run alone: they change rows of no account, which nothing else locks.
 * What people ask leaves its row in the audit; what the sender reports does not, except that an endpoint was given up:
 * it is bookkeeping of what left, not a change of the books. */
#include "engine/step.h"

#include <string.h>

#include "domain/webhook.h"

#define ITEM_BYTES ((size_t)2048)

static enum err select_by(struct step *s, enum query query, int64_t id, const struct table *table, struct rows *ret)
{
    return store_select(s->batch->store, query, (struct value[]){value_int("id", id)}, 1, table, s->batch->arena, ret);
}

static enum err webhooks_select(struct step *s)
{
    return store_select(s->batch->store, QUERY_WEBHOOKS_ALL, NULL, 0, &webhook_table, s->batch->arena, &s->webhooks);
}

enum err load_webhooks(struct step *s)
{
    return webhooks_select(s);
}

static enum err webhook_read(struct step *s, int64_t id)
{
    struct rows rows = {0};

    TRY(select_by(s, QUERY_WEBHOOK_BY_ID, id, &webhook_table, &rows));
    s->missing = rows.count == 0;
    s->webhook = s->missing ? NULL : rows.items[0];
    return ERR_NONE;
}

/* A replay loads what it will repeat. */
static enum err replayed_select(struct step *s)
{
    const struct replay_ask *ask = s->command->ask;
    const struct value args[] = {
        value_int("webhook", s->webhook->id), value_int("from", id_last_of(instant_add_ms(ask->from, -1)) + 1),
        value_int("to", id_last_of(instant_add_ms(ask->to, -1))), value_int("limit", DELIVERIES_REPLAY_MAX + 1)};

    return store_select(s->batch->store, QUERY_DELIVERIES_OF_EVENTS, args, ARRAY_COUNT(args), &delivery_table,
                        s->batch->arena, &s->deliveries);
}

enum err load_webhook(struct step *s)
{
    int64_t id;

    s->missing = !id_parse("wh", s->command->object, &id);
    if (s->missing)
        return ERR_NONE;
    TRY(webhook_read(s, id));
    return s->missing || s->command->kind != COMMAND_WEBHOOK_REPLAY ? ERR_NONE : replayed_select(s);
}

enum err load_delivery(struct step *s)
{
    int64_t id;

    s->missing = !id_parse("dl", s->command->object, &id);
    if (s->missing)
        return ERR_NONE;
    TRY(select_by(s, QUERY_DELIVERY_BY_ID, id, &delivery_table, &s->deliveries));
    s->missing = s->deliveries.count == 0;
    return s->missing ? ERR_NONE : webhook_read(s, ((const struct delivery *)s->deliveries.items[0])->webhook);
}

/* ---- what people ask ---- */

struct decision decide_webhook_make(struct step *s)
{
    struct webhook *webhook = NULL;
    struct decision decision;

    if (s->webhooks.count >= WEBHOOKS_MAX)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "There are fifty endpoints; delete one first.");
    decision = webhook_make(&s->d, s->command->ask, &webhook);
    if (!decision_accepts(&decision))
        return decision;
    view_webhook(s->out, webhook);
    memcpy(s->location, "/v1/webhooks/", sizeof("/v1/webhooks/"));
    id_format("wh", webhook->id, s->location + strlen(s->location));
    return decision;
}

struct decision decide_webhook_change(struct step *s)
{
    struct decision decision = webhook_change(&s->d, s->webhook, s->command->ask);

    if (decision_accepts(&decision))
        view_webhook(s->out, s->webhook);
    return decision;
}

struct decision decide_webhook_delete(struct step *s)
{
    webhook_delete(&s->d, s->webhook);
    view_webhook(s->out, s->webhook);
    return decision_ok();
}

struct decision decide_webhook_rotate(struct step *s)
{
    webhook_rotate(&s->d, s->webhook, s->command->ask);
    view_webhook(s->out, s->webhook);
    return decision_ok();
}

struct decision decide_webhook_test(struct step *s)
{
    if (!s->webhook->enabled)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "The endpoint is disabled.");
    struct delivery *delivery = delivery_make(&s->d, s->webhook, 0);

    s->d.object = delivery->id;
    deciding_move(&s->d, "dl", delivery->id, NULL, "tested", "waiting");
    view_delivery(s->out, delivery);
    return decision_created();
}

/* What waits already does so on. */
static size_t replay_all(struct step *s, size_t count)
{
    size_t replayed = 0;

    for (size_t i = 0; i < count; i++) {
        struct delivery *delivery = s->deliveries.items[i];
        if (delivery->state == DELIVERY_WAITING)
            continue;
        delivery_replay(&s->d, delivery);
        replayed++;
    }
    return replayed;
}

struct decision decide_webhook_replay(struct step *s)
{
    const struct replay_ask *ask = s->command->ask;
    size_t count = s->deliveries.count;

    if (!instant_before(ask->from, ask->to))
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/to", "The end lies after the beginning.");
    if (count > DELIVERIES_REPLAY_MAX)
        return decision_refused(REFUSAL_INVALID_VALUE, NULL, "/to",
                                "At most 1000 deliveries are repeated at once; ask for a shorter time.");
    s->d.object = s->webhook->id;
    deciding_move(&s->d, "wh", s->webhook->id, NULL, "replayed", NULL);
    out_object(s->out, NULL);
    out_id(s->out, "webhook", "wh", s->webhook->id);
    out_int(s->out, "replayed", (int64_t)replay_all(s, count));
    out_object_end(s->out);
    return decision_ok();
}

struct decision decide_delivery_replay(struct step *s)
{
    struct delivery *delivery = s->deliveries.items[0];

    if (delivery->state == DELIVERY_WAITING)
        return decision_conflict(REFUSAL_STATE_CONFLICT, "The delivery waits for its next attempt already.");
    delivery_replay(&s->d, delivery);
    s->d.object = delivery->id;
    deciding_move(&s->d, "dl", delivery->id, NULL, "replayed", "waiting");
    view_delivery(s->out, delivery);
    return decision_ok();
}

/* ---- what the sender reports ---- */

static struct webhook *webhook_of(const struct step *s, int64_t id)
{
    for (size_t i = 0; i < s->webhooks.count; i++)
        if (((struct webhook *)s->webhooks.items[i])->id == id)
            return s->webhooks.items[i];
    return NULL;
}

static enum err outcomes_load(struct step *s, const struct deliveries_ask *ask)
{
    s->deliveries.items = arena_alloc(s->batch->arena, (ask->outcomes_count + 1) * sizeof(void *));
    if (s->deliveries.items == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < ask->outcomes_count; i++) {
        struct rows rows = {0};
        TRY(select_by(s, QUERY_DELIVERY_BY_ID, ask->outcomes[i].delivery, &delivery_table, &rows));
        s->deliveries.items[i] = rows.count > 0 ? rows.items[0] : NULL;
    }
    s->deliveries.count = ask->outcomes_count;
    return ERR_NONE;
}

/* A sender that did not know that another one leads may say again what that one said: `known` tells, for each new one,
 * whether it is there. */
static enum err news_load(struct step *s, const struct deliveries_ask *ask)
{
    s->known.items = arena_alloc(s->batch->arena, (ask->news_count + 1) * sizeof(void *));
    if (s->known.items == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < ask->news_count; i++) {
        const struct delivery_new *new = &ask->news[i];
        const struct value args[] = {value_int("webhook", new->webhook), value_int("from", new->event),
                                     value_int("to", new->event), value_int("limit", 1)};
        struct rows rows = {0};

        TRY(store_select(s->batch->store, QUERY_DELIVERIES_OF_EVENTS, args, ARRAY_COUNT(args), &delivery_table,
                         s->batch->arena, &rows));
        s->known.items[i] = rows.count > 0 ? rows.items[0] : NULL;
    }
    return ERR_NONE;
}

enum err load_deliveries(struct step *s)
{
    const struct deliveries_ask *ask = s->command->ask;

    TRY(webhooks_select(s));
    TRY(outcomes_load(s, ask));
    TRY(news_load(s, ask));
    s->reserve_bytes = (ask->outcomes_count + ask->news_count + ask->told_count) * ITEM_BYTES;
    return ERR_NONE;
}

static void told_note(struct step *s, const struct delivery_told *told)
{
    struct webhook *webhook = webhook_of(s, told->webhook);

    if (webhook == NULL || webhook->told >= told->told)
        return;
    webhook->told = told->told;
    changes_put(s->d.changes, &webhook->row);
}

struct decision decide_deliveries(struct step *s)
{
    const struct deliveries_ask *ask = s->command->ask;

    for (size_t i = 0; i < ask->outcomes_count; i++) {
        struct delivery *delivery = s->deliveries.items[i];
        struct webhook *webhook = delivery != NULL ? webhook_of(s, delivery->webhook) : NULL;
        if (webhook != NULL)
            delivery_conclude(&s->d, webhook, delivery, &ask->outcomes[i]);
    }
    for (size_t i = 0; i < ask->news_count; i++) {
        struct webhook *webhook = webhook_of(s, ask->news[i].webhook);
        if (webhook != NULL && s->known.items[i] == NULL)
            (void)delivery_make(&s->d, webhook, ask->news[i].event);
    }
    for (size_t i = 0; i < ask->told_count; i++)
        told_note(s, &ask->told[i]);
    out_object(s->out, NULL);
    out_object_end(s->out);
    return decision_ok();
}

/* ---- messages that were sent ---- */

enum err load_messages(struct step *s)
{
    const struct messages_ask *ask = s->command->ask;

    s->known.items = arena_alloc(s->batch->arena, (ask->count + 1) * sizeof(void *));
    if (s->known.items == NULL)
        return ERR_RETRY;
    for (size_t i = 0; i < ask->count; i++) {
        struct rows rows = {0};
        TRY(select_by(s, QUERY_MESSAGE_BY_ID, ask->ids[i], &message_table, &rows));
        s->known.items[i] = rows.count > 0 ? rows.items[0] : NULL;
    }
    s->reserve_bytes = ask->count * ITEM_BYTES;
    return ERR_NONE;
}

struct decision decide_messages(struct step *s)
{
    const struct messages_ask *ask = s->command->ask;

    for (size_t i = 0; i < ask->count; i++) {
        struct message *message = s->known.items[i];
        if (message == NULL || instant_is_set(message->sent_at))
            continue;
        message->sent_at = s->d.now;
        changes_put(s->d.changes, &message->row);
    }
    out_object(s->out, NULL);
    out_object_end(s->out);
    return decision_ok();
}
