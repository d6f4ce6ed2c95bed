/* SPDX-License-Identifier: Apache-2.0 */
/* A second look at JSON that base/field.h has read: whether it fits its shape, and whether the pointers of a refusal
 * point at something. Written against jansson's values and the tables of shapes alone, so that the same mistake would
 * have to be made twice. */
#ifndef EBB_TESTS_FUZZ_LOOK_H
#define EBB_TESTS_FUZZ_LOOK_H

#include <jansson.h>

#include "base/field.h"
#include "fuzz.h"

static inline void look_free(json_t **value)
{
    json_decref(*value);
}

static inline json_t *look_parse(const char *json, size_t size, size_t flags)
{
    return json_loadb(json, size, JSON_DECODE_ANY | flags, NULL);
}

static inline int look_depth(const json_t *value)
{
    int deepest = 0;
    size_t index;
    const char *key;
    json_t *child;

    json_array_foreach(value, index, child) deepest = look_depth(child) > deepest ? look_depth(child) : deepest;
    json_object_foreach((json_t *)(uintptr_t)value, key, child) deepest =
        look_depth(child) > deepest ? look_depth(child) : deepest;
    return json_is_array(value) || json_is_object(value) ? deepest + 1 : 0;
}

/* Of jansson's well-formed UTF-8: no C0, DEL, C1. */
static inline bool look_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];
        if (c < 0x20 || c == 0x7F || (c == 0xC2 && next < 0xA0))
            return false;
    }
    return true;
}

static inline bool look_text(const json_t *value, int64_t least, int64_t most)
{
    int64_t size = (int64_t)json_string_length(value);

    return json_is_string(value) && size >= least && size <= most && look_printable(json_string_value(value));
}

static inline bool look_ref(const json_t *value)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-";

    return look_text(value, 1, 64) && json_string_value(value)[strspn(json_string_value(value), allowed)] == '\0';
}

static inline bool look_integer(const json_t *value, int64_t least, int64_t most)
{
    return json_is_integer(value) && json_integer_value(value) >= least && json_integer_value(value) <= most;
}

static inline bool look_word(const json_t *value, const struct words *words)
{
    for (int i = 1; json_is_string(value) && i < words->count; i++)
        if (strcmp(words->texts[i], json_string_value(value)) == 0)
            return true;
    return false;
}

static inline bool look_fits(const json_t *value, const struct shape *shape);

static inline bool look_array(const json_t *value, const struct field *field)
{
    size_t most = field->max == 0 ? FIELD_ARRAY_MAX : (size_t)field->max, index;
    json_t *element;

    if (!json_is_array(value) || json_array_size(value) > most || json_array_size(value) < (size_t)field->min)
        return false;
    json_array_foreach(value, index, element)
    {
        if (field->shape != NULL ? !look_fits(element, field->shape) : !look_text(element, 1, FIELD_TEXT_MAX))
            return false;
    }
    return true;
}

static inline bool look_field(const json_t *value, const struct field *field)
{
    struct instant at;

    switch (field->kind) {
    case FIELD_TEXT:
        return look_text(value, field->min, field->max == 0 ? FIELD_TEXT_MAX : field->max);
    case FIELD_REF:
        return look_ref(value);
    case FIELD_MONEY:
        return look_integer(value, (field->flags & FIELD_POSITIVE) != 0, MONEY_INPUT_MAX);
    case FIELD_COUNT:
        return look_integer(value, field->min, field->max == 0 ? INT64_MAX : field->max);
    case FIELD_BOOL:
        return json_is_boolean(value);
    case FIELD_INSTANT:
        return json_is_string(value) && instant_parse(json_string_value(value), &at);
    case FIELD_WORD:
        return look_word(value, field->words);
    case FIELD_OBJECT:
        return look_fits(value, field->shape);
    case FIELD_ARRAY:
        return look_array(value, field);
    }
    return false;
}

static inline bool look_fits(const json_t *value, const struct shape *shape)
{
    size_t known = 0;

    for (size_t i = 0; i < shape->fields_count; i++) {
        const struct field *field = &shape->fields[i];
        const json_t *member = json_object_get(value, field->name);
        bool nothing = member == NULL || (json_is_null(member) && (field->flags & FIELD_NULLABLE) != 0);
        known += member != NULL;
        if (member == NULL && (field->flags & FIELD_REQUIRED) != 0)
            return false;
        if (!nothing && !look_field(member, field))
            return false;
    }
    return json_is_object(value) && known == json_object_size(value);
}

/* One token of RFC 6901, unescaped; false where it has a tilde that escapes nothing. */
static inline bool look_token(const char *from, size_t size, char ret[FIELD_POINTER_BYTES])
{
    for (size_t i = 0; i < size; i++) {
        char c = from[i];
        if (c == '~') {
            if (++i == size || (from[i] != '0' && from[i] != '1'))
                return false;
            c = from[i] == '0' ? '~' : '/';
        }
        *ret++ = c;
    }
    *ret = '\0';
    return true;
}

/* What the pointer points at; NULL: nothing. With `but_last`, what its parent points at. */
static inline const json_t *look_at(const json_t *value, const char *pointer, bool but_last)
{
    while (value != NULL && *pointer != '\0') {
        size_t size = strcspn(pointer + 1, "/");
        char token[FIELD_POINTER_BYTES];
        if (*pointer != '/' || !look_token(pointer + 1, size, token))
            return NULL;
        pointer += 1 + size;
        if (but_last && *pointer == '\0')
            return value;
        if (json_is_array(value))
            value = token[0] != '\0' && token[strspn(token, "0123456789")] == '\0'
                        ? json_array_get(value, strtoul(token, NULL, 10))
                        : NULL;
        else
            value = json_object_get(value, token);
    }
    return value;
}

/* The value that the pointers of a refusal are about. NULL where that cannot be said: nobody can read the text, or a
 * member stands twice, of which the parser saw the first, and jansson keeps the last. */
static inline json_t *look_refused(const char *json, size_t size)
{
    return look_parse(json, size, JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES);
}

/* A refusal says something, and says it of what stands there. Pointers that were cut off are left alone. */
static inline void look_problems(const char *json, size_t size, const struct field_problems *problems)
{
    json_t *value SCOPED(look_free) = look_refused(json, size);

    CHECK(problems->count >= 1 && problems->count <= FIELD_PROBLEMS_MAX);
    for (size_t i = 0; i < problems->count; i++) {
        const struct field_problem *problem = &problems->items[i];
        CHECK(problem->code[0] != '\0' && problem->detail[0] != '\0');
        CHECK(problem->pointer[0] == '\0' || problem->pointer[0] == '/');
        if (value == NULL || strlen(problem->pointer) > FIELD_POINTER_BYTES - 4)
            continue;
        bool missing = strcmp(problem->code, "missing") == 0;
        CHECK(look_at(value, problem->pointer, missing) != NULL);
        CHECK(!missing || look_at(value, problem->pointer, false) == NULL);
    }
}

#endif
