#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every route × every kind of bad input: a clear 4xx problem, and not a byte of the database changes.

    test_bad_input.py [--ebb PATH]

The routes come from `ebb serve --print-routes`: a route without a row in ROUTES fails the test. Standard library only."""
import argparse
import copy
import hashlib
import http.client
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

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postgresql"))
import cluster  # noqa: E402
from cluster import child  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DESTINATION = {"kind": "bank", "name": "Alice", "account": "6222", "bank": "ICBC"}
SUBJECT = {"kind": "person", "name": "Alice", "id_number": "id-alice", "verified": True}

# route → (path, a body that would be accepted, the token that may use it, what a stranger gets)
ROUTES = {
    "PUT /v1/accounts/{account}": ("/v1/accounts/alice", {"policy": "alibaba", "currency": "CNY", "subject": SUBJECT,
                                   "phone": "13900000000", "state": "frozen"}, "demo-billing", 403),
    "POST /v1/accounts/{account}/topups": ("/v1/accounts/alice/topups", {"ref": "t9", "amount": 100, "method": "alipay",
                                           "paid_at": "2026-11-01T00:00:00+08:00", "payer": {"kind": "personal", "name": "A"}},
                                           "demo-billing", 403),
    "POST /v1/accounts/{account}/topups/{topup}/chargeback": ("/v1/accounts/alice/topups/t1/chargeback",
                                                              {"ref": "b9", "amount": 100}, "demo-billing", 403),
    "POST /v1/accounts/{account}/charges": ("/v1/accounts/alice/charges", {"ref": "c9", "amount": 100}, "demo-billing", 403),
    "POST /v1/accounts/{account}/charges/{charge}/reverse": ("/v1/accounts/alice/charges/c1/reverse", {}, "demo-billing", 403),
    "PUT /v1/accounts/{account}/claims/{claim}": ("/v1/accounts/alice/claims/k9", {"kind": "overdue", "amount": 100},
                                                  "demo-billing", 403),
    "PUT /v1/accounts/{account}/resources/{resource}": ("/v1/accounts/alice/resources/r9", {"state": "active", "frozen": 5},
                                                        "demo-billing", 403),
    "POST /v1/accounts/{account}/credits": ("/v1/accounts/alice/credits", {"ref": "x9", "fund": "other", "amount": 100},
                                            "demo-billing", 403),
    "POST /v1/transfers": ("/v1/transfers", {"ref": "tr9", "from": "alice", "to": "bob", "amount": 100}, "demo-billing", 403),
    "POST /v1/transfers/{transfer}/recall": ("/v1/transfers/tr1/recall", {}, "demo-billing", 403),
    "POST /v1/allocations": ("/v1/allocations", {"ref": "al9", "master": "alice", "member": "member", "amount": 100},
                             "demo-billing", 403),
    "PUT /v1/allocations/{allocation}": ("/v1/allocations/al1", {"invoiced": 10}, "demo-billing", 403),
    "POST /v1/allocations/{allocation}/reclaim": ("/v1/allocations/al1/reclaim", {}, "demo-billing", 403),
    "POST /v1/withdrawals": ("/v1/withdrawals", {"account": "alice", "amount": 100, "strategy": "lifo", "route": "original"},
                             "demo-customer:alice", 404),
    "POST /v1/withdrawals/{id}/code": ("/v1/withdrawals/{w}/code", {"code": "123456"}, "demo-customer:alice", 404),
    "POST /v1/withdrawals/{id}/code/resend": ("/v1/withdrawals/{w}/code/resend", {}, "demo-customer:alice", 404),
    "POST /v1/withdrawals/{id}/cancel": ("/v1/withdrawals/{w}/cancel", {}, "demo-customer:alice", 404),
    "POST /v1/withdrawals/{id}/review": ("/v1/withdrawals/{w}/review", {"decision": "approve", "reason": "fine"},
                                         "demo-reviewer", 403),
    "POST /v1/withdrawals/{id}/resolve": ("/v1/withdrawals/{w}/resolve", {"key": "K", "kind": "paid", "amount": 100,
                                          "document": "d", "reason": "r"}, "demo-reviewer", 403),
    "PUT /v1/users/{user}": ("/v1/users/anna", {"roles": ["viewer"], "state": "active", "password": "river stone lantern"},
                             "demo-admin", 403),
    "POST /v1/documents": ("/v1/documents", {"account": "alice", "name": "a.png", "media_type": "image/png",
                                             "content": "iVBORw0KGgoAAAAA"}, "demo-customer:alice", 404),
    "POST /v1/cases": ("/v1/cases", {"account": "alice", "kind": "corporate_transfer", "company": "C", "reason": "r"},
                       "demo-customer:alice", 404),
    "POST /v1/exports": ("/v1/exports", {"what": "withdrawals", "format": "csv", "account": "alice", "status": "failed",
                                         "from": "2026-11-01T00:00:00+08:00", "to": "2026-12-01T00:00:00+08:00"},
                         "demo-customer:alice", 404),
    "POST /v1/statements": ("/v1/statements", {"channel": "alipay", "content": "eA=="}, "demo-reviewer", 403),
    "POST /v1/breaks/{break}/settle": ("/v1/breaks/bk_0000000000001/settle", {"reason": "r"}, "demo-reviewer", 403),
    "POST /v1/quarantine/statement": ("/v1/quarantine/statement", {
        "channel": "alipay", "from": "2026-11-19T10:00:00+08:00", "to": "2026-11-20T09:00:00+08:00",
        "lines": [{"key": "EBB0ANA3QAJW02V601", "outcome": "paid", "amount": 100, "currency": "CNY",
                   "at": "2026-11-19T12:00:00+08:00"}]}, "demo-reviewer", 403),
    "POST /v1/quarantine/release": ("/v1/quarantine/release", {"override": True, "reason": "r"}, "demo-reviewer", 403),
    "POST /v1/strays/{stray}/account": ("/v1/strays/st_0000000000001/account", {"account": "alice"}, "demo-reviewer", 403),
    "POST /v1/strays/{stray}/settle": ("/v1/strays/st_0000000000001/settle", {"decision": "take", "amount": 100, "reason": "r"},
                                       "demo-reviewer", 403),
    "POST /v1/webhooks": ("/v1/webhooks", {"url": "https://example.org/hook", "events": ["withdrawal.*"], "description": "d",
                          "state": "enabled"}, "demo-admin", 403),
    "PUT /v1/webhooks/{webhook}": ("/v1/webhooks/wh_0000000000001", {"url": "https://example.org/hook", "events": ["topup.recorded"],
                                   "description": "d", "state": "disabled"}, "demo-admin", 403),
    "DELETE /v1/webhooks/{webhook}": ("/v1/webhooks/wh_0000000000001", {}, "demo-admin", 403),
    "POST /v1/webhooks/{webhook}/rotate": ("/v1/webhooks/wh_0000000000001/rotate", {"overlap_hours": 1}, "demo-admin", 403),
    "POST /v1/webhooks/{webhook}/test": ("/v1/webhooks/wh_0000000000001/test", {}, "demo-admin", 403),
    "POST /v1/webhooks/{webhook}/replay": ("/v1/webhooks/wh_0000000000001/replay", {"from": "2026-11-19T10:00:00+08:00",
                                           "to": "2026-11-20T09:00:00+08:00"}, "demo-admin", 403),
    "POST /v1/deliveries/{delivery}/replay": ("/v1/deliveries/dl_0000000000001/replay", {}, "demo-admin", 403),
    "POST /demo/clock": ("/demo/clock", {"advance": "1h"}, "demo-admin", 403),
    "POST /demo/channel": ("/demo/channel", {"next": ["paid"]}, "demo-admin", 403),
}
# Bodies that are not one JSON object have tests of their own (test_contract.py: batch; the simulated channel's notify), and
# so has whoever has no key (test_session.py).
OTHER = {"POST /v1/batch", "POST /v1/channels/{channel}/notify", "POST /v1/session", "DELETE /v1/session",
         "PUT /v1/users/{user}/totp", "DELETE /v1/users/{user}/totp", "PUT /v1/session/password", "PUT /v1/session/totp"}
# An action without members takes an empty body as well; documents are larger; a case's kind is the operator's own word.
ALLOWED = {("reverse", "nothing"), ("recall", "nothing"), ("reclaim", "nothing"), ("code/resend", "nothing"),
           ("cancel", "nothing"), ("documents", "too large"), ("documents", "content too long"),
           ("cases", "kind unknown word"), ("resolve", "no amount"), ("settle", "no amount"), ("statement", "too large"), ("statements", "too large"),
           *(("exports", "no " + name) for name in ("account", "status", "from", "to")), ("test", "nothing"), ("replay", "nothing"), ("{webhook}", "nothing")}
OPTIONAL = {"override", "roles", "password", "events", "description", "overlap_hours", "phone", "subject", "state", "paid_at", "payer", "frozen", "strategy", "route", "reason", "name", "media_type", "company",
            "code_", "document", "withdrawal", "id_number", "verified", "advance", "account_", "subject.name",
            "subject.id_number", "subject.verified", "payer.kind", "payer.name", "amount_"}
READS = [("/v1/accounts/{}", "alice"), ("/v1/accounts/{}/withdrawable", "alice"), ("/v1/accounts/{}/topups", "alice"),
         ("/v1/accounts/{}/transactions", "alice"), ("/v1/withdrawals/{}", "{w}"), ("/v1/withdrawals/{}/receipt", "{w}"), ("/v1/withdrawals/{}/receipt.pdf", "{w}"),
         ("/v1/withdrawals/{}/events", "{w}"), ("/v1/documents/{}", "{d}"), ("/v1/documents/{}/content", "{d}")]
# What is not a customer's, and what a query of it may not be.
STAFF_READS = [("/v1/unresolved", "limit=0"), ("/v1/withdrawals/{w}/history", "x=1"), ("/v1/withdrawals/{w}/audit", "limit=0"), ("/v1/ledger", "from=2020-01-01T00:00:00Z"),
               ("/v1/ledger", "from=yesterday"), ("/v1/incidents", "limit=1"), ("/v1/policies", "limit=1"),
               ("/v1/policies/alibaba", "version=1"), ("/v1/audit", "order=both")]


class Server:
    def __init__(self, ebb):
        self.directory = tempfile.mkdtemp(prefix="ebb-bad-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.store = ["--store", cluster.place(cluster.asked())] if cluster.asked() else []
        self.process = subprocess.Popen([ebb, "serve", "--demo", "--data", self.directory, "--listen",
                                         f"127.0.0.1:{self.port}", *self.store], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        preexec_fn=child.ends_with_parent)
        self.connection, self.keys, self.rows = None, 0, None
        for _ in range(500):
            try:
                if self.send("GET", "/readyz", None)[0] == 200:
                    return
            except OSError:
                self.connection = None
            time.sleep(0.02)
        sys.exit("the server did not start: " + self.process.stderr.read().decode())

    def send(self, method, path, data, token="demo-admin", headers=None):
        """Raw bytes out, (status, type, body) in; one connection kept alive."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.keys += 1
        sent = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{self.keys}"}
        if data is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        try:
            self.connection.request(method, path, data, sent)
            answer = self.connection.getresponse()
            body = answer.read()
        except OSError:
            self.connection.close()
            self.connection = None
            raise
        if answer.headers.get("Connection", "").lower() == "close":
            self.connection.close()
            self.connection = None
        return answer.status, answer.headers.get("Content-Type", ""), body

    def must(self, method, path, body, token="demo-admin"):
        status, _, text = self.send(method, path, json.dumps(body).encode(), token)
        if status not in (200, 201):
            sys.exit(f"{method} {path} answered {status}: {text.decode()}")
        return json.loads(text)

    def digest(self):
        if self.store:
            self.rows = self.rows or cluster.Digest(self.store[1])
            return self.rows.now()
        db = sqlite3.connect(f"file:{self.directory}/ebb.db?mode=ro", uri=True)
        total = hashlib.sha256()
        db.execute("BEGIN")
        for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall():
            for row in db.execute(f'SELECT * FROM "{table}"'):
                total.update(repr((table, row)).encode())
        db.close()
        return total.hexdigest()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        if self.rows:
            self.rows.close()
        error = self.process.stderr.read().decode()
        shutil.rmtree(self.directory, ignore_errors=True)
        return self.process.returncode, error


