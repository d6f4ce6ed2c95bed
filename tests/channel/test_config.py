#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""channels.yaml: what it may say, how a mistake is named, that secrets are guarded and never shown, and that a server with a
mistake does not start.

test_config.py EBB DRIVE"""
import os
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from double import pem_private, pem_public, secret_file, stranger_key
from driven import yaml_of

EBB = sys.argv[1] if len(sys.argv) > 1 else "ebb"
SECRET = "sk_live_51SECRETSECRETSECRETc0de"
STRIPE = {"kind": "stripe", "secret_key_file": "stripe.key"}
ALIPAY = {"kind": "alipay", "app_id": "2021", "private_key_file": "own.pem", "alipay_public_key_files": "theirs.pem"}
WECHAT = {"kind": "wechatpay", "mchid": "19", "serial": "AB", "private_key_file": "own.pem", "apiv3_secret_file": "apiv3",
          "platform_public_key_file": "theirs.pem", "platform_public_key_id": "PUB_KEY_ID_1"}

# (what stands in the file, what must be said of it)
MISTAKES = [
    ("", "keys and values"), ("channels: {}\nmore: 1\n", "channels: expected this key alone"), ("channels:\n  - a\n", "channels: expected"),
    ("channels:\n  a: b\n", ":2: channels.a: expected a map whose key kind is one of stripe, alipay, wechatpay"),
    ("channels:\n  a:\n    kind: visa\n", ":3: channels.a.kind: expected a map whose key kind is one of"),
    ({"UPPER": STRIPE}, "a name of at most 16"), ({"a" * 17: STRIPE}, "a name of at most 16"),
    ({"s": {"kind": "stripe"}}, "channels.s.secret_key_file: expected this key; it is missing"),
    ({"s": {**STRIPE, "secret": "x"}}, ":5: channels.s.secret: expected one of the keys kind, endpoint"),
    ({"s": {**STRIPE, "endpoint": "http://127.0.0.1"}}, "channels.s.endpoint: expected https://"),
    ({"s": {**STRIPE, "endpoint": "https://a/?x=1"}}, "channels.s.endpoint: expected https://"),
    ({"s": {**STRIPE, "endpoint": "https://a/"}}, "channels.s.endpoint: expected https://"),
    ({"s": {**STRIPE, "timeout_ms": "9001"}}, "channels.s.timeout_ms: expected milliseconds from 500 to 9000"),
    ({"s": {**STRIPE, "timeout_ms": "1 day"}}, "channels.s.timeout_ms: expected"),
    ({"s": {**STRIPE, "ca_file": "absent.pem"}}, ":5: channels.s.ca_file: expected the name of a file: No such file"),
    ({"s": {**STRIPE, "secret_key_file": "absent"}}, ":4: channels.s.secret_key_file: expected the name of a file: No such file"),
    # A secret in the wrong place is not repeated.
    ({"s": {**STRIPE, "api_key": SECRET}}, ":5: channels.s.api_key: expected one of the keys kind, endpoint"),
    ({"s": {**STRIPE, "api_keys": [SECRET]}}, ":5: channels.s.api_keys: expected one of the keys kind, endpoint"),
    ({"s": {**STRIPE, "secret_key": SECRET, "timeout_ms": "1"}}, "channels.s.timeout_ms: expected milliseconds"),
    ({"s": {"kind": SECRET, "secret_key_file": "stripe.key"}}, ":3: channels.s.kind: expected a map whose key kind is one of"),
    ({"s": {"kind": SECRET, "secret_key_file": SECRET}}, ":3: channels.s.kind: expected a map whose key kind is one of"),
    ("channels:\n  s: %s\n" % SECRET, ":2: channels.s: expected a map"),
    ({"s": {**STRIPE, "secret_key_file": SECRET}}, ":4: channels.s.secret_key_file: expected the name of a file: No such file"),
    ({"s": {**STRIPE, "secret_key_file": SECRET * 20}}, ":4: channels.s.secret_key_file: expected the name of a file: File name too long"),
    ({"s": {**STRIPE, "secret_key_file": SECRET * 140}}, ":4: channels.s.secret_key_file: expected the name of a file"),
    ({"s": {**STRIPE, "secret_key_file": "stripe.key/" + SECRET}}, "channels.s.secret_key_file: expected the name of a file: Not a directory"),
    ({"s": {**STRIPE, "ca_file": SECRET}}, ":5: channels.s.ca_file: expected the name of a file: No such file"),
    ({"s": {**STRIPE, "webhook_secret_files": ["stripe.key", SECRET]}},
     ":5: channels.s.webhook_secret_files[2]: expected the name of a file: No such file"),
    ({"a": {**ALIPAY, "private_key_file": "MIISECRET/SECRET+SECRET"}}, "channels.a.private_key_file: expected the name of a file"),
    ({"w": {**WECHAT, "apiv3_secret_file": SECRET}}, "channels.w.apiv3_secret_file: expected the name of a file: No such file"),
    ({"s": {**STRIPE, "secret_key_file": "open.key"}}, "open.key: others may read it; its mode must be 0600 or 0400"),
    ({"s": {**STRIPE, "secret_key_file": "empty"}}, "empty: it is empty"),
    ({"s": {**STRIPE, "secret_key_file": "large"}}, "larger than 16 KiB"),
    ({"s": {**STRIPE, "secret_key_file": "."}}, "it is no plain file"),
    ({"s": {**STRIPE, "secret_key_file": "lines"}}, "it holds no API key"),
    ({"s": {**STRIPE, "secret_key_file": "nul"}}, "it cannot be read as text"),
    ({"s": {**STRIPE, "webhook_secret_files": ["stripe.key"] * 5}}, "at most 4 elements"),
    ({"a": {**ALIPAY, "private_key_file": "theirs.pem"}}, "theirs.pem: others may read it"),
    ({"a": {**ALIPAY, "private_key_file": "small.pem"}}, "no RSA key in PEM of 2048 to 4096 bits"),
    ({"a": {**ALIPAY, "private_key_file": "ec.pem"}}, "no RSA key in PEM"),
    ({"a": {**ALIPAY, "private_key_file": "locked.pem"}}, "no RSA key in PEM"),
    ({"a": {**ALIPAY, "alipay_public_key_files": "open.pem"}}, "open.pem: others may write it"),
    ({"a": {**ALIPAY, "alipay_public_key_files": "stripe.key"}}, "no RSA key in PEM"),
    ({"a": {**ALIPAY, "app_id": "2021 1"}}, "channels.a.app_id: expected an id as the channel gives it"),
    ({"a": {**ALIPAY, "reference": "number"}}, "channels.a.reference: expected one of trade_no, out_trade_no"),
    ({"w": {**WECHAT, "apiv3_secret_file": "lines"}}, "the APIv3 key has 32 characters"),
    ({"w": {k: v for k, v in WECHAT.items() if k != "platform_public_key_id"}}, "go together"),
    ({"w": {k: v for k, v in WECHAT.items() if not k.startswith("platform")}}, "is needed"),
    ({"w": {**WECHAT, "platform_certificate_files": "theirs.pem"}}, "a certificate is needed"),
    ({"s%d" % i: STRIPE for i in range(17)}, "at most 16 channels"),
]


class Config(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        here = cls.place.name
        secret_file(here, "stripe.key", SECRET + "\n")
        secret_file(here, "open.key", SECRET, 0o640)
        secret_file(here, "empty", "")
        secret_file(here, "large", "x" * 16385)
        secret_file(here, "lines", "sk_live\nX-Other: header")
        secret_file(here, "nul", "sk_live\0")
        secret_file(here, "own.pem", pem_private(stranger_key()))
        secret_file(here, "theirs.pem", pem_public(stranger_key()), 0o644)
        secret_file(here, "open.pem", pem_public(stranger_key()), 0o666)
        secret_file(here, "small.pem", pem_private(rsa.generate_private_key(65537, 1024)))
        secret_file(here, "ec.pem", pem_private(ec.generate_private_key(ec.SECP256R1())))
        secret_file(here, "locked.pem", stranger_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"word")))
        secret_file(here, "apiv3", "0123456789abcdef0123456789ABCDEF\n")

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def show(self, content, *more):
        path = os.path.join(self.place.name, "channels.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else yaml_of(content))
        return subprocess.run([EBB, "config", "show", *(more or ("--channels", path))], capture_output=True, text=True, check=False)

    def test_every_mistake(self):
        for content, said in MISTAKES:
            with self.subTest(said=said):
                done = self.show(content)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done)
                self.assertIn(said, done.stderr)
                self.assertNotIn("SECRET", done.stderr)

    def test_every_mistake_is_a_line(self):
        done = self.show({"s": {**STRIPE, "timeout_ms": "1", "endpoint": "x"}, "a": {**ALIPAY, "app_id": "a b"}})
        self.assertEqual(len([line for line in done.stderr.splitlines() if ": expected " in line]), 3, done.stderr)

    def test_secrets_are_masked(self):
        done = self.show({"s": STRIPE, "a": ALIPAY, "w": WECHAT}, "--data", self.place.name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("secret_key_file: stripe.key  (…c0de)", done.stdout)
        self.assertIn("apiv3_secret_file: apiv3  (…CDEF)", done.stdout)
        self.assertIn("app_id: 2021", done.stdout)
        for never in ("SECRET", "BEGIN", "0123456789", "MII"):
            self.assertNotIn(never, done.stdout)

    def test_a_server_with_a_mistake_does_not_start(self):
        self.show({"s": {**STRIPE, "secret_key_file": "open.key"}})
        data = os.path.join(self.place.name, "data")
        for options in (("--channels", self.place.name + "/channels.yaml"), ("--channels", "absent.yaml"),
                        ("--demo", "--channels", self.place.name + "/channels.yaml")):
            done = subprocess.run([EBB, "serve", "--data", data, "--listen", "127.0.0.1:0", *options], capture_output=True, text=True,
                                  timeout=30, check=False)
            self.assertEqual(done.returncode, 1, done)
            self.assertTrue(any(said in done.stderr for said in ("others may read it", "can be read", "takes no --channels")), done)
            self.assertNotIn("SECRET", done.stderr)

    def test_a_server_repeats_no_secret_that_stands_in_the_wrong_place(self):
        data = os.path.join(self.place.name, "data")
        for keys in ({**STRIPE, "secret_key_file": SECRET}, {**STRIPE, "secret_key": SECRET}, {"kind": SECRET}):
            self.show({"s": keys})
            done = subprocess.run([EBB, "serve", "--data", data, "--listen", "127.0.0.1:0", "--channels",
                                   self.place.name + "/channels.yaml"], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(done.returncode, 1, done)
            self.assertIn("channels.s.", done.stderr)
            self.assertNotIn("SECRET", done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
