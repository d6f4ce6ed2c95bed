/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/step.h"

#include <string.h>

static void add_number(struct out *out, int64_t number)
{
    out_digits(out, number);
    out_bytes(out, ";", 1);
}

static void add_text(struct out *out, const char *text)
{
    size_t size = text != NULL ? strlen(text) : 0;

    if (text == NULL) {
        out_bytes(out, "-;", 2);
        return;
    }
    out_digits(out, (int64_t)size);
    out_bytes(out, ":", 1);
    out_bytes(out, text, size);
    out_bytes(out, ";", 1);
}

static void add_shape(struct out *out, const struct shape *shape, const char *ask);

static void add_list(struct out *out, const struct field *field, const struct field_list *list)
{
    add_number(out, (int64_t)list->count);
    for (size_t i = 0; i < list->count; i++)
        if (field->shape == NULL)
            add_text(out, ((const char *const *)list->items)[i]);
        else
            add_shape(out, field->shape, (const char *)list->items + i * field->shape->bytes);
}

/* Texts, numbers of one size each, and what is made of others. */
static void text_add(struct out *out, const struct field *field, const void *member)
{
    (void)field;
    add_text(out, *(const char *const *)member);
}

static void number_add(struct out *out, const struct field *field, const void *member)
{
    (void)field;
    add_number(out, *(const int64_t *)member);
}

static void word_add(struct out *out, const struct field *field, const void *member)
{
    (void)field;
    add_number(out, *(const int *)member);
}

static void yes_add(struct out *out, const struct field *field, const void *member)
{
    (void)field;
    add_number(out, *(const bool *)member);
}

static void object_add(struct out *out, const struct field *field, const void *member)
{
    add_shape(out, field->shape, member);
}

static void list_add(struct out *out, const struct field *field, const void *member)
{
    add_list(out, field, member);
}

_Static_assert(sizeof(struct money) == sizeof(int64_t) && sizeof(struct instant) == sizeof(int64_t), "one number each");

static void (*const adds[])(struct out *out, const struct field *field, const void *member) = {
    [FIELD_TEXT] = text_add,    [FIELD_REF] = text_add,       [FIELD_MONEY] = number_add,
    [FIELD_COUNT] = number_add, [FIELD_INSTANT] = number_add, [FIELD_WORD] = word_add,
    [FIELD_BOOL] = yes_add,     [FIELD_OBJECT] = object_add,  [FIELD_ARRAY] = list_add,
};

static void add_shape(struct out *out, const struct shape *shape, const char *ask)
{
    for (size_t i = 0; i < shape->fields_count; i++)
        adds[shape->fields[i].kind](out, &shape->fields[i], ask + shape->fields[i].offset);
}

enum err ask_fingerprint(const struct shape *shape, const void *ask, const char *context, uint8_t ret[HASH_SHORT_BYTES])
{
    SCOPED(out_fini) struct out out;

    out_init(&out);
    add_text(&out, shape->name);
    add_text(&out, context);
    if (ask != NULL)
        add_shape(&out, shape, ask);
    if (out.failed)
        return ERR_RETRY;
    hash_parts("ask", NULL, (struct bytes[]){bytes_of(out.data, out.size)}, 1, ret, HASH_SHORT_BYTES);
    return ERR_NONE;
}
