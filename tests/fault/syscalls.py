#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The n-th system call fails, is cut short, or is the last (R4).

The real server runs a fixed script: facts, withdrawals, codes, reviews, a cancellation, payments by the simulated channels.
A shim between it and the C library (inject.c) counts its calls by call and by file, and lets one of them fail, or all from
there on, or kills the process at it. The server may answer 503, break the connection, and where that is honest end by
itself; it may not say what is not true. Afterwards it starts without faults and the whole script is asked again under the
same keys: what was acknowledged is answered again with the same words, what was unknown happens now or had happened, and
in the end all of it has happened once: the money, the bank's own book, the invariants and ebb-audit agree.

  syscalls.py EBB SHIM INVARIANTS [--points N | --all] [--withdrawals N] [--jobs N] [--seed S] [--keep]
  syscalls.py EBB SHIM INVARIANTS --point first|start|asked:CALL:PLACE:FAULT:N        one point again

A shim and not strace: strace stops every call of every thread to look at it, counts by thread, and knows no file of an
n-th write; one server under it takes as long as ten without."""
import argparse
import collections
import concurrent.futures
import ctypes
import errno
import mmap
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import house
import kill9
from house import Client, Down, Server

# ---- what the shim knows (the same order) ----

CALLS = ["open", "read", "pread", "write", "pwrite", "fsync", "fdatasync", "ftruncate", "rename", "link", "unlink", "mkdir",
         "mmap", "fcntl", "flock", "accept4", "recv", "send", "sendmsg", "poll", "eventfd", "thread"]
PLACES = ["none", "database", "log", "index", "bank", "anchor", "key", "lock", "other", "net", "bell"]
ACTIONS = {"error": 1, "kill": 2, "short": 3, "torn": 4}


class Control(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("armed", "call", "place", "action", "error", "for_ever")] + \
               [(name, ctypes.c_uint64) for name in ("n", "seen", "hits")] + \
               [("counts", ctypes.c_uint64 * len(PLACES) * len(CALLS))]


# What may legally come of each call; "+" for ever from there on.
WRITES = ["kill", "torn", "short", "EIO", "EIO+", "ENOSPC", "ENOSPC+", "EINTR"]
FAULTS = {
    "open": ["kill", "EIO", "ENOSPC", "EMFILE"], "read": ["kill", "EIO", "EINTR"], "pread": ["kill", "EIO", "EIO+", "EINTR"],
    "write": WRITES, "pwrite": WRITES, "fsync": ["kill", "EIO", "EIO+", "ENOSPC", "EINTR"],
    "fdatasync": ["kill", "EIO", "EIO+", "ENOSPC", "EINTR"], "ftruncate": ["kill", "EIO", "ENOSPC", "EINTR"],
    "rename": ["kill", "EIO", "ENOSPC"], "link": ["kill", "EIO", "ENOSPC"], "unlink": ["kill", "EIO"],
    "mkdir": ["kill", "EIO", "ENOSPC"], "mmap": ["kill", "ENOMEM", "EAGAIN"], "fcntl": ["kill", "EAGAIN", "EIO", "ENOLCK"],
    "flock": ["kill", "EIO", "ENOLCK"], "accept4": ["kill", "EMFILE", "ECONNABORTED", "EINTR", "EAGAIN", "ENOMEM"],
    "recv": ["kill", "ECONNRESET", "EAGAIN", "EINTR"], "send": ["kill", "short", "EPIPE", "ECONNRESET", "EAGAIN", "EINTR"],
    "sendmsg": ["kill", "EPIPE", "ECONNRESET", "EAGAIN", "EINTR"], "poll": ["kill", "EINTR", "ENOMEM", "EAGAIN"],
    "eventfd": ["kill", "EMFILE", "ENOMEM"], "thread": ["kill", "EAGAIN"],
}
BELL_FAULTS = {"read": ["EAGAIN", "EINTR"]}  # an eventfd has no disk, and refuses a write only when it rings already

# Points that failed once: looked at in every run.
KNOWN = ["first:pwrite:anchor:torn:1", "start:pwrite:anchor:short:1", "start:open:database:EMFILE:4",
         "first:fdatasync:log:kill:34", "first:fdatasync:log:kill:72", "start:thread:other:EAGAIN:1"]

# When: while it starts in an empty directory, while it starts on what is there, after it was ready.
REGIONS = {"first": 1, "start": 1, "asked": 3}  # and how many of five points
Point = collections.namedtuple("Point", "region call place fault n")


def point_text(point):
    return ":".join(str(part) for part in point)


def point_read(text):
    region, call, place, fault, n = text.split(":")
    return Point(region, call, place, fault, int(n))


def faults_of(call, place):
    return BELL_FAULTS.get(call, []) if place == "bell" else FAULTS[call]


class Shim:
    """The file that the shim maps."""

    def __init__(self, library, directory):
        self.library, self.path = library, os.path.join(directory, "inject")
        with open(self.path, "wb") as file:
            file.truncate(ctypes.sizeof(Control))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), ctypes.sizeof(Control))
        self.control = Control.from_buffer(self.memory)

    def environment(self, data):
        return dict(os.environ, LD_PRELOAD=self.library, EBB_INJECT=self.path, EBB_INJECT_DATA=data)

    def arm(self, point):
        word = point.fault.rstrip("+")
        self.control.call, self.control.place = CALLS.index(point.call), PLACES.index(point.place)
        self.control.action = ACTIONS.get(word, ACTIONS["error"])
        self.control.error = getattr(errno, word, 0) if word.startswith("E") else 0
        self.control.for_ever, self.control.n = int(point.fault.endswith("+")), point.n
        self.control.armed = 1

    def counted(self):
        return {(call, place): self.control.counts[c][p] for c, call in enumerate(CALLS) for p, place in enumerate(PLACES)
                if self.control.counts[c][p]}


# ---- the script ----

TOPUP = 5000000
OUTCOMES = ["paid", "timeout_paid", "pending_then_paid", "refused:ACQ.TRADE_HAS_FINISHED", "error_500", "not_found_then_paid"]
KINDS = ["pay", "review", "pay", "cancel"]


class Person:
    """As kill9 wants its customers."""

    def __init__(self, ref):
        self.ref, self.created, self.confirmed = ref, {}, {}


class Skipped(Exception):
    """The step before is not known to be done."""


class Story:
    """The script, in a run that may meet faults (`patient` false) or that insists. Asked twice it uses the same keys."""

    def __init__(self, withdrawals):
        self.withdrawals, self.told, self.wrong, self.faults = withdrawals, {}, [], 0
        self.people = {ref: Person(ref) for ref in ("ali", "hua")}

    def ask(self, client, patient, name, wanted, verb, path, body=None, token=house.ADMIN, more=None):
        """The answer's JSON. A step that was answered once is answered the same for ever."""
        key = "key-" + name if verb == "POST" else None
        status, value = 0, None
        for _ in range(1 if patient else 2):
            try:
                if patient:
                    status, value = insist(client, verb, path, body, token, key, more)
                else:
                    status, value, _ = client.once(verb, path, body, token, key, more)
            except Down:
                status = 0
            if status not in (0, 429, 503):
                break
            self.faults += 1
            time.sleep(0.01)
        if status in (0, 429, 503):
            raise Skipped(name)
        if status not in wanted:
            self.wrong.append("%s: %d %s" % (name, status, value))
            raise Skipped(name)
        earlier = self.told.setdefault(name, value) if verb == "POST" else value
        if status < 300 and earlier != value:
            self.wrong.append("%s: was answered %s, now %s" % (name, earlier, value))
        return value

    def facts(self, client, patient):
        self.ask(client, patient, "account", (200, 201), "PUT", "/v1/accounts/new", {
            "policy": "jdcloud", "currency": "CNY",
            "subject": {"kind": "person", "name": "王五", "id_number": "ID-new", "verified": True}})
        self.ask(client, patient, "topup", (201,), "POST", "/v1/accounts/ali/topups",
                 {"ref": "more", "amount": 700, "method": "wechat"}, house.BILLING)
        self.ask(client, patient, "charge", (201,), "POST", "/v1/accounts/ali/charges", {"ref": "c1", "amount": 30}, house.BILLING)
        self.ask(client, patient, "claim", (200, 201), "PUT", "/v1/accounts/hua/claims/k1", {"kind": "overdue", "amount": 50})
        self.ask(client, patient, "too-much", (422,), "POST", "/v1/withdrawals", {"account": "ali", "amount": 10**10},
                 "demo-customer:ali")

    def code_of(self, client, patient, ref, identity):
        """Acknowledged means that its code was sent."""
        for _ in range(100 if patient else 3):
            try:
                status, value, _ = client.once("GET", "/demo/messages?account=%s&limit=200" % ref)
            except Down:
                status = 0
            if status == 200:
                codes = [m["code"] for m in value["data"] if m["withdrawal"] == identity and m["code"]]
                if codes:
                    return codes[0]
                self.wrong.append("no code for the acknowledged %s" % identity)
                raise Skipped("code")
            time.sleep(0.02)
        raise Skipped("messages")

    def withdrawal(self, client, patient, number):
        kind = KINDS[number % len(KINDS)]
        ref = "hua" if kind == "review" else "ali"
        person, token = self.people[ref], "demo-customer:" + ref
        amount = 100 + number
        made = self.ask(client, patient, "w%d" % number, (201,), "POST", "/v1/withdrawals", {"account": ref, "amount": amount}, token)
        person.created[made["id"]] = amount
        path = "/v1/withdrawals/" + made["id"]
        if kind == "cancel":
            self.ask(client, patient, "cancel%d" % number, (200,), "POST", path + "/cancel", None, token)
            return
        code = self.code_of(client, patient, ref, made["id"])
        self.ask(client, patient, "code%d" % number, (200,), "POST", path + "/code", {"code": code}, token)
        person.confirmed[made["id"]] = amount
        if kind == "review":
            self.ask(client, patient, "review%d" % number, (200,), "POST", path + "/review", {"decision": "approve"},
                     "demo-reviewer", {"If-Match": self.version(client, path)})

    def version(self, client, path):
        try:
            status, _, headers = client.once("GET", path)
        except Down as down:
            raise Skipped("version") from down
        if status != 200:
            raise Skipped("version")
        return headers["ETag"]

    def run(self, client, patient, alive=lambda: True):
        steps = [self.facts] + [lambda c, p, n=n: self.withdrawal(c, p, n) for n in range(self.withdrawals)]
        for step in steps:
            try:
                step(client, patient)
            except Skipped:
                if not alive():
                    return


