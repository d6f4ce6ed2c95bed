-- SPDX-License-Identifier: Apache-2.0
-- The figures that stand on accounts, subjects, top-ups, parcels and facts, against the journal and their own rows.

-- check: account_topup | an account's top-up money, held included, is what the journal left there
SELECT 'account', a.id, a.topup, coalesce(j.topup, 0), a.topup - coalesce(j.topup, 0)
FROM account a LEFT JOIN account_sum j ON j.account = a.id WHERE a.topup <> coalesce(j.topup, 0);

-- check: account_topup_held | an account's held top-up money is what the journal froze
SELECT 'account', a.id, a.topup_held, coalesce(j.topup_held, 0), a.topup_held - coalesce(j.topup_held, 0)
FROM account a LEFT JOIN account_sum j ON j.account = a.id WHERE a.topup_held <> coalesce(j.topup_held, 0);

-- check: account_transferred_in | an account's transferred-in money is what the journal left there
SELECT 'account', a.id, a.transferred_in, coalesce(j.transferred_in, 0), a.transferred_in
    - coalesce(j.transferred_in, 0)
FROM account a LEFT JOIN account_sum j ON j.account = a.id WHERE a.transferred_in <> coalesce(j.transferred_in, 0);

-- check: account_allocated_in | an account's allocated money is what the journal left there
SELECT 'account', a.id, a.allocated_in, coalesce(j.allocated_in, 0), a.allocated_in - coalesce(j.allocated_in, 0)
FROM account a LEFT JOIN account_sum j ON j.account = a.id WHERE a.allocated_in <> coalesce(j.allocated_in, 0);

-- check: account_other | an account's other money, held included, is what the journal left there
SELECT 'account', a.id, a.other, coalesce(j.other, 0), a.other - coalesce(j.other, 0)
FROM account a LEFT JOIN account_sum j ON j.account = a.id WHERE a.other <> coalesce(j.other, 0);

-- check: account_other_held | an account's held other money is what the journal froze
SELECT 'account', a.id, a.other_held, coalesce(j.other_held, 0), a.other_held - coalesce(j.other_held, 0)
FROM account a LEFT JOIN account_sum j ON j.account = a.id WHERE a.other_held <> coalesce(j.other_held, 0);

-- check: account_voucher | an account's vouchers are what the journal left there
SELECT 'account', a.id, a.voucher, coalesce(j.voucher, 0), a.voucher - coalesce(j.voucher, 0)
FROM account a LEFT JOIN account_sum j ON j.account = a.id WHERE a.voucher <> coalesce(j.voucher, 0);

-- check: account_topped_up | topped_up is the sum of all top-ups ever
SELECT 'account', a.id, a.topped_up, coalesce(t.amount, 0), a.topped_up - coalesce(t.amount, 0)
FROM account a LEFT JOIN (SELECT account, sum(amount) AS amount FROM every_topup GROUP BY account) t ON t.account = a.id
WHERE a.topped_up <> coalesce(t.amount, 0);

-- check: account_claims | an account's claims are the sums of its claim rows
SELECT 'account', a.id, a.owed_invoice || '/' || a.overdue || '/' || a.unsettled || '/' || a.invoiced,
       coalesce(c.owed_invoice, 0) || '/' || coalesce(c.overdue, 0) || '/' || coalesce(c.unsettled, 0) || '/'
           || coalesce(c.invoiced, 0),
       a.owed_invoice + a.overdue + a.unsettled + a.invoiced
           - coalesce(c.owed_invoice + c.overdue + c.unsettled + c.invoiced, 0)
FROM account a LEFT JOIN (
    SELECT account,
           sum(CASE WHEN kind = 'owed_invoice' THEN amount ELSE 0 END) AS owed_invoice,
           sum(CASE WHEN kind = 'overdue' THEN amount ELSE 0 END) AS overdue,
           sum(CASE WHEN kind = 'unsettled' THEN amount ELSE 0 END) AS unsettled,
           sum(CASE WHEN kind = 'invoiced' THEN amount ELSE 0 END) AS invoiced
    FROM claim GROUP BY account) c ON c.account = a.id
