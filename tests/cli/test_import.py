# SPDX-License-Identifier: Apache-2.0
"""`ebb import` against real servers: CSV as JSON lines, what is refused and where, and an import that is killed, whose server is
killed, or whose answers are lost. The books and the errors must be those of one run that nobody disturbed.

A shim (tests/fault/inject.c) makes system calls about the progress and the errors fail, or be the last.

  test_import.py EBB SHIM [--kills N] [--rows N] [--points N] [--seed S]"""
import argparse
import http.client
import http.server
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault"))
import house  # noqa: E402
import syscalls  # noqa: E402

BATCH = 250  # lines, in the tests with kills
HEADER = "op,account,ref,amount,method,policy,currency,subject.kind,subject.name,subject.verified,bonus,payer.kind,charge"
NAMES = HEADER.split(",")


def importing(url, *arguments, environment=None):
    return subprocess.Popen([EBB, "import", "--batch", str(BATCH), *map(str, arguments)],
                            env={**(environment or os.environ), "EBB_URL": url, "EBB_TOKEN": "demo-admin"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(url, *arguments, expect=0):
    process = importing(url, *arguments)
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == expect, f"import {arguments}: {process.returncode}, not {expect}\n{said}{complaints}"
    return said + complaints


def counts(said):
    return tuple(int(said.split(word)[0].split()[-1]) for word in (" recorded", " known", " refused"))


def errors_of(path):
    """Line by line, without what differs from one asking to the next."""
    found = [json.loads(line) for line in pathlib.Path(f"{path}.errors").read_text(encoding="utf-8").splitlines()]
    for error in found:
        error["problem"].pop("request_id", None)
    return found


def books(url):
    """Every account's balances, and the facts of some accounts in the order in which they were recorded."""
    environment = {**os.environ, "EBB_URL": url, "EBB_TOKEN": "demo-admin"}

    def export(*arguments):
        done = subprocess.run([EBB, "export", *arguments, "--format", "jsonl"], env=environment, capture_output=True, text=True,
                              check=True, timeout=60)
        return [json.loads(line) for line in done.stdout.splitlines()]

    accounts = {row.pop("account"): row for row in export("accounts") if row.pop("created_at") and row["account"].startswith("imp-")}
    order = {ref: [(row["kind"], row["amount"]) for row in export("transactions", ref)] for ref in list(accounts)[:3]}
    return accounts, order


def facts(rows, accounts=200):
    """So many rows as dictionaries by the header, in an order that matters: what is charged was paid in before. About one in
    fifty is refused, always for the same reason."""
    made = [{"op": "account", "account": f"imp-{i}", "policy": "alibaba", "currency": "CNY", "subject.kind": "person",
             "subject.name": f"王, \"{i}\"", "subject.verified": "TRUE" if i % 2 else "false"} for i in range(accounts)]
    for i in range(rows - accounts):
        account, turn = f"imp-{i % accounts}", i // accounts
        if i % 50 == 17:
            bad = [{"op": "charge", "account": "imp-0", "ref": "same", "amount": str(i)},  # only the first is taken
                   {"op": "topup", "account": "absent", "ref": f"t-{i}", "amount": "5", "method": "alipay"},
                   {"op": "topup", "account": account, "ref": f"t-{i}", "amount": "10.00", "method": "alipay"},
                   {"op": "topup", "account": account, "ref": f"t-{i}", "amount": "5", "method": "cowries"}]
            made.append(bad[i // 50 % len(bad)])
        elif turn % 3 == 2:
            made.append({"op": "charge", "account": account, "ref": f"c-{i}", "amount": str(1 + i % 7)})
        else:
            made.append({"op": "topup", "account": account, "ref": f"t-{i}", "amount": str(1000 + i % 13), "method": "alipay",
                         "payer.kind": "personal" if i % 2 else ""})
    return made


def cell(text):
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def csv_text(rows, end="\n"):
    return HEADER + end + "".join(",".join(cell(row.get(name, "")) for name in NAMES) + end for row in rows)


def ndjson_text(rows):
    def line(row):
        nested = {}
        for name, value in row.items():
            at, parts = nested, name.split(".")
            for part in parts[:-1]:
                at = at.setdefault(part, {})
            if value != "":
                at[parts[-1]] = value.lower() == "true" if name.endswith("verified") else \
                    json.loads(value) if name == "amount" else value
        return json.dumps({name: value for name, value in nested.items() if value != {}}, ensure_ascii=False)
    return "".join(line(row) + "\n" for row in rows)


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


# ---- formats ----

def test_formats(place, server_of):
    """The same facts as CSV, as CSV of a spreadsheet and as JSON lines make the same books."""
    rows = [row for row in facts(600, 50) if row.get("amount") != "10.00"]
    seen = []
    for name, text, options in (("b.CSV", "\ufeff" + csv_text(rows, "\r\n"), ()), ("c.txt", csv_text(rows), ("--format", "csv")),
                                ("d.ndjson", "\ufeff" + ndjson_text(rows), ())):
        server, url = server_of()
        path = write(place / name, text)
        assert ".dry-run.errors" in run(url, path, "--dry-run", *options, expect=1) and not pathlib.Path(f"{path}.errors").exists()
        said = run(url, path, *options, expect=1)
        assert not pathlib.Path(f"{path}.progress").exists()
        errors = [(e["line"] - (name != "d.ndjson"), e["status"], e["problem"]["code"]) for e in errors_of(path)]
        seen.append((counts(said), errors, books(url)))
        server.stop()
    assert seen[0][0][2] > 5 and len(seen[0][2][0]) == 50, seen[0][:2]
    for other in seen[1:]:
        assert other[:2] == seen[0][:2], (other[:2], seen[0][:2])
        assert other[2] == seen[0][2], "the books differ by the format"


def test_refused_rows(place, url):
    cases = [  # cells, which are filled up to the header's number, and the columns that are named
        ("topup,imp-x,t1,1000.00,alipay", {"amount": 4}), ("topup,imp-x,t2,1e3,alipay", {"amount": 4}),
        ("topup,imp-x,t3,007,alipay", {"amount": 4}), ("topup,imp-x,t4,-5,alipay", {"amount": 4}),
        ("topup,imp-x,t5, 5,alipay", {"amount": 4}), ("topup,imp-x,t6,99999999999999999999,alipay", {"amount": 4}),
        ("topup,imp-x,t7,,alipay", {"amount": 4}), ("steal,imp-x,t8,5,alipay", {"op": 1}), ("topup,,t9,5,alipay", {"account": 2}),
        ("topup,imp-x,t10,5,alipay,,,,,,yes", {"bonus": 11}),
        ("topup,imp-x,t0,5,alipay,,,,,true", {"subject.kind": 8, "subject.name": 9, "subject.verified": 10}),
        ("charge,imp-x,t11,5,alipay", {"method": 5}),
        ("topup,imp-x,t12,5.5,alipay,,,,,,,cat", {"amount": 4}), ("topup,imp-x,t13,5,alipay,,,,,,,cat", {"payer.kind": 12}),
        ('topup,"imp-x\ntopup,imp-0,stolen,100,alipay",t14,5,alipay', {"account": 2}), ("topup,imp-x,t15,5,alipay" + "," * 20, {})]
    text, lines = HEADER + "\n", []
    for cells, _ in cases:
        lines.append(text.count("\n") + 1)
        within = 4 if "\n" in cells else 0  # commas within quotes
        text += cells + "," * (len(NAMES) - 1 - cells.count(",") + within) + "\n\n"
    path = write(place / "refused.csv", text)
    assert counts(run(url, path, expect=1)) == (0, 0, len(cases))
    found = errors_of(path)
    for error, line, (cells, columns) in zip(found, lines, cases):
        assert (error["line"], error["status"], error["columns"]) == (line, 400, columns), (cells, error)
    stolen = found[-2]
    assert stolen["text"].startswith('topup,"imp-x\ntopup,imp-0,stolen'), stolen  # one row, and not another within


def test_unreadable(place, url):
    """What leaves the rest of a file uncertain stops there, and says where."""
    good = csv_text(facts(60, 20))
    cases = [("utf16.csv", good.encode("utf-16"), "UTF-16 (little-endian)"), ("utf32.csv", good.encode("utf-32"), "UTF-32"),
             ("gbk.csv", good.encode("gbk"), "line 2, column 9: byte 0xCD is not UTF-8"),
             ("name.csv", good.replace("amount", "amout", 1).encode(), 'line 1, column 4: "amout" is no member'),
             ("semicolons.csv", good.replace(",", ";").encode(), "separated by commas"),
             ("twice.csv", good.replace("method", "amount", 1).encode(), "column 5: \"amount\" stands there twice"),
             ("object.csv", good.replace("subject.kind", "subject", 1).encode(), "name its members"),
             ("no-op.csv", b"account,ref\n", "no column is called op"), ("empty.csv", b"", "the first line"),
             ("cr.csv", good.replace("\n", "\r").encode(), "LF or CRLF"),
             ("quote.csv", (good + 'topup,im"p-1,x,5,alipay,,,,,,,,\n').encode(), "line 62, column 2: a quote"),
             ("open.csv", (good + 'topup,"imp-1,x,5,alipay\n').encode(), "not closed"),
             ("long.ndjson", b'{"op":"' + b"x" * (1 << 20) + b'"}', "line 1 is longer than 1048576"),
             ("utf16.ndjson", ndjson_text(facts(30, 20)).encode("utf-16-be"), None)]
    for name, data, words in cases:
        path = place / name
        path.write_bytes(data)
        said = run(url, path, expect=2 if words else 1)
        assert words is None or words in said, (name, said)
    assert "going on after line 61" in run(url, place / "quote.csv", expect=2)  # what stood before it is done


# ---- kills ----

def progress_of(path):
    try:
        return pathlib.Path(f"{path}.progress").read_bytes()
    except FileNotFoundError:
        return None


def stop_after_progress(process, path, before=None, errors=False):
    """Lets it go on until something is written down that was not, and stops it there."""
    while True:
        text = progress_of(path)
        if text not in (None, before) and (not errors or json.loads(text)["errors_bytes"] > 0):
            break
        assert process.poll() is None, "it ended before anything could be done to it"
        time.sleep(0.001)
    process.send_signal(signal.SIGSTOP)


def undisturbed(place, server_of, rows):
    server, url = server_of()
    path = write(place / "undisturbed.csv", csv_text(rows))
    said = run(url, path, expect=1)
    result = counts(said), errors_of(path), books(url)
    server.stop()
    return result


def check_like(whole, path, url, unknown_batches, said):
    """What is there is what one run makes; only what was sent and not answered was sent twice."""
    (recorded, _, refused), errors, wanted = whole
    got = counts(said)
    assert got[0] + got[1] == recorded and got[2] == refused, (got, whole[0])
    assert got[1] <= unknown_batches * BATCH, (got, unknown_batches)
    assert errors_of(path) == errors, "the errors of a run that was disturbed"
    assert books(url) == wanted, "the books of a run that was disturbed"
    assert not pathlib.Path(f"{path}.progress").exists()


def test_importer_killed(place, server_of, whole, rows, kills, dice):
    server, url = server_of()
    path = write(place / "killed.csv", csv_text(rows))
    resumed, killed, said = 0, 0, None
    for turn in range(kills):
        before = progress_of(path)
        process = importing(url, path)
        while turn > 0 and progress_of(path) == before and process.poll() is None:
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.03))
        process.kill()
        said, complaints = process.communicate()
        if process.returncode != -9:
            break
        killed += 1
        resumed += "going on after" in complaints
    else:
        said = run(url, path, expect=1)
    check_like(whole, path, url, killed, said)
    server.stop()
    assert house.audit(EBB, server.data) == []
    assert killed >= 2 and resumed > 0, (killed, resumed)
    return killed, resumed


def test_server_killed(place, server_of, whole, rows, dice):
    """The importer waits for a server that comes back; one that stays away ends it, and it goes on another time."""
    server, url = server_of()
    path = write(place / "server.csv", csv_text(rows))
    process = importing(url, path)
    for _ in range(2):
        stop_after_progress(process, path, progress_of(path))
        time.sleep(dice.choice([0, 0.2]))  # what is in flight is answered, or not
        server.kill()
        process.send_signal(signal.SIGCONT)
        time.sleep(0.3)
        server.start()
    said, complaints = process.communicate(timeout=60)
    assert process.returncode == 1 and "trying again" in complaints, (process.returncode, said, complaints)
    check_like(whole, path, url, 2, said)
    server.stop()

    server, url = server_of()
    path = write(place / "away.csv", csv_text(rows))
    process = importing(url, path, "--patience", "1")
    stop_after_progress(process, path)
    server.kill()
    process.send_signal(signal.SIGCONT)
    said, complaints = process.communicate(timeout=30)
    assert process.returncode in (1, 3) and "the same command goes on after line" in complaints, (process.returncode, complaints)
    server.start()
    check_like(whole, path, url, 1, run(url, path, expect=1))
    server.stop()
    assert house.audit(EBB, server.data) == []


def test_system_calls(place, server_of, whole, rows, points, dice):
    """A call about these files is the last, or fails: what another run makes of it is whole, and it was said."""
    server, url = server_of()
    path, state = write(place / "calls.csv", csv_text(rows)), place / "calls"
    shim = syscalls.Shim(SHIM, str(place))

    def broken(point):
        if point is not None:
            shim.arm(point)
        process = importing(url, path, "--state", state, environment=shim.environment(str(state)))
        said, complaints = process.communicate(timeout=60)
        struck, shim.control.armed, shim.control.seen, shim.control.hits = shim.control.hits, 0, 0, 0
        return struck, process.returncode, said + complaints
    state.mkdir()
    assert broken(None)[1] == 1
    counted = {call: count for (call, where), count in shim.counted().items() if where == "other"}
    assert counted["rename"] >= len(rows) // BATCH and counted["unlink"] >= 2, counted
    known = [syscalls.Point("", call, "other", fault, n + 1) for call, count in sorted(counted.items()) for n in range(count)
             for fault in syscalls.FAULTS[call]]
    resuming = [syscalls.Point("", "ftruncate", "other", fault, 1) for fault in syscalls.FAULTS["ftruncate"]]
    cut = syscalls.Point("", "rename", "other", "kill", len(rows) // BATCH)
    struck = 0
    for series in [[point] for point in dice.sample(known, min(points, len(known)))] + [[cut, point] for point in resuming]:
        for point in series:
            hits, status, said = broken(point)
            assert status in (1, -9) or (status == 2 and "ebb import:" in said), (point, status, said)
            struck += hits > 0
        if status != 1:
            said = run(url, path, "--state", state, expect=1)
        got = counts(said)
        assert got[0] + got[1] == whole[0][0] and got[2] == whole[0][2], (series, said)
        assert errors_of(state / "calls.csv") == whole[1], series
        (state / "calls.csv.errors").unlink()
        assert list(state.iterdir()) in ([], [state / "calls.csv.progress.new"]), list(state.iterdir())
    assert struck > points // 2, "most of them happened"
    assert books(url) == whole[2]
    server.stop()
    return struck


class Between(http.server.BaseHTTPRequestHandler):
    """Between the importer and the server; `script` says what becomes of each request."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        turn = self.server.script.pop(0) if self.server.script else "pass"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.times.append((turn, time.monotonic()))
        self.server.sizes.append(body.count(b"\n"))
        self.server.peers.add(self.client_address)
        if turn == "busy":
            self.answer(429, b'{"code":"too_many_requests"}', {"Retry-After": "1"})
            return
        sent = body.partition(b"\n")[2] if turn == "first" else body
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        connection.request("POST", self.path, sent, {"Authorization": self.headers["Authorization"],
                                                     "Content-Type": self.headers["Content-Type"]})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if turn == "lose":
            self.close_connection = True
            return
        if turn == "first":  # as a server whose memory, or whose database, failed one command and no other
            text = b'{"line":1,"status":503,"body":{"code":"later"}}\n' + text
        if turn == "half":  # as a server whose queue was full says it for a line
            lines = text.splitlines(keepends=True)
            half = len(lines) // 2  # and what stands behind the first of these is not settled
            text = b"".join(line if i < half or (i - half) % 2 else b'{"line":%d,"status":429,"body":{"code":"too_many_requests"}}\n' % (i + 1)
                            for i, line in enumerate(lines))
            self.server.answered += half
        else:
            self.server.answered += text.count(b"\n")
        self.answer(answer.status, text, {})

    def answer(self, status, text, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def test_between(place, server_of, whole, rows):
    server, url = server_of()
    path = write(place / "between.csv", csv_text(rows))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between) as between:
        between.port, between.script = server.port, ["lose"]
        between.times, between.peers, between.sizes, between.answered = [], set(), [], 0
        threading.Thread(target=between.serve_forever, daemon=True).start()
        through = f"http://127.0.0.1:{between.server_port}"
        assert "after line 0 may have been recorded" in run(through, path, "--patience", "0", expect=3)
        between.script, between.times, between.peers = ["pass", "busy", "pass", "lose", "half", "half"], [], set()
        between.sizes = []
        said = run(through, path, expect=1)
        between.shutdown()
    check_like(whole, path, url, 4, said)  # two were lost, of two every other line was told to come again
    sent = len([row for row in rows if row.get("amount") != "10.00"])
    assert between.answered == sent, "every line has one answer that stays"
    assert len(between.peers) == 2, "one connection, and another after it was lost"
    busy = next(i for i, (turn, _) in enumerate(between.times) if turn == "busy")
    assert between.times[busy + 1][1] - between.times[busy][1] >= 1, "Retry-After"
    sizes = between.sizes
    assert sizes[busy + 1] in range(BATCH // 4, BATCH // 2 + 1), ("half as many after 429", sizes)
    assert max(sizes[busy + 2:]) > BATCH // 2 + 1, ("and more again", sizes)
    server.stop()


def test_order(place, server_of):
    """What stands behind a line that could not be taken just then is asked again: it may need that one, or replace it."""
    server, url = server_of()
    client = house.Client(server.port)
    account = {"op": "account", "account": "late", "policy": "alibaba", "currency": "CNY",
               "subject": {"kind": "person", "name": "Late", "id_number": "9", "verified": True}}
    files = {"needs": [{"op": "topup", "account": "late", "ref": "t", "amount": 1000, "method": "alipay"},
                       {"op": "chargeback", "account": "late", "topup": "t", "ref": "c", "amount": 600}],
             "replaces": [{"op": "claim", "account": "late", "claim": "k", "kind": "overdue", "amount": 100},
                          {"op": "claim", "account": "late", "claim": "k", "kind": "overdue", "amount": 0}]}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between) as between:
        between.port, between.script, between.times, between.peers, between.answered = server.port, [], [], set(), 0
        between.sizes = []
        threading.Thread(target=between.serve_forever, daemon=True).start()
        through = f"http://127.0.0.1:{between.server_port}"
        run(through, write(place / "account.ndjson", json.dumps(account)))
        for name, lines in files.items():
            between.script = ["first"]
            said = run(through, write(place / f"{name}.ndjson", "\n".join(map(json.dumps, lines))))
            assert sum(counts(said)[:2]) == 2 and counts(said)[2] == 0, (name, said)
        between.shutdown()
    _, quote, _ = client.once("GET", "/v1/accounts/late/withdrawable")
    assert quote["cash"] == 400 and not [item for item in quote["held_back"] if item["code"] == "overdue"], quote
    server.stop()


# ---- whose progress it is ----

def test_identity(place, server_of, rows):
    server, url = server_of()
    path = write(place / "mine.csv", csv_text(rows))
    state = place / "state"
    state.mkdir()

    def begin(*options):
        process = importing(url, path, *options)
        at = state / "mine.csv" if options else path
        stop_after_progress(process, at, errors=True)
        assert "is being imported already" in run(url, path, expect=2)
        process.kill()
        process.communicate()
        return pathlib.Path(f"{at}.progress")
    assert "401" in run(url, path, "--token", "nobody", expect=1) and progress_of(path) is None
    assert "may have been" not in run("http://127.0.0.1:9", path, "--patience", "0", expect=1) and progress_of(path) is None
    progress = begin("--state", state)
    assert (state / "mine.csv.errors").exists() and not pathlib.Path(f"{path}.errors").exists()
    progress = begin()
    kept = progress.read_bytes()
    assert "another server" in run("http://127.0.0.1:9", path, expect=2)
    changed = csv_text(rows).replace("t-0,1000", "t-0,1009", 1)
    for text in (changed, csv_text(rows) + "\n", csv_text(rows)[:300]):
        write(path, text)
        assert "another file of this name" in run(url, path, expect=2), text[:50]
    write(path, csv_text(rows))
    assert "another file of this name" in run(url, path, "--format", "ndjson", expect=2)
    errors = pathlib.Path(f"{path}.errors").read_bytes()
    write(pathlib.Path(f"{path}.errors"), "")
    assert "shorter" in run(url, path, expect=2)
    pathlib.Path(f"{path}.errors").write_bytes(errors + b'{"half a li')
    write(progress, "{")
    assert "cannot be read" in run(url, path, expect=2)
    progress.write_bytes(kept)
    said = run(url, path, expect=1)
    assert "going on after" in said and len(errors_of(path)) == counts(said)[2], said
    recorded, known, refused = counts(run(url, path, "--restart", expect=1))
    assert recorded == 0 and known > 0 and len(errors_of(path)) == refused
    server.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="ebb-import-") as directory:
        place, numbers, dice = pathlib.Path(directory), iter(range(1000)), random.Random(ARGUMENTS.seed)
        running = []

        def server_of():
            server = house.Server(EBB, str(place / f"data-{next(numbers)}"))
            running.append(server)
            server.start()
            return server, f"http://127.0.0.1:{server.port}"
        try:
            test_formats(place, server_of)
            server, url = server_of()
            test_refused_rows(place, url)
            test_unreadable(place, url)
            server.stop()
            rows = facts(ARGUMENTS.rows)
            whole = undisturbed(place, server_of, rows)
            killed, resumed = test_importer_killed(place, server_of, whole, rows, ARGUMENTS.kills, dice)
            test_server_killed(place, server_of, whole, rows, dice)
            test_between(place, server_of, whole, rows)
            test_order(place, server_of)
            test_identity(place, server_of, rows)
            some = facts(1000, 50)
            struck = test_system_calls(place, server_of, undisturbed(place, server_of, some), some, ARGUMENTS.points, dice)
        finally:
            for server in running:
                if server.process.poll() is None:
                    server.kill()
    print(f"{len(rows)} rows; the importer was killed {killed} times and went on {resumed} times; "
          f"{struck} system calls failed or were the last")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("ebb")
    parser.add_argument("shim")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--points", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    ARGUMENTS = parser.parse_args()
    EBB, SHIM = ARGUMENTS.ebb, ARGUMENTS.shim
    main()
