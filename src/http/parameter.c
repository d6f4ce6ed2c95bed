/* SPDX-License-Identifier: Apache-2.0 */
#include "http/parameter.h"

#include <string.h>

#define CURSOR_PREFIX "c"

#define PARAMETER_NAME(constant, name) name,
const char *const parameter_names[PARAMETER__COUNT] = {PARAMETERS(PARAMETER_NAME)};

void cursor_format(int64_t id, char ret[ID_TEXT_BYTES])
{
    id_format(CURSOR_PREFIX, id, ret);
}

bool cursor_parse(const char *text, int64_t *ret)
{
    int64_t id;

    if (!id_parse(CURSOR_PREFIX, text, &id) || id <= 0)
        return false;
    *ret = id;
    return true;
}

static bool limit_read(const char *text, int64_t max, int64_t *ret)
{
    int64_t value = 0;

    if (*text == '\0' || strlen(text) > 6)
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (*text - '0');
    }
    if (value < 1 || value > max)
        return false;
    *ret = value;
    return true;
}

/* An offset's plus sign that was not percent-encoded arrives as a space: it can mean nothing else here. */
static bool instant_read(const char *text, struct instant *ret)
{
    char copy[INSTANT_TEXT_BYTES];
    char *space;

    if (strlen(text) >= sizeof(copy))
        return false;
    strcpy(copy, text);
    space = strrchr(copy, ' ');
    if (space != NULL && space - copy > 10)
        *space = '+';
    return instant_parse(copy, ret);
}

static bool bool_read(const char *text, bool *ret)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return false;
    *ret = text[0] == 't';
    return true;
}

static bool order_read(const char *text, bool *ret)
{
    if (strcmp(text, "oldest") != 0 && strcmp(text, "newest") != 0)
        return false;
    *ret = text[0] == 'n';
    return true;
}

static bool text_read(const char *text, size_t bytes_max, const char **ret)
{
    if (*text == '\0' || strlen(text) > bytes_max)
        return false;
    *ret = text;
    return true;
}

static bool ref_read(const char *text, const char **ret)
{
    if (!field_ref_ok(text))
        return false;
    *ret = text;
    return true;
}

static bool parameter_read(enum parameter parameter, const char *value, int64_t limit_max, struct parameters *ret)
{
    switch (parameter) {
    case PARAMETER_LIMIT:
        return limit_read(value, limit_max, &ret->limit);
    case PARAMETER_CURSOR:
        return cursor_parse(value, &ret->cursor);
    case PARAMETER_ACCOUNT:
        return ref_read(value, &ret->account);
    case PARAMETER_MASTER:
        return ref_read(value, &ret->master);
    case PARAMETER_STATUS:
        return text_read(value, 32, &ret->status);
    case PARAMETER_TYPE:
        return text_read(value, 32, &ret->type);
    case PARAMETER_FROM:
        return instant_read(value, &ret->from);
    case PARAMETER_TO:
        return instant_read(value, &ret->to);
    case PARAMETER_QUERY:
        return text_read(value, 200, &ret->query);
    case PARAMETER_DRY_RUN:
        return bool_read(value, &ret->dry_run);
    case PARAMETER_ORDER:
        return order_read(value, &ret->newest_first);
    case PARAMETER__COUNT:
        break;
    }
    return false;
}

static enum parameter parameter_named(const char *name)
{
    for (int parameter = 0; parameter < PARAMETER__COUNT; parameter++)
        if (strcmp(name, parameter_names[parameter]) == 0)
            return (enum parameter)parameter;
    return PARAMETER__COUNT;
}

bool parameters_read(const struct target *target, unsigned mask, int64_t limit_max, struct parameters *ret,
                     struct field_problems *problems)
{
    unsigned seen = 0;

    *ret = (struct parameters){.limit = LIST_LIMIT_DEFAULT};
    for (size_t i = 0; i < target->parameters_count; i++) {
        const struct target_parameter *given = &target->parameters[i];
        enum parameter parameter = parameter_named(given->name);
        if (parameter == PARAMETER__COUNT || (mask & 1u << parameter) == 0)
            field_problem_add(problems, given->name, "unknown", "This request takes no such query parameter.");
        else if ((seen & 1u << parameter) != 0)
            field_problem_add(problems, given->name, "duplicate", "The query parameter is given more than once.");
        else if (!parameter_read(parameter, given->value, limit_max, ret))
            field_problem_add(problems, given->name, "malformed",
                              "The value of the query parameter is not acceptable.");
        if (parameter != PARAMETER__COUNT)
            seen |= 1u << parameter;
    }
    return problems->count == 0;
}
