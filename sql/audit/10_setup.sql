-- SPDX-License-Identifier: Apache-2.0
-- What the journal says, summed once into temporary tables. The database itself is open for reading only; these tables
-- live in a temporary file, so that a large database costs disk and not memory. Nothing here looks at a figure that the
-- engine keeps: only entry, posting, the audit bodies, and (for lots, draws and attempts) the rows being compared.

-- setup: entry_sum
CREATE TEMP TABLE entry_sum (
    entry INTEGER PRIMARY KEY, lines INTEGER, last_line INTEGER, total INTEGER, positive INTEGER, strangers INTEGER);
INSERT INTO entry_sum
SELECT e.id, count(p.entry), coalesce(max(p.line), 0), coalesce(sum(p.amount), 0),
       coalesce(sum(max(p.amount, 0)), 0), coalesce(sum(p.account <> e.account), 0)
FROM entry e LEFT JOIN posting p ON p.entry = e.id GROUP BY e.id;

-- setup: flow
CREATE TEMP TABLE flow (
    account INTEGER, ledger TEXT, source INTEGER, kind TEXT, amount INTEGER,
    PRIMARY KEY (account, ledger, source, kind)) WITHOUT ROWID;
INSERT INTO flow
SELECT p.account, p.ledger, coalesce(p.source, 0), e.kind, sum(p.amount)
FROM posting p JOIN entry e ON e.id = p.entry
WHERE p.ledger IN ('topup', 'held', 'transferred_in', 'allocated_in', 'other', 'voucher')
GROUP BY 1, 2, 3, 4;

-- setup: account_sum
CREATE TEMP TABLE account_sum (
    account INTEGER PRIMARY KEY, topup INTEGER, topup_held INTEGER, transferred_in INTEGER, allocated_in INTEGER,
    other INTEGER, other_held INTEGER, voucher INTEGER);
INSERT INTO account_sum
SELECT account,
       sum(CASE WHEN ledger = 'topup' OR (ledger = 'held' AND source <> 0) THEN amount ELSE 0 END),
       sum(CASE WHEN ledger = 'held' AND source <> 0 THEN amount ELSE 0 END),
       sum(CASE WHEN ledger = 'transferred_in' THEN amount ELSE 0 END),
       sum(CASE WHEN ledger = 'allocated_in' THEN amount ELSE 0 END),
       sum(CASE WHEN ledger = 'other' OR (ledger = 'held' AND source = 0) THEN amount ELSE 0 END),
       sum(CASE WHEN ledger = 'held' AND source = 0 THEN amount ELSE 0 END),
       sum(CASE WHEN ledger = 'voucher' THEN amount ELSE 0 END)
FROM flow GROUP BY account;

-- setup: topup_sum
CREATE TEMP TABLE topup_sum (
    topup INTEGER PRIMARY KEY, paid_in INTEGER, remaining INTEGER, held INTEGER, settled INTEGER, returned INTEGER,
    charged_back INTEGER);
INSERT INTO topup_sum
SELECT source,
       sum(CASE WHEN kind = 'topup' THEN amount ELSE 0 END),
       sum(amount),
       sum(CASE WHEN ledger = 'held' THEN amount ELSE 0 END),
       -sum(CASE WHEN kind = 'settle' THEN amount ELSE 0 END),
       sum(CASE WHEN kind = 'return' THEN amount ELSE 0 END),
       -sum(CASE WHEN kind = 'chargeback' THEN amount ELSE 0 END)
FROM flow WHERE ledger IN ('topup', 'held') AND source <> 0 GROUP BY source;

-- setup: parcel_sum
CREATE TEMP TABLE parcel_sum (parcel INTEGER PRIMARY KEY, received INTEGER, remaining INTEGER, taken_back INTEGER);
INSERT INTO parcel_sum
SELECT source,
       sum(CASE WHEN kind IN ('transfer_in', 'allocation_in') THEN amount ELSE 0 END),
       sum(amount),
       -sum(CASE WHEN kind IN ('recall_out', 'reclaim_out') THEN amount ELSE 0 END)
FROM flow WHERE ledger IN ('transferred_in', 'allocated_in') AND source <> 0 GROUP BY source;

-- setup: leg_flow
CREATE TEMP TABLE leg_flow (
    leg INTEGER, source INTEGER, frozen INTEGER, settled INTEGER, released INTEGER, returned INTEGER,
    PRIMARY KEY (leg, source)) WITHOUT ROWID;
INSERT INTO leg_flow
SELECT coalesce(e.object, 0), coalesce(p.source, 0),
       sum(CASE WHEN e.kind = 'freeze' AND p.ledger = 'held' THEN p.amount ELSE 0 END),
       -sum(CASE WHEN e.kind = 'settle' AND p.ledger = 'held' THEN p.amount ELSE 0 END),
       -sum(CASE WHEN e.kind = 'release' AND p.ledger = 'held' THEN p.amount ELSE 0 END),
       sum(CASE WHEN e.kind = 'return' AND p.ledger IN ('topup', 'other') THEN p.amount ELSE 0 END)
FROM entry e JOIN posting p ON p.entry = e.id
WHERE e.kind IN ('freeze', 'settle', 'release', 'return') AND p.ledger IN ('held', 'topup', 'other')
GROUP BY 1, 2;

