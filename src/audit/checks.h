/* SPDX-License-Identifier: Apache-2.0 */
/* What the auditor asks of the books: the statements of sql/audit/, embedded by tools/checks.py.
 *
 * A set-up makes a temporary table out of the journal; a check is a SELECT whose every row is a finding: table, row,
 * what is there, what the journal says, amount. File checks look below the rows and come before the set-ups. The lists
 * keep the order of the files and end with an entry without a code. */
#ifndef EBB_AUDIT_CHECKS_H
#define EBB_AUDIT_CHECKS_H

/* In which audits: of everything, behind a checkpoint, or where one is to be left. A sum is made in all of them, and
 * has what a checkpoint kept of it beside it. */
enum when { WHEN_ALWAYS, WHEN_SUM, WHEN_WHOLE, WHEN_BEHIND, WHEN_KEEP };

struct check {
    const char *code;
    const char *sentence; /* what should hold; "" for a set-up */
    const char *text;
    enum when when;
};

extern const struct check setup_list[], sum_list[], file_list[], check_list[];
extern const char sql_begin[], sql_tables[], sql_columns[], sql_counts[], sql_chain[], sql_link[], sql_store[];
extern const char sql_copy_begin[], sql_copy_open[], sql_copy_tables[], sql_copy_close[];
extern const char sql_base_attach[], sql_base_head[], sql_base_none[], sql_base_kept[], sql_behind[];
extern const char sql_keep_table[], sql_keep_open[], sql_keep_close[];

#endif
