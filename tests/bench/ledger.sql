-- SPDX-License-Identifier: Apache-2.0
-- A ledger in pure SQL, as it is usually written: one transfer a call, with its key, two entries with the balance that
-- each leaves, and two balances. Accounts are locked in the order of their ids.
CREATE TABLE ledger_account (id bigint PRIMARY KEY, balance bigint NOT NULL, version bigint NOT NULL DEFAULT 0);
CREATE TABLE ledger_transfer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    giver bigint NOT NULL REFERENCES ledger_account (id), receiver bigint NOT NULL REFERENCES ledger_account (id),
    amount bigint NOT NULL CHECK (amount > 0), at timestamptz NOT NULL);
CREATE TABLE ledger_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transfer bigint NOT NULL REFERENCES ledger_transfer (id), account bigint NOT NULL REFERENCES ledger_account (id),
    amount bigint NOT NULL, balance bigint NOT NULL);
CREATE INDEX ledger_entry_by_account ON ledger_entry (account, id);

INSERT INTO ledger_account (id, balance) SELECT n, 1000000000 FROM generate_series(1, 4000) AS n;

CREATE FUNCTION ledger_move(moved bigint, by_transfer bigint, by_amount bigint) RETURNS void LANGUAGE plpgsql AS $body$
DECLARE
    left_over bigint;
BEGIN
    UPDATE ledger_account SET balance = balance + by_amount, version = version + 1 WHERE id = moved
    RETURNING balance INTO left_over;
    INSERT INTO ledger_entry (transfer, account, amount, balance) VALUES (by_transfer, moved, by_amount, left_over);
END
$body$;

CREATE FUNCTION ledger_transfer(new_key text, from_id bigint, to_id bigint, new_amount bigint) RETURNS bigint
LANGUAGE plpgsql AS $body$
DECLARE
    made bigint;
    there bigint;
BEGIN
    PERFORM 1 FROM ledger_account WHERE id IN (from_id, to_id) ORDER BY id FOR UPDATE;
    SELECT balance INTO there FROM ledger_account WHERE id = from_id;
    IF there < new_amount THEN
        RAISE EXCEPTION 'there is too little';
    END IF;
    INSERT INTO ledger_transfer (key, giver, receiver, amount, at)
    VALUES (new_key, from_id, to_id, new_amount, clock_timestamp()) RETURNING id INTO made;
    PERFORM ledger_move(from_id, made, -new_amount);
    PERFORM ledger_move(to_id, made, new_amount);
    RETURN made;
END
$body$;
