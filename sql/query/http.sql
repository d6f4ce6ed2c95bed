-- SPDX-License-Identifier: Apache-2.0
-- What only the HTTP API reads.

-- Money that left, and money that came back after it had left (AL-17).
-- name: transactions_of_withdrawals
SELECT
    id, account, kind, currency, object, withdrawal, amount, at
FROM entry WHERE account = $account AND kind IN ('settle', 'return')
    AND at >= coalesce($from, 0) AND at < coalesce($to, 9223372036854775807)
    AND id < coalesce($before, 9223372036854775807)
ORDER BY id DESC LIMIT $limit;

-- name: events_by_object
SELECT
    id, account, type, object, data, at
FROM event WHERE account = $account AND object = $object ORDER BY id LIMIT 1000;

-- An account and those that it is the master of; without $own only the latter.
-- name: accounts_of_family
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account
WHERE id IN (SELECT id FROM account WHERE ref = $own UNION SELECT id FROM account WHERE master = $master)
    AND id > $after
ORDER BY id LIMIT $limit;
