# SPDX-License-Identifier: Apache-2.0
"""The rows of the bench, P1 to P10: each a function from the bench to its parts. The first part is the row's own figure; all
parts must be met. What a ceiling does is said at the top of its program."""
import hashlib
import json
import pathlib
import random
import resource
import shutil
import sqlite3
import statistics
import time

import rows_postgres
from measure import Turns, answer, bare, ceiling_http, load, part, run, serving, tape_rows

ACCOUNTS, TOPUPS, TOPUP_MINOR, POLICY = 2000, 5, 1000000000, "huawei"
IN_FLIGHT = 64


# ---- what P1 and P10 share: accounts, and the tape of their withdrawals ----


def books(bench):
    """A data directory with accounts, and its bare twin."""
    def make():
        start = bench.fresh("books")
        run(bench.program("engine_load"), "prepare", start, ACCOUNTS, TOPUPS, TOPUP_MINOR, POLICY)
        return start, bare(start / "ebb.db", bench.directory / "books.bare")
    return bench.once("books", make)


def recording(bench, tape):
    return {"LD_PRELOAD": bench.program("recorder.so"), "EBB_TAPE": str(tape)}


def withdrawals_tape(bench, count):
    """(tape, withdrawals on it): what the engine wrote when it was asked for so many."""
    tape = bench.directory / "withdrawals.tape"
    run(bench.program("engine_load"), "withdrawals", bench.copy(books(bench)[0], "recorded"), count, IN_FLIGHT, ACCOUNTS,
        environment=recording(bench, tape))
    return tape, count


def bare_copy(bench, source):
    target = bench.directory / "played.db"
    for old in bench.directory.glob("played.db*"):
        old.unlink()
    return shutil.copyfile(source, target)


def tape_rate(bench, tape, database, units, begin=""):
    seen = answer(bench.program("ceiling_sqlite"), tape, bare_copy(bench, database), *([begin] if begin else []))
    return units(seen) * 1e6 / seen["us"]


# ---- the rows ----


def p1(bench):
    start, start_bare = books(bench)
    count = bench.scaled(6000)
    tape = bench.directory / "p1.tape"

    def ours(environment=None):
        seen = answer(bench.program("engine_load"), "withdrawals", bench.copy(start, "p1"), count, IN_FLIGHT, ACCOUNTS,
                      environment=environment)
        ours.seen = seen
        return count * 1e6 / seen["us"]

    ours(recording(bench, tape))
    recorded = ours.seen
    rows = {name: written for name, written in tape_rows(tape).items() if not name.startswith("create")}
    turns = Turns(bench, ours, lambda: tape_rate(bench, tape, start_bare, lambda seen: count))
    mix = ", ".join(f"{rows[name] / count:.3g} {name}" for name in sorted(rows, key=rows.get, reverse=True))
    return {
        "withdrawals": turns.part(0.50, "withdrawals/s"),
        "notes": [f"a withdrawal writes {sum(rows.values()) / count:.3g} rows: {mix}",
                  f"groups: {recorded['commands'] / recorded['commits']:.1f} commands a commit, p50 {ours.seen['p50_us'] / 1000:.1f}"
                  f" ms, p99 {ours.seen['p99_us'] / 1000:.1f} ms a command"]}


FACTS = ("--mix", "topup=1,charge=1", "--batch", "500", "--connections", "4", "--accounts", "2000", "--topups", "5")


def p2(bench):
    start, tape = bench.fresh("p2-start"), bench.directory / "p2.tape"
    with serving(bench, start):
        pass
    with serving(bench, bench.copy(start, "p2"), environment=recording(bench, tape)) as server:
        lines = load(bench, server.url, server.token, *FACTS)["requests"]["batch line"]["done"]
    start_bare = bare(start / "ebb.db", bench.directory / "p2.bare")

    def ours():
        with serving(bench, bench.copy(start, "p2")) as server:
            seen = load(bench, server.url, server.token, *FACTS)["requests"]["batch line"]
            assert seen["refused"] == seen["unknown"] == 0, seen
            return seen["rate"]

    turns = Turns(bench, ours, lambda: tape_rate(bench, tape, start_bare, lambda seen: lines, "INSERT INTO fact"))
    return {"facts": turns.part(0.60, "lines/s"),
            "PostgreSQL": rows_postgres.facts(bench, FACTS).part(0.60, "lines/s")}


