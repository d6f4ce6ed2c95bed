-- SPDX-License-Identifier: Apache-2.0
-- Withdrawals, and everything loaded with one of them.

-- name: withdrawal_insert
-- shard: $id
INSERT INTO withdrawal (
    id, account, amount, currency, strategy, route, status, policy, policy_version, maker, reason, destination,
    documents, flags, approvals_needed, approvals, counted_day, code_hash, binding, code_sent_at, code_expires_at,
    code_tries_left, created_at, confirmed_at, decided_at, finished_at, failure_code, failure_detail, next_at,
    version)
VALUES (
    $id, $account, $amount, $currency, $strategy, $route, $status, $policy, $policy_version, $maker, $reason,
    $destination, $documents, $flags, $approvals_needed, $approvals, $counted_day, $code_hash, $binding, $code_sent_at,
    $code_expires_at, $code_tries_left, $created_at, $confirmed_at, $decided_at, $finished_at, $failure_code,
    $failure_detail, $next_at, $version);

-- name: withdrawal_update
-- shard: $id
UPDATE withdrawal SET
    status = $status, documents = $documents, flags = $flags, approvals_needed = $approvals_needed, approvals = $approvals,
    counted_day = $counted_day, code_hash = $code_hash, binding = $binding, code_sent_at = $code_sent_at,
    code_expires_at = $code_expires_at, code_tries_left = $code_tries_left, confirmed_at = $confirmed_at,
    decided_at = $decided_at, finished_at = $finished_at, failure_code = $failure_code, failure_detail = $failure_detail,
    next_at = $next_at, version = $version
WHERE id = $id;

-- name: leg_insert
-- shard: $id
INSERT INTO leg (
    id, withdrawal, account, number, route, channel, amount, fee, status, arrives_by, arrives_by_provisional,
    failure_code, failure_detail, reference, paid_at, arrived_at, returned_at)
VALUES (
    $id, $withdrawal, $account, $number, $route, $channel, $amount, $fee, $status, $arrives_by, $arrives_by_provisional,
    $failure_code, $failure_detail, $reference, $paid_at, $arrived_at, $returned_at);

-- name: leg_update
-- shard: $id
UPDATE leg SET
    route = $route, channel = $channel, status = $status, arrives_by = $arrives_by,
    arrives_by_provisional = $arrives_by_provisional, failure_code = $failure_code, failure_detail = $failure_detail,
    reference = $reference, paid_at = $paid_at, arrived_at = $arrived_at, returned_at = $returned_at
WHERE id = $id;

-- name: leg_delete
-- shard: $id
DELETE FROM leg WHERE id = $id;

-- name: lot_delete
-- shard: $withdrawal
DELETE FROM lot WHERE withdrawal = $withdrawal AND leg = $leg AND line = $line;

-- name: lot_insert
-- shard: $withdrawal
INSERT INTO lot (
    leg, line, withdrawal, topup, amount)
VALUES (
    $leg, $line, $withdrawal, $topup, $amount);

-- name: attempt_insert
-- shard: $id
INSERT INTO attempt (
    id, leg, withdrawal, account, number, key, channel, status, amount, request, sends, queries, began_at,
    last_sent_at, dedupe_until, code)
VALUES (
    $id, $leg, $withdrawal, $account, $number, $key, $channel, $status, $amount, $request, $sends, $queries,
    $began_at, $last_sent_at, $dedupe_until, $code);

-- name: attempt_update
-- shard: $id
UPDATE attempt SET
    status = $status, sends = $sends, queries = $queries, last_sent_at = $last_sent_at, dedupe_until = $dedupe_until,
    code = $code
WHERE id = $id;

-- name: evidence_insert
-- shard: $id
INSERT INTO evidence (
    id, attempt, withdrawal, account, channel, key, source, kind, code, amount, reference, detail, effect, at)
VALUES (
    $id, $attempt, $withdrawal, $account, $channel, $key, $source, $kind, $code, $amount, $reference, $detail,
    $effect, $at);

-- name: review_insert
-- shard: $id
INSERT INTO review (
    id, withdrawal, reviewer, decision, reason, version, at)
VALUES (
    $id, $withdrawal, $reviewer, $decision, $reason, $version, $at);

-- With the sealed destination: a decision compares it.
-- name: withdrawal_by_id
-- shard: $id
SELECT
    id, account, amount, currency, strategy, route, status, policy, policy_version, maker, reason, destination,
    documents, flags, approvals_needed, approvals, counted_day, code_hash, binding, code_sent_at, code_expires_at,
    code_tries_left, created_at, confirmed_at, decided_at, finished_at, failure_code, failure_detail, next_at,
    version
FROM withdrawal WHERE id = $id;

-- name: legs_by_withdrawal
-- shard: $withdrawal
SELECT
    id, withdrawal, account, number, route, channel, amount, fee, status, arrives_by, arrives_by_provisional,
    failure_code, failure_detail, reference, paid_at, arrived_at, returned_at
FROM leg WHERE withdrawal = $withdrawal ORDER BY number;

-- name: lots_by_withdrawal
-- shard: $withdrawal
SELECT
    leg, line, withdrawal, topup, amount
FROM lot WHERE withdrawal = $withdrawal ORDER BY leg, line;

-- With the sealed request: a resend sends the same bytes.
-- name: attempts_by_withdrawal
-- shard: $withdrawal
SELECT
    id, leg, withdrawal, account, number, key, channel, status, amount, request, sends, queries, began_at,
    last_sent_at, dedupe_until, code
FROM attempt WHERE withdrawal = $withdrawal ORDER BY leg, number;

-- name: attempt_by_key
-- shard: of $key
SELECT
    id, leg, withdrawal, account, number, key, channel, status, amount, sends, queries, began_at, last_sent_at,
    dedupe_until, code
FROM attempt WHERE key = $key;

-- name: attempt_by_id
-- shard: $id
SELECT
    id, leg, withdrawal, account, number, key, channel, status, amount, sends, queries, began_at, last_sent_at,
    dedupe_until, code
FROM attempt WHERE id = $id;

-- name: evidence_by_withdrawal
-- shard: $withdrawal
SELECT
    id, attempt, withdrawal, account, channel, key, source, kind, code, amount, reference, detail, effect, at
FROM evidence WHERE withdrawal = $withdrawal ORDER BY id;

-- name: reviews_by_withdrawal
-- shard: $withdrawal
SELECT
    id, withdrawal, reviewer, decision, reason, version, at
FROM review WHERE withdrawal = $withdrawal ORDER BY id;

-- name: topups_by_withdrawal
-- shard: $withdrawal
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, channel, channel_ref, amount, remaining, held,
    refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE id IN (SELECT topup FROM lot WHERE withdrawal = $withdrawal)
ORDER BY paid_at, id;

-- name: withdrawals_due
-- shard: every
SELECT id, account, next_at FROM withdrawal WHERE next_at <= $now ORDER BY next_at, id LIMIT $limit;

-- name: withdrawal_next_due
-- shard: every
SELECT min(next_at) FROM withdrawal WHERE next_at IS NOT NULL;
