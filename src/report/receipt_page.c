/* SPDX-License-Identifier: Apache-2.0 */
/* One page of A4 in Chinese and English. It shows what the statement says and nothing else. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "report/canvas.h"
#include "report/receipt.h"

#define LEFT 48
#define RIGHT (CANVAS_WIDTH - 48)
#define MIDDLE ((LEFT + RIGHT) / 2)
#define LABEL 92
#define ROW 26
#define PAYMENTS_SHOWN 10
#define INK 0x1b2430
#define GREY 0x68727d
#define RULE 0xc9d1d9
#define TINT 0xf3f6f9
#define BRAND 0x0b3d66
#define SEAL 0xc0272d
#define WORD_BYTES 96
#define TEXT_BYTES 640

struct page {
    struct canvas canvas;
    const json_t *statement, *receipt;
    int y;
};

/* What words of a statement are on paper. */
static const struct {
    const char *word, *chinese, *english;
} words[] = {
    {"original", "原路退回", "Original route"},    {"designated", "指定账户", "Designated account"},
    {"application", "申请退款", "By application"}, {"alipay", "支付宝", "Alipay"},
    {"wechatpay", "微信支付", "WeChat Pay"},       {"unionpay", "银联", "UnionPay"},
    {"bankfile", "银行转账", "Bank transfer"},     {"bank", "银行账户", "Bank account"},
    {"successful", "成功", "Successful"},          {"returned", "已退回", "Returned"},
};

static void word_say(const char *word, char ret[WORD_BYTES])
{
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].word, word) == 0) {
            snprintf(ret, WORD_BYTES, "%s %s", words[i].chinese, words[i].english);
            return;
        }
    snprintf(ret, WORD_BYTES, "%s", word);
}

static const char *chinese_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].chinese;
    return word;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* "2026-11-20T10:00:00.123+08:00" as people write it. */
static void time_say(const json_t *object, const char *name, char ret[WORD_BYTES])
{
    const char *text = text_of(object, name);

    snprintf(ret, WORD_BYTES, "%s", text[0] != '\0' ? "" : "—");
    if (strlen(text) >= 19)
        snprintf(ret, WORD_BYTES, "%.10s %.8s", text, text + 11);
}

static int put(struct page *page, int x, int y, int width, int size, bool bold, enum canvas_align align, unsigned ink,
               const char *text)
{
    return canvas_write(
        &page->canvas,
        &(struct canvas_text){.x = x, .y = y, .width = width, .size = size, .bold = bold, .align = align, .ink = ink},
        text);
}

static int put_wrapped(struct page *page, int x, int y, int width, int size, unsigned ink, const char *text)
{
    return canvas_write(&page->canvas,
                        &(struct canvas_text){.x = x, .y = y, .width = width, .size = size, .ink = ink, .wraps = true},
                        text);
}

/* ---- the upper half ---- */

static void head_draw(struct page *page)
{
    char text[TEXT_BYTES], at[WORD_BYTES];

    canvas_fill(&page->canvas, 0, 0, CANVAS_WIDTH, 8, BRAND);
    put(page, LEFT, 34, RIGHT - LEFT, 150, true, CANVAS_LEFT, BRAND, text_of(page->statement, "operator"));
    put(page, LEFT, 72, RIGHT - LEFT, 220, true, CANVAS_CENTRE, INK, "提现回单");
    put(page, LEFT, 102, RIGHT - LEFT, 105, false, CANVAS_CENTRE, GREY, "WITHDRAWAL RECEIPT");
    time_say(page->statement, "issued_at", at);
    snprintf(text, sizeof text, "回单编号 No.  %s", text_of(page->receipt, "withdrawal"));
    put(page, LEFT, 132, MIDDLE - LEFT, 90, false, CANVAS_LEFT, INK, text);
    snprintf(text, sizeof text, "出具时间 Issued  %s (UTC+8)", at);
    put(page, MIDDLE, 132, RIGHT - MIDDLE, 90, false, CANVAS_RIGHT, INK, text);
    page->y = 154;
}

