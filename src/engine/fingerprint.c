/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/step.h"

#include <stdio.h>
#include <string.h>

static void add_number(struct out *out, int64_t number)
{
    out_format(out, "%lld;", (long long)number);
}

static void add_text(struct out *out, const char *text)
{
    if (text == NULL)
        out_text(out, "-;");
    else
        out_format(out, "%zu:%s;", strlen(text), text);
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

static void add_field(struct out *out, const struct field *field, const char *member)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_REF:
        add_text(out, *(const char *const *)(const void *)member);
        break;
    case FIELD_MONEY:
        add_number(out, ((const struct money *)(const void *)member)->minor);
        break;
    case FIELD_COUNT:
        add_number(out, *(const int64_t *)(const void *)member);
        break;
    case FIELD_BOOL:
        add_number(out, *(const bool *)(const void *)member);
        break;
    case FIELD_INSTANT:
        add_number(out, ((const struct instant *)(const void *)member)->ms);
        break;
    case FIELD_WORD:
        add_number(out, *(const int *)(const void *)member);
        break;
    case FIELD_OBJECT:
        add_shape(out, field->shape, member);
        break;
    case FIELD_ARRAY:
        add_list(out, field, (const struct field_list *)(const void *)member);
        break;
    }
}

static void add_shape(struct out *out, const struct shape *shape, const char *ask)
{
    for (size_t i = 0; i < shape->fields_count; i++)
        add_field(out, &shape->fields[i], ask + shape->fields[i].offset);
}

void ask_fingerprint(const struct shape *shape, const void *ask, const char *context, uint8_t ret[HASH_SHORT_BYTES])
{
    struct out out;

    out_init(&out);
    add_text(&out, shape->name);
    add_text(&out, context);
    if (ask != NULL)
        add_shape(&out, shape, ask);
    INVARIANT(2, !out.failed);
    hash_parts("ask", NULL, (struct bytes[]){bytes_of(out.data, out.size)}, 1, ret, HASH_SHORT_BYTES);
    out_fini(&out);
}
