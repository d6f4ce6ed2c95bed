/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/watch.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPARE_ARENA_BYTES ((size_t)4 << 20)
#define ANCHORED_KEY "anchored" /* in meta: the database has had an anchor beside it */

static void advance(struct watch *watch, const struct chain *chain)
{
    struct anchor_head head = {.chain = 0, .seq = chain->seq};

    memcpy(head.hash, chain->hash, sizeof head.hash);
    anchors_advance(watch->anchors, watch->store, &head, instant_is_set(chain->at) ? chain->at : watch->opened_at);
}

enum err watch_open(struct watch *watch, const struct engine_config *config, const struct vault *vault,
                    char ret_reason[256])
{
    struct anchors_config anchors = {
        .paths = config->anchors, .paths_count = config->anchors_count, .vault = vault, .world = config->world};

    watch->opened_at = config->world->now(config->world->context);
    return config->anchors_count > 0 ? anchors_open(&anchors, &watch->anchors, ret_reason) : ERR_NONE;
}

/* ---- what the database says ---- */

static enum err lives_load(struct store *store, struct arena *arena, struct rows *ret)
{
    return store_select(store, QUERY_QUARANTINES_RELEASED, NULL, 0, &quarantine_table, arena, ret);
}

/* No id is given out in quarantine, and those that follow are above its own: it tells what was there before. */
static void lost_add(struct lost_time *lost, const struct quarantine *q)
{
    lost->before = q->id;
    lost->from = instant_earlier(lost->from, q->gap_from);
    lost->known = q->began_at;
}

enum err watch_load(struct watch *watch, struct store *store, struct arena *arena)
{
    const char *name = NULL;
    struct rows lives = {0}, open = {0};

    TRY(store_meta_get(store, "store", arena, &name));
    TRY(lives_load(store, arena, &lives));
    TRY(store_select(store, QUERY_QUARANTINE_OPEN, NULL, 0, &quarantine_table, arena, &open));
    if (lives.count > 0)
        name = ((const struct quarantine *)lives.items[lives.count - 1])->next_store;
    snprintf(watch->store, sizeof watch->store, "%s", name != NULL ? name : "");
    watch->quarantined = open.count > 0;
    watch->stale = false;
    watch->lost = (struct lost_time){0};
    for (size_t i = 0; i < lives.count; i++)
        lost_add(&watch->lost, lives.items[i]);
    if (open.count > 0) {
        lost_add(&watch->lost, open.items[0]);
        snprintf(watch->why, sizeof watch->why, "%s", ((const struct quarantine *)open.items[0])->detail);
    }
    watch->last = watch->lost.before;
    return ERR_NONE;
}

enum err watch_follow(struct watch *watch, struct batch *batch, bool alone)
{
    if (alone)
        TRY(chain_lock(batch));
    return alone || watch->quarantined || watch->stale ? watch_load(watch, batch->store, batch->arena) : ERR_NONE;
}

bool watch_agrees(struct watch *watch, const struct quarantine *last)
{
    bool open = last != NULL && !instant_is_set(last->released_at);

    watch->stale = (last != NULL ? last->id : 0) != watch->last || open != watch->quarantined;
    return !watch->stale;
}

/* ---- judging ---- */

struct judging {
    const struct watch *watch;
    struct store *store;
    const struct chain *chain;
    struct arena *arena;
    struct rows lives;
    struct quarantine_ask *ask;
};

/* The first reason stands; what the anchors knew is noted whatever the reason. */
static void accuse(struct judging *j, enum quarantine_reason reason, const char *detail)
{
    if (j->ask->reason != QUARANTINE_NONE)
        return;
    j->ask->reason = reason;
    j->ask->detail = detail;
}

/* Up to which row an anchor of that name must be in the chain; -1: the name is not one of this database. What a life
 * knew that was lost and reconciled is compared with nothing. */
static int64_t rows_shared(const struct judging *j, const char *store)
{
    if (strcmp(store, j->watch->store) == 0)
        return INT64_MAX;
    for (size_t i = 0; i < j->lives.count; i++) {
        const struct quarantine *life = j->lives.items[i];

        if (strcmp(store, life->store) == 0)
            return life->head_seq;
        if (life->strangers != NULL && strstr(life->strangers, store) != NULL)
            return 0;
    }
    return -1;
}

static enum err row_hash_is(struct store *store, struct arena *arena, int64_t seq, const uint8_t hash[HASH_BYTES],
                            bool *ret)
{
    struct rows rows = {0};

    TRY(store_select(store, QUERY_AUDIT_BY_SEQ, (struct value[]){value_int("seq", seq)}, 1, &audit_table, arena,
                     &rows));
    *ret = rows.count == 1 && hash_equal(((const struct audit_row *)rows.items[0])->hash, hash, HASH_BYTES);
    return ERR_NONE;
}

/* False: no memory. */
static bool stranger_note(struct judging *j, const char *store)
{
    const char *known = j->ask->strangers != NULL ? j->ask->strangers : "";

    if (strstr(known, store) == NULL)
        j->ask->strangers = arena_format(j->arena, "%s%s ", known, store);
    return j->ask->strangers != NULL;
}

