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

/* ALWAYS, NEVER: we believe that it holds, or does not, and the code goes on safely if we are wrong. Beside each a
 * comment says why we believe it. Builds with sanitizers abort on a wrong belief; where coverage is counted they are
 * constants, so that what cannot be taken is no branch. An INVARIANT is the other thing: there going on would be worse.
 */
#if defined(EBB_COVERAGE)
#define ALWAYS(condition) true
#define NEVER(condition) false
#elif defined(EBB_BELIEFS_ABORT)
#define ALWAYS(condition) ((condition) || (invariant_broken(0, #condition, __FILE__, __LINE__), false))
#define NEVER(condition) ((condition) && (invariant_broken(0, "never " #condition, __FILE__, __LINE__), true))
#else
#define ALWAYS(condition) (__builtin_expect(!!(condition), 1))
#define NEVER(condition) (__builtin_expect(!!(condition), 0))
#endif

/* Writes one line to standard error and aborts. */
_Noreturn void invariant_broken(int number, const char *condition, const char *file, int line);

const char *err_name(enum err err);

#endif
