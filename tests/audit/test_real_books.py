#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The auditor against books that the real engine wrote: test_real_books.py EBB EBB_AUDIT [EVERY].

A server runs through every command and every end of a payment; its books must be sound while it runs and after it was
killed, and so they must be from checkpoints that were left while it ran. Then every figure and every status of every row
is changed, one at a time: each change must be found, naming the row or one that it belongs to; one in a few also by an audit
behind a checkpoint that is older than the row. With EVERY only one change in so many is tried. Prints TAP."""
import http.client
import itertools
import json
import os
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

BEHIND_EVERY = 4
PAYER = {"kind": "personal", "name": "张三"}


class Server:
    def __init__(self, ebb, data):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.keys = itertools.count(1)
        self.process = subprocess.Popen([ebb, "serve", "--demo", "--data", data, "--listen", f"127.0.0.1:{self.port}"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        preexec_fn=child.ends_with_parent)
        for _ in range(400):
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("the server did not start")

    def ask(self, verb, path, body=None, token="demo-admin", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = "Bearer " + token
        if body is not None:
            headers["Content-Type"] = "application/json"
        if verb == "POST":
            headers["Idempotency-Key"] = f"key-{next(self.keys)}"
        connection.request(verb, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None, answer.headers

    def want(self, verb, path, body=None, token="demo-admin", **headers):
        status, value, head = self.ask(verb, path, body, token, **headers)
        if status not in (200, 201, 202, 204):
            raise SystemExit(f"{verb} {path}: {status} {value}")
        return value, head

    def account(self, ref, policy, number, **more):
        self.want("PUT", "/v1/accounts/" + ref, {
            "policy": policy, "currency": "CNY", "phone": "13800000000",
            "subject": {"kind": "person", "name": "张三", "id_number": number, "verified": True}, **more})

    def topup(self, account, ref, amount, method="alipay"):
        self.want("POST", f"/v1/accounts/{account}/topups",
                  {"ref": ref, "amount": amount, "method": method, "payer": PAYER})

    def code(self, account, withdrawal):
        messages, _ = self.want("GET", f"/demo/messages?account={account}&limit=100")
        return next(m["code"] for m in messages["data"] if m["withdrawal"] == withdrawal and m["code"])

    def withdraw(self, account, amount, outcomes=(), decisions=("approve",), **more):
        if outcomes:
            self.want("POST", "/demo/channel", {"next": list(outcomes)})
        made, _ = self.want("POST", "/v1/withdrawals", {"account": account, "amount": amount, **more})
        path = "/v1/withdrawals/" + made["id"]
        value, _ = self.want("POST", path + "/code", {"code": self.code(account, made["id"])})
        if value["status"] == "in_review":
            for decision in decisions:
                _, head = self.want("GET", path)
                self.want("POST", path + "/review", {"decision": decision, "reason": "seen"}, "demo-reviewer",
                          If_Match=head["ETag"])
        return made["id"]

    def settle(self):
        """Waits until nothing is about to be sent."""
        for _ in range(200):
            listed, _ = self.want("GET", "/v1/withdrawals?status=approved&limit=100")
            if not listed["data"]:
                return
            time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def history(server, half_way):
    """`half_way` is called where many objects still have something before them."""
    server.account("rich", "jdcloud", "ID-1")
    server.account("ali", "alibaba", "ID-2")
    server.account("boss", "alibaba", "ID-2")
    server.account("member", "alibaba", "ID-3", master="boss")
    server.topup("rich", "t1", 200_000)
    server.topup("ali", "t2", 60_000)
    server.topup("ali", "t3", 50_000, "wechat")
    server.topup("boss", "t4", 70_000)
    server.want("POST", "/v1/accounts/ali/credits", {"ref": "c1", "fund": "other", "amount": 9_000})
    server.want("POST", "/v1/accounts/ali/credits", {"ref": "c2", "fund": "voucher", "amount": 500})
    server.want("POST", "/v1/transfers", {"ref": "tr", "from": "boss", "to": "ali", "amount": 9_000})
    server.want("POST", "/v1/allocations", {"ref": "al", "master": "boss", "member": "member", "amount": 12_000})
    server.want("POST", "/v1/accounts/ali/charges", {"ref": "ch", "amount": 4_000})
    server.want("POST", "/v1/accounts/member/charges", {"ref": "ch", "amount": 3_000})
    server.want("POST", "/v1/accounts/member/charges/ch/reverse")
    server.want("POST", "/v1/transfers/tr/recall")
    server.want("PUT", "/v1/allocations/al", {"invoiced": 2_000})
    server.want("POST", "/v1/allocations/al/reclaim")
    server.want("PUT", "/v1/accounts/ali/claims/i1", {"kind": "owed_invoice", "amount": 1_500})
    server.want("PUT", "/v1/accounts/boss/claims/o1", {"kind": "overdue", "amount": 700})
    server.want("PUT", "/v1/accounts/boss/claims/o1", {"kind": "overdue", "amount": 300})
    server.want("PUT", "/v1/accounts/ali/resources/e1", {"state": "active", "frozen": 100})
    server.want("PUT", "/v1/accounts/ali/resources/e2", {"state": "released", "frozen": 0})
    server.withdraw("rich", 3_000, ["paid"])
    server.settle()
    server.withdraw("rich", 4_000, ["refused:ACQ.TRADE_HAS_FINISHED"])
    server.settle()
    server.withdraw("rich", 1_000, ["timeout_paid"])
    server.settle()
    server.withdraw("rich", 1_200, ["bounce_after:1h"])
    server.settle()
    server.withdraw("rich", 1_500, decisions=("need_documents", "reject"))
    server.withdraw("ali", 90_000, ["paid", "refused:ACQ.TRADE_HAS_FINISHED"])
    server.settle()
    server.withdraw("rich", 1_300, ["bounce_after:90m"])
    server.settle()
    half_way()
    path = "/v1/withdrawals/" + server.want("POST", "/v1/withdrawals", {"account": "rich", "amount": 77})[0]["id"]
    server.want("POST", path + "/cancel")
    path = "/v1/withdrawals/" + server.want("POST", "/v1/withdrawals", {"account": "rich", "amount": 78})[0]["id"]
    for _ in range(5):
        server.ask("POST", path + "/code", {"code": "wrong!"})
    server.want("POST", "/demo/clock", {"advance": "2h"})
    time.sleep(1.5)
    server.withdraw("rich", 900, ["timeout_unpaid"])
    server.settle()
    server.withdraw("rich", 800, decisions=())
    server.want("POST", "/v1/withdrawals", {"account": "rich", "amount": 79})
    server.want("POST", "/v1/accounts/rich/topups/t1/chargeback", {"ref": "cb", "amount": 199_000})


# Every figure that the journal or another row can tell.
FIGURES = {
    "account": "topup topup_held transferred_in allocated_in other other_held voucher topped_up owed_invoice overdue "
               "unsettled payg_active withdrawals_month withdrawals_day withdrawn_day",
    "subject": "overdue accounts", "topup": "amount remaining held refunded", "claim": "amount",
    "fact": "amount unpaid", "parcel": "amount remaining taken_back", "draw": "amount given_back source",
    "withdrawal": "amount approvals counted_day", "leg": "amount account number fee", "lot": "amount topup",
    "attempt": "amount number leg", "entry": "amount object account at", "posting": "amount source account",
    "audit": "at seq",
}
STATUSES = {
    "withdrawal": "awaiting_code in_review need_documents approved dispatching successful partly_successful failed "
                  "returned rejected cancelled expired",
    "leg": "planned held sending accepted unknown manual successful returned failed released rerouted",
    "attempt": "intent unknown paid refused returned",
}
KEYS = {"subject": "id", "draw": "owner, line", "lot": "leg, line", "posting": "entry, line", "audit": "seq"}
EXEMPT = {("posting", "source"): "ledger IN ('topup', 'held', 'transferred_in', 'allocated_in')",
          ("fact", "unpaid"): "kind <> 'credit'", ("leg", "fee"): "id IN (SELECT leg FROM attempt)"}


def changes(db, before):
    """(what, SQL, words one of which a finding must name, whether the row is another one than it was before)"""
    for table, columns in FIGURES.items():
        keys = KEYS.get(table, "id")
        for column in columns.split():
            condition = EXEMPT.get((table, column), "1")
            for row in db.execute(f"SELECT * FROM {table} WHERE {condition} ORDER BY {keys}").fetchall():
                where = " AND ".join(f"{k} = {literal(row[k])}" for k in keys.split(", "))
                statement = f"UPDATE {table} SET {column} = coalesce({column}, 0) + 1 WHERE {where}"
                is_new = before[table].get(tuple(row[k] for k in keys.split(", "))) != tuple(row)
                yield f"{table} {where}: {column} + 1", statement, near(row) | attempts_of(db, table, row), is_new
    for table, words in STATUSES.items():
        for row in db.execute(f"SELECT * FROM {table}").fetchall():
            for word in words.split():
                if word != row["status"]:
                    yield (f"{table} {row['id']}: {row['status']} to {word}",
                           f"UPDATE {table} SET status = '{word}' WHERE id = {row['id']}", near(row),
                           before[table].get((row["id"],)) != tuple(row))


def attempts_of(db, table, row):
    """What a leg that was never paid asked for is told by its attempt alone."""
    if table != "leg":
        return set()
    return {str(found["id"]) for found in db.execute("SELECT id FROM attempt WHERE leg = ?", [row["id"]])}


def literal(value):
    return "X'" + value.hex() + "'" if isinstance(value, bytes) else str(value)


def near(row):
    names = ("id", "owner", "entry", "leg", "withdrawal", "account", "source", "topup", "seq", "object")
    words = {str(row[name]) for name in names if name in row.keys() and row[name]}
    if "seq" in row.keys():
        words.add(str(row["seq"] + 1))  # a missing row is told by the one behind the gap
    return words | {value.hex().upper() for value in (row[name] for name in row.keys()) if isinstance(value, bytes)}


def audit(program, data, *options):
    done = subprocess.run([program, "--data", data, "--json", *options], capture_output=True, text=True, timeout=120)
    return done.returncode, json.loads(done.stdout)["findings"] if done.stdout else [{"row": "", "error": done.stderr}]


def result(program, data, *options):
    """What a full audit and one behind a checkpoint must agree on."""
    done = subprocess.run([program, "--data", data, "--json", *options], capture_output=True, text=True, timeout=120)
    told = json.loads(done.stdout) if done.stdout else {"findings": done.stderr, "result": {}}
    return done.returncode, told["findings"], told["result"].get("rows"), told["result"].get("head")


def rows_now(data):
    """{table: {key: row}}, beside the server."""
    db = sqlite3.connect("file:%s?mode=ro" % os.path.join(data, "ebb.db"), uri=True)
    db.row_factory = sqlite3.Row
    rows = {table: {tuple(row[k] for k in KEYS.get(table, "id").split(", ")): tuple(row)
                    for row in db.execute(f"SELECT * FROM {table}")} for table in FIGURES}
    db.close()
    return rows


def guards(db):
    return db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()


def prepare(path):
    """A copy that many changes can be tried on: no log, and no unique index that would refuse them."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = DELETE")
    for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%UNIQUE%'").fetchall():
        db.execute(f"DROP INDEX {name}")
    db.close()


