#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many withdrawals of a demo, and three programs that check its books: hledger, ledger and bean-check read the journals of
everything and agree with every balance that the database says.

    journals.py EBB [--withdrawals N]

Prints what it made and how long each took, and the most memory that the server used. Standard library only."""
import argparse
import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api"))
from service import Service  # noqa: E402

ACCOUNTS, CALLERS = 200, 4
CHECKS = {"hledger": ["hledger", "-f", "{}", "check"], "ledger": ["ledger", "-f", "{}", "balance", "--depth", "2"],
          "beancount": ["bean-check", "{}"]}
# Of each twenty: one is refused, one bounces after three days, the rest are paid.
OUTCOMES = ["paid"] * 9 + ["refused:ACQ.TRADE_HAS_FINISHED"] + ["paid"] * 9 + ["bounce_after:72h"]


class Caller:
    """A connection of its own, as a customer or as staff."""

    def __init__(self, port, number):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.number, self.keys = number, 0

    def call(self, method, path, body=None, token="demo-admin", kind="application/json"):
        self.keys += 1
        headers = {"Authorization": "Bearer " + token, "Idempotency-Key": f"j{self.number}-{self.keys}"}
        if body is not None:
            headers["Content-Type"] = kind
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except http.client.RemoteDisconnected:  # silent for too long; the key makes it safe to ask again
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        data = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {data[:300]!r}")
        return data

    def json(self, *arguments, **more):
        return json.loads(self.call(*arguments, **more))


def facts(caller, withdrawals):
    """Accounts with enough to withdraw from, and some of what else moves money."""
    lines = []
    for i in range(ACCOUNTS):
        account = f"j-{i}"
        lines.append({"op": "account", "account": account, "policy": "alibaba", "currency": "CNY", "phone": f"139{i:08}",
                      "subject": {"kind": "person", "name": f"客户{i}", "id_number": f"ID-{i}", "verified": True}})
        for turn in range(withdrawals // ACCOUNTS + 1):
            lines.append({"op": "topup", "account": account, "ref": f"t-{i}-{turn}", "amount": 10000 + i, "method": "alipay"})
        lines.append({"op": "charge", "account": account, "ref": f"c-{i}", "amount": 1234})
        lines.append({"op": "credit", "account": account, "ref": f"v-{i}", "fund": "voucher", "amount": 500})
    for start in range(0, len(lines), 1000):
        text = "\n".join(json.dumps(line) for line in lines[start:start + 1000]).encode()
        for line in caller.call("POST", "/v1/batch", text, kind="application/x-ndjson").splitlines():
            assert json.loads(line)["status"] in (200, 201), line


def withdraw(port, number, withdrawals):
    """Every caller has accounts of its own."""
    caller = Caller(port, number)
    mine = [f"j-{i}" for i in range(ACCOUNTS) if i % CALLERS == number]
    for turn in range(withdrawals // CALLERS):
        account = mine[turn % len(mine)]
        token = "demo-customer:" + account
        made = caller.json("POST", "/v1/withdrawals", {"account": account, "amount": 100 + turn % 977}, token)
        messages = caller.json("GET", f"/demo/messages?account={account}&limit=20")["data"]
        code = next(m["code"] for m in messages if m["withdrawal"] == made["id"] and m["code"])
        caller.call("POST", f"/v1/withdrawals/{made['id']}/code", {"code": code}, token)


def settle(caller):
    for _ in range(1200):
        summary = caller.json("GET", "/v1/summary")
        open_ones = sum(line["count"] for line in summary["open"] if line["status"] in ("approved", "dispatching"))
        if open_ones == 0:
            return summary
        time.sleep(0.5)
    raise RuntimeError("they do not settle")


def peak_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def export(caller, what, form, path):
    """In the background, as a large one is: the file, checked by its hash."""
    job = caller.json("POST", "/v1/exports", {"what": what, "format": form})
    while True:
        state = caller.json("GET", "/v1/exports/" + job["id"])
        if state["state"] in ("done", "failed"):
            break
        time.sleep(0.1)
    assert state["state"] == "done", state
    data = caller.call("GET", state["file"])
    assert hashlib.sha256(data).hexdigest() == state["sha256"] and len(data) == state["bytes"]
    pathlib.Path(path).write_bytes(data)
    return state


def check(caller, room, form, pid):
    began, path = time.monotonic(), f"{room}/books.{form}"
    state = export(caller, "journal", form, path)
    made = time.monotonic() - began
    began = time.monotonic()
    done = subprocess.run([part.format(path) for part in CHECKS[form]], capture_output=True, text=True, timeout=900,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    print(f"{form:10} {state['rows']} transactions, {state['bytes']} bytes, written in {made:.1f} s, "
          f"{'accepted' if done.returncode == 0 else 'REFUSED'} in {time.monotonic() - began:.1f} s; "
          f"the server's peak is {peak_kib(pid) // 1024} MiB", flush=True)
    if done.returncode != 0:
        print((done.stdout + done.stderr)[:2000], file=sys.stderr)
    return done.returncode == 0


def by_command(ebb, port, room, rows):
    """The command line gets the same, at once or from the background as large as it is."""
    path = room + "/by-command.jsonl"
    subprocess.run([ebb, "export", "transactions", "--format", "jsonl", "--output", path, "--url", f"http://127.0.0.1:{port}",
                    "--token", "demo-admin"], check=True, timeout=300)
    with open(path, "rb") as one, open(room + "/transactions.jsonl", "rb") as other:
        same = one.read() == other.read()
    print(f"ebb export  {rows} rows {'the same' if same else 'NOT THE SAME'}", flush=True)
    return same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ebb")
    parser.add_argument("--withdrawals", type=int, default=10000)
    options = parser.parse_args()
    service = Service(options.ebb)
    caller = Caller(service.port, CALLERS)
    began = time.monotonic()
    facts(caller, options.withdrawals)
    for start in range(0, min(options.withdrawals, 10000), 20):  # the script takes no more; then all are paid
        caller.call("POST", "/demo/channel", {"next": OUTCOMES})
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        for future in [pool.submit(withdraw, service.port, number, options.withdrawals) for number in range(CALLERS)]:
            future.result()
    settle(caller)
    caller.call("POST", "/demo/clock", {"advance": "73h"})
    time.sleep(2)
    summary = settle(caller)
    statuses = {}
    for line in summary["withdrawals"]:
        statuses[line["status"]] = statuses.get(line["status"], 0) + line["count"]
    print(f"made in {time.monotonic() - began:.0f} s: {statuses}; the server's peak is {peak_kib(service.process.pid) // 1024} MiB",
          flush=True)
    with tempfile.TemporaryDirectory(prefix="ebb-journals-") as room:
        good = [check(caller, room, form, service.process.pid) for form in CHECKS]
        for form in ("csv", "xlsx", "jsonl"):
            began, path = time.monotonic(), f"{room}/transactions.{form}"
            state = export(caller, "transactions", form, path)
            print(f"{form:10} {state['rows']} rows, {state['bytes']} bytes, written in {time.monotonic() - began:.1f} s; "
                  f"the server's peak is {peak_kib(service.process.pid) // 1024} MiB", flush=True)
        good.append(by_command(options.ebb, service.port, room, state["rows"]))
    caller.connection.close()
    service.stop()
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
