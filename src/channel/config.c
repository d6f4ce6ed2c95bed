/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/config.h"

#include "channel/kind.h"
#include "channel/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ARENA_BYTES (2 * TREE_ARENA_BYTES)
#define SETTINGS_BYTES_MAX 1024
#define DIRECTORY_BYTES 4096
#define HIDDEN "…"

/* A file on its way to channels. */
struct config {
    const char *path;
    char directory[DIRECTORY_BYTES];
    struct arena arena;
    struct policy_mistakes mistakes;
    struct reading reading;
};

static bool config_begin(struct config *config, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash != NULL ? (size_t)(slash - path) : 1;

    *config = (struct config){.path = path};
    if (size >= sizeof config->directory)
        return false;
    snprintf(config->directory, sizeof config->directory, "%.*s", (int)size, slash == path ? "/" : slash ? path : ".");
    arena_init(&config->arena, ARENA_BYTES);
    config->reading = (struct reading){.arena = &config->arena, .mistakes = &config->mistakes};
    return true;
}

static enum err file_read_all(struct config *config, char **ret, size_t *ret_size)
{
    FILE *file = fopen(config->path, "re");

    if (file == NULL) {
        policy_mistake_add(&config->mistakes, 0, "", "a file that can be read (%s)", strerror(errno));
        return ERR_REQUEST;
    }
    *ret = arena_alloc(&config->arena, TREE_BYTES_MAX + 1);
    *ret_size = *ret != NULL ? fread(*ret, 1, TREE_BYTES_MAX + 1, file) : 0;
    fclose(file);
    return *ret != NULL ? ERR_NONE : ERR_RETRY;
}

/* The map of channels, or mistakes. */
static enum err config_read(struct config *config, const struct tree **ret)
{
    const struct tree *root, *channels;
    char *text;
    size_t size;

    TRY(file_read_all(config, &text, &size));
    TRY(tree_read(text, size, &config->arena, &root, &config->mistakes));
    config->reading.root = root;
    channels = root->kind == TREE_MAP ? tree_child(root, "channels") : NULL;
    if (channels == NULL || channels->kind != TREE_MAP || root->children_count != 1)
        policy_mistake_add(&config->mistakes, root->line, "channels", "this key alone, a map from names to channels");
    else
        *ret = channels;
    return config->mistakes.count == 0 ? ERR_NONE : ERR_REQUEST;
}

/* ---- one channel ---- */

static const struct tree *member_of(const struct tree *entry, const char *name)
{
    return entry->kind == TREE_MAP ? tree_child(entry, name) : NULL;
}

/* NULL: there is none of that name. */
static const struct channel_kind *kind_named(const struct tree *entry)
{
    const struct tree *value = member_of(entry, "kind");

    for (size_t i = 0; i < CHANNEL_KINDS; i++)
        if (value != NULL && value->kind == TREE_TEXT && strcmp(value->text, channel_kinds[i]->name) == 0)
            return channel_kinds[i];
    return NULL;
}

