/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals of policy files and of the command line (base/money.h): what is accepted is what a second, slower reading of
 * the digits says, and comes back as a text of the same amount. The first byte chooses the currency. */
#include "base/money.h"
#include "fuzz.h"

static const char *const currencies[] = {"CNY", "USD", "JPY", "KWD", "EUR", "CLP", "XXX"};

/* [1-9][0-9]* or 0, then at most `digits` decimals behind a point; the value in minor units, bounded. */
static bool decimal_read(const char *text, int digits, int64_t *ret)
{
    size_t whole = strspn(text, "0123456789"), fraction = 0;
    __int128 value = 0;

    if (whole == 0 || (text[0] == '0' && whole > 1))
        return false;
    if (text[whole] == '.') {
        fraction = strspn(text + whole + 1, "0123456789");
        if (fraction == 0 || fraction > (size_t)digits || text[whole + 1 + fraction] != '\0')
            return false;
    } else if (text[whole] != '\0') {
        return false;
    }
    for (size_t i = 0; i < whole + (size_t)digits; i++) {
        size_t at = i < whole ? i : i + 1;
        value = value * 10 + (i < whole + fraction ? text[at] - '0' : 0);
        if (value > MONEY_INPUT_MAX)
            return false;
    }
    *ret = (int64_t)value;
    return true;
}

static void text_check(const char *text, const char *currency)
{
    struct money untouched = money_of(-77), money = untouched, again = untouched;
    int digits = currency_digits(currency);
    int64_t expected = -77;
    bool accepted = money_parse(text, currency, &money);
    char written[MONEY_TEXT_BYTES];

    CHECK(accepted == (digits >= 0 && decimal_read(text, digits, &expected)));
    CHECK(money.minor == expected);
    if (!accepted)
        return;
    money_format(money, currency, written);
    CHECK(money_parse(written, currency, &again) && again.minor == money.minor);
    /* What is written goes on where the text ends, with zeros only. */
    size_t size = strlen(text);
    CHECK(strlen(written) >= size && strncmp(written, text, size) == 0);
    CHECK(written[size + strspn(written + size, ".0")] == '\0');
}

/* Any number at all can be written, and reads as itself where it is one that may enter. */
static void number_check(int64_t minor, const char *currency)
{
    char text[MONEY_TEXT_BYTES];
    struct money money;
    bool enters = minor >= 0 && minor <= MONEY_INPUT_MAX && currency_digits(currency) >= 0;

    money_format(money_of(minor), currency, text);
    CHECK(strlen(text) < sizeof text);
    CHECK(money_parse(text, currency, &money) == enters);
    if (enters)
        CHECK(money.minor == minor);
    if (currency_digits(currency) >= 0)
        CHECK((text[0] == '-') == (minor < 0) && strspn(text, "-0123456789.") == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size}, number = {data, size};
    const char *currency = currencies[input_choice(&input, ARRAY_COUNT(currencies))];
    char *text = input_rest(&input);

    text_check(text, currency);
    free(text);
    (void)input_byte(&number);
    number_check((int64_t)input_number(&number, 8), currency);
    return 0;
}
