-- Ebb, schema 1. Ids are 63-bit and ordered by time; amounts are minor units; instants are milliseconds since 1970 UTC.
-- Texts of closed vocabularies are those of src/domain/words.h. *_sealed columns are encrypted (src/access/vault.h).
-- The twin of ../0001_main.sql: the same tables, columns and constraints in PostgreSQL's words.
-- Constraints repeat the invariants of the code: when one fires, the code above is wrong and the batch stops.

CREATE FUNCTION ebb_fixed() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed and never deleted', TG_TABLE_NAME;
END
$body$;

CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);

CREATE TABLE policy (
    name text NOT NULL, version bigint NOT NULL, text text NOT NULL, at bigint NOT NULL,
    PRIMARY KEY (name, version));

CREATE TABLE account (
    id bigint PRIMARY KEY,
    ref text NOT NULL UNIQUE,
    policy text NOT NULL, currency text NOT NULL,
    state text NOT NULL CHECK (state IN ('active','frozen','closed')),
    subject_kind text, verified bigint NOT NULL CHECK (verified IN (0,1)),
    subject bytea, master text, partner text, partner_payment text,
    topup bigint NOT NULL CHECK (topup >= 0),
    topup_held bigint NOT NULL CHECK (topup_held >= 0 AND topup_held <= topup),
    transferred_in bigint NOT NULL CHECK (transferred_in >= 0),
    allocated_in bigint NOT NULL CHECK (allocated_in >= 0),
    other bigint NOT NULL CHECK (other >= 0),
    other_held bigint NOT NULL CHECK (other_held >= 0 AND other_held <= other),
    voucher bigint NOT NULL CHECK (voucher >= 0),
    topped_up bigint NOT NULL CHECK (topped_up >= topup),
    owed_invoice bigint NOT NULL CHECK (owed_invoice >= 0),
    overdue bigint NOT NULL CHECK (overdue >= 0),
    unsettled bigint NOT NULL CHECK (unsettled >= 0),
    invoiced bigint NOT NULL CHECK (invoiced >= 0),
    payg_active bigint NOT NULL CHECK (payg_active >= 0),
    payg_frozen bigint NOT NULL CHECK (payg_frozen >= 0),
    payg_last_released_at bigint,
    month bigint NOT NULL, withdrawals_month bigint NOT NULL CHECK (withdrawals_month >= 0),
    day bigint NOT NULL, withdrawals_day bigint NOT NULL CHECK (withdrawals_day >= 0),
    withdrawn_day bigint NOT NULL CHECK (withdrawn_day >= 0),
    version bigint NOT NULL, created_at bigint NOT NULL);
CREATE INDEX account_by_master ON account (master, id) WHERE master IS NOT NULL;

CREATE TABLE identity (
    account bigint PRIMARY KEY REFERENCES account (id),
    name bytea, id_number bytea, phone bytea);

CREATE TABLE subject (
    id bytea PRIMARY KEY,
    overdue bigint NOT NULL CHECK (overdue >= 0),
    accounts bigint NOT NULL CHECK (accounts >= 0));

CREATE TABLE topup (
    id bigint PRIMARY KEY,
    account bigint NOT NULL REFERENCES account (id),
    ref text NOT NULL, fingerprint bytea NOT NULL,
    method text NOT NULL, bank text, payer_kind text, payer_name bytea, payer_account bytea,
    channel text, channel_ref text,
    amount bigint NOT NULL CHECK (amount > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0),
    held bigint NOT NULL CHECK (held >= 0 AND held <= remaining),
    refunded bigint NOT NULL CHECK (refunded >= 0 AND refunded + held <= amount),
    refunds bigint NOT NULL CHECK (refunds >= 0),
    refund_last_at bigint, paid_at bigint NOT NULL,
    bonus bigint NOT NULL CHECK (bonus IN (0,1)), arbitrage bigint NOT NULL CHECK (arbitrage IN (0,1)),
    CHECK (remaining + refunded <= amount));
CREATE UNIQUE INDEX topup_by_ref ON topup (account, ref);
CREATE INDEX topup_live ON topup (account, paid_at, id) WHERE remaining > 0;

CREATE TABLE claim (
    id bigint PRIMARY KEY,
    account bigint NOT NULL REFERENCES account (id),
    ref text NOT NULL, kind text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0), at bigint NOT NULL);
CREATE UNIQUE INDEX claim_by_ref ON claim (account, ref);

CREATE TABLE resource (
    id bigint PRIMARY KEY,
    account bigint NOT NULL REFERENCES account (id),
    ref text NOT NULL, state text NOT NULL,
    frozen bigint NOT NULL CHECK (frozen >= 0), released_at bigint);
