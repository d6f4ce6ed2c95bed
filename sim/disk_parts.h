/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the disk share. */
#ifndef EBB_SIM_DISK_PARTS_H
#define EBB_SIM_DISK_PARTS_H

#include "disk.h"

/* A write that no sync has covered. Its bytes stand in the file until a later write covers them, what it covered itself
 * is kept to undo it: so a write that grows a log is copied once. */
struct pending {
    struct pending *next, *before;
    struct inode *inode;
    int64_t offset;
    size_t size;
    bool truncates;
    uint8_t *data; /* NULL: they stand in the file */
    size_t covered;
    uint8_t old[]; /* `covered` bytes of the durable file, from `offset` on */
};

/* `to` leads to `inode` from now on (NULL: to nothing), and `from`, where there is one, to nothing. */
struct name_change {
    struct disk_name *to, *from;
    struct inode *inode;
};

/* Have the durable bytes a place of their own? */
static inline bool inode_is_apart(const struct inode *inode)
{
    return inode->durable != NULL;
}

/* realloc that does not fail: `old` NULL for a new piece. */
void *disk_must(void *old, size_t size);
struct inode *inode_new(struct disk *disk);
/* Room for so many bytes: what is there stays. */
void bytes_reserve(uint8_t **data, size_t *capacity, size_t wanted);
/* Counts an op; says whether a fault strikes it, and ends the machine if its hour has come. */
enum disk_fault disk_point(struct disk *disk);
/* Keeps what was done, while the disk records. */
void disk_record(struct disk *disk, enum disk_op_kind kind, const char *path, bool log, int64_t offset,
                 const void *data, size_t size);

/* disk_names.c: the names in the directory of this path are durable from now on. */
void names_sync_around(struct disk *disk, const char *path);
/* At a power cut: which changes of names are kept. */
void names_settle(struct disk *disk, enum disk_damage damage);
void names_forget_process(struct disk *disk);

#endif
