# SPDX-License-Identifier: Apache-2.0
"""What one account may do, in the words of its promises (docs/architecture.md, docs/rules.md), for the history checker. Nothing of it was read from
the program.

A state is (cash, held, status of each withdrawal). An operation with its answer either fits a state and leads to others, or
it does not fit. Between operations withdrawals move by themselves: approved ones are sent, what was sent is paid or fails,
and when the clock was turned, codes expire. These moves are taken as late as they can be, and no more of them than an
answer asks for: a state in which less has ended can still come to wherever the other one can, and it refuses as much. A
reader of a withdrawal sees which legs have ended; a quote tells two sums of them; and what is covered only by money that
came back asks for the fewest failures.

It covers accounts whose money is all refundable to its source, without claims, reserves and debts: there the withdrawable
amount is what is not on hold."""
import collections
import functools
import itertools

State = collections.namedtuple("State", "cash held statuses turned")
TRIES = 5
FIRST = State(0, 0, (), False)
ENDS = {"successful", "failed"}


def legs_of(answer, amount):
    """How each leg was seen: [(amount, how it has ended, or None)]."""
    legs = answer.get("legs") or [[amount, answer["state"]]]
    return [(part, status if status in ENDS else None) for part, status in legs]


@functools.lru_cache(maxsize=256)
def sums(legs):
    """{(paid, failed): the ways in which these legs may end to come to that}."""
    found = {(0, 0): [()]}
    for withdrawal, leg, amount, fates in legs:
        longer = collections.defaultdict(list, {key: list(ways) for key, ways in found.items()})
        for (paid, failed), ways in found.items():
            for end in fates:
                key = (paid + amount, failed) if end == "successful" else (paid, failed + amount)
                longer[key] += [way + ((withdrawal, leg, end),) for way in ways]
        found = dict(longer)
    return found


