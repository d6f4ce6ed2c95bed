-- SPDX-License-Identifier: Apache-2.0
-- What the journal says, summed once into temporary tables. The database itself is open for reading only; these tables
-- live in a temporary file, so that a large database costs disk and not memory. Nothing here looks at a figure that the
-- engine keeps: only entry, posting, the audit bodies, and (for lots, draws and attempts) the rows being compared.

-- setup: entry_sum
CREATE TEMP TABLE entry_sum (
    entry INTEGER PRIMARY KEY, lines INTEGER, first_line INTEGER, last_line INTEGER, total INTEGER, positive INTEGER,
    strangers INTEGER);
INSERT INTO entry_sum
SELECT e.id, count(p.entry), coalesce(min(p.line), 1), coalesce(max(p.line), 0), coalesce(sum(p.amount), 0),
       coalesce(sum(max(p.amount, 0)), 0), coalesce(sum(p.account <> e.account), 0)
FROM entry e LEFT JOIN posting p ON p.entry = e.id GROUP BY e.id;

-- setup: flow
-- The money of customers, by what moved it.
CREATE TEMP TABLE flow (
    account INTEGER, ledger TEXT, source INTEGER, kind TEXT, amount INTEGER,
    PRIMARY KEY (account, ledger, source, kind)) WITHOUT ROWID;
INSERT INTO flow
SELECT account, ledger, coalesce(source, 0), kind, sum(amount)
FROM fresh WHERE ledger IN ('topup', 'held', 'transferred_in', 'allocated_in', 'other', 'voucher')
GROUP BY 1, 2, 3, 4;

-- setup: flow_base
-- Where the funds that moved had stood.
CREATE TEMP TABLE flow_base (
    account INTEGER, ledger TEXT, source INTEGER, amount INTEGER, PRIMARY KEY (account, ledger, source)) WITHOUT ROWID;
INSERT OR IGNORE INTO flow_base SELECT b.* FROM flow f CROSS JOIN base_fund b
    ON b.account = f.account AND b.ledger = f.ledger AND b.source = f.source;

-- setup: account_sum
INSERT INTO account_sum
SELECT account, sum(topup), sum(topup_held), sum(transferred_in), sum(allocated_in), sum(other), sum(other_held),
       sum(voucher)
FROM (
    SELECT account,
           CASE WHEN ledger = 'topup' OR (ledger = 'held' AND source <> 0) THEN amount ELSE 0 END AS topup,
           CASE WHEN ledger = 'held' AND source <> 0 THEN amount ELSE 0 END AS topup_held,
           CASE WHEN ledger = 'transferred_in' THEN amount ELSE 0 END AS transferred_in,
           CASE WHEN ledger = 'allocated_in' THEN amount ELSE 0 END AS allocated_in,
           CASE WHEN ledger = 'other' OR (ledger = 'held' AND source = 0) THEN amount ELSE 0 END AS other,
           CASE WHEN ledger = 'held' AND source = 0 THEN amount ELSE 0 END AS other_held,
           CASE WHEN ledger = 'voucher' THEN amount ELSE 0 END AS voucher
    FROM flow
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_account_sum b ON b.account = t.id)
GROUP BY account;

-- setup: topup_sum
INSERT INTO topup_sum
SELECT topup, sum(paid_in), sum(remaining), sum(held), sum(settled), sum(returned), sum(charged_back)
FROM (
    SELECT source AS topup,
           CASE WHEN kind = 'topup' THEN amount ELSE 0 END AS paid_in,
           amount AS remaining,
           CASE WHEN ledger = 'held' THEN amount ELSE 0 END AS held,
           CASE WHEN kind = 'settle' THEN -amount ELSE 0 END AS settled,
           CASE WHEN kind = 'return' THEN amount ELSE 0 END AS returned,
           CASE WHEN kind = 'chargeback' THEN -amount ELSE 0 END AS charged_back
    FROM flow WHERE ledger IN ('topup', 'held') AND source <> 0
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_topup_sum b ON b.topup = t.id)
GROUP BY topup;

-- setup: parcel_sum
INSERT INTO parcel_sum
SELECT parcel, sum(received), sum(remaining), sum(taken_back)
FROM (
    SELECT source AS parcel,
           CASE WHEN kind IN ('transfer_in', 'allocation_in') THEN amount ELSE 0 END AS received,
           amount AS remaining,
           CASE WHEN kind IN ('recall_out', 'reclaim_out') THEN -amount ELSE 0 END AS taken_back
    FROM flow WHERE ledger IN ('transferred_in', 'allocated_in') AND source <> 0
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_parcel_sum b ON b.parcel = t.id)
GROUP BY parcel;

