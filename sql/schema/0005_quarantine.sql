-- Ebb, schema 5: quarantine after a restore, and the payments of a lost time.

ALTER TABLE account ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0 CHECK (suspended >= 0);

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    reason TEXT NOT NULL, detail TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    gap_from INTEGER NOT NULL, gap_to INTEGER NOT NULL CHECK (gap_from <= gap_to),
    head_seq INTEGER NOT NULL CHECK (head_seq >= 0), anchor_seq INTEGER,
    store TEXT NOT NULL, next_store TEXT NOT NULL CHECK (store <> next_store),
    restored_from TEXT,
    seen BLOB, strangers TEXT,
    ids_floor INTEGER NOT NULL CHECK (ids_floor >= 0),
    proposer TEXT, proposed_at INTEGER, overrides INTEGER NOT NULL CHECK (overrides IN (0,1)),
    proposal TEXT, verdict TEXT,
    releaser TEXT, released_at INTEGER,
    CHECK (released_at IS NULL OR (releaser IS NOT NULL AND proposer IS NOT NULL AND releaser <> proposer))) STRICT;
CREATE UNIQUE INDEX quarantine_one ON quarantine ((released_at IS NULL)) WHERE released_at IS NULL;

CREATE TABLE cover (
    id INTEGER PRIMARY KEY,
    quarantine INTEGER NOT NULL REFERENCES quarantine (id),
    channel TEXT NOT NULL, covers_from INTEGER NOT NULL, covers_to INTEGER NOT NULL CHECK (covers_from <= covers_to),
    lines INTEGER NOT NULL CHECK (lines >= 0), principal TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX cover_by_quarantine ON cover (quarantine, id);

CREATE TABLE stray (
    id INTEGER PRIMARY KEY,
    quarantine INTEGER NOT NULL REFERENCES quarantine (id),
    channel TEXT NOT NULL, key TEXT NOT NULL,
    account INTEGER REFERENCES account (id), withdrawal INTEGER, leg INTEGER,
    status TEXT NOT NULL CHECK (status IN ('unassigned','pending','suspense','settled','void')),
    outcome TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount >= 0), currency TEXT, reference TEXT, paid_at INTEGER,
    decision TEXT, taken INTEGER NOT NULL CHECK (taken >= 0 AND taken <= amount), proposer TEXT, settler TEXT, reason TEXT,
    at INTEGER NOT NULL, settled_at INTEGER,
    CHECK (status <> 'suspense' OR account IS NOT NULL),
    CHECK (status <> 'settled' OR (settler IS NOT NULL AND settler <> proposer))) STRICT;
CREATE UNIQUE INDEX stray_by_key ON stray (channel, key);
CREATE INDEX stray_open ON stray (id) WHERE status IN ('unassigned','pending','suspense');
