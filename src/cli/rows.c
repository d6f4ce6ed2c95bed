/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/rows_csv.h"

void rows_problem_write(const struct field_problems *problems, struct out *out)
{
    out_object(out, NULL);
    out_string(out, "code", "malformed");
    out_array(out, "errors");
    for (size_t i = 0; i < problems->count; i++) {
        out_object(out, NULL);
        out_string(out, "pointer", problems->items[i].pointer);
        out_string(out, "code", problems->items[i].code);
        out_string(out, "detail", problems->items[i].detail);
        out_object_end(out);
    }
    out_array_end(out);
    out_object_end(out);
}

/* Byte order marks of the encodings that are not read, the longer before those that they begin with. */
static bool encoding_ok(struct rows *rows)
{
    static const struct {
        const char *mark, *name;
        size_t bytes;
    } others[] = {{"\xFF\xFE\0\0", "UTF-32 (little-endian)", 4},
                  {"\0\0\xFE\xFF", "UTF-32 (big-endian)", 4},
                  {"\xFF\xFE", "UTF-16 (little-endian)", 2},
                  {"\xFE\xFF", "UTF-16 (big-endian)", 2}};
    const struct source *source = &rows->source;

    for (size_t i = 0; i < ARRAY_COUNT(others); i++)
        if (source->end >= others[i].bytes && memcmp(source->buffer, others[i].mark, others[i].bytes) == 0) {
            snprintf(rows->why, sizeof(rows->why), "%s by its byte order mark: save the file as UTF-8", others[i].name);
            return false;
        }
    return true;
}

bool rows_open(struct rows *rows, int fd, enum rows_format format)
{
    *rows = (struct rows){.format = format};
    out_init(&rows->cells_text);
    out_init(&rows->raw);
    out_init(&rows->line);
    out_init(&rows->problem);
    snprintf(rows->why, sizeof(rows->why), "out of memory");
    if (!source_init(&rows->source, fd))
        return false;
    if (!source_peek(&rows->source)) {
        snprintf(rows->why, sizeof(rows->why), "%s", strerror(errno));
        return false;
    }
    if (!encoding_ok(rows) || (format == ROWS_CSV && !csv_open(rows)))
        return false;
    rows->why[0] = '\0';
    return true;
}

void rows_fini(struct rows *rows)
{
    if (rows->format == ROWS_CSV)
        csv_close(rows);
    out_fini(&rows->cells_text);
    out_fini(&rows->raw);
    out_fini(&rows->line);
    out_fini(&rows->problem);
    source_fini(&rows->source);
}

/* ---- JSON lines ---- */

static enum rows_got ndjson_next(struct rows *rows, struct row *ret)
{
    enum source_got got;
    const char *line;
    size_t size;

    while ((got = source_next(&rows->source, &line, &size)) == SOURCE_LINE) {
        if (rows->source.mark.lines == 1 && size >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
            line += 3;
            size -= 3;
        }
        if (size > 0 && line[size - 1] == '\n')
            size--;
        size_t blank = 0;

        while (blank < size && (line[blank] == ' ' || line[blank] == '\t' || line[blank] == '\r'))
            blank++;
        if (blank == size)
            continue;
        *ret = (struct row){
            .number = rows->source.mark.lines, .raw = line, .raw_bytes = size, .line = line, .line_bytes = size};
        return ROWS_ROW;
    }
    if (got == SOURCE_END)
        return ROWS_END;
    if (got == SOURCE_TOO_LONG)
        snprintf(rows->why, sizeof(rows->why), "line %" PRId64 " is longer than %zu bytes", rows->source.mark.lines + 1,
                 SOURCE_LINE_BYTES_MAX);
    else
        snprintf(rows->why, sizeof(rows->why), "%s", strerror(errno));
    return ROWS_STOP;
}

enum rows_got rows_next(struct rows *rows, struct row *ret)
{
    return rows->format == ROWS_CSV ? csv_next(rows, ret) : ndjson_next(rows, ret);
}

bool rows_skip(struct rows *rows, int64_t bytes)
{
    const char *line;
    size_t size;

    while (rows->source.mark.bytes < bytes)
        if (source_next(&rows->source, &line, &size) != SOURCE_LINE)
            return false;
    return rows->source.mark.bytes == bytes;
}

bool rows_column_is(const struct rows *rows, size_t column, const char *pointer)
{
    const char *name = rows->names[column], *at = pointer + 1;

    if (pointer[0] != '/')
        return false;
    while (*at != '\0' && (*at == *name || (*at == '/' && *name == '.'))) {
        name++;
        at++;
    }
    return *at == '\0' && (*name == '\0' || *name == '.');
}
