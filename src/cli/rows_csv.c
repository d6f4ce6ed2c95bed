/* SPDX-License-Identifier: Apache-2.0 */
/* A record ends where libcsv says so, which is handed one line after the other: in this way its first line and its text
 * are known. Rows end with LF or CRLF; a carriage return alone is part of a cell, and no member holds one. */
#include "cli/rows_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/batch.h"

#define INTEGER_DIGITS_MAX 18

static int is_line_feed(unsigned char c)
{
    return c == '\n';
}

static int is_nothing(unsigned char c)
{
    (void)c;
    return 0;
}

static void cell_take(void *data, size_t size, void *context)
{
    struct rows *rows = context;

    if (rows->cells_count < ROWS_COLUMNS_MAX) {
        rows->cells[rows->cells_count] = (struct rows_cell){rows->cells_text.size, size};
        out_bytes(&rows->cells_text, data != NULL ? data : "", size);
        out_bytes(&rows->cells_text, "", 1); /* its NUL */
    }
    rows->cells_count++;
}

static void record_end(int character, void *context)
{
    struct rows *rows = context;

    (void)character;
    rows->records++;
}

static const char *cell_text(const struct rows *rows, size_t index)
{
    return rows->cells_text.data + rows->cells[index].start;
}

/* ---- a record ---- */

static size_t utf8_prefix(const char *text, size_t size)
{
    size_t at = 0, bytes;

    while (at < size && (bytes = text_character_bytes(text + at, size - at)) > 0)
        at += bytes;
    return at;
}

static bool stop(struct rows *rows, const char *what)
{
    snprintf(rows->why, sizeof(rows->why), "line %" PRId64 ", column %zu: %s", rows->source.mark.lines,
             rows->cells_count + 1, what);
    return false;
}

static bool line_parse(struct rows *rows, const char *line, size_t size)
{
    size_t good = utf8_prefix(line, size);
    char what[ROWS_WHY_BYTES / 2];

    if (csv_parse(&rows->parser, line, good, cell_take, record_end, rows) < good)
        return stop(rows,
                    csv_error(&rows->parser) == CSV_EPARSE
                        ? "a quote in the middle of a cell (a cell with quotes is in quotes, and they are doubled)"
                        : "out of memory");
    if (good < size) {
        snprintf(what, sizeof(what), "byte 0x%02X is not UTF-8 text: save the file as UTF-8",
                 (unsigned char)line[good]);
        return stop(rows, what);
    }
    if (csv_parse(&rows->parser, "\n", 1, cell_take, record_end, rows) < 1)
        return stop(rows, "not CSV");
    if (rows->cells_text.failed || rows->raw.failed)
        return stop(rows, "out of memory");
    return true;
}

static enum rows_got line_next(struct rows *rows, const char **ret, size_t *ret_size)
{
    enum source_got got = source_next(&rows->source, ret, ret_size);

    if (got == SOURCE_END && rows->raw.size > 0)
        stop(rows, "the quote is not closed before the end of the file");
    else if (got == SOURCE_TOO_LONG)
        snprintf(rows->why, sizeof(rows->why), "line %" PRId64 " is longer than %zu bytes", rows->source.mark.lines + 1,
                 SOURCE_LINE_BYTES_MAX);
    else if (got == SOURCE_FAILED)
        snprintf(rows->why, sizeof(rows->why), "%s", strerror(errno));
    else
        return got == SOURCE_END ? ROWS_END : ROWS_ROW;
    return ROWS_STOP;
}

static size_t without_line_end(const char *line, size_t size)
{
    if (size > 0 && line[size - 1] == '\n')
        size--;
    if (size > 0 && line[size - 1] == '\r')
        size--;
    return size;
}

/* The cells of the next record and its raw text; ret_number is that of its first line. */
static enum rows_got record_read(struct rows *rows, int64_t *ret_number)
{
    const char *line;
    size_t size;

