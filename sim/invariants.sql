-- SPDX-License-Identifier: Apache-2.0
-- What is true after every history: each statement gives a row (one text) where it is not.

-- invariant: postings of an entry sum to zero
SELECT 'entry ' || entry || ': ' || sum(amount) FROM posting GROUP BY entry HAVING sum(amount) <> 0;

-- invariant: money comes from somewhere and goes somewhere
SELECT 'entry ' || e.id FROM entry e WHERE (SELECT count(*) FROM posting p WHERE p.entry = e.id) < 2;

-- invariant: no fund and no hold below zero
SELECT 'account ' || ref FROM account
WHERE min(topup, topup_held, transferred_in, allocated_in, other, other_held, voucher, owed_invoice, overdue, unsettled) < 0
   OR topup_held > topup OR other_held > other;

-- invariant: funds are the sums of their postings
SELECT 'account ' || a.ref FROM account a LEFT JOIN (
    SELECT account,
           sum(iif(ledger = 'topup', amount, 0)) AS topup, sum(iif(ledger = 'other', amount, 0)) AS other,
           sum(iif(ledger = 'transferred_in', amount, 0)) AS transferred_in,
           sum(iif(ledger = 'allocated_in', amount, 0)) AS allocated_in,
           sum(iif(ledger = 'voucher', amount, 0)) AS voucher, sum(iif(ledger = 'held', amount, 0)) AS held
    FROM posting GROUP BY account) p ON p.account = a.id
WHERE a.topup - a.topup_held <> coalesce(p.topup, 0) OR a.other - a.other_held <> coalesce(p.other, 0)
   OR a.transferred_in <> coalesce(p.transferred_in, 0) OR a.allocated_in <> coalesce(p.allocated_in, 0)
   OR a.voucher <> coalesce(p.voucher, 0) OR a.topup_held + a.other_held <> coalesce(p.held, 0);

-- invariant: an account's top-up money is that of its top-ups
SELECT 'account ' || a.ref FROM account a LEFT JOIN (
    SELECT account, sum(remaining) AS remaining, sum(held) AS held, sum(amount) AS amount FROM topup GROUP BY account) t
    ON t.account = a.id
WHERE a.topup <> coalesce(t.remaining, 0) OR a.topup_held <> coalesce(t.held, 0) OR a.topped_up <> coalesce(t.amount, 0);

-- invariant: refunded and held never pass the top-up
SELECT 'topup ' || ref FROM topup WHERE refunded + held > amount OR remaining + refunded > amount OR held > remaining;

-- invariant: a hold is its legs in flight
SELECT 'account ' || a.ref FROM account a LEFT JOIN (
    SELECT account, sum(amount) AS amount FROM leg
    WHERE status IN ('held', 'sending', 'accepted', 'unknown', 'manual') GROUP BY account) l ON l.account = a.id
WHERE a.topup_held + a.other_held <> coalesce(l.amount, 0);

-- invariant: what is held of a top-up is its lots in flight
SELECT 'topup ' || t.ref FROM topup t LEFT JOIN (
    SELECT o.topup, sum(o.amount) AS amount FROM lot o JOIN leg l ON l.id = o.leg
    WHERE l.status IN ('held', 'sending', 'accepted', 'unknown', 'manual') GROUP BY o.topup) f ON f.topup = t.id
WHERE t.held <> coalesce(f.amount, 0);

-- invariant: a withdrawal is its legs, a leg is its lots
SELECT 'withdrawal ' || w.id FROM withdrawal w
WHERE w.amount <> (SELECT coalesce(sum(amount), 0) FROM leg l WHERE l.withdrawal = w.id)
UNION ALL
SELECT 'leg ' || l.id FROM leg l WHERE l.amount <> (
    SELECT coalesce(sum(amount), 0) FROM lot o WHERE o.withdrawal = l.withdrawal AND o.leg = l.id);

-- invariant: one open attempt a leg, and only while it is in flight
SELECT 'leg ' || l.id || ' ' || l.status FROM leg l
WHERE (SELECT count(*) FROM attempt a WHERE a.withdrawal = l.withdrawal AND a.leg = l.id AND a.status IN ('intent', 'unknown'))
   <> (l.status IN ('sending', 'accepted', 'unknown', 'manual'));

-- invariant: one withdrawal is never paid twice
SELECT 'leg ' || l.id FROM leg l
WHERE (SELECT count(*) FROM attempt a WHERE a.withdrawal = l.withdrawal AND a.leg = l.id AND a.status IN ('paid', 'returned'))
   <> (l.status IN ('successful', 'returned'));

-- invariant: a further key only after the one before is dead
SELECT 'attempt ' || b.key FROM attempt a JOIN attempt b
    ON b.withdrawal = a.withdrawal AND b.leg = a.leg AND b.number > a.number WHERE a.status <> 'refused';

-- invariant: one resolution of a hold
SELECT 'leg ' || object || ': ' || sum(kind = 'freeze') || ' frozen, ' || sum(kind = 'settle') || ' settled, '
       || sum(kind = 'release') || ' released, ' || sum(kind = 'return') || ' returned'
FROM entry WHERE kind IN ('freeze', 'settle', 'release', 'return') GROUP BY object
HAVING sum(kind = 'freeze') <> 1 OR sum(kind IN ('settle', 'release')) > 1 OR sum(kind = 'return') > sum(kind = 'settle');

