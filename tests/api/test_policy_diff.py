#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ebb policy diff` over the demo's accounts: figures agree with the quotes that the server gives under each policy.

    test_policy_diff.py [--ebb PATH]"""
import argparse
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_bad_input import SUBJECT, Server  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ebb", default=os.path.join(ROOT, "build", "ebb"))
    ebb = parser.parse_args().ebb
    server = Server(ebb)
    passed = failed = 0

    def check(what, condition):
        nonlocal passed, failed
        passed, failed = passed + bool(condition), failed + (not condition)
        if not condition:
            print("not ok", what)

    for ref, reserve in (("diff-a", True), ("diff-b", False)):
        server.must("PUT", f"/v1/accounts/{ref}", {"policy": "alibaba", "currency": "CNY", "subject": SUBJECT})
        server.must("POST", f"/v1/accounts/{ref}/topups", {"ref": "t", "amount": 100000, "method": "alipay"})
        if reserve:
            server.must("PUT", f"/v1/accounts/{ref}/resources/r", {"state": "active"})

    def diff(*arguments):
        done = subprocess.run([ebb, "policy", "diff", *arguments, "--data", server.directory, "--json"],
                              capture_output=True, text=True)
        return done.returncode, {row["account"]: row for row in map(json.loads, done.stdout.splitlines())}

    status, rows = diff("alibaba", "pingan")
    check("pingan keeps 200 instead of 100 in reserve", rows.get("diff-a", {}).get("before") == 90000
          and rows["diff-a"]["after"] == 80000 and rows["diff-a"]["reason"] == "reserve")
    check("an account that does not change is not listed", status == 0 and "diff-b" not in rows)
    for ref, policy, member in (("diff-a", "alibaba", "before"), ("diff-a", "pingan", "after")):
        body = {"policy": policy, "currency": "CNY", "subject": SUBJECT}
        server.must("PUT", f"/v1/accounts/{ref}", body)
        quote = json.loads(server.send("GET", f"/v1/accounts/{ref}/withdrawable", None)[2])
        check(f"the server says the same under {policy}", quote["withdrawable"] == rows["diff-a"][member])
    status, rows = diff("alibaba", "alibaba")
    check("a policy against itself changes nothing", status == 0 and rows == {})
    status, rows = diff("jdcloud", "alibaba")
    check("only accounts of the first policy count", "diff-b" not in rows)
    status, rows = diff("alibaba", "no-such.yaml")
    check("an unreadable file is refused", status == 2 and rows == {})
    returned, error = server.stop()
    check(f"the server ends well: {error}", returned == 0)
    print(f"policy diff: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
