#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs scenarios: plain-text stories, one a file, through the real server; then ebb-audit checks the books.

    run.py [--ebb PATH] [--audit PATH] [--wrap "valgrind …"] [FILE…]    (default: every *.scenario beside this file)

A line is a step; what stands behind `->` must come true. Amounts are decimals. docs/scenarios.md describes every word.
Each scenario gets a server of its own on a free port and an empty directory, at 2026-11-20 10:00 Shanghai time; with
EBB_TEST_STORE=postgresql (tests/postgresql/cluster.py run) also an empty schema for its rows.
Python's standard library only."""
import argparse
import base64
import concurrent.futures
import glob
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "postgresql"))
import cluster  # noqa: E402
from cluster import child  # noqa: E402
PATIENCE_S = 8.0
SHIPPED = {os.path.basename(path).removesuffix(".yaml") for path in glob.glob(os.path.join(ROOT, "policies", "*.yaml"))}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()


class Failure(Exception):
    pass


def minor(text):
    """'300.00' → 30000. No float comes near."""
    whole, _, rest = text.replace(",", "").partition(".")
    if not whole.lstrip("-").isdigit() or (rest and (not rest.isdigit() or len(rest) != 2)):
        raise Failure(f"{text!r} is not an amount like 300.00")
    return int(whole) * 100 + int(rest or "0")


def is_amount(text):
    whole, dot, rest = text.partition(".")
    return dot == "." and whole.isdigit() and rest.isdigit() and len(rest) == 2


