/* SPDX-License-Identifier: Apache-2.0 */
/* A workbook by libxlsxwriter in its mode of constant memory: amounts are numbers, moments are dates (Asia/Shanghai),
 * texts are texts and never formulas. A sheet holds 1,048,576 rows; the next ones go on. The last sheet says what was
 * asked, how many rows there are and what their amounts come to. */
#include <stdlib.h>
#include <string.h>
#include <xlsxwriter.h>

#include "report/exporting.h"

#define SHEET_ROWS (LXW_ROW_MAX - 1)
#define CELL_TEXT_MAX 32767 /* characters that a cell holds */
#define NAME_BYTES 32

/* The library measures in a type that has no other business here. */
typedef __typeof__(((lxw_datetime *)0)->sec) measure;

struct book {
    lxw_workbook *workbook;
    lxw_worksheet *sheet;
    lxw_format *head, *time, *amounts[4]; /* by digits after the point */
    lxw_row_t row;
    int sheets;
};

static lxw_format *format_new(lxw_workbook *workbook, const char *number)
{
    lxw_format *format = workbook_add_format(workbook);

    if (format != NULL && number != NULL)
        format_set_num_format(format, number);
    return format;
}

static enum err sheet_next(struct exporting *e, struct book *book)
{
    const struct export_kind *kind = e->ask->kind;
    char name[NAME_BYTES];

    if (book->sheets == 0)
        snprintf(name, sizeof name, "%s", kind->name);
    else
        snprintf(name, sizeof name, "%s %d", kind->name, book->sheets + 1);
    book->sheets++;
    book->sheet = workbook_add_worksheet(book->workbook, name);
    if (book->sheet == NULL)
        return ERR_RETRY;
    for (lxw_col_t i = 0; i < kind->columns_count; i++) {
        worksheet_set_column(book->sheet, i, i, kind->columns[i].kind == COLUMN_OF_TIME ? 20 : 16, NULL);
        worksheet_write_string(book->sheet, 0, i, kind->columns[i].name, book->head);
    }
    worksheet_freeze_panes(book->sheet, 1, 0);
    book->row = 1;
    return ERR_NONE;
}

static enum err xlsx_begin(struct exporting *e)
{
    static const char *const numbers[] = {"#,##0", "#,##0.0", "#,##0.00", "#,##0.000"};
    struct book *book = calloc(1, sizeof *book);
    char *room = strdup(e->terms->room);
    lxw_workbook_options options = {.constant_memory = 1, .tmpdir = room, .use_zip64 = 1};

    e->book = book;
    if (book != NULL && room != NULL)
        book->workbook = workbook_new_opt(e->terms->path, &options);
    free(room);
    if (book == NULL || book->workbook == NULL)
        return ERR_RETRY;
    book->head = format_new(book->workbook, NULL);
    if (book->head != NULL)
        format_set_bold(book->head);
    book->time = format_new(book->workbook, "yyyy-mm-dd hh:mm:ss");
    for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
        book->amounts[i] = format_new(book->workbook, numbers[i]);
    return sheet_next(e, book);
}

static measure decimal(int64_t minor, int digits)
{
    static const measure units[] = {1, 10, 100, 1000};

    return (measure)minor / units[digits];
}

static lxw_datetime date_of(int64_t ms)
{
    struct civil civil = instant_civil((struct instant){ms});
    int64_t second = civil.ms_of_day / MS_SECOND;

    return (lxw_datetime){.year = civil.year,
                          .month = civil.month,
                          .day = civil.day,
                          .hour = (int)(second / 3600),
                          .min = (int)(second / 60 % 60),
                          .sec = (measure)(second % 60)};
}

/* What is too long for a cell is cut, at a character. */
static void string_write(struct book *book, lxw_row_t row, lxw_col_t column, const char *text)
{
    size_t size = strlen(text), at = 0;
    char *cut;

    if (size <= CELL_TEXT_MAX) {
        worksheet_write_string(book->sheet, row, column, text, NULL);
        return;
    }
    while (at + 4 < CELL_TEXT_MAX)
        at += text_character_bytes(text + at, size - at) > 0 ? text_character_bytes(text + at, size - at) : 1;
    cut = strndup(text, at);
    if (cut != NULL)
        worksheet_write_string(book->sheet, row, column, cut, NULL);
    free(cut);
}

