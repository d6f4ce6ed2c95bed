/* SPDX-License-Identifier: Apache-2.0 */
/* Alipay's open platform: refunds of trades and transfers to accounts and bank cards. What its files share.
 *
 * alipay.c          tables, orders as bytes, life
 * alipay_gateway.c  one signed call, and a reply whose signature covers its bytes as they came
 * alipay_read.c     what replies prove
 * alipay_notice.c   what it tells by itself */
#ifndef EBB_CHANNEL_ALIPAY_H
#define EBB_CHANNEL_ALIPAY_H

#include "base/hash.h"
#include "channel/kind.h"
#include "channel/rsa.h"

#define ALIPAY_REFUND "alipay.trade.refund"
#define ALIPAY_REFUND_QUERY "alipay.trade.fastpay.refund.query"
#define ALIPAY_TRANSFER "alipay.fund.trans.uni.transfer"
#define ALIPAY_TRANSFER_QUERY "alipay.fund.trans.common.query"

struct alipay {
    struct channel channel; /* first: a struct channel * is a struct alipay * */
    struct channel_place place;
    char app_id[65];
    bool by_merchant_number; /* channel_ref is our out_trade_no; otherwise Alipay's trade_no */
    struct rsa_key *own;
    struct rsa_key *theirs[CHANNEL_FILES_MAX];
    size_t theirs_count;
};
extern const struct channel_codes alipay_codes;

static inline struct alipay *alipay_of(struct channel *channel)
{
    return (struct alipay *)channel;
}

/* True: `ret` is the verified response object (json_decref it). False: `answer` says what is known without one. */
MUST_USE bool alipay_call(const struct alipay *alipay, const char *method, const char *biz_content, struct instant now,
                          bool first, json_t **ret, struct channel_answer *answer);
/* Made by any of Alipay's keys that we know. */
MUST_USE bool alipay_signed(const struct alipay *alipay, const char *data, size_t size, const char *signature);

/* The bytes of the object under `name` at the top of a text that is sound JSON, as they came: the signature is over
 * them. False: there is no such object, or its name is written with escapes. */
MUST_USE bool alipay_member_bytes(const char *text, size_t size, const char *name, struct bytes *ret);

/* `asked`: the biz_content that was sent, for what the reply does not repeat. */
void alipay_refund_read(const json_t *reply, const json_t *asked, bool first, struct channel_answer *answer);
void alipay_refund_query_read(const json_t *reply, const json_t *asked, struct channel_answer *answer);
void alipay_transfer_read(const json_t *reply, const json_t *asked, bool first, struct channel_answer *answer);
void alipay_transfer_query_read(const json_t *reply, const json_t *asked, struct channel_answer *answer);
/* What the status of a transfer proves; also of a notification (`asked` NULL: it must tell the amount). */
void alipay_status_read(const json_t *told, const json_t *asked, struct channel_answer *answer);
/* Yuan as text to fen, exactly; false: not an amount. */
MUST_USE bool alipay_amount(const json_t *object, const char *key, struct money *ret);

enum channel_heard alipay_notify(struct channel *channel, const struct channel_notice *notice,
                                 struct channel_answer *ret, char ret_reason[201]);

#endif