def quote_bytes(server):
    """The size of a quote of an account like those that `ebb bench` makes."""
    server.ask("PUT", "/v1/accounts/sized", {"policy": "alibaba", "currency": "CNY", "phone": "13800000000",
                                             "subject": {"kind": "person", "name": "Bench", "verified": True}})
    for number in range(TOPUPS):
        server.ask("POST", "/v1/accounts/sized/topups", {"ref": f"large-{number}", "amount": TOPUP_MINOR, "method": "alipay"},
                   key=f"sized-{number}")
    return len(server.ask("GET", "/v1/accounts/sized/withdrawable"))


def quotes(bench, url, token, *options):
    seen = load(bench, url, token, "--mix", "quote=1", "--connections", "64", *options)["requests"]["quote"]
    assert seen["refused"] == seen["unknown"] == 0, seen
    return seen


def p3(bench):
    p99 = {"ours": [], "ceiling": []}

    def turn(who, url, token):
        seen = quotes(bench, url, token)
        p99[who].append(seen["p99_us"])
        return seen["rate"]

    with serving(bench, bench.fresh("p3")) as server:
        size = quote_bytes(server)
        with ceiling_http(bench, "echo", size) as echo:
            turns = Turns(bench, lambda: turn("ours", server.url, server.token), lambda: turn("ceiling", echo, "none"))
        fresh = quotes(bench, server.url, server.token, "--accounts", "20000")["rate"]
    slower = [ours / ceiling for ours, ceiling in zip(p99["ours"], p99["ceiling"])]
    return {"rate": turns.part(0.60, "quotes/s"),
            "p99": part(statistics.median(slower), 3.0, True, range=[min(slower), max(slower)],
                        ours=statistics.median(p99["ours"]), ceiling=statistics.median(p99["ceiling"]), unit="us"),
            "notes": [f"a quote has {size} bytes and {TOPUPS} live top-ups; of 20,000 accounts in turn, each made anew:"
                      f" {fresh:,.0f} quotes/s, {fresh / turns.ceiling:.2f} of the echo"]}


def p4(bench):
    policies = {}
    for _ in range(bench.rounds):
        for seen in map(json.loads, run(bench.program("pure"), 50 if bench.quick else 200).splitlines()):
            policies.setdefault(seen["policy"], []).append(seen)
    parts = {}
    for policy, turns in policies.items():
        rates = sorted(seen["quote_and_plan"] for seen in turns)
        parts[policy] = part(statistics.median(rates), 1000000, range=[rates[0], rates[-1]],
                             unit="quotes with plans/s of processor time",
                             quote_alone=statistics.median(seen["quote"] for seen in turns))
    return parts


# ---- growth ----

LIVE = 20
GENERATED_S = 3600  # of one set of books: two minutes of processor time for the largest, of which others may leave little


def generated(bench, name, *arguments):
    """Books that take minutes to make stay in the build directory, for the next run, until they are made in another way. When
    the schema has changed they are migrated like anybody's."""
    keep = bench.build / "bench-books" / (name + "-" + mark())

    def make():
        if not (keep / "complete").exists():
            shutil.rmtree(keep, ignore_errors=True)
            keep.mkdir(parents=True)
            began = time.monotonic()
            run(bench.program("generate"), arguments[0], keep, *arguments[1:], "unaudited", timeout_s=GENERATED_S)
            sampled_check(keep)
            (keep / "complete").write_text(f"{time.monotonic() - began:.0f} s\n")
        run(bench.ebb, "migrate", "--data", keep, timeout_s=GENERATED_S)
        return keep
    return bench.once(name, make)


def mark():
    return hashlib.sha256(pathlib.Path(__file__).with_name("generate.c").read_bytes()).hexdigest()[:12]


SAMPLED = {  # each must find nothing
    "an account's totals are its top-ups'":
        "SELECT a.id FROM account a WHERE a.id = ? AND (a.topup, a.topped_up) IS NOT "
        "(SELECT sum(remaining), sum(amount) FROM topup WHERE account = a.id)",
    "the fund is the sum of its postings":
        "SELECT a.id FROM account a WHERE a.id = ? AND a.topup IS NOT (SELECT sum(p.amount) FROM entry e "
        "JOIN posting p ON p.entry = e.id AND p.ledger = 'topup' WHERE e.account = a.id)",
    "an entry's postings add up to nothing":
        "SELECT e.id FROM entry e WHERE e.account = ? AND 0 IS NOT (SELECT sum(amount) FROM posting WHERE entry = e.id)",
    "a top-up is a whole one":
        "SELECT t.id FROM topup t WHERE t.account = ? AND (t.payer_name IS NULL OR t.remaining NOT IN (0, t.amount))",
}


