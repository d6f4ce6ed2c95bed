-- SPDX-License-Identifier: Apache-2.0
-- Connections, transactions and the numbered schema.

-- The writer is the only connection that writes and the only one that checkpoints.
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
PRAGMA wal_autocheckpoint = 4000;

-- name: open_reader
PRAGMA busy_timeout = 2000;
PRAGMA query_only = ON;
PRAGMA trusted_schema = OFF;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -16384;
PRAGMA wal_autocheckpoint = 0;

-- name: transaction_begin
BEGIN IMMEDIATE;

-- name: transaction_commit
COMMIT;

-- name: transaction_rollback
ROLLBACK;

-- checksum: of the file; shape: of sqlite_schema as that file left it.
-- name: schema_create
CREATE TABLE IF NOT EXISTS schema_migration (
    version INTEGER PRIMARY KEY, checksum BLOB NOT NULL, shape BLOB NOT NULL) STRICT;

-- name: schema_exists
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration';

-- name: schema_version
SELECT max(version) FROM schema_migration;

-- name: schema_migrations
SELECT version, checksum, shape FROM schema_migration ORDER BY version;

-- name: schema_record
INSERT INTO schema_migration (version, checksum, shape) VALUES ($version, $checksum, $shape);

-- name: schema_objects
SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name;

-- name: integrity_check
PRAGMA integrity_check(1);

-- A reader's snapshot: what it selects until the rollback is of one moment.
-- name: transaction_snapshot
BEGIN;

-- name: journal_mode
SELECT journal_mode AS value FROM pragma_journal_mode;

