#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exports as others read them: CSV by Python's csv, workbooks by openpyxl, journals by hledger, ledger and bean-check; and
what they say is what the lists of the API say.

Usage: test_export.py EBB"""
import base64
import collections
import csv
import datetime
import decimal
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

import openpyxl

from browser import OURS, Browser
from service import Service, keys

PROGRAM = sys.argv.pop(1)
JOURNALS = {"hledger": ["hledger", "-f", "{}", "check"], "ledger": ["ledger", "-f", "{}", "balance"],
            "beancount": ["bean-check", "{}"]}
ROWS = {"withdrawals": "/v1/withdrawals", "accounts": "/v1/accounts", "events": "/v1/events", "audit": "/v1/audit"}
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def on_paper(decimal_text):
    return f"{decimal.Decimal(decimal_text):,.2f}"


def yuan(minor):
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"


class Exports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = service = Service(PROGRAM)
        cls.room = tempfile.TemporaryDirectory(prefix="ebb-export-")
        service.call("POST", "/demo/clock", {"set": "2027-03-01T10:00:00+08:00"})
        for ref in ("one", "two", "x.y:z@-"):
            service.account(ref, master="one" if ref == "two" else None)
            for number, name in enumerate(("@cmd", "-1", "plain")):
                service.topup(ref, name, 50000 + number, paid_at="2027-02-20T10:00:00+08:00")
            service.call("POST", f"/v1/accounts/{ref}/charges", {"ref": "c", "amount": 777})
            service.call("POST", f"/v1/accounts/{ref}/credits", {"ref": "v", "fund": "voucher", "amount": 300})
        service.call("POST", "/v1/transfers", {"ref": "tr", "from": "one", "to": "two", "amount": 1234})
        for outcome in ("paid", "bounce_after:24h", "refused:ACQ.TRADE_HAS_FINISHED", "timeout_unpaid", "paid"):
            service.call("POST", "/demo/channel", {"next": [outcome]})
            service.confirm(service.withdraw("one", 1500).json)
            cls.settle("one")
        service.call("POST", "/demo/clock", {"set": "2027-03-03T10:00:00+08:00"})
        service.confirm(service.withdraw("x.y:z@-", 60001).json)
        cls.settle("x.y:z@-")
        service.confirm(service.withdraw("two", 150).json)
        cls.settle("two")

    @classmethod
    def tearDownClass(cls):
        cls.room.cleanup()
        assert cls.service.stop() == 0

    @classmethod
    def settle(cls, account):
        for _ in range(200):
            if not any(leg["status"] in ("held", "sending", "accepted") for w in cls.each(f"/v1/withdrawals?account={account}")
                       for leg in w["legs"]):
                return
            time.sleep(0.05)

    @classmethod
    def each(cls, path):
        cursor = ""
        while cursor is not None:
            page = cls.service.call("GET", f"{path}{'&' if '?' in path else '?'}limit=200{cursor}").json
            yield from page["data"]
            cursor = "&cursor=" + page["next_cursor"] if page["next_cursor"] else None

    @classmethod
    def fetch(cls, name, token="demo-admin", expected=200, **query):
        connection = cls.service.connection
        path = "/v1/exports/" + name + ("?" + urllib.parse.urlencode(query) if query else "")
        connection.request("GET", path, headers={"Authorization": "Bearer " + token})
        response = connection.getresponse()
        data = response.read()
        assert response.status == expected, (path, response.status, data[:400])
        return response.headers, data

    def rows(self, what, **query):
        headers, data = self.fetch(what + ".csv", **query)
        text = data.decode("utf-8-sig")
        self.assertTrue(data.startswith(b"\xef\xbb\xbf"))
        self.assertTrue(text.endswith("\r\n"))
        self.assertNotIn("\n", text.replace("\r\n", ""))
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual(headers["Ebb-Rows"], str(len(rows)))
        self.check_digest(headers, data)
        return rows

    def check_digest(self, headers, data):
        self.assertEqual(headers["Repr-Digest"], "sha-256=:" + base64.b64encode(hashlib.sha256(data).digest()).decode() + ":")

    # ---- CSV ----

    def test_withdrawals_are_those_of_the_list(self):
        listed = sorted(self.each("/v1/withdrawals"), key=lambda w: w["id"])
        rows = self.rows("withdrawals")
        self.assertEqual([(r["id"], r["account"], r["amount"], r["status"], r["label"], r["created_at"]) for r in rows],
                         [(w["id"], w["account"], yuan(w["amount"]), w["status"], w["label"], w["created_at"]) for w in listed])
        headers, _ = self.fetch("withdrawals.csv")
        self.assertEqual(headers["Ebb-Control-Total"], "CNY " + yuan(sum(w["amount"] for w in listed)))
        self.assertEqual(headers["Content-Type"], "text/csv; charset=utf-8")
        self.assertEqual(headers["Content-Disposition"], 'attachment; filename="withdrawals.csv"')

    def test_legs_and_billing_details_are_those_of_the_lists(self):
        legs = {leg["id"]: leg for w in self.each("/v1/withdrawals") for leg in w["legs"]}
        self.assertEqual({r["id"]: (r["amount"], r["status"], r["reference"]) for r in self.rows("legs")},
                         {i: (yuan(leg["amount"]), leg["status"], leg["reference"] or "") for i, leg in legs.items()})
        for account in ("one", "two"):
            entries = sorted(self.each(f"/v1/accounts/{account}/transactions"), key=lambda e: e["id"])
            rows = self.rows("transactions", account=account)
            self.assertEqual([(r["id"], r["type"], r["kind"], r["amount"], r["object"], r["at"]) for r in rows],
                             [(e["id"], e["type"], e["kind"], yuan(e["amount"]), e["object"] or "", e["at"]) for e in entries])

    def test_a_balance_is_carried_along(self):
        for account in ("one", "two", "x.y:z@-"):
            balance = self.service.call("GET", f"/v1/accounts/{account}").json["balance"]
            rows = self.rows("transactions", account=account)
            self.assertEqual(rows[-1]["balance"], yuan(balance["cash"]), account)
            carried = decimal.Decimal(0)
            for row in rows:
                carried += decimal.Decimal(row["change"])
                self.assertEqual(carried, decimal.Decimal(row["balance"]))
            later = self.rows("transactions", account=account, **{"from": "2027-03-02T00:00:00+08:00"})
            self.assertEqual([r["balance"] for r in later], [r["balance"] for r in rows if r["at"] >= "2027-03-02"])
        self.assertEqual({r["balance"] for r in self.rows("transactions", account="one", type="topup")}, {""})
        self.assertEqual({r["change"] for r in self.rows("transactions", type="freeze")}, {"0.00"})

    def test_other_kinds_have_every_row(self):
        for what, path in ROWS.items():
            self.assertEqual(len(self.rows(what)), len(list(self.each(path))), what)
        accounts = {a["ref"]: a for a in self.each("/v1/accounts")}
        for row in self.rows("accounts"):
            self.assertEqual(row["cash"], yuan(accounts[row["account"]]["balance"]["cash"]))
        refs = collections.Counter(r["ref"] for r in self.rows("topups", account="one"))
        self.assertEqual(refs, {"'@cmd": 1, "'-1": 1, "plain": 1}, "what a spreadsheet would run is a text")

    def test_filters(self):
        self.assertEqual(len(self.rows("withdrawals", account="one", status="failed")), 1)
        kinds = {r["kind"] for r in self.rows("transactions", account="one", type="withdrawal")}
        self.assertEqual(kinds, {"settle", "return"})
        first = self.rows("withdrawals", **{"from": "2027-03-01T00:00:00+08:00", "to": "2027-03-02T00:00:00+08:00"})
        self.assertEqual(len(first), 5)
        second = self.rows("legs", **{"from": "2027-03-03T00:00:00+08:00"})
        self.assertEqual({r["account"] for r in second}, {"x.y:z@-", "two"})
        self.assertEqual(self.rows("withdrawals", **{"from": "2030-01-01T00:00:00+08:00"}), [])

    # ---- JSON lines and workbooks ----

    def test_json_lines_say_the_same_in_minor_units(self):
        for what in (*ROWS, "legs", "topups", "transactions"):
            headers, data = self.fetch(what + ".jsonl")
            lines = [json.loads(line) for line in data.decode().splitlines()]
            self.check_digest(headers, data)
            rows = self.rows(what)
            self.assertEqual(len(lines), len(rows))
            for line, row in zip(lines, rows):
                self.assertEqual(list(line), list(row))
                if "amount" in row:
                    self.assertEqual(yuan(line["amount"]), row["amount"])

    def test_a_workbook_has_numbers_and_dates(self):
        headers, data = self.fetch("withdrawals.xlsx")
        self.check_digest(headers, data)
        book = openpyxl.load_workbook(io.BytesIO(data))
        self.assertEqual(book.sheetnames, ["withdrawals", "control"])
        head, *rows = book["withdrawals"].iter_rows(values_only=True)
        lines = self.rows("withdrawals")
        self.assertEqual([dict(zip(head, row))["id"] for row in rows], [line["id"] for line in lines])
        for row, line in zip(rows, lines):
            cells = dict(zip(head, row))
            self.assertEqual(f"{cells['amount']:.2f}", line["amount"])
            self.assertEqual(cells["created_at"], datetime.datetime.fromisoformat(line["created_at"]).astimezone(CHINA)
                             .replace(tzinfo=None, microsecond=0))
        control = {row[0]: row[1] for row in book["control"].iter_rows(values_only=True)}
        self.assertEqual((control["rows"], control["export"]), (len(lines), "withdrawals"))
        self.assertEqual(f"CNY {control['control total']:.2f}", headers["Ebb-Control-Total"])
        texts = openpyxl.load_workbook(io.BytesIO(self.fetch("topups.xlsx", account="one")[1]))["topups"]
        refs = [cell for cell in texts["C"] if cell.value in ("@cmd", "-1")]
        self.assertEqual([cell.data_type for cell in refs], ["s", "s"], [cell.value for cell in texts["C"]])

    # ---- journals ----

    def check_journal(self, form, data):
        path = os.path.join(self.room.name, "books." + form)
        with open(path, "wb") as file:
            file.write(data)
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        done = subprocess.run([part.format(path) for part in JOURNALS[form]], capture_output=True, text=True, timeout=60,
                              env=environment)
        return done.returncode, done.stdout + done.stderr

    def test_three_other_programs_agree_with_the_books(self):
        for form in JOURNALS:
            for query in ({}, {"account": "one"}, {"account": "x.y:z@-"}, {"from": "2027-03-02T00:00:00+08:00"},
                          {"from": "2027-03-01T00:00:00+08:00", "to": "2027-03-02T00:00:00+08:00"}):
                headers, data = self.fetch("journal." + form, **query)
                self.check_digest(headers, data)
                code, text = self.check_journal(form, data)
                self.assertEqual(code, 0, (form, query, text[:1500]))
                self.assertIn("Customers-客户:C-", data.decode())
                self.assertGreater(int(headers["Ebb-Rows"]), 0)

    def test_a_journal_that_was_changed_is_none(self):
        """The assertions are what finds it: both sides of one transaction are changed, so that it still balances."""
        for form in JOURNALS:
            _, data = self.fetch("journal." + form, account="one")
            self.assertIn("15.00 CNY", data.decode())
            lines = data.decode().splitlines(keepends=True)
            at = next(i for i, line in enumerate(lines) if re.match(r"\d.* \* .*settle", line))
            for i in (at + 1, at + 2):
                lines[i] = lines[i].replace("15.00", "16.00")
            self.assertNotEqual(self.check_journal(form, "".join(lines).encode())[0], 0, form)

    def test_balances_are_the_account_s(self):
        account = self.service.call("GET", "/v1/accounts/one").json["balance"]
        _, data = self.fetch("journal.hledger", account="one")
        path = os.path.join(self.room.name, "one.hledger")
        with open(path, "wb") as file:
            file.write(data)
        done = subprocess.run(["hledger", "-f", path, "balance", "-N", "-O", "csv", "Liabilities:Customers-客户:C-one"], capture_output=True,
                              text=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"})
        found = {row[0].rsplit(":", 1)[1]: row[1] for row in list(csv.reader(io.StringIO(done.stdout)))[1:]}
        self.assertEqual(found["Topup-充值"], yuan(-account["topup"] + account["held"]) + " CNY")
        self.assertEqual(found["Voucher-代金券"], yuan(-account["voucher"]) + " CNY")

    # ---- statements ----

    def statement(self, data):
        path = os.path.join(self.room.name, "statement.pdf")
        with open(path, "wb") as file:
            file.write(data)
        done = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, timeout=60)
        self.assertIn("No syntax or stream encoding errors found", done.stdout)
        done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, timeout=60)
        return re.sub(r"\s+", " ", done.stdout)

    def test_a_statement_is_an_account_s(self):
        headers, data = self.fetch("transactions.pdf", token="demo-customer:one")
        self.check_digest(headers, data)
        self.assertEqual(headers["Content-Type"], "application/pdf")
        text = self.statement(data)
        cash = yuan(self.service.call("GET", "/v1/accounts/one").json["balance"]["cash"])
        for words in ("账户对账单", "one", "魏*", "期初余额 Opening", on_paper(cash), "提现 settle", "提现退回 return", "1 / 1"):
            self.assertIn(words, text)
        self.assertNotIn("freeze", text, "what was only held did not move the balance")

    def test_a_statement_of_a_period_begins_with_what_stood_before(self):
        rows = self.rows("transactions", account="x.y:z@-")
        before = [r["balance"] for r in rows if r["at"] < "2027-03-02"][-1]
        query = {"account": "x.y:z@-", "from": "2027-03-02T00:00:00+08:00"}
        text = self.statement(self.fetch("transactions.pdf", **query)[1])
        self.assertIn(on_paper(before), text)
        self.assertIn("2027-03-02 00:00:00 — 至今 now", text)
        empty = self.statement(self.fetch("transactions.pdf", **{**query, "from": "2030-01-01T00:00:00+08:00"})[1])
        self.assertIn("Nothing moved in this period", empty)
        self.assertIn(on_paper(rows[-1]["balance"]), empty)

    def test_a_statement_is_of_one_account_and_of_all_its_movements(self):
        for query in ({}, {"account": "one", "type": "topup"}):
            self.fetch("transactions.pdf", expected=400, **query)
        self.fetch("withdrawals.pdf", expected=400, account="one")
        made = self.job({"what": "transactions", "format": "pdf", "account": "one"}).json
        self.assertEqual(self.done(made)["state"], "done")
        self.assertTrue(self.fetch(made["id"] + "/file")[1].startswith(b"%PDF-"))
        self.assertEqual([n for n in os.listdir(self.service.directory.name + "/data/exports") if n.endswith(".tmp")], [])

    # ---- whose it is ----

    def test_a_customer_exports_its_own(self):
        rows = {r["account"] for r in self.rows("withdrawals", token="demo-customer:one")}
        self.assertEqual(rows, {"one"})
        self.assertEqual({r["account"] for r in self.rows("legs", token="demo-customer:one", account="two")}, {"two"})
        self.assertEqual({r["account"] for r in self.rows("accounts", token="demo-customer:two")}, {"two"})
        for what in ("withdrawals.csv", "transactions.xlsx", "journal.hledger"):
            self.fetch(what, token="demo-customer:two", expected=404, account="one")
            self.fetch(what, token="demo-customer:nobody", expected=404)
        for what in ("audit.csv", "events.jsonl"):
            self.fetch(what, token="demo-customer:one", expected=403)

    def test_who_may_not_list_may_not_export(self):
        pages = {"audit.csv": "/v1/audit", "events.csv": "/v1/events", "withdrawals.csv": "/v1/withdrawals",
                 "accounts.csv": "/v1/accounts", "topups.csv": "/v1/withdrawals", "legs.csv": "/v1/withdrawals"}
        statuses = set()
        for token in ("demo-viewer", "demo-auditor", "demo-support", "demo-treasurer", "demo-billing", "demo-customer:one"):
            for name, page in pages.items():
                status = self.service.call("GET", page, token=token).status
                self.fetch(name, token=token, expected=status)
                job = self.job({"what": name.split(".")[0], "format": "csv"}, token=token)
                self.assertEqual(job.status, 201 if status == 200 else status, (token, name))
                statuses.add((name, status))
        self.assertIn(("audit.csv", 403), statuses)
        self.assertIn(("audit.csv", 200), statuses)

    def test_who_lost_the_right_lost_the_file(self):
        """An auditor who was made a viewer fetches the audit no more."""
        person, where = {"user": "export-eve", "password": "a long river stone"}, "/v1/users/export-eve"
        self.assertEqual(self.service.call("PUT", where, {"roles": ["auditor"], "password": person["password"]}).status, 201)
        eve = Browser(self.service)
        eve.call("POST", "/v1/session", person)
        job = eve.call("POST", "/v1/exports", {"what": "audit", "format": "jsonl"}, headers={**OURS, "Idempotency-Key": "eve-1"})
        self.assertEqual(job.status, 201, job.text)
        made = "/v1/exports/" + job.json["id"]
        self.assertEqual(eve.call("GET", made).status, 200)
        self.assertEqual(self.service.call("PUT", where, {"roles": ["viewer"]}).status, 200)
        eve.call("POST", "/v1/session", person)
        self.assertEqual((eve.call("GET", made).status, eve.call("GET", made + "/file").status), (404, 404))

    # ---- jobs ----

    def job(self, body, key=None, token="demo-admin"):
        return self.service.call("POST", "/v1/exports", body, token=token, headers={"Idempotency-Key": key or f"job-{next(keys)}"})

    def done(self, job, token="demo-admin"):
        for _ in range(200):
            state = self.service.call("GET", "/v1/exports/" + job["id"], token=token).json
            if state["state"] in ("done", "failed"):
                return state
            time.sleep(0.02)
        raise AssertionError(state)

    def test_a_job_makes_the_same_file(self):
        made = self.job({"what": "legs", "format": "csv", "account": "one"})
        self.assertEqual((made.status, made.headers["Location"]), (201, "/v1/exports/" + made.json["id"]))
        state = self.done(made.json)
        direct, data = self.fetch("legs.csv", account="one")
        self.assertEqual((state["state"], state["rows"], state["bytes"]), ("done", int(direct["Ebb-Rows"]), len(data)))
        self.assertEqual(state["sha256"], hashlib.sha256(data).hexdigest())
        headers, file = self.fetch(made.json["id"] + "/file")
        self.assertEqual(file, data)
        for name in ("Ebb-Rows", "Ebb-Control-Total", "Repr-Digest", "Content-Type", "Content-Disposition"):
            self.assertEqual(headers[name], direct[name])

    def test_a_job_is_asked_for_once(self):
        body = {"what": "journal", "format": "beancount"}
        first, again = self.job(body, "once"), self.job(body, "once")
        self.assertEqual((again.status, again.text, again.headers["Idempotent-Replayed"]), (201, first.text, "true"))
        self.done(first.json)
        self.assertEqual(self.job(body, "once").text, first.text)
        other = self.job({"what": "legs", "format": "csv"}, "once")
        self.assertEqual((other.status, other.code), (422, "idempotency_key_reused"))
        self.assertNotEqual(self.job(body, "once", "demo-reviewer").json["id"], first.json["id"])

    def test_a_job_is_its_maker_s(self):
        made = self.job({"what": "legs", "format": "xlsx"}, token="demo-customer:one").json
        self.assertEqual(made["account"], "one")
        self.assertEqual(self.done(made, "demo-customer:one")["state"], "done")
        for path in (made["id"], made["id"] + "/file"):
            self.assertEqual(self.service.call("GET", "/v1/exports/" + path, token="demo-reviewer").status, 404)
        self.assertEqual(self.job({"what": "audit", "format": "csv"}, token="demo-customer:one").status, 403)
        self.assertEqual(self.job({"what": "legs", "format": "csv", "account": "two"}, token="demo-customer:x").status, 404)

    def test_a_job_that_was_cut_off_is_failed_and_made_again(self):
        """As a server leaves it that ended in the middle: asked, and no result."""
        body = {"what": "legs", "format": "jsonl"}
        made = self.job(body, "cut")
        before = self.done(made.json)
        os.unlink(f"{self.service.directory.name}/data/exports/{made.json['id']}.result")
        state = self.service.call("GET", "/v1/exports/" + made.json["id"]).json
        self.assertEqual(state["state"], "failed")
        self.assertEqual(self.service.call("GET", f"/v1/exports/{made.json['id']}/file").code, "state_conflict")
        again = self.job(body, "cut")
        self.assertEqual((again.status, again.json["id"]), (201, made.json["id"]))
        self.assertEqual(self.done(again.json)["sha256"], before["sha256"])

    def test_z_a_job_is_kept_for_three_days(self):
        """The last: it moves the clock."""
        made = self.job({"what": "accounts", "format": "jsonl"}).json
        self.done(made)
        self.service.call("POST", "/demo/clock", {"advance": "71h"})
        self.fetch(made["id"] + "/file")
        self.service.call("POST", "/demo/clock", {"advance": "1h"})
        self.assertEqual(self.service.call("GET", "/v1/exports/" + made["id"]).status, 404)
        directory = self.service.directory.name + "/data/exports"
        self.assertTrue(os.path.exists(f"{directory}/{made['id']}.data"))
        self.done(self.job({"what": "accounts", "format": "csv"}).json)
        self.assertFalse(os.path.exists(f"{directory}/{made['id']}.data"), "what is old goes when something new comes")
        self.assertEqual([name for name in os.listdir(directory) if name.endswith((".tmp", ".new"))], [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
