/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes become UTF-8 piece by piece, UTF-8 becomes lines, and libcsv is handed one line after the other: so every
 * reason has its line. The first line that is no comment names the columns. */
#include "recon/bill.h"

#include <csv.h>
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECE_BYTES ((size_t)64 << 10)
#define LINE_BYTES ((size_t)64 << 10)
#define COLUMNS_MAX 200

enum bill_column { BILL_KEY, BILL_AMOUNT, BILL_AT, BILL_STATUS, BILL_REFERENCE, BILL_CURRENCY, BILL__COUNT };

struct bill {
    struct statement_reading reading;
    const struct mapping *mapping;
    struct csv_parser parser;
    iconv_t decoder;
    int64_t line, records;              /* of the file; of the record that is read */
    size_t columns[BILL__COUNT], width; /* index + 1; 0: the bill has none */
    bool ended, open;                   /* the trailer was there; a quote goes on in the next line */
    int64_t open_line;                  /* where that quote began */
    struct money sum;
    /* the record that is read */
    size_t cells, cells_bytes, starts[COLUMNS_MAX];
    char text[LINE_BYTES];
    /* the line that is read */
    size_t line_bytes;
    char line_text[LINE_BYTES];
};

static bool refuse(struct bill *b, const char *what)
{
    return statement_refuse(&b->reading, b->line, "%s", what);
}

/* ---- cells ---- */

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
    struct bill *b = context;
    const char *text = data != NULL ? data : "";
    const char *strip = b->mapping->strip != NULL ? b->mapping->strip : "";
    size_t whole = size;

    while (size > 0 && (strchr(" \t", text[0]) != NULL || (text[0] != '\0' && strchr(strip, text[0]) != NULL)))
        text++, size--;
    while (size > 0 && strchr(" \t\r", text[size - 1]) != NULL)
        size--;
    /* with its closing quote it fits a buffer of libcsv that is no longer than a line: see quote_goes_on */
    if (b->cells == COLUMNS_MAX || whole + 2 > LINE_BYTES || b->cells_bytes + size + 1 > sizeof b->text) {
        (void)refuse(b, "It has too many columns, or a cell without end.");
        return;
    }
    b->starts[b->cells++] = b->cells_bytes;
    memcpy(b->text + b->cells_bytes, text, size);
    b->cells_bytes += size;
    b->text[b->cells_bytes++] = '\0';
}

static void record_end(int character, void *context)
{
    (void)character;
    ((struct bill *)context)->records++;
}

static const char *cell(const struct bill *b, enum bill_column column)
{
    return b->columns[column] > 0 ? b->text + b->starts[b->columns[column] - 1] : "";
}

/* ---- the line of titles ---- */

static bool column_find(struct bill *b, enum bill_column column, const char *title)
{
    if (title == NULL)
        return true;
    for (size_t i = 0; i < b->cells; i++)
        if (strcmp(b->text + b->starts[i], title) == 0) {
            if (b->columns[column] != 0)
                return statement_refuse(&b->reading, b->line, "The column '%s' stands there twice.", title);
            b->columns[column] = i + 1;
        }
    if (b->columns[column] != 0)
        return true;
    return statement_refuse(&b->reading, b->line, "No column is called '%s'.", title);
}

static bool titles_take(struct bill *b)
{
    const struct mapping_columns *names = &b->mapping->columns;

    b->width = b->cells;
    return column_find(b, BILL_KEY, names->key) && column_find(b, BILL_AMOUNT, names->amount) &&
           column_find(b, BILL_AT, names->at) && column_find(b, BILL_STATUS, names->status) &&
           column_find(b, BILL_REFERENCE, names->reference) && column_find(b, BILL_CURRENCY, names->currency);
}

/* ---- a line of the list ---- */

static bool amount_read(const struct bill *b, const char *text, const char *currency, struct money *ret)
{
    if (b->mapping->unit == UNIT_DECIMAL)
        return money_parse(text, currency, ret);
    if (text[0] == '\0' || strlen(text) > 15 || strspn(text, "0123456789") != strlen(text))
        return false;
    *ret = money_of(strtoll(text, NULL, 10));
    return true;
}

/* mktime would ask for the machine's zone; a bill is written by Shanghai's clock. */
static bool date_read(const struct bill *b, const char *text, struct instant *ret)
{
    struct tm tm = {.tm_mday = 1};
    const char *end = strptime(text, b->mapping->date, &tm);

    if (end == NULL || *end != '\0' || tm.tm_year < 70 ||
        tm.tm_mday > civil_month_days(tm.tm_year + 1900, tm.tm_mon + 1) || tm.tm_sec > 59)
        return false;
    *ret = instant_of_civil((struct civil){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                           tm.tm_hour * MS_HOUR + tm.tm_min * MS_MINUTE + tm.tm_sec * MS_SECOND});
    return true;
}

