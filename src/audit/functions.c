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

/* Damaged books may hold any number: a moment that no calendar reaches is on day 0. */
static void shanghai_day(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct instant at = {sqlite3_value_int64(values[0])};
    bool reached = instant_after(at, instant_of_civil((struct civil){1, 1, 1, 0})) &&
                   instant_before(at, instant_of_civil((struct civil){9999, 1, 1, 0}));

    INVARIANT(60, count == 1);
    if (sqlite3_value_type(values[0]) != SQLITE_NULL)
        sqlite3_result_int(context, reached ? instant_day_key(at) : 0);
}

/* What a writer would say of a table's sentence; NULL: it can read it. A connection that only reads leaves the checks
 * of a table unread, so that rows may be sound of which nobody could write another. */
static void unreadable(sqlite3_context *context, int count, sqlite3_value **values)
{
    sqlite3 *empty = NULL;

    INVARIANT(60, count == 1);
    if (sqlite3_open_v2(":memory:", &empty, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        sqlite3_result_error_nomem(context);
    else if (sqlite3_exec(empty, (const char *)sqlite3_value_text(values[0]), NULL, NULL, NULL) != SQLITE_OK)
        sqlite3_result_text(context, sqlite3_errmsg(empty), -1, SQLITE_TRANSIENT);
    sqlite3_close(empty);
}

enum err books_functions(sqlite3 *books)
{
    static const struct {
        const char *name;
        void (*function)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"object_prefix", object_prefix},
                     {"object_id", object_id},
                     {"sign_of", sign_of},
                     {"shanghai_day", shanghai_day},
                     {"unreadable", unreadable}};

    for (size_t i = 0; i < ARRAY_COUNT(functions); i++)
        if (sqlite3_create_function_v2(books, functions[i].name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                       functions[i].function, NULL, NULL, NULL) != SQLITE_OK)
            return ERR_RETRY;
    return ERR_NONE;
}
