/* SPDX-License-Identifier: Apache-2.0 */
/* What the elements of a camt.053 mean, by their paths below Document/BkToCstmrStmt: private to camt*.c. */
#ifndef EBB_RECON_CAMT_ENTRY_H
#define EBB_RECON_CAMT_ENTRY_H

#include "recon/statement_file.h"

#define CAMT_DEPTH_MAX 32
#define CAMT_PATH_BYTES 512

/* The elements of which something is said. */
enum camt_holder { CAMT_STATEMENT, CAMT_BALANCE, CAMT_ENTRY, CAMT_DETAILS, CAMT_PAYMENT, CAMT__COUNT };
enum camt_sense { SENSE_NONE = 0, SENSE_CREDIT, SENSE_DEBIT };

/* One TxDtls, or an Ntry that has none. */
struct camt_payment {
    char key[STATEMENT_CELL_BYTES], reference[STATEMENT_CELL_BYTES], code[FAILURE_CODE_BYTES];
    bool has_amount, comes_back;
    struct money amount;
    enum camt_sense sense;
};

struct camt_entry {
    struct camt_payment payment; /* what is said of the entry as a whole */
    enum camt_sense sense;
    bool reversal;
    char status[8];
    struct instant at;
    int64_t line, payments;
    struct money payments_sum;
};

/* What the file says of its own sums; count -1: nothing. */
struct camt_total {
    int64_t count;
    bool has_sum;
    struct money sum;
};

struct camt {
    struct statement_reading reading;
    char text_currency[8]; /* Ccy of the element that is read */
    int64_t statements;
    struct camt_total all, credits, debits; /* said */
    struct camt_total seen_credits, seen_debits;
    struct money booked; /* credits − debits of booked entries */
    struct {
        char code[8];
        struct money amount;
        enum camt_sense sense;
    } balance;
    bool has_opening, has_closing;
    struct money opening, closing;
    struct instant from, to;
    struct camt_entry entry;
    struct camt_payment payment;
    struct {
        int64_t batch_count, payments_before; /* -1: unsaid; of the entry, in other details */
    } details;                                /* one NtryDtls */
    uint64_t said[CAMT__COUNT];               /* of the holder that is open: a bit for each place */
};

/* What a path means; NULL: nothing to us. Of `bytes` bytes. */
struct camt_place;
const struct camt_place *camt_place(const char *path, size_t bytes);
MUST_USE bool camt_begin(struct camt *camt, const struct camt_place *place, int64_t line);
/* Of an element that has no others in it; it ends with it. */
MUST_USE bool camt_text(struct camt *camt, const struct camt_place *place, const char *text, int64_t line);
MUST_USE bool camt_end(struct camt *camt, const struct camt_place *place, int64_t line);
/* After the last element: do the sums agree? */
MUST_USE bool camt_finish(struct camt *camt);

#endif
