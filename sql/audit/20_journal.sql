-- SPDX-License-Identifier: Apache-2.0
-- The journal by itself: double entry, and no fund below zero at any moment.
-- Every check yields (table, row, what is there, what the journal says, amount).

-- check: entry_unbalanced | the postings of an entry sum to zero
SELECT 'entry', entry, total, 0, total FROM entry_sum WHERE total <> 0;

-- check: entry_too_short | an entry has at least two lines
SELECT 'entry', s.entry, s.lines, 2, e.amount FROM entry_sum s JOIN entry e ON e.id = s.entry WHERE s.lines < 2;

-- check: entry_line_gap | the lines of an entry are numbered 1, 2, …
SELECT 'entry', s.entry, s.last_line, s.lines, e.amount
FROM entry_sum s JOIN entry e ON e.id = s.entry WHERE s.lines <> s.last_line OR s.first_line <> 1;

-- check: entry_amount | an entry's amount is what its lines move
SELECT 'entry', e.id, e.amount, s.positive, e.amount - s.positive
FROM entry e JOIN entry_sum s ON s.entry = e.id WHERE e.amount <> s.positive;

-- check: entry_currency | an entry is in its account's currency
SELECT 'entry', e.id, e.currency, a.currency, e.amount
FROM entry e JOIN account a ON a.id = e.account WHERE a.currency <> e.currency;

-- check: entry_account_missing | an entry belongs to an account
SELECT 'entry', e.id, e.account, NULL, e.amount FROM entry e LEFT JOIN account a ON a.id = e.account WHERE a.id IS NULL;

-- check: posting_account | all lines of an entry are of the entry's account
SELECT 'posting', p.entry || '/' || p.line, p.account, e.account, p.amount
FROM entry_sum s JOIN entry e ON e.id = s.entry JOIN posting p ON p.entry = e.id
WHERE s.strangers > 0 AND p.account <> e.account;

-- check: posting_shape | an entry of a kind touches only its ledgers, in their direction
SELECT 'posting', p.entry || '/' || p.line, p.ledger || CASE WHEN p.amount > 0 THEN ' +' ELSE ' -' END, e.kind, p.amount
FROM posting p JOIN entry e ON e.id = p.entry
WHERE NOT EXISTS (SELECT 1 FROM shape s WHERE s.kind = e.kind AND s.ledger = p.ledger AND s.sign = sign_of(p.amount));

-- check: posting_channel | channel lines name their channel, and no other line does
SELECT 'posting', entry || '/' || line, channel, ledger, amount
FROM posting WHERE (ledger = 'channel') <> (coalesce(channel, '') <> '');

-- check: posting_source | money from a top-up or a parcel names one that the account has
SELECT 'posting', p.entry || '/' || p.line, p.source, p.account, p.amount
FROM posting p
LEFT JOIN topup t ON t.id = p.source AND t.account = p.account
LEFT JOIN parcel c ON c.id = p.source AND c.receiver = p.account
WHERE (p.ledger = 'topup' AND t.id IS NULL)
   OR (p.ledger = 'held' AND p.source IS NOT NULL AND t.id IS NULL)
   OR (p.ledger IN ('transferred_in', 'allocated_in') AND c.id IS NULL);

-- check: ledger_total | all postings of a currency sum to zero
SELECT 'currency', e.currency, sum(p.amount), 0, sum(p.amount)
FROM posting p JOIN entry e ON e.id = p.entry GROUP BY e.currency HAVING sum(p.amount) <> 0;

-- check: posting_orphan | every line belongs to an entry
SELECT 'posting', p.entry || '/' || p.line, p.entry, NULL, p.amount
FROM posting p LEFT JOIN entry e ON e.id = p.entry WHERE e.id IS NULL;

-- check: transit_open | what left one account in a transfer arrived in the other
SELECT 'parcel', object, sum(amount), 0, sum(amount)
FROM fresh WHERE ledger = 'transit' GROUP BY object HAVING sum(amount) <> 0;

-- check: fund_overdrawn | no fund and no hold was ever below zero
-- The first entry that overdraws, with the balance that it leaves (SQLite takes `balance` from the row of the minimum).
SELECT 'entry', min(entry), balance, 0, balance
FROM (SELECT account, ledger, source, entry,
             sum(amount) OVER (PARTITION BY account, ledger, source ORDER BY entry) AS balance
      FROM (SELECT account, ledger, coalesce(source, 0) AS source, entry, sum(amount) AS amount
            FROM posting WHERE ledger IN ('topup', 'held', 'transferred_in', 'allocated_in', 'other', 'voucher')
                AND entry NOT IN (SELECT entry FROM again)
            GROUP BY 1, 2, 3, 4
            UNION ALL SELECT account, ledger, source, 0, amount FROM flow_base))
WHERE balance < 0 GROUP BY account, ledger, source;
