/* SPDX-License-Identifier: Apache-2.0 */

#include <stdlib.h>
#include <string.h>

#include "disk_parts.h"

/* Room that is not used costs nothing, and a file that grows is not moved. */
#define CAPACITY_FIRST ((size_t)4 << 20)

const char *const disk_damage_names[DAMAGE__COUNT] = {"prefix", "subset", "torn"};
const char *const disk_fault_names[FAULT__COUNT] = {"none", "EIO", "ENOSPC", "short write", "failed sync"};

void (*disk_busy)(bool busy);

void *disk_must(void *old, size_t size)
{
    if (disk_busy != NULL)
        disk_busy(true);
    void *memory = realloc(old, size);
    if (disk_busy != NULL)
        disk_busy(false);
    if (memory == NULL)
        abort();
    return memory;
}

void *disk_memory(size_t size)
{
    return memset(disk_must(NULL, size), 0, size);
}

void disk_init(struct disk *disk, uint64_t seed)
{
    memset(disk, 0, sizeof *disk);
    random_init_seed(&disk->random, seed);
}

static void pending_free(struct pending *pending)
{
    free(pending->data);
    free(pending);
}

static void pending_free_all(struct disk *disk)
{
    for (struct pending *pending = disk->pending, *next; pending != NULL; pending = next) {
        next = pending->next;
        pending_free(pending);
    }
    disk->pending = disk->pending_last = NULL;
}

void disk_forget_record(struct disk *disk)
{
    for (size_t i = 0; i < disk->record_count; i++)
        free(disk->record[i].data);
    free(disk->record);
    disk->record = NULL;
    disk->record_count = disk->record_capacity = 0;
}

void disk_fini(struct disk *disk)
{
    pending_free_all(disk);
    names_forget_process(disk);
    free(disk->changes);
    disk_forget_record(disk);
    for (struct inode *inode = disk->inodes, *next; inode != NULL; inode = next) {
        next = inode->next;
        free(inode->now);
        free(inode->durable);
        free(inode);
    }
    memset(disk, 0, sizeof *disk);
}

/* ---- bytes ---- */

void bytes_reserve(uint8_t **data, size_t *capacity, size_t wanted)
{
    size_t grown = *capacity == 0 ? CAPACITY_FIRST : *capacity;

    if (wanted <= *capacity)
        return;
    while (grown < wanted)
        grown *= 2;
    *data = disk_must(*data, grown);
    *capacity = grown;
}

static void bytes_resize(uint8_t **data, size_t *size, size_t *capacity, size_t wanted)
{
    bytes_reserve(data, capacity, wanted);
    if (wanted > *size)
        memset(*data + *size, 0, wanted - *size);
    *size = wanted;
}

static void bytes_put(uint8_t **data, size_t *size, size_t *capacity, const void *from, size_t count, int64_t offset)
{
    size_t start = (size_t)offset, end = start + count;

    if (start > *size)
        bytes_resize(data, size, capacity, start); /* a gap reads as zeros */
    bytes_reserve(data, capacity, end);
    if (count > 0)
        memcpy(*data + start, from, count);
    if (end > *size)
        *size = end;
}

struct inode *inode_new(struct disk *disk)
{
    struct inode *inode = disk_memory(sizeof *inode);

    inode->next = disk->inodes;
    disk->inodes = inode;
    return inode;
}

/* The bytes of a pending write. */
static const uint8_t *pending_bytes(const struct pending *pending)
{
    return pending->data != NULL ? pending->data : pending->inode->now + pending->offset;
}

/* ---- what is durable ---- */

static void durable_reserve(struct inode *inode, size_t size)
{
    bytes_reserve(&inode->durable, &inode->durable_capacity, size > 0 ? size : 1);
}

