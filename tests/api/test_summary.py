#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The house at a glance: what a summary says is what the lists say, counted.

Usage: test_summary.py EBB"""
import collections
import sys
import time
import unittest
import urllib.parse

from service import Service

PROGRAM = sys.argv.pop(1)
HOUR = 3600


def each(service, path):
    cursor = ""
    while cursor is not None:
        page = service.call("GET", f"{path}{'&' if '?' in path else '?'}limit=200{cursor}").json
        yield from page["data"]
        cursor = "&cursor=" + page["next_cursor"] if page["next_cursor"] else None


class Summary(unittest.TestCase):
    """Five requests on two days: one paid, one bounced, one refused, one whose
    outcome is unknown, one in the queue of reviewers."""

    @classmethod
    def setUpClass(cls):
        cls.service = service = Service(PROGRAM)
        service.call("POST", "/demo/clock", {"set": "2027-03-01T10:00:00+08:00"})
        service.account("sum")
        service.account("slow", "huawei")
        for ref, account in (("sum-1", "sum"), ("slow-1", "slow")):
            service.topup(account, ref, 100000, paid_at="2027-02-20T10:00:00+08:00")
        cls.pay(1000, "paid")
        cls.pay(1100, "bounce_after:1h")
        cls.pay(1200, "refused:ACQ.TRADE_HAS_FINISHED")
        service.call("POST", "/demo/clock", {"advance": "25h"})
        cls.settle()
        cls.pay(1300, "timeout_unpaid")
        service.confirm(service.withdraw("slow", 1400).json)
        service.call("POST", "/demo/clock", {"advance": "2h"})
        cls.summary = cls.ask()

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    @classmethod
    def pay(cls, amount, outcome):
        cls.service.call("POST", "/demo/channel", {"next": [outcome]})
        cls.service.confirm(cls.service.withdraw("sum", amount).json)
        cls.settle()

    @classmethod
    def settle(cls):
        """Until nothing of the account moves by itself any more."""
        for _ in range(200):
            if not any(leg["status"] in ("held", "sending", "accepted") for w in each(cls.service, "/v1/withdrawals?account=sum")
                       for leg in w["legs"]):
                return
            time.sleep(0.05)

    @classmethod
    def ask(cls, token="demo-reviewer", **period):
        period = period or {"from": "2027-03-01T00:00:00+08:00", "to": "2027-03-03T00:00:00+08:00"}
        return cls.service.call("GET", "/v1/summary?" + urllib.parse.urlencode(period), token=token)

    def counted(self, part, *names):
        return {tuple(line[name] for name in names): (line["count"], line["amount"]) for line in self.summary.json[part]}

    def test_days_are_what_the_list_says(self):
        expected = collections.Counter()
        amounts = collections.Counter()
        for w in each(self.service, "/v1/withdrawals?from=2027-03-01T00:00:00%2B08:00"):
            expected[w["created_at"][:10], w["status"]] += 1
            amounts[w["created_at"][:10], w["status"]] += w["amount"]
        self.assertEqual(self.counted("withdrawals", "day", "status"), {key: (n, amounts[key]) for key, n in expected.items()})
        self.assertEqual(self.counted("withdrawals", "day", "status")["2027-03-01", "returned"], (1, 1100))

    def test_legs_add_up_to_the_withdrawals(self):
        total = sum(line["amount"] for line in self.summary.json["withdrawals"])
        self.assertEqual(sum(line["amount"] for line in self.summary.json["legs"]), total)
        self.assertEqual(self.counted("legs", "day", "channel", "status")["2027-03-01", "alipay", "failed"], (1, 1200))

    def test_movements_are_the_billing_details(self):
        expected = collections.Counter()
        for account in ("sum", "slow"):
            for entry in each(self.service, f"/v1/accounts/{account}/transactions"):
                expected[entry["at"][:10], entry["kind"]] += entry["amount"]
        found = {key: amount for key, (_, amount) in self.counted("movements", "day", "kind").items()}
        self.assertEqual(found, dict(expected))

    def test_what_is_under_way(self):
        self.assertEqual(self.counted("in_transit", "channel", "status"), {("alipay", "unknown"): (1, 1300)})
        waiting = list(each(self.service, "/v1/withdrawals?status=in_review"))
        self.assertEqual(self.counted("queue", "status"), {("in_review",): (len(waiting), sum(w["amount"] for w in waiting))})
        self.assertEqual(self.summary.json["queue"][0]["oldest_at"], min(w["confirmed_at"] for w in waiting))
        young = {key: value for key, value in self.counted("open", "status", "age").items() if key[1] != "older"}
        self.assertEqual(young, {("dispatching", "day"): (1, 1300), ("in_review", "day"): (1, 1400)})
        line = next(line for line in self.summary.json["open"] if (line["status"], line["age"]) == ("in_review", "day"))
        self.assertEqual(line["oldest_seconds"] // HOUR, 2)

    def test_arrival_is_by_nearest_rank(self):
        """Under a clock that only moves when it is told to, a payment takes the seconds that the channel took."""
        arrival = {line["channel"]: line for line in self.summary.json["arrival"]}
        self.assertEqual(arrival["alipay"]["count"], 2)
        self.assertLessEqual(arrival["alipay"]["p50_seconds"], arrival["alipay"]["p90_seconds"])
        self.assertLess(arrival["alipay"]["p90_seconds"], 60)

    def test_its_own_days_unless_said_otherwise(self):
        summary = self.service.call("GET", "/v1/summary").json
        self.assertEqual(summary["from"], "2027-02-01T00:00:00+08:00")
        self.assertEqual(summary["withdrawals"], self.summary.json["withdrawals"])

    def test_another_period_has_other_days(self):
        summary = self.ask(**{"from": "2027-03-02T00:00:00+08:00", "to": "2027-03-02T12:00:00+08:00"}).json
        self.assertEqual({line["day"] for part in ("withdrawals", "legs") for line in summary[part]}, {"2027-03-02"})
        for part in ("queue", "in_transit"):
            self.assertEqual([line["count"] for line in summary[part]], [line["count"] for line in self.summary.json[part]],
                             "what is under way is of no period")

    def test_a_period_is_one(self):
        for period in ({"from": "2027-03-02T00:00:00+08:00", "to": "2027-03-02T00:00:00+08:00"},
                       {"from": "2026-01-01T00:00:00+08:00", "to": "2027-03-02T00:00:00+08:00"}):
            answer = self.ask(**period)
            self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (400, "from"), period)

    def test_for_staff_only(self):
        for token, status in (("demo-admin", 200), ("demo-billing", 200), ("demo-customer:sum", 403)):
            self.assertEqual(self.ask(token=token).status, status, token)


if __name__ == "__main__":
    unittest.main(verbosity=1)
