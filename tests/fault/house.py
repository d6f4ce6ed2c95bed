# SPDX-License-Identifier: Apache-2.0
"""A real server for the fault tests: starts, kills and reads it from outside, with nothing but Python's own library."""
import glob
import http.client
import itertools
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postgresql"))
import cluster  # noqa: E402
from cluster import child  # noqa: E402

ADMIN = "demo-admin"
BILLING = "demo-billing"
PAID_AT = time.strftime("%Y-%m-%dT00:00:00+08:00", time.gmtime(time.time() - 3 * 86400))  # the same for a whole run


class Down(Exception):
    """The server went away before it answered: the outcome is unknown."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Client:
    """One keep-alive connection. Not shared between threads."""

    keys = itertools.count(1)

    def __init__(self, port, timeout=30):
        self.port, self.timeout, self.connection = port, timeout, None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def once(self, verb, path, body=None, token=ADMIN, key=None, more=None):
        """(status, JSON, headers); Down when the connection broke, whatever happened on the other side."""
        headers = {"Authorization": "Bearer " + token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        headers.update(more or {})
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request(verb, path, None if body is None else json.dumps(body), headers)
            reply = self.connection.getresponse()
            data = reply.read()
            return reply.status, json.loads(data) if data else None, dict(reply.getheaders())
        except (OSError, http.client.HTTPException, ValueError) as fault:
            self.close()
            raise Down(str(fault)) from fault

    def insist(self, verb, path, body=None, token=ADMIN, key=None, seconds=120):
        """Asks with the same key until there is an answer that is not "unknown" or "busy"."""
        end = time.monotonic() + seconds
        while True:
            try:
                status, value, headers = self.once(verb, path, body, token, key)
                if status not in (429, 503) and not (status == 409 and (value or {}).get("code") == "in_flight"):
                    return status, value, headers
            except Down:
                pass
            if time.monotonic() > end:
                raise SystemExit("FAILED: no answer to %s %s within %d s" % (verb, path, seconds))
            time.sleep(0.02)

    def new_key(self, name):
        return "%s-%d-%d" % (name, os.getpid(), next(self.keys))


class Server:
    def __init__(self, ebb, data, extra=()):
        self.ebb, self.data, self.extra, self.port = ebb, data, list(extra), free_port()
        self.store = ["--store", cluster.place(cluster.asked())] if cluster.asked() else []
        self.process, self.log = None, open(os.path.join(os.path.dirname(data), "server.log"), "ab")

    def spawn(self, environment=None):
        self.process = subprocess.Popen(
            [self.ebb, "serve", "--demo", "--data", self.data, "--listen", "127.0.0.1:%d" % self.port, *self.store] + self.extra,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment, preexec_fn=child.ends_with_parent)

    def start(self, seconds=20, path="/readyz"):
        self.spawn()
        client = Client(self.port, timeout=2)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit("FAILED: the server ended by itself with %d: see %s" % (self.process.returncode, self.log.name))
            try:
                if client.once("GET", path)[0] == 200:
                    client.close()
                    return
            except Down:
                time.sleep(0.01)
        raise SystemExit("FAILED: the server was not ready within %d s" % seconds)

    def start_quarantined(self):
        """It answers, and says itself that it is not ready."""
        self.start(path="/healthz")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=10):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            if self.process.wait(seconds) != 0:
                raise SystemExit("FAILED: SIGTERM ended the server with %d" % self.process.returncode)
        except subprocess.TimeoutExpired:
            self.kill()
            raise SystemExit("FAILED: SIGTERM did not end the server within %d s" % seconds)


def must_put(client, ref, policy, number):
    status, value, _ = client.insist("PUT", "/v1/accounts/" + ref, {
        "policy": policy, "currency": "CNY", "phone": "138%08d" % (zlib.crc32(ref.encode()) % 10**8),
        "subject": {"kind": "enterprise", "name": "厂 " + ref, "id_number": number, "verified": True}})
    assert status in (200, 201), (status, value)


def must_topup(client, account, ref, amount):
    """Said again it is the same top-up."""
    status, value, _ = client.insist(
        "POST", "/v1/accounts/%s/topups" % account,
        {"ref": ref, "amount": amount, "method": "alipay", "payer": {"kind": "personal", "name": "张三"},
         "paid_at": PAID_AT, "channel_ref": "%s-%s" % (account, ref[1:])},
        key=client.new_key("topup-" + account))
    assert status in (200, 201), (status, value)


def account_open(client, ref, topups):
    """An Alibaba-like account with alipay top-ups of the given amounts in minor units."""
    must_put(client, ref, "alibaba", "ID-" + ref)
    for number, amount in enumerate(topups, 1):
        must_topup(client, ref, "t%d" % number, amount)


def channel_book(data):
    """What the simulated channels paid: [(channel, key, amount, paid_times, outcome)]. Read while the server is down."""
    found = []
    for path in glob.glob(os.path.join(data, "*.db")):
        with sqlite3.connect(path) as database:
            if database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'payment'").fetchone()[0]:
                found += database.execute("SELECT channel, key, amount, paid_times, outcome FROM payment").fetchall()
        database.close()
    return found


def audit_with(ebb, data, *options, store=()):
    done = subprocess.run([os.path.join(os.path.dirname(ebb), "ebb-audit"), *(store or ["--data", data]), *options],
                          capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def audit(ebb, data, store=()):
    """Runs the auditor on the stopped server's rows; returns its findings, [] when the books are sound."""
    status, said = audit_with(ebb, data, store=store)
    return [] if status == 0 else said.splitlines() or ["exit %d" % status]


def text_of(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    text = connection.getresponse().read().decode()
    connection.close()
    return text
