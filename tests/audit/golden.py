# SPDX-License-Identifier: Apache-2.0
"""A small set of books, written by hand: every kind of entry, every end of a withdrawal, without the engine.

The auditor must find nothing in them; tests/audit/test_corruptions.py then breaks one thing at a time. The writer below
keeps the figures of accounts and top-ups with the postings it makes, in the way docs/architecture.md ("Books") says."""
import glob
import hashlib
import json
import os
import sqlite3
import struct
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DAY = 86_400_000
MORNING = 1_795_140_000_000  # 2026-11-20T10:00:00+08:00


def outside(prefix, number):
    digits = ""
    for _ in range(13):
        digits, number = ALPHABET[number & 31] + digits, number >> 5
    return f"{prefix}_{digits}"


def shanghai_day(moment):
    return int(time.strftime("%Y%m%d", time.gmtime(moment // 1000 + 8 * 3600)))


def schema_texts(path):
    """All numbered files beside the one that was named, in their order."""
    for name in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(path)), "[0-9]*.sql"))):
        with open(name, encoding="utf-8") as file:
            yield file.read()


def chain_hash(seq, previous, at, principal, command, account, thing, body):
    parts = [str(seq), previous, str(at), principal, command, str(account), str(thing), body]
    state = hashlib.blake2b(digest_size=32)
    for part in ["audit", *parts]:
        data = part if isinstance(part, bytes) else part.encode()
        state.update(struct.pack("<Q", len(data)) + data)
    return state.digest()


