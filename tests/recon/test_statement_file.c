/* SPDX-License-Identifier: Apache-2.0 */
/* Statements as files: what each line becomes, and that a file which is wrong anywhere is refused with line and reason.
 */
#include "../unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "recon/bill.h"
#include "recon/camt.h"

#define LINES_MAX 16
#define FILE_BYTES ((size_t)64 << 10)
#define ENDLESS_BYTES ((size_t)1 << 20)

struct seen {
    size_t count;
    char lines[LINES_MAX][200];
};

static bool note(void *context, const struct line_ask *line)
{
    struct seen *seen = context;
    char at[INSTANT_TEXT_BYTES];

    assert_true(seen->count < LINES_MAX);
    instant_format(line->at, at);
    snprintf(seen->lines[seen->count++], sizeof seen->lines[0], "%s %s %lld %s %s %s", line->key,
             word_text(&evidence_kind_words, line->outcome), (long long)line->amount.minor, line->currency, at,
             line->reference);
    return true;
}

static char *sample(const char *name, size_t *ret_size)
{
    char path[512];
    char *text = calloc(1, FILE_BYTES);
    FILE *file;

    assert_non_null(text);
    snprintf(path, sizeof path, "%s/%s", SAMPLES, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    *ret_size = fread(text, 1, FILE_BYTES - 1, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

/* The text with one place of it replaced, in memory of exactly its size. */
static char *replaced(const char *text, size_t size, const char *from, const char *to, size_t *ret_size)
{
    const char *at = memmem(text, size, from, strlen(from));
    size_t before, behind;
    char *copy;

    assert_non_null(at);
    before = (size_t)(at - text);
    behind = size - before - strlen(from);
    *ret_size = before + strlen(to) + behind;
    copy = malloc(*ret_size);
    assert_non_null(copy);
    memcpy(copy, text, before);
    memcpy(copy + before, to, strlen(to));
    memcpy(copy + before + strlen(to), at + strlen(from), behind);
    return copy;
}

/* ---- camt.053 ---- */

static bool camt(const char *text, size_t size, const struct statement_wish *wish, struct seen *seen,
                 struct statement_summary *ret, struct statement_why *why)
{
    struct statement_text whole = {text, size, 0};
    struct statement_source source = statement_source_of(&whole);

    memset(seen, 0, sizeof *seen);
    memset(why, 0, sizeof *why);
    return camt_read(&source, wish, note, seen, ret, why);
}

static void a_statement_of_a_bank_is_read(void **state)
{
    static const char *const lines[] = {
        "EBB00000000000AA01 paid 10000 CNY 2026-11-20T10:15:00+08:00 B0001",
        "EBB00000000000AB01 paid 20000 CNY 2026-11-20T10:15:00+08:00 B0001-2",
        "EBB00000000000AA01 returned 10000 CNY 2026-11-20T00:00:00+08:00 B0002",
        "FEE-7 paid 2950 CNY 2026-11-20T00:00:00+08:00 FEE-7",
        "line 100 paid 30000 CNY 2026-11-20T00:00:00+08:00 ",
        "EBB00000000000AC01 accepted 1600 CNY 2026-11-20T00:00:00+08:00 ",
    };
    const struct statement_wish wish = {.currency = "CNY", .account = "6222000011112222"};
    struct statement_summary summary, again;
    struct statement_why why;
    struct seen seen;
    size_t size;
    char *text = sample("bank.camt.053.xml", &size), from[INSTANT_TEXT_BYTES];
    (void)state;

    assert_true(camt(text, size, &wish, &seen, &summary, &why));
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
        assert_string_equal(seen.lines[i], lines[i]);
    assert_int_equal(seen.count, ARRAY_COUNT(lines));
    assert_int_equal(summary.entries, 6);
    assert_int_equal(summary.lines, 6);
    assert_int_equal(summary.others, 1); /* the top-up */
    assert_int_equal(summary.paid.minor, 62950);
    assert_int_equal(summary.returned.minor, 10000);
    assert_string_equal(summary.account, "6222000011112222");
    instant_format(summary.from, from);
    assert_string_equal(from, "2026-11-20T00:00:00+08:00");
    /* the hash is of the bytes */
    assert_true(camt(text, size, &wish, &seen, &again, &why));
    assert_memory_equal(summary.hash, again.hash, HASH_BYTES);
    text[size - 1] = ' ';
    assert_true(camt(text, size, &wish, &seen, &again, &why));
    assert_memory_not_equal(summary.hash, again.hash, HASH_BYTES);
    free(text);
}

struct wrong {
    const char *from, *to, *why;
    int64_t line;
};

/* The sample with one thing changed is refused, for that reason, at that line. */
static void each_is_refused(const struct wrong *cases, size_t count)
{
    const struct statement_wish wish = {.currency = "CNY", .account = "6222000011112222"};
    struct statement_summary summary;
    struct statement_why why;
    struct seen seen;
    size_t size, bad_size;
    char *text = sample("bank.camt.053.xml", &size), *bad;

    for (size_t i = 0; i < count; i++) {
        bad = replaced(text, size, cases[i].from, cases[i].to, &bad_size);
        if (camt(bad, bad_size, &wish, &seen, &summary, &why) || strstr(why.text, cases[i].why) == NULL ||
            why.line != cases[i].line)
            fail_msg("%s → %s: line %lld: %s", cases[i].from, cases[i].to, (long long)why.line, why.text);
        free(bad);
    }
    free(text);
}

static void a_wrong_statement_of_a_bank_is_refused(void **state)
{
    static const struct wrong cases[] = {
        {"camt.053.001.08", "camt.053.001.02", "It is no Document of", 2},
        {"<Document ", "<Dokument ", "It is no Document of", 2},
        {"<NbOfNtries>6<", "<NbOfNtries>7<", "It says 7 entries and has 6.", 0},
        {"<Sum>1245.50<", "<Sum>1245.51<", "The sum of its entries is 124550 minor units, and it says 124551.", 0},
        {"<NbOfNtries>2<", "<NbOfNtries>3<", "It says 3 credits and has 2.", 0},
        {"<Sum>645.5<", "<Sum>645.4<", "The sum of its debits", 0},
        {"9970.50", "9970.51", "do not lead from its opening balance", 0},
        {"<NbOfTxs>2<", "<NbOfTxs>3<", "The entry says 3 payments and has 2.", 45},
        {">200.00000<", ">199.00<", "The entry's payments do not add up to its amount.", 45},
        {">200.00000<", ">200.00001<", "is not what stands there", 61},
        {"<Ccy>CNY<", "<Ccy>USD<", "It is in USD, where CNY was expected.", 17},
        {"<Amt Ccy=\"CNY\">29.50", "<Amt Ccy=\"EUR\">29.50", "It is in EUR, where CNY was expected.", 93},
        {"<Amt Ccy=\"CNY\">29.50", "<Amt Ccy=\"CNY\">-29.50", "'-29.50' is not what stands there", 93},
        {"<Amt Ccy=\"CNY\">29.50", "<Amt Ccy=\"CNY\">2e1", "'2e1' is not what stands there", 93},
        {"6222000011112222", "6222000011113333", "where 6222000011112222 was expected.", 16},
        {"<Cd>PDNG<", "<Cd>LATE<", "The entry's status is 'LATE'", 107},
        {"<CdtDbtInd>CRDT</CdtDbtInd>\n        <Sts>", "<Sts>", "neither a credit nor a debit", 65},
        {"<BookgDt><Dt>2026-11-20<", "<BookgDt><Dt>2026-11-31<", "'2026-11-31' is not what stands there", 69},
        {"<BookgDt><Dt>2026-11-20</Dt></BookgDt>", "", "The entry has no booking date", 65},
        {"</Stmt>", "</Stmt><Stmt/>", "It holds a second statement", 119},
        {"</BkToCstmrStmt>\n</Document>\n", "", "It is no well-formed XML", 120},
        {"</Document>\n", "</Document", "It is no well-formed XML", 121},
        {"<EndToEndId>EBB00000000000AC01", "<EndToEndId>\xff\xfe", "It is no well-formed XML", 115},
        {"UTF-8", "ISO-8859-1", "Its encoding is not UTF-8.", 2},
        {"UTF-8", "UTF08", "Its encoding is not UTF-8.", 2},
        {"UTF-8", "GB18030", "Its encoding is not UTF-8.", 2},
        {"UTF-8", "UTF-17", "It is no well-formed XML", 1},
        {"<Document ", "<!DOCTYPE Document SYSTEM \"file:///etc/passwd\"><Document ", "document type (DTD)", 2},
        {"<Document ", "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>\n<Document ",
         "document type (DTD)", 2},
        {"<FrDtTm>2026-11-20T00", "<FrDtTm>2026-11-20T01", "A line of it lies outside of its time.", 0},
        {"<ToDtTm>2026-11-21", "<ToDtTm>2026-11-19", "It ends before it begins.", 0},
        {"FEE-7", "&nothing;", "It is no well-formed XML", 97},
        {"<EndToEndId>EBB00000000000AC01<",
         "<EndToEndId>EBB00000000000AC0100000000000000000000000000000000000000000000000000<", "longer than 64 bytes",
         107},
    };
    (void)state;

    each_is_refused(cases, ARRAY_COUNT(cases));
}

/* Of the sample's last entry: what follows its status. */
#define PENDING                                                                                                        \
    "\n        <BookgDt><Dt>2026-11-20</Dt></BookgDt>\n        <BkTxCd/>\n        <NtryDtls>\n          <TxDtls>\n"    \
    "            <Refs><EndToEndId>EBB00000000000AC01</EndToEndId></Refs>\n          </TxDtls>\n        </NtryDtls>"

/* Payments are handed out by what stands before them: a file out of the schema's order, or with a stranger's elements
 * in it, would lose them. */
static void what_is_said_of_an_entry_stands_before_its_payments_and_once(void **state)
{
    static const struct wrong cases[] = {
        {"<Sts><Cd>PDNG</Cd></Sts>" PENDING, PENDING "<Sts><Cd>PDNG</Cd></Sts>",
         "Sts/Cd: it stands behind the payments", 117},
        {"<CdtDbtInd>DBIT</CdtDbtInd>\n        <Sts><Cd>PDNG</Cd></Sts>" PENDING,
         "<Sts><Cd>PDNG</Cd></Sts>" PENDING "<CdtDbtInd>DBIT</CdtDbtInd>", "CdtDbtInd: it stands behind the payments",
         116},
        {"</NtryDtls>", "</NtryDtls><RvslInd>true</RvslInd>", "RvslInd: it stands behind the payments", 63},
        {"<Sts><Cd>PDNG", "<Sts><Cd>INFO</Cd></Sts><Sts><Cd>PDNG", "Sts/Cd: it stands there twice.", 110},
        {"<EndToEndId>EBB00000000000AC01", "<EndToEndId>EBB1</EndToEndId><EndToEndId>EBB00000000000AC01",
         "EndToEndId: it stands there twice.", 115},
        {"AC01</EndToEndId>", "AC01<x/></EndToEndId>", "EndToEndId: a text was expected, and it holds elements.", 115},
        {">200.00000</Amt>", ">200.00000</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "payments do not add up to its amount.",
         45},
        {"<BkTxCd/>", "<BkTxCd/><x:NtryDtls xmlns:x=\"urn:other\"/>", "It holds NtryDtls of another namespace than",
         52},
        {"<Sts><Cd>PDNG", "<Sts xmlns=\"\"><Cd>PDNG", "It holds Sts of another namespace than", 110},
        {"<Amt Ccy=\"CNY\">29.50", "<Amt xmlns:x=\"urn:other\" Ccy=\"USD\" x:Ccy=\"CNY\">29.50",
         "It is in USD, where CNY was expected.", 93},
    };
    (void)state;

    each_is_refused(cases, ARRAY_COUNT(cases));
}

/* Behind as many blanks as are kept of a long text there may be more of it, which makes it another one. */
static void a_text_that_counts_is_read_to_its_end(void **state)
{
    static const struct {
        const char *from, *begins;
        int64_t line;
    } cases[] = {
        {"<Cd>PDNG<", "<Cd>PDNG", 110},
        {"<EndToEndId>EBB00000000000AC01<", "<EndToEndId>EBB00000000000AC01", 115},
    };
    char to[800];
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        snprintf(to, sizeof to, "%s%600sX<", cases[i].begins, "");
        each_is_refused(&(struct wrong){cases[i].from, to, ": the text is too long.", cases[i].line}, 1);
    }
}

/* A stranger's entry, in whole files of it, is no entry of this one; only an envelope for others may hold it. */
static void entries_of_another_namespace_count_nowhere(void **state)
{
    static const char stranger[] =
        "<x:Ntry xmlns:x=\"urn:other\"><x:Amt Ccy=\"CNY\">5.00</x:Amt><x:CdtDbtInd>DBIT</x:CdtDbtInd><x:Sts><x:Cd>BOOK"
        "</x:Cd></x:Sts><x:BookgDt><x:Dt>2026-11-20</x:Dt></x:BookgDt></x:Ntry>";
    static const struct {
        const char *before, *behind;
        bool right;
    } cases[] = {
        {"", "", false},
        {"<AddtlStmtInf>", "</AddtlStmtInf>", false},
        {"<SplmtryData>", "</SplmtryData>", false},
        {"<SplmtryData><Envlp>", "</Envlp></SplmtryData>", true},
    };
    static const char plain[] =
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>\n"
        "<Acct><Ccy>CNY</Ccy></Acct><Ntry><Amt Ccy=\"CNY\">1</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
        "<BookgDt><Dt>2026-11-20</Dt></BookgDt></Ntry>\n";
    const struct statement_wish wish = {0};
    struct statement_summary summary;
    struct statement_why why;
    struct seen seen;
    char text[2048];
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        snprintf(text, sizeof text, "%s%s%s%s</Stmt></BkToCstmrStmt></Document>", plain, cases[i].before, stranger,
                 cases[i].behind);
        assert_int_equal(camt(text, strlen(text), &wish, &seen, &summary, &why), cases[i].right);
        if (cases[i].right) {
            assert_int_equal(summary.entries, 1);
            assert_int_equal(summary.paid.minor, 100);
        } else {
            assert_non_null(strstr(why.text, "It holds Ntry of another namespace than"));
            assert_int_equal(why.line, 3);
        }
    }
}

/* Details may be many, each with a batch of its own; a batch's payments may run against its entry. */
static void payments_of_several_details_are_read(void **state)
{
    static const char text[] =
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>"
        "<Acct><Ccy>CNY</Ccy></Acct><Ntry><Amt Ccy=\"CNY\">4</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
        "<BookgDt><Dt>2026-11-20</Dt></BookgDt>"
        "<NtryDtls><Btch><NbOfTxs>1</NbOfTxs></Btch>"
        "<TxDtls><Refs><EndToEndId>A</EndToEndId></Refs><Amt Ccy=\"CNY\">3</Amt></TxDtls></NtryDtls>"
        "<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>"
        "<TxDtls><Refs><EndToEndId>B</EndToEndId></Refs><Amt Ccy=\"CNY\">2</Amt></TxDtls>"
        "<TxDtls><Refs><EndToEndId>C</EndToEndId></Refs><Amt Ccy=\"CNY\">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></TxDtls>"
        "</NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>";
    const struct statement_wish wish = {0};
    struct statement_summary summary;
    struct statement_why why;
    struct seen seen;
    (void)state;

    if (!camt(text, sizeof text - 1, &wish, &seen, &summary, &why))
        fail_msg("line %lld: %s", (long long)why.line, why.text);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.lines[0], "A paid 300 CNY 2026-11-20T00:00:00+08:00 ");
    assert_string_equal(seen.lines[1], "B paid 200 CNY 2026-11-20T00:00:00+08:00 ");
    assert_int_equal(summary.others, 1);
}