/* From now on the durable bytes of the file have a place of their own. */
static void stand_apart(struct disk *disk, struct inode *inode)
{
    if (inode_is_apart(inode))
        return;
    size_t common = inode->now_size < inode->durable_size ? inode->now_size : inode->durable_size;
    durable_reserve(inode, inode->durable_size);
    memcpy(inode->durable, inode->now, common);
    for (const struct pending *pending = disk->pending_last; pending != NULL; pending = pending->before)
        if (pending->inode == inode && pending->covered > 0)
            memcpy(inode->durable + pending->offset, pending->old, pending->covered);
}

/* Part of a pending write becomes durable: in a file that stands apart, or in one that was rewound. */
static void put_durable(const struct pending *pending, size_t from, size_t count)
{
    struct inode *inode = pending->inode;
    uint8_t **bytes = inode_is_apart(inode) ? &inode->durable : &inode->now;
    size_t *size = inode_is_apart(inode) ? &inode->durable_size : &inode->now_size;
    size_t *capacity = inode_is_apart(inode) ? &inode->durable_capacity : &inode->now_capacity;

    if (pending->truncates)
        bytes_resize(bytes, size, capacity, (size_t)pending->offset);
    else
        bytes_put(bytes, size, capacity, pending_bytes(pending) + from, count, pending->offset + (int64_t)from);
}

/* ---- points, faults, recording ---- */

void disk_record(struct disk *disk, enum disk_op_kind kind, const char *path, bool log, int64_t offset,
                 const void *data, size_t size)
{
    if (!disk->recording)
        return;
    if (disk->record_count == disk->record_capacity) {
        disk->record_capacity = disk->record_capacity == 0 ? 64 : 2 * disk->record_capacity;
        disk->record = disk_must(disk->record, disk->record_capacity * sizeof *disk->record);
    }
    struct disk_op *op = &disk->record[disk->record_count++];
    *op = (struct disk_op){.kind = kind, .log = log, .offset = offset, .size = size};
    strcpy(op->path, path);
    if (size > 0) {
        op->data = disk_must(NULL, size);
        memcpy(op->data, data, size);
    }
}

enum disk_fault disk_point(struct disk *disk)
{
    disk->ops++;
    if (disk->cut_at != 0 && disk->ops >= disk->cut_at) {
        disk->cut_at = 0;
        disk->down = true;
        disk->power_gone(disk->context);
    }
    if (disk->fault_at == 0 || disk->ops < disk->fault_at)
        return FAULT_NONE;
    disk->fault_at = 0;
    disk->fault_struck = true;
    return disk->fault;
}

enum disk_fault disk_read_fault(struct disk *disk)
{
    enum disk_fault fault;

    if (!disk->reads_count)
        return FAULT_NONE;
    fault = disk_point(disk);
    return fault == FAULT_NONE ? FAULT_NONE : FAULT_EIO;
}

/* ---- what a file system does ---- */

/* Pending writes whose bytes are about to be covered take them along. */
static void pending_rescue(struct disk *disk, struct inode *inode, size_t from, size_t to)
{
    if (inode->pending_high == 0 || from >= inode->pending_high || to <= inode->pending_low)
        return;
    for (struct pending *pending = disk->pending; pending != NULL; pending = pending->next) {
        size_t start = (size_t)pending->offset;

        if (pending->inode != inode || pending->data != NULL || pending->size == 0 || start >= to ||
            start + pending->size <= from)
            continue;
        pending->data = disk_must(NULL, pending->size);
        memcpy(pending->data, inode->now + start, pending->size);
    }
}

/* What is visible of the durable file between two places. */
static size_t covered_by(const struct inode *inode, size_t from, size_t to)
{
    size_t end = inode->now_size < inode->durable_size ? inode->now_size : inode->durable_size;

    end = to < end ? to : end;
    return inode_is_apart(inode) || end <= from ? 0 : end - from;
}