    out_reset(&rows->raw);
    out_reset(&rows->cells_text);
    rows->cells_count = rows->records = 0;
    while (rows->records == 0) {
        enum rows_got got = line_next(rows, &line, &size);

        if (got != ROWS_ROW)
            return got;
        if (rows->source.mark.lines == 1 && size >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0) {
            line += 3;
            size -= 3;
        }
        size = without_line_end(line, size);
        if (rows->raw.size == 0) {
            *ret_number = rows->source.mark.lines;
            if (size == 0)
                continue;
        } else
            out_bytes(&rows->raw, "\n", 1);
        out_bytes(&rows->raw, line, size);
        if (rows->raw.size > SOURCE_LINE_BYTES_MAX) {
            stop(rows, "the quote is not closed");
            return ROWS_STOP;
        }
        if (!line_parse(rows, line, size))
            return ROWS_STOP;
    }
    return ROWS_ROW;
}

/* ---- the header ---- */

static bool column_add(struct rows *rows, size_t column)
{
    const char *name = cell_text(rows, column), *what = NULL;
    enum field_kind kind;

    if (strlen(name) != rows->cells[column].size || strlen(name) >= ROWS_NAME_BYTES || strchr(name, '\r') != NULL)
        what = "is no name (cells are separated by commas, rows by LF or CRLF)";
    else if (!batch_member_kind(NULL, name, &kind))
        what = "is no member of a batch line";
    else if (kind == FIELD_OBJECT)
        what = "is an object: name its members, as payer.kind";
    for (size_t i = 0; i < column && what == NULL; i++)
        if (strcmp(rows->names[i], name) == 0)
            what = "stands there twice";
    if (what != NULL) {
        snprintf(rows->why, sizeof(rows->why), "line %" PRId64 ", column %zu: \"%.40s\" %s", rows->source.mark.lines,
                 column + 1, name, what);
        return false;
    }
    snprintf(rows->names[column], ROWS_NAME_BYTES, "%s", name);
    return true;
}

/* The bytes of a dotted name's first part with its dot; 0 where there is none. */
static size_t parent_bytes(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL ? (size_t)(dot - name) + 1 : 0;
}

static bool same_parent(const char *a, const char *b)
{
    size_t bytes = parent_bytes(a);

    return bytes > 0 && bytes == parent_bytes(b) && memcmp(a, b, bytes) == 0;
}

static void columns_order(struct rows *rows)
{
    bool placed[ROWS_COLUMNS_MAX] = {false};
    size_t count = 0;

    for (size_t i = 0; i < rows->columns; i++)
        for (size_t j = i; j < rows->columns; j++)
            if (!placed[j] && (j == i || same_parent(rows->names[i], rows->names[j]))) {
                placed[j] = true;
                rows->order[count++] = j;
            }
}

static bool header_read(struct rows *rows)
{
    int64_t number;
    enum rows_got got = record_read(rows, &number);

    if (got == ROWS_END)
        snprintf(rows->why, sizeof(rows->why), "empty: the first line of CSV names the columns");
    if (got != ROWS_ROW)
        return false;
    for (size_t i = 0; i < rows->cells_count; i++) {
        if (i == ROWS_COLUMNS_MAX) {
            snprintf(rows->why, sizeof(rows->why), "%zu columns; %d are the most", rows->cells_count, ROWS_COLUMNS_MAX);
            return false;
        }
        if (!column_add(rows, i))
            return false;
    }
    rows->columns = rows->cells_count;
    columns_order(rows);
    for (rows->op = 0; rows->op < rows->columns; rows->op++)
        if (strcmp(rows->names[rows->op], "op") == 0)
            return true;
    snprintf(rows->why, sizeof(rows->why), "line %" PRId64 ": no column is called op, which names the operation",
             rows->source.mark.lines);
    return false;
}

bool csv_open(struct rows *rows)
{
    if (csv_init(&rows->parser, CSV_STRICT) != 0)
        return false;
    csv_set_space_func(&rows->parser, is_nothing); /* blanks belong to the cell */
    csv_set_term_func(&rows->parser, is_line_feed);
    return header_read(rows);
}

