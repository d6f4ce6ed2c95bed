/* SPDX-License-Identifier: Apache-2.0 */
/* The part of cli/rows.h that knows CSV; for rows.c. Quotes and their state are libcsv's work. */
#ifndef EBB_CLI_ROWS_CSV_H
#define EBB_CLI_ROWS_CSV_H

#include "cli/rows.h"

MUST_USE bool csv_open(struct rows *rows);
void csv_close(struct rows *rows);
enum rows_got csv_next(struct rows *rows, struct row *ret);

#endif
