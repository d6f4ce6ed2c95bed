-- SPDX-License-Identifier: Apache-2.0
-- Reconciliation: that statements have the lines that they say, that a line is of the payment that it names, and that breaks
-- end as their story says.

-- check: statement_lines | a statement has as many lines as were taken, and is over when it has all of them
SELECT 'statement', s.id, s.taken || ' of ' || s.lines || ' taken', coalesce(l.count, 0) || ' lines', NULL
FROM recon_statement s LEFT JOIN (
    SELECT statement, count(*) AS count, max(number) AS last FROM main.recon_line GROUP BY statement) l ON l.statement = s.id
WHERE coalesce(l.count, 0) <> s.taken OR coalesce(l.last, 0) <> s.taken OR (s.done_at IS NOT NULL AND s.taken <> s.lines);

-- check: statement_status_move | a statement is over when its last move says so
SELECT 'statement', s.id, CASE WHEN s.done_at IS NULL THEN 'taking' ELSE 'taken' END, coalesce(m.became, 'no move'), NULL
FROM recon_statement s LEFT JOIN last_move m ON m.prefix = 'sm' AND m.object = s.id
WHERE m.became IS NOT CASE WHEN s.done_at IS NULL THEN 'taking' ELSE 'taken' END;

-- check: statement_key | a line of a statement is of the payment that has its key, at its channel
SELECT 'statement', l.statement, 'line ' || l.number || ': ' || l.channel || ' ' || l.key,
       coalesce(a.channel || ' ' || a.key, 'no payment'), l.amount
FROM recon_statement s JOIN main.recon_line l ON l.statement = s.id LEFT JOIN main.attempt a ON a.id = l.attempt
WHERE l.attempt IS NOT NULL AND (a.key IS NOT l.key OR a.channel IS NOT l.channel);

-- check: break_status_move | a break's status is where its last move went
SELECT 'break', b.id, b.status, coalesce(m.became, 'no move'), b.theirs
FROM recon_break b LEFT JOIN last_move m ON m.prefix = 'bk' AND m.object = b.id
WHERE m.became IS NOT b.status;

-- check: break_people | a break is settled by a person with a reason, and by a statement only when it came late
SELECT 'break', id, coalesce(settler, 'nobody') || ': ' || coalesce(reason, 'no reason'), 'a person and a reason', theirs
FROM recon_break
WHERE status = 'settled' AND (settler IS NULL OR reason IS NULL OR (settler = 'statement') <> (kind = 'late'));

-- check: break_word | every kind, owner and status of a break is a word that the books know
SELECT 'break', id, kind || ' ' || owner || ' ' || status, 'known words', theirs FROM recon_break
WHERE kind NOT IN ('ours_not_theirs', 'theirs_not_ours', 'amount_differs', 'status_differs', 'duplicate', 'late')
   OR owner NOT IN ('channel', 'treasury') OR status NOT IN ('open', 'settled');
