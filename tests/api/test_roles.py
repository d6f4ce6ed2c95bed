#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every route for every role, for nobody and for a session that is over: allowed exactly where the tables say so.

Usage: test_roles.py EBB"""
import re
import subprocess
import sys
import unittest

from browser import OURS, Browser
from service import Service

PROGRAM = sys.argv.pop(1)
BY_ROLE = {"viewer": "demo-viewer", "support": "demo-support", "approver": "demo-approver", "treasurer": "demo-treasurer",
           "auditor": "demo-auditor", "billing": "demo-billing", "customer": "demo-customer:roles-1"}
# What the table must say, whoever edits it: money is moved by one role, approved by another, its fate told by a third.
ONLY = {
    "POST /v1/accounts/{account}/topups": {"billing", "demo"},
    "POST /v1/withdrawals": {"support", "customer", "demo"},
    "POST /v1/withdrawals/{id}/review": {"reviewer", "approver"},
    "POST /v1/withdrawals/{id}/resolve": {"treasurer"},
    "POST /v1/quarantine/release": {"treasurer"},
    "POST /v1/strays/{stray}/settle": {"treasurer"},
    "POST /v1/statements": {"treasurer"},
    "POST /v1/breaks/{break}/settle": {"treasurer"},
    "GET /v1/audit": {"auditor", "admin"},
}


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        cls.matrix = cls.service.call("GET", "/v1/roles").json
        cls.browsers = {}
        for role, token in BY_ROLE.items():
            cls.browsers[role] = Browser(cls.service)
            cls.browsers[role].sign_in(token)

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    def ask(self, browser, route):
        path = re.sub(r"\{\w+\}", "nobody", route["path"])
        if path.endswith("/stream"):
            path += "?account=nobody"  # else it would never end
        body = {} if route["method"] in ("POST", "PUT") else None
        return browser.call(route["method"], path, body, headers=OURS)

    def routes(self):
        """The end of a session is asked for last."""
        return sorted(self.matrix["routes"], key=lambda route: (route["method"], route["path"]) == ("DELETE", "/v1/session"))

    def test_every_route_for_every_role(self):
        cells = 0
        for route in self.routes():
            for role, browser in self.browsers.items():
                answer = self.ask(browser, route)
                may = route["open"] or role in route["roles"]
                refused = answer.status == 403 or answer.code == "unauthorized"
                self.assertEqual(may, not refused, (role, route["method"], route["path"], answer.text))
                if not may:
                    self.assertEqual((answer.status, answer.code), (403, "forbidden"), (role, route))
                cells += 1
        self.assertGreater(cells, 300)

    def test_every_route_for_nobody_and_for_what_is_over(self):
        over = Browser(self.service)
        over.sign_in("demo-admin")
        kept = over.cookie
        over.call("DELETE", "/v1/session", headers=OURS)
        over.cookie = kept
        for route in self.routes():
            for browser in (Browser(self.service), over):
                answer = self.ask(browser, route)
                self.assertEqual(answer.code == "unauthorized", not route["open"], (route["method"], route["path"], answer.text))

    def test_the_table_is_the_description(self):
        described = {(verb.upper(), path) for path, item in self.service.openapi["paths"].items() for verb in item
                     if verb in ("get", "post", "put", "delete")}
        self.assertEqual(described, {(route["method"], route["path"]) for route in self.matrix["routes"]})
        told = {f"{route['method']} {route['path']}": set(route["roles"]) for route in self.matrix["routes"]}
        for route, roles in ONLY.items():
            self.assertEqual(told[route], roles, route)

    def test_the_command_line_tells_the_same(self):
        lines = subprocess.run([PROGRAM, "role", "list"], check=True, capture_output=True, text=True).stdout.splitlines()
        names = lines[0].split()[1:]
        self.assertEqual(names, [role["name"] for role in self.matrix["roles"]])
        told = {}
        for line in lines[1:lines.index("")]:
            verb, path, *cells = line.split()
            told[verb, path] = "open" if cells[0] == "open" else {name for name, cell in zip(names, cells) if cell == "yes"}
        for route in self.matrix["routes"]:
            self.assertEqual(told[route["method"], route["path"]], "open" if route["open"] else set(route["roles"]), route)

    def test_a_yes_is_the_approver_s(self):
        self.service.account("roles-2", policy="huawei")
        self.service.topup("roles-2", "t1", 50000)
        reviewer = Browser(self.service)
        for user, decision, status in (("demo-viewer", "reject", 403), ("demo-treasurer", "reject", 403),
                                       ("demo-approver", "approve", 200)):
            made = self.service.withdraw("roles-2", 1000).json
            self.service.confirm(made)
            path = f"/v1/withdrawals/{made['id']}"
            reviewer.sign_in(user)
            tag = {"If-Match": reviewer.call("GET", path).headers["ETag"], **OURS}
            answer = reviewer.call("POST", path + "/review", {"decision": decision, "reason": "r"}, headers=tag)
            self.assertEqual(answer.status, status, (user, answer.text))


if __name__ == "__main__":
    unittest.main(verbosity=1)
