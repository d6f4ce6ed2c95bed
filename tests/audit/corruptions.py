# SPDX-License-Identifier: Apache-2.0
"""What can be broken in the golden books (golden.py), one thing at a time, and which finding must name it.

`<wd:w1>` stands for the id of that row. A forgery also rewrites the hashes, as an insider with the whole file in hand would."""
import json
import os
import re
import shutil
import sqlite3
import tempfile

import golden

# name, statements, finding, table, row, amount (None: not meant)
CORRUPTIONS = [
    # The journal
    ("a posting grew", "UPDATE posting SET amount = amount + 7 WHERE entry = <en:topup:t1> AND line = 2",
     "entry_unbalanced", "entry", "<en:topup:t1>", 7),
    ("a posting vanished", "DELETE FROM posting WHERE entry = <en:settle:w1.1> AND line = 2",
     "entry_too_short", "entry", "<en:settle:w1.1>", 20_000),
    ("an entry without lines", "DELETE FROM posting WHERE entry = <en:freeze:w7.1>",
     "entry_too_short", "entry", "<en:freeze:w7.1>", 1_200),
    ("a line is missing in the middle", "UPDATE posting SET line = 3 WHERE entry = <en:topup:t2> AND line = 2",
     "entry_line_gap", "entry", "<en:topup:t2>", 50_000),
    ("the lines of an entry begin before the first", "UPDATE posting SET line = 0 WHERE entry = <en:topup:t2> AND line = 1",
     "entry_line_gap", "entry", "<en:topup:t2>", 50_000),
    ("an entry says another amount", "UPDATE entry SET amount = 100001 WHERE id = <en:topup:t1>",
     "entry_amount", "entry", "<en:topup:t1>", 1),
    ("an entry in another currency", "UPDATE entry SET currency = 'USD' WHERE id = <en:charge:ch1>",
     "entry_currency", "entry", "<en:charge:ch1>", 10_000),
    ("an entry of nobody", "UPDATE entry SET account = 77 WHERE id = <en:credit:cr1>",
     "entry_account_missing", "entry", "<en:credit:cr1>", 20_000),
    ("a posting in another's books", "UPDATE posting SET account = <ac:bob> WHERE entry = <en:topup:t1> AND line = 2",
     "posting_account", "posting", "<en:topup:t1>/2", 100_000),
    ("a charge paid into a channel",
     "UPDATE posting SET ledger = 'channel', channel = 'alipay' WHERE entry = <en:charge:ch2> AND line = 2",
     "posting_shape", "posting", "<en:charge:ch2>/2", 10_000),
    ("a channel line without its channel",
     "UPDATE posting SET channel = NULL WHERE entry = <en:settle:w1.1> AND line = 2",
     "posting_channel", "posting", "<en:settle:w1.1>/2", 20_000),
    ("a posting from another's top-up",
     "UPDATE posting SET source = <tu:t4> WHERE entry = <en:charge:ch1> AND line = 3",
     "posting_source", "posting", "<en:charge:ch1>/3", -5_500),
    ("postings that do not sum to zero",
     "UPDATE posting SET amount = amount - 3 WHERE entry = <en:credit:cr1> AND line = 1",
     "ledger_total", "currency", "CNY", -3),
    ("a posting without an entry", "INSERT INTO posting VALUES (999, 1, <ac:bob>, 'other', NULL, NULL, 5)",
     "posting_orphan", "posting", "999/1", 5),
    ("a transfer that never arrived",
     "DELETE FROM posting WHERE entry = <en:transfer_in:tr1>; DELETE FROM entry WHERE id = <en:transfer_in:tr1>",
     "transit_open", "parcel", "<pa:tr1>", 9_000),
    ("money used before it came",
     "UPDATE posting SET entry = 5000 WHERE entry = <en:topup:t1>; UPDATE entry SET id = 5000 WHERE id = <en:topup:t1>",
     "fund_overdrawn", "entry", "<en:charge:ch1>", -5_500),
    ("an entry about nothing", "UPDATE entry SET object = 4711 WHERE id = <en:charge:ch2>",
     "entry_object", "entry", "<en:charge:ch2>", 10_000),
    # Figures of accounts
    ("a balance grew", "UPDATE account SET topup = topup + 100, topped_up = topped_up + 100 WHERE id = <ac:alice>",
     "account_topup", "account", "<ac:alice>", 100),
    ("a hold shrank", "UPDATE account SET topup_held = topup_held - 200 WHERE id = <ac:alice>",
     "account_topup_held", "account", "<ac:alice>", -200),
    ("transferred-in money grew", "UPDATE account SET transferred_in = transferred_in + 1 WHERE id = <ac:alice>",
     "account_transferred_in", "account", "<ac:alice>", 1),
    ("allocated money grew", "UPDATE account SET allocated_in = allocated_in + 2 WHERE id = <ac:dave>",
     "account_allocated_in", "account", "<ac:dave>", 2),
    ("other money grew", "UPDATE account SET other = other + 3 WHERE id = <ac:alice>",
     "account_other", "account", "<ac:alice>", 3),
    ("held other money shrank", "UPDATE account SET other_held = other_held - 4 WHERE id = <ac:alice>",
     "account_other_held", "account", "<ac:alice>", -4),
    ("vouchers out of nothing", "UPDATE account SET voucher = 500 WHERE id = <ac:alice>",
     "account_voucher", "account", "<ac:alice>", 500),
    ("topped_up grew", "UPDATE account SET topped_up = topped_up + 10 WHERE id = <ac:carol>",
     "account_topped_up", "account", "<ac:carol>", 10),
    ("a claim was forgotten", "UPDATE account SET owed_invoice = 0 WHERE id = <ac:alice>",
     "account_claims", "account", "<ac:alice>", -1_500),
    ("a claim row was lowered", "UPDATE claim SET amount = 1 WHERE id = <cl:un1>",
     "account_claims", "account", "<ac:alice>", 699),
    ("a resource was not counted", "UPDATE account SET payg_active = 0, payg_frozen = 0 WHERE id = <ac:alice>",
     "account_payg", "account", "<ac:alice>", -300),
    ("a release was forgotten", "UPDATE account SET payg_last_released_at = NULL WHERE id = <ac:alice>",
     "account_payg_released", "account", "<ac:alice>", 300),
    ("a leg in flight holds nothing", "UPDATE account SET topup_held = 0 WHERE id = <ac:alice>",
     "account_hold", "account", "<ac:alice>", -1_200),
    ("the month forgot a withdrawal",
     "UPDATE account SET withdrawals_month = withdrawals_month - 1 WHERE id = <ac:alice>",
     "account_month", "account", "<ac:alice>", -1),
    ("confirmed after the end of all calendars",
     "UPDATE withdrawal SET confirmed_at = 9223372036854775807 WHERE id = <wd:w9>",
     "withdrawal_confirmed", "withdrawal", "<wd:w9>", 900),
    ("the day forgot an amount", "UPDATE account SET withdrawn_day = withdrawn_day - 30000 WHERE id = <ac:alice>",
     "account_day", "account", "<ac:alice>", -30_000),
    ("a master that is none", "UPDATE account SET master = 'zoe' WHERE id = <ac:dave>",
     "account_master_missing", "account", "<ac:dave>", None),
    ("a subject without its debt", "UPDATE subject SET overdue = 0 WHERE id = X'53535353535353535353535353535353'",
     "subject_overdue", "subject", "53535353535353535353535353535353", -3_500),
    ("a subject with an account too many",
     "UPDATE subject SET accounts = 3 WHERE id = X'53535353535353535353535353535353'",
     "subject_accounts", "subject", "53535353535353535353535353535353", 3_500),
    ("a subject nobody knows", "UPDATE account SET subject = X'00000000000000000000000000000001' WHERE id = <ac:dave>",
     "subject_missing", "account", "<ac:dave>", 0),
    ("a letter of the schema fell over",
     "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'CHECK (withdrawals_month', 'CHECK (whthdrawals_month') "
     "WHERE name = 'account'",
     "schema", "database", "account", None),
    # Top-ups, facts, parcels, draws
    ("a top-up grew",
     "UPDATE topup SET amount = 100010 WHERE id = <tu:t1>; UPDATE account SET topped_up = topped_up + 10 WHERE id = "
     "<ac:alice>",
     "topup_amount", "topup", "<tu:t1>", 10),
    ("a spent top-up is full again", "UPDATE topup SET remaining = 80000 WHERE id = <tu:t1>",
     "topup_remaining", "topup", "<tu:t1>", -4_500),
    ("a top-up's hold was dropped", "UPDATE topup SET held = 0 WHERE id = <tu:t1>",
     "topup_held", "topup", "<tu:t1>", -1_200),
    ("a refund was forgotten", "UPDATE topup SET refunded = 0 WHERE id = <tu:t2>",
     "topup_refunded", "topup", "<tu:t2>", -20_000),
    ("more went back than came in",
     "UPDATE topup SET refunded = 45000, held = 25000, remaining = 25000 WHERE id = <tu:t2>",
     "topup_overspent", "topup", "<tu:t2>", 20_000),
    ("a parcel grew",
     "UPDATE parcel SET amount = 9500 WHERE id = <pa:tr1>",
     "parcel_amount", "parcel", "<pa:tr1>", 500),
    ("a used parcel is full again", "UPDATE parcel SET remaining = 7000 WHERE id = <pa:tr1>",
     "parcel_remaining", "parcel", "<pa:tr1>", 4_000),
    ("a recall was forgotten", "UPDATE parcel SET taken_back = 0 WHERE id = <pa:tr1>",
     "parcel_taken_back", "parcel", "<pa:tr1>", -2_000),
    ("a draw says another amount", "UPDATE draw SET amount = 5400 WHERE owner = <fa:ch1> AND line = 3",
     "draw_journal", "draw", "<fa:ch1>", -100),
    ("a draw vanished", "DELETE FROM draw WHERE owner = <fa:ch2>", "draw_missing", "draw", "<fa:ch2>", 10_000),
    ("a draw of nobody", "INSERT INTO draw VALUES (31337, 1, <ac:bob>, 'other', 0, 9, 0)",
     "draw_owner_missing", "draw", "31337/1", 9),
    ("a draw was skipped", "UPDATE draw SET line = 9 WHERE owner = <fa:ch1> AND line = 3",
     "draw_line_gap", "draw", "<fa:ch1>", 10_000),
    ("a charge that is not paid for", "UPDATE fact SET unpaid = 0 WHERE id = <fa:ch2>",
     "fact_draws", "fact", "<fa:ch2>", 2_500),
    ("a reversal that gave nothing", "UPDATE draw SET given_back = 0 WHERE owner = <fa:ch3>",
     "fact_reversed", "fact", "<fa:ch3>", 3_000),
    ("a reversal that is not marked", "UPDATE fact SET reversed_at = NULL WHERE id = <fa:ch3>",
     "fact_reversed", "fact", "<fa:ch3>", 3_000),
    ("a credit grew", "UPDATE fact SET amount = 20001 WHERE id = <fa:cr1>", "fact_credit", "fact", "<fa:cr1>", 1),
    ("a credit that is owed", "UPDATE fact SET unpaid = 5 WHERE id = <fa:cr1>", "fact_credit", "fact", "<fa:cr1>", -5),
    ("a recall whose draws know nothing", "UPDATE draw SET given_back = 0 WHERE owner = <pa:al1>",
     "parcel_draws", "parcel", "<pa:al1>", 5_000),
    # Withdrawals
    ("a withdrawal grew", "UPDATE withdrawal SET amount = amount + 1 WHERE id = <wd:w9>",
     "withdrawal_legs", "withdrawal", "<wd:w9>", 1),
    ("a withdrawal in dollars", "UPDATE withdrawal SET currency = 'USD' WHERE id = <wd:w9>",
     "withdrawal_currency", "withdrawal", "<wd:w9>", 900),
    ("a failed withdrawal called successful", "UPDATE withdrawal SET status = 'successful' WHERE id = <wd:w8>",
     "withdrawal_status_legs", "withdrawal", "<wd:w8>", 3_000),
    ("counters set back a day", "UPDATE account SET day = 20261121 WHERE id = <ac:carol>",
     "account_counters", "account", "<ac:carol>", None),
    ("counters of another month", "UPDATE account SET month = 202612 WHERE id = <ac:carol>",
     "account_counters", "account", "<ac:carol>", None),
    ("counted under a day that had gone by", "UPDATE withdrawal SET counted_day = 20261120 WHERE id = <wd:w10>",
     "withdrawal_counted_day", "withdrawal", "<wd:w10>", 400),
    ("counted under a day that nobody knew yet", "UPDATE withdrawal SET counted_day = 20261122 WHERE id = <wd:w1>",
     "withdrawal_counted_day", "withdrawal", "<wd:w1>", 30_000),
    ("a rejected withdrawal still counts", "UPDATE withdrawal SET counted_day = 20261120 WHERE id = <wd:w4>",
     "withdrawal_counted", "withdrawal", "<wd:w4>", 5_000),
    ("money held without a code", "UPDATE withdrawal SET confirmed_at = NULL WHERE id = <wd:w7>",
     "withdrawal_confirmed", "withdrawal", "<wd:w7>", 1_200),
    ("a policy version that was not kept", "UPDATE withdrawal SET policy_version = 9 WHERE id = <wd:w1>",
     "withdrawal_policy", "withdrawal", "<wd:w1>", 30_000),
    ("a leg of another account", "UPDATE leg SET account = <ac:bob> WHERE id = <leg:w5.1>",
     "leg_account", "leg", "<leg:w5.1>", 1_000),
    ("a leg in another's withdrawal", "UPDATE leg SET number = 5 WHERE id = <leg:w1.2>",
     "leg_number_gap", "withdrawal", "<wd:w1>", 30_000),
    ("a lot shrank", "UPDATE lot SET amount = 800 WHERE leg = <leg:w9.1>", "leg_amount", "leg", "<leg:w9.1>", 100),
    ("a held leg called paid", "UPDATE leg SET status = 'successful', paid_at = 1 WHERE id = <leg:w7.1>",
     "leg_money", "leg", "<leg:w7.1>", 1_200),
    ("a hold settled and released",
     "INSERT INTO entry SELECT 6000, account, 'release', currency, object, withdrawal, amount, at FROM entry WHERE "
     "id = <en:settle:w1.2>; "
     "INSERT INTO posting SELECT 6000, line, account, CASE ledger WHEN 'channel' THEN 'topup' ELSE ledger END, NULL, "
     "source, amount FROM posting WHERE entry = <en:settle:w1.2>",
     "leg_resolved_twice", "leg", "<leg:w1.2>", 10_000),
    ("a payment settled twice",
     "INSERT INTO entry SELECT 6000, account, kind, currency, object, withdrawal, amount, at FROM entry WHERE id = "
     "<en:settle:w1.1>; "
     "INSERT INTO posting SELECT 6000, line, account, ledger, channel, source, amount FROM posting WHERE entry = "
     "<en:settle:w1.1>",
     "leg_resolved_twice", "leg", "<leg:w1.1>", 20_000),
    ("a return came twice",
     "INSERT INTO entry SELECT 6000, account, kind, currency, object, withdrawal, amount, at FROM entry WHERE id = "
     "<en:return:w2.1>; "
     "INSERT INTO posting SELECT 6000, line, account, ledger, channel, source, amount FROM posting WHERE entry = "
     "<en:return:w2.1>",
     "leg_lot_journal", "leg", "<leg:w2.1>", 8_000),
    ("a fee that was not earned", "UPDATE leg SET fee = 20 WHERE id = <leg:w1.1>", "leg_fee", "leg", "<leg:w1.1>", 20),
    ("a fee kept though the payment came back",
     "DELETE FROM posting WHERE entry = <en:return:w2.1> AND ledger = 'revenue'",
     "leg_fee", "leg", "<leg:w2.1>", 30),
    ("a hold taken from another top-up", "UPDATE posting SET source = <tu:t1> WHERE entry = <en:freeze:w2.1>",
     "leg_lot_journal", "leg", "<leg:w2.1>", 8_000),
    ("a lot of another account's top-up", "UPDATE lot SET topup = <tu:t5> WHERE leg = <leg:w9.1>",
     "lot_topup", "lot", "<leg:w9.1>/1", 900),
    ("a leg in flight with nothing in flight", "UPDATE attempt SET status = 'refused' WHERE id = <at:w3.1>",
     "leg_attempt_open", "leg", "<leg:w3.1>", 6_000),
    ("a paid leg without a paid attempt", "UPDATE attempt SET status = 'refused' WHERE id = <at:w1.1>",
     "leg_attempt_paid", "leg", "<leg:w1.1>", 20_000),
    ("a failed leg whose attempt was paid", "UPDATE attempt SET status = 'paid' WHERE id = <at:w8.1>",
     "leg_attempt_paid", "leg", "<leg:w8.1>", 3_000),
    ("a paid leg without a day", "UPDATE leg SET paid_at = NULL WHERE id = <leg:w1.1>",
     "leg_dates", "leg", "<leg:w1.1>", 20_000),
    ("an attempt for more than its leg", "UPDATE attempt SET amount = 60000 WHERE id = <at:w3.1>",
     "attempt_leg", "attempt", "<at:w3.1>", 54_000),
    ("an attempt number was skipped", "UPDATE attempt SET number = 2 WHERE id = <at:w3.1>",
     "attempt_number_gap", "leg", "<leg:w3.1>", None),
    ("two attempts open at once",
     "DROP INDEX attempt_one_open; INSERT INTO attempt SELECT 6001, leg, withdrawal, account, 2, 'EBBTWO', channel, "
     "status, amount, request, sends, queries, began_at, last_sent_at, dedupe_until, code FROM attempt WHERE id = "
     "<at:w3.1>",
     "attempt_two_open", "leg", "<leg:w3.1>", 6_000),
    ("a new key before the old one was dead",
     "INSERT INTO attempt SELECT 6001, leg, withdrawal, account, 2, 'EBBTWO', channel, 'refused', amount, request, "
     "sends, queries, began_at, last_sent_at, dedupe_until, code FROM attempt WHERE id = <at:w1.1>",
     "attempt_too_early", "attempt", "6001", 20_000),
    ("a key used again", "DROP INDEX attempt_by_key; UPDATE attempt SET key = 'EBBW11' WHERE id = <at:w1.2>",
     "attempt_key_again", "attempt", "<at:w1.2>", 30_000),
    ("settled without evidence", "DELETE FROM evidence WHERE id = <ev:w1.2:paid>",
     "settle_evidence", "leg", "<leg:w1.2>", 10_000),
    ("settled on evidence of less", "UPDATE evidence SET amount = 1 WHERE id = <ev:w1.1:paid>",
     "settle_evidence", "leg", "<leg:w1.1>", 20_000),
    ("returned without evidence", "DELETE FROM evidence WHERE id = <ev:w2.1:returned>",
     "return_evidence", "leg", "<leg:w2.1>", 8_000),
    ("refused without evidence", "DELETE FROM evidence WHERE id = <ev:w2.2:not_paid>",
     "refused_evidence", "attempt", "<at:w2.2>", 1_000),
    ("evidence of another key", "UPDATE evidence SET key = 'EBBOTHER' WHERE id = <ev:w1.1:paid>",
     "evidence_attempt", "evidence", "<ev:w1.1:paid>", 20_000),
    ("an approval vanished", "DELETE FROM review WHERE id = <rv:w3:ron>",
     "review_missing", "withdrawal", "<wd:w3>", 6_000),
    ("one person approved twice", "UPDATE review SET reviewer = 'rita' WHERE id = <rv:w3:ron>",
     "review_missing", "withdrawal", "<wd:w3>", 6_000),
    ("approved before papers were asked for",
     "INSERT INTO review (id, withdrawal, reviewer, decision, version, at) SELECT max(id) + 1, <wd:w3>, 'sam', "
     "'need_documents', 3, 0 FROM review",
     "review_missing", "withdrawal", "<wd:w3>", 6_000),
    ("the maker approved", "UPDATE review SET reviewer = 'demo-customer:alice' WHERE id = <rv:w3:ron>",
     "review_by_maker", "review", "<rv:w3:ron>", 6_000),
    ("approvals out of nothing", "UPDATE withdrawal SET approvals = 1 WHERE id = <wd:w7>",
     "approvals_counted", "withdrawal", "<wd:w7>", 1_200),
    # Statuses against the story that the audit rows tell
    ("a status changed behind the audit's back", "UPDATE withdrawal SET status = 'cancelled' WHERE id = <wd:w9>",
     "withdrawal_status_move", "withdrawal", "<wd:w9>", 900),
    ("a leg's status changed behind the audit's back", "UPDATE leg SET status = 'unknown' WHERE id = <leg:w3.1>",
     "leg_status_move", "leg", "<leg:w3.1>", 6_000),
    ("an attempt's status changed behind the audit's back", "UPDATE attempt SET status = 'intent' WHERE id = <at:w3.1>",
     "attempt_status_move", "attempt", "<at:w3.1>", 6_000),
    ("an entry that no audit row names",
     "INSERT INTO entry SELECT 6000, account, kind, currency, object, withdrawal, amount, at FROM entry WHERE id = "
     "<en:credit:cr1>; "
     "INSERT INTO posting SELECT 6000, line, account, ledger, channel, source, amount FROM posting WHERE entry = "
     "<en:credit:cr1>",
     "entry_unnamed", "entry", "6000", 20_000),
    ("an entry moved in time", "UPDATE entry SET at = at - 86400000 WHERE id = <en:topup:t5>",
     "entry_moment", "entry", "<en:topup:t5>", 70_000),
    # The chain
    ("an audit row's principal changed",
     "UPDATE audit SET principal = 'somebody' WHERE seq = 20",
     "audit_hash", "audit", "20", None),
    ("an audit row's time changed", "UPDATE audit SET at = at + 1 WHERE seq = 21", "audit_hash", "audit", "21", None),
    ("an audit row's body changed",
     "UPDATE audit SET body = replace(body, 'freeze', 'frieze') WHERE seq = <seq:freeze:w1.1>",
     "audit_hash", "audit", "<seq:freeze:w1.1>", None),
    ("an audit row vanished", "DELETE FROM audit WHERE seq = 30", "audit_gap", "audit", "31", None),
    ("an audit row's hash changed",
     "UPDATE audit SET hash = zeroblob(32) WHERE seq = 12",
     "audit_link", "audit", "13", None),
    ("a chain with another beginning",
     "UPDATE audit SET previous = randomblob(32) WHERE seq = 1",
     "audit_link", "audit", "1", None),
    ("an audit body that is no JSON", "UPDATE audit SET body = 'x' WHERE seq = 14", "audit_body", "audit", "14", None),
    # The file
    ("a topup of nobody",
     "UPDATE topup SET account = 88 WHERE id = <tu:t3>",
     "reference_missing", "topup", "<tu:t3>", None),
    ("a negative balance", "UPDATE account SET voucher = -5 WHERE id = <ac:bob>",
     "figure_negative", "account", "<ac:bob>", -5),
    ("more given back than taken", "UPDATE draw SET given_back = 3100 WHERE owner = <fa:ch3>",
     "figure_negative", "draw", "<fa:ch3>/1", -100),
    ("a flag that is none", "UPDATE topup SET bonus = 7 WHERE id = <tu:t3>",
     "word_unknown", "topup", "<tu:t3>", 30_000),
    ("more on hold than there is", "UPDATE topup SET held = remaining + 1 WHERE id = <tu:t3>",
     "topup_overspent", "topup", "<tu:t3>", 1),
    ("sums beyond what can be added",
     "UPDATE posting SET amount = 9223372036854775807 WHERE line = 1 AND entry IN (<en:credit:cr1>, "
     "<en:recall_in:tr1>)",
     "check_failed", "check", "entry_sum", None),
]

