/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/wechatpay.h"

#include "base/out.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define NONCE_BYTES 16
#define NONCE_TEXT_BYTES (2 * NONCE_BYTES + 1)
#define AUTHORIZATION_BYTES 1280
#define PROBE "WECHATPAY/SIGNTEST/"

/* ---- out ---- */

static void nonce_make(char ret[NONCE_TEXT_BYTES])
{
    uint8_t random[NONCE_BYTES];

    randombytes_buf(random, sizeof random);
    sodium_bin2hex(ret, NONCE_TEXT_BYTES, random, sizeof random);
}

/* Verb, place, time, nonce and body, a line each, are signed. */
static bool authorization_write(const struct wechatpay *wechatpay, const char *verb, const char *place,
                                const char *body, struct instant now, char ret[AUTHORIZATION_BYTES])
{
    long long seconds = (long long)(now.ms / MS_SECOND);
    char nonce[NONCE_TEXT_BYTES], signature[RSA_TEXT_BYTES];
    struct out out;
    bool ok;

    nonce_make(nonce);
    out_init(&out);
    out_format(&out, "%s\n%s\n%lld\n%s\n%s\n", verb, place, seconds, nonce, body);
    ok = !out.failed && rsa_sign(wechatpay->own, out.data, out.size, signature);
    out_fini(&out);
    if (ok)
        snprintf(ret, AUTHORIZATION_BYTES,
                 "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=\"%s\",nonce_str=\"%s\",timestamp=\"%lld\","
                 "serial_no=\"%s\",signature=\"%s\"",
                 wechatpay->mchid, nonce, seconds, wechatpay->serial, signature);
    return ok;
}

/* ---- in ---- */

static const struct rsa_key *key_named(const struct wechatpay *wechatpay, const char *serial)
{
    for (size_t i = 0; i < wechatpay->theirs_count; i++)
        if (strcmp(wechatpay->theirs[i].serial, serial) == 0)
            return wechatpay->theirs[i].key;
    return NULL;
}

static bool time_near(const char *text, struct instant now)
{
    int64_t seconds = 0;
    size_t size = strlen(text);

    if (size == 0 || size > 11 || strspn(text, "0123456789") != size)
        return false;
    for (size_t i = 0; i < size; i++)
        seconds = seconds * 10 + (text[i] - '0');
    return seconds * MS_SECOND >= now.ms - WECHATPAY_SKEW_MS && seconds * MS_SECOND <= now.ms + WECHATPAY_SKEW_MS;
}

static bool signature_ok(const struct rsa_key *key, const char *at, const char *nonce, const char *signature,
                         const char *body, size_t size)
{
    struct out out;
    bool ok;

    out_init(&out);
    out_format(&out, "%s\n%s\n", at, nonce);
    out_bytes(&out, body, size);
    out_text(&out, "\n");
    ok = !out.failed && rsa_verify(key, out.data, out.size, signature);
    out_fini(&out);
    return ok;
}

bool wechatpay_verify(const struct wechatpay *wechatpay, wechatpay_headers *header, void *context, const char *body,
                      size_t size, struct instant now, char ret_reason[201])
{
    const char *at = header(context, "Wechatpay-Timestamp"), *nonce = header(context, "Wechatpay-Nonce");
    const char *serial = header(context, "Wechatpay-Serial"), *signature = header(context, "Wechatpay-Signature");
    const struct rsa_key *key = serial != NULL ? key_named(wechatpay, serial) : NULL;
    const char *complaint = NULL;

    if (at == NULL || nonce == NULL || serial == NULL || signature == NULL)
        complaint = "a header of the signature is missing";
    else if (strncmp(signature, PROBE, strlen(PROBE)) == 0)
        complaint = "a probe: WeChat asks whether wrong signatures are refused";
    else if (key == NULL)
        complaint = "no certificate or public key of this serial number is configured";
    else if (!time_near(at, now))
        complaint = "it is more than five minutes from now";
    else if (!signature_ok(key, at, nonce, signature, body, size))
        complaint = "it is not signed by that key";
    if (complaint != NULL)
        snprintf(ret_reason, 201, "%s", complaint);
    return complaint == NULL;
}

static const char *reply_header(void *context, const char *name)
{
    return https_reply_header(context, name);
}

static json_t *reply_read(const struct wechatpay *wechatpay, struct https_reply *reply, struct instant now,
                          struct channel_answer *answer)
{
    char reason[201] = "";
    json_t *object;

    if (!wechatpay_verify(wechatpay, reply_header, reply, reply->body, reply->size, now, reason)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "bad_signature", reason);
        return NULL;
    }
    object = leaf_json(reply->body, reply->size);
    if (object == NULL)
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "the reply is no JSON object");
    return object;
}

bool wechatpay_call(const struct wechatpay *wechatpay, const char *verb, const char *place, const char *body,
                    struct instant now, bool first, json_t **ret, long *ret_status, struct channel_answer *answer)
{
    char url[HTTPS_URL_BYTES * 2], authorization[AUTHORIZATION_BYTES];
    struct https_reply reply = {0};
    json_t *object = NULL;

    snprintf(url, sizeof url, "%s%s", wechatpay->place.endpoint, place);
    if (!authorization_write(wechatpay, verb, place, body != NULL ? body : "", now, authorization)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "not_signed", "the request could not be signed; nothing was sent");
    } else {
        struct https_call call = {.method = verb,
                                  .url = url,
                                  .body = body,
                                  .ca_file = wechatpay->place.ca_file,
                                  .timeout_ms = wechatpay->place.timeout_ms,
                                  .keep_prefix = "Wechatpay-",
                                  .headers = {authorization, "Content-Type: application/json"}};

        https_exchange(&call, &reply);
        if (leaf_answered(&reply, first, answer))
            object = reply_read(wechatpay, &reply, now, answer);
    }
    *ret = object;
    *ret_status = reply.status;
    https_reply_fini(&reply);
    return object != NULL;
}
