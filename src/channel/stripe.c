/* SPDX-License-Identifier: Apache-2.0 */
/* Stripe refunds (docs.stripe.com/api/refunds): form in, JSON out, Bearer key, Idempotency-Key, signed webhooks.
 *
 * Our key is the Idempotency-Key and stands in the refund's metadata, by which a query finds it among the refunds of
 * the payment. Stripe does not sign its replies: that they come from Stripe is TLS's word. A refund that ends as
 * `failed` is money that came back, because Stripe took it from the balance when the refund was made. */
#include "channel/kind.h"
#include "channel/secret.h"
#include "channel/stripe_webhook.h"

#include "base/out.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENDPOINT "https://api.stripe.com"
#define VERSION "2024-06-20" /* the shape of what is read here */
#define REFUNDS "/v1/refunds"
#define PAGE "25" /* refunds: well within what is read of a reply */
#define PAGES_MAX 20
#define PAGE_MS_MIN 200
#define REFUSAL_DETAIL_BYTES 200
#define AMOUNT_NONE INT64_C(-1) /* what is told where no amount may agree with the one that was sent */

struct stripe_settings {
    struct channel_settings common;
    const char *secret_key_file;
    struct channel_files webhook_secret_files;
};

struct stripe {
    struct channel channel; /* first: a struct channel * is a struct stripe * */
    struct channel_place place;
    char authorization[SECRET_BYTES_MAX / 32 + 32];
    struct secret webhook_secrets[CHANNEL_FILES_MAX];
    size_t webhook_secrets_count;
};

/* ---- tables ---- */

/* Cards may be refunded for long; what is too late is said by a code. */
static const struct channel_capability capability = {
    .refund = true,
    .query = true,
    .callbacks = true,
    .bounce_days = 30,         /* docs.stripe.com/refunds#failed-refunds: within 30 days after it was made */
    .dedupe_ms = 23 * MS_HOUR, /* "at least 24 hours": one is for what is under way */
    .timeout_ms = CHANNEL_TIMEOUT_MS};

#define ERRORS "docs.stripe.com/error-codes"
#define OBJECT "docs.stripe.com/api/refunds/object#status"
#define IDEMPOTENCY "docs.stripe.com/api/idempotent_requests"
#define STATUSES "docs.stripe.com/api/errors, HTTP status codes"
#define TYPES "docs.stripe.com/api/errors#type"
static const struct channel_code code_items[] = {
    {"status", "succeeded", CODE_DID, AGAIN_NEVER, false, ALARM_NONE, OBJECT},
    {"status", "pending", CODE_PENDING, AGAIN_ASK, false, ALARM_NONE, OBJECT},
    {"status", "requires_action", CODE_PENDING, AGAIN_ASK, false, ALARM_NONE, OBJECT},
    {"status", "canceled", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_NONE, OBJECT},
    {"status", "failed", CODE_RETURNED, AGAIN_NEVER, false, ALARM_NONE, OBJECT},
    {"refund", "charge_already_refunded", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, ERRORS},
    {"refund", "charge_disputed", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_NONE, ERRORS},
    {"refund", "charge_not_refundable", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, ERRORS},
    {"refund", "refund_disputed_payment", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_NONE, ERRORS},
    {"refund", "resource_missing", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_NONE, ERRORS},
    {"refund", "payment_intent_unexpected_state", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, ERRORS},
    {"refund", "parameter_missing", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_TELL, ERRORS},
    {"refund", "parameter_unknown", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_TELL, ERRORS},
    {"refund", "parameter_invalid_integer", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_TELL, ERRORS},
    /* The key says so for as long as it lives: it will not pay, and another payment has another key. */
    {"refund", "balance_insufficient", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_HALT, ERRORS},
    {"refund", "lock_timeout", CODE_DID_NOT, AGAIN_SAME, false, ALARM_NONE, ERRORS},
    {"refund", "rate_limit", CODE_DID_NOT, AGAIN_SAME, false, ALARM_NONE, ERRORS},
    {"refund", "api_key_expired", CODE_DID_NOT, AGAIN_SAME, false, ALARM_HALT, ERRORS},
    {"refund", "authentication_error", CODE_DID_NOT, AGAIN_SAME, false, ALARM_HALT, TYPES},
    {"refund", "permission_error", CODE_DID_NOT, AGAIN_SAME, false, ALARM_HALT, STATUSES},
    {"refund", "idempotency_key_in_use", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, IDEMPOTENCY},
    {"refund", "idempotency_error", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_TELL, IDEMPOTENCY},
    {"refund", "api_error", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, TYPES},
};
static const struct channel_codes codes = {code_items, ARRAY_COUNT(code_items)};

