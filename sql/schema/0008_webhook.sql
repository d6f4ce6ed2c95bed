-- Ebb, schema 8: endpoints that are told of events, and what was delivered to them. An endpoint's secrets are sealed; one that
-- was deleted keeps its row, because deliveries and the audit name it.
CREATE TABLE webhook (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL, events TEXT, description TEXT,
    enabled INTEGER NOT NULL CHECK (enabled IN (0,1)), reason TEXT,
    secret BLOB, previous BLOB, previous_until INTEGER,
    told INTEGER NOT NULL CHECK (told >= 0),
    failing_since INTEGER, maker TEXT NOT NULL, version INTEGER NOT NULL,
    created_at INTEGER NOT NULL, deleted_at INTEGER,
    CHECK (enabled = 0 OR deleted_at IS NULL)) STRICT;

CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    webhook INTEGER NOT NULL REFERENCES webhook (id),
    event INTEGER,
    state TEXT NOT NULL CHECK (state IN ('waiting','delivered','failed')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0), answer INTEGER NOT NULL CHECK (answer >= 0), detail TEXT,
    created_at INTEGER NOT NULL, last_at INTEGER, next_at INTEGER,
    CHECK ((state = 'waiting') = (next_at IS NOT NULL))) STRICT;
CREATE UNIQUE INDEX delivery_by_event ON delivery (webhook, event) WHERE event IS NOT NULL;
CREATE INDEX delivery_by_webhook ON delivery (webhook, id);
CREATE INDEX delivery_due ON delivery (webhook, next_at, id) WHERE state = 'waiting';
