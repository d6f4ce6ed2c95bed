#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several servers on one PostgreSQL: they share the rows, never a decision, and one of them calls the channels.

    cluster.py run -- test_servers.py EBB [--requests N]

Each has a directory of its own with the same master key; the simulated bank is one for all."""
import argparse
import collections
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fault"))
import house  # noqa: E402
from house import Client, Server, cluster  # noqa: E402

PAID = 60


class Town:
    """Servers that begin on the first one's rows, key and bank."""

    def __init__(self, ebb, count):
        self.ebb, self.directory = ebb, tempfile.mkdtemp(prefix="ebb-servers-")
        self.servers, self.problems = [], []
        for number in range(count):
            data = os.path.join(self.directory, str(number), "data")
            os.makedirs(data, mode=0o700)
            server = Server(ebb, data)
            if self.servers:
                server.store = self.servers[0].store
                shutil.copy(os.path.join(self.servers[0].data, "master.key"), data)
                os.symlink(os.path.join(self.servers[0].data, "simulated.db"), os.path.join(data, "simulated.db"))
            server.start()
            self.servers.append(server)
        self.url = self.servers[0].store[1]

    def clients(self):
        return [Client(server.port, timeout=60) for server in self.servers]

    def check(self, what, is_so, *found):
        print("%s %s" % ("ok    " if is_so else "not ok", what), *(found if not is_so else ()))
        if not is_so:
            self.problems.append(what)

    def sql(self, text):
        return cluster.psql(self.url, text).strip()

    def end(self):
        for server in self.servers:
            if server.process.poll() is None:
                server.process.send_signal(signal.SIGCONT)
                server.stop()
        findings = house.audit(self.ebb, self.servers[0].data, self.servers[0].store)
        self.check("the books are sound", not findings, findings[:5])
        book = house.channel_book(self.servers[0].data)
        self.check("nobody was paid twice", all(row[3] <= 1 for row in book), [row for row in book if row[3] > 1])
        shutil.rmtree(self.directory, ignore_errors=True)
        return self.problems


def code_of(client, withdrawal):
    _, messages, _ = client.insist("GET", "/demo/messages?account=%s&limit=10000" % withdrawal["account"])
    return next(message["code"] for message in messages["data"] if message["withdrawal"] == withdrawal["id"] and message["code"])


def withdraw(client, ref, amount, key, other=None):
    """Made on one server and confirmed on another."""
    status, made, _ = client.insist("POST", "/v1/withdrawals", {"account": ref, "amount": amount}, key="make-" + key)
    if status != 201:
        return status, made
    other = other or client
    status, value, _ = other.insist("POST", "/v1/withdrawals/%s/code" % made["id"], {"code": code_of(other, made)},
                                    key="code-" + key)
    return status, value if status == 200 else {**made, "code": value.get("code")}


def paid(client, identity, seconds=PAID):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if client.insist("GET", "/v1/withdrawals/" + identity)[1]["status"] == "successful":
            return True
        time.sleep(0.1)
    return False


def one_account(town, requests):
    """Both servers take money from one account at the same time: exactly what is there."""
    clients = town.clients()
    funded = requests // 10
    house.account_open(clients[0], "hot", [funded * 100])

    def one(number):
        here, there = Client(town.servers[number % 2].port, 120), Client(town.servers[(number + 1) % 2].port, 120)
        return withdraw(here, "hot", 100, "hot-%d" % number, there)

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(one, range(requests)))
    print("       %d withdrawals over two servers in %.1f s" % (requests, time.monotonic() - began))
    counts = collections.Counter(status if status == 200 else value["code"] for status, value in answers)
    town.check("exactly as many are confirmed as there is money", counts == {200: funded, "amount_exceeds_withdrawable":
                                                                             requests - funded}, counts)
    accepted = [value["id"] for status, value in answers if status == 200]
    town.check("and all are paid", all(paid(clients[0], identity) for identity in accepted))
    for client in clients:
        _, quote, _ = client.insist("GET", "/v1/accounts/hot/withdrawable")
        town.check("nothing is left, say both", quote["cash"] == 0, quote)


