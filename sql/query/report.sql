-- SPDX-License-Identifier: Apache-2.0
-- What those who run the house look at together. $floor is the greatest id of the moment before $from: ids are ordered by
-- time, so that a period costs what happened since its beginning and not what ever happened. Days are those of
-- Asia/Shanghai, eight hours before UTC.

-- name: summary_withdrawals
-- shard: every
SELECT (created_at + 28800000) / 86400000 AS day, status AS word, currency, count(*) AS count,
    CAST(sum(amount) AS bigint) AS amount
FROM withdrawal WHERE id > $floor AND created_at >= $from AND created_at < $to
GROUP BY (created_at + 28800000) / 86400000, status, currency
ORDER BY 1, 2, 3;

-- By the day of the request: a day's legs add up to its withdrawals.
-- name: summary_legs
-- shard: every
SELECT (withdrawal.created_at + 28800000) / 86400000 AS day, leg.channel AS channel, leg.status AS word,
    withdrawal.currency AS currency, count(*) AS count, CAST(sum(leg.amount) AS bigint) AS amount
FROM withdrawal JOIN leg ON leg.withdrawal = withdrawal.id
WHERE withdrawal.id > $floor AND withdrawal.created_at >= $from AND withdrawal.created_at < $to
GROUP BY (withdrawal.created_at + 28800000) / 86400000, leg.channel, leg.status, withdrawal.currency
ORDER BY 1, 2, 3, 4;

-- What the ledger moved, in and out.
-- name: summary_entries
-- shard: every
SELECT (at + 28800000) / 86400000 AS day, kind AS word, currency, count(*) AS count,
    CAST(sum(amount) AS bigint) AS amount
FROM entry WHERE id > $floor AND at >= $from AND at < $to
GROUP BY (at + 28800000) / 86400000, kind, currency
ORDER BY 1, 2, 3;

-- From the first sending to the money being there, or to the channel's word that it paid, where it says no more than
-- that; by nearest rank.
-- name: summary_arrival
-- shard: every
SELECT channel, max(total) AS count, min(CASE WHEN place * 100 >= total * 50 THEN took END) AS half,
    min(CASE WHEN place * 100 >= total * 90 THEN took END) AS most
FROM (
    SELECT leg.channel AS channel, coalesce(leg.arrived_at, leg.paid_at) - attempt.began_at AS took,
        row_number() OVER (PARTITION BY leg.channel ORDER BY coalesce(leg.arrived_at, leg.paid_at) - attempt.began_at)
            AS place,
        count(*) OVER (PARTITION BY leg.channel) AS total
    FROM leg JOIN attempt ON attempt.withdrawal = leg.withdrawal AND attempt.leg = leg.id AND attempt.number = 1
    WHERE leg.id > $floor AND leg.paid_at >= $from AND leg.paid_at < $to) AS ranked
GROUP BY channel ORDER BY channel;

-- What is under way, found by the indexes of what waits for a timer, for a person and for the word of a channel.
-- name: summary_open
-- shard: every
SELECT status AS word, age AS channel, currency, count(*) AS count, CAST(sum(amount) AS bigint) AS amount,
    min(created_at) AS at
FROM (
    SELECT status, currency, amount, created_at, CASE
        WHEN created_at > CAST($now AS bigint) - 3600000 THEN 'hour'
        WHEN created_at > CAST($now AS bigint) - 86400000 THEN 'day'
        WHEN created_at > CAST($now AS bigint) - 259200000 THEN 'days_3'
        WHEN created_at > CAST($now AS bigint) - 604800000 THEN 'days_7'
        WHEN created_at > CAST($now AS bigint) - 1296000000 THEN 'days_15'
        ELSE 'older' END AS age
    FROM withdrawal WHERE id IN (
        SELECT id FROM withdrawal WHERE next_at IS NOT NULL
        UNION SELECT id FROM withdrawal WHERE status IN ('in_review', 'need_documents')
        UNION SELECT withdrawal FROM leg WHERE status IN ('unknown', 'manual'))
        AND finished_at IS NULL) AS waiting
GROUP BY status, age, currency ORDER BY min(created_at);

-- Money that was sent and of which no word ended it yet.
-- name: summary_transit
-- shard: every
SELECT leg.channel AS channel, leg.status AS word, withdrawal.currency AS currency, count(*) AS count,
    CAST(sum(leg.amount) AS bigint) AS amount, min(withdrawal.confirmed_at) AS at
