/* SPDX-License-Identifier: Apache-2.0 */
/* WeChat Pay, APIv3: refunds of its payments. What its files share.
 *
 * wechatpay.c         tables, orders as bytes, life
 * wechatpay_wire.c    one signed call; what proves that a reply or a notification is WeChat's
 * wechatpay_notice.c  notifications: verified, opened, read */
#ifndef EBB_CHANNEL_WECHATPAY_H
#define EBB_CHANNEL_WECHATPAY_H

#include "channel/kind.h"
#include "channel/rsa.h"

#define WECHATPAY_REFUNDS "/v3/refund/domestic/refunds"
#define WECHATPAY_SKEW_MS (5 * MS_MINUTE)

/* A key of WeChat's, and the serial number (or the id of a public key) by which it is named. */
struct wechatpay_key {
    char serial[65];
    struct rsa_key *key;
};

struct wechatpay {
    struct channel channel; /* first: a struct channel * is a struct wechatpay * */
    struct channel_place place;
    char mchid[65], serial[65], notify_url[256];
    bool by_merchant_number; /* channel_ref is our out_trade_no; otherwise WeChat's transaction_id */
    struct rsa_key *own;
    struct secret apiv3_key;
    struct wechatpay_key theirs[CHANNEL_FILES_MAX + 1];
    size_t theirs_count;
};
extern const struct channel_codes wechatpay_codes;

static inline struct wechatpay *wechatpay_of(struct channel *channel)
{
    return (struct wechatpay *)channel;
}

/* The reply's headers or the notification's. */
typedef const char *wechatpay_headers(void *context, const char *name);

/* True: WeChat signed exactly these bytes, less than five minutes from now. False: `ret_reason`. */
MUST_USE bool wechatpay_verify(const struct wechatpay *wechatpay, wechatpay_headers *header, void *context,
                               const char *body, size_t size, struct instant now, char ret_reason[201]);
/* True: `ret` is the verified object (json_decref it) and its HTTP status. False: `answer` says what is known. */
MUST_USE bool wechatpay_call(const struct wechatpay *wechatpay, const char *verb, const char *place, const char *body,
                             struct instant now, bool first, json_t **ret, long *ret_status,
                             struct channel_answer *answer);

/* What a refund proves of answer->key; `status_name` differs between replies and notifications. */
void wechatpay_refund_read(const json_t *refund, const char *status_name, struct channel_answer *answer);

enum channel_heard wechatpay_notify(struct channel *channel, const struct channel_notice *notice,
                                    struct channel_answer *ret, char ret_reason[201]);

#endif
