/* SPDX-License-Identifier: Apache-2.0 */
/* What a harness is: one function that is given bytes from outside, drives one entry point with them, and checks more
 * than that it does not crash. A property that does not hold ends the process, as a broken invariant does.
 *
 * The same file is linked with libFuzzer (meson -Dfuzz=enabled, clang) or with replay.c, which only plays files again.
 * So a harness keeps nothing from one input to the next but what every input makes the same: an input that was found
 * must fail alone. */
#ifndef EBB_TESTS_FUZZ_H
#define EBB_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Where a harness has much to build, it does so here, before the first input and its second begin. */
int LLVMFuzzerInitialize(int *count, char ***arguments);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            check_failed(#condition, __FILE__, __LINE__);                                                              \
    } while (0)

_Noreturn static inline void check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "property broken: %s at %s:%d\n", condition, file, line);
    abort();
}

/* The input, taken from its front in small things; used up, it gives zeros. */
struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint64_t input_number(struct input *input, size_t bytes)
{
    uint64_t number = 0;

    for (size_t i = 0; i<bytes; i++, input->left -= input->left> 0)
        number = number << 8 | (input->left > 0 ? *input->at++ : 0);
    return number;
}

static inline uint8_t input_byte(struct input *input)
{
    return (uint8_t)input_number(input, 1);
}

/* One of `count` things. */
static inline size_t input_choice(struct input *input, size_t count)
{
    return input_byte(input) % count;
}

/* The next `size` bytes (or what is left) as text in memory of exactly that size, so that reading past its end is
 * seen. To be freed. */
static inline char *input_text(struct input *input, size_t size)
{
    size_t taken = size < input->left ? size : input->left;
    char *text = malloc(taken + 1);

    CHECK(text != NULL);
    if (taken > 0)
        memcpy(text, input->at, taken);
    text[taken] = '\0';
    input->at += taken;
    input->left -= taken;
    return text;
}

static inline char *input_rest(struct input *input)
{
    return input_text(input, input->left);
}

#endif
