-- SPDX-License-Identifier: Apache-2.0
-- What is asked only behind a checkpoint: references of the rows that were read, in the place of those of the whole file,
-- and whether the journal before it has as many rows as it had.

-- behind: reference_missing | every reference leads to a row
SELECT 'topup', id, 'refers to account', NULL, NULL FROM topup x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.account)
UNION ALL
SELECT 'claim', id, 'refers to account', NULL, NULL FROM claim x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.account)
UNION ALL
SELECT 'resource', id, 'refers to account', NULL, NULL FROM resource x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.account)
UNION ALL
SELECT 'fact', id, 'refers to account', NULL, NULL FROM fact x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.account)
UNION ALL
SELECT 'parcel', id, 'refers to account', NULL, NULL FROM parcel x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.giver)
UNION ALL
SELECT 'parcel', id, 'refers to account', NULL, NULL FROM parcel x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.receiver)
UNION ALL
SELECT 'draw', '?', 'refers to account', NULL, NULL FROM draw x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.account)
UNION ALL
SELECT 'withdrawal', id, 'refers to account', NULL, NULL FROM withdrawal x
WHERE NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.account)
UNION ALL
SELECT 'leg', id, 'refers to withdrawal', NULL, NULL FROM leg x
WHERE NOT EXISTS (SELECT 1 FROM main.withdrawal y WHERE y.id = x.withdrawal)
UNION ALL
SELECT 'lot', '?', 'refers to leg', NULL, NULL FROM lot x
WHERE NOT EXISTS (SELECT 1 FROM main.leg y WHERE y.id = x.leg)
UNION ALL
SELECT 'attempt', id, 'refers to leg', NULL, NULL FROM attempt x
WHERE NOT EXISTS (SELECT 1 FROM main.leg y WHERE y.id = x.leg)
UNION ALL
SELECT 'review', id, 'refers to withdrawal', NULL, NULL FROM review x
WHERE NOT EXISTS (SELECT 1 FROM main.withdrawal y WHERE y.id = x.withdrawal)
UNION ALL
SELECT 'stray', id, 'refers to account', NULL, NULL FROM stray x
WHERE account IS NOT NULL AND NOT EXISTS (SELECT 1 FROM main.account y WHERE y.id = x.account)
UNION ALL
SELECT 'stray', id, 'refers to quarantine', NULL, NULL FROM stray x
WHERE NOT EXISTS (SELECT 1 FROM main.quarantine y WHERE y.id = x.quarantine)
UNION ALL
SELECT 'recon_break', id, 'refers to statement', NULL, NULL FROM recon_break x
WHERE NOT EXISTS (SELECT 1 FROM main.recon_statement y WHERE y.id = x.statement)
UNION ALL
SELECT 'posting', '?', 'refers to entry', NULL, NULL FROM posting x
WHERE NOT EXISTS (SELECT 1 FROM main.entry y WHERE y.id = x.entry);

-- behind: journal_rows | the journal before the checkpoint has as many rows as it had
SELECT 'entry', 'before the checkpoint', (SELECT count(*) FROM main.entry) - (SELECT count(*) FROM fresh_entry), entries,
       NULL
FROM base_head WHERE (SELECT count(*) FROM main.entry) - (SELECT count(*) FROM fresh_entry) <> entries
UNION ALL
SELECT 'posting', 'before the checkpoint',
       (SELECT count(*) FROM main.posting)
           - (SELECT count(*) FROM posting WHERE entry NOT IN (SELECT entry FROM again)), postings, NULL
FROM base_head
WHERE (SELECT count(*) FROM main.posting)
    - (SELECT count(*) FROM posting WHERE entry NOT IN (SELECT entry FROM again)) <> postings
UNION ALL
SELECT 'audit', 'before the checkpoint', (SELECT count(*) FROM main.audit) - (SELECT count(*) FROM audit), seq, NULL
FROM base_head WHERE (SELECT count(*) FROM main.audit) - (SELECT count(*) FROM audit) <> seq;
