/* SPDX-License-Identifier: Apache-2.0 */
/* A bank says what is not so. Each lie must be noticed: one incident comes of it, and no customer's money moves. */
#ifndef EBB_SIM_LIES_H
#define EBB_SIM_LIES_H

#include <stdint.h>

/* X(CONSTANT, "what the bank says") */
/* clang-format off */
#define LIES(X)                                                                                                        \
    X(LIE_PAID_TWICE, "paid twice") X(LIE_PAID_AFTER_FAILING, "paid after failing")                                    \
    X(LIE_FAILED_AFTER_PAYING, "failed after paying") X(LIE_OTHER_AMOUNT, "other amount")                              \
    X(LIE_OTHER_AMOUNT_AGAIN, "other amount, after paying") X(LIE_OTHER_CURRENCY, "other currency")                    \
    X(LIE_OTHER_KEY, "key that nobody has") X(LIE_OTHER_CHANNEL, "key of another channel")                             \
    X(LIE_RETURNED_UNPAID, "returned without paying") X(LIE_RETURNED_OTHER, "returned another amount")
/* clang-format on */
enum lie_kind {
#define LIE_CONSTANT(constant, text) constant,
    LIES(LIE_CONSTANT)
#undef LIE_CONSTANT
        LIE__COUNT
};
extern const char *const lie_names[LIE__COUNT];

struct lies {
    int64_t told[LIE__COUNT], noticed[LIE__COUNT];
};

struct sim;
/* One of them, about a payment that it suits; perhaps there is none. */
void lies_tell(struct sim *sim);
/* All of them, for a row of the report. */
void lies_add(struct lies *sum, const struct lies *more);

#endif
