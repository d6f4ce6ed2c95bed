-- SPDX-License-Identifier: Apache-2.0
-- Reconciliation: statements of channels, their lines, and the breaks that people settle.

-- name: recon_statement_insert
INSERT INTO recon_statement (
    id, channel, hash, format, own_account, covers_from, covers_to, lines, taken, matched, breaks, swept, principal,
    at, done_at)
VALUES (
    $id, $channel, $hash, $format, $own_account, $covers_from, $covers_to, $lines, $taken, $matched, $breaks, $swept,
    $principal, $at, $done_at);

-- name: recon_line_insert
INSERT INTO recon_line (
    id, statement, number, channel, key, outcome, amount, currency, reference, booked_at, attempt, verdict)
VALUES (
    $id, $statement, $number, $channel, $key, $outcome, $amount, $currency, $reference, $booked_at, $attempt, $verdict);

-- name: recon_break_insert
INSERT INTO recon_break (
    id, statement, line, channel, key, kind, owner, detail, attempt, withdrawal, account, ours, theirs, currency,
    status, at, settler, reason, settled_at)
VALUES (
    $id, $statement, $line, $channel, $key, $kind, $owner, $detail, $attempt, $withdrawal, $account, $ours, $theirs,
    $currency, $status, $at, $settler, $reason, $settled_at);

-- name: recon_statement_update
UPDATE recon_statement SET
    taken = $taken, matched = $matched, breaks = $breaks, swept = $swept, done_at = $done_at
WHERE id = $id;

-- name: recon_break_update
UPDATE recon_break SET
    kind = $kind, owner = $owner, theirs = $theirs, status = $status, settler = $settler, reason = $reason,
    settled_at = $settled_at
WHERE id = $id;

-- name: recon_statement_by_hash
SELECT
    id, channel, hash, format, own_account, covers_from, covers_to, lines, taken, matched, breaks, swept, principal,
    at, done_at
FROM recon_statement WHERE channel = $channel AND hash = $hash;

-- name: recon_statement_lock (postgresql)
SELECT
    id, channel, hash, format, own_account, covers_from, covers_to, lines, taken, matched, breaks, swept, principal,
    at, done_at
FROM recon_statement WHERE channel = $channel AND hash = $hash FOR UPDATE;

-- name: recon_statement_by_id
SELECT
    id, channel, hash, format, own_account, covers_from, covers_to, lines, taken, matched, breaks, swept, principal,
    at, done_at
FROM recon_statement WHERE id = $statement;

-- The newest, to know whose account a channel's statements are of.
-- name: recon_statement_last
SELECT
    id, channel, hash, format, own_account, covers_from, covers_to, lines, taken, matched, breaks, swept, principal,
    at, done_at
FROM recon_statement WHERE channel = $channel AND own_account IS NOT NULL ORDER BY id DESC LIMIT 1;

-- name: recon_statements
SELECT
    id, channel, hash, format, own_account, covers_from, covers_to, lines, taken, matched, breaks, swept, principal,
    at, done_at
FROM recon_statement WHERE id > $after ORDER BY id LIMIT $limit;

-- name: recon_lines_by_key
SELECT
    id, statement, number, channel, key, outcome, amount, currency, reference, booked_at, attempt, verdict
FROM recon_line WHERE channel = $channel AND key = $key ORDER BY id LIMIT $limit;

-- name: recon_line_by_number
SELECT
    id, statement, number, channel, key, outcome, amount, currency, reference, booked_at, attempt, verdict
FROM recon_line WHERE statement = $statement AND number = $number;

-- name: recon_breaks_by_key
SELECT
    id, statement, line, channel, key, kind, owner, detail, attempt, withdrawal, account, ours, theirs, currency,
    status, at, settler, reason, settled_at
FROM recon_break WHERE channel = $channel AND key = $key ORDER BY id;

-- name: recon_break_by_id
SELECT
    id, statement, line, channel, key, kind, owner, detail, attempt, withdrawal, account, ours, theirs, currency,
    status, at, settler, reason, settled_at
FROM recon_break WHERE id = $id;

-- name: recon_break_lock (postgresql)
SELECT
    id, statement, line, channel, key, kind, owner, detail, attempt, withdrawal, account, ours, theirs, currency,
    status, at, settler, reason, settled_at
FROM recon_break WHERE id = $id FOR UPDATE;

-- name: recon_breaks_open
SELECT
    id, statement, line, channel, key, kind, owner, detail, attempt, withdrawal, account, ours, theirs, currency,
    status, at, settler, reason, settled_at
FROM recon_break WHERE status = 'open' AND id > $after ORDER BY id LIMIT $limit;

-- name: recon_breaks_settled
SELECT
    id, statement, line, channel, key, kind, owner, detail, attempt, withdrawal, account, ours, theirs, currency,
    status, at, settler, reason, settled_at
FROM recon_break WHERE status = 'settled' AND id > $after ORDER BY id LIMIT $limit;

-- Payments that a statement should tell of. Ids rise with the clock, and stay ahead of it where it was set back.
-- name: attempts_swept
-- shard: every
SELECT
    id, leg, withdrawal, account, number, key, channel, status, amount, sends, queries, began_at, last_sent_at,
    dedupe_until, code
FROM attempt
WHERE id > $after AND channel = $channel AND began_at >= $from AND began_at < $to AND sends > 0 AND status <> 'refused'
ORDER BY id LIMIT $limit;

-- What the ledger says went out through the channel for a leg.
-- name: ledger_of_leg
-- shard: $leg
SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM posting WHERE ledger = 'channel' AND entry IN (
    SELECT id FROM entry WHERE account = $account AND id > $withdrawal AND object = $leg);