static enum err head_judge(struct judging *j, const struct anchor *anchor, const struct anchor_head *head)
{
    int64_t shared = rows_shared(j, anchor->store);
    bool same = true;

    if (shared >= 0 && head->seq > shared)
        return ERR_NONE; /* of a lost time that was reconciled */
    if (shared < 0 && !stranger_note(j, anchor->store))
        return ERR_RETRY;
    if (shared < 0)
        accuse(j, QUARANTINE_OTHER_STORE,
               arena_format(j->arena,
                            "an anchor is of the database %s, and this is %s: a later life of it, or another one",
                            anchor->store, j->watch->store));
    else if (head->chain != 0 || head->seq > j->chain->seq)
        accuse(j, QUARANTINE_BEHIND,
               arena_format(j->arena, "the audit chain ends at row %lld, an anchor knows row %lld",
                            (long long)j->chain->seq, (long long)head->seq));
    else if (head->seq > 0)
        TRY(row_hash_is(j->store, j->arena, head->seq, head->hash, &same));
    if (!same)
        accuse(j, QUARANTINE_DIFFERS,
               arena_format(j->arena, "row %lld of the audit chain is not the one that an anchor knows",
                            (long long)head->seq));
    if (j->ask->reason != QUARANTINE_NONE && head->seq > j->ask->anchor_seq) {
        j->ask->anchor_seq = head->seq;
        j->ask->anchor_at = anchor->at;
    }
    return ERR_NONE;
}

/* Which statements are known: while nothing new shows up a quarantine that has begun is as it was. */
static void seen_hash(const struct anchor *found, size_t count, uint8_t ret[HASH_SHORT_BYTES])
{
    struct bytes parts[ANCHOR_PLACES_MAX * ANCHOR_SLOTS];

    for (size_t i = 0; i < count; i++)
        parts[i] = bytes_of(found[i].signature, sizeof found[i].signature);
    hash_parts("anchors seen", NULL, parts, count, ret, HASH_SHORT_BYTES);
}

static enum err anchors_judge(struct judging *j)
{
    size_t count = 0;
    const struct anchor *found = anchors_found(j->watch->anchors, &count);
    const char *anchored = NULL;

    seen_hash(found, count, j->ask->seen);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < found[i].heads_count; k++)
            TRY(head_judge(j, &found[i], &found[i].heads[k]));
    if (store_is_shared(j->store)) /* each server has an anchor of its own: one that is new has none */
        return ERR_NONE;
    TRY(store_meta_get(j->store, ANCHORED_KEY, j->arena, &anchored));
    if (anchored != NULL && anchors_beside_is_empty(j->watch->anchors))
        accuse(j, QUARANTINE_ANCHOR_MISSING, "the database had an anchor beside it, and there is none now");
    return ERR_NONE;
}

static enum err restore_judge(struct judging *j)
{
    int64_t known = 0;
    const char *from = NULL;

    TRY(store_meta_get(j->store, "restored_from", j->arena, &from));
    if (from == NULL)
        return ERR_NONE;
    TRY(store_int(j->store, QUERY_QUARANTINE_OF_RESTORE, (struct value[]){value_text("restored_from", from)}, 1,
                  &known));
    if (known > 0)
        return ERR_NONE;
    j->ask->restored_from = from;
    accuse(j, QUARANTINE_RESTORED, arena_format(j->arena, "the database was restored from a backup of %s", from));
    return ERR_NONE;
}

/* Since when the books may differ from what happened. Where a row in their middle differs nobody knows: from the first
 * one on. */
static enum err gap_begin(struct judging *j)
{
    struct rows rows = {0};

    j->ask->gap_from = j->chain->at;
    if (j->ask->reason == QUARANTINE_DIFFERS) {
        TRY(store_select(j->store, QUERY_AUDIT_FIRST, NULL, 0, &audit_table, j->arena, &rows));
        if (rows.count > 0)
            j->ask->gap_from = ((const struct audit_row *)rows.items[0])->at;
    }
    if (!instant_is_set(j->ask->gap_from))
        j->ask->gap_from = id_moment(0); /* there is no row: nothing is known of all the time before */
    return ERR_NONE;
}

/* In quarantine already: is there something that it does not know of? */
static enum err is_news(struct judging *j, bool *ret)
{
    struct rows rows = {0};
    const struct quarantine *open;

    TRY(store_select(j->store, QUERY_QUARANTINE_OPEN, NULL, 0, &quarantine_table, j->arena, &rows));
    open = rows.count > 0 ? rows.items[0] : NULL;
    *ret = open == NULL || j->ask->restored_from != NULL ||
           (j->ask->reason != QUARANTINE_ASKED && !hash_equal(open->seen, j->ask->seen, sizeof open->seen));
    return ERR_NONE;
}

