/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "notify/settings_messages.h"

#define TIMEOUT_S_MAX 30

void settings_mistake(struct reading *reading, const struct tree *value, const char *expected)
{
    policy_mistake_add(&reading->mistakes, value->line, value->path, "%s", expected);
}

const char *settings_text(struct reading *reading, const struct tree *value)
{
    if (value->kind == TREE_TEXT && value->text[0] != '\0')
        return value->text;
    settings_mistake(reading, value, "expected a text");
    return NULL;
}

void settings_map(struct reading *reading, const struct tree *map, const struct settings_key *keys, size_t count)
{
    if (map->kind != TREE_MAP) {
        settings_mistake(reading, map, "expected keys and values");
        return;
    }
    for (const struct tree *child = map->first; child != NULL; child = child->next) {
        size_t i = 0;

        while (i < count && strcmp(keys[i].name, child->key) != 0)
            i++;
        if (i == count)
            settings_mistake(reading, child, "there is no such key here");
        else
            keys[i].read(reading, child);
    }
}

/* ---- webhooks ---- */

static void timeout_read(struct reading *reading, const struct tree *value)
{
    const char *text = settings_text(reading, value);
    char *end = NULL;
    long seconds = text != NULL ? strtol(text, &end, 10) : 1;

    if (text != NULL && (*end != '\0' || seconds < 1 || seconds > TIMEOUT_S_MAX))
        settings_mistake(reading, value, "expected seconds, 1 to 30");
    reading->settings->webhooks.timeout_ms = seconds * MS_SECOND;
}

static void ca_read(struct reading *reading, const struct tree *value)
{
    reading->settings->webhooks.ca = settings_text(reading, value);
    if (reading->settings->webhooks.ca != NULL && !file_is_there(reading->settings->webhooks.ca))
        settings_mistake(reading, value, "expected a file with certificates that is there");
}

static void allow_read(struct reading *reading, const struct tree *value)
{
    struct address_ranges *allowed = &reading->settings->webhooks.allowed;

    if (value->kind != TREE_LIST)
        settings_mistake(reading, value, "expected a list of address ranges");
    for (const struct tree *child = value->kind == TREE_LIST ? value->first : NULL; child != NULL;
         child = child->next) {
        if (allowed->count == ADDRESS_RANGES_MAX)
            settings_mistake(reading, child, "at most 32 ranges");
        else if (child->kind != TREE_TEXT || !address_range_parse(child->text, &allowed->items[allowed->count]))
            settings_mistake(reading, child, "expected an address range, as 10.1.0.0/16 or ::1/128");
        else
            allowed->count++;
    }
}

static void webhooks_read(struct reading *reading, const struct tree *value)
{
    static const struct settings_key keys[] = {{"timeout", timeout_read}, {"ca", ca_read}, {"allow", allow_read}};

    settings_map(reading, value, keys, ARRAY_COUNT(keys));
}

/* ---- the file ---- */

static void source_read(struct reading *reading, const struct tree *value)
{
    const char *text = settings_text(reading, value);

    if (text != NULL && strlen(text) > 200)
        settings_mistake(reading, value, "expected at most 200 characters");
    reading->settings->source = text;
}

enum err settings_file(const char *path, struct arena *arena, char **ret, size_t *ret_size, char ret_reason[256])
{
    char *text = arena_alloc(arena, TREE_BYTES_MAX + 2);
    int fd = file_open(path, FILE_READ);
    int64_t size = fd >= 0 && text != NULL ? file_read_at(fd, text, TREE_BYTES_MAX + 1, 0) : -1;

    if (size < 0)
        snprintf(ret_reason, 256, "%.150s: %s", path, strerror(errno));
    if (fd >= 0)
        file_close(fd);
    if (size < 0)
        return ERR_FATAL;
    *ret = text;
    *ret_size = (size_t)size;
    return ERR_NONE;
}

enum err notify_settings_read(const char *path, struct arena *arena, struct notify_settings *ret, char ret_reason[256])
{
    static const struct settings_key keys[] = {
        {"source", source_read}, {"webhooks", webhooks_read}, {"messages", messages_settings_read}};
    struct notify_settings settings = {
        .source = "ebb", .webhooks.timeout_ms = 20 * MS_SECOND, .messages.chinese = true};
    struct reading reading = {.arena = arena, .settings = &settings};
    const struct tree *tree = NULL;
    char *text;
    size_t size;

    if (path != NULL) {
        TRY(settings_file(path, arena, &text, &size, ret_reason));
        enum err err = tree_read(text, size, arena, &tree, &reading.mistakes);
        if (err == ERR_NONE)
            settings_map(&reading, tree, keys, ARRAY_COUNT(keys));
        else if (err != ERR_REQUEST)
            return err;
    }
    if (reading.mistakes.count > 0) {
        const struct policy_mistake *first = &reading.mistakes.items[0];
        snprintf(ret_reason, 256, "%.100s:%zu: %.60s%s%.80s", path, first->line, first->key,
                 first->key[0] != '\0' ? ": " : "", first->expected);
        return ERR_FATAL;
    }
    TRY(messages_templates_read(&reading, ret_reason));
    *ret = settings;
    return ERR_NONE;
}
