/* SPDX-License-Identifier: Apache-2.0 */
/* Files of statements (recon/camt.h, bill.h), as a bank or a stranger may hand them in. However the bytes come, in one
 * piece or in small ones, the file is right or refused alike; what is handed out can be kept, lies within the file's
 * time and adds up to its sums; what is refused has a reason, and names a line that the file has. And what a camt.053
 * says by its tree, in whatever order, is what its stream gave: every debit that is booked was handed out as paid. */
#include <libxml/parser.h>

#include "base/id.h"
#include "fuzz.h"
#include "recon/bill.h"
#include "recon/camt.h"

struct pieces {
    const char *at;
    size_t left, piece; /* at most so many bytes at once */
};

static int64_t pieces_read(void *context, void *data, size_t size)
{
    struct pieces *pieces = context;
    size_t count = size < pieces->left ? size : pieces->left;

    count = count < pieces->piece ? count : pieces->piece;
    memcpy(data, pieces->at, count);
    pieces->at += count;
    pieces->left -= count;
    return (int64_t)count;
}

struct told {
    int64_t count, paid, returned;
    uint64_t mixed; /* of everything that the lines said */
    struct instant first, last;
};

static void mix(struct told *told, const char *text)
{
    for (; *text != '\0'; text++)
        told->mixed = (told->mixed ^ (uint8_t)*text) * UINT64_C(1099511628211);
    told->mixed = (told->mixed ^ 0xFF) * UINT64_C(1099511628211);
}

static bool text_can_be_kept(const char *text, size_t bytes)
{
    return strlen(text) < bytes && (text[0] == '\0' || text_utf8_ok(text, strlen(text)));
}

static bool take(void *context, const struct line_ask *line)
{
    struct told *told = context;

    CHECK(line->key[0] != '\0' && text_can_be_kept(line->key, REF_BYTES));
    CHECK(text_can_be_kept(line->reference, REF_BYTES) && text_can_be_kept(line->code, FAILURE_CODE_BYTES));
    CHECK(currency_digits(line->currency) >= 0);
    CHECK(line->amount.minor >= 0 && line->amount.minor <= MONEY_INPUT_MAX);
    CHECK(line->outcome == EVIDENCE_NOT_PAID || line->amount.minor > 0);
    if (told->count++ == 0)
        told->first = told->last = line->at;
    told->first = instant_before(line->at, told->first) ? line->at : told->first;
    told->last = instant_after(line->at, told->last) ? line->at : told->last;
    told->paid += line->outcome == EVIDENCE_PAID ? line->amount.minor : 0;
    told->returned += line->outcome == EVIDENCE_RETURNED ? line->amount.minor : 0;
    told->mixed = (told->mixed ^ (uint64_t)line->amount.minor ^ (uint64_t)line->at.ms ^ (uint64_t)line->outcome) *
                  UINT64_C(1099511628211);
    mix(told, line->key);
    mix(told, line->reference);
    mix(told, line->code);
    return true;
}

/* ---- a camt.053 as a tree ---- */

static const xmlNode *child(const xmlNode *node, const char *name)
{
    const xmlNode *found = node != NULL ? node->children : NULL;

    while (found != NULL && (found->type != XML_ELEMENT_NODE || strcmp((const char *)found->name, name) != 0))
        found = found->next;
    return found;
}

static bool says(const xmlNode *node, const char *text)
{
    xmlChar *content = node != NULL ? xmlNodeGetContent(node) : NULL;
    const char *at = content != NULL ? (const char *)content + strspn((const char *)content, " \t\r\n") : "";
    bool same = strncmp(at, text, strlen(text)) == 0 && at[strlen(text) + strspn(at + strlen(text), " \t\r\n")] == '\0';

    xmlFree(content);
    return same;
}

/* In the currency's minor units, as far as a double can say it. */
static double amount_of(const xmlNode *node, const char *currency)
{
    xmlChar *content = node != NULL ? xmlNodeGetContent(node) : NULL;
    double amount = content != NULL ? strtod((const char *)content, NULL) : 0;

    for (int i = currency_digits(currency); i > 0; i--)
        amount *= 10;
    xmlFree(content);
    return amount;
}

