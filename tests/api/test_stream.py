#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""GET /v1/events/stream: what is told live, to whom, from where on, to how many, and until when.

Usage: test_stream.py EBB"""
import http.client
import json
import signal
import socket
import sys
import time
import unittest

from service import Service

PROGRAM = sys.argv.pop(1)
PRINCIPAL_MAX = 16
SLOW = 8000


class Stream:
    """A client of server-sent events, as the standard describes it."""

    def __init__(self, service, path="/v1/events/stream", token="demo-admin", last=None, narrow=False):
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
        if narrow:
            self.connection.sock = socket.socket()
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.connection.sock.settimeout(20)
            self.connection.sock.connect(("127.0.0.1", service.port))
        headers = {"Authorization": "Bearer " + token}
        if last is not None:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", path, headers=headers)
        self.response = self.connection.getresponse()
        self.last = None

    def line(self):
        return self.response.readline().decode().rstrip("\n")

    def next(self):
        """The next event with data; None when the stream ended. Remembers the id also without data."""
        data = []
        while True:
            raw = self.response.readline()
            if not raw:
                return None
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if name == "id":
                self.last = value
            elif name == "data":
                data.append(value)
            elif line == "" and data:
                return json.loads("\n".join(data))

    def greeting(self):
        while self.last is None:
            line = self.line()
            if line.startswith("id: "):
                self.last = line[4:]
        return self

    def close(self):
        self.response.close()
        self.connection.close()


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        for ref in ("anna", "boris"):
            cls.service.account(ref)
            assert cls.service.topup(ref, "t-" + ref, 100000).status == 201

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    def until(self, stream, wanted):
        """Reads on to the first event for which `wanted` holds."""
        while True:
            event = stream.next()
            self.assertIsNotNone(event, "the stream ended")
            if wanted(event):
                return event

    def test_staff_hear_at_once_and_thinly(self):
        stream = Stream(self.service).greeting()
        self.assertEqual(stream.response.status, 200)
        self.assertEqual(stream.response.headers["Content-Type"], "text/event-stream")
        began = time.monotonic()
        withdrawal = self.service.withdraw("anna", 1000).json
        event = self.until(stream, lambda e: e["withdrawal"] == withdrawal["id"])
        self.assertLess(time.monotonic() - began, 3)
        schema = self.service.openapi["components"]["schemas"]["EventNotice"]
        self.assertIsNone(self.service.fault(schema, event, ""))
        self.assertEqual(event["account"], "anna")
        stream.close()

    def test_a_customer_hears_of_its_own_account_only(self):
        stream = Stream(self.service, token="demo-customer:boris").greeting()
        self.service.withdraw("anna", 1100)
        mine = self.service.withdraw("boris", 1200).json
        event = stream.next()
        self.assertEqual((event["account"], event["withdrawal"]), ("boris", mine["id"]))
        stream.close()

    def test_a_customer_names_no_other_account(self):
        answer = self.service.call("GET", "/v1/events/stream?account=anna", token="demo-customer:boris")
        self.assertEqual(answer.status, 404)

    def test_staff_may_name_one(self):
        stream = Stream(self.service, "/v1/events/stream?account=boris").greeting()
        self.service.withdraw("anna", 1300)
        mine = self.service.withdraw("boris", 1400).json
        self.assertEqual(stream.next()["withdrawal"], mine["id"])
        stream.close()

    def test_it_goes_on_where_it_was(self):
        stream = Stream(self.service, "/v1/events/stream?account=anna").greeting()
        heard = stream.last
        stream.close()
        missed = [self.service.withdraw("anna", 100 + i).json["id"] for i in range(5)]
        again = Stream(self.service, "/v1/events/stream?account=anna", last=heard)
        self.assertEqual([again.next()["withdrawal"] for _ in missed], missed)
        later = self.service.withdraw("anna", 200).json["id"]
        self.assertEqual(again.next()["withdrawal"], later)
        third = Stream(self.service, "/v1/events/stream?account=anna", last=again.last)
        last = self.service.withdraw("anna", 201).json["id"]
        self.assertEqual(third.next()["withdrawal"], last)
        for stream in (again, third):
            stream.close()

    def test_ids_are_the_cursors_of_the_list(self):
        stream = Stream(self.service).greeting()
        self.service.withdraw("anna", 300)
        listed = self.service.call("GET", f"/v1/events?cursor={stream.last}").json["data"]
        self.assertEqual([e["id"] for e in listed], [stream.next()["id"] for _ in listed])
        self.assertGreater(len(listed), 0)
        stream.close()

    def test_who_reads_slowly_misses_nothing(self):
        """Far more than a stream's buffer and the socket's hold, and every one of it in order."""
        for i in range(40):
            self.service.account(f"slow{i}")
        stream = Stream(self.service, narrow=True).greeting()
        for half in range(2):
            lines = "\n".join(json.dumps({"op": "topup", "account": f"slow{i % 40}", "ref": f"s{half}-{i}", "amount": 100,
                                          "method": "alipay"}) for i in range(SLOW // 2)).encode()
            answer = self.service.call("POST", "/v1/batch", lines, headers={"Content-Type": "application/x-ndjson"})
            self.assertEqual(answer.status, 200)
        ids = [self.until(stream, lambda e: e["account"].startswith("slow"))["id"] for _ in range(SLOW)]
        self.assertEqual(len(set(ids)), SLOW)
        self.assertEqual(ids, sorted(ids))
        stream.close()

    def test_an_account_that_is_not_there(self):
        self.assertEqual(Stream(self.service, "/v1/events/stream?account=nobody").response.status, 404)

    def test_a_bad_position_is_refused(self):
        for last in ("nonsense", "c_000", "ev_0000000000001", "c_ZZZZZZZZZZZZZZZZZ"):
            answer = self.service.call("GET", "/v1/events/stream", headers={"Last-Event-ID": last})
            self.assertEqual((answer.status, answer.code), (400, "malformed"), last)

    def test_one_principal_has_so_many_and_closing_makes_room(self):
        self.service.account("many")
        token = "demo-customer:many"
        open_ones = [Stream(self.service, token=token).greeting() for _ in range(PRINCIPAL_MAX)]
        refused = self.service.call("GET", "/v1/events/stream", token=token)
        self.assertEqual((refused.status, refused.code), (429, "too_many_requests"))
        self.assertGreater(int(refused.headers["Retry-After"]), 0)
        other = Stream(self.service, token="demo-customer:anna").greeting()
        other.close()
        for stream in open_ones:
            stream.close()
        # Who is gone is found out when something is told; until then its place is taken.
        self.service.topup("many", "m1", 100)
        end = time.monotonic() + 5
        while time.monotonic() < end:
            self.service.topup("many", f"m{time.monotonic()}", 100)
            time.sleep(0.3)
            stream = Stream(self.service, token=token)
            status = stream.response.status
            stream.close()
            if status == 200:
                return
        self.fail("closed streams keep their places")


class Ending(unittest.TestCase):
    def test_streams_end_with_the_server(self):
        service = Service(PROGRAM)
        streams = [Stream(service).greeting() for _ in range(8)]
        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        for stream in streams:
            self.assertIsNone(stream.next())
        self.assertEqual(service.process.wait(timeout=10), 0)
        self.assertLess(time.monotonic() - began, 5)
        service.stop()


if __name__ == "__main__":
    unittest.main()
