-- SPDX-License-Identifier: Apache-2.0
-- What readers page through. A cursor is the last id seen; NULL arguments do not restrict. The two arms of a UNION ALL are
-- the list of all and the list of one account: one of them is empty by its first term, the other walks its own index.

-- name: withdrawals_list
-- shard: every
SELECT
    id, account, amount, currency, strategy, route, status, policy, policy_version, maker, reason, destination,
    documents, flags, approvals_needed, approvals, counted_day, code_hash, binding, code_sent_at, code_expires_at,
    code_tries_left, created_at, confirmed_at, decided_at, finished_at, failure_code, failure_detail, next_at,
    version
FROM withdrawal WHERE id IN (
    SELECT * FROM (
        SELECT id FROM withdrawal WHERE CAST($account AS bigint) IS NULL AND (CAST($status AS text) IS NULL OR status = $status)
            AND created_at >= coalesce($from, -9223372036854775807) AND created_at < coalesce($to, 9223372036854775807)
            AND id < coalesce($before, 9223372036854775807)
        UNION ALL
        SELECT id FROM withdrawal WHERE account = $account AND (CAST($status AS text) IS NULL OR status = $status)
            AND created_at >= coalesce($from, -9223372036854775807) AND created_at < coalesce($to, 9223372036854775807)
            AND id < coalesce($before, 9223372036854775807)
        ORDER BY id DESC LIMIT $limit) AS page)
ORDER BY id DESC;

-- A master account sees its members as well.
-- name: withdrawals_list_members
-- shard: every
SELECT
    id, account, amount, currency, strategy, route, status, policy, policy_version, maker, reason, destination,
    documents, flags, approvals_needed, approvals, counted_day, code_hash, binding, code_sent_at, code_expires_at,
    code_tries_left, created_at, confirmed_at, decided_at, finished_at, failure_code, failure_detail, next_at,
    version
FROM withdrawal
WHERE account IN (SELECT id FROM account WHERE ref = $master UNION SELECT id FROM account WHERE master = $master)
    AND (CAST($status AS text) IS NULL OR status = $status)
    AND created_at >= coalesce($from, -9223372036854775807) AND created_at < coalesce($to, 9223372036854775807)
    AND id < coalesce($before, 9223372036854775807)
ORDER BY id DESC LIMIT $limit;

-- name: review_queue
-- shard: every
SELECT
    id, account, amount, currency, strategy, route, status, policy, policy_version, maker, reason, documents, flags,
    approvals_needed, approvals, counted_day, code_hash, binding, code_sent_at, code_expires_at, code_tries_left,
    created_at, confirmed_at, decided_at, finished_at, failure_code, failure_detail, next_at, version
FROM withdrawal WHERE status IN ('in_review', 'need_documents') AND id > $after
ORDER BY id LIMIT $limit;

-- name: accounts_list
-- shard: every
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account WHERE id > $after ORDER BY id LIMIT $limit;

-- name: transactions_list
-- shard: $account
SELECT
    id, account, kind, currency, object, withdrawal, amount, at
FROM entry WHERE account = $account AND (CAST($kind AS text) IS NULL OR kind = $kind)
    AND at >= coalesce($from, -9223372036854775807) AND at < coalesce($to, 9223372036854775807)
    AND id < coalesce($before, 9223372036854775807)
ORDER BY id DESC LIMIT $limit;

-- name: topups_all_by_account
-- shard: $account
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, channel, channel_ref, amount, remaining, held,
    refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE account = $account AND id < coalesce($before, 9223372036854775807)
ORDER BY id DESC LIMIT $limit;

-- name: messages_by_account
-- shard: $account
SELECT
    id, account, withdrawal, recipient, text, code, at, sent_at
FROM message WHERE account = $account ORDER BY id DESC LIMIT $limit;

-- name: messages_all
-- shard: every
SELECT
    id, account, withdrawal, recipient, text, code, at, sent_at
FROM message ORDER BY id DESC LIMIT $limit;

-- name: events_list
-- shard: every
SELECT
    id, account, type, object, data, at
FROM event WHERE id IN (
    SELECT * FROM (
        SELECT id FROM event WHERE CAST($account AS bigint) IS NULL AND id > $after
        UNION ALL
        SELECT id FROM event WHERE account = $account AND id > $after
        ORDER BY id LIMIT $limit) AS page)