-- setup: leg_sum
CREATE TEMP TABLE leg_sum (
    leg INTEGER PRIMARY KEY, freezes INTEGER, settles INTEGER, releases INTEGER, returns INTEGER,
    frozen INTEGER, settled INTEGER, released INTEGER, returned INTEGER);
INSERT INTO leg_sum
SELECT coalesce(object, 0), sum(kind = 'freeze'), sum(kind = 'settle'), sum(kind = 'release'), sum(kind = 'return'),
    0, 0, 0, 0
FROM entry WHERE kind IN ('freeze', 'settle', 'release', 'return') GROUP BY 1;
UPDATE leg_sum SET (frozen, settled, released, returned) =
    (SELECT coalesce(sum(frozen), 0), coalesce(sum(settled), 0), coalesce(sum(released), 0), coalesce(sum(returned), 0)
     FROM leg_flow WHERE leg_flow.leg = leg_sum.leg);

-- setup: leg_lots
CREATE TEMP TABLE leg_lots (leg INTEGER, topup INTEGER, amount INTEGER, PRIMARY KEY (leg, topup)) WITHOUT ROWID;
INSERT INTO leg_lots SELECT leg, topup, sum(amount) FROM lot GROUP BY leg, topup;

-- setup: leg_attempts
CREATE TEMP TABLE leg_attempts (
    leg INTEGER PRIMARY KEY, count INTEGER, last INTEGER, open INTEGER, paid INTEGER, returned INTEGER);
INSERT INTO leg_attempts
SELECT leg, count(*), max(number), sum(status IN ('intent', 'unknown')), sum(status = 'paid'), sum(status = 'returned')
FROM attempt GROUP BY leg;

-- setup: owner_flow
-- What the entries of a charge, a chargeback or a parcel took from each source, and what their undoing gave back.
CREATE TEMP TABLE owner_flow (
    owner INTEGER, account INTEGER, ledger TEXT, source INTEGER, taken INTEGER, given_back INTEGER,
    PRIMARY KEY (owner, account, ledger, source)) WITHOUT ROWID;
INSERT INTO owner_flow
SELECT coalesce(e.object, 0), p.account, p.ledger, coalesce(p.source, 0),
       -sum(CASE WHEN e.kind IN ('charge', 'chargeback', 'transfer_out', 'allocation_out') THEN p.amount ELSE 0 END),
       sum(CASE WHEN e.kind IN ('reversal', 'recall_in', 'reclaim_in') THEN p.amount ELSE 0 END)
FROM entry e JOIN posting p ON p.entry = e.id
WHERE e.kind IN ('charge', 'chargeback', 'transfer_out', 'allocation_out', 'reversal', 'recall_in', 'reclaim_in')
  AND p.ledger IN ('topup', 'transferred_in', 'allocated_in', 'other', 'voucher')
GROUP BY 1, 2, 3, 4;

-- setup: owner_draws
CREATE TEMP TABLE owner_draws (
    owner INTEGER, account INTEGER, ledger TEXT, source INTEGER, taken INTEGER, given_back INTEGER,
    PRIMARY KEY (owner, account, ledger, source)) WITHOUT ROWID;
INSERT INTO owner_draws
SELECT owner, account, fund, source, sum(amount), sum(given_back) FROM draw GROUP BY 1, 2, 3, 4;

-- setup: move
-- Steps of objects. A note (a query, a wrong code) changes no state: it has neither from nor to, and is left out.
CREATE TEMP TABLE move (
    prefix TEXT, object INTEGER, seq INTEGER, line INTEGER, was TEXT, event TEXT, became TEXT,
    PRIMARY KEY (prefix, object, seq, line)) WITHOUT ROWID;
INSERT INTO move
SELECT object_prefix(json_extract(m.value, '$.o')), object_id(json_extract(m.value, '$.o')), a.seq, m.key,
       json_extract(m.value, '$.from'), json_extract(m.value, '$.event'), json_extract(m.value, '$.to')
FROM audit a, json_each(CASE WHEN json_valid(a.body) THEN a.body ELSE '{}' END, '$.moves') m
WHERE m.type = 'object'
  AND (json_extract(m.value, '$.from') IS NOT NULL OR json_extract(m.value, '$.to') IS NOT NULL);

-- setup: last_move
CREATE TEMP TABLE last_move (prefix TEXT, object INTEGER, became TEXT, seq INTEGER, PRIMARY KEY (prefix,
    object)) WITHOUT ROWID;
INSERT OR REPLACE INTO last_move
SELECT prefix, object, became, seq FROM move WHERE prefix IN ('wd', 'leg', 'at') ORDER BY prefix, object, seq, line;

-- setup: named
CREATE TEMP TABLE named (entry INTEGER, seq INTEGER, line INTEGER, kind TEXT, amount INTEGER, PRIMARY KEY (entry,
    seq, line)) WITHOUT ROWID;
INSERT INTO named
SELECT object_id(json_extract(m.value, '$.o')), a.seq, m.key, json_extract(m.value, '$.kind'), json_extract(m.value,
    '$.amount')
FROM audit a, json_each(CASE WHEN json_valid(a.body) THEN a.body ELSE '{}' END, '$.entries') m
WHERE m.type = 'object';

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
    ('suspense', 'suspense', -1), ('suspense', 'channel', 1);
