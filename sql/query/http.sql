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