/* A cell of the form: what it is, in two languages, and what it says. */
static void cell_draw(struct page *page, int x, int width, const char *chinese, const char *english, const char *value)
{
    canvas_fill(&page->canvas, x, page->y + 1, LABEL, ROW - 1, TINT);
    put(page, x + 6, page->y + 3, LABEL - 8, 85, false, CANVAS_LEFT, INK, chinese);
    put(page, x + 6, page->y + 14, LABEL - 8, 65, false, CANVAS_LEFT, GREY, english);
    put(page, x + LABEL + 8, page->y + 6, width - LABEL - 12, 95, false, CANVAS_LEFT, INK,
        value[0] != '\0' ? value : "—");
}

static void row_end(struct page *page)
{
    page->y += ROW;
    canvas_line(&page->canvas, LEFT, page->y, RIGHT, page->y, RULE);
}

struct cell {
    const char *chinese, *english, *value;
};

static void row_draw(struct page *page, struct cell left, struct cell right)
{
    cell_draw(page, LEFT, MIDDLE - LEFT, left.chinese, left.english, left.value);
    cell_draw(page, MIDDLE, RIGHT - MIDDLE, right.chinese, right.english, right.value);
    row_end(page);
}

static void payee_say(const struct page *page, char ret_name[TEXT_BYTES], char ret_account[TEXT_BYTES])
{
    const json_t *payee = json_object_get(page->receipt, "destination");
    char kind[WORD_BYTES];

    if (!json_is_object(payee)) {
        snprintf(ret_name, TEXT_BYTES, "%s", text_of(page->receipt, "holder"));
        snprintf(ret_account, TEXT_BYTES, "原付款账户 Original account");
        return;
    }
    word_say(text_of(payee, "kind"), kind);
    snprintf(ret_name, TEXT_BYTES, "%s", text_of(payee, "name"));
    snprintf(ret_account, TEXT_BYTES, "%s  %s", text_of(payee, "account"),
             text_of(payee, "bank")[0] != '\0' ? text_of(payee, "bank") : kind);
}

static void form_draw(struct page *page)
{
    char payee[TEXT_BYTES], account[TEXT_BYTES], route[WORD_BYTES], status[TEXT_BYTES], made[WORD_BYTES],
        finished[WORD_BYTES], policy[TEXT_BYTES], since[WORD_BYTES];
    const json_t *receipt = page->receipt;

    payee_say(page, payee, account);
    word_say(text_of(receipt, "route"), route);
    snprintf(status, sizeof status, "%s %s", text_of(receipt, "label_zh"), text_of(receipt, "label"));
    snprintf(policy, sizeof policy, "%s v%lld", text_of(receipt, "policy"),
             (long long)json_integer_value(json_object_get(receipt, "policy_version")));
    time_say(receipt, "created_at", made);
    time_say(receipt, "finished_at", finished);
    time_say(receipt, "as_of", since);
    canvas_line(&page->canvas, LEFT, page->y, RIGHT, page->y, BRAND);
    row_draw(page, (struct cell){"客户账户", "Account", text_of(receipt, "account")},
             (struct cell){"账户户名", "Account holder", text_of(receipt, "holder")});
    row_draw(page, (struct cell){"收款人", "Payee", payee}, (struct cell){"收款账户", "Payee account", account});
    row_draw(page, (struct cell){"退款方式", "Route", route}, (struct cell){"适用规则", "Policy", policy});
    row_draw(page, (struct cell){"申请时间", "Requested at", made}, (struct cell){"办结时间", "Finished at", finished});
    row_draw(page, (struct cell){"状态", "Status", status}, (struct cell){"状态时间", "Status since", since});
}

/* 1234567.80 as 1,234,567.80. */
static void grouped(const char *decimal, char ret[WORD_BYTES])
{
    size_t whole = strcspn(decimal, "."), size = 0;

    for (size_t i = 0; decimal[i] != '\0' && size < WORD_BYTES - 2; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            ret[size++] = ',';
        ret[size++] = decimal[i];
    }
    ret[size] = '\0';
}

static int64_t minor_of(const char *decimal, const char *currency)
{
    struct money amount = MONEY_ZERO;

    return money_parse(decimal, currency, &amount) ? amount.minor : 0;
}

