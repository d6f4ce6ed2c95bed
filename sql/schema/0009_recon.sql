-- Ebb, schema 9: statements of channels, what each of their lines was, and the breaks: where our books, our payments and the
-- channel do not say the same (docs/reconciliation.md). PostgreSQL's twin says the same in its own words.

-- A statement is known by the hash of its file: the same file goes on where it stood, or changes nothing. `taken`: so many of
-- its lines; `swept`: the last of our payments that was looked for in it.
CREATE TABLE recon_statement (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL, hash BLOB NOT NULL, format TEXT NOT NULL, own_account TEXT,
    covers_from INTEGER NOT NULL, covers_to INTEGER NOT NULL CHECK (covers_from <= covers_to),
    lines INTEGER NOT NULL CHECK (lines >= 0), taken INTEGER NOT NULL CHECK (taken >= 0 AND taken <= lines),
    matched INTEGER NOT NULL CHECK (matched >= 0 AND matched <= taken), breaks INTEGER NOT NULL CHECK (breaks >= 0),
    swept INTEGER NOT NULL, principal TEXT NOT NULL, at INTEGER NOT NULL, done_at INTEGER,
    CHECK (done_at IS NULL OR taken = lines)) STRICT;
CREATE UNIQUE INDEX recon_statement_by_hash ON recon_statement (channel, hash);

CREATE TABLE recon_line (
    id INTEGER PRIMARY KEY,
    statement INTEGER NOT NULL REFERENCES recon_statement (id), number INTEGER NOT NULL CHECK (number > 0),
    channel TEXT NOT NULL, key TEXT NOT NULL, outcome TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0), currency TEXT, reference TEXT, booked_at INTEGER NOT NULL,
    attempt INTEGER, verdict TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX recon_line_by_number ON recon_line (statement, number);
CREATE INDEX recon_line_by_key ON recon_line (channel, key, id);

CREATE TABLE recon_break (
    id INTEGER PRIMARY KEY,
    statement INTEGER NOT NULL REFERENCES recon_statement (id), line INTEGER,
    channel TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, owner TEXT NOT NULL, detail TEXT NOT NULL,
    attempt INTEGER, withdrawal INTEGER, account INTEGER,
    ours INTEGER NOT NULL CHECK (ours >= 0), theirs INTEGER NOT NULL CHECK (theirs >= 0), currency TEXT,
    status TEXT NOT NULL CHECK (status IN ('open','settled')), at INTEGER NOT NULL,
    settler TEXT, reason TEXT, settled_at INTEGER,
    CHECK ((status = 'settled') = (settler IS NOT NULL AND reason IS NOT NULL AND settled_at IS NOT NULL))) STRICT;
CREATE INDEX recon_break_open ON recon_break (id) WHERE status = 'open';
CREATE INDEX recon_break_by_key ON recon_break (channel, key, id);
