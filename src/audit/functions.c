/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/books.h"

#include "base/id.h"
#include "base/instant.h"

#include <string.h>

/* The prefix of "wd_01J…", or false when the text is none of our names. */
static bool name_split(sqlite3_value *value, char ret_prefix[8], int64_t *ret_id)
{
    const char *text = (const char *)sqlite3_value_text(value);
    const char *line = text == NULL ? NULL : strchr(text, '_');

    if (line == NULL || line == text || line - text >= 8)
        return false;
    memcpy(ret_prefix, text, (size_t)(line - text));
    ret_prefix[line - text] = '\0';
    return id_parse(ret_prefix, text, ret_id);
}

static void object_prefix(sqlite3_context *context, int count, sqlite3_value **values)
{
    char prefix[8];
    int64_t id;

    INVARIANT(60, count == 1);
    if (name_split(values[0], prefix, &id))
        sqlite3_result_text(context, prefix, -1, SQLITE_TRANSIENT);
    else
        sqlite3_result_text(context, "?", -1, SQLITE_STATIC);
}

static void object_id(sqlite3_context *context, int count, sqlite3_value **values)
{
    char prefix[8];
    int64_t id;

    INVARIANT(60, count == 1);
    sqlite3_result_int64(context, name_split(values[0], prefix, &id) ? id : 0);
}

static void sign_of(sqlite3_context *context, int count, sqlite3_value **values)
{
    int64_t value = sqlite3_value_int64(values[0]);

    INVARIANT(60, count == 1);
    sqlite3_result_int(context, (value > 0) - (value < 0));
}

static void shanghai_month(sqlite3_context *context, int count, sqlite3_value **values)
{
    INVARIANT(60, count == 1);
    if (sqlite3_value_type(values[0]) != SQLITE_NULL)
        sqlite3_result_int(context, instant_month_key((struct instant){sqlite3_value_int64(values[0])}));
}

static void shanghai_day(sqlite3_context *context, int count, sqlite3_value **values)
{
    INVARIANT(60, count == 1);
    if (sqlite3_value_type(values[0]) != SQLITE_NULL)
        sqlite3_result_int(context, instant_day_key((struct instant){sqlite3_value_int64(values[0])}));
}

enum err books_functions(sqlite3 *books)
{
    static const struct {
        const char *name;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"object_prefix", object_prefix},
                     {"object_id", object_id},
                     {"sign_of", sign_of},
                     {"shanghai_month", shanghai_month},
                     {"shanghai_day", shanghai_day}};

    for (size_t i = 0; i < ARRAY_COUNT(functions); i++)
        if (sqlite3_create_function_v2(books, functions[i].name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                       functions[i].function, NULL, NULL, NULL) != SQLITE_OK)
            return ERR_RETRY;
    return ERR_NONE;
}