/* Wherever it is cut off, it is refused. */
static void a_cut_statement_is_refused(void **state)
{
    const struct statement_wish wish = {0};
    struct statement_summary summary;
    struct statement_why why;
    struct seen seen;
    size_t size;
    char *text = sample("bank.camt.053.xml", &size);
    (void)state;

    for (size_t cut = 0; cut < size - 1; cut += 7) {
        assert_false(camt(text, cut, &wish, &seen, &summary, &why));
        assert_true(why.text[0] != '\0');
    }
    free(text);
}

/* ---- CSV ---- */

static struct mapping mapping_of(struct arena *arena)
{
    struct field_problems problems = {0};
    struct mapping mapping = {0};
    size_t size;
    char *text = sample("refunds.mapping.json", &size);

    assert_int_equal(field_read_json(text, size, &mapping_shape, arena, &mapping, &problems), ERR_NONE);
    free(text);
    return mapping;
}

static bool bill(const char *text, size_t size, const struct mapping *mapping, struct seen *seen,
                 struct statement_summary *ret, struct statement_why *why)
{
    struct statement_text whole = {text, size, 0};
    struct statement_source source = statement_source_of(&whole);
    const struct statement_wish wish = {.currency = "CNY"};

    memset(seen, 0, sizeof *seen);
    memset(why, 0, sizeof *why);
    return bill_read(&source, mapping, &wish, note, seen, ret, why);
}