/* Currencies whose smallest unit at Stripe is not ISO 4217's (docs.stripe.com/currencies): ours × up ÷ down. */
static const struct {
    char currency[CURRENCY_BYTES];
    int64_t up, down;
} scales[] = {{"ISK", 100, 1}, {"UGX", 100, 1}, {"MGA", 1, 100}};

static void scale_of(const char *currency, int64_t *ret_up, int64_t *ret_down)
{
    *ret_up = *ret_down = 1;
    for (size_t i = 0; i < ARRAY_COUNT(scales); i++)
        if (strcasecmp(scales[i].currency, currency) == 0) {
            *ret_up = scales[i].up;
            *ret_down = scales[i].down;
        }
}

static struct stripe *stripe_of(struct channel *channel)
{
    return (struct stripe *)channel;
}

/* ---- the order as bytes ---- */

static bool is_name(const char *text)
{
    size_t size = strlen(text);

    return size > 0 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == size;
}

/* "pi_…" is a payment intent, "ch_…" and "py_…" are charges; anything else is no payment of Stripe's. */
static const char *source_member(const char *reference)
{
    size_t size = reference != NULL ? strlen(reference) : 0;

    if (size < 4 || !is_name(reference))
        return NULL;
    if (strncmp(reference, "pi_", 3) == 0)
        return "payment_intent";
    return strncmp(reference, "ch_", 3) == 0 || strncmp(reference, "py_", 3) == 0 ? "charge" : NULL;
}

static char *stripe_build(const struct channel *channel UNUSED, const struct channel_order *order, struct arena *arena)
{
    const char *member = source_member(order->channel_ref);
    char body[512];
    int64_t up, down;

    if (!order->refund)
        return leaf_refusal_write(arena, "transfer_not_supported", "Stripe pays only back to the payment.");
    if (member == NULL)
        return leaf_refusal_write(arena, "no_channel_ref",
                                  "The top-up does not name a payment of Stripe's (pi_…, ch_… or py_…).");
    scale_of(order->currency, &up, &down);
    if (order->amount.minor % down != 0)
        return leaf_refusal_write(arena, "amount_not_payable", "Stripe does not pay parts of this currency's unit.");
    snprintf(body, sizeof body, "%s=%s&amount=%lld&reason=requested_by_customer&metadata%%5Bebb_key%%5D=%s", member,
             order->channel_ref, (long long)(order->amount.minor / down * up), order->key);
    return leaf_request_write(arena, "POST", REFUNDS, body);
}

/* ---- what Stripe says ---- */

const char *stripe_refund_key(const json_t *refund)
{
    return leaf_json_text(json_object_get(refund, "metadata"), "ebb_key");
}

/* Stripe's units in ours; none where they are not a whole number of ours, or more than anybody is paid. */
static struct money amount_of(int64_t told, const char *currency)
{
    int64_t up, down;

    scale_of(currency, &up, &down);
    if (told < 0 || told > MONEY_INPUT_MAX || told % up != 0)
        return money_of(AMOUNT_NONE);
    return money_of(told / up * down);
}

