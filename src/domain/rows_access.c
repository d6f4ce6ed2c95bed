/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of who may sign in, and who has. */
#include "domain/row_columns.h"

/* clang-format off */
static const struct column staff_columns[] = {
    COL(staff, id, ID),
    COL(staff, name, TEXT),
    COL(staff, roles, TEXT),
    COL_WORD(staff, state, staff_state),
    COL(staff, password, STRING),
    COL(staff, totp, SEALED),
    COL(staff, totp_step, INT),
    COL(staff, recovery, STRING),
    COL(staff, created_at, INSTANT),
    COL(staff, password_at, INSTANT),
    COL(staff, version, INT),
};
TABLE(staff, "staff");

static const struct column customer_key_columns[] = {
    COL(customer_key, id, ID),
    COL(customer_key, name, TEXT),
    COL(customer_key, secret, SEALED),
    COL(customer_key, created_at, INSTANT),
    COL(customer_key, revoked_at, INSTANT),
};
TABLE(customer_key, "customer_key");

static const struct column customer_pass_columns[] = {
    COL(customer_pass, hash, HASH),
    COL(customer_pass, expires_at, INSTANT),
};
TABLE(customer_pass, "customer_pass");

static const struct column session_columns[] = {
    COL(session, id, ID),
    COL(session, hash, HASH),
    COL_WORD(session, kind, session_kind),
    COL(session, principal, TEXT),
    COL(session, roles, TEXT),
    COL(session, account, TEXT),
    COL(session, created_at, INSTANT),
    COL(session, seen_at, INSTANT),
    COL(session, idle_ms, INT),
    COL(session, expires_at, INSTANT),
};
TABLE(session, "session");
