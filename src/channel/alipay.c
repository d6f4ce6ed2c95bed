/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/alipay.h"

#include "base/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDPOINT "https://openapi.alipay.com/gateway.do"
#define TRANSFER_MIN 10 /* fen */
#define TITLE "余额提现"
#define USER_ID_DIGITS 16

/* ---- tables ---- */

/* The key lives as long as the trade. A trade's window is the contract's; what is too late is said by a code. */
static const struct channel_capability capability = {.refund = true,
                                                     .transfer = true,
                                                     .query = true,
                                                     .callbacks = true,
                                                     .bounce_days =
                                                         15, /* a card may send it back; no document says until when */
                                                     .spacing_ms = 3 * MS_SECOND,
                                                     .timeout_ms = CHANNEL_TIMEOUT_MS};

#define GATEWAY "opendocs.alipay.com, public error codes"
#define REFUND "opendocs.alipay.com, alipay.trade.refund"
#define REFUND_QUERY "opendocs.alipay.com, alipay.trade.fastpay.refund.query"
#define TRANSFER "opendocs.alipay.com, alipay.fund.trans.uni.transfer"
#define TRANSFER_QUERY "opendocs.alipay.com, alipay.fund.trans.common.query"
#define DEPOSIT_BACK "opendocs.alipay.com, alipay.trade.refund.depositback.completed"
/* A refusal is of the call that it answers: sent again, it says nothing of the send before, whose outcome is not known.
 * Only what is said of the order itself (its status) ends it whenever it is told. */
