/* SPDX-License-Identifier: Apache-2.0 */
/* What the auditor asks of the books: the statements of sql/audit/, embedded by tools/checks.py.
 *
 * A set-up makes a temporary table out of the journal; a check is a SELECT whose every row is a finding: table, row,
 * what is there, what the journal says, amount. File checks look below the rows and come before the set-ups. The lists
 * keep the order of the files and end with an entry without a code. */
#ifndef EBB_AUDIT_CHECKS_H
#define EBB_AUDIT_CHECKS_H

struct check {
    const char *code;
    const char *sentence; /* what should hold; "" for a set-up */
    const char *text;
};

extern const struct check setup_list[], file_list[], check_list[];
extern const char sql_begin[], sql_tables[], sql_counts[], sql_chain[], sql_link[];

#endif
