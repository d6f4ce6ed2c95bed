#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What callers rely on: idempotency, versions, scopes, lists, limits, batches and demo switches, over real HTTP.

Usage: test_contract.py EBB"""
import concurrent.futures
import datetime
import hashlib
import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

from service import Service

PROGRAM = sys.argv.pop(1)
service = None


def setUpModule():
    global service
    service = Service(PROGRAM)


def tearDownModule():
    assert service.stop() == 0, "the server did not end well"


class Idempotency(unittest.TestCase):
    def setUp(self):
        service.account("idem")

    def test_a_replay_answers_the_first_result(self):
        body = {"ref": "idem-1", "amount": 700, "method": "alipay", "paid_at": "2026-11-01T00:00:00+08:00"}
        first = service.call("POST", "/v1/accounts/idem/topups", body, headers={"Idempotency-Key": "again"})
        second = service.call("POST", "/v1/accounts/idem/topups", body, headers={"Idempotency-Key": "again"})
        self.assertEqual((first.status, second.status), (201, 201))
        self.assertEqual(first.text, second.text)
        self.assertNotIn("Idempotent-Replayed", first.headers)
        self.assertEqual(second.headers["Idempotent-Replayed"], "true")

    def test_the_key_with_another_body_is_refused(self):
        service.topup("idem", "idem-2", 100)
        self.assertEqual(service.call("POST", "/v1/accounts/idem/charges", {"ref": "c", "amount": 1},
                                      headers={"Idempotency-Key": "one"}).status, 201)
        other = service.call("POST", "/v1/accounts/idem/charges", {"ref": "c", "amount": 2}, headers={"Idempotency-Key": "one"})
        self.assertEqual((other.status, other.code), (422, "idempotency_key_reused"))

    def test_the_same_fact_under_a_new_key_is_stored_once(self):
        body = {"ref": "idem-3", "amount": 700, "method": "alipay", "paid_at": "2026-11-01T00:00:00+08:00"}
        first = service.call("POST", "/v1/accounts/idem/topups", body)
        again = service.call("POST", "/v1/accounts/idem/topups", body)
        self.assertEqual((first.status, again.status), (201, 200))
        self.assertEqual(first.json["id"], again.json["id"])
        other = service.call("POST", "/v1/accounts/idem/topups", {**body, "amount": 701})
        self.assertEqual((other.status, other.code), (409, "ref_reused"))

    def test_a_missing_key_is_malformed(self):
        answer = service.call("POST", "/v1/accounts/idem/charges", {"ref": "x", "amount": 1}, headers={"Idempotency-Key": None})
        self.assertEqual((answer.status, answer.code), (400, "idempotency_key_missing"))

    def test_a_key_has_its_bounds(self):
        for key, status in (("k" * 255, 201), ("k" * 256, 400), ("schlüssel", 400)):
            answer = service.call("POST", "/v1/accounts/idem/credits", {"ref": f"b{len(key)}", "fund": "other", "amount": 1},
                                  headers={"Idempotency-Key": key.encode("latin-1")})
            self.assertEqual(answer.status, status, key)

    def test_puts_and_dry_runs_need_none(self):
        service.topup("idem", "idem-dry", 500)
        answer = service.call("POST", "/v1/withdrawals?dry_run=true", {"account": "idem", "amount": 100},
                              headers={"Idempotency-Key": None})
        self.assertEqual(answer.status, 200)
        self.assertNotIn("id", answer.json)

    def test_concurrent_twins_make_one_withdrawal(self):
        service.account("twins")
        service.topup("twins", "twins-1", 10000)
        body = json.dumps({"account": "twins", "amount": 100}).encode()
        head = {"Authorization": "Bearer demo-customer:twins", "Content-Type": "application/json", "Idempotency-Key": "twin"}

        def ask(_):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
            connection.request("POST", "/v1/withdrawals", body, head)
            response = connection.getresponse()
            text = response.read()
            connection.close()
            return response.status, text

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(32)))
        ids = {json.loads(text)["id"] for status, text in answers if status == 201}
        self.assertEqual(len(ids), 1)
        self.assertEqual({status for status, _ in answers} - {201, 409}, set())
        self.assertEqual(len(service.call("GET", "/v1/withdrawals?account=twins").json["data"]), 1)


class Scopes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for ref, more in (("mine", {}), ("theirs", {}), ("member", {"master": "mine"})):
            service.account(ref, **more)
            service.topup(ref, ref + "-1", 10000)
        cls.theirs = service.withdraw("theirs", 100).json["id"]

    def test_without_a_known_key_401(self):
        for token in (None, "demo-nobody", "ebb_" + "0" * 52, "demo-customer:", "demo-customer:a b"):
            answer = service.call("GET", "/v1/accounts/mine", token=token)
            self.assertEqual((answer.status, answer.code), (401, "unauthorized"), token)
            self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        self.assertEqual(service.call("GET", "/v1/accounts/mine", raw=True, headers={"Authorization": "Basic eDp5"}).status, 401)

    def test_a_role_allows_its_own_work_only(self):
        review = {"decision": "approve"}
        rows = [
            # token, method, path, body, status
            ("demo-customer:mine", "POST", "/v1/accounts/mine/topups", {"ref": "r", "amount": 1, "method": "alipay"}, 403),
            ("demo-customer:mine", "PUT", "/v1/accounts/mine/claims/c", {"kind": "overdue", "amount": 0}, 403),
            ("demo-customer:mine", "POST", "/v1/batch", b"", 403),
            ("demo-customer:mine", "GET", "/v1/events", None, 403),
            ("demo-customer:mine", "GET", "/v1/audit", None, 403),
            ("demo-customer:mine", "POST", f"/v1/withdrawals/{self.theirs}/review", review, 403),
            ("demo-customer:mine", "GET", "/demo/messages", None, 403),
            ("demo-billing", "POST", "/v1/withdrawals", {"account": "mine", "amount": 1}, 403),
            ("demo-billing", "POST", f"/v1/withdrawals/{self.theirs}/review", review, 403),
            ("demo-billing", "POST", "/demo/clock", {"advance": "1s"}, 403),
            ("demo-reviewer", "POST", "/v1/accounts/mine/charges", {"ref": "r", "amount": 1}, 403),
            ("demo-reviewer", "POST", "/v1/withdrawals", {"account": "mine", "amount": 1}, 403),
            ("demo-reviewer", "GET", "/v1/withdrawals", None, 200),
            ("demo-billing", "GET", "/v1/accounts/mine", None, 200),
            ("demo-customer:mine", "GET", "/v1/accounts/mine", None, 200),
        ]
        for token, method, path, body, status in rows:
            self.assertEqual(service.call(method, path, body, token=token).status, status, (token, method, path))

    def test_somebody_else_s_looks_like_nothing(self):
        token = "demo-customer:mine"
        absent = self.theirs[:-3] + "ZZZ"
        pairs = [("GET", "/v1/accounts/theirs", "/v1/accounts/nobody", None),
                 ("GET", "/v1/accounts/theirs/withdrawable", "/v1/accounts/nobody/withdrawable", None),
                 ("GET", "/v1/accounts/theirs/topups", "/v1/accounts/nobody/topups", None),
                 ("GET", "/v1/accounts/theirs/transactions", "/v1/accounts/nobody/transactions", None),
                 ("GET", f"/v1/withdrawals/{self.theirs}", f"/v1/withdrawals/{absent}", None),
                 ("GET", f"/v1/withdrawals/{self.theirs}", "/v1/withdrawals/rubbish", None),
                 ("GET", f"/v1/withdrawals/{self.theirs}/receipt", f"/v1/withdrawals/{absent}/receipt", None),
                 ("GET", f"/v1/withdrawals/{self.theirs}/events", f"/v1/withdrawals/{absent}/events", None),
                 ("GET", "/v1/withdrawals?account=theirs", "/v1/withdrawals?account=nobody", None),
                 ("POST", f"/v1/withdrawals/{self.theirs}/code", f"/v1/withdrawals/{absent}/code", {"code": "000000"}),
                 ("POST", f"/v1/withdrawals/{self.theirs}/code/resend", f"/v1/withdrawals/{absent}/code/resend", None),
                 ("POST", f"/v1/withdrawals/{self.theirs}/cancel", f"/v1/withdrawals/{absent}/cancel", None),
                 ("POST", "/v1/withdrawals", "/v1/withdrawals", None)]
        for method, one, other, body in pairs:
            first_body, second_body = body, body
            if one == "/v1/withdrawals":
                first_body, second_body = {"account": "theirs", "amount": 1}, {"account": "nobody", "amount": 1}
            answers = [service.call(method, one, first_body, token=token), service.call(method, other, second_body, token=token)]
            for answer in answers:
                self.assertEqual(answer.status, 404, (one, answer.text))
                answer.json.pop("request_id")
            self.assertEqual(answers[0].json, answers[1].json, one)
        self.assertEqual(service.call("GET", f"/v1/withdrawals/{self.theirs}").json["status"], "awaiting_code")

    def test_the_management_account_acts_for_its_members(self):
        """AL-19"""
        token = "demo-customer:mine"
        self.assertEqual(service.quote("member", token).status, 200)
        made = service.withdraw("member", 100, token=token)
        self.assertEqual(made.status, 201)
        listed = service.call("GET", "/v1/accounts", token=token).json["data"]
        self.assertEqual([a["ref"] for a in listed], ["mine", "member"])
        seen = service.call("GET", "/v1/withdrawals", token=token).json["data"]
        self.assertIn(made.json["id"], [w["id"] for w in seen])
        self.assertNotIn(self.theirs, [w["id"] for w in seen])
        self.assertEqual(service.quote("mine", "demo-customer:member").status, 404)

    def test_what_is_personal_leaves_masked(self):
        account = service.call("GET", "/v1/accounts/mine").json
        self.assertEqual(account["subject"]["name"], "魏*")
        self.assertNotIn("ID-mine", json.dumps(account))


class Versions(unittest.TestCase):
    def setUp(self):
        """An application in review: jdcloud reviews all."""
        ref = f"rev{time.monotonic_ns()}"
        service.account(ref, "jdcloud")
        service.topup(ref, "t", 10000, "wechat", payer={"kind": "personal", "name": "魏明"})
        made = service.withdraw(ref, 4000).json
        self.assertEqual(service.confirm(made).json["status"], "in_review")
        self.path = "/v1/withdrawals/" + made["id"]
        self.ref = ref

    def review(self, if_match, token="demo-reviewer", decision="approve"):
        return service.call("POST", self.path + "/review", {"decision": decision, "reason": "r"}, token=token,
                            headers={"If-Match": if_match})

    def test_review_needs_the_version_that_was_read(self):
        tag = service.call("GET", self.path).headers["ETag"]
        self.assertRegex(tag, r'^"v[0-9]+"$')
        for given, status in ((None, 428), ("*", 400), ("W/" + tag, 400), ("v2", 400), ('"v2", "v3"', 400), ('"v99"', 412)):
            self.assertEqual(self.review(given).status, status, given)
        done = self.review(tag)
        self.assertEqual(done.status, 200)
        self.assertNotEqual(done.headers["ETag"], tag)
        self.assertEqual(self.review(tag, "demo-reviewer-2").status, 412)

    def test_two_reviewers_one_decision(self):
        tag = service.call("GET", self.path).headers["ETag"]
        answers = [self.review(tag, "demo-reviewer", "reject"), self.review(tag, "demo-reviewer-2", "approve")]
        self.assertEqual([a.status for a in answers], [200, 412])
        self.assertEqual(service.call("GET", self.path).json["status"], "rejected")
        self.assertEqual(service.quote(self.ref).json["withdrawable"], 10000)

    def test_the_maker_does_not_check(self):
        made = service.withdraw(self.ref, 1000, token="demo-admin").json
        path = "/v1/withdrawals/" + made["id"]
        tag = service.call("POST", path + "/code", {"code": service.code_of(self.ref)}).headers["ETag"]
        answer = service.call("POST", path + "/review", {"decision": "approve"}, headers={"If-Match": tag})
        self.assertEqual((answer.status, answer.code), (422, "maker_is_checker"))

    def test_unchanged_is_304(self):
        tag = service.call("GET", self.path).headers["ETag"]
        answer = service.call("GET", self.path, headers={"If-None-Match": tag})
        self.assertEqual((answer.status, answer.text), (304, ""))
        self.assertEqual(service.call("GET", self.path, headers={"If-None-Match": '"v1"'}).status, 200)


class Lists(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.account("many")
        lines = [{"op": "topup", "account": "many", "ref": f"t{i}", "amount": 100 + i, "method": "alipay"} for i in range(25)]
        answer = service.call("POST", "/v1/batch", "\n".join(map(json.dumps, lines)).encode())
        assert answer.text.count('"status":201') == 25, answer.text

    def pages(self, path, limit):
        cursor, seen = "", []
        while True:
            page = service.call("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}{cursor}").json
            seen.append(page["data"])
            if page["next_cursor"] is None:
                return seen
            cursor = "&cursor=" + page["next_cursor"]

    def test_pages_hold_everything_once(self):
        for path, name in (("/v1/accounts/many/topups", "ref"), ("/v1/accounts/many/transactions", "id"),
                           ("/v1/events?account=many", "id"), ("/v1/audit", "seq"), ("/v1/accounts", "ref")):
            whole = [row[name] for row in sum(self.pages(path, 200), [])]
            pages = self.pages(path, 7)
            self.assertEqual([row[name] for page in pages for row in page], whole, path)
            self.assertEqual(len(set(whole)), len(whole), path)
            self.assertTrue(all(len(page) == 7 for page in pages[:-1]), path)
            self.assertGreaterEqual(len(pages), 3, path)

    def test_bad_parameters_are_named(self):
        rows = [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("limit=", "limit"), ("limit=1&limit=2", "limit"),
                ("cursor=x", "cursor"), ("cursor=wd_0000000000001", "cursor"), ("status=nothing", "status"),
                ("from=yesterday", "from"), ("to=2026-13-01T00:00:00Z", "to"), ("account=a%20b", "account"), ("colour=red", "colour")]
        for query, name in rows:
            answer = service.call("GET", "/v1/withdrawals?" + query)
            self.assertEqual((answer.status, answer.code), (400, "malformed"), query)
            self.assertEqual([e["pointer"] for e in answer.json["errors"]], [name], query)

    def test_filters_restrict(self):
        service.account("filters")
        service.topup("filters", "t", 10000)
        first = service.withdraw("filters", 100).json
        second = service.withdraw("filters", 200).json
        service.call("POST", f"/v1/withdrawals/{first['id']}/cancel", token="demo-customer:filters")

        def ids(query):
            return [w["id"] for w in service.call("GET", "/v1/withdrawals?account=filters" + query).json["data"]]

        self.assertEqual(ids(""), [second["id"], first["id"]])
        self.assertEqual(ids("&status=cancelled"), [first["id"]])
        self.assertEqual(ids("&from=2190-01-01T00:00:00Z"), [])
        self.assertEqual(ids("&to=2026-01-01T00:00:00%2B08:00"), [])
        self.assertEqual(ids("&from=2026-01-01T00:00:00+08:00"), [second["id"], first["id"]])

    def test_withdrawals_are_a_type_of_transaction(self):
        """AL-17"""
        service.account("billing")
        service.topup("billing", "t", 10000)
        made = service.withdraw("billing", 2500).json
        service.confirm(made)
        wait_for(made["id"], "successful")
        rows = service.call("GET", "/v1/accounts/billing/transactions?type=withdrawal").json["data"]
        self.assertEqual([(r["type"], r["amount"], r["withdrawal"]) for r in rows], [("withdrawal", 2500, made["id"])])
        for row in service.call("GET", "/v1/accounts/billing/transactions").json["data"]:
            self.assertEqual(sum(p["amount"] for p in row["postings"]), 0, row)
        self.assertEqual(service.call("GET", "/v1/accounts/billing/transactions?type=nonsense").status, 400)

    def test_banks_are_found(self):
        def codes(query):
            return [b["code"] for b in service.call("GET", "/v1/banks?query=" + query).json["data"]]

        self.assertIn("NJCB", codes("nanj"))
        self.assertIn("JSBANK", codes("%E6%B1%9F%E8%8B%8F"))
        self.assertEqual(codes("ICBC"), ["ICBC"])
        self.assertEqual(codes("zzz"), [])
        branch = service.call("GET", "/v1/banks?query=" + urllib.parse.quote("招商银行深圳")).json["data"]
        self.assertEqual([(b["code"], b["province"], b["city"]) for b in branch], [("CMB", "广东", "深圳")])  # AL-14


def wait_for(withdrawal, *statuses, seconds=5):
    for _ in range(seconds * 20):
        found = service.call("GET", "/v1/withdrawals/" + withdrawal).json
        if found["status"] in statuses:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{withdrawal} is {found['status']}, not {statuses}")


class Withdrawals(unittest.TestCase):
    def test_created_confirmed_paid_and_proved(self):
        service.account("whole")
        service.topup("whole", "t", 10000)
        made = service.withdraw("whole", 2500)
        self.assertEqual(made.status, 201)
        self.assertEqual(made.headers["Location"], "/v1/withdrawals/" + made.json["id"])
        self.assertEqual(service.quote("whole").json["withdrawable"], 10000)  # creating holds nothing
        self.assertEqual(service.call("GET", f"/v1/withdrawals/{made.json['id']}/receipt").status, 409)
        self.assertEqual(service.confirm(made.json).status, 200)
        self.assertEqual(service.quote("whole").json["withdrawable"], 7500)
        done = wait_for(made.json["id"], "successful")
        self.assertEqual(done["legs"][0]["status"], "successful")
        receipt = service.call("GET", f"/v1/withdrawals/{made.json['id']}/receipt")
        self.assertEqual((receipt.json["receipt"]["paid"], receipt.json["receipt"]["fee"]), ("25.00", "0.00"))
        content = receipt.text[len('{"receipt":'):receipt.text.index(',"proof"')]
        self.assertEqual(hashlib.blake2b(content.encode(), digest_size=32).hexdigest(), receipt.json["proof"])
        events = [e["type"] for e in service.call("GET", f"/v1/withdrawals/{made.json['id']}/events").json["data"]]
        self.assertEqual(events[0], "withdrawal.awaiting_code")
        self.assertEqual(events[-1], "withdrawal.successful")

    def test_labels_follow_the_language(self):
        service.account("labels")
        service.topup("labels", "t", 10000)
        path = "/v1/withdrawals/" + service.withdraw("labels", 100).json["id"]
        english = service.call("GET", path).json["label"]
        chinese = service.call("GET", path, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json["label"]
        self.assertTrue(english.isascii())
        self.assertFalse(chinese.isascii())

    def test_five_wrong_codes_are_the_end(self):
        service.account("wrong")
        service.topup("wrong", "t", 10000)
        made = service.withdraw("wrong", 100).json
        right = service.code_of("wrong")
        wrong = "000000" if right != "000000" else "111111"
        path = f"/v1/withdrawals/{made['id']}/code"
        left = []
        for _ in range(5):
            answer = service.call("POST", path, {"code": wrong}, token="demo-customer:wrong")
            self.assertEqual(answer.status, 422)
            left.append(answer.json.get("tries_left"))
        self.assertEqual(left, [4, 3, 2, 1, 0])
        self.assertEqual(service.call("GET", f"/v1/withdrawals/{made['id']}").json["status"], "expired")
        self.assertNotEqual(service.call("POST", path, {"code": right}, token="demo-customer:wrong").status, 200)

    def test_a_refused_amount_shows_the_arithmetic(self):
        service.account("sums")
        service.topup("sums", "t", 10000)
        service.call("PUT", "/v1/accounts/sums/claims/c", {"kind": "overdue", "amount": 4000})
        answer = service.withdraw("sums", 9000)
        self.assertEqual((answer.status, answer.code, answer.json["rule"]), (422, "amount_exceeds_withdrawable", "AL-09"))
        self.assertEqual(answer.json["withdrawable"], 6000)
        self.assertEqual([(h["code"], h["amount"]) for h in answer.json["held_back"]], [("overdue", 4000)])
        self.assertEqual(answer.json["errors"][0]["pointer"], "/amount")


class Quotes(unittest.TestCase):
    """Quotes are kept while they are true: every change and every boundary in time must show in the next one."""

    def figures(self, ref):
        quote = service.quote(ref).json
        self.assertEqual(quote["cash"] - sum(h["amount"] for h in quote["held_back"]), quote["withdrawable"])
        return quote["cash"], quote["withdrawable"]

    def test_every_change_shows_at_once(self):
        service.account("q")
        service.account("q2")
        self.assertEqual(self.figures("q"), (0, 0))
        steps = [
            ("POST", "/v1/accounts/q/topups", {"ref": "t", "amount": 50000, "method": "alipay"}, (50000, 50000)),
            ("POST", "/v1/accounts/q/charges", {"ref": "c", "amount": 1000}, (49000, 49000)),
            ("POST", "/v1/accounts/q/charges/c/reverse", None, (50000, 50000)),
            ("PUT", "/v1/accounts/q/claims/k", {"kind": "overdue", "amount": 2000}, (50000, 48000)),
            ("PUT", "/v1/accounts/q/claims/k", {"kind": "overdue", "amount": 0}, (50000, 50000)),
            ("PUT", "/v1/accounts/q/resources/r", {"state": "active"}, (50000, 40000)),
            ("POST", "/v1/accounts/q/credits", {"ref": "o", "fund": "other", "amount": 300}, (50300, 40300)),
            ("POST", "/v1/transfers", {"ref": "q-x", "from": "q", "to": "q2", "amount": 500}, (49800, 39800)),
            ("POST", "/v1/transfers/q-x/recall", None, (50300, 40300)),
            ("POST", "/v1/accounts/q/topups/t/chargeback", {"ref": "b", "amount": 100}, (50200, 40200)),
        ]
        for method, path, body, expected in steps:
            self.assertIn(service.call(method, path, body).status, (200, 201), path)
            self.assertEqual(self.figures("q"), expected, (path, body))
            self.assertEqual(self.figures("q"), expected, (path, body))
        made = service.withdraw("q", 200).json
        self.assertEqual(self.figures("q"), (50200, 40200))
        service.confirm(made)
        self.assertEqual(service.quote("q").json["withdrawable"], 40000)
        service.account("q", state="frozen")
        self.assertEqual(service.quote("q").json["withdrawable"], 0)

    def test_time_alone_changes_a_quote_at_its_instant(self):
        """AL-08: the reserve frees exactly 24 hours after the last release."""
        service.account("q-time")
        service.topup("q-time", "t", 50000)
        service.call("PUT", "/v1/accounts/q-time/resources/r", {"state": "active"})
        now = service.call("POST", "/demo/clock", {"advance": "1s"}).json["now"]
        service.call("PUT", "/v1/accounts/q-time/resources/r", {"state": "released", "at": now})
        held = service.quote("q-time").json["held_back"][0]
        self.assertEqual((held["code"], held["amount"]), ("reserve", 10000))
        frees_at = datetime.datetime.fromisoformat(held["frees_at"])
        for shift, withdrawable in ((-20, 40000), (0, 50000), (-20, 40000)):
            service.call("POST", "/demo/clock", {"set": (frees_at + datetime.timedelta(seconds=shift)).isoformat(timespec="milliseconds")})
            for _ in range(3):
                self.assertEqual(service.quote("q-time").json["withdrawable"], withdrawable, shift)


class Door(unittest.TestCase):
    def test_paths_and_methods(self):
        for path in ("/v1", "/v1/nothing", "/v1/accounts/a/b/c/d/e/f/g/h", "//v1/accounts", "/v1/accounts/", "/v1/webhook"):
            self.assertEqual(service.call("GET", path).status, 404, path)
        answer = service.call("DELETE", "/v1/accounts/whole")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD, PUT"))
        answer = service.call("GET", "/v1/batch")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))

    def test_head_is_get_without_its_body(self):
        service.account("head")
        whole = service.call("GET", "/v1/accounts/head")
        head = service.call("HEAD", "/v1/accounts/head")
        self.assertEqual((head.status, head.text), (200, ""))
        self.assertEqual(head.headers["Content-Length"], str(len(whole.text.encode())))

    def test_every_answer_has_its_headers(self):
        for method, path in (("GET", "/healthz"), ("GET", "/v1/accounts"), ("GET", "/nothing"), ("DELETE", "/v1/accounts")):
            answer = service.call(method, path)
            self.assertTrue(answer.headers["Request-Id"])
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertNotIn("Server", answer.headers)
        self.assertEqual(service.call("GET", "/nothing", headers={"Request-Id": "mine-1"}).json["request_id"], "mine-1")
        for bad in ("x" * 33, "a b", "a;b"):
            self.assertNotEqual(service.call("GET", "/healthz", headers={"Request-Id": bad}).headers["Request-Id"], bad)

    def test_bodies_are_json(self):
        put = "/v1/accounts/door"
        self.assertEqual(service.call("PUT", put, b"{}", headers={"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(service.call("PUT", put, b"{}", headers={"Content-Type": None}).status, 415)
        for body in (b"", b"{", b"[]", b"null", b'{"policy":1}', b'{"policy":"alibaba","policy":"huawei","currency":"CNY"}',
                     b'{"policy":"alibaba","currency":"CNY","x":1}', b"\xff\xfe", b"[" * 5000, b'{"policy":"\xc3\x28","currency":"CNY"}'):
            answer = service.call("PUT", put, body, headers={"Content-Type": "application/json"})
            self.assertEqual((answer.status, answer.code), (400, "malformed"), body[:40])
        self.assertEqual(service.call("PUT", put, {"policy": "nobody's", "currency": "CNY"}).status, 422)

    def test_amounts_are_integers_in_bounds(self):
        service.account("amounts")
        for amount in ("1", 1.0, 1.5, 0, -1, 10**13 + 1, 2**63, None, True, "1e3"):
            answer = service.call("POST", "/v1/accounts/amounts/charges", {"ref": "c", "amount": amount})
            self.assertEqual(answer.status, 400, amount)
            self.assertEqual(answer.json["errors"][0]["pointer"], "/amount", amount)

    def test_names_in_paths(self):
        body = {"policy": "alibaba", "currency": "CNY"}
        self.assertEqual(service.call("PUT", "/v1/accounts/" + "a" * 65, body).status, 400)
        self.assertEqual(service.call("PUT", "/v1/accounts/a%20b", body).status, 400)
        self.assertEqual(service.call("PUT", "/v1/accounts/a%2Fb", body).status, 400)
        self.assertEqual(service.call("GET", "/v1/accounts/" + "a" * 65).status, 404)
        for broken in ("/v1/accounts/%", "/v1/accounts/%zz", "/v1/accounts/%00", "/v1/accounts/%ff", "/v1/accounts?limit=%"):
            self.assertEqual(service.call("GET", broken).status, 400, broken)

    def test_sizes(self):
        small, large = b'{"x":"' + b"a" * (70 << 10) + b'"}', b"x" * (9 << 20)
        answer = service.call("PUT", "/v1/accounts/large", small)
        self.assertEqual((answer.status, answer.code), (413, "too_large"))
        answer = service.call("POST", "/v1/batch", large)
        self.assertEqual((answer.status, answer.code), (413, "too_large"))
        self.assertEqual(service.call("POST", "/v1/batch", b"\n" * 10001).status, 413)
        self.assertEqual(service.call("GET", "/v1/accounts/" + "a" * 2100).status, 414)
        self.assertEqual(service.call("GET", "/healthz", headers={"X-Large": "x" * 40000}).status, 431)

    def test_channels_without_notifications_are_not_there(self):
        for name in ("alipay", "nobody"):
            self.assertEqual(service.call("POST", f"/v1/channels/{name}/notify", b"x", raw=True).status, 404)

    def test_many_connections_at_once(self):
        """libmicrohttpd's epoll mode stalls where exactly 128 events come at once; ours must not, at 128 or 256."""
        for count in (128, 256):
            sockets = [socket.create_connection(("127.0.0.1", service.port), timeout=10) for _ in range(count)]
            barrier = threading.Barrier(8)

            def send(part):
                barrier.wait()
                for one in part:
                    one.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

            threads = [threading.Thread(target=send, args=(sockets[i::8],)) for i in range(8)]
            began = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for one in sockets:
                self.assertTrue(one.recv(4096).startswith(b"HTTP/1.1 200"))
                one.close()
            self.assertLess(time.monotonic() - began, 8, count)