def sampled_check(directory):
    """What stands for the whole of ebb-audit where that would take too long: 200 accounts, each in all of their rows. The
    generator's small books are given to ebb-audit itself (tests/bench/test_bench.py)."""
    db = sqlite3.connect(f"file:{directory}/ebb.db?mode=ro", uri=True)
    highest, lowest = db.execute("SELECT max(id), min(id) FROM account").fetchone()
    dice = random.Random(5)
    next_one = "SELECT id FROM account WHERE id >= ? ORDER BY id LIMIT 1"
    for account in {db.execute(next_one, (dice.randint(lowest, highest),)).fetchone()[0] for _ in range(200)}:
        for what, sql in SAMPLED.items():
            bad = db.execute(sql, (account,)).fetchone()
            if bad is not None:
                raise SystemExit(f"the generated books are wrong: not so that {what}: row {bad[0]}")
    db.close()


def cost_us(bench, directory, accounts, count):
    """Processor time of one withdrawal; what the disk adds is the same in small books and large ones, and is noise."""
    seen = answer(bench.program("engine_load"), "withdrawals", directory, count, IN_FLIGHT, accounts)
    return seen["us"] / count


def p5(bench):
    many, per = (bench.scaled(1000000), 10)
    spent = bench.scaled(1000000)
    count = bench.scaled(4000)
    books_ = {"small": (generated(bench, "small", "accounts", 1000, per), 1000),
              "large": (generated(bench, f"accounts-{many}", "accounts", many, per), many),
              "fresh": (generated(bench, "fresh", "spent", 0, LIVE), 1),
              "spent": (generated(bench, f"spent-{spent}", "spent", spent, LIVE), 1)}

    def cost(name):
        return lambda: cost_us(bench, *books_[name], count)

    return {"spent": Turns(bench, cost("spent"), cost("fresh")).part(1.2, "us a withdrawal", True),
            "accounts": Turns(bench, cost("large"), cost("small")).part(1.5, "us a withdrawal", True),
            "notes": [f"an account with {spent:,} spent top-ups behind {LIVE} live ones, against one without; {many:,} accounts"
                      f" with {per * many:,} top-ups, against 1,000 with {per * 1000:,}"]}


