/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/simulated.h"

#include "channel/simulated_book.h"
#include "channel/simulated_outcome.h"
#include "channel/simulated_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPLY_PAUSE_MS_MAX 50

struct simulated {
    struct channel channel; /* first: a struct channel * is a struct simulated * */
    struct simulated_book *book;
    int64_t handed_over; /* the callback that the last poll gave out; the next poll takes it as received */
};

static struct simulated *simulated_of(struct channel *channel)
{
    return (struct simulated *)channel;
}

/* ---- answers ---- */

static void answer_set(struct channel_answer *answer, enum evidence_kind kind, const char *code, const char *detail)
{
    answer->kind = kind;
    snprintf(answer->code, sizeof answer->code, "%s", code);
    snprintf(answer->detail, sizeof answer->detail, "%s", detail);
}

static void answer_start(struct channel_answer *ret, const char *key)
{
    *ret = (struct channel_answer){0};
    snprintf(ret->key, sizeof ret->key, "%s", key);
    answer_set(ret, EVIDENCE_NOTHING, "no_answer", "the simulated channel could not open its book");
}

/* How a key was to be played. */
static enum outcome outcome_of(const struct payment *payment, const char **ret_argument)
{
    enum outcome outcome = OUTCOME_PAID;

    *ret_argument = "";
    if (!simulated_outcome_parse(payment->outcome, &outcome, ret_argument))
        return OUTCOME_PAID;
    return outcome;
}

/* Only an answer that proves something carries the channel's number and the amount. */
static void answer_proof(struct channel_answer *answer, const struct payment *payment, enum evidence_kind kind,
                         const char *code, const char *detail)
{
    answer_set(answer, kind, code, detail);
    snprintf(answer->reference, sizeof answer->reference, "SIM%012lld", (long long)payment->number);
    snprintf(answer->currency, sizeof answer->currency, "%s", payment->currency);
    answer->amount = payment->amount;
}

/* What the channel honestly says of a key it knows. */
static void answer_honest(struct channel_answer *answer, const struct payment *payment)
{
    const char *argument;
    enum outcome outcome = outcome_of(payment, &argument);

    switch (payment->state) {
    case PAYMENT_PAID:
        answer_proof(answer, payment, EVIDENCE_PAID, "SUCCESS", "");
        break;
    case PAYMENT_RETURNED:
        answer_proof(answer, payment, EVIDENCE_RETURNED, "RETURNED", "the payee's bank sent the money back");
        break;
    case PAYMENT_REFUSED:
        answer_set(answer, EVIDENCE_NOT_PAID, argument, "refused by the simulated channel");
        break;
    case PAYMENT_PROCESSING:
        answer_proof(answer, payment, EVIDENCE_ACCEPTED, "PROCESSING", "");
        break;
    case PAYMENT_LOST:
        if (outcome == OUTCOME_UNLISTED_CODE)
            answer_set(answer, EVIDENCE_NOTHING, simulated_behaviours[outcome].code, "a code that stands on no list");
        else
            answer_set(answer, EVIDENCE_NOTHING, "not_found", "no such key");
        break;
    }
}

static void payment_pay(struct payment *payment, struct instant now)
{
    payment->state = PAYMENT_PAID;
    payment->paid_at = now;
    payment->paid_times++;
}

/* ---- send ---- */

static enum err callbacks_promise(struct simulated *simulated, const struct payment *payment, enum outcome outcome,
                                  const char *argument)
{
    const struct behaviour *behaviour = &simulated_behaviours[outcome];
    struct callback callback = {.due_at = instant_add_ms(payment->sent_at, behaviour->callbacks_after_ms)};
    int64_t bounce_ms;

    if (!simulated->channel.capability.callbacks)
        return ERR_NONE;
    snprintf(callback.key, sizeof callback.key, "%s", payment->key);
    for (int i = 0; i < behaviour->callbacks; i++)
        TRY(simulated_book_callback_add(simulated->book, payment->channel, &callback));
    if (outcome != OUTCOME_BOUNCE_AFTER || !simulated_outcome_delay(argument, &bounce_ms))
        return ERR_NONE;
    callback.returned = true;
    callback.due_at = instant_add_ms(payment->paid_at, bounce_ms);
    return simulated_book_callback_add(simulated->book, payment->channel, &callback);
}