-- invariant: paid out never passes held
SELECT 'withdrawal ' || withdrawal FROM entry WHERE kind IN ('freeze', 'settle', 'return') GROUP BY withdrawal
HAVING sum(iif(kind = 'settle', amount, 0)) > sum(iif(kind = 'freeze', amount, 0))
    OR sum(iif(kind = 'return', amount, 0)) > sum(iif(kind = 'settle', amount, 0));

-- invariant: only evidence ends a leg
SELECT 'attempt ' || a.key || ' ' || a.status FROM attempt a
WHERE a.status IN ('paid', 'returned', 'refused') AND NOT EXISTS (
    SELECT 1 FROM evidence v WHERE v.withdrawal = a.withdrawal AND v.attempt = a.id
      AND (v.kind = 'not_paid') = (a.status = 'refused') AND v.kind IN ('paid', 'returned', 'not_paid')
      AND (v.kind = 'not_paid' OR v.amount = a.amount));

-- invariant: a withdrawal's status is what its legs say
SELECT 'withdrawal ' || w.id || ' ' || w.status FROM withdrawal w JOIN (
    SELECT withdrawal, count(*) AS n, sum(status = 'planned') AS planned, sum(status = 'held') AS held,
           sum(status IN ('sending', 'accepted', 'unknown', 'manual')) AS flying,
           sum(status IN ('successful', 'returned')) AS paid, sum(status = 'returned') AS returned
    FROM leg GROUP BY withdrawal) l ON l.withdrawal = w.id
WHERE NOT CASE w.status
    WHEN 'awaiting_code' THEN l.planned = l.n WHEN 'expired' THEN l.planned = l.n
    WHEN 'in_review' THEN l.held > 0 AND l.flying + l.paid = 0
    WHEN 'need_documents' THEN l.held > 0 AND l.flying + l.paid = 0
    WHEN 'approved' THEN l.held > 0 AND l.flying + l.paid = 0
    WHEN 'dispatching' THEN l.held + l.flying > 0 AND l.planned = 0
    WHEN 'successful' THEN l.paid = l.n AND l.returned < l.n
    WHEN 'partly_successful' THEN l.paid > 0 AND l.paid < l.n AND l.held + l.flying = 0
    WHEN 'failed' THEN l.paid + l.held + l.flying = 0
    WHEN 'returned' THEN l.returned = l.paid AND l.paid > 0 AND l.held + l.flying = 0
    ELSE l.paid + l.held + l.flying = 0 END;

-- invariant: what is not over has its next moment
SELECT 'withdrawal ' || w.id || ' ' || w.status FROM withdrawal w
WHERE w.next_at IS NULL AND (w.status IN ('awaiting_code', 'approved') OR EXISTS (
    SELECT 1 FROM leg l WHERE l.withdrawal = w.id AND l.status IN ('sending', 'accepted', 'unknown')));

-- invariant: what needed people was approved by as many, none of them its maker
SELECT 'withdrawal ' || w.id FROM withdrawal w
WHERE w.status IN ('approved', 'dispatching', 'successful', 'partly_successful', 'failed', 'returned')
  AND w.approvals_needed > (SELECT count(DISTINCT reviewer) FROM review r
      WHERE r.withdrawal = w.id AND r.decision = 'approve' AND r.reviewer <> w.maker);

-- invariant: claims and resources add up
SELECT 'account ' || a.ref FROM account a
WHERE a.overdue <> (SELECT coalesce(sum(amount), 0) FROM claim c WHERE c.account = a.id AND c.kind = 'overdue')
   OR a.unsettled <> (SELECT coalesce(sum(amount), 0) FROM claim c WHERE c.account = a.id AND c.kind = 'unsettled')
   OR a.owed_invoice <> (SELECT coalesce(sum(amount), 0) FROM claim c WHERE c.account = a.id AND c.kind = 'owed_invoice')
   OR a.payg_active <> (SELECT count(*) FROM resource r WHERE r.account = a.id AND r.state = 'active');

-- invariant: a subject's overdue is that of its accounts
SELECT 'subject ' || hex(s.id) FROM subject s
WHERE s.overdue <> (SELECT coalesce(sum(overdue), 0) FROM account a WHERE a.subject = s.id);

-- invariant: the audit chain has no gap
SELECT 'seq ' || a.seq FROM audit a LEFT JOIN audit b ON b.seq = a.seq - 1
WHERE (a.seq <> 1 AND b.seq IS NULL) OR a.previous <> b.hash;

-- invariant: an entry stands in the audit chain once
SELECT 'entries ' || (SELECT count(*) FROM entry)
WHERE (SELECT count(*) FROM entry) <> (SELECT coalesce(sum(json_array_length(body, '$.entries')), 0) FROM audit);

-- invariant: a status is where the audited moves left it
SELECT 'withdrawal ' || w.id || ' ' || w.status FROM withdrawal w
WHERE w.id NOT IN (SELECT v.id FROM audit a JOIN withdrawal v ON v.id = a.object
                   WHERE instr(a.body, '"to":"' || v.status || '"') > 0)
  AND NOT EXISTS ( -- a statement of a lost time moves several: each under its name
    SELECT 1 FROM audit a, json_each(a.body, '$.moves') m
    WHERE a.command = 'statement' AND json_extract(m.value, '$.to') = w.status AND json_extract(m.value, '$.o') = 'wd_' || (
        SELECT group_concat(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (w.id >> value & 31) + 1, 1), '')
        FROM json_each('[60,55,50,45,40,35,30,25,20,15,10,5,0]')));
