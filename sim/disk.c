/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <stdlib.h>
#include <string.h>

const char *const disk_damage_names[DAMAGE__COUNT] = {"prefix", "subset", "torn"};
const char *const disk_fault_names[FAULT__COUNT] = {"none", "EIO", "ENOSPC", "short write", "failed sync"};

struct pending {
    struct pending *next;
    struct inode *inode;
    int64_t offset;
    size_t size;
    bool truncates;
    uint8_t data[];
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

void disk_init(struct disk *disk, uint64_t seed)
{
    memset(disk, 0, sizeof *disk);
    random_init_seed(&disk->random, seed);
}

static void pending_free_all(struct disk *disk)
{
    for (struct pending *pending = disk->pending, *next; pending != NULL; pending = next) {
        next = pending->next;
        free(pending);
    }
    disk->pending = disk->pending_last = NULL;
}

static void names_release(struct disk *disk)
{
    for (size_t i = 0; i < disk->names_count; i++)
        for (int region = 0; region < DISK_SHM_REGIONS_MAX; region++)
            free(disk->names[i].shm[region]);
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
    names_release(disk);
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

static void bytes_reserve(uint8_t **data, size_t *capacity, size_t wanted)
{
    size_t grown = *capacity == 0 ? 4096 : *capacity;

    if (wanted <= *capacity)
        return;
    while (grown < wanted)
        grown *= 2;
    *data = must(realloc(*data, grown));
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

static struct inode *inode_new(struct disk *disk)
{
    struct inode *inode = must(calloc(1, sizeof *inode));

    inode->next = disk->inodes;
    disk->inodes = inode;
    return inode;
}

static void inode_put_durable(struct inode *inode, const struct pending *pending, size_t from, size_t count)
{
    if (pending->truncates)
        bytes_resize(&inode->durable, &inode->durable_size, &inode->durable_capacity, (size_t)pending->offset);
    else
        bytes_put(&inode->durable, &inode->durable_size, &inode->durable_capacity, pending->data + from, count,
                  pending->offset + (int64_t)from);
}

void disk_copy(struct disk *to, const struct disk *from)
{
    for (size_t i = 0; i < from->names_count; i++) {
        const struct disk_name *name = &from->names[i];
        struct inode *inode;

        if (name->now == NULL)
            continue;
        inode = inode_new(to);
        bytes_put(&inode->now, &inode->now_size, &inode->now_capacity, name->now->now, name->now->now_size, 0);
        bytes_put(&inode->durable, &inode->durable_size, &inode->durable_capacity, name->now->now, name->now->now_size,
                  0);
        struct disk_name *copy = &to->names[to->names_count++];
        memset(copy, 0, sizeof *copy);
        memcpy(copy->path, name->path, sizeof copy->path);
        copy->now = copy->durable = inode;
    }
}

/* ---- points, faults, recording ---- */

static void record(struct disk *disk, enum disk_op_kind kind, const struct disk_name *name, bool log, int64_t offset,
                   const void *data, size_t size)
{
    if (!disk->recording)
        return;
    if (disk->record_count == disk->record_capacity) {
        disk->record_capacity = disk->record_capacity == 0 ? 64 : 2 * disk->record_capacity;
        disk->record = must(realloc(disk->record, disk->record_capacity * sizeof *disk->record));
    }
    struct disk_op *op = &disk->record[disk->record_count++];
    *op = (struct disk_op){.kind = kind, .log = log, .offset = offset, .size = size};
    memcpy(op->path, name->path, sizeof op->path);
    if (size > 0) {
        op->data = must(malloc(size));
        memcpy(op->data, data, size);
    }
}

/* Counts an op; says whether a fault strikes it, and ends the machine if its hour has come. */
static enum disk_fault point(struct disk *disk)
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
    fault = point(disk);
    return fault == FAULT_NONE ? FAULT_NONE : FAULT_EIO;
}

/* ---- what a file system does ---- */

static struct disk_name *name_find(struct disk *disk, const char *path)
{
    for (size_t i = 0; i < disk->names_count; i++)
        if (strcmp(disk->names[i].path, path) == 0)
            return &disk->names[i];
    return NULL;
}

struct disk_name *disk_find(struct disk *disk, const char *path)
{
    struct disk_name *name = name_find(disk, path);

    return name != NULL && name->now != NULL ? name : NULL;
}

struct disk_name *disk_create(struct disk *disk, const char *path)
{
    struct disk_name *name = name_find(disk, path);

    if (name != NULL && name->now != NULL)
        return name;
    if (name == NULL) {
        if (disk->names_count == DISK_NAMES_MAX)
            abort();
        name = &disk->names[disk->names_count++];
        memset(name, 0, sizeof *name);
        strncpy(name->path, path, sizeof name->path - 1);
    }
    name->now = inode_new(disk);
    record(disk, DISK_OP_CREATE, name, false, 0, NULL, 0);
    return name;
}

static void pend(struct disk *disk, struct inode *inode, int64_t offset, const void *data, size_t size, bool truncates)
{
    struct pending *pending = must(malloc(sizeof *pending + size));

    *pending = (struct pending){.inode = inode, .offset = offset, .size = size, .truncates = truncates};
    if (size > 0)
        memcpy(pending->data, data, size);
    if (disk->pending_last != NULL)
        disk->pending_last->next = pending;
    else
        disk->pending = pending;
    disk->pending_last = pending;
}

/* The write is on its way before the power can go: a cut may keep part of it. */
static void write_begin(struct disk *disk, struct disk_name *name, const void *data, size_t size, int64_t offset)
{
    struct inode *inode = name->now;

    bytes_put(&inode->now, &inode->now_size, &inode->now_capacity, data, size, offset);
    pend(disk, inode, offset, data, size, false);
    record(disk, DISK_OP_WRITE, name, false, offset, data, size);
}

enum disk_fault disk_write(struct disk *disk, struct disk_name *name, const void *data, size_t size, int64_t offset)
{
    bool strikes = disk->fault_at != 0 && disk->ops + 1 >= disk->fault_at;
    size_t part = size;

    if (strikes)
        part = disk->fault == FAULT_SHORT ? size / 2 : 0;
    if (part > 0)
        write_begin(disk, name, data, part, offset);
    return point(disk);
}

enum disk_fault disk_truncate(struct disk *disk, struct disk_name *name, int64_t size)
{
    struct inode *inode = name->now;
    enum disk_fault fault = point(disk);

    if (fault != FAULT_NONE)
        return fault;
    bytes_resize(&inode->now, &inode->now_size, &inode->now_capacity, (size_t)size);
    pend(disk, inode, size, NULL, 0, true);
    record(disk, DISK_OP_TRUNCATE, name, false, size, NULL, 0);
    return FAULT_NONE;
}

/* Takes the writes of one file off the list; `chance` of 0: all become durable, otherwise one in `chance` is lost for
 * good though still visible, as Linux does after a failed fsync. */
static void flush(struct disk *disk, const struct inode *inode, uint32_t chance)
{
    struct pending **at = &disk->pending, *last = NULL;

    while (*at != NULL) {
        struct pending *pending = *at;

        if (pending->inode != inode) {
            last = pending;
            at = &pending->next;
            continue;
        }
        if (chance == 0 || random_below(&disk->random, chance) != 0)
            inode_put_durable(pending->inode, pending, 0, pending->size);
        *at = pending->next;
        free(pending);
    }
    disk->pending_last = last;
}

enum disk_fault disk_sync(struct disk *disk, struct disk_name *name, bool log)
{
    enum disk_fault fault = point(disk);

    if (fault != FAULT_NONE) {
        flush(disk, name->now, 2);
        return FAULT_SYNC;
    }
    record(disk, DISK_OP_SYNC, name, log, 0, NULL, 0);
    if (disk->lie == LIE_EVERY_SYNC || (disk->lie == LIE_WAL_SYNC && log))
        return FAULT_NONE;
    flush(disk, name->now, 0);
    for (size_t i = 0; log && i < disk->names_count; i++)
        disk->names[i].durable = disk->names[i].now;
    return FAULT_NONE;
}

enum disk_fault disk_remove(struct disk *disk, struct disk_name *name, bool durable)
{
    enum disk_fault fault = point(disk);

    if (fault != FAULT_NONE)
        return fault;
    name->now = NULL;
    if (durable)
        name->durable = NULL;
    record(disk, DISK_OP_REMOVE, name, durable, 0, NULL, 0);
    return FAULT_NONE;
}

void disk_replay(struct disk *disk, const struct disk_op *op)
{
    struct disk_name *name = op->kind == DISK_OP_CREATE ? disk_create(disk, op->path) : disk_find(disk, op->path);

    if (name == NULL)
        abort();
    switch (op->kind) {
    case DISK_OP_CREATE:
        break;
    case DISK_OP_WRITE:
        (void)disk_write(disk, name, op->data, op->size, op->offset);
        break;
    case DISK_OP_TRUNCATE:
        (void)disk_truncate(disk, name, op->offset);
        break;
    case DISK_OP_SYNC:
        (void)disk_sync(disk, name, op->log);
        break;
    case DISK_OP_REMOVE:
        (void)disk_remove(disk, name, op->log);
        break;
    }
}

/* ---- what a power cut does ---- */

static void keep_torn(struct disk *disk, const struct pending *pending)
{
    for (size_t from = 0; from < pending->size; from += DISK_SECTOR_BYTES) {
        size_t left = pending->size - from;

        if (random_below(&disk->random, 2) == 0)
            inode_put_durable(pending->inode, pending, from, left < DISK_SECTOR_BYTES ? left : DISK_SECTOR_BYTES);
    }
}

static void pending_settle(struct disk *disk, enum disk_damage damage)
{
    uint32_t count = 0, kept;

    for (const struct pending *pending = disk->pending; pending != NULL; pending = pending->next)
        count++;
    kept = random_below(&disk->random, count + 1);
    for (const struct pending *pending = disk->pending; pending != NULL; pending = pending->next) {
        bool keep = damage == DAMAGE_PREFIX ? kept > 0 : random_below(&disk->random, 2) == 0;

        kept -= kept > 0;
        if (!keep)
            continue;
        if (damage == DAMAGE_TORN && !pending->truncates && random_below(&disk->random, 2) == 0)
            keep_torn(disk, pending);
        else
            inode_put_durable(pending->inode, pending, 0, pending->size);
    }
    pending_free_all(disk);
}

void disk_process_end(struct disk *disk)
{
    names_release(disk);
    for (size_t i = 0; i < disk->names_count; i++) {
        struct disk_name *name = &disk->names[i];

        memset(name->shm, 0, sizeof name->shm);
        memset(name->shm_shared, 0, sizeof name->shm_shared);
        memset(name->shm_owner, 0, sizeof name->shm_owner);
        name->shared = 0;
        name->reserved = name->pending = name->exclusive = NULL;
    }
    disk->generation++;
    disk->down = false;
    disk->cut_at = disk->fault_at = 0;
}

void disk_power_cut(struct disk *disk, enum disk_damage damage)
{
    pending_settle(disk, damage);
    for (size_t i = 0; i < disk->names_count; i++) {
        struct disk_name *name = &disk->names[i];

        if (name->now != name->durable && random_below(&disk->random, 2) == 0)
            name->durable = name->now;
        name->now = name->durable;
    }
    for (struct inode *inode = disk->inodes; inode != NULL; inode = inode->next) {
        bytes_resize(&inode->now, &inode->now_size, &inode->now_capacity, inode->durable_size);
        if (inode->durable_size > 0)
            memcpy(inode->now, inode->durable, inode->durable_size);
    }
    disk_process_end(disk);
}

uint64_t disk_digest(const struct disk *disk)
{
    uint64_t digest = 1469598103934665603u;

    for (size_t i = 0; i < disk->names_count; i++) {
        const struct inode *inode = disk->names[i].durable;
        size_t words = inode == NULL ? 0 : inode->durable_size / sizeof(uint64_t);

        digest = (digest ^ (inode == NULL ? i : inode->durable_size + 1)) * 1099511628211u;
        for (size_t at = 0; at < words; at++) {
            uint64_t word;

            memcpy(&word, inode->durable + at * sizeof word, sizeof word);
            digest = (digest ^ word) * 1099511628211u;
            digest ^= digest >> 29;
        }
    }
    return digest;
}
