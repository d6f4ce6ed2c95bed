/* SPDX-License-Identifier: Apache-2.0 */
/* The table at the door: JSON in, a filled struct or a precise problem out.
 *
 * A shape is a table of fields; `field_read` walks a parsed JSON value along it. Unknown, missing, duplicate, mistyped,
 * too long, negative and overflowing members are refused by JSON pointer, with what was expected; all of them are
 * reported (up to FIELD_PROBLEMS_MAX), not only the first. Text is UTF-8 without control characters. Nothing is written
 * into the struct that is not declared. The bytes of texts and arrays live in the arena. Shapes know no rules: whether
 * an amount is *allowed* is the domain's business. */
#ifndef EBB_BASE_FIELD_H
#define EBB_BASE_FIELD_H

#include "base/arena.h"
#include "base/instant.h"
#include "base/money.h"

#define FIELD_PROBLEMS_MAX 16
#define FIELD_POINTER_BYTES 160
#define FIELD_DETAIL_BYTES 200
#define JSON_DEPTH_MAX 8
#define FIELD_TEXT_MAX 1024 /* bytes of a text, elements of an array: where the table names no other */
#define FIELD_ARRAY_MAX 100000

enum field_kind {
    FIELD_TEXT,    /* const char * (arena) */
    FIELD_REF,     /* const char *: 1–64 characters of [A-Za-z0-9._:@-] */
    FIELD_MONEY,   /* struct money: integer 0 … MONEY_INPUT_MAX (FIELD_POSITIVE: from 1) */
    FIELD_COUNT,   /* int64_t: integer min … max */
    FIELD_BOOL,    /* bool */
    FIELD_INSTANT, /* struct instant */
    FIELD_WORD,    /* int: one of `words` */
    FIELD_OBJECT,  /* struct at offset, described by `shape` */
    FIELD_ARRAY,   /* struct field_list: elements described by `shape` (objects) or texts when `shape` is NULL */
};

enum field_flag {
    FIELD_REQUIRED = 1, /* absent is a problem */
    FIELD_NULLABLE = 2, /* null leaves the default, as absence does; with FIELD_REQUIRED it must still stand there */
    FIELD_POSITIVE = 4, /* money from 1 */
};

struct words;
struct shape;
struct field {
    const char *name;
    enum field_kind kind;
    unsigned flags;
    size_t offset;
    int64_t min, max;          /* TEXT: bytes; COUNT: value; ARRAY: elements. max 0 = the kind's own maximum */
    const struct words *words; /* WORD */
    const struct shape *shape; /* OBJECT, ARRAY */
    size_t present_offset;     /* where a bool tells "was given"; 0 = nowhere (no struct has a bool first) */
};
struct shape {
    const char *name;
    size_t bytes;
    const struct field *fields;
    size_t fields_count;
};
struct field_list {
    void *items; /* array of shape->bytes, or of const char * */
    size_t count;
};
/* Closed vocabularies: index = enum value. Entry 0 is "none" and not accepted from outside. */
struct words {
    const char *name;
    const char *const *texts;
    int count;
};
const char *word_text(const struct words *words, int value);
MUST_USE bool word_parse(const struct words *words, const char *text, int *ret);

struct field_problem {
    char pointer[FIELD_POINTER_BYTES]; /* RFC 6901 */
    char code[32];                     /* missing unknown wrong_type out_of_range malformed too_long duplicate */
    char detail[FIELD_DETAIL_BYTES];
};
struct field_problems {
    struct field_problem items[FIELD_PROBLEMS_MAX];
    size_t count; /* stops at FIELD_PROBLEMS_MAX */
};
void field_problem_add(struct field_problems *problems, const char *pointer, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Parses and reads in one go. `ret` is zeroed by the caller, defaults set. ERR_REQUEST: see `problems` (a syntax error
 * has pointer "" and code "malformed", with line and column). ERR_RETRY: out of memory. */
MUST_USE enum err field_read_json(const char *json, size_t size, const struct shape *shape, struct arena *arena,
                                  void *ret, struct field_problems *problems);
/* Text rules shared with the query string and the CLI. */
MUST_USE bool field_ref_ok(const char *text);
/* Well-formed UTF-8 and no control characters (C0, DEL, C1). */
MUST_USE bool text_utf8_ok(const char *text, size_t size);
/* Bytes of the well-formed UTF-8 character at `text` (1–4); 0 when it is ill-formed, cut off or `size` is 0. */
size_t text_character_bytes(const char *text, size_t size);
/* Makes text of whatever stands in `size` bytes (at least one): ends it with NUL, and each byte before it that is
 * ill-formed, or part of a control character, becomes '?'. What is text already stays as it is. */
void text_clean(char *text, size_t size);

#endif