/* Adds what one refund object proves of the key; false: it is not one of it. */
bool stripe_refund_read(const json_t *refund, struct channel_answer *answer)
{
    const char *key = stripe_refund_key(refund), *id = leaf_json_text(refund, "id");
    const char *status = leaf_json_text(refund, "status"), *currency = leaf_json_text(refund, "currency");
    const char *why = leaf_json_text(refund, "failure_reason");
    int64_t amount;

    if (key == NULL || strcmp(key, answer->key) != 0)
        return false;
    if (id == NULL || status == NULL || currency == NULL || strlen(currency) != 3 ||
        !leaf_json_integer(refund, "amount", &amount)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "a refund without id, status, amount or currency");
        return true;
    }
    leaf_answer_code(answer, &codes, "status", status, true, why);
    if (why != NULL && answer->kind == EVIDENCE_RETURNED)
        snprintf(answer->code, sizeof answer->code, "%s", why);
    snprintf(answer->reference, sizeof answer->reference, "%s", id);
    for (size_t i = 0; i < 3; i++)
        answer->currency[i] = (char)(currency[i] >= 'a' && currency[i] <= 'z' ? currency[i] - 32 : currency[i]);
    answer->amount = amount_of(amount, answer->currency);
    if (answer->amount.minor == AMOUNT_NONE)
        snprintf(answer->detail, sizeof answer->detail, "%lld in Stripe's units is no amount of %s", (long long)amount,
                 answer->currency);
    return true;
}

/* Errors name a code; where there is none, some statuses or else their type is one. */
static const char *code_of(const json_t *error, long status)
{
    static const struct {
        long status;
        const char *code;
    } statuses[] = {{401, "authentication_error"}, {403, "permission_error"}};
    const char *code = leaf_json_text(error, "code");

    for (size_t i = 0; code == NULL && i < ARRAY_COUNT(statuses); i++)
        if (statuses[i].status == status)
            code = statuses[i].code;
    return code != NULL ? code : leaf_json_text(error, "type");
}

static void error_read(const json_t *reply, long status, bool first, struct channel_answer *answer)
{
    const json_t *error = json_object_get(reply, "error");
    const char *code = code_of(error, status);
    char said[FAILURE_CODE_BYTES];

    snprintf(said, sizeof said, "http_%ld", status);
    leaf_answer_code(answer, &codes, "refund", code != NULL ? code : said, first, leaf_json_text(error, "message"));
    if (status >= 500) /* whatever it says, Stripe does not know */
        leaf_answer_doubt(answer);
}

static void call_make(const struct stripe *stripe, const char *method, const char *url, const char *body,
                      const char *key_header, int64_t timeout_ms, struct https_reply *ret)
{
    struct https_call call = {.method = method,
                              .url = url,
                              .body = body,
                              .ca_file = stripe->place.ca_file,
                              .timeout_ms = timeout_ms,
                              .headers = {stripe->authorization, "Stripe-Version: " VERSION,
                                          "Content-Type: application/x-www-form-urlencoded", key_header}};

    https_exchange(&call, ret);
}

static void reply_read(const struct https_reply *reply, bool first, struct channel_answer *ret)
{
    json_t *object = leaf_json(reply->body, reply->size);

    if (object == NULL)
        leaf_answer_say(ret, EVIDENCE_NOTHING, "unreadable", "the reply is no JSON object");
    else if (reply->status != 200)
        error_read(object, reply->status, first, ret);
    else if (!stripe_refund_read(object, ret))
        leaf_answer_say(ret, EVIDENCE_NOTHING, "other_key", "the reply is about another refund");
    json_decref(object);
}

static void stripe_send(struct channel *channel, const char *key, const char *stored, bool first,
                        struct instant now UNUSED, struct channel_answer *ret)
{
    const struct stripe *stripe = stripe_of(channel);
    char url[HTTPS_URL_BYTES * 2], key_header[CHANNEL_KEY_BYTES + 32];
    struct leaf_request request;
    struct https_reply reply;

