/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out: every allocation of the process, of libraries too, passes here, and the n-th one fails.
 *
 * A program that links this file has its own malloc, calloc, realloc and friends. They count while they are armed, fail
 * the n-th call, or the n-th and all after it, and otherwise are the C library's (under a sanitizer: the sanitizer's).
 * Between begin and end the count may be held, so that a test's own work neither counts nor fails; holds nest. */
#ifndef EBB_SIM_SHORTAGE_H
#define EBB_SIM_SHORTAGE_H

#include "base/err.h"

enum shortage_reach { SHORTAGE_THIS_THREAD = 0, SHORTAGE_ALL_THREADS };

/* `n` from 1; 0 counts and fails nothing. */
void shortage_begin(int64_t n, bool for_ever, enum shortage_reach reach, bool held);
void shortage_hold(bool hold);
/* How many were failed since the beginning; nothing fails any more. */
int64_t shortage_end(void);
/* How many there were since the beginning. */
int64_t shortage_count(void);
/* Blocks that are allocated and not freed; -1 under a sanitizer, which looks for leaks itself. */
int64_t shortage_live(void);
/* Says on standard error where the first allocation failed. */
void shortage_loud(void);
/* Ends a forked process at once, with 23 when a sanitizer finds leaks. */
_Noreturn void shortage_exit(int status);

#endif