static int outcome_read(const struct bill *b, const char *word)
{
    const struct mapping_word *words = b->mapping->words.items;

    for (size_t i = 0; i < b->mapping->words.count; i++)
        if (strcmp(words[i].word, word) == 0)
            return words[i].outcome;
    return OUTCOME_NONE;
}

static bool entry_take(struct bill *b)
{
    static const int evidence[] = {0, EVIDENCE_PAID, EVIDENCE_ACCEPTED, EVIDENCE_NOT_PAID, EVIDENCE_RETURNED};
    const char *own = b->columns[BILL_CURRENCY] > 0 ? cell(b, BILL_CURRENCY) : b->mapping->currency;
    struct line_ask line = {.key = cell(b, BILL_KEY), .reference = cell(b, BILL_REFERENCE), .code = ""};
    int outcome = outcome_read(b, cell(b, BILL_STATUS));
    char unnamed[32];

    line.currency = own != NULL ? own : b->reading.summary.currency;
    if (!statement_currency(&b->reading, b->line, line.currency))
        return false;
    if (outcome == OUTCOME_NONE)
        return statement_refuse(&b->reading, b->line, "The state '%.60s' is none that the mapping knows.",
                                cell(b, BILL_STATUS));
    if (!amount_read(b, cell(b, BILL_AMOUNT), line.currency, &line.amount))
        return statement_refuse(&b->reading, b->line, "'%.40s' is no amount.", cell(b, BILL_AMOUNT));
    if (!date_read(b, cell(b, BILL_AT), &line.at))
        return statement_refuse(&b->reading, b->line, "'%.40s' is no moment as %s.", cell(b, BILL_AT),
                                b->mapping->date);
    if (__builtin_add_overflow(b->sum.minor, line.amount.minor, &b->sum.minor))
        return refuse(b, "The sum of its lines is too large.");
    b->reading.summary.entries++;
    if (outcome == OUTCOME_SKIP) {
        b->reading.summary.others++;
        return true;
    }
    line.outcome = evidence[outcome];
    if (line.outcome == EVIDENCE_NOT_PAID)
        line.code = cell(b, BILL_STATUS);
    if (line.key[0] == '\0') {
        snprintf(unnamed, sizeof unnamed, "line %lld", (long long)b->line);
        line.key = line.reference[0] != '\0' ? line.reference : unnamed;
    }
    return statement_hand_out(&b->reading, b->line, &line);
}

/* ---- the trailer ---- */

static const char *trailer_cell(const struct bill *b, int64_t column)
{
    return column > 0 && (size_t)column <= b->cells ? b->text + b->starts[column - 1] : NULL;
}

static bool trailer_take(struct bill *b)
{
    const char *count = trailer_cell(b, b->mapping->trailer.count), *sum = trailer_cell(b, b->mapping->trailer.sum);
    struct money said;

    b->ended = true;
    if (b->mapping->trailer.count > 0 && (count == NULL || strtoll(count, NULL, 10) != b->reading.summary.entries))
        return statement_refuse(&b->reading, b->line, "It says %.20s lines and has %lld.", count != NULL ? count : "no",
                                (long long)b->reading.summary.entries);
    if (b->mapping->trailer.sum > 0 &&
        (sum == NULL || !amount_read(b, sum, b->reading.summary.currency, &said) || said.minor != b->sum.minor))
        return statement_refuse(&b->reading, b->line, "It says a sum of %.30s, and its lines have %lld minor units.",
                                sum != NULL ? sum : "nothing", (long long)b->sum.minor);
    return true;
}

static bool record_take(struct bill *b)
{
    if (b->width == 0)
        return titles_take(b);
    if (b->ended)
        return refuse(b, "Something follows the line of its sums.");
    if (b->mapping->has_trailer && strcmp(b->text + b->starts[0], b->mapping->trailer.begins) == 0)
        return trailer_take(b);
    if (b->cells == b->width)
        return entry_take(b);
    return statement_refuse(&b->reading, b->line, "It has %zu cells, where the titles are %zu.", b->cells, b->width);
}

/* ---- lines ---- */

/* libcsv holds the cell of an open quote, in a buffer that never shrinks: no more of it than a line may have. A quote
 * that was open before this line and is still so without a cell that ended in it is the same one. */
static bool quote_goes_on(struct bill *b, bool same)
{
    if (!same)
        b->open_line = b->line;
    b->open = true;
    if (csv_get_buffer_size(&b->parser) <= LINE_BYTES)
        return true;
    return statement_refuse(&b->reading, b->open_line, "A quote is not closed within %zu bytes.", LINE_BYTES);
}

