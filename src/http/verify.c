/* SPDX-License-Identifier: Apache-2.0 */
/* Does a receipt still hold? The code in its QR says which withdrawal it is about and of what it was the proof; only
 * this server can make one, so whoever has it holds the receipt. It is told what the receipt of now says, no more than
 * that: the one in hand says the same, or said it. A code that is not ours and one whose withdrawal is gone look alike.
 */
#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "http/answers.h"
#include "http/dossier.h"
#include "report/receipt.h"

struct verified {
    struct out receipt;
    bool current;
};

static void verified_fini(struct verified *verified)
{
    out_fini(&verified->receipt);
}

static enum err verify(struct request *request, struct store *store, struct verified *ret, bool *ret_found)
{
    uint8_t then[HASH_SHORT_BYTES], proof[RECEIPT_PROOF_BYTES];
    struct dossier_read read;
    struct account *account;
    int64_t id = 0;
    struct rows rows = {0};

    *ret_found = false;
    if (receipt_code_parse(server_config(request->server)->vault, request->match.object, &id, then)) {
        struct value arg = value_int("id", id);
        TRY(store_select(store, QUERY_WITHDRAWAL_BY_ID, &arg, 1, &withdrawal_table, &request->arena, &rows));
    }
    if (rows.count == 0)
        return ERR_NONE;
    struct withdrawal *withdrawal = rows.items[0];
    struct value owner = value_int("id", withdrawal->account);

    TRY(store_select(store, QUERY_ACCOUNT_BY_ID, &owner, 1, &account_table, &request->arena, &rows));
    account = rows.count == 1 ? rows.items[0] : NULL;
    if (account == NULL)
        return ERR_FATAL;
    TRY(dossier_fill(request, store, withdrawal, account, &read));
    TRY(receipt_of_dossier(request, store, &read, &ret->receipt));
    receipt_proof(&ret->receipt, proof);
    ret->current = hash_equal(proof, then, sizeof then);
    *ret_found = true;
    return ERR_NONE;
}

static enum err tell(struct request *request, struct store *store, struct out *out)
{
    const struct http_config *config = server_config(request->server);
    SCOPED(verified_fini) struct verified verified;
    bool found;

    out_init(&verified.receipt);
    TRY(verify(request, store, &verified, &found));
    if (!found) {
        request_missing(request);
        return ERR_NONE;
    }
    out_object(out, NULL);
    out_string(out, "verdict", verified.current ? "current" : "superseded");
    out_string(out, "operator", config->operator_name);
    out_instant(out, "at", engine_now(config->engine));
    out_raw(out, "receipt", verified.receipt.data, verified.receipt.size);
    out_object_end(out);
    return ERR_NONE;
}

void receipt_verify(struct request *request)
{
    request_read(request, tell);
}

void receipt_key(struct request *request)
{
    const struct http_config *config = server_config(request->server);
    char key[2 * ANCHOR_PUBLIC_BYTES + 1];
    struct out out;

    hash_hex(config->vault->receipt_public, sizeof config->vault->receipt_public, key);
    out_init(&out);
    out_object(&out, NULL);
    out_string(&out, "operator", config->operator_name);
    out_string(&out, "format", RECEIPT_FORMAT);
    out_string(&out, "key", key);
    out_object_end(&out);
    request_answer(request, MHD_HTTP_OK, &out);
}

/* ---- for people: a page without scripts ---- */