static struct money amount_other(struct money amount)
{
    return amount.minor > 1 ? money_sub(amount, money_of(1)) : money_add(amount, money_of(1));
}

/* A key that the channel has not seen: the script says what happens, but only to a first send. */
static enum err send_new(struct simulated *simulated, struct payment *payment, bool first, struct instant now,
                         struct channel_answer *answer, bool *ret_pauses)
{
    enum outcome outcome;
    const char *argument;
    const struct behaviour *behaviour;

    if (first)
        TRY(simulated_book_script_take(simulated->book, payment->outcome));
    if (payment->outcome[0] == '\0')
        snprintf(payment->outcome, sizeof payment->outcome, "%s", simulated_behaviours[OUTCOME_PAID].word);
    outcome = outcome_of(payment, &argument);
    behaviour = &simulated_behaviours[outcome];
    if (outcome == OUTCOME_PAYS_OTHER_AMOUNT)
        payment->amount = amount_other(payment->amount);
    payment->sent_at = now;
    if (behaviour->state == PAYMENT_PAID)
        payment_pay(payment, now);
    payment->state = behaviour->state;
    TRY(simulated_book_insert(simulated->book, payment));
    TRY(callbacks_promise(simulated, payment, outcome, argument));
    if (behaviour->kind == EVIDENCE_NOTHING)
        answer_set(answer, EVIDENCE_NOTHING, behaviour->code != NULL ? behaviour->code : argument,
                   "no answer that proves anything");
    else if (behaviour->kind == EVIDENCE_NOT_PAID)
        answer_set(answer, EVIDENCE_NOT_PAID, argument, "refused by the simulated channel");
    else
        answer_proof(answer, payment, behaviour->kind, behaviour->code, "");
    answer->alarm = behaviour->alarm;
    *ret_pauses = behaviour->pauses;
    return ERR_NONE;
}

/* A key that it knows: the same bytes never pay twice (but for the liar), other bytes prove nothing. */
static enum err send_again(struct simulated *simulated, struct payment *known, const uint8_t *digest,
                           struct instant now, struct channel_answer *answer)
{
    const char *argument;
    enum outcome outcome = outcome_of(known, &argument);

    if (!hash_equal(known->digest, digest, sizeof known->digest)) {
        answer_set(answer, EVIDENCE_NOTHING, "DISCORDANT_REPEAT_REQUEST", "this key came before with other bytes");
        return ERR_NONE;
    }
    if ((known->state == PAYMENT_LOST && outcome != OUTCOME_UNLISTED_CODE) || outcome == OUTCOME_PAYS_TWICE_KEY) {
        payment_pay(known, now);
        TRY(simulated_book_update(simulated->book, known));
    }
    answer_honest(answer, known);
    return ERR_NONE;
}

static enum err send_booked(struct simulated *simulated, struct payment *payment, bool first, struct instant now,
                            struct channel_answer *answer, bool *ret_pauses)
{
    struct payment known;
    bool found = false;

    TRY(simulated_book_find(simulated->book, payment->channel, payment->key, &known, &found));
    if (found)
        return send_again(simulated, &known, payment->digest, now, answer);
    return send_new(simulated, payment, first, now, answer, ret_pauses);
}

/* Ends what begin began; an answer counts only when the book that it speaks of is durable. */
static void book_end(struct simulated *simulated, enum err err, const struct channel_answer *answer,
                     struct channel_answer *ret)
{
    if (err != ERR_NONE)
        simulated_book_rollback(simulated->book);
    else if (simulated_book_commit(simulated->book) == ERR_NONE)
        *ret = *answer;
}

static void pause_ms(int64_t ms)
{
    struct timespec pause = {0, (long)(ms * 1000000)};

    (void)nanosleep(&pause, NULL);
}

static void simulated_send(struct channel *channel, const char *key, const char *request, bool first,
                           struct instant now, struct channel_answer *ret)
{
    struct simulated *simulated = simulated_of(channel);
    struct payment payment = {0};
    struct channel_answer answer;
    bool pauses = false;

