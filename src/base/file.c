/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_open(const char *path, enum file_how how)
{
    if (how == FILE_READ)
        return open(path, O_RDONLY | O_CLOEXEC);
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int file_nameless(const char *directory)
{
    char path[PATH_MAX];
    int fd, bytes = snprintf(path, sizeof path, "%s/ebb-XXXXXX", directory);

    if (bytes < 0 || (size_t)bytes >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0 && unlink(path) != 0) {
        file_close(fd);
        return -1;
    }
    return fd;
}

void file_close(int fd)
{
    int kept = errno;

    if (fd >= 0)
        close(fd);
    errno = kept;
}

int64_t file_read(int fd, void *data, size_t size)
{
    ssize_t got;

    do
        got = read(fd, data, size);
    while (got < 0 && errno == EINTR);
    return got;
}

int64_t file_read_at(int fd, void *data, size_t size, int64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t got = pread(fd, (char *)data + done, size - done, offset + (int64_t)done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (int64_t)done;
}

bool file_write(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t written = write(fd, at, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

bool file_write_at(int fd, const void *data, size_t size, int64_t offset)
{
    const char *at = data;

    while (size > 0) {
        ssize_t written = pwrite(fd, at, size, offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        at += written;
        offset += written;
        size -= (size_t)written;
    }
    return true;
}

bool file_sync(int fd)
{
    return fsync(fd) == 0;
}

bool file_is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

bool file_rename(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

bool directory_make(const char *path)
{
    return mkdir(path, 0700) == 0;
}

static void directory_close(DIR **directory)
{
    if (*directory != NULL)
        closedir(*directory);
}

bool directory_is_empty(const char *path)
{
    SCOPED(directory_close) DIR *directory = opendir(path);
    const struct dirent *entry;

    if (directory == NULL)
        return false;
    while ((entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            errno = ENOTEMPTY;
            return false;
        }
    return true;
}

bool directory_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;

    file_close(fd);
    return done;
}