ORDER BY id;

-- name: documents_list
-- shard: every
SELECT
    id, account, withdrawal, name, media_type, size, digest, uploader, at
FROM document WHERE id > $after ORDER BY id LIMIT $limit;

-- name: documents_by_account
-- shard: $account
SELECT
    id, account, withdrawal, name, media_type, size, digest, uploader, at
FROM document WHERE account = $account ORDER BY id;

-- name: documents_by_withdrawal
-- shard: $withdrawal
SELECT
    id, account, withdrawal, name, media_type, size, digest, uploader, at
FROM document WHERE withdrawal = $withdrawal ORDER BY id;

-- name: tickets_by_account
-- shard: $account
SELECT
    id, account, kind, state, body, opener, at, closed_at
FROM ticket WHERE account = $account ORDER BY id;

-- name: tickets_open
-- shard: every
SELECT
    id, account, kind, state, body, opener, at, closed_at
FROM ticket WHERE state = 'open' AND id > $after ORDER BY id LIMIT $limit;

-- name: incidents_open
-- shard: every
SELECT
    id, account, withdrawal, kind, detail, amount, at, closed_at
FROM incident WHERE closed_at IS NULL ORDER BY id LIMIT 1000;

-- What was told of a key that nobody made, and is still open: the same words are the same fact. Those of no account lie
-- together.
-- name: incident_told
-- shard: $shard
SELECT
    id, account, withdrawal, kind, detail, amount, at, closed_at
FROM incident
WHERE (id & 1023) = $shard AND closed_at IS NULL AND kind = $kind AND detail = $detail AND amount = $amount
ORDER BY id LIMIT 1;

-- name: incidents_list
-- shard: every
SELECT
    id, account, withdrawal, kind, detail, amount, at, closed_at
FROM incident WHERE id > $after ORDER BY id LIMIT $limit;

-- name: attempts_list
-- shard: every
SELECT
    id, leg, withdrawal, account, number, key, channel, status, amount, sends, queries, began_at, last_sent_at,
    dedupe_until, code
FROM attempt WHERE id > $after ORDER BY id LIMIT $limit;

-- name: audit_list
SELECT
    seq, at, principal, command, account, object, body, previous, hash
FROM audit WHERE seq > $after ORDER BY seq LIMIT $limit;

-- Reads every withdrawal ever made: for the CLI, not for a scrape.
-- name: withdrawals_count
-- shard: every
SELECT status AS word, count(*) AS count, CAST(sum(amount) AS bigint) AS amount, min(created_at) AS at
FROM withdrawal GROUP BY status ORDER BY status;

-- What waits for a timer or for a person, by two small indexes.
-- name: withdrawals_count_open
-- shard: every
SELECT word, CAST(sum(count) AS bigint) AS count, CAST(sum(amount) AS bigint) AS amount, min(at) AS at FROM (
    SELECT status AS word, count(*) AS count, CAST(sum(amount) AS bigint) AS amount, min(created_at) AS at
    FROM withdrawal WHERE next_at IS NOT NULL AND status NOT IN ('successful', 'partly_successful') GROUP BY status
    UNION ALL
    SELECT status, count(*), CAST(sum(amount) AS bigint), min(created_at)
    FROM withdrawal WHERE status IN ('in_review', 'need_documents') AND next_at IS NULL GROUP BY status) AS waiting
GROUP BY word ORDER BY word;

-- `at` is the oldest confirmation among them.
-- name: legs_count_unknown
-- shard: every
SELECT leg.status AS word, count(*) AS count, CAST(sum(leg.amount) AS bigint) AS amount,
    min(withdrawal.confirmed_at) AS at
FROM leg JOIN withdrawal ON withdrawal.id = leg.withdrawal
WHERE leg.status IN ('unknown', 'manual') GROUP BY leg.status ORDER BY leg.status;

-- name: incidents_count
-- shard: every
SELECT kind AS word, count(*) AS count, CAST(sum(coalesce(amount, 0)) AS bigint) AS amount, min(at) AS at
FROM incident WHERE closed_at IS NULL GROUP BY kind ORDER BY kind;

-- name: messages_count_unsent
-- shard: every
SELECT 'unsent' AS word, count(*) AS count, min(at) AS at FROM message WHERE sent_at IS NULL;
