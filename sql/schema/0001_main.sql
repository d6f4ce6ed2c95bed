-- Ebb, schema 1. Ids are 63-bit and ordered by time; amounts are minor units; instants are milliseconds since 1970 UTC.
-- Texts of closed vocabularies are those of src/domain/words.h. *_sealed columns are encrypted (src/access/vault.h).
-- Constraints repeat the invariants of the code: when one fires, the code above is wrong and the batch stops.

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
    name TEXT NOT NULL, version INTEGER NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (name, version)) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    policy TEXT NOT NULL, currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active','frozen','closed')),
    subject_kind TEXT, verified INTEGER NOT NULL CHECK (verified IN (0,1)),
    subject BLOB, master TEXT, partner TEXT, partner_payment TEXT,
    topup INTEGER NOT NULL CHECK (topup >= 0),
    topup_held INTEGER NOT NULL CHECK (topup_held >= 0 AND topup_held <= topup),
    transferred_in INTEGER NOT NULL CHECK (transferred_in >= 0),
    allocated_in INTEGER NOT NULL CHECK (allocated_in >= 0),
    other INTEGER NOT NULL CHECK (other >= 0),
    other_held INTEGER NOT NULL CHECK (other_held >= 0 AND other_held <= other),
    voucher INTEGER NOT NULL CHECK (voucher >= 0),
    topped_up INTEGER NOT NULL CHECK (topped_up >= topup),
    owed_invoice INTEGER NOT NULL CHECK (owed_invoice >= 0),
    overdue INTEGER NOT NULL CHECK (overdue >= 0),
    unsettled INTEGER NOT NULL CHECK (unsettled >= 0),
    invoiced INTEGER NOT NULL CHECK (invoiced >= 0),
    payg_active INTEGER NOT NULL CHECK (payg_active >= 0),
    payg_frozen INTEGER NOT NULL CHECK (payg_frozen >= 0),
    payg_last_released_at INTEGER,
    month INTEGER NOT NULL, withdrawals_month INTEGER NOT NULL CHECK (withdrawals_month >= 0),
    day INTEGER NOT NULL, withdrawals_day INTEGER NOT NULL CHECK (withdrawals_day >= 0),
    withdrawn_day INTEGER NOT NULL CHECK (withdrawn_day >= 0),
    version INTEGER NOT NULL, created_at INTEGER NOT NULL) STRICT;
CREATE INDEX account_by_master ON account (master, id) WHERE master IS NOT NULL;

CREATE TABLE identity (
    account INTEGER PRIMARY KEY REFERENCES account (id),
    name BLOB, id_number BLOB, phone BLOB) STRICT;

CREATE TABLE subject (
    id BLOB PRIMARY KEY,
    overdue INTEGER NOT NULL CHECK (overdue >= 0),
    accounts INTEGER NOT NULL CHECK (accounts >= 0)) STRICT, WITHOUT ROWID;

CREATE TABLE topup (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    ref TEXT NOT NULL, fingerprint BLOB NOT NULL,
    method TEXT NOT NULL, bank TEXT, payer_kind TEXT, payer_name BLOB, payer_account BLOB,
    channel TEXT, channel_ref TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    held INTEGER NOT NULL CHECK (held >= 0 AND held <= remaining),
    refunded INTEGER NOT NULL CHECK (refunded >= 0 AND refunded + held <= amount),
    refunds INTEGER NOT NULL CHECK (refunds >= 0),
    refund_last_at INTEGER, paid_at INTEGER NOT NULL,
    bonus INTEGER NOT NULL CHECK (bonus IN (0,1)), arbitrage INTEGER NOT NULL CHECK (arbitrage IN (0,1)),
    CHECK (remaining + refunded <= amount)) STRICT;
CREATE UNIQUE INDEX topup_by_ref ON topup (account, ref);
CREATE INDEX topup_live ON topup (account, paid_at, id) WHERE remaining > 0;

CREATE TABLE claim (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    ref TEXT NOT NULL, kind TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0), at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX claim_by_ref ON claim (account, ref);

CREATE TABLE resource (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    ref TEXT NOT NULL, state TEXT NOT NULL,
    frozen INTEGER NOT NULL CHECK (frozen >= 0), released_at INTEGER) STRICT;