def insist(client, verb, path, body, token, key, more, seconds=20):
    """As Client.insist, with headers."""
    end = time.monotonic() + seconds
    while True:
        status, value, _ = client.once(verb, path, body, token, key, more)
        if status not in (429, 503) or time.monotonic() > end:
            return status, value
        time.sleep(0.02)


# ---- one point ----

class Faulty(Server):
    """A server under the shim, which may end by itself."""

    def __init__(self, ebb, data, shim):
        super().__init__(ebb, data)
        self.shim = shim

    def spawn(self, environment=None):
        super().spawn(environment or self.shim.environment(self.data))

    def alive(self):
        return self.process.poll() is None

    def wait_ready(self, seconds):
        """True: it said so. It need not, where everything fails for ever."""
        client, end = Client(self.port, timeout=2), time.monotonic() + seconds
        try:
            while self.alive() and time.monotonic() < end:
                try:
                    if client.once("GET", "/readyz")[0] == 200:
                        return True
                except Down:
                    pass
                time.sleep(0.005)
        finally:
            client.close()
        return False


def is_last(point):
    """The call ends the process: struck already, it may still be there for a moment."""
    return point.fault.rstrip("+") in ("kill", "torn")


def may_end(point, ready):
    """Ending by itself is honest when the disk does not answer, and at a start that lacks what it needs."""
    word = point.fault.rstrip("+")
    if is_last(point):
        return True
    if point.call in ("fsync", "fdatasync"):
        word = "EIO"  # whatever it says: what was written may be lost
    if word in ("EINTR", "short") or (word == "EAGAIN" and point.call not in ("thread", "mmap", "fcntl")):
        return False
    return not ready or (word == "EIO" and point.place in ("database", "log", "index"))


