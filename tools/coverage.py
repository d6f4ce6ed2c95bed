#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges what gcovr counted: coverage.py GCOVR.json CORE.txt [--missing]

Every file of the core must have all its lines and branches taken, and src/ as a whole LINES_PERCENT of its lines.
Prints a line for each, with the places that were missed, and last "N passed, N failed". --missing also lists the
lines of the other files that nothing reached. `coverage.py --self-check` tries the rules."""
import json
import pathlib
import sys

LINES_PERCENT = 90


class Tally:
    """Lines and branches of one file or of many."""

    def __init__(self):
        self.lines = self.lines_hit = self.branches = self.branches_hit = 0
        self.missed_lines, self.missed_branches = [], []

    def add(self, line):
        taken = sum(branch["count"] > 0 for branch in line["branches"])
        self.lines += 1
        self.lines_hit += line["count"] > 0
        self.branches += len(line["branches"])
        self.branches_hit += taken
        if line["count"] == 0:
            self.missed_lines.append(line["line_number"])
        if taken < len(line["branches"]):
            self.missed_branches.append(line["line_number"])

    @property
    def whole(self):
        return self.lines > 0 and not self.missed_lines and not self.missed_branches


def tallies(report):
    """{path: Tally}, and the Tally of all."""
    files, whole = {}, Tally()
    for file in report["files"]:
        own = files.setdefault(file["file"], Tally())
        for line in file["lines"]:
            if not line["gcovr/noncode"]:
                own.add(line)
                whole.add(line)
    return files, whole


def core_of(text):
    """The paths of the list; each says why it stands there."""
    entries = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    unexplained = [entry[0] for entry in entries if len(entry) < 2]
    if unexplained or not entries:
        raise SystemExit(f"money core: a path and why, a line each: {', '.join(unexplained) or 'empty'}")
    return [entry[0] for entry in entries]


def enough(whole):
    return whole.lines_hit * 100 >= whole.lines * LINES_PERCENT


def permille(part, of):
    tenths = part * 1000 // of if of else 1000
    return f"{tenths // 10:3d}.{tenths % 10}%"


def row(good, name, tally, note=""):
    return (f"{'ok' if good else 'not ok':6} {name:34} lines {tally.lines_hit:5}/{tally.lines:<5} "
            f"{permille(tally.lines_hit, tally.lines)}   branches {tally.branches_hit:4}/{tally.branches:<4} "
            f"{permille(tally.branches_hit, tally.branches)}{note}")


def missed(tally):
    told = [f"{what} {' '.join(map(str, numbers))}" for what, numbers in
            (("lines", tally.missed_lines), ("branches at", tally.missed_branches)) if numbers]
    return "   missed: " + "; ".join(told) if told else ""


def judge(report, core, missing=False):
    """(lines to print, passed, failed)"""
    files, whole = tallies(report)
    told, failed = [], 0
    for path in core:
        tally = files.get(path, Tally())
        failed += not tally.whole
        told.append(row(tally.whole, path, tally, missed(tally) if tally.lines else "   not counted: no such file"))
    if missing:
        told += [row(True, path, files[path], missed(files[path])) for path in sorted(files) if path not in core]
    failed += not enough(whole)
    told.append(row(enough(whole), f"src/ (lines: {LINES_PERCENT}% are asked)", whole))
    return told, len(core) + 1 - failed, failed


def self_check():
    def line(number, count, *branches):
        return {"line_number": number, "count": count, "gcovr/noncode": False,
                "branches": [{"count": taken} for taken in branches]}

    def report(*lines):
        return {"files": [{"file": "a.c", "lines": list(lines)}]}

    good = [line(n, 1) for n in range(9)]
    assert judge(report(*good, line(9, 3, 1, 2)), ["a.c"])[1:] == (2, 0)
    assert judge(report(*good, line(9, 3, 1, 0)), ["a.c"])[1:] == (1, 1)
    assert judge(report(*good, line(9, 0)), ["a.c"])[1:] == (1, 1)
    assert judge(report(*good[1:], line(0, 0), line(9, 0)), ["a.c"])[1:] == (0, 2)
    assert judge(report(*good), ["b.c"])[1:] == (1, 1)
    assert "missed: lines 9; branches at 10" in judge(report(*good, line(9, 0), line(10, 1, 0, 1)), ["a.c"])[0][0]
    assert core_of("# x\na.c  why\n\nb.c why not\n") == ["a.c", "b.c"]


def main():
    self_check()
    if sys.argv[1:] == ["--self-check"]:
        return 0
    report = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    core = core_of(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    told, passed, failed = judge(report, core, "--missing" in sys.argv[3:])
    print("\n".join(told))
    print(f"coverage: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