-- setup: leg_flow
INSERT INTO leg_flow
SELECT leg, source, sum(frozen), sum(settled), sum(released), sum(returned)
FROM (
    SELECT coalesce(object, 0) AS leg, coalesce(source, 0) AS source,
           CASE WHEN kind = 'freeze' AND ledger = 'held' THEN amount ELSE 0 END AS frozen,
           CASE WHEN kind = 'settle' AND ledger = 'held' THEN -amount ELSE 0 END AS settled,
           CASE WHEN kind = 'release' AND ledger = 'held' THEN -amount ELSE 0 END AS released,
           CASE WHEN kind = 'return' AND ledger IN ('topup', 'other') THEN amount ELSE 0 END AS returned
    FROM fresh
    WHERE kind IN ('freeze', 'settle', 'release', 'return') AND ledger IN ('held', 'topup', 'other')
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_leg_flow b ON b.leg = t.id)
GROUP BY leg, source;

-- setup: leg_count
INSERT INTO leg_count
SELECT leg, sum(freezes), sum(settles), sum(releases), sum(returns)
FROM (
    SELECT coalesce(object, 0) AS leg, kind = 'freeze' AS freezes, kind = 'settle' AS settles,
           kind = 'release' AS releases, kind = 'return' AS returns
    FROM fresh_entry WHERE kind IN ('freeze', 'settle', 'release', 'return')
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_leg_count b ON b.leg = t.id)
GROUP BY leg;

-- setup: leg_sum
CREATE TEMP TABLE leg_sum (
    leg INTEGER PRIMARY KEY, freezes INTEGER, settles INTEGER, releases INTEGER, returns INTEGER,
    frozen INTEGER, settled INTEGER, released INTEGER, returned INTEGER);
INSERT INTO leg_sum
SELECT c.leg, c.freezes, c.settles, c.releases, c.returns, coalesce(sum(f.frozen), 0), coalesce(sum(f.settled), 0),
       coalesce(sum(f.released), 0), coalesce(sum(f.returned), 0)
FROM leg_count c LEFT JOIN leg_flow f ON f.leg = c.leg GROUP BY c.leg;

-- setup: leg_paid
INSERT INTO leg_paid
SELECT coalesce(object, 0), entry, kind, sum(CASE WHEN ledger = 'revenue' THEN amount ELSE 0 END),
       sum(CASE WHEN ledger = 'channel' THEN amount ELSE 0 END)
FROM fresh WHERE kind IN ('settle', 'return') AND ledger IN ('revenue', 'channel') GROUP BY object, entry
UNION ALL SELECT b.* FROM touched t CROSS JOIN base_leg_paid b ON b.leg = t.id;

-- setup: leg_lots
CREATE TEMP TABLE leg_lots (leg INTEGER, topup INTEGER, amount INTEGER, PRIMARY KEY (leg, topup)) WITHOUT ROWID;
INSERT INTO leg_lots SELECT leg, topup, sum(amount) FROM lot GROUP BY leg, topup;

-- setup: leg_attempts
CREATE TEMP TABLE leg_attempts (
    leg INTEGER PRIMARY KEY, count INTEGER, last INTEGER, open INTEGER, paid INTEGER, returned INTEGER);
INSERT INTO leg_attempts
SELECT leg, count(*), max(number), sum(status IN ('intent', 'unknown')), sum(status = 'paid'), sum(status = 'returned')
FROM attempt GROUP BY leg;

-- setup: approval
-- Who approved a withdrawal, after papers were asked for last: what was approved before was another application.
CREATE TEMP TABLE approval (withdrawal INTEGER, reviewer TEXT, PRIMARY KEY (withdrawal, reviewer)) WITHOUT ROWID;
INSERT OR IGNORE INTO approval
SELECT v.withdrawal, v.reviewer FROM review v
WHERE v.decision = 'approve' AND NOT EXISTS (
    SELECT 1 FROM review n WHERE n.withdrawal = v.withdrawal AND n.decision = 'need_documents' AND n.id > v.id);

