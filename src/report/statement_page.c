/* SPDX-License-Identifier: Apache-2.0 */
/* An account's statement on pages of A4 in Chinese and English. The first line of its input says whose it is and what
 * stood before and after; each other one is a movement as the export of billing details has it. What did not change the
 * balance (money that was only held) is not shown. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/canvas.h"
#include "report/statement.h"

#define LEFT 48
#define RIGHT (CANVAS_WIDTH - 48)
#define ROW 19
#define FIRST_TOP 232
#define NEXT_TOP 64
#define BOTTOM (CANVAS_HEIGHT - 60)
#define INK 0x1b2430
#define GREY 0x68727d
#define RULE 0xc9d1d9
#define TINT 0xf3f6f9
#define BRAND 0x0b3d66
#define TEXT_BYTES 512
#define AMOUNT_BYTES 64

struct pages {
    struct canvas canvas;
    const json_t *head;
    const char *currency;
    int y, page, pages;
    size_t drawn;
};

/* A movement, as far as the page shows it. */
struct movement {
    json_t *value;
};
struct movements {
    struct movement *items;
    size_t count;
    int64_t in, out;
};

static const struct {
    const char *kind, *chinese;
} kinds[] = {
    {"topup", "充值"},          {"charge", "消费"},         {"reversal", "消费冲正"},  {"chargeback", "拒付"},
    {"credit", "入账"},         {"transfer_out", "转出"},   {"transfer_in", "转入"},   {"recall_out", "转入撤回"},
    {"recall_in", "转出撤回"},  {"allocation_out", "划拨"}, {"allocation_in", "划入"}, {"reclaim_out", "划入收回"},
    {"reclaim_in", "划拨收回"}, {"settle", "提现"},         {"return", "提现退回"},    {"suspense", "挂账"},
    {"stray", "挂账"},          {"stray_back", "挂账退回"}, {"recovery", "追回"},
};

