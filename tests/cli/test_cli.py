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
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = re.search(r"http://\S+:\d+", self.process.stdout.readline()).group(0)

    def code(self, account):
        request = urllib.request.Request(f"{self.url}/demo/messages?account={account}&limit=1",
                                         headers={"Authorization": "Bearer demo-admin"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["data"][0]["code"]

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
    assert lines[0].startswith("at,id,type,kind,amount") and any(",topup,topup,1000.00,CNY," in line for line in lines)
    assert len(ebb(url, "export", "withdrawals", "--account", "cli-a", "--format", "jsonl").stdout.splitlines()) == 2
    assert ebb(url, "export", "accounts").stdout.startswith("account,policy,currency")
    assert json.loads(ebb(url, "export", "accounts", "--json").stdout.splitlines()[0])["ref"]


def test_house(directory, url):
    data = directory + "/data"
    assert "holds ebb.lock" in ebb(url, "migrate", "--data", data, expect=1).stderr  # the server writes there
    ebb(url, "backup", "create", "--data", data, directory + "/backup")
    ebb(url, "backup", "verify", directory + "/backup")
    ebb(url, "backup", "restore", directory + "/backup", "--data", directory + "/restored")
    assert "schema" in ebb(url, "migrate", "--data", directory + "/restored").stdout
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
    assert "revoked" in ebb(url, "key", "list", "--data", keys).stdout
    assert token not in ebb(url, "key", "list", "--data", keys).stdout
    if pathlib.Path(EBB).parent == pathlib.Path(AUDIT).parent:
        assert "sound" in ebb(url, "audit", "--data", data).stdout


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


def test_unknown():
    with http.server.HTTPServer(("127.0.0.1", 0), Broken) as broken:
        threading.Thread(target=broken.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{broken.server_port}"
        said = ebb(url, "withdraw", "create", "cli-a", "5.00", "--key", "again-7", expect=3).stderr
        broken.shutdown()
    assert "--key again-7" in said
    assert "is the server running" in ebb(url, "withdraw", "create", "cli-a", "5.00", expect=1).stderr


def test_words():
    listing = ebb("", "--help").stdout
    names = re.findall(r"^  ([a-z]+) {2,}", listing.split("Examples")[0], re.M)
    assert {"serve", "quote", "withdraw", "import", "audit"} <= set(names)
    for name in names:
        assert "Usage:" in ebb("", name, "--help").stdout or name == "audit", name
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
        finally:
            server.stop()
        test_samples(directory)
    test_unknown()
    test_words()
    print("12 groups")


if __name__ == "__main__":
    main()
