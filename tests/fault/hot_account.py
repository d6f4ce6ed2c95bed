#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One hot account: 10,000 concurrent withdrawals, funds for 1,000 (P6).

All withdrawals are made first (making holds nothing), their codes are read at once, and then all codes are entered from many
connections. Exactly as many must be confirmed as there is money for, every other one must be refused with the arithmetic,
the bank must have paid that money and not a cent more, and ebb-audit must find the books sound.

  hot_account.py EBB [--withdrawals N] [--funded N] [--connections N]
"""
import argparse
import asyncio
import collections
import json
import os
import shutil
import sys
import tempfile
import time

import house
from house import ADMIN, Client, Server

AMOUNT = 100
REF = "hot"


async def exchange(reader, writer, verb, path, body, key):
    data = json.dumps(body).encode()
    writer.write(("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                  "Idempotency-Key: %s\r\nContent-Length: %d\r\n\r\n" % (verb, path, ADMIN, key, len(data))).encode() + data)
    await writer.drain()
    status = int((await reader.readline()).split()[1])
    size = 0
    while True:
        line = await reader.readline()
        if line in (b"\r\n", b""):
            break
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            size = int(value)
    return status, json.loads(await reader.readexactly(size)) if size else None


async def connection(port, work, results):
    """Takes work from the shared list until there is none; "busy" and "unknown" are asked again with the same key."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while work:
        name, verb, path, body, key = work.popleft()
        status, value = await exchange(reader, writer, verb, path, body, key)
        while status in (429, 503):
            await asyncio.sleep(0.02)
            status, value = await exchange(reader, writer, verb, path, body, key)
        results[name] = (status, value)
    writer.close()


def flood(port, connections, work):
    results, queue = {}, collections.deque(work)

    async def all_of_them():
        await asyncio.gather(*(connection(port, queue, results) for _ in range(connections)))

    began = time.monotonic()
    asyncio.run(all_of_them())
    return results, time.monotonic() - began


def run(arguments, data):
    problems = []
    server = Server(arguments.ebb, data)
    server.start()
    client = Client(server.port, timeout=120)
    house.account_open(client, REF, [arguments.funded * AMOUNT])
    count = arguments.withdrawals
    made, seconds = flood(server.port, arguments.connections, (
        (n, "POST", "/v1/withdrawals", {"account": REF, "amount": AMOUNT}, "make-%d" % n) for n in range(count)))
    print("P6: %d made in %.1f s, %.0f a second" % (len(made), seconds, len(made) / seconds))
    wrong = [answer for answer in made.values() if answer[0] != 201]
    if wrong:
        problems.append("%d were not made: %s" % (len(wrong), wrong[0]))
    _, messages, _ = client.insist("GET", "/demo/messages?account=%s&limit=10000" % REF)
    codes = {message["withdrawal"]: message["code"] for message in messages["data"] if message["code"]}
    work = [(value["id"], "POST", "/v1/withdrawals/%s/code" % value["id"], {"code": codes.get(value["id"], "")},
             "code-" + value["id"]) for status, value in made.values() if status == 201]
    confirmed, seconds = flood(server.port, arguments.connections, work)
    print("P6: %d codes in %.1f s, %.0f a second" % (len(confirmed), seconds, len(confirmed) / seconds))
    statuses = collections.Counter(
        "%d %s" % (status, (value or {}).get("code", "") if status != 200 else "") for status, value in confirmed.values())
    print("P6:", dict(statuses))
    accepted = [identity for identity, answer in confirmed.items() if answer[0] == 200]
    refused = statuses.get("409 amount_exceeds_withdrawable", 0)
    expected = min(arguments.funded, count)
    if len(accepted) != expected or refused != count - expected:
        problems.append("%d confirmed and %d refused, not %d and %d" % (len(accepted), refused, expected, count - expected))
    problems += paid_out(client, accepted)
    server.stop()
    book = [row for row in house.channel_book(data) if row[2] == AMOUNT]
    total = sum(row[2] * row[3] for row in book)
    if any(row[3] != 1 for row in book) or total != expected * AMOUNT:
        problems.append("the bank paid %d under %d keys" % (total, len(book)))
    return problems + ["audit: " + line for line in house.audit(arguments.ebb, data, server.store)]


def paid_out(client, accepted):
    end, waiting = time.monotonic() + 120, list(accepted)
    while waiting and time.monotonic() < end:
        waiting = [identity for identity in waiting
                   if client.insist("GET", "/v1/withdrawals/" + identity)[1]["status"] != "successful"]
        time.sleep(0.2)
    problems = ["%d confirmed withdrawals were not paid, as %s" % (len(waiting), waiting[0])] if waiting else []
    _, quote, _ = client.insist("GET", "/v1/accounts/%s/withdrawable" % REF)
    if quote["cash"] != 0:
        problems.append("%d is left on the account" % quote["cash"])
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ebb")
    parser.add_argument("--withdrawals", type=int, default=10000)
    parser.add_argument("--funded", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=64)
    arguments = parser.parse_args()
    arguments.ebb = os.path.abspath(arguments.ebb)
    directory = tempfile.mkdtemp(prefix="ebb-hot-")
    problems = run(arguments, os.path.join(directory, "data"))
    for problem in problems[:50]:
        print("FAILED:", problem)
    if problems:
        print("the data stands in", directory)
    else:
        print("P6: exactly %d of %d were confirmed and paid" % (min(arguments.funded, arguments.withdrawals), arguments.withdrawals))
        shutil.rmtree(directory)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