Outcome = collections.namedtuple("Outcome", "hits word problems cpu")


def faulty_run(options, point, data, shim, story):
    """What happened, and what must not have."""
    server = Faulty(options.ebb, data, shim)
    problems, began = [], os.path.getsize(server.log.name)
    if point.region != "asked":
        shim.arm(point)
    server.spawn()
    ready = server.wait_ready(2 if point.fault.endswith("+") else 10)
    at_ready = shim.counted()
    if point.region == "asked":
        shim.arm(point)
    elif not point.fault.endswith("+"):
        shim.control.armed = 0
    client = Client(server.port, timeout=5)
    if server.alive():
        story.run(client, False, server.alive)
        time.sleep(options.pause)
    freed = point.fault == "ENOSPC+" and server.alive()
    if freed:  # space is back: it goes on without a restart
        shim.control.armed = 0
        if not server.wait_ready(5) and server.alive():
            problems.append("there is space again, and it is not ready")
    client.close()
    ended_before = not server.alive()
    hits = shim.control.hits
    code = stop(server)
    if code is None:
        problems.append("SIGTERM did not end it within 10 s")
    elif code == -signal.SIGSEGV or code == -signal.SIGBUS:
        problems.append("it crashed with %d" % code)
    elif ended_before and not may_end(point, ready):
        problems.append("it ended by itself with %d" % code)
    elif not ended_before and code != 0 and shim.control.hits == hits and not (code == -signal.SIGKILL and is_last(point)):
        problems.append("SIGTERM ended it with %d" % code)
    if ended_before and not ready and point.call == "thread" and code > 0 and "thread" not in said(server, began):
        problems.append("it did not say that threads were lacking: " + said(server, began))
    word = "killed" if code == -signal.SIGKILL else "ended" if ended_before else "503" if story.faults else "went on"
    server.log.close()
    return word, shim.control.hits, problems, at_ready


