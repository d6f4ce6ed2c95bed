/* SPDX-License-Identifier: Apache-2.0 */
/* WeChat's notifications: signed like its replies, their content sealed with the APIv3 key. */
#include "channel/wechatpay.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEALED_BYTES_MAX 32768

static bool text_is(const json_t *object, const char *key, const char *wanted)
{
    const char *text = leaf_json_text(object, key);

    return text != NULL && strcmp(text, wanted) == 0;
}

/* The content as JSON; NULL: it does not open, or is none. */
static json_t *resource_open(const struct wechatpay *wechatpay, const json_t *resource)
{
    const char *sealed = leaf_json_text(resource, "ciphertext"), *nonce = leaf_json_text(resource, "nonce");
    const char *associated = leaf_json_text(resource, "associated_data");
    uint8_t *bytes;
    char *text;
    size_t size = 0;
    json_t *object = NULL;

    if (sealed == NULL || nonce == NULL || !text_is(resource, "algorithm", "AEAD_AES_256_GCM") ||
        strlen(sealed) > SEALED_BYTES_MAX)
        return NULL;
    bytes = malloc(SEALED_BYTES_MAX);
    text = malloc(SEALED_BYTES_MAX + 1);
    if (bytes != NULL && text != NULL &&
        sodium_base642bin(bytes, SEALED_BYTES_MAX, sealed, strlen(sealed), NULL, &size, NULL,
                          sodium_base64_VARIANT_ORIGINAL) == 0 &&
        aead_open((const uint8_t *)wechatpay->apiv3_key.text, nonce, associated != NULL ? associated : "", bytes, size,
                  text))
        object = leaf_json(text, size - AEAD_TAG_BYTES);
    free(bytes);
    free(text);
    return object;
}

static enum channel_heard content_read(const struct wechatpay *wechatpay, const json_t *told,
                                       struct channel_answer *ret, char ret_reason[201])
{
    const char *key = leaf_json_text(told, "out_refund_no");

    if (!text_is(told, "mchid", wechatpay->mchid)) {
        snprintf(ret_reason, 201, "it is for another merchant");
        return HEARD_REFUSED;
    }
    if (!leaf_key_is_ours(key))
        return HEARD_NOTHING;
    leaf_answer_start(ret, key);
    wechatpay_refund_read(told, "refund_status", ret);
    return HEARD_NEWS;
}

static enum channel_heard body_read(const struct wechatpay *wechatpay, const struct channel_notice *notice,
                                    struct channel_answer *ret, char ret_reason[201])
{
    json_t *body = leaf_json(notice->body, notice->size), *told = NULL;
    const char *type = leaf_json_text(body, "event_type");
    enum channel_heard heard = HEARD_REFUSED;

    if (type == NULL)
        snprintf(ret_reason, 201, "the body is no notification");
    else if (strncmp(type, "REFUND.", 7) != 0)
        heard = HEARD_NOTHING;
    else if ((told = resource_open(wechatpay, json_object_get(body, "resource"))) == NULL)
        snprintf(ret_reason, 201, "its content does not open with the APIv3 key");
    else
        heard = content_read(wechatpay, told, ret, ret_reason);
    json_decref(told);
    json_decref(body);
    return heard;
}

enum channel_heard wechatpay_notify(struct channel *channel, const struct channel_notice *notice,
                                    struct channel_answer *ret, char ret_reason[201])
{
    const struct wechatpay *wechatpay = wechatpay_of(channel);

    if (!wechatpay_verify(wechatpay, notice->header, notice->headers, notice->body, notice->size, notice->now,
                          ret_reason))
        return HEARD_REFUSED;
    return body_read(wechatpay, notice, ret, ret_reason);
}
