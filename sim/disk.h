/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that loses power: files in memory, each with what was written and what would survive a power cut.
 *
 * A write is visible at once and durable only after a sync of its file. At a power cut every write since the last sync
 * is kept, lost, or torn at 512-byte sectors, by the damage that was asked for; names that were made, removed or
 * renamed (as one) since the last sync of their directory may be there or not, and what lies in a directory that is
 * lost is lost. Writes can be recorded, so that a history which happened once
 * can be
 * cut at each of its points without happening again. Faults (EIO, no space, a short write, a failed sync) strike at the
 * n-th operation. A disk may lie: then its syncs do nothing. It knows nothing of SQLite. */
#ifndef EBB_SIM_DISK_H
#define EBB_SIM_DISK_H

#include "base/random.h"

#define DISK_SECTOR_BYTES 512
#define DISK_PATH_BYTES 160
#define DISK_NAMES_MAX 32
#define DISK_SHM_REGIONS_MAX 64

enum disk_damage { DAMAGE_PREFIX = 0, DAMAGE_SUBSET, DAMAGE_TORN, DAMAGE__COUNT };
extern const char *const disk_damage_names[DAMAGE__COUNT];

enum disk_fault { FAULT_NONE = 0, FAULT_EIO, FAULT_FULL, FAULT_SHORT, FAULT_SYNC, FAULT__COUNT };
extern const char *const disk_fault_names[FAULT__COUNT];

/* Weaknesses planted to prove that the tests find them. */
enum disk_lie { LIE_NONE = 0, LIE_EVERY_SYNC, LIE_WAL_SYNC };

enum disk_op_kind {
    DISK_OP_CREATE,
    DISK_OP_MAKE_DIRECTORY,
    DISK_OP_WRITE,
    DISK_OP_TRUNCATE,
    DISK_OP_SYNC,
    DISK_OP_SYNC_NAMES,
    DISK_OP_RENAME,
    DISK_OP_REMOVE
};
struct disk_op {
    enum disk_op_kind kind;
    bool log; /* SYNC: of a journal or write-ahead log, what LIE_WAL_SYNC skips; its directory too. REMOVE: its
                 directory too */
    char path[DISK_PATH_BYTES];
    int64_t offset; /* TRUNCATE: the new size */
    size_t size;
    uint8_t *data; /* WRITE: what; RENAME: to which path */
};

/* What lies under a name. The durable bytes are those of `now` with the pending writes undone; only after a failed sync
 * lost some of them for good do they stand apart. */
struct inode {
    struct inode *next;
    bool directory;
    uint8_t *now, *durable; /* durable NULL: not apart */
    size_t now_size, now_capacity, durable_size, durable_capacity;
    size_t pending_low, pending_high; /* every pending write of it lies between */
};

struct disk_name {
    char path[DISK_PATH_BYTES];
    struct inode *now, *durable; /* NULL: not there */
    /* Held by the connections of one process, and gone with it: the shared index of a write-ahead log, and locks. */
    uint8_t *shm[DISK_SHM_REGIONS_MAX];
    int shm_shared[8];
    const void *shm_owner[8];
    int shared;
    const void *reserved, *pending, *exclusive;
};

struct pending; /* a write that no sync has covered */
struct disk {
    struct disk_name names[DISK_NAMES_MAX];
    size_t names_count;
    struct inode *inodes;
    struct pending *pending, *pending_last;
    struct name_change *changes; /* of names that no sync of their directory has covered */
    size_t changes_count, changes_capacity;
    enum disk_lie lie;
    struct random random;

    int64_t ops;      /* writes, truncations, syncs, changes of names so far: the I/O points */
    int64_t ops_seen; /* of them, what a recorder has taken */
    int64_t cut_at;   /* the op at which the power goes; 0: never */
    int64_t fault_at; /* the op that fails; 0: none */
    enum disk_fault fault;
    bool fault_struck;                 /* it has */
    bool reads_count;                  /* reads are points too (faults only) */
    bool down;                         /* the power is gone: nothing answers */
    int generation;                    /* of the machine: handles of an earlier one are dead */
    void (*power_gone)(void *context); /* does not return */
    void *context;

    bool recording;
    struct disk_op *record;
    size_t record_count, record_capacity;
};

/* Told before and after a disk takes memory for what it holds; may be NULL. */
extern void (*disk_busy)(bool busy);
/* Zeroed; of whatever belongs to the machine and not to the programs on it. */
void *disk_memory(size_t size);

void disk_init(struct disk *disk, uint64_t seed);
void disk_fini(struct disk *disk);
void disk_forget_record(struct disk *disk);
/* Both disks then hold the same files, visible, durable and what is pending between; `to` was empty. Locks and shared
 * memory stay with `from`. */
void disk_copy(struct disk *to, const struct disk *from);

/* What a file system does. 0, or the fault that struck. */
struct disk_name *disk_find(struct disk *disk, const char *path); /* NULL: not there */
struct disk_name *disk_create(struct disk *disk, const char *path);
enum disk_fault disk_write(struct disk *disk, struct disk_name *name, const void *data, size_t size, int64_t offset);
enum disk_fault disk_truncate(struct disk *disk, struct disk_name *name, int64_t size);
enum disk_fault disk_sync(struct disk *disk, struct disk_name *name, bool log);
/* `durable`: its directory was synced. */
enum disk_fault disk_remove(struct disk *disk, struct disk_name *name, bool durable);
enum disk_fault disk_rename(struct disk *disk, struct disk_name *name, const char *to);
enum disk_fault disk_make_directory(struct disk *disk, const char *path);
enum disk_fault disk_sync_names(struct disk *disk, const char *directory);
bool disk_directory_is_empty(struct disk *disk, const char *path);
enum disk_fault disk_read_fault(struct disk *disk);

/* Does a recorded op again. */
void disk_replay(struct disk *disk, const struct disk_op *op);
/* The machine loses power now, and comes back. */
void disk_power_cut(struct disk *disk, enum disk_damage damage);
/* The process ends, the machine goes on: locks and shared memory are gone, written bytes are not. */
void disk_process_end(struct disk *disk);

#endif
