-- Ebb, schema 2. A withdrawal remembers under which day its account counts it: the Shanghai day as 20261120, 0 where it
-- does not count. The counters of an account stand on the latest day that one of its withdrawals was confirmed on, and
-- never go back: what a clock that was set back had counted anew is counted again here, from the withdrawals.

ALTER TABLE withdrawal ADD COLUMN counted_day INTEGER NOT NULL DEFAULT 0 CHECK (counted_day >= 0);
UPDATE withdrawal SET counted_day = CAST(strftime('%Y%m%d', confirmed_at / 1000 + 28800, 'unixepoch') AS INTEGER)
WHERE counted = 1;
ALTER TABLE withdrawal DROP COLUMN counted;

UPDATE account SET day = coalesce((
    SELECT CAST(strftime('%Y%m%d', max(w.confirmed_at) / 1000 + 28800, 'unixepoch') AS INTEGER)
    FROM withdrawal w WHERE w.account = account.id), 0);
UPDATE account SET month = day / 100;
UPDATE account SET (withdrawals_month, withdrawals_day, withdrawn_day) = (
    SELECT coalesce(sum(w.counted_day / 100 = account.month), 0), coalesce(sum(w.counted_day = account.day), 0),
           coalesce(sum(CASE WHEN w.counted_day = account.day THEN w.amount ELSE 0 END), 0)
    FROM withdrawal w WHERE w.account = account.id AND w.counted_day <> 0);
