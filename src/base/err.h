/* SPDX-License-Identifier: Apache-2.0 */
/* Faults, and the few macros that every room of the house uses.
 *
 * Three kinds of "no" exist and never mix. A *refusal* is a value (domain/decision.h): the rules said no. A *fault* is
 * an `enum err`: the world said no, or did not say. A *bug* ends the process through INVARIANT: going on would be
 * worse. This header knows nothing of money, accounts or HTTP. */
#ifndef EBB_BASE_ERR_H
#define EBB_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum err {
    ERR_NONE = 0,
    ERR_REQUEST, /* the input is wrong and will stay wrong; nothing changed */
    ERR_RETRY,   /* not now (busy, no memory, no space); nothing changed, asking again is safe */
    ERR_UNKNOWN, /* it may have happened or not (a failed COMMIT): reopen and look up by key */
    ERR_FATAL,   /* the store is not what we think it is; stop */
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text_at, arguments_at) __attribute__((format(printf, text_at, arguments_at)))
#define UNUSED __attribute__((unused))

/* The only macro that returns: hands a fault up unchanged. */
#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        enum err try_err_ = (call);                                                                                    \
        if (try_err_ != ERR_NONE)                                                                                      \
            return try_err_;                                                                                           \
    } while (0)

/* SCOPED(x_free) T *x = ...; closes x when its scope ends, however it ends. The function takes a T **. */
#define SCOPED(close) __attribute__((cleanup(close)))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Numbered, always on, also in release builds. `number` is the invariant's id in docs/reliability.md. */
#define INVARIANT(number, condition)                                                                                   \
    do {                                                                                                               \
        if (__builtin_expect(!(condition), 0))                                                                         \
            invariant_broken(number, #condition, __FILE__, __LINE__);                                                  \
    } while (0)

/* ALWAYS: we have a proof; the branch is not coverage's business. NEVER: we believe, and here is the code if not. */
#define ALWAYS(condition) (__builtin_expect(!!(condition), 1))
#define NEVER(condition) (__builtin_expect(!!(condition), 0))

/* Writes one line to standard error and aborts. */
_Noreturn void invariant_broken(int number, const char *condition, const char *file, int line);

const char *err_name(enum err err);

#endif