CREATE UNIQUE INDEX resource_by_ref ON resource (account, ref);

CREATE TABLE fact (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL, ref TEXT NOT NULL, fingerprint BLOB NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    unpaid INTEGER NOT NULL CHECK (unpaid >= 0 AND unpaid <= amount),
    fund TEXT, topup INTEGER, at INTEGER NOT NULL, reversed_at INTEGER) STRICT;
CREATE UNIQUE INDEX fact_by_ref ON fact (account, kind, ref);

CREATE TABLE parcel (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, ref TEXT NOT NULL, fingerprint BLOB NOT NULL,
    giver INTEGER NOT NULL REFERENCES account (id), receiver INTEGER NOT NULL REFERENCES account (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    taken_back INTEGER NOT NULL CHECK (taken_back >= 0),
    invoiced INTEGER NOT NULL CHECK (invoiced >= 0), at INTEGER NOT NULL,
    CHECK (remaining + taken_back <= amount), CHECK (giver <> receiver)) STRICT;
CREATE UNIQUE INDEX parcel_by_ref ON parcel (kind, ref);
CREATE INDEX parcel_live ON parcel (receiver, id) WHERE remaining > 0;

CREATE TABLE draw (
    owner INTEGER NOT NULL, line INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account (id),
    fund TEXT NOT NULL, source INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    given_back INTEGER NOT NULL CHECK (given_back >= 0 AND given_back <= amount),
    PRIMARY KEY (owner, line)) STRICT, WITHOUT ROWID;

CREATE TABLE withdrawal (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
    strategy TEXT NOT NULL, route TEXT NOT NULL, status TEXT NOT NULL,
    policy TEXT NOT NULL, policy_version INTEGER NOT NULL,
    maker TEXT NOT NULL, reason TEXT, destination BLOB, documents TEXT, flags TEXT,
    approvals_needed INTEGER NOT NULL, approvals INTEGER NOT NULL,
    counted INTEGER NOT NULL CHECK (counted IN (0,1)),
    code_hash BLOB, binding BLOB,
    code_sent_at INTEGER, code_expires_at INTEGER, code_tries_left INTEGER NOT NULL CHECK (code_tries_left BETWEEN 0 AND 5),
    created_at INTEGER NOT NULL, confirmed_at INTEGER, decided_at INTEGER, finished_at INTEGER,
    failure_code TEXT, failure_detail TEXT, next_at INTEGER, version INTEGER NOT NULL) STRICT;
CREATE INDEX withdrawal_by_account ON withdrawal (account, id);
CREATE INDEX withdrawal_due ON withdrawal (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX withdrawal_queue ON withdrawal (status, id) WHERE status IN ('in_review','need_documents');

CREATE TABLE leg (
    id INTEGER PRIMARY KEY,
    withdrawal INTEGER NOT NULL REFERENCES withdrawal (id), account INTEGER NOT NULL, number INTEGER NOT NULL,
    route TEXT NOT NULL, channel TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0), fee INTEGER NOT NULL DEFAULT 0 CHECK (fee >= 0 AND fee < amount),
    status TEXT NOT NULL, arrives_by INTEGER, arrives_by_provisional INTEGER NOT NULL,
    failure_code TEXT, failure_detail TEXT, reference TEXT,
    paid_at INTEGER, arrived_at INTEGER, returned_at INTEGER) STRICT;
CREATE UNIQUE INDEX leg_by_withdrawal ON leg (withdrawal, number);
CREATE INDEX leg_unknown ON leg (status, id) WHERE status IN ('unknown','manual');

CREATE TABLE lot (
    leg INTEGER NOT NULL REFERENCES leg (id), line INTEGER NOT NULL,
    withdrawal INTEGER NOT NULL, topup INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    PRIMARY KEY (withdrawal, leg, line)) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    leg INTEGER NOT NULL REFERENCES leg (id), withdrawal INTEGER NOT NULL, account INTEGER NOT NULL,
    number INTEGER NOT NULL, key TEXT NOT NULL, channel TEXT NOT NULL, status TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), request BLOB NOT NULL,
    sends INTEGER NOT NULL, queries INTEGER NOT NULL,
    began_at INTEGER NOT NULL, last_sent_at INTEGER, dedupe_until INTEGER, code TEXT) STRICT;
