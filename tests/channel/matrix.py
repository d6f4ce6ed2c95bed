#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""R6, R7 and R8 for the channels with an address: the real server, configured against doubles over TLS, without --demo.

  R6  each way in which a channel may fail × pay, query, cancel: where the payment must end, how often it left
  R7  notifications in any order, 1–3 times each, late and forged, while nothing else tells the truth
  R8  a channel that lies: every lie is an incident
Then the server is stopped, the auditor recomputes the books, and what left them is compared with the doubles' books.
The date goes HURRY times as fast (hurry.c), so that the engine's waits pass.

matrix.py EBB DRIVE HURRY.so [--kind NAME] [--seed N] [--orders N]"""
import argparse
import http.client
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

HURRY = "12"
os.environ.update(EBB_HURRY=HURRY, EBB_HURRY_FROM=str(int(time.time())))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from double import Authority, post  # noqa: E402
from driven import child, yaml_of  # noqa: E402
from worlds import WORLDS  # noqa: E402

PATIENCE_S = 60
TOPUP, AMOUNT = 100000, 30000

# A bad line at the first send: it ends well, and exactly once, because the channel is asked, or asked again.
SENDS = {mood: ("successful", 1) for mood in (
    "ok", "processing", "timeout_before", "timeout_after", "reset_before", "reset_after", "truncated", "bad_json", "huge",
    "drip", "redirect", "http500", "unlisted", "other_key")}
# The money stays on hold: nothing is proven, or something that a person must look at.
SENDS.update({"wrong_amount": ("dispatching", 1), "wrong_currency": ("dispatching", 1)})
QUERIES = ("not_found", "timeout", "reset", "truncated", "bad_json", "http500", "unlisted", "huge", "processing")


class House:
    """The real server and who asks it."""

    def __init__(self, ebb, drive, hurry, directory, channels):
        self.ebb, self.drive, self.data = ebb, drive, os.path.join(directory, "data")
        self.tokens = {name: subprocess.run(
            [ebb, "key", "create", name, "--data", self.data, *[w for r in roles for w in ("--role", r)]],
            capture_output=True, text=True, check=True).stdout.strip()
            for name, roles in {"clerk": ("facts", "withdraw", "read"), "reviewer": ("review",)}.items()}
        with open(os.path.join(directory, "channels.yaml"), "w", encoding="utf-8") as file:
            file.write(yaml_of(channels))
        self.log = open(os.path.join(directory, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [ebb, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--channels", directory + "/channels.yaml"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, "LD_PRELOAD": hurry},
            preexec_fn=child.ends_with_parent)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            self.log.seek(0)
            raise SystemExit("FAILED: the server did not start: " + line + self.log.read())
        self.port, self.connection = int(found.group(1)), None
        self.lock, self.count = threading.Lock(), 0

    def call(self, verb, path, body=None, who="clerk", expect=(200, 201), **headers):
        with self.lock:
            self.count += 1
            headers.update({"Authorization": "Bearer " + self.tokens[who], "Content-Type": "application/json"})
            if verb == "POST":
                headers["Idempotency-Key"] = "k%d" % self.count
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self.connection.request(verb, path, None if body is None else json.dumps(body),
                                    {name.replace("_", "-"): value for name, value in headers.items()})
            reply = self.connection.getresponse()
            data = reply.read()
            value = json.loads(data) if data else None
        assert reply.status in expect, (verb, path, reply.status, value)
        return value, dict(reply.getheaders())

    def codes(self):
        """The codes that customers got, by withdrawal: in this test they are read from the sealed store."""
        lines = subprocess.run([self.drive, "messages", self.data], capture_output=True, text=True, check=True).stdout
        messages = [json.loads(line) for line in lines.splitlines()]
        return {message["withdrawal"]: message["code"] for message in messages if message["code"]}

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(15)
        self.log.seek(0)
        assert status == 0, (status, self.log.read()[-2000:])
        self.process.stdout.close()


class Cell:
    """One account with one withdrawal, its channel's mood, and where it must end."""

    def __init__(self, world, name, mood, status, times, cancels=False):
        self.world, self.name, self.mood, self.status, self.times = world, name, mood, status, times
        self.cancels, self.account = cancels, ("%s%s.%s" % (world.name, world.title, name)).replace(":", ".")[:60]
        self.source = world.source(self.account)
        self.id, self.key, self.said = None, None, None

    def ask(self, house):
        self.world.double.moods[self.source] = self.mood
        house.call("PUT", "/v1/accounts/" + self.account, {
            "policy": "alibaba", "currency": "CNY", "phone": "13800000001",
            "subject": {"kind": "enterprise", "name": "厂 " + self.account, "id_number": "ID-" + self.account, "verified": True}})
        paid_at = time.strftime("%Y-%m-%dT00:00:00+08:00", time.gmtime(time.time() - self.world.paid_days_ago * 86400))
        house.call("POST", "/v1/accounts/%s/topups" % self.account, {
            "ref": "t1", "amount": TOPUP, "method": "alipay", "channel": self.world.name, "channel_ref": self.source,
            "payer": {"kind": "personal", "name": "张三"}, "paid_at": paid_at})
        ask = {"account": self.account, "amount": AMOUNT, **self.world.ask(self.source, house, self.account)}
        self.id = house.call("POST", "/v1/withdrawals", ask)[0]["id"]

    def confirm(self, house, codes):
        _, headers = house.call("POST", "/v1/withdrawals/%s/code" % self.id, {"code": codes[self.id]})
        if self.world.reviewed:
            tag = headers.get("ETag") or house.call("GET", "/v1/withdrawals/" + self.id)[1]["ETag"]
            house.call("POST", "/v1/withdrawals/%s/review" % self.id, {"decision": "approve", "reason": "ok"},
                       who="reviewer", If_Match=tag)

    def cancel(self, house):
        """Once it is under way nobody can take it back, and it ends as if nobody had asked."""
        while self.look(house) == "approved":
            time.sleep(0.005)
        house.call("POST", "/v1/withdrawals/%s/cancel" % self.id, {}, expect=(409,))

    def look(self, house):
        self.said = house.call("GET", "/v1/withdrawals/" + self.id)[0]
        return self.said["status"]

    def complaint(self):
        times, total = self.world.double.paid(self.source)
        if (self.said["status"], times) != (self.status, self.times):
            return "%s/%s: %s and left %d times (%d), not %s and %d: %s" % (
                self.world.name, self.name, self.said["status"], times, total, self.status, self.times,
                json.dumps(self.said["legs"]))
        return None


