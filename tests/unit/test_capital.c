/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts in capital numerals: the examples of the central bank's rules for vouchers, and the ends of the range. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "report/receipt.h"

static void test_amounts(void **state)
{
    static const struct {
        int64_t minor;
        const char *text;
    } cases[] = {
        {0, "零元整"},
        {1, "壹分"},
        {10, "壹角整"},
        {105, "壹元零伍分"},
        {150, "壹元伍角整"},
        {1000, "壹拾元整"},
        {10000, "壹佰元整"},
        {140950, "壹仟肆佰零玖元伍角整"},
        {600714, "陆仟零柒元壹角肆分"},
        {168032, "壹仟陆佰捌拾元叁角贰分"},
        {10700053, "壹拾万零柒仟元伍角叁分"},
        {1640902, "壹万陆仟肆佰零玖元零贰分"},
        {32504, "叁佰贰拾伍元零肆分"},
        {100000000, "壹佰万元整"},
        {10000000100, "壹亿零壹元整"},
        {1000500000, "壹仟万零伍仟元整"},
        {123456789012345, "壹万贰仟叁佰肆拾伍亿陆仟柒佰捌拾玖万零壹佰贰拾叁元肆角伍分"},
        {MONEY_INPUT_MAX, "壹仟亿元整"},
        {MONEY_BALANCE_MAX, "壹拾万亿元整"},
    };
    char text[CAPITAL_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        capital_format(money_of(cases[i].minor), text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_amounts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
