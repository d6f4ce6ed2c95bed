-- Ebb, schema 10: what the audit says of one withdrawal, and of the documents that were brought for it. Facts of billing, which
-- are most of the rows, are not in the index (docs/adr/0025-audit-of-a-withdrawal.md).
CREATE INDEX audit_of ON audit (object, seq)
    WHERE command IN ('withdraw','code','resend','cancel','review','document','resolve','evidence','tick');