def fixtures(server):
    server.must("POST", "/demo/clock", {"set": "2026-11-20T10:00:00+08:00"})
    for ref, master in (("alice", None), ("bob", None), ("member", "alice"), ("mallory", None)):
        server.must("PUT", f"/v1/accounts/{ref}", {"policy": "alibaba", "currency": "CNY", "master": master,
                                                   "subject": {**SUBJECT, "id_number": f"id-{ref}"}, "phone": "1"})
    server.must("POST", "/v1/accounts/alice/topups", {"ref": "t1", "amount": 100000, "method": "alipay"})
    server.must("POST", "/v1/accounts/alice/charges", {"ref": "c1", "amount": 100})
    server.must("POST", "/v1/transfers", {"ref": "tr1", "from": "alice", "to": "bob", "amount": 500})
    server.must("POST", "/v1/allocations", {"ref": "al1", "master": "alice", "member": "member", "amount": 500})
    document = server.must("POST", "/v1/documents", ROUTES["POST /v1/documents"][1])["id"]
    return server.must("POST", "/v1/withdrawals", {"account": "alice", "amount": 1000})["id"], document


def members(body, path=()):
    for name, value in body.items():
        yield path + (name,), value
        if isinstance(value, dict):
            yield from members(value, path + (name,))


def changed(body, path, value, remove=False):
    body = copy.deepcopy(body)
    at = body
    for part in path[:-1]:
        at = at[part]
    if remove:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return body