    answer_start(ret, key);
    if (!simulated_request_read(channel->name, key, request, &payment)) {
        answer_set(ret, EVIDENCE_NOTHING, "unreadable_request", "the request is not in this channel's form");
        return;
    }
    if (simulated_book_begin(simulated->book) != ERR_NONE)
        return;
    answer_start(&answer, key);
    book_end(simulated, send_booked(simulated, &payment, first, now, &answer, &pauses), &answer, ret);
    if (pauses && channel->capability.timeout_ms > 0)
        pause_ms(channel->capability.timeout_ms < REPLY_PAUSE_MS_MAX ? channel->capability.timeout_ms
                                                                     : REPLY_PAUSE_MS_MAX);
}

/* ---- query ---- */

static enum err query_booked(struct simulated *simulated, const char *key, struct instant now,
                             struct channel_answer *answer)
{
    struct payment known;
    bool found = false;
    const char *argument;

    TRY(simulated_book_find(simulated->book, simulated->channel.name, key, &known, &found));
    if (!found) {
        answer_set(answer, EVIDENCE_NOTHING, "not_found", "no such key");
        return ERR_NONE;
    }
    known.queries++;
    if (known.state == PAYMENT_PROCESSING)
        payment_pay(&known, now);
    TRY(simulated_book_update(simulated->book, &known));
    if (outcome_of(&known, &argument) == OUTCOME_NOT_FOUND_THEN_PAID && known.queries == 1)
        answer_set(answer, EVIDENCE_NOTHING, "not_found", "no such key");
    else
        answer_honest(answer, &known);
    return ERR_NONE;
}

static void simulated_query(struct channel *channel, const char *key, const char *request UNUSED, struct instant now,
                            struct channel_answer *ret)
{
    struct simulated *simulated = simulated_of(channel);
    struct channel_answer answer;

    answer_start(ret, key);
    if (!channel->capability.query) {
        answer_set(ret, EVIDENCE_NOTHING, "no_query", "this channel cannot be asked");
        return;
    }
    if (simulated_book_begin(simulated->book) != ERR_NONE)
        return;
    answer_start(&answer, key);
    book_end(simulated, query_booked(simulated, key, now, &answer), &answer, ret);
}

/* ---- callbacks ---- */

/* Delivery is at least once: a callback leaves the book when the next one is asked for, not when it is handed out. */
static enum err poll_booked(struct simulated *simulated, struct instant now, struct channel_answer *answer,
                            int64_t *ret_handed_over)
{
    struct callback callback;
    struct payment known;
    bool due = false, found = false;

    if (simulated->handed_over != 0)
        TRY(simulated_book_callback_drop(simulated->book, simulated->handed_over));
    *ret_handed_over = 0;
    TRY(simulated_book_callback_first(simulated->book, simulated->channel.name, now, &callback, &due));
    if (!due)
        return ERR_NONE;
    TRY(simulated_book_find(simulated->book, simulated->channel.name, callback.key, &known, &found));
    if (!found)
        return ERR_FATAL; /* the insert and its callbacks were one commit */
    if (callback.returned && known.state == PAYMENT_PAID) {
        known.state = PAYMENT_RETURNED;
        TRY(simulated_book_update(simulated->book, &known));
    } else if (known.state == PAYMENT_PROCESSING) {
        payment_pay(&known, now);
        TRY(simulated_book_update(simulated->book, &known));
    }
    answer_start(answer, callback.key);
    answer_honest(answer, &known);
    *ret_handed_over = callback.id;
    return ERR_NONE;
}

static bool simulated_poll(struct channel *channel, struct instant now, struct channel_answer *ret)
{
    struct simulated *simulated = simulated_of(channel);
    struct channel_answer answer;
    int64_t handed_over = 0;
    enum err err;

    if (simulated_book_begin(simulated->book) != ERR_NONE)
        return false;
    err = poll_booked(simulated, now, &answer, &handed_over);
    if (err != ERR_NONE) {
        simulated_book_rollback(simulated->book);
        return false;
    }
    if (simulated_book_commit(simulated->book) != ERR_NONE)
        return false;
    simulated->handed_over = handed_over;
    if (handed_over == 0)
        return false;
    *ret = answer;
    return true;
}

static struct instant simulated_next(struct channel *channel)
{
    struct simulated *simulated = simulated_of(channel);
    struct callback callback = {0};
    bool found = false;

