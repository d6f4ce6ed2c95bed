/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "disk_parts.h"

static struct disk_name *name_find(struct disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->names_count; i++)
        if (strcmp(disk->names[i].path, path) == 0)
            return &disk->names[i];
    return NULL;
}

static struct disk_name *name_get(struct disk *disk, const char *path)
{
    struct disk_name *name = name_find(disk, path);

    if (name != NULL)
        return name;
    if (disk->names_count == DISK_NAMES_MAX || strlen(path) >= sizeof name->path)
        abort();
    name = &disk->names[disk->names_count++];
    memset(name, 0, sizeof *name);
    strcpy(name->path, path);
    return name;
}

struct disk_name *disk_find(struct disk *disk, const char *path)
{
    struct disk_name *name = name_find(disk, path);

    return name != NULL && name->now != NULL ? name : NULL;
}

/* ---- changes ---- */

static void change(struct disk *disk, struct disk_name *to, struct inode *inode, struct disk_name *from)
{
    if (disk->changes_count == disk->changes_capacity) {
        disk->changes_capacity = disk->changes_capacity == 0 ? 16 : 2 * disk->changes_capacity;
        disk->changes = disk_must(disk->changes, disk->changes_capacity * sizeof *disk->changes);
    }
    disk->changes[disk->changes_count++] = (struct name_change){to, from, inode};
    to->now = inode;
    if (from != NULL)
        from->now = NULL;
}

static void change_keep(const struct name_change *change)
{
    change->to->durable = change->inode;
    if (change->from != NULL)
        change->from->durable = NULL;
}

/* Does the path lie in the directory, `size` characters long? */
static bool lies_in(const char *path, const char *directory, size_t size)
{
    return strncmp(path, directory, size) == 0 && path[size] == '/' && strchr(path + size + 1, '/') == NULL;
}

static void names_sync(struct disk *disk, const char *directory, size_t size)
{
    size_t left = 0;

    for (size_t i = 0; i < disk->changes_count; i++) {
        if (lies_in(disk->changes[i].to->path, directory, size))
            change_keep(&disk->changes[i]);
        else
            disk->changes[left++] = disk->changes[i];
    }
    disk->changes_count = left;
}

void names_sync_around(struct disk *disk, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash != NULL)
        names_sync(disk, path, (size_t)(slash - path));
}

/* ---- what a file system does ---- */

struct disk_name *disk_create(struct disk *disk, const char *path)
{
    struct disk_name *name = name_get(disk, path);

    if (name->now != NULL)
        return name;
    change(disk, name, inode_new(disk), NULL);
    disk_record(disk, DISK_OP_CREATE, path, false, 0, NULL, 0);
    return name;
}

enum disk_fault disk_make_directory(struct disk *disk, const char *path)
{
    struct disk_name *name = name_get(disk, path);
    enum disk_fault fault = disk_point(disk);

    if (fault != FAULT_NONE)
        return fault;
    change(disk, name, inode_new(disk), NULL);
    name->now->directory = true;
    disk_record(disk, DISK_OP_MAKE_DIRECTORY, path, false, 0, NULL, 0);
    return FAULT_NONE;
}

bool disk_directory_is_empty(struct disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->names_count; i++)
        if (disk->names[i].now != NULL && lies_in(disk->names[i].path, path, strlen(path)))
            return false;
    return true;
}

enum disk_fault disk_sync_names(struct disk *disk, const char *directory)
{
    enum disk_fault fault = disk_point(disk);

    if (fault != FAULT_NONE)
        return FAULT_SYNC;
    disk_record(disk, DISK_OP_SYNC_NAMES, directory, false, 0, NULL, 0);
    if (disk->lie != LIE_EVERY_SYNC)
        names_sync(disk, directory, strlen(directory));
    return FAULT_NONE;
}

enum disk_fault disk_remove(struct disk *disk, struct disk_name *name, bool durable)
{
    enum disk_fault fault = disk_point(disk);

    if (fault != FAULT_NONE)
        return fault;
    change(disk, name, NULL, NULL);
    if (durable)
        names_sync_around(disk, name->path);
    disk_record(disk, DISK_OP_REMOVE, name->path, durable, 0, NULL, 0);
    return FAULT_NONE;
}

enum disk_fault disk_rename(struct disk *disk, struct disk_name *name, const char *to)
{
    enum disk_fault fault = disk_point(disk);

    if (fault != FAULT_NONE)
        return fault;
    change(disk, name_get(disk, to), name->now, name);
    disk_record(disk, DISK_OP_RENAME, name->path, false, 0, to, strlen(to) + 1);
    return FAULT_NONE;
}

/* ---- what ends ---- */

/* What lies in a directory that is not there is not there. */
static void orphans_drop(struct disk *disk)
{
    for (size_t i = 0; i < disk->names_count; i++) {
        const struct disk_name *lost = &disk->names[i];

        for (size_t j = 0; lost->now == NULL && j < disk->names_count; j++)
            if (lies_in(disk->names[j].path, lost->path, strlen(lost->path)))
                disk->names[j].now = disk->names[j].durable = NULL;
    }
}

void names_settle(struct disk *disk, enum disk_damage damage)
{
    size_t kept = random_below(&disk->random, (uint32_t)disk->changes_count + 1);

    for (size_t i = 0; i < disk->changes_count; i++)
        if (damage == DAMAGE_PREFIX ? i < kept : random_below(&disk->random, 2) == 0)
            change_keep(&disk->changes[i]);
    disk->changes_count = 0;
    for (size_t i = 0; i < disk->names_count; i++)
        disk->names[i].now = disk->names[i].durable;
    orphans_drop(disk);
}

void names_forget_process(struct disk *disk)
{
    for (size_t i = 0; i < disk->names_count; i++) {
        struct disk_name *name = &disk->names[i];

        for (int region = 0; region < DISK_SHM_REGIONS_MAX; region++)
            free(name->shm[region]);
        memset(name->shm, 0, sizeof name->shm);
        memset(name->shm_shared, 0, sizeof name->shm_shared);
        memset(name->shm_owner, 0, sizeof name->shm_owner);
        name->shared = 0;
        name->reserved = name->pending = name->exclusive = NULL;
    }
}
