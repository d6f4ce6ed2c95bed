/* SPDX-License-Identifier: Apache-2.0 */
#include "crash_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR_BYTES 4096
#define SHM_LOCKS 8

static struct disk *disk;
static char root[DISK_PATH_BYTES];
static sqlite3_vfs *real_vfs;

struct crash_file {
    sqlite3_file base;
    struct disk_name *name;
    int generation;
    bool log; /* a journal or write-ahead log: its first sync makes its name durable */
    int level;
    unsigned shm_shared, shm_exclusive; /* bits of this connection */
};

static struct crash_file *file_of(sqlite3_file *file)
{
    return (struct crash_file *)file;
}

/* The machine that this handle belongs to is gone. */
static bool dead(const struct crash_file *file)
{
    return disk->down || file->generation != disk->generation || file->name->now == NULL;
}

static int code_of(enum disk_fault fault, int code)
{
    if (fault == FAULT_FULL || fault == FAULT_SHORT)
        return SQLITE_FULL;
    return fault == FAULT_NONE ? SQLITE_OK : code;
}

/* ---- bytes ---- */

static int crash_read(sqlite3_file *base, void *to, int count, sqlite3_int64 offset)
{
    struct crash_file *file = file_of(base);
    int64_t there;

    if (dead(file) || disk_read_fault(disk) != FAULT_NONE)
        return SQLITE_IOERR_READ;
    there = (int64_t)file->name->now->now_size - offset;
    if (there >= count) {
        memcpy(to, file->name->now->now + offset, (size_t)count);
        return SQLITE_OK;
    }
    memset(to, 0, (size_t)count);
    if (there > 0)
        memcpy(to, file->name->now->now + offset, (size_t)there);
    return SQLITE_IOERR_SHORT_READ;
}

static int crash_write(sqlite3_file *base, const void *from, int count, sqlite3_int64 offset)
{
    struct crash_file *file = file_of(base);

    if (dead(file))
        return SQLITE_IOERR_WRITE;
    return code_of(disk_write(disk, file->name, from, (size_t)count, offset), SQLITE_IOERR_WRITE);
}

static int crash_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct crash_file *file = file_of(base);

    if (dead(file))
        return SQLITE_IOERR_TRUNCATE;
    return disk_truncate(disk, file->name, size) == FAULT_NONE ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int crash_sync(sqlite3_file *base, int flags UNUSED)
{
    struct crash_file *file = file_of(base);

    if (dead(file))
        return SQLITE_IOERR_FSYNC;
    return disk_sync(disk, file->name, file->log) == FAULT_NONE ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static int crash_size(sqlite3_file *base, sqlite3_int64 *ret)
{
    struct crash_file *file = file_of(base);

    if (dead(file))
        return SQLITE_IOERR_FSTAT;
    *ret = (sqlite3_int64)file->name->now->now_size;
    return SQLITE_OK;
}

/* ---- locks ---- */

static bool lock_blocked(const struct crash_file *file, int level)
{
    const struct disk_name *name = file->name;
    int others = name->shared - (file->level >= SQLITE_LOCK_SHARED);

    if (level == SQLITE_LOCK_SHARED)
        return (name->pending != NULL && name->pending != file) || (name->exclusive != NULL && name->exclusive != file);
    if (level == SQLITE_LOCK_RESERVED)
        return name->reserved != NULL && name->reserved != file;
    return others > 0 || (name->pending != NULL && name->pending != file) ||
           (name->reserved != NULL && name->reserved != file);
}

static int crash_lock(sqlite3_file *base, int level)
{
    struct crash_file *file = file_of(base);

    if (dead(file))
        return SQLITE_IOERR_LOCK;
    if (level <= file->level)
        return SQLITE_OK;
    if (lock_blocked(file, level))
        return SQLITE_BUSY;
    if (file->level < SQLITE_LOCK_SHARED)
        file->name->shared++;
    if (level >= SQLITE_LOCK_RESERVED)
        file->name->reserved = file;
    if (level == SQLITE_LOCK_EXCLUSIVE)
        file->name->exclusive = file;
    file->level = level;
    return SQLITE_OK;
}

static int crash_unlock(sqlite3_file *base, int level)
{
    struct crash_file *file = file_of(base);

    if (dead(file) || level >= file->level)
        return SQLITE_OK;
    if (file->name->reserved == file)
        file->name->reserved = NULL;
    if (file->name->exclusive == file)
        file->name->exclusive = NULL;
    if (level == SQLITE_LOCK_NONE)
        file->name->shared--;
    file->level = level;
    return SQLITE_OK;
}

static int crash_reserved(sqlite3_file *base, int *ret)
{
    *ret = file_of(base)->name->reserved != NULL;
    return SQLITE_OK;
}

/* ---- the shared index of the write-ahead log ---- */

static int crash_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **ret)
{
    struct crash_file *file = file_of(base);

    *ret = NULL;
    if (dead(file) || region >= DISK_SHM_REGIONS_MAX)
        return SQLITE_IOERR_SHMMAP;
    if (file->name->shm[region] == NULL && extend != 0)
        file->name->shm[region] = disk_memory((size_t)size);
    *ret = file->name->shm[region];
    return SQLITE_OK;
}

