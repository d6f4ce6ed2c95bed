#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is on record: the story of one withdrawal as staff read it, what the period moved, what a person must look at, and
what a policy asks of its customers.

Usage: test_record.py EBB"""
import base64
import os
import sqlite3
import sys
import time
import unittest

from service import Service, cluster

PROGRAM = sys.argv.pop(1)
HERE = os.path.dirname(os.path.abspath(__file__))
PAPER = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()
DESTINATION = {"kind": "bank", "name": "魏明", "account": "6222020000001234", "bank": "ICBC", "branch": "中关村支行",
               "province": "北京市", "city": "北京市"}


class Told(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        cls.service.call("POST", "/demo/clock", {"set": "2027-03-01T10:00:00+08:00"})

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    def bring(self, account, name):
        body = {"account": account, "name": name, "media_type": "application/pdf", "content": PAPER}
        answer = self.service.call("POST", "/v1/documents", body, token="demo-customer:" + account)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json["id"]

    def review(self, withdrawal, decision, reason):
        path = f"/v1/withdrawals/{withdrawal['id']}"
        etag = self.service.call("GET", path).headers["ETag"]
        answer = self.service.call("POST", path + "/review", {"decision": decision, "reason": reason}, token="demo-reviewer",
                                   headers={"If-Match": etag})
        self.assertEqual(answer.status, 200, answer.text)

    def until(self, withdrawal, status):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            seen = self.service.call("GET", f"/v1/withdrawals/{withdrawal['id']}").json
            if seen["status"] == status:
                return
            time.sleep(0.05)
        self.fail(seen)

    def history(self, withdrawal, token="demo-support"):
        return self.service.call("GET", f"/v1/withdrawals/{withdrawal['id']}/history", token=token)

    def get(self, path, token="demo-admin", **headers):
        answer = self.service.call("GET", path, token=token, headers=headers)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def trail(self, withdrawal, token="demo-auditor", **query):
        path = f"/v1/withdrawals/{withdrawal['id']}/audit?" + "&".join(f"{name}={value}" for name, value in query.items())
        return self.service.call("GET", path.rstrip("?"), token=token)

    def rejected_with_a_document(self, account):
        self.service.account(account, "pingan")
        self.service.topup(account, account + "-1", 50000, paid_at="2027-02-20T10:00:00+08:00")
        brought, _ = self.bring(account, "contract.pdf"), self.bring(account, "other.pdf")
        made = self.service.withdraw(account, 100, destination=DESTINATION, documents=[brought]).json
        self.service.confirm(made)
        self.review(made, "reject", "another's account")
        return made


class Records(Told):
    # ---- one withdrawal ----

    def test_a_payment_that_came_back_is_told_from_end_to_end(self):
        self.service.account("zoe", "pingan")
        self.service.topup("zoe", "z1", 50000, paid_at="2027-02-20T10:00:00+08:00")
        brought, unused = self.bring("zoe", "contract.pdf"), self.bring("zoe", "other.pdf")
        self.service.call("POST", "/demo/channel", {"next": ["bounce_after:72h"]})
        made = self.service.withdraw("zoe", 12300, destination=DESTINATION, documents=[brought]).json
        self.service.confirm(made)
        self.review(made, "approve", "the contract fits")
        self.until(made, "successful")
        self.service.call("POST", "/demo/clock", {"advance": "73h"})
        self.until(made, "returned")
        told = self.history(made).json
        self.assertEqual((told["id"], told["maker"]), (made["id"], "demo-customer:zoe"))
        self.assertEqual([(r["reviewer"], r["decision"], r["reason"], r["version"]) for r in told["reviews"]],
                         [("demo-reviewer", "approve", "the contract fits", 2)])
        self.assertEqual([(e["channel"], e["source"], e["kind"], e["amount"], e["effect"]) for e in told["evidence"]],
                         [("bankfile", "reply", "paid", 12300, "settled"),
                          ("bankfile", "callback", "returned", 12300, "returned")])
        self.assertEqual(len({(e["attempt"], e["key"], e["reference"]) for e in told["evidence"]}), 1, "of one payment")
        self.assertEqual([(d["id"], d["name"], d["size"]) for d in told["documents"]], [(brought, "contract.pdf", 15)])
        self.assertNotIn(unused, str(told))
        self.assertEqual([e["kind"] for e in told["entries"]], ["freeze", "settle", "return"])
        for entry in told["entries"]:
            self.assertEqual(sum(posting["amount"] for posting in entry["postings"]), 0, entry)

    def test_a_withdrawal_that_was_rejected_has_no_evidence(self):
        self.service.account("yan", "pingan")
        self.service.topup("yan", "y1", 50000, paid_at="2027-02-20T10:00:00+08:00")
        made = self.service.withdraw("yan", 100, destination=DESTINATION).json
        before = self.history(made).json
        self.assertEqual([before[part] for part in ("reviews", "evidence", "documents", "entries")], [[], [], [], []])
        self.service.confirm(made)
        self.review(made, "reject", "another's account")
        told = self.history(made).json
        self.assertEqual([(r["decision"], r["reason"]) for r in told["reviews"]], [("reject", "another's account")])
        self.assertEqual((told["evidence"], [e["kind"] for e in told["entries"]]), ([], ["freeze", "release"]))

    def test_the_story_is_for_staff_only(self):
        self.service.account("xu")
        self.service.topup("xu", "x1", 50000, paid_at="2027-02-20T10:00:00+08:00")
        made = self.service.withdraw("xu", 100).json
        self.assertEqual(self.history(made, "demo-customer:xu").status, 403)
        self.assertEqual(self.history({"id": "wd_0000000000001"}).code, "not_found")

    # ---- its audit ----

    def test_the_audit_of_a_withdrawal_is_who_did_what_to_it(self):
        made = self.rejected_with_a_document("wu")
        told = self.trail(made).json["data"]
        self.assertEqual([(row["command"], row["principal"]) for row in told],
                         [("document", "demo-customer:wu"), ("withdraw", "demo-customer:wu"), ("code", "demo-customer:wu"),
                          ("review", "demo-reviewer")])
        self.assertEqual([row["seq"] for row in told], sorted(row["seq"] for row in told))
        self.assertTrue(all(row["holds"] for row in told))
        whole = {row["seq"]: row for row in self.get("/v1/audit?limit=200&order=newest")["data"]}
        for row in told:
            self.assertEqual({**whole[row["seq"]], "holds": True}, row, "as it stands in the chain")
        self.assertIn({"o": made["id"], "from": "in_review", "event": "reject", "to": "rejected"}, told[-1]["body"]["moves"])

    def test_the_audit_comes_in_pages_and_to_auditors(self):
        made = self.rejected_with_a_document("xia")
        seen, cursor = [], {}
        while True:
            page = self.trail(made, limit=1, **cursor).json
            seen += page["data"]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        self.assertEqual(seen, self.trail(made).json["data"])
        self.assertEqual([self.trail(made, token).status for token in ("demo-support", "demo-customer:xia", "demo-admin")],
                         [403, 403, 200])
        self.assertEqual(self.trail({"id": "wd_0000000000001"}).code, "not_found")

    # ---- the house ----

    def test_a_chargeback_that_is_not_covered_waits_for_somebody(self):
        service = self.service
        service.account("bo")
        service.topup("bo", "b1", 10000, paid_at="2027-02-20T10:00:00+08:00")
        service.call("POST", "/v1/accounts/bo/charges", {"ref": "c1", "amount": 4000})
        answer = service.call("POST", "/v1/accounts/bo/topups/b1/chargeback", {"ref": "cb1", "amount": 10000})
        self.assertEqual(answer.json["unpaid"], 4000, answer.text)
        told = [i for i in self.get("/v1/incidents")["data"] if i["account"] == "bo"]
        self.assertEqual([(i["kind"], i["amount"], i["currency"], i["withdrawal"]) for i in told],
                         [("chargeback_short", 4000, "CNY", None)])

    def test_what_came_in_went_out_of_somewhere(self):
        self.service.account("li")
        self.service.topup("li", "l1", 4711, paid_at="2027-02-20T10:00:00+08:00")
        lines = self.get("/v1/ledger?from=2027-02-01T00:00:00Z&to=2027-04-01T00:00:00Z")["data"]
        self.assertEqual(sum(line["in"] for line in lines), sum(line["out"] for line in lines))
        self.assertIn(("channel", "alipay"), {(line["ledger"], line["channel"]) for line in lines})
        self.assertEqual(self.get("/v1/ledger?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z")["data"], [])

    # ---- what a policy asks ----

    def terms(self, account, policy):
        self.service.account(account, policy)
        return self.get(f"/v1/accounts/{account}/terms", token="demo-customer:" + account)

    def test_a_form_can_be_made_of_the_terms(self):
        """The table of each vendor's route, as the manual has it: who decides, whose name, papers, how long."""
        wanted = {
            "pingan": {"designated": ("always", "subject", 0, ["bank"], ["bank", "branch"], ("working_days", 10, 15), "PA-05")},
            "alibaba": {"original": ("flagged", "any", 0, None, None, ("minutes", 0, 60), "AL-03"),
                        "designated": ("always", "subject_or_documents", 1, ["bank", "alipay"],
                                       ["bank", "branch", "province", "city"], ("days", 7, 15), "AL-04"),
                        "application": ("always", "subject_or_documents", 1, ["bank", "alipay"],
                                        ["bank", "branch", "province", "city"], ("days", 7, 15), "AL-07")},
        }
        for policy, routes in wanted.items():
            told = self.terms("terms-" + policy, policy)
            self.assertEqual((told["policy"], told["currency"], told["minimum"], told["fee"]), (policy, "CNY", 1, 0))
            found = {}
            for route in told["routes"]:
                where, arrival = route["destination"] or {}, route["arrival"]
                found[route["route"]] = (route["review"], route["payee"], route["documents_min"], where.get("kinds"),
                                         where.get("bank_needs"), (arrival["unit"], arrival["least"], arrival["most"]),
                                         route["rule"])
            self.assertEqual(found, routes)

    def test_reasons_are_told_in_both_languages(self):
        routes = {route["route"]: route for route in self.terms("terms-reasons", "alibaba")["routes"]}
        reasons = {r["code"]: (r["inside_window"], r["words"]["zh"]) for r in routes["designated"]["reasons"]}
        self.assertEqual(reasons["window_passed"], (False, "已超过原路退回时限"))
        self.assertEqual(reasons["original_account_closed"], (True, "原充值账户已销户或无法收款"))
        self.assertEqual(routes["original"]["reasons"], [])

    def test_terms_and_cases_are_one_s_own(self):
        self.service.account("own")
        for what in ("terms", "cases"):
            for account in ("own", "nobody"):
                answer = self.service.call("GET", f"/v1/accounts/{account}/{what}", token="demo-customer:other")
                self.assertEqual((answer.status, answer.code), (404, "not_found"))

    def test_cases_are_listed_newest_first(self):
        self.service.account("case")
        token, opened = "demo-customer:case", []
        self.assertEqual(self.get("/v1/accounts/case/cases", token=token)["data"], [])
        for reason in ("first", "second"):
            answer = self.service.call("POST", "/v1/cases", {"account": "case", "kind": "corporate_transfer", "reason": reason},
                                       token=token)
            self.assertEqual(answer.status, 201, answer.text)
            opened.append(answer.json["id"])
        told = self.get("/v1/accounts/case/cases", token=token)["data"]
        self.assertEqual([(case["id"], case["account"], case["state"]) for case in told],
                         [(opened[1], "case", "open"), (opened[0], "case", "open")])

    def test_a_policy_explains_itself_in_the_language_that_is_asked_for(self):
        names = [policy["name"] for policy in self.get("/v1/policies")["data"] if policy["newest"]]
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            for language, words in (("zh", "可提多少"), ("en", "How much"), ("fr, en;q=0.5", "How much")):
                told = self.get("/v1/policies/" + name, **{"Accept-Language": language})
                self.assertIn(words, told["explanation"], (name, language))
        self.assertEqual(self.service.call("GET", "/v1/policies/none").code, "not_found")