def damage(path, statement):
    """Applies the change with the guards off; they stand again afterwards. False where the primary key forbids it."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA journal_mode = MEMORY")
    db.execute("PRAGMA ignore_check_constraints = ON")
    kept = guards(db)
    db.execute("BEGIN")
    for name, _ in kept:
        db.execute(f"DROP TRIGGER {name}")
    try:
        db.execute(statement)
    except sqlite3.IntegrityError:
        db.close()
        return False
    for _, text in kept:
        db.execute(text)
    db.execute("COMMIT")
    db.close()
    return True


def every_change(program, data, scratch, checkpoint, before, every):
    """`before`: the rows as they were at the checkpoint."""
    planted, behind, missed, pristine, copy = 0, 0, [], os.path.join(scratch, "pristine"), os.path.join(scratch, "ebb.db")
    shutil.copy(os.path.join(data, "ebb.db"), pristine)
    prepare(pristine)
    db = sqlite3.connect(pristine)
    db.row_factory = sqlite3.Row
    for what, statement, words, is_new in itertools.islice(changes(db, before), 0, None, every):
        shutil.copy(pristine, copy)
        if not damage(copy, statement):
            continue
        planted += 1
        status, findings = audit(program, scratch)
        if status != 1 or not any(words & set(finding["row"].replace("/", " ").split()) for finding in findings):
            missed.append(f"{what}: {status} {[(f.get('code'), f['row']) for f in findings][:4]}")
        if is_new and planted % BEHIND_EVERY == 0:
            behind += 1
            status, findings = audit(program, scratch, "--from", checkpoint)
            if status != 1 or not any(words & set(finding["row"].replace("/", " ").split()) for finding in findings):
                missed.append(f"behind the checkpoint: {what}: {status} {findings[:4]}")
    db.close()
    return planted, behind, missed


def anchors(ebb, program, data, scratch, check):
    """What the server kept of the chain's head: its statements are believed, anybody else's and a shorter chain are not."""
    def verdict(what, *more, where=data):
        done = subprocess.run([program, "--data", where, "--anchor", what, *more], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    beside, changed = os.path.join(data, "ebb.anchor"), os.path.join(scratch, "changed.anchor")
    key = subprocess.run([ebb, "anchor", "key", "--data", data], capture_output=True, text=True, check=True).stdout.strip()
    shown = subprocess.run([ebb, "anchor", "show", "--data", data], capture_output=True, text=True, check=True).stdout
    seq = json.loads(shown)["heads"][0]["seq"]
    text = open(beside, "rb").read()
    stranger = "%064x" % (int(key, 16) ^ 1)

    def file_of(content):
        with open(changed, "wb") as file:
            file.write(content)
        return changed

    check("the anchor of a killed server is in its chain", verdict(beside)[0] == 0, verdict(beside))
    check("it knows the last payment that was sent", seq > 50, shown)
    check("its public key is enough", verdict(beside, "--anchor-key", key)[0] == 0, verdict(beside, "--anchor-key", key))
    check("another key does not believe it", verdict(beside, "--anchor-key", stranger)[0] == 1 and
          "anchor_signature" in verdict(beside, "--anchor-key", stranger)[1])
    check("a key that is none is no audit", verdict(beside, "--anchor-key", key[1:])[0] == 2)
    check("one line of it is an anchor", verdict(file_of(shown.encode()))[0] == 0, verdict(changed))
    one_more = shown.replace('"seq":%d' % seq, '"seq":%d' % (seq - 1))
    check("a changed line is not signed", verdict(file_of(one_more.encode()))[0] == 1, verdict(changed))
    laid_out = json.dumps(json.loads(shown), indent=1)
    check("however it is laid out", verdict(file_of(laid_out.encode()))[0] == 0, verdict(changed))
    for slot in range(3):
        kept = b"".join(text[n * 4096:(n + 1) * 4096] if n == slot else os.urandom(4096) for n in range(3))
        alone = text[slot * 4096:slot * 4096 + 1] == b"{"
        check(f"slot {slot} counts alone", verdict(file_of(kept))[0] == (0 if alone else 2), verdict(changed))
    copy = os.path.join(scratch, "ebb.db")
    shutil.copy(os.path.join(data, "ebb.db"), copy)
    damage(copy, f"DELETE FROM audit WHERE seq >= {seq}")
    status, said = verdict(beside, "--anchor-key", key, where=scratch)
    check("a chain that was cut before it", status == 1 and f"anchor_missing audit {seq}" in said, said)
    status, said = verdict(beside, where=scratch)
    check("without a key it is compared, and the reader told", "signature was not checked" in said and
          f"anchor_missing audit {seq}" in said, said)
    damage(copy, "UPDATE meta SET value = 'x' WHERE key = 'store'")
    status, said = verdict(beside, "--anchor-key", key, where=scratch)
    check("the anchor of another database", status == 1 and "anchor_store" in said, said)
    os.remove(copy)


def main():
    ebb, program = sys.argv[1:3]
    every = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    data, scratch, results = tempfile.mkdtemp(prefix="ebb-real-"), tempfile.mkdtemp(prefix="ebb-real-"), []

    def check(name, right, seen=""):
        results.append(right)
        print(("ok" if right else "not ok"), len(results), "-", name)
        if not right:
            print("# " + "\n# ".join(str(seen).splitlines()[:60]), flush=True)

    checkpoints, before = [os.path.join(scratch, "first"), os.path.join(scratch, "half")], {}

    def half_way():
        check("a checkpoint beside the server", audit(program, data, "--checkpoint", checkpoints[1])[0] == 0)
        before.update(rows_now(data))

    server = Server(ebb, data)
    try:
        status, findings = audit(program, data, "--checkpoint", checkpoints[0])
        check("the demo's first books are sound", status == 0, findings)
        history(server, half_way)
        status, findings = audit(program, data)
        check("sound while the server runs", status == 0, "\n".join(map(str, findings)))
    finally:
        server.kill()
    status, findings = audit(program, data)
    check("sound after SIGKILL", status == 0, "\n".join(map(str, findings)))
    full = result(program, data)
    for checkpoint in checkpoints:
        told = result(program, data, "--from", checkpoint)
        check(f"the same from the {os.path.basename(checkpoint)} checkpoint", told == full, f"{told}\n{full}")
    db = sqlite3.connect(os.path.join(data, "ebb.db"))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    anchors(ebb, program, data, scratch, check)
    db = sqlite3.connect(os.path.join(data, "ebb.db"))
    statuses = {row[0] for row in db.execute("SELECT status FROM withdrawal UNION SELECT status FROM leg")}
    kinds = {row[0] for row in db.execute("SELECT kind FROM entry")}
    db.close()
    wanted = {"successful", "failed", "returned", "rejected", "cancelled", "expired", "in_review", "awaiting_code",
              "partly_successful"}
    check("the history has every end of a withdrawal", wanted <= statuses, wanted - statuses)
    wanted = {"topup", "charge", "reversal", "chargeback", "credit", "transfer_out", "transfer_in", "recall_out",
              "recall_in", "allocation_out", "allocation_in", "reclaim_out", "reclaim_in", "freeze", "settle", "release", "return"}
    check("the history has every kind of entry", wanted <= kinds, wanted - kinds)
    planted, behind, missed = every_change(program, data, scratch, checkpoints[1], before, every)
    check(f"all of {planted} changed figures and statuses are found, {behind} of them also behind a checkpoint",
          planted > 900 // every and behind > 50 // every and not missed, "\n".join(missed))
    shutil.rmtree(data)
    shutil.rmtree(scratch)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1


sys.exit(main())
