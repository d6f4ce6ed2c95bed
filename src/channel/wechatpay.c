/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/wechatpay.h"

#include "base/out.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDPOINT "https://api.mch.weixin.qq.com"
#define REASON "余额提现"
#define MERCHANT "商户" /* begins the name of the receiving account when it is the merchant's own */

/* ---- tables ---- */

static const struct channel_capability capability = {.refund = true,
                                                     .query = true,
                                                     .callbacks = true,
                                                     .refunds_per_topup_max = 50,
                                                     .spacing_ms = MS_MINUTE,
                                                     .window_days = 365,
                                                     .timeout_ms = CHANNEL_TIMEOUT_MS};

#define REFUND "pay.weixin.qq.com/doc/v3/merchant, refunds"
#define COMMON "pay.weixin.qq.com/doc/v3/merchant, common error codes"
/* A refusal is of the call that it answers: sent again, it says nothing of the send before, whose outcome is not known.
 * Only what is said of the order itself (its status) ends it whenever it is told. */
static const struct channel_code code_items[] = {
    {"status", "SUCCESS", CODE_DID, AGAIN_NEVER, false, ALARM_NONE, REFUND},
    {"status", "CLOSED", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_NONE, REFUND},
    {"status", "PROCESSING", CODE_PENDING, AGAIN_ASK, false, ALARM_NONE, REFUND},
    {"status", "ABNORMAL", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE,
     REFUND}, /* the payer's card is dead: people repair it there */
    {"refund", "SYSTEM_ERROR", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, COMMON},
    {"refund", "FREQUENCY_LIMITED", CODE_DID_NOT, AGAIN_SAME, true, ALARM_NONE, COMMON},
    {"refund", "NOT_ENOUGH", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, REFUND},
    {"refund", "SIGN_ERROR", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, COMMON},
    {"refund", "NO_AUTH", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, REFUND},
    {"refund", "MCH_NOT_EXISTS", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, REFUND},
    {"refund", "USER_ACCOUNT_ABNORMAL", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "RESOURCE_NOT_EXISTS", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "PARAM_ERROR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_TELL, COMMON},
    {"refund", "INVALID_REQUEST", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_TELL, REFUND},
    {"query", "RESOURCE_NOT_EXISTS", CODE_UNKNOWN, AGAIN_SAME, false, ALARM_NONE, REFUND},
    {"query", "SYSTEM_ERROR", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, COMMON},
    {"query", "FREQUENCY_LIMITED", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, COMMON},
};
const struct channel_codes wechatpay_codes = {code_items, ARRAY_COUNT(code_items)};

/* ---- orders as bytes ---- */

static char *refund_write(const struct wechatpay *wechatpay, const struct channel_order *order, struct arena *arena)
{
    struct out out;

    out_init_in(&out, arena);
    out_object(&out, NULL);
    out_string(&out, wechatpay->by_merchant_number ? "out_trade_no" : "transaction_id", order->channel_ref);
    out_string(&out, "out_refund_no", order->key);
    out_string(&out, "reason", REASON);
    if (wechatpay->notify_url[0] != '\0')
        out_string(&out, "notify_url", wechatpay->notify_url);
    out_object(&out, "amount");
    out_money(&out, "refund", order->amount);
    out_money(&out, "total", order->topup_amount);
    out_string(&out, "currency", "CNY");
    out_object_end(&out);
    out_object_end(&out);
    return out.failed ? NULL : leaf_request_write(arena, "POST", WECHATPAY_REFUNDS, out.data);
}

static char *wechatpay_build(const struct channel *channel, const struct channel_order *order, struct arena *arena)
{
    if (!order->refund)
        return leaf_refusal_write(arena, "transfer_not_supported", "This channel pays only back to the payment.");
    if (strcmp(order->currency, "CNY") != 0)
        return leaf_refusal_write(arena, "currency_not_payable", "WeChat Pay's refunds here are in CNY.");
    if (order->channel_ref == NULL || order->channel_ref[0] == '\0')
        return leaf_refusal_write(arena, "no_channel_ref", "The top-up does not name its payment.");
    return refund_write((const struct wechatpay *)channel, order, arena);
}

/* ---- what WeChat says ---- */

/* What the payer got, where that is told beside the refund: less than it is another amount, and somebody looks. */
static bool amount_read(const json_t *money, struct money *ret)
{
    int64_t refund, payer;

    if (!leaf_json_integer(money, "refund", &refund))
        return false;
    payer = refund;
    if (json_object_get(money, "payer_refund") != NULL && !leaf_json_integer(money, "payer_refund", &payer))
        return false;
    *ret = money_of(payer);
    return true;
}

/* Notifications tell none: they are in CNY. */
static const char *currency_read(const json_t *money)
{
    return json_object_get(money, "currency") != NULL ? leaf_json_text(money, "currency") : "CNY";
}

/* SUCCESS is said, too, of a refund that the payer's bank did not take and that went back to the merchant. */
static void status_read(const char *status, const char *account, struct channel_answer *answer)
{
    leaf_answer_code(answer, &wechatpay_codes, "status", status, true, account);
    if (answer->kind == EVIDENCE_PAID && account != NULL && strncmp(account, MERCHANT, strlen(MERCHANT)) == 0)
        leaf_answer_say(answer, EVIDENCE_NOTHING, "returned_to_merchant", account);
}

void wechatpay_refund_read(const json_t *refund, const char *status_name, struct channel_answer *answer)
{
    const char *key = leaf_json_text(refund, "out_refund_no"), *id = leaf_json_text(refund, "refund_id");
    const char *status = leaf_json_text(refund, status_name);
    const json_t *money = json_object_get(refund, "amount");
    const char *currency = currency_read(money);
    struct money amount;

    if (key == NULL || strcmp(key, answer->key) != 0) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "other_key", "it is about another refund");
        return;
    }
    if (id == NULL || status == NULL || currency == NULL || !amount_read(money, &amount)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "a refund without id, status or amount");
        return;
    }
    status_read(status, leaf_json_text(refund, "user_received_account"), answer);
    answer->amount = amount;
    snprintf(answer->currency, sizeof answer->currency, "%s", currency);
    snprintf(answer->reference, sizeof answer->reference, "%s", id);
}