-- setup: owner_flow
INSERT INTO owner_flow
SELECT owner, account, ledger, source, sum(taken), sum(given_back)
FROM (
    SELECT coalesce(object, 0) AS owner, account, ledger, coalesce(source, 0) AS source,
           CASE WHEN kind IN ('charge', 'chargeback', 'transfer_out', 'allocation_out', 'recovery') THEN -amount ELSE 0 END AS taken,
           CASE WHEN kind IN ('reversal', 'recall_in', 'reclaim_in') THEN amount ELSE 0 END AS given_back
    FROM fresh
    WHERE kind IN ('charge', 'chargeback', 'transfer_out', 'allocation_out', 'recovery', 'reversal', 'recall_in',
        'reclaim_in')
      AND ledger IN ('topup', 'transferred_in', 'allocated_in', 'other', 'voucher')
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_owner_flow b ON b.owner = t.id)
GROUP BY owner, account, ledger, source;

-- setup: credit_sum
INSERT INTO credit_sum
SELECT fact, ledger, sum(amount)
FROM (
    SELECT coalesce(object, 0) AS fact, ledger, amount FROM fresh WHERE kind = 'credit' AND amount > 0
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_credit_sum b ON b.fact = t.id)
GROUP BY fact, ledger;

-- setup: owner_draws
CREATE TEMP TABLE owner_draws (
    owner INTEGER, account INTEGER, ledger TEXT, source INTEGER, taken INTEGER, given_back INTEGER,
    PRIMARY KEY (owner, account, ledger, source)) WITHOUT ROWID;
INSERT INTO owner_draws
SELECT owner, account, fund, source, sum(amount), sum(given_back) FROM draw GROUP BY 1, 2, 3, 4;

-- setup: subject_sum
-- Of the accounts that are read, what they are now and not what they were.
INSERT INTO subject_sum
SELECT subject, sum(overdue), sum(accounts)
FROM (
    SELECT subject, overdue, 1 AS accounts FROM account
    UNION ALL SELECT b.subject, -b.overdue, -1 FROM touched t CROSS JOIN base_account_subject b ON b.account = t.id
    UNION ALL SELECT b.* FROM base_subject_sum b WHERE b.subject IN (SELECT id FROM subject))
WHERE subject IS NOT NULL GROUP BY subject;

-- setup: last_move
INSERT OR REPLACE INTO last_move
SELECT prefix, object, became, seq FROM move
WHERE prefix IN ('wd', 'leg', 'at') OR (prefix IN ('st', 'qu', 'sm', 'bk') AND became IS NOT NULL)
ORDER BY prefix, object, seq, line;

-- setup: confirmation
INSERT OR REPLACE INTO confirmation
SELECT w.id, w.account, a.at,
       max(coalesce(b.day, 0), max(shanghai_day(a.at)) OVER (PARTITION BY w.account ORDER BY m.seq))
FROM move m JOIN audit a ON a.seq = m.seq JOIN withdrawal w ON w.id = m.object
LEFT JOIN base_account_latest b ON b.account = w.account
WHERE m.prefix = 'wd' AND m.was = 'awaiting_code' AND m.became IN ('in_review', 'approved');
INSERT OR REPLACE INTO account_latest SELECT account, max(latest) FROM confirmation GROUP BY account;
INSERT OR IGNORE INTO confirmation SELECT b.* FROM touched t CROSS JOIN base_confirmation b ON b.withdrawal = t.id;