class Batch(unittest.TestCase):
    def lines(self, *lines):
        body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines).encode()
        answer = service.call("POST", "/v1/batch", body, headers={"Idempotency-Key": None, "Content-Type": "application/x-ndjson"})
        self.assertEqual(answer.status, 200, answer.text)
        self.assertEqual(answer.headers["Content-Type"], "application/x-ndjson")
        return [json.loads(line) for line in answer.text.splitlines()]

    def test_every_operation(self):
        account = {"policy": "huawei", "currency": "CNY", "subject": {"kind": "enterprise", "name": "深圳", "id_number": "b", "verified": True}}
        results = self.lines(
            {"op": "account", "account": "b-master", **account}, {"op": "account", "account": "b-member", **account, "master": "b-master"},
            {"op": "topup", "account": "b-master", "ref": "t", "amount": 100000, "method": "alipay"},
            {"op": "charge", "account": "b-master", "ref": "c", "amount": 1000},
            {"op": "reverse", "account": "b-master", "charge": "c"},
            {"op": "claim", "account": "b-master", "claim": "k", "kind": "overdue", "amount": 10},
            {"op": "resource", "account": "b-master", "resource": "r", "state": "active"},
            {"op": "credit", "account": "b-master", "ref": "o", "fund": "other", "amount": 500},
            {"op": "transfer", "ref": "b-x", "from": "b-master", "to": "b-member", "amount": 300},
            {"op": "recall", "ref": "b-x"},
            {"op": "allocation", "ref": "b-a", "master": "b-master", "member": "b-member", "amount": 400},
            {"op": "invoiced", "ref": "b-a", "invoiced": 100}, {"op": "reclaim", "ref": "b-a"},
            {"op": "chargeback", "account": "b-master", "topup": "t", "ref": "cb", "amount": 100})
        self.assertEqual([r["line"] for r in results], list(range(1, 15)))
        self.assertTrue(all(r["status"] in (200, 201) for r in results), results)
        self.assertEqual(service.call("GET", "/v1/accounts/b-master").json["balance"]["topup"], 100000 - 100 - 100)

    def test_a_bad_line_stops_nobody(self):
        service.account("lines")
        results = self.lines({"op": "topup", "account": "lines", "ref": "1", "amount": 5, "method": "alipay"}, "rubbish",
                             {"op": "withdraw", "account": "lines", "amount": 1}, {"op": "charge", "account": "lines", "ref": "2"}, "",
                             {"op": "charge", "account": "nobody", "ref": "2", "amount": 1},
                             {"account": "lines", "ref": "op", "amount": 1, "op": "charge"},
                             {"op": "topup", "account": "lines", "ref": "1", "amount": 6, "method": "alipay"})
        self.assertEqual([r["status"] for r in results], [201, 400, 400, 400, 400, 404, 201, 409])
        self.assertEqual(results[3]["body"]["errors"][0]["pointer"], "/amount")

    def test_a_batch_sent_twice_counts_once(self):
        service.account("twice")
        lines = [{"op": "topup", "account": "twice", "ref": f"t{i}", "amount": 10, "method": "alipay",
                  "paid_at": "2026-11-01T00:00:00+08:00"} for i in range(5000)]
        self.assertEqual({r["status"] for r in self.lines(*lines)}, {201})
        self.assertEqual({r["status"] for r in self.lines(*lines)}, {200})
        self.assertEqual(service.call("GET", "/v1/accounts/twice").json["balance"]["topup"], 50000)

    def test_an_empty_batch(self):
        self.assertEqual(service.call("POST", "/v1/batch", b"", headers={"Content-Type": "application/x-ndjson"}).text, "")