class Books:
    """Writes rows; `ids` gives every object a name that the corruption table can use ("en:freeze:w1"). `each` is called
    after every command, when its rows are in the file."""

    def __init__(self, directory, schema, each=None):
        self.each = each
        os.makedirs(directory, exist_ok=True)
        self.db = sqlite3.connect(os.path.join(directory, "ebb.db"), isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")
        for text in schema_texts(schema):
            self.db.executescript(text)
        self.db.execute("BEGIN")
        self.ids, self.next, self.now = {}, 1000, MORNING
        self.seq, self.previous = 0, bytes(32)
        self.moves, self.entries, self.status = [], [], {}

    def id(self, name):
        if name not in self.ids:
            self.next += 1
            self.ids[name] = self.next
        return self.ids[name]

    def insert(self, table, **columns):
        names, marks = ", ".join(columns), ", ".join("?" * len(columns))
        self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(columns.values()))

    def add(self, table, key, **amounts):
        sets = ", ".join(f"{name} = {name} + ?" for name in amounts)
        self.db.execute(f"UPDATE {table} SET {sets} WHERE id = ?", [*amounts.values(), key])

    def put(self, table, key, **columns):
        sets = ", ".join(f"{name} = ?" for name in columns)
        self.db.execute(f"UPDATE {table} SET {sets} WHERE id = ?", [*columns.values(), key])

    def entry(self, name, kind, account, thing, withdrawal, lines):
        """lines: (ledger, channel, source, amount)"""
        key, amount = self.id("en:" + name), sum(line[3] for line in lines if line[3] > 0)
        self.insert("entry", id=key, account=account, kind=kind, currency="CNY", object=thing, withdrawal=withdrawal,
                    amount=amount, at=self.now)
        for number, (ledger, channel, source, value) in enumerate(lines, 1):
            self.insert("posting", entry=key, line=number, account=account, ledger=ledger, channel=channel,
                        source=source, amount=value)
        self.entries.append({"o": outside("en", key), "kind": kind, "amount": amount})

    def move(self, prefix, name, event, to):
        table = {"wd": "withdrawal", "leg": "leg", "at": "attempt"}[prefix]
        key = self.id(name)
        self.moves.append({"o": outside(prefix, key), "from": self.status.get((prefix, key)), "event": event, "to": to})
        self.status[prefix, key] = to
        self.put(table, key, status=to)

    def commit(self, command, account, thing, principal="demo-billing"):
        body = json.dumps({"moves": self.moves, "entries": self.entries}, separators=(",", ":"))
        self.seq += 1
        value = chain_hash(self.seq, self.previous, self.now, principal, command, account, thing, body)
        self.insert("audit", seq=self.seq, at=self.now, principal=principal, command=command, account=account or None,
                    object=thing or None, body=body, previous=self.previous, hash=value)
        self.previous, self.moves, self.entries, self.now = value, [], [], self.now + 1000
        if self.each:
            self.db.execute("COMMIT")
            self.each(self)
            self.db.execute("BEGIN")

    # Facts

    def account(self, ref, subject=None, master=None):
        key = self.id("ac:" + ref)
        self.insert("account", id=key, ref=ref, policy="alibaba", currency="CNY", state="active", verified=1,
                    subject=subject, master=master, topup=0, topup_held=0, transferred_in=0, allocated_in=0, other=0,
                    other_held=0, voucher=0, topped_up=0, owed_invoice=0, overdue=0, unsettled=0, invoiced=0,
                    payg_active=0, payg_frozen=0, month=0, withdrawals_month=0, day=0, withdrawals_day=0,
                    withdrawn_day=0, version=1, created_at=self.now)
        if subject:
            self.db.execute("INSERT INTO subject VALUES (?, 0, 1) "
                            "ON CONFLICT (id) DO UPDATE SET accounts = accounts + 1", [subject])
        self.commit("account", key, key)

    def topup(self, ref, account, amount):
        key, owner = self.id("tu:" + ref), self.id("ac:" + account)
        self.insert("topup", id=key, account=owner, ref=ref, fingerprint=bytes(15) + b"t", method="alipay",
                    channel="alipay", amount=amount, remaining=amount, held=0, refunded=0, refunds=0, paid_at=self.now,
                    bonus=0, arbitrage=0)
        self.add("account", owner, topup=amount, topped_up=amount)
        self.entry("topup:" + ref, "topup", owner, key, None,
                   [("channel", "alipay", key, -amount), ("topup", None, key, amount)])
        self.commit("topup", owner, key)

    def take(self, owner_name, account, lots, fund_sign=-1):
        """Draw rows, figures and postings of (fund, source name, amount)."""
        owner, lines = self.id(owner_name), []
        for number, (fund, source, amount) in enumerate(lots, 1):
            origin = self.id(source) if source else 0
            self.insert("draw", owner=owner, line=number, account=account, fund=fund, source=origin, amount=amount,
                        given_back=0)
            self.move_fund(account, fund, origin, -amount)
            lines.append((fund, None, origin or None, fund_sign * amount))
        return lines

    def move_fund(self, account, fund, origin, amount):
        self.add("account", account, **{fund: amount})
        if fund == "topup":
            self.add("topup", origin, remaining=amount)
        elif fund in ("transferred_in", "allocated_in"):
            self.add("parcel", origin, remaining=amount)

    def give_back(self, owner_name, account, lots):
        owner, lines = self.id(owner_name), []
        for number, (fund, source, amount) in enumerate(lots, 1):
            origin = self.id(source) if source else 0
            self.db.execute("UPDATE draw SET given_back = given_back + ? WHERE owner = ? AND line = ?",
                            [amount, owner, number])
            self.move_fund(account, fund, origin, amount)
            lines.append((fund, None, origin or None, amount))
        return lines

    def fact(self, kind, ref, account, amount, unpaid=0, fund=None, topup=None):
        self.insert("fact", id=self.id("fa:" + ref), account=account, kind=kind, ref=ref, fingerprint=bytes(15) + b"f",
                    amount=amount, unpaid=unpaid, fund=fund, topup=topup, at=self.now)

    def charge(self, ref, account, lots, unpaid=0):
        owner, paid = self.id("ac:" + account), sum(lot[2] for lot in lots)
        self.fact("charge", ref, owner, paid + unpaid, unpaid)
        lines = self.take("fa:" + ref, owner, lots)
        self.entry("charge:" + ref, "charge", owner, self.id("fa:" + ref), None,
                   lines + [("revenue", None, None, paid)])
        if unpaid:
            self.claim("charge-" + ref, account, "overdue", unpaid, commit=False)
        self.commit("charge", owner, self.id("fa:" + ref))

    def reverse(self, ref, account, lots):
        owner, paid = self.id("ac:" + account), sum(lot[2] for lot in lots)
        self.put("fact", self.id("fa:" + ref), reversed_at=self.now)
        lines = self.give_back("fa:" + ref, owner, lots)
        self.entry("reversal:" + ref, "reversal", owner, self.id("fa:" + ref), None,
                   [("revenue", None, None, -paid)] + lines)
        self.commit("reverse", owner, self.id("fa:" + ref))

    def chargeback(self, ref, account, topup, amount, missing):
        owner, origin = self.id("ac:" + account), self.id("tu:" + topup)
        self.fact("chargeback", ref, owner, amount, missing, topup=origin)
        lines = self.take("fa:" + ref, owner, [("topup", "tu:" + topup, amount - missing)])
        self.add("topup", origin, refunded=amount - missing)
        self.entry("chargeback:" + ref, "chargeback", owner, self.id("fa:" + ref), None,
                   lines + [("suspense", None, origin, -missing), ("channel", "alipay", origin, amount)])
        self.claim("chargeback-" + ref, account, "overdue", missing, commit=False)
        self.commit("chargeback", owner, self.id("fa:" + ref))

    def credit(self, ref, account, fund, amount):
        owner = self.id("ac:" + account)
        self.fact("credit", ref, owner, amount, fund=fund)
        self.add("account", owner, **{fund: amount})
        self.entry("credit:" + ref, "credit", owner, self.id("fa:" + ref), None,
                   [("bonus", None, None, -amount), (fund, None, None, amount)])
        self.commit("credit", owner, self.id("fa:" + ref))

    def claim(self, ref, account, kind, amount, commit=True):
        owner = self.id("ac:" + account)
        self.insert("claim", id=self.id("cl:" + ref), account=owner, ref=ref, kind=kind, amount=amount, at=self.now)
        self.add("account", owner, **{kind: amount})
        if kind == "overdue":
            self.db.execute("UPDATE subject SET overdue = overdue + ? "
                            "WHERE id = (SELECT subject FROM account WHERE id = ?)", [amount, owner])
        if commit:
            self.commit("claim", owner, self.id("cl:" + ref))

    def resource(self, ref, account, state, frozen):
        owner, released = self.id("ac:" + account), self.now if state == "released" else None
        self.insert("resource", id=self.id("re:" + ref), account=owner, ref=ref, state=state, frozen=frozen,
                    released_at=released)
        if state == "active":
            self.add("account", owner, payg_active=1, payg_frozen=frozen)
        else:
            self.put("account", owner, payg_last_released_at=released)
        self.commit("resource", owner, self.id("re:" + ref))

    def parcel(self, kind, ref, giver, receiver, lots):
        sender, taker, key = self.id("ac:" + giver), self.id("ac:" + receiver), self.id("pa:" + ref)
        amount, fund = sum(lot[2] for lot in lots), "transferred_in" if kind == "transfer" else "allocated_in"
        self.insert("parcel", id=key, kind=kind, ref=ref, fingerprint=bytes(15) + b"p", giver=sender, receiver=taker,
                    amount=amount, remaining=0, taken_back=0, invoiced=0, at=self.now)
        self.entry(f"{kind}_out:{ref}", kind + "_out", sender, key, None,
                   self.take("pa:" + ref, sender, lots) + [("transit", None, None, amount)])
        self.move_fund(taker, fund, key, amount)
        self.entry(f"{kind}_in:{ref}", kind + "_in", taker, key, None,
                   [("transit", None, None, -amount), (fund, None, key, amount)])
        self.commit(kind, sender, key)

    def parcel_back(self, kind, ref, giver, receiver, lots):
        sender, taker, key = self.id("ac:" + giver), self.id("ac:" + receiver), self.id("pa:" + ref)
        amount, fund = sum(lot[2] for lot in lots), "transferred_in" if kind == "transfer" else "allocated_in"
        undo = "recall" if kind == "transfer" else "reclaim"
        self.move_fund(taker, fund, key, -amount)
        self.add("parcel", key, taken_back=amount)
        self.entry(f"{undo}_out:{ref}", undo + "_out", taker, key, None,
                   [(fund, None, key, -amount), ("transit", None, None, amount)])
        self.entry(f"{undo}_in:{ref}", undo + "_in", sender, key, None,
                   [("transit", None, None, -amount)] + self.give_back("pa:" + ref, sender, lots))
        self.commit(undo, sender, key)

    # Withdrawals. legs: [[(top-up ref or None, amount), …], …]

    def withdraw(self, name, account, legs, route="original", maker="demo-customer:alice", fee=0):
        key, owner = self.id("wd:" + name), self.id("ac:" + account)
        self.insert("withdrawal", id=key, account=owner, amount=sum(lot[1] for leg in legs for lot in leg),
                    currency="CNY", strategy="lifo", route=route, status="awaiting_code", policy="alibaba",
                    policy_version=1, maker=maker, approvals_needed=0, approvals=0, counted_day=0, code_tries_left=5,
                    created_at=self.now, version=1)
        self.move("wd", "wd:" + name, "made", "awaiting_code")
        for number, leg in enumerate(legs, 1):
            leg_name = f"leg:{name}.{number}"
            self.insert("leg", id=self.id(leg_name), withdrawal=key, account=owner, number=number, route=route,
                        channel="alipay", amount=sum(lot[1] for lot in leg), fee=fee if number == 1 else 0, status="planned",
                        arrives_by_provisional=0)
            for line, (topup, amount) in enumerate(leg, 1):
                self.insert("lot", leg=self.id(leg_name), line=line, withdrawal=key,
                            topup=self.id("tu:" + topup) if topup else 0, amount=amount)
            self.move("leg", leg_name, "plan", "planned")
        self.commit("withdraw", owner, key, maker)

    def legs(self, name):
        return self.db.execute("SELECT id, account, amount - fee FROM leg WHERE withdrawal = ? ORDER BY number",
                               [self.id("wd:" + name)]).fetchall()

    def leg_post(self, name, number, kind):
        leg = self.id(f"leg:{name}.{number}")
        owner, whole, fee = self.db.execute("SELECT account, amount, fee FROM leg WHERE id = ?", [leg]).fetchone()
        lines = []
        lots = self.db.execute("SELECT topup, amount FROM lot WHERE leg = ? ORDER BY line", [leg]).fetchall()
        for topup, amount in lots:
            fund, held, source = ("topup", "topup_held", topup) if topup else ("other", "other_held", None)
            here = {"freeze": (0, 1), "release": (0, -1), "settle": (-1, -1), "return": (1, 0)}[kind]
            self.add("account", owner, **{fund: here[0] * amount, held: here[1] * amount})
            if topup:
                self.add("topup", topup, remaining=here[0] * amount, held=here[1] * amount, refunded=-here[0] * amount)
            lines += {"freeze": [(fund, None, source, -amount), ("held", None, source, amount)],
                      "release": [("held", None, source, -amount), (fund, None, source, amount)],
                      "settle": [("held", None, source, -amount)], "return": [(fund, None, source, amount)]}[kind]
        way = {"settle": 1, "return": -1}.get(kind, 0)
        ends = [("channel", "alipay", None, way * (whole - fee)), ("revenue", None, None, way * fee)]
        lines += [line for line in ends if line[3] != 0]
        self.entry(f"{kind}:{name}.{number}", kind, owner, leg, self.id("wd:" + name), lines)

    def confirm(self, name, review=0):
        key = self.id("wd:" + name)
        owner, amount = self.db.execute("SELECT account, amount FROM withdrawal WHERE id = ?", [key]).fetchone()
        before, = self.db.execute("SELECT day FROM account WHERE id = ?", [owner]).fetchone()
        day = max(before, shanghai_day(self.now))
        self.put("withdrawal", key, confirmed_at=self.now, counted_day=day, approvals_needed=review)
        if day // 100 != before // 100:
            self.put("account", owner, withdrawals_month=0)
        if day != before:
            self.put("account", owner, month=day // 100, day=day, withdrawals_day=0, withdrawn_day=0)
        self.add("account", owner, withdrawals_month=1, withdrawals_day=1, withdrawn_day=amount)
        self.move("wd", "wd:" + name, "confirmed", "in_review" if review else "approved")
        for number, _ in enumerate(self.legs(name), 1):
            self.move("leg", f"leg:{name}.{number}", "freeze", "held")
            self.leg_post(name, number, "freeze")
        self.commit("code", owner, key)

    def uncount(self, name):
        key = self.id("wd:" + name)
        owner, amount, day = self.db.execute("SELECT account, amount, counted_day FROM withdrawal WHERE id = ?",
                                             [key]).fetchone()
        latest, = self.db.execute("SELECT day FROM account WHERE id = ?", [owner]).fetchone()
        self.put("withdrawal", key, counted_day=0)
        if day // 100 == latest // 100:
            self.add("account", owner, withdrawals_month=-1)
        if day == latest:
            self.add("account", owner, withdrawals_day=-1, withdrawn_day=-amount)

    def review(self, name, reviewer, decision, to=None):
        key = self.id("wd:" + name)
        self.insert("review", id=self.id(f"rv:{name}:{reviewer}"), withdrawal=key, reviewer=reviewer, decision=decision,
                    version=1, at=self.now)
        if decision == "approve":
            self.add("withdrawal", key, approvals=1)
        if decision == "need_documents":  # those before were of another application
            self.put("withdrawal", key, approvals=0)
        if to:
            self.move("wd", "wd:" + name, decision, to)
        if to == "rejected":
            self.let_go(name)
        self.commit("review", 0, key, reviewer)

    def let_go(self, name):
        for number, _ in enumerate(self.legs(name), 1):
            self.move("leg", f"leg:{name}.{number}", "release", "released")
            self.leg_post(name, number, "release")
        self.uncount(name)

    def cancel(self, name, held):
        self.move("wd", "wd:" + name, "cancel", "cancelled")
        if held:
            self.let_go(name)
        self.commit("cancel", 0, self.id("wd:" + name))

    def expire(self, name):
        self.move("wd", "wd:" + name, "code_expired", "expired")
        self.commit("tick", 0, self.id("wd:" + name), "system")

    def dispatch(self, name, legs=None):
        self.move("wd", "wd:" + name, "dispatch", "dispatching")
        for number, (leg, owner, amount) in enumerate(self.legs(name), 1):
            if legs and number not in legs:
                continue
            attempt = f"at:{name}.{number}"
            self.insert("attempt", id=self.id(attempt), leg=leg, withdrawal=self.id("wd:" + name), account=owner,
                        number=1, key="EBB" + name.upper() + str(number), channel="alipay", status="intent",
                        amount=amount, request=b"sealed", sends=1, queries=0, began_at=self.now)
            self.move("at", attempt, "begin", "intent")
            self.move("leg", f"leg:{name}.{number}", "send", "sending")
        self.commit("tick", 0, self.id("wd:" + name), "system")

    def evidence(self, name, number, kind, effect, leg_to=None, attempt_to=None, entry=None, wd_to=None):
        leg, attempt = f"leg:{name}.{number}", f"at:{name}.{number}"
        account, withdrawal, key, amount = self.db.execute(
            "SELECT account, withdrawal, key, amount FROM attempt WHERE id = ?", [self.id(attempt)]).fetchone()
        self.insert("evidence", id=self.id(f"ev:{name}.{number}:{kind}"), attempt=self.id(attempt),
                    withdrawal=withdrawal, account=account, channel="alipay", key=key, source="reply", kind=kind,
                    amount=amount, effect=effect, at=self.now)
        self.moves.append({"o": outside("at", self.id(attempt)), "from": None, "event": kind, "to": None})
        if attempt_to:
            self.move("at", attempt, kind, attempt_to)
        if leg_to:
            self.move("leg", leg, kind, leg_to)
        if leg_to == "successful":
            self.put("leg", self.id(leg), paid_at=self.now)
        if leg_to == "returned":
            self.put("leg", self.id(leg), returned_at=self.now)
        if entry == "suspense":
            self.entry(f"suspense:{name}.{number}", "suspense", account, self.id(leg), withdrawal,
                       [("suspense", None, None, -amount), ("channel", "alipay", None, amount)])
        elif entry:
            self.leg_post(name, number, entry)
        if wd_to:
            self.move("wd", "wd:" + name, "conclude", wd_to)
        if wd_to == "failed":
            self.uncount(name)
        self.commit("evidence", 0, withdrawal, "system")

    def paid(self, name, number=1, wd_to=None):
        self.evidence(name, number, "paid", "settled", "successful", "paid", "settle", wd_to)

    def not_paid(self, name, number=1, wd_to=None):
        self.evidence(name, number, "not_paid", "released", "failed", "refused", "release", wd_to)

    def close(self):
        self.db.execute("COMMIT")
        self.db.close()


def build(directory, schema, each=None):
    """The books, and the ids of their rows by name."""
    books = Books(directory, schema, each)
    books.insert("policy", name="alibaba", version=1, text="policy: alibaba", at=books.now)
    for ref, subject in (("alice", b"S" * 16), ("bob", b"S" * 16), ("carol", b"T" * 16)):
        books.account(ref, subject)
    books.account("dave", master="carol")
    for ref, account, amount in (("t1", "alice", 100_000), ("t2", "alice", 50_000), ("t3", "alice", 30_000),
                                 ("t4", "bob", 40_000), ("t5", "carol", 70_000)):
        books.topup(ref, account, amount)
    books.credit("cr1", "alice", "other", 20_000)
    books.credit("cr2", "alice", "voucher", 500)
    books.parcel("transfer", "tr1", "carol", "alice", [("topup", "tu:t5", 9_000)])
    books.parcel("allocation", "al1", "carol", "dave", [("topup", "tu:t5", 12_000)])
    books.charge("ch1", "alice",
                 [("voucher", None, 500), ("transferred_in", "pa:tr1", 4_000), ("topup", "tu:t1", 5_500)])
    books.charge("ch2", "bob", [("topup", "tu:t4", 10_000)], unpaid=2_500)
    books.charge("ch3", "dave", [("allocated_in", "pa:al1", 3_000)])
    books.reverse("ch3", "dave", [("allocated_in", "pa:al1", 3_000)])
    books.parcel_back("transfer", "tr1", "carol", "alice", [("topup", "tu:t5", 2_000)])
    books.parcel_back("allocation", "al1", "carol", "dave", [("topup", "tu:t5", 5_000)])
    books.claim("in1", "alice", "owed_invoice", 1_500)
    books.claim("un1", "alice", "unsettled", 700)
    books.resource("ecs1", "alice", "active", 300)
    books.resource("ecs2", "alice", "released", 0)
    books.withdraw("w1", "alice", [[("t2", 20_000)], [("t1", 10_000)]])  # paid
    books.confirm("w1")
    books.dispatch("w1")
    books.evidence("w1", 1, "nothing", "none", "unknown", "unknown")
    books.paid("w1", 1)
    books.paid("w1", 2, "successful")
    books.withdraw("w2", "alice", [[("t3", 8_000)], [("t2", 1_000)]], fee=30)  # one leg paid and returned, one failed
    books.confirm("w2")
    books.dispatch("w2")
    books.not_paid("w2", 2)
    books.paid("w2", 1, "partly_successful")
    books.evidence("w2", 1, "returned", "returned", "returned", "returned", "return", "returned")
    books.withdraw("w3", "alice", [[(None, 6_000)]], "application")  # reviewed by two, in flight
    books.confirm("w3", review=2)
    books.review("w3", "rita", "approve")
    books.review("w3", "ron", "approve", "approved")
    books.dispatch("w3")
    books.evidence("w3", 1, "accepted", "accepted", "accepted", "unknown")
    books.withdraw("w4", "bob", [[("t4", 5_000)]], maker="demo-customer:bob")  # rejected
    books.confirm("w4", review=2)
    books.review("w4", "sam", "approve")
    books.review("w4", "rita", "need_documents", "need_documents")
    books.move("wd", "wd:w4", "documented", "in_review")
    books.commit("document", books.id("ac:bob"), books.id("wd:w4"))
    books.review("w4", "ron", "reject", "rejected")
    books.withdraw("w5", "alice", [[("t1", 1_000)]])  # expired
    books.expire("w5")
    books.withdraw("w6", "alice", [[("t1", 1_100)]])  # cancelled while held
    books.confirm("w6", review=1)
    books.cancel("w6", held=True)
    books.withdraw("w7", "alice", [[("t1", 1_200)]])  # in review
    books.confirm("w7", review=1)
    books.withdraw("w8", "carol", [[("t5", 3_000)]], maker="demo-customer:carol")  # failed, then paid: suspense
    books.confirm("w8")
    books.dispatch("w8")
    books.not_paid("w8", 1, "failed")
    books.evidence("w8", 1, "paid", "suspense", entry="suspense")
    books.withdraw("w9", "bob", [[("t4", 900), ]], maker="demo-customer:bob")  # waits for its code
    books.chargeback("cb1", "bob", "t4", 31_000, 1_000)
    books.now += 2 * DAY  # the clock goes ahead and back: the second is counted under the day of the first
    books.withdraw("w10", "carol", [[("t5", 400)]], maker="demo-customer:carol")
    books.confirm("w10", review=1)
    books.now -= 2 * DAY
    books.withdraw("w11", "carol", [[("t5", 500)]], maker="demo-customer:carol")
    books.confirm("w11", review=1)
    books.close()
    return books.ids
