/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

bool source_init(struct source *source, int fd)
{
    *source = (struct source){.fd = fd, .buffer = malloc(SOURCE_LINE_BYTES_MAX)};
    return source->buffer != NULL;
}

void source_fini(struct source *source)
{
    free(source->buffer);
    source->buffer = NULL;
}

static enum source_got hand_out(struct source *source, size_t size, const char **ret, size_t *ret_size)
{
    const char *line = source->buffer + source->start;
    struct source_mark *mark = &source->mark;
    const struct bytes parts[] = {bytes_of(mark->hash, sizeof(mark->hash)), bytes_of(line, size)};

    hash_parts("import", NULL, parts, ARRAY_COUNT(parts), mark->hash, sizeof(mark->hash));
    source->start += size;
    mark->bytes += (int64_t)size;
    mark->lines++;
    *ret = line;
    *ret_size = size;
    return SOURCE_LINE;
}

/* Makes room behind what is left and reads once. */
static enum source_got fill(struct source *source)
{
    int64_t got;

    memmove(source->buffer, source->buffer + source->start, source->end - source->start);
    source->end -= source->start;
    source->start = 0;
    if (source->end == SOURCE_LINE_BYTES_MAX)
        return SOURCE_TOO_LONG;
    got = file_read(source->fd, source->buffer + source->end, SOURCE_LINE_BYTES_MAX - source->end);
    if (got < 0)
        return SOURCE_FAILED;
    source->ended = got == 0;
    source->end += (size_t)got;
    return SOURCE_LINE;
}

enum source_got source_next(struct source *source, const char **ret, size_t *ret_size)
{
    size_t looked = 0; /* bytes without a newline */

    for (;;) {
        size_t there = source->end - source->start;
        const char *from = source->buffer + source->start + looked;
        const char *newline = memchr(from, '\n', there - looked);

        if (newline != NULL)
            return hand_out(source, looked + (size_t)(newline - from) + 1, ret, ret_size);
        if (source->ended)
            return there > 0 ? hand_out(source, there, ret, ret_size) : SOURCE_END;
        looked = there;
        enum source_got got = fill(source);

        if (got != SOURCE_LINE)
            return got;
    }
}

bool source_peek(struct source *source)
{
    while (!source->ended && source->end < sizeof(int32_t))
        if (fill(source) != SOURCE_LINE)
            return false;
    return true;
}
