/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/alipay.h"

#include "base/out.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES ((size_t)256 * 1024)
#define MEMBER_BYTES 96
#define TIME_BYTES 24

/* ---- out ---- */

/* Beijing's time. */
static void time_write(struct instant at, char ret[TIME_BYTES])
{
    char text[INSTANT_TEXT_BYTES];

    instant_format((struct instant){at.ms - at.ms % MS_SECOND}, text);
    snprintf(ret, TIME_BYTES, "%.10s %.8s", text, text + 11);
}

static void escape_write(struct out *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL)
            out_bytes(out, text, 1);
        else
            out_format(out, "%%%02X", (unsigned char)*text);
    }
}

struct parameter {
    const char *name, *value;
};

/* What is signed: every parameter as it is, in the order of their names. */
static bool parameters_sign(const struct alipay *alipay, const struct parameter *sorted, size_t count,
                            struct arena *arena, char ret[RSA_TEXT_BYTES])
{
    struct out out;

    out_init_in(&out, arena);
    for (size_t i = 0; i < count; i++)
        out_format(&out, "%s%s=%s", i > 0 ? "&" : "", sorted[i].name, sorted[i].value);
    return !out.failed && rsa_sign(alipay->own, out.data, out.size, ret);
}

/* The common parameters in the address, the order in the body, as Alipay's own clients do. */
static bool call_write(const struct alipay *alipay, const char *method, const char *biz_content, struct instant now,
                       struct arena *arena, struct out *ret_url, struct out *ret_body)
{
    char at[TIME_BYTES], signature[RSA_TEXT_BYTES];

    time_write(now, at);
    const struct parameter sorted[] = {
        {"app_id", alipay->app_id}, {"biz_content", biz_content}, {"charset", "utf-8"}, {"format", "JSON"},
        {"method", method},         {"sign_type", "RSA2"},        {"timestamp", at},    {"version", "1.0"}};

    if (!parameters_sign(alipay, sorted, ARRAY_COUNT(sorted), arena, signature))
        return false;
    out_init_in(ret_url, arena);
    out_init_in(ret_body, arena);
    out_format(ret_url, "%s?", alipay->place.endpoint);
    for (size_t i = 0; i < ARRAY_COUNT(sorted); i++) {
        struct out *out = strcmp(sorted[i].name, "biz_content") == 0 ? ret_body : ret_url;

        out_format(out, "%s=", sorted[i].name);
        escape_write(out, sorted[i].value);
        if (out == ret_url)
            out_text(out, "&");
    }
    out_text(ret_url, "sign=");
    escape_write(ret_url, signature);
    return !ret_url->failed && !ret_body->failed;
}

/* ---- in ---- */

bool alipay_signed(const struct alipay *alipay, const char *data, size_t size, const char *signature)
{
    for (size_t i = 0; i < alipay->theirs_count; i++)
        if (rsa_verify(alipay->theirs[i], data, size, signature))
            return true;
    return false;
}

/* Past the string that begins at `at`; NULL when it has no end. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '\\')
            at++;
        else if (*at == '"')
            return at + 1;
    }
    return NULL;
}

/* Past the object that begins at `at`. */
static const char *object_end(const char *at, const char *end)
{
    size_t depth = 0;

    while (at != NULL && at < end) {
        if (*at == '"') {
            at = string_end(at, end);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        at++;
        if (depth == 0)
            return at;
    }
    return NULL;
}

bool alipay_member_bytes(const char *text, size_t size, const char *name, struct bytes *ret)
{
    char quoted[MEMBER_BYTES + 3];
    const char *end = text + size, *at = memchr(text, '{', size);
    size_t quoted_size = (size_t)snprintf(quoted, sizeof quoted, "\"%s\"", name);

    for (at = at != NULL ? at + 1 : end; at != NULL && at < end;) {
        if (*at == '{' || *at == '[') {
            at = object_end(at, end);
            continue;
        }
        if (*at != '"') {
            at++;
            continue;
        }
        const char *key = at, *after = string_end(at, end);

        at = after;
        if (after == NULL || (size_t)(after - key) != quoted_size || memcmp(key, quoted, quoted_size) != 0)
            continue;
        at += strspn(at, " \t\r\n");
        if (*at != ':')
            continue;
        at += 1 + strspn(at + 1, " \t\r\n");
        const char *value_end = *at == '{' ? object_end(at, end) : NULL;

        if (value_end == NULL)
            return false;
        *ret = bytes_of(at, (size_t)(value_end - at));
        return true;
    }
    return false;
}

static void member_name(const char *method, char ret[MEMBER_BYTES])
{
    snprintf(ret, MEMBER_BYTES, "%s_response", method);
    for (char *c = ret; *c != '\0'; c++)
        if (*c == '.')
            *c = '_';
}

/* The verified object; NULL: it proves nothing, and `answer` says why. */
static json_t *reply_verify(const struct alipay *alipay, const char *method, const struct https_reply *reply,
                            struct channel_answer *answer)
{
    json_t *whole = leaf_json(reply->body, reply->size);
    const char *signature = leaf_json_text(whole, "sign");
    char name[MEMBER_BYTES];
    struct bytes bytes = {0};
    json_t *object = NULL;

    member_name(method, name);
    if (json_object_get(whole, name) == NULL) /* the gateway itself refuses */
        snprintf(name, sizeof name, "error_response");
    if (whole == NULL)
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "the reply is no JSON object");
    else if (!alipay_member_bytes(reply->body, reply->size, name, &bytes))
        leaf_answer_say(answer, EVIDENCE_NOTHING, "unreadable", "the reply has not the member of its method");
    else if (signature == NULL || !alipay_signed(alipay, bytes.data, bytes.size, signature))
        leaf_answer_say(answer, EVIDENCE_NOTHING, "bad_signature", "the reply is not signed by Alipay's key");
    else
        object = json_incref(json_object_get(whole, name));
    json_decref(whole);
    return object;
}

bool alipay_call(const struct alipay *alipay, const char *method, const char *biz_content, struct instant now,
                 bool first, json_t **ret, struct channel_answer *answer)
{
    struct arena arena;
    struct out url, body;
    struct https_reply reply = {0};
    json_t *object = NULL;

    arena_init(&arena, ARENA_BYTES);
    if (!call_write(alipay, method, biz_content, now, &arena, &url, &body)) {
        leaf_answer_say(answer, EVIDENCE_NOTHING, "not_signed", "the request could not be signed; nothing was sent");
    } else {
        struct https_call call = {.method = "POST",
                                  .url = url.data,
                                  .body = body.data,
                                  .ca_file = alipay->place.ca_file,
                                  .timeout_ms = alipay->place.timeout_ms,
                                  .headers = {"Content-Type: application/x-www-form-urlencoded;charset=utf-8"}};

        https_exchange(&call, &reply);
        if (leaf_answered(&reply, first, answer))
            object = reply_verify(alipay, method, &reply, answer);
    }
    https_reply_fini(&reply);
    arena_fini(&arena);
    *ret = object;
    return object != NULL;
}
