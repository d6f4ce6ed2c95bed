-- Ebb, schema 6: what an account has carries its shard, so that tables may be distributed by it (docs/adr/0015). SQLite's
-- twin has nothing to do.
--
-- The shard is the ten low bits of an id (src/base/id.h): of the account's, and of everything that hangs on it. A parcel
-- lies with its receiver. Every primary key, unique index and foreign key of these tables carries the shard, behind the
-- columns that it had: what is inserted still goes to the end of an index. An account's ref and an attempt's key imply
-- their shard, so that they stay unique in all of them. The one name that does not, a parcel's, has a table of its own.

-- A parcel's giver may be of another shard, and a stray is of none: these two are not looked at by the database.
ALTER TABLE identity DROP CONSTRAINT identity_account_fkey;
ALTER TABLE topup DROP CONSTRAINT topup_account_fkey;
ALTER TABLE claim DROP CONSTRAINT claim_account_fkey;
ALTER TABLE resource DROP CONSTRAINT resource_account_fkey;
ALTER TABLE fact DROP CONSTRAINT fact_account_fkey;
ALTER TABLE parcel DROP CONSTRAINT parcel_receiver_fkey;
ALTER TABLE draw DROP CONSTRAINT draw_account_fkey;
ALTER TABLE withdrawal DROP CONSTRAINT withdrawal_account_fkey;
ALTER TABLE leg DROP CONSTRAINT leg_withdrawal_fkey;
ALTER TABLE lot DROP CONSTRAINT lot_leg_fkey;
ALTER TABLE attempt DROP CONSTRAINT attempt_leg_fkey;
ALTER TABLE review DROP CONSTRAINT review_withdrawal_fkey;
ALTER TABLE posting DROP CONSTRAINT posting_entry_fkey;
ALTER TABLE document DROP CONSTRAINT document_account_fkey;
ALTER TABLE ticket DROP CONSTRAINT ticket_account_fkey;
ALTER TABLE parcel DROP CONSTRAINT parcel_giver_fkey;
ALTER TABLE stray DROP CONSTRAINT stray_account_fkey;

-- Computed once, in a rewrite of the table: rows that are never changed are not. From then on the store says it.
ALTER TABLE account ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE account ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE identity ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (account & 1023) STORED;
ALTER TABLE identity ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE topup ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE topup ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE claim ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE claim ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE resource ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE resource ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE fact ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE fact ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE parcel ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (receiver & 1023) STORED;
ALTER TABLE parcel ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE draw ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (account & 1023) STORED;
ALTER TABLE draw ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE withdrawal ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE withdrawal ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE leg ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE leg ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE lot ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (leg & 1023) STORED;
ALTER TABLE lot ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE attempt ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE attempt ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE evidence ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE evidence ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE review ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE review ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE entry ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE entry ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE posting ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (entry & 1023) STORED;
ALTER TABLE posting ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE message ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE message ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE event ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE event ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE incident ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE incident ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE document ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE document ALTER COLUMN shard DROP EXPRESSION;
ALTER TABLE ticket ADD COLUMN shard bigint NOT NULL GENERATED ALWAYS AS (id & 1023) STORED;
ALTER TABLE ticket ALTER COLUMN shard DROP EXPRESSION;