def races(town, count):
    """The same new account, the same fact and the same key on both at once: one effect."""
    first, second = town.clients()

    def both(*arguments, **more):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return [future.result() for future in
                    [pool.submit(client.insist, *arguments, **more) for client in (first, second)]]

    for number in range(count):
        ref = "race-%d" % number
        body = {"policy": "alibaba", "currency": "CNY", "phone": "13800000000",
                "subject": {"kind": "person", "name": "魏明", "id_number": "ID-" + ref, "verified": True}}
        made = both("PUT", "/v1/accounts/" + ref, body)
        told = both("POST", "/v1/accounts/%s/topups" % ref, {"ref": "t", "amount": 500, "method": "alipay"}, key="t-" + ref)
        taken = both("POST", "/v1/withdrawals", {"account": ref, "amount": 100}, key="w-" + ref)
        if not all(answer[0] in (200, 201) for answer in made + told + taken) or taken[0][1]["id"] != taken[1][1]["id"]:
            town.check("one effect of two", False, made, told, taken)
            return
    told = town.sql("SELECT count(*) FROM account WHERE ref LIKE 'race-%'"), town.sql(
        "SELECT count(*) FROM topup t JOIN account a ON a.id = t.account WHERE a.ref LIKE 'race-%'"), town.sql(
        "SELECT count(*) FROM withdrawal w JOIN account a ON a.id = w.account WHERE a.ref LIKE 'race-%'")
    town.check("what comes twice at once is one account, one top-up, one withdrawal", told == (str(count),) * 3, told)


def quotes(town):
    """What one server changed the other says at once."""
    first, second = town.clients()
    house.account_open(first, "quoted", [1000])
    fresh = True
    for number in range(40):
        second.insist("GET", "/v1/accounts/quoted/withdrawable")
        first.insist("POST", "/v1/accounts/quoted/topups", {"ref": "more-%d" % number, "amount": 10, "method": "alipay"},
                     key="more-%d" % number)
        fresh = fresh and second.insist("GET", "/v1/accounts/quoted/withdrawable")[1]["cash"] == 1000 + 10 * (number + 1)
    town.check("a quote of the other server is never old", fresh)


def keys(town):
    """A key that another process ends is nobody's on any server at once, however often it was used there."""
    where = ["--data", town.servers[0].data, *town.servers[0].store]

    def key(*words):
        return subprocess.run([town.ebb, "key", *words, *where], capture_output=True, text=True, timeout=60, check=True).stdout.strip()

    token = key("create", "till", "--role", "read")
    used = [client.once("GET", "/v1/accounts/quoted", token=token)[0] for client in town.clients() for _ in range(3)]
    key("revoke", "till")
    after = [client.once("GET", "/v1/accounts/quoted", token=token)[0] for client in town.clients()]
    town.check("a key that was ended is nobody's at once", used == [200] * 6 and after == [401] * 2, used, after)


def dispatchers(town):
    """The dispatcher is killed, then one is stopped while another takes over: no payment is lost, none is made twice."""
    first, second = town.servers
    clients = town.clients()
    house.account_open(clients[0], "payee", [100] * 30)
    epoch = int(town.sql("SELECT epoch FROM lease"))
    town.check("one server dispatches", epoch >= 1 and int(town.sql("SELECT count(*) FROM lease")) == 1, epoch)
    first.kill()
    _, value = withdraw(clients[1], "payee", 100, "after-kill")
    town.check("when it is killed the other one pays", paid(clients[1], value["id"], 20))
    town.check("under a higher epoch", int(town.sql("SELECT epoch FROM lease")) == epoch + 1, epoch, town.sql("TABLE lease"))
    first.start()
    clients = town.clients()
    waiting = [withdraw(clients[0], "payee", 100, "stop-%d" % n)[1]["id"] for n in range(4)]
    second.process.send_signal(signal.SIGSTOP)
    waiting += [withdraw(clients[0], "payee", 100, "stopped-%d" % n)[1]["id"] for n in range(8)]
    time.sleep(1)
    town.check("while the dispatcher is stopped nobody else pays", clients[0].insist(
        "GET", "/v1/withdrawals/" + waiting[-1])[1]["status"] != "successful")
    town.sql("UPDATE lease SET until = 0")  # its time is over
    end = time.monotonic() + 20
    while int(town.sql("SELECT epoch FROM lease")) < epoch + 2 and time.monotonic() < end:
        time.sleep(0.1)
    second.process.send_signal(signal.SIGCONT)
    clients[0].insist("POST", "/demo/clock", {"advance": "10m"})
    town.check("when its lease has run out the other one pays", all(paid(clients[0], identity) for identity in waiting))
    town.check("and the one that woke up leads no more", int(town.sql("SELECT epoch FROM lease")) == epoch + 2, epoch,
               town.sql("TABLE lease"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb")
    parser.add_argument("--requests", type=int, default=600)
    arguments = parser.parse_args()
    town = Town(os.path.abspath(arguments.ebb), 2)
    try:
        one_account(town, arguments.requests)
        races(town, 25)
        quotes(town)
        keys(town)
        dispatchers(town)
    finally:
        problems = town.end()
    print("servers: %d problems" % len(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
