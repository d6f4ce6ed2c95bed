#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Books that an older engine wrote, taken to today's schema: test_migration.py EBB EBB_AUDIT. Prints TAP.

`schema-N.dump` is the text of a whole database as the engine of schema N left it, with the master key it was sealed under. What a
migration changes is computed here a second time; every other row must stay as it was, byte for byte."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import child  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
results = []


def check(name, right, seen=""):
    results.append(bool(right))
    print(("ok" if right else "not ok"), len(results), "-", name, flush=True)
    if not right:
        print("# " + "\n# ".join(str(seen).splitlines()[:40]), flush=True)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def books_of(dump):
    """A directory as that engine left it."""
    directory = tempfile.mkdtemp(prefix="ebb-migration-")
    with open(os.path.join(HERE, dump), encoding="utf-8") as file:
        text = file.read()
    db = sqlite3.connect(os.path.join(directory, "ebb.db"))
    db.executescript(text)
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    key = re.search(r"^-- master.key ([0-9a-f]{64})$", text, re.MULTILINE).group(1)
    with os.fdopen(os.open(os.path.join(directory, "master.key"), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(bytes.fromhex(key))
    return directory


def rows_of(directory):
    """{table: rows, each a dictionary}"""
    db = sqlite3.connect(os.path.join(directory, "ebb.db"))
    db.row_factory = sqlite3.Row
    names = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
    tables = {name: sorted((dict(row) for row in db.execute(f"SELECT * FROM {name}")), key=repr) for name in names}
    db.close()
    return tables


def shanghai_day(moment):
    return int(time.strftime("%Y%m%d", time.gmtime(moment // 1000 + 8 * 3600)))


def counted(tables):
    """Schema 2: the day with the withdrawal, and counters that stand on the latest day."""
    for withdrawal in tables["withdrawal"]:
        flag = withdrawal.pop("counted")
        withdrawal["counted_day"] = shanghai_day(withdrawal["confirmed_at"]) if flag else 0
    for account in tables["account"]:
        own = [w for w in tables["withdrawal"] if w["account"] == account["id"] and w["confirmed_at"]]
        day = max((shanghai_day(w["confirmed_at"]) for w in own), default=0)
        today = [w for w in own if w["counted_day"] == day]
        account.update(day=day, month=day // 100, withdrawals_day=len(today), withdrawn_day=sum(w["amount"] for w in today),
                       withdrawals_month=sum(w["counted_day"] // 100 == day // 100 for w in own if w["counted_day"]))


def named(tables, after):
    """Schema 3: the database gets a name of its own."""
    names = [row["value"] for row in after["meta"] if row["key"] == "store"]
    check("the database has a name", len(names) == 1 and re.fullmatch("[0-9a-f]{32}", names[0]), names)
    tables["meta"] += [{"key": "store", "value": name} for name in names]


def leased(tables):
    """Schema 4: nobody calls channels yet."""
    tables["lease"] = [{"name": "dispatcher", "epoch": 0, "until": 0}]


def unsuspended(tables, after):
    """Schema 5: nothing is in suspense, and the tables of quarantine are empty."""
    for account in tables["account"]:
        account["suspended"] = 0
    check("there was no quarantine", [after[name] for name in ("quarantine", "cover", "stray")] == [[], [], []])


def same(name, is_, wanted):
    for table in sorted(set(is_) | set(wanted)):
        if table != "schema_migration":
            a, b = ({repr(sorted(row.items())) for row in tables.get(table, [])} for tables in (is_, wanted))
            check(f"{name}: {table}", a == b, "\n".join([f"is {row}" for row in a - b] + [f"wanted {row}" for row in b - a]))


class Server:
    def __init__(self, ebb, directory):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen([ebb, "serve", "--demo", "--data", directory, "--listen", f"127.0.0.1:{self.port}"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=child.ends_with_parent)
        for _ in range(600):
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        self.process.kill()
        raise SystemExit("the server did not start")

    def ask(self, verb, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(verb, path, None if body is None else json.dumps(body),
                           {"Authorization": "Bearer demo-admin", "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text[:1] == "{" else text

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def served(ebb, audit, directory):
    """A server takes older books to its schema by itself, reads what was sealed, and goes on with them."""
    server = Server(ebb, directory)
    server.ask("POST", "/demo/clock", {"set": "2026-12-20T10:00:00+08:00"})
    account = server.ask("GET", "/v1/accounts/zhou")[1]
    check("served: what was sealed is read", account["subject"]["name"] == "Z*", account)
    check("served: the month's count is that of its withdrawals", account["withdrawals_this_month"] == 2, account)
    quote = server.ask("GET", "/v1/accounts/zhou/withdrawable")[1]
    check("served: the limit stands", [r["code"] for r in quote["refusals"]] == ["monthly_limit"], quote)
    check("served: the server ends", server.stop() == 0)
    told = run(audit, "--data", directory)
    check("served: sound", told.returncode == 0, told.stdout + told.stderr)


def main():
    ebb, audit = sys.argv[1:]
    directory = books_of("schema-1.dump")
    before = rows_of(directory)
    told = run(audit, "--data", directory)
    check("an older schema is not audited, it is named", told.returncode == 2 and "ebb migrate" in told.stderr, told)
    told = run(ebb, "migrate", "--data", directory, "--dry-run")
    latest = re.fullmatch(r"schema 1, this program's is (\d+)\n", told.stdout)
    check("a dry run says what would be done", latest, told)
    check("and does nothing", rows_of(directory) == before)
    told = run(ebb, "migrate", "--data", directory)
    check("1 to today's", told.stdout == f"schema 1 → {latest.group(1)}\n", told)
    counted(before)
    after = rows_of(directory)
    named(before, after)
    leased(before)
    unsuspended(before, after)
    same("after it", after, before)
    told = run(audit, "--data", directory)
    check("sound", told.returncode == 0, told.stdout + told.stderr)
    told = run(ebb, "migrate", "--data", directory)
    check("once is enough", told.stdout == f"schema {latest.group(1)} → {latest.group(1)}\n", told)
    check("the second time changes nothing", rows_of(directory) == after)
    shutil.rmtree(directory)
    directory = books_of("schema-1.dump")
    served(ebb, audit, directory)
    shutil.rmtree(directory)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


sys.exit(main())
