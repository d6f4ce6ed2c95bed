/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/field.h"
#include "base/out.h"

#include <string.h>

static bool machine_is_empty;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size)
{
    return machine_is_empty ? NULL : __real_realloc(old, size);
}

static void assert_written(const struct out *out, const char *expected)
{
    assert_false(out->failed);
    assert_int_equal(out->size, strlen(expected));
    assert_string_equal(out->data, expected);
}

static void commas_and_nesting_keep_themselves(void **state)
{
    SCOPED(out_fini) struct out out;

    (void)state;
    out_init(&out);
    out_object(&out, NULL);
    out_string(&out, "a", "x");
    out_array(&out, "b");
    out_int(&out, NULL, 1);
    out_object(&out, NULL);
    out_object_end(&out);
    out_array(&out, NULL);
    out_array_end(&out);
    out_bool(&out, NULL, true);
    out_array_end(&out);
    out_money(&out, "m", money_of(-5));
    out_null(&out, "n");
    out_raw(&out, "r", "[1]", 3);
    out_object(&out, "o");
    out_bool(&out, "f", false);
    out_object_end(&out);
    out_int(&out, "i", INT64_MIN);
    out_object_end(&out);
    assert_written(&out, "{\"a\":\"x\",\"b\":[1,{},[],true],\"m\":-5,\"n\":null,\"r\":[1],\"o\":{\"f\":false},"
                         "\"i\":-9223372036854775808}");
    out_reset(&out);
    out_int(&out, NULL, 1);
    out_text(&out, "\n");
    out_int(&out, NULL, 2); /* lines of JSON: no comma between values at the top */
    assert_written(&out, "1\n2");
}

static void moments_and_ids_have_their_forms(void **state)
{
    SCOPED(out_fini) struct out out = {0};

    (void)state;
    out_object(&out, NULL);
    out_instant(&out, "at", (struct instant){INT64_C(1795140000000)});
    out_instant(&out, "never", INSTANT_NONE);
    out_id(&out, "id", "wd", 33);
    out_id(&out, "none", "wd", 0);
    out_object_end(&out);
    assert_written(&out,
                   "{\"at\":\"2026-11-20T10:00:00+08:00\",\"never\":null,\"id\":\"wd_0000000000011\",\"none\":null}");
}

