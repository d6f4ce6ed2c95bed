-- SPDX-License-Identifier: Apache-2.0
-- Connections, transactions and the numbered schema. What both engines say in the same words stands once; otherwise the
-- text without a mark is SQLite's and its twin is marked (postgresql). A text marked (sqlite) has no twin.

-- The writer is the only connection that writes and the only one that checkpoints: never inside a commit that somebody
-- waits for, but when the engine says so.
-- name: open_writer
PRAGMA busy_timeout = 2000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA secure_delete = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -65536;
PRAGMA journal_size_limit = 268435456;
PRAGMA wal_autocheckpoint = 0;

-- name: open_reader
PRAGMA busy_timeout = 2000;
PRAGMA query_only = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -16384;
PRAGMA wal_autocheckpoint = 0;

-- Keys only: a plan that was made while the tables were empty stays right when they are full. An acknowledged commit is
-- durable, whatever the server's default is.
-- name: open_writer (postgresql)
SET default_transaction_isolation = 'read committed';
SET default_transaction_read_only = off;
SET lock_timeout = '10s';
SET statement_timeout = '60s';
SET idle_in_transaction_session_timeout = '60s';
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET jit = off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';

-- name: open_reader (postgresql)
SET default_transaction_read_only = on;
SET statement_timeout = '60s';
SET idle_in_transaction_session_timeout = '60s';
SET jit = off;

-- name: transaction_begin
BEGIN IMMEDIATE;

-- name: transaction_begin (postgresql)
BEGIN;

-- name: transaction_commit
COMMIT;

-- name: transaction_rollback
ROLLBACK;

-- checksum: of the file; shape: of sqlite_schema as that file left it.
-- name: schema_create
CREATE TABLE IF NOT EXISTS schema_migration (
    version INTEGER PRIMARY KEY, checksum BLOB NOT NULL, shape BLOB NOT NULL) STRICT;

-- name: schema_create (postgresql)
CREATE TABLE IF NOT EXISTS schema_migration (
    version bigint PRIMARY KEY, checksum bytea NOT NULL, shape bytea NOT NULL);

-- name: schema_exists
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration';

-- name: schema_exists (postgresql)
SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_migration');

-- One engine a number, one migration at a time, in this schema of this database, for as long as the session lasts.
-- name: node_take (postgresql)
SELECT CAST(pg_try_advisory_lock(CAST(CAST(CAST(current_schema() AS regnamespace) AS oid) AS int), CAST(CAST($number AS bigint) AS int)) AS int);

-- name: migration_lock (postgresql)
SELECT 1 FROM (SELECT pg_advisory_lock(CAST(CAST(CAST(current_schema() AS regnamespace) AS oid) AS int), -1)) AS taken;

-- name: migration_unlock (postgresql)
SELECT CAST(pg_advisory_unlock(CAST(CAST(CAST(current_schema() AS regnamespace) AS oid) AS int), -1) AS int);

-- From here to the end of the transaction nobody else appends to the audit chain.
-- name: audit_head_lock (postgresql)
SELECT CAST(1 AS bigint) AS seq FROM (SELECT pg_advisory_xact_lock(CAST(CAST(CAST(current_schema() AS regnamespace) AS oid) AS int), -2)) AS taken;

-- Divides by zero unless the chain ends with that row.
-- name: audit_head_check (postgresql)
SELECT 1 / CAST(coalesce(max(seq), 0) = $seq AS int) FROM audit;

-- The dispatcher's lease (src/payout/lease.c), by the database's clock. It is taken when it has run out, or when the
-- session of whoever held it is gone: that one held the lock -3, and whoever holds the lease tries for it.
-- name: dispatcher_take (postgresql)
UPDATE lease SET epoch = epoch + 1, until = CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) + $ms
WHERE name = 'dispatcher' AND (until < CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) OR pg_try_advisory_lock(CAST(CAST(CAST(current_schema() AS regnamespace) AS oid) AS int), -3))
RETURNING epoch + 0 * CAST(pg_try_advisory_lock(CAST(CAST(CAST(current_schema() AS regnamespace) AS oid) AS int), -3) AS int);

-- name: dispatcher_renew (postgresql)
UPDATE lease SET until = CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) + $ms
WHERE name = 'dispatcher' AND epoch = $epoch
RETURNING epoch + 0 * CAST(pg_try_advisory_lock(CAST(CAST(CAST(current_schema() AS regnamespace) AS oid) AS int), -3) AS int);

-- name: dispatcher_release (postgresql)
UPDATE lease SET until = 0 WHERE name = 'dispatcher' AND epoch = $epoch RETURNING epoch;

-- Divides by zero unless the lease is that epoch's for so long yet; and it is while this transaction lasts.
-- name: dispatcher_check (postgresql)
WITH held AS (
    SELECT 1 FROM lease WHERE name = 'dispatcher' AND epoch = $epoch AND until >= CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) + $ms FOR SHARE)
SELECT 1 / CAST(count(*) = 1 AS int) FROM held;

-- name: schema_version
SELECT max(version) FROM schema_migration;

-- name: schema_migrations
SELECT version, checksum, shape FROM schema_migration ORDER BY version;

-- name: schema_record
INSERT INTO schema_migration (version, checksum, shape) VALUES ($version, $checksum, $shape);

-- name: schema_reshape
UPDATE schema_migration SET shape = $shape WHERE version = $version;

-- name: schema_objects
SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name;

-- Expressions are left out: how a server spells them is its version's affair.
-- name: schema_objects (postgresql)
SELECT name, sql FROM (
    SELECT 'column ' || t.relname || '.' || c.attname AS name,
        format_type(c.atttypid, c.atttypmod) || CASE WHEN c.attnotnull THEN ' not null' ELSE '' END AS sql
    FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid
    WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND t.relkind = 'r' AND c.attnum > 0
        AND NOT c.attisdropped
    UNION ALL
    SELECT 'constraint ' || t.relname || '.' || c.conname, CAST(c.contype AS text)
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
    WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND c.convalidated
    UNION ALL
    SELECT 'index ' || t.relname || '.' || i.relname, CAST(x.indkey AS text)
        || CASE WHEN x.indisunique AND x.indisvalid THEN ' unique' ELSE '' END
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE t.relnamespace = CAST(current_schema() AS regnamespace)
    UNION ALL
    SELECT 'trigger ' || t.relname || '.' || g.tgname, CAST(g.tgtype AS text) || ' ' || CAST(g.tgenabled AS text)
    FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid
    WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND NOT g.tgisinternal
    UNION ALL
    SELECT 'function ' || proname, prosrc FROM pg_proc
    WHERE pronamespace = CAST(current_schema() AS regnamespace) AND proname LIKE 'ebb%') AS objects
ORDER BY name COLLATE "C";

-- name: integrity_check (sqlite)
PRAGMA integrity_check(1);

-- A reader's snapshot: what it selects until the rollback is of one moment.
-- name: transaction_snapshot
BEGIN;

-- name: transaction_snapshot (postgresql)
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: journal_mode (sqlite)
SELECT journal_mode AS value FROM pragma_journal_mode;

