/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/field.h"

#include <stdio.h>
#include <string.h>

static const char *const colour_texts[] = {"none", "red", "green"};
static const struct words colour_words = {"colour", colour_texts, 3};

struct part {
    const char *ref;
    struct money amount;
};
struct place {
    const char *name, *account;
    bool given;
};
struct order {
    const char *ref, *note;
    struct money amount, least;
    int64_t count;
    int colour;
    bool urgent;
    struct instant at;
    struct place destination;
    struct field_list parts, tags;
    bool parts_given;
};

static const struct field part_fields[] = {
    {"ref", FIELD_REF, FIELD_REQUIRED, offsetof(struct part, ref)},
    {"amount", FIELD_MONEY, FIELD_REQUIRED | FIELD_POSITIVE, offsetof(struct part, amount)},
};
static const struct shape part_shape = {"part", sizeof(struct part), part_fields, ARRAY_COUNT(part_fields)};
static const struct field place_fields[] = {
    {"name", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct place, name), .min = 1, .max = 8},
    {"account", FIELD_TEXT, FIELD_REQUIRED, offsetof(struct place, account)},
};
static const struct shape place_shape = {"destination", sizeof(struct place), place_fields, ARRAY_COUNT(place_fields)};
static const struct field order_fields[] = {
    {"ref", FIELD_REF, FIELD_REQUIRED, offsetof(struct order, ref)},
    {"note", FIELD_TEXT, FIELD_NULLABLE, offsetof(struct order, note)},
    {"amount", FIELD_MONEY, FIELD_REQUIRED | FIELD_POSITIVE, offsetof(struct order, amount)},
    {"least", FIELD_MONEY, 0, offsetof(struct order, least)},
    {"count", FIELD_COUNT, 0, offsetof(struct order, count), .min = -2, .max = 9},
    {"colour", FIELD_WORD, FIELD_NULLABLE, offsetof(struct order, colour), .words = &colour_words},
    {"urgent", FIELD_BOOL, 0, offsetof(struct order, urgent)},
    {"at", FIELD_INSTANT, FIELD_NULLABLE, offsetof(struct order, at)},
    {"destination", FIELD_OBJECT, FIELD_NULLABLE, offsetof(struct order, destination), .shape = &place_shape,
     .present_offset = offsetof(struct order, destination.given)},
    {"parts", FIELD_ARRAY, FIELD_NULLABLE, offsetof(struct order, parts), .min = 1, .max = 2, .shape = &part_shape,
     .present_offset = offsetof(struct order, parts_given)},
    {"tags", FIELD_ARRAY, 0, offsetof(struct order, tags)},
};
static const struct shape order_shape = {"order", sizeof(struct order), order_fields, ARRAY_COUNT(order_fields)};

static struct arena arena;
static struct field_problems problems;