def mutations(body):
    """(name, bytes, pointer or None)"""
    def dump(value):
        return json.dumps(value).encode()

    yield "extra member", dump({**body, "surprise": 1}), "/surprise"
    yield "array", b"[]", ""
    yield "text", b'"x"', ""
    yield "nothing", b"", ""
    yield "half", dump(body)[:-1], ""
    yield "two", dump(body) + b"{}", ""
    yield "not UTF-8", b'{"ref":"\xff\xfe"}', None
    yield "NUL", b'{"ref":"a\\u0000b"}', None
    yield "too deep", b'{"a":' * 40 + b"1" + b"}" * 40, None
    yield "deep array", b"[" * 5000 + b"]" * 5000, None
    yield "too large", dump({**body, "surprise": "x" * 70000}), None
    for path, value in members(body):
        name, pointer = ".".join(path), "/" + "/".join(path)
        if path[-1] not in OPTIONAL and name not in OPTIONAL:
            yield f"no {name}", dump(changed(body, path, None, remove=True)), pointer
        for wrong in (17, "text", True, [], {}, 1.5):
            if isinstance(wrong, type(value)) and not (isinstance(wrong, bool) ^ isinstance(value, bool)):
                continue
            if isinstance(value, (list, dict)) and type(wrong) is type(value):
                continue
            yield f"{name} is {wrong!r}", dump(changed(body, path, wrong)), pointer
        if isinstance(value, int) and not isinstance(value, bool):
            for number in ("-1", "9223372036854775808", "1e3", "100.0", "123456789012345678901234567890", "10000000000001"):
                text = json.dumps(changed(body, path, 424242)).replace("424242", number).encode()
                yield f"{name} is {number}", text, pointer
        if isinstance(value, str):
            yield f"{name} too long", dump(changed(body, path, "y" * 5000)), pointer
            if path[-1] in ("method", "kind", "fund", "state", "strategy", "route", "decision"):
                yield f"{name} unknown word", dump(changed(body, path, "teleport")), pointer
            if path[-1] == "ref":
                yield f"{name} empty", dump(changed(body, path, "")), pointer
                yield f"{name} with a slash", dump(changed(body, path, "a/b")), pointer
        if len(path) == 1:
            text = json.dumps(body)[:-1] + f', "{path[0]}": {json.dumps(value)}}}'
            yield f"{name} twice", text.encode(), pointer


