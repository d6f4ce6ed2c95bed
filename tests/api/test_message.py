#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Messages over a real HTTP provider and a real SMTP server: what they say, once each, with retries while they are of use.

Usage: test_message.py EBB"""
import base64
import email
import email.policy
import glob
import http.server
import json
import os
import queue
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[1:1] = glob.glob(os.path.join(ROOT, ".venv", "lib", "python3*", "site-packages"))
from aiosmtpd.controller import Controller  # noqa: E402  script/bootstrap --tests

from service import Service  # noqa: E402

PROGRAM = sys.argv.pop(1)
TEMPLATES = os.path.join(ROOT, "templates")


class Provider:
    """Takes SMS by HTTP; answers what `answers` says, then 200."""

    def __init__(self):
        self.got, self.answers = queue.Queue(), []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                provider.got.put((dict(self.headers), body))
                self.send_response(provider.answers.pop(0) if provider.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/send"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def next(self, seconds=8):
        return self.got.get(timeout=seconds)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Mailbox:
    def __init__(self):
        self.got, self.answers = queue.Queue(), []

    async def handle_DATA(self, server, session, envelope):
        self.got.put((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.answers.pop(0) if self.answers else "250 taken"


class Messages(unittest.TestCase):
    LANGUAGE = "zh"

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="ebb-message-")
        cls.provider, cls.mailbox = Provider(), Mailbox()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        cls.smtp = Controller(cls.mailbox, hostname="127.0.0.1", port=port)
        cls.smtp.start()
        cls.settings = os.path.join(cls.place.name, "notify.yaml")
        with open(cls.settings, "w", encoding="utf-8") as file:
            file.write(f"""messages:
  language: {cls.LANGUAGE}
  sms:
    url: {cls.provider.url}
    headers: ['Authorization: Bearer secret-of-the-provider']
    idempotency: Idempotency-Key
    body: '{{"phone":"{{to}}","content":"{{text}}","out_id":"{{id}}"}}'
  mail:
    url: smtp://127.0.0.1:{port}
    from: ebb@billing.example
    tls: none
""")
        cls.log = open(os.path.join(cls.place.name, "log"), "w+", encoding="utf-8")
        cls.service = Quiet(PROGRAM, cls.log, "--notify", cls.settings)
        cls.numbers = 0

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()
        cls.provider.stop()
        cls.smtp.stop()
        cls.log.close()
        cls.place.cleanup()

    def withdraw(self, phone):
        type(self).numbers += 1
        ref = f"c{self.numbers}"
        self.assertEqual(self.service.account(ref, phone=phone).status, 201)
        self.assertEqual(self.service.topup(ref, "t", 100000).status, 201)
        answer = self.service.withdraw(ref, 12345, token=self.service.token)
        self.assertEqual(answer.status, 201, answer.text)
        return answer.json

    def enter(self, withdrawal, code):
        return self.service.call("POST", f"/v1/withdrawals/{withdrawal['id']}/code", {"code": code})

    def nothing_more(self, seconds=0.5):
        time.sleep(seconds)
        self.assertTrue(self.provider.got.empty() and self.mailbox.got.empty())

    def logged(self):
        with open(self.log.name, encoding="utf-8") as file:
            return file.read()

    def test_a_code_by_sms_once_and_it_is_right(self):
        withdrawal = self.withdraw("13900000001")
        headers, body = self.provider.next()
        self.assertEqual(body["phone"], "13900000001")
        self.assertEqual(headers["Authorization"], "Bearer secret-of-the-provider")
        self.assertEqual(headers["Idempotency-Key"], body["out_id"])
        self.assertIn("123.45", body["content"])
        self.assertIn("验证码", body["content"])
        self.assertIn("原路退回", body["content"])
        code = re.search(r"\b\d{6}\b", body["content"]).group()
        self.nothing_more()
        answer = self.enter(withdrawal, code)
        self.assertEqual(answer.status, 200, answer.text)
        self.assertNotIn(code, self.logged())

    def test_a_code_says_whose_account_the_money_goes_to(self):
        """Enough of the number to know it for one's own, and no more."""
        self.assertEqual(self.service.account("own-bank", "pingan", phone="13900000009").status, 201)
        self.assertEqual(self.service.topup("own-bank", "t", 100000).status, 201)
        answer = self.service.withdraw("own-bank", 12345, token=self.service.token, destination={
            "kind": "bank", "name": "魏明", "account": "6222020000001234", "bank": "ICBC", "branch": "中关村支行"})
        self.assertEqual(answer.status, 201, answer.text)
        content = self.provider.next()[1]["content"]
        self.assertIn("尾号 1234 的账户", content)
        self.assertNotIn("01234", content)
        self.assertNotIn("原路退回", content)

    def test_a_code_by_mail(self):
        withdrawal = self.withdraw("anna@example.org")
        sender, recipients, content = self.mailbox.got.get(timeout=8)
        self.assertEqual((sender, recipients), ("ebb@billing.example", ["anna@example.org"]))
        mail = email.message_from_bytes(content, policy=email.policy.default)
        self.assertEqual(mail["Subject"], "提现验证码")
        self.assertTrue(mail["Message-ID"].startswith("<ms_"))
        code = re.search(r"\b\d{6}\b", mail.get_content()).group()
        self.assertEqual(self.enter(withdrawal, code).status, 200)
        self.nothing_more()

    def test_a_provider_that_fails_is_asked_again_under_the_same_key(self):
        self.provider.answers = [500, 503]
        self.withdraw("13900000002")
        keys = [self.provider.next(12)[0]["Idempotency-Key"] for _ in range(3)]
        self.assertEqual(len(set(keys)), 1)
        self.nothing_more()

    def test_a_provider_that_refuses_is_not_asked_again(self):
        self.provider.answers = [400]
        self.withdraw("13900000003")
        _, body = self.provider.next()
        self.nothing_more(2.6)
        self.assertIn("a message was refused", self.logged())
        self.assertNotIn(re.search(r"\b\d{6}\b", body["content"]).group(), self.logged())

    def test_a_code_that_was_replaced_or_is_of_no_use_is_not_sent(self):
        self.provider.answers = [500]
        withdrawal = self.withdraw("13900000004")
        self.provider.next()
        self.assertEqual(self.service.call("POST", f"/v1/withdrawals/{withdrawal['id']}/cancel").status, 200)
        time.sleep(3)
        sent = []
        while not self.provider.got.empty():
            sent.append(self.provider.next()[1]["content"])
        self.assertFalse([text for text in sent if "验证码" in text], sent)

    def test_an_account_brings_so_many_documents_a_day(self):
        self.assertEqual(self.service.account("papers").status, 201)
        paper = {"account": "papers", "name": "a.pdf", "media_type": "application/pdf",
                 "content": base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()}
        answers = [self.service.call("POST", "/v1/documents", paper) for _ in range(51)]
        self.assertEqual([a.status for a in answers], [201] * 50 + [409], answers[-1].text)

    def test_a_mail_that_is_refused_for_good_is_not_sent_again(self):
        self.mailbox.answers = ["550 no such person"]
        self.withdraw("nobody@example.org")
        self.mailbox.got.get(timeout=8)
        self.nothing_more(2.6)


