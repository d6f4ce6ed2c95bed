/* SPDX-License-Identifier: Apache-2.0 */
/* Appending text and JSON to a growing buffer.
 *
 * Reading JSON is jansson's work (base/field.h); writing is this small thing because every answer passes it and its
 * order of keys is part of the contract. Commas and nesting are kept by the writer: the caller cannot produce broken
 * JSON without meeting INVARIANT 3. When memory runs out the writer turns `failed` and stays silent until asked. A
 * decision, which must not fail for want of memory, writes into its reserved arena (out_init_in). */
#ifndef EBB_BASE_OUT_H
#define EBB_BASE_OUT_H

#include "base/arena.h"
#include "base/instant.h"
#include "base/money.h"

struct out {
    struct arena *arena; /* where its memory comes from; NULL: malloc */
    char *data;          /* NUL-terminated whenever size > 0 */
    size_t size, capacity;
    int depth;
    uint64_t objects; /* bit d: the level d is an object, not an array */
    bool need_comma;
    bool failed;
};

void out_init(struct out *out);
/* What is written lives as long as the arena. */
void out_init_in(struct out *out, struct arena *arena);
void out_fini(struct out *out);
void out_reset(struct out *out);
void out_bytes(struct out *out, const char *data, size_t size);
void out_text(struct out *out, const char *text);
void out_format(struct out *out, const char *format, ...) PRINTF_LIKE(2, 3);
/* Digits, and nothing of JSON around them. */
void out_digits(struct out *out, int64_t value);

#define DIGITS_BYTES 24
/* The number in digits and a NUL, as printf would write it; returns how many. */
size_t digits_of(int64_t value, char ret[DIGITS_BYTES]);

/* `key` is NULL inside arrays and at the top. */
void out_object(struct out *out, const char *key);
void out_object_end(struct out *out);
void out_array(struct out *out, const char *key);
void out_array_end(struct out *out);
/* NULL value → null; escapes; invalid UTF-8 → U+FFFD */
void out_string(struct out *out, const char *key, const char *value);
void out_int(struct out *out, const char *key, int64_t value);
void out_bool(struct out *out, const char *key, bool value);
void out_null(struct out *out, const char *key);
void out_money(struct out *out, const char *key, struct money value);          /* the integer of minor units */
void out_instant(struct out *out, const char *key, struct instant value);      /* null when none */
void out_id(struct out *out, const char *key, const char *prefix, int64_t id); /* null when 0 */
void out_raw(struct out *out, const char *key, const char *json, size_t size); /* already JSON */

#endif
