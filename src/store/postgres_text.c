/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a named query to PostgreSQL's: names become numbers, and a text for one key or one row becomes one
 * for many (sql/query/form.sql). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/channel_key.h"
#include "store/postgres.h"

/* The parts of a query that the words of a form stand for. */
struct parts {
    const struct wording *wording;
    struct bytes head, values, tail;
};

bool name_is(const struct name *name, const char *text)
{
    return strncmp(name->at, text, name->size) == 0 && text[name->size] == '\0';
}

/* ---- arguments that are made of others (tools/queries.py) ---- */

/* A key that is none of ours is on no shard. */
static int64_t shard_of_key(const char *key)
{
    int64_t leg, number;

    return channel_key_parse(key, &leg, &number) ? id_shard(leg) : -1;
}

static int64_t shard_of_account(const char *ref)
{
    return shard_of_ref(ref);
}

static const struct derived {
    const char *name, *from;
    int64_t (*shard)(const char *text);
} deriveds[] = {
    {"shard_of_ref", "ref", shard_of_account},
    {"shard_of_key", "key", shard_of_key},
};

static const struct derived *derived_find(const struct name *name)
{
    for (size_t i = 0; i < ARRAY_COUNT(deriveds); i++)
        if (name_is(name, deriveds[i].name))
            return &deriveds[i];
    return NULL;
}

size_t wording_given(const struct wording *wording)
{
    size_t given = 0;

    for (size_t i = 0; i < wording->count; i++)
        given += derived_find(&wording->names[i]) == NULL;
    return given;
}

bool name_value(const struct name *name, const struct value *args, size_t args_count, struct value *ret)
{
    const struct derived *derived = derived_find(name);
    const struct name from = {derived != NULL ? derived->from : name->at,
                              derived != NULL ? strlen(derived->from) : name->size};

    for (size_t i = 0; i < args_count; i++)
        if (name_is(&from, args[i].name)) {
            if (derived != NULL && args[i].kind != VALUE_TEXT)
                return false;
            *ret = derived == NULL ? args[i] : value_int(derived->name, derived->shard(args[i].text));
            return true;
        }
    return false;
}

/* ---- texts ---- */

static size_t word_size(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_");
}

/* The next "$name" before `end` that is not inside a literal; `end` when there is none. */
static const char *name_next(const char *at, const char *end, struct name *ret)
{
    bool literal = false;

    for (; at < end; at++) {
        literal ^= *at == '\'';
        if (literal || *at != '$')
            continue;
        *ret = (struct name){at + 1, word_size(at + 1)};
        return at;
    }
    return end;
}

static size_t name_number(const struct wording *wording, const struct name *name)
{
    size_t number = 0;

    while (number < wording->count &&
           (wording->names[number].size != name->size || memcmp(wording->names[number].at, name->at, name->size) != 0))
        number++;
    return number;
}

static bool names_read(const char *text, struct wording *ret)
{
    const char *end = text + strlen(text);
    struct name name;

    for (const char *at = name_next(text, end, &name); at < end; at = name_next(name.at, end, &name)) {
        size_t number = name_number(ret, &name);

        if (number == STATEMENT_COLUMNS_MAX)
            return false;
        if (number == ret->count)
            ret->names[ret->count++] = name;
    }
    return true;
}

static void write_number(struct room *room, size_t number)
{
    char digits[24];

    room_bytes(room, digits, (size_t)snprintf(digits, sizeof digits, "$%zu", number + 1));
}

/* The text with every name said anew. */
static void write_text(struct room *room, const struct wording *wording, struct bytes text, bool many)
{
    const char *at = text.data, *end = at + text.size, *next;
    struct name name;

    while ((next = name_next(at, end, &name)) < end) {
        room_bytes(room, at, (size_t)(next - at));
        if (many) {
            room_bytes(room, "q._", 3);
            room_bytes(room, name.at, name.size);
        } else {
            write_number(room, name_number(wording, &name));
        }
        at = name.at + name.size;
    }
    room_bytes(room, at, (size_t)(end - at));
}

static void write_list(struct room *room, const struct wording *wording, bool numbers)
{
    for (size_t i = 0; i < wording->count; i++) {
        room_bytes(room, ", ", i == 0 ? 0 : 2);
        if (numbers) {
            write_number(room, i);
            continue;
        }
        room_bytes(room, "_", 1);
        room_bytes(room, wording->names[i].at, wording->names[i].size);
    }
}

static void write_word(struct room *room, const struct parts *parts, const struct name *word)
{
    if (name_is(word, "numbers") || name_is(word, "keys"))
        write_list(room, parts->wording, name_is(word, "numbers"));
    else
        write_text(room, parts->wording,
                   name_is(word, "head")     ? parts->head
                   : name_is(word, "values") ? parts->values
                                             : parts->tail,
                   true);
}

static void write_form(struct room *room, const char *form, const struct parts *parts)
{
    for (const char *at = form; *at != '\0';) {
        size_t plain = strcspn(at, "@");
        struct name word = {at + plain + 1, at[plain] == '@' ? word_size(at + plain + 1) : 0};

        room_bytes(room, at, plain);
        at += plain;
        if (*at == '@') {
            write_word(room, parts, &word);
            at = word.at + word.size;
        }
    }
}

static struct bytes between(const char *from, const char *to)
{
    return bytes_of(from, (size_t)(to - from));
}

/* False: nothing that many rows can be given to. */
static bool write_rows(struct room *room, const char *text, struct parts *parts)
{
    const char *end = text + strlen(text), *values = strstr(text, "VALUES ("), *where = strstr(text, "WHERE ");
    bool gone = strncmp(text, "DELETE", 6) == 0;

    if (strncmp(text, "INSERT", 6) == 0 && values != NULL) {
        parts->head = between(text, values);
        parts->values = between(strchr(values, '(') + 1, strrchr(text, ')'));
        write_form(room, query_texts_postgresql[QUERY_FORM_INSERT], parts);
        return true;
    }
    if (where == NULL)
        return false;
    parts->head = between(text, where);
    parts->tail = between(where, end);
    write_form(room, query_texts_postgresql[gone ? QUERY_FORM_DELETE : QUERY_FORM_UPDATE], parts);
    return true;
}

bool wording_make(enum form form, const char *text, struct wording *ret)
{
    struct wording wording = {0};
    struct parts parts = {.wording = &wording, .head = bytes_of_text(text)};
    struct room room = {0};
    bool fits = names_read(text, &wording);

    if (fits && form == FORM_ONE)
        write_text(&room, &wording, parts.head, false);
    else if (fits && form == FORM_MANY)
        write_form(&room, query_texts_postgresql[QUERY_FORM_MANY], &parts);
    else
        fits = fits && write_rows(&room, text, &parts);
    room_bytes(&room, "", 1);
    if (!fits || room.failed) {
        free(room.data);
        return false;
    }
    wording.text = (char *)room.data;
    *ret = wording;
    return true;
}
