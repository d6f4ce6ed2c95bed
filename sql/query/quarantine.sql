-- SPDX-License-Identifier: Apache-2.0
-- Quarantine after a restore: what was lost, what channels did then, and what is still open.

-- name: quarantine_insert
INSERT INTO quarantine (
    id, reason, detail, began_at, gap_from, gap_to, head_seq, anchor_seq, store, next_store, restored_from, seen,
    strangers, ids_floor, proposer, proposed_at, overrides, proposal, verdict, releaser, released_at)
VALUES (
    $id, $reason, $detail, $began_at, $gap_from, $gap_to, $head_seq, $anchor_seq, $store, $next_store, $restored_from,
    $seen, $strangers, $ids_floor, $proposer, $proposed_at, $overrides, $proposal, $verdict, $releaser, $released_at);

-- name: quarantine_update
UPDATE quarantine SET
    detail = $detail, gap_to = $gap_to, anchor_seq = $anchor_seq, next_store = $next_store,
    restored_from = $restored_from, seen = $seen, strangers = $strangers, ids_floor = $ids_floor, proposer = $proposer, proposed_at = $proposed_at, overrides = $overrides,
    proposal = $proposal, verdict = $verdict, releaser = $releaser, released_at = $released_at
WHERE id = $id;

-- name: quarantine_open
SELECT
    id, reason, detail, began_at, gap_from, gap_to, head_seq, anchor_seq, store, next_store, restored_from, seen,
    strangers, ids_floor, proposer, proposed_at, overrides, proposal, verdict, releaser, released_at
FROM quarantine WHERE released_at IS NULL;

-- The last one, over or not.
-- name: quarantine_last
SELECT
    id, reason, detail, began_at, gap_from, gap_to, head_seq, anchor_seq, store, next_store, restored_from, seen,
    strangers, ids_floor, proposer, proposed_at, overrides, proposal, verdict, releaser, released_at
FROM quarantine ORDER BY id DESC LIMIT 1;

-- Every life that the database has had before this one: few.
-- name: quarantines_released
SELECT
    id, reason, detail, began_at, gap_from, gap_to, head_seq, anchor_seq, store, next_store, restored_from, seen,
    strangers, ids_floor, proposer, proposed_at, overrides, proposal, verdict, releaser, released_at
FROM quarantine WHERE released_at IS NOT NULL ORDER BY id;

-- name: quarantine_of_restore
SELECT count(*) FROM quarantine WHERE restored_from = $restored_from;

-- name: cover_insert
INSERT INTO cover (
    id, quarantine, channel, covers_from, covers_to, lines, principal, at)
VALUES (
    $id, $quarantine, $channel, $covers_from, $covers_to, $lines, $principal, $at);

-- name: covers_by_quarantine
SELECT
    id, quarantine, channel, covers_from, covers_to, lines, principal, at
FROM cover WHERE quarantine = $quarantine ORDER BY id;

-- name: stray_insert
INSERT INTO stray (
    id, quarantine, channel, key, account, withdrawal, leg, status, outcome, amount, currency, reference, paid_at,
    decision, taken, proposer, settler, reason, at, settled_at)
VALUES (
    $id, $quarantine, $channel, $key, $account, $withdrawal, $leg, $status, $outcome, $amount, $currency, $reference,
    $paid_at, $decision, $taken, $proposer, $settler, $reason, $at, $settled_at);

-- name: stray_update
UPDATE stray SET
    account = $account, status = $status, outcome = $outcome, amount = $amount, currency = $currency,
    reference = $reference, paid_at = $paid_at, decision = $decision,
    taken = $taken, proposer = $proposer, settler = $settler, reason = $reason, settled_at = $settled_at
WHERE id = $id;

-- name: stray_by_id
SELECT
    id, quarantine, channel, key, account, withdrawal, leg, status, outcome, amount, currency, reference, paid_at,
    decision, taken, proposer, settler, reason, at, settled_at
FROM stray WHERE id = $id;

-- name: stray_by_key
SELECT
    id, quarantine, channel, key, account, withdrawal, leg, status, outcome, amount, currency, reference, paid_at,
    decision, taken, proposer, settler, reason, at, settled_at
FROM stray WHERE channel = $channel AND key = $key;

-- name: stray_lock (postgresql)
SELECT
    id, quarantine, channel, key, account, withdrawal, leg, status, outcome, amount, currency, reference, paid_at,
    decision, taken, proposer, settler, reason, at, settled_at
FROM stray WHERE channel = $channel AND key = $key FOR UPDATE;

-- What was said of a payment of a lost time that is of no withdrawal: it is younger than the payment, and lies beside it.
-- name: evidence_by_stray
-- shard: $id
SELECT
    id, attempt, withdrawal, account, channel, key, source, kind, code, amount, reference, detail, effect, at
FROM evidence WHERE withdrawal IS NULL AND id > $id AND channel = $channel AND key = $key ORDER BY id;

-- What people must still look at, oldest first.
-- name: strays_open
SELECT
    id, quarantine, channel, key, account, withdrawal, leg, status, outcome, amount, currency, reference, paid_at,
    decision, taken, proposer, settler, reason, at, settled_at
FROM stray WHERE status IN ('unassigned', 'pending', 'suspense') AND id > $after ORDER BY id LIMIT $limit;

-- name: strays_count
SELECT count(*) FROM stray WHERE quarantine = $quarantine AND status = $status;

-- Payments that a channel can be asked about and was not, since the quarantine began: ids are ordered by time.
-- name: attempts_unasked
-- shard: every
SELECT count(*) FROM attempt JOIN leg ON leg.id = attempt.leg
WHERE attempt.status IN ('intent', 'unknown') AND leg.status IN ('sending', 'accepted', 'unknown') AND NOT EXISTS (
    SELECT 1 FROM evidence
    WHERE evidence.withdrawal = attempt.withdrawal AND evidence.attempt = attempt.id AND evidence.id > $since
        AND evidence.source IN ('query', 'callback', 'statement'));

-- name: attempts_open
-- shard: every
SELECT count(*) FROM attempt WHERE status IN ('intent', 'unknown');

-- Approved and not yet sent.
-- name: legs_unsent
-- shard: every
SELECT count(*) FROM leg JOIN withdrawal ON withdrawal.id = leg.withdrawal
WHERE leg.status = 'held' AND withdrawal.status IN ('approved', 'dispatching');

-- name: withdrawal_of_leg
-- shard: $id
SELECT withdrawal FROM leg WHERE id = $id;

-- Accounts whose keys look like this one: a reader's last resort, by a look at every account.
-- name: accounts_of_shard
-- shard: $shard
SELECT id, ref FROM account WHERE (id & 1023) = $shard AND currency = $currency ORDER BY id LIMIT $limit;

-- name: audit_by_seq
SELECT
    seq, at, principal, command, account, object, body, previous, hash
FROM audit WHERE seq = $seq;

-- name: audit_first
SELECT
    seq, at, principal, command, account, object, body, previous, hash
FROM audit ORDER BY seq LIMIT 1;

-- What is open and may be asked about, while nothing else may move.
-- name: withdrawals_due_questions
-- shard: every
SELECT id, account, next_at FROM withdrawal
WHERE next_at <= $now AND status = 'dispatching' ORDER BY next_at, id LIMIT $limit;