WHERE a.owed_invoice <> coalesce(c.owed_invoice, 0) OR a.overdue <> coalesce(c.overdue, 0)
   OR a.unsettled <> coalesce(c.unsettled, 0) OR a.invoiced <> coalesce(c.invoiced, 0);

-- check: account_payg | the pay-as-you-go counters are those of the resource rows
SELECT 'account', a.id, a.payg_active || '/' || a.payg_frozen, coalesce(r.active, 0) || '/' || coalesce(r.frozen, 0),
       a.payg_frozen - coalesce(r.frozen, 0)
FROM account a LEFT JOIN (
    SELECT account, count(*) AS active, sum(frozen) AS frozen FROM resource WHERE state = 'active' GROUP BY account) r
    ON r.account = a.id
WHERE a.payg_active <> coalesce(r.active, 0) OR a.payg_frozen <> coalesce(r.frozen, 0);

-- check: account_payg_released | the reserve counts from the last release of a resource
SELECT 'account', a.id, a.payg_last_released_at, r.at, a.payg_frozen
FROM account a JOIN (SELECT account, max(released_at) AS at FROM resource WHERE state = 'released' GROUP BY account) r
    ON r.account = a.id
WHERE coalesce(a.payg_last_released_at, 0) < r.at;

-- check: account_hold | the money on hold is that of the legs in flight
SELECT 'account', a.id, a.topup_held + a.other_held, coalesce(l.amount, 0), a.topup_held + a.other_held
    - coalesce(l.amount, 0)
FROM account a LEFT JOIN (
    SELECT account, sum(amount) AS amount FROM every_leg
    WHERE status IN ('held', 'sending', 'accepted', 'unknown', 'manual') GROUP BY account) l ON l.account = a.id
WHERE a.topup_held + a.other_held <> coalesce(l.amount, 0);

-- check: account_counters | an account's counters stand on the latest day that one of its withdrawals was confirmed on
SELECT 'account', a.id, a.month || ' ' || a.day, coalesce(w.day, 0) / 100 || ' ' || coalesce(w.day, 0), NULL
FROM account a LEFT JOIN (
    SELECT account, max(shanghai_day(confirmed_at)) AS day FROM every_withdrawal GROUP BY account) w ON w.account = a.id
WHERE a.day <> coalesce(w.day, 0) OR a.month <> coalesce(w.day, 0) / 100;

-- check: account_month | the withdrawals counted in the account's month are those that were counted under it
SELECT 'account', a.id, a.withdrawals_month, coalesce(w.n, 0), a.withdrawals_month - coalesce(w.n, 0)
FROM account a LEFT JOIN (
    SELECT account, counted_day / 100 AS month, count(*) AS n
    FROM every_withdrawal WHERE counted_day <> 0 GROUP BY 1, 2) w ON w.account = a.id AND w.month = a.month
WHERE a.withdrawals_month <> coalesce(w.n, 0);

-- check: account_day | the withdrawals and amount counted in the account's day are those that were counted under it
SELECT 'account', a.id, a.withdrawals_day || '/' || a.withdrawn_day, coalesce(w.n, 0) || '/' || coalesce(w.amount, 0),
       a.withdrawn_day - coalesce(w.amount, 0)
FROM account a LEFT JOIN (
    SELECT account, counted_day AS day, count(*) AS n, sum(amount) AS amount
    FROM every_withdrawal WHERE counted_day <> 0 GROUP BY 1, 2) w ON w.account = a.id AND w.day = a.day
WHERE a.withdrawals_day <> coalesce(w.n, 0) OR a.withdrawn_day <> coalesce(w.amount, 0);

-- check: account_master_missing | a master account exists
SELECT 'account', a.id, a.master, NULL, NULL
FROM account a WHERE a.master IS NOT NULL AND NOT EXISTS (SELECT 1 FROM main.account m WHERE m.ref = a.master);

-- check: subject_overdue | a subject's overdue is that of its accounts
SELECT 'subject', hex(s.id), s.overdue, coalesce(a.overdue, 0), s.overdue - coalesce(a.overdue, 0)
FROM subject s LEFT JOIN subject_sum a ON a.subject = s.id
WHERE s.overdue <> coalesce(a.overdue, 0);