static const struct channel_kind *kind_of(struct config *config, const struct tree *entry)
{
    const struct channel_kind *kind = kind_named(entry);
    const struct tree *value = member_of(entry, "kind");
    char known[96] = "";
    size_t used = 0;

    if (kind != NULL)
        return kind;
    for (size_t i = 0; i < CHANNEL_KINDS; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", channel_kinds[i]->name);
    read_mistake(&config->reading, value != NULL ? value : entry, "a map whose key kind is one of %s", known);
    return NULL;
}

static bool is_member(const struct channel_kind *kind, const char *name)
{
    if (strcmp(name, "kind") == 0)
        return true;
    for (size_t i = 0; i < kind->keys_count; i++)
        if (strcmp(kind->keys[i].name, name) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static bool names_files(const struct tree *value)
{
    return ends_with(value->key, "_file") || ends_with(value->key, "_files");
}

/* The elements of a list, or the one value that stands for a list of one. */
static const struct tree *element_first(const struct tree *value)
{
    return value->kind == TREE_LIST ? value->first : value;
}

static const struct tree *element_next(const struct tree *value, const struct tree *element)
{
    return value->kind == TREE_LIST ? element->next : NULL;
}

/* NULL: it names a file. What does not may be a secret that was written in the wrong place: nobody repeats it. */
static const char *file_complaint(const struct config *config, const char *text)
{
    char place[2 * DIRECTORY_BYTES];
    struct stat file;
    int size = text[0] == '/' ? snprintf(place, sizeof place, "%s", text)
                              : snprintf(place, sizeof place, "%s/%s", config->directory, text);

    if (size >= (int)sizeof place)
        return strerror(ENAMETOOLONG);
    if (stat(place, &file) != 0)
        return strerror(errno);
    return S_ISREG(file.st_mode) ? NULL : "it is no plain file";
}

/* Before a channel is opened, whose words about a file begin with its name. */
static bool files_check(struct config *config, const struct tree *entry, const struct channel_kind *kind)
{
    size_t before = config->mistakes.count;

    for (const struct tree *value = entry->first; value != NULL; value = value->next) {
        if (!names_files(value) || !is_member(kind, value->key))
            continue;
        for (const struct tree *one = element_first(value); one != NULL; one = element_next(value, one)) {
            const char *complaint = one->kind == TREE_TEXT ? file_complaint(config, one->text) : NULL;

            if (complaint != NULL)
                read_mistake(&config->reading, one, "the name of a file: %s", complaint);
        }
    }
    return config->mistakes.count == before;
}

static READER(read_kind_already)
{
    (void)reading, (void)value, (void)key, (void)at;
}

/* The settings in the arena; NULL after a mistake. */
static void *settings_read(struct config *config, const struct tree *entry, const struct channel_kind *kind)
{
    static const struct key kind_key = {"kind", .read = read_kind_already};
    struct key *table = arena_alloc(&config->arena, sizeof *table * (kind->keys_count + 1));
    void *settings = arena_alloc(&config->arena, kind->settings_bytes);
    size_t before = config->mistakes.count;

    if (table == NULL || settings == NULL) {
        config->reading.exhausted = true;
        return NULL;
    }
    memset(settings, 0, kind->settings_bytes);
    table[0] = kind_key;
    memcpy(table + 1, kind->keys, sizeof *table * kind->keys_count);
    read_map(&config->reading, entry, table, kind->keys_count + 1, settings);
    return config->mistakes.count == before && !config->reading.exhausted ? settings : NULL;
}

static struct channel *channel_open(struct config *config, const struct tree *entry)
{
    const struct channel_kind *kind = kind_of(config, entry);
    void *settings = kind != NULL ? settings_read(config, entry, kind) : NULL;
    struct channel *channel;
    char reason[256] = "";
    size_t size = strlen(entry->key);

    if (size >= CHANNEL_NAME_BYTES || strspn(entry->key, "abcdefghijklmnopqrstuvwxyz0123456789_-") != size) {
        read_mistake(&config->reading, entry, "a name of at most %d of a–z, 0–9, - and _", CHANNEL_NAME_BYTES - 1);
        return NULL;
    }
    if (kind == NULL || !files_check(config, entry, kind) || settings == NULL)
        return NULL;
    channel = kind->open(entry->key, settings, config->directory, reason);
    if (channel == NULL)
        read_mistake(&config->reading, entry, "files that can be used: %.160s", reason);
    return channel;
}

static void channels_take(struct config *config, const struct tree *map, struct channels *channels)
{
    for (const struct tree *entry = map->first; entry != NULL; entry = entry->next) {
        struct channel *channel;

        if (channels->count == CHANNELS_MAX) {
            read_mistake(&config->reading, entry, "at most %d channels", CHANNELS_MAX);
            return;
        }
        channel = channel_open(config, entry);
        if (channel != NULL)
            channels->items[channels->count++] = channel;
    }
}

/* ---- all of them ---- */

static void mistake_write(const struct config *config, size_t at, struct out *out)
{
    const struct policy_mistake *mistake = &config->mistakes.items[at];

    out_text(out, config->path);
    if (mistake->line > 0)
        out_format(out, ":%zu", mistake->line);
    out_format(out, ": %s%sexpected %s\n", mistake->key, mistake->key[0] != '\0' ? ": " : "", mistake->expected);
}

static void reason_make(const struct config *config, char ret_reason[CHANNELS_REASON_BYTES])
{
    struct out out;

    snprintf(ret_reason, CHANNELS_REASON_BYTES, "%.400s: no memory to read it", config->path);
    if (config->mistakes.count == 0)
        return;
    out_init(&out);
    mistake_write(config, 0, &out);
    if (!out.failed)
        snprintf(ret_reason, CHANNELS_REASON_BYTES, "%.*s", (int)out.size - 1, out.data);
    out_fini(&out);
}

void channels_close(struct channels *channels)
{
    while (channels->count > 0) {
        struct channel *channel = channels->items[--channels->count];

        channel->operations->close(channel);
    }
}

static enum err config_open(struct config *config, struct channels *ret)
{
    const struct tree *map = NULL;

    TRY(config_read(config, &map));
    channels_take(config, map, ret);
    if (config->mistakes.count > 0)
        return ERR_REQUEST;
    return config->reading.exhausted ? ERR_RETRY : ERR_NONE;
}

enum err channels_open(const char *path, struct channels *channels, char ret_reason[CHANNELS_REASON_BYTES])
{
    struct channels opened = {0};
    struct config config;
    enum err err;

    if (!config_begin(&config, path)) {
        snprintf(ret_reason, CHANNELS_REASON_BYTES, "the name of the file of channels is too long");
        return ERR_REQUEST;
    }
    err = config_open(&config, &opened);
    if (err == ERR_NONE && channels->count + opened.count <= CHANNELS_MAX) {
        memcpy(channels->items + channels->count, opened.items, sizeof opened.items[0] * opened.count);
        channels->count += opened.count;
    } else {
        reason_make(&config, ret_reason);
        channels_close(&opened);
    }
    arena_fini(&config.arena);
    return err;
}

/* ---- for people ---- */

/* A file of a secret: its name, and the last four characters of a short one. */
static void file_describe(const struct config *config, const char *key, const char *path, struct out *out)
{
    const char *complaint = file_complaint(config, path);
    struct secret secret = {0};
    char reason[256], masked[16];
    bool is_secret = strstr(key, "secret") != NULL || strstr(key, "private") != NULL;

    if (complaint != NULL) {
        out_format(out, HIDDEN "  (%s)", complaint);
        return;
    }
    out_text(out, path);
    if (!secret_read(config->directory, path, is_secret ? SECRET_PRIVATE : SECRET_PUBLIC, &secret, reason)) {
        out_format(out, "  (%s)", reason);
        return;
    }
    secret_mask(&secret, masked);
    if (is_secret && strncmp(secret.text, "-----BEGIN", 10) != 0)
        out_format(out, "  (%s)", masked);
    secret_fini(&secret);
}

/* What stands under a key that nobody knows may be a secret. */
static void value_describe(const struct config *config, const struct channel_kind *kind, const struct tree *value,
                           struct out *out)
{
    bool known = kind != NULL && is_member(kind, value->key);

    for (const struct tree *one = element_first(value); one != NULL; one = element_next(value, one)) {
        out_format(out, "    %s: ", value->key);
        if (!known || one->kind != TREE_TEXT)
            out_text(out, HIDDEN);
        else if (names_files(value))
            file_describe(config, value->key, one->text, out);
        else
            out_text(out, one->text);
        out_text(out, "\n");
    }
}

static void map_describe(const struct config *config, const struct tree *map, struct out *out)
{
    for (const struct tree *entry = map->first; entry != NULL; entry = entry->next) {
        out_format(out, "  %s:\n", entry->key);
        for (const struct tree *value = entry->kind == TREE_MAP ? entry->first : NULL; value != NULL;
             value = value->next)
            value_describe(config, kind_named(entry), value, out);
    }
}

enum err channels_describe(const char *path, struct out *ret)
{
    struct channels opened = {0};
    struct config config;
    const struct tree *map = NULL;
    enum err err;

    if (!config_begin(&config, path))
        return ERR_REQUEST;
    err = config_read(&config, &map);
    if (err == ERR_NONE) {
        out_format(ret, "%s\n", path);
        map_describe(&config, map, ret);
        channels_take(&config, map, &opened);
    }
    for (size_t i = 0; i < config.mistakes.count; i++)
        mistake_write(&config, i, ret);
    channels_close(&opened);
    err = config.mistakes.count > 0 ? ERR_REQUEST : err;
    arena_fini(&config.arena);
    return err;
}

void channels_codes(struct out *ret)
{
    for (size_t k = 0; k < CHANNEL_KINDS; k++)
        for (size_t i = 0; i < channel_kinds[k]->codes->count; i++) {
            const struct channel_code *code = &channel_kinds[k]->codes->items[i];

            out_format(ret, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", channel_kinds[k]->name, code->where, code->code,
                       code_fact_words.texts[code->fact], code_again_words.texts[code->again],
                       code->first_only ? "first" : "any", channel_alarm_words.texts[code->alarm], code->source);
        }
}