def cells_of(world):
    """Dead lines, by which nothing has left: it waits. They come first (and lies before them): a first send that waits behind others for longer than the engine's
    guard is not made, and then the story is another one."""
    if world.dead is not None:
        yield Cell(world.dead, "dead", {"pay": "ok"}, "dispatching", 0)
        yield Cell(world.late, "dead-for-a-while", {"pay": "ok"}, "successful", 1)
    if world.ours is not None:
        yield from (Cell(world.ours, "beside-ours-%d" % at, {"pay": "ok"}, "successful", 1) for at in range(3))
    sends = {**SENDS, **world.sends}
    for mood, (status, times) in sends.items():
        if status == "absent":
            continue
        yield Cell(world, "pay-" + mood, {"pay": mood}, status, times)
        yield Cell(world, "cancel-" + mood, {"pay": mood}, status, times, cancels=True)
    for query in QUERIES + world.queries:
        yield Cell(world, "query-" + query, {"pay": "reset_after", "query": [query]}, "successful", 1)


def run(house, cells, beside=()):
    """All at once: asks, confirms, waits until each is where it must be (or can only be wrong)."""
    for cell in cells:
        cell.ask(house)
    codes = house.codes()
    for cell in cells:
        cell.confirm(house, codes)
        if cell.cancels:
            cell.cancel(house)
    for work in beside:
        work()
    waiting, end = list(cells), time.monotonic() + PATIENCE_S
    while waiting and time.monotonic() < end:
        waiting = [c for c in waiting if c.look(house) != c.status or c.world.double.paid(c.source)[0] != c.times]
        time.sleep(0.05)
    time.sleep(0.5)  # what is open must stay open
    for cell in cells:
        cell.look(house)


# ---- R7 ----

def silent(world, name, status, times=1):
    """A payment of which only notifications can tell."""
    return Cell(world, name, {"pay": "timeout_after", "query": ["http500"] * 1000}, status, times)


def notifications(house, world, cell, rng):
    """Everything that the double could tell of it, in any order; a returned payment must end as returned."""
    payment = world.payment(cell.source)
    told = [event for event in world.events(payment, cell.status) for _ in range(rng.randint(1, 3))]
    rng.shuffle(told)
    for at, (headers, body) in enumerate(told):
        status, said = post(house.port, "/v1/channels/%s/notify" % world.name, body, headers)
        assert (status, said) == (200, world.taken), (world.name, status, said)
        if at % 4 == 0:
            headers, body = world.forge(headers, body)
            status, said = post(house.port, "/v1/channels/%s/notify" % world.name, body, headers)
            assert status == 400, ("a forged notification was taken", world.name, status, said)


def line_opened(house, world):
    """Once a payment could not be sent."""
    database = sqlite3.connect("file:%s?mode=ro" % os.path.join(house.data, "ebb.db"), uri=True)
    asked, end = "SELECT count(*) FROM attempt WHERE channel = ? AND code IN ('not_sent', 'not_connected')", time.monotonic() + PATIENCE_S
    while database.execute(asked, (world.late.name,)).fetchone() == (0,) and time.monotonic() < end:
        time.sleep(0.05)
    database.close()
    world.line.open(world.double.port)