static void cell_write(struct exporting *e, struct book *book, lxw_col_t column, const struct export_cell *cell)
{
    int digits = currency_digits(e->currency);
    lxw_datetime date;

    switch (e->ask->kind->columns[column].kind) {
    case COLUMN_OF_TEXT:
        string_write(book, book->row, column, cell->text);
        break;
    case COLUMN_OF_AMOUNT:
        digits = digits < 0 || digits > 3 ? 2 : digits;
        worksheet_write_number(book->sheet, book->row, column, decimal(cell->number, digits), book->amounts[digits]);
        break;
    case COLUMN_OF_TIME:
        date = date_of(cell->number);
        worksheet_write_datetime(book->sheet, book->row, column, &date, book->time);
        break;
    case COLUMN_OF_NUMBER:
        worksheet_write_number(book->sheet, book->row, column, (measure)cell->number, NULL);
        break;
    case COLUMN_OF_BOOL:
        worksheet_write_boolean(book->sheet, book->row, column, (int)cell->number, NULL);
        break;
    }
}

static enum err xlsx_row(struct exporting *e, const struct export_cell *cells)
{
    struct book *book = e->book;

    if (book->row > SHEET_ROWS)
        TRY(sheet_next(e, book));
    for (lxw_col_t i = 0; i < e->ask->kind->columns_count; i++)
        if (!cells[i].none)
            cell_write(e, book, i, &cells[i]);
    book->row++;
    return ERR_NONE;
}

static void said(struct book *book, const char *what, const char *value)
{
    worksheet_write_string(book->sheet, book->row, 0, what, book->head);
    worksheet_write_string(book->sheet, book->row, 1, value != NULL ? value : "", NULL);
    book->row++;
}

static void said_at(struct book *book, const char *what, struct instant at)
{
    lxw_datetime date = date_of(at.ms);

    worksheet_write_string(book->sheet, book->row, 0, what, book->head);
    if (instant_is_set(at))
        worksheet_write_datetime(book->sheet, book->row, 1, &date, book->time);
    book->row++;
}

static enum err xlsx_end(struct exporting *e)
{
    struct book *book = e->book;
    const struct export_result *result = e->result;

    book->sheet = workbook_add_worksheet(book->workbook, "control");
    if (book->sheet == NULL)
        return ERR_RETRY;
    worksheet_set_column(book->sheet, 0, 1, 24, NULL);
    book->row = 0;
    said(book, "export", e->ask->kind->name);
    said(book, "account", e->ask->account_ref);
    said(book, "filter", e->ask->word);
    said_at(book, "from", e->ask->from);
    said_at(book, "to", e->ask->to);
    said_at(book, "made at", e->terms->at);
    worksheet_write_string(book->sheet, book->row, 0, "rows", book->head);
    worksheet_write_number(book->sheet, book->row++, 1, (measure)result->rows, NULL);
    for (size_t i = 0; i < result->totals_count; i++) {
        int digits = currency_digits(result->totals[i].currency);

        digits = digits < 0 || digits > 3 ? 2 : digits;
        worksheet_write_string(book->sheet, book->row, 0, "control total", book->head);
        worksheet_write_number(book->sheet, book->row, 1, decimal(result->totals[i].amount, digits),
                               book->amounts[digits]);
        worksheet_write_string(book->sheet, book->row++, 2, result->totals[i].currency, NULL);
    }
    lxw_error error = workbook_close(book->workbook);

    book->workbook = NULL;
    return error == LXW_NO_ERROR ? ERR_NONE : ERR_RETRY;
}

static void xlsx_close(struct exporting *e)
{
    struct book *book = e->book;

    if (book != NULL && book->workbook != NULL)
        lxw_workbook_free(book->workbook);
    free(book);
    e->book = NULL;
}

const struct export_writer export_xlsx = {
    .begin = xlsx_begin, .row = xlsx_row, .end = xlsx_end, .close = xlsx_close, .binary = true};
