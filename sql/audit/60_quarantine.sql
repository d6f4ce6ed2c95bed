-- SPDX-License-Identifier: Apache-2.0
-- Quarantine after a restore: that nothing moved in it, that two people ended it, and where the payments of the lost time
-- stand that the books do not know.

-- setup: stray_sum
INSERT INTO stray_sum
SELECT stray, account, sum(out), sum(taken)
FROM (
    SELECT coalesce(object, 0) AS stray, owner AS account,
           CASE WHEN kind IN ('stray', 'stray_back') AND ledger = 'channel' THEN amount ELSE 0 END AS out,
           CASE WHEN kind = 'recovery' AND ledger = 'suspense' THEN amount ELSE 0 END AS taken
    FROM fresh WHERE kind IN ('stray', 'stray_back', 'recovery')
    UNION ALL SELECT b.* FROM touched t CROSS JOIN base_stray_sum b ON b.stray = t.id)
GROUP BY stray, account;

-- setup: stillness
INSERT INTO stillness
SELECT q.id, min(coalesce(b.began, m.began), coalesce(m.began, b.began)),
       max(coalesce(b.ended, m.ended), coalesce(m.ended, b.ended))
FROM quarantine q LEFT JOIN base_stillness b ON b.quarantine = q.id LEFT JOIN (
    SELECT object, min(CASE WHEN became = 'quarantined' THEN seq END) AS began,
           max(CASE WHEN became = 'released' THEN seq END) AS ended
    FROM move WHERE prefix = 'qu' AND NOT known GROUP BY object) m ON m.object = q.id;

-- check: account_suspended | what an account has in suspense is the sum of its strays there
SELECT 'account', a.id, a.suspended, coalesce(s.amount, 0), a.suspended - coalesce(s.amount, 0)
FROM account a LEFT JOIN (
    SELECT account, sum(amount) AS amount FROM main.stray WHERE status = 'suspense' GROUP BY account) s
    ON s.account = a.id
WHERE a.suspended <> coalesce(s.amount, 0);

-- check: stray_money | a stray's money is where its status says
SELECT 'stray', s.id, s.status || ', ' || s.taken || ' taken', coalesce(j.out, 0) || ' out, ' || coalesce(j.taken, 0)
    || ' taken', s.amount
FROM stray s LEFT JOIN (SELECT stray, sum(out) AS out, sum(taken) AS taken FROM stray_sum GROUP BY stray) j
    ON j.stray = s.id
WHERE coalesce(j.out, 0) <> CASE
        WHEN s.status = 'suspense' OR (s.status = 'settled' AND s.decision <> 'came_back') THEN s.amount ELSE 0 END
   OR coalesce(j.taken, 0) <> CASE WHEN s.status = 'settled' AND s.decision = 'take' THEN s.taken ELSE 0 END;

-- check: stray_account | a stray stands in the books of its own account only
SELECT 'stray', j.stray, j.account, s.account, j.out
FROM stray_sum j LEFT JOIN stray s ON s.id = j.stray
WHERE s.id IS NULL OR (j.account IS NOT s.account AND (j.out <> 0 OR j.taken <> 0));

-- check: stray_draws | what was taken of a customer's funds for a stray has its draws
SELECT 'stray', s.id, CASE WHEN s.status = 'settled' THEN s.taken ELSE 0 END, coalesce(d.amount, 0), s.taken
FROM stray s LEFT JOIN (SELECT owner, sum(amount) AS amount FROM draw GROUP BY owner) d ON d.owner = s.id
WHERE coalesce(d.amount, 0) <> CASE WHEN s.status = 'settled' THEN s.taken ELSE 0 END;

-- check: stray_status_move | a stray's status is where its last move went
SELECT 'stray', s.id, s.status, coalesce(m.became, 'no move'), s.amount
FROM stray s LEFT JOIN last_move m ON m.prefix = 'st' AND m.object = s.id
WHERE m.became IS NOT s.status;

-- check: stray_people | a stray is settled by two people
SELECT 'stray', id, coalesce(proposer, 'nobody') || ' and ' || coalesce(settler, 'nobody'), 'two people', amount
FROM stray WHERE status = 'settled' AND (proposer IS NULL OR settler IS NULL OR proposer = settler);

-- check: stray_key_again | a key that the lost time used is used by nothing else
SELECT 'attempt', a.id, a.key, 'stray ' || s.id, a.amount
FROM attempt a JOIN main.stray s ON s.channel = a.channel AND s.key = a.key
UNION
SELECT 'attempt', a.id, a.key, 'stray ' || s.id, a.amount
FROM stray s JOIN main.attempt a ON a.key = s.key AND a.channel = s.channel;

-- check: stray_word | every status, outcome and decision of a stray is a word that the books know
SELECT 'stray', id, status || ' ' || outcome || ' ' || coalesce(decision, ''), 'known words', amount FROM stray
WHERE status NOT IN ('unassigned', 'pending', 'suspense', 'settled', 'void')
   OR outcome NOT IN ('paid', 'accepted', 'not_paid', 'returned')
   OR coalesce(decision, 'take') NOT IN ('take', 'bear', 'came_back');

-- check: quarantine_people | a quarantine is proposed for release by one person and released by another, and an override has the reasons of both
SELECT 'quarantine', id, coalesce(proposer, 'nobody') || ' and ' || coalesce(releaser, 'nobody'), 'two people', NULL
FROM quarantine
WHERE released_at IS NOT NULL AND (proposer IS NULL OR releaser IS NULL OR proposer = releaser
    OR (overrides = 1 AND (proposal IS NULL OR verdict IS NULL)));

-- check: quarantine_status_move | a quarantine is over when its last move says so
SELECT 'quarantine', q.id, CASE WHEN q.released_at IS NULL THEN 'open' ELSE 'released' END, coalesce(m.became, 'no move'),
       NULL
FROM quarantine q LEFT JOIN last_move m ON m.prefix = 'qu' AND m.object = q.id
WHERE m.became IS NULL OR (q.released_at IS NOT NULL) <> (m.became = 'released');

-- check: quarantine_clear | without an override no payment of the lost time is left without its account
SELECT 'quarantine', q.id, s.key || ' is ' || s.status, 'reconciled', s.amount
FROM quarantine q JOIN main.stray s ON s.quarantine = q.id
WHERE q.released_at IS NOT NULL AND q.overrides = 0 AND s.status IN ('unassigned', 'pending') AND s.at <= q.released_at;

-- check: quarantine_stillness | in quarantine nothing moves but what reconciles
SELECT 'audit', a.seq, a.command, 'quarantine ' || t.quarantine, NULL
FROM stillness t JOIN audit a ON a.seq > t.began AND a.seq < coalesce(t.ended, 9223372036854775807)
WHERE a.command NOT IN ('quarantine', 'statement', 'release', 'stray_name', 'stray_settle', 'evidence', 'tick');

-- check: quarantine_sends | in quarantine no payment is begun or sent again
SELECT 'attempt', m.object, 'seq ' || m.seq || ': ' || m.event, 'quarantine ' || t.quarantine, NULL
FROM stillness t JOIN move m ON m.seq > t.began AND m.seq < coalesce(t.ended, 9223372036854775807)
JOIN audit a ON a.seq = m.seq
WHERE m.prefix = 'at' AND m.became = 'intent' AND a.command <> 'statement';

-- check: quarantine_began | a quarantine has the audit row that began it
SELECT 'quarantine', quarantine, NULL, 'an audit row', NULL FROM stillness WHERE began IS NULL;