def moment(text):
    """'2026-11-01' is midnight in Shanghai; anything longer stays as it is."""
    return text + "T00:00:00+08:00" if len(text) == 10 else text


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, options, invented=False):
        self.directory = tempfile.mkdtemp(prefix="ebb-scenario-")
        self.options = options
        self.more = ["--policies", self.policies()] if invented else []
        self.process = None
        self.store = ["--store", cluster.place(cluster.asked())] if cluster.asked() else []
        self.start()
        self.checkpoint = os.path.join(self.directory, "audit-checkpoint")
        if not self.store:
            self.audited("--checkpoint", self.checkpoint)

    def policies(self):
        """The four, and those of tests/policies."""
        directory = os.path.join(self.directory, "policies")
        os.mkdir(directory)
        for path in glob.glob(os.path.join(ROOT, "policies", "*.yaml")) + glob.glob(os.path.join(ROOT, "tests", "policies", "*.yaml")):
            shutil.copy(path, directory)
        return directory

    def start(self):
        self.port = free_port()
        command = shlex.split(self.options.wrap) + [self.options.ebb, "serve", "--demo", "--data", self.directory,
                                                    "--listen", f"127.0.0.1:{self.port}", *self.store, *self.more]
        self.log = open(os.path.join(self.directory, "server.log"), "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, preexec_fn=child.ends_with_parent)
        deadline = time.monotonic() + (60 if self.options.wrap else 15)
        while True:
            try:
                if self.call("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.flush()
                tail = open(self.log.name, encoding="utf-8", errors="replace").read()[-2000:]
                raise Failure(f"the server did not start:\n{tail}")
            time.sleep(0.02)

    def call(self, method, path, body=None, token="demo-admin", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Authorization": f"Bearer {token}"}
        data = None
        if body is not None:
            data = json.dumps(body)
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection.request(method, path, data, sent)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, json.loads(text) if text[:1] in "{[" else text, answer.headers

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.start()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                raise Failure("the server did not end within 30 s of SIGTERM") from None
            if self.process.returncode != 0:
                tail = open(self.log.name, encoding="utf-8", errors="replace").read()[-3000:]
                raise Failure(f"the server ended with {self.process.returncode}:\n{tail}")

    def audited(self, *more):
        done = subprocess.run([self.options.audit, *(self.store or ["--data", self.directory]), *more], capture_output=True,
                              text=True, timeout=120)
        if done.returncode != 0:
            raise Failure(f"ebb-audit {' '.join(more)} found:\n{done.stdout}{done.stderr}")

    def audit(self):
        """In full, and from the checkpoint that was left before the story began."""
        self.audited()
        if not self.store:
            self.audited("--from", self.checkpoint)

    def remove(self):
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)


class Words:
    """The words of a step, taken from the front; what is left over is a mistake in the scenario."""

    def __init__(self, words):
        self.words = list(words)

    def take(self, what="a word"):
        if not self.words:
            raise Failure(f"{what} is missing")
        return self.words.pop(0)

    def option(self, *names):
        """Yields (name, None) for every option that stands next."""
        while self.words:
            name = self.take()
            if name not in names:
                raise Failure(f"{name!r} is not known here (known: {', '.join(names)})")
            yield name


class Scenario:
    def __init__(self, path, options):
        self.path, self.options = path, options
        self.policy = "alibaba"
        self.accounts, self.withdrawals, self.documents, self.owner = {}, {}, {}, {}
        self.keys = 0

    # ---- plumbing -------------------------------------------------------------------------------------------------

    def invented(self):
        """Is it about a policy that does not ship?"""
        named = {line.split()[1] for line in open(self.path, encoding="utf-8") if line.startswith("policy ")}
        return not named <= SHIPPED

    def run(self):
        self.server = Server(self.options, self.invented())
        self.ok = False
        try:
            self.do_clock(Words(["2026-11-20T10:00:00+08:00"]), [])
            for number, line in enumerate(open(self.path, encoding="utf-8"), 1):
                self.line(number, line)
            self.server.audit()
            self.server.stop()
            self.server.audit()
            self.ok = True
        finally:
            if self.server.process.poll() is None:
                self.server.process.kill()
                self.server.process.wait()
            self.server.remove()

    def line(self, number, line):
        step, _, expected = line.partition("->")
        words = shlex.split(step, comments=True)
        if not words:
            return
        wanted = [shlex.split(part) for part in self.split(expected)] if expected.strip() else []
        try:
            verb = words.pop(0)
            action = getattr(self, "do_" + verb, None)
            if action is None:
                raise Failure(f"{verb!r} is no step")
            rest = Words(words)
            action(rest, wanted)
            if rest.words:
                raise Failure(f"what is {' '.join(rest.words)!r}?")
        except Failure as failure:
            raise Failure(f"{os.path.basename(self.path)}:{number}: {line.strip()}\n    {failure}") from None

    @staticmethod
    def split(expected):
        lexer = shlex.shlex(expected, posix=False)
        lexer.whitespace_split = True
        lexer.commenters = "#"
        parts, current = [], []
        for word in lexer:
            if word.endswith(",") and not word.startswith('"'):
                current.append(word[:-1])
                parts.append(" ".join(current))
                current = []
            elif word.endswith('",'):
                current.append(word[:-1])
                parts.append(" ".join(current))
                current = []
            else:
                current.append(word)
        if current:
            parts.append(" ".join(current))
        return parts

    def post(self, path, body, token="demo-admin", headers=None):
        self.keys += 1
        return self.server.call("POST", path, body, token, {"Idempotency-Key": f"k{self.keys}", **(headers or {})})

    def expect_status(self, answer, wanted, default=(200, 201)):
        """`-> 201`, `-> refused CODE [RULE]`, or nothing: it must work."""
        status, body, _ = answer
        if not wanted:
            if status not in default:
                raise Failure(f"answered {status}: {json.dumps(body, ensure_ascii=False)[:600]}")
            return True
        if wanted[0][0] == "refused":
            words = wanted[0][1:]
            if status < 400:
                raise Failure(f"was accepted with {status}, but should have been refused {' '.join(words)}")
            if words and words[0].isdigit():
                if status != int(words.pop(0)):
                    raise Failure(f"was refused with {status}: {json.dumps(body, ensure_ascii=False)[:600]}")
            if words and body.get("code") != words[0]:
                raise Failure(f"was refused with {body.get('code')}: {json.dumps(body, ensure_ascii=False)[:600]}")
            if len(words) > 1 and body.get("rule") != words[1]:
                raise Failure(f"was refused by rule {body.get('rule')}, not {words[1]}")
            self.members(body, wanted[1:])
            return False
        if wanted[0][0].isdigit():
            if status != int(wanted[0][0]):
                raise Failure(f"answered {status}: {json.dumps(body, ensure_ascii=False)[:600]}")
            wanted.pop(0)
        elif status not in default:
            raise Failure(f"answered {status}: {json.dumps(body, ensure_ascii=False)[:600]}")
        return True

    @staticmethod
    def member(body, path):
        at = body
        for part in path.split("."):
            if isinstance(at, list):
                if not part.isdigit() or int(part) >= len(at):
                    return None
                at = at[int(part)]
            elif isinstance(at, dict):
                at = at.get(part)
            else:
                return None
        return at

    def members(self, body, wanted):
        """`legs.0.route original`, `held_back.0.amount 100.00`, `label "In Review"`, `reference null`."""
        for words in wanted:
            if len(words) != 2:
                raise Failure(f"expected PATH VALUE, not {' '.join(words)!r}")
            path, value = words
            at = self.member(body, path)
            shown = {None: "null", True: "true", False: "false"}[at] if at is None or isinstance(at, bool) else at
            if isinstance(at, list):
                shown = str(len(at)) if value.isdigit() else ",".join(map(str, at)) or "none"
            if is_amount(value) and isinstance(at, int):
                value, shown = str(minor(value)), str(at)
            if isinstance(at, str) and MOMENT.match(value) and MOMENT.match(at):
                shown = at[:len(value)]
            if str(shown) != value:
                raise Failure(f"{path} is {shown!r}, not {value!r}")

    # ---- the world ------------------------------------------------------------------------------------------------

    def do_clock(self, words, wanted):
        self.demo("/demo/clock", {"set": moment(words.take("a moment"))})

    def demo(self, path, body):
        status, answer, _ = self.server.call("POST", path, body)
        if status != 200:
            raise Failure(f"{path} answered {status}: {answer}")

    def do_advance(self, words, wanted):
        self.demo("/demo/clock", {"advance": words.take("a duration")})

    def do_channel(self, words, wanted):
        outcomes = " ".join(words.words).split(": ")[-1]
        words.words = []
        self.demo("/demo/channel", {"next": [part.strip().replace(" ", ":") for part in outcomes.split(",")]})

    def do_kill(self, words, wanted):
        """SIGKILL and a new start on the same directory; the demo's clock goes on where it was."""
        self.server.kill()

    def do_restart(self, words, wanted):
        self.server.stop()
        self.server.start()

    def do_audit(self, words, wanted):
        self.server.audit()

    # ---- facts ----------------------------------------------------------------------------------------------------

    def do_policy(self, words, wanted):
        self.policy = words.take("a policy")

    def do_account(self, words, wanted):
        ref = words.take("an account")
        body = self.accounts.setdefault(ref, {
            "policy": self.policy, "currency": "CNY", "phone": "13800000000", "state": "active",
            "subject": {"kind": "person", "name": ref.capitalize(), "id_number": f"id-{ref}", "verified": True}})
        for name in words.option("person", "enterprise", "named", "id", "verified", "unverified", "active", "frozen",
                                 "closed", "partner", "master", "policy", "phone", "currency"):
            if name in ("person", "enterprise"):
                body["subject"]["kind"] = name
            elif name == "named":
                body["subject"]["name"] = words.take()
            elif name == "id":
                body["subject"]["id_number"] = words.take()
            elif name in ("verified", "unverified"):
                body["subject"]["verified"] = name == "verified"
            elif name in ("active", "frozen", "closed"):
                body["state"] = name
            elif name == "partner":
                body["partner"] = {"ref": "partner-1", "payment": words.take()}
            else:
                body[name] = words.take()
        answer = self.server.call("PUT", f"/v1/accounts/{ref}", body)
        if self.expect_status(answer, wanted):
            self.members(answer[1], wanted)

    def need(self, ref):
        if ref not in self.accounts:
            self.do_account(Words([ref]), [])
        return ref

    def fact(self, method, path, body, wanted):
        answer = self.post(path, body) if method == "POST" else self.server.call(method, path, body)
        if self.expect_status(answer, wanted):
            self.members(answer[1], wanted)

    def do_topup(self, words, wanted):
        ref, account, method, amount = words.take(), self.need(words.take()), words.take(), minor(words.take())
        body = {"ref": ref, "amount": amount, "method": method, "channel_ref": f"CH-{ref}"}
        for name in words.option("paid", "bank", "personal", "corporate", "account", "bonus", "arbitrage",
                                 "channel"):
            if name == "paid":
                body["paid_at"] = moment(words.take())
            elif name in ("personal", "corporate"):
                body.setdefault("payer", {}).update(kind=name, name=words.take())
            elif name == "account":
                body.setdefault("payer", {})["account"] = words.take()
            elif name in ("bonus", "arbitrage"):
                body[name] = True
            else:
                body[name] = words.take()
        self.fact("POST", f"/v1/accounts/{account}/topups", body, wanted)

    def do_charge(self, words, wanted):
        ref, account, amount = words.take(), self.need(words.take()), minor(words.take())
        self.fact("POST", f"/v1/accounts/{account}/charges", {"ref": ref, "amount": amount}, wanted)

    def do_reverse(self, words, wanted):
        ref, account = words.take(), words.take()
        self.fact("POST", f"/v1/accounts/{account}/charges/{ref}/reverse", {}, wanted)

    def do_chargeback(self, words, wanted):
        ref, account, topup, amount = words.take(), words.take(), words.take(), minor(words.take())
        self.fact("POST", f"/v1/accounts/{account}/topups/{topup}/chargeback", {"ref": ref, "amount": amount}, wanted)

    def do_claim(self, words, wanted):
        ref, account, kind, amount = words.take(), self.need(words.take()), words.take(), minor(words.take())
        self.fact("PUT", f"/v1/accounts/{account}/claims/{ref}", {"kind": kind, "amount": amount}, wanted)

    def do_resource(self, words, wanted):
        ref, account, state = words.take(), self.need(words.take()), words.take()
        body = {"state": state}
        for name in words.option("at", "frozen"):
            body[name] = moment(words.take()) if name == "at" else minor(words.take())
        self.fact("PUT", f"/v1/accounts/{account}/resources/{ref}", body, wanted)

    def do_credit(self, words, wanted):
        ref, account, fund, amount = words.take(), self.need(words.take()), words.take(), minor(words.take())
        self.fact("POST", f"/v1/accounts/{account}/credits", {"ref": ref, "fund": fund, "amount": amount}, wanted)

    def do_transfer(self, words, wanted):
        ref, giver, receiver = words.take(), self.need(words.take()), self.need(words.take())
        amount = minor(words.take())
        self.fact("POST", "/v1/transfers", {"ref": ref, "from": giver, "to": receiver, "amount": amount}, wanted)

    def do_recall(self, words, wanted):
        self.fact("POST", f"/v1/transfers/{words.take()}/recall", {}, wanted)

    def do_allocate(self, words, wanted):
        ref, master, member = words.take(), self.need(words.take()), self.need(words.take())
        amount = minor(words.take())
        self.fact("POST", "/v1/allocations", {"ref": ref, "master": master, "member": member, "amount": amount}, wanted)

    def do_invoiced(self, words, wanted):
        ref, amount = words.take(), minor(words.take())
        self.fact("PUT", f"/v1/allocations/{ref}", {"invoiced": amount}, wanted)

    def do_reclaim(self, words, wanted):
        self.fact("POST", f"/v1/allocations/{words.take()}/reclaim", {}, wanted)

    # ---- withdrawals ----------------------------------------------------------------------------------------------

    def do_quote(self, words, wanted):
        account, token, at = self.need(words.take("an account")), "demo-admin", None
        for name in words.option("as", "at"):
            if name == "as":
                token = words.take()
            else:
                at = words.take()
        if at is not None:
            answer = 200, self.quote_at(account, at), None
        else:
            answer = self.server.call("GET", f"/v1/accounts/{account}/withdrawable", token=token)
        if not self.expect_status(answer, wanted if wanted and wanted[0][0] == "refused" else [], (200,)):
            return
        quote = answer[1]
        if quote["cash"] - sum(item["amount"] for item in quote["held_back"]) != quote["withdrawable"]:
            raise Failure(f"the items do not add up: {quote}")
        for part in wanted:
            self.expect_quote(quote, part)

    def quote_at(self, account, at):
        """The clock runs on while a step runs: an instant to the second is asked of `ebb quote`, with the server's
        facts."""
        body = self.server.call("GET", f"/v1/accounts/{account}")[1]
        topups = self.server.call("GET", f"/v1/accounts/{account}/topups?limit=100")[1]["data"]
        kept = ("ref", "method", "bank", "amount", "remaining", "held", "paid_at", "payer", "bonus", "arbitrage")
        facts = {
            "policy": body["policy"], "at": at, "currency": body["currency"],
            "account": {"state": body["state"], "verified": body["verified"], "kind": body["subject"]["kind"],
                        "partner": body["partner"] and body["partner"]["payment"],
                        "withdrawals_this_month": body["withdrawals_this_month"]},
            "topups": [{key: topup[key] for key in kept} for topup in reversed(topups) if topup["remaining"]],
            "funds": {key: body["balance"][key] for key in ("transferred_in", "allocated_in", "other", "voucher")},
            "claims": body["claims"], "payg": body["payg"]}
        done = subprocess.run([self.options.ebb, "quote", "--facts", "-"], input=json.dumps(facts), capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise Failure(f"ebb quote ended with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def expect_quote(self, quote, words):
        if len(words) == 1 and is_amount(words[0]):
            words = ["withdrawable", words[0]]
        if words[0] == "held":
            found = {item["code"]: item for item in quote["held_back"]}
            if words[1] == "nothing":
                if found:
                    raise Failure(f"held back: {quote['held_back']}")
                return
            item = found.get(words[1])
            if item is None or item["amount"] != minor(words[2]):
                raise Failure(f"{words[1]} is held back with {item and item['amount']}: {quote['held_back']}")
            if len(words) > 3 and item["rule"] != words[3]:
                raise Failure(f"{words[1]} is held back by {item['rule']}, not {words[3]}")
            if len(words) > 5 and words[4] == "frees" and not (item["frees_at"] or "null").startswith(words[5]):
                raise Failure(f"{words[1]} frees at {item['frees_at']}, not {words[5]}")
        elif words[0] == "refusal":
            codes = {refusal["code"]: refusal["rule"] for refusal in quote["refusals"]}
            if words[1] not in codes or (len(words) > 2 and codes[words[1]] != words[2]):
                raise Failure(f"refusals are {quote['refusals']}")
        elif words[0] == "topup":
            found = {topup["ref"]: topup for topup in quote["topups"]}
            if words[1] not in found:
                raise Failure(f"{words[1]} is not in the quote")
            self.members(found[words[1]], [words[2:4]])
        else:
            self.members(quote, [words])

    def withdraw_body(self, words):
        account, amount = self.need(words.take()), minor(words.take())
        body, token, dry = {"account": account, "amount": amount}, "demo-admin", False
        for name in words.option("route", "strategy", "topups", "to", "bank", "branch", "city", "reason", "documents",
                                 "as", "dry"):
            if name in ("route", "strategy", "reason"):
                body[name] = words.take()
            elif name == "topups":
                picks = [pick.split("=") for pick in words.take().split("+")]
                body["topups"] = [{"ref": ref, "amount": minor(value)} for ref, value in picks]
            elif name == "to":
                kind, payee, number = words.take(), words.take(), words.take()
                body["destination"] = {"kind": kind, "name": payee, "account": number}
            elif name in ("bank", "branch"):
                body["destination"][name] = words.take()
            elif name == "city":
                body["destination"]["province"], _, body["destination"]["city"] = words.take().partition("/")
            elif name == "documents":
                body["documents"] = [self.documents.get(ref, ref) for ref in words.take().split("+")]
            elif name == "as":
                token = words.take()
            else:
                dry = True
        return body, token, dry

    def do_withdraw(self, words, wanted):
        name = words.take("a name for the withdrawal")
        body, token, dry = self.withdraw_body(words)
        if dry:
            answer = self.server.call("POST", "/v1/withdrawals?dry_run=true", body, token)
        else:
            answer = self.post("/v1/withdrawals", body, token)
        refused = wanted if wanted and wanted[0][0] == "refused" else []
        if not self.expect_status(answer, refused, (200,) if dry else (201,)):
            return
        if not dry:
            self.withdrawals[name] = answer[1]["id"]
            self.owner[name] = body["account"]
        self.expect_withdrawal(answer[1], wanted)

    def expect_withdrawal(self, body, wanted):
        for number, words in enumerate(wanted):
            if number == 0 and len(words) == 1:
                words = ["status", words[0]]
            if number == 0 and words[0] == "status" and words[1].isdigit():
                continue
            if words[0].startswith('"') or len(words) == 1:
                if words[0].strip('"') not in json.dumps(body, ensure_ascii=False):
                    raise Failure(f"{words[0]} does not appear in {json.dumps(body, ensure_ascii=False)[:800]}")
            else:
                self.members(body, [words])

    def get(self, name):
        status, body, headers = self.server.call("GET", f"/v1/withdrawals/{self.withdrawals[name]}")
        if status != 200:
            raise Failure(f"GET answered {status}: {body}")
        return body, headers

    def sent_code(self, name, number=0):
        """The code of the latest message, or of the one `number` before it."""
        status, body, _ = self.server.call("GET", f"/demo/messages?account={self.owner[name]}&limit=100")
        codes = [message["code"] for message in body["data"]
                 if message["withdrawal"] == self.withdrawals[name] and message["code"]]
        if len(codes) <= number:
            raise Failure(f"no code was sent for {name} ({status})")
        return codes[number]

    def do_code(self, words, wanted):
        """code W [wrong | old | of W2 | DIGITS] [as TOKEN]: what is entered; without a word the code that was sent."""
        name = words.take()
        given, token = self.sent_code(name), "demo-admin"
        while words.words:
            word = words.take()
            if word == "as":
                token = words.take()
            elif word == "wrong":
                given = f"{(int(given) + 1) % 1000000:06d}"
            elif word == "old":
                given = self.sent_code(name, 1)
            elif word == "of":
                given = self.sent_code(words.take())
            else:
                given = word
        answer = self.post(f"/v1/withdrawals/{self.withdrawals[name]}/code", {"code": given}, token)
        if self.expect_status(answer, wanted if wanted and wanted[0][0] == "refused" else [], (200,)):
            self.expect_withdrawal(answer[1], wanted)

    def simple(self, path, words, wanted):
        name, token = words.take(), "demo-admin"
        for option in words.option("as"):
            token = words.take()
        answer = self.post(f"/v1/withdrawals/{self.withdrawals[name]}/{path}", {}, token)
        if self.expect_status(answer, wanted if wanted and wanted[0][0] == "refused" else [], (200,)):
            self.expect_withdrawal(answer[1], wanted)

    def do_resend(self, words, wanted):
        self.simple("code/resend", words, wanted)

    def do_cancel(self, words, wanted):
        self.simple("cancel", words, wanted)

    def do_review(self, words, wanted):
        name, body, token, match = words.take(), {"decision": words.take()}, "demo-reviewer", None
        while words.words:
            word = words.take()
            if word == "by":
                token = words.take()
            elif word == "match":
                match = words.take()
            else:
                body["reason"] = word
        headers = {"If-Match": match or self.get(name)[1]["ETag"]}
        answer = self.post(f"/v1/withdrawals/{self.withdrawals[name]}/review", body, token, headers)
        if self.expect_status(answer, wanted if wanted and wanted[0][0] == "refused" else [], (200,)):
            self.expect_withdrawal(answer[1], wanted)

    def do_document(self, words, wanted):
        ref, account = words.take(), self.need(words.take())
        body = {"account": account, "name": f"{ref}.png", "media_type": "image/png", "content": PNG}
        for name in words.option("for"):
            body["withdrawal"] = self.withdrawals[words.take()]
        answer = self.post("/v1/documents", body)
        if self.expect_status(answer, wanted):
            self.documents[ref] = answer[1]["id"]

    def do_case(self, words, wanted):
        account, body = self.need(words.take()), {}
        body["kind"] = words.take()
        while words.words:
            key, value = words.take().split("=", 1)
            body[key] = minor(value) if key == "amount" else self.withdrawals.get(value, value)
        answer = self.post("/v1/cases", {"account": account, **body})
        if self.expect_status(answer, wanted):
            self.members(answer[1], wanted)

    def do_resolve(self, words, wanted):
        name, kind, amount = words.take(), words.take(), minor(words.take())
        body = {"kind": kind, "amount": amount}
        token = "demo-reviewer"
        for option in words.option("by", "document", "reference", "reason"):
            if option == "by":
                token = words.take()
            else:
                value = words.take()
                body[option] = self.documents.get(value, value)
        status, answer, _ = self.server.call("GET", f"/v1/withdrawals/{self.withdrawals[name]}/attempts")
        if status != 200:
            raise Failure(f"attempts answered {status}: {answer}")
        body["key"] = answer["data"][-1]["key"]
        answer = self.post(f"/v1/withdrawals/{self.withdrawals[name]}/resolve", body, token)
        if self.expect_status(answer, wanted if wanted and wanted[0][0] == "refused" else [], (200,)):
            self.expect_withdrawal(answer[1], wanted)

    def do_status(self, words, wanted):
        name = words.take()
        self.expect_withdrawal(self.get(name)[0], wanted)

    def do_dispatch(self, words, wanted):
        """dispatch [within MINUTES m] -> w1 successful, w2 failed, "REASON": waits until it is so."""
        minutes = 0
        for name in words.option("within"):
            minutes = int(words.take("minutes").removesuffix("m"))

        def check():
            last = None
            for part in wanted:
                if part[0] in self.withdrawals:
                    last = self.get(part[0])[0]
                    if last["status"] != part[1]:
                        raise Failure(f"{part[0]} is {last['status']}, not {part[1]}")
                    self.members(last, [part[2:]] if len(part) > 2 else [])
                else:
                    self.expect_withdrawal(last, [["status", last["status"]], part])

        self.patiently(check, minutes)

    def do_show(self, words, wanted):
        """show PATH [as TOKEN]: any GET of the API, with members checked."""
        path, token = words.take(), "demo-admin"
        for ref, value in self.withdrawals.items():
            path = path.replace(f"{{{ref}}}", value)
        for name in words.option("as"):
            token = words.take()
        answer = self.server.call("GET", urllib.parse.quote(path, safe="/?&=:"), token=token)
        if self.expect_status(answer, wanted, (200,)):
            self.members(answer[1], wanted)

    def patiently(self, check, minutes=0):
        """What the server does by itself (payments, incidents) is a moment away: asks again until `check` is content.
        With `minutes` the server's clock goes on by so many meanwhile, one at a time."""
        deadline = time.monotonic() + PATIENCE_S * (10 if self.options.wrap else 1)
        while True:
            try:
                return check()
            except Failure:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3 if minutes > 0 else 0.03)
                if minutes > 0:
                    minutes -= 1
                    self.demo("/demo/clock", {"advance": "1m"})

    def do_attempts(self, words, wanted):
        """attempts W -> data 1, data.0.status paid: what was sent to the channels; waits until it is so."""
        path = f"/v1/withdrawals/{self.withdrawals[words.take()]}/attempts"
        self.patiently(lambda: self.members(self.server.call("GET", path)[1], wanted))

    def do_events(self, words, wanted):
        """events ACCOUNT -> TYPE [TEXT]: each of them happened, with TEXT somewhere in its data."""
        account = words.take()

        def check():
            _, body, _ = self.server.call("GET", f"/v1/events?account={account}&limit=200")
            for part in wanted:
                if not any(event["type"] == part[0] and all(text in json.dumps(event["data"]) for text in part[1:])
                           for event in body["data"]):
                    raise Failure(f"no event {' '.join(part)}: {[event['type'] for event in body['data']]}")

        self.patiently(check)

    def do_message(self, words, wanted):
        """message ACCOUNT -> "TEXT": a message to the customer says so."""
        account = words.take()

        def check():
            _, body, _ = self.server.call("GET", f"/demo/messages?account={account}&limit=100")
            texts = [message["text"] for message in body["data"]]
            for part in wanted:
                if not any(" ".join(part) in have for have in texts):
                    raise Failure(f"no message says {' '.join(part)!r}: {texts}")

        self.patiently(check)

    def do_transactions(self, words, wanted):
        """transactions ACCOUNT [TYPE] -> COUNT [, members of the list]"""
        account = words.take()
        query = f"?type={words.take()}" if words.words else ""
        answer = self.server.call("GET", f"/v1/accounts/{account}/transactions{query}")
        self.expect_status(answer, [], (200,))
        for part in wanted:
            if len(part) == 1:
                part = ["data", part[0]]
            self.members(answer[1], [part])


def run_one(path, options):
    begun = time.monotonic()
    try:
        Scenario(path, options).run()
        return path, None, time.monotonic() - begun
    except (Failure, OSError, LookupError, ValueError, http.client.HTTPException) as failure:
        return path, f"{type(failure).__name__}: {failure}", time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--ebb", default=os.path.join(ROOT, "build", "ebb"))
    parser.add_argument("--audit", default=os.path.join(ROOT, "build", "ebb-audit"))
    parser.add_argument("--wrap", default="", help="run the server under this command, for example valgrind")
    parser.add_argument("--jobs", type=int, default=3)
    options = parser.parse_args()
    files = options.files or sorted(glob.glob(os.path.join(HERE, "*.scenario")))
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for path, failure, seconds in pool.map(lambda path: run_one(path, options), files):
            name = os.path.basename(path).removesuffix(".scenario")
            print(f"{'not ok' if failure else 'ok':7}{name:34}{seconds:6.1f} s", flush=True)
            if failure:
                failed += 1
                print("    " + failure.replace("\n", "\n    "), flush=True)
    print(f"scenarios: {len(files) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not files else 0)


main()