CREATE UNIQUE INDEX resource_by_ref ON resource (account, ref);

CREATE TABLE fact (
    id bigint PRIMARY KEY,
    account bigint NOT NULL REFERENCES account (id),
    kind text NOT NULL, ref text NOT NULL, fingerprint bytea NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    unpaid bigint NOT NULL CHECK (unpaid >= 0 AND unpaid <= amount),
    fund text, topup bigint, at bigint NOT NULL, reversed_at bigint);
CREATE UNIQUE INDEX fact_by_ref ON fact (account, kind, ref);

CREATE TABLE parcel (
    id bigint PRIMARY KEY,
    kind text NOT NULL, ref text NOT NULL, fingerprint bytea NOT NULL,
    giver bigint NOT NULL REFERENCES account (id), receiver bigint NOT NULL REFERENCES account (id),
    amount bigint NOT NULL CHECK (amount > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0),
    taken_back bigint NOT NULL CHECK (taken_back >= 0),
    invoiced bigint NOT NULL CHECK (invoiced >= 0), at bigint NOT NULL,
    CHECK (remaining + taken_back <= amount), CHECK (giver <> receiver));
CREATE UNIQUE INDEX parcel_by_ref ON parcel (kind, ref);
CREATE INDEX parcel_live ON parcel (receiver, id) WHERE remaining > 0;

CREATE TABLE draw (
    owner bigint NOT NULL, line bigint NOT NULL,
    account bigint NOT NULL REFERENCES account (id),
    fund text NOT NULL, source bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    given_back bigint NOT NULL CHECK (given_back >= 0 AND given_back <= amount),
    PRIMARY KEY (owner, line));

CREATE TABLE withdrawal (
    id bigint PRIMARY KEY,
    account bigint NOT NULL REFERENCES account (id),
    amount bigint NOT NULL CHECK (amount > 0), currency text NOT NULL,
    strategy text NOT NULL, route text NOT NULL, status text NOT NULL,
    policy text NOT NULL, policy_version bigint NOT NULL,
    maker text NOT NULL, reason text, destination bytea, documents text, flags text,
    approvals_needed bigint NOT NULL, approvals bigint NOT NULL,
    counted bigint NOT NULL CHECK (counted IN (0,1)),
    code_hash bytea, binding bytea,
    code_sent_at bigint, code_expires_at bigint, code_tries_left bigint NOT NULL CHECK (code_tries_left BETWEEN 0 AND 5),
    created_at bigint NOT NULL, confirmed_at bigint, decided_at bigint, finished_at bigint,
    failure_code text, failure_detail text, next_at bigint, version bigint NOT NULL);
CREATE INDEX withdrawal_by_account ON withdrawal (account, id);
CREATE INDEX withdrawal_due ON withdrawal (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX withdrawal_queue ON withdrawal (status, id) WHERE status IN ('in_review','need_documents');

CREATE TABLE leg (
    id bigint PRIMARY KEY,
    withdrawal bigint NOT NULL REFERENCES withdrawal (id), account bigint NOT NULL, number bigint NOT NULL,
    route text NOT NULL, channel text,
    amount bigint NOT NULL CHECK (amount > 0), fee bigint NOT NULL DEFAULT 0 CHECK (fee >= 0 AND fee < amount),
    status text NOT NULL, arrives_by bigint, arrives_by_provisional bigint NOT NULL,
    failure_code text, failure_detail text, reference text,
    paid_at bigint, arrived_at bigint, returned_at bigint);
CREATE UNIQUE INDEX leg_by_withdrawal ON leg (withdrawal, number);
CREATE INDEX leg_unknown ON leg (status, id) WHERE status IN ('unknown','manual');

CREATE TABLE lot (
    leg bigint NOT NULL REFERENCES leg (id), line bigint NOT NULL,
    withdrawal bigint NOT NULL, topup bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (withdrawal, leg, line));

CREATE TABLE attempt (
    id bigint PRIMARY KEY,
    leg bigint NOT NULL REFERENCES leg (id), withdrawal bigint NOT NULL, account bigint NOT NULL,
    number bigint NOT NULL, key text NOT NULL, channel text NOT NULL, status text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0), request bytea NOT NULL,
    sends bigint NOT NULL, queries bigint NOT NULL,
    began_at bigint NOT NULL, last_sent_at bigint, dedupe_until bigint, code text);
