/* SPDX-License-Identifier: Apache-2.0 */
/* What Alipay's replies prove. Its `code` says only how the gateway fared: 10000 is no success. A refund is paid when
 * the reply says that funds changed, or the query says REFUND_SUCCESS; a transfer by its status. */
#include "channel/alipay.h"

#include <stdio.h>
#include <string.h>

#define CURRENCY "CNY"
#define HANDLED "10000"
#define BUSINESS "40004"

bool alipay_amount(const json_t *object, const char *key, struct money *ret)
{
    const char *text = leaf_json_text(object, key);

    return text != NULL && money_parse(text, CURRENCY, ret);
}

static bool is(const json_t *object, const char *key, const char *wanted)
{
    const char *text = leaf_json_text(object, key);

    return text != NULL && strcmp(text, wanted) == 0;
}

/* False: it is no handled reply, and the answer says what its codes prove. */
static bool handled(const json_t *reply, const char *where, bool first, struct channel_answer *answer)
{
    const char *code = leaf_json_text(reply, "code"), *sub_code = leaf_json_text(reply, "sub_code");
    const char *why = leaf_json_text(reply, "sub_msg");

    if (code != NULL && strcmp(code, HANDLED) == 0)
        return true;
    if (code == NULL)
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "the reply has no code");
    else if (strcmp(code, BUSINESS) == 0 && sub_code != NULL)
        leaf_answer_code(answer, &alipay_codes, where, sub_code, first, why);
    else /* what the gateway refuses may have a reason of its own */
        leaf_answer_code(answer, &alipay_codes, "gateway",
                         sub_code != NULL && channel_code_find(&alipay_codes, "gateway", sub_code) ? sub_code : code,
                         first, why);
    return false;
}

static void amount_tell(struct channel_answer *answer, struct money amount, const char *reference)
{
    answer->amount = amount;
    snprintf(answer->currency, sizeof answer->currency, CURRENCY);
    snprintf(answer->reference, sizeof answer->reference, "%s", reference != NULL ? reference : "");
}

/* Which trade: the reply must be about the one that was asked for. */
static bool same_trade(const json_t *reply, const json_t *asked)
{
    const char *name = json_object_get(asked, "trade_no") != NULL ? "trade_no" : "out_trade_no";
    const char *wanted = leaf_json_text(asked, name);

    return wanted != NULL && is(reply, name, wanted);
}

/* A refund has no number of its own at Alipay: trade and key name it. */
static void refund_refer(const json_t *reply, struct channel_answer *answer, struct money amount)
{
    const char *trade = leaf_json_text(reply, "trade_no");

    amount_tell(answer, amount, trade);
}

void alipay_refund_read(const json_t *reply, const json_t *asked, bool first, struct channel_answer *answer)
{
    struct money total, ours;

    if (!handled(reply, "refund", first, answer))
        return;
    if (!same_trade(reply, asked) || !alipay_amount(asked, "refund_amount", &ours)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "other_key", "the reply is about another trade");
    } else if (!is(reply, "fund_change", "Y")) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "fund_change_N", "this call moved nothing; an earlier one may have");
    } else if (!alipay_amount(reply, "refund_fee", &total)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "refund_fee is missing");
    } else if (!first || total.minor > ours.minor) {
        /* The one before may have moved the same; and refund_fee is the sum of all refunds of the trade: only the query
         * tells how much moved under this key. */
        leaf_answer_say(answer, EVIDENCE_NOTHING, "fund_change_Y",
                        first ? "more than this refund left the trade: the query says how much is its own"
                              : "sent again, it moved funds: the query says how much");
    } else {
        /* A sum that is less than ours is another amount. */
        leaf_answer_say(answer, EVIDENCE_PAID, "fund_change_Y", "");
        refund_refer(reply, answer, total);
    }
}

/* What a query does not know is no proof; but it may be sent again, with the same bytes. */
static bool query_handled(const json_t *reply, const char *where, struct channel_answer *answer)
{
    const struct channel_code *code;

    if (handled(reply, where, false, answer))
        return true;
    code = channel_code_find(&alipay_codes, where, answer->code);
    if (code != NULL && code->again == AGAIN_SAME)
        leaf_answer_say(answer, EVIDENCE_NOTHING, "not_found", "the query knows no such payment");
    return false;
}

static void deposit_back_read(const json_t *reply, struct channel_answer *answer)
{
    const json_t *back = json_object_get(reply, "deposit_back_info");
    const char *status = leaf_json_text(back, "dback_status");

    if (status != NULL)
        snprintf(answer->detail, sizeof answer->detail, "to the bank card: %.8s", status);
}

void alipay_refund_query_read(const json_t *reply, const json_t *asked, struct channel_answer *answer)
{
    const char *status = leaf_json_text(reply, "refund_status");
    struct money amount;

    if (!query_handled(reply, "refund_query", answer))
        return;
    if (status == NULL) { /* not received, or failed: no proof of either */
        leaf_answer_say(answer, EVIDENCE_NOTHING, "not_found", "the query knows no such refund");
    } else if (!is(reply, "out_request_no", answer->key) || !same_trade(reply, asked)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "other_key", "the reply is about another refund");
    } else if (!alipay_amount(reply, "refund_amount", &amount)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "refund_amount is missing");
    } else {
        leaf_answer_code(answer, &alipay_codes, "refund_status", status, true, "");
        refund_refer(reply, answer, amount);
        deposit_back_read(reply, answer);
    }
}

/* Ours stands in only where none is told; one that cannot be read is not ours. */
static bool amount_told(const json_t *told, const json_t *asked, struct money *ret)
{
    return alipay_amount(json_object_get(told, "trans_amount") != NULL ? told : asked, "trans_amount", ret);
}

void alipay_status_read(const json_t *told, const json_t *asked, struct channel_answer *answer)
{
    const char *status = leaf_json_text(told, "status"), *why = leaf_json_text(told, "error_code");
    const char *reason = leaf_json_text(told, "fail_reason"), *order = leaf_json_text(told, "order_id");
    struct money amount;

    if (!is(told, "out_biz_no", answer->key)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "other_key", "it is about another transfer");
        return;
    }
    if (status == NULL || !amount_told(told, asked, &amount)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "status or trans_amount is missing or unreadable");
        return;
    }
    leaf_answer_code(answer, &alipay_codes, "status", status, true, reason);
    if (why != NULL && answer->kind == EVIDENCE_NOT_PAID)
        snprintf(answer->code, sizeof answer->code, "%s", why);
    amount_tell(answer, amount, order);
}

void alipay_transfer_read(const json_t *reply, const json_t *asked, bool first, struct channel_answer *answer)
{
    if (handled(reply, "transfer", first, answer))
        alipay_status_read(reply, asked, answer);
}

void alipay_transfer_query_read(const json_t *reply, const json_t *asked, struct channel_answer *answer)
{
    if (query_handled(reply, "transfer_query", answer))
        alipay_status_read(reply, asked, answer);
}
