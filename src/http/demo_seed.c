/* SPDX-License-Identifier: Apache-2.0 */
#include "http/demo_seed.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "channel/simulated.h"
#include "http/ask.h"
#include "payout/payout.h"

#define SEED_ARENA_BYTES ((size_t)4 << 20)
#define PAID_WITHIN_MS 8000

enum sample_outcome {
    SAMPLE_FACT = 0,
    SAMPLE_REVIEW,
    SAMPLE_REJECTED,
    SAMPLE_PAID,
    SAMPLE_FAILED,
    SAMPLE_RETURNED,
    SAMPLE_UNKNOWN
};

struct sample {
    enum command_kind kind;
    enum sample_outcome outcome;
    const char *account, *object, *body;
};

static const struct sample samples[] = {
#define X(kind, account, object, body) {kind, SAMPLE_FACT, account, object, body},
#define W(outcome, account, body) {COMMAND_WITHDRAW, outcome, account, "", body},
#include "http/demo_samples.def"
#undef X
#undef W
};

struct seed {
    struct engine *engine;
    const struct policies *policies;
    struct store *reader;
    struct arena arena;
    const struct channels *channels;
    struct payout *payout;
    char document[ID_TEXT_BYTES], document_before[ID_TEXT_BYTES];
    bool unknown; /* one sample more, whose outcome no channel tells */
    char *reason; /* 256 bytes */
};

/* ---- one command ---- */

/* "{-40d}" is 40 days before now. Returns what follows the token. */
static const char *moment_write(const char *token, struct instant now, struct out *out)
{
    char text[INSTANT_TEXT_BYTES];
    int64_t count = 0;

    for (token += 2; *token >= '0' && *token <= '9'; token++)
        count = count * 10 + (*token - '0');
    instant_format(instant_add_ms(now, -count * (*token == 'd' ? MS_DAY : MS_HOUR)), text);
    out_text(out, text);
    return token + 2;
}

/* Single quotes become double ones, tokens what they stand for. */
static void body_write(const struct seed *seed, const char *body, struct out *out)
{
    struct instant now = engine_now(seed->engine);

    while (*body != '\0') {
        if (body[0] == '{' && body[1] == '-') {
            body = moment_write(body, now, out);
        } else if (strncmp(body, "{doc}", 5) == 0) {
            out_text(out, seed->document);
            body += 5;
        } else if (strncmp(body, "{old}", 5) == 0) {
            out_text(out, seed->document_before);
            body += 5;
        } else {
            out_bytes(out, *body == '\'' ? "\"" : body, 1);
            body++;
        }
    }
}

static const char *refusal_code(const struct reply *reply, char ret[64])
{
    const char *at = strstr(reply->body, "\"code\":\"");

    at = at != NULL ? at + strlen("\"code\":\"") : "";
    snprintf(ret, 64, "%.*s", (int)strcspn(at, "\""), at);
    return ret;
}

/* A fact that stands already, from a start that was cut short, is as good as a new one. */
static enum err command_run(struct seed *seed, struct command *command, const char *body, struct reply *ret)
{
    const struct shape *shape = command_shape(command->kind);
    char code[64];
    SCOPED(out_fini) struct out text;
    struct field_problems problems = {0};
    void *ask = arena_alloc(&seed->arena, shape->bytes + 1);

    out_init(&text);
    body_write(seed, body, &text);
    if (ask == NULL || text.failed)
        return ERR_RETRY;
    if (field_read_json(text.data, text.size, shape, &seed->arena, ask, &problems) != ERR_NONE) {
        snprintf(seed->reason, 256, "sample of %.40s: %.60s %.100s", command->account, problems.items[0].pointer,
                 problems.items[0].detail);
        return ERR_FATAL;
    }
    command->ask = ask;
    command->any_version = true;
    ask_name_account(command);
    engine_run(seed->engine, command, ret);
    if (ret->status < 400 || ret->status == 409)
        return ERR_NONE;
    snprintf(seed->reason, 256, "sample of %.40s was refused (%d) by its policy: %.60s", command->account, ret->status,
             refusal_code(ret, code));
    reply_fini(ret);
    return ERR_FATAL;
}

