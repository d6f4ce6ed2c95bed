#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Passes: the operator's own site signs its customers in, as docs/security.md shows; and everything that is no pass.

Usage: test_pass.py EBB SECURITY_MD"""
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import unittest

from browser import Browser
from service import Service

DOCUMENT = sys.argv.pop(2)
PROGRAM = sys.argv.pop(1)


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Passes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        cls.service.restart(between=cls.keys_make)
        cls.service.account("pass-1")
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    @classmethod
    def key_run(cls, *arguments):
        return subprocess.run([PROGRAM, "customer-key", *arguments, "--data", cls.service.directory.name + "/data", *cls.service.store],
                              capture_output=True, text=True, timeout=30)

    @classmethod
    def keys_make(cls):
        cls.key, cls.other, cls.old = (cls.key_run("create", name).stdout.strip() for name in ("shop", "other", "old"))
        assert re.fullmatch(r"ebc_[0-9a-z]{52}", cls.key), cls.key
        assert cls.key_run("create", "shop").returncode == 1
        assert cls.key_run("revoke", "old").returncode == 0 and cls.key_run("revoke", "old").returncode == 1
        assert "revoked" in cls.key_run("list").stdout

    def sign(self, key=None, header=(), claims=(), cut=None):
        Passes.count += 1
        head = {"alg": "HS256", "typ": "JWT", "kid": "shop", **dict(header)}
        body = {"aud": "ebb", "sub": "pass-1", "exp": int(time.time()) + 120, "jti": f"once-upon-a-time-{self.count}", **dict(claims)}
        parts = [text(json.dumps({k: v for k, v in part.items() if v is not None}).encode()) for part in (head, body)]
        signed = ".".join(parts)
        return signed + "." + text(hmac.new((key or self.key).encode(), signed.encode(), hashlib.sha256).digest()[:cut])

    def sign_in(self, token):
        browser = Browser(self.service)
        answer = browser.call("POST", "/v1/session", {"token": token})
        return answer.status, answer.code or browser.who()

    def test_a_pass_signs_in_once(self):
        token = self.sign()
        browser = Browser(self.service)
        answer = browser.call("POST", "/v1/session", {"token": token})
        self.assertEqual((answer.status, answer.json["principal"], answer.json["kind"], answer.json["account"], answer.json["roles"]),
                         (201, "customer:pass-1", "customer", "pass-1", ["customer"]), answer.text)
        self.assertEqual(browser.call("GET", "/v1/accounts/pass-1").status, 200)
        again = Browser(self.service).call("POST", "/v1/session", {"token": token})
        self.assertEqual((again.status, "Set-Cookie" in again.headers), (409, False))
        self.assertEqual(self.sign_in(self.sign(claims={"jti": f"once-upon-a-time-{self.count}"}.items()))[0], 409)

    def test_what_is_no_pass(self):
        now = int(time.time())
        good = self.sign()
        head, body, signature = good.split(".")
        none = text(b'{"alg":"none","kid":"shop"}')
        bad = {
            "another key": self.sign(key=self.other), "a revoked key": self.sign(key=self.old, header={"kid": "old"}.items()),
            "no such key": self.sign(header={"kid": "nobody"}.items()), "no kid": self.sign(header={"kid": None}.items()),
            "alg none": f"{none}.{body}.", "alg none, signed": self.sign(header={"alg": "none"}.items()),
            "another alg": self.sign(header={"alg": "HS512"}.items()), "another audience": self.sign(claims={"aud": "shop"}.items()),
            "over": self.sign(claims={"exp": now - 1}.items()), "too long": self.sign(claims={"exp": now + 400}.items()),
            "no end": self.sign(claims={"exp": None}.items()), "no jti": self.sign(claims={"jti": None}.items()),
            "a short jti": self.sign(claims={"jti": "1"}.items()), "no account": self.sign(claims={"sub": None}.items()),
            "an account that is not there": self.sign(claims={"sub": "nobody"}.items()), "roles": self.sign(claims={"roles": "admin"}.items()),
            "cut": self.sign(cut=31), "unsigned": f"{head}.{body}", "nothing signed": f"{head}.{body}.", "longer": good + "A",
            "padded": good + "=", "four parts": good + ".x", "dots": "..", "another body": f"{head}.{text(b'{}')}.{signature}",
        }
        for what, token in bad.items():
            self.assertEqual(self.sign_in(token), (401, "sign_in_refused"), what)
        self.assertEqual(self.sign_in(good)[0], 201)

    def test_the_examples_of_the_document(self):
        with open(DOCUMENT, encoding="utf-8") as file:
            examples = dict(re.findall(r"```(python|js)\n(.*?)```", file.read(), re.DOTALL))
        for language, command in (("python", [sys.executable, "-c"]), ("js", ["node", "-e"])):
            token = subprocess.run([*command, examples[language]], check=True, capture_output=True, text=True, timeout=30,
                                   env={**os.environ, "ACCOUNT": "pass-1", "EBB_CUSTOMER_KEY": self.key}).stdout.strip()
            self.assertEqual(self.sign_in(token), (201, "customer:pass-1"), (language, token))


if __name__ == "__main__":
    unittest.main(verbosity=1)