class Demo(unittest.TestCase):
    def test_samples_have_nothing_left_to_send(self):
        for status in ("approved", "dispatching"):
            self.assertEqual([w["account"] for w in service.call("GET", f"/v1/withdrawals?status={status}").json["data"]
                              if w["account"].split("-")[0] in ("ali", "hw", "jd", "pa")], [])
        quote = service.quote("ali-corp").json
        self.assertEqual((quote["cash"], quote["withdrawable"]), (100000, 20000))  # AL-09's worked example

    def test_the_clock_moves_by_and_to(self):
        before = service.call("POST", "/demo/clock", {"advance": "1s"}).json["now"]
        after = service.call("POST", "/demo/clock", {"advance": "1h30m"}).json["now"]
        self.assertLess(before, after)
        for body in ({}, {"advance": "1x"}, {"advance": "h"}, {"advance": "-1h"}, {"advance": "1h", "set": "2026-12-01T00:00:00+08:00"}):
            self.assertEqual(service.call("POST", "/demo/clock", body).status, 400, body)

    def test_the_channel_plays_its_script(self):
        service.account("script")
        service.topup("script", "t", 10000)
        self.assertEqual(service.call("POST", "/demo/channel", {"next": ["refused:NO_MONEY"]}).status, 200)
        self.assertEqual(service.call("POST", "/demo/channel", {"next": ["dance"]}).status, 400)
        made = service.withdraw("script", 500).json
        service.confirm(made)
        failed = wait_for(made["id"], "failed")
        self.assertEqual(failed["legs"][0]["failure"]["code"], "NO_MONEY")
        self.assertEqual(service.quote("script").json["withdrawable"], 10000)

    def test_messages_newest_first(self):
        service.account("mail")
        service.topup("mail", "t", 10000)
        ids = [service.withdraw("mail", 100 + i).json["id"] for i in range(3)]
        data = service.call("GET", "/demo/messages?account=mail&limit=10000").json["data"]
        self.assertEqual([m["withdrawal"] for m in data], ids[::-1])
        self.assertRegex(data[0]["code"], "^[0-9]{6}$")
        self.assertEqual(service.call("GET", "/demo/messages?limit=10001").status, 400)

    def test_without_demo_there_are_no_switches(self):
        plain = Service(PROGRAM, demo=False)
        try:
            for method, path in (("GET", "/demo/messages"), ("POST", "/demo/clock"), ("POST", "/demo/channel")):
                self.assertEqual(plain.call(method, path).status, 404)
            self.assertEqual(plain.call("GET", "/v1/accounts").status, 401)
            self.assertEqual(plain.call("GET", "/readyz").status, 200)
        finally:
            self.assertEqual(plain.stop(), 0)


