-- SPDX-License-Identifier: Apache-2.0
-- The sums that a checkpoint keeps: what the journal said up to a head of the audit chain, object by object. An audit
-- makes each anew as a temporary table; one that goes on from a checkpoint adds what is new to what was kept there, which
-- it finds under base_NAME. In a full audit every base_NAME is empty, so that both are the same statements.

-- sum: head
-- Which row of the audit chain, of which database, how much journal there was, and the greatest id of every table.
CREATE TEMP TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1), format INTEGER, seq INTEGER, hash TEXT, store TEXT,
    entries INTEGER, postings INTEGER, entry INTEGER, account INTEGER, topup INTEGER, parcel INTEGER, fact INTEGER,
    claim INTEGER, resource INTEGER, owner INTEGER, withdrawal INTEGER, leg INTEGER, attempt INTEGER, evidence INTEGER,
    review INTEGER, stray INTEGER);

-- sum: known
-- Entries that an audit row has named.
CREATE TEMP TABLE known (entry INTEGER PRIMARY KEY);

-- sum: fund
CREATE TEMP TABLE fund (
    account INTEGER, ledger TEXT, source INTEGER, amount INTEGER, PRIMARY KEY (account, ledger, source)) WITHOUT ROWID;

-- sum: account_sum
CREATE TEMP TABLE account_sum (
    account INTEGER PRIMARY KEY, topup INTEGER, topup_held INTEGER, transferred_in INTEGER, allocated_in INTEGER,
    other INTEGER, other_held INTEGER, voucher INTEGER);

-- sum: topup_sum
CREATE TEMP TABLE topup_sum (
    topup INTEGER PRIMARY KEY, paid_in INTEGER, remaining INTEGER, held INTEGER, settled INTEGER, returned INTEGER,
    charged_back INTEGER);

-- sum: parcel_sum
CREATE TEMP TABLE parcel_sum (parcel INTEGER PRIMARY KEY, received INTEGER, remaining INTEGER, taken_back INTEGER);

-- sum: leg_flow
CREATE TEMP TABLE leg_flow (
    leg INTEGER, source INTEGER, frozen INTEGER, settled INTEGER, released INTEGER, returned INTEGER,
    PRIMARY KEY (leg, source)) WITHOUT ROWID;

-- sum: leg_count
CREATE TEMP TABLE leg_count (
    leg INTEGER PRIMARY KEY, freezes INTEGER, settles INTEGER, releases INTEGER, returns INTEGER);

-- sum: leg_paid
-- What an entry gave to the channel and to the operator.
CREATE TEMP TABLE leg_paid (
    leg INTEGER, entry INTEGER, kind TEXT, kept INTEGER, out INTEGER, PRIMARY KEY (leg, entry)) WITHOUT ROWID;

-- sum: owner_flow
-- What the entries of a charge, a chargeback or a parcel took from each source, and what their undoing gave back.
CREATE TEMP TABLE owner_flow (
    owner INTEGER, account INTEGER, ledger TEXT, source INTEGER, taken INTEGER, given_back INTEGER,
    PRIMARY KEY (owner, account, ledger, source)) WITHOUT ROWID;

-- sum: credit_sum
CREATE TEMP TABLE credit_sum (
    fact INTEGER, ledger TEXT, amount INTEGER, PRIMARY KEY (fact, ledger)) WITHOUT ROWID;

-- sum: stray_sum
-- What the journal says of a stray: what left through its channel and did not come back, and what was taken of the
-- customer's funds for it.
CREATE TEMP TABLE stray_sum (stray INTEGER, account INTEGER, out INTEGER, taken INTEGER, PRIMARY KEY (stray,
    account)) WITHOUT ROWID;

-- sum: stillness
-- From which audit row to which the house was to stand still; not ended where there is no second.
CREATE TEMP TABLE stillness (quarantine INTEGER PRIMARY KEY, began INTEGER, ended INTEGER);

-- sum: last_move
CREATE TEMP TABLE last_move (
    prefix TEXT, object INTEGER, became TEXT, seq INTEGER, PRIMARY KEY (prefix, object)) WITHOUT ROWID;

-- sum: confirmation
-- When a withdrawal was confirmed, and the latest day on which its account had had one by then.
CREATE TEMP TABLE confirmation (withdrawal INTEGER PRIMARY KEY, account INTEGER, at INTEGER, latest INTEGER);

-- sum: account_latest
CREATE TEMP TABLE account_latest (account INTEGER PRIMARY KEY, day INTEGER);

-- sum: account_subject
-- What an account adds to its subject.
CREATE TEMP TABLE account_subject (account INTEGER PRIMARY KEY, subject BLOB, overdue INTEGER);

-- sum: subject_sum
CREATE TEMP TABLE subject_sum (subject BLOB PRIMARY KEY, overdue INTEGER, accounts INTEGER) WITHOUT ROWID;
