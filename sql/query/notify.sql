-- SPDX-License-Identifier: Apache-2.0
-- What leaves the house: events as they are told; and how much of documents comes in.

-- name: events_told
-- shard: every
SELECT
    event.id, event.account, account.ref, event.type, event.object, event.data, event.at
FROM event JOIN account ON account.id = event.account
WHERE event.id IN (
    SELECT * FROM (
        SELECT id FROM event WHERE CAST($account AS bigint) IS NULL AND id > $after
        UNION ALL
        SELECT id FROM event WHERE account = $account AND id > $after
        ORDER BY id LIMIT $limit) AS page)
ORDER BY event.id;

-- name: events_newest
-- shard: every
SELECT max(id) FROM event;

-- name: event_told_by_id
-- shard: every
SELECT
    event.id, event.account, account.ref, event.type, event.object, event.data, event.at
FROM event JOIN account ON account.id = event.account
WHERE event.id = $id LIMIT 1;

-- name: webhook_insert
INSERT INTO webhook (
    id, url, events, description, enabled, reason, secret, previous, previous_until, told, failing_since, maker,
    version, created_at, deleted_at)
VALUES (
    $id, $url, $events, $description, $enabled, $reason, $secret, $previous, $previous_until, $told, $failing_since,
    $maker, $version, $created_at, $deleted_at);

-- name: webhook_update
UPDATE webhook SET
    url = $url, events = $events, description = $description, enabled = $enabled, reason = $reason, secret = $secret,
    previous = $previous, previous_until = $previous_until, told = $told, failing_since = $failing_since,
    version = $version, deleted_at = $deleted_at
WHERE id = $id;

-- Those that are there; a house has few.
-- name: webhooks_all
SELECT
    id, url, events, description, enabled, reason, secret, previous, previous_until, told, failing_since, maker,
    version, created_at, deleted_at
FROM webhook WHERE deleted_at IS NULL ORDER BY id;

-- name: webhook_by_id
SELECT
    id, url, events, description, enabled, reason, secret, previous, previous_until, told, failing_since, maker,
    version, created_at, deleted_at
FROM webhook WHERE id = $id AND deleted_at IS NULL;

-- name: delivery_insert
INSERT INTO delivery (
    id, webhook, event, state, attempts, answer, detail, created_at, last_at, next_at)
VALUES (
    $id, $webhook, $event, $state, $attempts, $answer, $detail, $created_at, $last_at, $next_at);

-- name: delivery_update
UPDATE delivery SET
    state = $state, attempts = $attempts, answer = $answer, detail = $detail, last_at = $last_at, next_at = $next_at
WHERE id = $id;

-- name: delivery_by_id
SELECT
    id, webhook, event, state, attempts, answer, detail, created_at, last_at, next_at
FROM delivery WHERE id = $id;

-- What is to be attempted, in order.
-- name: deliveries_due
SELECT
    id, webhook, event, state, attempts, answer, detail, created_at, last_at, next_at
FROM delivery WHERE webhook = $webhook AND state = 'waiting' AND next_at <= $now
ORDER BY next_at, id LIMIT $limit;

-- name: delivery_next
SELECT min(next_at) FROM delivery WHERE webhook = $webhook AND state = 'waiting';

-- name: deliveries_of_events
SELECT
    id, webhook, event, state, attempts, answer, detail, created_at, last_at, next_at
FROM delivery WHERE webhook = $webhook AND event >= $from AND event <= $to ORDER BY event LIMIT $limit;

-- name: deliveries_list
SELECT
    id, webhook, event, state, attempts, answer, detail, created_at, last_at, next_at
FROM delivery
WHERE webhook = $webhook AND id < coalesce($before, 9223372036854775807) AND (CAST($state AS text) IS NULL OR state = $state)
ORDER BY id DESC LIMIT $limit;

-- Without what is sealed: it is only marked as sent.
-- name: message_by_id
-- shard: $id
SELECT
    id, account, withdrawal, at, sent_at
FROM message WHERE id = $id;

-- Those that are young enough to be of use.
-- name: messages_to_send
-- shard: every
SELECT
    id, account, withdrawal, recipient, text, code, at, sent_at
FROM message WHERE sent_at IS NULL AND id > $after ORDER BY id LIMIT $limit;

-- name: documents_count
-- shard: $account
SELECT count(*) FROM document WHERE account = $account AND at > $since;
