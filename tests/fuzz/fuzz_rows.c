/* SPDX-License-Identifier: Apache-2.0 */
/* Files of `ebb import` (cli/rows.h): CSV, and JSON lines when the first byte says so. Every row is a piece of the file
 * and comes in its order; a line for the batch is one line and one JSON object whose texts, digits and words are the
 * cells as they stand in the row; a row has a line or a problem; and what is read again from a mark is what was read
 * behind it. */
#include <sys/mman.h>
#include <unistd.h>

#include "cli/rows.h"
#include "look.h"

static int file_of(const uint8_t *data, size_t size)
{
    int fd = memfd_create("rows", MFD_CLOEXEC);

    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

/* A cell stands in its row as it is, or with its quotes doubled. */
static bool stands_in(const char *cell, size_t size, const struct row *row)
{
    struct out doubled;

    out_init(&doubled);
    for (size_t i = 0; i < size; i++)
        out_bytes(&doubled, cell[i] == '"' ? "\"\"" : cell + i, cell[i] == '"' ? 2 : 1);
    bool found = memmem(row->raw, row->raw_bytes, cell, size) != NULL ||
                 memmem(row->raw, row->raw_bytes, doubled.data, doubled.size) != NULL;

    out_fini(&doubled);
    return found;
}

static void object_look(json_t *object, const struct row *row)
{
    const char *key;
    json_t *value;

    json_object_foreach(object, key, value)
    {
        char digits[DIGITS_BYTES];

        if (json_is_object(value))
            object_look(value, row);
        else if (json_is_string(value))
            CHECK(stands_in(json_string_value(value), json_string_length(value), row));
        else if (json_is_integer(value))
            CHECK(json_integer_value(value) == 0 || /* -0 */
                  stands_in(digits, digits_of(json_integer_value(value), digits), row));
        else
            CHECK(json_is_boolean(value));
    }
}

static void row_look(const struct rows *rows, const struct row *row)
{
    CHECK((row->line == NULL) != (row->problem == NULL));
    CHECK(row->raw_bytes > 0 && row->number <= rows->source.mark.lines);
    if (row->line == NULL) {
        json_t *problem SCOPED(look_free) = look_parse(row->problem, row->problem_bytes, 0);

        CHECK(problem != NULL && json_array_size(json_object_get(problem, "errors")) > 0);
        return;
    }
    CHECK(memchr(row->line, '\n', row->line_bytes) == NULL);
    if (rows->format != ROWS_CSV)
        return;
    json_t *line SCOPED(look_free) = look_parse(row->line, row->line_bytes, JSON_REJECT_DUPLICATES);

    CHECK(json_is_object(line));
    object_look(line, row);
}

/* Behind a mark there is one row less. */
static void again_look(const uint8_t *data, size_t size, enum rows_format format, const struct source_mark *mark,
                       size_t rest)
{
    int fd = file_of(data, size);
    struct rows rows;
    struct row row;

    CHECK(rows_open(&rows, fd, format) && rows_skip(&rows, mark->bytes));
    CHECK(memcmp(&rows.source.mark, mark, sizeof(*mark)) == 0);
    while (rows_next(&rows, &row) == ROWS_ROW)
        CHECK(rest-- > 0);
    CHECK(rest == 0);
    rows_fini(&rows);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum rows_format format = size > 0 && data[0] == '{' ? ROWS_NDJSON : ROWS_CSV;
    int fd = file_of(data, size);
    struct source_mark middle = {0};
    size_t count = 0, marked = 0;
    int64_t number = 0;
    struct rows rows;
    struct row row;

    if (rows_open(&rows, fd, format)) {
        enum rows_got got;

        while ((got = rows_next(&rows, &row)) == ROWS_ROW) {
            CHECK(row.number > number);
            number = row.number;
            row_look(&rows, &row);
            if (++count == 1 || count == 3) {
                middle = rows.source.mark;
                marked = count;
            }
        }
        CHECK((got == ROWS_STOP) == (rows.why[0] != '\0'));
        if (got == ROWS_END)
            CHECK(rows.source.mark.bytes == (int64_t)size);
        if (count > 0)
            again_look(data, size, format, &middle, count - marked);
    } else
        CHECK(rows.why[0] != '\0');
    rows_fini(&rows);
    close(fd);
    return 0;
}