/* What has no name of its own is asked for under a key, so that a start after one that was cut short does not make a
 * second one. */
static void key_give(const struct sample *sample, struct command *command)
{
    const struct bytes body = bytes_of_text(sample->body);

    if (command->kind != COMMAND_WITHDRAW && command->kind != COMMAND_DOCUMENT)
        return;
    snprintf(command->idempotency_key, sizeof(command->idempotency_key), "sample-%td", sample - samples);
    hash_parts("sample", NULL, &body, 1, command->fingerprint, sizeof(command->fingerprint));
}

static struct command command_of(const struct sample *sample, enum command_kind kind, const char *principal,
                                 unsigned roles)
{
    struct command command = {.kind = kind, .roles = roles};

    key_give(sample, &command);

    snprintf(command.principal, sizeof(command.principal), "%s", principal);
    snprintf(command.account, sizeof(command.account), "%s", sample->account);
    snprintf(command.object, sizeof(command.object), "%s", sample->object);
    return command;
}

/* The id stands first in the answer of whatever has one. */
static bool reply_id(const struct reply *reply, const char *prefix, char ret[ID_TEXT_BYTES])
{
    const char *at = strstr(reply->body, "\"id\":\"");
    size_t size = at != NULL ? strcspn(at + 6, "\"") : 0;
    int64_t id;

    if (size == 0 || size >= ID_TEXT_BYTES)
        return false;
    memcpy(ret, at + 6, size);
    ret[size] = '\0';
    return id_parse(prefix, ret, &id);
}

static enum err fact_make(struct seed *seed, const struct sample *sample)
{
    struct command command = command_of(sample, sample->kind, "demo-billing", ROLE_FACTS);
    struct reply reply;

    TRY(command_run(seed, &command, sample->body, &reply));
    if (sample->kind == COMMAND_DOCUMENT) {
        memcpy(seed->document_before, seed->document, sizeof(seed->document));
        (void)reply_id(&reply, "doc", seed->document);
    }
    reply_fini(&reply);
    return ERR_NONE;
}

/* ---- a withdrawal's way ---- */

static enum err code_enter(struct seed *seed, const struct sample *sample, int64_t withdrawal, int64_t account)
{
    struct value args[] = {value_int("account", account), value_int("limit", 1)};
    struct command command = command_of(sample, COMMAND_CODE, "demo-customer", ROLE_CUSTOMER);
    struct reply reply;
    struct rows rows;
    char body[64];

    TRY(store_select(seed->reader, QUERY_MESSAGES_BY_ACCOUNT, args, ARRAY_COUNT(args), &message_table, &seed->arena,
                     &rows));
    if (rows.count == 0)
        return ERR_FATAL;
    snprintf(body, sizeof(body), "{'code':'%s'}", ((const struct message *)rows.items[0])->code);
    snprintf(command.principal, sizeof(command.principal), "demo-customer:%s", sample->account);
    snprintf(command.own_account, sizeof(command.own_account), "%s", sample->account);
    command.object_id = withdrawal;
    TRY(command_run(seed, &command, body, &reply));
    reply_fini(&reply);
    return ERR_NONE;
}

static enum err withdrawal_load(struct seed *seed, int64_t id, const struct withdrawal **ret)
{
    struct value arg = value_int("id", id);
    struct rows rows;

    TRY(store_select(seed->reader, QUERY_WITHDRAWAL_BY_ID, &arg, 1, &withdrawal_table, &seed->arena, &rows));
    if (rows.count != 1)
        return ERR_FATAL;
    *ret = rows.items[0];
    return ERR_NONE;
}

