# SPDX-License-Identifier: Apache-2.0
"""What the matrix has to know of each channel: how its double is configured and named, what its moods prove that are its
own, how it notifies, and how it lies."""
import itertools

import alipay_double
import stripe_double
import test_alipay
import test_stripe
import test_wechatpay
import wechatpay_double
from double import Line, as_json

PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")

NEVER_MADE = "EBB000000000000101"  # a key of our form that no leg has


class World:
    """One configured channel. `late` is another one of the same kind whose line comes about only when `line` is opened,
    `dead` one whose line never does, `ours` one where our side is
    wrong at first."""

    kind = name = None
    ends = ("successful", "returned")  # of payments of which only notifications tell
    title = ""  # beside the name, where one channel has two worlds
    route, reviewed, notifies, paid_days_ago = "original", False, True, 3
    queries, taken = (), ""
    sends = {}
    numbers = itertools.count(1)

    def __init__(self, directory, authority, double, name=None):
        self.directory, self.authority, self.double = directory, authority, double
        self.line, self.late, self.dead, self.ours = Line(), None, None, None
        self.name = name or self.name

    def ask(self, source, house, account):
        return {"route": "original"}

    def payment(self, source):
        with self.double.lock:
            return next((p for p in self.double.payments.values() if p.ref == source), None)

    def denied(self, name, lies):
        """A channel of the same kind that says so to one payment; the others wait for it to be over."""
        self.ours = type(self)(self.directory, self.authority, self.double, name)
        self.ours.notifies, self.ours.lies = False, {"ours-" + mood: ({"pay": mood}, end, "channel_halted") for mood, end in lies.items()}

    def stop(self):
        self.line.stop()
        self.double.stop()


class Stripe(World):
    kind = name = "stripe"
    taken = "{\"received\":true}"
    sends = {"refused:charge_disputed": ("failed", 0), "hold:rate_limit": ("successful", 1),
             "http500_unpaid": ("dispatching", 0)}  # Stripe repeats its 500 for that key: nobody can know
    lies = {"another_number": ("ok", ("successful", 1), "paid_twice"),
            "two_at_once": ("two_at_once", ("dispatching", 2), "amount_differs"),
            "paid_after_refusal": ("refused:charge_disputed", ("failed", 0), "paid_after_release"),
            "other_amount": ("processing", ("successful", 1), "amount_differs"),
            "other_key": ("ok", ("successful", 1), "unknown_key")}

    def __init__(self, directory, authority, double=None, name=None):
        super().__init__(directory, authority, double or stripe_double.StripeDouble(authority, "stripe"), name)
        if name is None:
            self.late, self.dead = (Stripe(directory, authority, self.double, name) for name in ("stripe_late", "stripe_trust"))

    def config(self):
        config = test_stripe.config_of(self.directory, self.double)
        config.update(test_stripe.config_of(self.directory, self.double, "stripe_late", endpoint=self.line.endpoint))
        config.update(test_stripe.config_of(self.directory, self.double, "stripe_ours"))
        config.update(test_stripe.config_of(self.directory, self.double, "stripe_trust",
                                            ca_file="/etc/ssl/certs/ca-certificates.crt"))
        return config

    def source(self, account):
        return "pi_%06d" % next(self.numbers)

    def signed(self, body):
        return self.double.signature(body), body

    def events(self, payment, status):
        """(headers, body) of each: created, under way, done, and the return of one that comes back."""
        told = [self.double.event(payment, "refund.created", "pending"), self.double.event(payment, status="pending"),
                self.double.event(payment, status="requires_action"), self.double.event(payment, status="succeeded"),
                self.double.event(payment, "charge.refund.updated", "succeeded")]
        if status == "returned":
            told.append(self.double.event(payment, "refund.failed", "failed"))
        return [self.signed(body) for body in told]

    def forge(self, headers, body):
        return headers, body.replace("pi_", "pi_9")

    def lie(self, lie, payment):
        refund = self.double.refund(payment, status="succeeded")
        if lie == "another_number":
            refund["id"] = "re_another"
        elif lie == "paid_after_refusal":
            refund["id"] = "re_late"
        elif lie == "other_amount":
            refund["amount"] += 1
        elif lie == "two_at_once":
            refund["status"] = "pending"  # the list of refunds tells of both
        else:
            refund["metadata"]["ebb_key"] = "EBB0000000000000001"
        return self.signed(as_json({"type": "refund.updated", "data": {"object": refund}}))