static const struct {
    const char *chinese, *english;
    int x, width;
    enum canvas_align align;
} columns[] = {
    {"时间", "Time", LEFT + 6, 96, CANVAS_LEFT},       {"类型", "Type", LEFT + 106, 96, CANVAS_LEFT},
    {"编号", "Object", LEFT + 206, 108, CANVAS_LEFT},  {"变动", "Change", LEFT + 316, 84, CANVAS_RIGHT},
    {"余额", "Balance", LEFT + 404, 89, CANVAS_RIGHT},
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static void put(struct pages *pages, int x, int y, int width, int size, bool bold, enum canvas_align align,
                unsigned ink, const char *text)
{
    canvas_write(
        &pages->canvas,
        &(struct canvas_text){.x = x, .y = y, .width = width, .size = size, .bold = bold, .align = align, .ink = ink},
        text);
}

/* With its thousands apart, and a plus where it says what came in. */
static void amount_say(const struct pages *pages, int64_t minor, bool sign, char ret[AMOUNT_BYTES])
{
    char plain[MONEY_TEXT_BYTES];
    size_t size = 0, whole;
    const char *digits = plain;

    money_format(money_of(minor), pages->currency, plain);
    if (*digits == '-')
        ret[size++] = *digits++;
    else if (sign && minor > 0)
        ret[size++] = '+';
    whole = strcspn(digits, ".");
    for (size_t i = 0; digits[i] != '\0'; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            ret[size++] = ',';
        ret[size++] = digits[i];
    }
    ret[size] = '\0';
}

static void time_say(const json_t *object, const char *name, const char *otherwise, char ret[AMOUNT_BYTES])
{
    const char *text = text_of(object, name);

    snprintf(ret, AMOUNT_BYTES, "%s", otherwise);
    if (strlen(text) >= 19)
        snprintf(ret, AMOUNT_BYTES, "%.10s %.8s", text, text + 11);
}

/* ---- what stands above the movements ---- */

static void box_draw(struct pages *pages, int number, const char *chinese, const char *english, int64_t minor,
                     bool sign)
{
    const int width = (RIGHT - LEFT) / 4;
    char amount[AMOUNT_BYTES], label[TEXT_BYTES];
    int x = LEFT + number * width;

    amount_say(pages, minor, sign, amount);
    snprintf(label, sizeof label, "%s %s", chinese, english);
    put(pages, x + 10, 168, width - 14, 75, false, CANVAS_LEFT, GREY, label);
    put(pages, x + 10, 182, width - 14, 115, true, CANVAS_LEFT, INK, amount);
}

static void head_draw(struct pages *pages, const struct movements *movements)
{
    char text[TEXT_BYTES], from[AMOUNT_BYTES], to[AMOUNT_BYTES], at[AMOUNT_BYTES];

    put(pages, LEFT, 34, RIGHT - LEFT, 150, true, CANVAS_LEFT, BRAND, text_of(pages->head, "operator"));
    put(pages, LEFT, 66, RIGHT - LEFT, 200, true, CANVAS_CENTRE, INK, "账户对账单");
    put(pages, LEFT, 94, RIGHT - LEFT, 100, false, CANVAS_CENTRE, GREY, "STATEMENT OF ACCOUNT");
    time_say(pages->head, "from", "开户 opening", from);
    time_say(pages->head, "to", "至今 now", to);
    time_say(pages->head, "made_at", "", at);
    snprintf(text, sizeof text, "账户 Account  %s    户名 Holder  %s    币种 Currency  %s",
             text_of(pages->head, "account"),
             text_of(pages->head, "holder")[0] != '\0' ? text_of(pages->head, "holder") : "—", pages->currency);
    put(pages, LEFT, 120, RIGHT - LEFT, 90, false, CANVAS_LEFT, INK, text);
    snprintf(text, sizeof text, "期间 Period  %s — %s    出具 Made  %s (UTC+8)", from, to, at);
    put(pages, LEFT, 136, RIGHT - LEFT, 90, false, CANVAS_LEFT, INK, text);
    canvas_fill(&pages->canvas, LEFT, 160, RIGHT - LEFT, 46, TINT);
    box_draw(pages, 0, "期初余额", "Opening", number_of(pages->head, "opening"), false);
    box_draw(pages, 1, "转入合计", "In", movements->in, true);
    box_draw(pages, 2, "转出合计", "Out", movements->out, true);
    box_draw(pages, 3, "期末余额", "Closing", number_of(pages->head, "closing"), false);
}

/* ---- pages ---- */

static void page_begin(struct pages *pages, int top)
{
    char text[TEXT_BYTES];

    pages->page++;
    canvas_fill(&pages->canvas, 0, 0, CANVAS_WIDTH, 8, BRAND);
    snprintf(text, sizeof text, "%s  ·  %s  ·  %d / %d", text_of(pages->head, "operator"),
             text_of(pages->head, "account"), pages->page, pages->pages);
    put(pages, LEFT, CANVAS_HEIGHT - 36, RIGHT - LEFT, 75, false, CANVAS_CENTRE, GREY, text);
    canvas_fill(&pages->canvas, LEFT, top, RIGHT - LEFT, 26, BRAND);
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++) {
        put(pages, columns[i].x, top + 3, columns[i].width, 85, true, columns[i].align, 0xffffff, columns[i].chinese);
        put(pages, columns[i].x, top + 14, columns[i].width, 65, false, columns[i].align, 0xd7e3ee, columns[i].english);
    }
    pages->y = top + 26;
}

