/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite on a disk that loses power (disk.h): a VFS that becomes the default, so that the store runs as it is.
 *
 * It promises what SQLite's own Unix VFS promises on a journalling file system (powersafe overwrite, 4096-byte
 * sectors),
 * with locks and the shared index of a write-ahead log for the connections of this one process. Files outside the
 * directory that was named (in-memory books) stay with the real VFS. Plain files in it are on the disk, too
 * (disk_files.c). For one thread only: SQLite is set to
 * single-thread mode, so that a history may end in the middle of a call. */
#ifndef EBB_SIM_CRASH_VFS_H
#define EBB_SIM_CRASH_VFS_H

#include "disk.h"

/* Once a process, before SQLite is used. Paths that begin with `directory` and "/" are on the disk. */
void crash_vfs_install(const char *directory);
/* The disk that is in the machine now. */
void crash_vfs_insert(struct disk *disk);
/* That disk, when the path is the directory or lies in it; otherwise NULL. */
struct disk *crash_vfs_disk(const char *path);
bool crash_vfs_is_root(const char *path);

#endif
