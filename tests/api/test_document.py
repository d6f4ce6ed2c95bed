#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Documents: what a file is by its bytes, who may see it, and how it is shown.

Usage: test_document.py EBB"""
import base64
import struct
import sys
import unittest
import zlib

from service import Service

PROGRAM = sys.argv.pop(1)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png():
    pixels = zlib.compress(b"".join(b"\0" + b"\x80" * 3 * 2 for _ in range(2)))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


def jpeg():
    segment, frame = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0", b"\xff\xc0\x00\x0b\x08\0\x08\0\x08\x01\x01\x11\x00"
    return b"\xff\xd8" + segment + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x55" * 20 + b"\xff\xd9"


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
# (what, bytes, the type that they are, or None)
FILES = [
    ("a PDF", PDF, "application/pdf"), ("a PDF of the second edition", b"%PDF-2.0\n%%EOF\n", "application/pdf"),
    ("a PNG", png(), "image/png"), ("a PNG that was cut short", png()[:40], "image/png"), ("a JPEG", jpeg(), "image/jpeg"),
    ("a JPEG that was cut short", jpeg()[:24], "image/jpeg"),
    ("a PNG's signature with something behind it", b"\x89PNG\r\n\x1a\n" + bytes(64), "image/png"), ("half a word", b"%PDF", None),
    ("a page", b"<html><script>alert(1)</script>", None), ("a page before a PDF", b"<html>%PDF-1.4\n", None),
    ("a picture as text", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", None),
    ("a program", b"MZ\x90\0", None), ("an archive", b"PK\x03\x04", None), ("GIF", b"GIF89a" + b"\0" * 20, None),
]


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        for ref in ("anna", "boris"):
            cls.service.account(ref)

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    def upload(self, data, media_type="application/pdf", name="a.bin", token="demo-customer:anna"):
        body = {"account": "anna", "name": name, "media_type": media_type, "content": base64.b64encode(data).decode()}
        return self.service.call("POST", "/v1/documents", body, token=token)

    def raw(self, document, token):
        self.service.connection.request("GET", f"/v1/documents/{document}/content", headers={"Authorization": "Bearer " + token})
        response = self.service.connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()

    def test_what_a_file_is_its_bytes_say(self):
        for what, data, kind in FILES:
            for said in ("application/pdf", "image/png", "image/jpeg"):
                answer = self.upload(data, said)
                self.assertEqual(answer.status, 201 if said == kind else 422, (what, said, answer.text))

    def test_a_type_that_the_bytes_are_not_is_refused(self):
        for data, said in ((PDF, "image/png"), (png(), "image/jpeg"), (jpeg(), "application/pdf"), (PDF, "text/html")):
            answer = self.upload(data, said)
            self.assertEqual((answer.status, answer.code), (422, "invalid_value"), said)
        self.assertEqual(self.upload(PDF, "application/pdf").status, 201)

    def test_it_is_shown_as_what_it_is_and_nothing_else(self):
        for data, kind in ((PDF, "application/pdf"), (png(), "image/png"), (jpeg(), "image/jpeg")):
            document = self.upload(data, kind, name='证件 "1"; x.png').json["id"]
            for token in ("demo-customer:anna", "demo-reviewer"):
                status, headers, got = self.raw(document, token)
                self.assertEqual((status, got, headers["Content-Type"]), (200, data, kind))
                self.assertEqual((headers["X-Content-Type-Options"], headers["Cache-Control"]), ("nosniff", "no-store"))
                self.assertIn("frame-ancestors 'self'", headers["Content-Security-Policy"])
                self.assertEqual("sandbox" in headers["Content-Security-Policy"], kind != "application/pdf")
                self.assertEqual(headers["Content-Disposition"], 'inline; filename="document"; filename*=UTF-8\'\''
                                 "%E8%AF%81%E4%BB%B6%20%221%22%3B%20x.png")

    def test_what_was_asked_of_the_customer_staff_cannot_bring(self):
        """An approver who asks for documents does not answer the question."""
        self.service.call("POST", "/v1/accounts/anna/topups", {"ref": "t1", "amount": 10000, "method": "bank_transfer"})
        withdrawal = self.service.withdraw("anna", 5000, destination={"kind": "bank", "name": "魏明", "account": "6222021234567890",
                                                                     "bank": "ICBC", "branch": "b", "province": "p", "city": "c"},
                                           documents=[self.upload(PDF).json["id"]]).json
        self.assertEqual(self.service.confirm(withdrawal).status, 200)
        where = "/v1/withdrawals/" + withdrawal["id"]
        etag = self.service.call("GET", where).headers["ETag"]
        self.assertEqual(self.service.call("POST", where + "/review", {"decision": "need_documents", "reason": "the form"},
                                           token="demo-reviewer", headers={"If-Match": etag}).status, 200)
        body = {"withdrawal": withdrawal["id"], "name": "a.pdf", "media_type": "application/pdf",
                "content": base64.b64encode(PDF).decode()}
        self.assertEqual(self.service.call("POST", "/v1/documents", body, token="demo-reviewer").status, 201)
        self.assertEqual(self.service.call("GET", where).json["status"], "need_documents")
        self.assertEqual(self.service.call("POST", "/v1/documents", body, token="demo-customer:anna").status, 201)
        self.assertEqual(self.service.call("GET", where).json["status"], "in_review")

    def test_others_do_not_see_it(self):
        document = self.upload(PDF).json["id"]
        for token in ("demo-customer:boris",):
            self.assertEqual(self.raw(document, token)[0], 404)
            self.assertEqual(self.service.call("GET", "/v1/documents/" + document, token=token).status, 404)

    def test_five_mebibytes_are_the_most(self):
        self.assertEqual(self.upload(PDF + b"%" * ((5 << 20) - len(PDF) - 3)).status, 201)
        self.assertEqual(self.upload(PDF + b"%" * (5 << 20)).status, 422)


if __name__ == "__main__":
    unittest.main()
