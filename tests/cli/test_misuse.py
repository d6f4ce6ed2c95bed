# SPDX-License-Identifier: Apache-2.0
"""What the `ebb` command refuses and what it says then, and the commands that people seldom give: each misuse names the
option or argument, ends with 2 and leaves nothing behind.

Usage: test_misuse.py EBB AUDIT"""
import http.server
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading

from test_cli import EBB, POLICIES, Server, ebb

# A command, and what it says is wrong. None of them needs a server or finds a file.
MISUSES = [
    ("account show", "the account's REF is missing"),
    ("account show a b", "unexpected argument 'b'"),
    ("account show a/b", "'a/b' is not the ref of an account"),
    ("account put a --file absent.json", "absent.json: No such file"),
    ("account put a --policy alibaba --partner p:gift", "/partner/payment: "),
    ("anchor key", "--data DIR is missing"),
    ("anchor key x", "unexpected argument 'x'"),
    ("bench http://a http://b", "one URL at a time"),
    ("bench --seconds 0", "--seconds is a number between 1 and 86400"),
    ("export accounts --format pdf", "--format is csv, xlsx or jsonl"),
    ("export journal --format csv", "--format is hledger, ledger or beancount"),
    ("export transactions --format doc", "--format is csv, xlsx, jsonl or pdf"),
    ("export transactions --output absent/x.csv", "absent/x.csv.part: No such file"),
    ("export transactions a b", "unexpected argument 'b'"),
    ("export transactions a/b", "'a/b' is not the ref of an account"),
    ("import", "FILE is missing"),
    ("import --batch 0 a", "'0' is not from 1 to 10000"),
    ("import --format x a", "--format is csv or ndjson"),
    ("import a b", "one FILE at a time"),
    ("key create k --data d", "--role is missing"),
    ("key create k --data d --role boss", "--role is facts, read, review"),
    ("key create k --data d --role customer --account a/b", "'a/b' is not the ref of an account"),
    ("key create k --data d --role facts --expires soon", "--expires is a time, as 2027-01-01T00:00:00+08:00"),
    ("migrate --distribute --data d", "--distribute wants --store"),
    ("migrate --store x", "--store wants postgresql://"),
    ("migrate x", "unexpected argument 'x'"),
    ("policy check", "a policy file is missing"),
    ("policy diff a", "two policies are needed"),
    ("policy diff a b c", "two policies at a time"),
    ("policy diff alibaba pingan", "--data DIR or --store URL is missing"),
    ("policy diff alibaba pingan --data d --at noon", "--at is a moment like 2026-11-20T10:00:00+08:00"),
    ("policy explain --lang de alibaba", "--lang is en or zh"),
    ("policy explain alibaba pingan", "one policy at a time"),
    ("quarantine name a", "an argument is missing"),
    ("quarantine name a b c", "unexpected argument 'c'"),
    ("quarantine statement absent", "absent: No such file"),
    ("quote", "--facts FILE is missing"),
    ("quote --facts - --policy-file absent", "absent: No such file"),
    ("quote --facts absent", "absent: No such file"),
    ("receipt key", "--data DIR is missing"),
    ("receipt verify", "which FILE?"),
    ("receipt verify a --key 12", "--key is 64 hex digits"),
    ("receipt verify a b", "unexpected argument 'b'"),
    ("receipt verify absent", "absent: No such file"),
    ("review approve", "the withdrawal's ID is missing"),
    ("review approve a b", "unexpected argument 'b'"),
    ("review approve no-id", "'no-id' is not the id of a withdrawal"),
    ("serve --connections 7", "--connections is between 8 and 65536"),
    ("serve --listen nowhere", "--listen wants ADDR:PORT, not nowhere"),
    ("serve --operator=", "--operator is a name"),
    ("serve --origin http://a/b", "--origin is http(s)://HOST[:PORT], without a path"),
    ("serve --proxy a.example", "--proxy is an address, as 127.0.0.1 or ::1"),
    ("serve --store x", "--store wants postgresql://"),
    ("serve" + 9 * " --anchor x", "--anchor may be given"),
    ("serve x", "unexpected argument: x"),
    ("withdraw create a 1.00 --topup t", "--topup is REF=AMOUNT"),
    ("withdraw create a 1.00 x", "unexpected argument 'x'"),
    ("withdraw create a/b 1.00", "'a/b' is not the ref of an account"),
    ("withdraw show", "ID is missing"),
]
PASSWORD = "three blue lanterns at noon"