# The same, with the whole chain hashed anew: name, (audit row, old text, new text), finding, table, row, amount
FORGERIES = [
    ("a move left out of the story",
     ("seq:leg:w1.1:sending", '{"o":"<wd:w1>","from":"approved","event":"dispatch","to":"dispatching"},', ""),
     "move_gap", "wd", "<wd:w1>", None),
    ("a move that the design forbids",
     ("seq:settle:w1.1", '"from":"unknown","event":"paid","to":"paid"', '"from":"refused","event":"paid","to":"paid"'),
     "move_illegal", "at", "<at:w1.1>", None),
    ("a move of nothing",
     ("seq:settle:w1.2", "<leg:w1.2>", "<leg:zero>"),
     "move_object_missing", "leg", "<leg:zero>", None),
    ("an entry named with less", ("seq:freeze:w7.1", '"kind":"freeze","amount":1200', '"kind":"freeze","amount":200'),
     "audit_entry", "audit", "<seq:freeze:w7.1>", -1_000),
    ("an entry named as another", ("seq:return:w2.1", '"kind":"return"', '"kind":"release"'),
     "audit_entry", "audit", "<seq:return:w2.1>", 0),
    ("an entry left out of the story",
     ("seq:credit:cr2", '"entries":[{"o":"<en:credit:cr2>","kind":"credit","amount":500}]', '"entries":[]'),
     "entry_unnamed", "entry", "<en:credit:cr2>", 500),
    ("an entry named twice",
     ("seq:return:w2.1", '"entries":[', '"entries":[{"o":"<en:topup:t1>","kind":"topup","amount":100000},'),
     "entry_unnamed", "entry", "<en:topup:t1>", 100_000),
]