/* Notes a change that is about to be made of the bytes from `offset` to `end`. */
static void pend(struct disk *disk, struct inode *inode, int64_t offset, size_t end, size_t size, bool truncates)
{
    size_t from = (size_t)offset, covered = covered_by(inode, from, end);
    struct pending *pending = disk_must(NULL, sizeof *pending + covered);

    pending_rescue(disk, inode, from, end);
    *pending = (struct pending){.before = disk->pending_last,
                                .inode = inode,
                                .offset = offset,
                                .size = size,
                                .truncates = truncates,
                                .covered = covered};
    if (covered > 0)
        memcpy(pending->old, inode->now + from, covered);
    if (disk->pending_last != NULL)
        disk->pending_last->next = pending;
    else
        disk->pending = pending;
    disk->pending_last = pending;
    if (inode->pending_high == 0 || from < inode->pending_low)
        inode->pending_low = from;
    if (end > inode->pending_high)
        inode->pending_high = end;
}

/* The write is on its way before the power can go: a cut may keep part of it. */
static void write_begin(struct disk *disk, struct disk_name *name, const void *data, size_t size, int64_t offset)
{
    struct inode *inode = name->now;

    pend(disk, inode, offset, (size_t)offset + size, size, false);
    bytes_put(&inode->now, &inode->now_size, &inode->now_capacity, data, size, offset);
    disk_record(disk, DISK_OP_WRITE, name->path, false, offset, data, size);
}

enum disk_fault disk_write(struct disk *disk, struct disk_name *name, const void *data, size_t size, int64_t offset)
{
    bool strikes = disk->fault_at != 0 && disk->ops + 1 >= disk->fault_at;
    size_t part = size;

    if (strikes)
        part = disk->fault == FAULT_SHORT ? size / 2 : 0;
    if (part > 0)
        write_begin(disk, name, data, part, offset);
    return disk_point(disk);
}

enum disk_fault disk_truncate(struct disk *disk, struct disk_name *name, int64_t size)
{
    struct inode *inode = name->now;
    enum disk_fault fault = disk_point(disk);

    if (fault != FAULT_NONE)
        return fault;
    pend(disk, inode, size, inode->now_size > (size_t)size ? inode->now_size : (size_t)size, 0, true);
    bytes_resize(&inode->now, &inode->now_size, &inode->now_capacity, (size_t)size);
    disk_record(disk, DISK_OP_TRUNCATE, name->path, false, size, NULL, 0);
    return FAULT_NONE;
}

/* Takes the writes of one file off the list. `chance` of 0: all become durable, otherwise one in `chance` is lost for
 * good though still visible, as Linux does after a failed fsync. */
static void flush(struct disk *disk, struct inode *inode, uint32_t chance)
{
    struct pending **at = &disk->pending, *last = NULL;

    if (chance != 0)
        stand_apart(disk, inode);
    while (*at != NULL) {
        struct pending *pending = *at;

        if (pending->inode != inode) {
            pending->before = last;
            last = pending;
            at = &pending->next;
            continue;
        }
        if (inode_is_apart(inode) && (chance == 0 || random_below(&disk->random, chance) != 0))
            put_durable(pending, 0, pending->size);
        *at = pending->next;
        pending_free(pending);
    }
    disk->pending_last = last;
    inode->pending_low = inode->pending_high = 0;
    if (!inode_is_apart(inode))
        inode->durable_size = inode->now_size;
}

enum disk_fault disk_sync(struct disk *disk, struct disk_name *name, bool log)
{
    enum disk_fault fault = disk_point(disk);

    if (fault != FAULT_NONE) {
        flush(disk, name->now, 2);
        return FAULT_SYNC;
    }
    disk_record(disk, DISK_OP_SYNC, name->path, log, 0, NULL, 0);
    if (disk->lie == LIE_EVERY_SYNC || (disk->lie == LIE_WAL_SYNC && log))
        return FAULT_NONE;
    flush(disk, name->now, 0);
    if (log)
        names_sync_around(disk, name->path);
    return FAULT_NONE;
}

