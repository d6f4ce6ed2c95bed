# SPDX-License-Identifier: Apache-2.0
"""What the rows of the bench are made with: directories, programs that answer in JSON, servers, the bare twin of a database,
and turns of ours and ceiling one after the other, so that what else the machine does meets both."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import statistics
import struct
import subprocess
import time
import urllib.request

TIMEOUT_S = 600


class Bench:
    def __init__(self, build, directory, quick):
        self.build, self.directory, self.quick = pathlib.Path(build).resolve(), pathlib.Path(directory), quick
        self.ebb = str(self.build / "src" / "ebb")
        self.rounds = 3 if quick else 7
        self.seconds = 1 if quick else 3
        self.kept = {}  # what one row prepared and another uses again
        self.closing = contextlib.ExitStack()  # and what has to be stopped at the end

    def scaled(self, most):
        return max(1, most // 10) if self.quick else most

    def program(self, name):
        return str(self.build / "tests" / "bench" / name)

    def fresh(self, name):
        """A new empty place under this name."""
        path = self.directory / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def copy(self, source, name):
        path = self.directory / name
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(source, path)
        return path

    def once(self, key, make):
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]


def run(*arguments, environment=None, text=None, timeout_s=TIMEOUT_S):
    """Standard output of a program that must succeed."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, input=text, timeout=timeout_s,
                          env={**os.environ, **(environment or {})}, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def answer(*arguments, **more):
    return json.loads(run(*arguments, **more))


# ---- servers ----


class Server:
    """`ebb serve` on a port of its own choice. Outside the demo a key is made before it starts."""

    def __init__(self, bench, data, demo=False, store=None, environment=None):
        place = ["--data", str(data), *(["--store", store] if store else [])]
        self.token = "demo-admin"
        if not demo:
            roles = [word for role in ("facts", "read", "withdraw", "review") for word in ("--role", role)]
            self.token = run(bench.ebb, "key", "create", f"bench-{time.time_ns()}", *place, *roles).strip()
        self.began = time.monotonic()
        self.process = subprocess.Popen([bench.ebb, "serve", *(["--demo"] if demo else []), *place, "--listen", "127.0.0.1:0"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        env={**os.environ, **(environment or {})})
        line = self.process.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"the server on {data} did not start")
        self.url = re.search(r"http://\S+:\d+", line)[0]

    def ask(self, verb, path, body=None, key=None):
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        if key is not None:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(self.url + path, method=verb, headers=headers,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
            return reply.read()

    def memory_kib(self, what="VmRSS"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(what + r":\s+(\d+) kB", status)[1])

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()


@contextlib.contextmanager
def serving(*arguments, **more):
    server = Server(*arguments, **more)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def ceiling_http(bench, *arguments):
    """Yields the address of a rule-free server; it ends when its standard input does."""
    process = subprocess.Popen([bench.program("ceiling_http"), *map(str, arguments)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def load(bench, url, token, *options, seconds=None):
    """What `ebb bench` saw, with rates beside the counts."""
    seen = answer(bench.ebb, "bench", url, "--token", token, "--seconds", seconds or bench.seconds, "--json", *options)
    for kind in seen["requests"].values():
        kind["rate"] = kind["done"] * 1e6 / seen["took_us"]
    seen["rate"] = seen["durable"] * 1e6 / seen["took_us"]
    return seen


# ---- tapes, and databases without rules ----


def tape_rows(path):
    """Statements of a tape by table and verb, and how many rows they wrote (tape.h)."""
    data, at, texts, counts, many = path.read_bytes(), 0, {}, {}, {}

    def word():
        nonlocal at
        at += 8
        return struct.unpack_from("<Q", data, at - 8)[0]

    def text():
        nonlocal at
        size = word()
        at += size + 1
        return data[at - size - 1:at - 1]

    def value():
        nonlocal at
        at += 1
        kind = data[at - 1:at]
        return word() if kind == b"I" else None if kind == b"N" else text()

    while at < len(data):
        kind = data[at:at + 1]
        at += 1
        if kind == b"S":
            number = word()
            statement = text().decode()
            many[number] = "unnest(" in statement
            texts[number] = " ".join(statement.removeprefix("WITH changed AS (").split()[:3]).rstrip(" (")
        elif kind == b"R":
            number, values = word(), word()
            seen = [value() for _ in range(values)]
            written = struct.unpack_from(">i", seen[0], 12)[0] if many[number] else 1  # an array's head
            counts[texts[number]] = counts.get(texts[number], 0) + written
    return {name.replace(" SET", "").replace("INSERT INTO ", "new ").lower(): count for name, count in counts.items()}


def bare(source, target):
    """The same tables, columns, keys and indexes with the same rows; no constraint, no trigger, no foreign key."""
    target.unlink(missing_ok=True)
    db = sqlite3.connect(target)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("ATTACH ? AS full", (str(source),))
    tables = [row for row in db.execute("PRAGMA full.table_list") if row[2] == "table" and not row[1].startswith("sqlite_")]
    for _, name, _, _, without_rowid, _ in tables:
        columns = db.execute(f"PRAGMA full.table_xinfo('{name}')").fetchall()
        key = [column[1] for column in sorted(columns, key=lambda column: column[5]) if column[5] > 0]
        parts = [f'"{column[1]}" {column[2]}' for column in columns] + [f"PRIMARY KEY ({', '.join(key)})"] * bool(key)
        db.execute(f'CREATE TABLE main."{name}" ({", ".join(parts)})' + " WITHOUT ROWID" * without_rowid)
        db.execute(f'INSERT INTO main."{name}" SELECT * FROM full."{name}"')
        for _, index, _, origin, _ in db.execute(f"PRAGMA full.index_list('{name}')").fetchall():
            if origin == "c":
                db.execute(db.execute("SELECT sql FROM full.sqlite_schema WHERE name = ?", (index,)).fetchone()[0])
            elif origin == "u":
                unique = ", ".join(row[2] for row in db.execute(f"PRAGMA full.index_info('{index}')"))
                db.execute(f'CREATE UNIQUE INDEX main."{name}_unique" ON "{name}" ({unique})')
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return target


# ---- turns ----


class Turns:
    """Rates of ours and of the ceiling, turn by turn, and what they say together."""

    def __init__(self, bench, ours, ceiling, rounds=None):
        self.pairs = [(ours(), ceiling()) for _ in range(rounds or bench.rounds)]
        self.ratios = [ours / ceiling for ours, ceiling in self.pairs]
        self.ours = statistics.median(ours for ours, _ in self.pairs)
        self.ceiling = statistics.median(ceiling for _, ceiling in self.pairs)

    def part(self, target, unit, at_most=False):
        return part(statistics.median(self.ratios), target, at_most, range=[min(self.ratios), max(self.ratios)],
                    ours=self.ours, ceiling=self.ceiling, unit=unit)


def part(value, target, at_most=False, **more):
    return {"value": value, "target": target, "at_most": at_most, "met": value <= target if at_most else value >= target,
            **more}


class Busy:
    """How much of the machine others used meanwhile: all that was not idle, without this process and its children."""

    def __init__(self):
        self.before = self.look()

    @staticmethod
    def look():
        words = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
        times = os.times()
        own = (times.user + times.system + times.children_user + times.children_system) * os.sysconf("SC_CLK_TCK")
        return sum(words) - words[3] - words[4], sum(words), own

    def percent(self):
        busy, whole, own = (after - before for after, before in zip(self.look(), self.before))
        return max(0, round(100 * (busy - own) / max(1, whole)))
