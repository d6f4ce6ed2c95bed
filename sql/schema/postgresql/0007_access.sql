-- Ebb, schema 7: who may sign in, and who has (docs/adr/0017). SQLite's twin says the same in its own words.

-- People of the operator. The password is Argon2id's own text, recovery codes are keyed hashes, the secret of the one-time
-- passwords is sealed. `totp_step` is the last step that was used: none is used twice.
CREATE TABLE staff (
    id bigint PRIMARY KEY,
    name text NOT NULL UNIQUE, roles text NOT NULL,
    state text NOT NULL CHECK (state IN ('active','disabled')),
    password text, totp bytea, totp_step bigint NOT NULL CHECK (totp_step >= 0), recovery text,
    created_at bigint NOT NULL, password_at bigint, version bigint NOT NULL CHECK (version > 0));

-- What a cookie stands for: only the hash of its text is kept.
CREATE TABLE session (
    id bigint PRIMARY KEY,
    hash bytea NOT NULL UNIQUE, kind text NOT NULL CHECK (kind IN ('customer','staff')),
    principal text NOT NULL, roles text NOT NULL, account text,
    created_at bigint NOT NULL, seen_at bigint NOT NULL CHECK (seen_at >= created_at),
    idle_ms bigint NOT NULL CHECK (idle_ms > 0), expires_at bigint NOT NULL CHECK (expires_at > created_at),
    CHECK ((kind = 'customer') = (account IS NOT NULL)));
CREATE INDEX session_by_principal ON session (principal, id);
CREATE INDEX session_by_expiry ON session (expires_at);

-- Keys by which the operator's own site vouches for its customers; the secret is sealed.
CREATE TABLE customer_key (
    id bigint PRIMARY KEY,
    name text NOT NULL UNIQUE, secret bytea NOT NULL, created_at bigint NOT NULL, revoked_at bigint);

-- Tokens of such keys that were used, for as long as they would be good.
CREATE TABLE customer_pass (
    hash bytea PRIMARY KEY, expires_at bigint NOT NULL);
CREATE INDEX customer_pass_by_expiry ON customer_pass (expires_at);

-- What "review" (4) allowed stands in three bits now: to look and send back (4), to approve (256), to say what became of a
-- payment (512). What "read" (8) allowed in two: to see accounts (8), to see who did what (1024).
UPDATE api_key SET roles = roles | 768 WHERE (roles & 4) <> 0;
UPDATE api_key SET roles = roles | 1024 WHERE (roles & 8) <> 0;
