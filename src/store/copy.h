/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a backup: copied, hashed and put in place so that a crash leaves either the whole file or none.
 *
 * The hash is plain BLAKE2b-256 of the bytes (`b2sum -l 256` gives the same), not one of base/hash.h. Files come into
 * being with mode 0600 under a name ending in ".part" and get their own name when they are on the disk. False: errno
 * says why. */
#ifndef EBB_STORE_COPY_H
#define EBB_STORE_COPY_H

#include "base/hash.h"

#define COPY_PATH_BYTES 4096

struct digest {
    int64_t size;
    uint8_t hash[HASH_BYTES];
};

/* "directory/name" and suffix; false when it does not fit. */
MUST_USE bool copy_path(char ret[COPY_PATH_BYTES], const char *directory, const char *name, const char *suffix);
MUST_USE bool copy_digest(const char *path, struct digest *ret);
/* Copies directory/name to another directory, as name.part: copy_place makes it what it is. */
MUST_USE bool copy_part(const char *from, const char *to, const char *name, struct digest *ret);
/* Both. */
MUST_USE bool copy_file(const char *from, const char *to, const char *name, struct digest *ret);
/* The first `size` bytes of a file, or all of it. */
MUST_USE bool copy_read(const char *path, char *ret, size_t size, size_t *ret_size);
MUST_USE bool copy_write(const char *directory, const char *name, const char *data, size_t size);
/* directory/name.part, complete, becomes directory/name and stays so. */
MUST_USE bool copy_place(const char *directory, const char *name);
/* Makes the directory if it is absent; its name stays so. False with errno ENOTEMPTY when something lies in it. */
MUST_USE bool copy_directory(const char *directory);

#endif
