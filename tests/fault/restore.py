#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An old backup comes back (R15).

A busy server with simulated banks, customers, reviewers and a billing system. At some moment its database is copied; it goes on,
sends, learns and answers; then it is killed and the old copy comes back, through `ebb backup restore` or by plain copying. The
banks' own book does not go back. The server must begin in quarantine and send nothing; what the banks did is handed in from
their book, payments that the old books do not know are given their accounts, two people release it, billing says its facts
again, and everything settles. After every case: no key was paid twice, every payment that a bank made stands in the books
exactly once, no account got more than it had, and ebb-audit finds the books sound. The next case goes on with these books.

  restore.py EBB [--cases N] [--seed S] [--keep]
"""
import argparse
import collections
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import house
from house import Client, Down, Server

CHANNELS = ["alipay", "wechatpay", "unionpay", "bankfile"]
OUTCOMES = ["paid", "paid", "paid", "timeout_paid", "timeout_unpaid", "refused:ACQ.TRADE_HAS_FINISHED", "pending_then_paid",
            "not_found_then_paid", "error_500", "duplicate_callback", "bounce_after:3m"]
TOPUPS, TOPUP_AMOUNT = 10, 100000
LOST, PROCESSING, PAID, REFUSED, RETURNED = range(5)
OPEN = ("in_review", "need_documents", "approved", "dispatching")
PEOPLE = ("demo-reviewer", "demo-reviewer-2")


class Case(Exception):
    """What should have been true was not."""


def must(right, what, *seen):
    if not right:
        raise Case(what + "".join(" | %s" % (s,) for s in seen))


# ---- the busy world ----

class Customer(threading.Thread):
    """Makes withdrawals and enters their codes until the server is gone."""

    def __init__(self, port, ref, seed):
        super().__init__(daemon=True)
        self.ref, self.client, self.dice = ref, Client(port, timeout=5), random.Random(seed)
        self.made, self.fault = 0, None

    def withdraw(self):
        token = "demo-customer:" + self.ref
        status, made, _ = self.client.once("POST", "/v1/withdrawals", {"account": self.ref, "amount": self.dice.randint(1, 300)},
                                           token, self.client.new_key("w-" + self.ref))
        if status == 422 and made["code"] in ("payment_in_suspense", "amount_exceeds_withdrawable", "account_frozen"):
            return time.sleep(0.05)
        must(status == 201, "a withdrawal answered", status, made)
        self.made += 1
        _, told, _ = self.client.once("GET", "/demo/messages?account=%s&limit=20" % self.ref)
        code = next((m["code"] for m in told["data"] if m["withdrawal"] == made["id"] and m["code"]), None)
        if code is None or self.dice.random() < 0.05:
            return None
        status, answer, _ = self.client.once("POST", "/v1/withdrawals/%s/code" % made["id"], {"code": code}, token,
                                             self.client.new_key("c-" + self.ref))
        must(status in (200, 409), "a code answered", status, answer)
        if self.dice.random() < 0.1:
            self.client.once("POST", "/v1/withdrawals/%s/cancel" % made["id"], {}, token, self.client.new_key("x-" + self.ref))
        return None

    def run(self):
        try:
            while True:
                self.withdraw()
                time.sleep(0.005)
        except Down:
            pass
        except BaseException as fault:  # a thread that dies must not look like one that is content
            self.fault = "%s: %r" % (self.ref, fault)
        self.client.close()


def review_all(client):
    """Everything that waits for a reviewer is approved by one of them."""
    _, waiting, _ = client.once("GET", "/v1/withdrawals?status=in_review&limit=100")
    for withdrawal in waiting["data"]:
        _, _, head = client.once("GET", "/v1/withdrawals/" + withdrawal["id"])
        client.once("POST", "/v1/withdrawals/%s/review" % withdrawal["id"], {"decision": "approve"}, PEOPLE[0],
                    client.new_key("r"), {"If-Match": head["ETag"]})


class Reviewer(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.client = Client(port, timeout=5)

    def run(self):
        try:
            while True:
                review_all(self.client)
                time.sleep(0.03)
        except Down:
            self.client.close()


class Billing:
    """Knows every fact for ever, and says it again when the house has forgotten it."""

    def __init__(self):
        self.accounts = {}

    def open(self, client, ref, policy):
        self.accounts[ref] = policy
        self.say(client, ref)

    def say(self, client, ref):
        house.must_put(client, ref, self.accounts[ref], "ID-" + ref)
        for number in range(1, TOPUPS + 1):
            house.must_topup(client, ref, "t%d" % number, TOPUP_AMOUNT)

    def say_all(self, client):
        for ref in self.accounts:
            self.say(client, ref)


# ---- what is looked at from outside ----

def rows(data, sql, *values, name="ebb.db"):
    database = sqlite3.connect("file:%s?mode=ro" % os.path.join(data, name), uri=True, timeout=10)
    try:
        return database.execute(sql, values).fetchall()
    finally:
        database.close()


def bank(data):
    """{(channel, key): (state, amount, times, moment, outcome)}"""
    found = rows(data, "SELECT channel, key, state, amount, paid_times, sent_at, outcome FROM payment", name="simulated.db")
    return {(channel, key): (state, amount, times, at, outcome) for channel, key, state, amount, times, at, outcome in found}


def moment(ms):
    seconds, rest = divmod(ms + 8 * 3600 * 1000, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03d+08:00" % rest


def ms_of(text):
    """Of the server's own times, which are in +08:00."""
    whole, _, rest = text.removesuffix("+08:00").partition(".")
    import calendar
    return (calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - 8 * 3600) * 1000 + int((rest or "0").ljust(3, "0"))


