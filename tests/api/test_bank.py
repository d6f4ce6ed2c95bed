#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The directory of banks: what is found by what, and the operator's own lists.

Usage: test_bank.py EBB"""
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

from service import Service

PROGRAM = sys.argv.pop(1)
BRANCHES = "bank,name_zh,province,city,cnaps,initials\n"
# (query, codes and branches that are found)
FOUND = [
    ("ICBC", [("ICBC", None)]), ("icbc", [("ICBC", None)]), ("bohai", [("CBHB", None)]), ("江苏", [("JSBANK", None)]),
    ("zggsyh", [("ICBC", None)]), ("ZGGSYH", [("ICBC", None)]), ("102100099996", [("ICBC", None)]), ("1021", [("ICBC", None)]),
    ("招商银行深圳", [("CMB", "招商银行深圳分行")]), ("zsyhszfh", [("CMB", "招商银行深圳分行")]), ("nothing", []), ("商银行深圳分行x", []),
]


class Banks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        cls.data = cls.service.directory.name + "/data"
        cls.place = tempfile.TemporaryDirectory(prefix="ebb-bank-")

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()
        cls.place.cleanup()

    def found(self, query):
        answer = self.service.call("GET", "/v1/banks?query=" + urllib.parse.quote(query), token="demo-customer:anna")
        self.assertEqual(answer.status, 200)
        return answer.json["data"]

    def put(self, text, expected=0):
        path = os.path.join(self.place.name, "list.csv")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        done = subprocess.run([PROGRAM, "bank", "import", path, "--data", self.data], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, expected, done.stderr)
        return done

    def test_what_is_found(self):
        for query, wanted in FOUND:
            self.assertEqual([(b["code"], b["branch"]) for b in self.found(query)], wanted, query)

    def test_all_and_a_limit(self):
        every = self.service.call("GET", "/v1/banks?limit=200").json["data"]
        self.assertGreater(len(every), 30)
        self.assertEqual(len(self.service.call("GET", "/v1/banks?limit=3").json["data"]), 3)
        self.assertEqual(self.service.call("GET", "/v1/banks?limit=0").status, 400)

    def test_the_operators_own_branches(self):
        self.put(BRANCHES + "CMB,招商银行佛山分行,广东,佛山,308588000011,zsyhfsfh\nICBC,中国工商银行西安钟楼支行,陕西,西安,,\n")
        own = self.found("zsyhfs")
        self.assertEqual([(b["code"], b["city"]) for b in own], [("CMB", "佛山")])
        self.assertEqual(own[0]["clearing_number"], "308588000011")
        self.assertEqual([b["clearing_number"] for b in self.found("钟楼")], ["102100099996"])
        self.assertEqual(self.found("招商银行深圳"), [])
        many = "".join(f"CCB,中国建设银行第{i}支行,北京,北京,,zgjsyhd{i}zh\n" for i in range(150000))
        self.assertIn("150000 branches", self.put(BRANCHES + many).stdout)
        self.assertEqual(self.found("第149999支行")[0]["branch"], "中国建设银行第149999支行")
        os.unlink(self.data + "/branches.csv")
        self.assertEqual(len(self.found("招商银行深圳")), 1)

    def test_a_number_that_does_not_prove_itself_warns(self):
        done = self.put(BRANCHES + "CMB,甲,广东,深圳,308584000014,\n")
        self.assertIn("warning: the last digit of 308584000014", done.stderr)
        self.assertNotIn("warning", self.put(BRANCHES + "CMB,甲,广东,深圳,308584000013,\n").stderr)
        os.unlink(self.data + "/branches.csv")

    def test_what_is_wrong_is_named_and_nothing_changes(self):
        before = self.found("招商银行")
        for text, said in (("a,b\nx,y\n", "titles"), (BRANCHES, "nothing"), ("", "nothing"), (BRANCHES + "CMB,甲,广东,深圳,\n", ":2:.*fewer"),
                           (BRANCHES + "CMB,甲,广东,深圳,,,\n", ":2:.*more cells"), (BRANCHES + ",甲,,,,\n", ":2: column 1: is missing"),
                           (BRANCHES + "cmb,甲,,,,\n", "column 1"), (BRANCHES + "CMB,甲,,,123,\n", "12 digits"),
                           (BRANCHES + "CMB,甲,,,,ZS\n", "column 6"), (BRANCHES + 'CMB,"甲,乙",,,,\n', "commas"),
                           (BRANCHES + 'CMB,"甲,,,,\n', ":"), (BRANCHES + "CMB," + "甲" * 100 + ",,,,\n", "200 bytes")):
            self.assertRegex(self.put(text, 2).stderr, said, text)
        self.assertEqual(self.found("招商银行"), before)
        missing = subprocess.run([PROGRAM, "bank", "import", "/nowhere.csv", "--data", self.data], capture_output=True, text=True)
        self.assertEqual(missing.returncode, 2)


if __name__ == "__main__":
    unittest.main()
