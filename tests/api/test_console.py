#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the console's files are served: packed for whom wants it, kept where they cannot change, never inline.

Usage: test_console.py EBB"""
import http.client
import re
import subprocess
import sys
import unittest

from service import Service

PROGRAM = sys.argv.pop(1)


class Console(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        page = cls.fetch("/")
        cls.assets = sorted(set(re.findall(r"/console/[\w.-]+", page[2].decode())))
        if not cls.assets:
            cls.tearDownClass()
            raise unittest.SkipTest("the program was built without its console")

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    @classmethod
    def fetch(cls, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", cls.service.port, timeout=60)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, response.headers, data

    def script(self):
        return next(path for path in self.assets if path.endswith(".js"))

    def test_a_page_is_asked_about_each_time_and_what_it_names_is_kept(self):
        for path, kept in (("/", "no-cache"), (self.script(), "public, max-age=31536000, immutable")):
            status, headers, data = self.fetch(path)
            self.assertEqual((status, headers["Cache-Control"], headers["Vary"]), (200, kept, "Accept-Encoding"))
            self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            status, again, nothing = self.fetch(path, If_None_Match=headers["ETag"])
            self.assertEqual((status, again["ETag"], nothing), (304, headers["ETag"], b""))
            status, _, whole = self.fetch(path, If_None_Match='"another"')
            self.assertEqual((status, whole), (200, data))

    def test_it_is_packed_only_for_those_who_ask_for_it(self):
        path = self.script()
        plain = self.fetch(path)[2]
        for accepted, packed in (("br", True), ("gzip, br", True), (" gzip ,\tBR", True), ("br;q=0.5, gzip", True), ("br;q=0.001", True),
                                 ("br; q=1", True), ("br;q=0", False), ("br;q=0.000", False), ("br;q=0., gzip", False),
                                 ("gzip", False), ("brotli", False), ("*", False), ("", False)):
            _, headers, data = self.fetch(path, Accept_Encoding=accepted)
            self.assertEqual(headers.get("Content-Encoding"), "br" if packed else None, accepted)
            self.assertEqual(len(data) < len(plain) if packed else data == plain, True, accepted)

    def test_unpacked_it_is_the_same(self):
        """By curl's own reading of the coding."""
        url = f"http://127.0.0.1:{self.service.port}{self.script()}"
        unpacked = subprocess.run(["curl", "-s", "--compressed", url], capture_output=True, timeout=60, check=True).stdout
        self.assertEqual(unpacked, self.fetch(self.script())[2])

    def test_only_what_is_there_is_served(self):
        for path in ("/console/none.js", "/console/index.html", "/console/demo.html", "/console/..%2Findex.html", "/console/"):
            status, _, data = self.fetch(path)
            self.assertEqual(status, 404, path)
            self.assertNotIn(b"<html", data, path)


if __name__ == "__main__":
    unittest.main()
