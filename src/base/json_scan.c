/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include <stdio.h>
#include <string.h>

struct level {
    bool object, key_next;
    const char *key;
    size_t key_size, index;
};
struct scan {
    struct level levels[JSON_DEPTH_MAX];
    size_t depth;
};

/* The byte behind the string that begins at json[at]; `size` when it does not end. */
static size_t string_end(const char *json, size_t at, size_t size)
{
    for (at++; at < size && json[at] != '"'; at++) {
        if (json[at] == '\\')
            at++;
    }
    return at < size ? at + 1 : size;
}

bool json_depth_ok(const char *json, size_t size)
{
    size_t depth = 0;

    for (size_t at = 0; at < size;) {
        char c = json[at];
        if (c == '"') {
            at = string_end(json, at, size);
            continue;
        }
        if ((c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
            return false;
        if ((c == '}' || c == ']') && depth > 0)
            depth--;
        at++;
    }
    return true;
}

static void scan_mark(struct scan *scan, char mark)
{
    struct level *level = scan->depth > 0 ? &scan->levels[scan->depth - 1] : NULL;

    if (mark == '{' || mark == '[') {
        INVARIANT(9, scan->depth < JSON_DEPTH_MAX);
        scan->levels[scan->depth++] = (struct level){.object = mark == '{', .key_next = mark == '{'};
    } else if ((mark == '}' || mark == ']') && level != NULL) {
        scan->depth--;
    } else if (mark == ',' && level != NULL) {
        level->key_next = level->object;
        level->index++;
    }
}

/* The four hex digits of \uXXXX. */
static unsigned escape_unit(const char *digits)
{
    unsigned unit = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)digits[i];
        unit = unit << 4 | (c <= '9' ? c - 0u - '0' : (c | 0x20u) - 'a' + 10u) % 16;
    }
    return unit;
}

/* The UTF-8 of a character; its bytes are counted. */
static size_t utf8_write(unsigned c, char ret[4])
{
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0x00, 0xC0, 0xE0, 0xF0};

    for (size_t i = more; i > 0; i--, c >>= 6)
        ret[i] = (char)(0x80 | (c & 0x3F));
    ret[0] = (char)(first[more] | c);
    return more + 1;
}

/* One character of a JSON string that is well-formed, decoded; the bytes it takes in the text are returned. */
static size_t character_decode(const char *text, size_t size, char ret[4], size_t *ret_size)
{
    static const char marks[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char *mark;

    *ret_size = 1;
    ret[0] = text[0];
    if (text[0] != '\\' || size < 2)
        return 1;
    ret[0] = text[1];
    if (text[1] != 'u' || size < 6) {
        mark = text[1] != '\0' ? strchr(marks, text[1]) : NULL;
        ret[0] = mark != NULL ? meant[mark - marks] : text[1];
        return 2;
    }
    unsigned unit = escape_unit(text + 2);
    bool pair = unit >= 0xD800 && unit < 0xDC00 && size >= 12;
    if (pair)
        unit = 0x10000 + ((unit - 0xD800) << 10 | (escape_unit(text + 8) - 0xDC00));
    *ret_size = utf8_write(unit, ret);
    return pair ? 12 : 6;
}

/* A key as it stands in the text, between its quotes. */
static void pointer_add_key(char pointer[FIELD_POINTER_BYTES], const char *key, size_t size)
{
    char decoded[FIELD_POINTER_BYTES], character[4];
    size_t used = 0, bytes;

    for (size_t at = 0; at < size && used + 4 <= sizeof decoded; used += bytes) {
        at += character_decode(key + at, size - at, character, &bytes);
        memcpy(decoded + used, character, bytes);
    }
    json_pointer_add(pointer, decoded, used);
}

void json_pointer_at(const char *json, size_t position, char ret[FIELD_POINTER_BYTES])
{
    struct scan scan = {0};

    for (size_t at = 0; at < position;) {
        if (json[at] != '"') {
            scan_mark(&scan, json[at++]);
            continue;
        }
        size_t end = string_end(json, at, position);
        struct level *level = scan.depth > 0 ? &scan.levels[scan.depth - 1] : NULL;
        if (level != NULL && level->key_next && end - at >= 2) {
            level->key = json + at + 1;
            level->key_size = end - at - 2;
            level->key_next = false;
        }
        at = end;
    }
    ret[0] = '\0';
    for (size_t i = 0; i < scan.depth; i++) {
        const struct level *level = &scan.levels[i];
        if (!level->object)
            json_pointer_add_index(ret, level->index);
        else if (level->key != NULL)
            pointer_add_key(ret, level->key, level->key_size);
    }
}

void json_pointer_add(char pointer[FIELD_POINTER_BYTES], const char *token, size_t token_size)
{
    size_t at = strlen(pointer);

    if (at + 1 < FIELD_POINTER_BYTES)
        pointer[at++] = '/';
    for (size_t i = 0; i < token_size && at + 2 < FIELD_POINTER_BYTES; i++) {
        if (token[i] == '~' || token[i] == '/') {
            pointer[at++] = '~';
            pointer[at++] = token[i] == '~' ? '0' : '1';
        } else {
            pointer[at++] = token[i];
        }
    }
    pointer[at] = '\0';
}

void json_pointer_add_index(char pointer[FIELD_POINTER_BYTES], size_t index)
{
    char token[24];
    int size = snprintf(token, sizeof token, "%zu", index);

    json_pointer_add(pointer, token, (size_t)size);
}
