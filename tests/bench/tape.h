/* SPDX-License-Identifier: Apache-2.0 */
/* A tape: every statement that a process wrote its database with, and the values it was given, in order. Recorders
 * write it (recorder.c, recorder_postgres.c); ceilings play it on a database of their own, which is what the same rows
 * cost without a rule.
 *
 *   record := kind …            integers are eight bytes, little end first
 *   'S' number text             a statement is introduced; text := size bytes NUL
 *   'R' number count value*     it ran; value := 'I' integer | 'T' text | 'B' text | 'N'
 *   'G' | 'C'                   a group begins (BEGIN) | is committed */
#ifndef EBB_BENCH_TAPE_H
#define EBB_BENCH_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAPE_STATEMENTS_MAX 1024
#define TAPE_VALUES_MAX 64

struct tape_value {
    char kind; /* 'I', 'T', 'B' or 'N' */
    int64_t integer;
    const char *data; /* on the tape */
    size_t size;
};

struct tape_record {
    char kind;
    size_t number; /* of the statement */
    size_t count;
    struct tape_value values[TAPE_VALUES_MAX];
};

struct tape {
    char *data;
    size_t size, at;
    const char *texts[TAPE_STATEMENTS_MAX];
    int64_t rows; /* in all */
};

/* Reads the tape, knows all of its statements and counts what is on it; dies where it is none. */
void tape_open(const char *path, struct tape *ret);
/* False: it is at its end. */
bool tape_next(struct tape *tape, struct tape_record *ret);
/* Whether the group that begins here has a statement that begins with `text`. Stays where it is. */
bool tape_group_has(struct tape *tape, const char *text);
void tape_close(struct tape *tape);
_Noreturn void tape_broken(const char *what, const char *detail);

#endif