void csv_close(struct rows *rows)
{
    csv_free(&rows->parser);
}

/* ---- from cells to a line ---- */

static bool is_integer(const char *text)
{
    size_t sign = text[0] == '-', digits = strspn(text + sign, "0123456789");

    return digits > 0 && digits <= INTEGER_DIGITS_MAX && text[sign + digits] == '\0' &&
           (digits == 1 || text[sign] != '0');
}

/* What is wrong with a cell, or NULL when it was written. */
static const char *cell_write(struct rows *rows, const char *key, const char *text, size_t size, enum field_kind kind)
{
    if (!text_utf8_ok(text, size))
        return "expected text without control characters and line breaks";
    if (kind == FIELD_MONEY || kind == FIELD_COUNT) {
        if (!is_integer(text))
            return "expected an integer of minor units, in digits";
        out_raw(&rows->line, key, text, size);
    } else if (kind == FIELD_BOOL) {
        if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
            return "expected true or false";
        out_bool(&rows->line, key, strcasecmp(text, "true") == 0);
    } else
        out_string(&rows->line, key, text);
    return NULL;
}

static void cell_wrong(struct field_problems *problems, const char *name, const char *detail)
{
    char pointer[FIELD_POINTER_BYTES];

    snprintf(pointer, sizeof(pointer), "/%s", name);
    for (char *dot = pointer; (dot = strchr(dot, '.')) != NULL;)
        *dot = '/';
    field_problem_add(problems, pointer, "malformed", "%s", detail);
}

static void line_write(struct rows *rows, struct field_problems *problems)
{
    const char *op = cell_text(rows, rows->op), *open = "";

    out_object(&rows->line, NULL);
    for (size_t i = 0; i < rows->columns; i++) {
        size_t column = rows->order[i], size = rows->cells[column].size, parent;
        const char *name = rows->names[column], *text = cell_text(rows, column), *what;
        enum field_kind kind = FIELD_TEXT; /* of a member that the operation has not, which the server refuses */

        if (size == 0)
            continue;
        parent = parent_bytes(name);
        if (open[0] != '\0' && !same_parent(open, name)) {
            out_object_end(&rows->line);
            open = "";
        }
        if (parent > 0 && open[0] == '\0') {
            char key[ROWS_NAME_BYTES];

            snprintf(key, sizeof(key), "%.*s", (int)parent - 1, name);
            out_object(&rows->line, key);
            open = name;
        }
        if (!batch_member_kind(op, name, &kind))
            kind = FIELD_TEXT;
        what = cell_write(rows, name + parent, text, size, kind);
        if (what != NULL)
            cell_wrong(problems, name, what);
    }
    if (open[0] != '\0')
        out_object_end(&rows->line);
    out_object_end(&rows->line);
}

enum rows_got csv_next(struct rows *rows, struct row *ret)
{
    struct field_problems problems;
    int64_t number = 0;
    enum rows_got got = record_read(rows, &number);

    if (got != ROWS_ROW)
        return got;
    out_reset(&rows->line);
    problems.count = 0;
    if (rows->cells_count == rows->columns)
        line_write(rows, &problems);
    else
        field_problem_add(&problems, "", "malformed", "expected %zu cells, found %zu", rows->columns,
                          rows->cells_count);
    *ret = (struct row){.number = number, .raw = rows->raw.data, .raw_bytes = rows->raw.size};
    if (problems.count == 0) {
        ret->line = rows->line.data;
        ret->line_bytes = rows->line.size;
    } else {
        out_reset(&rows->problem);
        rows_problem_write(&problems, &rows->problem);
        ret->problem = rows->problem.data;
        ret->problem_bytes = rows->problem.size;
    }
    if (!rows->line.failed && !rows->problem.failed)
        return ROWS_ROW;
    stop(rows, "out of memory");
    return ROWS_STOP;
}