@unittest.skipIf(cluster.asked(), "the file of the books is SQLite's")
class Changed(Told):
    """Somebody who has the file of the books changes a row of the audit: it is shown as one that does not hold."""
    def test_a_row_that_was_changed_does_not_hold(self):
        made = self.rejected_with_a_document("ying")
        before = self.trail(made).json["data"]

        def change():
            books = sqlite3.connect(self.service.directory.name + "/data/ebb.db")
            guard, = books.execute("SELECT sql FROM sqlite_schema WHERE name = 'audit_fixed'").fetchone()
            books.execute("DROP TRIGGER audit_fixed")
            books.execute("UPDATE audit SET principal = 'demo-reviewer-2' WHERE seq = ?", (before[-1]["seq"],))
            books.execute(guard)
            books.commit()
            books.close()

        self.service.restart(between=change)
        told = self.trail(made).json["data"]
        self.assertEqual([row["holds"] for row in told], [True, True, True, False])
        self.assertEqual(told[-1]["hash"], before[-1]["hash"])

    def test_it_is_read_by_its_index(self):
        with open(os.path.join(HERE, "..", "..", "sql", "query", "http.sql"), encoding="utf-8") as file:
            text = file.read().split("-- name: audit_of\n")[1].split(";")[0]
        books = sqlite3.connect(f"file:{self.service.directory.name}/data/ebb.db?mode=ro", uri=True)
        plan = books.execute("EXPLAIN QUERY PLAN " + text.replace("$", ":"), {"object": 1, "after": 0, "limit": 9}).fetchall()
        books.close()
        self.assertIn("USING INDEX audit_of", str(plan))


if __name__ == "__main__":
    unittest.main()
