/* SPDX-License-Identifier: Apache-2.0 */
#include "http/demo_time.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#define PATH_BYTES 4200

static bool path_make(char path[PATH_BYTES], const char *directory, const char *name)
{
    int size = snprintf(path, PATH_BYTES, "%s/%s", directory, name);

    return size > 0 && size < PATH_BYTES;
}

void demo_time_resume(const char *directory, struct system_clock *clock)
{
    char path[PATH_BYTES];
    int64_t offset_ms = 0;
    FILE *file = path_make(path, directory, "demo-clock") ? fopen(path, "re") : NULL;

    if (file == NULL)
        return;
    if (fscanf(file, "%" SCNd64, &offset_ms) == 1)
        atomic_store(&clock->offset_ms, offset_ms);
    fclose(file);
}

/* A new file under the old name: a reader finds one or the other, never half of one. */
bool demo_time_keep(const char *directory, int64_t offset_ms)
{
    char path[PATH_BYTES], fresh[PATH_BYTES];
    FILE *file;
    bool written;

    if (!path_make(path, directory, "demo-clock") || !path_make(fresh, directory, "demo-clock.new"))
        return false;
    file = fopen(fresh, "we");
    if (file == NULL)
        return false;
    written = fprintf(file, "%" PRId64 "\n", offset_ms) > 0;
    written = fclose(file) == 0 && written;
    return written && rename(fresh, path) == 0;
}
