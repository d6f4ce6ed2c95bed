/* SPDX-License-Identifier: Apache-2.0 */
#include "http/export_kept.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

bool export_job_is(const char *name)
{
    return strncmp(name, EXPORT_PREFIX, strlen(EXPORT_PREFIX)) == 0;
}

void export_kept_path(const struct server *server, const char *id, const char *ending, char ret[EXPORT_PATH_BYTES])
{
    char name[EXPORT_ID_BYTES + 16];

    snprintf(name, sizeof name, "%s%s", id, ending);
    export_path(server, name, ret);
}

static void value_drop(json_t **value)
{
    json_decref(*value);
}

json_t *export_kept_json(const struct server *server, const char *id, const char *ending)
{
    char path[EXPORT_PATH_BYTES];

    export_kept_path(server, id, ending, path);
    return json_load_file(path, 0, NULL);
}

/* Whole or not at all. */
bool export_kept_put(const struct server *server, const char *id, const char *ending, const struct out *text)
{
    char path[EXPORT_PATH_BYTES], aside[EXPORT_PATH_BYTES + 8];
    bool written;
    int fd;

    export_kept_path(server, id, ending, path);
    snprintf(aside, sizeof aside, "%s.new", path);
    fd = text->failed ? -1 : file_open(aside, FILE_NEW);
    if (fd < 0)
        return false;
    written = file_write(fd, text->data, text->size) && file_sync(fd);
    file_close(fd);
    return written && file_rename(aside, path) && name_sync(path);
}

static void files_remove(const char *directory, const char *id)
{
    static const char *const endings[] = {".json", ".result", ".data", ".json.new", ".result.new"};
    char path[EXPORT_PATH_BYTES];

    for (size_t i = 0; i < ARRAY_COUNT(endings); i++) {
        snprintf(path, sizeof path, "%.4200s/%.80s%s", directory, id, endings[i]);
        (void)unlink(path);
    }
}

static bool has_ending(const char *name, const char *ending)
{
    size_t size = strlen(name), end = strlen(ending);

    return size > end && strcmp(name + size - end, ending) == 0;
}

/* Removes what is older, also what a clock that was set back calls younger than it can be; counts what stays. */
size_t export_kept_sweep(const struct server *server, struct instant now)
{
    char directory[EXPORT_PATH_BYTES];
    struct instant expires;
    size_t kept = 0;

    export_path(server, "", directory);
    DIR *open_directory = opendir(directory);

    if (open_directory == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(open_directory)) != NULL;) {
        char id[EXPORT_ID_BYTES];

        if (!export_job_is(entry->d_name) || !has_ending(entry->d_name, ".json"))
            continue;
        snprintf(id, sizeof id, "%.*s", (int)(EXPORT_ID_BYTES - 1), entry->d_name);
        SCOPED(value_drop) json_t *job = export_kept_json(server, id, ".json");
        const char *text = json_string_value(json_object_get(json_object_get(job, "answer"), "expires_at"));
        if (text != NULL && instant_parse(text, &expires) && instant_before(now, expires))
            kept++;
        else
            files_remove(directory, id);
    }
    closedir(open_directory);
    return kept;
}

/* Files that nobody will finish. */
void export_kept_open(const char *directory)
{
    DIR *open_directory = opendir(directory);
    char path[EXPORT_PATH_BYTES];

    if (open_directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(open_directory)) != NULL;)
        if (has_ending(entry->d_name, ".tmp") || has_ending(entry->d_name, ".new")) {
            snprintf(path, sizeof path, "%.4000s/%.200s", directory, entry->d_name);
            (void)unlink(path);
        }
    closedir(open_directory);
}
