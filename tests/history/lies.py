# SPDX-License-Identifier: Apache-2.0
"""Lies for a log that a true server left: each changes one answer, or the order of two, so that no order explains it.

A kind finds its places in the events of one account, and changes the copy that it is given. What it says could not have been is
certain: the last look at an account (drive.py) reads everything once more, so that nothing that was changed stays unseen."""


def answered(events, *ops):
    """[(place of the answer, operation, answer)], in the order of the answers."""
    asked = {e["id"]: e for e in events if e["type"] == "invoke"}
    return [(n, asked[e["id"]], e["answer"]) for n, e in enumerate(events) if e["type"] == "ok" and asked[e["id"]]["op"] in ops]


def set_(**values):
    return lambda events, place: events[place]["answer"].update(values)


def add(name, by):
    def change(events, place):
        events[place]["answer"][name] += by
    return change


def cash(events):
    return [n for n, _, answer in answered(events, "quote") if answer["status"] == 200]


def confirmed(events):
    return [n for n, op, answer in answered(events, "code") if answer["status"] == 200]


def not_covered(events):
    return [n for n, op, answer in answered(events, "code") if answer["code"] == "amount_exceeds_withdrawable"]


def wrong(events):
    return [n for n, op, answer in answered(events, "code") if answer.get("tries_left") is not None]


def cancelled(events):
    return [n for n, op, answer in answered(events, "cancel") if answer["status"] == 200]


def facts(events, *ops):
    return [n for n, op, answer in answered(events, *ops) if answer["status"] == 201]


def lose(events, place):
    """What was acknowledged has not happened: its amount was another one."""
    id_ = events[place]["id"]
    next(e for e in events if e["type"] == "invoke" and e["id"] == id_)["amount"] += 1


def ended(events):
    return [n for n, _, answer in answered(events, "get") if answer.get("state") in ("successful", "failed")]


def other_end(events, place):
    answer = events[place]["answer"]
    to = "failed" if answer["state"] == "successful" else "successful"
    answer.update(state=to, legs=[[amount, to] for amount, _ in answer["legs"]])


def replayed(events):
    return [n for n, e in enumerate(events) if e["type"] == "ok" and e.get("replays")]


def other_replay(events, place):
    events[place]["replays"][0]["status"] += 1


def stale(events):
    """Quotes after which another one was asked and answered with other money."""
    quotes = [(n, op, answer) for n, op, answer in answered(events, "quote") if answer["status"] == 200]
    asked = {e["id"]: n for n, e in enumerate(events) if e["type"] == "invoke"}
    found = []
    for (n, _, before), (m, _, between), (k, op, _) in zip(quotes, quotes[1:], quotes[2:]):
        if before["cash"] < between["cash"] and asked[events[m]["id"]] > n and asked[op["id"]] > m:
            found.append((k, before))
    return found


def say_stale(events, place):
    events[place[0]]["answer"].update(cash=place[1]["cash"], withdrawable=place[1]["withdrawable"])


def seen_again(events):
    """Looks at what was seen to have ended before."""
    asked = {e["id"]: n for n, e in enumerate(events) if e["type"] == "invoke"}
    over, found = {}, []
    for n, op, answer in answered(events, "get"):
        if asked[op["id"]] > over.get(op["withdrawal"], len(events)):
            found.append(n)
        if answer.get("state") in ("successful", "partly_successful", "failed"):
            over.setdefault(op["withdrawal"], n)
    return found


def under_way_again(events, place):
    answer = events[place]["answer"]
    answer.update(state="dispatching", legs=[[amount, "sending"] for amount, _ in answer["legs"]])


def awaiting(events):
    return [n for n, _, answer in answered(events, "get") if answer.get("state") == "awaiting_code"]


KINDS = {  # name: (where, what)
    "cash out of nothing": (cash, add("cash", 1)),
    "cash that is gone": (cash, add("cash", -1)),
    "more withdrawable than there is": (cash, add("withdrawable", 1)),
    "money held that nobody holds": (cash, add("withdrawable", -1)),
    "confirmed and called not covered": (confirmed, set_(status=409, code="amount_exceeds_withdrawable", state=None)),
    "not covered and called confirmed": (not_covered, set_(status=200, code=None, state="approved")),
    "a try too many left": (wrong, add("tries_left", 1)),
    "a wrong code called right": (wrong, set_(status=200, code=None, state="approved", tries_left=None)),
    "cancelled and called too late": (cancelled, set_(status=409, code="state_conflict", state=None)),
    "a top-up that was lost": (lambda events: facts(events, "topup"), lose),
    "a charge of another amount": (lambda events: facts(events, "charge"), lose),
    "another end": (ended, other_end),
    "another answer to the same key": (replayed, other_replay),
    "money as it was two quotes ago": (stale, say_stale),
    "ended and under way again": (seen_again, under_way_again),
    "waiting and called cancelled": (awaiting, set_(state="cancelled")),
}