TRIGGERS = ("entry_fixed", "entry_kept", "posting_fixed", "posting_kept", "audit_fixed", "audit_kept")
PREFIXES = {"wd": "wd", "leg": "leg", "at": "at", "en": "en"}


class Case:
    """A copy of the golden books in a directory of its own."""

    def __init__(self, pristine, ids):
        self.directory, self.ids = tempfile.mkdtemp(prefix="ebb-audit-"), ids
        shutil.copy(os.path.join(pristine, "ebb.db"), self.directory)
        self.path = os.path.join(self.directory, "ebb.db")

    def fill(self, text, names=False):
        def value(match):
            name = match.group(1)
            return golden.outside(PREFIXES[name.split(":")[0]], self.ids[name]) if names else str(self.ids[name])
        return re.sub(r"<([a-z]+:[^>]+)>", value, text)

    def damage(self, statements):
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("PRAGMA synchronous = OFF")
        texts = [db.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()[0] for name in TRIGGERS]
        db.executescript("".join(f"DROP TRIGGER {name};" for name in TRIGGERS))
        statements(db)
        db.executescript(";".join(texts))
        db.close()

    def forge(self, seq, old, new):
        def rewrite(db):
            body, = db.execute("SELECT body FROM audit WHERE seq = ?", [seq]).fetchone()
            assert old in body, f"{old} is not in {body}"
            db.execute("UPDATE audit SET body = ? WHERE seq = ?", [body.replace(old, new), seq])
            previous = bytes(32)
            rows = db.execute("SELECT seq, at, principal, command, account, object, body FROM audit ORDER BY seq").fetchall()
            for row in rows:
                value = golden.chain_hash(row[0], previous, row[1], row[2], row[3], row[4] or 0, row[5] or 0, row[6])
                db.execute("UPDATE audit SET previous = ?, hash = ? WHERE seq = ?", [previous, value, row[0]])
                previous = value
        self.damage(rewrite)

    def close(self):
        shutil.rmtree(self.directory)


def sequences(pristine, ids):
    """seq:NAME of the audit row that names an entry or moves an object to a status."""
    names = {golden.outside("en", key): name for name, key in ids.items() if name.startswith("en:")}
    legs = {golden.outside("leg", key): name for name, key in ids.items() if name.startswith("leg:")}
    db = sqlite3.connect(os.path.join(pristine, "ebb.db"))
    for seq, body in db.execute("SELECT seq, body FROM audit").fetchall():
        story = json.loads(body)
        for entry in story["entries"]:
            ids["seq:" + names[entry["o"]][3:]] = seq
        for move in story["moves"]:
            if move["o"] in legs:
                ids[f"seq:{legs[move['o']]}:{move['to']}"] = seq
    db.close()