static void a_bill_is_read_along_its_mapping(void **state)
{
    static const char *const lines[] = {
        "EBB00000000000AA01 paid 10000 CNY 2026-11-20T10:15:00+08:00 2026112022001",
        "EBB00000000000AB01 not_paid 20000 CNY 2026-11-20T10:16:00+08:00 2026,11\"2",
        "2026112022003 paid 2950 CNY 2026-11-20T11:00:00+08:00 2026112022003",
    };
    struct statement_summary summary;
    struct statement_why why;
    struct mapping mapping;
    struct arena arena;
    struct seen seen;
    size_t size;
    char *text = sample("refunds.gbk.csv", &size);
    (void)state;

    arena_init(&arena, (size_t)1 << 20);
    mapping = mapping_of(&arena);
    if (!bill(text, size, &mapping, &seen, &summary, &why))
        fail_msg("line %lld: %s", (long long)why.line, why.text);
    assert_int_equal(seen.count, ARRAY_COUNT(lines));
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
        assert_string_equal(seen.lines[i], lines[i]);
    assert_int_equal(summary.entries, 4);
    assert_int_equal(summary.others, 1);
    assert_int_equal(summary.paid.minor, 12950);
    mapping.encoding = ENCODING_UTF8;
    assert_false(bill(text, size, &mapping, &seen, &summary, &why));
    assert_string_equal(why.text, "A byte is not UTF-8 text.");
    assert_int_equal(why.line, 1);
    free(text);
    arena_fini(&arena);
}

