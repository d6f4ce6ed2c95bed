# SPDX-License-Identifier: Apache-2.0
"""What the picture shows: throughput and latency against the number of clients, and the cost of a withdrawal against the size
of the books, each beside its ceiling or its small twin."""
import statistics

import plot
from measure import answer
from rows import IN_FLIGHT, generated, served, unruled

CLIENTS = (1, 4, 16, 64, 256)
SIZES = (1000, 10000, 100000, 1000000)


def of_clients(bench):
    """Both in turns, so that what else the machine does meets both; each point is the median of its turns."""
    points = {"ours": [], "ceiling": []}
    for clients in CLIENTS:
        more = ("--connections", str(clients), "--accounts", "1000")
        turns = {"ours": [], "ceiling": []}
        for _ in range(1 if bench.quick else 3):
            turns["ours"].append(served(bench, "curve", *more))
            turns["ceiling"].append(unruled(bench, *more))
        for who, seen in turns.items():
            points[who].append({"clients": clients, "rate": statistics.median(turn["rate"] for turn in seen)} | {
                of: statistics.median(turn["requests"]["code"][of] for turn in seen) for of in ("p50_us", "p99_us")})
    return points


def of_sizes(bench, kind, each):
    sizes, count = SIZES[:2] if bench.quick else SIZES, bench.scaled(4000)
    books = {size: generated(bench, f"{kind}-{size}", kind, size, each) for size in sizes}
    costs = {size: [] for size in sizes}
    for _ in range(3):
        for size in sizes:
            costs[size].append(answer(bench.program("engine_load"), "withdrawals", books[size], count, IN_FLIGHT,
                                      size if kind == "accounts" else 1)["us"] / count)
    return [{"size": size, "us": statistics.median(costs[size])} for size in sizes]


def measure(bench):
    return of_clients(bench) | {"accounts": of_sizes(bench, "accounts", 10), "spent": of_sizes(bench, "spent", 20)}


def charts(seen):
    def line(name, colour, rows, x, y, unit=1.0):
        return name, colour, [(row[x], row[y] / unit) for row in rows]

    def limit(rows, times):
        return f"{times} times the smallest", plot.THIRD, [(row["size"], rows[0]["us"] * times / 1000) for row in rows]

    both = (("Ebb", plot.OURS, "ours"), ("the same without a rule", plot.CEILING, "ceiling"))
    return [
        plot.chart("Durable withdrawals over HTTP", "clients", "durable commands a second",
                   [line(name, colour, seen[who], "clients", "rate") for name, colour, who in both]),
        plot.chart("How long a confirmation takes, 99th percentile", "clients", "milliseconds",
                   [line(name, colour, seen[who], "clients", "p99_us", 1000) for name, colour, who in both]),
        plot.chart("A withdrawal in growing books", "accounts, ten top-ups each", "milliseconds each",
                   [line("withdrawal", plot.OURS, seen["accounts"], "size", "us", 1000), limit(seen["accounts"], 1.5)]),
        plot.chart("A withdrawal behind spent top-ups", "spent top-ups of the account", "milliseconds each",
                   [line("withdrawal", plot.OURS, seen["spent"], "size", "us", 1000), limit(seen["spent"], 1.2)]),
    ]
