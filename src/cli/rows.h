/* SPDX-License-Identifier: Apache-2.0 */
/* A file of facts as lines of /v1/batch, one after the other: from JSON lines as they stand, from CSV (RFC 4180) by its
 * header, whose cells name members: `amount`, `payer.kind`.
 *
 * An empty cell is a member that is not given. What is text in a batch line becomes text, an amount is taken digit by
 * digit, true and false are those words; whether the line is a fact is the server's to say. Both formats are UTF-8,
 * with or without a byte order mark. What makes the rest of the file uncertain (another encoding, a quote in the middle
 * of a cell) stops the reading: a row must never be told from another's text. */
#ifndef EBB_CLI_ROWS_H
#define EBB_CLI_ROWS_H

#include <csv.h>

#include "base/field.h"
#include "base/out.h"
#include "cli/source.h"

#define ROWS_COLUMNS_MAX 64
#define ROWS_NAME_BYTES 64
#define ROWS_WHY_BYTES 256

enum rows_format { ROWS_NDJSON = 1, ROWS_CSV };

struct rows_cell {
    size_t start, size; /* in `cells_text` */
};

struct rows {
    struct source source;
    enum rows_format format;
    char why[ROWS_WHY_BYTES]; /* ROWS_STOP */
    /* CSV */
    struct csv_parser parser;
    size_t columns;
    char names[ROWS_COLUMNS_MAX][ROWS_NAME_BYTES];
    size_t order[ROWS_COLUMNS_MAX]; /* members of one object side by side */
    size_t op;                      /* the column of that name */
    struct rows_cell cells[ROWS_COLUMNS_MAX];
    size_t cells_count, records; /* of the record being read; cells beyond the most are counted only */
    struct out cells_text, raw, line, problem;
};

struct row {
    int64_t number;  /* of its first line in the file */
    const char *raw; /* as it stands there, without the end of the line */
    size_t raw_bytes;
    const char *line; /* for the batch; NULL: `problem`, a JSON object, says why there is none */
    size_t line_bytes;
    const char *problem;
    size_t problem_bytes;
};

enum rows_got { ROWS_ROW, ROWS_END, ROWS_STOP };

/* Reads the header of CSV. False: see `why`. To be finished in every case. */
MUST_USE bool rows_open(struct rows *rows, int fd, enum rows_format format);
void rows_fini(struct rows *rows);
/* Good until the next call. Blank lines are passed over. */
enum rows_got rows_next(struct rows *rows, struct row *ret);
/* Passes over the lines up to `bytes` of the file. False: no line ends there. */
MUST_USE bool rows_skip(struct rows *rows, int64_t bytes);
/* Whether a column of CSV is the member at a JSON pointer, or one of its members. */
bool rows_column_is(const struct rows *rows, size_t column, const char *pointer);
/* {"code":"malformed","errors":[…]}, as the server would say it. */
void rows_problem_write(const struct field_problems *problems, struct out *out);

#endif
