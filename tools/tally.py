#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the cases of one run of tests: tally.py NAME FILE [STATUS]

FILE is Meson's testlog.json (an object a line) or the output of one test program, which ended with STATUS. A program
says its cases as TAP ("ok 1 - …", "not ok 2 - …") or in a last line "N passed, N failed"; one that says nothing is one
case. Prints "PASSED FAILED", then a line for each failure. `tally.py --self-check` tries the forms."""
import json
import re
import sys

TAP = re.compile(r"^\s*(not )?ok\b[ \t]*\d*[ \t]*-?[ \t]*(.*)$", re.MULTILINE)
SUMMARY = re.compile(r"(\d+) passed, (\d+) failed$", re.MULTILINE)


def count(name, text, good):
    """(passed, [failures]) of one program."""
    cases = [match for match in TAP.findall(text) if "# SKIP" not in match[1]]
    failures = [f"{name}: {title}" for bad, title in cases if bad]
    passed = len(cases) - len(failures)
    totals = SUMMARY.findall(text)
    if totals:  # a program that tells its failures one by one may only sum up what passed
        passed, bad = int(totals[-1][0]), int(totals[-1][1])
        failures = failures if len(failures) == bad else [f"{name}: failed"] * bad
    if not good and not failures:
        failures = [f"{name}: ended badly"]
    if good and not cases and not totals:
        passed = 1
    return passed, failures


def tally(name, path, text, good):
    if not path.endswith(".json"):
        return count(name, text, good)
    passed, failures = 0, []
    for line in text.splitlines():
        test = json.loads(line)
        some, bad = count(test["name"], test.get("stdout", ""), test["result"] in ("OK", "EXPECTEDFAIL", "SKIP"))
        passed, failures = passed + some, failures + bad
    return passed, failures


def self_check():
    assert count("a", "ok 1 - x\nnot ok 2 - y\n1..2\n", False) == (1, ["a: y"])
    assert count("b", "story\n3 passed, 1 failed\n", False) == (3, ["b: failed"])
    assert count("b", "not ok GET /x\nroutes: 9 passed, 1 failed\n", False) == (9, ["b: GET /x"])
    assert count("c", "nothing\n", True) == (1, [])
    assert count("d", "ok 1 - x\n", False) == (1, ["d: ended badly"])
    line = json.dumps({"name": "n", "stdout": "ok 1 - x\nok 2 - y\n", "result": "OK"})
    assert tally("", "log.json", line + "\n" + line, True) == (4, [])


def main():
    if sys.argv[1] == "--self-check":
        self_check()
        return
    name, path, good = sys.argv[1], sys.argv[2], sys.argv[3:] in ([], ["0"])
    with open(path, encoding="utf-8", errors="replace") as file:
        passed, failures = tally(name, path, file.read(), good)
    print(passed, len(failures))
    print("\n".join(failures))


main()
