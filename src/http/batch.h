/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of a line of /v1/batch, for whoever wants to know before sending it (`ebb import`). Whether the line would
 * be accepted is not known here: that takes the account. */
#ifndef EBB_HTTP_BATCH_H
#define EBB_HTTP_BATCH_H

#include "base/field.h"

#define BATCH_LINES_MAX 10000

/* ERR_REQUEST: see `problems`. ERR_RETRY: out of memory. */
MUST_USE enum err batch_line_check(const char *text, size_t size, struct arena *arena, struct field_problems *problems);
/* Of which kind a member of an operation's line is; "payer.kind" is a member of its member. `op` NULL: of the first
 * operation that has it. False: there is no such member. */
MUST_USE bool batch_member_kind(const char *op, const char *path, enum field_kind *ret);

#endif
