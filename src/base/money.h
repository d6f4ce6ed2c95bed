/* SPDX-License-Identifier: Apache-2.0 */
/* Amounts of money: int64 minor units in a wrapper that the compiler will not let anyone add by hand.
 *
 * An account has one currency, so a `struct money` does not repeat it (docs/adr/0002-money-without-currency.md); it is
 * carried by the account, the entry and every JSON object that leaves the house. Amounts that enter are bounded by
 * MONEY_INPUT_MAX and balances by MONEY_BALANCE_MAX (checked at the door), so arithmetic inside cannot overflow; it is
 * checked all the same and an overflow is a bug (INVARIANT 1). There is no float in this tree. */
#ifndef EBB_BASE_MONEY_H
#define EBB_BASE_MONEY_H

#include "base/err.h"

struct money {
    int64_t minor;
};

#define MONEY_ZERO ((struct money){0})
/* One amount in a request or a statement: a hundred billion units of a currency with two digits. */
#define MONEY_INPUT_MAX INT64_C(10000000000000)
/* The sum of an account's funds; a top-up or credit that would pass it is refused (balance_limit). */
#define MONEY_BALANCE_MAX INT64_C(1000000000000000)
#define CURRENCY_BYTES 4 /* "CNY" and a NUL */
#define MONEY_TEXT_BYTES 32

static inline struct money money_of(int64_t minor)
{
    return (struct money){minor};
}
static inline struct money money_add(struct money a, struct money b)
{
    struct money sum;
    bool overflow = __builtin_add_overflow(a.minor, b.minor, &sum.minor);

    INVARIANT(1, !overflow);
    return sum;
}
static inline struct money money_sub(struct money a, struct money b)
{
    struct money rest;
    bool overflow = __builtin_sub_overflow(a.minor, b.minor, &rest.minor);

    INVARIANT(1, !overflow);
    return rest;
}
struct money money_negate(struct money a);
static inline struct money money_min(struct money a, struct money b)
{
    return a.minor < b.minor ? a : b;
}
static inline struct money money_max(struct money a, struct money b)
{
    return a.minor > b.minor ? a : b;
}
/* max(0, a − b): the clamp that the quote is made of. */
static inline struct money money_sub_floor(struct money a, struct money b)
{
    return money_max(MONEY_ZERO, money_sub(a, b));
}
static inline bool money_is_zero(struct money a)
{
    return a.minor == 0;
}
static inline bool money_is_positive(struct money a)
{
    return a.minor > 0;
}
static inline bool money_is_negative(struct money a)
{
    return a.minor < 0;
}
/* −1, 0, 1 */
static inline int money_compare(struct money a, struct money b)
{
    return (a.minor > b.minor) - (a.minor < b.minor);
}

/* Digits after the point of an ISO 4217 code (data/currencies.csv); -1 when the code is unknown. */
int currency_digits(const char *currency);

/* "1000.00" for CNY, "1000" for JPY. `ret` holds MONEY_TEXT_BYTES. */
void money_format(struct money amount, const char *currency, char ret[MONEY_TEXT_BYTES]);
/* Exact: an optional minus is refused, as are exponents, signs, spaces, a leading zero ("010"), too many digits after
 * the point and anything above MONEY_INPUT_MAX. False leaves `ret` untouched. */
MUST_USE bool money_parse(const char *text, const char *currency, struct money *ret);

#endif
