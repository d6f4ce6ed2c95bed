/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the central bank for vouchers: no digit that a stroke turns into another; zeros within the figure are
 * said once; 整 closes an amount that ends before 分. */
#include "report/receipt.h"

#include <stdio.h>
#include <string.h>

static const char *const digits[] = {"零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"};
static const char *const places[] = {"", "拾", "佰", "仟"};
static const char *const groups[] = {"", "万", "亿", "万"}; /* the last one of 亿 */

struct capital {
    char *text;
    bool zero; /* one is owed before the next digit */
};

static void say(struct capital *capital, const char *word)
{
    strcat(capital->text, word);
}

static void say_digit(struct capital *capital, int digit, const char *place)
{
    if (digit == 0) {
        capital->zero = capital->text[0] != '\0';
        return;
    }
    if (capital->zero)
        say(capital, digits[0]);
    capital->zero = false;
    say(capital, digits[digit]);
    say(capital, place);
}

static void say_group(struct capital *capital, int group, int value)
{
    static const int powers[] = {1, 10, 100, 1000};

    for (int place = 3; place >= 0; place--)
        say_digit(capital, value / powers[place] % 10, places[place]);
    if (value > 0)
        say(capital, groups[group]);
}

void capital_format(struct money amount, char ret[CAPITAL_BYTES])
{
    struct capital capital = {.text = ret};
    int64_t whole = amount.minor / 100;
    int part = (int)(amount.minor % 100);

    ret[0] = '\0';
    INVARIANT(110, amount.minor >= 0 && whole < INT64_C(10000000000000000));
    for (int group = 3; group >= 0; group--) {
        int64_t unit = group == 3 ? INT64_C(1000000000000) : group == 2 ? 100000000 : group == 1 ? 10000 : 1;

        say_group(&capital, group, (int)(whole / unit % 10000));
        if (group == 2 && whole / unit > 0 && whole / unit % 10000 == 0)
            say(&capital, groups[2]);
    }
    if (whole > 0)
        say(&capital, "元");
    if (part >= 10)
        capital.zero = false;
    say_digit(&capital, part / 10, "角");
    say_digit(&capital, part % 10, "分");
    if (whole == 0 && part == 0)
        say(&capital, "零元");
    if (part % 10 == 0)
        say(&capital, "整");
}