static bool shm_blocked(const struct crash_file *file, int at, int flags)
{
    const struct disk_name *name = file->name;
    bool other_owner = name->shm_owner[at] != NULL && name->shm_owner[at] != file;
    int others = name->shm_shared[at] - ((file->shm_shared >> at) & 1);

    return other_owner || ((flags & SQLITE_SHM_EXCLUSIVE) != 0 && others > 0);
}

static void shm_take(struct crash_file *file, int at, int flags)
{
    if ((flags & SQLITE_SHM_EXCLUSIVE) != 0) {
        file->name->shm_owner[at] = file;
        file->shm_exclusive |= 1u << at;
    } else if (((file->shm_shared >> at) & 1) == 0) {
        file->name->shm_shared[at]++;
        file->shm_shared |= 1u << at;
    }
}

static void shm_drop(struct crash_file *file, int at)
{
    if (((file->shm_exclusive >> at) & 1) != 0)
        file->name->shm_owner[at] = NULL;
    if (((file->shm_shared >> at) & 1) != 0)
        file->name->shm_shared[at]--;
    file->shm_exclusive &= ~(1u << at);
    file->shm_shared &= ~(1u << at);
}

static int crash_shm_lock(sqlite3_file *base, int from, int count, int flags)
{
    struct crash_file *file = file_of(base);

    if (dead(file))
        return SQLITE_IOERR_SHMLOCK;
    for (int at = from; (flags & SQLITE_SHM_LOCK) != 0 && at < from + count; at++)
        if (shm_blocked(file, at, flags))
            return SQLITE_BUSY;
    for (int at = from; at < from + count; at++) {
        if ((flags & SQLITE_SHM_UNLOCK) != 0)
            shm_drop(file, at);
        else
            shm_take(file, at, flags);
    }
    return SQLITE_OK;
}

static void crash_shm_barrier(sqlite3_file *base UNUSED)
{
}

static int crash_shm_unmap(sqlite3_file *base, int remove)
{
    struct crash_file *file = file_of(base);

    if (dead(file))
        return SQLITE_OK;
    for (int at = 0; at < SHM_LOCKS; at++)
        shm_drop(file, at);
    for (int region = 0; remove != 0 && region < DISK_SHM_REGIONS_MAX; region++) {
        free(file->name->shm[region]);
        file->name->shm[region] = NULL;
    }
    return SQLITE_OK;
}

/* ---- the rest of a file ---- */

static int crash_close(sqlite3_file *base)
{
    if (!dead(file_of(base)))
        (void)crash_unlock(base, SQLITE_LOCK_NONE);
    return SQLITE_OK;
}

static int crash_control(sqlite3_file *base UNUSED, int op UNUSED, void *argument UNUSED)
{
    return SQLITE_NOTFOUND;
}

static int crash_sector(sqlite3_file *base UNUSED)
{
    return SECTOR_BYTES;
}

static int crash_characteristics(sqlite3_file *base UNUSED)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = crash_close,
    .xRead = crash_read,
    .xWrite = crash_write,
    .xTruncate = crash_truncate,
    .xSync = crash_sync,
    .xFileSize = crash_size,
    .xLock = crash_lock,
    .xUnlock = crash_unlock,
    .xCheckReservedLock = crash_reserved,
    .xFileControl = crash_control,
    .xSectorSize = crash_sector,
    .xDeviceCharacteristics = crash_characteristics,
    .xShmMap = crash_shm_map,
    .xShmLock = crash_shm_lock,
    .xShmBarrier = crash_shm_barrier,
    .xShmUnmap = crash_shm_unmap,
};

