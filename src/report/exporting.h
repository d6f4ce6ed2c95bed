/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of an export that is being written; private to report/. */
#ifndef EBB_REPORT_EXPORTING_H
#define EBB_REPORT_EXPORTING_H

#include <sodium.h>
#include <stdio.h>

#include "report/export.h"

#define EXPORT_PAGE 500
#define EXPORT_ACCOUNTS_KEPT 256

struct account_known {
    int64_t id;
    char ref[REF_BYTES], currency[CURRENCY_BYTES];
};

/* An entry, and what it did to the account's balance. */
struct entry_line {
    struct entry entry;
    struct money change;
};
extern const struct table entry_line_table;

struct exporting {
    const struct export_ask *ask;
    const struct export_terms *terms;
    struct export_result *result;
    struct arena arena; /* of a page */
    struct account_known known[EXPORT_ACCOUNTS_KEPT];
    const char *currency; /* of the row's amounts; set by its cells */
    FILE *file;           /* formats of text */
    crypto_hash_sha256_state hash;
    bool failed; /* to write */
    bool opened; /* the balance that the account began with is known */
    struct money balance;
    void *book; /* the spreadsheet's */
    void *own;  /* the journal's */
};

/* How a format writes rows; `end` may be NULL. */
struct export_writer {
    enum err (*begin)(struct exporting *exporting);
    enum err (*row)(struct exporting *exporting, const struct export_cell *cells);
    enum err (*end)(struct exporting *exporting);
    void (*close)(struct exporting *exporting); /* in every case; NULL: nothing to close */
    bool binary;                                /* writes the file itself */
};
extern const struct export_writer export_csv, export_jsonl, export_xlsx;

/* Bytes of the file, counted and hashed. */
void exporting_bytes(struct exporting *exporting, const char *data, size_t size);
void exporting_text(struct exporting *exporting, const char *text);
/* An account's name and currency. ERR_FATAL: there is none. */
MUST_USE enum err exporting_account(struct exporting *exporting, int64_t id, const struct account_known **ret);
/* "wd_…" in the page's memory; NULL for 0 or for want of it. */
const char *exporting_id(struct exporting *exporting, const char *prefix, int64_t id);
/* What an account's balance was before a moment (none: now). */
MUST_USE enum err exporting_balance(struct exporting *exporting, int64_t account, struct instant before,
                                    struct money *ret);
/* A page of the kind's rows after an id. */
MUST_USE enum err exporting_page(struct exporting *exporting, int64_t after, struct rows *ret);
/* Another row: counted, shown as progress. ERR_REQUEST: there are too many; ERR_RETRY: to be stopped. */
MUST_USE enum err exporting_count(struct exporting *exporting);
void exporting_total(struct exporting *exporting, const char *currency, int64_t amount);

/* export_journal.c: writes everything of a journal. */
MUST_USE enum err export_journal(struct exporting *exporting);

#endif
