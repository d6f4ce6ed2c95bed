-- SPDX-License-Identifier: Apache-2.0
-- Withdrawals, their legs, lots, attempts, evidence and reviews, against each other and the journal.

-- check: withdrawal_legs | the legs of a withdrawal add up to its amount
SELECT 'withdrawal', w.id, w.amount, coalesce(l.amount, 0), w.amount - coalesce(l.amount, 0)
FROM withdrawal w LEFT JOIN (
    SELECT withdrawal, sum(amount) AS amount FROM leg GROUP BY withdrawal) l ON l.withdrawal = w.id
WHERE w.amount <> coalesce(l.amount, 0);

-- check: withdrawal_currency | a withdrawal is in its account's currency
SELECT 'withdrawal', w.id, w.currency, a.currency, w.amount
FROM withdrawal w JOIN account a ON a.id = w.account WHERE a.currency <> w.currency;

-- check: withdrawal_status_legs | a withdrawal's status is the one that its legs make
SELECT 'withdrawal', w.id, w.status,
       l.planned || ' planned, ' || l.held || ' held, ' || l.flying || ' in flight, ' || l.paid || ' paid, '
           || l.returned || ' returned, ' || l.dead || ' ended unpaid', w.amount
FROM withdrawal w JOIN (
    SELECT withdrawal, count(*) AS n,
           sum(status = 'planned') AS planned, sum(status = 'held') AS held,
           sum(status IN ('sending', 'accepted', 'unknown', 'manual')) AS flying, sum(status = 'successful') AS paid,
           sum(status = 'returned') AS returned, sum(status IN ('failed', 'released', 'rerouted')) AS dead
    FROM leg GROUP BY withdrawal) l ON l.withdrawal = w.id
WHERE NOT CASE w.status
    WHEN 'awaiting_code' THEN l.planned = l.n
    WHEN 'in_review' THEN l.held = l.n
    WHEN 'need_documents' THEN l.held = l.n
    WHEN 'approved' THEN l.held > 0 AND l.held + l.dead = l.n
    WHEN 'dispatching' THEN l.planned = 0 AND l.held + l.flying > 0
    WHEN 'successful' THEN l.paid > 0 AND l.paid + l.returned = l.n
    WHEN 'partly_successful' THEN l.paid > 0 AND l.dead > 0 AND l.paid + l.returned + l.dead = l.n
    WHEN 'failed' THEN l.dead = l.n
    WHEN 'returned' THEN l.returned > 0 AND l.returned + l.dead = l.n
    WHEN 'rejected' THEN l.dead = l.n
    WHEN 'cancelled' THEN l.dead + l.planned = l.n
    WHEN 'expired' THEN l.dead + l.planned = l.n
    ELSE 0 END;

-- check: withdrawal_counted | a withdrawal counts from its confirmation until it is rejected, failed or cancelled
SELECT 'withdrawal', w.id, w.counted_day, w.status, w.amount
FROM withdrawal w
WHERE (w.counted_day <> 0) <> (w.confirmed_at IS NOT NULL AND w.status NOT IN ('rejected', 'failed', 'cancelled',
    'awaiting_code', 'expired'));

-- check: withdrawal_confirmed | money is held from the confirmation on, and never without one
SELECT 'withdrawal', w.id, w.confirmed_at, coalesce(sum(s.frozen), 0), w.amount
FROM withdrawal w JOIN leg l ON l.withdrawal = w.id LEFT JOIN leg_sum s ON s.leg = l.id
GROUP BY w.id HAVING (w.confirmed_at IS NULL) <> (coalesce(sum(s.frozen), 0) = 0);

-- check: withdrawal_policy | the policy version that a withdrawal pins is kept
SELECT 'withdrawal', w.id, w.policy || ' ' || w.policy_version, NULL, w.amount
FROM withdrawal w LEFT JOIN policy p ON p.name = w.policy AND p.version = w.policy_version WHERE p.name IS NULL;

-- check: leg_account | a leg is of its withdrawal's account and route
SELECT 'leg', l.id, l.account || ' ' || l.route, w.account || ' ' || w.route, l.amount
FROM leg l JOIN withdrawal w ON w.id = l.withdrawal WHERE l.account <> w.account OR l.route <> w.route;

-- check: leg_number_gap | the legs of a withdrawal are numbered 1, 2, …
SELECT 'withdrawal', withdrawal, max(number), count(*), sum(amount)
FROM leg GROUP BY withdrawal HAVING max(number) <> count(*) OR min(number) <> 1;

-- check: leg_amount | the lots of a leg add up to its amount
SELECT 'leg', l.id, l.amount, coalesce(t.amount, 0), l.amount - coalesce(t.amount, 0)
FROM leg l LEFT JOIN (SELECT leg, sum(amount) AS amount FROM leg_lots GROUP BY leg) t ON t.leg = l.id
WHERE l.amount <> coalesce(t.amount, 0);