def said(server, began):
    """What it wrote since, on one line."""
    with open(server.log.name, encoding="utf-8", errors="replace") as log:
        log.seek(began)
        return " / ".join(log.read().split("\n"))[-500:]


def stop(server):
    if server.alive():
        server.process.send_signal(signal.SIGTERM)
    try:
        return server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
        return None


def invariants_broken(path, data):
    """The statements of sim/invariants.sql that give a row."""
    broken, database = [], sqlite3.connect(os.path.join(data, "ebb.db"))
    with open(path, encoding="utf-8") as file:
        parts = file.read().split("-- invariant: ")[1:]
    for part in parts:
        name, _, sql = part.partition("\n")
        rows = database.execute(sql).fetchall()
        broken += ["invariant %s: %s" % (name, rows[0])] if rows else []
    database.close()
    return broken


def cash_of(client, ref):
    return client.insist("GET", "/v1/accounts/%s/withdrawable" % ref)[1]["cash"]


def settled(server, story, seeded):
    """Everything again, to its end; what does not agree."""
    client = Client(server.port)
    story.run(client, True)
    problems = list(story.wrong)
    people = list(story.people.values())
    ended, opened = kill9.settle(client, people, 60, 0.03)
    problems += opened
    if opened or problems:
        return problems
    paid = {person.ref: sum(ended[identity][1] for identity in person.confirmed) for person in people}
    for ref, there in (("ali", TOPUP + 700 - 30), ("hua", TOPUP)):
        cash = cash_of(client, ref)
        if cash + paid[ref] != there:
            problems.append("%s: cash %d and paid %d are not %d" % (ref, cash, paid[ref], there))
    client.close()
    server.stop()
    unequal, _ = kill9.book_problems(server.data, sum(paid.values()), seeded)
    return problems + unequal


def one_point(options, point):
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    directory = tempfile.mkdtemp(prefix="ebb-syscalls-", dir=options.scratch)
    data = os.path.join(directory, "data")
    if point.region != "first":
        shutil.copytree(options.template, data)
    shim, story = Shim(options.shim, directory), Story(options.withdrawals if point.region == "asked" else 1)
    if point.region == "first":
        story.run = lambda client, patient, alive=None: None  # there is nobody yet
    problems, word, hits, at_ready = [], "?", 0, {}
    try:
        word, hits, problems, at_ready = faulty_run(options, point, data, shim, story)
        server = Server(options.ebb, data)
        server.start()
        if point.region != "first":
            problems += settled(server, story, options.seeded)
        server.stop()
        problems += ["audit: " + line for line in house.audit(options.ebb, data)]
        problems += invariants_broken(options.invariants, data)
        server.log.close()
    except SystemExit as failed:
        problems.append(str(failed))
    except Exception as failed:  # a harness that stumbles must not look content
        problems.append(repr(failed))
    counts = shim.counted()
    if point.region == "asked":
        counts = {kind: count - at_ready.get(kind, 0) for kind, count in counts.items()}
    else:
        counts = at_ready
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
    if not problems and not options.keep:
        shutil.rmtree(directory)
    return point, Outcome(hits, word, problems, cpu), counts, directory


# ---- all of them ----

def template_make(options):
    """Two customers with money, and what the banks are going to do."""
    server = Server(options.ebb, options.template)
    server.start()
    client = Client(server.port)
    for ref, policy in (("ali", "alibaba"), ("hua", "huawei")):
        client.insist("PUT", "/v1/accounts/" + ref, {
            "policy": policy, "currency": "CNY", "phone": "13800000000",
            "subject": {"kind": "person", "name": "张三", "id_number": "ID-" + ref, "verified": True}})
        for number in range(5):
            status, value, _ = client.insist(
                "POST", "/v1/accounts/%s/topups" % ref,
                {"ref": "t%d" % number, "amount": TOPUP // 5, "method": "alipay", "payer": {"kind": "personal", "name": "张三"},
                 "channel_ref": "%s-%d" % (ref, number)}, key="t-%s-%d" % (ref, number))
            assert status == 201, (status, value)
    status, value, _ = client.insist("POST", "/demo/channel", {"next": (OUTCOMES * 20)[:max(options.withdrawals, 6)]})
    assert status == 200, (status, value)
    client.close()
    server.stop()
    server.log.close()
    return {(row[0], row[1]) for row in house.channel_book(options.template)}