static void replay_on(struct disk *disk, struct disk_name *name, const struct disk_op *op)
{
    if (name == NULL)
        abort();
    switch (op->kind) {
    case DISK_OP_WRITE:
        (void)disk_write(disk, name, op->data, op->size, op->offset);
        break;
    case DISK_OP_TRUNCATE:
        (void)disk_truncate(disk, name, op->offset);
        break;
    case DISK_OP_SYNC:
        (void)disk_sync(disk, name, op->log);
        break;
    case DISK_OP_RENAME:
        (void)disk_rename(disk, name, (const char *)op->data);
        break;
    case DISK_OP_REMOVE:
        (void)disk_remove(disk, name, op->log);
        break;
    case DISK_OP_CREATE:
    case DISK_OP_MAKE_DIRECTORY:
    case DISK_OP_SYNC_NAMES:
        break;
    }
}

void disk_replay(struct disk *disk, const struct disk_op *op)
{
    if (op->kind == DISK_OP_CREATE)
        (void)disk_create(disk, op->path);
    else if (op->kind == DISK_OP_MAKE_DIRECTORY)
        (void)disk_make_directory(disk, op->path);
    else if (op->kind == DISK_OP_SYNC_NAMES)
        (void)disk_sync_names(disk, op->path);
    else
        replay_on(disk, disk_find(disk, op->path), op);
}

/* ---- what a power cut does ---- */

static void keep_torn(struct disk *disk, const struct pending *pending)
{
    for (size_t from = 0; from < pending->size; from += DISK_SECTOR_BYTES) {
        size_t left = pending->size - from;

        if (random_below(&disk->random, 2) == 0)
            put_durable(pending, from, left < DISK_SECTOR_BYTES ? left : DISK_SECTOR_BYTES);
    }
}

/* Back to what is durable, in place: the pending writes keep their bytes, and are undone from the last to the first. */
static void rewind_all(struct disk *disk)
{
    for (struct inode *inode = disk->inodes; inode != NULL; inode = inode->next)
        pending_rescue(disk, inode, 0, SIZE_MAX);
    for (struct pending *pending = disk->pending_last; pending != NULL; pending = pending->before) {
        struct inode *inode = pending->inode;

        if (inode_is_apart(inode))
            continue;
        bytes_reserve(&inode->now, &inode->now_capacity, inode->durable_size);
        if (pending->covered > 0)
            memcpy(inode->now + pending->offset, pending->old, pending->covered);
        inode->now_size = inode->durable_size;
    }
}

static void pending_settle(struct disk *disk, enum disk_damage damage)
{
    uint32_t count = 0, kept;

    for (const struct pending *pending = disk->pending; pending != NULL; pending = pending->next)
        count++;
    rewind_all(disk);
    kept = random_below(&disk->random, count + 1);
    for (const struct pending *pending = disk->pending; pending != NULL; pending = pending->next) {
        bool keep = damage == DAMAGE_PREFIX ? kept > 0 : random_below(&disk->random, 2) == 0;

        kept -= kept > 0;
        if (!keep)
            continue;
        if (damage == DAMAGE_TORN && !pending->truncates && random_below(&disk->random, 2) == 0)
            keep_torn(disk, pending);
        else
            put_durable(pending, 0, pending->size);
    }
    pending_free_all(disk);
}

void disk_process_end(struct disk *disk)
{
    names_forget_process(disk);
    disk->generation++;
    disk->down = false;
    disk->cut_at = disk->fault_at = 0;
}

/* What is durable is all that there is. */
static void durable_show(struct inode *inode)
{
    if (inode_is_apart(inode)) {
        bytes_resize(&inode->now, &inode->now_size, &inode->now_capacity, inode->durable_size);
        memcpy(inode->now, inode->durable, inode->durable_size);
    }
    free(inode->durable);
    inode->durable = NULL;
    inode->durable_capacity = 0;
    inode->durable_size = inode->now_size;
    inode->pending_low = inode->pending_high = 0;
}

void disk_power_cut(struct disk *disk, enum disk_damage damage)
{
    pending_settle(disk, damage);
    names_settle(disk, damage);
    for (struct inode *inode = disk->inodes; inode != NULL; inode = inode->next)
        durable_show(inode);
    disk_process_end(disk);
}