static void movement_draw(struct pages *pages, const json_t *movement)
{
    const char *kind = text_of(movement, "kind"), *chinese = "";
    char at[AMOUNT_BYTES], type[TEXT_BYTES], change[AMOUNT_BYTES], balance[AMOUNT_BYTES];

    if (pages->y + ROW > BOTTOM) {
        canvas_page_end(&pages->canvas);
        page_begin(pages, NEXT_TOP);
    }
    for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            chinese = kinds[i].chinese;
    time_say(movement, "at", "", at);
    snprintf(type, sizeof type, "%s %s", chinese, kind);
    amount_say(pages, number_of(movement, "change"), true, change);
    amount_say(pages, number_of(movement, "balance"), false, balance);
    const char *values[] = {at, type, text_of(movement, "object"), change, balance};

    if (pages->drawn++ % 2 == 1)
        canvas_fill(&pages->canvas, LEFT, pages->y, RIGHT - LEFT, ROW, TINT);
    for (size_t i = 0; i < ARRAY_COUNT(columns); i++)
        put(pages, columns[i].x, pages->y + 3, columns[i].width, 80, false, columns[i].align, INK, values[i]);
    pages->y += ROW;
}

static int pages_count(size_t rows)
{
    const size_t first = (BOTTOM - FIRST_TOP - 26) / ROW, next = (BOTTOM - NEXT_TOP - 26) / ROW;

    return rows <= first ? 1 : 1 + (int)((rows - first + next - 1) / next);
}

static void pages_draw(struct pages *pages, const struct movements *movements)
{
    pages->pages = pages_count(movements->count);
    page_begin(pages, FIRST_TOP);
    head_draw(pages, movements);
    for (size_t i = 0; i < movements->count; i++)
        movement_draw(pages, movements->items[i].value);
    if (movements->count == 0)
        put(pages, LEFT + 6, pages->y + 5, RIGHT - LEFT, 85, false, CANVAS_LEFT, GREY,
            "期间内没有变动  ·  Nothing moved in this period");
    canvas_line(&pages->canvas, LEFT, pages->y, RIGHT, pages->y, RULE);
}

/* ---- reading ---- */

static void movements_fini(struct movements *movements)
{
    for (size_t i = 0; i < movements->count; i++)
        json_decref(movements->items[i].value);
    free(movements->items);
}

/* False: no JSON, or no memory. */
static bool movement_add(struct movements *movements, const char *line, size_t size)
{
    json_t *value = json_loadb(line, size, 0, NULL);
    bool object = json_is_object(value);
    int64_t change = number_of(value, "change");
    struct movement *grown;

    if (!object || change == 0) {
        json_decref(value);
        return object;
    }
    grown = reallocarray(movements->items, movements->count + 1, sizeof *grown);
    if (grown == NULL) {
        json_decref(value);
        return false;
    }
    movements->items = grown;
    movements->items[movements->count++].value = value;
    *(change > 0 ? &movements->in : &movements->out) += change;
    return true;
}

static bool movements_read(const char *at, const char *end, struct movements *ret)
{
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));

        if (line_end == NULL)
            line_end = end;
        if (!movement_add(ret, at, (size_t)(line_end - at)))
            return false;
        at = line_end + 1;
    }
    return true;
}

static void value_drop(json_t **value)
{
    json_decref(*value);
}

enum err statement_page(const char *lines, size_t size, struct out *out, char ret_reason[256])
{
    const char *end = memchr(lines, '\n', size);
    SCOPED(value_drop) json_t *head = end != NULL ? json_loadb(lines, (size_t)(end - lines), 0, NULL) : NULL;
    SCOPED(movements_fini) struct movements movements = {0};
    struct pages pages = {.head = head, .currency = text_of(head, "currency")};
    char title[TEXT_BYTES];

    snprintf(ret_reason, 256, "it is no statement");
    if (!json_is_object(head) || pages.currency[0] == '\0' || !movements_read(end + 1, lines + size, &movements))
        return ERR_REQUEST;
    snprintf(title, sizeof title, "账户对账单 Statement of account %s", text_of(head, "account"));
    if (canvas_open(&pages.canvas, out, title, text_of(head, "operator"), text_of(head, "made_at")))
        pages_draw(&pages, &movements);
    canvas_page_end(&pages.canvas);
    if (!canvas_close(&pages.canvas, ret_reason))
        return ERR_FATAL;
    return out->failed ? ERR_RETRY : ERR_NONE;
}
