# SPDX-License-Identifier: Apache-2.0
"""A double of Stripe: refunds by form, Bearer key, Idempotency-Key with replayed results (errors 500 included), lists by
payment, signed webhooks."""
import hashlib
import hmac
import urllib.parse

from double import Double, as_json, now

SECRET_KEY = "sk_test_51Ebb0000000000000000c0de"
WEBHOOK_SECRET = "whsec_3bb0000000000000000000000000001"
STATUS = {"paid": "succeeded", "processing": "pending", "refused": "canceled", "returned": "failed"}


class StripeDouble(Double):
    prefix = "re_3Q"
    kind = "stripe"

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.changes = {}  # by number: what a list says otherwise of that refund
        self.replies, self.page = {}, None  # by Idempotency-Key; refunds on a page, where it is fewer than asked for

    def refund(self, payment, number=None, status=None):
        found = {"id": number or (payment.numbers[0] if payment.numbers else "re_0" + payment.key[-12:]), "object": "refund",
                 "amount": payment.amount, "charge": None, "created": int(now()), "currency": payment.currency.lower(),
                 "metadata": {"ebb_key": payment.key}, "payment_intent": payment.ref, "reason": "requested_by_customer",
                 "status": status or STATUS[payment.state]}
        if found["status"] == "failed":
            found["failure_reason"] = "expired_or_canceled_card"
        return found

    @staticmethod
    def error(status, code, kind="invalid_request_error"):
        return status, {}, as_json({"error": {"code": code, "type": kind, "message": "Said by the double."}})

    def answer(self, handler, body):
        if handler.headers.get("Authorization") != "Bearer " + SECRET_KEY:
            self.complaints.append("not our key")
            self.reply(handler, *self.error(401, None, "invalid_request_error"))
        elif handler.command == "POST":
            self.create(handler, body)
        else:
            self.list(handler)

    def create(self, handler, body):
        form = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        key = handler.headers["Idempotency-Key"]
        self.requests.append((handler.path, body.decode(), dict(handler.headers)))
        ref = form.get("payment_intent") or form["charge"]
        if form["metadata[ebb_key]"] != key or handler.path != "/v1/refunds":
            self.complaints.append("key or path is wrong")
        with self.lock:
            payment, mood = self.take(key, body, ref, int(form["amount"]), "CNY")
            if mood == "known" and payment.mood != "twice":
                reply = self.replies[key]
            elif mood == "discordant":
                reply = self.error(400, "idempotency_error", "idempotency_error")
            else:
                reply = self.reply_of(payment, mood)
                if payment is not None or mood == "http500_unpaid":
                    self.replies[key] = reply
        self.mangle(handler, mood, reply)

    def take(self, key, body, ref, amount, currency, **more):
        if key in self.replies and key not in self.payments:
            return None, "http500_unpaid"  # Stripe replays its errors, too
        return super().take(key, body, ref, amount, currency, **more)

    def reply_of(self, payment, mood):
        what, _, code = mood.partition(":")
        if what in ("refused", "hold"):
            status = {"rate_limit": 429, "lock_timeout": 429, "api_key_expired": 401, "idempotency_key_in_use": 409}
            kind = {"authentication_error": (401, None, "authentication_error"), "api_error": (400, None, "api_error"),
                    "idempotency_error": (400, None, "idempotency_error"),
                    "permission_error": (403, None, "invalid_request_error")}
            return self.error(*kind[code]) if code in kind else self.error(status.get(code, 402), code)
        if what == "unlisted":
            return self.error(400, "code_of_tomorrow")
        if what in ("http500", "http500_unpaid"):
            return self.error(500, None, "api_error")
        if payment is None:
            return self.error(500, None, "api_error")
        refund = self.refund(payment)
        if what == "other_key":
            refund["metadata"] = {"ebb_key": "EBB0000000000000001"}
        return 200, {}, as_json(refund)

    def list(self, handler):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query))
        ref = query.get("payment_intent") or query.get("charge")
        mood = self.mood_of(ref, "query")
        with self.lock:
            mine = [p for p in self.payments.values() if p.ref == ref]
            for payment in mine if mood != "processing" else []:
                self.settle(payment)
            data = [{**self.refund(p, number), **self.changes.get(number, {})} for p in mine if p.state != "refused" for number in p.numbers or [None]]
        after = [at + 1 for at, refund in enumerate(data) if refund["id"] == query.get("starting_after", "")]
        size = min(self.page or 100, int(query["limit"]))
        shown = data[after[0] if after else 0:][:size]
        more = bool(shown) and shown[-1] is not data[-1]
        reply = 200, {}, as_json({"object": "list", "has_more": more, "data": [] if mood == "not_found" else shown})
        if mood in ("http500", "unlisted"):
            reply = self.error(500 if mood == "http500" else 400, "code_of_tomorrow", "api_error")
        self.mangle(handler, mood, reply)

    # -- webhooks --

    @staticmethod
    def signature(body, secret=WEBHOOK_SECRET, at=None):
        at = int(now() if at is None else at)
        mac = hmac.new(secret.encode(), b"%d." % at + body.encode(), hashlib.sha256).hexdigest()
        return {"Stripe-Signature": "t=%d,v1=%s" % (at, mac), "Content-Type": "application/json"}

    def event(self, payment, kind="refund.updated", status=None, number=None):
        return as_json({"id": "evt_" + self.number(), "object": "event", "type": kind, "created": int(now()),
                        "data": {"object": self.refund(payment, number, status)}})
