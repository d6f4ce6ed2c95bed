-- SPDX-License-Identifier: Apache-2.0
-- What a checkpoint needs besides the sums that every audit makes. Only behind sound books.

-- keep: known
INSERT OR IGNORE INTO known SELECT entry FROM named;

-- keep: fund
-- A fund that stands at nothing is left out, unless it stood at something at the checkpoint before.
INSERT INTO fund
SELECT account, ledger, source, sum(amount)
FROM (SELECT account, ledger, source, amount FROM flow UNION ALL SELECT * FROM flow_base)
GROUP BY account, ledger, source HAVING sum(amount) <> 0 OR EXISTS (SELECT 1 FROM base_head);

-- keep: account_subject
INSERT INTO account_subject SELECT id, subject, overdue FROM account;

-- keep: head
INSERT INTO head
SELECT 1, 1, a.seq, lower(hex(a.hash)), (SELECT value FROM main.meta WHERE key = 'store'),
    (SELECT count(*) FROM main.entry), (SELECT count(*) FROM main.posting),
    (SELECT coalesce(max(id), 0) FROM main.entry), (SELECT coalesce(max(id), 0) FROM main.account),
    (SELECT coalesce(max(id), 0) FROM main.topup), (SELECT coalesce(max(id), 0) FROM main.parcel),
    (SELECT coalesce(max(id), 0) FROM main.fact), (SELECT coalesce(max(id), 0) FROM main.claim),
    (SELECT coalesce(max(id), 0) FROM main.resource), (SELECT coalesce(max(owner), 0) FROM main.draw),
    (SELECT coalesce(max(id), 0) FROM main.withdrawal), (SELECT coalesce(max(id), 0) FROM main.leg),
    (SELECT coalesce(max(id), 0) FROM main.attempt), (SELECT coalesce(max(id), 0) FROM main.evidence),
    (SELECT coalesce(max(id), 0) FROM main.review), (SELECT coalesce(max(id), 0) FROM main.stray)
FROM main.audit a ORDER BY a.seq DESC LIMIT 1;
