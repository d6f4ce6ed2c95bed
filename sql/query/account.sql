-- SPDX-License-Identifier: Apache-2.0
-- Accounts and what bills, claims and parcels say about them. Sealed columns are read only where the name says so.

-- name: account_insert
-- shard: $id
INSERT INTO account (
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at)
VALUES (
    $id, $ref, $policy, $currency, $state, $subject_kind, $verified, $subject, $master, $partner, $partner_payment,
    $topup, $topup_held, $transferred_in, $allocated_in, $other, $other_held, $voucher, $topped_up, $owed_invoice,
    $overdue, $unsettled, $invoiced, $suspended, $payg_active, $payg_frozen, $payg_last_released_at, $month, $withdrawals_month,
    $day, $withdrawals_day, $withdrawn_day, $version, $created_at);

-- name: account_update
-- shard: $id
UPDATE account SET
    policy = $policy, currency = $currency, state = $state, subject_kind = $subject_kind, verified = $verified,
    subject = $subject, master = $master, partner = $partner, partner_payment = $partner_payment, topup = $topup,
    topup_held = $topup_held, transferred_in = $transferred_in, allocated_in = $allocated_in, other = $other,
    other_held = $other_held, voucher = $voucher, topped_up = $topped_up, owed_invoice = $owed_invoice, overdue = $overdue,
    unsettled = $unsettled, invoiced = $invoiced, suspended = $suspended, payg_active = $payg_active, payg_frozen = $payg_frozen,
    payg_last_released_at = $payg_last_released_at, month = $month, withdrawals_month = $withdrawals_month, day = $day,
    withdrawals_day = $withdrawals_day, withdrawn_day = $withdrawn_day, version = $version
WHERE id = $id;

-- Not what the account is, but what it holds: no index and no other row is asked, and fewer conditions.
-- name: account_figures
-- shard: $id
UPDATE account SET
    topup = $topup, topup_held = $topup_held, transferred_in = $transferred_in, allocated_in = $allocated_in, other = $other,
    other_held = $other_held, voucher = $voucher, topped_up = $topped_up, owed_invoice = $owed_invoice, overdue = $overdue,
    unsettled = $unsettled, invoiced = $invoiced, suspended = $suspended, payg_active = $payg_active, payg_frozen = $payg_frozen,
    payg_last_released_at = $payg_last_released_at, month = $month, withdrawals_month = $withdrawals_month, day = $day,
    withdrawals_day = $withdrawals_day, withdrawn_day = $withdrawn_day, version = $version
WHERE id = $id;

-- name: identity_insert
-- shard: $account
INSERT INTO identity (
    account, name, id_number, phone)
VALUES (
    $account, $name, $id_number, $phone);

-- name: identity_update
-- shard: $account
UPDATE identity SET
    name = $name, id_number = $id_number, phone = $phone
WHERE account = $account;

-- name: subject_insert
INSERT INTO subject (
    id, overdue, accounts)
VALUES (
    $id, $overdue, $accounts);

-- name: subject_update
UPDATE subject SET
    overdue = $overdue, accounts = $accounts
WHERE id = $id;

-- name: topup_insert
-- shard: $id
INSERT INTO topup (
    id, account, ref, fingerprint, method, bank, payer_kind, payer_name, payer_account, channel, channel_ref,
    amount, remaining, held, refunded, refunds, refund_last_at, paid_at, bonus, arbitrage)
VALUES (
    $id, $account, $ref, $fingerprint, $method, $bank, $payer_kind, $payer_name, $payer_account, $channel,
    $channel_ref, $amount, $remaining, $held, $refunded, $refunds, $refund_last_at, $paid_at, $bonus, $arbitrage);

-- name: topup_update
-- shard: $id
UPDATE topup SET
    remaining = $remaining, held = $held, refunded = $refunded, refunds = $refunds, refund_last_at = $refund_last_at
WHERE id = $id;

-- name: claim_insert
-- shard: $id
INSERT INTO claim (
    id, account, ref, kind, amount, at)
VALUES (
    $id, $account, $ref, $kind, $amount, $at);

-- name: claim_update
-- shard: $id
UPDATE claim SET
    kind = $kind, amount = $amount, at = $at
WHERE id = $id;

-- name: resource_insert
-- shard: $id
INSERT INTO resource (
    id, account, ref, state, frozen, released_at)
VALUES (
    $id, $account, $ref, $state, $frozen, $released_at);

-- name: resource_update
-- shard: $id
UPDATE resource SET
    state = $state, frozen = $frozen, released_at = $released_at
WHERE id = $id;

-- name: fact_insert
-- shard: $id
INSERT INTO fact (
    id, account, kind, ref, fingerprint, amount, unpaid, fund, topup, at, reversed_at)
VALUES (
    $id, $account, $kind, $ref, $fingerprint, $amount, $unpaid, $fund, $topup, $at, $reversed_at);

-- name: fact_update
-- shard: $id
UPDATE fact SET
    unpaid = $unpaid, reversed_at = $reversed_at
WHERE id = $id;

-- name: parcel_insert
-- shard: $receiver
INSERT INTO parcel (
    id, kind, ref, fingerprint, giver, receiver, amount, remaining, taken_back, invoiced, at)
VALUES (
    $id, $kind, $ref, $fingerprint, $giver, $receiver, $amount, $remaining, $taken_back, $invoiced, $at);

-- name: parcel_update
-- shard: $receiver
UPDATE parcel SET
    remaining = $remaining, taken_back = $taken_back, invoiced = $invoiced
WHERE id = $id;

