/* SPDX-License-Identifier: Apache-2.0 */
#include "base/out.h"

#include "base/field.h"
#include "base/id.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_CAPACITY_FIRST 1024
#define OUT_DEPTH_MAX 64

void out_init(struct out *out)
{
    *out = (struct out){0};
}

void out_fini(struct out *out)
{
    free(out->data);
    out_init(out);
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

/* Room for `size` more bytes and a NUL. */
static bool out_grow(struct out *out, size_t size)
{
    size_t needed, capacity = out->capacity == 0 ? OUT_CAPACITY_FIRST : out->capacity;

    if (out->failed || __builtin_add_overflow(out->size, size, &needed) || needed > SIZE_MAX / 4)
        return false;
    if (needed < out->capacity)
        return true;
    while (capacity <= needed)
        capacity *= 2;
    char *data = realloc(out->data, capacity);
    if (data == NULL)
        return false;
    out->data = data;
    out->capacity = capacity;
    return true;
}

void out_bytes(struct out *out, const char *data, size_t size)
{
    if (!out_grow(out, size)) {
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

/* Copies runs of plain characters whole; only what must be escaped or replaced is looked at twice. */
static void out_quoted(struct out *out, const char *value)
{
    size_t size = strlen(value), from = 0, at = 0;

    out_bytes(out, "\"", 1);
    while (at < size) {
        unsigned char c = (unsigned char)value[at];
        size_t step = c < 0x80 ? 1 : text_character_bytes(value + at, size - at);
        if (step > 0 && c >= 0x20 && c != '"' && c != '\\') {
            at += step;
            continue;
        }
        out_bytes(out, value + from, at - from);
        if (step == 0)
            out_text(out, "\xEF\xBF\xBD"); /* U+FFFD for every byte that belongs to no character */
        else
            out_escape(out, c);
        from = ++at;
    }
    out_bytes(out, value + from, at - from);
    out_bytes(out, "\"", 1);
}

/* What stands before a value: a comma, and in an object its key. */
static void out_begin(struct out *out, const char *key)
{
    INVARIANT(3, (key != NULL) == in_object(out));
    if (out->depth > 0 && out->need_comma)
        out_bytes(out, ",", 1);
    if (key != NULL) {
        out_quoted(out, key);
        out_bytes(out, ":", 1);
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
    out_bytes(out, object ? "{" : "[", 1);
}

static void out_close(struct out *out, bool object)
{
    INVARIANT(3, out->depth > 0 && in_object(out) == object);
    out->depth--;
    out->need_comma = true;
    out_bytes(out, object ? "}" : "]", 1);
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
    out_format(out, "%" PRId64, value);
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
