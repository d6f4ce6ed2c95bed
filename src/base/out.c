/* SPDX-License-Identifier: Apache-2.0 */
#include "base/out.h"

#include "base/field.h"
#include "base/id.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_CAPACITY_FIRST 1024
#define OUT_CAPACITY_IN_ARENA 256 /* what is outgrown stays there: begins smaller */
#define OUT_DEPTH_MAX 64
#define CHARACTER_BYTES_MAX 4

void out_init(struct out *out)
{
    *out = (struct out){0};
}

void out_init_in(struct out *out, struct arena *arena)
{
    *out = (struct out){.arena = arena};
}

void out_fini(struct out *out)
{
    if (out->arena == NULL)
        free(out->data);
    out_init_in(out, out->arena);
}

void out_reset(struct out *out)
{
    out->size = 0;
    out->depth = 0;
    out->objects = 0;
    out->need_comma = false;
    out->failed = false;
    if (out->data != NULL)
        out->data[0] = '\0';
}

static char *out_move(struct out *out, size_t capacity)
{
    if (out->arena == NULL)
        return realloc(out->data, capacity);
    char *data = arena_alloc(out->arena, capacity);
    if (data != NULL && out->size > 0)
        memcpy(data, out->data, out->size + 1);
    return data;
}

/* Room for `size` more bytes and a NUL. */
static bool out_grow(struct out *out, size_t size)
{
    size_t first = out->arena != NULL ? OUT_CAPACITY_IN_ARENA : OUT_CAPACITY_FIRST;
    size_t needed, capacity = out->capacity == 0 ? first : out->capacity;

    if (out->failed || __builtin_add_overflow(out->size, size, &needed) || needed > SIZE_MAX / 4)
        return false;
    if (needed < out->capacity)
        return true;
    while (capacity <= needed)
        capacity *= 2;
    char *data = out_move(out, capacity);
    if (data == NULL)
        return false;
    out->data = data;
    out->capacity = capacity;
    return true;
}

/* Most of what is written is short and has room. */
static inline bool out_has_room(const struct out *out, size_t size)
{
    return !out->failed && size < out->capacity - out->size;
}

static inline void out_char(struct out *out, char c)
{
    if (!out_has_room(out, 1)) {
        out_bytes(out, &c, 1);
        return;
    }
    out->data[out->size++] = c;
    out->data[out->size] = '\0';
}

void out_bytes(struct out *out, const char *data, size_t size)
{
    if (!out_has_room(out, size) && !out_grow(out, size)) {
        out->failed = true;
        return;
    }
    if (size > 0)
        memcpy(out->data + out->size, data, size);
    out->size += size;
    out->data[out->size] = '\0';
}

void out_text(struct out *out, const char *text)
{
    out_bytes(out, text, strlen(text));
}

