#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An audit behind a checkpoint against the full one: test_incremental.py EBB_AUDIT SCHEMA.

The golden books are grown command by command. A full audit leaves a checkpoint at each; from each of them the finished books
must be found as the full audit finds them, and each checkpoint that was made from the one before must hold the same sums as
the one that a full audit left. Then every planted corruption is looked at from checkpoints of before: where it touches only
rows that changed behind the checkpoint, the incremental audit must come to the same end, name every row behind the checkpoint
that the full one names, and no row that the full one does not name. Prints TAP."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import golden
from corruptions import CORRUPTIONS, FORGERIES, Case, sequences

STRIDE = 31  # a checkpoint in so many is tried on every corruption
OWN = {"journal_rows", "checkpoint_missing"}  # what only an audit behind a checkpoint can say: about what was before it
KEYS = {"posting": ("entry", "line"), "draw": ("owner", "line"), "lot": ("leg", "line"), "subject": ("id",), "audit": ("seq",),
        "policy": ("name", "version")}
TABLES = ("account topup parcel fact draw claim resource subject policy withdrawal leg lot attempt evidence review entry "
          "posting audit").split()
OUTSIDE = {"wd": "withdrawal", "leg": "leg", "at": "attempt"}


def audit(program, directory, *options):
    done = subprocess.run([program, "--data", directory, "--json", *options], capture_output=True, text=True, timeout=60,
                          check=False)
    told = json.loads(done.stdout) if done.stdout else {"findings": [], "result": {"error": done.stderr}}
    return done.returncode, told["findings"], told["result"]


def finding(found):
    return tuple(found[name] for name in ("code", "table", "row", "is", "journal", "amount"))


def rows_of(path):
    """{table: {key: row}}"""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)  # a writer may not be able to read its schema
    tables = {}
    for table in TABLES:
        cursor = db.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        keys = [names.index(key) for key in KEYS.get(table, ("id",))]
        tables[table] = {tuple(row[i] for i in keys): row for row in cursor}
    db.close()
    return tables


def key_of(table, row):
    """The key that a finding names as text; None where it names no row."""
    if table == "subject":
        return (bytes.fromhex(row),)
    parts = row.split("/")
    return tuple(map(int, parts)) if all(part.lstrip("-").isdigit() for part in parts) else None


class Step:
    """The books after one command, and the checkpoint that a full audit left there."""

    def __init__(self, books, program, directory):
        self.seq, self.directory = books.seq, os.path.join(directory, "step%d" % books.seq)
        os.makedirs(self.directory)
        copy = sqlite3.connect(os.path.join(self.directory, "ebb.db"))
        books.db.backup(copy)
        copy.close()
        self.checkpoint = os.path.join(self.directory, "checkpoint")
        self.status, self.findings, self.result = audit(program, self.directory, "--checkpoint", self.checkpoint)
        self.rows = rows_of(os.path.join(self.directory, "ebb.db"))

    def is_new(self, table, key, row):
        """Did this row come or change behind this step? One that was put in later counts by its id."""
        if table in self.rows and key in self.rows[table]:
            return self.rows[table][key] != row
        ids = [key[0] for key in self.rows[table] if isinstance(key[0], int)]
        return not ids or not isinstance(key[0], int) or key[0] > max(ids)

    def touches_only_new(self, before, after):
        """Are all rows that differ between two states of the finished books rows that changed behind this step?"""
        for table in TABLES:
            for key in before[table].keys() | after[table].keys():
                old, new = before[table].get(key), after[table].get(key)
                if old != new and not self.is_new(table, key, old if old is not None else new):
                    return False
        return True

    def must_be_named(self, found, after):
        """Does the full audit name here a row that changed behind this step?"""
        table = OUTSIDE.get(found["table"], found["table"])
        key = key_of(table, found["row"]) if table in TABLES else None
        if key is None:
            return found["table"] not in TABLES
        row = after[table].get(key)
        return self.is_new(table, key, row) if row is not None else key not in self.rows[table]


class Test:
    def __init__(self, program):
        self.program, self.count, self.failed = program, 0, 0

    def check(self, name, right, seen=""):
        self.count += 1
        print(("ok" if right else "not ok"), self.count, "-", name, flush=True)
        if not right:
            self.failed += 1
            print("# " + "\n# ".join(str(seen).splitlines()[:40]), flush=True)