static void a_wrong_bill_is_refused(void **state)
{
    static const struct {
        const char *from, *to, *why;
        int64_t line;
    } cases[] = {
        {",100.00,", ",100.001,", "'100.001' is no amount.", 4},
        {",100.00,", ",1e2,", "'1e2' is no amount.", 4},
        {",100.00,", ",-100.00,", "'-100.00' is no amount.", 4},
        {",100.00,", ",99.00,", "It says a sum of 330.50, and its lines have 32950 minor units.", 9},
        {",4,330.50", ",5,330.50", "It says 5 lines and has 4.", 9},
        {"2026-11-20 10:15:00", "2026-11-31 10:15:00", "is no moment as", 4},
        {"2026-11-20 10:15:00", "2026/11/20 10:15", "is no moment as", 4},
        {",2026112022001\t,", ",", "It has 4 cells, where the titles are 5.", 4},
        {"\"2026,11", "\"2026,11\xff", "A byte is not GBK text.", 5},
        {"\"2026,11", "2026\"11", "It is not CSV", 5},
        {",4,330.50,,\r\n", ",4,330.50,,\r\nEBB1,,1.00,2026-11-20 10:15:00,x\r\n", "follows the line of its sums", 10},
    };
    struct statement_summary summary;
    struct statement_why why;
    struct mapping mapping;
    struct arena arena;
    struct seen seen;
    size_t size, bad_size;
    char *text = sample("refunds.gbk.csv", &size), *bad;
    (void)state;

    arena_init(&arena, (size_t)1 << 20);
    mapping = mapping_of(&arena);
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        bad = replaced(text, size, cases[i].from, cases[i].to, &bad_size);
        if (bill(bad, bad_size, &mapping, &seen, &summary, &why) || strstr(why.text, cases[i].why) == NULL ||
            why.line != cases[i].line)
            fail_msg("%s → %s: line %lld: %s", cases[i].from, cases[i].to, (long long)why.line, why.text);
        free(bad);
    }
    for (size_t cut = 0; cut < size - 60; cut++) /* before the line of the sums */
        assert_false(bill(text, cut, &mapping, &seen, &summary, &why));
    mapping.columns.key = "no such title";
    assert_false(bill(text, size, &mapping, &seen, &summary, &why));
    assert_string_equal(why.text, "No column is called 'no such title'.");
    free(text);
    arena_fini(&arena);
}

