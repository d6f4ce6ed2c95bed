/* SPDX-License-Identifier: Apache-2.0 */
/* Alipay's messages: a form whose members, decoded, sorted and joined by "&", without `sign` and `sign_type`, are
 * signed (developer.alibaba.com/docs/doc.htm?articleId=103596): in the bytes of its own charset, which are left as they
 * are. Of transfers it tells every change; of refunds only that the money reached, or did not reach, the payer's bank
 * card.
 *
 * A text that is signed so can be cut in more than one way where a value has an "&": only biz_content may, which is
 * JSON and so ends where it ends. */
#include "channel/alipay.h"

#include "base/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 48
#define BODY_BYTES_MAX 65536
#define ARENA_BYTES ((size_t)512 * 1024)

struct member {
    const char *name, *value;
};
struct form {
    struct member members[MEMBERS_MAX];
    size_t count;
};

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* In place; false: a percent sign without two digits, or a NUL. */
static bool decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from == '+' ? ' ' : *from;
            continue;
        }
        int high = hex_value(from[1]), low = high >= 0 ? hex_value(from[2]) : -1;

        if (low < 0 || (high | low) == 0)
            return false;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

/* Cuts the text into members; it must outlive the form. A name that comes twice could be read in two ways. */
static bool form_read(char *text, struct form *ret)
{
    for (char *part = text, *next; part != NULL && *part != '\0'; part = next) {
        char *end = strchr(part, '&'), *equals;

        next = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        equals = strchr(part, '=');
        if (equals == NULL || ret->count == MEMBERS_MAX)
            return false;
        *equals = '\0';
        if (!decode(part) || !decode(equals + 1))
            return false;
        for (size_t i = 0; i < ret->count; i++)
            if (strcmp(ret->members[i].name, part) == 0)
                return false;
        ret->members[ret->count++] = (struct member){part, equals + 1};
    }
    return ret->count > 0;
}

static const char *form_value(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (strcmp(form->members[i].name, name) == 0)
            return form->members[i].value;
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* Some of its messages are signed with `sign_type` and some without: its own clients try both. */
static bool form_signed(const struct alipay *alipay, const struct form *form, bool with_type, struct arena *arena)
{
    const char *signature = form_value(form, "sign");
    struct out out;

    out_init_in(&out, arena);
    for (size_t i = 0; i < form->count; i++) {
        const struct member *member = &form->members[i];

        if (strcmp(member->name, "sign") == 0 || (strcmp(member->name, "sign_type") == 0 && !with_type))
            continue;
        out_format(&out, "%s%s=%s", out.size > 0 ? "&" : "", member->name, member->value);
    }
    return !out.failed && signature != NULL && out.size > 0 && alipay_signed(alipay, out.data, out.size, signature);
}

/* Is there no other form that is signed by the same text? */
static bool form_is_plain(const struct form *form)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    for (size_t i = 0; i < form->count; i++) {
        const struct member *member = &form->members[i];
        bool content = strcmp(member->name, "biz_content") == 0;

        if (member->name[strspn(member->name, letters)] != '\0' || (!content && strchr(member->value, '&') != NULL))
            return false;
    }
    return true;
}

static enum channel_heard transfer_changed(const json_t *told, struct channel_answer *ret, char ret_reason[201])
{
    const char *key = leaf_json_text(told, "out_biz_no");
    struct money amount;

    if (!leaf_key_is_ours(key))
        return HEARD_NOTHING;
    if (!alipay_amount(told, "trans_amount", &amount)) {
        snprintf(ret_reason, 201, "it tells no trans_amount");
        return HEARD_REFUSED;
    }
    leaf_answer_start(ret, key);
    alipay_status_read(told, NULL, ret);
    return HEARD_NEWS;
}

static enum channel_heard deposit_back(const json_t *told, struct channel_answer *ret, char ret_reason[201] UNUSED)
{
    const char *key = leaf_json_text(told, "out_request_no"), *status = leaf_json_text(told, "dback_status");
    const char *trade = leaf_json_text(told, "trade_no");
    struct money amount = MONEY_ZERO;

    if (!leaf_key_is_ours(key))
        return HEARD_NOTHING;
    leaf_answer_start(ret, key);
    leaf_answer_code(ret, &alipay_codes, "deposit_back", status != NULL ? status : "?", true, "to the bank card");
    snprintf(ret->reference, sizeof ret->reference, "%s", trade != NULL ? trade : "");
    if (alipay_amount(told, "dback_amount", &amount)) {
        ret->amount = amount;
        snprintf(ret->currency, sizeof ret->currency, "CNY");
    }
    return HEARD_NEWS;
}

static enum channel_heard content_read(const char *method, const char *content, struct channel_answer *ret,
                                       char ret_reason[201])
{
    static const struct {
        const char *method;
        enum channel_heard (*read)(const json_t *told, struct channel_answer *ret, char ret_reason[201]);
    } methods[] = {{"alipay.fund.trans.order.changed", transfer_changed},
                   {"alipay.trade.refund.depositback.completed", deposit_back}};
    json_t *told = leaf_json(content, strlen(content));
    enum channel_heard heard = HEARD_NOTHING;

    if (told == NULL) {
        snprintf(ret_reason, 201, "biz_content is no JSON object");
        return HEARD_REFUSED;
    }
    for (size_t i = 0; i < ARRAY_COUNT(methods); i++)
        if (strcmp(methods[i].method, method) == 0)
            heard = methods[i].read(told, ret, ret_reason);
    json_decref(told);
    return heard;
}

static enum channel_heard form_take(const struct alipay *alipay, struct form *form, struct arena *arena,
                                    struct channel_answer *ret, char ret_reason[201])
{
    const char *method = form_value(form, "msg_method"), *content = form_value(form, "biz_content");
    const char *app_id = form_value(form, "app_id"), *type = form_value(form, "sign_type");

    qsort(form->members, form->count, sizeof form->members[0], by_name);
    if (type != NULL && strcmp(type, "RSA2") != 0)
        snprintf(ret_reason, 201, "it is not signed by RSA2");
    else if (!form_signed(alipay, form, false, arena) && !form_signed(alipay, form, true, arena))
        snprintf(ret_reason, 201, "it is not signed by Alipay's key");
    else if (app_id == NULL || strcmp(app_id, alipay->app_id) != 0)
        snprintf(ret_reason, 201, "it is for another app_id");
    else if (method == NULL || content == NULL)
        return HEARD_NOTHING;
    else if (!form_is_plain(form))
        snprintf(ret_reason, 201, "what is signed could be cut into other members");
    else
        return content_read(method, content, ret, ret_reason);
    return HEARD_REFUSED;
}

enum channel_heard alipay_notify(struct channel *channel, const struct channel_notice *notice,
                                 struct channel_answer *ret, char ret_reason[201])
{
    struct form form = {0};
    struct arena arena;
    enum channel_heard heard = HEARD_REFUSED;
    char *text;

    snprintf(ret_reason, 201, "the body is no form, or too large");
    if (notice->size == 0 || notice->size > BODY_BYTES_MAX || memchr(notice->body, '\0', notice->size) != NULL)
        return HEARD_REFUSED;
    arena_init(&arena, ARENA_BYTES);
    text = arena_alloc(&arena, notice->size + 1);
    if (text != NULL) {
        memcpy(text, notice->body, notice->size);
        text[notice->size] = '\0';
        if (form_read(text, &form))
            heard = form_take(alipay_of(channel), &form, &arena, ret, ret_reason);
    }
    arena_fini(&arena);
    return heard;
}