-- A parcel lies with its receiver; who has its name is asked of the names first.
-- name: parcel_key_insert (postgresql)
INSERT INTO parcel_key (
    ref, kind, giver, receiver)
VALUES (
    $ref, $kind, $giver, $receiver);

-- name: draw_insert
-- shard: $account
INSERT INTO draw (
    owner, line, account, fund, source, amount, given_back)
VALUES (
    $owner, $line, $account, $fund, $source, $amount, $given_back);

-- name: draw_update
-- shard: $account
UPDATE draw SET
    given_back = $given_back
WHERE owner = $owner AND line = $line;

-- name: account_by_ref
-- shard: of $ref
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account WHERE ref = $ref;

-- name: account_by_id
-- shard: $id
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account WHERE id = $id;

-- Where several engines share the rows, a decider first learns which account it is about (that never changes), then
-- locks the account, and reads what hangs on it afterwards. Alone, account_by_ref and account_by_id do.
-- name: account_lock (postgresql)
-- shard: $id
SELECT
    id, ref, policy, currency, state, subject_kind, verified, subject, master, partner, partner_payment, topup,
    topup_held, transferred_in, allocated_in, other, other_held, voucher, topped_up, owed_invoice, overdue,
    unsettled, invoiced, suspended, payg_active, payg_frozen, payg_last_released_at, month, withdrawals_month, day,
    withdrawals_day, withdrawn_day, version, created_at
FROM account WHERE id = $id FOR NO KEY UPDATE;

-- name: account_of_ref (postgresql)
-- shard: of $ref
SELECT id, ref, policy, subject FROM account WHERE ref = $ref;

-- name: account_of_withdrawal (postgresql)
-- shard: $id
SELECT account AS id FROM withdrawal WHERE id = $id;

-- name: accounts_of_parcel (postgresql)
SELECT giver, receiver FROM parcel_key WHERE ref = $ref AND kind = $kind;

-- name: identity_by_account
-- shard: $account
SELECT
    account, name, id_number, phone
FROM identity WHERE account = $account;

-- name: subject_by_id
SELECT
    id, overdue, accounts
FROM subject WHERE id = $id;

-- name: subject_lock (postgresql)
SELECT
    id, overdue, accounts
FROM subject WHERE id = $id FOR UPDATE;

-- Only top-ups with money left: the index topup_live is their list, spent ones cost nothing.
-- name: topups_live
-- shard: $account
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, channel, channel_ref, amount, remaining, held,
    refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE account = $account AND remaining > 0 ORDER BY paid_at, id;

-- name: topups_live_payers
-- shard: $account
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, payer_name, payer_account, channel, channel_ref,
    amount, remaining, held, refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE account = $account AND remaining > 0 ORDER BY paid_at, id;

-- name: topup_by_ref
-- shard: $account
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, channel, channel_ref, amount, remaining, held,
    refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE account = $account AND ref = $ref;

-- name: topup_by_id
-- shard: $id
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, channel, channel_ref, amount, remaining, held,
    refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE id = $id;

-- name: topup_full_by_ref
-- shard: $account
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, payer_name, payer_account, channel, channel_ref,
    amount, remaining, held, refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE account = $account AND ref = $ref;

-- name: topup_full_by_id
-- shard: $id
SELECT
    id, account, ref, fingerprint, method, bank, payer_kind, payer_name, payer_account, channel, channel_ref,
    amount, remaining, held, refunded, refunds, refund_last_at, paid_at, bonus, arbitrage
FROM topup WHERE id = $id;

-- name: parcels_live
-- shard: $receiver
SELECT
    id, kind, ref, fingerprint, giver, receiver, amount, remaining, taken_back, invoiced, at
FROM parcel WHERE receiver = $receiver AND remaining > 0 ORDER BY id;

-- name: parcel_by_ref (sqlite)
SELECT
    id, kind, ref, fingerprint, giver, receiver, amount, remaining, taken_back, invoiced, at
FROM parcel WHERE kind = $kind AND ref = $ref;

-- name: parcel_of_receiver
-- shard: $receiver
SELECT
    id, kind, ref, fingerprint, giver, receiver, amount, remaining, taken_back, invoiced, at
FROM parcel WHERE receiver = $receiver AND kind = $kind AND ref = $ref;

-- name: parcel_by_id
-- shard: $receiver
SELECT
    id, kind, ref, fingerprint, giver, receiver, amount, remaining, taken_back, invoiced, at
FROM parcel WHERE id = $id AND receiver = $receiver;

-- name: draws_by_owner
-- shard: $owner
SELECT
    owner, line, account, fund, source, amount, given_back
FROM draw WHERE owner = $owner ORDER BY line;

-- name: claim_by_ref
-- shard: $account
SELECT
    id, account, ref, kind, amount, at
FROM claim WHERE account = $account AND ref = $ref;

-- name: claims_by_account
-- shard: $account
SELECT
    id, account, ref, kind, amount, at
FROM claim WHERE account = $account AND amount > 0 ORDER BY at, id;

-- name: resource_by_ref
-- shard: $account
SELECT
    id, account, ref, state, frozen, released_at
FROM resource WHERE account = $account AND ref = $ref;

-- name: fact_by_ref
-- shard: $account
SELECT
    id, account, kind, ref, fingerprint, amount, unpaid, fund, topup, at, reversed_at
FROM fact WHERE account = $account AND kind = $kind AND ref = $ref;

-- name: fact_by_id
-- shard: $id
SELECT
    id, account, kind, ref, fingerprint, amount, unpaid, fund, topup, at, reversed_at
FROM fact WHERE id = $id;