    leaf_answer_start(ret, key);
    if (!leaf_request_read(stored, &request)) {
        leaf_answer_say(ret, EVIDENCE_NOTHING, "unreadable_request", "the request is not in this channel's form");
        return;
    }
    if (leaf_refused(&request, ret))
        return;
    snprintf(url, sizeof url, "%s%s", stripe->place.endpoint, request.place);
    snprintf(key_header, sizeof key_header, "Idempotency-Key: %s", key);
    call_make(stripe, request.verb, url, request.body, key_header, stripe->place.timeout_ms, &reply);
    if (leaf_answered(&reply, first, ret))
        reply_read(&reply, first, ret);
    https_reply_fini(&reply);
}

/* ---- query ---- */

struct search {
    const struct stripe *stripe;
    struct channel_answer *answer;
    int64_t left_ms; /* all pages together take no longer than one call may */
    int64_t found;
    char found_texts[sizeof((struct channel_answer *)0)->detail]; /* each of them, for people */
    char after[REF_BYTES];                                        /* the last refund of the page before */
};

static void found_add(struct search *search, const char *id, const struct channel_answer *one)
{
    size_t used = strlen(search->found_texts);

    snprintf(search->found_texts + used, sizeof search->found_texts - used, "%s%.40s %.20s %lld %s",
             used > 0 ? ", " : "", id, one->code, (long long)one->amount.minor, one->currency);
    if (++search->found == 1)
        *search->answer = *one;
}

static void page_read(struct search *search, const json_t *list)
{
    struct channel_answer one;
    const json_t *refund;
    size_t at;

    json_array_foreach(list, at, refund)
    {
        const char *id = leaf_json_text(refund, "id");

        snprintf(search->after, sizeof search->after, "%s", id != NULL ? id : "");
        leaf_answer_start(&one, search->answer->key);
        if (stripe_refund_read(refund, &one))
            found_add(search, search->after, &one);
    }
}

/* False: there is no next page, or this one could not be read, which the answer says. */
static bool page_next(struct search *search, const char *source)
{
    char url[HTTPS_URL_BYTES * 2];
    struct https_reply reply;
    bool more = false;

    snprintf(url, sizeof url, "%s" REFUNDS "?%s&limit=" PAGE "%s%s", search->stripe->place.endpoint, source,
             search->after[0] != '\0' ? "&starting_after=" : "", search->after);
    call_make(search->stripe, "GET", url, NULL, NULL, search->left_ms, &reply);
    search->left_ms -= reply.took_ms;
    json_t *object = leaf_answered(&reply, false, search->answer) ? leaf_json(reply.body, reply.size) : NULL;
    const json_t *list = json_object_get(object, "data");

    if (object != NULL && reply.status == 200 && json_is_array(list)) {
        if (search->found == 0)
            leaf_answer_say(search->answer, EVIDENCE_NOTHING, "not_found", "no refund of this payment has our key");
        page_read(search, list);
        more = json_is_true(json_object_get(object, "has_more")) && is_name(search->after);
    } else if (reply.fate == HTTPS_ANSWERED) {
        leaf_answer_say(search->answer, EVIDENCE_NOTHING, "query_failed",
                        "the refunds of the payment could not be read");
    }
    json_decref(object);
    https_reply_fini(&reply);
    return more;
}

/* Two refunds under one key are a lie that nobody may miss: no sum of theirs, nor one of them that cannot be read, may
 * look like the amount that was sent. */
static void search_end(struct search *search)
{
    if (search->found < 2)
        return;
    search->answer->amount = money_of(AMOUNT_NONE);
    leaf_answer_say(search->answer, EVIDENCE_PAID, "refunded_twice", search->found_texts);
}

static void stripe_query(struct channel *channel, const char *key, const char *stored, struct instant now UNUSED,
                         struct channel_answer *ret)
{
    struct search search = {
        .stripe = stripe_of(channel), .answer = ret, .left_ms = stripe_of(channel)->place.timeout_ms};
    struct leaf_request request;
    char source[REF_BYTES + 32];
    int pages = 0;