-- check: subject_accounts | a subject counts its accounts
SELECT 'subject', hex(s.id), s.accounts, coalesce(a.accounts, 0), s.overdue
FROM subject s LEFT JOIN subject_sum a ON a.subject = s.id
WHERE s.accounts <> coalesce(a.accounts, 0);

-- check: subject_missing | an account's subject has a row
SELECT 'account', a.id, hex(a.subject), NULL, a.overdue
FROM account a LEFT JOIN subject s ON s.id = a.subject WHERE a.subject IS NOT NULL AND s.id IS NULL;

-- check: topup_amount | a top-up's amount is what the journal took in
SELECT 'topup', t.id, t.amount, coalesce(j.paid_in, 0), t.amount - coalesce(j.paid_in, 0)
FROM topup t LEFT JOIN topup_sum j ON j.topup = t.id WHERE t.amount <> coalesce(j.paid_in, 0);

-- check: topup_remaining | what remains of a top-up is what the journal left
SELECT 'topup', t.id, t.remaining, coalesce(j.remaining, 0), t.remaining - coalesce(j.remaining, 0)
FROM topup t LEFT JOIN topup_sum j ON j.topup = t.id WHERE t.remaining <> coalesce(j.remaining, 0);

-- check: topup_held | what is held of a top-up is what the journal froze
SELECT 'topup', t.id, t.held, coalesce(j.held, 0), t.held - coalesce(j.held, 0)
FROM topup t LEFT JOIN topup_sum j ON j.topup = t.id WHERE t.held <> coalesce(j.held, 0);

-- check: topup_refunded | what went back of a top-up is settled less returned, and charged back
SELECT 'topup', t.id, t.refunded, coalesce(j.settled - j.returned + j.charged_back, 0),
       t.refunded - coalesce(j.settled - j.returned + j.charged_back, 0)
FROM topup t LEFT JOIN topup_sum j ON j.topup = t.id
WHERE t.refunded <> coalesce(j.settled - j.returned + j.charged_back, 0);

-- check: topup_overspent | refunded and held together never pass the top-up, and nothing remains below zero
SELECT 'topup', t.id, t.refunded + t.held, t.amount, t.refunded + t.held - t.amount
FROM topup t JOIN topup_sum j ON j.topup = t.id
WHERE t.refunded + t.held > t.amount OR j.settled - j.returned + j.charged_back + j.held > j.paid_in
   OR j.remaining < 0 OR j.held < 0 OR j.held > j.remaining OR t.held > t.remaining
       OR t.remaining + t.refunded > t.amount;

-- check: parcel_amount | a parcel's amount is what its receiver got
SELECT 'parcel', c.id, c.amount, coalesce(j.received, 0), c.amount - coalesce(j.received, 0)
FROM parcel c LEFT JOIN parcel_sum j ON j.parcel = c.id WHERE c.amount <> coalesce(j.received, 0);

-- check: parcel_remaining | what remains of a parcel is amount less used less taken back
SELECT 'parcel', c.id, c.remaining, coalesce(j.remaining, 0), c.remaining - coalesce(j.remaining, 0)
FROM parcel c LEFT JOIN parcel_sum j ON j.parcel = c.id WHERE c.remaining <> coalesce(j.remaining, 0);

-- check: parcel_taken_back | what was taken back of a parcel is what the journal took back
SELECT 'parcel', c.id, c.taken_back, coalesce(j.taken_back, 0), c.taken_back - coalesce(j.taken_back, 0)
FROM parcel c LEFT JOIN parcel_sum j ON j.parcel = c.id WHERE c.taken_back <> coalesce(j.taken_back, 0);

-- check: draw_journal | draws name what the entries of their owner took and gave back, source by source
SELECT 'draw', d.owner, d.ledger || ' ' || d.source || ': ' || d.taken || '/' || d.given_back,
       coalesce(j.taken, 0) || '/' || coalesce(j.given_back, 0),
       coalesce(nullif(d.taken - coalesce(j.taken, 0), 0), d.given_back - coalesce(j.given_back, 0))
FROM owner_draws d LEFT JOIN owner_flow j
    ON j.owner = d.owner AND j.account = d.account AND j.ledger = d.ledger AND j.source = d.source
WHERE d.taken <> coalesce(j.taken, 0) OR d.given_back <> coalesce(j.given_back, 0);