/* Each is paid whole, or by its payments, of which those that run against it take away. */
static void booked_debits_are_handed_out(const char *data, size_t size, const struct told *told, const char *currency)
{
    xmlDocPtr tree =
        xmlReadMemory(data, (int)size, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *statement = child(child(tree != NULL ? xmlDocGetRootElement(tree) : NULL, "BkToCstmrStmt"), "Stmt");
    double paid = 0;

    for (const xmlNode *entry = child(statement, "Ntry"); entry != NULL; entry = entry->next)
        if (entry->type == XML_ELEMENT_NODE && strcmp((const char *)entry->name, "Ntry") == 0 &&
            says(child(entry, "CdtDbtInd"), "DBIT") && says(child(child(entry, "Sts"), "Cd"), "BOOK"))
            paid += amount_of(child(entry, "Amt"), currency);
    xmlFreeDoc(tree);
    CHECK((double)told->paid >= paid - 0.5 - paid * 1e-12);
}

/* ---- the properties ---- */

static bool read_whole(const char *data, size_t size, size_t piece, const struct mapping *mapping, struct told *told,
                       struct statement_summary *summary)
{
    struct pieces pieces = {data, size, piece};
    struct statement_source source = {pieces_read, &pieces};
    const struct statement_wish wish = {0};
    struct statement_why why = {0};
    int64_t lines = 1;
    bool right;

    *told = (struct told){0};
    right = mapping != NULL ? bill_read(&source, mapping, &wish, take, told, summary, &why)
                            : camt_read(&source, &wish, take, told, summary, &why);
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    if (right) {
        CHECK(summary->lines == told->count && summary->paid.minor == told->paid);
        CHECK(summary->returned.minor == told->returned && instant_before(summary->from, summary->to));
        CHECK(told->count == 0 ||
              (!instant_before(told->first, summary->from) && !instant_after(told->last, summary->to)));
    } else {
        CHECK(why.text[0] != '\0' && text_utf8_ok(why.text, strlen(why.text)));
        CHECK(why.line >= 0 && why.line <= lines);
    }
    return right;
}

static void both_ways(const char *data, size_t size, const struct mapping *mapping)
{
    struct statement_summary whole = {0}, small = {0};
    struct told one, other;
    bool right = read_whole(data, size, size + 1, mapping, &one, &whole);

    CHECK(read_whole(data, size, 3, mapping, &other, &small) == right);
    if (!right)
        return;
    if (mapping == NULL)
        booked_debits_are_handed_out(data, size, &one, whole.currency);
    CHECK(one.mixed == other.mixed && one.count == other.count && whole.entries == small.entries);
    CHECK(memcmp(whole.hash, small.hash, HASH_BYTES) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mapping_word words[] = {
        {"成功", OUTCOME_PAID}, {"失败", OUTCOME_NOT_PAID}, {"退票", OUTCOME_RETURNED}, {"关闭", OUTCOME_SKIP}};
    struct mapping mapping = {
        .unit = UNIT_DECIMAL,
        .comment = "#",
        .strip = "`",
        .currency = "CNY",
        .date = "%Y-%m-%d %H:%M:%S",
        .columns = {"商户订单号", "金额（元）", "完成时间", "状态", "支付宝交易号", NULL},
        .words = {words, ARRAY_COUNT(words)},
        .trailer = {"合计", 2, 3},
    };
    const char *text = (const char *)data;

    if (size > 0 && data[0] == '<') {
        both_ways(text, size, NULL);
        return 0;
    }
    for (int encoding = ENCODING_UTF8; encoding <= ENCODING_GBK; encoding++)
        for (int trailer = 0; trailer < 2; trailer++) {
            mapping.encoding = encoding;
            mapping.has_trailer = trailer > 0;
            both_ways(text, size, &mapping);
        }
    return 0;
}