/* What was paid, large; and what it came from where that is another amount. */
static void amount_draw(struct page *page)
{
    const char *currency = text_of(page->receipt, "currency"), *paid = text_of(page->receipt, "paid");
    bool yuan = strcmp(currency, "CNY") == 0;
    char text[TEXT_BYTES], capital[CAPITAL_BYTES], amount[WORD_BYTES], fee[WORD_BYTES];

    grouped(paid, amount);
    page->y += 12;
    canvas_fill(&page->canvas, LEFT, page->y, RIGHT - LEFT, 64, TINT);
    canvas_fill(&page->canvas, LEFT, page->y, 3, 64, BRAND);
    put(page, LEFT + 14, page->y + 8, 150, 85, false, CANVAS_LEFT, GREY, "到账金额（小写）Amount paid");
    snprintf(text, sizeof text, "%s %s", yuan ? "¥" : currency, amount);
    put(page, LEFT + 160, page->y + 3, RIGHT - LEFT - 170, 170, true, CANVAS_LEFT, INK, text);
    if (yuan) {
        capital_format(money_of(minor_of(paid, currency)), capital);
        put(page, LEFT + 14, page->y + 39, 150, 85, false, CANVAS_LEFT, GREY, "人民币（大写）In words");
        put(page, LEFT + 160, page->y + 36, RIGHT - LEFT - 170, 115, true, CANVAS_LEFT, INK, capital);
    }
    page->y += 70;
    grouped(text_of(page->receipt, "requested"), amount);
    grouped(text_of(page->receipt, "fee"), fee);
    snprintf(text, sizeof text, "申请金额 Requested  %s %s      手续费 Fee  %s %s", currency, amount, currency, fee);
    put(page, LEFT, page->y, RIGHT - LEFT, 85, false, CANVAS_LEFT, GREY, text);
    page->y += 24;
}

/* ---- the payments ---- */

static const struct {
    const char *chinese, *english;
    int x, width;
    enum canvas_align align;
} columns[] = {
    {"支付渠道", "Channel", LEFT + 6, 84, CANVAS_LEFT},
    {"渠道流水号", "Reference", LEFT + 92, 128, CANVAS_LEFT},
    {"金额", "Amount", LEFT + 222, 68, CANVAS_RIGHT},
    {"状态", "Status", LEFT + 298, 48, CANVAS_LEFT},
    {"支付时间", "Paid at", LEFT + 346, 76, CANVAS_LEFT},
    {"到账 / 退回", "Arrived / returned", LEFT + 424, 76, CANVAS_LEFT},
};

static void payments_head(struct page *page)
{
    canvas_fill(&page->canvas, LEFT, page->y, RIGHT - LEFT, 26, BRAND);
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++) {
        put(page, columns[i].x, page->y + 3, columns[i].width, 85, true, columns[i].align, 0xffffff,
            columns[i].chinese);
        put(page, columns[i].x, page->y + 14, columns[i].width, 65, false, columns[i].align, 0xd7e3ee,
            columns[i].english);
    }
    page->y += 26;
}

static void payment_draw(struct page *page, const json_t *payment)
{
    bool returned = strcmp(text_of(payment, "status"), "returned") == 0;
    const char *status = chinese_of(text_of(payment, "status"));
    char channel[WORD_BYTES], amount[WORD_BYTES], paid[WORD_BYTES], arrived[WORD_BYTES];

    word_say(text_of(payment, "channel"), channel);
    grouped(text_of(payment, "amount"), amount);
    time_say(payment, "paid_at", paid);
    time_say(payment, returned ? "returned_at" : "arrived_at", arrived);
    const char *values[] = {channel, text_of(payment, "reference"), amount, status, paid, arrived};

    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        put(page, columns[i].x, page->y + 5, columns[i].width, i < 4 ? 85 : 75, false, columns[i].align,
            returned && i == 3 ? SEAL : INK, values[i][0] != '\0' ? values[i] : "—");
    page->y += 22;
    canvas_line(&page->canvas, LEFT, page->y, RIGHT, page->y, RULE);
}

