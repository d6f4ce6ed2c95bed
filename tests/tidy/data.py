#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The seed files hold together: data/banks.csv and data/currencies.csv are well-formed and without twins, and every bank and
currency that a policy names is in them.

data.py ROOT"""
import csv
import pathlib
import re
import sys

BANKS = {"code": r"[A-Z]{2,16}", "name_en": r"[A-Z][A-Za-z ,&()]+", "name_zh": r"[\u4e00-\u9fff]+", "cnaps": r"(\d{12})?", "initials": r"[a-z]+"}
CURRENCIES = {"code": r"[A-Z]{3}", "digits": r"[0-4]", "name": r"[A-Z][A-Za-z ]+"}


def table_problems(name, text, columns):
    rows = list(csv.DictReader(text.splitlines()))
    seen = {}
    for number, row in enumerate(rows, 2):
        if list(row) != list(columns):
            yield f"{name}:{number}: columns {list(row)}"
            return
        for column, pattern in columns.items():
            if not re.fullmatch(pattern, row[column] or ""):
                yield f"{name}:{number}: {column} is {row[column]!r}"
            if column not in ("digits", "initials") and row[column] and seen.setdefault((column, row[column]), number) != number:
                yield f"{name}:{number}: {row[column]} stands twice"
    if not text.endswith("\n") or not rows:
        yield f"{name}: no rows, or no line end at the end"


def policy_problems(name, text, banks, currencies):
    for listed in re.findall(r"^\s*(?:- )?banks:\s*\[([^\]]*)\]", text, re.MULTILINE):
        for bank in re.split(r"[,\s]+", listed.strip()):
            if bank not in banks:
                yield f"{name}: bank {bank} is not in data/banks.csv"
    for currency in re.findall(r"^currency:\s*(\w+)", text, re.MULTILINE):
        if currency not in currencies:
            yield f"{name}: currency {currency} is not in data/currencies.csv"


def codes(text):
    return {row["code"] for row in csv.DictReader(text.splitlines())}


def self_check():
    head = "code,digits,name\n"
    for bad in ("CNY,9,Yuan\n", "cny,2,Yuan\n", "CNY,2,Yuan\nCNY,2,Other\n", "CNY,2\n", "CNY,2,Yuan", ""):
        assert list(table_problems("planted", head + bad, CURRENCIES)), bad
    assert not list(table_problems("planted", head + "CNY,2,Yuan\nUSD,2,Dollar\n", CURRENCIES))
    assert len(list(policy_problems("planted", "currency: XYZ\n  - banks: [ICBC, NOBANK]\n", {"ICBC"}, {"CNY"}))) == 2


def main():
    self_check()
    root = pathlib.Path(sys.argv[1])
    banks = (root / "data/banks.csv").read_text(encoding="utf-8")
    currencies = (root / "data/currencies.csv").read_text(encoding="utf-8")
    problems = list(table_problems("data/banks.csv", banks, BANKS))
    problems += table_problems("data/currencies.csv", currencies, CURRENCIES)
    policies = sorted((root / "policies").glob("*.yaml"))
    assert policies, "no policies"
    for path in policies:
        problems += policy_problems(path.name, path.read_text(encoding="utf-8"), codes(banks), codes(currencies))
    print(*problems, f"{len(policies)} policies, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


sys.exit(main())
