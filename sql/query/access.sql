-- SPDX-License-Identifier: Apache-2.0
-- Who may sign in, and who has.

-- name: session_insert
INSERT INTO session (
    id, hash, kind, principal, roles, account, created_at, seen_at, idle_ms, expires_at)
VALUES (
    $id, $hash, $kind, $principal, $roles, $account, $created_at, $seen_at, $idle_ms, $expires_at);

-- name: session_update
UPDATE session SET seen_at = $seen_at WHERE id = $id;

-- name: session_delete
DELETE FROM session WHERE id = $id;

-- name: session_by_hash
SELECT id, hash, kind, principal, roles, account, created_at, seen_at, idle_ms, expires_at
FROM session WHERE hash = $hash;

-- The newest first.
-- name: sessions_by_principal
SELECT id, hash, kind, principal, roles, account, created_at, seen_at, idle_ms, expires_at
FROM session WHERE principal = $principal AND expires_at > $now ORDER BY id DESC;

-- Some of those that are over whoever they were of: a sign-in takes a few away.
-- name: sessions_over
SELECT id, hash, kind, principal, roles, account, created_at, seen_at, idle_ms, expires_at
FROM session WHERE expires_at <= $now ORDER BY expires_at LIMIT 16;

-- name: staff_insert
INSERT INTO staff (
    id, name, roles, state, password, totp, totp_step, recovery, created_at, password_at, version)
VALUES (
    $id, $name, $roles, $state, $password, $totp, $totp_step, $recovery, $created_at, $password_at, $version);

-- name: staff_update
UPDATE staff SET
    roles = $roles, state = $state, password = $password, totp = $totp, totp_step = $totp_step, recovery = $recovery,
    password_at = $password_at, version = $version
WHERE id = $id;

-- name: staff_by_name
SELECT id, name, roles, state, password, totp, totp_step, recovery, created_at, password_at, version
FROM staff WHERE name = $name;

-- name: staff_all
SELECT id, name, roles, state, password, totp, totp_step, recovery, created_at, password_at, version
FROM staff ORDER BY name;

-- Who could mend what the person called $name cannot any more: administrators who can sign in.
-- name: staff_admins_besides
SELECT count(*) AS count FROM staff
WHERE name <> $name AND state = 'active' AND password IS NOT NULL AND (' ' || roles || ' ') LIKE '% admin %';

-- name: customer_key_insert
INSERT INTO customer_key (id, name, secret, created_at, revoked_at)
VALUES ($id, $name, $secret, $created_at, $revoked_at);

-- name: customer_key_update
UPDATE customer_key SET revoked_at = $revoked_at WHERE id = $id;

-- name: customer_key_by_name
SELECT id, name, secret, created_at, revoked_at FROM customer_key WHERE name = $name;

-- name: customer_keys_all
SELECT id, name, secret, created_at, revoked_at FROM customer_key ORDER BY id;

-- name: customer_pass_insert
INSERT INTO customer_pass (hash, expires_at) VALUES ($hash, $expires_at);

-- name: customer_pass_delete
DELETE FROM customer_pass WHERE hash = $hash;

-- name: customer_pass_by_hash
SELECT hash, expires_at FROM customer_pass WHERE hash = $hash;

-- Some that would not be taken any more anyway.
-- name: customer_passes_over
SELECT hash, expires_at FROM customer_pass WHERE expires_at <= $now ORDER BY expires_at LIMIT 16;