FROM withdrawal JOIN leg ON leg.withdrawal = withdrawal.id
WHERE withdrawal.id IN (
    SELECT id FROM withdrawal WHERE next_at IS NOT NULL
    UNION SELECT withdrawal FROM leg WHERE status IN ('unknown', 'manual'))
    AND leg.status IN ('sending', 'accepted', 'unknown', 'manual')
GROUP BY leg.channel, leg.status, withdrawal.currency ORDER BY leg.channel, leg.status;

-- name: summary_queue
-- shard: every
SELECT status AS word, currency, count(*) AS count, CAST(sum(amount) AS bigint) AS amount,
    min(coalesce(confirmed_at, created_at)) AS at
FROM withdrawal WHERE status IN ('in_review', 'need_documents')
GROUP BY status, currency ORDER BY status, currency;

-- What each ledger account got and gave in a period. Over all of a currency the two are the same sum.
-- name: ledger_turnover
-- shard: every
SELECT posting.ledger AS word, posting.channel AS channel, entry.currency AS currency, count(*) AS count,
    CAST(sum(CASE WHEN posting.amount > 0 THEN posting.amount ELSE 0 END) AS bigint) AS got,
    CAST(sum(CASE WHEN posting.amount < 0 THEN -posting.amount ELSE 0 END) AS bigint) AS gave
FROM entry JOIN posting ON posting.entry = entry.id
WHERE entry.id > $floor AND entry.at >= $from AND entry.at < $to
GROUP BY posting.ledger, posting.channel, entry.currency ORDER BY entry.currency, posting.ledger, posting.channel;

-- ---- exports: every row of a filter, the oldest first, page by page. As in list.sql one arm of a UNION ALL is empty. ----

-- name: export_withdrawals
-- shard: every
SELECT
    id, account, amount, currency, strategy, route, status, policy, policy_version, maker, reason, documents, flags,
    approvals_needed, approvals, counted_day, created_at, confirmed_at, decided_at, finished_at, failure_code,
    failure_detail, version
FROM withdrawal WHERE id IN (
    SELECT * FROM (
        SELECT id FROM withdrawal WHERE CAST($account AS bigint) IS NULL AND (CAST($word AS text) IS NULL OR status = $word)
            AND created_at >= coalesce($from, -9223372036854775807) AND created_at < coalesce($to, 9223372036854775807)
            AND id > $after
        UNION ALL
        SELECT id FROM withdrawal WHERE account = $account AND (CAST($word AS text) IS NULL OR status = $word)
            AND created_at >= coalesce($from, -9223372036854775807) AND created_at < coalesce($to, 9223372036854775807)
            AND id > $after
        ORDER BY id LIMIT $limit) AS page)
ORDER BY id;

-- A leg's time is that of its withdrawal: withdrawals and legs of one period add up.
-- name: export_legs
-- shard: every
SELECT
    id, withdrawal, account, number, route, channel, amount, fee, status, arrives_by, arrives_by_provisional,
    failure_code, failure_detail, reference, paid_at, arrived_at, returned_at
FROM leg WHERE id IN (
    SELECT * FROM (
        SELECT leg.id AS id FROM leg JOIN withdrawal ON withdrawal.id = leg.withdrawal
        WHERE CAST($account AS bigint) IS NULL AND leg.id > $after AND (CAST($word AS text) IS NULL OR leg.status = $word)
            AND withdrawal.created_at >= coalesce($from, -9223372036854775807)
            AND withdrawal.created_at < coalesce($to, 9223372036854775807)
        UNION ALL
        SELECT leg.id AS id FROM withdrawal JOIN leg ON leg.withdrawal = withdrawal.id
        WHERE withdrawal.account = $account AND leg.id > $after AND (CAST($word AS text) IS NULL OR leg.status = $word)
            AND withdrawal.created_at >= coalesce($from, -9223372036854775807)
            AND withdrawal.created_at < coalesce($to, 9223372036854775807)
        ORDER BY id LIMIT $limit) AS page)
ORDER BY id;

-- $word is a kind of entry, or `withdrawal`: money that left, or came back after it had left (AL-17). `change` is by how much
-- the account's balance changed: what is only held, or was given as a voucher, does not.
-- name: export_entries
-- shard: every
SELECT
    id, account, kind, currency, object, withdrawal, amount, at, (
        SELECT CAST(coalesce(sum(posting.amount), 0) AS bigint) FROM posting
        WHERE posting.entry = entry.id
            AND posting.ledger IN ('topup', 'transferred_in', 'allocated_in', 'other', 'held')) AS change