static void texts_are_escaped(void **state)
{
    static const struct {
        const char *value, *json;
    } rows[] = {
        {"", "\"\""},
        {"plain/text", "\"plain/text\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"\n\r\t\b\x01\x1f", "\"\\n\\r\\t\\u0008\\u0001\\u001f\""},
        {"\x7f", "\"\x7f\""},
        {"张三", "\"张三\""},
        {"\xF0\x9F\x92\xB0", "\"\xF0\x9F\x92\xB0\""},
        {"a\xFFz", "\"a\xEF\xBF\xBDz\""},                             /* never a first byte */
        {"\x80", "\"\xEF\xBF\xBD\""},                                 /* a continuation alone */
        {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                 /* overlong "/" */
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* a surrogate */
        {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xE5\xBC", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* cut off */
        {"\xE5\"", "\"\xEF\xBF\xBD\\\"\""},           /* cut off by what must be escaped */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        SCOPED(out_fini) struct out out = {0};
        out_string(&out, NULL, rows[i].value);
        assert_written(&out, rows[i].json);
    }
}

static void keys_are_escaped_too(void **state)
{
    SCOPED(out_fini) struct out out = {0};

    (void)state;
    out_object(&out, NULL);
    out_string(&out, "a\"b", NULL);
    out_object_end(&out);
    assert_written(&out, "{\"a\\\"b\":null}");
}

static void broken_json_meets_the_invariant(void **state)
{
    struct out object = {0}, array = {0}, top = {0};

    (void)state;
    out_object(&object, NULL);
    out_array(&array, NULL);
    assert_true(DIES(out_int(&object, NULL, 1)));
    assert_true(DIES(out_int(&array, "k", 1)));
    assert_true(DIES(out_int(&top, "k", 1)));
    assert_true(DIES(out_array_end(&object)));
    assert_true(DIES(out_object_end(&array)));
    assert_true(DIES(out_object_end(&top)));
    assert_true(DIES(for (int i = 0; i < 64; i++) out_array(&array, NULL)));
    out_fini(&object);
    out_fini(&array);
}

static void it_grows_and_keeps_what_it_has(void **state)
{
    SCOPED(out_fini) struct out out = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        out_format(&out, "%04d", i);
    assert_int_equal(out.size, 40000);
    assert_memory_equal(out.data, "00000001", 8);
    assert_memory_equal(out.data + 39996, "9999", 5);
    out_bytes(&out, "a\0b", 3);
    assert_memory_equal(out.data + 40000, "a\0b", 4);
}

static void without_memory_it_is_silent_and_says_so(void **state)
{
    SCOPED(out_fini) struct out out = {0};

    (void)state;
    out_array(&out, NULL);
    out_string(&out, NULL, "before");
    machine_is_empty = true;
    for (int i = 0; i < 1000; i++)
        out_string(&out, NULL, "more than fits into the first piece");
    machine_is_empty = false;
    assert_true(out.failed);
    size_t size = out.size;
    out_string(&out, NULL, "after"); /* half an answer must not go on */
    out_array_end(&out);
    assert_int_equal(out.size, size);
    out_reset(&out);
    out_bool(&out, NULL, true);
    assert_written(&out, "true");
}

static void utf8_and_refs_are_told_apart(void **state)
{
    (void)state;
    assert_true(text_utf8_ok("张三 (a)", strlen("张三 (a)")));
    assert_true(text_utf8_ok("", 0));
    assert_false(text_utf8_ok("a\nb", 3));
    assert_false(text_utf8_ok("a\0b", 3));
    assert_false(text_utf8_ok("\x7f", 1));
    assert_false(text_utf8_ok("\xC2\x85", 2)); /* U+0085, a C1 control */
    assert_true(text_utf8_ok("\xC2\xA0", 2));
    assert_false(text_utf8_ok("\xE5\xBC\xA0", 2));
    assert_true(field_ref_ok("A-z_0.9:@"));
    assert_true(field_ref_ok("0123456789012345678901234567890123456789012345678901234567890123"));
    assert_false(field_ref_ok("01234567890123456789012345678901234567890123456789012345678901234"));
    assert_false(field_ref_ok(""));
    assert_false(field_ref_ok("a b"));
    assert_false(field_ref_ok("a/b"));
    assert_false(field_ref_ok("张"));
    assert_false(field_ref_ok(NULL));
}

static void what_is_no_text_is_made_text(void **state)
{
    static const struct {
        const char *bytes, *text;
    } cases[] = {{"", ""},
                 {"张 a", "张 a"},
                 {"\xFF", "?"},
                 {"a\nb\x7f", "a?b?"},
                 {"\xC2\x85.", "??."},
                 {"\xED\xA0\x80", "???"}, /* half of a surrogate pair */
                 {"\xE5\xBC", "??"},
                 {"0123456789", "0123456"},
                 {"01234\xE5\xBC\xA0", "01234??"}}; /* the cut goes through it */
    char text[8];
    (void)state;

    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        memset(text, 'x', sizeof text);
        memcpy(text, cases[i].bytes, strnlen(cases[i].bytes, sizeof text - 1) + 1);
        text_clean(text, sizeof text);
        assert_string_equal(text, cases[i].text);
        assert_true(text_utf8_ok(text, strlen(text)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_nesting_keep_themselves),
        cmocka_unit_test(moments_and_ids_have_their_forms),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(keys_are_escaped_too),
        cmocka_unit_test(broken_json_meets_the_invariant),
        cmocka_unit_test(it_grows_and_keeps_what_it_has),
        cmocka_unit_test(without_memory_it_is_silent_and_says_so),
        cmocka_unit_test(utf8_and_refs_are_told_apart),
        cmocka_unit_test(what_is_no_text_is_made_text),
    };
    return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