def points_of(region, counts):
    """{(region, call, place, fault): [points]} of all that a run without faults did."""
    kinds = {}
    for (call, place), count in counts.items():
        for fault in faults_of(call, place):
            kinds[(region, call, place, fault)] = [Point(region, call, place, fault, n) for n in range(1, count + 1)]
    return kinds


def choose(kinds, count, seed):
    """Round the (call, fault) pairs, of each another file and another n: each seed takes others."""
    dice, queues = random.Random(seed), collections.defaultdict(list)
    for kind in sorted(kinds):
        points = list(kinds[kind])
        dice.shuffle(points)
        queues[kind[1], kind[3]].append(points)
    rounds = []
    for pair, files in sorted(queues.items()):
        dice.shuffle(files)
        turns = [points[turn] for turn in range(max(map(len, files))) for points in files if turn < len(points)]
        rounds += [(turn, pair, point) for turn, point in enumerate(turns)]
    return [point for _, _, point in sorted(rounds)[:count]]


def report(outcomes):
    table = collections.defaultdict(collections.Counter)
    for point, outcome in outcomes:
        word = outcome.word if outcome.hits else "not reached"
        table[point.region, point.call, point.fault][word] += 1
    words = ["went on", "503", "ended", "killed", "not reached"]
    print("%-6s %-10s %-13s" % ("", "call", "fault") + "".join("%12s" % word for word in words))
    for kind, row in sorted(table.items()):
        print("%-6s %-10s %-13s" % kind + "".join("%12d" % row[word] for word in words))
    total = collections.Counter()
    for row in table.values():
        total.update(row)
    print("%-31s" % "in all" + "".join("%12d" % total[word] for word in words))


def sweep(options, points):
    outcomes, failures = [], []
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        for point, outcome, _, directory in pool.map(one_point, [options] * len(points), points, chunksize=1):
            outcomes.append((point, outcome))
            if outcome.problems:
                failures.append((point, outcome, directory))
                print("FAILED %s: %s" % (point_text(point), "; ".join(outcome.problems[:3])[:700]))
                print("  again: tests/fault/syscalls.py EBB SHIM INVARIANTS --point %s    data: %s" % (point_text(point), directory),
                      flush=True)
    return outcomes, failures


def counted(options, region):
    """What a run without faults calls; it must be content."""
    _, outcome, counts, directory = one_point(options, Point(region, "open", "none", "none", 0))
    if outcome.problems or outcome.word != "went on":
        raise SystemExit("FAILED: without faults (%s): %s %s: %s" % (region, outcome.word, outcome.problems, directory))
    return counts


def arguments_read():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb", type=os.path.abspath)
    parser.add_argument("shim", type=os.path.abspath)
    parser.add_argument("invariants", type=os.path.abspath)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--all", action="store_true", help="every point")
    parser.add_argument("--point", help="one point again")
    parser.add_argument("--withdrawals", type=int, default=4)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the data even when all is well")
    return parser.parse_args()


def main():
    options, began = arguments_read(), time.monotonic()
    options.scratch = tempfile.mkdtemp(prefix="ebb-syscalls-")
    options.template, options.pause = os.path.join(options.scratch, "template"), 0.3
    options.seeded = template_make(options)
    if options.point:
        points = [point_read(options.point)]
    else:
        points = [point_read(text) for text in KNOWN]
        for region, fifths in REGIONS.items():
            kinds = points_of(region, counted(options, region))
            every = [point for kind in sorted(kinds) for point in kinds[kind]]
            chosen = every if options.all else choose(kinds, options.points * fifths // sum(REGIONS.values()), options.seed)
            print("%-6s %5d points of %d, of %d kinds" % (region, len(chosen), len(every), len(kinds)), flush=True)
            points += chosen
    outcomes, failures = sweep(options, points)
    report(outcomes)
    print("R4 seed %d: %d points, %d reached, %d failures; %.1f s of processor time for the servers, %.0f s" %
          (options.seed, len(outcomes), sum(1 for _, outcome in outcomes if outcome.hits), len(failures),
           sum(outcome.cpu for _, outcome in outcomes), time.monotonic() - began))
    if not failures and not options.keep:
        shutil.rmtree(options.scratch)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