def notified(house, world, cells, rng):
    end = time.monotonic() + PATIENCE_S
    for cell in cells:
        while world.payment(cell.source) is None and time.monotonic() < end:
            time.sleep(0.01)
        notifications(house, world, cell, rng)


# ---- R8 ----

def lies(house, world):
    """(cell, incident kind): what each lie must open."""
    told = []
    for lie in world.lies:
        mood, (status, times), _ = world.lies[lie]
        cell = Cell(world, "lie-" + lie, mood if isinstance(mood, dict) else {"pay": mood}, status, times)
        told.append((cell, lie, world.lies[lie][2]))
    return told


def lies_tell(house, world, told):
    for cell, lie, _ in told if world.notifies else ():  # otherwise the lie is in what it answers
        headers, body = world.lie(lie, world.payment(cell.source))
        for _ in range(2):  # told again it is no second one
            status, said = post(house.port, "/v1/channels/%s/notify" % world.name, body, headers)
            assert (status, said) == (200, world.taken), (lie, status, said)


def incidents_of(data):
    database = sqlite3.connect("file:%s?mode=ro" % os.path.join(data, "ebb.db"), uri=True)
    rows = database.execute("SELECT kind, withdrawal FROM incident").fetchall()
    ids = {row[0]: row[1] for row in database.execute(
        "SELECT account.ref, withdrawal.id FROM withdrawal JOIN account ON account.id = withdrawal.account")}
    database.close()
    return rows, ids


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb")
    parser.add_argument("drive")
    parser.add_argument("hurry")
    parser.add_argument("--kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--orders", type=int, default=8, help="of notifications, for each channel")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as directory:
        authority = Authority(directory)
        shutil.copy(authority.file, directory + "/trusted.pem")
        worlds = [w for made in WORLDS for w in made(directory, authority) if options.kind in (None, w.kind)]
        channels = {}
        for world in worlds:
            channels.update(world.config())
        began = time.monotonic()
        house = House(options.ebb, options.drive, options.hurry, directory, channels)
        matrix = sorted((cell for world in worlds for cell in cells_of(world)), key=lambda cell: not cell.name.startswith("dead"))
        orders = {w: [silent(w, "order-%d" % i, w.ends[i % len(w.ends)]) for i in range(options.orders)]
                  for w in worlds if w.notifies}
        worlds_told = worlds + [world.ours for world in worlds if world.ours is not None]
        told = {w: lies(house, w) for w in worlds_told}
        cells = [t[0] for some in told.values() for t in some] + matrix + [c for some in orders.values() for c in some]
        beside = [lambda w=w: line_opened(house, w) for w in worlds if w.late is not None]
        beside += [lambda w=w: notified(house, w, orders[w], rng) for w in worlds if w.notifies]
        run(house, cells, beside)
        for world in worlds_told:
            lies_tell(house, world, told[world])
        complaints = [c for c in (cell.complaint() for cell in cells) if c]
        house.stop()
        rows, ids = incidents_of(house.data)
        for cell, lie, kind in [t for some in told.values() for t in some]:
            if (kind, ids[cell.account] if kind != "unknown_key" else 0) not in [(r[0], r[1] or 0) for r in rows]:
                complaints.append("%s: the lie %s opened no incident %s" % (cell.world.name, lie, kind))
            elif kind != "unknown_key" and rows.count((kind, ids[cell.account])) != 1:
                complaints.append("%s: the lie %s opened %s more than once" % (cell.world.name, lie, kind))
        strangers, strange = sum(kind == "unknown_key" for kind, _ in rows), sum("other_key" in w.lies for w in worlds)
        if strangers != strange:
            complaints.append("%d incidents of keys that nobody made, for %d that were told of twice" % (strangers, strange))
        complaints += ["%s: %s" % (w.name, c) for w in worlds for c in w.double.complaints]
        audit = subprocess.run([os.path.join(os.path.dirname(options.ebb), "ebb-audit"), "--data", house.data],
                               capture_output=True, text=True, check=False)
        if audit.returncode != 0:
            complaints.append("audit: " + audit.stdout + audit.stderr)
        for world in worlds:
            world.stop()
        print("%d cells, %d orders of notifications, %d lies, %d incidents, seed %d, %.1f s" % (
            len(matrix), sum(map(len, orders.values())), sum(map(len, told.values())), len(rows), options.seed,
            time.monotonic() - began))
        if complaints:
            house.log.seek(0)
            print("\n".join(complaints), "\n", house.log.read()[-1500:])
            raise SystemExit("FAILED: %d complaints" % len(complaints))


if __name__ == "__main__":
    main()
