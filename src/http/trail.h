/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the audit in an answer. */
#ifndef EBB_HTTP_TRAIL_H
#define EBB_HTTP_TRAIL_H

#include "domain/rows.h"

struct out;

/* event.c: its members, within an object that the caller begins and ends. */
void audit_members_write(struct out *out, const struct audit_row *row);

#endif
