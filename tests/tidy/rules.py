#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/rules.md says every rule id in the words of its scenarios: what stands behind an id in the tables must be the first
sentences of tests/scenario/ID-*.scenario, and every scenario with an id must stand there.

rules.py ROOT           compares
rules.py ROOT --write   writes the tables anew; what stands above the first of them stays
rules.py --self-check   checks itself only"""
import pathlib
import re
import sys

GROUPS = {"AL": "Alibaba Cloud (`alibaba`)", "HW": "Huawei Cloud (`huawei`)", "JD": "JD Cloud (`jdcloud`)",
          "PA": "Ping An Cloud (`pingan`)", "READ": "Points that the pages leave open"}
HEAD = re.compile(r"((?:AL|HW|JD|PA|READ)-\d\d)  (\S.*)")


def told(text):
    """(id, its first sentence) of a scenario, or None: the comment on top, unwrapped, up to a full stop."""
    lines = []
    for line in text.split("\n"):
        if not line.startswith("# "):
            break
        lines.append(line[2:])
    match = HEAD.match(" ".join([lines[0], *map(str.strip, lines[1:])])) if lines else None
    return (match[1], re.match(r".*?\.(?= |$)|.*", match[2])[0]) if match else None


def tables(root):
    rules = {}
    for path in sorted((root / "tests/scenario").glob("*.scenario")):
        if found := told(path.read_text(encoding="utf-8")):
            rules.setdefault(found[0], []).append((found[1], path.name))
    for line in (root / "tests/scenario/later.txt").read_text(encoding="utf-8").split("\n"):
        if (match := re.match(r"([A-Z]+-\d\d) (.*)", line)) and match[1] not in rules:
            rules[match[1]] = [(f"Not proven yet; it needs {match[2]}.", "later.txt")]
    for group, title in GROUPS.items():
        yield f"## {title}\n\n| id | rule | proof |\n|---|---|---|"
        for id_ in sorted(each for each in rules if each.startswith(group + "-")):
            for sentence, name in rules[id_]:
                yield f"| {id_} | {sentence} | [{name.split('.')[0]}](../tests/scenario/{name}) |"
        yield ""


def self_check():
    assert told("# AL-08  While a runs,\n# b stays. More.\npolicy x\n# c") == ("AL-08", "While a runs, b stays.")
    assert told("# READ-13  The least is 0.01.") == ("READ-13", "The least is 0.01.")
    assert told("# The customer cancels.\n") is None and told("policy x\n# AL-01  No.") is None


def main():
    self_check()
    if sys.argv[1] == "--self-check":
        return 0
    root = pathlib.Path(sys.argv[1])
    page = root / "docs/rules.md"
    text, expected = page.read_text(encoding="utf-8"), "\n".join(tables(root))
    assert expected.count("\n") > 60, "the scenarios are not where they should be"
    above = text.split("\n## ")[0] + "\n"
    if sys.argv[2:] == ["--write"]:
        page.write_text(above + expected, encoding="utf-8")
        return 0
    if text != above + expected:
        there = set(text.split("\n"))
        print(*(f"docs/rules.md lacks: {line}" for line in expected.split("\n") if line not in there), sep="\n")
        print("docs/rules.md differs from the scenarios: tests/tidy/rules.py . --write")
        return 1
    return 0


sys.exit(main())