-- check: draw_missing | whatever an entry took has its draw
SELECT 'draw', j.owner, NULL, j.ledger || ' ' || j.source || ': ' || j.taken, j.taken
FROM owner_flow j LEFT JOIN owner_draws d
    ON d.owner = j.owner AND d.account = j.account AND d.ledger = j.ledger AND d.source = j.source
WHERE d.owner IS NULL AND j.taken <> 0;

-- check: draw_owner_missing | a draw belongs to a fact, a parcel or a stray
SELECT 'draw', d.owner || '/' || d.line, d.owner, NULL, d.amount
FROM draw d LEFT JOIN fact f ON f.id = d.owner LEFT JOIN parcel c ON c.id = d.owner LEFT JOIN stray s ON s.id = d.owner
WHERE f.id IS NULL AND c.id IS NULL AND s.id IS NULL;

-- check: draw_line_gap | the draws of an owner are numbered 1, 2, …
SELECT 'draw', owner, max(line), count(*), sum(amount) FROM draw GROUP BY owner HAVING max(line) <> count(*)
    OR min(line) <> 1;

-- check: fact_draws | the draws of a charge or chargeback add up to its amount less what was unpaid
SELECT 'fact', f.id, f.amount - f.unpaid, coalesce(d.amount, 0), f.amount - f.unpaid - coalesce(d.amount, 0)
FROM fact f LEFT JOIN (SELECT owner, sum(amount) AS amount FROM draw GROUP BY owner) d ON d.owner = f.id
WHERE f.kind IN ('charge', 'chargeback') AND f.amount - f.unpaid <> coalesce(d.amount, 0);

-- check: fact_reversed | a reversed charge gave everything back, another gave nothing
SELECT 'fact', f.id, CASE WHEN f.reversed_at IS NULL THEN 'standing' ELSE 'reversed' END, d.given_back,
       CASE WHEN f.reversed_at IS NULL THEN d.given_back ELSE d.amount - d.given_back END
FROM fact f JOIN (SELECT owner, sum(amount) AS amount, sum(given_back) AS given_back FROM draw
    GROUP BY owner) d ON d.owner = f.id
WHERE d.given_back <> CASE WHEN f.reversed_at IS NULL THEN 0 ELSE d.amount END;

-- check: fact_credit | a credit's amount is what the journal gave, and nothing of it is owed
SELECT 'fact', f.id, f.amount - f.unpaid, coalesce(j.amount, 0), f.amount - f.unpaid - coalesce(j.amount, 0)
FROM fact f LEFT JOIN credit_sum j ON j.fact = f.id AND j.ledger = f.fund
WHERE f.kind = 'credit' AND (f.amount <> coalesce(j.amount, 0) OR f.unpaid <> 0);

-- check: parcel_draws | the draws of a parcel add up to its amount, and what they gave back to what was taken back
SELECT 'parcel', c.id, c.amount || '/' || c.taken_back, coalesce(d.amount, 0) || '/' || coalesce(d.given_back, 0),
       coalesce(nullif(c.amount - coalesce(d.amount, 0), 0), c.taken_back - coalesce(d.given_back, 0))
FROM parcel c LEFT JOIN (SELECT owner, sum(amount) AS amount, sum(given_back) AS given_back FROM draw
    GROUP BY owner) d ON d.owner = c.id
WHERE c.amount <> coalesce(d.amount, 0) OR c.taken_back <> coalesce(d.given_back, 0);

