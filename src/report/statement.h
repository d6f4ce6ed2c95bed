/* SPDX-License-Identifier: Apache-2.0 */
/* An account's statement as pages of PDF, in the worker's process (report/worker.h). */
#ifndef EBB_REPORT_STATEMENT_H
#define EBB_REPORT_STATEMENT_H

#include "base/out.h"

#define STATEMENT_ROWS_MAX 3000 /* what a worker draws in its time */

/* The first line is {operator, account, holder, currency, from, to, made_at, opening, closing}, the others are the rows
 * of an export of transactions as JSON lines. ERR_REQUEST: they are not; ERR_FATAL: cairo's word. */
MUST_USE enum err statement_page(const char *lines, size_t size, struct out *out, char ret_reason[256]);

#endif