    if (simulated_book_begin(simulated->book) != ERR_NONE)
        return INSTANT_NONE;
    if (simulated_book_callback_first(simulated->book, channel->name, INSTANT_NONE, &callback, &found) != ERR_NONE)
        found = false;
    simulated_book_rollback(simulated->book);
    return found ? callback.due_at : INSTANT_NONE;
}

/* ---- life ---- */

static void simulated_close(struct channel *channel)
{
    struct simulated *simulated = simulated_of(channel);

    simulated_book_close(&simulated->book);
    free(simulated);
}

static const struct channel_operations operations = {
    .build = simulated_request_build,
    .send = simulated_send,
    .query = simulated_query,
    .poll = simulated_poll,
    .next = simulated_next,
    .close = simulated_close,
};

static const struct channel_capability capability_default = {
    .refund = true, .transfer = true, .query = true, .callbacks = true, .timeout_ms = MS_SECOND};

struct channel *simulated_new(const char *name, const char *path, const struct channel_capability *capability,
                              char ret_reason[256])
{
    struct simulated *simulated = calloc(1, sizeof *simulated);

    if (simulated == NULL || strlen(name) >= sizeof simulated->channel.name) {
        snprintf(ret_reason, 256, "the simulated channel: no memory, or too long a name");
        free(simulated);
        return NULL;
    }
    snprintf(simulated->channel.name, sizeof simulated->channel.name, "%s", name);
    simulated->channel.capability = capability != NULL ? *capability : capability_default;
    simulated->channel.operations = &operations;
    if (simulated_book_open(path, &simulated->book, ret_reason) != ERR_NONE) {
        free(simulated);
        return NULL;
    }
    return &simulated->channel;
}

static enum err script_append(struct simulated_book *book, const char *const *outcomes, size_t outcomes_count)
{
    int64_t length;

    TRY(simulated_book_script_length(book, &length));
    if (length + (int64_t)outcomes_count > SIMULATED_SCRIPT_MAX)
        return ERR_REQUEST;
    for (size_t i = 0; i < outcomes_count; i++)
        TRY(simulated_book_script_add(book, outcomes[i]));
    return ERR_NONE;
}

static enum err script_write(struct simulated_book *book, const char *const *outcomes, size_t outcomes_count)
{
    enum err err;

    TRY(simulated_book_begin(book));
    err = script_append(book, outcomes, outcomes_count);
    if (err == ERR_NONE)
        return simulated_book_commit(book);
    simulated_book_rollback(book);
    return err;
}

enum err simulated_script(struct channel *channel, const char *const *outcomes, size_t outcomes_count,
                          char ret_reason[201])
{
    enum err err = ERR_REQUEST;

    for (size_t i = 0; i < outcomes_count; i++)
        if (!simulated_outcome_ok(outcomes[i])) {
            snprintf(
                ret_reason, 201,
                "outcome %zu, %.40s, is none of paid, pending_then_paid, refused:CODE, timeout_paid, timeout_unpaid, "
                "bounce_after:72h (m, h, d)",
                i + 1, outcomes[i]);
            return ERR_REQUEST;
        }
    if (outcomes_count <= SIMULATED_SCRIPT_MAX)
        err = script_write(simulated_of(channel)->book, outcomes, outcomes_count);
    if (err != ERR_NONE)
        snprintf(ret_reason, 201, "%s",
                 err == ERR_REQUEST ? "the script is too long" : "the book cannot be written now");
    return err;
}

static bool totals(struct channel *channel, const char *key, int64_t *ret_amount, int64_t *ret_times)
{
    struct simulated *simulated = simulated_of(channel);
    enum err err;

    if (simulated_book_begin(simulated->book) != ERR_NONE)
        return false;
    err = simulated_book_totals(simulated->book, channel->name, key, ret_amount, ret_times);
    simulated_book_rollback(simulated->book);
    return err == ERR_NONE;
}

int64_t simulated_total_paid(struct channel *channel, const char *key)
{
    int64_t amount, times;

    return totals(channel, key, &amount, &times) ? amount : -1;
}

int64_t simulated_paid_times(struct channel *channel, const char *key)
{
    int64_t amount, times;

    return totals(channel, key, &amount, &times) ? times : -1;
}