static void payments_draw(struct page *page)
{
    const json_t *payments = json_object_get(page->receipt, "payments");
    size_t count = json_array_size(payments), shown = count > PAYMENTS_SHOWN ? PAYMENTS_SHOWN - 1 : count;
    char text[TEXT_BYTES];

    payments_head(page);
    for (size_t i = 0; i < shown; i++)
        payment_draw(page, json_array_get(payments, i));
    if (shown == count && count > 0)
        return;
    snprintf(text, sizeof text, "另有 %zu 笔，见附件 receipt.json  ·  %zu more in the attached receipt.json",
             count - shown, count - shown);
    put(page, LEFT + 6, page->y + 5, RIGHT - LEFT - 12, 85, false, CANVAS_LEFT, GREY,
        count == 0 ? "没有款项付出  ·  Nothing was paid out" : text);
    page->y += 22;
    canvas_line(&page->canvas, LEFT, page->y, RIGHT, page->y, RULE);
}

/* ---- the proof ---- */

static void hex_draw(struct page *page, int y, const char *label, const char *hex)
{
    const int width = RIGHT - LEFT - 130;

    put(page, LEFT, y, width, 75, true, CANVAS_LEFT, INK, label);
    put_wrapped(page, LEFT, y + 11, width, 65, GREY, hex);
}

static bool proof_draw(struct page *page)
{
    const int top = CANVAS_HEIGHT - 206;
    char text[TEXT_BYTES], at[WORD_BYTES];
    bool drawn;

    time_say(page->statement, "issued_at", at);
    canvas_line(&page->canvas, LEFT, top, RIGHT, top, BRAND);
    snprintf(
        text, sizeof text,
        "本回单载明截至 %s 的情况；此后如有退回等变化，以扫码核验为准。\nThis receipt says how things stood on %s. "
        "What changed later, as a payment that the bank sent back, is told by its verification.",
        at, at);
    put_wrapped(page, LEFT, top + 10, RIGHT - LEFT - 130, 78, INK, text);
    hex_draw(page, top + 66, "内容摘要 Proof (BLAKE2b-256)", text_of(page->statement, "proof"));
    hex_draw(page, top + 92, "签名 Signature (Ed25519)", text_of(page->statement, "signature"));
    hex_draw(page, top + 128, "签名公钥 Public key", text_of(page->statement, "key"));
    drawn = canvas_code(&page->canvas, RIGHT - 116, top + 8, 116, text_of(page->statement, "verify"));
    put(page, RIGHT - 116, top + 126, 116, 80, true, CANVAS_CENTRE, INK, "扫码核验真伪");
    put(page, RIGHT - 116, top + 138, 116, 65, false, CANVAS_CENTRE, GREY, "Scan to verify");
    put(page, LEFT, CANVAS_HEIGHT - 34, RIGHT - LEFT, 68, false, CANVAS_CENTRE, GREY,
        "本文件附有已签名的 receipt.json，可离线核验：ebb receipt verify  ·  The signed receipt.json is attached and "
        "can be "
        "verified offline");
    return drawn;
}

static bool page_draw(struct page *page)
{
    head_draw(page);
    form_draw(page);
    amount_draw(page);
    payments_draw(page);
    canvas_seal(&page->canvas, RIGHT - 62, 92, 34, SEAL, "电子回单", "ELECTRONIC RECEIPT");
    return proof_draw(page);
}

static void value_drop(json_t **value)
{
    json_decref(*value);
}

enum err receipt_page(const char *statement, size_t size, struct out *out, char ret_reason[256])
{
    SCOPED(value_drop) json_t *value = json_loadb(statement, size, JSON_REJECT_DUPLICATES, NULL);
    struct page page = {.statement = value, .receipt = json_object_get(value, "receipt")};
    char title[TEXT_BYTES];

    snprintf(ret_reason, 256, "it is no receipt");
    if (!json_is_object(page.receipt) || text_of(value, "verify")[0] == '\0')
        return ERR_REQUEST;
    snprintf(title, sizeof title, "提现回单 Withdrawal receipt %s", text_of(page.receipt, "withdrawal"));
    bool opened = canvas_open(&page.canvas, out, title, text_of(value, "operator"), text_of(value, "issued_at"));
    bool drawn = opened && page_draw(&page);

    canvas_page_end(&page.canvas);
    if (!canvas_close(&page.canvas, ret_reason))
        return ERR_FATAL;
    return drawn && !out->failed ? ERR_NONE : ERR_RETRY;
}