-- check: entry_object | an entry is about a row that exists and is of its account
SELECT 'entry', e.id, e.kind || ' ' || coalesce(e.object, 'NULL'), e.account, e.amount
FROM entry e
WHERE NOT CASE
    WHEN e.kind = 'topup' THEN EXISTS (SELECT 1 FROM topup t WHERE t.id = e.object AND t.account = e.account)
    WHEN e.kind IN ('charge', 'reversal') THEN EXISTS (
        SELECT 1 FROM fact f WHERE f.id = e.object AND f.account = e.account AND f.kind = 'charge')
    WHEN e.kind = 'chargeback' THEN EXISTS (
        SELECT 1 FROM fact f WHERE f.id = e.object AND f.account = e.account AND f.kind = 'chargeback')
    WHEN e.kind = 'credit' THEN EXISTS (
        SELECT 1 FROM fact f WHERE f.id = e.object AND f.account = e.account AND f.kind = 'credit')
    WHEN e.kind IN ('transfer_out', 'recall_in', 'allocation_out', 'reclaim_in') THEN EXISTS (
        SELECT 1 FROM parcel c WHERE c.id = e.object AND c.giver = e.account)
    WHEN e.kind IN ('transfer_in', 'recall_out', 'allocation_in', 'reclaim_out') THEN EXISTS (
        SELECT 1 FROM parcel c WHERE c.id = e.object AND c.receiver = e.account)
    WHEN e.kind IN ('freeze', 'settle', 'release', 'return') THEN EXISTS (
        SELECT 1 FROM leg l WHERE l.id = e.object AND l.account = e.account AND l.withdrawal = e.withdrawal)
    WHEN e.kind IN ('stray', 'stray_back', 'recovery') THEN EXISTS (SELECT 1 FROM stray s WHERE s.id = e.object)
    ELSE e.kind = 'suspense' END;

-- check: word_unknown | every state, kind, route and flag is a word that the books know
SELECT 'account', id, state, 'active, frozen or closed', topup FROM account WHERE state NOT IN ('active', 'frozen',
    'closed')
UNION ALL
SELECT 'topup', id, bonus || ' ' || arbitrage || ' ' || method, 'flags and a method', amount FROM topup
WHERE bonus NOT IN (0, 1) OR arbitrage NOT IN (0, 1)
   OR method NOT IN ('alipay', 'wechat', 'unionpay', 'online_bank', 'bank_card', 'bank_transfer', 'offline')
UNION ALL
SELECT 'claim', id, kind, 'a kind of claim', amount FROM claim WHERE kind NOT IN ('owed_invoice', 'overdue',
    'unsettled', 'invoiced')
UNION ALL
SELECT 'resource', id, state, 'active or released', frozen FROM resource WHERE state NOT IN ('active', 'released')
UNION ALL
SELECT 'fact', id, kind, 'charge, credit or chargeback', amount FROM fact WHERE kind NOT IN ('charge', 'credit',
    'chargeback')
UNION ALL
SELECT 'parcel', id, kind, 'transfer or allocation', amount FROM parcel WHERE kind NOT IN ('transfer', 'allocation')
UNION ALL
SELECT 'withdrawal', id, route, 'a route', amount FROM withdrawal
WHERE route NOT IN ('original', 'designated', 'application', 'case')
UNION ALL
SELECT 'evidence', id, kind, 'a kind of evidence', amount FROM evidence
WHERE kind NOT IN ('paid', 'not_paid', 'nothing', 'accepted', 'returned', 'arrived')
UNION ALL
SELECT 'review', id, decision, 'a decision', NULL FROM review WHERE decision NOT IN ('approve', 'reject',
    'need_documents')
UNION ALL
SELECT 'attempt', id, status, 'a status', amount FROM attempt WHERE status NOT IN ('intent', 'unknown', 'paid',
    'refused', 'returned');

-- check: figure_negative | no figure is below zero
SELECT 'account', id, min(topup, topup_held, transferred_in, allocated_in, other, other_held, voucher, owed_invoice,
    overdue, unsettled, invoiced),
       0, min(topup, topup_held, transferred_in, allocated_in, other, other_held, voucher, owed_invoice, overdue,
           unsettled, invoiced)
FROM account
WHERE min(topup, topup_held, transferred_in, allocated_in, other, other_held, voucher, owed_invoice, overdue,
    unsettled, invoiced) < 0
UNION ALL
SELECT 'claim', id, amount, 0, amount FROM claim WHERE amount < 0
UNION ALL
SELECT 'topup', id, min(remaining, held, refunded), 0, min(remaining, held, refunded) FROM topup WHERE min(remaining,
    held, refunded) < 0
UNION ALL
SELECT 'parcel', id, min(remaining, taken_back, invoiced), 0, min(remaining, taken_back, invoiced)
FROM parcel WHERE min(remaining, taken_back, invoiced) < 0
UNION ALL
SELECT 'draw', owner || '/' || line, given_back, amount, amount - given_back FROM draw WHERE given_back < 0
    OR given_back > amount;
