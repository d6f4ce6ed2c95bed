/* SPDX-License-Identifier: Apache-2.0 */
/* Names that stay. Apart from file.c, so that a simulated disk stands in below. */
#include <errno.h>
#include <string.h>

#include "base/file.h"

#define PATH_BYTES 4096

bool name_sync(const char *path)
{
    char above[PATH_BYTES];
    size_t size = strlen(path);

    while (size > 1 && path[size - 1] == '/')
        size--;
    while (size > 0 && path[size - 1] != '/')
        size--;
    if (size >= sizeof above) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(above, path, size);
    above[size] = '\0';
    while (size > 1 && above[size - 1] == '/')
        above[--size] = '\0';
    return directory_sync(size == 0 ? "." : above);
}

bool directory_keep(const char *path)
{
    return directory_make(path) ? name_sync(path) : errno == EEXIST;
}

bool directories_keep(const char *path)
{
    char part[PATH_BYTES];

    if (strlen(path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    strcpy(part, path);
    for (char *slash = strchr(part, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (slash > part && !directory_keep(part))
            return false;
        *slash = '/';
    }
    bool made = directory_make(part);
    if (!made && errno != EEXIST)
        return false;
    /* It may be from a start that was killed before its name was safe. Whoever else made it answers for its name: there
     * we may only pass through. */
    return name_sync(part) || !made;
}