def p6(bench):
    requests = bench.scaled(10000)
    funded = requests // 10

    def crowd(accounts, topups, topup_minor, name):
        start = bench.once(name, lambda: prepared(bench, name, accounts, topups, topup_minor))
        seen = answer(bench.program("engine_load"), "crowd", bench.copy(start, "p6"), requests, accounts)
        return seen

    def hot():
        seen = crowd(1, 20, funded * 100 // 20, "p6-hot")
        assert seen["done"] + seen["refused"] == requests, seen
        hot.accepted = seen["done"]
        return seen["commands"] * 1e6 / seen["us"]

    def spread():
        seen = crowd(requests, 20, 100000, "p6-spread")
        assert seen["done"] == requests, seen
        return seen["commands"] * 1e6 / seen["us"]

    turns = Turns(bench, hot, spread, 3)
    return {"rate": turns.part(0.50, "commands/s, hot account against spread"),
            "accepted": {"value": hot.accepted, "target": funded, "at_most": False, "met": hot.accepted == funded,
                         "unit": f"of {requests} requests at once"}}


def prepared(bench, name, accounts, topups, topup_minor):
    start = bench.fresh(name)
    run(bench.program("engine_load"), "prepare", start, accounts, topups, topup_minor, POLICY)
    return start


WITHDRAWALS = ("--mix", "withdrawal=1", "--connections", "64", "--policy", POLICY, "--topups", str(TOPUPS))


def demo_start(bench):
    def make():
        start = bench.fresh("demo")
        with serving(bench, start, demo=True):
            pass
        return start
    return bench.once("demo", make)


def served(bench, name, *options):
    """What a demo server on a fresh copy bears of withdrawals."""
    with serving(bench, bench.copy(demo_start(bench), name), demo=True) as server:
        seen = load(bench, server.url, server.token, *WITHDRAWALS, *options)
        assert seen["requests"]["code"]["refused"] == seen["requests"]["withdrawal"]["refused"] == 0, seen
        return seen


def unruled(bench, *options):
    """The same exchanges and rows without a rule. Where the tape does not last for the time, a longer one is made."""
    tape, count = bench.once("tape", lambda: withdrawals_tape(bench, 8000 * bench.seconds))
    with ceiling_http(bench, "durable", 700, tape, bare_copy(bench, books(bench)[1]), 2 * count) as url:
        seen = load(bench, url, "none", *WITHDRAWALS, *options)
    if seen["requests"]["code"]["unknown"] == 0:
        return seen
    bench.kept["tape"] = withdrawals_tape(bench, 2 * count)
    return unruled(bench, *options)


def p10(bench):
    turns = Turns(bench, lambda: served(bench, "p10")["rate"], lambda: unruled(bench)["rate"])
    return {"commands": turns.part(0.35, "durable commands/s")}


def p7(bench):
    keys = rows_postgres.books(bench, ACCOUNTS, TOPUPS, TOPUP_MINOR, POLICY)
    turns, note = rows_postgres.withdrawals(bench, keys, bench.scaled(4000), IN_FLIGHT, ACCOUNTS)
    transfers, used = rows_postgres.transfers(bench, keys, bench.scaled(8000), IN_FLIGHT, ACCOUNTS)
    return {"withdrawals": turns.part(0.50, "withdrawals/s"),
            "transfers": transfers.part(3.0, "charges and top-ups/s, against transfers/s of pure SQL"),
            "notes": [note, used, *rows_postgres.settings(bench)]}


def ready_ms(bench, directory):
    """From the start of the process to the answer of /readyz, and what the process then holds after a second of rest."""
    with serving(bench, directory) as server:
        server.ask("GET", "/readyz")
        took_ms = (time.monotonic() - server.began) * 1000
        time.sleep(1)
        return took_ms, server.memory_kib() / 1024


def stripped_mib(bench):
    target = bench.directory / "stripped"
    run("strip", "-o", target, bench.ebb)
    return target.stat().st_size / 2**20


def p8(bench):
    many = bench.scaled(1000000)
    directory = generated(bench, f"accounts-{many}", "accounts", many, 10)
    seen = [ready_ms(bench, directory) for _ in range(bench.rounds)]
    start, memory = sorted(ms for ms, _ in seen), sorted(mib for _, mib in seen)
    return {"start": part(start[len(start) // 2], 200, True, range=[start[0], start[-1]], unit="ms"),
            "memory": part(memory[-1], 64, True, unit="MiB resident when idle"),
            "size": part(stripped_mib(bench), 6, True, unit="MiB of ebb, stripped"),
            "notes": [f"{many:,} accounts with {10 * many:,} top-ups"]}


# ---- P9 ----

ENTRY = """<Ntry><Amt Ccy="CNY">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt>
<AcctSvcrRef>B{0:012}</AcctSvcrRef><BkTxCd/><NtryDtls><TxDtls><Refs><EndToEndId>EBB{0:013}01</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
"""


def statement_file(bench, many):
    path = bench.directory / f"statement-{many}.xml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-21T02:00:00+08:00</CreDtTm></GrpHdr><Stmt><Id>S</Id>
<FrToDt><FrDtTm>2026-11-20T00:00:00+08:00</FrDtTm><ToDtTm>2026-11-21T00:00:00+08:00</ToDtTm></FrToDt>
<Acct><Id><Othr><Id>6222</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
<TxsSummry><TtlNtries><NbOfNtries>{many}</NbOfNtries><Sum>{many}.00</Sum></TtlNtries></TxsSummry>
""")
        for n in range(many):
            file.write(ENTRY.format(n))
        file.write("</Stmt></BkToCstmrStmt></Document>\n")
    return path


def processor_s(*arguments):
    """Of a program that must succeed: its own processor time, whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def p9(bench):
    """Read and checked; comparing a line with the books is the engine's work, and not in here."""
    if shutil.which("xmllint") is None:
        return {"notes": ["skipped: xmllint is not here"]}
    many = bench.scaled(1000000)
    path = statement_file(bench, many)
    ratios = sorted(processor_s(bench.ebb, "statement", "check", path) / processor_s("xmllint", "--stream", "--noout", path)
                    for _ in range(bench.rounds))
    run("prlimit", f"--data={64 << 20}", bench.ebb, "statement", "check", path)
    path.unlink()
    return {"time": part(ratios[len(ratios) // 2], 2, True, range=[ratios[0], ratios[-1]], unit="times xmllint --stream"),
            "notes": [f"{many:,} entries; within 64 MiB of memory of its own; reading only"]}