    leaf_answer_start(ret, key);
    if (!leaf_request_read(stored, &request) || leaf_refused(&request, ret))
        return;
    snprintf(source, sizeof source, "%.*s", (int)strcspn(request.body, "&"), request.body);
    while (page_next(&search, source))
        if (++pages == PAGES_MAX || search.left_ms < PAGE_MS_MIN) {
            if (search.found == 0)
                leaf_answer_say(ret, EVIDENCE_NOTHING, "too_many_refunds",
                                "the payment has more refunds than are read");
            break;
        }
    search_end(&search);
}

/* ---- webhooks ---- */

static enum channel_heard stripe_notify(struct channel *channel, const struct channel_notice *notice,
                                        struct channel_answer *ret, char ret_reason[201])
{
    const struct stripe *stripe = stripe_of(channel);

    if (!stripe_webhook_verify(notice, stripe->webhook_secrets, stripe->webhook_secrets_count, ret_reason))
        return HEARD_REFUSED;
    return stripe_webhook_read(notice, ret, ret_reason);
}

/* ---- life ---- */

static void stripe_close(struct channel *channel)
{
    struct stripe *stripe = stripe_of(channel);

    for (size_t i = 0; i < stripe->webhook_secrets_count; i++)
        secret_fini(&stripe->webhook_secrets[i]);
    channel_place_fini(&stripe->place);
    sodium_memzero(stripe->authorization, sizeof stripe->authorization);
    free(stripe);
}

static const struct channel_operations operations = {.build = stripe_build,
                                                     .send = stripe_send,
                                                     .query = stripe_query,
                                                     .notify = stripe_notify,
                                                     .taken = "{\"received\":true}",
                                                     .taken_type = "application/json",
                                                     .close = stripe_close};

static bool key_read(struct stripe *stripe, const char *directory, const char *path, char ret_reason[256])
{
    struct secret secret = {0};
    int size;

    if (!secret_read(directory, path, SECRET_PRIVATE, &secret, ret_reason))
        return false;
    size = snprintf(stripe->authorization, sizeof stripe->authorization, "Authorization: Bearer %s", secret.text);
    secret_fini(&secret);
    if (size < (int)sizeof stripe->authorization && strpbrk(stripe->authorization, "\r\n") == NULL)
        return true;
    snprintf(ret_reason, 256, "%.180s: it holds no API key", path);
    return false;
}

static bool secrets_read(struct stripe *stripe, const struct stripe_settings *settings, const char *directory,
                         char ret_reason[256])
{
    if (!key_read(stripe, directory, settings->secret_key_file, ret_reason))
        return false;
    for (size_t i = 0; i < settings->webhook_secret_files.count; i++) {
        if (!secret_read(directory, settings->webhook_secret_files.paths[i], SECRET_PRIVATE,
                         &stripe->webhook_secrets[i], ret_reason))
            return false;
        stripe->webhook_secrets_count++;
    }
    return true;
}

static struct channel *stripe_open(const char *name, const void *settings, const char *directory, char ret_reason[256])
{
    const struct stripe_settings *read = settings;
    struct stripe *stripe = calloc(1, sizeof *stripe);

    snprintf(ret_reason, 256, "no memory for the channel");
    if (stripe == NULL)
        return NULL;
    snprintf(stripe->channel.name, sizeof stripe->channel.name, "%s", name);
    stripe->channel.capability = capability;
    stripe->channel.operations = &operations;
    if (!channel_place_open(&read->common, ENDPOINT, directory, &stripe->place, ret_reason) ||
        !secrets_read(stripe, read, directory, ret_reason)) {
        stripe_close(&stripe->channel);
        return NULL;
    }
    stripe->channel.capability.timeout_ms = stripe->place.timeout_ms;
    return &stripe->channel;
}

static const struct key keys[] = {
    CHANNEL_SETTINGS_KEYS(struct stripe_settings),
    {"secret_key_file", KEY(struct stripe_settings, secret_key_file, read_file)},
    {"webhook_secret_files", KEY(struct stripe_settings, webhook_secret_files, read_files), .optional = true},
};
const struct channel_kind stripe_kind = {"stripe",    keys,   ARRAY_COUNT(keys), sizeof(struct stripe_settings),
                                         &capability, &codes, stripe_open};
