/* SPDX-License-Identifier: Apache-2.0 */
#include "base/field.h"

#include "base/json_scan.h"

#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct arena *arena;
    struct field_problems *problems;
    bool exhausted; /* the arena */
};

/* Where a value goes: a field, its bytes and its pointer. */
struct slot {
    const struct field *field;
    char *bytes;
    const char *pointer;
};

/* jansson tells a want of memory as a syntax error ("invalid token"); a good request must not be refused for good
 * because of that, so its allocations pass here and leave a note. */
static _Thread_local bool parse_memory_missing;
static pthread_once_t parse_once = PTHREAD_ONCE_INIT;

static void *parse_malloc(size_t size)
{
    void *memory = malloc(size);

    parse_memory_missing = parse_memory_missing || memory == NULL;
    return memory;
}

static void parse_prepare(void)
{
    json_set_alloc_funcs(parse_malloc, free);
}

void field_problem_add(struct field_problems *problems, const char *pointer, const char *code, const char *format, ...)
{
    va_list arguments;

    if (problems->count == FIELD_PROBLEMS_MAX)
        return;
    struct field_problem *problem = &problems->items[problems->count++];
    snprintf(problem->pointer, sizeof problem->pointer, "%s", pointer);
    snprintf(problem->code, sizeof problem->code, "%s", code);
    va_start(arguments, format);
    vsnprintf(problem->detail, sizeof problem->detail, format, arguments);
    va_end(arguments);
}

static void wrong_type(struct reader *reader, const char *pointer, const char *expected)
{
    field_problem_add(reader->problems, pointer, "wrong_type", "expected %s", expected);
}

static const char *kind_expected(enum field_kind kind)
{
    switch (kind) {
    case FIELD_TEXT:
    case FIELD_REF:
    case FIELD_WORD:
        return "a string";
    case FIELD_INSTANT:
        return "a string with a time (RFC 3339)";
    case FIELD_MONEY:
        return "an integer of minor units";
    case FIELD_COUNT:
        return "an integer";
    case FIELD_BOOL:
        return "true or false";
    case FIELD_OBJECT:
        return "an object";
    case FIELD_ARRAY:
        return "an array";
    }
    return "something else";
}

static bool kind_matches(enum field_kind kind, const json_t *value)
{
    switch (kind) {
    case FIELD_TEXT:
    case FIELD_REF:
    case FIELD_WORD:
    case FIELD_INSTANT:
        return json_is_string(value);
    case FIELD_MONEY:
    case FIELD_COUNT:
        return json_is_integer(value);
    case FIELD_BOOL:
        return json_is_boolean(value);
    case FIELD_OBJECT:
        return json_is_object(value);
    case FIELD_ARRAY:
        return json_is_array(value);
    }
    return false;
}

/* A copy in the arena, or NULL with a problem added or the arena exhausted. */
static const char *text_copy(struct reader *reader, const char *pointer, const json_t *value, int64_t least,
                             int64_t most)
{
    const char *text = json_string_value(value);
    size_t size = json_string_length(value);

    if (size > (uint64_t)most) {
        field_problem_add(reader->problems, pointer, "too_long", "expected at most %lld bytes", (long long)most);
        return NULL;
    }
    if (size < (uint64_t)least) {
        field_problem_add(reader->problems, pointer, "out_of_range", "expected at least %lld bytes", (long long)least);
        return NULL;
    }
    if (!text_utf8_ok(text, size)) {
        field_problem_add(reader->problems, pointer, "malformed", "expected text without control characters");
        return NULL;
    }
    const char *copy = arena_text(reader->arena, text);
    reader->exhausted = reader->exhausted || copy == NULL;
    return copy;
}

static void read_text(struct reader *reader, const struct slot *slot, const json_t *value)
{
    const struct field *field = slot->field;
    int64_t most = field->max == 0 ? FIELD_TEXT_MAX : field->max;
    const char *text = text_copy(reader, slot->pointer, value, field->min, most);

    if (text != NULL)
        memcpy(slot->bytes, &text, sizeof text);
}

static void read_ref(struct reader *reader, const struct slot *slot, const json_t *value)
{
    const char *text = text_copy(reader, slot->pointer, value, 1, 64);

    if (text == NULL)
        return;
    if (field_ref_ok(text))
        memcpy(slot->bytes, &text, sizeof text);
    else
        field_problem_add(reader->problems, slot->pointer, "malformed", "expected 1 to 64 of A-Z a-z 0-9 . _ : @ -");
}

