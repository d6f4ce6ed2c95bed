/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/policy_read.h"

#include "domain/phrase.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_BYTES_MAX 200

void read_mistake(struct reading *reading, const struct tree *at, const char *format, ...)
{
    char expected[sizeof reading->mistakes->items[0].expected];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    policy_mistake_add(reading->mistakes, at->line, at->path, "%s", expected);
}

static void report_unknown(struct reading *reading, const struct tree *child, const struct key *keys, size_t keys_count)
{
    char known[160] = "";
    size_t used = 0;

    for (size_t i = 0; i < keys_count; i++) {
        if (strcmp(child->key, keys[i].name) == 0)
            return;
    }
    for (size_t i = 0; i < keys_count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", keys[i].name);
    read_mistake(reading, child, "one of the keys %s", known);
}

void read_missing(struct reading *reading, const struct tree *map, const char *name)
{
    char path[sizeof reading->mistakes->items[0].key];

    snprintf(path, sizeof path, "%s%s%s", map->path, *map->path == '\0' ? "" : ".", name);
    policy_mistake_add(reading->mistakes, map->line, path, "this key; it is missing");
}

void read_map(struct reading *reading, const struct tree *map, const struct key *keys, size_t keys_count, void *into)
{
    if (map->kind != TREE_MAP) {
        read_mistake(reading, map, "a map of keys and values");
        return;
    }
    for (const struct tree *child = map->first; child != NULL; child = child->next)
        report_unknown(reading, child, keys, keys_count);
    for (size_t i = 0; i < keys_count; i++) {
        const struct tree *child = tree_child(map, keys[i].name);
        if (child != NULL)
            keys[i].read(reading, child, &keys[i], (char *)into + keys[i].offset);
        else if (!keys[i].optional)
            read_missing(reading, map, keys[i].name);
    }
}

/* NULL after a mistake: the value is no text, or an empty one. */
static const char *text_of(struct reading *reading, const struct tree *value, const char *expected)
{
    if (value->kind == TREE_TEXT && *value->text != '\0')
        return value->text;
    read_mistake(reading, value, "%s", expected);
    return NULL;
}

static bool characters_ok(const char *text, const char *allowed, size_t size)
{
    size_t length = strlen(text);

    return length > 0 && length < size && strspn(text, allowed) == length;
}

READER(read_name)
{
    static const char expected[] = "a short name of a–z, 0–9, - and _";
    const char *text = text_of(reading, value, expected);

    if (text == NULL)
        return;
    if (characters_ok(text, "abcdefghijklmnopqrstuvwxyz0123456789_-", key->size))
        memcpy(at, text, strlen(text) + 1);
    else
        read_mistake(reading, value, "%s", expected);
}

READER(read_rule_id)
{
    static const char expected[] = "a rule id such as AL-09: capitals, digits and a hyphen, at most 16 characters";
    const char *text = text_of(reading, value, expected);

    (void)key;
    if (text == NULL)
        return;
    if (characters_ok(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", RULE_ID_BYTES) && strchr(text, '-') != NULL)
        memcpy(at, text, strlen(text) + 1);
    else
        read_mistake(reading, value, "%s", expected);
}

READER(read_sentence)
{
    const char *text = text_of(reading, value, "a text");

    (void)key;
    if (text == NULL)
        return;
    if (strlen(text) > SENTENCE_BYTES_MAX) {
        read_mistake(reading, value, "at most %d bytes of text", SENTENCE_BYTES_MAX);
        return;
    }
    char *copy = arena_text(reading->arena, text);
    if (copy == NULL)
        reading->exhausted = true;
    else
        *(const char **)at = copy;
}

READER(read_yes_no)
{
    const char *text = text_of(reading, value, "yes or no");

    (void)key;
    if (text == NULL)
        return;
    if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0)
        *(bool *)at = *text == 'y';
    else
        read_mistake(reading, value, "yes or no");
}

static void mistake_of_texts(struct reading *reading, const struct tree *value, const char *const *texts, size_t from,
                             size_t count)
{
    char known[160] = "";
    size_t used = 0;

    for (size_t i = from; i < count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == from ? "" : ", ", texts[i]);
    read_mistake(reading, value, "one of %s", known);
}

READER(read_choice)
{
    for (size_t i = 0; value->kind == TREE_TEXT && i < key->size; i++) {
        if (strcmp(value->text, key->texts[i]) == 0) {
            *(int *)at = (int)i;
            return;
        }
    }
    mistake_of_texts(reading, value, key->texts, 0, key->size);
}

READER(read_word)
{
    if (value->kind != TREE_TEXT || !word_parse(key->words, value->text, at))
        mistake_of_texts(reading, value, key->words->texts, 1, (size_t)key->words->count);
}

static void read_set(struct reading *reading, const struct tree *value, const struct words *words, uint32_t *set)
{
    const struct key element_key = {.words = words};

    if (value->kind != TREE_LIST || value->first == NULL) {
        read_mistake(reading, value, "a list of %ss", words->name);
        return;
    }
    for (const struct tree *element = value->first; element != NULL; element = element->next) {
        int word = 0;
        read_word(reading, element, &element_key, &word);
        if (word != 0 && (*set & 1u << word) != 0)
            read_mistake(reading, element, "every %s once", words->name);
        else if (word != 0)
            *set |= 1u << word;
    }
}

READER(read_method_set)
{
    (void)key;
    read_set(reading, value, &method_words, at);
}

READER(read_route_set)
{
    (void)key;
    read_set(reading, value, &route_words, at);
}

READER(read_amount)
{
    (void)key;
    if (value->kind != TREE_TEXT || !money_parse(value->text, reading->currency, at))
        read_mistake(reading, value, "an amount of %s such as 100.00, without sign or separators", reading->currency);
}

READER(read_amount_some)
{
    struct money amount = MONEY_ZERO;

    (void)key;
    if (value->kind == TREE_TEXT && strcmp(value->text, "none") == 0)
        return;
    if (value->kind != TREE_TEXT || !money_parse(value->text, reading->currency, &amount) || !money_is_positive(amount))
        read_mistake(reading, value, "an amount of %s above zero such as 30000.00, or none", reading->currency);
    else
        *(struct money *)at = amount;
}

READER(read_count)
{
    (void)key;
    if (value->kind != TREE_TEXT || !phrase_count(value->text, at))
        read_mistake(reading, value, "a whole number from 1 to %d", COUNT_MAX);
}

READER(read_count_some)
{
    (void)key;
    if (value->kind == TREE_TEXT && strcmp(value->text, "none") == 0)
        return;
    if (value->kind != TREE_TEXT || !phrase_count(value->text, at))
        read_mistake(reading, value, "a whole number from 1 to %d, or none", COUNT_MAX);
}

READER(read_span)
{
    (void)key;
    if (value->kind != TREE_TEXT || !phrase_span(value->text, at))
        read_mistake(reading, value, "a span such as 24 hours, 15 minutes or 2 days (at most 366 days), or at once");
}

size_t read_list(struct reading *reading, const struct tree *list, size_t max, size_t element_bytes, void *into,
                 void (*element)(struct reading *, const struct tree *, const struct key *, void *))
{
    size_t count = 0;

    if (list->kind != TREE_LIST || list->first == NULL) {
        read_mistake(reading, list, "a list of at least one");
        return 0;
    }
    for (const struct tree *child = list->first; child != NULL; child = child->next) {
        if (count == max) {
            read_mistake(reading, child, "at most %zu elements", max);
            return count;
        }
        element(reading, child, NULL, (char *)into + element_bytes * count);
        count++;
    }
    return count;
}