static enum err read_order(const char *json, struct order *ret)
{
    arena_reset(&arena);
    problems.count = 0;
    return field_read_json(json, strlen(json), &order_shape, &arena, ret, &problems);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void everything_is_read(void **state)
{
    struct order order = {0};

    (void)state;
    assert_int_equal(read_order("{\"ref\":\"w-1\",\"note\":\"退款\",\"amount\":10000,\"least\":0,\"count\":-2,"
                                "\"colour\":\"green\",\"urgent\":true,\"at\":\"2026-11-20T10:00:00+08:00\","
                                "\"destination\":{\"name\":\"a\",\"account\":\"\"},"
                                "\"parts\":[{\"ref\":\"t1\",\"amount\":1},{\"ref\":\"t2\",\"amount\":10000000000000}],"
                                "\"tags\":[\"x\",\"y\"]}",
                                &order),
                     ERR_NONE);
    assert_int_equal(problems.count, 0);
    assert_string_equal(order.ref, "w-1");
    assert_string_equal(order.note, "退款");
    assert_int_equal(order.amount.minor, 10000);
    assert_int_equal(order.count, -2);
    assert_int_equal(order.colour, 2);
    assert_true(order.urgent);
    assert_int_equal(order.at.ms, INT64_C(1795140000000));
    assert_true(order.destination.given);
    assert_string_equal(order.destination.account, "");
    assert_true(order.parts_given);
    assert_int_equal(order.parts.count, 2);
    assert_string_equal(((struct part *)order.parts.items)[1].ref, "t2");
    assert_int_equal(((struct part *)order.parts.items)[1].amount.minor, MONEY_INPUT_MAX);
    assert_string_equal(((const char **)order.tags.items)[1], "y");
}

static void what_is_absent_or_null_keeps_its_default(void **state)
{
    static const char *const rows[] = {
        "{\"ref\":\"w\",\"amount\":1}",
        "{\"ref\":\"w\",\"amount\":1,\"note\":null,\"colour\":null,\"at\":null,\"destination\":null,\"parts\":null}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct order order = {.note = "default", .colour = 1, .count = 5};
        assert_int_equal(read_order(rows[i], &order), ERR_NONE);
        assert_string_equal(order.note, "default");
        assert_int_equal(order.colour, 1);
        assert_int_equal(order.count, 5);
        assert_int_equal(order.at.ms, 0);
        assert_false(order.destination.given);
        assert_null(order.destination.name);
        assert_false(order.parts_given);
    }
}

/* Each row is the good order with one member more, or one value in its place. */
static const struct {
    const char *json, *pointer, *code;
} wrong_orders[] = {
    {"{\"amount\":1}", "/ref", "missing"},
    {"{\"ref\":\"w\"}", "/amount", "missing"},
    {"{\"ref\":null,\"amount\":1}", "/ref", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":null}", "/amount", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"least\":null}", "/least", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"extra\":1}", "/extra", "unknown"},
    {"{\"ref\":\"w\",\"amount\":1,\"Ref\":\"w\"}", "/Ref", "unknown"},
    {"{\"ref\":\"w\",\"amount\":1,\"a/b~c\":1}", "/a~1b~0c", "unknown"},
    {"{\"ref\":\"w\",\"amount\":\"1\"}", "/amount", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1.0}", "/amount", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1e2}", "/amount", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":true}", "/amount", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":0}", "/amount", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":-1}", "/amount", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"least\":-1}", "/least", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":10000000000001}", "/amount", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":9223372036854775807}", "/amount", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":9223372036854775808}", "/amount", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":-9223372036854775809}", "/amount", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"parts\":[{\"ref\":\"t\",\"amount\":1},{\"amount\":99999999999999999999}]}",
     "/parts/1/amount", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"count\":-3}", "/count", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"count\":10}", "/count", "out_of_range"},
    {"{\"ref\":\"\",\"amount\":1}", "/ref", "out_of_range"},
    {"{\"ref\":\"a b\",\"amount\":1}", "/ref", "malformed"},
    {"{\"ref\":\"a\\u0000\",\"amount\":1}", "", "malformed"},
    {"{\"ref\":\"01234567890123456789012345678901234567890123456789012345678901234\",\"amount\":1}", "/ref",
     "too_long"},
    {"{\"ref\":\"w\",\"amount\":1,\"note\":\"a\\nb\"}", "/note", "malformed"},
    {"{\"ref\":\"w\",\"amount\":1,\"note\":5}", "/note", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"colour\":\"blue\"}", "/colour", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"colour\":\"none\"}", "/colour", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"colour\":1}", "/colour", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"urgent\":1}", "/urgent", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"urgent\":\"true\"}", "/urgent", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"at\":\"2026-11-20\"}", "/at", "malformed"},
    {"{\"ref\":\"w\",\"amount\":1,\"at\":1795140000}", "/at", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"destination\":[]}", "/destination", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"destination\":{\"name\":\"a\"}}", "/destination/account", "missing"},
    {"{\"ref\":\"w\",\"amount\":1,\"destination\":{\"name\":\"\",\"account\":\"1\"}}", "/destination/name",
     "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"destination\":{\"name\":\"123456789\",\"account\":\"1\"}}", "/destination/name",
     "too_long"},
    {"{\"ref\":\"w\",\"amount\":1,\"destination\":{\"name\":\"a\",\"account\":\"1\",\"x\":1}}", "/destination/x",
     "unknown"},
    {"{\"ref\":\"w\",\"amount\":1,\"parts\":{}}", "/parts", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"parts\":[]}", "/parts", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"parts\":[{},{},{}]}", "/parts", "out_of_range"},
    {"{\"ref\":\"w\",\"amount\":1,\"parts\":[{\"ref\":\"t t\",\"amount\":1}]}", "/parts/0/ref", "malformed"},
    {"{\"ref\":\"w\",\"amount\":1,\"parts\":[{\"ref\":\"t\",\"amount\":1},7]}", "/parts/1", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"tags\":[\"a\",1]}", "/tags/1", "wrong_type"},
    {"{\"ref\":\"w\",\"amount\":1,\"tags\":[\"\"]}", "/tags/0", "out_of_range"},
    {"{\"r\\u0065f\":\"w\",\"ref\":\"v\"}", "/ref", "duplicate"},
    {"{\"a\\/\\n\\ud83d\\ude00\":1,\"a\\/\\n\\uD83D\\uDE00\":2}", "/a~1\n\xF0\x9F\x98\x80", "duplicate"},
    {"{\"ref\":\"w\",\"amount\":1,\"amount\":2}", "/amount", "duplicate"},
    {"{\"ref\":\"w\",\"amount\":1,\"destination\":{\"name\":\"a\",\"name\":\"b\",\"account\":\"1\"}}",
     "/destination/name", "duplicate"},
    {"{\"ref\":\"w\",\"parts\":[{\"ref\":\"a\",\"amount\":1},{\"ref\":\"]\\\"}\",\"ref\":\"b\"}]}", "/parts/1/ref",
     "duplicate"},
    {"[]", "", "wrong_type"},
    {"5", "", "wrong_type"},
    {"null", "", "wrong_type"},
    {"", "", "malformed"},
    {"{", "", "malformed"},
    {"{\"ref\":\"w\",\"amount\":1}x", "", "malformed"},
    {"{\"ref\":\"w\",\"amount\":1} {}", "", "malformed"},
    {"{\"ref\":\"w\",\"amount\":1,}", "", "malformed"},
    {"{'ref':'w'}", "", "malformed"},
    {"{\"ref\":\"\xFF\",\"amount\":1}", "", "malformed"},
    {"{\"ref\":\"w\",\"amount\":01}", "", "malformed"},
    {"{\"ref\":\"w\",\"amount\":NaN}", "", "malformed"},
    {"{\"ref\":\"w\",\"amount\":+1}", "", "malformed"},
    {"[[[[[[[[[]]]]]]]]]", "", "malformed"},
};

