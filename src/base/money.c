/* SPDX-License-Identifier: Apache-2.0 */
#include "base/money.h"

#include "base/embedded.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CURRENCIES_MAX 64
#define CURRENCY_DIGITS_MAX 4

struct currency {
    char code[CURRENCY_BYTES];
    int digits;
};

static struct currency currencies[CURRENCIES_MAX];
static size_t currencies_count;
static pthread_once_t currencies_once = PTHREAD_ONCE_INIT;

struct money money_negate(struct money a)
{
    return money_sub(MONEY_ZERO, a);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One line "CNY,2,Renminbi"; the file is ours, so a bad line is a bug and not a fault. */
static void currency_read_line(const char *line)
{
    INVARIANT(5, strcspn(line, ",\n") == CURRENCY_BYTES - 1 && line[3] == ',');
    INVARIANT(5, is_digit(line[4]) && line[4] - '0' <= CURRENCY_DIGITS_MAX);
    INVARIANT(5, currencies_count < CURRENCIES_MAX);
    struct currency *currency = &currencies[currencies_count++];
    memcpy(currency->code, line, CURRENCY_BYTES - 1);
    currency->digits = line[4] - '0';
}

static const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');

    INVARIANT(5, end != NULL);
    return end + 1;
}

static void currencies_read(void)
{
    for (const struct embedded *file = embedded_data; file->name != NULL; file++) {
        if (strcmp(file->name, "currencies.csv") != 0)
            continue;
        for (const char *line = line_after(file->data); *line != '\0'; line = line_after(line))
            currency_read_line(line); /* the first line names the columns */
    }
}

int currency_digits(const char *currency)
{
    pthread_once(&currencies_once, currencies_read);
    for (size_t i = 0; currency != NULL && i < currencies_count; i++) {
        if (strcmp(currencies[i].code, currency) == 0)
            return currencies[i].digits;
    }
    return -1;
}

void money_format(struct money amount, const char *currency, char ret[MONEY_TEXT_BYTES])
{
    int digits = currency_digits(currency);
    uint64_t rest = amount.minor < 0 ? 0 - (uint64_t)amount.minor : (uint64_t)amount.minor;
    char text[MONEY_TEXT_BYTES] = "";
    size_t at = sizeof text - 1;

    if (digits < 0) {
        /* Only damaged data gets here (the auditor prints what it finds): the point's place is not known, so say so. */
        snprintf(ret, MONEY_TEXT_BYTES, "%" PRId64 " minor", amount.minor);
        return;
    }
    for (int place = 0; rest > 0 || place <= digits; place++) {
        if (place > 0 && place == digits)
            text[--at] = '.';
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (amount.minor < 0)
        text[--at] = '-';
    memcpy(ret, text + at, sizeof text - at);
}

/* Appends decimal digits to *value, counting them; stops at the first other character or as soon as the limit is
 * passed. */
static const char *digits_read(const char *text, int64_t *value, int *count)
{
    while (is_digit(*text) && *value <= MONEY_INPUT_MAX) {
        *value = *value * 10 + (*text - '0');
        text++;
        (*count)++;
    }
    return text;
}

bool money_parse(const char *text, const char *currency, struct money *ret)
{
    int digits = currency_digits(currency);
    int64_t value = 0;
    int whole = 0, fraction = 0;

    if (digits < 0 || text == NULL)
        return false;
    const char *rest = digits_read(text, &value, &whole);
    if (whole == 0 || (whole > 1 && text[0] == '0'))
        return false;
    if (*rest == '.') {
        rest = digits_read(rest + 1, &value, &fraction);
        if (fraction == 0 || fraction > digits)
            return false;
    }
    if (*rest != '\0' || value > MONEY_INPUT_MAX)
        return false;
    for (; fraction < digits; fraction++)
        value *= 10;
    if (value > MONEY_INPUT_MAX)
        return false;
    *ret = money_of(value);
    return true;
}
