-- Ebb, schema 8, the twin of ../0008_webhook.sql.
CREATE TABLE webhook (
    id bigint PRIMARY KEY,
    url text NOT NULL, events text, description text,
    enabled bigint NOT NULL CHECK (enabled IN (0,1)), reason text,
    secret bytea, previous bytea, previous_until bigint,
    told bigint NOT NULL CHECK (told >= 0),
    failing_since bigint, maker text NOT NULL, version bigint NOT NULL,
    created_at bigint NOT NULL, deleted_at bigint,
    CHECK (enabled = 0 OR deleted_at IS NULL));

CREATE TABLE delivery (
    id bigint PRIMARY KEY,
    webhook bigint NOT NULL REFERENCES webhook (id),
    event bigint,
    state text NOT NULL CHECK (state IN ('waiting','delivered','failed')),
    attempts bigint NOT NULL CHECK (attempts >= 0), answer bigint NOT NULL CHECK (answer >= 0), detail text,
    created_at bigint NOT NULL, last_at bigint, next_at bigint,
    CHECK ((state = 'waiting') = (next_at IS NOT NULL)));
CREATE UNIQUE INDEX delivery_by_event ON delivery (webhook, event) WHERE event IS NOT NULL;
CREATE INDEX delivery_by_webhook ON delivery (webhook, id);
CREATE INDEX delivery_due ON delivery (webhook, next_at, id) WHERE state = 'waiting';