def stripe(directory, authority):
    one = Stripe(directory, authority)
    one.denied("stripe_ours", {"refused:balance_insufficient": ("failed", 0)})  # its key says so for ever
    return [one]


class Alipay(World):
    """Refunds: nothing but the queries tells of them, so there are no notifications to take in any order."""
    kind = name = "alipay"
    taken, notifies = "success", False
    sends = {"refused:ACQ.TRADE_HAS_FINISHED": ("failed", 0), "hold:40005": ("successful", 1), "hold:20000": ("successful", 1), "wrong_currency": ("absent", 0),
             "bad_signature": ("successful", 1)}
    queries = ("bad_signature", "other_key")
    lies = {"twice": ({"pay": "twice", "query": ["not_found"]}, ("dispatching", 2), "amount_differs"),
            "too_much": ("too_much", ("dispatching", 1), "amount_differs")}

    def __init__(self, directory, authority, double=None, name=None):
        super().__init__(directory, authority, double or alipay_double.AlipayDouble(authority, "alipay"), name)

    def config(self):
        config = test_alipay.config_of(self.directory, self.double)
        config.update(test_alipay.config_of(self.directory, self.double, "alipay_late", endpoint=self.line.endpoint))
        config.update(test_alipay.config_of(self.directory, self.double, "alipay_ours"))
        config.update(test_alipay.config_of(self.directory, self.double, "alipay_trust",
                                            ca_file="/etc/ssl/certs/ca-certificates.crt"))
        return config

    def source(self, account):
        return "202611262200%06d" % next(self.numbers)


class AlipayTransfer(Alipay):
    """To an Alipay account, by the designated route: reviewed, with a document."""
    reviewed, notifies, paid_days_ago = True, True, 200
    sends = {"refused:PAYEE_NOT_EXIST": ("failed", 0), "hold:40005": ("successful", 1), "wrong_currency": ("absent", 0), "bad_signature": ("successful", 1)}
    queries = ("bad_signature",)
    lies = {"another_number": ("ok", ("successful", 1), "paid_twice"),
            "paid_after_refusal": ("refused:PAYEE_NOT_EXIST", ("failed", 0), "paid_after_release"),
            "other_amount": ("processing", ("successful", 1), "amount_differs"),
            "other_key": ("ok", ("successful", 1), "unknown_key")}
    title = "transfer"

    def __init__(self, refunds):
        World.__init__(self, refunds.directory, refunds.authority, refunds.double)

    def config(self):
        return {}

    def source(self, account):
        return "138%08d" % next(self.numbers)

    def ask(self, source, house, account):
        paper = house.call("POST", "/v1/documents", {"account": account, "name": "form.png", "media_type": "image/png",
                                                     "content": PNG})[0]["id"]
        return {"route": "designated", "reason": "window_passed", "documents": [paper],
                "destination": {"kind": "alipay", "name": "厂 " + account, "account": source}}

    def events(self, payment, status):
        told = [self.double.changed(payment, "DEALING"), self.double.changed(payment, "DEALING", with_type=True),
                self.double.changed(payment, "SUCCESS"), self.double.changed(payment, "SUCCESS", with_type=True)]
        return told + ([self.double.changed(payment, "REFUND")] if status == "returned" else [])

    def forge(self, headers, body):
        return headers, body.replace("300.00", "300.01")

    def lie(self, lie, payment):
        content = {"another_number": {"order_id": "another"}, "paid_after_refusal": {"order_id": "late"},
                   "other_amount": {"trans_amount": "300.01"}, "other_key": {"out_biz_no": NEVER_MADE}}[lie]
        return self.double.changed(payment, "SUCCESS", content=content)


