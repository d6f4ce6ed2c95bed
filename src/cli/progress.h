/* SPDX-License-Identifier: Apache-2.0 */
/* How far an import got, as a small file: what was answered, and nothing that was only sent. It is replaced as a whole,
 * so a kill leaves the old or the new one. After a power failure it may be an older one; then some facts are sent
 * again, and are known by their refs. */
#ifndef EBB_CLI_PROGRESS_H
#define EBB_CLI_PROGRESS_H

#include "cli/rows.h"

#define PROGRESS_URL_BYTES 512

struct progress {
    char url[PROGRESS_URL_BYTES]; /* to whom it was sent */
    enum rows_format format;
    int64_t file_bytes; /* of the whole file; -1: nobody knows */
    struct source_mark mark;
    int64_t created, unchanged, refused; /* lines */
    int64_t errors_bytes;                /* of the file of errors that belong to them */
};

enum progress_found { PROGRESS_THERE, PROGRESS_NONE, PROGRESS_UNREADABLE };

/* `ret` is untouched unless PROGRESS_THERE. */
enum progress_found progress_read(const char *path, struct progress *ret);
/* False: errno says why. */
MUST_USE bool progress_write(const char *path, const struct progress *progress);

#endif