static void one_thing_wrong_is_one_problem(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(wrong_orders); i++) {
        struct order order, untouched;
        memset(&order, 0x5A, sizeof order);
        memset(&untouched, 0x5A, sizeof untouched);
        assert_int_equal(read_order(wrong_orders[i].json, &order), ERR_REQUEST);
        if (problems.count != 1 || strcmp(problems.items[0].pointer, wrong_orders[i].pointer) != 0 ||
            strcmp(problems.items[0].code, wrong_orders[i].code) != 0)
            fail_msg("%s: %zu problems, the first %s at \"%s\"", wrong_orders[i].json, problems.count,
                     problems.items[0].code, problems.items[0].pointer);
        assert_memory_equal(&order, &untouched, sizeof order);
    }
}

static void details_say_what_is_expected(void **state)
{
    struct order order = {0};

    (void)state;
    assert_int_equal(read_order("{\"ref\":\"w\",\"amount\":1.5,\"colour\":\"blue\"}", &order), ERR_REQUEST);
    assert_string_equal(problems.items[0].detail, "expected an integer of minor units");
    assert_string_equal(problems.items[1].detail, "expected one of red, green");
    assert_int_equal(read_order("{\n  \"ref\": w}", &order), ERR_REQUEST);
    assert_non_null(strstr(problems.items[0].detail, "line 2"));
}

static void all_problems_are_reported(void **state)
{
    struct order order = {0};
    char json[1024] = "{\"amount\":-1,\"note\":7,\"destination\":{\"name\":\"\"},\"x\":1";

    (void)state;
    strcat(json, "}");
    assert_int_equal(read_order(json, &order), ERR_REQUEST);
    static const char *const pointers[] = {"/ref", "/note", "/amount", "/destination/name", "/destination/account",
                                           "/x"};
    assert_int_equal(problems.count, ARRAY_COUNT(pointers));
    for (size_t i = 0; i < ARRAY_COUNT(pointers); i++)
        assert_string_equal(problems.items[i].pointer, pointers[i]);

    snprintf(json, sizeof json, "{\"ref\":\"w\",\"amount\":1");
    for (int i = 0; i < 40; i++)
        snprintf(json + strlen(json), sizeof json - strlen(json), ",\"x%d\":1", i);
    strcat(json, "}");
    assert_int_equal(read_order(json, &order), ERR_REQUEST);
    assert_int_equal(problems.count, FIELD_PROBLEMS_MAX);
}

static void a_full_list_of_problems_still_refuses(void **state)
{
    struct order order = {0};
    const char *json = "{\"ref\":\"w\",\"amount\":0}";

    (void)state;
    arena_reset(&arena);
    problems.count = FIELD_PROBLEMS_MAX;
    assert_int_equal(field_read_json(json, strlen(json), &order_shape, &arena, &order, &problems), ERR_REQUEST);
    assert_int_equal(problems.count, FIELD_PROBLEMS_MAX);
}