class Account:
    """The reference for one account. `numbers`: the place of each withdrawal in a state's statuses. `legs`: what each was
    seen to consist of, [(amount, how it was seen to end or None)].

    A status is a word; the tries left while the code is awaited; or, on the way, the set of the legs that have ended."""

    def __init__(self, reviewed, numbers, amounts, legs):
        self.reviewed, self.numbers, self.amounts, self.legs = reviewed, numbers, amounts, legs
        self.names = list(numbers)

    def free(self, state):
        return state.cash - state.held

    def status(self, state, withdrawal):
        number = self.numbers[withdrawal]
        return state.statuses[number] if number < len(state.statuses) else None

    def to(self, state, withdrawal, status, cash=0, held=0):
        number = self.numbers[withdrawal]
        statuses = list(state.statuses) + [None] * (number + 1 - len(state.statuses))
        statuses[number] = status
        return state._replace(cash=state.cash + cash, held=state.held + held, statuses=tuple(statuses))

    # ---- what happens by itself ----

    def going(self, status):
        return status == "approved" or isinstance(status, frozenset)

    def outcome(self, ended, count):
        """One word when all legs have ended."""
        if len(ended) < count:
            return ended
        ends = {end for _, end in ended}
        return "partly_successful" if len(ends) == 2 else ends.pop()

    def later(self, state, withdrawal):
        """The present state, and the one in which this withdrawal has begun to be sent, or its code has expired."""
        status = self.status(state, withdrawal)
        yield state
        if status == "approved":
            yield self.to(state, withdrawal, frozenset())
        if state.turned and isinstance(status, int):
            yield self.to(state, withdrawal, "expired")

    def under_way(self, state):
        """Legs that have not ended: [(withdrawal, place, amount, how they may end)]."""
        found = []
        for number, status in enumerate(state.statuses):
            if self.going(status):
                withdrawal = self.names[number]
                gone = {n for n, _ in status} if status != "approved" else ()
                found += [(withdrawal, n, amount, {fate} if fate else ENDS)
                          for n, (amount, fate) in enumerate(self.legs[withdrawal]) if n not in gone]
        return found

    def end(self, state, withdrawal, leg, end):
        status, amount = self.status(state, withdrawal), self.legs[withdrawal][leg][0]
        ended = (frozenset() if status == "approved" else status) | {(leg, end)}
        return self.to(state, withdrawal, self.outcome(ended, len(self.legs[withdrawal])),
                       cash=-amount if end == "successful" else 0, held=-amount)

    def settled(self, state, paid, failed):
        """States in which legs of exactly these two sums have ended as paid and as failed."""
        if (paid, failed) == (0, 0):
            yield state
            return
        if paid < 0 or failed < 0:
            return
        legs = tuple((withdrawal, n, amount, frozenset(fates)) for withdrawal, n, amount, fates in self.under_way(state))
        left, right = sums(legs[:len(legs) // 2]), sums(legs[len(legs) // 2:])
        for (some_paid, some_failed), ways in left.items():
            for first, second in itertools.product(ways, right.get((paid - some_paid, failed - some_failed), ())):
                after = state
                for withdrawal, leg, end in first + second:
                    after = self.end(after, withdrawal, leg, end)
                yield after

    def relieved(self, state, missing):
        """States in which failures have given back what is missing: none of them could be left out."""
        legs = sorted((leg for leg in self.under_way(state) if "failed" in leg[3]), key=lambda leg: -leg[2])
        behind = [sum(leg[2] for leg in legs[n:]) for n in range(len(legs) + 1)]
        stack = [(0, missing, ())]
        while stack:
            at, left, failed = stack.pop()
            if left <= 0:
                after = state
                for withdrawal, leg, _, _ in failed:
                    after = self.end(after, withdrawal, leg, "failed")
                yield after
            elif behind[at] >= left:
                stack.append((at + 1, left, failed))
                stack.append((at + 1, left - legs[at][2], failed + (legs[at],)))

    # ---- operations ----

    def apply(self, state, op):
        """The states that the operation may leave behind, given its answer; none when the answer does not fit."""
        return set(getattr(self, "do_" + op["op"])(state, op, op.get("answer")))

    def do_topup(self, state, op, answer):
        if answer is None or answer["status"] == 201:
            yield state._replace(cash=state.cash + op["amount"])

    def do_told_again(self, state, op, answer):
        """A fact that was acknowledged before, under another key: 200, and nothing more happens."""
        if answer is None or answer["status"] == 200:
            yield state

    def do_charge(self, state, op, answer):
        for after in self.by_free(state, op["amount"], True):
            if answer is None or answer["status"] == 201:
                yield after._replace(cash=after.cash - op["amount"])

    def do_quote(self, state, op, answer):
        if answer is None:
            yield state
            return
        if answer["status"] == 200:
            paid = state.cash - answer["cash"]
            yield from self.settled(state, paid, answer["withdrawable"] - self.free(state))

    def by_free(self, state, amount, covered):
        """States in which the amount is covered, or is not: a failure may have given money back before."""
        if (self.free(state) >= amount) == covered:
            yield state
        elif covered:
            yield from self.relieved(state, amount - self.free(state))

    def do_create(self, state, op, answer):
        if answer is None:  # what was made but never named holds nothing and cannot be confirmed
            yield state
        elif answer["status"] == 201:
            for after in self.by_free(state, op["amount"], True):
                yield self.to(after, answer["withdrawal"], TRIES)
        elif (answer["status"], answer["code"]) == (422, "amount_exceeds_withdrawable"):
            yield from self.by_free(state, op["amount"], False)

    def confirm(self, state, op, answer):
        withdrawal, amount = op["withdrawal"], self.amounts[op["withdrawal"]]
        status = "in_review" if self.reviewed else "approved"
        if answer is None or (answer["status"] == 200 and answer["state"] == status):
            for after in self.by_free(state, amount, True):
                yield self.to(after, withdrawal, status, held=amount)
        if answer is None or (answer["status"], answer["code"]) == (409, "amount_exceeds_withdrawable"):
            for after in self.by_free(state, amount, False):
                yield self.to(after, withdrawal, "cancelled")

    def mistake(self, state, op, answer):
        left = self.status(state, op["withdrawal"]) - 1
        if answer is None or (answer["status"], answer["code"], answer.get("tries_left")) == (422, "wrong_code", left):
            yield self.to(state, op["withdrawal"], left or "expired")

    def do_code(self, state, op, answer):
        for now in self.later(state, op["withdrawal"]):
            if isinstance(self.status(now, op["withdrawal"]), int):
                yield from (self.confirm if op["right"] else self.mistake)(now, op, answer)
            elif answer is None or answer["status"] == 409 and answer["code"] != "amount_exceeds_withdrawable" or \
                    answer["code"] == "code_expired" and self.status(now, op["withdrawal"]) == "expired":
                yield now

    def do_cancel(self, state, op, answer):
        for now in self.later(state, op["withdrawal"]):
            status, amount = self.status(now, op["withdrawal"]), self.amounts[op["withdrawal"]]
            if isinstance(status, int) or status in ("in_review", "approved"):
                held = 0 if isinstance(status, int) else -amount
                if answer is None or (answer["status"], answer["state"]) == (200, "cancelled"):
                    yield self.to(now, op["withdrawal"], "cancelled", held=held)
            elif answer is None or answer["status"] == 409:
                yield now

    def do_review(self, state, op, answer):
        for now in self.later(state, op["withdrawal"]):
            status, amount = self.status(now, op["withdrawal"]), self.amounts[op["withdrawal"]]
            if answer is None or answer["status"] == 412:  # the reviewer saw an older version
                yield now
            if status == "in_review":
                to = {"approve": "approved", "reject": "rejected"}[op["decision"]]
                if answer is None or (answer["status"], answer["state"]) == (200, to):
                    yield self.to(now, op["withdrawal"], to, held=-amount if to == "rejected" else 0)
            elif answer is not None and answer["status"] == 409:
                yield now

    def seen(self, state, withdrawal, answer):
        """The state in which the legs of a withdrawal on its way have ended as its reader saw them; None: they cannot have."""
        ended = frozenset((n, status) for n, (_, status) in enumerate(legs_of(answer, self.amounts[withdrawal])) if status)
        before = self.status(state, withdrawal)
        if not before <= ended:
            return None
        for leg, end in sorted(ended - before):
            state = self.end(state, withdrawal, leg, end)
        return state

    def do_get(self, state, op, answer):
        for now in self.later(state, op["withdrawal"]):
            if answer is not None and isinstance(self.status(now, op["withdrawal"]), frozenset):
                now = self.seen(now, op["withdrawal"], answer)
            if now is None:
                continue
            status = self.status(now, op["withdrawal"])
            word = "awaiting_code" if isinstance(status, int) else "dispatching" if isinstance(status, frozenset) else status
            if answer is None or (answer["status"], answer["state"]) == (200, word):
                yield now

    def do_clock(self, state, op, answer):
        yield state._replace(turned=True)
