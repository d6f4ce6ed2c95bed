/* SPDX-License-Identifier: Apache-2.0 */
/* A small table for people: columns as wide as their widest cell, Chinese counted as two, amounts to the right. Knows
 * no meaning of a cell. Rows are kept until they are printed, at most SHEET_ROWS_MAX of them. */
#ifndef EBB_CLI_SHEET_H
#define EBB_CLI_SHEET_H

#include "base/err.h"

#define SHEET_COLUMNS_MAX 16
#define SHEET_ROWS_MAX 100000

struct sheet {
    const char *const *titles; /* with a leading '>' the column stands to the right */
    size_t columns;
    char **cells;
    size_t rows, capacity;
};

void sheet_init(struct sheet *sheet, const char *const *titles, size_t columns);
/* Copies the cells; a row beyond the limit, or without memory for it, is dropped and false. */
bool sheet_add(struct sheet *sheet, const char *const *cells);
void sheet_print(const struct sheet *sheet);
void sheet_fini(struct sheet *sheet);

#endif
