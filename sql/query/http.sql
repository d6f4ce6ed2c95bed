-- SPDX-License-Identifier: Apache-2.0
-- What only the HTTP API reads.

-- Money that left, and money that came back after it had left (AL-17).
-- name: transactions_of_withdrawals
-- shard: $account
SELECT
    id, account, kind, currency, object, withdrawal, amount, at
FROM entry WHERE account = $account AND kind IN ('settle', 'return')
    AND at >= coalesce($from, -9223372036854775807) AND at < coalesce($to, 9223372036854775807)
    AND id < coalesce($before, 9223372036854775807)
ORDER BY id DESC LIMIT $limit;

-- name: events_by_object
-- shard: $account
SELECT
    id, account, type, object, data, at
FROM event WHERE account = $account AND object = $object ORDER BY id LIMIT 1000;

-- An account and those that it is the master of; without $own only the latter.
-- name: accounts_of_family
-- shard: every
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account
WHERE id IN (SELECT id FROM account WHERE ref = $own UNION SELECT id FROM account WHERE master = $master)
    AND id > $after
ORDER BY id LIMIT $limit;

-- For those who look for a customer: what begins with $query, in order.
-- name: accounts_by_prefix
-- shard: every
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account WHERE ref >= $query AND ref < $query || '~' ORDER BY ref LIMIT $limit;

-- The range is one of bytes; here the order of texts is the database's own.
-- name: accounts_by_prefix (postgresql)
-- shard: every
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account WHERE ref ^@ CAST($query AS text) ORDER BY ref LIMIT $limit;

-- What waits for the word of a channel, or for people, the oldest first.
-- name: withdrawals_unresolved
-- shard: every
SELECT
    id, account, amount, currency, strategy, route, status, policy, policy_version, maker, reason, destination,
    documents, flags, approvals_needed, approvals, counted_day, code_hash, binding, code_sent_at, code_expires_at,
    code_tries_left, created_at, confirmed_at, decided_at, finished_at, failure_code, failure_detail, next_at,
    version
FROM withdrawal WHERE id IN (SELECT withdrawal FROM leg WHERE status IN ('unknown', 'manual')) AND id > $after
ORDER BY id LIMIT $limit;

-- An entry is younger than what it is about.
-- name: entries_of_withdrawal
-- shard: $account
SELECT
    id, account, kind, currency, object, withdrawal, amount, at
FROM entry WHERE account = $account AND id > $withdrawal AND withdrawal = $withdrawal
ORDER BY id LIMIT 1000;

-- In the words of the index audit_of, or it is not used.
-- name: audit_of
SELECT
    seq, at, principal, command, account, object, body, previous, hash
FROM audit WHERE object = $object
    AND command <> 'charge' AND command <> 'topup' AND command <> 'claim' AND command <> 'resource' AND command <> 'account'
    AND seq > $after
ORDER BY seq LIMIT $limit;

-- name: audit_newest
SELECT
    seq, at, principal, command, account, object, body, previous, hash
FROM audit WHERE seq < coalesce($before, 9223372036854775807) ORDER BY seq DESC LIMIT $limit;