/* ---- the file system ---- */

static bool on_disk(const char *path)
{
    size_t size = strlen(root);

    return path != NULL && strncmp(path, root, size) == 0 && path[size] == '/';
}

bool crash_vfs_is_root(const char *path)
{
    return strcmp(path, root) == 0;
}

struct disk *crash_vfs_disk(const char *path)
{
    return disk != NULL && (on_disk(path) || crash_vfs_is_root(path)) ? disk : NULL;
}

/* The store makes its database file itself, empty, with open(2): here the file comes to be when SQLite opens it. */
static int crash_open(sqlite3_vfs *vfs UNUSED, const char *path, sqlite3_file *base, int flags, int *ret_flags)
{
    const int logs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    struct crash_file *file = file_of(base);

    if (!on_disk(path))
        return real_vfs->xOpen(real_vfs, path, base, flags, ret_flags);
    memset(file, 0, sizeof *file);
    if (disk->down)
        return SQLITE_CANTOPEN;
    file->name = disk_find(disk, path);
    if (file->name == NULL && (flags & SQLITE_OPEN_READONLY) != 0)
        return SQLITE_CANTOPEN;
    if (file->name == NULL)
        file->name = disk_create(disk, path);
    file->generation = disk->generation;
    file->log = (flags & logs) != 0;
    file->base.pMethods = &methods;
    if (ret_flags != NULL)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int crash_delete(sqlite3_vfs *vfs UNUSED, const char *path, int sync_directory)
{
    struct disk_name *name;

    if (!on_disk(path))
        return real_vfs->xDelete(real_vfs, path, sync_directory);
    name = disk->down ? NULL : disk_find(disk, path);
    if (name == NULL)
        return disk->down ? SQLITE_IOERR_DELETE : SQLITE_IOERR_DELETE_NOENT;
    return disk_remove(disk, name, sync_directory != 0) == FAULT_NONE ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

static int crash_access(sqlite3_vfs *vfs UNUSED, const char *path, int flags, int *ret)
{
    const struct disk_name *name;

    if (!on_disk(path))
        return real_vfs->xAccess(real_vfs, path, flags, ret);
    name = disk_find(disk, path);
    *ret = name != NULL && (flags != SQLITE_ACCESS_EXISTS || name->now->now_size > 0);
    return SQLITE_OK;
}

static int crash_full_path(sqlite3_vfs *vfs UNUSED, const char *path, int size, char *ret)
{
    if (!on_disk(path))
        return real_vfs->xFullPathname(real_vfs, path, size, ret);
    snprintf(ret, (size_t)size, "%s", path);
    return SQLITE_OK;
}

/* SQLite salts its write-ahead log: the same seed must give the same bytes. */
static int crash_randomness(sqlite3_vfs *vfs UNUSED, int size, char *ret)
{
    random_fill(&disk->random, ret, (size_t)size);
    return size;
}

static int crash_sleep(sqlite3_vfs *vfs UNUSED, int us)
{
    return us;
}

static int crash_time(sqlite3_vfs *vfs UNUSED, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)212444985600000; /* one moment for ever: Ebb asks no database for the time */
    return SQLITE_OK;
}

static int crash_last_error(sqlite3_vfs *vfs UNUSED, int size UNUSED, char *ret UNUSED)
{
    return 0;
}

void crash_vfs_insert(struct disk *inserted)
{
    disk = inserted;
}

void crash_vfs_install(const char *directory)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .mxPathname = DISK_PATH_BYTES - 1,
        .zName = "crash",
        .xOpen = crash_open,
        .xDelete = crash_delete,
        .xAccess = crash_access,
        .xFullPathname = crash_full_path,
        .xRandomness = crash_randomness,
        .xSleep = crash_sleep,
        .xCurrentTimeInt64 = crash_time,
        .xGetLastError = crash_last_error,
    };

    snprintf(root, sizeof root, "%s", directory);
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
        abort();
    real_vfs = sqlite3_vfs_find(NULL);
    vfs.szOsFile = (int)sizeof(struct crash_file);
    if (real_vfs->szOsFile > vfs.szOsFile)
        vfs.szOsFile = real_vfs->szOsFile;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}