static const struct channel_code code_items[] = {
    {"gateway", "20000", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, GATEWAY},
    {"gateway", "20001", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, GATEWAY},
    {"gateway", "40001", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, GATEWAY},
    {"gateway", "40002", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, GATEWAY},
    {"gateway", "isv.invalid-parameter", CODE_DID_NOT, AGAIN_SAME, true, ALARM_TELL, GATEWAY},
    {"gateway", "40003", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, GATEWAY},
    {"gateway", "40005", CODE_DID_NOT, AGAIN_SAME, true, ALARM_NONE, GATEWAY},
    {"gateway", "40006", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, GATEWAY},
    {"refund_status", "REFUND_SUCCESS", CODE_DID, AGAIN_NEVER, false, ALARM_NONE, REFUND_QUERY},
    {"refund_query", "ACQ.SYSTEM_ERROR", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, REFUND_QUERY},
    {"refund_query", "ACQ.TRADE_NOT_EXIST", CODE_UNKNOWN, AGAIN_SAME, false, ALARM_NONE, REFUND_QUERY},
    {"refund", "ACQ.SYSTEM_ERROR", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, REFUND},
    {"refund", "ACQ.REFUND_CHARGE_ERROR", CODE_UNKNOWN, AGAIN_SAME, false, ALARM_NONE, REFUND},
    {"refund", "ACQ.DISCORDANT_REPEAT_REQUEST", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_TELL, REFUND},
    {"refund", "ACQ.SELLER_BALANCE_NOT_ENOUGH", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, REFUND},
    {"refund", "ACQ.TRADE_HAS_FINISHED", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.TRADE_HAS_CLOSE", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.TRADE_NOT_EXIST", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.TRADE_NOT_ALLOW_REFUND", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.BUYER_NOT_EXIST", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.BUYER_ERROR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.BUYER_ENABLE_STATUS_FORBID", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.CUSTOMER_VALIDATE_ERROR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.REASON_TRADE_BEEN_FREEZEN", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, REFUND},
    {"refund", "ACQ.REASON_TRADE_REFUND_FEE_ERR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_TELL, REFUND},
    {"refund", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_TELL, REFUND},
    {"refund", "ACQ.NOT_ALLOW_PARTIAL_REFUND", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_TELL, REFUND},
    {"refund", "ACQ.INVALID_PARAMETER", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_TELL, REFUND},
    {"status", "SUCCESS", CODE_DID, AGAIN_NEVER, false, ALARM_NONE, TRANSFER_QUERY},
    {"status", "DEALING", CODE_PENDING, AGAIN_ASK, false, ALARM_NONE, TRANSFER_QUERY},
    {"status", "FAIL", CODE_DID_NOT, AGAIN_NEVER, false, ALARM_NONE, TRANSFER_QUERY},
    {"status", "REFUND", CODE_RETURNED, AGAIN_NEVER, false, ALARM_NONE, TRANSFER_QUERY},
    {"transfer_query", "SYSTEM_ERROR", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, TRANSFER_QUERY},
    {"transfer_query", "ORDER_NOT_EXIST", CODE_UNKNOWN, AGAIN_SAME, false, ALARM_NONE, TRANSFER_QUERY},
    {"transfer", "SYSTEM_ERROR", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, TRANSFER},
    {"transfer", "PAYMENT_INFO_INCONSISTENCY", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_TELL, TRANSFER},
    {"transfer", "PAYER_BALANCE_NOT_ENOUGH", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, TRANSFER},
    {"transfer", "EXCEED_LIMIT_DM_AMOUNT", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, TRANSFER},
    {"transfer", "EXCEED_LIMIT_MM_AMOUNT", CODE_DID_NOT, AGAIN_SAME, true, ALARM_HALT, TRANSFER},
    {"transfer", "EXCEED_LIMIT_SM_AMOUNT", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "EXCEED_LIMIT_SM_MIN_AMOUNT", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "EXCEED_LIMIT_PERSONAL_SM_AMOUNT", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "EXCEED_LIMIT_ENT_SM_AMOUNT", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "MEMO_REQUIRED_IN_TRANSFER_ERROR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "PAYEE_USER_INFO_ERROR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "PAYEE_NOT_EXIST", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "PAYEE_CARD_INFO_ERROR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "CARD_BIN_ERROR", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "NO_ACCOUNT_RECEIVE_PERMISSION", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_NONE, TRANSFER},
    {"transfer", "INVALID_PARAMETER", CODE_DID_NOT, AGAIN_NEVER, true, ALARM_TELL, TRANSFER},
    {"deposit_back", "S", CODE_ARRIVED, AGAIN_NEVER, false, ALARM_NONE, DEPOSIT_BACK},
    {"deposit_back", "F", CODE_UNKNOWN, AGAIN_NEVER, false, ALARM_NONE,
     DEPOSIT_BACK}, /* it stays in the payer's Alipay account */
    {"deposit_back", "P", CODE_UNKNOWN, AGAIN_ASK, false, ALARM_NONE, DEPOSIT_BACK},
};
const struct channel_codes alipay_codes = {code_items, ARRAY_COUNT(code_items)};

/* ---- orders as bytes ---- */

static void amount_write(struct out *out, const char *name, struct money amount)
{
    char text[MONEY_TEXT_BYTES];

    money_format(amount, "CNY", text);
    out_string(out, name, text);
}

static char *biz_end(struct arena *arena, const char *method, struct out *out)
{
    out_object_end(out);
    return out->failed ? NULL : leaf_request_write(arena, "POST", method, out->data);
}

static char *refund_build(const struct alipay *alipay, const struct channel_order *order, struct arena *arena)
{
    struct out out;

    if (order->channel_ref == NULL || order->channel_ref[0] == '\0')
        return leaf_refusal_write(arena, "no_channel_ref", "The top-up does not name its trade.");
    out_init_in(&out, arena);
    out_object(&out, NULL);
    out_string(&out, alipay->by_merchant_number ? "out_trade_no" : "trade_no", order->channel_ref);
    amount_write(&out, "refund_amount", order->amount);
    out_string(&out, "out_request_no", order->key);
    out_string(&out, "refund_reason", TITLE);
    return biz_end(arena, ALIPAY_REFUND, &out);
}

static bool all_digits(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* Cards of persons end in Luhn's check digit; accounts of companies do not. */
static bool is_personal_card(const char *account)
{
    size_t size = strlen(account);
    int sum = 0;

    if (!all_digits(account) || size < 16 || size > 19)
        return false;
    for (size_t i = 0; i < size; i++) {
        int digit = account[size - 1 - i] - '0';

        digit = i % 2 == 1 ? 2 * digit : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

static void card_write(struct out *out, const json_t *to, const char *account)
{
    static const char *const members[][2] = {
        {"bank", "inst_name"}, {"branch", "inst_branch_name"}, {"province", "inst_province"}, {"city", "inst_city"}};

    out_object(out, "bankcard_ext_info");
    out_string(out, "account_type", is_personal_card(account) ? "2" : "1");
    for (size_t i = 0; i < ARRAY_COUNT(members); i++)
        if (leaf_json_text(to, members[i][0]) != NULL)
            out_string(out, members[i][1], leaf_json_text(to, members[i][0]));
    out_object_end(out);
}

static void payee_write(struct out *out, const json_t *to, const char *account, const char *name, bool card)
{
    bool user_id = all_digits(account) && strlen(account) == USER_ID_DIGITS && strncmp(account, "2088", 4) == 0;

    out_object(out, "payee_info");
    out_string(out, "identity", account);
    out_string(out, "identity_type", card ? "BANKCARD_ACCOUNT" : user_id ? "ALIPAY_USER_ID" : "ALIPAY_LOGON_ID");
    out_string(out, "name", name);
    if (card)
        card_write(out, to, account);
    out_object_end(out);
}

static char *transfer_write(const struct channel_order *order, const json_t *to, struct arena *arena)
{
    const char *account = leaf_json_text(to, "account"), *name = leaf_json_text(to, "name");
    const char *kind = leaf_json_text(to, "kind");
    bool card = kind != NULL && strcmp(kind, "bank") == 0;
    struct out out;

    if (account == NULL || name == NULL)
        return leaf_refusal_write(arena, "no_destination", "A transfer needs an account and a name.");
    if (order->amount.minor < TRANSFER_MIN)
        return leaf_refusal_write(arena, "amount_not_payable", "Alipay transfers 0.10 yuan at least.");
    out_init_in(&out, arena);
    out_object(&out, NULL);
    out_string(&out, "out_biz_no", order->key);
    amount_write(&out, "trans_amount", order->amount);
    out_string(&out, "product_code", card ? "TRANS_BANKCARD_NO_PWD" : "TRANS_ACCOUNT_NO_PWD");
    out_string(&out, "biz_scene", "DIRECT_TRANSFER");
    out_string(&out, "order_title", TITLE);
    out_string(&out, "remark", TITLE);
    payee_write(&out, to, account, name, card);
    return biz_end(arena, ALIPAY_TRANSFER, &out);
}

static char *transfer_build(const struct channel_order *order, struct arena *arena)
{
    json_t *to = order->destination != NULL ? leaf_json(order->destination, strlen(order->destination)) : NULL;
    char *request = transfer_write(order, to, arena);

    json_decref(to);
    return request;
}

static char *alipay_build(const struct channel *channel, const struct channel_order *order, struct arena *arena)
{
    if (strcmp(order->currency, "CNY") != 0)
        return leaf_refusal_write(arena, "currency_not_payable", "Alipay's refunds and transfers here are in CNY.");
    return order->refund ? refund_build((const struct alipay *)channel, order, arena) : transfer_build(order, arena);
}

/* ---- send and query ---- */

/* A stored request and its biz_content; false: the answer is complete. */
static bool stored_read(const char *stored, struct leaf_request *ret, json_t **ret_asked, struct channel_answer *answer)
{
    if (leaf_request_read(stored, ret)) {
        if (leaf_refused(ret, answer))
            return false;
        *ret_asked = leaf_json(ret->body, strlen(ret->body));
        if (*ret_asked != NULL)
            return true;
    }
    leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable_request", "the request is not in this channel's form");
    return false;
}

static void alipay_send(struct channel *channel, const char *key, const char *stored, bool first, struct instant now,
                        struct channel_answer *ret)
{
    struct leaf_request request;
    json_t *asked = NULL, *reply = NULL;

    leaf_answer_start(ret, key);
    if (!stored_read(stored, &request, &asked, ret))
        return;
    if (alipay_call(alipay_of(channel), request.place, request.body, now, first, &reply, ret)) {
        if (strcmp(request.place, ALIPAY_REFUND) == 0)
            alipay_refund_read(reply, asked, first, ret);
        else
            alipay_transfer_read(reply, asked, first, ret);
    }
    json_decref(reply);
    json_decref(asked);
}

/* Members of the order that name it in a query. */
static void question_write(struct out *out, const json_t *asked, const char *const *names, size_t count)
{
    out_object(out, NULL);
    for (size_t i = 0; i < count; i++)
        if (leaf_json_text(asked, names[i]) != NULL)
            out_string(out, names[i], leaf_json_text(asked, names[i]));
}

static void query_write(struct out *out, const json_t *asked, bool refund)
{
    static const char *const of_refund[] = {"trade_no", "out_trade_no", "out_request_no"};
    static const char *const of_transfer[] = {"product_code", "biz_scene", "out_biz_no"};

    question_write(out, asked, refund ? of_refund : of_transfer, 3);
    if (refund) {
        out_array(out, "query_options");
        out_string(out, NULL, "deposit_back_info");
        out_array_end(out);
    }
    out_object_end(out);
}

static void alipay_query(struct channel *channel, const char *key, const char *stored, struct instant now,
                         struct channel_answer *ret)
{
    struct leaf_request request;
    json_t *asked = NULL, *reply = NULL;
    struct out out;

    leaf_answer_start(ret, key);
    if (!stored_read(stored, &request, &asked, ret))
        return;
    bool refund = strcmp(request.place, ALIPAY_REFUND) == 0;

    out_init(&out);
    query_write(&out, asked, refund);
    if (!out.failed && alipay_call(alipay_of(channel), refund ? ALIPAY_REFUND_QUERY : ALIPAY_TRANSFER_QUERY, out.data,
                                   now, false, &reply, ret)) {
        if (refund)
            alipay_refund_query_read(reply, asked, ret);
        else
            alipay_transfer_query_read(reply, asked, ret);
    }
    out_fini(&out);
    json_decref(reply);
    json_decref(asked);
}

/* ---- life ---- */

struct alipay_settings {
    struct channel_settings common;
    const char *app_id, *private_key_file;
    struct channel_files alipay_public_key_files;
    int reference;
};

static void alipay_close(struct channel *channel)
{
    struct alipay *alipay = alipay_of(channel);

    rsa_free(&alipay->own);
    for (size_t i = 0; i < alipay->theirs_count; i++)
        rsa_free(&alipay->theirs[i]);
    channel_place_fini(&alipay->place);
    free(alipay);
}

static const struct channel_operations operations = {.build = alipay_build,
                                                     .send = alipay_send,
                                                     .query = alipay_query,
                                                     .notify = alipay_notify,
                                                     .taken = "success",
                                                     .taken_type = "text/plain",
                                                     .close = alipay_close};

static bool keys_read(struct alipay *alipay, const struct alipay_settings *settings, const char *directory,
                      char ret_reason[256])
{
    alipay->own = rsa_private_open(directory, settings->private_key_file, ret_reason);
    for (size_t i = 0; alipay->own != NULL && i < settings->alipay_public_key_files.count; i++) {
        alipay->theirs[i] = rsa_public_open(directory, settings->alipay_public_key_files.paths[i], ret_reason);
        if (alipay->theirs[i] == NULL)
            return false;
        alipay->theirs_count++;
    }
    return alipay->own != NULL;
}

static struct channel *alipay_open(const char *name, const void *settings, const char *directory, char ret_reason[256])
{
    const struct alipay_settings *read = settings;
    struct alipay *alipay = calloc(1, sizeof *alipay);

    snprintf(ret_reason, 256, "no memory for the channel");
    if (alipay == NULL)
        return NULL;
    snprintf(alipay->channel.name, sizeof alipay->channel.name, "%s", name);
    snprintf(alipay->app_id, sizeof alipay->app_id, "%s", read->app_id);
    alipay->by_merchant_number = read->reference != 0;
    alipay->channel.capability = capability;
    alipay->channel.operations = &operations;
    if (!channel_place_open(&read->common, ENDPOINT, directory, &alipay->place, ret_reason) ||
        !keys_read(alipay, read, directory, ret_reason)) {
        alipay_close(&alipay->channel);
        return NULL;
    }
    alipay->channel.capability.timeout_ms = alipay->place.timeout_ms;
    return &alipay->channel;
}

static const char *const reference_texts[] = {"trade_no", "out_trade_no"};
static const struct key keys[] = {
    CHANNEL_SETTINGS_KEYS(struct alipay_settings),
    {"app_id", KEY(struct alipay_settings, app_id, read_mark)},
    {"private_key_file", KEY(struct alipay_settings, private_key_file, read_file)},
    {"alipay_public_key_files", KEY(struct alipay_settings, alipay_public_key_files, read_files)},
    {"reference", .read = read_choice, .offset = offsetof(struct alipay_settings, reference), .size = 2,
     .texts = reference_texts, .optional = true},
};
const struct channel_kind alipay_kind = {"alipay",    keys,          ARRAY_COUNT(keys), sizeof(struct alipay_settings),
                                         &capability, &alipay_codes, alipay_open};