/* Lines without end behind a head, counted as they are asked for. */
struct endless {
    const char *head;
    size_t asked;
};

static int64_t endless_read(void *context, void *data, size_t size)
{
    struct endless *endless = context;
    size_t head = strlen(endless->head);

    for (size_t i = 0; i < size; i++, endless->asked++)
        ((char *)data)[i] = endless->asked < head      ? endless->head[endless->asked]
                            : endless->asked % 50 == 0 ? '\n'
                                                       : 'x';
    return endless->asked < ENDLESS_BYTES ? (int64_t)size : 0;
}

/* It would take the rest of the file for one cell: where it began is said before much of it is held. */
static void a_quote_that_is_not_closed_is_refused_where_it_began(void **state)
{
    static const struct {
        const char *head;
        int64_t line;
    } cases[] = {
        {"number,amount,time,state\nA,\"1.00", 2},
        {"number,amount,time,state\n\nA,\"1\n2\",\"3\n4\",\"\n", 5}, /* a cell ended in the line, another began */
        {"number,\"amount\n", 1},
    };
    const struct statement_wish wish = {.currency = "CNY"};
    const struct mapping mapping = {.columns = {"number", "amount", "time", "state", NULL, NULL}, .date = "%Y"};
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct endless endless = {cases[i].head, 0};
        struct statement_source source = {endless_read, &endless};
        struct statement_summary summary;
        struct statement_why why = {0};
        struct seen seen = {0};

        assert_false(bill_read(&source, &mapping, &wish, note, &seen, &summary, &why));
        assert_string_equal(why.text, "A quote is not closed within 65536 bytes.");
        assert_int_equal(why.line, cases[i].line);
        assert_true(endless.asked < ENDLESS_BYTES / 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_of_a_bank_is_read),
        cmocka_unit_test(a_wrong_statement_of_a_bank_is_refused),
        cmocka_unit_test(what_is_said_of_an_entry_stands_before_its_payments_and_once),
        cmocka_unit_test(a_text_that_counts_is_read_to_its_end),
        cmocka_unit_test(entries_of_another_namespace_count_nowhere),
        cmocka_unit_test(payments_of_several_details_are_read),
        cmocka_unit_test(a_cut_statement_is_refused),
        cmocka_unit_test(a_bill_is_read_along_its_mapping),
        cmocka_unit_test(a_wrong_bill_is_refused),
        cmocka_unit_test(a_quote_that_is_not_closed_is_refused_where_it_began),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