class House(unittest.TestCase):
    def test_metrics_count(self):
        service.account("metrics")
        text = service.call("GET", "/metrics").text
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        self.assertGreater(int(values["ebb_commands_total"]), 10)
        self.assertGreater(int(values['ebb_http_requests_total{status="2xx"}']), 10)
        self.assertIn("ebb_queue_depth", values)

    def test_a_second_instance_refuses_the_directory(self):
        second = subprocess.run([PROGRAM, "serve", "--demo", "--listen", "127.0.0.1:0", "--data",
                                 service.directory.name + "/data"], capture_output=True, text=True, timeout=20)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("ebb serve:", second.stderr)

    def test_what_was_acknowledged_is_there_after_a_restart_and_samples_are_made_once(self):
        one = Service(PROGRAM)
        one.account("kept")
        one.topup("kept", "t", 777)
        data = one.directory.name + "/data"
        one.connection.close()
        one.process.kill()
        one.process.wait()
        one.process.stdout.close()
        again = subprocess.Popen([PROGRAM, "serve", "--demo", "--data", data, "--listen", "127.0.0.1:0", *one.store],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        port = int(re.search(r":(\d+)", again.stdout.readline().split("127.0.0.1")[1]).group(1))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        head = {"Authorization": "Bearer demo-admin"}
        connection.request("GET", "/v1/accounts/kept", headers=head)
        self.assertEqual(json.loads(connection.getresponse().read())["balance"]["topup"], 777)
        connection.request("GET", "/v1/withdrawals?account=ali-wei", headers=head)
        self.assertEqual(len(json.loads(connection.getresponse().read())["data"]), 1)
        connection.close()
        again.terminate()
        self.assertEqual(again.wait(timeout=10), 0)
        again.stdout.close()
        one.directory.cleanup()


if __name__ == "__main__":
    unittest.main(verbosity=1)