static bool integer_within(struct reader *reader, const struct slot *slot, int64_t value, int64_t least, int64_t most)
{
    if (value >= least && value <= most)
        return true;
    field_problem_add(reader->problems, slot->pointer, "out_of_range", "expected an integer from %lld to %lld",
                      (long long)least, (long long)most);
    return false;
}

static void read_money(struct reader *reader, const struct slot *slot, const json_t *value)
{
    struct money money = money_of(json_integer_value(value));
    int64_t least = (slot->field->flags & FIELD_POSITIVE) != 0 ? 1 : 0;

    if (integer_within(reader, slot, money.minor, least, MONEY_INPUT_MAX))
        memcpy(slot->bytes, &money, sizeof money);
}

static void read_count(struct reader *reader, const struct slot *slot, const json_t *value)
{
    int64_t count = json_integer_value(value);
    int64_t most = slot->field->max == 0 ? INT64_MAX : slot->field->max;

    if (integer_within(reader, slot, count, slot->field->min, most))
        memcpy(slot->bytes, &count, sizeof count);
}

static void read_instant(struct reader *reader, const struct slot *slot, const json_t *value)
{
    struct instant instant;

    /* A text with a NUL inside cannot reach this: the parser refuses \u0000. */
    if (instant_parse(json_string_value(value), &instant))
        memcpy(slot->bytes, &instant, sizeof instant);
    else
        field_problem_add(reader->problems, slot->pointer, "malformed",
                          "expected a time with an offset, as 2026-11-20T10:00:00+08:00");
}

static void read_word(struct reader *reader, const struct slot *slot, const json_t *value)
{
    const struct words *words = slot->field->words;
    char known[FIELD_DETAIL_BYTES - 32] = "";
    int word;

    if (word_parse(words, json_string_value(value), &word)) {
        memcpy(slot->bytes, &word, sizeof word);
        return;
    }
    for (int i = 1; i < words->count; i++) {
        size_t size = strlen(known);
        snprintf(known + size, sizeof known - size, "%s%s", i == 1 ? "" : ", ", words->texts[i]);
    }
    field_problem_add(reader->problems, slot->pointer, "out_of_range", "expected one of %s", known);
}

static void read_object(struct reader *reader, const json_t *object, const struct shape *shape, char *bytes,
                        const char *pointer);

static void read_element(struct reader *reader, const struct slot *list, const json_t *value, size_t index, char *items)
{
    const struct shape *shape = list->field->shape;
    char pointer[FIELD_POINTER_BYTES];

    snprintf(pointer, sizeof pointer, "%s", list->pointer);
    json_pointer_add_index(pointer, index);
    if (shape != NULL && json_is_object(value)) {
        read_object(reader, value, shape, items + index * shape->bytes, pointer);
    } else if (shape == NULL && json_is_string(value)) {
        const char *text = text_copy(reader, pointer, value, 1, FIELD_TEXT_MAX);
        memcpy(items + index * sizeof text, &text, sizeof text);
    } else {
        wrong_type(reader, pointer, shape != NULL ? "an object" : "a string");
    }
}

static void read_array(struct reader *reader, const struct slot *slot, const json_t *value)
{
    const struct field *field = slot->field;
    struct field_list list = {.count = json_array_size(value)};
    size_t item_bytes = field->shape != NULL ? field->shape->bytes : sizeof(const char *);
    int64_t most = field->max == 0 ? FIELD_ARRAY_MAX : field->max;

    if (list.count > (uint64_t)most || list.count < (uint64_t)field->min) {
        field_problem_add(reader->problems, slot->pointer, "out_of_range", "expected %lld to %lld elements",
                          (long long)field->min, (long long)most);
        return;
    }
    list.items = arena_alloc(reader->arena, list.count * item_bytes);
    if (list.items == NULL) {
        reader->exhausted = true;
        return;
    }
    for (size_t i = 0; i < list.count; i++)
        read_element(reader, slot, json_array_get(value, i), i, list.items);
    memcpy(slot->bytes, &list, sizeof list);
}

static void read_value(struct reader *reader, const struct slot *slot, const json_t *value)
{
    bool truth;

    if (!kind_matches(slot->field->kind, value)) {
        wrong_type(reader, slot->pointer, kind_expected(slot->field->kind));
        return;
    }
    switch (slot->field->kind) {
    case FIELD_TEXT:
        read_text(reader, slot, value);
        break;
    case FIELD_REF:
        read_ref(reader, slot, value);
        break;
    case FIELD_MONEY:
        read_money(reader, slot, value);
        break;
    case FIELD_COUNT:
        read_count(reader, slot, value);
        break;
    case FIELD_BOOL:
        truth = json_is_true(value);
        memcpy(slot->bytes, &truth, sizeof truth);
        break;
    case FIELD_INSTANT:
        read_instant(reader, slot, value);
        break;
    case FIELD_WORD:
        read_word(reader, slot, value);
        break;
    case FIELD_OBJECT:
        read_object(reader, value, slot->field->shape, slot->bytes, slot->pointer);
        break;
    case FIELD_ARRAY:
        read_array(reader, slot, value);
        break;
    }
}