-- check: leg_money | the journal of a leg is the one that its status asks for
SELECT 'leg', l.id, l.status,
       coalesce(s.frozen, 0) || ' frozen, ' || coalesce(s.settled, 0) || ' settled, ' || coalesce(s.released, 0)
           || ' released, ' || coalesce(s.returned, 0) || ' returned', l.amount
FROM leg l LEFT JOIN leg_sum s ON s.leg = l.id
WHERE NOT CASE
    WHEN l.status = 'planned' THEN coalesce(s.freezes + s.settles + s.releases + s.returns, 0) = 0
    WHEN l.status IN ('held', 'sending', 'accepted', 'unknown', 'manual')
        THEN coalesce(s.frozen = l.amount AND s.settles + s.releases + s.returns = 0, 0)
    WHEN l.status = 'successful'
        THEN coalesce(s.frozen = l.amount AND s.settled = l.amount AND s.releases + s.returns = 0, 0)
    WHEN l.status = 'returned'
        THEN coalesce(s.frozen = l.amount AND s.settled = l.amount AND s.returned = l.amount AND s.releases = 0, 0)
    WHEN l.status IN ('failed', 'released', 'rerouted')
        THEN coalesce(s.frozen = l.amount AND s.released = l.amount AND s.settles + s.returns = 0, 0)
    ELSE 0 END;

-- check: leg_resolved_twice | a hold is frozen once and ends once: settled or released, and returned at most once
SELECT 'leg', leg, freezes || ' freeze, ' || settles || ' settle, ' || releases || ' release, ' || returns
    || ' return', '1/1',
       settled + released - frozen
FROM leg_sum WHERE freezes > 1 OR settles + releases > 1 OR returns > settles OR (settles + releases > freezes);

-- check: leg_lot_journal | a leg's entries move exactly its lots, top-up by top-up
SELECT 'leg', f.leg, 'top-up ' || f.source || ': ' || coalesce(t.amount, 0),
       f.frozen || ' frozen, ' || f.settled || ' settled, ' || f.released || ' released, ' || f.returned || ' returned',
       max(f.frozen, f.settled, f.released, f.returned) - coalesce(t.amount, 0)
FROM leg_flow f LEFT JOIN leg_lots t ON t.leg = f.leg AND t.topup = f.source
WHERE f.frozen NOT IN (0, coalesce(t.amount, 0)) OR f.settled NOT IN (0, coalesce(t.amount, 0))
   OR f.released NOT IN (0, coalesce(t.amount, 0)) OR f.returned NOT IN (0, coalesce(t.amount, 0));

-- check: lot_topup | a lot is part of one of the account's top-ups, and of its own leg's withdrawal
SELECT 'lot', o.leg || '/' || o.line, 'top-up ' || o.topup || ' withdrawal ' || o.withdrawal,
       'account ' || l.account || ' withdrawal ' || l.withdrawal, o.amount
FROM lot o JOIN leg l ON l.id = o.leg LEFT JOIN topup t ON t.id = o.topup
WHERE o.withdrawal <> l.withdrawal OR (o.topup <> 0 AND (t.id IS NULL OR t.account <> l.account));

-- check: leg_attempt_open | a leg in flight has its one open attempt, any other leg has none
SELECT 'leg', l.id, l.status, coalesce(a.open, 0), l.amount
FROM leg l LEFT JOIN leg_attempts a ON a.leg = l.id
WHERE coalesce(a.open, 0) <> (l.status IN ('sending', 'accepted', 'unknown', 'manual'));

-- check: leg_attempt_paid | a paid leg has exactly one paid attempt, any other leg has none
SELECT 'leg', l.id, l.status, coalesce(a.paid, 0) || ' paid, ' || coalesce(a.returned, 0) || ' returned', l.amount
FROM leg l LEFT JOIN leg_attempts a ON a.leg = l.id
WHERE coalesce(a.paid, 0) <> (l.status = 'successful') OR coalesce(a.returned, 0) <> (l.status = 'returned');

-- check: leg_dates | a leg knows when it was paid and returned, and only then
SELECT 'leg', l.id, coalesce(l.paid_at, 'NULL') || ' ' || coalesce(l.returned_at, 'NULL'), l.status, l.amount
FROM leg l
WHERE (l.paid_at IS NOT NULL) <> (l.status IN ('successful', 'returned'))
    OR (l.returned_at IS NOT NULL) <> (l.status = 'returned');

-- check: attempt_leg | an attempt is for its leg's account, withdrawal and channel, and for its amount less the fee
SELECT 'attempt', a.id, a.account || ' ' || a.withdrawal || ' ' || a.channel || ' ' || a.amount,
       l.account || ' ' || l.withdrawal || ' ' || coalesce(l.channel, '') || ' ' || (l.amount - l.fee), a.amount
           - l.amount + l.fee
FROM attempt a JOIN leg l ON l.id = a.leg
WHERE a.account <> l.account OR a.withdrawal <> l.withdrawal OR a.channel IS NOT l.channel OR a.amount <> l.amount
    - l.fee;