class Settings(unittest.TestCase):
    """What is wrong with a file is said at the start, with its place."""

    def start(self, text, templates=None):
        with tempfile.TemporaryDirectory() as place:
            path = os.path.join(place, "notify.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("PLACE", place))
            for name, content in (templates or {}).items():
                with open(os.path.join(place, name), "w", encoding="utf-8") as file:
                    file.write(content)
            done = subprocess.run([PROGRAM, "serve", "--data", place + "/data", "--listen", "127.0.0.1:0", "--notify", path],
                                  capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 1, text)
            return done.stderr

    def test_mistakes(self):
        for text, said in (("nonsense: 1\n", "notify.yaml:1: nonsense"), ("webhooks:\n  timeout: 31\n", ":2: webhooks.timeout"),
                           ("webhooks:\n  allow: [10.0.0.0/33]\n", "address range"), ("webhooks:\n  allow: 10.0.0.0/8\n", "list"),
                           ("messages:\n  language: fr\n", "zh or en"), ("messages:\n  sms:\n    url: https://x\n", "url and body"),
                           ("messages:\n  sms:\n    url: ftp://x\n    body: '{}'\n", "https"),
                           ("messages:\n  sms:\n    url: https://x\n    body: '{\"a\":\"{who}\"}'\n", "{who}"),
                           ("messages:\n  sms:\n    url: https://x\n    body: '{\"a\":{text}}'\n", "JSON"),
                           ("messages:\n  sms:\n    headers: Accept\n", ":3: messages.sms.headers: expected a list of headers"),
                           ("messages:\n  sms:\n    headers: ['Accept text']\n", "at most four headers"),
                           ("messages:\n  mail:\n    url: smtp://x\n    from: nobody\n", "address"),
                           ("messages:\n  mail:\n    url: https://x\n    from: a@b\n", "smtps://host:port or smtp://host:port"),
                           ("messages:\n  mail:\n    url: smtp://x\n    from: a@b\n    tls: maybe\n", "required or none"),
                           ("messages:\n  mail:\n    user: ebb\n    password: x\n", "url and from"),
                           ("webhooks:\n  ca: /nowhere.pem\n", "certificates"), ("a: [", ":1:")):
            self.assertIn(said, self.start(text), text)

    def test_templates_are_checked(self):
        good = {name: open(os.path.join(TEMPLATES, name), encoding="utf-8").read() for name in os.listdir(TEMPLATES)
                if name.endswith(".txt")}
        for name, content, said in (("code.zh.txt", "Subject: a\n\n{codes}\n", "{codes}"), ("code.zh.txt", "Subject: a\n\nno\n", "no {code}"),
                                    ("notice.zh.txt", "no subject\n\n{text}\n", "Subject"), ("notice.zh.txt", "Subject: a\n\n{text\n", "brace"),
                                    ("notice.zh.txt", None, "No such file")):
            files = {**good, name: content}
            if content is None:
                del files[name]
            self.assertIn(said, self.start("messages:\n  templates: PLACE\n", files), content)


class Quiet(Service):
    """Without --demo: keys of its own, its log kept."""

    def __init__(self, program, log, *arguments):
        self.log, self.token = log, None
        self.program = program
        super().__init__(program, *arguments, demo=False)

    def start(self):
        if self.token is None:
            made = subprocess.run([self.program, "key", "create", "front", "--data", self.directory.name + "/data", "--role", "facts",
                                   "--role", "withdraw", "--role", "read", *self.store], check=True, capture_output=True, text=True)
            self.token = made.stdout.split()[-1]
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        self.port = int(found.group(1))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def call(self, method, path, body=None, token=None, headers=None, raw=False):
        return super().call(method, path, body, token=self.token, headers=headers, raw=raw)


if __name__ == "__main__":
    unittest.main()