def lines_of(book, channel, gap):
    """The bank's statement of the gap: what it knows of every key that came in then."""
    for (name, key), (state, amount, _, at, outcome) in sorted(book.items(), key=lambda item: item[1][3]):
        if name != channel or not ms_of(gap["from"]) <= at <= ms_of(gap["to"]) or state == LOST:
            continue
        line = {"key": key, "at": moment(at), "amount": amount, "currency": "CNY"}
        if state == REFUSED:
            yield {**line, "outcome": "not_paid", "code": outcome.partition(":")[2]}
        elif state == PROCESSING:
            yield {**line, "outcome": "accepted"}
        else:
            yield {**line, "outcome": "paid", "reference": "BANK-" + key[-8:]}
            if state == RETURNED:
                yield {**line, "outcome": "returned"}


# ---- one case ----

class Drill:
    def __init__(self, arguments, directory):
        self.ebb, self.directory, self.dice = arguments.ebb, directory, random.Random(arguments.seed)
        self.data, self.outside = os.path.join(directory, "data-0"), os.path.join(directory, "outside.anchor")
        self.server = Server(self.ebb, self.data, ["--anchor", self.outside])
        self.billing, self.counts, self.seeded = Billing(), collections.Counter(), set()

    def begin(self):
        self.server.start()
        client = Client(self.server.port)
        for number in range(3):
            self.billing.open(client, "ali-%d" % number, "alibaba")
        for number in range(2):
            self.billing.open(client, "hua-%d" % number, "huawei")
        client.close()
        self.seeded = set(bank(self.data))

    def busy(self, case):
        """Some time, a copy of the database, more time, and the end: the copy's directory is returned."""
        client, port = Client(self.server.port), self.server.port
        client.insist("POST", "/demo/channel", {"next": [self.dice.choice(OUTCOMES) for _ in range(400)]})
        people = [Customer(port, ref, self.dice.random()) for ref in self.billing.accounts] + [Reviewer(port)]
        for person in people:
            person.start()
        time.sleep(self.dice.uniform(0.05, 0.25))
        backup = os.path.join(self.directory, "backup-%d" % case)
        done = subprocess.run([self.ebb, "backup", "create", backup, "--data", self.data], capture_output=True, text=True)
        must(done.returncode == 0, "backup create", done.stderr)
        if case % 3 == 0:  # a customer that the old books have never heard of
            ref = "new-%d" % case
            self.billing.open(client, ref, "alibaba")
            people.append(Customer(port, ref, self.dice.random()))
            people[-1].start()
            self.paid_wait(client, ref)
        time.sleep(self.dice.uniform(0.1, 0.25))
        self.server.kill()
        for person in people:
            person.join(20)
            must(getattr(person, "fault", None) is None, "a customer met", getattr(person, "fault", None))
        self.counts["withdrawals"] += sum(getattr(person, "made", 0) for person in people)
        return backup

    @staticmethod
    def paid_wait(client, ref):
        for _ in range(100):
            _, page, _ = client.once("GET", "/v1/withdrawals?account=%s&status=successful" % ref)
            if page["data"]:
                return
            time.sleep(0.02)
        raise Case("nothing of %s was paid" % ref)

    def restore(self, case, backup):
        """The books go back; the banks and the demo's clock do not."""
        plain = case % 2 == 0
        if plain:
            for name in ("ebb.db", "ebb.db-wal", "ebb.db-shm"):
                path = os.path.join(self.data, name)
                if os.path.exists(path):
                    os.remove(path)
            shutil.copy(os.path.join(backup, "ebb.db"), os.path.join(self.data, "ebb.db"))
        else:
            old, self.data = self.data, os.path.join(self.directory, "data-%d" % case)
            shutil.copy(os.path.join(old, "master.key"), os.path.join(backup, "master.key"))
            done = subprocess.run([self.ebb, "backup", "restore", backup, "--data", self.data], capture_output=True, text=True)
            must(done.returncode == 0, "backup restore", done.stderr)
            for name in os.listdir(old):
                if name.startswith("simulated.db") or name == "demo-clock":
                    shutil.copy(os.path.join(old, name), os.path.join(self.data, name))
            shutil.rmtree(old)
        self.server.data = self.data
        shutil.rmtree(backup)
        self.counts["copied back" if plain else "restored"] += 1
        return plain

    def refused(self, client):
        """Whatever is not reconciliation answers 503 and changes nothing."""
        ref = next(iter(self.billing.accounts))
        before = rows(self.data, "SELECT (SELECT count(*) FROM withdrawal), (SELECT count(*) FROM fact), (SELECT count(*) FROM topup)")
        for verb, path, body in (("POST", "/v1/withdrawals", {"account": ref, "amount": 5}),
                                 ("PUT", "/v1/accounts/" + ref, {"policy": "alibaba", "currency": "CNY"}),
                                 ("POST", "/v1/accounts/%s/topups" % ref, {"ref": "late", "amount": 5, "method": "alipay"}),
                                 ("POST", "/v1/accounts/%s/charges" % ref, {"ref": "late", "amount": 5}),
                                 ("POST", "/v1/withdrawals/wd_0000000000001/cancel", {})):
            status, answer, _ = client.once(verb, path, body, key=client.new_key("q"))
            must(status == 503 and answer["code"] == "quarantined", verb + " " + path + " in quarantine answered", status, answer)
        must(client.once("GET", "/v1/accounts/%s/withdrawable" % ref)[0] == 200, "a quote can be read")
        must(client.once("GET", "/v1/withdrawals?limit=5")[0] == 200, "withdrawals can be listed")
        must(before == rows(self.data, "SELECT (SELECT count(*) FROM withdrawal), (SELECT count(*) FROM fact), (SELECT count(*) FROM topup)"),
             "what was refused changed something", before)

    def quarantined(self, client, plain):
        must(client.once("GET", "/healthz")[0] == 200, "healthz is ok")
        status, answer, _ = client.once("GET", "/readyz")
        must(status == 503 and answer["code"] == "quarantined", "readyz answered", status, answer)
        must("ebb_quarantined 1" in house.text_of(self.server.port, "/metrics"), "the gauge is up")
        _, state, _ = client.once("GET", "/v1/quarantine")
        must(state["status"] == "quarantined" and not state["clear"], "the state is", state)
        must(state["reason"] == ("behind" if plain else "restored"), "the reason is", state)
        must(state["anchor_seq"] is None or state["anchor_seq"] >= state["head_seq"] or not plain, "the anchor knows more", state)
        return state

    def statements(self, client, gap):
        """Every bank hands in what it did; twice, because somebody is not sure."""
        book = bank(self.data)
        for channel in CHANNELS:
            body = {"channel": channel, "from": gap["from"], "to": gap["to"], "lines": list(lines_of(book, channel, gap))}
            for again in (False, True):
                status, answer, _ = client.once("POST", "/v1/quarantine/statement", body, PEOPLE[0], client.new_key("s"))
                must(status == 200, "a statement answered", status, answer)
                for line in answer["lines"]:
                    if not again:
                        self.counts[line["effect"]] += 1
                    else:
                        must(line["effect"] not in ("contradiction", "amount_differs"), "the same line again", line)

    def name_strays(self, client):
        """Whose payments are these? The key says it nearly; a customer of whom the books know nothing is made again."""
        for stray in self.strays(client):
            if stray["status"] not in ("unassigned", "pending") or stray["account"]:
                continue
            new = [ref for ref in self.billing.accounts if ref.startswith("new-")]
            choices = [(ref, None) for ref in stray["candidates"]] + [(ref, self.billing.accounts[ref]) for ref in reversed(new)]
            for ref, policy in choices:
                body = {"account": ref, **({"policy": policy} if policy else {})}
                status, answer, _ = client.once("POST", "/v1/strays/%s/account" % stray["id"], body, PEOPLE[0], client.new_key("n"))
                if status == 200:
                    self.counts["made again" if policy else "named"] += 1
                    break
                must(status == 422, "naming answered", status, answer)
            else:
                raise Case("no account fits %s" % stray)

    def strays(self, client):
        _, page, _ = client.once("GET", "/v1/strays?limit=200")
        must(page["next_cursor"] is None, "one page holds the strays")
        return page["data"]

    def release(self, client):
        """One person is not enough, nor is one twice."""
        ask = lambda who: client.once("POST", "/v1/quarantine/release", {"reason": "reconciled"}, who, client.new_key("rel"))
        status, answer, _ = ask(PEOPLE[0])
        must(status == 200 and answer["status"] == "proposed", "a proposal answered", status, answer)
        status, answer, _ = ask(PEOPLE[0])
        must(status == 422 and answer["code"] == "maker_is_checker", "the same person again answered", status, answer)
        must(client.once("GET", "/readyz")[0] == 503, "still in quarantine")
        status, answer, _ = ask(PEOPLE[1])
        must(status == 200 and answer["status"] == "released", "the release answered", status, answer)
        must(client.once("GET", "/readyz")[0] == 200, "ready")

    def reconcile(self, client, state, before):
        """Until nothing stands against a release; meanwhile the banks finish what they had begun."""
        for _ in range(20):
            status, answer, _ = client.once("POST", "/v1/quarantine/release", {}, PEOPLE[0], client.new_key("rel"))
            if status == 200:
                client.once("POST", "/v1/quarantine/release", {"override": True, "reason": "changes the proposal"}, PEOPLE[0],
                            client.new_key("rel"))
                break
            must(status == 409 and answer["code"] == "not_reconciled", "an early release answered", status, answer)
            client.insist("POST", "/demo/clock", {"advance": "1m"})
            time.sleep(0.1)
            self.statements(client, state["gap"])
            self.name_strays(client)
        else:
            raise Case("it cannot be reconciled: %s" % client.once("GET", "/v1/quarantine")[1])
        after = bank(self.data)
        must(set(after) == set(before), "in quarantine keys reached the banks", sorted(set(after) - set(before)))
        for key, (state_now, _, times, _, _) in after.items():
            must(times == before[key][2] or (before[key][0] == PROCESSING and times == 1 and state_now in (PAID, RETURNED)),
                 "in quarantine a bank paid", key, before[key], after[key])

    def settle_strays(self, client):
        """Two people settle each: what is still there is taken, what came back came back, the rest is borne."""
        book = bank(self.data)
        for stray in self.strays(client):
            must(stray["status"] == "suspense", "after the release a stray is", stray)
            token = "demo-customer:" + stray["account"]
            status, answer, _ = client.once("POST", "/v1/withdrawals", {"account": stray["account"], "amount": 1}, token,
                                            client.new_key("again"))
            must(status == 422 and answer["code"] == "payment_in_suspense", "withdrawn again", status, answer)
            _, quote, _ = client.once("GET", "/v1/accounts/%s/withdrawable" % stray["account"])
            held = next((item["amount"] for item in quote["held_back"] if item["code"] == "hold"), 0)
            body = {"decision": "take", "amount": min(stray["amount"], quote["cash"] - held), "reason": "the bank's statement"}
            if book[stray["channel"], stray["key"]][0] == RETURNED:
                body = {"decision": "came_back", "reason": "the bank's statement"}
            elif body["amount"] == 0:
                body = {"decision": "bear", "reason": "there is nothing left"}
            for who in PEOPLE:
                status, answer, _ = client.once("POST", "/v1/strays/%s/settle" % stray["id"], body, who, client.new_key("st"))
                must(status == 200, "settling answered", status, answer)
            must(answer["status"] == "settled", "settled by two", answer)
            self.counts[body["decision"]] += 1

    def settle(self, client):
        for _ in range(60):
            review_all(client)
            client.insist("POST", "/demo/clock", {"advance": "5m"})
            time.sleep(0.12)
            if not rows(self.data, "SELECT 1 FROM withdrawal WHERE status IN (?, ?, ?, ?) LIMIT 1", *OPEN):
                return
        raise Case("these do not settle: %s" % rows(self.data, "SELECT id, status FROM withdrawal WHERE status IN (?, ?, ?, ?)", *OPEN)[:5])

    # ---- what must be true at the end ----

    def check_keys(self):
        """What a bank told a moment ago may be on its way into the books still."""
        for again in range(40):
            try:
                return self.keys_agree()
            except Case:
                if again == 39:
                    raise
                time.sleep(0.05)
        return None

    def keys_agree(self):
        """Every payment of the banks stands in the books once, as what it was."""
        wanted = {PAID: "paid", REFUSED: "refused", RETURNED: "returned"}
        attempts = {(channel, key): status for channel, key, status in rows(self.data, "SELECT channel, key, status FROM attempt")}
        strays = {(channel, key): (status, decision) for channel, key, status, decision in
                  rows(self.data, "SELECT channel, key, status, decision FROM stray")}
        must(not set(attempts) & set(strays), "a key is an attempt and a stray", set(attempts) & set(strays))
        for place, (state, _, times, _, _) in bank(self.data).items():
            must(times <= 1, "a key was paid twice", place, times)
            if place in self.seeded:
                continue
            if place in attempts:
                must(attempts[place] == wanted.get(state), "the bank and the books differ", place, state, attempts[place])
            elif place in strays:
                out = strays[place][0] == "settled" and strays[place][1] != "came_back"
                late = state == RETURNED and rows(self.data, "SELECT 1 FROM incident WHERE kind = 'contradiction' AND detail LIKE ?",
                                                  "%says returned of payment " + place[1] + "%")  # it came back after people had settled it
                must(out == (state == PAID) or (out and late), "the bank and a stray differ", place, state, strays[place])
            else:
                must(times == 0, "a payment stands nowhere in the books", place, state)

    def check_money(self):
        """Nobody got more than he had, and what is gone went out."""
        for ref in self.billing.accounts:
            (identity, cash), = rows(self.data, "SELECT id, topup + other FROM account WHERE ref = ?", ref)
            (paid,), = rows(self.data, "SELECT coalesce(sum(amount), 0) FROM leg WHERE account = ? AND status = 'successful'", identity)
            out, taken = rows(self.data, "SELECT coalesce(sum(CASE WHEN status = 'settled' AND decision <> 'came_back' THEN amount END), 0), "
                                         "coalesce(sum(CASE WHEN status = 'settled' THEN taken END), 0) FROM stray WHERE account = ?",
                              identity)[0]
            had = TOPUPS * TOPUP_AMOUNT
            must(cash + paid + taken == had, "%s: cash, payments and what was taken are not what was paid in" % ref, cash, paid, taken)
            must(paid + out <= had, "%s was paid more than it had" % ref, paid, out)

    def case(self, case):
        backup = self.busy(case)
        plain = self.restore(case, backup)
        before = bank(self.data)
        self.server.start_quarantined()
        client = Client(self.server.port)
        state = self.quarantined(client, plain)
        self.refused(client)
        if case % 4 == 1:  # it is still in quarantine after the next start
            self.server.kill()
            client.close()
            self.server.start_quarantined()
            must(client.once("GET", "/v1/quarantine")[1]["id"] == state["id"], "another quarantine began")
        self.reconcile(client, state, before)
        client.close()
        self.release(client)
        self.settle_strays(client)
        self.billing.say_all(client)
        self.settle_strays(client)
        self.settle(client)
        client.close()
        self.check_keys()
        self.check_money()

    def end(self):
        self.server.stop()
        status, said = house.audit_with(self.ebb, self.data, "--anchor", self.outside)
        must(status == 0, "ebb-audit", said)


def run(arguments, directory):
    drill = Drill(arguments, directory)
    began = time.monotonic()
    drill.begin()
    problems = []
    try:
        for case in range(arguments.cases):
            drill.case(case)
        drill.end()
    except Case as fault:
        problems.append("case %d: %s" % (case, fault))
        drill.server.kill()
    print("R15 seed %d: %d cases (%s) in %.1f s; %d problems" % (
        arguments.seed, case + 1, ", ".join("%d %s" % (count, what) for what, count in sorted(drill.counts.items())),
        time.monotonic() - began, len(problems)))
    for what in ("evidence", "suspense", "unassigned", "named", "made again", "take", "restored", "copied back"):
        if not problems and drill.counts[what] == 0:
            problems.append("nothing was ever %s: the drill proved less than it says" % what)
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the data even when all is well")
    arguments = parser.parse_args()
    arguments.ebb = os.path.abspath(arguments.ebb)
    directory = tempfile.mkdtemp(prefix="ebb-restore-")
    problems = run(arguments, directory)
    for problem in problems:
        print("FAILED:", problem)
    if problems or arguments.keep:
        print("the data stands in", directory)
    else:
        shutil.rmtree(directory)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
