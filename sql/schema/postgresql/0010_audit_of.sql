-- Ebb, schema 10, the twin of ../0010_audit_of.sql.
CREATE INDEX audit_of ON audit (object, seq)
    WHERE command IN ('withdraw','code','resend','cancel','review','document','resolve','evidence','tick');
