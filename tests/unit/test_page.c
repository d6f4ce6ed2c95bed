/* SPDX-License-Identifier: Apache-2.0 */
/* What the worker draws, in this process: input that is no receipt or statement is refused, every row has its page, and
 * where memory ends there is no half of a file. What stands on the pages is read in tests/api. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "report/receipt.h"
#include "report/statement.h"

#define HEAD                                                                                                           \
    "{\"operator\":\"云舟\",\"account\":\"alice\",\"holder\":\"\",\"currency\":\"CNY\",\"from\":null,"               \
    "\"to\":\"2026-11-20T10:00:00.000+08:00\",\"made_at\":\"2026-11-20T10:00:00.000+08:00\",\"opening\":0,"            \
    "\"closing\":700}\n"
#define AROUND(receipt)                                                                                                \
    "{\"operator\":\"云舟\",\"issued_at\":\"2026-11-20T10:00:00.000+08:00\",\"verify\":\"https://x/verify/y\","      \
    "\"proof\":\"00\",\"signature\":\"11\",\"key\":\"22\",\"receipt\":" receipt "}"
#define FACTS(currency)                                                                                                \
    "\"withdrawal\":\"wd_1\",\"currency\":\"" currency "\",\"requested\":\"1234567.80\",\"paid\":\"1234567.80\","      \
    "\"fee\":\"0.00\",\"policy\":\"alibaba\",\"policy_version\":3"

struct drawn {
    struct out out;
    char reason[256];
    enum err err;
};

static struct drawn draw(enum err (*page)(const char *text, size_t size, struct out *out, char reason[256]),
                         const char *text)
{
    struct drawn drawn = {0};

    out_init(&drawn.out);
    drawn.err = page(text, strlen(text), &drawn.out, drawn.reason);
    return drawn;
}

static void refused(enum err (*page)(const char *text, size_t size, struct out *out, char reason[256]),
                    const char *const texts[], const char *reason)
{
    for (size_t i = 0; texts[i] != NULL; i++) {
        struct drawn drawn = draw(page, texts[i]);

        if (drawn.err != ERR_REQUEST)
            fail_msg("%s: %s", texts[i], err_name(drawn.err));
        assert_string_equal(drawn.reason, reason);
        assert_int_equal(drawn.out.size, 0);
        out_fini(&drawn.out);
    }
}

/* How many pages the file says it has, and that it is whole. */
static int pages_of(struct drawn *drawn)
{
    const char *tree;
    int pages = 0;

    if (drawn->err != ERR_NONE)
        fail_msg("%s", drawn->reason);
    assert_memory_equal(drawn->out.data, "%PDF-1.5", 8);
    assert_memory_equal(drawn->out.data + drawn->out.size - 6, "%%EOF\n", 6);
    tree = memmem(drawn->out.data, drawn->out.size, "/Count ", 7);
    assert_non_null(tree);
    assert_int_equal(sscanf(tree, "/Count %d", &pages), 1);
    out_fini(&drawn->out);
    return pages;
}

static void test_what_is_no_receipt_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "[]",
                                        "{\"receipt\":{}}",
                                        "{\"verify\":\"x\"}",
                                        "{\"verify\":\"x\",\"receipt\":[]}",
                                        "{\"verify\":\"\",\"receipt\":{}}",
                                        AROUND("{}") "}",
                                        "{\"verify\":\"x\",\"verify\":\"y\",\"receipt\":{}}",
                                        NULL};

    (void)state;
    refused(receipt_page, texts, "it is no receipt");
}

static void test_what_is_no_statement_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "{}\n",
                                        "[]\n",
                                        HEAD "[]\n",
                                        HEAD "{\"change\":1}\n{\"chan",
                                        HEAD "{\"change\":1}\n\n{\"change\":1}\n",
                                        "{\"currency\":\"CNY\"}",
                                        "{\"currency\":\"CNY\"\n}",
                                        NULL};

    (void)state;
    refused(statement_page, texts, "it is no statement");
}