CREATE UNIQUE INDEX attempt_by_key ON attempt (key);
CREATE UNIQUE INDEX attempt_by_withdrawal ON attempt (withdrawal, leg, number);
CREATE UNIQUE INDEX attempt_one_open ON attempt (leg) WHERE status IN ('intent','unknown');

CREATE TABLE evidence (
    id bigint PRIMARY KEY,
    attempt bigint, withdrawal bigint, account bigint,
    channel text, key text, source text NOT NULL, kind text NOT NULL, code text,
    amount bigint, reference text, detail text, effect text NOT NULL, at bigint NOT NULL);
CREATE INDEX evidence_by_withdrawal ON evidence (withdrawal, id);

CREATE TABLE review (
    id bigint PRIMARY KEY,
    withdrawal bigint NOT NULL REFERENCES withdrawal (id), reviewer text NOT NULL,
    decision text NOT NULL, reason text, version bigint NOT NULL, at bigint NOT NULL);
CREATE INDEX review_by_withdrawal ON review (withdrawal, id);

CREATE TABLE entry (
    id bigint PRIMARY KEY,
    account bigint NOT NULL, kind text NOT NULL, currency text NOT NULL,
    object bigint, withdrawal bigint, amount bigint NOT NULL CHECK (amount >= 0), at bigint NOT NULL);
CREATE INDEX entry_by_account ON entry (account, id);

CREATE TABLE posting (
    entry bigint NOT NULL REFERENCES entry (id), line bigint NOT NULL,
    account bigint NOT NULL, ledger text NOT NULL, channel text, source bigint,
    amount bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry, line));
CREATE TRIGGER entry_fixed BEFORE UPDATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION ebb_fixed();
CREATE TRIGGER entry_kept BEFORE DELETE OR TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION ebb_fixed();
CREATE TRIGGER posting_fixed BEFORE UPDATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION ebb_fixed();
CREATE TRIGGER posting_kept BEFORE DELETE OR TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION ebb_fixed();

CREATE TABLE message (
    id bigint PRIMARY KEY,
    account bigint NOT NULL, withdrawal bigint,
    recipient bytea, text bytea NOT NULL, code bytea, at bigint NOT NULL, sent_at bigint);
CREATE INDEX message_by_account ON message (account, id);
CREATE INDEX message_unsent ON message (id) WHERE sent_at IS NULL;

CREATE TABLE event (
    id bigint PRIMARY KEY,
    account bigint NOT NULL, type text NOT NULL, object bigint, data text NOT NULL, at bigint NOT NULL);
CREATE INDEX event_by_account ON event (account, id);

CREATE TABLE incident (
    id bigint PRIMARY KEY,
    account bigint, withdrawal bigint, kind text NOT NULL, detail text NOT NULL, amount bigint,
    at bigint NOT NULL, closed_at bigint);
CREATE INDEX incident_open ON incident (id) WHERE closed_at IS NULL;

CREATE TABLE document (
    id bigint PRIMARY KEY,
    account bigint NOT NULL REFERENCES account (id), withdrawal bigint,
    name bytea, media_type text NOT NULL, size bigint NOT NULL, digest bytea NOT NULL, content bytea NOT NULL,
    uploader text NOT NULL, at bigint NOT NULL);
CREATE INDEX document_by_account ON document (account, id);
CREATE INDEX document_by_withdrawal ON document (withdrawal, id) WHERE withdrawal IS NOT NULL;

CREATE TABLE ticket (
    id bigint PRIMARY KEY,
    account bigint NOT NULL REFERENCES account (id),
    kind text NOT NULL, state text NOT NULL, body bytea, opener text NOT NULL, at bigint NOT NULL, closed_at bigint);
CREATE INDEX ticket_by_account ON ticket (account, id);
CREATE INDEX ticket_open ON ticket (id) WHERE state = 'open';

CREATE TABLE api_key (
    hash bytea PRIMARY KEY, name text NOT NULL UNIQUE, roles bigint NOT NULL, account text,
    created_at bigint NOT NULL, expires_at bigint, revoked_at bigint);

CREATE TABLE idempotency (
    scope bytea PRIMARY KEY, fingerprint bytea NOT NULL, status bigint NOT NULL,
    body text NOT NULL, location text, at bigint NOT NULL);

CREATE TABLE audit (
    seq bigint PRIMARY KEY,
    at bigint NOT NULL, principal text NOT NULL, command text NOT NULL,
    account bigint, object bigint, body text NOT NULL,
    previous bytea NOT NULL, hash bytea NOT NULL);
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION ebb_fixed();
CREATE TRIGGER audit_kept BEFORE DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION ebb_fixed();