enum err watch_judge(const struct watch *watch, const struct engine_config *config, struct store *store,
                     const struct chain *chain, struct arena *arena, const struct quarantine_ask **ret)
{
    struct judging j = {watch, store, chain, arena, {0}, arena_alloc(arena, sizeof *j.ask)};
    bool news = false;

    *ret = NULL;
    if (j.ask == NULL)
        return ERR_RETRY;
    *j.ask = (struct quarantine_ask){.head_seq = chain->seq, .store = watch->store};
    TRY(lives_load(store, arena, &j.lives));
    TRY(restore_judge(&j));
    if (watch->anchors != NULL)
        TRY(anchors_judge(&j));
    if (config->quarantine)
        accuse(&j, QUARANTINE_ASKED, "the operator asked for it");
    if (j.ask->reason == QUARANTINE_NONE)
        return ERR_NONE;
    TRY(is_news(&j, &news));
    if (!news)
        return ERR_NONE;
    if (j.ask->detail == NULL)
        return ERR_RETRY;
    TRY(gap_begin(&j));
    *ret = j.ask;
    return ERR_NONE;
}

/* ---- going on ---- */

static enum err remember(struct store *store)
{
    enum err err;

    TRY(store_begin(store));
    err = store_meta_put(store, ANCHORED_KEY, "1");
    if (err == ERR_NONE)
        return store_commit(store);
    store_rollback(store);
    return err;
}

static enum err begin(struct watch *watch, struct store *store, const struct chain *chain, char ret_reason[256])
{
    enum err err;

    watch->head = *chain;
    if (watch->anchors == NULL || watch->quarantined)
        return ERR_NONE;
    advance(watch, chain);
    if (!anchors_sync(watch->anchors)) {
        snprintf(ret_reason, 256, "The head of the audit chain cannot be written into its anchors.");
        return ERR_FATAL;
    }
    if (store_is_shared(store))
        return ERR_NONE;
    err = remember(store); /* only now: an anchor that is missed must have been there */
    if (err != ERR_NONE)
        snprintf(ret_reason, 256, "%s", store_reason(store));
    return err;
}

/* Books that are older than what happened go into quarantine before anybody can ask for anything. */
enum err watch_compare(struct watch *watch, struct engine *engine, const struct engine_config *config,
                       struct store *store, const struct chain *chain, char ret_reason[256])
{
    struct command command = {.kind = COMMAND_QUARANTINE, .roles = ROLE_SYSTEM, .principal = "system:engine"};
    const struct quarantine_ask *ask = NULL;
    SCOPED(arena_fini) struct arena arena;
    SCOPED(reply_fini) struct reply reply = {0};

    arena_init(&arena, COMPARE_ARENA_BYTES);
    snprintf(ret_reason, 256, "Whether the books are older than their anchors cannot be seen.");
    TRY(watch_judge(watch, config, store, chain, &arena, &ask));
    if (ask != NULL) {
        command.ask = ask;
        engine_run(engine, &command, &reply);
        snprintf(ret_reason, 256, "The quarantine cannot begin (%d): %.120s.", reply.status, ask->detail);
        if (reply.status != 200)
            return ERR_FATAL;
    } else if (watch->quarantined) {
        log_line(LOG_LEVEL_WARN, "still in quarantine: nothing moves until it is released", "detail", watch->why, NULL);
    }
    return begin(watch, store, chain, ret_reason);
}

enum err watch_start(struct watch *watch)
{
    return watch->anchors != NULL ? anchors_keep(watch->anchors) : ERR_NONE;
}

void watch_turned(struct watch *watch, const struct quarantine *q)
{
    bool over = instant_is_set(q->released_at);

    if (over)
        snprintf(watch->store, sizeof watch->store, "%s", q->next_store);
    watch->quarantined = !over;
    watch->last = q->id;
    lost_add(&watch->lost, q);
    log_line(LOG_LEVEL_WARN, over ? "the quarantine is over" : "quarantine: nothing moves until it is released",
             "reason", word_text(&quarantine_reason_words, (int)q->reason), "detail", q->detail, NULL);
}

void watch_committed(struct watch *watch, const struct chain *chain)
{
    watch->head = *chain;
    if (watch->anchors != NULL && !watch->quarantined)
        advance(watch, chain);
}

bool watch_may_send(struct watch *watch)
{
    return !watch->quarantined && (watch->anchors == NULL || anchors_put(watch->anchors));
}

/* What fails is in the log; the next start then knows an older head. */
static void keep(struct watch *watch)
{
    if (watch->anchors != NULL && !watch->quarantined)
        anchors_sync(watch->anchors);
}

enum err watch_reopened(struct watch *watch, struct store *store, struct arena *arena)
{
    bool there = true;

    if (watch->head.seq > 0)
        TRY(row_hash_is(store, arena, watch->head.seq, watch->head.hash, &there));
    if (there)
        return ERR_NONE;
    keep(watch);
    log_line(LOG_LEVEL_ERROR, "the database came back without what was committed; stopping", NULL);
    abort();
}

void watch_close(struct watch *watch)
{
    keep(watch);
    if (watch->anchors != NULL)
        anchors_close(&watch->anchors);
}
