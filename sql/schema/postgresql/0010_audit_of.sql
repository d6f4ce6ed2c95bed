-- Ebb, schema 10, the twin of ../0010_audit_of.sql.
CREATE INDEX audit_of ON audit (object, seq)
    WHERE command <> 'charge' AND command <> 'topup' AND command <> 'claim' AND command <> 'resource' AND command <> 'account';
