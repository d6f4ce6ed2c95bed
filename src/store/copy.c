/* SPDX-License-Identifier: Apache-2.0 */
#include "store/copy.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define BLOCK_BYTES ((size_t)64 * 1024)

static void close_scoped(const int *fd)
{
    file_close(*fd);
}

bool copy_path(char ret[COPY_PATH_BYTES], const char *directory, const char *name, const char *suffix)
{
    bool fits = (size_t)snprintf(ret, COPY_PATH_BYTES, "%s/%s%s", directory, name, suffix) < COPY_PATH_BYTES;

    errno = fits ? errno : ENAMETOOLONG;
    return fits;
}

/* Reads `from` to its end; `to` is -1 where only the hash is wanted. */
static bool stream(int from, int to, struct digest *ret)
{
    uint8_t block[BLOCK_BYTES];
    crypto_generichash_state state;
    struct digest digest = {0};
    int64_t got;

    crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    while ((got = file_read(from, block, sizeof block)) != 0) {
        if (got < 0 || (to >= 0 && !file_write(to, block, (size_t)got)))
            return false;
        crypto_generichash_update(&state, block, (size_t)got);
        digest.size += got;
    }
    crypto_generichash_final(&state, digest.hash, sizeof digest.hash);
    *ret = digest;
    return true;
}

bool copy_digest(const char *path, struct digest *ret)
{
    SCOPED(close_scoped) int fd = file_open(path, FILE_READ);

    return fd >= 0 && stream(fd, -1, ret);
}

static int part_open(const char *directory, const char *name)
{
    char path[COPY_PATH_BYTES];

    return copy_path(path, directory, name, ".part") ? file_open(path, FILE_NEW) : -1;
}

bool copy_part(const char *from, const char *to, const char *name, struct digest *ret)
{
    char path[COPY_PATH_BYTES];

    if (!copy_path(path, from, name, ""))
        return false;
    SCOPED(close_scoped) int source = file_open(path, FILE_READ);
    SCOPED(close_scoped) int target = source < 0 ? -1 : part_open(to, name);
    return target >= 0 && stream(source, target, ret);
}

bool copy_file(const char *from, const char *to, const char *name, struct digest *ret)
{
    return copy_part(from, to, name, ret) && copy_place(to, name);
}

bool copy_read(const char *path, char *ret, size_t size, size_t *ret_size)
{
    SCOPED(close_scoped) int fd = file_open(path, FILE_READ);
    size_t at = 0;
    int64_t got = fd < 0 ? -1 : 1;

    while (got > 0 && at < size) {
        got = file_read(fd, ret + at, size - at);
        at += got > 0 ? (size_t)got : 0;
    }
    *ret_size = at;
    return got >= 0;
}

bool copy_write(const char *directory, const char *name, const char *data, size_t size)
{
    SCOPED(close_scoped) int fd = part_open(directory, name);

    return fd >= 0 && file_write(fd, data, size) && copy_place(directory, name);
}

static bool path_sync(const char *path)
{
    SCOPED(close_scoped) int fd = file_open(path, FILE_READ);

    return fd >= 0 && file_sync(fd);
}

bool copy_place(const char *directory, const char *name)
{
    char part[COPY_PATH_BYTES], path[COPY_PATH_BYTES];

    return copy_path(part, directory, name, ".part") && copy_path(path, directory, name, "") && path_sync(part) &&
           file_rename(part, path) && directory_sync(directory);
}

bool copy_directory(const char *directory)
{
    bool made = directory_make(directory);

    if (!made && (errno != EEXIST || !directory_is_empty(directory)))
        return false;
    /* Whoever made it where we may only pass through answers for its name. */
    return name_sync(directory) || (!made && errno == EACCES);
}
