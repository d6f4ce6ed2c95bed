/* SPDX-License-Identifier: Apache-2.0 */
/* CSV for spreadsheets (RFC 4180, with a byte order mark, without which Excel reads Chinese as noise) and JSON lines
 * for programs. */
#include <string.h>

#include "report/exporting.h"

/* ---- CSV ---- */

/* A spreadsheet runs a text that begins like a formula: such a text gets an apostrophe in front. */
static void csv_text(struct exporting *e, const char *text)
{
    bool formula = strchr("=+-@\t\r", text[0]) != NULL;

    if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
        exporting_text(e, text);
        return;
    }
    exporting_text(e, formula ? "\"'" : "\"");
    for (const char *quote; (quote = strchr(text, '"')) != NULL; text = quote + 1) {
        exporting_bytes(e, text, (size_t)(quote - text));
        exporting_text(e, "\"\"");
    }
    exporting_text(e, text);
    exporting_text(e, "\"");
}

static void csv_cell(struct exporting *e, const struct export_column *column, const struct export_cell *cell)
{
    char room[MONEY_TEXT_BYTES + INSTANT_TEXT_BYTES + DIGITS_BYTES];

    switch (column->kind) {
    case COLUMN_OF_TEXT:
        csv_text(e, cell->text);
        return;
    case COLUMN_OF_AMOUNT:
        money_format(money_of(cell->number), e->currency, room);
        break;
    case COLUMN_OF_TIME:
        instant_format((struct instant){cell->number}, room);
        break;
    case COLUMN_OF_NUMBER:
        digits_of(cell->number, room);
        break;
    case COLUMN_OF_BOOL:
        strcpy(room, cell->number != 0 ? "true" : "false");
        break;
    }
    exporting_text(e, room);
}

static enum err csv_begin(struct exporting *e)
{
    const struct export_kind *kind = e->ask->kind;

    exporting_text(e, "\xEF\xBB\xBF");
    for (size_t i = 0; i < kind->columns_count; i++) {
        exporting_text(e, i > 0 ? "," : "");
        exporting_text(e, kind->columns[i].name);
    }
    exporting_text(e, "\r\n");
    return ERR_NONE;
}

static enum err csv_row(struct exporting *e, const struct export_cell *cells)
{
    const struct export_kind *kind = e->ask->kind;

    for (size_t i = 0; i < kind->columns_count; i++) {
        exporting_text(e, i > 0 ? "," : "");
        if (!cells[i].none)
            csv_cell(e, &kind->columns[i], &cells[i]);
    }
    exporting_text(e, "\r\n");
    return ERR_NONE;
}

const struct export_writer export_csv = {.begin = csv_begin, .row = csv_row};

/* ---- JSON lines ---- */

static void json_cell(struct out *out, const struct export_column *column, const struct export_cell *cell)
{
    if (cell->none) {
        out_null(out, column->name);
        return;
    }
    switch (column->kind) {
    case COLUMN_OF_TEXT:
        out_string(out, column->name, cell->text);
        break;
    case COLUMN_OF_AMOUNT:
    case COLUMN_OF_NUMBER:
        out_int(out, column->name, cell->number);
        break;
    case COLUMN_OF_TIME:
        out_instant(out, column->name, (struct instant){cell->number});
        break;
    case COLUMN_OF_BOOL:
        out_bool(out, column->name, cell->number != 0);
        break;
    }
}

static enum err jsonl_begin(struct exporting *e)
{
    (void)e;
    return ERR_NONE;
}

static enum err jsonl_row(struct exporting *e, const struct export_cell *cells)
{
    const struct export_kind *kind = e->ask->kind;
    SCOPED(out_fini) struct out out;

    out_init(&out);
    out_object(&out, NULL);
    for (size_t i = 0; i < kind->columns_count; i++)
        json_cell(&out, &kind->columns[i], &cells[i]);
    out_object_end(&out);
    out_text(&out, "\n");
    if (out.failed)
        return ERR_RETRY;
    exporting_bytes(e, out.data, out.size);
    return ERR_NONE;
}

const struct export_writer export_jsonl = {.begin = jsonl_begin, .row = jsonl_row};
