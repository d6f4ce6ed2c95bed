-- Ebb, schema 5, the twin of ../0005_quarantine.sql.

ALTER TABLE account ADD COLUMN suspended bigint NOT NULL DEFAULT 0 CHECK (suspended >= 0);

CREATE TABLE quarantine (
    id bigint PRIMARY KEY,
    reason text NOT NULL, detail text NOT NULL,
    began_at bigint NOT NULL,
    gap_from bigint NOT NULL, gap_to bigint NOT NULL CHECK (gap_from <= gap_to),
    head_seq bigint NOT NULL CHECK (head_seq >= 0), anchor_seq bigint,
    store text NOT NULL, next_store text NOT NULL CHECK (store <> next_store),
    restored_from text,
    seen bytea, strangers text,
    ids_floor bigint NOT NULL CHECK (ids_floor >= 0),
    proposer text, proposed_at bigint, overrides bigint NOT NULL CHECK (overrides IN (0,1)),
    proposal text, verdict text,
    releaser text, released_at bigint,
    CHECK (released_at IS NULL OR (releaser IS NOT NULL AND proposer IS NOT NULL AND releaser <> proposer)));
CREATE UNIQUE INDEX quarantine_one ON quarantine ((released_at IS NULL)) WHERE released_at IS NULL;

CREATE TABLE cover (
    id bigint PRIMARY KEY,
    quarantine bigint NOT NULL REFERENCES quarantine (id),
    channel text NOT NULL, covers_from bigint NOT NULL, covers_to bigint NOT NULL CHECK (covers_from <= covers_to),
    lines bigint NOT NULL CHECK (lines >= 0), principal text NOT NULL, at bigint NOT NULL);
CREATE INDEX cover_by_quarantine ON cover (quarantine, id);

CREATE TABLE stray (
    id bigint PRIMARY KEY,
    quarantine bigint NOT NULL REFERENCES quarantine (id),
    channel text NOT NULL, key text NOT NULL,
    account bigint REFERENCES account (id), withdrawal bigint, leg bigint,
    status text NOT NULL CHECK (status IN ('unassigned','pending','suspense','settled','void')),
    outcome text NOT NULL, amount bigint NOT NULL CHECK (amount >= 0), currency text, reference text, paid_at bigint,
    decision text, taken bigint NOT NULL CHECK (taken >= 0 AND taken <= amount), proposer text, settler text, reason text,
    at bigint NOT NULL, settled_at bigint,
    CHECK (status <> 'suspense' OR account IS NOT NULL),
    CHECK (status <> 'settled' OR (settler IS NOT NULL AND settler <> proposer)));
CREATE UNIQUE INDEX stray_by_key ON stray (channel, key);
CREATE INDEX stray_open ON stray (id) WHERE status IN ('unassigned','pending','suspense');