class Judge:
    def __init__(self, server):
        self.server, self.before = server, server.digest()
        self.passed, self.failures = 0, []

    def check(self, what, answer, statuses, pointer=None):
        status, kind, body = answer
        why = None
        if status not in statuses:
            why = f"answered {status}, not {statuses}: {body[:300]!r}"
        elif not kind.startswith("application/problem+json"):
            why = f"is {kind!r}, no problem"
        else:
            problem = json.loads(body)
            missing = {"type", "title", "status", "code", "request_id"} - set(problem)
            if missing or problem["status"] != status:
                why = f"lacks {missing}: {body[:300]!r}"
            elif pointer is not None and pointer not in [error["pointer"] for error in problem.get("errors", [])]:
                why = f"does not point at {pointer}: {body[:400]!r}"
        now = self.server.digest()
        if now != self.before:
            why = f"{why or ''} changed the database".strip()
            self.before = now
        if why:
            self.failures.append(f"{what} {why}")
        else:
            self.passed += 1


def attack_route(judge, server, route, ids):
    verb = route.split()[0]
    path, body, token, stranger = ROUTES[route]
    path = path.replace("{w}", ids["w"])
    headers = {"If-Match": '"v1"'} if route.endswith("/review") else {}
    for name, data, pointer in mutations(body):
        if any(route.endswith("/" + end) and name == odd for end, odd in ALLOWED):
            continue
        statuses = {413} if name == "too large" else {400, 422}
        judge.check(f"{route}, {name}:", server.send(verb, path, data, token, headers), statuses, pointer or None)
    good = json.dumps(body).encode()
    judge.check(f"{route}, stranger:", server.send(verb, path, good, "demo-customer:mallory", headers), {stranger})
    judge.check(f"{route}, nobody:", server.send(verb, path, good, "no-such-token", headers), {401})
    judge.check(f"{route}, text/plain:", server.send(verb, path, good, token, {**headers, "Content-Type": "text/plain"}), {415})
    if verb == "POST" and path.startswith("/v1"):
        judge.check(f"{route}, no key:", server.send(verb, path, good, token, {**headers, "Idempotency-Key": ""}), {400})
        judge.check(f"{route}, long key:", server.send(verb, path, good, token, {**headers, "Idempotency-Key": "k" * 256}), {400})
    if "{id}" in route:
        for odd in ("wd_0000000000000", "wd_zzzzzzzzzzzzz", "tu_0000000000001", "x", "wd_", "%00", "wd_" + "0" * 60):
            judge.check(f"{route} of {odd}:", server.send(verb, path.replace(ids["w"], odd), good, token, headers), {400, 404})