ALTER TABLE account DROP CONSTRAINT account_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT account_shard CHECK (shard = id & 1023);
ALTER TABLE identity DROP CONSTRAINT identity_pkey, ADD PRIMARY KEY (account, shard), ADD CONSTRAINT identity_shard CHECK (shard = account & 1023);
ALTER TABLE topup DROP CONSTRAINT topup_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT topup_shard CHECK (shard = id & 1023);
ALTER TABLE claim DROP CONSTRAINT claim_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT claim_shard CHECK (shard = id & 1023);
ALTER TABLE resource DROP CONSTRAINT resource_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT resource_shard CHECK (shard = id & 1023);
ALTER TABLE fact DROP CONSTRAINT fact_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT fact_shard CHECK (shard = id & 1023);
ALTER TABLE parcel DROP CONSTRAINT parcel_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT parcel_shard CHECK (shard = receiver & 1023);
ALTER TABLE draw DROP CONSTRAINT draw_pkey, ADD PRIMARY KEY (owner, line, shard), ADD CONSTRAINT draw_shard CHECK (shard = account & 1023);
ALTER TABLE withdrawal DROP CONSTRAINT withdrawal_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT withdrawal_shard CHECK (shard = id & 1023);
ALTER TABLE leg DROP CONSTRAINT leg_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT leg_shard CHECK (shard = id & 1023);
ALTER TABLE lot DROP CONSTRAINT lot_pkey, ADD PRIMARY KEY (withdrawal, leg, line, shard), ADD CONSTRAINT lot_shard CHECK (shard = leg & 1023);
ALTER TABLE attempt DROP CONSTRAINT attempt_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT attempt_shard CHECK (shard = id & 1023);
ALTER TABLE evidence DROP CONSTRAINT evidence_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT evidence_shard CHECK (shard = id & 1023);
ALTER TABLE review DROP CONSTRAINT review_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT review_shard CHECK (shard = id & 1023);
ALTER TABLE entry DROP CONSTRAINT entry_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT entry_shard CHECK (shard = id & 1023);
ALTER TABLE posting DROP CONSTRAINT posting_pkey, ADD PRIMARY KEY (entry, line, shard), ADD CONSTRAINT posting_shard CHECK (shard = entry & 1023);
ALTER TABLE message DROP CONSTRAINT message_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT message_shard CHECK (shard = id & 1023);
ALTER TABLE event DROP CONSTRAINT event_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT event_shard CHECK (shard = id & 1023);
ALTER TABLE incident DROP CONSTRAINT incident_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT incident_shard CHECK (shard = id & 1023);
ALTER TABLE document DROP CONSTRAINT document_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT document_shard CHECK (shard = id & 1023);
ALTER TABLE ticket DROP CONSTRAINT ticket_pkey, ADD PRIMARY KEY (id, shard), ADD CONSTRAINT ticket_shard CHECK (shard = id & 1023);
ALTER TABLE account DROP CONSTRAINT account_ref_key, ADD CONSTRAINT account_ref_key UNIQUE (ref, shard);

DROP INDEX topup_by_ref;
CREATE UNIQUE INDEX topup_by_ref ON topup (account, ref, shard);
DROP INDEX claim_by_ref;
CREATE UNIQUE INDEX claim_by_ref ON claim (account, ref, shard);
DROP INDEX resource_by_ref;
CREATE UNIQUE INDEX resource_by_ref ON resource (account, ref, shard);
DROP INDEX fact_by_ref;
CREATE UNIQUE INDEX fact_by_ref ON fact (account, kind, ref, shard);
DROP INDEX parcel_by_ref;
CREATE UNIQUE INDEX parcel_by_ref ON parcel (kind, ref, shard);
DROP INDEX leg_by_withdrawal;
CREATE UNIQUE INDEX leg_by_withdrawal ON leg (withdrawal, number, shard);
DROP INDEX attempt_by_key;
CREATE UNIQUE INDEX attempt_by_key ON attempt (key, shard);
DROP INDEX attempt_by_withdrawal;
CREATE UNIQUE INDEX attempt_by_withdrawal ON attempt (withdrawal, leg, number, shard);
DROP INDEX attempt_one_open;
CREATE UNIQUE INDEX attempt_one_open ON attempt (leg, shard) WHERE status IN ('intent','unknown');

ALTER TABLE identity ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE topup ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE claim ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE resource ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE fact ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE parcel ADD FOREIGN KEY (receiver, shard) REFERENCES account (id, shard);
ALTER TABLE draw ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE withdrawal ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE leg ADD FOREIGN KEY (withdrawal, shard) REFERENCES withdrawal (id, shard);
ALTER TABLE lot ADD FOREIGN KEY (leg, shard) REFERENCES leg (id, shard);
ALTER TABLE attempt ADD FOREIGN KEY (leg, shard) REFERENCES leg (id, shard);
ALTER TABLE review ADD FOREIGN KEY (withdrawal, shard) REFERENCES withdrawal (id, shard);
ALTER TABLE posting ADD FOREIGN KEY (entry, shard) REFERENCES entry (id, shard);
ALTER TABLE document ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);
ALTER TABLE ticket ADD FOREIGN KEY (account, shard) REFERENCES account (id, shard);

-- Who has the name: unique in all shards, and distributed by itself.
CREATE TABLE parcel_key (
    ref text NOT NULL, kind text NOT NULL, giver bigint NOT NULL, receiver bigint NOT NULL,
    PRIMARY KEY (ref, kind));
INSERT INTO parcel_key (ref, kind, giver, receiver) SELECT ref, kind, giver, receiver FROM parcel;
