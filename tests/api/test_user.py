#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""People who sign in with a password: what may be one, one-time passwords as oathtool makes them, guessing, and what ends
their sessions.

Usage: test_user.py EBB"""
import datetime
import subprocess
import sys
import tempfile
import unittest

from browser import OURS, Browser
from service import Service

PROGRAM = sys.argv.pop(1)
GOOD = "river stone lantern"


class Story(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0

    def user(self, name, roles=("viewer",), password=GOOD, **more):
        answer = self.service.call("PUT", "/v1/users/" + name, {"roles": list(roles), "password": password, **more})
        self.assertEqual(answer.status, 201, answer.text)

    def change(self, name, **body):
        answer = self.service.call("PUT", "/v1/users/" + name, body)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json

    def sign_in(self, user, password=GOOD, otp=None, browser=None, headers=None):
        browser = browser or Browser(self.service)
        body = {"user": user, "password": password, **({"otp": otp} if otp else {})}
        browser.answer = browser.call("POST", "/v1/session", body, headers=headers)
        return browser

    def status(self, *arguments, **more):
        return self.sign_in(*arguments, **more).answer.status

    def advance(self, by):
        return self.service.call("POST", "/demo/clock", {"advance": by}).json["now"]

    def step_begins(self):
        """A clock that is a second into a step, so that a busy machine does not come to the next one."""
        into = int(datetime.datetime.fromisoformat(self.advance("1m")).timestamp()) % 30
        return self.advance(f"{31 - into}s")

    def code(self, secret, now):
        """By another program."""
        at = int(datetime.datetime.fromisoformat(now).timestamp())
        return subprocess.run(["oathtool", "--totp", "-b", secret, "--now", f"@{at}"], check=True, capture_output=True,
                              text=True).stdout.strip()


class Passwords(Story):
    def test_a_person_is_who_it_is(self):
        self.user("alma", roles=["approver", "viewer"])
        alma = self.sign_in("alma")
        self.assertEqual((alma.answer.status, alma.answer.json["principal"], alma.answer.json["roles"]),
                         (201, "user:alma", ["viewer", "approver"]))
        self.assertEqual(alma.call("GET", "/v1/withdrawals").status, 200)
        self.assertEqual(alma.call("GET", "/v1/audit").status, 403)

    def test_whatever_is_wrong_is_the_same(self):
        self.user("beth")
        self.user("bert")
        self.change("bert", state="disabled")
        self.service.call("PUT", "/v1/users/none", {"roles": ["viewer"]})
        told = set()
        for user, password, otp in (("beth", GOOD + "x", None), ("nobody", GOOD, None), ("bert", GOOD, None), ("none", GOOD, None),
                                    ("beth", GOOD, "123456")):
            answer = self.sign_in(user, password, otp, headers={"Request-Id": "same"}).answer
            told.add((answer.status, answer.text, answer.headers.get("Set-Cookie")))
        self.assertEqual(len(told), 1, told)
        self.assertEqual(next(iter(told))[0], 401)

    def test_some_are_refused(self):
        for password, word in (("short", "12 to 128"), ("x" * 129, "12 to 128"), ("password1234", "commonest"), ("PassWord1234", "commonest"),
                               ("abababababab", "repeats"), ("call me cleo now", "owner"), ("密" * 11, "12 to 128")):
            answer = self.service.call("PUT", "/v1/users/cleo", {"roles": ["viewer"], "password": password})
            self.assertEqual((answer.status, answer.code), (422, "invalid_value"), answer.text)
            self.assertEqual(answer.json["errors"][0]["pointer"], "/password")
            self.assertIn(word, answer.json["detail"])
        self.assertEqual(self.service.call("GET", "/v1/users/cleo").status, 404)
        self.user("cleo", password="密码必须很长才不容易猜中")
        self.assertEqual(self.status("cleo", "密码必须很长才不容易猜中"), 201)

    def test_roles_are_those_of_people(self):
        for roles in (["king"], ["billing"], ["customer"], ["demo"], ["viewer", "viewer"], ["viewer support"]):
            answer = self.service.call("PUT", "/v1/users/dora", {"roles": roles})
            self.assertEqual((answer.status, answer.json["errors"][0]["pointer"]), (422, "/roles"), roles)
        self.assertEqual(self.service.call("PUT", "/v1/users/dora", {"password": GOOD}).status, 422)
        self.assertEqual(self.service.call("PUT", "/v1/users/dora", {"roles": ["viewer"]}, token="demo-reviewer").status, 403)
        self.assertEqual(self.service.call("GET", "/v1/users/dora").status, 404)

    def test_nothing_of_it_is_told_or_kept(self):
        self.user("edda")
        self.assertNotIn("argon2", self.service.call("GET", "/v1/users").text)
        if not self.service.store:
            with open(self.service.directory.name + "/data/ebb.db-wal", "rb") as file:
                kept = file.read()
            self.assertNotIn(GOOD.encode(), kept)
            self.assertIn(b"$argon2id$v=19$m=47104,t=2,p=1$", kept)


class Ends(Story):
    def test_a_change_of_what_signs_in_ends_all_sessions(self):
        for number, body in enumerate(({"password": "another river stone"}, {"state": "disabled"}, {"roles": ["auditor"]})):
            name = f"fred{number}x"
            self.user(name)
            browsers = [self.sign_in(name), self.sign_in(name)]
            self.change(name, state="active", roles=["viewer"])
            self.assertEqual([browser.who() for browser in browsers], ["user:" + name] * 2)
            self.change(name, **body)
            self.assertEqual([browser.who() for browser in browsers], [401] * 2, body)
        self.assertEqual(self.status("fred0x"), 401)
        self.assertEqual(self.status("fred0x", "another river stone"), 201)
        self.assertEqual(self.status("fred1x"), 401)
        self.change("fred1x", state="active")
        self.assertEqual(self.status("fred1x"), 201)

    def test_one_s_own_password(self):
        self.user("gert")
        gert, other = self.sign_in("gert"), self.sign_in("gert")
        path, new = "/v1/session/password", "lantern stone river"
        for body, status in (({"password": GOOD + "x", "new_password": new}, 401), ({"password": GOOD, "new_password": "short"}, 422),
                             ({"password": GOOD, "new_password": new}, 200)):
            self.assertEqual(gert.call("PUT", path, body, headers=OURS).status, status, body)
        self.assertEqual([gert.who(), other.who()], [401, 401])
        self.assertEqual([self.status("gert"), self.status("gert", new)], [401, 201])
        self.assertEqual(self.service.call("PUT", path, {"password": GOOD, "new_password": new}).status, 409)


class Administrators(Story):
    """Nobody manages itself, whatever its session may: that takes another administrator, or a proof of who it is."""

    def refused(self, answer, code, word):
        self.assertEqual((answer.status, answer.code), (409, code), answer.text)
        self.assertIn(word, answer.json["detail"])

    def test_a_stolen_session_gives_its_person_nothing(self):
        self.user("lara", roles=["admin"])
        self.user("lea", roles=["admin"])
        lara, path = self.sign_in("lara"), "/v1/users/lara"
        before = self.service.call("GET", path).text
        for body, word in (({"roles": ["admin", "approver"]}, "another administrator"), ({"roles": ["treasurer"]}, "another administrator"),
                           ({"state": "disabled"}, "another administrator"), ({"password": "lantern stone river"}, "/v1/session/password"),
                           ({"roles": ["admin"], "password": "lantern stone river"}, "/v1/session/password")):
            self.refused(lara.call("PUT", path, body, headers=OURS), "own_account", word)
        self.refused(lara.call("PUT", path + "/totp", {}, headers=OURS), "own_account", "/v1/session/totp")
        self.assertEqual(self.service.call("GET", path).text, before)
        self.assertEqual(lara.call("PUT", path, {"roles": ["admin"], "state": "active"}, headers=OURS).status, 200, "no change")
        self.assertEqual((lara.who(), self.status("lara")), ("user:lara", 201))
        self.assertEqual(self.service.call("PUT", path + "/totp").status, 200)
        code = self.service.call("PUT", path + "/totp").json["recovery_codes"][0]
        lara = self.sign_in("lara", otp=code)
        self.refused(lara.call("DELETE", path + "/totp", headers=OURS), "own_account", "another administrator")
        self.assertTrue(self.service.call("GET", path).json["totp"])

    def test_an_administrator_changes_another_one(self):
        self.user("lotte", roles=["admin"])
        self.user("lydia", roles=["admin"])
        lotte = self.sign_in("lotte")
        for body in ({"roles": ["admin", "approver"]}, {"password": "lantern stone river"}, {"state": "disabled"}):
            self.assertEqual(lotte.call("PUT", "/v1/users/lydia", body, headers=OURS).status, 200, body)

    def test_one_who_can_sign_in_is_left(self):
        service = Service(PROGRAM)
        try:
            def put(name, **body):
                return service.call("PUT", "/v1/users/" + name, body)
            self.assertEqual([put(name, roles=["admin", "viewer"], password=GOOD).status for name in ("ada", "ben")], [201] * 2)
            self.assertEqual(put("cara", roles=["admin"]).status, 201, "without a password she is no way back")
            self.assertEqual(put("ben", state="disabled").status, 200)
            before = service.call("GET", "/v1/users").text
            for body in ({"state": "disabled"}, {"roles": ["viewer"]}, {"roles": ["viewer"], "password": "lantern stone river"}):
                self.refused(put("ada", **body), "last_administrator", "last")
            self.assertEqual(service.call("GET", "/v1/users").text, before)
            self.assertEqual(put("ada", roles=["admin"]).status, 200, "an administrator still")
            self.assertEqual(put("cara", roles=["viewer"]).status, 200)
            self.assertEqual(put("ben", state="active").status, 200)
            self.assertEqual(put("ada", state="disabled").status, 200)
        finally:
            service.stop()


class OneTimePasswords(Story):
    def enrolled(self, name):
        self.user(name)
        answer = self.service.call("PUT", f"/v1/users/{name}/totp")
        self.assertEqual(answer.status, 200, answer.text)
        self.assertIn(answer.json["secret"], answer.json["uri"])
        self.assertEqual(len(set(answer.json["recovery_codes"])), 10)
        return answer.json

    def test_what_proves_a_change_of_one_s_own_is_used_up(self):
        told = self.enrolled("ilse")
        first, second, third = told["recovery_codes"][:3]
        def change(old, new, otp):
            answer = ilse.call("PUT", "/v1/session/password", {"password": old, "otp": otp, "new_password": new}, headers=OURS)
            return answer.status
        new, newest = "lantern stone river", "stone river lantern"
        ilse = self.sign_in("ilse", otp=second)
        self.assertEqual(change(GOOD, new, first), 200)
        self.assertEqual(self.service.call("GET", "/v1/users/ilse").json["recovery_codes_left"], 8)
        self.assertEqual(self.status("ilse", new, otp=first), 401, "the recovery code")
        ilse = self.sign_in("ilse", new, otp=third)
        code = self.code(told["secret"], self.advance("1m"))
        self.assertEqual(change(new, newest, code), 200)
        self.assertEqual(self.status("ilse", newest, otp=code), 401, "the one-time password")
        self.assertEqual(self.status("ilse", newest, otp=self.code(told["secret"], self.advance("1m"))), 201)

    def test_they_are_oathtool_s_and_good_once(self):
        told = self.enrolled("hans")
        code = self.code(told["secret"], self.advance("1m"))
        self.assertEqual(self.status("hans"), 401)
        self.assertEqual(self.status("hans", otp=code), 201)
        self.assertEqual(self.status("hans", otp=code), 401)
        later = self.code(told["secret"], self.advance("1m"))
        self.assertEqual(self.status("hans", otp=code), 401)
        self.assertEqual(self.status("hans", GOOD + "x", otp=later), 401)
        self.assertEqual(self.status("hans", otp=later), 201)
        self.assertEqual(self.status("hans", otp="000000"), 401)

    def test_a_clock_may_be_off_by_a_step_and_no_more(self):
        told = self.enrolled("inga")
        early = self.code(told["secret"], self.step_begins())
        self.advance("30s")
        self.assertEqual(self.status("inga", otp=early), 201)
        late = self.code(told["secret"], self.advance("1m"))
        self.advance("61s")
        self.assertEqual(self.status("inga", otp=late), 401)

    def test_a_recovery_code_is_good_once(self):
        first, last = self.enrolled("jutta")["recovery_codes"][:10:9]
        self.assertEqual(self.status("jutta", otp=first.upper().replace("-", " ")), 201)
        self.assertEqual(self.status("jutta", otp=first), 401)
        self.assertEqual(self.status("jutta", otp=last), 201)
        self.assertEqual(self.service.call("GET", "/v1/users/jutta").json["recovery_codes_left"], 8)
        self.assertEqual(self.service.call("DELETE", "/v1/users/jutta/totp").json["totp"], False)
        self.assertEqual(self.status("jutta"), 201)
        self.assertEqual(self.service.call("PUT", "/v1/users/nobody/totp").status, 404)


class OwnOneTimePasswords(Story):
    """Whoever signs in with a password sets up one-time passwords alone: what is offered is taken with a code."""
    PATH = "/v1/session/totp"

    def offered(self, name):
        self.user(name)
        browser = self.sign_in(name)
        return browser, browser.call("GET", self.PATH).json

    def take(self, browser, offer, code, password=GOOD, **more):
        return browser.call("PUT", self.PATH, {"offer": offer, "code": code, "password": password, **more}, headers=OURS)

    def pointer(self, answer):
        self.assertEqual((answer.status, answer.code), (422, "invalid_value"), answer.text)
        return answer.json["errors"][0]["pointer"]

    def test_an_offer_is_taken_with_its_code_and_the_password(self):
        nora, told = self.offered("nora")
        code = self.code(told["secret"], self.advance("1m"))
        self.assertEqual(self.pointer(self.take(nora, told["offer"], "000000")), "/code")
        self.assertEqual(self.take(nora, told["offer"], code, GOOD + "x").status, 401)
        self.assertEqual((self.status("nora"), nora.who()), (201, "user:nora"), "nothing has changed")
        taken = self.take(nora, told["offer"], code)
        self.assertEqual((taken.status, taken.json["secret"], len(set(taken.json["recovery_codes"]))), (200, told["secret"], 10))
        self.assertEqual(nora.who(), 401)
        self.assertEqual(self.status("nora"), 401)
        self.assertEqual(self.status("nora", otp=code), 401, "the code was used up")
        self.assertEqual(self.status("nora", otp=taken.json["recovery_codes"][0]), 201)
        self.assertEqual(self.status("nora", otp=self.code(told["secret"], self.advance("1m"))), 201)

    def test_another_secret_needs_a_code_of_the_one_before(self):
        olga, told = self.offered("olga")
        self.assertEqual(self.take(olga, told["offer"], self.code(told["secret"], self.advance("1m"))).status, 200)
        otp = self.code(told["secret"], self.advance("1m"))
        olga = self.sign_in("olga", otp=otp)
        next_ = olga.call("GET", self.PATH).json
        now = self.advance("1m")
        code, old = self.code(next_["secret"], now), self.code(told["secret"], now)
        self.assertEqual(self.take(olga, next_["offer"], code).status, 401)
        self.assertEqual(self.take(olga, next_["offer"], code, otp=old).status, 200)

    def test_what_was_not_offered_is_not_taken(self):
        petra, told = self.offered("petra")
        rosa, other = self.offered("rosa")
        code = self.code(told["secret"], self.advance("1m"))
        secret, until, proof = told["offer"].split(".")
        weak = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        for offer in ("x", "..", secret, f"{weak}.{until}.{proof}", f"{secret}.{int(until) + 1}.{proof}", f"{secret}.0{until}.{proof}",
                      told["offer"] + "0", told["offer"][:-1], secret * 3):
            self.assertIn(self.take(petra, offer, code).status, (400, 422), offer)
        self.assertEqual(self.pointer(self.take(rosa, told["offer"], code)), "/offer")
        now = self.advance("10m")
        self.assertEqual(self.pointer(self.take(petra, told["offer"], self.code(told["secret"], now))), "/offer")
        self.assertEqual((self.status("petra"), self.status("rosa")), (201, 201))
        self.assertNotEqual(told["secret"], other["secret"])

    def test_the_picture_says_what_the_uri_says(self):
        told = self.offered("sina")[1]
        rows = ["0" * (len(told["qr"]) + 8)] * 4 + ["0000" + row + "0000" for row in told["qr"]] + ["0" * (len(told["qr"]) + 8)] * 4
        large = [" ".join("".join(4 * module for module in row)) for row in rows for _ in range(4)]
        with tempfile.NamedTemporaryFile(suffix=".pbm") as file:
            file.write(f"P1\n{4 * len(rows)} {len(large)}\n".encode() + "\n".join(large).encode() + b"\n")
            file.flush()
            seen = subprocess.run(["zbarimg", "-q", "--raw", file.name], capture_output=True, text=True, timeout=60)
        self.assertEqual(seen.stdout.strip(), told["uri"])

    def test_it_is_for_people_with_a_password(self):
        answer = self.service.call("GET", self.PATH)
        self.assertEqual((answer.status, answer.code), (409, "no_password"))
        answer = self.service.call("PUT", self.PATH, {"offer": "x", "code": "123456", "password": GOOD})
        self.assertEqual((answer.status, answer.code), (409, "no_password"))


class Guessing(Story):
    def test_it_takes_longer_and_longer(self):
        self.user("karl")
        self.assertEqual([self.status("karl", "wrong wrong wrong") for _ in range(5)], [401] * 5)
        refused = self.sign_in("karl").answer
        self.assertEqual((refused.status, refused.code), (429, "too_many_tries"))
        self.assertGreaterEqual(int(refused.headers["Retry-After"]), 1)
        self.advance("2s")
        self.assertEqual(self.status("karl"), 201)
        self.assertEqual(self.status("karl", "wrong wrong wrong"), 401)
        self.assertEqual(self.status("karl"), 201)

    def test_nobody_is_locked_out_by_others(self):
        """Behind our proxy addresses differ: whoever guesses waits, its victim does not."""
        service = Service(PROGRAM, "--proxy", "127.0.0.1")
        try:
            service.call("PUT", "/v1/users/lena", {"roles": ["viewer"], "password": GOOD})
            def ask(address, password):
                return Browser(service).call("POST", "/v1/session", {"user": "lena", "password": password},
                                             headers={"X-Forwarded-For": "203.0.113.9, " + address}).status
            self.assertEqual(ask("192.0.2.1", GOOD), 201)
            self.assertEqual([ask("192.0.2.66", "wrong wrong wrong") for _ in range(6)], [401] * 5 + [429])
            self.assertEqual(ask("192.0.2.1", GOOD), 201)
        finally:
            service.stop()


class CommandLine(unittest.TestCase):
    def run_user(self, *arguments, line=""):
        return subprocess.run([PROGRAM, "user", *arguments], input=line, capture_output=True, text=True, timeout=60)

    def test_the_first_administrator(self):
        service = Service(PROGRAM, demo=False)
        place = ["--data", service.directory.name + "/data", *service.store]
        if not service.store:
            self.assertEqual(self.run_user("create", "mona", *place, "--role", "admin", line=GOOD + "\n").returncode, 1)
        service.restart(between=lambda: self.assertEqual(
            self.run_user("create", "mona", *place, "--role", "admin", line=GOOD + "\n").returncode, 0))
        mona = Browser(service)
        mona.answer = mona.call("POST", "/v1/session", {"user": "mona", "password": GOOD})
        self.assertEqual((mona.answer.status, mona.answer.json["roles"]), (201, ["admin"]))
        self.assertEqual(Browser(service).call("POST", "/v1/session", {"token": "demo-admin"}).status, 401)
        self.assertIn("mona", self.run_user("list", *place).stdout)
        for arguments, line in ((("disable", "nobody"), ""), (("password", "mona"), "short\n"), (("create", "x"), GOOD)):
            self.assertNotEqual(self.run_user(*arguments, *place, line=line).returncode, 0, arguments)
        answer = mona.call("PUT", "/v1/users/mona", {"state": "disabled"}, headers=OURS)
        self.assertEqual((answer.status, answer.code), (409, "own_account"), answer.text)
        service.restart(between=lambda: self.assertEqual(self.run_user("disable", "mona", *place).returncode, 0))
        self.assertEqual(mona.who(), 401)
        service.restart(between=lambda: self.assertEqual(
            self.run_user("create", "nina", *place, "--role", "admin", line=GOOD + "\n").returncode, 0))
        nina = Browser(service)
        self.assertEqual(nina.call("POST", "/v1/session", {"user": "nina", "password": GOOD}).status, 201, "the way out of a lock-out")
        self.assertEqual(nina.call("PUT", "/v1/users/mona", {"state": "active"}, headers=OURS).status, 200)
        service.stop()


if __name__ == "__main__":
    unittest.main(verbosity=1)