def attack_reads(judge, server, ids):
    for template, name in READS:
        path = template.format(name.format(**ids))
        if server.send("GET", path, None, "demo-customer:alice")[0] not in (200, 409):  # no receipt before payment
            judge.failures.append(f"GET {path}: alice cannot read her own")
        answers = []
        absent = template.format({"alice": "nobody", "{w}": "wd_0000000000001", "{d}": "doc_0000000000001"}[name])
        for asked in (path, absent):
            status, kind, body = server.send("GET", asked, None, "demo-customer:mallory", {"Request-Id": "same"})
            judge.check(f"GET {asked} as a stranger:", (status, kind, body), {404})
            answers.append(body)
        if answers[0] != answers[1]:
            judge.failures.append(f"GET {path}: another's object and none look different: {answers}")
        judge.check(f"GET {path}?surprise=1:", server.send("GET", path + "?surprise=1", None), {400})
        judge.check(f"DELETE {path}:", server.send("DELETE", path, None), {405})
    for query in ("limit=0", "limit=201", "limit=x", "limit=-1", "cursor=%21", "status=maybe", "from=yesterday", "to=5",
                  "account=a%2Fb", "limit=1&limit=2", "limit=99999999999999999999"):
        judge.check(f"GET /v1/withdrawals?{query}:", server.send("GET", f"/v1/withdrawals?{query}", None), {400})
    for query in ("from=yesterday", "from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z", "from=2020-01-01T00:00:00Z", "limit=1"):
        judge.check(f"GET /v1/summary?{query}:", server.send("GET", f"/v1/summary?{query}", None), {400})
    for path, query in STAFF_READS:
        path = path.format(**ids)
        judge.check(f"GET {path}?{query}:", server.send("GET", f"{path}?{query}", None), {400})
        judge.check(f"GET {path} as a customer:", server.send("GET", path, None, "demo-customer:alice"), {403})
    for path in ("/v1/withdrawals/wd_0000000000001/history", "/v1/policies/none", "/v1/policies/a%2Fb"):
        judge.check(f"GET {path}:", server.send("GET", path, None), {404})
    for query in ("query=", "query=" + "a" * 201, "order=newest"):
        judge.check(f"GET /v1/accounts?{query}:", server.send("GET", f"/v1/accounts?{query}", None), {400})
    for name, status in (("nothing.csv", 404), ("withdrawals", 404), ("withdrawals.exe", 404), ("journal.csv", 400),
                         ("withdrawals.hledger", 400), ("withdrawals.csv?type=topup", 400), ("withdrawals.csv?status=odd", 400),
                         ("withdrawals.csv?account=nobody", 404), ("withdrawals.csv?limit=1", 400), ("ex_00", 404),
                         ("ex_" + "0" * 32, 404), ("ex_" + "0" * 32 + "/file", 404), ("..%2f..%2fmaster.key", 404)):
        judge.check(f"GET /v1/exports/{name}:", server.send("GET", f"/v1/exports/{name}", None), {status})
    huge = b'{"content":"' + b"A" * (9 << 20) + b'"}'
    judge.check("POST /v1/documents of 9 MiB:", server.send("POST", "/v1/documents", huge, "demo-customer:alice"), {413})
    judge.check("GET /v1/nothing:", server.send("GET", "/v1/nothing", None), {404})
    judge.check("GET long:", server.send("GET", "/v1/" + "a" * 3000, None), {404, 414})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ebb", default=os.path.join(ROOT, "build", "ebb"))
    ebb = parser.parse_args().ebb
    printed = subprocess.run([ebb, "serve", "--print-routes"], capture_output=True, text=True, check=True).stdout
    writes = {" ".join(line.split()[:2]) for line in printed.splitlines() if not line.startswith("GET")}
    server = Server(ebb)
    w, d = fixtures(server)
    ids = {"w": w, "d": d}
    time.sleep(0.5)
    judge = Judge(server)
    for route in sorted(writes ^ (set(ROUTES) | OTHER)):
        judge.failures.append(f"{route}: not both a route and a row of this test")
    for route in ROUTES:
        attack_route(judge, server, route, ids)
    attack_reads(judge, server, ids)
    returned, error = server.stop()
    if returned != 0:
        judge.failures.append(f"the server ended with {returned}: {error[-1000:]}")
    for failure in judge.failures:
        print("not ok", failure)
    print(f"bad input: {judge.passed} passed, {len(judge.failures)} failed")
    sys.exit(1 if judge.failures else 0)


if __name__ == "__main__":
    main()
