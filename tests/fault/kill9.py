#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL of the real server under load (R3).

Customers withdraw from several connections while the server is killed at random moments and started again. A list of
everything that the server acknowledged is kept here, outside. After every kill the last acknowledged work must still be
there; at the end all of it, every confirmed withdrawal must have ended, the simulated bank's own book must show no key paid
twice and exactly the money that the withdrawals say, and ebb-audit must find the books sound.

  kill9.py EBB [--kills N] [--seed S] [--customers N] [--keep]
"""
import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time

import house
from house import Client, Down, Server

TOPUPS, TOPUP_AMOUNT = 10, 10000000  # lasts a round
ROUND_KILLS = 500  # a campaign begins anew after so many, so that asking for all of it stays cheap
STARTING_SECONDS = 0.1  # about as long as a start takes
RECOVERY_SECONDS_MAX = 2
OUTCOMES = ["paid", "timeout_paid", "timeout_unpaid", "refused:ACQ.TRADE_HAS_FINISHED", "pending_then_paid",
            "not_found_then_paid", "error_500", "duplicate_callback"]
ENDED = {"successful", "partly_successful", "failed", "cancelled", "expired", "rejected", "returned"}


class Customer(threading.Thread):
    """Withdraws again and again; what was acknowledged stands in `created` and `confirmed`."""

    def __init__(self, port, ref, seed):
        super().__init__(daemon=True)
        self.ref, self.port, self.dice = ref, port, random.Random(seed)
        self.created, self.confirmed, self.refused = {}, {}, 0
        self.problems, self.stopping = [], threading.Event()

    def code_of(self, client, withdrawal):
        for _ in range(200):
            _, value, _ = client.insist("GET", "/demo/messages?account=%s&limit=50" % self.ref)
            for message in value["data"]:
                if message["withdrawal"] == withdrawal and message["code"]:
                    return message["code"]
            time.sleep(0.02)
        self.problems.append("%s: no code for acknowledged %s" % (self.ref, withdrawal))
        return None

    def withdraw(self, client):
        token = "demo-customer:" + self.ref
        amount = self.dice.randint(1, 300)
        status, value, _ = client.insist("POST", "/v1/withdrawals", {"account": self.ref, "amount": amount}, token,
                                         client.new_key("w-" + self.ref))
        if status != 201:
            self.problems.append("%s: create answered %d %s" % (self.ref, status, value))
            return
        self.created[value["id"]] = amount
        code = self.code_of(client, value["id"])
        if code is None or self.dice.random() < 0.05:
            return
        status, answer, _ = client.insist("POST", "/v1/withdrawals/%s/code" % value["id"], {"code": code}, token,
                                          client.new_key("c-" + self.ref))
        if status == 200:
            self.confirmed[value["id"]] = amount
        elif status == 409:
            self.refused += 1
        else:
            self.problems.append("%s: code answered %d %s" % (self.ref, status, answer))

    def run(self):
        client = Client(self.port)
        try:
            while not self.stopping.is_set():
                self.withdraw(client)
        except BaseException as fault:  # a thread that dies must not look like one that is content
            self.problems.append("%s: %r" % (self.ref, fault))
        client.close()


def acknowledged_is_there(client, customers, only_last):
    """Every acknowledged withdrawal exists with its amount; a confirmed one is confirmed."""
    missing = []
    for customer in customers:
        for ids, confirmed in ((dict(customer.created), False), (dict(customer.confirmed), True)):
            for identity, amount in list(ids.items())[-only_last:] if only_last else ids.items():
                status, value, _ = client.insist("GET", "/v1/withdrawals/" + identity)
                if status != 200 or value["amount"] != amount:
                    missing.append("%s %s: acknowledged, now %d %s" % (customer.ref, identity, status, value))
                elif confirmed and value["status"] in ("awaiting_code", "expired"):
                    missing.append("%s %s: its code was acknowledged, now %s" % (customer.ref, identity, value["status"]))
    return missing


def settle(client, customers, seconds=240, pause=0.5):
    """Lets the demo clock run until every confirmed withdrawal has ended. Returns {id: (status, paid)} and those still open."""
    ended, end = {}, time.monotonic() + seconds
    while True:
        opened = []
        for customer in customers:
            for identity in customer.confirmed:
                if identity not in ended:
                    _, value, _ = client.insist("GET", "/v1/withdrawals/" + identity)
                    if value["status"] in ENDED:
                        ended[identity] = (value["status"], sum(leg["amount"] for leg in value["legs"]
                                                                if leg["status"] == "successful"))
                    else:
                        opened.append("%s %s: %s %s" % (customer.ref, identity, value["status"],
                                                        [leg["status"] for leg in value["legs"]]))
        if not opened or time.monotonic() > end:
            return ended, opened
        client.insist("POST", "/demo/clock", {"advance": "5m"})
        time.sleep(pause)


def money_of(client, customers, ended):
    """Each account's money: what is left, what ended as paid, and what was there must agree."""
    problems, paid = [], 0
    for customer in customers:
        _, quote, _ = client.insist("GET", "/v1/accounts/%s/withdrawable" % customer.ref)
        gone = sum(ended[identity][1] for identity in customer.confirmed)
        paid += gone
        if quote["cash"] + gone != TOPUPS * TOPUP_AMOUNT:
            problems.append("%s: cash %d + paid %d is not %d" % (customer.ref, quote["cash"], gone, TOPUPS * TOPUP_AMOUNT))
        if quote["withdrawable"] != quote["cash"]:
            problems.append("%s: nothing is in flight, but %d of %d is withdrawable" %
                            (customer.ref, quote["withdrawable"], quote["cash"]))
    return problems, paid


