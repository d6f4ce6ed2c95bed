#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Was there one order of all operations on an account, in keeping with real time, in which every answer is right?

A log is a line of JSON an event, in the order in which one clock saw them: {"at","type","id","account", …} with type
  account  {"reviewed"}                              a fresh account
  invoke   {"op", …}                                 the first time that it was asked
  ok       {"answer":{"status", …},"replays":[…]}    its answer, and the answers to the same key again
  info     nobody knows: it may have happened, at any time after, or never
The search goes from answer to answer: before an operation's answer arrives it must have happened, and with it any of those
that were under way. What is left when none fits is a lie of the server. What was found for a state and an operation is kept;
an operation that fits a state and changes nothing in it is taken there at once, since no later place is better.

The search is as wide as what overlaps: orders of the operations under way, ways in which the legs on their way have ended.
drive.py keeps both few, so that every log is decided; one that is wider than STATES_MAX counts as a failure.

  check.py LOG          decides; exit 1 and the first operation that fits nowhere
  check.py --self-test  a true log must pass, and each planted lie must be found"""
import collections
import copy
import json
import sys

from reference import FIRST, Account, legs_of

STATES_MAX = 200000
READERS = ("get", "quote", "create")  # what was made but never named holds nothing and cannot be confirmed


class Lie(Exception):
    pass


class Undecided(Exception):
    pass


def accounts_of(events):
    """{account: (reference, its events)}; withdrawals are numbered as they were named."""
    found = collections.OrderedDict()
    invoked = {}
    for event in events:
        if event["type"] == "account":
            found[event["account"]] = ({"reviewed": event["reviewed"], "numbers": {}, "amounts": {}, "legs": {}}, [])
            continue
        facts, list_ = found[event["account"]]
        list_.append(event)
        if event["type"] == "invoke":
            invoked[event["id"]] = event
        elif event["type"] == "ok":
            operation, answer = invoked[event["id"]], event["answer"]
            if operation["op"] == "create" and answer["status"] == 201:
                facts["numbers"].setdefault(answer["withdrawal"], len(facts["numbers"]))
                facts["amounts"][answer["withdrawal"]] = operation["amount"]
                facts["legs"][answer["withdrawal"]] = [(operation["amount"], None)]
            if operation["op"] == "get" and answer["status"] == 200:
                facts["legs"][operation["withdrawal"]] = legs_of(answer, facts["amounts"][operation["withdrawal"]])
    return {name: (Account(**facts), list_) for name, (facts, list_) in found.items()}


class Search:
    """The configurations (state, operations under way) in which all answers so far are right."""

    def __init__(self, account, answers):
        self.account, self.answers, self.operations, self.known = account, answers, {}, {}
        self.now = {(FIRST, frozenset())}

    def apply(self, state, id_):
        if (state, id_) not in self.known:
            self.known[state, id_] = self.account.apply(state, self.operations[id_])
        return self.known[state, id_]

    def settled(self, state, pending):
        """Without the answered operations that fit this state and leave it as it is."""
        idle = {id_ for id_ in pending if id_ in self.answers and state in self.apply(state, id_)}
        return state, pending - idle

    def invoke(self, operation):
        self.operations[operation["id"]] = operation
        self.now = {(state, pending | {operation["id"]}) for state, pending in self.now}

    def reach(self, wanted, usable):
        """Those in which `wanted` has happened, and before it any of the usable ones under way, in any order."""
        stack = [self.settled(*one) for one in self.now]
        done, seen = set(), set(stack)
        while stack:
            state, pending = stack.pop()
            if wanted not in pending:
                done.add((state, pending))
                continue
            for one in pending & usable:
                for after in self.apply(state, one):
                    next_ = self.settled(after, pending - {one})
                    if next_ not in seen:
                        seen.add(next_)
                        stack.append(next_)
            if len(seen) > STATES_MAX:
                raise Undecided("more than %d states" % STATES_MAX)
        return done

    def answer(self, id_):
        """What nobody knows of may happen as late as it likes: it is thought of only where nothing else explains an answer."""
        before = self.now
        self.now = self.reach(id_, self.answers.keys()) or self.reach(id_, self.operations.keys())
        if not self.now:
            money = sorted({(state.cash, state.held) for state, _ in before})
            raise Lie("%s fits nowhere; (cash, held) could have been %s" % (text_of(self.operations[id_]), money[:6]))
        self.known.clear()


def text_of(event):
    return json.dumps({k: v for k, v in event.items() if k not in ("type",)}, ensure_ascii=False)


def replays_check(event):
    for again in event.get("replays", []):
        if again != event["answer"]:
            raise Lie("asked again with the same key, %s became %s" % (event["answer"], again))


def account_check(account, events):
    """How many operations fitted; a Lie when one does not."""
    unknown = {e["id"] for e in events if e["type"] == "info"}
    answers = {e["id"]: e["answer"] for e in events if e["type"] == "ok"}
    search, count = Search(account, answers), 0
    for event in events:
        if event["type"] == "invoke":
            if event["id"] not in unknown or event["op"] not in READERS:  # a reader without an answer tells nothing
                search.invoke({**event, "answer": answers.get(event["id"])})
        elif event["type"] == "ok":
            replays_check(event)
            search.answer(event["id"])
            count += 1
    return count


Verdict = collections.namedtuple("Verdict", "accounts operations lies undecided")


def check(events):
    """Of all accounts: how many, the operations that have their place, [(account, lie)], [(account, why undecided)]."""
    accounts, lies, undecided, count = accounts_of(events), [], [], 0
    for name, (account, list_) in accounts.items():
        try:
            count += account_check(account, list_)
        except Lie as lie:
            lies.append((name, str(lie)))
        except Undecided as why:
            undecided.append((name, str(why)))
    return Verdict(len(accounts), count, lies, undecided)


def verdict_text(verdict):
    return "decided: %d of %d accounts, lies: %d" % (verdict.accounts - len(verdict.undecided), verdict.accounts,
                                                     len(verdict.lies))


# ---- planted lies ----

class Log:
    """A true log, written by hand: two customers of one account, funds for one of them."""

    def __init__(self):
        self.events, self.at, self.ids = [{"at": 0, "type": "account", "account": "a", "reviewed": False}], 0, 0

    def add(self, type_, **more):
        self.at += 1
        self.events.append({"at": self.at, "type": type_, "account": "a", **more})

    def invoke(self, op, **more):
        self.ids += 1
        self.add("invoke", id=self.ids, op=op, **more)
        return self.ids

    def ok(self, id_, **answer):
        self.add("ok", id=id_, answer={"code": None, "state": None, **answer}, replays=[])

    def do(self, op, answer, **more):
        self.ok(self.invoke(op, **more), **answer)


def true_log():
    log = Log()
    log.do("topup", {"status": 201}, amount=1000)                                       # 0: events 1, 2
    slow = log.invoke("topup", amount=500)                                              # overlaps what follows
    log.do("quote", {"status": 200, "cash": 1000, "withdrawable": 1000})
    log.ok(slow, status=201)
    log.do("quote", {"status": 200, "cash": 1500, "withdrawable": 1500})
    log.do("charge", {"status": 201}, amount=500)
    log.do("create", {"status": 201, "withdrawal": "w1"}, amount=700)
    log.do("create", {"status": 201, "withdrawal": "w2"}, amount=600)
    log.do("create", {"status": 422, "code": "amount_exceeds_withdrawable"}, amount=1001)
    log.do("code", {"status": 422, "code": "wrong_code", "tries_left": 4}, withdrawal="w1", right=False)
    first = log.invoke("code", withdrawal="w1", right=True)
    second = log.invoke("code", withdrawal="w2", right=True)
    log.ok(second, status=409, code="amount_exceeds_withdrawable")
    log.ok(first, status=200, state="approved")
    log.do("quote", {"status": 200, "cash": 1000, "withdrawable": 300})
    log.do("get", {"status": 200, "state": "successful"}, withdrawal="w1")
    log.do("cancel", {"status": 409, "code": "state_conflict"}, withdrawal="w1")
    log.do("quote", {"status": 200, "cash": 300, "withdrawable": 300})
    log.add("invoke", id=99, op="topup", amount=50)
    log.add("info", id=99)
    log.do("quote", {"status": 200, "cash": 300, "withdrawable": 300})
    log.do("quote", {"status": 200, "cash": 350, "withdrawable": 350})
    log.do("create", {"status": 201, "withdrawal": "w3"}, amount=100)
    log.do("cancel", {"status": 200, "state": "cancelled"}, withdrawal="w3")
    log.do("code", {"status": 409, "code": "state_conflict"}, withdrawal="w3", right=True)
    log.do("create", {"status": 201, "withdrawal": "w4"}, amount=100)
    log.do("code", {"status": 200, "state": "approved"}, withdrawal="w4", right=True)
    log.do("get", {"status": 200, "state": "failed"}, withdrawal="w4")
    log.do("quote", {"status": 200, "cash": 350, "withdrawable": 350})
    return log.events


def answers(events, op, **more):
    """The answers to operations of a kind, in order of their asking."""
    ids = [e["id"] for e in events if e["type"] == "invoke" and e["op"] == op and all(e.get(k) == v for k, v in more.items())]
    return [next(e["answer"] for e in events if e["type"] == "ok" and e["id"] == id_) for id_ in ids
            if any(e["type"] == "ok" and e["id"] == id_ for e in events)]


def extra(events, op, answer, **more):
    """One more operation at the end of the log."""
    at = events[-1]["at"] + 1
    events.append({"at": at, "type": "invoke", "account": "a", "id": at + 1000, "op": op, **more})
    events.append({"at": at + 1, "type": "ok", "account": "a", "id": at + 1000,
                   "answer": {"code": None, "state": None, **answer}, "replays": []})


def lie_balance(events):
    answers(events, "quote")[1]["cash"] += 1


def lie_lost_acknowledgement(events):
    extra(events, "topup", {"status": 201}, amount=40)
    extra(events, "quote", {"status": 200, "cash": 350, "withdrawable": 350})


def lie_double_effect(events):
    extra(events, "charge", {"status": 201}, amount=40)
    extra(events, "quote", {"status": 200, "cash": 270, "withdrawable": 270})


def lie_future(events):
    answers(events, "quote")[0].update(cash=1000 + 500 - 500, withdrawable=300)  # holds what nobody has asked for yet


def lie_stale_read(events):
    extra(events, "quote", {"status": 200, "cash": 300, "withdrawable": 300})  # the unknown top-up was seen before


def lie_overdraft(events):
    answers(events, "code", withdrawal="w2", right=True)[0].update(status=200, code=None, state="approved")
    extra(events, "get", {"status": 200, "state": "successful"}, withdrawal="w2")


def lie_refused_with_funds(events):
    answers(events, "code", withdrawal="w1", right=True)[0].update(status=409, code="amount_exceeds_withdrawable", state=None)


def lie_code_after_cancel(events):
    answers(events, "code", withdrawal="w3")[0].update(status=200, code=None, state="approved")


def lie_tries(events):
    answers(events, "code", right=False)[0]["tries_left"] = 3


def lie_replay(events):
    ok = next(e for e in events if e["type"] == "ok" and e["answer"].get("withdrawal") == "w1")
    ok["replays"] = [{**ok["answer"], "withdrawal": "w9"}]


def lie_backwards(events):
    extra(events, "get", {"status": 200, "state": "dispatching"}, withdrawal="w1")
    extra(events, "get", {"status": 200, "state": "successful"}, withdrawal="w1")


def lie_cancelled_but_paid(events):
    extra(events, "get", {"status": 200, "state": "successful"}, withdrawal="w3")


def lie_failed_but_kept(events):
    answers(events, "quote")[-1].update(cash=350, withdrawable=250)


def lie_hold_forgotten(events):
    answers(events, "quote")[2].update(cash=1000, withdrawable=1000)


def lie_fact_told_again(events):
    extra(events, "told_again", {"status": 200}, amount=50)
    extra(events, "quote", {"status": 200, "cash": 400, "withdrawable": 400})


def self_test():
    verdict = check(true_log())
    assert not verdict.lies and not verdict.undecided, verdict
    planted = {name: function for name, function in globals().items() if name.startswith("lie_")}
    for name, plant in planted.items():
        events = copy.deepcopy(true_log())
        plant(events)
        lies = check(events).lies
        print("%-26s %s" % (name, lies[0][1][:110] if lies else "NOT FOUND"))
        assert lies, name
    print("a true log of %d operations passes; %d of %d planted lies are found" % (verdict.operations, len(planted), len(planted)))


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    with open(sys.argv[1], encoding="utf-8") as file:
        verdict = check([json.loads(line) for line in file])
    for account, why in verdict.lies + verdict.undecided:
        print("FAILED: %s: %s" % (account, why))
    print("%d operations have a place in time; %s" % (verdict.operations, verdict_text(verdict)))
    return 1 if verdict.lies or verdict.undecided else 0


if __name__ == "__main__":
    sys.exit(main())
