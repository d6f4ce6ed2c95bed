#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What /metrics tells, read by Prometheus' own tool, and the alerts on it: each has a story in which it speaks.

Usage: test_metrics.py EBB PROMTOOL"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))
from service import Service  # noqa: E402

PROGRAM, PROMTOOL = os.path.abspath(sys.argv.pop(1)), sys.argv.pop(1)
RULES = ROOT / "data" / "prometheus" / "ebb.rules.yaml"
STORIES = ROOT / "tests" / "ops" / "alerts.yaml"


def promtool(*arguments, **options):
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False, **options)


def alerts():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


class Metrics(unittest.TestCase):
    def setUp(self):
        self.service = Service(PROGRAM)
        self.addCleanup(self.service.stop)

    def text(self):
        return self.service.call("GET", "/metrics", token=None, raw=True).text

    def test_prometheus_has_nothing_to_complain_of(self):
        self.service.call("POST", "/demo/channel", {"next": ["unlisted_code"]})
        done = promtool("check", "metrics", input=self.text())
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_every_alert_is_about_something_that_is_told(self):
        told = set(re.findall(r"^# TYPE (\w+)", self.text(), re.MULTILINE))
        for rule in alerts():
            asked = set(re.findall(r"\bebb_\w+", rule["expr"]))
            self.assertLessEqual(asked, told, rule["alert"])
            self.assertTrue(asked or rule["alert"] == "EbbDown", rule["alert"])

    def test_the_oldest_of_what_waits_has_an_age(self):
        def age():
            found = re.search(r'^ebb_withdrawals_open_oldest_seconds\{status="in_review"\} (\d+)$', self.text(), re.MULTILINE)
            return int(found.group(1))
        before = age()
        self.service.call("POST", "/demo/clock", {"advance": "2h"})
        self.assertIn(age() - before, range(7200, 7300))


class Alerts(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="ebb-alerts-")
        self.addCleanup(place.cleanup)
        self.directory = place.name
        for path in (RULES, STORIES):
            shutil.copy(path, self.directory)

    def test_the_rules_are_read(self):
        done = promtool("check", "rules", RULES.name, cwd=self.directory)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_stories_come_true(self):
        done = promtool("test", "rules", STORIES.name, cwd=self.directory)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_alert_has_a_story_and_says_what_to_do(self):
        speaks, quiet = set(), set()
        for story in yaml.safe_load(STORIES.read_text())["tests"]:
            for moment in story["alert_rule_test"]:
                (speaks if moment.get("exp_alerts") else quiet).add(moment["alertname"])
        named = {rule["alert"] for rule in alerts()}
        self.assertEqual((speaks, quiet), (named, named))
        guide = (ROOT / "docs" / "operations.md").read_text()
        self.assertEqual([name for name in sorted(named) if f"`{name}`" not in guide], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
