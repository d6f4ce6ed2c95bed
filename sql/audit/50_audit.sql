-- SPDX-License-Identifier: Apache-2.0
-- The audit rows as a story: whole, legal, and naming every entry exactly once. The chain of hashes is src/audit/chain.c.

-- check: audit_body | the body of an audit row is JSON with moves and entries
SELECT 'audit', seq, substr(body, 1, 40), 'moves and entries', NULL
FROM audit
WHERE NOT json_valid(body) OR coalesce(json_type(body, '$.moves'), 'array') <> 'array'
   OR coalesce(json_type(body, '$.entries'), 'array') <> 'array';

-- check: move_gap | each move of an object begins where the one before ended
SELECT prefix, object, 'seq ' || seq || ': from ' || coalesce(was, 'nothing'), 'it was ' || coalesce(before,
    'nothing'), NULL
FROM (SELECT prefix, object, seq, was, known, lag(became) OVER (PARTITION BY prefix, object ORDER BY seq, line) AS before
      FROM move WHERE prefix IN ('wd', 'leg', 'at'))
WHERE was IS NOT before AND NOT known;

-- check: move_illegal | every move is one that the design allows
SELECT m.prefix, m.object, coalesce(m.was, 'nothing') || ' to ' || coalesce(m.became, 'nothing'), 'seq ' || m.seq, NULL
FROM move m
WHERE m.prefix IN ('wd', 'leg', 'at') AND NOT m.known AND NOT EXISTS (
    SELECT 1 FROM legal l WHERE l.prefix = m.prefix AND l.was = coalesce(m.was, '') AND l.became = coalesce(m.became,
        ''));

-- check: withdrawal_confirmed_at | a withdrawal was confirmed in the moment of the audit row that says so
SELECT 'withdrawal', w.id, w.confirmed_at, c.at, w.amount
FROM withdrawal w JOIN confirmation c ON c.withdrawal = w.id WHERE w.confirmed_at IS NOT c.at;

-- check: withdrawal_counted_day | a withdrawal is counted under its day, or under a later one that its account knew by then
SELECT 'withdrawal', w.id, w.counted_day, shanghai_day(c.at) || ' to ' || c.latest, w.amount
FROM withdrawal w JOIN confirmation c ON c.withdrawal = w.id
WHERE w.counted_day <> 0 AND w.counted_day NOT BETWEEN shanghai_day(c.at) AND c.latest;

-- check: withdrawal_status_move | a withdrawal's status is where its last move went
SELECT 'withdrawal', w.id, w.status, coalesce(m.became, 'no move'), w.amount
FROM withdrawal w LEFT JOIN last_move m ON m.prefix = 'wd' AND m.object = w.id WHERE m.became IS NOT w.status;

-- check: leg_status_move | a leg's status is where its last move went
SELECT 'leg', l.id, l.status, coalesce(m.became, 'no move'), l.amount
FROM leg l LEFT JOIN last_move m ON m.prefix = 'leg' AND m.object = l.id WHERE m.became IS NOT l.status;

-- check: attempt_status_move | an attempt's status is where its last move went
SELECT 'attempt', a.id, a.status, coalesce(m.became, 'no move'), a.amount
FROM attempt a LEFT JOIN last_move m ON m.prefix = 'at' AND m.object = a.id WHERE m.became IS NOT a.status;

-- check: move_object_missing | every object that moved exists; only a leg that was merely planned may be planned anew
SELECT m.prefix, m.object, 'seq ' || m.seq || ': ' || m.became, NULL, NULL
FROM last_move m
WHERE m.prefix IN ('wd', 'leg', 'at')
  AND NOT CASE m.prefix WHEN 'wd' THEN EXISTS (SELECT 1 FROM withdrawal x WHERE x.id = m.object)
                        WHEN 'leg' THEN EXISTS (SELECT 1 FROM leg x WHERE x.id = m.object)
                        ELSE EXISTS (SELECT 1 FROM attempt x WHERE x.id = m.object) END
  AND NOT (m.prefix = 'leg' AND m.became = 'planned');

-- check: entry_unnamed | every entry is named by exactly one audit row
SELECT 'entry', e.id, count(n.entry) + (k.entry IS NOT NULL), 1, e.amount
FROM entry e LEFT JOIN named n ON n.entry = e.id LEFT JOIN again k ON k.entry = e.id
GROUP BY e.id HAVING count(n.entry) + (k.entry IS NOT NULL) <> 1;

-- check: audit_entry | every entry that an audit row names exists, with that kind and amount
SELECT 'audit', n.seq, n.kind || ' ' || n.amount,
       coalesce('entry ' || e.id || ': ' || e.kind || ' ' || e.amount, 'no entry ' || coalesce(n.entry, '')),
       coalesce(n.amount, 0) - coalesce(e.amount, 0)
FROM named n LEFT JOIN entry e ON e.id = n.entry
WHERE e.id IS NULL OR e.kind IS NOT n.kind OR e.amount IS NOT n.amount;

-- check: entry_moment | an entry was made in the moment of the audit row that names it
SELECT 'entry', e.id, e.at, 'seq ' || a.seq || ' at ' || a.at, e.amount
FROM named n JOIN audit a ON a.seq = n.seq JOIN entry e ON e.id = n.entry WHERE e.at <> a.at;

-- check: guard_missing | the triggers that keep journal and audit unchanged are in place
SELECT 'trigger', g.name, NULL, 'a trigger', NULL
FROM (SELECT 'entry_fixed' AS name UNION ALL SELECT 'entry_kept' UNION ALL SELECT 'posting_fixed'
      UNION ALL SELECT 'posting_kept' UNION ALL SELECT 'audit_fixed' UNION ALL SELECT 'audit_kept') g
WHERE NOT EXISTS (SELECT 1 FROM sqlite_master s WHERE s.type = 'trigger' AND s.name = g.name);