-- setup: legal
-- The moves that the design allows ("States"), typed here a second time on purpose. '' stands for "did not exist".
-- Besides the design's list: whoever waits for documents may be rejected or cancel; where every window closed before
-- the first send nothing is dispatched (approved, failed); a risk that shows up before the first send asks for a
-- reviewer (approved, in_review); and the last open leg of a dispatch may end by coming back.
CREATE TEMP TABLE legal (prefix TEXT, was TEXT, became TEXT, PRIMARY KEY (prefix, was, became)) WITHOUT ROWID;
INSERT INTO legal VALUES
    ('wd', '', 'awaiting_code'),
    ('wd', 'awaiting_code', 'in_review'), ('wd', 'awaiting_code', 'approved'),
    ('wd', 'awaiting_code', 'cancelled'), ('wd', 'awaiting_code', 'expired'),
    ('wd', 'in_review', 'approved'), ('wd', 'in_review', 'need_documents'),
    ('wd', 'in_review', 'rejected'), ('wd', 'in_review', 'cancelled'),
    ('wd', 'need_documents', 'in_review'), ('wd', 'need_documents', 'rejected'), ('wd', 'need_documents', 'cancelled'),
    ('wd', 'approved', 'dispatching'), ('wd', 'approved', 'cancelled'), ('wd', 'approved', 'failed'),
    ('wd', 'approved', 'in_review'),
    ('wd', 'dispatching', 'successful'), ('wd', 'dispatching', 'partly_successful'), ('wd', 'dispatching', 'failed'),
    ('wd', 'dispatching', 'returned'),
    ('wd', 'successful', 'returned'), ('wd', 'partly_successful', 'returned'),
    ('leg', '', 'planned'), ('leg', 'planned', 'held'), ('leg', 'held', 'sending'),
    ('leg', 'sending', 'accepted'), ('leg', 'sending', 'unknown'), ('leg', 'sending', 'successful'), ('leg',
        'sending', 'failed'),
    ('leg', 'accepted', 'manual'), ('leg', 'accepted', 'successful'), ('leg', 'accepted', 'failed'),
    ('leg', 'unknown', 'sending'), ('leg', 'unknown', 'accepted'), ('leg', 'unknown', 'manual'),
    ('leg', 'unknown', 'successful'), ('leg', 'unknown', 'failed'),
    ('leg', 'manual', 'successful'), ('leg', 'manual', 'failed'),
    ('leg', 'held', 'released'), ('leg', 'held', 'rerouted'),
    ('leg', 'successful', 'returned'),
    ('at', '', 'intent'), ('at', 'intent', 'unknown'), ('at', 'unknown', 'intent'),
    ('at', 'intent', 'paid'), ('at', 'unknown', 'paid'), ('at', 'intent', 'refused'), ('at', 'unknown', 'refused'),
    ('at', 'paid', 'returned');

-- setup: shape
-- Which ledgers an entry of a kind may touch, and in which direction.
CREATE TEMP TABLE shape (kind TEXT, ledger TEXT, sign INTEGER, PRIMARY KEY (kind, ledger, sign)) WITHOUT ROWID;
INSERT INTO shape VALUES
    ('topup', 'channel', -1), ('topup', 'topup', 1),
    ('charge', 'topup', -1), ('charge', 'transferred_in', -1), ('charge', 'allocated_in', -1), ('charge', 'other', -1),
    ('charge', 'voucher', -1), ('charge', 'revenue', 1),
    ('reversal', 'topup', 1), ('reversal', 'transferred_in', 1), ('reversal', 'allocated_in', 1), ('reversal',
        'other', 1),
    ('reversal', 'voucher', 1), ('reversal', 'revenue', -1),
    ('chargeback', 'topup', -1), ('chargeback', 'channel', 1), ('chargeback', 'suspense', -1),
    ('credit', 'other', 1), ('credit', 'voucher', 1), ('credit', 'bonus', -1), ('credit', 'revenue', -1),
    ('transfer_out', 'topup', -1), ('transfer_out', 'other', -1), ('transfer_out', 'transit', 1),
    ('transfer_in', 'transit', -1), ('transfer_in', 'transferred_in', 1),
    ('recall_out', 'transferred_in', -1), ('recall_out', 'transit', 1),
    ('recall_in', 'transit', -1), ('recall_in', 'topup', 1), ('recall_in', 'other', 1),
    ('allocation_out', 'topup', -1), ('allocation_out', 'other', -1), ('allocation_out', 'transit', 1),
    ('allocation_in', 'transit', -1), ('allocation_in', 'allocated_in', 1),
    ('reclaim_out', 'allocated_in', -1), ('reclaim_out', 'transit', 1),
    ('reclaim_in', 'transit', -1), ('reclaim_in', 'topup', 1), ('reclaim_in', 'other', 1),
    ('freeze', 'topup', -1), ('freeze', 'other', -1), ('freeze', 'held', 1),
    ('release', 'topup', 1), ('release', 'other', 1), ('release', 'held', -1),
    ('settle', 'held', -1), ('settle', 'channel', 1), ('settle', 'revenue', 1),
    ('return', 'channel', -1), ('return', 'revenue', -1), ('return', 'topup', 1),
    ('return', 'other', 1),
    ('suspense', 'suspense', -1), ('suspense', 'channel', 1),
    ('stray', 'suspense', -1), ('stray', 'channel', 1), ('stray_back', 'suspense', 1), ('stray_back', 'channel', -1),
    ('recovery', 'topup', -1), ('recovery', 'other', -1), ('recovery', 'suspense', 1);
