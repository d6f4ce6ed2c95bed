/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "base/money.h"

#include <string.h>

static void arithmetic_is_exact(void **state)
{
    (void)state;
    assert_int_equal(money_add(money_of(7), money_of(-9)).minor, -2);
    assert_int_equal(money_sub(money_of(7), money_of(9)).minor, -2);
    assert_int_equal(money_sub_floor(money_of(7), money_of(9)).minor, 0);
    assert_int_equal(money_sub_floor(money_of(9), money_of(7)).minor, 2);
    assert_int_equal(money_sub_floor(money_of(7), money_of(7)).minor, 0);
    assert_int_equal(money_negate(money_of(5)).minor, -5);
    assert_int_equal(money_add(money_of(INT64_MAX - 1), money_of(1)).minor, INT64_MAX);
    assert_int_equal(money_sub(money_of(INT64_MIN + 1), money_of(1)).minor, INT64_MIN);
    assert_int_equal(money_compare(money_of(1), money_of(2)), -1);
    assert_int_equal(money_compare(money_of(2), money_of(2)), 0);
    assert_int_equal(money_compare(money_of(3), money_of(2)), 1);
    assert_int_equal(money_min(money_of(1), money_of(-1)).minor, -1);
    assert_int_equal(money_max(money_of(1), money_of(-1)).minor, 1);
}

static void overflow_stops_the_process(void **state)
{
    (void)state;
    assert_true(DIES(money_add(money_of(INT64_MAX), money_of(1))));
    assert_true(DIES(money_add(money_of(INT64_MIN), money_of(-1))));
    assert_true(DIES(money_sub(money_of(INT64_MIN), money_of(1))));
    assert_true(DIES(money_sub_floor(money_of(INT64_MAX), money_of(-1))));
    assert_true(DIES(money_negate(money_of(INT64_MIN))));
    assert_false(DIES(money_add(money_of(INT64_MAX), money_of(0))));
}

static void currencies_have_their_digits(void **state)
{
    static const struct {
        const char *code;
        int digits;
    } rows[] = {{"CNY", 2}, {"USD", 2},  {"EUR", 2}, {"HKD", 2},   {"JPY", 0}, {"KRW", 0},  {"KWD", 3}, {"ZAR", 2},
                {"AED", 2}, {"cny", -1}, {"CN", -1}, {"CNYX", -1}, {"", -1},   {"XXX", -1}, {"cod", -1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        assert_int_equal(currency_digits(rows[i].code), rows[i].digits);
    assert_int_equal(currency_digits(NULL), -1);
}

static void amounts_print_with_their_point(void **state)
{
    static const struct {
        int64_t minor;
        const char *currency, *text;
    } rows[] = {
        {0, "CNY", "0.00"},
        {5, "CNY", "0.05"},
        {100, "CNY", "1.00"},
        {100000, "CNY", "1000.00"},
        {-5, "CNY", "-0.05"},
        {-12345, "CNY", "-123.45"},
        {1000, "JPY", "1000"},
        {0, "JPY", "0"},
        {-7, "JPY", "-7"},
        {1, "KWD", "0.001"},
        {12345, "KWD", "12.345"},
        {INT64_MAX, "CNY", "92233720368547758.07"},
        {INT64_MIN, "CNY", "-92233720368547758.08"},
        {INT64_MIN, "XXX", "-9223372036854775808 minor"},
    };
    char text[MONEY_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        money_format(money_of(rows[i].minor), rows[i].currency, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void amounts_read_exactly_or_not_at_all(void **state)
{
    static const struct {
        const char *text, *currency;
        int64_t minor; /* -1: refused */
    } rows[] = {
        {"0", "CNY", 0},
        {"0.00", "CNY", 0},
        {"0.01", "CNY", 1},
        {"1", "CNY", 100},
        {"1.5", "CNY", 150},
        {"1000.00", "CNY", 100000},
        {"1000", "JPY", 1000},
        {"0.001", "KWD", 1},
        {"100000000000.00", "CNY", MONEY_INPUT_MAX},
        {"100000000000.01", "CNY", -1},
        {"100000000000", "CNY", MONEY_INPUT_MAX},
        {"100000000001", "CNY", -1},
        {"10000000000000", "JPY", MONEY_INPUT_MAX},
        {"10000000000001", "JPY", -1},
        {"99999999999999999999999999999999", "CNY", -1},
        {"1.005", "CNY", -1},
        {"1.0", "JPY", -1},
        {"1.", "CNY", -1},
        {".5", "CNY", -1},
        {"", "CNY", -1},
        {"010", "CNY", -1},
        {"00", "CNY", -1},
        {"00.5", "CNY", -1},
        {"-1", "CNY", -1},
        {"+1", "CNY", -1},
        {" 1", "CNY", -1},
        {"1 ", "CNY", -1},
        {"1e3", "CNY", -1},
        {"1,000", "CNY", -1},
        {"1.2.3", "CNY", -1},
        {"\xEF\xBC\x91", "CNY", -1}, /* a full-width 1 */
        {"1", "XXX", -1},
        {NULL, "CNY", -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct money money = money_of(-77);
        assert_int_equal(money_parse(rows[i].text, rows[i].currency, &money), rows[i].minor >= 0);
        assert_int_equal(money.minor, rows[i].minor >= 0 ? rows[i].minor : -77);
    }
}

static void what_is_printed_reads_back(void **state)
{
    static const char *const currencies[] = {"CNY", "JPY", "KWD"};
    char text[MONEY_TEXT_BYTES];

    (void)state;
    for (int64_t minor = 0; minor < MONEY_INPUT_MAX; minor = minor * 3 + 1) {
        struct money back = MONEY_ZERO;
        const char *currency = currencies[minor % 3];
        money_format(money_of(minor), currency, text);
        assert_true(money_parse(text, currency, &back));
        assert_int_equal(back.minor, minor);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_is_exact),
        cmocka_unit_test(overflow_stops_the_process),
        cmocka_unit_test(currencies_have_their_digits),
        cmocka_unit_test(amounts_print_with_their_point),
        cmocka_unit_test(amounts_read_exactly_or_not_at_all),
        cmocka_unit_test(what_is_printed_reads_back),
    };
    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
