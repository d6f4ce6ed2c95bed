#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Concurrent callers of the real server, killed now and then, whose every question and answer is written down; then check.py
decides whether one order of all that explains it.

Each account has several callers at once: facts, withdrawals, right and wrong codes, cancellations, reviews, readers. Whoever
gets no answer asks again with the same key; what was answered is sometimes asked again. So that every log can be decided, one
change an account is given up at most and stays open, and nothing more is confirmed while many legs are not known to have ended.
At last lies are planted in what was written down (`lies.py`), and each must be found.

  drive.py EBB [--ops N] [--seed S] [--accounts N] [--callers N] [--kill-every SECONDS] [--lies N] [--log FILE]"""
import argparse
import copy
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "../fault")]

import check  # noqa: E402
import lies  # noqa: E402
from house import ADMIN, Client, Down, Server, audit  # noqa: E402

OUTCOMES = ["paid", "paid", "paid", "refused:ACQ.TRADE_HAS_FINISHED", "duplicate_callback", "pending_then_paid"]
ENDED = {"successful", "partly_successful", "failed", "cancelled", "expired", "rejected"}
LEGS_MOST = 6  # not known to have ended, an account, before another withdrawal is confirmed


class Log:
    """One clock, one order."""

    def __init__(self):
        self.events, self.lock, self.ids = [], threading.Lock(), 0

    def add(self, type_, account, **more):
        with self.lock:
            if type_ == "invoke":
                self.ids += 1
                more["id"] = self.ids
            self.events.append({"at": time.monotonic_ns() // 1000, "type": type_, "account": account, **more})
            return more.get("id")


def answer_of(op, status, value):
    """What the reference knows of an answer."""
    value = value if isinstance(value, dict) else {}
    answer = {"status": status, "code": value.get("code") if status >= 400 else None,
              "state": value.get("status") if status < 400 else None}
    if op == "quote":
        answer.update(cash=value.get("cash"), withdrawable=value.get("withdrawable"), state=None)
    if op == "create" and status == 201:
        answer.update(withdrawal=value["id"], state=None)
    if op == "get" and status == 200:
        answer["legs"] = [[leg["amount"], leg["status"]] for leg in value["legs"]]
    if op == "code" and status == 422:
        answer["tries_left"] = value.get("tries_left")
    if op in ("topup", "charge", "told_again"):
        answer["state"] = None
    return answer


class Account:
    """What all callers of one account know together: withdrawals and where they stood when last seen."""

    def __init__(self, number):
        self.ref, self.reviewed, self.tight = "h%d" % number, number % 2 == 1, number % 4 < 2
        self.lock, self.withdrawals, self.facts = threading.Lock(), [], []
        self.going, self.may_give_up = {}, True  # going: the legs of what was approved, until it was seen to have ended

    def pick(self, dice):
        with self.lock:
            recent = self.withdrawals[-6:]
        return dice.choice(recent) if recent else None

    def saw(self, withdrawal, value):
        with self.lock:
            if value["status"] in ("approved", "dispatching"):
                self.going[withdrawal] = len(value["legs"])
            else:
                self.going.pop(withdrawal, None)

    def crowded(self):
        """The oldest withdrawal on its way when there are many legs."""
        with self.lock:
            return next(iter(self.going)) if sum(self.going.values()) >= LEGS_MOST else None

    def gives_up(self, dice):
        with self.lock:
            if self.may_give_up and dice.random() < 0.1:
                self.may_give_up = False
                return True
            return False


class Caller(threading.Thread):
    def __init__(self, run, account, seed):
        super().__init__(daemon=True)
        self.run_, self.account, self.dice, self.client = run, account, random.Random(seed), Client(run.port, timeout=10)
        self.fault = None

    def run(self):
        try:
            while self.run_.take():
                self.once()
        except BaseException as fault:  # a thread that dies must not look like one that is content
            self.fault = repr(fault)
        self.client.close()

    # ---- one operation ----

    def ask(self, op, verb, path, body=None, token=ADMIN, more=None, **facts):
        """Logs the question and its answer; returns (status, JSON), (None, None) when nobody answered a reader, or when it
        was given up."""
        log, ref = self.run_.log, self.account.ref
        key = self.client.new_key(op) if verb == "POST" else None
        id_ = log.add("invoke", ref, op=op, **facts)
        while True:
            try:
                status, value, _ = self.client.once(verb, path, body, token, key, more)
                if status not in (429, 503) and not (status == 409 and (value or {}).get("code") == "in_flight"):
                    break
            except Down:
                pass
            if verb == "GET" or self.account.gives_up(self.dice):
                log.add("info", ref, id=id_)
                return None, None
            time.sleep(0.02)
        answer, replays = answer_of(op, status, value), []
        if verb == "POST" and status < 400 and self.dice.random() < 0.15:
            try:
                again, value2, headers = self.client.once(verb, path, body, token, key, more)
                if again not in (429, 503):
                    replays.append(answer_of(op, again, value2))
                    if headers.get("Idempotent-Replayed") != "true":
                        replays.append({"replayed": False})
            except Down:
                pass
        log.add("ok", ref, id=id_, answer=answer, replays=replays)
        if status == 200 and "withdrawal" in facts:
            self.account.saw(facts["withdrawal"], value)
        return status, value

    def once(self):
        weights = {"topup": 2 if self.account.tight else 3, "told_again": 1, "charge": 0 if self.account.tight else 2, "quote": 4,
                   "create": 6, "code": 6, "cancel": 1, "get": 2, "review": 4 if self.account.reviewed else 0}
        getattr(self, "ask_" + self.dice.choices(list(weights), list(weights.values()))[0])()

    def fact(self, amount):
        ref = "%s-%d" % (self.client.new_key("f"), self.dice.randrange(10**6))
        return {"ref": ref, "amount": amount, "method": "alipay", "payer": {"kind": "personal", "name": "张三"}}

    def ask_topup(self):
        body = self.fact(self.dice.randint(5000, 30000) if self.account.tight else self.dice.randint(200000, 400000))
        status, _ = self.ask("topup", "POST", "/v1/accounts/%s/topups" % self.account.ref, body, amount=body["amount"])
        if status == 201:
            self.account.facts.append(body)

    def ask_told_again(self):
        if self.account.facts:
            body = self.dice.choice(self.account.facts[-5:])
            self.ask("told_again", "POST", "/v1/accounts/%s/topups" % self.account.ref, body, amount=body["amount"])

    def ask_charge(self):
        amount = self.dice.randint(100, 5000)
        self.ask("charge", "POST", "/v1/accounts/%s/charges" % self.account.ref,
                 {"ref": self.fact(1)["ref"], "amount": amount}, amount=amount)

    def ask_quote(self):
        self.ask("quote", "GET", "/v1/accounts/%s/withdrawable" % self.account.ref)

    def ask_create(self):
        amount = self.dice.randint(2000, 50000)
        status, value = self.ask("create", "POST", "/v1/withdrawals", {"account": self.account.ref, "amount": amount},
                                 "demo-customer:" + self.account.ref, amount=amount)
        if status == 201:
            with self.account.lock:
                self.account.withdrawals.append(value["id"])

    def code_of(self, withdrawal):
        _, value, _ = self.client.insist("GET", "/demo/messages?account=%s&limit=200" % self.account.ref)
        return next((m["code"] for m in value["data"] if m["withdrawal"] == withdrawal and m["code"]), None)

    def ask_code(self):
        crowded = self.account.crowded()
        if crowded:
            return self.ask_get(crowded)
        withdrawal = self.account.pick(self.dice)
        code = withdrawal and self.code_of(withdrawal)
        if code:
            right = self.dice.random() < 0.7
            wrong = "%06d" % ((int(code) + 1 + self.dice.randrange(999998)) % 1000000)
            self.ask("code", "POST", "/v1/withdrawals/%s/code" % withdrawal, {"code": code if right else wrong},
                     "demo-customer:" + self.account.ref, withdrawal=withdrawal, right=right)

    def ask_cancel(self):
        withdrawal = self.account.pick(self.dice)
        if withdrawal:
            self.ask("cancel", "POST", "/v1/withdrawals/%s/cancel" % withdrawal, None, "demo-customer:" + self.account.ref,
                     withdrawal=withdrawal)

    def ask_get(self, withdrawal=None):
        withdrawal = withdrawal or self.account.pick(self.dice)
        if withdrawal:
            self.ask("get", "GET", "/v1/withdrawals/" + withdrawal, withdrawal=withdrawal)

    def ask_review(self):
        crowded = self.account.crowded()
        if crowded:
            return self.ask_get(crowded)
        withdrawal = self.account.pick(self.dice)
        if not withdrawal:
            return
        _, _, headers = self.client.insist("GET", "/v1/withdrawals/" + withdrawal)
        decision = self.dice.choice(["approve", "approve", "approve", "reject"])
        self.ask("review", "POST", "/v1/withdrawals/%s/review" % withdrawal, {"decision": decision, "reason": "x"},
                 "demo-reviewer", {"If-Match": headers["ETag"]}, withdrawal=withdrawal, decision=decision)


class Run:
    def __init__(self, arguments, data):
        self.log, self.left, self.lock = Log(), arguments.ops, threading.Lock()
        self.server = Server(arguments.ebb, data)
        self.port, self.dice, self.kills = self.server.port, random.Random(arguments.seed), 0
        self.accounts = [Account(n) for n in range(arguments.accounts)]

    def take(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def begin(self):
        self.server.start()
        client = Client(self.port)
        for _ in range(20):  # small bodies; together enough for the longest campaign's start
            status, value, _ = client.insist("POST", "/demo/channel", {"next": [self.dice.choice(OUTCOMES) for _ in range(200)]})
            assert status in (200, 204), value
        for account in self.accounts:
            status, value, _ = client.insist("PUT", "/v1/accounts/" + account.ref, {
                "policy": "huawei" if account.reviewed else "alibaba", "currency": "CNY", "phone": "139%s" % account.ref,
                "subject": {"kind": "enterprise", "name": "厂" + account.ref, "id_number": "I" + account.ref, "verified": True}})
            assert status == 201, value
            self.log.add("account", account.ref, reviewed=account.reviewed)
            body = {"ref": "t0", "amount": 150000 if account.tight else 100000000, "method": "alipay",
                    "payer": {"kind": "personal", "name": "张三"}}
            id_ = self.log.add("invoke", account.ref, op="topup", amount=body["amount"])
            status, value, _ = client.insist("POST", "/v1/accounts/%s/topups" % account.ref, body, key="t0" + account.ref)
            self.log.add("ok", account.ref, id=id_, answer=answer_of("topup", status, value), replays=[])
        client.close()

    def kill_while(self, callers, every_s):
        next_ = time.monotonic() + every_s
        while any(caller.is_alive() for caller in callers):
            time.sleep(0.05)
            if every_s and time.monotonic() > next_:
                self.server.kill()
                self.kills += 1
                self.server.start()
                next_ = time.monotonic() + every_s * self.dice.uniform(0.5, 1.5)

    def last_look(self):
        """Turns the clock until everything has ended, and asks once more about everything."""
        client, problems = Client(self.port), []
        for account in self.accounts:
            id_ = self.log.add("invoke", account.ref, op="clock")
            self.log.add("ok", account.ref, id=id_, answer={"status": 200}, replays=[])
        waiting, end = [(a, w) for a in self.accounts for w in a.withdrawals], time.monotonic() + 60
        while waiting and time.monotonic() < end:
            client.insist("POST", "/demo/clock", {"advance": "6m"})
            time.sleep(0.3)
            open_ones = []
            for account, withdrawal in waiting:
                _, value, _ = client.insist("GET", "/v1/withdrawals/" + withdrawal)
                if value["status"] not in ENDED | {"in_review"}:
                    open_ones.append((account, withdrawal))
            waiting = open_ones
        problems += ["%s did not end" % w for _, w in waiting]
        for account in self.accounts:
            for op, path, more in [("get", "/v1/withdrawals/" + w, {"withdrawal": w}) for w in account.withdrawals] + \
                    [("quote", "/v1/accounts/%s/withdrawable" % account.ref, {})]:
                id_ = self.log.add("invoke", account.ref, op=op, **more)
                status, value, _ = client.insist("GET", path)
                self.log.add("ok", account.ref, id=id_, answer=answer_of(op, status, value), replays=[])
        client.close()
        return problems


def drive(arguments, data):
    run = Run(arguments, data)
    run.begin()
    callers = [Caller(run, account, "%d %s %d" % (arguments.seed, account.ref, n))
               for account in run.accounts for n in range(arguments.callers)]
    for caller in callers:
        caller.start()
    run.kill_while(callers, arguments.kill_every)
    problems = ["a caller ended with " + c.fault for c in callers if c.fault] + run.last_look()
    run.server.stop()
    problems += ["audit: " + line for line in audit(arguments.ebb, data)]
    return run, problems


def plant(events, count, dice):
    """Each kind of lie in `count` places, each in a copy of its account's log: ({kind: planted}, those that passed)."""
    names = [event["account"] for event in events if event["type"] == "account"]
    of = {name: [event for event in events if event["account"] == name] for name in names}
    planted, missed = dict.fromkeys(lies.KINDS, 0), []
    for kind, (find, change) in lies.KINDS.items():
        places = [(name, place) for name in names for place in find(of[name])]
        for name, place in dice.sample(places, min(count, len(places))):
            copied = copy.deepcopy(of[name])
            change(copied, place)
            planted[kind] += 1
            if not check.check(copied).lies:
                missed.append("%s, %s at %s" % (kind, name, place))
    return planted, missed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb")
    parser.add_argument("--ops", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=8)
    parser.add_argument("--callers", type=int, default=3)
    parser.add_argument("--kill-every", type=float, default=2.0)
    parser.add_argument("--lies", type=int, default=3)
    parser.add_argument("--log")
    arguments = parser.parse_args()
    arguments.ebb = os.path.abspath(arguments.ebb)
    directory = tempfile.mkdtemp(prefix="ebb-history-")
    run, problems = drive(arguments, os.path.join(directory, "data"))
    log = arguments.log or os.path.join(directory, "history.jsonl")
    with open(log, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(event, ensure_ascii=False) + "\n" for event in run.log.events)
    verdict = check.check(run.log.events)
    problems += ["%s: %s" % one for one in verdict.lies + verdict.undecided]
    planted, missed = plant(run.log.events, arguments.lies, run.dice)
    problems += ["a planted lie was not found: " + one for one in missed]
    unknown = sum(event["type"] == "info" for event in run.log.events)
    replays = sum(len(event.get("replays", [])) for event in run.log.events)
    print("history: seed %d, %d operations on %d accounts by %d callers each, %d kills, %d left open, %d asked again"
          % (arguments.seed, verdict.operations, len(run.accounts), arguments.callers, run.kills, unknown, replays))
    print("planted in it: %d lies of %d kinds, %d found"
          % (sum(planted.values()), sum(n > 0 for n in planted.values()), sum(planted.values()) - len(missed)))
    print(check.verdict_text(verdict))
    for problem in problems[:20]:
        print("FAILED:", problem)
    if problems:
        print("the log stands in", log)
    else:
        shutil.rmtree(directory)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
