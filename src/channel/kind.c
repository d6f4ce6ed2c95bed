/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/kind.h"

#include "domain/phrase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct channel_kind *const channel_kinds[CHANNEL_KINDS] = {&stripe_kind, &alipay_kind, &wechatpay_kind};

#define MARK_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

static const char *text_of(struct reading *reading, const struct tree *value, const char *expected, size_t size_max)
{
    if (value->kind == TREE_TEXT && *value->text != '\0' && strlen(value->text) <= size_max)
        return value->text;
    read_mistake(reading, value, "%s", expected);
    return NULL;
}

static void text_take(struct reading *reading, const char *text, const char **at)
{
    *at = arena_text(reading->arena, text);
    if (*at == NULL)
        reading->exhausted = true;
}

READER(read_endpoint)
{
    static const char expected[] = "https://HOST[:PORT], with a path if need be but without a slash at its end";
    const char *text = text_of(reading, value, expected, HTTPS_URL_BYTES / 2 - 1);
    size_t size = text != NULL ? strlen(text) : 0;

    (void)key;
    if (text == NULL)
        return;
    if (strncmp(text, "https://", 8) != 0 || size == 8 || text[size - 1] == '/' ||
        strspn(text, MARK_CHARACTERS ":/[]") != size)
        read_mistake(reading, value, "%s", expected);
    else
        text_take(reading, text, at);
}

READER(read_file)
{
    const char *text = text_of(reading, value, "the name of a file", 4000);

    (void)key;
    if (text != NULL)
        text_take(reading, text, at);
}

static void read_file_of(struct reading *reading, const struct tree *value, const struct key *key, void *at)
{
    read_file(reading, value, key, at);
}

READER(read_files)
{
    struct channel_files *files = at;

    if (value->kind == TREE_LIST) {
        files->count =
            read_list(reading, value, CHANNEL_FILES_MAX, sizeof files->paths[0], (void *)files->paths, read_file_of);
        return;
    }
    files->count = 1;
    read_file(reading, value, key, (void *)files->paths);
}

READER(read_timeout)
{
    int64_t ms = 0;

    (void)key;
    if (value->kind == TREE_TEXT && phrase_count(value->text, &ms) && ms >= CHANNEL_TIMEOUT_MS_MIN &&
        ms <= CHANNEL_TIMEOUT_MS_MAX)
        *(int64_t *)at = ms;
    else
        read_mistake(reading, value, "milliseconds from 500 to 9000, since a server has to end within 10 seconds");
}

READER(read_mark)
{
    static const char expected[] = "an id as the channel gives it: 1–64 of A–Z, a–z, 0–9, _ . -";
    const char *text = text_of(reading, value, expected, 64);

    (void)key;
    if (text == NULL)
        return;
    if (strspn(text, MARK_CHARACTERS) != strlen(text))
        read_mistake(reading, value, "%s", expected);
    else
        text_take(reading, text, at);
}

bool channel_place_open(const struct channel_settings *settings, const char *endpoint_usual, const char *directory,
                        struct channel_place *ret, char ret_reason[256])
{
    const char *ca_file = settings->ca_file;
    FILE *readable;

    snprintf(ret->endpoint, sizeof ret->endpoint, "%s",
             settings->endpoint != NULL ? settings->endpoint : endpoint_usual);
    ret->timeout_ms = settings->timeout_ms != 0 ? settings->timeout_ms : CHANNEL_TIMEOUT_MS;
    if (ca_file == NULL)
        return true;
    if (asprintf(&ret->ca_file, "%s%s%s", ca_file[0] == '/' ? "" : directory, ca_file[0] == '/' ? "" : "/", ca_file) <
        0) {
        ret->ca_file = NULL;
        return false;
    }
    readable = fopen(ret->ca_file, "re");
    if (readable == NULL)
        snprintf(ret_reason, 256, "%.180s: the file of authorities cannot be read", ret->ca_file);
    else
        fclose(readable);
    return readable != NULL;
}

void channel_place_fini(struct channel_place *place)
{
    free(place->ca_file);
    place->ca_file = NULL;
}