def book_problems(data, paid, refs_before):
    book = [row for row in house.channel_book(data) if (row[0], row[1]) not in refs_before]
    problems = ["%s %s: paid %d times" % (row[0], row[1], row[3]) for row in book if row[3] > 1]
    total = sum(row[2] * row[3] for row in book)
    if total != paid:
        problems.append("the bank paid %d, the withdrawals say %d" % (total, paid))
    return problems, len(book)


def restart(server, dice):
    """Killed, and in one case of four killed again while it starts. How long it then took until it was ready, in seconds."""
    server.kill()
    if dice.random() < 0.25:
        server.spawn()
        time.sleep(dice.uniform(0.0, STARTING_SECONDS))
        server.kill()
    began = time.monotonic()
    server.start()
    return time.monotonic() - began


def run(arguments, data, store=None, blow=restart):
    """`blow(server, dice)` is what the server must survive; `store` the URL of its rows, unless the switch says."""
    dice = random.Random(arguments.seed)
    server = Server(arguments.ebb, data)
    if store is not None:
        server.store = ["--store", store]
    for _ in range(3 if blow is restart else 0):  # the first start is cut short, too
        server.spawn()
        time.sleep(dice.uniform(0.0, 4 * STARTING_SECONDS))
        server.kill()
    server.start()
    client = Client(server.port)
    seeded = {(row[0], row[1]) for row in house.channel_book(data)}
    customers = [Customer(server.port, "kill-%d" % n, arguments.seed * 1000 + n) for n in range(arguments.customers)]
    for customer in customers:
        house.account_open(client, customer.ref, [TOPUP_AMOUNT] * TOPUPS)
    for customer in customers:
        customer.start()
    problems, took = [], []
    for _ in range(arguments.kills):
        try:
            client.once("POST", "/demo/channel", {"next": [dice.choice(OUTCOMES) for _ in range(40)]})
        except Down:
            pass
        time.sleep(dice.choice([0.0, dice.uniform(0.0, 0.1), dice.uniform(0.1, 0.9)]))
        took.append(blow(server, dice) or 0)
        problems += acknowledged_is_there(client, customers, only_last=5)
    for customer in customers:
        customer.stopping.set()
    for customer in customers:
        customer.join(180)
        problems += customer.problems
    problems += acknowledged_is_there(client, customers, only_last=None)
    ended, opened = settle(client, customers)
    problems += opened
    paid = 0
    if not opened:
        unequal, paid = money_of(client, customers, ended)
        problems += unequal
    server.stop()
    if not opened:
        unequal, calls = book_problems(data, paid, seeded)
        problems += unequal
    else:
        calls = 0
    problems += ["audit: " + line for line in house.audit(arguments.ebb, data, server.store)]
    created = sum(len(customer.created) for customer in customers)
    confirmed = sum(len(customer.confirmed) for customer in customers)
    statuses = {}
    for status, _ in ended.values():
        statuses[status] = statuses.get(status, 0) + 1
    print("R3 seed %d: %d kills; %d withdrawals acknowledged, %d confirmed, %s; %d keys at the bank, %d paid in all; %d problems" %
          (arguments.seed, arguments.kills, created, confirmed, statuses, calls, paid, len(problems)))
    if blow is restart:
        print("R3 recovery: at most %.2f s, %.2f s on average" % (max(took), sum(took) / len(took)))
        if max(took) > RECOVERY_SECONDS_MAX:
            problems.append("a recovery took %.2f s; %d s are the most" % (max(took), RECOVERY_SECONDS_MAX))
    if confirmed == 0:
        problems.append("no withdrawal was confirmed: the test proved nothing")
    return problems


def one_round(arguments):
    """How many problems there were."""
    directory = tempfile.mkdtemp(prefix="ebb-kill9-")
    problems = run(arguments, os.path.join(directory, "data"))
    for problem in problems[:50]:
        print("FAILED:", problem)
    if problems or arguments.keep:
        print("the data stands in", directory)
    else:
        shutil.rmtree(directory)
    sys.stdout.flush()
    return len(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=6)
    parser.add_argument("--keep", action="store_true", help="keep the data even when all is well")
    arguments = parser.parse_args()
    arguments.ebb = os.path.abspath(arguments.ebb)
    left, failed = arguments.kills, 0
    while left > 0:
        arguments.kills = min(left, ROUND_KILLS)
        failed += one_round(arguments)
        left -= arguments.kills
        arguments.seed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