/* Everything may be absent, in another currency, or a word that this version does not know. */
static void test_any_receipt_is_one_page(void **state)
{
    static const char *const receipts[] = {
        "{}",
        "{" FACTS("CNY") ",\"payments\":[]}",
        "{" FACTS("USD") ",\"route\":\"teleport\",\"destination\":{\"kind\":\"shells\",\"account\":\"7\"}}",
        "{" FACTS("CNY") ",\"route\":\"original\",\"created_at\":\"2026\",\"destination\":{\"kind\":\"bank\",\"bank\":"
                         "\"ICBC\"},\"payments\":[{\"status\":\"returned\",\"channel\":\"alipay\",\"returned_at\":"
                         "\"2026-11-20T10:00:00.000+08:00\"},{\"status\":\"lost\"}]}",
        "{" FACTS("CNY") ",\"payments\":[{},{},{},{},{},{},{},{},{},{},{},{}]}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(receipts); i++) {
        char text[2048];

        snprintf(text, sizeof text, AROUND("%s"), receipts[i]);
        struct drawn drawn = draw(receipt_page, text);

        assert_int_equal(pages_of(&drawn), 1);
    }
}

/* A QR code has room for some 2,300 bytes. */
static void test_an_address_that_fits_no_code_is_no_page(void **state)
{
    char text[8192] = "{\"receipt\":{},\"verify\":\"";
    struct drawn drawn;
    size_t size = strlen(text);

    (void)state;
    memset(text + size, 'x', 4000);
    strcpy(text + size + 4000, "\"}");
    drawn = draw(receipt_page, text);
    assert_int_equal(drawn.err, ERR_RETRY);
    out_fini(&drawn.out);
}

/* 27 rows fit on the first page and 36 on each other one; what moved nothing takes no room. */
static void test_every_movement_has_its_row(void **state)
{
    static const struct {
        int movements, pages;
    } cases[] = {{0, 1}, {1, 1}, {27, 1}, {28, 2}, {63, 2}, {64, 3}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct out lines;
        struct drawn drawn;

        out_init(&lines);
        out_text(&lines, HEAD);
        for (int row = 0; row < cases[i].movements; row++)
            out_format(&lines,
                       "{\"at\":\"2026-11-20T10:00:00.000+08:00\",\"kind\":\"%s\",\"change\":%d}\n{\"change\":0}\n",
                       row % 3 == 0 ? "unheard" : "charge", row % 2 == 0 ? 7 : -7);
        drawn = draw(statement_page, lines.data);
        assert_int_equal(pages_of(&drawn), cases[i].pages);
        out_fini(&lines);
    }
}

/* As it is when memory ended before anything was written. */
static void test_a_file_that_finds_no_room_is_a_fault(void **state)
{
    enum err (*const pages[])(const char *text, size_t size, struct out *out, char reason[256]) = {receipt_page,
                                                                                                   statement_page};
    const char *const texts[] = {AROUND("{}"), HEAD};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(pages); i++) {
        char reason[256];
        struct out out;

        out_init(&out);
        out.failed = true;
        assert_int_equal(pages[i](texts[i], strlen(texts[i]), &out, reason), ERR_FATAL);
        assert_string_equal(reason, "out of memory");
        assert_int_equal(out.size, 0);
        out_fini(&out);
    }
}

/* Fonts are kept as long as the process lives, also by threads that end before it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_receipt_is_refused),
        cmocka_unit_test(test_what_is_no_statement_is_refused),
        cmocka_unit_test(test_any_receipt_is_one_page),
        cmocka_unit_test(test_an_address_that_fits_no_code_is_no_page),
        cmocka_unit_test(test_every_movement_has_its_row),
        cmocka_unit_test(test_a_file_that_finds_no_room_is_a_fault),
    };

    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
