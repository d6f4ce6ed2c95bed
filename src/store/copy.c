/* SPDX-License-Identifier: Apache-2.0 */
#include "store/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)64 * 1024)

static void fd_close(const int *fd)
{
    int kept = errno;

    if (*fd >= 0)
        close(*fd);
    errno = kept;
}

bool copy_path(char ret[COPY_PATH_BYTES], const char *directory, const char *name, const char *suffix)
{
    bool fits = (size_t)snprintf(ret, COPY_PATH_BYTES, "%s/%s%s", directory, name, suffix) < COPY_PATH_BYTES;

    errno = fits ? errno : ENAMETOOLONG;
    return fits;
}

static bool block_write(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        size -= (size_t)written;
    }
    return true;
}

/* Reads `from` to its end; `to` is -1 where only the hash is wanted. */
static bool stream(int from, int to, struct digest *ret)
{
    uint8_t block[BLOCK_BYTES];
    crypto_generichash_state state;
    struct digest digest = {0};
    ssize_t got;

    crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
    while ((got = read(from, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || (to >= 0 && !block_write(to, block, (size_t)got)))
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
    SCOPED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && stream(fd, -1, ret);
}

static int part_open(const char *directory, const char *name)
{
    char path[COPY_PATH_BYTES];

    if (!copy_path(path, directory, name, ".part"))
        return -1;
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

bool copy_file(const char *from, const char *to, const char *name, struct digest *ret)
{
    char path[COPY_PATH_BYTES];

    if (!copy_path(path, from, name, ""))
        return false;
    SCOPED(fd_close) int source = open(path, O_RDONLY | O_CLOEXEC);
    SCOPED(fd_close) int target = source < 0 ? -1 : part_open(to, name);
    return target >= 0 && stream(source, target, ret) && copy_place(to, name);
}

bool copy_write(const char *directory, const char *name, const char *data, size_t size)
{
    SCOPED(fd_close) int fd = part_open(directory, name);

    return fd >= 0 && block_write(fd, (const uint8_t *)data, size) && copy_place(directory, name);
}

static bool path_sync(const char *path, int flags)
{
    SCOPED(fd_close) int fd = open(path, flags | O_CLOEXEC);

    return fd >= 0 && fsync(fd) == 0;
}

bool copy_place(const char *directory, const char *name)
{
    char part[COPY_PATH_BYTES], path[COPY_PATH_BYTES];

    return copy_path(part, directory, name, ".part") && copy_path(path, directory, name, "") &&
           path_sync(part, O_RDONLY) && rename(part, path) == 0 && path_sync(directory, O_RDONLY | O_DIRECTORY);
}

static void directory_close(DIR **directory)
{
    if (*directory != NULL)
        closedir(*directory);
}

bool copy_directory(const char *directory)
{
    if (mkdir(directory, 0700) == 0)
        return true;
    if (errno != EEXIST)
        return false;
    SCOPED(directory_close) DIR *open_directory = opendir(directory);
    if (open_directory == NULL)
        return false;
    const struct dirent *entry;
    while ((entry = readdir(open_directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            errno = ENOTEMPTY;
            return false;
        }
    return true;
}
