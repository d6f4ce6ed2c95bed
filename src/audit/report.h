/* SPDX-License-Identifier: Apache-2.0 */
/* Where findings go: one line each, or one JSON object for all, written as they come so that a million of them need no
 * memory. Findings are facts about the books; warnings are about the audit itself and do not change the outcome. */
#ifndef EBB_AUDIT_REPORT_H
#define EBB_AUDIT_REPORT_H

#include "base/out.h"
#include <stdio.h>

#define WARNINGS_MAX 8

struct finding {
    const char *code, *sentence; /* what should hold */
    const char *table, *row;     /* row: its id, or entry/line */
    const char *found;           /* what is there; NULL: nothing */
    const char *journal;         /* what it should be by the journal; NULL: nothing */
    bool has_amount;
    int64_t amount_minor;
};

struct report {
    FILE *to;
    bool json;
    int64_t findings;
    char warnings[WARNINGS_MAX][200];
    size_t warnings_count;
    struct out out;
};

struct count {
    char table[32];
    int64_t rows;
};

/* What an audit behind a checkpoint went on from, and how much it read. */
struct origin {
    int64_t seq;
    const char *hash, *digest;
    int64_t audits, entries, accounts;
};

/* The last words: what was read, and the head of the audit chain ("" when there is no audit row). */
struct summary {
    struct count counts[8];
    size_t counts_count;
    int64_t head_seq;
    const char *head;
    const struct origin *origin; /* NULL: everything was read */
    const char *checkpoint;      /* digest of the one that was left; NULL: none */
};

void report_init(struct report *report, FILE *to, bool json);
void report_fini(struct report *report);
void report_finding(struct report *report, const struct finding *finding);
void report_warning(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);
void report_end(struct report *report, const struct summary *summary);

#endif
