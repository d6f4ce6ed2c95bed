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
            json_pointer_add(ret, level->key, level->key_size);
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