def alipay(directory, authority):
    refunds = Alipay(directory, authority)
    refunds.late, refunds.dead = (Alipay(directory, authority, refunds.double, name) for name in ("alipay_late", "alipay_trust"))
    refunds.denied("alipay_ours", {"hold:40002": ("successful", 1)})
    return [refunds, AlipayTransfer(refunds)]


class Wechatpay(World):
    kind = name = "wechatpay"
    taken = "{\"code\":\"SUCCESS\"}"
    sends = {"refused:USER_ACCOUNT_ABNORMAL": ("failed", 0), "hold:FREQUENCY_LIMITED": ("successful", 1), "bad_signature": ("successful", 1), "unsigned": ("successful", 1), "to_merchant": ("dispatching", 1)}
    queries, ends = ("bad_signature", "unsigned"), ("successful",)
    lies = {"another_number": ("ok", ("successful", 1), "paid_twice"),
            "twice": ({"pay": "twice", "query": ["not_found"]}, ("successful", 2), "paid_twice"),
            "paid_after_refusal": ("refused:USER_ACCOUNT_ABNORMAL", ("failed", 0), "paid_after_release"),
            "closed_after_paid": ("ok", ("successful", 1), "contradiction"),
            "other_amount": ("processing", ("successful", 1), "amount_differs"),
            "other_key": ("ok", ("successful", 1), "unknown_key")}

    def __init__(self, directory, authority, double=None, name=None):
        super().__init__(directory, authority, double or wechatpay_double.WechatpayDouble(authority, "wechatpay"), name)

    def config(self):
        config = test_wechatpay.config_of(self.directory, self.double)
        config.update(test_wechatpay.config_of(self.directory, self.double, "wechat_late", endpoint=self.line.endpoint))
        config.update(test_wechatpay.config_of(self.directory, self.double, "wechat_ours"))
        config.update(test_wechatpay.config_of(self.directory, self.double, "wechat_trust",
                                               ca_file="/etc/ssl/certs/ca-certificates.crt"))
        return config

    def source(self, account):
        return "42000020261126%06d" % next(self.numbers)

    def events(self, payment, status):
        """It tells of nothing that comes back: orders that end well, in any order and number."""
        told = self.double.told(payment)
        return [self.double.notice(self.double.told(payment, "PROCESSING")), self.double.notice(told), self.double.notice(told),
                self.double.notice(told, key=self.double.bare, serial=wechatpay_double.PUBLIC_KEY_ID),
                self.double.notice(self.double.told(payment, "ABNORMAL"), "REFUND.ABNORMAL")]

    def forge(self, headers, body):
        return {**headers, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]}, body

    def lie(self, lie, payment):
        change = {"another_number": {"refund_id": "another"}, "paid_after_refusal": {"refund_id": "late"},
                  "closed_after_paid": {"refund_status": "CLOSED"}, "other_key": {"out_refund_no": NEVER_MADE},
                  "twice": {"refund_id": payment.numbers[-1] if payment.numbers else ""},
                  "other_amount": {"amount": {"total": 100000, "refund": 30001}}}[lie]
        return self.double.notice(self.double.told(payment, **change))


def wechatpay(directory, authority):
    one = Wechatpay(directory, authority)
    one.late, one.dead = (Wechatpay(directory, authority, one.double, name) for name in ("wechat_late", "wechat_trust"))
    one.denied("wechat_ours", {"hold:SIGN_ERROR": ("successful", 1)})
    return [one]


WORLDS = [stripe, alipay, wechatpay]