def sums_of(path):
    db = sqlite3.connect(path)
    names = [name for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    # a fund at nothing may be kept or not
    sums = {name: set(row for row in db.execute(f"SELECT * FROM {name}") if name != "fund" or row[3] != 0) for name in names}
    db.close()
    return sums


def same_ends(test, steps, last):
    """Every step from every checkpoint before: the same counts and head, no finding."""
    wrong, tried = [], 0
    for to in steps[::17] + [last]:
        for step in steps:
            if step.seq <= to.seq:
                tried += 1
                status, findings, result = audit(test.program, to.directory, "--from", step.checkpoint)
                if status != 0 or findings or any(result.get(k) != to.result[k] for k in ("rows", "head")):
                    wrong.append(f"{to.seq} from {step.seq}: {status} {result} {list(map(finding, findings))[:3]}")
    test.check(f"{tried} sound books are sound from a checkpoint, with the same counts and head", not wrong, "\n".join(wrong))


def same_sums(test, steps, directory):
    """A chain of checkpoints, each made from the one before, against those of full audits."""
    path, wrong = os.path.join(directory, "chained"), []
    shutil.copy(steps[0].checkpoint, path)
    for step in steps[1:]:
        status, findings, _ = audit(test.program, step.directory, "--from", path, "--checkpoint", path)
        full, chained = sums_of(step.checkpoint), sums_of(path)
        for name in full:
            if full[name] != chained[name]:
                wrong.append(f"at {step.seq} {name}: full {sorted(full[name] - chained[name], key=repr)[:3]}, "
                             f"chained {sorted(chained[name] - full[name], key=repr)[:3]}")
        if status != 0 or findings:
            wrong.append(f"at {step.seq}: {status} {findings[:2]}")
    test.check(f"{len(steps) - 1} checkpoints made from the one before hold the same sums", not wrong, "\n".join(wrong))


def corruption(test, steps, before, name, case, tally):
    """One corruption, from several checkpoints."""
    after = rows_of(case.path)
    status, findings, _ = audit(test.program, case.directory)
    full, wrong = {finding(f) for f in findings}, []
    for step in steps:
        told, others, result = audit(test.program, case.directory, "--from", step.checkpoint)
        behind = {finding(f) for f in others if f["code"] not in OWN}
        must = {finding(f) for f in findings if step.must_be_named(f, after)}
        if step.touches_only_new(before, after):
            tally["seen"] += 1
            tally["equal"] += behind == full
            if told != status or not must <= behind <= full:
                wrong.append(f"from {step.seq}: {told}, lacks {sorted(must - behind, key=repr)[:4]}, says too much "
                             f"{sorted(behind - full, key=repr)[:4]}; {result}")
        else:
            tally["older"] += 1
            tally["older_found"] += told == 1
    tally["kinds"] += any(step.touches_only_new(before, after) for step in steps)
    test.check(name, not wrong, "\n".join(wrong))


def words(test, steps, last):
    """The command line, and files that are no checkpoint of these books."""
    first, middle = steps[0], steps[len(steps) // 2]
    done = subprocess.run([test.program, "--data", last.directory, "--from", middle.checkpoint], capture_output=True, text=True,
                          timeout=60, check=False)
    test.check("the summary says what is not seen", "not seen: older rows" in done.stdout and done.returncode == 0, done)
    test.check("a checkpoint at the head itself", audit(test.program, last.directory, "--from", last.checkpoint)[0] == 0)
    status, findings, _ = audit(test.program, first.directory, "--from", middle.checkpoint)
    test.check("books that were set back behind the checkpoint",
               status == 1 and [f["code"] for f in findings] == ["checkpoint_missing"], findings)
    damaged = os.path.join(last.directory, "damaged")
    whole = open(middle.checkpoint, "rb").read()
    for what, data in (("one bit", whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]), ("its end", whole[:-1]),
                       ("all", b""), ("its kind", b"{}\n" * 100)):
        with open(damaged, "wb") as file:
            file.write(data)
        status, _, result = audit(test.program, last.directory, "--from", damaged)
        test.check(f"a checkpoint that lost {what} is refused", status == 2 and "digest" in result["error"], result)
    test.check("no file", audit(test.program, last.directory, "--from", damaged + "-none")[0] == 2)
    test.check("--since does not go with it", audit(test.program, last.directory, "--from", middle.checkpoint, "--since",
                                                    "3")[0] == 2)
    other = os.path.join(last.directory, "other")
    shutil.copytree(middle.directory, other)
    db = sqlite3.connect(os.path.join(other, "ebb.db"))
    db.execute("INSERT OR REPLACE INTO meta VALUES ('store', 'another')")
    db.commit()
    db.close()
    status, _, result = audit(test.program, other, "--from", middle.checkpoint)
    test.check("a checkpoint of another database is refused", status == 2 and "another database" in result["error"], result)
    status, _, result = audit(test.program, last.directory, "--checkpoint", "/nowhere/checkpoint")
    test.check("a checkpoint that cannot be written is no success", status == 2 and result["sound"], result)


def main():
    program, schema = sys.argv[1:]
    test, directory = Test(program), tempfile.mkdtemp(prefix="ebb-incremental-")
    steps, pristine = [], os.path.join(directory, "pristine")
    ids = golden.build(pristine, schema, lambda books: steps.append(Step(books, program, directory)))
    ids["leg:zero"] = 7
    sequences(pristine, ids)
    unsound = [(step.seq, step.status, step.findings[:2]) for step in steps if step.status != 0]
    test.check(f"the books are sound after each of {len(steps)} commands", not unsound, unsound)
    last = steps[-1]
    same_ends(test, steps, last)
    same_sums(test, steps, directory)
    words(test, steps, last)
    tried, tally = steps[::STRIDE] + [last], dict.fromkeys(("kinds", "seen", "equal", "older", "older_found"), 0)
    for name, statements, *_ in CORRUPTIONS:
        case = Case(pristine, ids)
        case.damage(lambda db: db.executescript(case.fill(statements)))
        corruption(test, tried, last.rows, name, case, tally)
        case.close()
    for name, (row, old, new), *_ in FORGERIES:
        case = Case(pristine, ids)
        case.forge(ids[row], case.fill(old, True), case.fill(new, True))
        corruption(test, tried, last.rows, name, case, tally)
        case.close()
    shutil.rmtree(directory)
    print(f"1..{test.count}")
    print(f"# {tally['kinds']} corruptions of {len(CORRUPTIONS) + len(FORGERIES)} touched only rows that are newer than a checkpoint, "
          f"in {tally['seen']} places: all found as the full audit finds them, {tally['equal']} word for word; "
          f"{tally['older']} places were older, in {tally['older_found']} something was found all the same")
    return 1 if test.failed else 0


sys.exit(main())