/* Only 200 tells of a refund. What says 5xx does not know, whatever else it says. */
static void reply_tell(const json_t *reply, long status, const char *where, bool first, struct channel_answer *answer)
{
    const char *code = leaf_json_text(reply, "code");
    const struct channel_code *found;

    if (status == 200) {
        wechatpay_refund_read(reply, "status", answer);
        return;
    }
    found = channel_code_find(&wechatpay_codes, where, code != NULL ? code : "");
    leaf_answer_code(answer, &wechatpay_codes, where, code != NULL ? code : "no_code", first,
                     leaf_json_text(reply, "message"));
    if (status >= 500)
        leaf_answer_doubt(answer);
    if (strcmp(where, "query") == 0 && found != NULL && found->again == AGAIN_SAME) /* no proof, but it may be resent */
        leaf_answer_say(answer, EVIDENCE_NOTHING, "not_found", "the query knows no such refund");
}

static void wechatpay_send(struct channel *channel, const char *key, const char *stored, bool first, struct instant now,
                           struct channel_answer *ret)
{
    struct leaf_request request;
    json_t *reply;
    long status;

    leaf_answer_start(ret, key);
    if (!leaf_request_read(stored, &request)) {
        leaf_answer_say(ret, EVIDENCE_NOTHING, "unreadable_request", "the request is not in this channel's form");
        return;
    }
    if (leaf_refused(&request, ret) || !wechatpay_call(wechatpay_of(channel), request.verb, request.place, request.body,
                                                       now, first, &reply, &status, ret))
        return;
    reply_tell(reply, status, "refund", first, ret);
    json_decref(reply);
}

static void wechatpay_query(struct channel *channel, const char *key, const char *stored, struct instant now,
                            struct channel_answer *ret)
{
    struct leaf_request request;
    char place[sizeof WECHATPAY_REFUNDS + CHANNEL_KEY_BYTES];
    json_t *reply;
    long status;

    leaf_answer_start(ret, key);
    if (leaf_request_read(stored, &request) && leaf_refused(&request, ret))
        return;
    snprintf(place, sizeof place, WECHATPAY_REFUNDS "/%s", key);
    if (!wechatpay_call(wechatpay_of(channel), "GET", place, NULL, now, false, &reply, &status, ret))
        return;
    reply_tell(reply, status, "query", false, ret);
    json_decref(reply);
}

/* ---- life ---- */

struct wechatpay_settings {
    struct channel_settings common;
    const char *mchid, *serial, *private_key_file, *apiv3_secret_file, *notify_url;
    const char *platform_public_key_file, *platform_public_key_id;
    struct channel_files platform_certificate_files;
    int reference;
};

static void wechatpay_close(struct channel *channel)
{
    struct wechatpay *wechatpay = wechatpay_of(channel);

    rsa_free(&wechatpay->own);
    secret_fini(&wechatpay->apiv3_key);
    for (size_t i = 0; i < wechatpay->theirs_count; i++)
        rsa_free(&wechatpay->theirs[i].key);
    channel_place_fini(&wechatpay->place);
    free(wechatpay);
}

static const struct channel_operations operations = {.build = wechatpay_build,
                                                     .send = wechatpay_send,
                                                     .query = wechatpay_query,
                                                     .notify = wechatpay_notify,
                                                     .taken = "{\"code\":\"SUCCESS\"}",
                                                     .taken_type = "application/json",
                                                     .close = wechatpay_close};

