-- SPDX-License-Identifier: Apache-2.0
-- What the auditor needs besides the checks of rows: its snapshot, the file itself, the chain of audit rows.

-- statement: begin
-- The first read of the transaction fixes the moment that all checks see.
PRAGMA cache_size = -65536; PRAGMA temp_store = FILE; BEGIN; SELECT count(*) FROM sqlite_master;

-- statement: tables
-- How many of the tables that the checks read are there.
SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN (
    'account', 'topup', 'parcel', 'fact', 'draw', 'claim', 'resource', 'subject', 'policy', 'withdrawal', 'leg', 'lot',
    'attempt', 'evidence', 'review', 'entry', 'posting', 'audit');

-- statement: counts
SELECT 'account', count(*) FROM account
UNION ALL SELECT 'topup', count(*) FROM topup
UNION ALL SELECT 'withdrawal', count(*) FROM withdrawal
UNION ALL SELECT 'leg', count(*) FROM leg
UNION ALL SELECT 'entry', count(*) FROM entry
UNION ALL SELECT 'posting', count(*) FROM posting
UNION ALL SELECT 'audit', count(*) FROM audit;

-- statement: chain
-- The parts of a row's hash in their order, then the hash itself; numbers as decimal text.
SELECT seq, CAST(seq AS TEXT), previous, CAST(at AS TEXT), principal, command,
       CAST(coalesce(account, 0) AS TEXT), CAST(coalesce(object, 0) AS TEXT), body, hash
FROM audit WHERE seq >= ?1 ORDER BY seq;

-- statement: link
SELECT hash FROM audit WHERE seq = ?1;

-- file: integrity | the pages and indexes of the database file are whole
SELECT 'database', 'main', integrity_check, 'ok', NULL FROM pragma_integrity_check WHERE integrity_check <> 'ok';

-- file: reference_missing | every reference leads to a row
SELECT "table", coalesce(rowid, '?'), 'refers to ' || parent, NULL, NULL FROM pragma_foreign_key_check;
