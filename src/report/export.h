/* SPDX-License-Identifier: Apache-2.0 */
/* Exports: every row of a filter, the oldest first, as a file in one of several formats.
 *
 * A kind says which rows and columns, a format how they are written: two tables, any kind in any format of rows; the
 * journal is a kind of its own with formats of its own. A file is written page by page in bounded memory from one
 * snapshot. Beside it stand how many rows it has, the sum of its amounts by currency, its size and its SHA-256: what a
 * receiver compares. Amounts are decimals for people and minor units for programs (JSON lines). Knows no HTTP, no roles
 * and no clock. */
#ifndef EBB_REPORT_EXPORT_H
#define EBB_REPORT_EXPORT_H

#include <stdatomic.h>

#include "base/id.h"
#include "base/out.h"
#include "domain/policy.h"
#include "store/store.h"

#define EXPORT_COLUMNS_MAX 24
#define EXPORT_TOTALS_MAX 16
#define EXPORT_SHA256_BYTES 32

enum export_format {
    EXPORT_CSV = 1,
    EXPORT_XLSX,
    EXPORT_JSONL,
    EXPORT_HLEDGER,
    EXPORT_LEDGER,
    EXPORT_BEANCOUNT,
    EXPORT_PDF, /* a statement; drawn from JSON lines by who has a worker (report/statement.h) */
    EXPORT__COUNT
};
extern const struct words export_format_words;
const char *export_format_media_type(enum export_format format);

struct export_column {
    const char *name;
    enum { COLUMN_OF_TEXT = 1, COLUMN_OF_AMOUNT, COLUMN_OF_TIME, COLUMN_OF_NUMBER, COLUMN_OF_BOOL } kind;
    bool total; /* its sum is the control total */
};

/* A value for a column: texts live until the next page; "" and NULL are nothing. */
struct export_cell {
    const char *text;
    int64_t number; /* minor units, milliseconds, a count, 0/1 */
    bool none;
};

struct exporting;
struct export_kind {
    const char *name, *word;   /* what its filter `word` is called: status, type … ; NULL: it has none */
    const struct words *words; /* of the filter; NULL: any text */
    bool journal, statement;   /* its rows are transactions with postings; it can be a statement */
    enum query query;
    const struct table *table;
    const struct export_column *columns;
    size_t columns_count;
    enum err (*cells)(struct exporting *exporting, const void *row, struct export_cell *cells);
};
/* NULL: there is none of that name. */
const struct export_kind *export_kind_named(const char *name);
const struct export_kind *export_kind_at(size_t number); /* NULL behind the last one */
bool export_kind_takes(const struct export_kind *kind, enum export_format format);
/* Whether the kind's filter may be this word. */
bool export_word_ok(const struct export_kind *kind, const char *word);

struct export_ask {
    const struct export_kind *kind;
    enum export_format format;
    int64_t account;         /* 0: all */
    const char *account_ref; /* of it */
    const char *word;        /* NULL: any */
    struct instant from, to; /* none: open */
};

struct export_total {
    char currency[CURRENCY_BYTES];
    int64_t amount;
};
struct export_result {
    int64_t rows, bytes;
    struct export_total totals[EXPORT_TOTALS_MAX];
    size_t totals_count;
    uint8_t sha256[EXPORT_SHA256_BYTES];
    struct money opening, closing; /* of one account's movements */
};

struct export_terms {
    struct store *store;     /* a reader inside its snapshot */
    const char *path, *room; /* the file to write, and where others may lie beside it meanwhile */
    struct instant at;
    int64_t rows_max; /* 0: all there are */
    const struct policy *(*policy)(const void *context, const char *name, int64_t version);
    const void *context;
    const _Atomic bool *stopping; /* NULL: never */
    _Atomic int64_t *progress;    /* rows so far; may be NULL */
};
/* ERR_REQUEST: there are more than rows_max. Otherwise a fault; `ret_reason` says which. The file is then worth
 * nothing. */
MUST_USE enum err export_run(const struct export_ask *ask, const struct export_terms *terms, struct export_result *ret,
                             char ret_reason[256]);

#endif
