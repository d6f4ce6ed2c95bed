-- Ebb, schema 9, the twin of ../0009_recon.sql.
CREATE TABLE recon_statement (
    id bigint PRIMARY KEY,
    channel text NOT NULL, hash bytea NOT NULL, format text NOT NULL, own_account text,
    covers_from bigint NOT NULL, covers_to bigint NOT NULL CHECK (covers_from <= covers_to),
    lines bigint NOT NULL CHECK (lines >= 0), taken bigint NOT NULL CHECK (taken >= 0 AND taken <= lines),
    matched bigint NOT NULL CHECK (matched >= 0 AND matched <= taken), breaks bigint NOT NULL CHECK (breaks >= 0),
    swept bigint NOT NULL, principal text NOT NULL, at bigint NOT NULL, done_at bigint,
    CHECK (done_at IS NULL OR taken = lines));
CREATE UNIQUE INDEX recon_statement_by_hash ON recon_statement (channel, hash);

CREATE TABLE recon_line (
    id bigint PRIMARY KEY,
    statement bigint NOT NULL REFERENCES recon_statement (id), number bigint NOT NULL CHECK (number > 0),
    channel text NOT NULL, key text NOT NULL, outcome text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0), currency text, reference text, booked_at bigint NOT NULL,
    attempt bigint, verdict text NOT NULL);
CREATE UNIQUE INDEX recon_line_by_number ON recon_line (statement, number);
CREATE INDEX recon_line_by_key ON recon_line (channel, key, id);

CREATE TABLE recon_break (
    id bigint PRIMARY KEY,
    statement bigint NOT NULL REFERENCES recon_statement (id), line bigint,
    channel text NOT NULL, key text NOT NULL, kind text NOT NULL, owner text NOT NULL, detail text NOT NULL,
    attempt bigint, withdrawal bigint, account bigint,
    ours bigint NOT NULL CHECK (ours >= 0), theirs bigint NOT NULL CHECK (theirs >= 0), currency text,
    status text NOT NULL CHECK (status IN ('open','settled')), at bigint NOT NULL,
    settler text, reason text, settled_at bigint,
    CHECK ((status = 'settled') = (settler IS NOT NULL AND reason IS NOT NULL AND settled_at IS NOT NULL)));
CREATE INDEX recon_break_open ON recon_break (id) WHERE status = 'open';
CREATE INDEX recon_break_by_key ON recon_break (channel, key, id);