void out_format(struct out *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    INVARIANT(3, size >= 0);
    if (!out_grow(out, (size_t)size)) {
        out->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(out->data + out->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    out->size += (size_t)size;
}

size_t digits_of(int64_t value, char ret[DIGITS_BYTES])
{
    char digits[DIGITS_BYTES];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    memcpy(ret, digits + at, sizeof digits - at);
    return sizeof digits - at - 1;
}

void out_digits(struct out *out, int64_t value)
{
    char digits[DIGITS_BYTES];

    out_bytes(out, digits, digits_of(value, digits));
}

static bool in_object(const struct out *out)
{
    return out->depth > 0 && (out->objects >> (out->depth - 1) & 1) != 0;
}

static void out_escape(struct out *out, unsigned char c)
{
    switch (c) {
    case '"':
        out_bytes(out, "\\\"", 2);
        break;
    case '\\':
        out_bytes(out, "\\\\", 2);
        break;
    case '\n':
        out_bytes(out, "\\n", 2);
        break;
    case '\r':
        out_bytes(out, "\\r", 2);
        break;
    case '\t':
        out_bytes(out, "\\t", 2);
        break;
    default:
        out_format(out, "\\u%04x", c);
    }
}

/* ASCII that JSON takes as it is. The NUL is not among it. */
static const bool plain[256] = {[' ' ... '!'] = true, ['#' ... '['] = true, [']' ... 0x7F] = true};

/* Copies runs of plain characters whole; only what must be escaped or replaced is looked at twice. `at`: so many are
 * known to be plain. */
static void out_escaped(struct out *out, const char *value, size_t at)
{
    size_t from = 0;

    out_char(out, '"');
    for (;;) {
        while (plain[(unsigned char)value[at]])
            at++;
        unsigned char c = (unsigned char)value[at];
        size_t step = c < 0x80 ? 0 : text_character_bytes(value + at, strnlen(value + at, CHARACTER_BYTES_MAX));
        if (c == '\0')
            break;
        if (step > 0) {
            at += step;
            continue;
        }
        out_bytes(out, value + from, at - from);
        if (c >= 0x80)
            out_text(out, "\xEF\xBF\xBD"); /* U+FFFD for every byte that belongs to no character */
        else
            out_escape(out, c);
        from = ++at;
    }
    out_bytes(out, value + from, at - from);
    out_char(out, '"');
}

/* Keys and most values are short and plain: these are written at once. */
static inline void out_quoted(struct out *out, const char *value)
{
    size_t size = 0;

    while (plain[(unsigned char)value[size]])
        size++;
    if (value[size] != '\0' || !out_has_room(out, size + 2)) {
        out_escaped(out, value, size);
        return;
    }
    char *to = out->data + out->size;
    to[0] = '"';
    memcpy(to + 1, value, size);
    to[size + 1] = '"';
    to[size + 2] = '\0';
    out->size += size + 2;
}

/* What stands before a value: a comma, and in an object its key. */
static void out_begin(struct out *out, const char *key)
{
    INVARIANT(3, (key != NULL) == in_object(out));
    if (out->depth > 0 && out->need_comma)
        out_char(out, ',');
    if (key != NULL) {
        out_quoted(out, key);
        out_char(out, ':');
    }
    out->need_comma = true;
}

static void out_open(struct out *out, const char *key, bool object)
{
    out_begin(out, key);
    INVARIANT(3, out->depth < OUT_DEPTH_MAX);
    uint64_t bit = UINT64_C(1) << out->depth;
    out->objects = object ? out->objects | bit : out->objects & ~bit;
    out->depth++;
    out->need_comma = false;
    out_char(out, object ? '{' : '[');
}

static void out_close(struct out *out, bool object)
{
    INVARIANT(3, out->depth > 0 && in_object(out) == object);
    out->depth--;
    out->need_comma = true;
    out_char(out, object ? '}' : ']');
}

void out_object(struct out *out, const char *key)
{
    out_open(out, key, true);
}

void out_object_end(struct out *out)
{
    out_close(out, true);
}

void out_array(struct out *out, const char *key)
{
    out_open(out, key, false);
}

void out_array_end(struct out *out)
{
    out_close(out, false);
}

void out_string(struct out *out, const char *key, const char *value)
{
    out_begin(out, key);
    if (value == NULL)
        out_bytes(out, "null", 4);
    else
        out_quoted(out, value);
}

void out_int(struct out *out, const char *key, int64_t value)
{
    out_begin(out, key);
    out_digits(out, value);
}

void out_bool(struct out *out, const char *key, bool value)
{
    out_begin(out, key);
    out_text(out, value ? "true" : "false");
}

void out_null(struct out *out, const char *key)
{
    out_string(out, key, NULL);
}

void out_money(struct out *out, const char *key, struct money value)
{
    out_int(out, key, value.minor);
}

void out_instant(struct out *out, const char *key, struct instant value)
{
    char text[INSTANT_TEXT_BYTES];

    if (!instant_is_set(value)) {
        out_null(out, key);
        return;
    }
    instant_format(value, text);
    out_string(out, key, text);
}

void out_id(struct out *out, const char *key, const char *prefix, int64_t id)
{
    char text[ID_TEXT_BYTES];

    if (id == 0) {
        out_null(out, key);
        return;
    }
    id_format(prefix, id, text);
    out_string(out, key, text);
}

void out_raw(struct out *out, const char *key, const char *json, size_t size)
{
    out_begin(out, key);
    out_bytes(out, json, size);
}