#define WORD_BYTES 64
#define PAGE_HEAD                                                                                                      \
    "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>回单核验 Receipt verification</title>"     \
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" "                    \
    "content=\"noindex\">"                                                                                             \
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"          \
    "<style>:root{color-scheme:light dark}body{font:16px/1.5 \"PingFang SC\",\"Microsoft YaHei\",\"Noto Sans CJK "     \
    "SC\",sans-serif;max-width:36rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.15rem;font-weight:600;margin:0 " \
    "0 "                                                                                                               \
    "1rem}p.v{padding:.8rem 1rem;border-radius:.5rem;font-weight:600;color:#fff;margin:0 0 1rem}.current{background:"  \
    "#13693a}.superseded{background:#8a4b00}.unknown{background:#a1231d}dl{display:grid;grid-template-columns:auto "   \
    "1fr;gap:.35rem 1rem;margin:0 0 1rem}dt{color:GrayText}dd{margin:0;text-align:right;font-variant-numeric:"         \
    "tabular-nums;overflow-wrap:anywhere}small{color:GrayText}</style><main>"

static void html_text(struct out *out, const char *text)
{
    for (; *text != '\0'; text++)
        if (strchr("<>&\"'", *text) != NULL)
            out_format(out, "&#%d;", *text);
        else
            out_bytes(out, text, 1);
}

static void html_row(struct out *out, const char *label, const char *value, const char *more)
{
    out_format(out, "<dt>%s</dt><dd>", label);
    html_text(out, value != NULL ? value : "—");
    if (more != NULL) {
        out_text(out, " ");
        html_text(out, more);
    }
    out_text(out, "</dd>");
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* "2026-11-30T13:07:38.933+08:00" as people write it. */
static void moment_say(const json_t *object, const char *name, char ret[WORD_BYTES])
{
    const char *text = member(object, name);

    snprintf(ret, WORD_BYTES, "%s", "—");
    if (text != NULL && strlen(text) >= 19)
        snprintf(ret, WORD_BYTES, "%.10s %.8s", text, text + 11);
}

static void html_payments(struct out *out, const json_t *payments, const char *currency)
{
    char text[256], at[WORD_BYTES];
    const json_t *payment;
    size_t i;

    json_array_foreach(payments, i, payment)
    {
        moment_say(payment, strcmp(member(payment, "status"), "returned") == 0 ? "returned_at" : "paid_at", at);
        snprintf(text, sizeof text, "%s %s · %s · %s", currency, member(payment, "amount"), member(payment, "status"),
                 at);
        html_row(out, "付款 Payment", member(payment, "channel"), text);
    }
}

static void html_receipt(struct out *out, const json_t *receipt)
{
    const char *currency = member(receipt, "currency");
    char since[WORD_BYTES];

    moment_say(receipt, "as_of", since);
    out_text(out, "<dl>");
    html_row(out, "回单编号 No.", member(receipt, "withdrawal"), NULL);
    html_row(out, "现状态 Status now", member(receipt, "label_zh"), member(receipt, "label"));
    html_row(out, "状态时间 Since", since, NULL);
    html_row(out, "户名 Holder", member(receipt, "holder"), NULL);
    html_row(out, "申请金额 Requested", currency, member(receipt, "requested"));
    html_row(out, "到账金额 Paid", currency, member(receipt, "paid"));
    html_payments(out, json_object_get(receipt, "payments"), currency);
    out_text(out, "</dl>");
}

static void html_end(struct request *request, struct out *out)
{
    char now[INSTANT_TEXT_BYTES];

    instant_format(engine_now(server_config(request->server)->engine), now);
    out_format(out, "<small>核验时间 Verified at %s</small></main></html>\n", now);
    request->content_type = "text/html; charset=utf-8";
}

/* A person with a telephone is told in words, with the same status as a program. */
static void html_unknown(struct request *request, struct out *out)
{
    out_text(out, PAGE_HEAD "<h1>");
    html_text(out, server_config(request->server)->operator_name);
    out_text(
        out,
        "</h1><p class=\"v unknown\">没有这样的回单：不是本机构出具的，或代码有误<br>There is no such receipt: it was "
        "not issued here, or the code was altered</p>");
    html_end(request, out);
}

static enum err page(struct request *request, struct store *store, struct out *out)
{
    SCOPED(verified_fini) struct verified verified;
    json_t *receipt;
    bool found;

    out_init(&verified.receipt);
    TRY(verify(request, store, &verified, &found));
    if (!found) {
        html_unknown(request, out);
        request_answer(request, MHD_HTTP_NOT_FOUND, out);
        return ERR_NONE;
    }
    receipt = json_loadb(verified.receipt.data, verified.receipt.size, 0, NULL);
    if (receipt == NULL)
        return ERR_RETRY;
    out_text(out, PAGE_HEAD "<h1>");
    html_text(out, server_config(request->server)->operator_name);
    out_format(
        out, "</h1><p class=\"v %s\">%s</p>", verified.current ? "current" : "superseded",
        verified.current
            ? "回单属实，情况没有变化<br>Genuine; nothing has changed since"
            : "回单由本机构出具，但此后情况有变，以下为现状<br>Genuine when issued; what changed since stands below");
    html_receipt(out, receipt);
    json_decref(receipt);
    out_text(out,
             "<p>请与手中回单逐项核对；不一致者系变造。<br>Compare with the receipt in your hand: where they differ "
             "without a change of status, it was altered.</p>");
    html_end(request, out);
    return ERR_NONE;
}

void receipt_verify_page(struct request *request)
{
    request_read(request, page);
}
