# SPDX-License-Identifier: Apache-2.0
"""Channels without a house: tests/channel/drive asked from Python, against doubles."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import child  # noqa: E402
from double import Authority, now  # noqa: E402

AT_MS = 1795000000000
# Of notifications that are about payments of others: a house that shares the merchant's account numbers them in its own way.
OTHERS_KEYS = (None, "", "2026112600001", "shop-1", "EBB", "EBB0000000000000001", "EBB000000000000100", "EBB0000000000000u1",
               "EBB00000000000010x", "ebb000000000000101", "x" * 32)
NOT_PAID, NOTHING, PAID, ACCEPTED, RETURNED = "not_paid", "nothing", "paid", "accepted", "returned"


def yaml_of(channels):
    """The file of channels: {name: {key: value or list}}."""
    lines = ["channels:"]
    for name, keys in channels.items():
        lines.append("  %s:" % name)
        for key, value in keys.items():
            lines.append("    %s: %s" % (key, "[%s]" % ", ".join(value) if isinstance(value, list) else value))
    return "\n".join(lines) + "\n"


def codes_of(ebb, kind):
    """The rows of a kind's table, as the program prints them: {(where, code): (fact, again, only first)}."""
    rows = subprocess.run([ebb, "config", "codes"], capture_output=True, text=True, check=True).stdout.splitlines()
    cells = [row.split("\t") for row in rows]
    assert all(len(row) == 8 and row[7] for row in cells), "a row without a source"
    return {(row[1], row[2]): (row[3], row[4], row[5] == "first") for row in cells if row[0] == kind}


def alarms_of(ebb, kind):
    """Of the same rows, those that are an alarm: {alarm: {code, …}}."""
    rows = [row.split("\t") for row in subprocess.run([ebb, "config", "codes"], capture_output=True, text=True, check=True).stdout.splitlines()]
    return {alarm: {row[2] for row in rows if (row[0], row[6]) == (kind, alarm)} for alarm in ("tell", "halt")}


def alarm_of(alarms, code):
    return next((alarm for alarm, codes in alarms.items() if code in codes), "none")


class Drive:
    def __init__(self, program, path):
        self.process = subprocess.Popen([program, "channels", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=child.ends_with_parent)

    def ask(self, **ask):
        self.process.stdin.write(json.dumps(ask) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(10) == 0


class ChannelCase(unittest.TestCase):
    """One channel of `kind` against its double; subclasses say how it is configured and what its names are."""

    ebb = drive_program = None
    double_class, name = None, None
    authority_shared = None  # where others trust it, too

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.directory = cls.stack.enter_context(tempfile.TemporaryDirectory())
        cls.authority = cls.authority_shared or Authority(cls.directory)
        shutil.copy(cls.authority.file, cls.directory + "/trusted.pem")
        cls.double = cls.double_class(cls.authority, "double")
        cls.stack.callback(cls.double.stop)
        path = os.path.join(cls.directory, "channels.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(yaml_of(cls.config(cls.directory, cls.double)))
        cls.drive = Drive(cls.drive_program, path)
        cls.stack.callback(cls.drive.close)
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        complaints = cls.double.complaints
        cls.stack.close()
        assert not complaints, complaints

    def next_key(self):
        type(self).count += 1
        return "EBB%013d01" % self.count

    def build(self, key, channel=None, **order):
        asked = {"refund": True, "channel_ref": None, "amount": 12345, "topup_amount": 50000, "currency": "CNY",
                 "destination": None, "at": AT_MS}
        asked.update(order)
        return self.drive.ask(do="build", channel=channel or self.name, key=key, **asked)["request"]

    def send(self, key, request, first=True, channel=None):
        return self.drive.ask(do="send", channel=channel or self.name, key=key, request=request, first=first,
                              now=int(now() * 1000))

    def query(self, key, request, channel=None):
        return self.drive.ask(do="query", channel=channel or self.name, key=key, request=request, now=int(now() * 1000))

    def notify(self, body, headers, channel=None, at=None):
        return self.drive.ask(do="notify", channel=channel or self.name, body=body, headers=headers,
                              now=int((now() if at is None else at) * 1000))

    def paid_as_sent(self, answer, amount=12345):
        self.assertEqual((answer["kind"], answer["amount"], answer["currency"]), (PAID, amount, "CNY"), answer)
        self.assertTrue(answer["reference"], answer)


def main(cases):
    """argv: EBB DRIVE."""
    ChannelCase.ebb, ChannelCase.drive_program = sys.argv[1], sys.argv[2]
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(case) for case in cases)
    sys.exit(0 if unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful() else 1)