CREATE UNIQUE INDEX attempt_by_key ON attempt (key);
CREATE UNIQUE INDEX attempt_by_withdrawal ON attempt (withdrawal, leg, number);
CREATE UNIQUE INDEX attempt_one_open ON attempt (leg) WHERE status IN ('intent','unknown');

CREATE TABLE evidence (
    id INTEGER PRIMARY KEY,
    attempt INTEGER, withdrawal INTEGER, account INTEGER,
    channel TEXT, key TEXT, source TEXT NOT NULL, kind TEXT NOT NULL, code TEXT,
    amount INTEGER, reference TEXT, detail TEXT, effect TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX evidence_by_withdrawal ON evidence (withdrawal, id);

CREATE TABLE review (
    id INTEGER PRIMARY KEY,
    withdrawal INTEGER NOT NULL REFERENCES withdrawal (id), reviewer TEXT NOT NULL,
    decision TEXT NOT NULL, reason TEXT, version INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX review_by_withdrawal ON review (withdrawal, id);

CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL, kind TEXT NOT NULL, currency TEXT NOT NULL,
    object INTEGER, withdrawal INTEGER, amount INTEGER NOT NULL CHECK (amount >= 0), at INTEGER NOT NULL) STRICT;
CREATE INDEX entry_by_account ON entry (account, id);

CREATE TABLE posting (
    entry INTEGER NOT NULL REFERENCES entry (id), line INTEGER NOT NULL,
    account INTEGER NOT NULL, ledger TEXT NOT NULL, channel TEXT, source INTEGER,
    amount INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (entry, line)) STRICT, WITHOUT ROWID;
CREATE TRIGGER entry_fixed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entry_kept BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER posting_fixed BEFORE UPDATE ON posting BEGIN SELECT RAISE(ABORT, 'postings are never changed'); END;
CREATE TRIGGER posting_kept BEFORE DELETE ON posting BEGIN SELECT RAISE(ABORT, 'postings are never deleted'); END;

CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL, withdrawal INTEGER,
    recipient BLOB, text BLOB NOT NULL, code BLOB, at INTEGER NOT NULL, sent_at INTEGER) STRICT;
CREATE INDEX message_by_account ON message (account, id);
CREATE INDEX message_unsent ON message (id) WHERE sent_at IS NULL;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL, type TEXT NOT NULL, object INTEGER, data TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX event_by_account ON event (account, id);

CREATE TABLE incident (
    id INTEGER PRIMARY KEY,
    account INTEGER, withdrawal INTEGER, kind TEXT NOT NULL, detail TEXT NOT NULL, amount INTEGER,
    at INTEGER NOT NULL, closed_at INTEGER) STRICT;
CREATE INDEX incident_open ON incident (id) WHERE closed_at IS NULL;

CREATE TABLE document (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id), withdrawal INTEGER,
    name BLOB, media_type TEXT NOT NULL, size INTEGER NOT NULL, digest BLOB NOT NULL, content BLOB NOT NULL,
    uploader TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE INDEX document_by_account ON document (account, id);
CREATE INDEX document_by_withdrawal ON document (withdrawal, id) WHERE withdrawal IS NOT NULL;

CREATE TABLE ticket (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL, state TEXT NOT NULL, body BLOB, opener TEXT NOT NULL, at INTEGER NOT NULL, closed_at INTEGER) STRICT;
CREATE INDEX ticket_by_account ON ticket (account, id);
CREATE INDEX ticket_open ON ticket (id) WHERE state = 'open';

CREATE TABLE api_key (
    hash BLOB PRIMARY KEY, name TEXT NOT NULL UNIQUE, roles INTEGER NOT NULL, account TEXT,
    created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    scope BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, location TEXT, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL, principal TEXT NOT NULL, command TEXT NOT NULL,
    account INTEGER, object INTEGER, body TEXT NOT NULL,
    previous BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TRIGGER audit_fixed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
