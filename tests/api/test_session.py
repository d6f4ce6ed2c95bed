#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signing in with a cookie: what it is, when it ends, and what a foreign page cannot do with it.

Usage: test_session.py EBB"""
import re
import socket
import sqlite3
import sys
import time
import unittest

from browser import OURS, Browser
from service import Service

PROGRAM = sys.argv.pop(1)

class Story(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    def browser(self, token=None):
        browser = Browser(self.service)
        if token:
            browser.sign_in(token)
        return browser

    def advance(self, by):
        self.assertEqual(self.service.call("POST", "/demo/clock", {"advance": by}).status, 200)

    def seen(self, browser):
        """Uses the session until that is known: it is written behind the answer, and five seconds later where another session
        has the same place among those that were noted just now."""
        before, end = browser.call("GET", "/v1/session").json["idle_at"], time.monotonic() + 12
        while time.monotonic() < end:
            if browser.call("GET", "/v1/session").json["idle_at"] != before:
                return
            time.sleep(0.01)
        self.fail("the session is never seen")


class TheCookie(Story):
    def test_it_says_who_one_is(self):
        browser = self.browser()
        self.assertEqual(browser.who(), 401)
        answer = browser.sign_in("demo-reviewer")
        self.assertEqual((answer.json["principal"], answer.json["kind"], answer.json["account"]), ("demo-reviewer", "staff", None))
        self.assertIn("reviewer", answer.json["roles"])
        self.assertEqual(browser.who(), "demo-reviewer")
        answer = browser.sign_in("demo-customer:cookie-1")
        self.assertEqual((answer.json["kind"], answer.json["account"], answer.json["roles"]), ("customer", "cookie-1", ["customer"]))
        self.assertEqual(browser.who(), "demo-customer:cookie-1")

    def test_no_script_and_no_other_site_gets_it(self):
        cookie = self.browser().sign_in("demo-admin").headers["Set-Cookie"]
        self.assertRegex(cookie, r"^ebb_session=ebs_[0-9a-z]{52}; Path=/; HttpOnly; SameSite=Strict$")

    def test_each_sign_in_has_a_name_of_its_own(self):
        """Fixation: a cookie that somebody planted is never the one that is signed in with."""
        browser = self.browser("demo-reviewer")
        planted = browser.cookie
        browser.sign_in("demo-reviewer")
        self.assertNotEqual(browser.cookie, planted)
        browser.cookie = "ebb_session=ebs_" + "0" * 52
        chosen = browser.cookie
        browser.sign_in("demo-reviewer")
        self.assertNotEqual(browser.cookie, chosen)
        thief = self.browser()
        thief.cookie = chosen
        self.assertEqual(thief.who(), 401)

    def test_only_its_hash_is_kept(self):
        if self.service.store:
            self.skipTest("the rows are elsewhere")
        browser = self.browser("demo-reviewer")
        text = browser.cookie.split("=")[1].encode()
        db = sqlite3.connect(f"file:{self.service.directory.name}/data/ebb.db?mode=ro", uri=True)
        self.assertGreater(db.execute("SELECT count(*) FROM session").fetchone()[0], 0)
        self.assertNotIn(text, "".join(db.iterdump()).encode())
        db.close()

    def test_what_is_no_session_is_nobody(self):
        browser = self.browser()
        for text in ("", "x", "ebs_", "ebs_" + "z" * 52, "ebs_" + "0" * 51, "ebb_" + "0" * 52, "ebs_" + "l" * 52, "a" * 3000):
            browser.cookie = "ebb_session=" + text
            self.assertEqual(browser.who(), 401, text)
        browser = self.browser("demo-admin")
        browser.cookie = browser.cookie.replace("ebb_session", "__Host-ebb_session")
        self.assertEqual(browser.who(), 401)

    def test_a_key_goes_before_a_cookie(self):
        browser = self.browser("demo-admin")
        self.assertEqual(browser.call("GET", "/v1/accounts", headers={"Authorization": "Bearer no-such"}).status, 401)
        self.assertEqual(browser.call("GET", "/v1/accounts", headers={"Authorization": "Basic YTpi"}).status, 401)
        self.assertEqual(browser.call("GET", "/v1/session", headers={"Authorization": "Bearer demo-admin"}).status, 401)

    def test_two_cookies_are_none(self):
        browser = self.browser("demo-admin")
        browser.service.connection.putrequest("GET", "/v1/session")
        for _ in range(2):
            browser.service.connection.putheader("Cookie", browser.cookie)
        browser.service.connection.endheaders()
        answer = browser.service.connection.getresponse()
        self.assertEqual(answer.status, 400)
        answer.read()


class TheEnd(Story):
    def test_signing_out_ends_it_here(self):
        browser = self.browser("demo-reviewer")
        kept, other = browser.cookie, self.browser("demo-reviewer")
        answer = browser.call("DELETE", "/v1/session", headers=OURS)
        self.assertEqual(answer.status, 200)
        self.assertIn("Max-Age=0", answer.headers["Set-Cookie"])
        browser.cookie = kept
        self.assertEqual(browser.who(), 401)
        self.assertEqual(browser.call("DELETE", "/v1/session", headers=OURS).status, 401)
        self.assertEqual(other.who(), "demo-reviewer")

    def test_a_request_that_trickles_in_does_not_outlive_it(self):
        """Who asks is looked at again when the body took its time."""
        body = b'{"policy":"alibaba","currency":"CNY","subject":{"kind":"person","name":"A","id_number":"1","verified":true}}'
        for ends, wanted in ((True, b"401"), (False, b"201")):
            browser = self.browser("demo-admin")
            with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as slow:
                slow.sendall(b"PUT /v1/accounts/trickle HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                             b"Ebb-Session: 1\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n"
                             % (browser.cookie.encode(), len(body)))
                slow.sendall(body[:10])
                time.sleep(1.2)
                if ends:
                    self.assertEqual(browser.call("DELETE", "/v1/session", headers=OURS).status, 200)
                slow.sendall(body[10:])
                self.assertEqual(slow.recv(4096).split()[1], wanted)

    def test_it_ends_when_it_is_not_used(self):
        staff, customer = self.browser("demo-reviewer"), self.browser("demo-customer:idle-1")
        self.advance("14m")
        self.seen(customer)
        self.seen(staff)
        self.advance("14m")
        self.seen(customer)
        self.advance("16m")
        self.assertEqual(customer.who(), 401)
        self.assertEqual(staff.who(), 401)

    def test_it_ends_however_much_it_is_used(self):
        customer = self.browser("demo-customer:life-1")
        for _ in range(4):
            self.advance("14m")
            self.seen(customer)
        self.advance("3m")
        self.assertEqual(customer.who(), "demo-customer:life-1")
        self.advance("1m")
        self.assertEqual(customer.who(), 401)

    def test_the_oldest_of_too_many_ends(self):
        browsers = [self.browser("demo-customer:many-1") for _ in range(34)]
        self.assertEqual([browser.who() for browser in browsers], [401] * 2 + ["demo-customer:many-1"] * 32)

    def test_it_survives_a_restart(self):
        service = Service(PROGRAM)
        browser = Browser(service)
        browser.sign_in("demo-reviewer")
        service.restart(kill=True)
        self.assertEqual(browser.who(), "demo-reviewer")
        service.stop()


class AForeignPage(Story):
    def setUp(self):
        self.reviewer = self.browser("demo-reviewer")
        self.origin = f"http://127.0.0.1:{self.service.port}"

    def case(self, browser, headers):
        return browser.call("POST", "/v1/cases", {"account": "nobody", "kind": "other", "reason": "r"}, headers=headers)

    def test_it_cannot_add_our_header(self):
        for value in (None, "0", "", "11"):
            answer = self.case(self.reviewer, {"Ebb-Session": value})
            self.assertEqual((answer.status, answer.code), (403, "session_header_missing"), value)
        self.assertEqual(self.case(self.reviewer, OURS).status, 404)

    def test_it_is_told_by_its_origin(self):
        for origin in ("https://evil.example", "null", self.origin + ".evil.example", self.origin.replace("http", "https"),
                       "http://127.0.0.1", self.origin + "/"):
            answer = self.case(self.reviewer, {**OURS, "Origin": origin})
            self.assertEqual((answer.status, answer.code), (403, "foreign_origin"), origin)
        for site in ("cross-site", "same-site"):
            answer = self.case(self.reviewer, {**OURS, "Sec-Fetch-Site": site})
            self.assertEqual((answer.status, answer.code), (403, "foreign_origin"), site)
        self.assertEqual(self.case(self.reviewer, {**OURS, "Origin": self.origin, "Sec-Fetch-Site": "same-origin"}).status, 404)

    def test_it_cannot_sign_somebody_in(self):
        browser = self.browser()
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = browser.call("POST", "/v1/session", {"token": "demo-admin"}, headers=headers)
            self.assertEqual((answer.status, answer.code, browser.cookie), (403, "foreign_origin", None))
        answer = browser.call("POST", "/v1/session", b'{"token":"demo-admin"}', headers={"Content-Type": "text/plain"})
        self.assertEqual((answer.status, browser.cookie), (415, None))

    def test_a_key_needs_no_header(self):
        answer = self.service.call("POST", "/v1/cases", {"account": "nobody", "kind": "other", "reason": "r"},
                                   token="demo-reviewer", headers={"Origin": "https://operator.example"})
        self.assertEqual(answer.status, 404)

    def test_every_unsafe_route_asks_for_it(self):
        admin = self.browser("demo-admin")
        asked = 0
        for path, item in self.service.openapi["paths"].items():
            for verb, operation in item.items():
                if verb not in ("post", "put", "delete", "patch") or operation.get("security") == []:
                    continue
                answer = admin.call(verb.upper(), re.sub(r"\{\w+\}", "x", path), {})
                self.assertEqual((answer.status, answer.code), (403, "session_header_missing"), (verb, path))
                asked += 1
        self.assertGreater(asked, 20)


class WhoActs(Story):
    def test_a_principal_is_the_same_by_cookie_and_by_key(self):
        """Whoever made something does not approve it, whichever way it signed in."""
        self.service.account("acts-1")
        self.service.topup("acts-1", "t1", 50000)
        admin = self.browser("demo-admin")
        paper = admin.call("POST", "/v1/documents", {"account": "acts-1", "name": "a.png", "media_type": "image/png",
                                                     "content": "iVBORw0KGgoAAAAA"}, headers=OURS).json["id"]
        made = admin.call("POST", "/v1/withdrawals", {"account": "acts-1", "amount": 1000, "route": "designated", "reason": "original_account_closed",
                          "documents": [paper], "destination": {"kind": "bank", "name": "魏明", "account": "6222", "bank": "ICBC",
                          "branch": "b", "province": "p", "city": "c"}}, headers=OURS)
        self.assertEqual(made.status, 201, made.text)
        path = f"/v1/withdrawals/{made.json['id']}"
        self.assertEqual(admin.call("POST", path + "/code", {"code": self.service.code_of("acts-1")}, headers=OURS).json["status"], "in_review")
        tag = admin.call("GET", path).headers["ETag"]
        answer = self.service.call("POST", path + "/review", {"decision": "approve", "reason": "r"}, headers={"If-Match": tag})
        self.assertEqual((answer.status, answer.code), (422, "maker_is_checker"), answer.text)
        answer = self.browser("demo-reviewer").call("POST", path + "/review", {"decision": "approve", "reason": "r"},
                                                    headers={**OURS, "If-Match": tag})
        self.assertEqual((answer.status, answer.json["status"]), (200, "approved"), answer.text)

    def test_one_key_is_one_request_by_either_way(self):
        self.service.account("acts-2")
        self.service.topup("acts-2", "t1", 50000)
        body, key = {"account": "acts-2", "amount": 1000}, {"Idempotency-Key": "either-way"}
        first = self.browser("demo-customer:acts-2").call("POST", "/v1/withdrawals", body, headers={**OURS, **key})
        again = self.service.withdraw("acts-2", 1000, headers=key)
        self.assertEqual((first.status, again.status, again.json["id"]), (201, 201, first.json["id"]))
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")

    def test_a_customer_reaches_its_own(self):
        self.service.account("acts-3")
        self.service.account("acts-4", master="acts-3")
        self.service.account("acts-5")
        customer = self.browser("demo-customer:acts-3")
        self.assertEqual([customer.call("GET", f"/v1/accounts/acts-{n}").status for n in (3, 4, 5)], [200, 200, 404])
        self.assertEqual(customer.call("PUT", "/v1/accounts/acts-3", {}, headers=OURS).status, 403)
        self.assertEqual([account["ref"] for account in customer.call("GET", "/v1/accounts").json["data"]], ["acts-3", "acts-4"])


class BadInput(Story):
    def test_a_body_is_of_its_shape(self):
        browser = self.browser()
        for body, pointer in (({}, ""), ({"token": None}, ""), ({"user": "a"}, "/password"), ({"token": "a", "user": "b"}, ""),
                              ({"token": "a", "otp": "b"}, ""), ({"user": "a", "password": "x" * 600}, "/password"), ({"token": 5}, "/token"), ({"token": ""}, "/token"), ({"token": "x" * 5000}, "/token"),
                              ({"token": "demo-admin", "more": 1}, "/more"), (b"[]", ""), (b"", ""), (b'{"token":"a","token":"b"}', "/token")):
            answer = browser.call("POST", "/v1/session", body, headers={"Content-Type": "application/json"})
            self.assertEqual((answer.status, answer.code), (400, "malformed"), (body, answer.text))
            self.assertIn(pointer, [error["pointer"] for error in answer.json["errors"]], (body, answer.text))

    def test_what_signs_nobody_in(self):
        browser = self.browser()
        for token in ("demo-nobody", "demo-customer:", "demo-customer:a/b", "ebb_" + "0" * 52, "Demo-admin"):
            answer = browser.call("POST", "/v1/session", {"token": token})
            self.assertEqual((answer.status, answer.code, browser.cookie), (401, "sign_in_refused", None), token)


class BehindTls(unittest.TestCase):
    def test_the_cookie_is_the_host_s_and_secure(self):
        service = Service(PROGRAM, "--origin", "https://ebb.example")
        browser = Browser(service)
        answer = browser.call("POST", "/v1/session", {"token": "demo-admin"}, headers={"Origin": "https://ebb.example"})
        self.assertRegex(answer.headers["Set-Cookie"], r"^__Host-ebb_session=ebs_[0-9a-z]{52}; Path=/; HttpOnly; SameSite=Strict; Secure$")
        self.assertEqual(browser.who(), "demo-admin")
        here = f"http://127.0.0.1:{service.port}"
        self.assertEqual(browser.call("DELETE", "/v1/session", headers={**OURS, "Origin": here}).status, 403)
        self.assertEqual(browser.call("DELETE", "/v1/session", headers={**OURS, "Origin": "https://ebb.example"}).status, 200)
        service.stop()


if __name__ == "__main__":
    unittest.main(verbosity=1)
