-- Ebb, schema 2, the twin of ../0002_counted_day.sql.

ALTER TABLE withdrawal ADD COLUMN counted_day bigint NOT NULL DEFAULT 0 CHECK (counted_day >= 0);
UPDATE withdrawal SET counted_day = to_char(
    timestamp '1970-01-01 08:00' + confirmed_at / 1000 * interval '1 second', 'YYYYMMDD')::bigint
WHERE counted = 1;
ALTER TABLE withdrawal DROP COLUMN counted;

UPDATE account SET day = coalesce((
    SELECT to_char(timestamp '1970-01-01 08:00' + max(w.confirmed_at) / 1000 * interval '1 second', 'YYYYMMDD')::bigint
    FROM withdrawal w WHERE w.account = account.id), 0);
UPDATE account SET month = day / 100;
UPDATE account SET (withdrawals_month, withdrawals_day, withdrawn_day) = (
    SELECT count(*) FILTER (WHERE w.counted_day / 100 = account.month),
           count(*) FILTER (WHERE w.counted_day = account.day),
           coalesce(sum(w.amount) FILTER (WHERE w.counted_day = account.day), 0)
    FROM withdrawal w WHERE w.account = account.id AND w.counted_day <> 0);
