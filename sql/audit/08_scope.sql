-- SPDX-License-Identifier: Apache-2.0
-- What an audit reads. A full one reads everything. One that goes on from a checkpoint reads the journal behind it, and
-- the rows that this journal touched: tables of these few rows hide the whole ones under their own names, so that the
-- checks are the same statements. A row counts as touched when an audit row or an entry behind the checkpoint names it or
-- its withdrawal, when it is newer than all that the checkpoint knew, or when it stands beside such a row: the top-ups of
-- a touched withdrawal's lots, the account of a touched top-up. What is summed over all rows of an account is read from
-- every_NAME: all rows of the touched accounts.

-- whole: touched
CREATE TEMP TABLE touched (id INTEGER PRIMARY KEY);
CREATE TEMP TABLE again (entry INTEGER PRIMARY KEY);
CREATE TEMP VIEW fresh_entry AS SELECT * FROM main.entry;
CREATE TEMP VIEW every_topup AS SELECT id, account, amount FROM main.topup;
CREATE TEMP VIEW every_withdrawal AS SELECT id, account, amount, counted_day, confirmed_at FROM main.withdrawal;
CREATE TEMP VIEW every_leg AS SELECT id, account, amount, status FROM main.leg;

-- behind: entry
-- The entries that the audit rows behind the checkpoint name, and those that are newer than it. One that was named before
-- is read again, but adds nothing to the sums.
CREATE TEMP TABLE again (entry INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO again SELECT k.entry FROM named n CROSS JOIN base_known k ON k.entry = n.entry;
CREATE TEMP TABLE entry AS
SELECT * FROM main.entry WHERE id IN (SELECT entry FROM named)
UNION SELECT * FROM main.entry WHERE id > (SELECT entry FROM base_head);
CREATE UNIQUE INDEX temp.entry_behind ON entry (id);
CREATE TEMP VIEW fresh_entry AS SELECT * FROM temp.entry WHERE id NOT IN (SELECT entry FROM again);

-- behind: posting
CREATE TEMP TABLE posting AS
SELECT p.* FROM temp.entry e CROSS JOIN main.posting p ON p.entry = e.id
UNION SELECT * FROM main.posting WHERE entry > (SELECT entry FROM base_head);
CREATE UNIQUE INDEX temp.posting_behind ON posting (entry, line);

-- behind: touched
-- Ids are of one kind of row each; so the journal's words need not say which.
CREATE TEMP TABLE touched (id INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO touched
SELECT account FROM audit WHERE account IS NOT NULL UNION SELECT object FROM audit WHERE object IS NOT NULL
UNION SELECT object FROM move UNION SELECT account FROM entry UNION SELECT object FROM entry WHERE object IS NOT NULL
UNION SELECT withdrawal FROM entry WHERE withdrawal IS NOT NULL
UNION SELECT account FROM posting UNION SELECT source FROM posting WHERE source IS NOT NULL;
INSERT OR IGNORE INTO touched
SELECT id FROM main.account WHERE id > (SELECT account FROM base_head)
UNION SELECT id FROM main.topup WHERE id > (SELECT topup FROM base_head)
UNION SELECT id FROM main.parcel WHERE id > (SELECT parcel FROM base_head)
UNION SELECT id FROM main.fact WHERE id > (SELECT fact FROM base_head)
UNION SELECT owner FROM main.draw WHERE owner > (SELECT owner FROM base_head)
UNION SELECT account FROM main.claim WHERE id > (SELECT claim FROM base_head)
UNION SELECT account FROM main.resource WHERE id > (SELECT resource FROM base_head)
UNION SELECT id FROM main.withdrawal WHERE id > (SELECT withdrawal FROM base_head)
UNION SELECT withdrawal FROM main.leg WHERE id > (SELECT leg FROM base_head)
UNION SELECT withdrawal FROM main.attempt WHERE id > (SELECT attempt FROM base_head)
UNION SELECT withdrawal FROM main.evidence WHERE id > (SELECT evidence FROM base_head) AND withdrawal IS NOT NULL
UNION SELECT withdrawal FROM main.review WHERE id > (SELECT review FROM base_head)
UNION SELECT id FROM main.stray WHERE id > (SELECT stray FROM base_head)
UNION SELECT id FROM main.recon_statement WHERE id > (SELECT evidence FROM base_head)
UNION SELECT id FROM main.recon_break WHERE id > (SELECT evidence FROM base_head)
UNION SELECT id FROM main.quarantine;
INSERT OR IGNORE INTO touched
SELECT l.withdrawal FROM touched t CROSS JOIN main.leg l ON l.id = t.id
UNION SELECT a.withdrawal FROM touched t CROSS JOIN main.attempt a ON a.id = t.id;

-- behind: withdrawal
CREATE TEMP TABLE withdrawal AS SELECT w.* FROM touched t CROSS JOIN main.withdrawal w ON w.id = t.id;
CREATE UNIQUE INDEX temp.withdrawal_behind ON withdrawal (id);
CREATE TEMP TABLE leg AS SELECT l.* FROM temp.withdrawal w CROSS JOIN main.leg l ON l.withdrawal = w.id
UNION SELECT l.* FROM touched t CROSS JOIN main.leg l ON l.id = t.id;
CREATE UNIQUE INDEX temp.leg_behind ON leg (id);
CREATE TEMP TABLE lot AS SELECT o.* FROM touched t CROSS JOIN main.lot o ON o.withdrawal = t.id;
CREATE TEMP TABLE attempt AS SELECT a.* FROM touched t CROSS JOIN main.attempt a ON a.withdrawal = t.id
UNION SELECT a.* FROM touched t CROSS JOIN main.attempt a ON a.id = t.id;
CREATE INDEX temp.attempt_behind ON attempt (withdrawal, leg, number);
CREATE TEMP TABLE evidence AS SELECT v.* FROM touched t CROSS JOIN main.evidence v ON v.withdrawal = t.id
UNION SELECT * FROM main.evidence WHERE id > (SELECT evidence FROM base_head);
CREATE INDEX temp.evidence_behind ON evidence (withdrawal, id);
CREATE TEMP TABLE review AS SELECT v.* FROM touched t CROSS JOIN main.review v ON v.withdrawal = t.id;
CREATE INDEX temp.review_behind ON review (withdrawal, id);
INSERT OR IGNORE INTO touched
SELECT id FROM leg UNION SELECT account FROM leg UNION SELECT id FROM attempt UNION SELECT account FROM withdrawal
UNION SELECT topup FROM lot;

-- behind: topup
CREATE TEMP TABLE topup AS SELECT p.* FROM touched t CROSS JOIN main.topup p ON p.id = t.id;
CREATE UNIQUE INDEX temp.topup_behind ON topup (id);
CREATE TEMP TABLE parcel AS SELECT p.* FROM touched t CROSS JOIN main.parcel p ON p.id = t.id;
CREATE UNIQUE INDEX temp.parcel_behind ON parcel (id);
CREATE TEMP TABLE fact AS SELECT f.* FROM touched t CROSS JOIN main.fact f ON f.id = t.id;
CREATE UNIQUE INDEX temp.fact_behind ON fact (id);
CREATE TEMP TABLE draw AS SELECT d.* FROM touched t CROSS JOIN main.draw d ON d.owner = t.id;
CREATE UNIQUE INDEX temp.draw_behind ON draw (owner, line);
CREATE TEMP TABLE stray AS SELECT s.* FROM touched t CROSS JOIN main.stray s ON s.id = t.id;
CREATE UNIQUE INDEX temp.stray_behind ON stray (id);
CREATE TEMP TABLE recon_statement AS SELECT s.* FROM touched t CROSS JOIN main.recon_statement s ON s.id = t.id;
CREATE UNIQUE INDEX temp.recon_statement_behind ON recon_statement (id);
CREATE TEMP TABLE recon_break AS SELECT b.* FROM touched t CROSS JOIN main.recon_break b ON b.id = t.id;
CREATE UNIQUE INDEX temp.recon_break_behind ON recon_break (id);
INSERT OR IGNORE INTO touched
SELECT account FROM topup UNION SELECT giver FROM parcel UNION SELECT receiver FROM parcel UNION SELECT account FROM fact
UNION SELECT account FROM draw UNION SELECT account FROM stray WHERE account IS NOT NULL;

-- behind: account
CREATE TEMP TABLE account AS SELECT a.* FROM touched t CROSS JOIN main.account a ON a.id = t.id;
CREATE UNIQUE INDEX temp.account_behind ON account (id);
CREATE TEMP TABLE claim AS SELECT c.* FROM temp.account a CROSS JOIN main.claim c ON c.account = a.id;
CREATE TEMP TABLE resource AS SELECT r.* FROM temp.account a CROSS JOIN main.resource r ON r.account = a.id;
CREATE TEMP TABLE subject AS SELECT * FROM main.subject WHERE id IN (
    SELECT subject FROM account
    UNION SELECT b.subject FROM touched t CROSS JOIN base_account_subject b ON b.account = t.id);

-- behind: every
CREATE TEMP VIEW every_topup AS
SELECT p.id, p.account, p.amount FROM temp.account a CROSS JOIN main.topup p ON p.account = a.id;
CREATE TEMP VIEW every_withdrawal AS
SELECT w.id, w.account, w.amount, w.counted_day, w.confirmed_at
FROM temp.account a CROSS JOIN main.withdrawal w ON w.account = a.id;
CREATE TEMP VIEW every_leg AS
SELECT l.id, l.account, l.amount, l.status
FROM temp.account a CROSS JOIN main.withdrawal w ON w.account = a.id CROSS JOIN main.leg l ON l.withdrawal = w.id
UNION SELECT id, account, amount, status FROM temp.leg;

-- behind: known_move
INSERT INTO move
SELECT b.prefix, b.object, b.seq, -1, NULL, NULL, b.became, 1
FROM touched t CROSS JOIN base_last_move b ON b.prefix IN ('wd', 'leg', 'at', 'st', 'qu', 'sm', 'bk') AND b.object = t.id;

-- setup: fresh
CREATE TEMP VIEW fresh AS
SELECT p.entry, p.line, p.account, p.ledger, p.channel, p.source, p.amount, e.kind, e.object, e.account AS owner
FROM posting p JOIN fresh_entry e ON e.id = p.entry;
