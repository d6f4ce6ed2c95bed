#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The auditor against planted corruptions: test_corruptions.py EBB_AUDIT SCHEMA.

Each corruption (corruptions.py) breaks one thing in a copy of the golden books (golden.py); the finding that it names must
name that row with that amount. Prints TAP."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import golden
from corruptions import CORRUPTIONS, FORGERIES, Case, sequences


class Test:
    def __init__(self, program):
        self.program, self.count, self.failed = program, 0, 0

    def audit(self, directory, *options):
        done = subprocess.run([self.program, "--data", directory, *options], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def check(self, name, right, seen):
        self.count += 1
        print(("ok" if right else "not ok"), self.count, "-", name)
        if not right:
            self.failed += 1
            print("# " + "\n# ".join(str(seen).splitlines()[:40]))

    def finding(self, name, case, wanted):
        code, table, row, amount = wanted
        status, out, err = self.audit(case.directory, "--json")
        findings = json.loads(out)["findings"] if out else []
        right = status == 1 and any(
            (f["code"], f["table"], f["row"]) == (code, table, case.fill(row)) and amount in (None, f["amount"])
            for f in findings)
        self.check(f"{name}: {code}", right, "\n".join(map(str, findings)) + err)


def test_programs_words(test, pristine):
    """Exit codes, summary, anchor, --since, unreadable books."""
    status, out, err = test.audit(pristine)
    test.check("golden books: no finding", status == 0 and out.startswith("sound:"), out + err)
    test.check("a missing anchor is a warning", "no --anchor" in err, err)
    head = json.loads(test.audit(pristine, "--json")[1])["result"]["head"]
    anchor = os.path.join(pristine, "anchor.json")
    for name, seq, value, wanted in (("the head", head["seq"], head["hash"], 0),
                                     ("a head cut off", head["seq"] + 1, head["hash"], 1),
                                     ("another hash", head["seq"], "0" * 64, 1)):
        with open(anchor, "w", encoding="utf-8") as file:
            json.dump({"seq": seq, "hash": value}, file)
        status, out, err = test.audit(pristine, "--anchor", anchor)
        told = ("anchor_missing audit %d" % seq) in out
        right = status == wanted and told == (wanted == 1) and "no --anchor" not in err
        test.check(f"anchor: {name}", right, out + err)
    with open(anchor, "w", encoding="utf-8") as file:
        file.write('{"seq":"1"}')
    test.check("a malformed anchor is no audit", test.audit(pristine, "--anchor", anchor)[0] == 2, "")
    test.check("--since audits the rest", test.audit(pristine, "--since", "30")[0] == 0, "")
    test.check("--since takes a number", test.audit(pristine, "--since", "x")[0] == 2, "")
    test.check("no directory is no audit", test.audit(os.path.join(pristine, "nowhere"))[0] == 2, "")
    with tempfile.TemporaryDirectory() as empty:
        with open(os.path.join(empty, "ebb.db"), "wb") as file:
            file.write(b"no database at all, but long enough to be looked at" * 40)
        test.check("another file is no books", test.audit(empty)[0] == 2, "")


def test_trigger(test, pristine, ids):
    case = Case(pristine, ids)
    db = sqlite3.connect(case.path)
    db.execute("DROP TRIGGER posting_kept")
    db.commit()
    db.close()
    test.finding("a guard was taken away", case, ("guard_missing", "trigger", "posting_kept", None))
    case.close()


def test_beside_writer(test, pristine, ids):
    """A server may hold the database open and write while the audit reads its snapshot."""
    case = Case(pristine, ids)
    db = sqlite3.connect(case.path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE account SET voucher = 1")
    status, out, err = test.audit(case.directory)
    test.check("uncommitted work beside the audit is not seen", status == 0, out + err)
    db.execute("ROLLBACK")
    db.close()
    case.close()


def test_damaged_pages(test, pristine, ids):
    case = Case(pristine, ids)
    db = sqlite3.connect(case.path)
    root, = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'message_by_account'").fetchone()
    db.close()
    with open(case.path, "r+b") as file:
        file.seek(4096 * (root - 1))
        file.write(b"\xff" * 200)
    status, out, _ = test.audit(case.directory)
    test.check("damaged pages are found", status == 1 and "integrity database" in out, out[:400])
    case.close()


def main():
    program, schema = sys.argv[1:]
    test, pristine = Test(program), tempfile.mkdtemp(prefix="ebb-golden-")
    ids = golden.build(pristine, schema)
    ids["leg:zero"] = 7
    sequences(pristine, ids)
    test_programs_words(test, pristine)
    test_trigger(test, pristine, ids)
    test_beside_writer(test, pristine, ids)
    test_damaged_pages(test, pristine, ids)
    for name, statements, *wanted in CORRUPTIONS:
        case = Case(pristine, ids)
        case.damage(lambda db: db.executescript(case.fill(statements)))
        test.finding(name, case, wanted)
        case.close()
    for name, (row, old, new), *wanted in FORGERIES:
        case = Case(pristine, ids)
        case.forge(ids[row], case.fill(old, True), case.fill(new, True))
        test.finding(name, case, wanted)
        case.close()
    shutil.rmtree(pristine)
    print(f"1..{test.count}")
    print(f"# {len(CORRUPTIONS) + len(FORGERIES)} corruptions planted")
    return 1 if test.failed else 0


sys.exit(main())