static void read_field(struct reader *reader, const json_t *object, const struct field *field, char *bytes,
                       const char *parent)
{
    const json_t *value = json_object_get(object, field->name);
    char pointer[FIELD_POINTER_BYTES];

    snprintf(pointer, sizeof pointer, "%s", parent);
    json_pointer_add(pointer, field->name, strlen(field->name));
    if (value == NULL) {
        if ((field->flags & FIELD_REQUIRED) != 0)
            field_problem_add(reader->problems, pointer, "missing", "expected %s", kind_expected(field->kind));
        return;
    }
    if (json_is_null(value) && (field->flags & FIELD_NULLABLE) != 0)
        return;
    struct slot slot = {field, bytes + field->offset, pointer};
    read_value(reader, &slot, value);
    if (field->present_offset != 0) {
        bool present = true;
        memcpy(bytes + field->present_offset, &present, sizeof present);
    }
}

static bool shape_knows(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->fields_count; i++) {
        if (strcmp(shape->fields[i].name, name) == 0)
            return true;
    }
    return false;
}

static void read_object(struct reader *reader, const json_t *object, const struct shape *shape, char *bytes,
                        const char *pointer)
{
    for (size_t i = 0; i < shape->fields_count; i++)
        read_field(reader, object, &shape->fields[i], bytes, pointer);

    json_t *members = (json_t *)(uintptr_t)object; /* jansson's iterator is not const-correct; nothing is written */
    for (void *at = json_object_iter(members); at != NULL; at = json_object_iter_next(members, at)) {
        const char *name = json_object_iter_key(at);
        if (shape_knows(shape, name))
            continue;
        char member[FIELD_POINTER_BYTES];
        snprintf(member, sizeof member, "%s", pointer);
        json_pointer_add(member, name, strlen(name));
        field_problem_add(reader->problems, member, "unknown", "%s has no such member", shape->name);
    }
}

/* The parser's refusal as a problem: of a member where it names one, else of the text as a whole. */
static enum err parse_problem(const json_error_t *error, const char *json, size_t size, struct field_problems *problems)
{
    enum json_error_code code = json_error_code(error);
    const char *said = code == json_error_duplicate_key      ? "duplicate"
                       : code == json_error_numeric_overflow ? "out_of_range"
                                                             : "malformed";
    char pointer[FIELD_POINTER_BYTES] = "";

    if (parse_memory_missing)
        return ERR_RETRY;
    if (code == json_error_duplicate_key || code == json_error_numeric_overflow) {
        size_t position = error->position > 0 ? (size_t)error->position : 0;
        json_pointer_at(json, position < size ? position : size, pointer);
    }
    field_problem_add(problems, pointer, said, "line %d, column %d: %s", error->line, error->column, error->text);
    return ERR_REQUEST;
}

static void value_free(json_t **value)
{
    json_decref(*value);
}

static enum err root_read(struct reader *reader, const json_t *root, const struct shape *shape, void *ret)
{
    size_t problems_before = reader->problems->count;
    char *copy;

    if (!json_is_object(root)) {
        wrong_type(reader, "", "an object");
        return ERR_REQUEST;
    }
    /* Read into a copy: what was refused must not show in the caller's struct. */
    copy = arena_copy(reader->arena, ret, shape->bytes);
    if (copy == NULL)
        return ERR_RETRY;
    read_object(reader, root, shape, copy, "");
    if (reader->exhausted)
        return ERR_RETRY;
    if (reader->problems->count > problems_before || reader->problems->count == FIELD_PROBLEMS_MAX)
        return ERR_REQUEST;
    memcpy(ret, copy, shape->bytes);
    return ERR_NONE;
}

enum err field_read_json(const char *json, size_t size, const struct shape *shape, struct arena *arena, void *ret,
                         struct field_problems *problems)
{
    struct reader reader = {arena, problems, false};
    json_error_t error;

    if (!json_depth_ok(json, size)) {
        field_problem_add(problems, "", "malformed", "nested deeper than %d levels", JSON_DEPTH_MAX);
        return ERR_REQUEST;
    }
    pthread_once(&parse_once, parse_prepare);
    parse_memory_missing = false;
    SCOPED(value_free) json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL)
        return parse_problem(&error, json, size, problems);
    return root_read(&reader, root, shape, ret);
}