def test_misuses():
    with tempfile.TemporaryDirectory(prefix="ebb-misuse-") as room:
        for line, words in MISUSES:
            done = subprocess.run([os.path.abspath(EBB), *line.split()], cwd=room, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=60, env={**os.environ, "EBB_URL": "http://127.0.0.1:1"})
            assert done.returncode == 2 and words in done.stderr, (line, done.returncode, done.stderr)
            assert done.stdout == "" and os.listdir(room) == [], (line, done.stdout, os.listdir(room))


def test_mistakes_of_a_policy(directory):
    """Each with its file and line, by whatever command reads it; and it is not used."""
    path = pathlib.Path(directory, "mistaken.yaml")
    text = (POLICIES / "pingan.yaml").read_text(encoding="utf-8")
    path.write_text("surprise: yes\n" + text, encoding="utf-8")
    for command, status in ((("policy", "check", str(path)), 1), (("policy", "explain", str(path)), 1),
                            (("quote", "--facts", "-", "--policy-file", str(path)), 2)):
        said = ebb("", *command, text="{}\n", expect=status)
        assert re.search(r"mistaken\.yaml:1: surprise", said.stderr) and said.stdout == "", (command, said.stderr)
    path.write_text(re.sub(r"^name: .*", "name: mine", text, flags=re.M), encoding="utf-8")
    assert "平安云" in ebb("", "policy", "explain", "--lang", "zh", str(path)).stdout


def test_policies_differ(directory):
    """For all accounts of a demo: who gets less under another policy, and what that is together."""
    data = ("--data", directory + "/data", "--at", "2026-11-20T10:00:00+08:00")
    same = ebb("", "policy", "diff", "alibaba", "alibaba", "--all", *data).stdout
    assert re.fullmatch(r"0 of [1-9]\d* accounts change; withdrawable in all (\S+) before, \1 after\n", same), same
    told = ebb("", "policy", "diff", "alibaba", "pingan", "--all", *data).stdout
    found = re.search(r"^(\d+) of (\d+) accounts change", told, re.M)
    rows = told.splitlines()[1:-1]
    assert 0 < int(found[1]) == len(rows) <= int(found[2]), told


def test_a_person(directory):
    data = ("--data", directory + "/people")
    assert "there is none" in ebb("", "user", "create", "anna", *data, "--role", "admin", text="", expect=2).stderr
    said = ebb("", "user", "create", "anna", *data, "--role", "admin", text="short\n", expect=2).stderr
    assert "password" in said.lower(), said
    assert "anna" not in ebb("", "user", "list", *data).stdout
    ebb("", "user", "create", "anna", *data, "--role", "admin", text=PASSWORD + "\n")
    ebb("", "user", "password", "anna", *data, text=PASSWORD + ", again\n")
    assert "anna" not in ebb("", "user", "password", "bert", *data, text=PASSWORD + "\n", expect=1).stderr
    enrolled = ebb("", "user", "totp", "anna", *data).stdout
    assert re.search(r"^secret    [A-Z2-7]{32,}$", enrolled, re.M) and "otpauth://totp/" in enrolled, enrolled
    codes = re.findall(r"^recovery  (\S+)$", enrolled, re.M)
    assert len(codes) == len(set(codes)) >= 8, enrolled
    again = ebb("", "user", "totp", "anna", *data)
    assert enrolled.splitlines()[0] not in again.stdout, "each enrolment has a secret of its own"
    assert ebb("", "user", "totp", "anna", "--off", *data).stdout == ""
    ebb("", "user", "totp", "bert", *data, expect=1)