static enum err review(struct seed *seed, const struct sample *sample, int64_t id)
{
    struct command command = command_of(sample, COMMAND_REVIEW, "demo-reviewer", ROLE_APPROVE);
    const char *body = sample->outcome == SAMPLE_REJECTED
                           ? "{'decision':'reject','reason':'The customer asked for it.'}"
                           : "{'decision':'approve'}";
    const struct withdrawal *withdrawal;
    struct reply reply;

    TRY(withdrawal_load(seed, id, &withdrawal));
    if (withdrawal->status != WITHDRAWAL_IN_REVIEW)
        return ERR_NONE;
    command.object_id = id;
    TRY(command_run(seed, &command, body, &reply));
    reply_fini(&reply);
    return ERR_NONE;
}

/* Has the withdrawal come to where its sample ends? */
static enum err end_reached(struct seed *seed, int64_t id, enum sample_outcome outcome, bool *ret)
{
    struct value arg = value_int("withdrawal", id);
    const struct withdrawal *withdrawal;
    struct rows legs;
    bool finished;

    if (outcome == SAMPLE_UNKNOWN) {
        TRY(store_select(seed->reader, QUERY_LEGS_BY_WITHDRAWAL, &arg, 1, &leg_table, &seed->arena, &legs));
        *ret = legs.count > 0 && ((const struct leg *)legs.items[0])->status >= LEG_UNKNOWN;
        return ERR_NONE;
    }
    TRY(withdrawal_load(seed, id, &withdrawal));
    finished = instant_is_set(withdrawal->finished_at);
    *ret = outcome == SAMPLE_RETURNED ? withdrawal->status == WITHDRAWAL_RETURNED : finished;
    if (!*ret && finished)
        payout_wake(seed->payout); /* what is owed to us is fetched at once */
    return ERR_NONE;
}

/* Nothing is left to send when the demo opens. A start that was cut short in the middle of a payment
 * leaves one that the janitor asks about in its time: the demo need not wait for it. */
static enum err end_wait(struct seed *seed, int64_t id, enum sample_outcome outcome)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    bool reached;

    for (int waited_ms = 0; waited_ms < PAID_WITHIN_MS; waited_ms += 10) {
        TRY(end_reached(seed, id, outcome, &reached));
        if (reached)
            return ERR_NONE;
        nanosleep(&pause, NULL);
    }
    log_line(LOG_LEVEL_WARN, "a sample withdrawal has not ended yet", NULL);
    return ERR_NONE;
}

/* What the channel will answer to the payment that the next step sets free. */
static enum err outcome_script(struct seed *seed, const struct sample *sample)
{
    static const char *const words[] = {[SAMPLE_FAILED] = "refused:ACQ.TRADE_HAS_FINISHED",
                                        [SAMPLE_RETURNED] = "bounce_after:0m",
                                        [SAMPLE_UNKNOWN] = "unlisted_code"};
    const char *word = words[sample->outcome];
    char reason[201];

    return word == NULL ? ERR_NONE : simulated_script(seed->channels->items[0], &word, 1, reason);
}

static enum err withdrawal_make_sample(struct seed *seed, const struct sample *sample)
{
    struct command command = command_of(sample, COMMAND_WITHDRAW, "demo-customer", ROLE_CUSTOMER);
    const struct withdrawal *withdrawal;
    struct reply reply;
    char text[ID_TEXT_BYTES];
    int64_t id;
    bool known;

    snprintf(command.principal, sizeof(command.principal), "demo-customer:%s", sample->account);
    snprintf(command.own_account, sizeof(command.own_account), "%s", sample->account);
    TRY(command_run(seed, &command, sample->body, &reply));
    known = reply_id(&reply, "wd", text) && id_parse("wd", text, &id);
    reply_fini(&reply);
    if (!known)
        return ERR_FATAL;
    TRY(withdrawal_load(seed, id, &withdrawal));
    if (withdrawal->status == WITHDRAWAL_AWAITING_CODE) {
        TRY(outcome_script(seed, sample));
        TRY(code_enter(seed, sample, id, withdrawal->account));
    }
    if (sample->outcome != SAMPLE_REVIEW)
        TRY(review(seed, sample, id));
    if (sample->outcome == SAMPLE_REVIEW || sample->outcome == SAMPLE_REJECTED)
        return ERR_NONE;
    return end_wait(seed, id, sample->outcome);
}

