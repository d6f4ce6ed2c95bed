/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/client.h"

#define PROGRESS_BYTES_MAX 4096

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
    {"file_bytes", offsetof(struct progress, file_bytes)},     {"bytes", offsetof(struct progress, mark.bytes)},
    {"lines", offsetof(struct progress, mark.lines)},          {"recorded", offsetof(struct progress, created)},
    {"known", offsetof(struct progress, unchanged)},           {"refused", offsetof(struct progress, refused)},
    {"errors_bytes", offsetof(struct progress, errors_bytes)},
};

static bool hash_parse(const char *text, uint8_t ret[HASH_SHORT_BYTES])
{
    if (strlen(text) != 2 * HASH_SHORT_BYTES || strspn(text, "0123456789abcdef") != 2 * HASH_SHORT_BYTES)
        return false;
    for (size_t i = 0; i < HASH_SHORT_BYTES; i++) {
        char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};

        ret[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

static bool progress_parse(const json_t *json, struct progress *ret)
{
    const char *format = json_text(json, "format");

    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        int64_t value = json_minor(json, numbers[i].name);

        if (!json_is_integer(json_object_get(json, numbers[i].name)))
            return false;
        memcpy((char *)ret + numbers[i].offset, &value, sizeof(value));
    }
    snprintf(ret->url, sizeof(ret->url), "%s", json_text(json, "url"));
    ret->format = strcmp(format, "csv") == 0 ? ROWS_CSV : ROWS_NDJSON;
    return hash_parse(json_text(json, "hash"), ret->mark.hash);
}

enum progress_found progress_read(const char *path, struct progress *ret)
{
    struct progress read = {0};
    size_t size;
    char *text = cli_read_file(path, PROGRESS_BYTES_MAX, &size);

    if (text == NULL)
        return errno == ENOENT ? PROGRESS_NONE : PROGRESS_UNREADABLE;
    json_t *json = json_loadb(text, size, 0, NULL);
    bool good = progress_parse(json, &read);

    json_decref(json);
    free(text);
    if (good)
        *ret = read;
    return good ? PROGRESS_THERE : PROGRESS_UNREADABLE;
}

static bool replace(const char *path, const struct out *text)
{
    char fresh[4096 + 8];
    int fd;
    bool written;

    if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh)) {
        errno = ENAMETOOLONG;
        return false;
    }
    fd = file_open(fresh, FILE_NEW);
    written = fd >= 0 && file_write(fd, text->data, text->size);
    file_close(fd);
    return written && file_rename(fresh, path);
}

bool progress_write(const char *path, const struct progress *progress)
{
    char hash[2 * HASH_SHORT_BYTES + 1];
    struct out out;
    bool written;

    hash_hex(progress->mark.hash, sizeof(progress->mark.hash), hash);
    out_init(&out);
    out_object(&out, NULL);
    out_string(&out, "url", progress->url);
    out_string(&out, "format", progress->format == ROWS_CSV ? "csv" : "ndjson");
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
        int64_t value;

        memcpy(&value, (const char *)progress + numbers[i].offset, sizeof(value));
        out_int(&out, numbers[i].name, value);
    }
    out_string(&out, "hash", hash);
    out_object_end(&out);
    out_text(&out, "\n");
    errno = ENOMEM;
    written = !out.failed && replace(path, &out);
    out_fini(&out);
    return written;
}
