/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of reconciliation. */
#include "domain/rows_recon.h"

#include "domain/row_columns.h"

/* clang-format off */
static const struct column recon_statement_columns[] = {
    COL(recon_statement, id, ID),
    COL(recon_statement, channel, TEXT),
    COL(recon_statement, hash, DIGEST),
    COL(recon_statement, format, TEXT),
    COL(recon_statement, own_account, TEXT),
    COL(recon_statement, covers_from, INSTANT),
    COL(recon_statement, covers_to, INSTANT),
    COL(recon_statement, lines, INT),
    COL(recon_statement, taken, INT),
    COL(recon_statement, matched, INT),
    COL(recon_statement, breaks, INT),
    COL(recon_statement, swept, INT),
    COL(recon_statement, principal, TEXT),
    COL(recon_statement, at, INSTANT),
    COL(recon_statement, done_at, INSTANT),
};
TABLE(recon_statement, "recon_statement");

static const struct column recon_line_columns[] = {
    COL(recon_line, id, ID),
    COL(recon_line, statement, ID),
    COL(recon_line, number, INT),
    COL(recon_line, channel, TEXT),
    COL(recon_line, key, TEXT),
    COL_WORD(recon_line, outcome, evidence_kind),
    COL(recon_line, amount, MONEY),
    COL(recon_line, currency, TEXT),
    COL(recon_line, reference, TEXT),
    COL(recon_line, booked_at, INSTANT),
    COL(recon_line, attempt, ID),
    COL(recon_line, verdict, STRING),
};
TABLE(recon_line, "recon_line");

static const struct column recon_break_columns[] = {
    COL(recon_break, id, ID),
    COL(recon_break, statement, ID),
    COL(recon_break, line, ID),
    COL(recon_break, channel, TEXT),
    COL(recon_break, key, TEXT),
    COL_WORD(recon_break, kind, break_kind),
    COL_WORD(recon_break, owner, break_owner),
    COL(recon_break, detail, STRING),
    COL(recon_break, attempt, ID),
    COL(recon_break, withdrawal, ID),
    COL(recon_break, account, ID),
    COL(recon_break, ours, MONEY),
    COL(recon_break, theirs, MONEY),
    COL(recon_break, currency, TEXT),
    COL_WORD(recon_break, status, break_status),
    COL(recon_break, at, INSTANT),
    COL(recon_break, settler, TEXT),
    COL(recon_break, reason, STRING),
    COL(recon_break, settled_at, INSTANT),
};
TABLE(recon_break, "recon_break");