static void long_names_are_cut_in_pointers(void **state)
{
    struct order order = {0};
    char json[1024] = "{\"ref\":\"w\",\"amount\":1,\"";

    (void)state;
    for (int i = 0; i < 300; i++)
        strcat(json, "~");
    strcat(json, "\":1}");
    assert_int_equal(read_order(json, &order), ERR_REQUEST);
    assert_int_equal(problems.count, 1);
    assert_true(strlen(problems.items[0].pointer) < FIELD_POINTER_BYTES);
}

static void depth_is_counted_outside_texts(void **state)
{
    struct order order = {0};

    (void)state;
    assert_int_equal(read_order("{\"ref\":\"w\",\"amount\":1,\"note\":\"[[[[[[[[[[[[ \\\" {{{{{{{{{{\"}", &order),
                     ERR_NONE);
    assert_int_equal(read_order("{\"x\":[[[[[[[]]]]]]]}", &order), ERR_REQUEST);
    assert_string_equal(problems.items[0].code, "missing"); /* eight levels are read */
    assert_int_equal(read_order("{\"x\":[[[[[[[[]]]]]]]]}", &order), ERR_REQUEST);
    assert_non_null(strstr(problems.items[0].detail, "deeper than 8"));
}

/* ---- memory: the first, second, … allocation fails until none does ---- */

static int allocations_left = -1; /* negative: the machine has enough */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    if (allocations_left > 0)
        allocations_left--;
    return __real_malloc(size);
}

static void any_allocation_may_fail(void **state)
{
    const char *json =
        "{\"ref\":\"w\",\"amount\":1,\"note\":\"some text\",\"destination\":{\"name\":\"a\",\"account\":\"1\"},"
        "\"parts\":[{\"ref\":\"t\",\"amount\":1}],\"tags\":[\"a\",\"b\"]}";
    enum err err = ERR_RETRY;
    int tries = 0;

    (void)state;
    while (err != ERR_NONE) {
        struct order order = {0}, untouched = {0};
        allocations_left = tries++;
        arena_fini(&arena); /* its chunks are allocations too */
        err = read_order(json, &order);
        allocations_left = -1;
        if (err != ERR_NONE) {
            assert_int_equal(problems.count, 0);
            assert_int_equal(err, ERR_RETRY);
            assert_memory_equal(&order, &untouched, sizeof order);
        }
        assert_true(tries < 1000);
    }
    assert_true(tries > 10);
}

static void a_small_arena_asks_to_retry(void **state)
{
    const char *json =
        "{\"ref\":\"w\",\"amount\":1,\"note\":\"text\",\"parts\":[{\"ref\":\"t\",\"amount\":1}],\"tags\":[\"a\"]}";
    size_t enough = 0;

    (void)state;
    for (size_t bytes = 0; bytes < 1024 && enough == 0; bytes += 16) {
        struct order order = {0};
        struct arena small;
        arena_init(&small, bytes);
        problems.count = 0;
        enum err err = field_read_json(json, strlen(json), &order_shape, &small, &order, &problems);
        if (err == ERR_NONE)
            enough = bytes;
        else
            assert_int_equal(err, ERR_RETRY);
        assert_int_equal(problems.count, 0);
        arena_fini(&small);
    }
    assert_true(enough > sizeof(struct order));
}

static void words_have_texts_and_back(void **state)
{
    int word = 77;

    (void)state;
    assert_string_equal(word_text(&colour_words, 0), "none");
    assert_string_equal(word_text(&colour_words, 2), "green");
    assert_true(word_parse(&colour_words, "red", &word));
    assert_int_equal(word, 1);
    word = 77;
    assert_false(word_parse(&colour_words, "none", &word));
    assert_false(word_parse(&colour_words, "RED", &word));
    assert_false(word_parse(&colour_words, "", &word));
    assert_false(word_parse(&colour_words, NULL, &word));
    assert_int_equal(word, 77);
    assert_true(DIES((void)word_text(&colour_words, 3)));
    assert_true(DIES((void)word_text(&colour_words, -1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_is_absent_or_null_keeps_its_default),
        cmocka_unit_test(one_thing_wrong_is_one_problem),
        cmocka_unit_test(details_say_what_is_expected),
        cmocka_unit_test(all_problems_are_reported),
        cmocka_unit_test(a_full_list_of_problems_still_refuses),
        cmocka_unit_test(long_names_are_cut_in_pointers),
        cmocka_unit_test(depth_is_counted_outside_texts),
        cmocka_unit_test(any_allocation_may_fail),
        cmocka_unit_test(a_small_arena_asks_to_retry),
        cmocka_unit_test(words_have_texts_and_back),
    };
    return cmocka_run_group_tests_name("field", tests, setup, teardown);
}
