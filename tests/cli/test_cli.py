# SPDX-License-Identifier: Apache-2.0
"""The `ebb` command as its users meet it: a server of its own, tables and JSON, dry runs that change nothing, and the exit
codes that tell refused (1), misused (2) and unknown (3) apart."""
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import child  # noqa: E402

EBB, AUDIT = sys.argv[1:3]
POLICIES = pathlib.Path(__file__).resolve().parents[2] / "policies"
FACTS = [
    {"op": "account", "account": "cli-a", "policy": "alibaba", "currency": "CNY", "phone": "13800000009",
     "subject": {"kind": "person", "name": "王小明", "id_number": "110101199001011237", "verified": True}},
    {"op": "topup", "account": "cli-a", "ref": "t1", "amount": 100000, "method": "alipay"},
    {"op": "topup", "account": "cli-a", "ref": "t2", "amount": 50000, "method": "wechat"},
]


class Server:
    def __init__(self, directory, *options):
        self.process = subprocess.Popen([EBB, "serve", "--demo", "--data", directory, "--listen", "127.0.0.1:0", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        preexec_fn=child.ends_with_parent)
        self.url = re.search(r"http://\S+:\d+", self.process.stdout.readline()).group(0)

    def code(self, account):
        request = urllib.request.Request(f"{self.url}/demo/messages?account={account}&limit=1",
                                         headers={"Authorization": "Bearer demo-admin"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["data"][0]["code"]

    def advance(self, how_far):
        request = urllib.request.Request(f"{self.url}/demo/clock", json.dumps({"advance": how_far}).encode(),
                                         {"Authorization": "Bearer demo-admin", "Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=20).close()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=15)
        self.process.stdout.close()


def ebb(url, *arguments, token="demo-admin", text=None, expect=0):
    environment = {**os.environ, "EBB_URL": url, "EBB_TOKEN": token}
    done = subprocess.run([EBB, *arguments], env=environment, input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == expect, f"ebb {' '.join(arguments)}: {done.returncode}, not {expect}\n{done.stderr}"
    return done


def withdrawable(url):
    return json.loads(ebb(url, "account", "quote", "cli-a", "--json").stdout)["withdrawable"]


def test_import(url, directory):
    path = pathlib.Path(directory, "facts.ndjson")
    bad = '{"op":"topup","account":"cli-a","ref":"t9","amount":-5,"method":"alipay"}'
    path.write_text("\n".join([*map(json.dumps, FACTS), "", bad, '{"op":"charge","account":"absent","ref":"c","amount":1}']))
    errors = pathlib.Path(str(path) + ".errors")
    assert "4 lines are of the right shape, 1 are not" in ebb(url, "import", "--dry-run", str(path), expect=1).stdout
    ebb(url, "account", "show", "cli-a", expect=1)  # the dry run recorded nothing
    assert "3 recorded, 0 known before or changed, 2 refused" in ebb(url, "import", str(path), expect=1).stdout
    assert [(e["line"], e["status"]) for e in map(json.loads, errors.read_text().splitlines())] == [(5, 400), (6, 404)]
    again = ebb(url, "import", str(path), expect=1).stdout
    assert again.startswith("0 recorded, 3 known before"), again


def test_accounts(url):
    assert "cli-a" in ebb(url, "account", "list").stdout
    assert withdrawable(url) == 150000
    table = ebb(url, "account", "quote", "cli-a").stdout
    assert "1500.00" in table and "t2" in table
    ebb(url, "account", "put", "cli-b", "--policy", "pingan", "--kind", "person", "--dry-run")
    ebb(url, "account", "show", "cli-b", expect=1)
    ebb(url, "account", "put", "cli-b", "--policy", "pingan", "--kind", "human", expect=2)
    ebb(url, "account", "put", "cli-b", "--policy", "pingan", "--kind", "person", "--name", "李四", "--verified")
    assert "pingan" in ebb(url, "account", "show", "cli-b").stdout


def test_withdrawal(server):
    url = server.url
    dry = json.loads(ebb(url, "withdraw", "create", "cli-a", "600.00", "--dry-run", "--json").stdout)
    assert "id" not in dry and [leg["amount"] for leg in dry["legs"]] == [50000, 10000]
    assert "cli-a" not in ebb(url, "withdraw", "list", "--account", "cli-a").stdout
    picked = json.loads(ebb(url, "withdraw", "create", "cli-a", "20.00", "--topup", "t1=20.00", "--json", "--key",
                            "cli-1").stdout)
    assert picked["legs"][0]["lots"] == [{"topup": "t1", "amount": 2000}]
    again = json.loads(ebb(url, "withdraw", "create", "cli-a", "20.00", "--topup", "t1=20.00", "--json", "--key",
                           "cli-1").stdout)
    assert again["id"] == picked["id"]
    said = ebb(url, "withdraw", "create", "cli-a", "9999.00", expect=1).stderr
    assert "amount_exceeds_withdrawable" in said and "requested: 9999.00 CNY" in said and "minor" not in said, said
    said = ebb(url, "withdraw", "create", "hw-lin", "450.00", "--route", "original", expect=1).stderr
    assert "amount_exceeds_route" in said and 'route "original"' in said and "another withdrawal" in said, said
    assert "amount" in ebb(url, "withdraw", "create", "cli-a", "1.234", expect=2).stderr
    code = server.code("cli-a")
    wrong = "000000" if code != "000000" else "000001"
    assert "tries_left: 4" in ebb(url, "withdraw", "code", picked["id"], wrong, expect=1).stderr
    assert json.loads(ebb(url, "withdraw", "code", picked["id"], code, "--json").stdout)["status"] == "approved"
    assert withdrawable(url) == 148000
    assert picked["id"] in ebb(url, "withdraw", "list", "--account", "cli-a").stdout
    ebb(url, "withdraw", "show", "no-id", expect=2)


def test_cancel(server):
    made = json.loads(ebb(server.url, "withdraw", "create", "cli-a", "5.00", "--json").stdout)
    before = json.loads(ebb(server.url, "withdraw", "cancel", made["id"], "--dry-run", "--json").stdout)
    assert before["status"] == "awaiting_code"
    assert json.loads(ebb(server.url, "withdraw", "cancel", made["id"], "--json").stdout)["status"] == "cancelled"


def test_review(url):
    waiting = [json.loads(line) for line in ebb(url, "review", "list", "--json").stdout.splitlines()]
    assert waiting and all(w["status"] == "in_review" for w in waiting)
    ebb(url, "review", "reject", waiting[0]["id"], "--reason", "x", token="demo-billing", expect=1)
    ebb(url, "review", "reject", waiting[0]["id"], "--dry-run", token="demo-reviewer")
    done = ebb(url, "review", "reject", waiting[0]["id"], "--reason", "name differs", "--json", token="demo-reviewer")
    assert json.loads(done.stdout)["status"] == "rejected"
    left = ebb(url, "review", "list", "--json").stdout
    assert waiting[0]["id"] not in left


def test_export(url):
    lines = ebb(url, "export", "transactions", "cli-a").stdout.splitlines()
    assert lines[0].startswith("\ufeffat,id,type,kind,amount") and any(",topup,topup,1000.00,CNY," in line for line in lines)
    assert len(ebb(url, "export", "withdrawals", "--account", "cli-a", "--format", "jsonl").stdout.splitlines()) == 2
    assert ebb(url, "export", "accounts").stdout.startswith("\ufeffaccount,policy,currency")
    assert json.loads(ebb(url, "export", "accounts", "--json").stdout.splitlines()[0])["account"]
    assert "Liabilities:Customers-客户:C-cli--a:Topup-充值" in ebb(url, "export", "journal", "cli-a", "--format", "beancount").stdout
    with tempfile.TemporaryDirectory() as room:
        ebb(url, "export", "withdrawals", "--format", "xlsx", "--output", room + "/all.xlsx")
        assert os.listdir(room) == ["all.xlsx"] and zipfile.is_zipfile(room + "/all.xlsx")
        ebb(url, "export", "withdrawals", "--status", "odd", "--output", room + "/odd.csv", expect=2)
        ebb(url, "export", "transactions", "nobody", "--output", room + "/nobody.csv", expect=1)
        assert os.listdir(room) == ["all.xlsx"], "no half of a file"
    ebb(url, "export", "journal", "--format", "csv", expect=2)


def test_house(directory, url):
    data = directory + "/data"
    assert "holds ebb.lock" in ebb(url, "migrate", "--data", data, expect=1).stderr  # the server writes there
    ebb(url, "backup", "create", "--data", data, directory + "/backup")
    ebb(url, "backup", "verify", directory + "/backup")
    ebb(url, "backup", "restore", directory + "/backup", "--data", directory + "/restored")
    assert "schema" in ebb(url, "migrate", "--data", directory + "/restored").stdout
    assert "not both" in ebb(url, "migrate", "--data", data, "--store", "postgresql://x/y", expect=2).stderr
    assert "no ebb.db" in ebb(url, "migrate", "--data", directory + "/mistyped", expect=2).stderr
    assert not pathlib.Path(directory, "mistyped").exists()
    assert "master.key" in ebb(url, "key", "create", "k", "--data", directory + "/restored", "--role", "facts",
                               expect=1).stderr
    assert not pathlib.Path(directory, "restored", "master.key").exists()  # the right key comes from where it was kept
    keys = directory + "/keys"
    token = ebb(url, "key", "create", "billing", "--data", keys, "--role", "facts").stdout.strip()
    assert re.fullmatch(r"ebb_[0-9a-z]{52}", token)
    ebb(url, "key", "create", "billing", "--data", keys, "--role", "facts", expect=1)
    ebb(url, "key", "create", "c", "--data", keys, "--role", "customer", expect=2)
    ebb(url, "key", "revoke", "billing", "--data", keys)
    mistyped = directory + "/postgres"  # no URL is no directory either
    assert "postgresql://" in ebb(url, "key", "create", "s", "--data", keys, "--role", "facts", "--store", mistyped,
                                  expect=2).stderr
    assert not pathlib.Path(mistyped).exists()
    assert "revoked" in ebb(url, "key", "list", "--data", keys).stdout
    assert token not in ebb(url, "key", "list", "--data", keys).stdout
    if pathlib.Path(EBB).parent == pathlib.Path(AUDIT).parent:
        assert "sound" in ebb(url, "audit", "--data", data).stdout
    for made in (data, directory + "/backup", directory + "/restored"):
        for file in pathlib.Path(made).iterdir():
            assert file.stat().st_mode & 0o077 == 0, f"others may read {file.name}"


class Broken(http.server.BaseHTTPRequestHandler):
    """Takes the request and hangs up: whoever asked cannot know whether it was done."""

    def do_GET(self):
        body = b'{"currency":"CNY","ref":"cli-a"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


def test_hints(server, directory):
    assert "set EBB_TOKEN or --token" in ebb(server.url, "account", "list", token="nobody", expect=1).stderr
    assert "alibaba, huawei, jdcloud, pingan" in ebb("", "policy", "explain", "nope", expect=2).stderr
    path = pathlib.Path(directory, "mistyped.yaml")
    text = (POLICIES / "alibaba.yaml").read_text(encoding="utf-8")
    assert "NJCB" in text
    path.write_text(text.replace("NJCB", "NJCX"), encoding="utf-8")
    assert "NJCX is not in data/banks.csv" in ebb("", "policy", "check", str(path)).stderr
    assert ebb("", "policy", "check", str(POLICIES / "alibaba.yaml")).stderr == ""
    taken = server.url.removeprefix("http://")
    assert "in use" in ebb("", "serve", "--data", directory + "/second", "--listen", taken, expect=1).stderr
    quote = ebb(server.url, "account", "quote", "hw-lin").stdout
    assert re.search(r"^  original +\d+\.\d\d$", quote, re.M) and re.search(r"^  designated +\d+\.\d\d$", quote, re.M), quote


def test_samples(directory):
    """Policies of one's own: the demo starts with samples for those of the four that are there, and gets the others'
    once these come."""
    policies = pathlib.Path(directory, "policies")
    policies.mkdir()
    seen = []
    for name in ("jdcloud", "alibaba"):
        shutil.copy(POLICIES / f"{name}.yaml", policies)
        server = Server(directory + "/some", "--policies", str(policies))
        try:
            seen.append({(row["ref"], row["balance"]["cash"]) for row in
                         map(json.loads, ebb(server.url, "account", "list", "--json").stdout.splitlines())})
        finally:
            server.stop()
    assert {ref for ref, _ in seen[0]} == {"jd-chen", "jd-arrears"}, seen
    assert seen[0] < seen[1] and ("ali-wei", 120000) in seen[1], seen


def test_bench(url):
    quick = ("--seconds", "1", "--accounts", "20", "--topups", "2")
    done = ebb(url, "bench", url, *quick, "--connections", "4", "--json")
    requests = json.loads(done.stdout)["requests"]
    for kind in ("quote", "topup", "charge", "withdrawal", "code"):
        assert requests[kind]["done"] > 0 and requests[kind]["unknown"] == 0, (kind, requests[kind])
        assert 0 < requests[kind]["p50_us"] <= requests[kind]["p99_us"] <= requests[kind]["max_us"]
    assert requests["code"]["refused"] == requests["withdrawal"]["refused"] == 0, requests
    assert requests["code"]["done"] >= requests["withdrawal"]["done"] * 3 // 4, requests  # the rest was on its way
    said = ebb(url, "bench", *quick, "--connections", "2", "--mix", "topup=1,charge=1", "--batch", "50").stdout
    assert re.search(r"^batch line +[1-9]\d* ", said, re.M) and "durable commands a second" in said, said
    paced = json.loads(ebb(url, "bench", *quick, "--mix", "quote=1", "--rate", "50", "--json").stdout)
    assert 20 <= paced["requests"]["quote"]["done"] <= 60, paced
    ebb(url, "bench", *quick, "--mix", "quote=0", expect=2)
    ebb(url, "bench", *quick, "--mix", "quotes=1", expect=2)
    assert "--allow-remote" in ebb("", "bench", "http://192.0.2.1:80", *quick, expect=2).stderr
    assert "could not be made: 401" in ebb(url, "bench", *quick, token="nobody", expect=1).stderr


def test_unknown():
    with http.server.HTTPServer(("127.0.0.1", 0), Broken) as broken:
        threading.Thread(target=broken.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{broken.server_port}"
        said = ebb(url, "withdraw", "create", "cli-a", "5.00", "--key", "again-7", expect=3).stderr
        broken.shutdown()
    assert "--key again-7" in said
    assert "is the server running" in ebb(url, "withdraw", "create", "cli-a", "5.00", expect=1).stderr


def test_missing(url):
    """What is missing is named in the words of the command, not of the API."""
    assert "AMOUNT is missing" in ebb(url, "withdraw", "create", "cli-a", expect=2).stderr
    assert ": ACCOUNT is missing" in ebb(url, "withdraw", "create", expect=2).stderr
    assert "--to-account" in ebb(url, "withdraw", "create", "pa-zhou", "1.00", "--dry-run", expect=1).stderr


def test_quarantine(directory):
    """Standing still is no lost answer: nothing was done, and the same key is good for later."""
    Server(directory + "/still").stop()
    server = Server(directory + "/still", "--quarantine")
    try:
        said = ebb(server.url, "withdraw", "create", "ali-wei", "1.00", "--key", "later-1", expect=3).stderr
    finally:
        server.stop()
    assert "nothing was done now" in said and "--key later-1" in said and "not known" not in said, said


def test_release(directory):
    """The lost time is told, a payment that the books do not know is settled by two, and two people release."""
    server = Server(directory + "/still", "--quarantine")
    try:
        url = server.url
        said = ebb(url, "quarantine", "show").stdout
        assert said.startswith("quarantined") and "It cannot be released yet." in said, said
        ebb(url, "quarantine", "release", expect=1)
        state = json.loads(ebb(url, "quarantine", "show", "--json").stdout)
        server.advance("1m")  # what was on the wire may have arrived half a minute later
        line = {"key": "LOST-1", "outcome": "paid", "amount": 12345, "currency": "CNY", "at": state["gap"]["from"]}
        for channel in state["channels"]:
            statement = {"channel": channel["channel"], **state["gap"], "lines": [line] if channel["channel"] == "alipay" else []}
            said = ebb(url, "quarantine", "statement", "-", text=json.dumps(statement)).stdout
        assert "0 lines" in said or "1 lines" in said, said
        strays = ebb(url, "quarantine", "strays").stdout
        stray, words = strays.split("\n")[1].split()[0], strays.split("\n")[1]
        assert "unassigned" in words and "LOST-1" in words and "123.45" in words, strays
        ebb(url, "quarantine", "name", "st_1/../x", "ali-wei", expect=2)
        assert "suspense" in ebb(url, "quarantine", "name", stray, "ali-wei").stdout
        ebb(url, "quarantine", "settle", stray, "take", "--amount", "1.234", "--reason", "r", expect=2)
        settle = ("quarantine", "settle", stray, "take", "--amount", "100.00", "--reason", "the customer has it")
        assert "another person must confirm" in ebb(url, *settle, token="demo-reviewer").stdout
        assert "settled" in ebb(url, *settle, token="demo-reviewer-2").stdout
        assert ebb(url, "quarantine", "strays").stdout == ""
        assert "Nothing stands against a release." in ebb(url, "quarantine", "show").stdout
        assert ebb(url, "quarantine", "release", token="demo-reviewer").stdout.startswith("proposed")
        ebb(url, "quarantine", "release", token="demo-reviewer", expect=1)
        assert ebb(url, "quarantine", "release", token="demo-reviewer-2").stdout == "released\n"
    finally:
        server.stop()


def test_version():
    """Both programs are of the same version."""
    told = [subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
            for program in (EBB, AUDIT)]
    assert told[1] == told[0].replace("ebb", "ebb-audit") and re.fullmatch(r"ebb \d+\.\d+\.\d+\n", told[0]), told


def test_words():
    listing = ebb("", "--help").stdout
    names = re.findall(r"^  ([a-z]+) {2,}", listing.split("Examples")[0], re.M)
    assert {"serve", "quote", "withdraw", "import", "audit"} <= set(names)
    for name in names:
        assert "Usage:" in ebb("", name, "--help").stdout or name == "audit", name
    for command in ("create", "restore"):
        assert "master.key" in ebb("", "backup", command, "--help").stdout
    audit = subprocess.run([AUDIT, "--help"], capture_output=True, text=True, timeout=20, check=True).stdout
    named = re.findall(r"--[a-z-]+", audit.split("\n  --")[0])
    assert len(named) == 8 and all(f"\n  {option} " in audit for option in named), audit  # each has its line
    for shell in ("bash", "zsh", "fish"):
        script = ebb("", "completion", shell).stdout
        assert all(name in script for name in names)
    ebb("", "bogus", expect=2)
    ebb("", expect=2)


def main():
    with tempfile.TemporaryDirectory(prefix="ebb-cli-") as directory:
        server = Server(directory + "/data")
        try:
            assert "ready" in ebb(server.url, "status").stdout
            test_import(server.url, directory)
            test_accounts(server.url)
            test_withdrawal(server)
            test_cancel(server)
            test_review(server.url)
            test_export(server.url)
            test_house(directory, server.url)
            test_hints(server, directory)
            test_missing(server.url)
            test_bench(server.url)
        finally:
            server.stop()
        test_samples(directory)
        test_quarantine(directory)
        test_release(directory)
    test_unknown()
    test_version()
    test_words()
    print("17 groups")


if __name__ == "__main__":
    main()
