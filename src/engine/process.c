/* SPDX-License-Identifier: Apache-2.0 */
/* One command: load, may this caller, was it answered before, decide, answer, remember. */
#include "engine/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_ARENA_BYTES ((size_t)256 << 10)
#define STEP_LOT_BYTES ((size_t)2048)
#define RETRY_TEXT "The service cannot take this now; ask again with the same key."

static void reply_take(struct reply *reply, int status, struct out *out, bool problem)
{
    memset(reply, 0, sizeof *reply);
    reply->status = status;
    reply->body = out->data;
    reply->body_bytes = out->size;
    reply->problem = problem;
    out->data = NULL;
    out_fini(out);
}

void reply_problem(struct reply *reply, int status, const char *code, const char *detail, const char *request_id)
{
    struct out out;
    struct problem problem = {.status = status, .code = code, .detail = detail, .request_id = request_id};

    out_init(&out);
    view_problem(&out, &problem);
    reply_take(reply, status, &out, true);
}

static void reply_decision(struct step *s, const struct decision *decision, struct reply *ret)
{
    struct out out;
    struct problem problem = {.status = view_decision_status(decision),
                              .code = word_text(&refusal_words, (int)decision->code),
                              .detail = decision->detail,
                              .rule = decision->rule,
                              .request_id = s->command->request_id,
                              .pointer = decision->pointer,
                              .decision = decision,
                              .policy = s->d.policy};

    out_init(&out);
    view_problem(&out, &problem);
    reply_take(ret, problem.status, &out, true);
}

/* A customer sees its own account and those of which it is the master; to everybody else they are not there. */
static bool in_scope(const struct step *s)
{
    const struct command *command = s->command;

    if (command->own_account[0] == '\0' || s->book == NULL || s->book->account == NULL)
        return true;
    return strcmp(s->book->account->ref, command->own_account) == 0 ||
           strcmp(s->book->account->master, command->own_account) == 0;
}

static void scope_hash(const struct step *s, uint8_t ret[HASH_SHORT_BYTES])
{
    struct bytes parts[] = {
        bytes_of_text(s->command->principal),
        bytes_of_text(s->book != NULL && s->book->account != NULL ? s->book->account->ref : s->command->account),
        bytes_of_text(s->command->idempotency_key)};

    hash_parts("idempotency", NULL, parts, ARRAY_COUNT(parts), ret, HASH_SHORT_BYTES);
}

/* Answered before: the first answer again, or a refusal when the request is another one. */
static bool replay(struct step *s, const struct idempotency *earlier, struct reply *ret)
{
    struct out out;

    if (earlier == NULL)
        return false;
    if (memcmp(earlier->fingerprint, s->command->fingerprint, HASH_SHORT_BYTES) != 0) {
        reply_problem(ret, 422, "idempotency_key_reused", "This Idempotency-Key came with another request before.",
                      s->command->request_id);
        return true;
    }
    out_init(&out);
    out_text(&out, earlier->body);
    reply_take(ret, (int)earlier->status, &out, earlier->status >= 400);
    ret->replayed = true;
    if (earlier->location != NULL)
        snprintf(ret->location, sizeof ret->location, "%s", earlier->location);
    return true;
}

static void remember(struct step *s, const uint8_t scope[HASH_SHORT_BYTES], const struct reply *reply)
{
    struct idempotency *row = DECIDING_NEW(&s->d, idempotency);

    memcpy(row->scope, scope, sizeof row->scope);
    memcpy(row->fingerprint, s->command->fingerprint, sizeof row->fingerprint);
    row->status = reply->status;
    row->body = deciding_copy(&s->d, reply->body);
    row->location = reply->location[0] != '\0' ? deciding_copy(&s->d, reply->location) : NULL;
    row->at = s->d.now;
}

static enum err reserve(struct step *s)
{
    size_t lots = (s->book != NULL ? s->book->topups_count + s->book->parcels_count : 0) +
                  (s->other != NULL ? s->other->topups_count + s->other->parcels_count : 0) +
                  (s->draws != NULL ? s->draws->count : 0);

    return arena_reserve(s->d.arena, STEP_ARENA_BYTES + lots * STEP_LOT_BYTES) ? ERR_NONE : ERR_RETRY;
}

/* What an accepted command (or a refusal that used something up) leaves behind besides its rows. */
static enum err conclude(struct step *s, struct chain *chain, const struct decision *decision, struct row *before,
                         const uint8_t scope[HASH_SHORT_BYTES], struct reply *ret)
{
    struct row *first;

    if (decision_accepts(decision)) {
        reply_take(ret, view_decision_status(decision), s->out, false);
        memcpy(ret->location, s->location, sizeof ret->location);
        ret->version = s->version;
    } else {
        reply_decision(s, decision, ret);
    }
    if (s->d.moves != NULL)
        chain_append(chain, s);
    if (s->command->idempotency_key[0] != '\0' && !s->command->dry_run)
        remember(s, scope, ret);
    first = before != NULL ? before->next_changed : s->batch->changes.first;
    return batch_adopt(s->batch, first);
}

enum err process_command(struct step *s, struct chain *chain, struct reply *ret)
{
    struct command *command = s->command;
    const struct handler *handler = &handlers[command->kind];
    uint8_t scope[HASH_SHORT_BYTES];
    struct idempotency *earlier = NULL;
    struct row *before = s->batch->changes.last;
    struct decision decision;

    if ((command->roles & handler->roles) == 0) {
        reply_problem(ret, 403, "forbidden", "This key may not do that.", command->request_id);
        return ERR_NONE;
    }
    TRY(handler->load(s));
    if (s->missing || !in_scope(s)) {
        decision = decision_missing("There is no such object.");
        reply_decision(s, &decision, ret);
        return ERR_NONE;
    }
    if (command->idempotency_key[0] != '\0') {
        scope_hash(s, scope);
        TRY(batch_idempotency(s->batch, scope, &earlier));
        if (replay(s, earlier, ret))
            return ERR_NONE;
    }
    TRY(reserve(s));
    if (s->d.policy == NULL && s->book != NULL && s->book->account != NULL)
        s->d.policy = policies_find(s->config->policies, s->book->account->policy, 0);
    ask_fingerprint(command_shape(command->kind), command->ask, command->object, s->fingerprint);
    decision = handler->decide(s);
    if (!decision_accepts(&decision) && !decision.changed) {
        INVARIANT(30, s->batch->changes.last == before && s->d.moves == NULL); /* a refusal changes no byte */
        reply_decision(s, &decision, ret);
        return ERR_NONE;
    }
    return conclude(s, chain, &decision, before, scope, ret);
}