/* `serial` NULL: the certificate's own. */
static bool their_key_add(struct wechatpay *wechatpay, const char *directory, const char *path, const char *serial,
                          char ret_reason[256])
{
    struct wechatpay_key *key = &wechatpay->theirs[wechatpay->theirs_count];

    key->key = rsa_public_open(directory, path, ret_reason);
    if (key->key == NULL)
        return false;
    wechatpay->theirs_count++;
    snprintf(key->serial, sizeof key->serial, "%s", serial != NULL ? serial : rsa_serial(key->key));
    if (key->serial[0] != '\0')
        return true;
    snprintf(ret_reason, 256, "%.180s: a certificate is needed; a bare key goes with its id", path);
    return false;
}

static bool their_keys_read(struct wechatpay *wechatpay, const struct wechatpay_settings *settings,
                            const char *directory, char ret_reason[256])
{
    const char *key_file = settings->platform_public_key_file, *key_id = settings->platform_public_key_id;

    for (size_t i = 0; i < settings->platform_certificate_files.count; i++)
        if (!their_key_add(wechatpay, directory, settings->platform_certificate_files.paths[i], NULL, ret_reason))
            return false;
    if ((key_file == NULL) != (key_id == NULL)) {
        snprintf(ret_reason, 256, "platform_public_key_file and platform_public_key_id go together");
        return false;
    }
    if (key_file != NULL && !their_key_add(wechatpay, directory, key_file, key_id, ret_reason))
        return false;
    if (wechatpay->theirs_count == 0)
        snprintf(ret_reason, 256, "platform_certificate_files or platform_public_key_file is needed");
    return wechatpay->theirs_count > 0;
}

static bool keys_read(struct wechatpay *wechatpay, const struct wechatpay_settings *settings, const char *directory,
                      char ret_reason[256])
{
    wechatpay->own = rsa_private_open(directory, settings->private_key_file, ret_reason);
    if (wechatpay->own == NULL ||
        !secret_read(directory, settings->apiv3_secret_file, SECRET_PRIVATE, &wechatpay->apiv3_key, ret_reason))
        return false;
    if (wechatpay->apiv3_key.size != AEAD_KEY_BYTES) {
        snprintf(ret_reason, 256, "%.180s: the APIv3 key has 32 characters", settings->apiv3_secret_file);
        return false;
    }
    return their_keys_read(wechatpay, settings, directory, ret_reason);
}

static struct channel *wechatpay_open(const char *name, const void *settings, const char *directory,
                                      char ret_reason[256])
{
    const struct wechatpay_settings *read = settings;
    struct wechatpay *wechatpay = calloc(1, sizeof *wechatpay);

    snprintf(ret_reason, 256, "no memory for the channel");
    if (wechatpay == NULL)
        return NULL;
    snprintf(wechatpay->channel.name, sizeof wechatpay->channel.name, "%s", name);
    snprintf(wechatpay->mchid, sizeof wechatpay->mchid, "%s", read->mchid);
    snprintf(wechatpay->serial, sizeof wechatpay->serial, "%s", read->serial);
    snprintf(wechatpay->notify_url, sizeof wechatpay->notify_url, "%s", read->notify_url ? read->notify_url : "");
    wechatpay->by_merchant_number = read->reference != 0;
    wechatpay->channel.capability = capability;
    wechatpay->channel.operations = &operations;
    if (!channel_place_open(&read->common, ENDPOINT, directory, &wechatpay->place, ret_reason) ||
        !keys_read(wechatpay, read, directory, ret_reason)) {
        wechatpay_close(&wechatpay->channel);
        return NULL;
    }
    wechatpay->channel.capability.timeout_ms = wechatpay->place.timeout_ms;
    return &wechatpay->channel;
}

static const char *const reference_texts[] = {"transaction_id", "out_trade_no"};
static const struct key keys[] = {
    CHANNEL_SETTINGS_KEYS(struct wechatpay_settings),
    {"mchid", KEY(struct wechatpay_settings, mchid, read_mark)},
    {"serial", KEY(struct wechatpay_settings, serial, read_mark)},
    {"private_key_file", KEY(struct wechatpay_settings, private_key_file, read_file)},
    {"apiv3_secret_file", KEY(struct wechatpay_settings, apiv3_secret_file, read_file)},
    {"platform_certificate_files", KEY(struct wechatpay_settings, platform_certificate_files, read_files),
     .optional = true},
    {"platform_public_key_file", KEY(struct wechatpay_settings, platform_public_key_file, read_file), .optional = true},
    {"platform_public_key_id", KEY(struct wechatpay_settings, platform_public_key_id, read_mark), .optional = true},
    {"notify_url", KEY(struct wechatpay_settings, notify_url, read_endpoint), .optional = true},
    {"reference", .read = read_choice, .offset = offsetof(struct wechatpay_settings, reference), .size = 2,
     .texts = reference_texts, .optional = true},
};
const struct channel_kind wechatpay_kind = {
    "wechatpay",      keys,          ARRAY_COUNT(keys), sizeof(struct wechatpay_settings), &capability,
    &wechatpay_codes, wechatpay_open};