def test_keys_of_a_directory(directory):
    data = directory + "/people"
    keys = [ebb("", what, "key", "--data", data).stdout for what in ("anchor", "receipt")]
    assert all(re.fullmatch(r"[0-9a-f]{64}\n", key) for key in keys) and keys[0] != keys[1], keys
    until = ebb("", "key", "create", "one", "--data", data, "--role", "customer", "--account", "c-1", "--expires",
                "2027-01-01T00:00:00+08:00")
    assert until.stdout.startswith("ebb_")
    assert re.search(r"^one .*2027-01-01T00:00:00", ebb("", "key", "list", "--data", data).stdout, re.M)
    assert "no live key named two" in ebb("", "key", "revoke", "two", "--data", data, expect=1).stderr
    before = pathlib.Path(data, "ebb.db").stat().st_mtime_ns
    told = ebb("", "migrate", "--dry-run", "--data", data).stdout
    found = re.fullmatch(r"schema (\d+), this program's is (\d+)\n", told)
    assert found and found[1] == found[2] and pathlib.Path(data, "ebb.db").stat().st_mtime_ns == before, told


def test_accounts(url, directory):
    """As options and as a file; what a dry run shows is what would be sent."""
    options = ("account", "put", "mis-1", "--policy", "huawei", "--kind", "enterprise", "--name", "云舟", "--master", "mis-0",
               "--partner", "mis-p:advance", "--state", "frozen")
    body = json.loads(ebb(url, *options, "--dry-run").stdout)
    assert (body["partner"], body["master"], body["state"]) == ({"ref": "mis-p", "payment": "advance"}, "mis-0", "frozen")
    path = pathlib.Path(directory, "account.json")
    path.write_text(json.dumps({"policy": "alibaba", "currency": "CNY", "colour": "blue"}), encoding="utf-8")
    assert "/colour: " in ebb(url, "account", "put", "mis-2", "--file", str(path), expect=2).stderr
    ebb(url, "account", "show", "mis-2", expect=1)
    path.write_text(json.dumps({"policy": "alibaba", "currency": "CNY"}), encoding="utf-8")
    assert json.loads(ebb(url, "account", "put", "mis-2", "--file", str(path), "--json").stdout)["ref"] == "mis-2"
    assert len(ebb(url, "account", "list", "--limit", "2", "--json").stdout.splitlines()) == 2
    assert ebb(url, "account", "list", "--master", "mis-2", "--json").stdout == ""


def test_withdrawals(url):
    """To a bank account of one's own: every part of the destination is said, and comes back masked."""
    to = ("--to-account", "6222020000001234", "--to-bank", "ICBC", "--to-branch", "中关村支行", "--to-province", "北京市",
          "--to-city", "北京市", "--to-kind", "bank")
    name, create = "周平", ("withdraw", "create", "pa-zhou", "1.00")
    told = json.loads(ebb(url, *create, *to, "--to-name", name, "--strategy", "fewest", "--reason", "closing", "--dry-run",
                          "--json").stdout)
    assert told["destination"]["account"] == "****1234" and told["destination"]["branch"] == "中关村支行", told
    assert (told["strategy"], told["reason"], told["destination"]["kind"]) == ("fewest", "closing", "bank"), told
    said = ebb(url, *create, *to, "--to-name", name, "--document", "doc_0000000000001", "--dry-run", expect=1).stderr
    assert "/documents/0: There is no such document" in said, said
    made = json.loads(ebb(url, *create, *to, "--to-name", name, "--json").stdout)
    shown = ebb(url, "withdraw", "show", made["id"]).stdout
    assert made["id"] in shown and "1.00" in shown and "6222020000001234" not in shown, shown
    ebb(url, "withdraw", "show", "wd_0000000000001", expect=1)
    lines = ebb(url, "withdraw", "list", "--status", "awaiting_code", "--limit", "1", "--json").stdout.splitlines()
    assert [json.loads(line)["status"] for line in lines] == ["awaiting_code"]
    assert ebb(url, "withdraw", "list", "--from", "2020-01-01T00:00:00Z", "--to", "2020-01-02T00:00:00Z", "--json").stdout == ""


