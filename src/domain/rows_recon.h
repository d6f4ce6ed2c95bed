/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of reconciliation: statements, their lines, and breaks (domain/reconcile.h). */
#ifndef EBB_DOMAIN_ROWS_RECON_H
#define EBB_DOMAIN_ROWS_RECON_H

#include "domain/rows.h"

#define FORMAT_BYTES 17

/* A channel's statement, known by the hash of its file (domain/reconcile.h). */
struct recon_statement {
    struct row row;
    int64_t id;
    char channel[CHANNEL_NAME_BYTES];
    uint8_t hash[HASH_BYTES];
    char format[FORMAT_BYTES];
    char own_account[REF_BYTES]; /* the operator's, as the file names it; "" where it does not */
    struct instant covers_from, covers_to;
    int64_t lines, taken;    /* in the file, and so many of them are in the books */
    int64_t matched, breaks; /* of those that are taken, and found by the sweep */
    int64_t swept;           /* the last of our attempts that was looked for in it */
    char principal[PRINCIPAL_BYTES];
    struct instant at, done_at;
};

struct recon_line {
    struct row row;
    int64_t id;
    int64_t statement, number;
    char channel[CHANNEL_NAME_BYTES];
    char key[REF_BYTES];
    enum evidence_kind outcome;
    struct money amount;
    char currency[CURRENCY_BYTES];
    char reference[REF_BYTES];
    struct instant booked_at;
    int64_t attempt;     /* 0: none of ours */
    const char *verdict; /* matched, repeated, a kind of break, or in quarantine what it did */
};

/* Where our books, our payment and the channel's line do not say the same. */
struct recon_break {
    struct row row;
    int64_t id;
    int64_t statement, line; /* line: its number; 0: there is none */
    char channel[CHANNEL_NAME_BYTES];
    char key[REF_BYTES];
    enum break_kind kind;
    enum break_owner owner; /* whose move it is */
    const char *detail;
    int64_t attempt, withdrawal, account; /* 0: none of ours */
    struct money ours, theirs;
    char currency[CURRENCY_BYTES];
    enum break_status status;
    struct instant at;
    char settler[PRINCIPAL_BYTES]; /* a person, or "statement" */
    const char *reason;
    struct instant settled_at;
};

extern const struct table recon_statement_table, recon_line_table, recon_break_table;

#endif
