/* SPDX-License-Identifier: Apache-2.0 */
/* A file as lines, in bounded memory, that knows what it has read: how many bytes and lines, and a hash over them. Two
 * files that agree in both up to some line say the same up to there. */
#ifndef EBB_CLI_SOURCE_H
#define EBB_CLI_SOURCE_H

#include "base/hash.h"

#define SOURCE_LINE_BYTES_MAX ((size_t)1 << 20)

/* How far a file was handed out. */
struct source_mark {
    int64_t bytes, lines;
    uint8_t hash[HASH_SHORT_BYTES]; /* each line's with that of what was before it */
};

struct source {
    int fd;
    char *buffer;
    size_t start, end; /* what was read and not handed out */
    bool ended;
    struct source_mark mark;
};

enum source_got { SOURCE_LINE, SOURCE_END, SOURCE_TOO_LONG, SOURCE_FAILED };

/* The descriptor stays the caller's. False: no memory. */
MUST_USE bool source_init(struct source *source, int fd);
/* Reads the first bytes into `buffer`, without handing them out. False: errno says why. */
MUST_USE bool source_peek(struct source *source);
void source_fini(struct source *source);
/* The next line with its newline, where it has one; good until the next call. SOURCE_TOO_LONG: it has more than
 * SOURCE_LINE_BYTES_MAX, and there is no way on. SOURCE_FAILED: errno says why. */
enum source_got source_next(struct source *source, const char **ret, size_t *ret_size);

#endif