FROM entry WHERE id IN (
    SELECT * FROM (
        SELECT id FROM entry WHERE CAST($account AS bigint) IS NULL AND id > $after
            AND (CAST($word AS text) IS NULL OR kind = $word OR ($word = 'withdrawal' AND kind IN ('settle', 'return')))
            AND at >= coalesce($from, -9223372036854775807) AND at < coalesce($to, 9223372036854775807)
        UNION ALL
        SELECT id FROM entry WHERE account = $account AND id > $after
            AND (CAST($word AS text) IS NULL OR kind = $word OR ($word = 'withdrawal' AND kind IN ('settle', 'return')))
            AND at >= coalesce($from, -9223372036854775807) AND at < coalesce($to, 9223372036854775807)
        ORDER BY id LIMIT $limit) AS page)
ORDER BY id;

-- Of a page of entries; $account as there.
-- name: export_postings
-- shard: every
SELECT
    posting.entry AS entry, posting.line AS line, posting.account AS account, posting.ledger AS ledger,
    posting.channel AS channel, posting.source AS source, posting.amount AS amount
FROM entry JOIN posting ON posting.entry = entry.id
WHERE entry.id IN (
    SELECT id FROM entry WHERE CAST($account AS bigint) IS NULL AND id > $after AND id <= $last
    UNION ALL
    SELECT id FROM entry WHERE account = $account AND id > $after AND id <= $last)
ORDER BY posting.entry, posting.line;

-- What stood on an account's ledgers before a moment: `line` counts the postings.
-- name: export_balances
-- shard: $account
SELECT
    ledger, channel, CAST(sum(amount) AS bigint) AS amount, count(*) AS line
FROM posting WHERE entry IN (
    SELECT id FROM entry WHERE account = $account AND at < coalesce($to, 9223372036854775807))
GROUP BY ledger, channel ORDER BY ledger, channel;

-- name: export_topups
-- shard: every
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, channel, channel_ref, amount, remaining, held,
    refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE id IN (
    SELECT * FROM (
        SELECT id FROM topup WHERE CAST($account AS bigint) IS NULL AND (CAST($word AS text) IS NULL OR method = $word)
            AND paid_at >= coalesce($from, -9223372036854775807) AND paid_at < coalesce($to, 9223372036854775807)
            AND id > $after
        UNION ALL
        SELECT id FROM topup WHERE account = $account AND (CAST($word AS text) IS NULL OR method = $word)
            AND paid_at >= coalesce($from, -9223372036854775807) AND paid_at < coalesce($to, 9223372036854775807)
            AND id > $after
        ORDER BY id LIMIT $limit) AS page)
ORDER BY id;

-- name: export_events
-- shard: every
SELECT
    id, account, type, object, data, at
FROM event WHERE id IN (
    SELECT * FROM (
        SELECT id FROM event WHERE CAST($account AS bigint) IS NULL AND id > $after
            AND (CAST($word AS text) IS NULL OR type = $word)
            AND at >= coalesce($from, -9223372036854775807) AND at < coalesce($to, 9223372036854775807)
        UNION ALL
        SELECT id FROM event WHERE account = $account AND id > $after AND (CAST($word AS text) IS NULL OR type = $word)
            AND at >= coalesce($from, -9223372036854775807) AND at < coalesce($to, 9223372036854775807)
        ORDER BY id LIMIT $limit) AS page)
ORDER BY id;

-- name: export_audit
SELECT
    seq, at, principal, command, account, object, body, previous, hash
FROM audit WHERE seq > $after AND (CAST($account AS bigint) IS NULL OR account = $account)
    AND (CAST($word AS text) IS NULL OR command = $word)
    AND at >= coalesce($from, -9223372036854775807) AND at < coalesce($to, 9223372036854775807)
ORDER BY seq LIMIT $limit;

-- name: export_accounts
-- shard: every
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account WHERE id > $after AND (CAST($account AS bigint) IS NULL OR id = $account)
    AND (CAST($word AS text) IS NULL OR state = $word)
    AND created_at >= coalesce($from, -9223372036854775807) AND created_at < coalesce($to, 9223372036854775807)
ORDER BY id LIMIT $limit;