-- check: leg_fee | of a payment the operator keeps the leg's fee and the channel the rest; a return gives both back
SELECT 'leg', l.id, p.kept || ' kept, ' || p.out || ' out', l.fee || ' of ' || l.amount, l.fee
FROM leg l JOIN leg_paid p ON p.leg = l.id
WHERE p.kept <> l.fee * CASE p.kind WHEN 'settle' THEN 1 ELSE -1 END
   OR p.out <> (l.amount - l.fee) * CASE p.kind WHEN 'settle' THEN 1 ELSE -1 END;

-- check: attempt_number_gap | the attempts of a leg are numbered 1, 2, …
SELECT 'leg', leg, last, count, NULL FROM leg_attempts WHERE last <> count;

-- check: attempt_two_open | a leg has at most one open attempt
SELECT 'leg', a.leg, a.open, 1, l.amount FROM leg_attempts a JOIN leg l ON l.id = a.leg WHERE a.open > 1;

-- check: attempt_too_early | a further attempt begins only after the one before was refused
SELECT 'attempt', b.id, 'number ' || b.number, 'number ' || a.number || ' is ' || a.status, b.amount
FROM attempt a JOIN attempt b ON b.withdrawal = a.withdrawal AND b.leg = a.leg AND b.number = a.number + 1
WHERE a.status <> 'refused';

-- check: attempt_key_again | a channel key names one attempt
SELECT 'attempt', max(id), key, count(*), sum(amount) FROM attempt GROUP BY key HAVING count(*) > 1;

-- check: settle_evidence | money settles only on evidence of the same amount
SELECT 'leg', l.id, 'settled', 'no paid evidence of ' || (l.amount - l.fee), l.amount - l.fee
FROM leg_sum s JOIN leg l ON l.id = s.leg
WHERE s.settles > 0 AND NOT EXISTS (
    SELECT 1 FROM attempt a JOIN evidence v ON v.withdrawal = a.withdrawal AND v.attempt = a.id
    WHERE a.withdrawal = l.withdrawal AND a.leg = l.id AND a.status IN ('paid', 'returned')
      AND v.kind IN ('paid', 'returned') AND v.amount = l.amount - l.fee);

-- check: return_evidence | money comes back only on evidence of a return
SELECT 'leg', l.id, 'returned', 'no evidence of a return', l.amount
FROM leg_sum s JOIN leg l ON l.id = s.leg
WHERE s.returns > 0 AND NOT EXISTS (
    SELECT 1 FROM attempt a JOIN evidence v ON v.withdrawal = a.withdrawal AND v.attempt = a.id
    WHERE a.withdrawal = l.withdrawal AND a.leg = l.id AND v.kind = 'returned');

-- check: refused_evidence | an attempt is refused only on evidence that nothing was paid
SELECT 'attempt', a.id, a.status, 'no evidence that it was not paid', a.amount
FROM attempt a
WHERE a.status = 'refused' AND NOT EXISTS (
    SELECT 1 FROM evidence v WHERE v.withdrawal = a.withdrawal AND v.attempt = a.id AND v.kind = 'not_paid');

-- check: evidence_attempt | evidence names an attempt of its withdrawal, account and key
SELECT 'evidence', v.id, v.attempt || ' ' || coalesce(v.key, ''), coalesce(a.withdrawal, 'NULL') || ' '
    || coalesce(a.key, ''), v.amount
FROM evidence v LEFT JOIN attempt a ON a.id = v.attempt
WHERE v.attempt IS NOT NULL AND (a.id IS NULL OR v.withdrawal IS NOT a.withdrawal OR v.account IS NOT a.account
    OR (v.key IS NOT NULL AND v.key <> a.key));

-- check: review_missing | what needed approval was approved by as many people, none of them its maker
SELECT 'withdrawal', w.id, w.status, coalesce(r.n, 0) || ' of ' || w.approvals_needed || ' approvals', w.amount
FROM withdrawal w LEFT JOIN (
    SELECT v.withdrawal, count(*) AS n FROM approval v JOIN withdrawal x ON x.id = v.withdrawal
    WHERE v.reviewer <> x.maker GROUP BY v.withdrawal) r ON r.withdrawal = w.id
WHERE w.status IN ('approved', 'dispatching', 'successful', 'partly_successful', 'failed', 'returned')
  AND coalesce(r.n, 0) < w.approvals_needed;

-- check: review_by_maker | nobody decides on what he made himself
SELECT 'review', r.id, r.reviewer, w.maker, w.amount
FROM review r JOIN withdrawal w ON w.id = r.withdrawal WHERE r.reviewer = w.maker;

-- check: approvals_counted | a withdrawal counts its approvals
SELECT 'withdrawal', w.id, w.approvals, coalesce(r.n, 0), w.amount
FROM withdrawal w LEFT JOIN (
    SELECT withdrawal, count(*) AS n FROM approval GROUP BY withdrawal) r ON r.withdrawal = w.id
WHERE w.approvals <> coalesce(r.n, 0);
