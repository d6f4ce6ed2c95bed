-- SPDX-License-Identifier: Apache-2.0
-- What the one door writes beside the rows of a decision: journal, audit, outbox, idempotency; and its bookkeeping.

-- name: entry_insert
-- shard: $id
INSERT INTO entry (
    id, account, kind, currency, object, withdrawal, amount, at)
VALUES (
    $id, $account, $kind, $currency, $object, $withdrawal, $amount, $at);

-- name: posting_insert
-- shard: $entry
INSERT INTO posting (
    entry, line, account, ledger, channel, source, amount)
VALUES (
    $entry, $line, $account, $ledger, $channel, $source, $amount);

-- name: audit_insert
INSERT INTO audit (
    seq, at, principal, command, account, object, body, previous, hash)
VALUES (
    $seq, $at, $principal, $command, $account, $object, $body, $previous, $hash);

-- name: message_insert
-- shard: $id
INSERT INTO message (
    id, account, withdrawal, recipient, text, code, at, sent_at)
VALUES (
    $id, $account, $withdrawal, $recipient, $text, $code, $at, $sent_at);

-- name: message_update
-- shard: $id
UPDATE message SET
    sent_at = $sent_at
WHERE id = $id;

-- name: event_insert
-- shard: $id
INSERT INTO event (
    id, account, type, object, data, at)
VALUES (
    $id, $account, $type, $object, $data, $at);

-- name: incident_insert
-- shard: $id
INSERT INTO incident (
    id, account, withdrawal, kind, detail, amount, at, closed_at)
VALUES (
    $id, $account, $withdrawal, $kind, $detail, $amount, $at, $closed_at);

-- name: incident_update
-- shard: $id
UPDATE incident SET
    closed_at = $closed_at
WHERE id = $id;

-- name: document_insert
-- shard: $id
INSERT INTO document (
    id, account, withdrawal, name, media_type, size, digest, content, uploader, at)
VALUES (
    $id, $account, $withdrawal, $name, $media_type, $size, $digest, $content, $uploader, $at);

-- name: document_update
-- shard: $id
UPDATE document SET
    withdrawal = $withdrawal
WHERE id = $id;

-- name: ticket_insert
-- shard: $id
INSERT INTO ticket (
    id, account, kind, state, body, opener, at, closed_at)
VALUES (
    $id, $account, $kind, $state, $body, $opener, $at, $closed_at);

-- name: ticket_update
-- shard: $id
UPDATE ticket SET
    state = $state, closed_at = $closed_at
WHERE id = $id;

-- name: idempotency_insert
INSERT INTO idempotency (
    scope, fingerprint, status, body, location, at)
VALUES (
    $scope, $fingerprint, $status, $body, $location, $at);

-- name: idempotency_by_scope
SELECT
    scope, fingerprint, status, body, location, at
FROM idempotency WHERE scope = $scope;

-- name: audit_last
SELECT
    seq, at, principal, command, account, object, body, previous, hash
FROM audit ORDER BY seq DESC LIMIT 1;

-- name: postings_by_entry
-- shard: $entry
SELECT
    entry, line, account, ledger, channel, source, amount
FROM posting WHERE entry = $entry ORDER BY line;

-- With the sealed name, without the content.
-- name: document_by_id
-- shard: $id
SELECT
    id, account, withdrawal, name, media_type, size, digest, uploader, at
FROM document WHERE id = $id;

-- name: document_content_by_id
-- shard: $id
SELECT
    id, account, withdrawal, name, media_type, size, digest, content, uploader, at
FROM document WHERE id = $id;

-- name: ticket_by_id
-- shard: $id
SELECT
    id, account, kind, state, body, opener, at, closed_at
FROM ticket WHERE id = $id;

-- name: incident_by_id
-- shard: $id
SELECT
    id, account, withdrawal, kind, detail, amount, at, closed_at
FROM incident WHERE id = $id;

-- name: message_sent
-- shard: $id
UPDATE message SET sent_at = $sent_at WHERE id = $id AND sent_at IS NULL;

-- name: messages_unsent
-- shard: every
SELECT
    id, account, withdrawal, recipient, text, code, at, sent_at
FROM message WHERE sent_at IS NULL ORDER BY id LIMIT $limit;

