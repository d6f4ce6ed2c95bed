#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Webhooks over real HTTP and TLS on loopback: what they say, to endpoints of every kind of behaviour, through a kill.

Usage: test_webhook.py EBB"""
import collections
import glob
import http.server
import json
import os
import queue
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[1:1] = glob.glob(os.path.join(ROOT, ".venv", "lib", "python3*", "site-packages"))
from standardwebhooks.webhooks import Webhook, WebhookVerificationError  # noqa: E402  script/bootstrap --tests

from service import Service, cluster, child  # noqa: E402

PROGRAM = sys.argv.pop(1)
BODY_MAX = 20000


class Receiver:
    """An endpoint whose paths behave as they are called: /200, /500, /301, /410, /429, /slow, /closed, /huge."""

    def __init__(self, certificate=None):
        self.got, self.queue, self.counts = [], queue.Queue(), collections.Counter()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.take(self, body)

            def do_GET(self):
                receiver.counts["GET " + self.path] += 1
                self.send_error(404)

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.port = self.server.server_address[1]
        self.base = f"{scheme}://localhost:{self.port}" if certificate else f"http://127.0.0.1:{self.port}"
        self.retry_after = "3600"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, handler, body):
        item = (handler.path, {k.lower(): v for k, v in handler.headers.items()}, body)
        self.counts[handler.path] += 1
        self.got.append(item)
        self.queue.put(item)
        kind = handler.path.split("/")[1].split("?")[0]
        if kind == "slow":
            time.sleep(5)
        if kind == "closed":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        handler.send_response(int(kind) if kind.isdigit() else 200)
        if kind == "301":
            handler.send_header("Location", self.base + "/200/redirected")
        if kind in ("429", "503"):
            handler.send_header("Retry-After", self.retry_after)
        if kind == "huge":
            handler.send_header("Content-Length", str(1 << 30))
            handler.end_headers()
            try:
                for _ in range(1 << 14):
                    handler.wfile.write(b"x" * 65536)
            except OSError:
                self.counts["huge cut off"] += 1
            handler.close_connection = True
            return
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def next(self, path=None):
        """The next message that came, to this path; others are passed over."""
        while True:
            item = self.queue.get(timeout=8)
            if path in (None, item[0]):
                return item

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def settings(directory, text):
    path = os.path.join(directory, "notify.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Case(unittest.TestCase):
    ALLOW = "[127.0.0.0/8, '::1/128']"

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="ebb-webhook-")
        cls.certificate()
        text = f"source: https://billing.example/ebb\nwebhooks:\n  timeout: '1'\n  ca: {cls.pem}\n"
        if cls.ALLOW:
            text += f"  allow: {cls.ALLOW}\n"
        cls.service = Service(PROGRAM, "--notify", settings(cls.place.name, text))
        cls.receiver = Receiver()
        cls.service.account("anna")
        cls.topups = 0

    @classmethod
    def certificate(cls):
        cls.pem = os.path.join(cls.place.name, "own.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", cls.pem, "-out", cls.pem + ".crt"],
                       check=True, capture_output=True)
        with open(cls.pem, "a", encoding="ascii") as file, open(cls.pem + ".crt", encoding="ascii") as crt:
            file.write(crt.read())

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()
        cls.receiver.stop()
        cls.place.cleanup()

    def endpoint(self, path, **more):
        url = path if "://" in path else self.receiver.base + path
        answer = self.service.call("POST", "/v1/webhooks", {"url": url, **more})
        self.assertEqual(answer.status, 201, answer.text)
        self.addCleanup(self.service.call, "DELETE", "/v1/webhooks/" + answer.json["id"])
        return answer.json

    def topup(self):
        type(self).topups += 1
        answer = self.service.topup("anna", f"t{self.topups}", 100)
        self.assertEqual(answer.status, 201)
        return answer.json

    def secret(self, webhook):
        return self.service.call("GET", f"/v1/webhooks/{webhook['id']}/secret").json

    def deliveries(self, webhook, query=""):
        return self.service.call("GET", f"/v1/webhooks/{webhook['id']}/deliveries{query}").json["data"]

    def until(self, condition, seconds=8, what="it does not happen"):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.05)
        self.fail(what)

    def settled(self, webhook, attempts):
        """The newest delivery, when so many attempts are counted."""
        return self.until(lambda: [d for d in self.deliveries(webhook)[:1] if d["attempts"] >= attempts and d["state"] !=
                                   "waiting" or d["attempts"] == attempts and attempts > 0],
                          what=f"no {attempts} attempts: {self.deliveries(webhook)[:1]}")[0]

    def advance(self, text):
        self.assertEqual(self.service.call("POST", "/demo/clock", {"advance": text}).status, 200)


class Signed(Case):
    def test_the_reference_library_accepts_it(self):
        webhook = self.endpoint("/200/signed", events=["topup.*"])
        self.assertNotIn("secret", webhook)
        self.topup()
        _, headers, body = self.receiver.next("/200/signed")
        said = Webhook(self.secret(webhook)["secret"]).verify(body, headers)
        self.assertEqual(said["type"].split(".")[0], "topup")
        self.assertEqual(headers["webhook-id"], said["id"])
        self.assertEqual(headers["content-type"], "application/json")
        self.assertNotIn(".", headers["webhook-id"])
        with self.assertRaises(WebhookVerificationError):
            Webhook(self.secret(webhook)["secret"]).verify(body + " ", headers)
        self.assertEqual(self.settled(webhook, 1)["state"], "delivered")

    def test_both_secrets_sign_while_one_follows_the_other(self):
        webhook = self.endpoint("/200/rotated")
        before = self.secret(webhook)["secret"]
        answer = self.service.call("POST", f"/v1/webhooks/{webhook['id']}/rotate", {"overlap_hours": 2})
        self.assertEqual(answer.status, 200)
        self.assertNotIn("whsec_", answer.text)
        now = self.secret(webhook)
        self.assertEqual(now["previous"], before)
        self.assertNotEqual(now["secret"], before)
        self.topup()
        _, headers, body = self.receiver.next("/200/rotated")
        self.assertEqual(len(headers["webhook-signature"].split()), 2)
        for secret in (before, now["secret"]):
            Webhook(secret).verify(body, headers)

    def test_it_is_an_event_of_cloudevents_without_personal_data(self):
        self.endpoint("/200/body", events=["withdrawal.*"])
        self.service.topup("anna", "for-a-withdrawal", 10000)
        withdrawal = self.service.withdraw("anna", 500).json
        _, _, body = self.receiver.next("/200/body")
        said = json.loads(body)
        self.assertEqual((said["specversion"], said["source"]), ("1.0", "https://billing.example/ebb"))
        self.assertEqual(said["data"]["withdrawal"], withdrawal["id"])
        self.assertEqual(said["time"], said["timestamp"])
        self.assertLess(len(body), BODY_MAX)
        for personal in ("魏明", "ID-anna", "139anna", self.service.code_of("anna")):
            self.assertNotIn(personal, body)

    def test_over_tls_with_an_authority_that_is_trusted(self):
        trusted = Receiver(self.pem)
        webhook = self.endpoint(trusted.base + "/200")
        self.topup()
        trusted.next()
        self.assertEqual(self.settled(webhook, 1)["state"], "delivered")
        trusted.stop()

    def test_not_over_tls_with_one_that_is_not(self):
        with tempfile.TemporaryDirectory() as place:
            other = os.path.join(place, "other.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost", "-keyout", other, "-out", other + ".crt"], check=True,
                           capture_output=True)
            with open(other, "a", encoding="ascii") as file, open(other + ".crt", encoding="ascii") as crt:
                file.write(crt.read())
            stranger = Receiver(other)
        webhook = self.endpoint(stranger.base + "/200")
        self.topup()
        delivery = self.settled(webhook, 1)
        self.assertEqual((delivery["state"], delivery["answer"]), ("waiting", None))
        self.assertEqual(stranger.got, [])
        stranger.stop()

    def test_a_filter_lets_through_what_it_names(self):
        webhook = self.endpoint("/200/filtered", events=["withdrawal.*", "charge.nothing"])
        self.topup()
        self.service.topup("anna", "for-a-filter", 1000)
        self.service.withdraw("anna", 100)
        _, _, body = self.receiver.next("/200/filtered")
        self.assertTrue(json.loads(body)["type"].startswith("withdrawal."))
        self.assertEqual(len(self.deliveries(webhook)), 1)

    def test_a_test_is_signed_like_any_other(self):
        webhook = self.endpoint("/200/test", events=["nothing.at_all"])
        answer = self.service.call("POST", f"/v1/webhooks/{webhook['id']}/test")
        self.assertEqual((answer.status, answer.json["event"]), (201, None))
        _, headers, body = self.receiver.next("/200/test")
        self.assertEqual(Webhook(self.secret(webhook)["secret"]).verify(body, headers)["type"], "webhook.test")


class Misbehaving(Case):
    COUNTS = {"/closed/a": (1, 2)}  # a connection that was used before and turns out to be closed is opened anew, once

    def attempts(self, path, count, **wanted):
        """What the first attempt comes to, and that the next ones come at their time."""
        webhook = self.endpoint(path)
        self.topup()
        for attempt in range(1, count + 1):
            delivery = self.settled(webhook, attempt)
            self.assertIn(self.receiver.counts[path], self.COUNTS.get(path, (attempt,)), path)
            self.advance("40m")
        self.assertEqual({name: delivery[name] for name in wanted}, wanted)
        return webhook, delivery

    def test_500_comes_again_and_again(self):
        self.attempts("/500/a", 4, state="waiting", answer=500)
        ids = {headers["webhook-id"] for path, headers, _ in self.receiver.got if path == "/500/a"}
        times = [headers["webhook-timestamp"] for path, headers, _ in self.receiver.got if path == "/500/a"]
        self.assertEqual(len(ids), 1)
        self.assertEqual(len(set(times)), len(times))

    def test_a_redirect_is_a_failure_and_is_not_followed(self):
        self.attempts("/301/a", 1, state="waiting", answer=301)
        self.assertEqual(self.receiver.counts["/200/redirected"] + self.receiver.counts["GET /200/redirected"], 0)

    def test_a_closed_socket_is_a_failure(self):
        self.attempts("/closed/a", 1, state="waiting", answer=None)

    def test_who_is_slow_is_cut_off(self):
        self.attempts("/slow/a", 1, state="waiting", answer=None)

    def test_a_huge_answer_is_not_read(self):
        webhook, delivery = self.attempts("/huge/a", 1, answer=200, state="delivered")
        self.until(lambda: self.receiver.counts["huge cut off"])

    def test_410_disables(self):
        webhook, _ = self.attempts("/410/a", 1, state="failed", answer=410)
        shown = self.service.call("GET", "/v1/webhooks/" + webhook["id"]).json
        self.assertEqual((shown["state"], shown["reason"]), ("disabled", "gone"))
        self.topup()
        time.sleep(0.5)
        self.assertEqual(self.receiver.counts["/410/a"], 1)
        answer = self.service.call("POST", f"/v1/webhooks/{webhook['id']}/test")
        self.assertEqual((answer.status, answer.code), (409, "state_conflict"))

    def test_429_is_left_alone_as_long_as_it_asks(self):
        webhook = self.endpoint("/429/a")
        self.topup()
        delivery = self.settled(webhook, 1)
        self.assertEqual(delivery["answer"], 429)
        self.topup()
        self.advance("50m")
        time.sleep(0.6)
        self.assertEqual(self.receiver.counts["/429/a"], 1)
        self.advance("15m")
        self.until(lambda: self.receiver.counts["/429/a"] >= 2)

    def test_long_failure_gives_up_and_opens_an_incident(self):
        incidents = self.incidents()
        webhook = self.endpoint("/500/long")
        self.topup()
        for attempt in range(1, 11):
            delivery = self.settled(webhook, attempt)
            if delivery["next_at"]:
                self.assertEqual(self.service.call("POST", "/demo/clock", {"set": delivery["next_at"]}).status, 200)
        self.assertEqual((delivery["state"], delivery["attempts"]), ("failed", 10))
        shown = self.service.call("GET", "/v1/webhooks/" + webhook["id"]).json
        self.assertEqual((shown["state"], shown["reason"]), ("disabled", "failing"))
        self.assertEqual(self.incidents(), incidents + 1)

    def test_attempts_are_counted(self):
        before = self.counted("delivered"), self.counted("failed")
        for path in ("/200/counted", "/500/counted"):
            self.endpoint(path, events=["topup.*"])
        self.topup()
        self.until(lambda: self.counted("delivered") > before[0] and self.counted("failed") > before[1])

    def counted(self, what):
        metrics = self.service.call("GET", "/metrics", token=None, raw=True).text
        return int(re.search(rf"^ebb_webhooks_{what}_total (\d+)$", metrics, re.MULTILINE).group(1))

    def incidents(self):
        metrics = self.service.call("GET", "/metrics", token=None, raw=True).text
        found = re.search(r'kind="webhook_disabled"[^}]*\} (\d+)', metrics)
        return int(found.group(1)) if found else 0

    def test_a_dead_endpoint_delays_nobody(self):
        dead = [self.endpoint(f"/slow/dead{i}") for i in range(12)]
        well = self.endpoint("/200/well")
        for _ in range(20):
            self.topup()
        began = time.monotonic()
        self.until(lambda: self.receiver.counts["/200/well"] >= 20, seconds=10)
        self.assertLess(time.monotonic() - began, 8)
        self.assertEqual(self.until(lambda: len(self.deliveries(well, "?status=delivered")) >= 20), True)
        self.assertEqual(self.service.quote("anna").status, 200)
        self.assertTrue(dead)


class Again(Case):
    def test_one_delivery_is_replayed_under_its_own_id(self):
        webhook = self.endpoint("/200/again", events=["topup.*"])
        self.topup()
        _, first, _ = self.receiver.next("/200/again")
        delivery = self.settled(webhook, 1)
        answer = self.service.call("POST", f"/v1/deliveries/{delivery['id']}/replay")
        self.assertEqual((answer.status, answer.json["state"]), (200, "waiting"))
        _, second, _ = self.receiver.next("/200/again")
        self.assertEqual(first["webhook-id"], second["webhook-id"])

    def test_a_range_is_replayed(self):
        webhook = self.endpoint("/200/range", events=["topup.*"])
        for _ in range(5):
            self.topup()
        first = {self.receiver.next("/200/range")[1]["webhook-id"] for _ in range(5)}
        self.until(lambda: len(self.deliveries(webhook, "?status=delivered")) == 5)
        answer = self.service.call("POST", f"/v1/webhooks/{webhook['id']}/replay",
                                   {"from": "2020-01-01T00:00:00Z", "to": "2080-01-01T00:00:00Z"})
        self.assertEqual((answer.status, answer.json["replayed"]), (200, 5))
        self.assertEqual({self.receiver.next("/200/range")[1]["webhook-id"] for _ in range(5)}, first)
        answer = self.service.call("POST", f"/v1/webhooks/{webhook['id']}/replay",
                                   {"from": "2020-01-01T00:00:00Z", "to": "2020-01-01T00:00:00Z"})
        self.assertEqual((answer.status, answer.code), (422, "invalid_value"))

    def test_a_changed_endpoint_goes_on_where_it_stopped(self):
        webhook = self.endpoint("/200/paused", events=["topup.*"])
        path = "/v1/webhooks/" + webhook["id"]
        self.assertEqual(self.service.call("PUT", path, {"url": webhook["url"], "state": "disabled"}).json["reason"], "asked")
        self.topup()
        time.sleep(0.5)
        self.assertEqual(self.receiver.counts["/200/paused"], 0)
        self.assertEqual(self.service.call("PUT", path, {"url": webhook["url"], "events": ["topup.*"]}).json["state"], "enabled")
        self.until(lambda: self.receiver.counts["/200/paused"] == 1)

    def test_deleted_is_gone(self):
        webhook = self.service.call("POST", "/v1/webhooks", {"url": self.receiver.base + "/200/gone"}).json
        path = "/v1/webhooks/" + webhook["id"]
        self.assertEqual(self.service.call("DELETE", path).status, 200)
        for method, rest in (("GET", ""), ("DELETE", ""), ("GET", "/secret"), ("POST", "/test")):
            self.assertEqual(self.service.call(method, path + rest).status, 404)
        self.topup()
        time.sleep(0.5)
        self.assertEqual(self.receiver.counts["/200/gone"], 0)

    def test_urls_that_are_none(self):
        for url in ("ftp://example.org/", "https://", "https:///x", "http://user:word@example.org/", "https://example.org/#x",
                    "https://exa mple.org/", "javascript:alert(1)", "https://user@example.org", "//example.org"):
            answer = self.service.call("POST", "/v1/webhooks", {"url": url})
            self.assertEqual((answer.status, answer.code), (422, "invalid_value"), url)
        for events in (["*"], ["Withdrawal.paid"], ["a b"], [".x"], ["x*"], [""]):
            answer = self.service.call("POST", "/v1/webhooks", {"url": "https://example.org/", "events": events})
            self.assertIn(answer.status, (400, 422), events)


class Late(Case):
    """Where several engines write, an event may be committed after one with a greater id."""

    @unittest.skipUnless(cluster.asked(), "one engine commits in the order of its ids")
    def test_what_is_committed_late_is_told(self):
        webhook = self.endpoint("/200/late", events=["topup.*"])
        self.topup()
        self.receiver.next("/200/late")
        self.until(lambda: len(self.deliveries(webhook, "?status=delivered")) == 1)
        cluster.psql(self.service.store[1], "INSERT INTO event (id, account, type, object, data, at, shard) SELECT id - 1024, account,"
                     " type, object, data, at, shard FROM event WHERE id = (SELECT max(id) FROM event WHERE type LIKE 'topup.%')")
        self.until(lambda: len(self.deliveries(webhook, "?status=delivered")) == 2, seconds=25)


class Guarded(Case):
    """Nothing is allowed by the operator: whatever leads to this machine is refused before a connection is made."""
    ALLOW = None

    def test_every_spelling_of_loopback(self):
        port = self.receiver.port
        hosts = ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.1", "0.0.0.0", "[::1]",
                 "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "127.0.0.1.", "169.254.169.254", "10.0.0.1", "[fe80::1]",
                 "[fd00::1]", "[64:ff9b::7f00:1]", "224.0.0.1", "255.255.255.255", socket.gethostname())
        webhooks = {host: self.endpoint(f"http://{host}:{port}/200/{i}", events=["topup.*"]) for i, host in enumerate(hosts)}
        self.topup()
        for host, webhook in webhooks.items():
            delivery = self.settled(webhook, 1)
            self.assertEqual((delivery["state"], delivery["answer"]), ("waiting", None), host)
            self.assertRegex(delivery["detail"], "may be called|without TLS|resolve|host|connect|URL", host)
        self.assertEqual(self.receiver.got, [])


class Killed(unittest.TestCase):
    def test_nothing_is_lost_by_a_kill(self):
        receiver = Receiver()
        with tempfile.TemporaryDirectory(prefix="ebb-webhook-") as place:
            notify = settings(place, "webhooks:\n  timeout: '2'\n  allow: [127.0.0.0/8]\n")
            self.told(place, notify, receiver)
        receiver.stop()

    def serve(self, place, notify):
        process = subprocess.Popen([PROGRAM, "serve", "--demo", "--data", place + "/data", "--listen", "127.0.0.1:0", "--notify",
                                    notify, *self.store], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   preexec_fn=child.ends_with_parent)
        service = Service.__new__(Service)
        service.process, service.openapi = process, None
        service.port = int(re.search(r":(\d+) ", process.stdout.readline()).group(1))
        service.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
        return service

    def told(self, place, notify, receiver):
        self.store = ["--store", cluster.place(cluster.asked())] if cluster.asked() else []
        service, wanted = self.serve(place, notify), set()
        service.account("anna")
        for path in ("/200/kept", "/slow/kept"):
            service.call("POST", "/v1/webhooks", {"url": receiver.base + path, "events": ["topup.*"]})
        for life in range(4):
            for i in range(25):
                answer = service.topup("anna", f"t{life}-{i}", 100)
                wanted.add(answer.json["id"])
            time.sleep(0.15 * life)
            service.process.send_signal(signal.SIGKILL)
            service.process.wait()
            service.process.stdout.close()
            service.connection.close()
            service = self.serve(place, notify)
        told = lambda: {json.loads(body)["data"]["object"] for path, _, body in receiver.got if path == "/200/kept"}  # noqa: E731
        end = time.monotonic() + 20
        while not wanted <= told() and time.monotonic() < end:
            time.sleep(0.1)
        self.assertEqual(wanted - told(), set())
        service.connection.close()
        service.process.terminate()
        self.assertEqual(service.process.wait(timeout=15), 0)
        service.process.stdout.close()


if __name__ == "__main__":
    unittest.main()