/* ---- the whole ---- */

static bool opens_account(const struct sample *sample)
{
    return sample->outcome == SAMPLE_FACT && sample->kind == COMMAND_ACCOUNT_PUT;
}

/* The policy of an account's sample. */
static const char *sample_policy(const struct sample *sample, char ret[POLICY_NAME_BYTES])
{
    const char *at = strstr(sample->body, "'policy':'");

    at = at != NULL ? at + strlen("'policy':'") : "";
    snprintf(ret, POLICY_NAME_BYTES, "%.*s", (int)strcspn(at, "'"), at);
    return ret;
}

/* The samples of one policy stand together: those from `first` up to the first account of another. */
static size_t samples_end(size_t first, const char **ret_last_account)
{
    char policy[POLICY_NAME_BYTES], other[POLICY_NAME_BYTES];
    size_t end;

    sample_policy(&samples[first], policy);
    for (end = first; end < ARRAY_COUNT(samples); end++) {
        if (!opens_account(&samples[end]))
            continue;
        if (strcmp(sample_policy(&samples[end], other), policy) != 0)
            break;
        *ret_last_account = samples[end].account;
    }
    return end;
}

static bool ends_unknown(size_t first, size_t end)
{
    while (first < end && samples[first].outcome != SAMPLE_UNKNOWN)
        first++;
    return first < end;
}

/* Where the policy's last account is, all its samples are. */
static enum err samples_stand(struct seed *seed, const char *last_account, bool *ret)
{
    struct value last = value_text("ref", last_account);
    struct rows rows;

    TRY(store_select(seed->reader, QUERY_ACCOUNT_BY_REF, &last, 1, &account_table, &seed->arena, &rows));
    *ret = rows.count > 0;
    return ERR_NONE;
}

static enum err policy_samples_make(struct seed *seed, size_t first, size_t end, const char *last_account)
{
    char policy[POLICY_NAME_BYTES];
    bool stand;

    if (policies_find(seed->policies, sample_policy(&samples[first], policy), 0) == NULL) {
        log_line(LOG_LEVEL_WARN, "no samples: the policy is not among those that the server runs", "policy", policy,
                 NULL);
        return ERR_NONE;
    }
    TRY(samples_stand(seed, last_account, &stand));
    for (size_t i = first; i < end && !stand; i++)
        TRY(samples[i].outcome == SAMPLE_FACT ? fact_make(seed, &samples[i])
                                              : withdrawal_make_sample(seed, &samples[i]));
    return ERR_NONE;
}

static enum err samples_make(struct seed *seed)
{
    const char *last_account = "";
    size_t end;

    for (size_t first = 0; first < ARRAY_COUNT(samples); first = end) {
        end = samples_end(first, &last_account);
        if (seed->unknown || !ends_unknown(first, end))
            TRY(policy_samples_make(seed, first, end, last_account));
    }
    return ERR_NONE;
}

enum err demo_seed(struct engine *engine, const struct policies *policies, const struct channels *channels,
                   struct payout *payout, struct store *reader, bool unknown, char ret_reason[256])
{
    struct seed seed = {.engine = engine,
                        .policies = policies,
                        .channels = channels,
                        .payout = payout,
                        .reader = reader,
                        .unknown = unknown,
                        .reason = ret_reason};
    enum err err;

    arena_init(&seed.arena, SEED_ARENA_BYTES);
    err = samples_make(&seed);
    arena_fini(&seed.arena);
    return err;
}