static bool line_take(struct bill *b)
{
    const char *comment = b->mapping->comment, *text = b->line_text;
    size_t size = b->line_bytes, cells = b->cells;

    b->line++;
    b->line_bytes = 0;
    if (b->line == 1 && size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3, size -= 3;
    if (size > 0 && text[size - 1] == '\r')
        size--;
    if (!b->open &&
        (size == 0 || (comment != NULL && size >= strlen(comment) && memcmp(text, comment, strlen(comment)) == 0)))
        return true;
    b->records = 0;
    if (csv_parse(&b->parser, text, size, cell_take, record_end, b) < size ||
        csv_parse(&b->parser, "\n", 1, cell_take, record_end, b) < 1)
        return refuse(b, "It is not CSV: a quote stands in the middle of a cell.");
    if (b->reading.why.text[0] != '\0')
        return false;
    if (b->records == 0)
        return quote_goes_on(b, b->open && b->cells == cells);
    b->open = false;
    if (!record_take(b))
        return false;
    b->cells = b->cells_bytes = 0;
    return true;
}

static bool text_take(struct bill *b, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\n') {
            if (!line_take(b))
                return false;
        } else if (b->line_bytes < sizeof b->line_text) {
            b->line_text[b->line_bytes++] = text[i];
        } else {
            b->line++;
            return refuse(b, "The line is too long.");
        }
    }
    return true;
}

/* ---- bytes ---- */

static bool not_encoded(struct bill *b)
{
    b->line++;
    return statement_refuse(&b->reading, b->line, "A byte is not %s text.",
                            b->mapping->encoding == ENCODING_GBK ? "GBK" : "UTF-8");
}

/* `*size` bytes of `in` become what is left over for the next piece. */
static bool piece_take(struct bill *b, char *in, size_t *size)
{
    static _Thread_local char out[PIECE_BYTES];
    char *from = in;

    while (*size > 0) {
        char *to = out;
        size_t room = sizeof out;
        size_t got = iconv(b->decoder, &from, size, &to, &room);

        if (!text_take(b, out, sizeof out - room))
            return false;
        if (got == (size_t)-1 && errno == EILSEQ)
            return not_encoded(b);
        if (got == (size_t)-1 && errno == EINVAL)
            break; /* a character goes on in the next piece */
    }
    memmove(in, from, *size);
    return true;
}

static bool bill_through(struct bill *b)
{
    char *piece = malloc(PIECE_BYTES);
    size_t kept = 0;
    int64_t got = 1;
    bool well = piece != NULL;

    while (well && got > 0) {
        got = statement_bytes(&b->reading, piece + kept, PIECE_BYTES - kept);
        if (got > 0) {
            kept += (size_t)got;
            well = piece_take(b, piece, &kept);
        }
    }
    free(piece);
    if (!well || got < 0)
        return false;
    if (kept > 0)
        return not_encoded(b);
    return b->line_bytes == 0 || line_take(b);
}

static bool bill_whole(struct bill *b)
{
    if (!bill_through(b))
        return statement_refuse(&b->reading, 0, "There is no memory to read it.");
    if (b->open)
        return statement_refuse(&b->reading, b->open_line, "A quote is not closed before the end of the file.");
    if (b->width == 0)
        return refuse(b, "It has no line of titles.");
    if (b->mapping->has_trailer && !b->ended)
        return statement_refuse(&b->reading, b->line, "The line that begins with '%s' is missing: it is cut off.",
                                b->mapping->trailer.begins);
    return statement_period(&b->reading, INSTANT_NONE, INSTANT_NONE);
}

static bool parser_open(struct bill *b)
{
    const char *code = b->mapping->encoding == ENCODING_GBK ? "GBK" : "UTF-8";

    b->decoder = iconv_open("UTF-8", code);
    if (b->decoder == (iconv_t)-1)
        return statement_refuse(&b->reading, 0, "This machine cannot read %s.", code);
    if (csv_init(&b->parser, CSV_STRICT) != 0) {
        iconv_close(b->decoder);
        return statement_refuse(&b->reading, 0, "There is no memory to read it.");
    }
    csv_set_space_func(&b->parser, is_nothing);
    csv_set_term_func(&b->parser, is_line_feed);
    if (b->mapping->separator != NULL)
        csv_set_delim(&b->parser, (unsigned char)b->mapping->separator[0]);
    return true;
}

bool bill_read(const struct statement_source *source, const struct mapping *mapping, const struct statement_wish *wish,
               statement_taker *take, void *context, struct statement_summary *ret, struct statement_why *why)
{
    struct bill *b = calloc(1, sizeof *b);
    bool read = false;

    if (b == NULL) {
        *why = (struct statement_why){.text = "There is no memory to read it."};
        return false;
    }
    b->mapping = mapping;
    statement_reading_init(&b->reading, source, wish, take, context);
    if (b->reading.why.text[0] == '\0' && parser_open(b)) {
        read = bill_whole(b);
        csv_free(&b->parser);
        iconv_close(b->decoder);
    }
    statement_reading_fini(&b->reading);
    if (read)
        *ret = b->reading.summary;
    else
        *why = b->reading.why;
    free(b);
    return read;
}
