#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receipts as their holders have them: the signature by OpenSSL, the page by qpdf, poppler and zbar, what was forged by
our own verifier, and what changed later by the page of the QR code.

Usage: test_receipt.py EBB"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

from service import Service

PROGRAM = sys.argv.pop(1)
OPERATOR = "云舟科技有限公司 \"Yunzhou\" <Ltd.>"
DESTINATION = {"kind": "bank", "name": "魏明", "account": "6222020000001234", "bank": "ICBC", "branch": "中关村支行",
               "province": "北京市", "city": "北京市"}


def run(*command, data=None):
    done = subprocess.run(command, input=data, capture_output=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


class Receipts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM, "--operator", OPERATOR)
        cls.room = tempfile.TemporaryDirectory(prefix="ebb-receipt-")
        service = cls.service
        service.call("POST", "/demo/clock", {"set": "2027-03-01T10:00:00+08:00"})
        service.account("holder")
        for number in range(3):
            service.topup("holder", f"t{number}", 40000, paid_at="2027-02-20T10:00:00+08:00")
        cls.paid = cls.pay(100005, "paid", "bounce_after:72h", "paid")
        cls.key = service.call("GET", "/v1/verify", token=None).json["key"]
        cls.receipt = cls.fetch("receipt").json
        cls.pdf = cls.fetch_bytes("receipt.pdf")

    @classmethod
    def tearDownClass(cls):
        cls.room.cleanup()
        assert cls.service.stop() == 0

    @classmethod
    def pay(cls, amount, *outcomes, account="holder", **more):
        cls.service.call("POST", "/demo/channel", {"next": list(outcomes)})
        made = cls.service.withdraw(account, amount, **more).json
        cls.service.confirm(made)
        for _ in range(200):
            seen = cls.service.call("GET", "/v1/withdrawals/" + made["id"]).json
            if seen["finished_at"] is not None or seen["status"] == "in_review":
                return seen
            time.sleep(0.05)
        raise AssertionError(seen)

    @classmethod
    def fetch(cls, what, token="demo-customer:holder"):
        return cls.service.call("GET", f"/v1/withdrawals/{cls.paid['id']}/{what}", token=token)

    @classmethod
    def fetch_bytes(cls, what, withdrawal=None, token="demo-customer:holder"):
        connection = cls.service.connection
        connection.request("GET", f"/v1/withdrawals/{withdrawal or cls.paid['id']}/{what}",
                           headers={"Authorization": "Bearer " + token})
        response = connection.getresponse()
        data = response.read()
        assert (response.status, response.headers["Content-Type"]) == (200, "application/pdf"), (response.status, data[:300])
        return data

    def keep(self, name, data):
        path = os.path.join(self.room.name, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def verify(self, data, *more):
        return run(PROGRAM, "receipt", "verify", self.keep("one", data), *more)

    # ---- the statement ----

    def test_its_signature_is_openssl_s(self):
        """Nothing of ours but the text: canonical by Python's sorting, the key and the signature from their hex."""
        content = {name: value for name, value in self.receipt.items() if name != "signature"}
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        der = bytes.fromhex("302a300506032b6570032100") + bytes.fromhex(self.key)
        key = self.keep("key.der", der)
        signature = self.keep("signature", bytes.fromhex(self.receipt["signature"]))
        for data, good in ((text, True), (text.replace(b"1000.05", b"9000.05"), False)):
            done = run("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-keyform", "DER", "-rawin",
                       "-in", self.keep("text", data), "-sigfile", signature)
            self.assertEqual(done[0] == 0, good, done)

    def test_it_says_what_was_paid_and_masks_whom(self):
        content = self.receipt["receipt"]
        self.assertEqual((content["requested"], content["paid"], content["fee"]), ("1000.05", "1000.05", "0.00"))
        self.assertEqual((content["holder"], content["destination"], len(content["payments"])), ("魏*", None, 3))
        self.assertEqual(self.receipt["operator"], OPERATOR)
        self.assertNotIn("魏明", json.dumps(self.receipt, ensure_ascii=False))

    def test_the_same_state_has_the_same_proof(self):
        again = self.fetch("receipt").json
        self.assertEqual((again["proof"], again["receipt"]), (self.receipt["proof"], self.receipt["receipt"]))

    # ---- verifying without a network ----

    def test_a_receipt_is_genuine_by_the_operator_s_key(self):
        directory = self.service.directory.name + "/data"
        self.assertEqual(run(PROGRAM, "receipt", "key", "--data", directory), (0, self.key + "\n"))
        indented = json.dumps(dict(reversed(self.receipt.items())), indent=2).encode()
        for data in (json.dumps(self.receipt).encode(), indented, self.pdf):
            for how in (("--key", self.key), ("--data", directory)):
                code, text = self.verify(data, *how)
                self.assertEqual((code, text.split("\n")[0].split(": ")[1]), (0, "genuine"), text)
                self.assertIn("paid        1000.05 CNY of 1000.05", text)

    def test_without_a_key_nobody_vouches(self):
        for data in (json.dumps(self.receipt).encode(), self.pdf):
            code, text = self.verify(data)
            self.assertEqual(code, 3, text)
            self.assertIn("not known", text)

    def test_another_s_key_is_not_the_operator_s(self):
        code, text = self.verify(json.dumps(self.receipt).encode(), "--key", "ab" * 32)
        self.assertEqual(code, 1)
        self.assertIn("another key", text)

    def test_what_was_changed_is_refused(self):
        other = json.loads(json.dumps(self.receipt))
        other["receipt"]["paid"] = "9000.05"
        more = {**self.receipt, "note": "and more"}
        signed = json.dumps(self.receipt)
        for data in (json.dumps(other), json.dumps(more), signed.replace("holder", "Holder", 1),
                     signed.replace(self.receipt["signature"][:8], "00000000"), signed.replace('"successful"', '"returned"', 1)):
            code, text = self.verify(data.encode(), "--key", self.key)
            self.assertEqual(code, 1, text)
            self.assertIn("NOT genuine: it was changed", text)
            self.assertNotIn("paid ", text, "nothing is repeated of what cannot be believed")
        for data in (b"", b"{}", b"[]", b"%PDF-1.5\n", signed[:-5].encode(), b"\xff" * 200, signed.replace("ebb-receipt-1", "x").encode()):
            code, text = self.verify(data, "--key", self.key)
            self.assertEqual(code, 1, text)
            self.assertIn("NOT genuine", text)

    def test_every_part_of_the_page_is_signed(self):
        """A byte of the drawing, of the attachment, of the signature, one more at the end, the end cut off."""
        size = len(self.pdf)
        for at in list(range(0, size, size // 20)) + [size - 1, size - 40]:
            data = bytearray(self.pdf)
            data[at] ^= 1
            self.assertEqual(self.verify(bytes(data), "--key", self.key)[0], 1, at)
        for data in (self.pdf + b"\n", self.pdf[:-1], self.pdf[:-143], self.pdf[:-143] + b"% more\n" + self.pdf[-142:]):
            code, text = self.verify(data, "--key", self.key)
            self.assertEqual(code, 1, text)

    # ---- the page ----

    def test_the_page_is_well_formed(self):
        path = self.keep("page.pdf", self.pdf)
        code, text = run("qpdf", "--check", path)
        self.assertEqual(code, 0, text)
        self.assertIn("No syntax or stream encoding errors found", text)
        self.assertEqual(run("qpdf", "--show-npages", path)[1].strip(), "1")
        self.assertLess(len(self.pdf), 300_000)

    def test_the_page_says_what_the_statement_says(self):
        path = self.keep("page.pdf", self.pdf)
        text = re.sub(r"\s+", " ", run("pdftotext", "-layout", path, "-")[1])
        for words in ("提现回单", "云舟科技有限公司", "¥ 1,000.05", "壹仟元零伍分", "魏*", "原路退回 Original route",
                      "支付宝 Alipay", "提现成功", self.paid["id"], self.receipt["proof"], "holder", "2027-03-01 10:00:00",
                      self.receipt["receipt"]["payments"][0]["reference"]):
            self.assertIn(words, text)

    def test_the_signed_statement_is_attached(self):
        path, target = self.keep("page.pdf", self.pdf), os.path.join(self.room.name, "attached.json")
        self.assertEqual(run("pdfdetach", "-save", "1", "-o", target, path)[0], 0)
        with open(target, "rb") as file:
            attached = file.read()
        self.assertEqual(json.loads(attached)["receipt"], self.receipt["receipt"])
        self.assertEqual(self.verify(attached, "--key", self.key)[0], 0)

    def test_the_code_on_the_page_leads_to_its_verification(self):
        path = self.keep("page.pdf", self.pdf)
        run("pdftoppm", "-r", "150", "-png", path, os.path.join(self.room.name, "page"))
        code, text = run("zbarimg", "-q", "--raw", os.path.join(self.room.name, "page-1.png"))
        self.assertEqual(code, 0, text)
        self.assertIn(f"http://127.0.0.1:{self.service.port}/verify/", text)

    def test_many_payments_are_one_page(self):
        self.service.account("many")
        for number in range(30):
            self.service.topup("many", f"m{number}", 100, paid_at="2027-02-20T10:00:00+08:00")
        many = self.pay(3000, account="many")
        pdf = self.fetch_bytes("receipt.pdf", many["id"], "demo-customer:many")
        path = self.keep("many.pdf", pdf)
        self.assertEqual(run("qpdf", "--show-npages", path)[1].strip(), "1")
        self.assertIn("另有 21 笔", run("pdftotext", "-layout", path, "-")[1])

    def test_a_designated_account_is_masked(self):
        self.service.account("far", "pingan")
        self.service.topup("far", "f1", 50000, paid_at="2027-02-20T10:00:00+08:00")
        made = self.pay(12300, account="far", destination=DESTINATION)
        self.assertEqual(made["status"], "in_review")
        path = f"/v1/withdrawals/{made['id']}"
        self.service.call("POST", path + "/review", {"decision": "reject", "reason": "no"}, token="demo-reviewer",
                          headers={"If-Match": self.service.call("GET", path).headers["ETag"]})
        pdf = self.fetch_bytes("receipt.pdf", made["id"], "demo-customer:far")
        text = run("pdftotext", "-layout", self.keep("far.pdf", pdf), "-")[1]
        for words in ("****1234", "ICBC", "没有款项付出", "零元整"):
            self.assertIn(words, text)
        self.assertNotIn("6222020000001234", pdf.decode("latin-1") + text)

    # ---- and online ----

    def code(self, receipt=None):
        return (receipt or self.receipt)["verify"].rsplit("/", 1)[1]

    def test_only_a_code_of_ours_is_answered(self):
        self.assertEqual(self.service.call("GET", "/v1/verify/" + self.code(), token=None).status, 200)
        good = self.code()
        swapped = ("B" if good[30] == "A" else "A")
        for bad in (good[:30] + swapped + good[31:], good[:-1], good + "A", "x", "wd_0000000000001", good.lower(), "A" * 54):
            answer = self.service.call("GET", "/v1/verify/" + bad, token=None)
            self.assertEqual((answer.status, answer.code), (404, "not_found"), bad)
            page = self.service.call("GET", "/verify/" + bad, token=None)
            self.assertEqual(page.status, 404, bad)
            self.assertIn("没有这样的回单", page.text)

    def test_others_get_no_receipt(self):
        for what in ("receipt", "receipt.pdf"):
            self.assertEqual(self.fetch(what, token="demo-customer:stranger").status, 404)
        made = self.service.withdraw("holder", 100).json
        for what in ("receipt", "receipt.pdf"):
            answer = self.service.call("GET", f"/v1/withdrawals/{made['id']}/{what}")
            self.assertEqual((answer.status, answer.code), (409, "state_conflict"))

    def test_what_changed_later_is_told(self):
        """A bank sends a payment back after three days."""
        answer = self.service.call("GET", "/v1/verify/" + self.code(), token=None)
        self.assertEqual((answer.json["verdict"], answer.json["receipt"]), ("current", self.receipt["receipt"]))
        self.assertIn("Genuine; nothing has changed since", self.service.call("GET", "/verify/" + self.code(), token=None).text)
        self.service.call("POST", "/demo/clock", {"advance": "73h"})
        for _ in range(200):
            answer = self.service.call("GET", "/v1/verify/" + self.code(), token=None)
            if answer.json["verdict"] != "current":
                break
            time.sleep(0.05)
        self.assertEqual(answer.json["verdict"], "superseded")
        returned = [p for p in answer.json["receipt"]["payments"] if p["status"] == "returned"]
        self.assertEqual(len(returned), 1)
        page = self.service.call("GET", "/verify/" + self.code(), token=None).text
        self.assertIn("what changed since stands below", page)
        self.assertIn("returned", page)
        self.assertIn("&#60;Ltd.&#62;", page, "names are text, not markup")
        self.assertEqual(self.verify(self.pdf, "--key", self.key)[0], 0, "an old receipt is old, not false")
        self.assertIn("as of now", self.verify(self.pdf, "--key", self.key)[1])
        self.assertNotEqual(self.fetch("receipt").json["proof"], self.receipt["proof"])


if __name__ == "__main__":
    unittest.main(verbosity=1)
