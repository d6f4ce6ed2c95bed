-- Ebb, schema 10: what the audit says of one withdrawal, and of the documents that were brought for it. Facts of billing, which
-- are most of the rows, are not in the index (docs/adr/0025-audit-of-a-withdrawal.md). They are named one by one: for a list,
-- SQLite would build a table for each row that is inserted.
CREATE INDEX audit_of ON audit (object, seq)
    WHERE command <> 'charge' AND command <> 'topup' AND command <> 'claim' AND command <> 'resource' AND command <> 'account';