-- Where the generator of ids goes on after a restart.
-- name: ids_highest
SELECT max(
    (SELECT coalesce(max(id), 0) FROM account),
    (SELECT coalesce(max(id), 0) FROM topup),
    (SELECT coalesce(max(id), 0) FROM claim),
    (SELECT coalesce(max(id), 0) FROM resource),
    (SELECT coalesce(max(id), 0) FROM fact),
    (SELECT coalesce(max(id), 0) FROM parcel),
    (SELECT coalesce(max(id), 0) FROM withdrawal),
    (SELECT coalesce(max(id), 0) FROM leg),
    (SELECT coalesce(max(id), 0) FROM attempt),
    (SELECT coalesce(max(id), 0) FROM evidence),
    (SELECT coalesce(max(id), 0) FROM review),
    (SELECT coalesce(max(id), 0) FROM entry),
    (SELECT coalesce(max(id), 0) FROM message),
    (SELECT coalesce(max(id), 0) FROM event),
    (SELECT coalesce(max(id), 0) FROM incident),
    (SELECT coalesce(max(id), 0) FROM document),
    (SELECT coalesce(max(id), 0) FROM ticket),
    (SELECT coalesce(max(id), 0) FROM cover),
    (SELECT coalesce(max(id), 0) FROM stray),
    (SELECT coalesce(max(id), 0) FROM webhook),
    (SELECT coalesce(max(id), 0) FROM delivery),
    (SELECT coalesce(max(id), 0) FROM quarantine),
    (SELECT coalesce(max(id), 0) FROM session),
    (SELECT coalesce(max(id), 0) FROM staff),
    (SELECT coalesce(max(id), 0) FROM customer_key),
    (SELECT coalesce(max(id), 0) FROM recon_statement),
    (SELECT coalesce(max(id), 0) FROM recon_line),
    (SELECT coalesce(max(id), 0) FROM recon_break),
    (SELECT coalesce(max(ids_floor), 0) FROM quarantine));

-- name: ids_highest (postgresql)
-- shard: every
SELECT greatest(
    (SELECT coalesce(max(id), 0) FROM account),
    (SELECT coalesce(max(id), 0) FROM topup),
    (SELECT coalesce(max(id), 0) FROM claim),
    (SELECT coalesce(max(id), 0) FROM resource),
    (SELECT coalesce(max(id), 0) FROM fact),
    (SELECT coalesce(max(id), 0) FROM parcel),
    (SELECT coalesce(max(id), 0) FROM withdrawal),
    (SELECT coalesce(max(id), 0) FROM leg),
    (SELECT coalesce(max(id), 0) FROM attempt),
    (SELECT coalesce(max(id), 0) FROM evidence),
    (SELECT coalesce(max(id), 0) FROM review),
    (SELECT coalesce(max(id), 0) FROM entry),
    (SELECT coalesce(max(id), 0) FROM message),
    (SELECT coalesce(max(id), 0) FROM event),
    (SELECT coalesce(max(id), 0) FROM incident),
    (SELECT coalesce(max(id), 0) FROM document),
    (SELECT coalesce(max(id), 0) FROM ticket),
    (SELECT coalesce(max(id), 0) FROM cover),
    (SELECT coalesce(max(id), 0) FROM stray),
    (SELECT coalesce(max(id), 0) FROM webhook),
    (SELECT coalesce(max(id), 0) FROM delivery),
    (SELECT coalesce(max(id), 0) FROM quarantine),
    (SELECT coalesce(max(id), 0) FROM session),
    (SELECT coalesce(max(id), 0) FROM staff),
    (SELECT coalesce(max(id), 0) FROM customer_key),
    (SELECT coalesce(max(id), 0) FROM recon_statement),
    (SELECT coalesce(max(id), 0) FROM recon_line),
    (SELECT coalesce(max(id), 0) FROM recon_break),
    (SELECT coalesce(max(ids_floor), 0) FROM quarantine));

-- name: meta_get
SELECT key, value FROM meta WHERE key = $key;

-- name: meta_put
INSERT INTO meta (key, value) VALUES ($key, $value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: policy_insert
INSERT INTO policy (name, version, text, at) VALUES ($name, $version, $text, $at);

-- name: policies_all
SELECT name, version, text, at FROM policy ORDER BY name, version;

-- name: key_insert
INSERT INTO api_key (hash, name, roles, account, created_at, expires_at, revoked_at)
VALUES ($hash, $name, $roles, $account, $created_at, $expires_at, $revoked_at);

-- name: key_by_hash
SELECT hash, name, roles, account, created_at, expires_at, revoked_at FROM api_key WHERE hash = $hash;

-- name: key_by_name
SELECT hash, name, roles, account, created_at, expires_at, revoked_at FROM api_key WHERE name = $name;

-- name: keys_all
SELECT hash, name, roles, account, created_at, expires_at, revoked_at FROM api_key ORDER BY created_at, name;

-- name: key_revoke
UPDATE api_key SET revoked_at = $now WHERE name = $name AND revoked_at IS NULL;
