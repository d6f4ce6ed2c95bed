/* SPDX-License-Identifier: Apache-2.0 */
/* Plain files, where SQLite does not keep them: copies, manifests. Few calls, each all or nothing, so that a simulated
 * disk can stand in for them. False (or -1): errno says why. A file is on the disk when it was synced, its name when
 * its directory was. */
#ifndef EBB_BASE_FILE_H
#define EBB_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* FILE_NEW: to write, made (mode 0600) or emptied, never through a link. */
enum file_how { FILE_READ, FILE_NEW };

MUST_USE int file_open(const char *path, enum file_how how);
/* To write and to read, in that directory, but without a name: nobody else opens it, and it is gone once it is closed.
 */
MUST_USE int file_nameless(const char *directory);
void file_close(int fd); /* errno stays */
/* As much as there is, up to `size`; 0 at the end. */
MUST_USE int64_t file_read(int fd, void *data, size_t size);
/* Less than `size` only at the end. */
MUST_USE int64_t file_read_at(int fd, void *data, size_t size, int64_t offset);
MUST_USE bool file_write(int fd, const void *data, size_t size);
MUST_USE bool file_write_at(int fd, const void *data, size_t size, int64_t offset);
MUST_USE bool file_sync(int fd);
MUST_USE bool file_is_there(const char *path);
/* The new name is the file's, or the old one, whatever happens; which, is certain after directory_sync. */
MUST_USE bool file_rename(const char *from, const char *to);

/* Mode 0700; EEXIST when there is something of that name. */
MUST_USE bool directory_make(const char *path);
/* ENOTEMPTY: something lies in it. */
MUST_USE bool directory_is_empty(const char *path);
MUST_USE bool directory_sync(const char *path);

/* The name of what lies there is on the disk: its directory is synced. */
MUST_USE bool name_sync(const char *path);
/* Made where it is not there; its name stays, so that nothing in it is lost with it. */
MUST_USE bool directory_keep(const char *path);
/* Every directory of the path; the name of the last one also where it is there already. */
MUST_USE bool directories_keep(const char *path);

#endif
