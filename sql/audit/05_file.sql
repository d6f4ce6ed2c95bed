-- SPDX-License-Identifier: Apache-2.0
-- What the auditor needs besides the checks of rows: its snapshot, the file itself, the chain of audit rows.

-- statement: begin
-- The first read of the transaction fixes the moment that all checks see.
PRAGMA cache_size = -65536; PRAGMA temp_store = FILE; BEGIN; SELECT count(*) FROM sqlite_master;

-- A copy of a PostgreSQL's books: one moment there, a temporary file here, and how each table is read and written.
-- statement: copy_begin
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- statement: copy_open
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
PRAGMA cache_size = -65536; PRAGMA temp_store = FILE; BEGIN;

-- statement: copy_tables
SELECT t.name, 'SELECT ' || group_concat(c.name, ', ') || ' FROM ' || t.name,
    'INSERT INTO ' || t.name || ' (' || group_concat(c.name, ', ') || ') VALUES (' || group_concat('?', ', ') || ')',
    'DELETE FROM ' || t.name
FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' GROUP BY t.name;

-- statement: copy_close
COMMIT;

-- statement: tables
-- How many of the tables that the checks read are there.
SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN (
    'account', 'topup', 'parcel', 'fact', 'draw', 'claim', 'resource', 'subject', 'policy', 'withdrawal', 'leg', 'lot',
    'attempt', 'evidence', 'review', 'entry', 'posting', 'audit');

-- statement: columns
-- What the newest schema brought, and the checks read.
SELECT (SELECT count(*) FROM pragma_table_info('withdrawal') WHERE name = 'counted_day')
     + (SELECT count(*) FROM pragma_table_info('account') WHERE name = 'suspended');

-- statement: counts
SELECT 'account', count(*) FROM main.account
UNION ALL SELECT 'topup', count(*) FROM main.topup
UNION ALL SELECT 'withdrawal', count(*) FROM main.withdrawal
UNION ALL SELECT 'leg', count(*) FROM main.leg
UNION ALL SELECT 'entry', count(*) FROM main.entry
UNION ALL SELECT 'posting', count(*) FROM main.posting
UNION ALL SELECT 'audit', count(*) FROM main.audit;

-- A checkpoint (06_sum.sql): where it is found, whether it is one of these books, and what was kept there under the names
-- of the sums. Without one there is nothing under those names.
-- statement: base_attach
ATTACH ?1 AS base;

-- statement: base_head
SELECT format, seq, hash, store IS (SELECT value FROM main.meta WHERE key = 'store') FROM base.head;

-- statement: base_none
CREATE TEMP TABLE base_%s AS SELECT * FROM temp.%s;

-- statement: base_kept
CREATE TEMP VIEW base_%s AS SELECT * FROM base.%s;

-- How much an audit behind a checkpoint has read.
-- statement: behind
SELECT (SELECT count(*) FROM temp.audit), (SELECT count(*) FROM temp.entry), (SELECT count(*) FROM temp.account);

-- How a sum is made in a file of its own, read here and written there.
-- statement: keep_table
SELECT sql, 'SELECT * FROM temp.' || name,
    'INSERT OR REPLACE INTO ' || name || ' VALUES ('
        || (SELECT group_concat('?', ', ') FROM pragma_table_info(t.name, 'temp')) || ')'
FROM sqlite_temp_schema t WHERE type = 'table' AND name = ?1;

-- statement: keep_open
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;

-- statement: keep_close
COMMIT;

-- statement: chain
-- The parts of a row's hash in their order, then the hash itself; numbers as decimal text.
SELECT seq, CAST(seq AS TEXT), previous, CAST(at AS TEXT), principal, command,
       CAST(coalesce(account, 0) AS TEXT), CAST(coalesce(object, 0) AS TEXT), body, hash
FROM main.audit WHERE seq >= ?1 ORDER BY seq;

-- statement: link
SELECT hash FROM main.audit WHERE seq = ?1;

-- statement: store
-- Up to which row an anchor of this name must be in the chain: a database that was released from quarantine has another
-- name, and what its earlier life knew beyond the rows that they share is lost. No row: the name is of another database.
SELECT 9223372036854775807 WHERE ?1 = coalesce(
    (SELECT next_store FROM quarantine WHERE released_at IS NOT NULL ORDER BY id DESC LIMIT 1),
    (SELECT value FROM meta WHERE key = 'store'))
UNION ALL SELECT head_seq FROM quarantine WHERE released_at IS NOT NULL AND store = ?1
UNION ALL SELECT 0 FROM quarantine WHERE released_at IS NOT NULL AND instr(coalesce(strangers, ''), ?1) > 0 LIMIT 1;

-- file: integrity | the pages and indexes of the database file are whole
SELECT 'database', 'main', integrity_check, 'ok', NULL FROM pragma_integrity_check WHERE integrity_check <> 'ok';

-- check: schema | a writer can read what the file says of each table
SELECT 'database', name, unreadable(sql), 'readable', NULL FROM sqlite_master
WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND unreadable(sql) IS NOT NULL;

-- file: reference_missing | every reference leads to a row
SELECT "table", coalesce(rowid, '?'), 'refers to ' || parent, NULL, NULL FROM pragma_foreign_key_check;
