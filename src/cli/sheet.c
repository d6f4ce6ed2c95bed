/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sheet.h"

#include "base/field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sheet_init(struct sheet *sheet, const char *const *titles, size_t columns)
{
    INVARIANT(90, columns <= SHEET_COLUMNS_MAX);
    *sheet = (struct sheet){.titles = titles, .columns = columns};
}

void sheet_fini(struct sheet *sheet)
{
    for (size_t i = 0; i < sheet->rows * sheet->columns; i++)
        free(sheet->cells[i]);
    free(sheet->cells);
    *sheet = (struct sheet){0};
}

static bool sheet_grow(struct sheet *sheet)
{
    size_t capacity = sheet->capacity * 2 + 16;
    char **grown = realloc(sheet->cells, capacity * sheet->columns * sizeof(*grown));

    if (grown == NULL)
        return false;
    sheet->cells = grown;
    sheet->capacity = capacity;
    return true;
}

bool sheet_add(struct sheet *sheet, const char *const *cells)
{
    char **row;

    if (sheet->rows == SHEET_ROWS_MAX || (sheet->rows == sheet->capacity && !sheet_grow(sheet)))
        return false;
    row = &sheet->cells[sheet->rows * sheet->columns];
    for (size_t i = 0; i < sheet->columns; i++) {
        row[i] = strdup(cells[i]);
        if (row[i] == NULL) {
            while (i-- > 0)
                free(row[i]);
            return false;
        }
    }
    sheet->rows++;
    return true;
}

/* Columns on a terminal: letters of three bytes and more are Chinese here, or brackets and dots of the same width. */
static size_t text_width(const char *text)
{
    size_t width = 0, left = strlen(text);

    while (left > 0) {
        size_t bytes = text_character_bytes(text, left);

        if (bytes == 0)
            bytes = 1;
        width += bytes >= 3 ? 2 : 1;
        text += bytes;
        left -= bytes;
    }
    return width;
}

static void cell_print(const char *text, size_t width, bool right, bool last)
{
    size_t pad = width - text_width(text);

    if (right)
        printf("%*s%s", (int)pad, "", text);
    else
        printf("%s%*s", text, last ? 0 : (int)pad, "");
    fputs(last ? "\n" : "  ", stdout);
}

static const char *sheet_cell(const struct sheet *sheet, size_t row, size_t column)
{
    if (row > 0)
        return sheet->cells[(row - 1) * sheet->columns + column];
    return sheet->titles[column] + (sheet->titles[column][0] == '>');
}

void sheet_print(const struct sheet *sheet)
{
    size_t widths[SHEET_COLUMNS_MAX] = {0};

    for (size_t row = 0; row <= sheet->rows; row++)
        for (size_t i = 0; i < sheet->columns; i++) {
            size_t width = text_width(sheet_cell(sheet, row, i));

            widths[i] = width > widths[i] ? width : widths[i];
        }
    for (size_t row = 0; row <= sheet->rows; row++)
        for (size_t i = 0; i < sheet->columns; i++)
            cell_print(sheet_cell(sheet, row, i), widths[i], sheet->titles[i][0] == '>', i + 1 == sheet->columns);
}
