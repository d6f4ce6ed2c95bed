/* SPDX-License-Identifier: Apache-2.0 */
/* base/file.h on the disk that loses power (--wrap): what lies in the town's directory, but for what the host keeps
 * there, which no plain file call asks for. Everything else goes to the system. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "crash_vfs.h"

#define HANDLES_MAX 16
#define HANDLE_FIRST (1 << 20) /* no descriptor of the system */

static struct handle {
    struct disk_name *name; /* NULL: free */
    int generation;         /* of the machine that opened it */
    int64_t at;
} handles[HANDLES_MAX];

#define REAL(type, name, parameters)                                                                                   \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;
REAL(int, file_open, (const char *path, enum file_how how))
REAL(void, file_close, (int fd))
REAL(int64_t, file_read, (int fd, void *data, size_t size))
REAL(bool, file_write, (int fd, const void *data, size_t size))
REAL(bool, file_sync, (int fd))
REAL(bool, file_is_there, (const char *path))
REAL(bool, file_rename, (const char *from, const char *to))
REAL(bool, directory_make, (const char *path))
REAL(bool, directory_is_empty, (const char *path))
REAL(bool, directory_sync, (const char *path))
#undef REAL

/* False, with the reason: a fault struck, or what is asked cannot be. */
static bool fails(int reason)
{
    errno = reason;
    return false;
}

static bool works(enum disk_fault fault)
{
    return fault == FAULT_NONE || fails(fault == FAULT_FULL || fault == FAULT_SHORT ? ENOSPC : EIO);
}

/* ---- open files ---- */

/* NULL: it is the system's. One that an earlier machine opened leads to nothing. */
static struct handle *handle_of(int fd)
{
    return fd < HANDLE_FIRST ? NULL : &handles[fd - HANDLE_FIRST];
}

static bool is_alive(const struct disk *disk, const struct handle *handle)
{
    return !disk->down && handle->generation == disk->generation && handle->name->now != NULL;
}

static int handle_new(const struct disk *disk, struct disk_name *name)
{
    for (int i = 0; i < HANDLES_MAX; i++)
        if (handles[i].name == NULL || handles[i].generation != disk->generation) {
            handles[i] = (struct handle){name, disk->generation, 0};
            return HANDLE_FIRST + i;
        }
    errno = EMFILE;
    return -1;
}

static bool directory_is_there(struct disk *disk, const char *path)
{
    const struct disk_name *name = disk_find(disk, path);

    return crash_vfs_is_root(path) || (name != NULL && name->now->directory);
}

/* The directory that the path lies in. */
static bool parent_is_there(struct disk *disk, const char *path)
{
    char parent[DISK_PATH_BYTES];
    size_t size = (size_t)(strrchr(path, '/') - path);

    if (size >= sizeof parent)
        return false;
    memcpy(parent, path, size);
    parent[size] = '\0';
    return directory_is_there(disk, parent);
}

int __wrap_file_open(const char *path, enum file_how how)
{
    struct disk *disk = crash_vfs_disk(path);

    if (disk == NULL)
        return __real_file_open(path, how);
    struct disk_name *name = disk_find(disk, path);
    if (disk->down || (name == NULL && (how == FILE_READ || !parent_is_there(disk, path)))) {
        errno = disk->down ? EIO : ENOENT;
        return -1;
    }
    if (name == NULL)
        name = disk_create(disk, path);
    else if (how == FILE_NEW && !works(disk_truncate(disk, name, 0)))
        return -1;
    return handle_new(disk, name);
}

void __wrap_file_close(int fd)
{
    struct handle *handle = handle_of(fd);

    if (handle == NULL)
        __real_file_close(fd);
    else
        handle->name = NULL;
}

int64_t __wrap_file_read(int fd, void *data, size_t size)
{
    struct handle *handle = handle_of(fd);

    if (handle == NULL)
        return __real_file_read(fd, data, size);
    struct disk *disk = crash_vfs_disk(handle->name->path);
    if (!is_alive(disk, handle) || !works(disk_read_fault(disk))) {
        errno = EIO;
        return -1;
    }
    int64_t left = (int64_t)handle->name->now->now_size - handle->at;
    int64_t got = left < (int64_t)size ? left : (int64_t)size;
    if (got <= 0)
        return 0;
    memcpy(data, handle->name->now->now + handle->at, (size_t)got);
    handle->at += got;
    return got;
}

bool __wrap_file_write(int fd, const void *data, size_t size)
{
    struct handle *handle = handle_of(fd);

    if (handle == NULL)
        return __real_file_write(fd, data, size);
    struct disk *disk = crash_vfs_disk(handle->name->path);
    if (!is_alive(disk, handle))
        return fails(EIO);
    int64_t at = handle->at;
    handle->at += (int64_t)size;
    return size == 0 || works(disk_write(disk, handle->name, data, size, at));
}

bool __wrap_file_sync(int fd)
{
    struct handle *handle = handle_of(fd);

    if (handle == NULL)
        return __real_file_sync(fd);
    struct disk *disk = crash_vfs_disk(handle->name->path);
    return is_alive(disk, handle) ? works(disk_sync(disk, handle->name, false)) : fails(EIO);
}

/* ---- names ---- */

bool __wrap_file_is_there(const char *path)
{
    struct disk *disk = crash_vfs_disk(path);

    return disk == NULL ? __real_file_is_there(path) : disk_find(disk, path) != NULL || fails(ENOENT);
}

bool __wrap_file_rename(const char *from, const char *to)
{
    struct disk *disk = crash_vfs_disk(from);

    if (disk == NULL)
        return __real_file_rename(from, to);
    struct disk_name *name = disk_find(disk, from);
    if (disk->down || name == NULL || !parent_is_there(disk, to))
        return fails(disk->down ? EIO : ENOENT);
    return works(disk_rename(disk, name, to));
}

bool __wrap_directory_make(const char *path)
{
    struct disk *disk = crash_vfs_disk(path);

    if (disk == NULL)
        return __real_directory_make(path);
    if (crash_vfs_is_root(path))
        return fails(EEXIST); /* the host's */
    if (disk->down || disk_find(disk, path) != NULL || !parent_is_there(disk, path))
        return fails(disk->down ? EIO : disk_find(disk, path) != NULL ? EEXIST : ENOENT);
    return works(disk_make_directory(disk, path));
}

bool __wrap_directory_is_empty(const char *path)
{
    struct disk *disk = crash_vfs_disk(path);

    if (disk == NULL)
        return __real_directory_is_empty(path);
    if (!directory_is_there(disk, path))
        return fails(ENOENT);
    return disk_directory_is_empty(disk, path) || fails(ENOTEMPTY);
}

bool __wrap_directory_sync(const char *path)
{
    struct disk *disk = crash_vfs_disk(path);

    if (disk == NULL)
        return __real_directory_sync(path);
    return directory_is_there(disk, path) ? works(disk_sync_names(disk, path)) : fails(ENOENT);
}
