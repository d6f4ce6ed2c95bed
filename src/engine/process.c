/* SPDX-License-Identifier: Apache-2.0 */
/* One command: load, may this caller, was it answered before, decide, answer, remember. */
#include "engine/step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_ARENA_BYTES ((size_t)256 << 10)
#define STEP_LOT_BYTES ((size_t)2048)
#define QUARANTINED_TEXT                                                                                               \
    "The books came back older than what happened; nothing moves until that is reconciled. Ask again with the same "   \
    "key."
#define RETRY_TEXT "The service cannot take this now; ask again with the same key."

/* The writer's text becomes the body. A text that memory did not suffice for is no answer: ERR_RETRY. */
static enum err reply_take(struct reply *reply, int status, struct out *out, bool problem)
{
    *reply = (struct reply){.status = status, .problem = problem};
    if (out->failed) {
        out_fini(out);
        return ERR_RETRY;
    }
    reply->body = out->data;
    reply->body_bytes = out->size;
    out->data = NULL;
    out_fini(out);
    return ERR_NONE;
}

enum err reply_problem(struct reply *reply, int status, const char *code, const char *detail, const char *request_id)
{
    struct out out;
    struct problem problem = {.status = status, .code = code, .detail = detail, .request_id = request_id};

    out_init(&out);
    view_problem(&out, &problem);
    return reply_take(reply, status, &out, true);
}

static enum err reply_decision(struct step *s, const struct decision *decision, struct reply *ret)
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
    return reply_take(ret, problem.status, &out, true);
}

/* A customer sees its own account and those of which it is the master; to everybody else they are not there. An account
 * that is yet to be made is named by the command alone. */
static bool in_scope(const struct step *s)
{
    const struct command *command = s->command;
    const struct account *account = step_account(s);

    if (command->own_account[0] == '\0')
        return true;
    if (account == NULL)
        return command->account[0] == '\0' || strcmp(command->account, command->own_account) == 0;
    return strcmp(account->ref, command->own_account) == 0 || strcmp(account->master, command->own_account) == 0;
}

static void scope_hash(const struct step *s, uint8_t ret[HASH_SHORT_BYTES])
{
    const struct account *account = step_account(s);
    struct bytes parts[] = {bytes_of_text(s->command->principal),
                            bytes_of_text(account != NULL ? account->ref : s->command->account),
                            bytes_of_text(s->command->idempotency_key)};

    hash_parts("idempotency", NULL, parts, ARRAY_COUNT(parts), ret, HASH_SHORT_BYTES);
}

/* Answered before: the first answer again, or a refusal when the request is another one. */
static enum err replay(struct step *s, const struct idempotency *earlier, struct reply *ret)
{
    struct out out;

    if (memcmp(earlier->fingerprint, s->command->fingerprint, HASH_SHORT_BYTES) != 0)
        return reply_problem(ret, 422, "idempotency_key_reused",
                             "This Idempotency-Key came with another request before.", s->command->request_id);
    out_init(&out);
    out_text(&out, earlier->body);
    TRY(reply_take(ret, (int)earlier->status, &out, earlier->status >= 400));
    ret->replayed = true;
    if (earlier->location != NULL)
        snprintf(ret->location, sizeof ret->location, "%s", earlier->location);
    return ERR_NONE;
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

    return arena_reserve(s->d.arena, STEP_ARENA_BYTES + s->reserve_bytes + lots * STEP_LOT_BYTES) ? ERR_NONE
                                                                                                  : ERR_RETRY;
}

/* What an accepted command (or a refusal that used something up) leaves behind besides its rows. */
static enum err conclude(struct step *s, struct chain *chain, const struct decision *decision, struct row *before,
                         const uint8_t scope[HASH_SHORT_BYTES], struct reply *ret)
{
    struct row *first;

    if (decision_accepts(decision)) {
        TRY(reply_take(ret, view_decision_status(decision), s->out, false));
        memcpy(ret->location, s->location, sizeof ret->location);
        ret->version = s->version;
    } else {
        TRY(reply_decision(s, decision, ret));
    }
    if (s->d.moves != NULL)
        chain_append(chain, s);
    if (s->command->idempotency_key[0] != '\0' && !s->command->dry_run)
        remember(s, scope, ret);
    first = before != NULL ? before->next_changed : s->batch->changes.first;
    return batch_adopt(s->batch, first);
}

static bool may(const struct handler *handler, const struct command *command)
{
    return (command->roles & handler->roles) != 0 && (handler->allows == NULL || handler->allows(command));
}

/* The scope of a key is known when the account is, or when there is none to wait for. */
enum err process_gather(struct step *s)
{
    const struct handler *handler = &handlers[s->command->kind];
    uint8_t scope[HASH_SHORT_BYTES];
    struct idempotency *earlier;

    if (!may(handler, s->command) || (s->quarantined && !handler->reconciles))
        return ERR_NONE;
    enum err err = handler->load(s);
    if (s->command->idempotency_key[0] == '\0' || (err != ERR_NONE && s->book == NULL))
        return err;
    scope_hash(s, scope);
    return batch_both(err, batch_idempotency(s->batch, scope, &earlier));
}

enum err process_command(struct step *s, struct chain *chain, struct reply *ret)
{
    struct command *command = s->command;
    const struct handler *handler = &handlers[command->kind];
    uint8_t scope[HASH_SHORT_BYTES];
    struct idempotency *earlier = NULL;
    struct row *before = s->batch->changes.last;
    struct decision decision;

    if (!may(handler, command))
        return reply_problem(ret, 403, "forbidden", "This key may not do that.", command->request_id);
    if (s->quarantined && !handler->reconciles)
        return reply_problem(ret, 503, "quarantined", QUARANTINED_TEXT, command->request_id);
    TRY(handler->load(s));
    if (s->missing || !in_scope(s)) {
        decision = decision_missing("There is no such object.");
        return reply_decision(s, &decision, ret);
    }
    if (command->idempotency_key[0] != '\0') {
        scope_hash(s, scope);
        TRY(batch_idempotency(s->batch, scope, &earlier));
        if (earlier != NULL)
            return replay(s, earlier, ret);
    }
    TRY(reserve(s));
    if (s->d.policy == NULL && step_account(s) != NULL)
        s->d.policy = policies_find(s->config->policies, step_account(s)->policy, 0);
    TRY(ask_fingerprint(command_shape(command->kind), command->ask, command->object, s->fingerprint));
    decision = handler->decide(s);
    if (!decision_accepts(&decision) && !decision.changed) {
        INVARIANT(30, s->batch->changes.last == before && s->d.moves == NULL); /* a refusal changes no byte */
        return reply_decision(s, &decision, ret);
    }
    return conclude(s, chain, &decision, before, scope, ret);
}