def test_reviews(url):
    """The same key is the same decision; a dry run is none."""
    waiting = [json.loads(line) for line in ebb(url, "review", "list", "--limit", "1", "--json").stdout.splitlines()]
    assert len(waiting) == 1
    one = waiting[0]["id"]
    shown = ebb(url, "review", "approve", one, "--dry-run", "--json", token="demo-reviewer").stdout
    assert json.loads(shown)["status"] == "in_review"
    papers = ("review", "need-documents", one, "--reason", "the invoice", "--key", "papers-1", "--json")
    asked = [json.loads(ebb(url, *papers, token="demo-reviewer").stdout)["status"] for _ in range(2)]
    assert asked == ["need_documents"] * 2
    listed = ebb(url, "review", "list", "--status", "need_documents", "--json").stdout
    assert one in listed
    approved = ebb(url, "review", "approve", one, "--reason", "seen", "--json", token="demo-reviewer", expect=1)
    assert "cannot be decided on" in approved.stderr, approved.stderr


def test_exports(url):
    never = ("--from", "2020-01-01T00:00:00+08:00", "--to", "2020-01-02T00:00:00+08:00")
    assert len(ebb(url, "export", "transactions", *never).stdout.splitlines()) == 1, "the names of the columns"
    topups = ebb(url, "export", "transactions", "--type", "topup", "--json").stdout.splitlines()
    assert topups and {json.loads(line)["type"] for line in topups} == {"topup"}
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([EBB, "export", "accounts"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                              env={**os.environ, "EBB_URL": url, "EBB_TOKEN": "demo-admin"})
    assert done.returncode == 1 and "could not be written" in done.stderr, (done.returncode, done.stderr)


class Vast(http.server.BaseHTTPRequestHandler):
    """A server with more rows than one answer has room for, and one of its own making of them: 50,000 are more than a test
    has time to make."""
    state, asked, polls = "done", [], 0

    def say(self, status, body, media_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path.startswith("/v1/exports/accounts.csv"):
            self.say(422, {"code": "export_too_large", "status": 422, "title": "Too large", "detail": "x"})
        elif self.path == "/v1/exports/ex_1":
            Vast.polls += 1
            self.say(200, {"id": "ex_1", "state": "running" if Vast.polls == 1 else Vast.state, "failure": "the disk is full",
                           "file": "/v1/exports/ex_1/file"})
        else:
            self.say(200, b"account\nvast\n", "text/csv")

    def do_POST(self):
        Vast.asked.append((self.path, self.headers["Idempotency-Key"],
                           json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
        self.say(201, {"id": "ex_1", "state": "waiting"})

    def log_message(self, *_):
        pass


def test_an_export_that_is_too_large_is_made_in_the_background(directory):
    with http.server.HTTPServer(("127.0.0.1", 0), Vast) as vast:
        threading.Thread(target=vast.serve_forever, daemon=True).start()
        url, target = f"http://127.0.0.1:{vast.server_port}", pathlib.Path(directory, "vast.csv")
        ebb(url, "export", "accounts", "--status", "active", "--output", str(target))
        assert target.read_text(encoding="utf-8") == "account\nvast\n", target.read_text(encoding="utf-8")
        target.unlink()
        Vast.state, Vast.polls = "failed", 0
        assert "the disk is full" in ebb(url, "export", "accounts", "--output", str(target), expect=1).stderr
        assert not target.exists() and not pathlib.Path(str(target) + ".part").exists()
        vast.shutdown()
    (path, key, body), (_, other, _) = Vast.asked
    assert (path, body) == ("/v1/exports", {"what": "accounts", "format": "csv", "status": "active"}), Vast.asked
    assert key and key != other


def main():
    test_misuses()
    with tempfile.TemporaryDirectory(prefix="ebb-misuse-") as directory:
        test_mistakes_of_a_policy(directory)
        test_a_person(directory)
        test_keys_of_a_directory(directory)
        test_an_export_that_is_too_large_is_made_in_the_background(directory)
        server = Server(directory + "/data")
        try:
            test_accounts(server.url, directory)
            test_withdrawals(server.url)
            test_reviews(server.url)
            test_exports(server.url)
            test_policies_differ(directory)
        finally:
            server.stop()
    print("11 groups")


if __name__ == "__main__":
    main()
