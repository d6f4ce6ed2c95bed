#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Stripe channel against a double of Stripe: every row of its table of codes, what goes over the wire, what a bad
line proves, webhooks that are forged, late, of others.

test_stripe.py EBB DRIVE"""
import json
import socket
import time

from double import TIMEOUT_MS, now, secret_file
from driven import ACCEPTED, NOT_PAID, NOTHING, PAID, RETURNED, ChannelCase, alarm_of, alarms_of, codes_of, main
from stripe_double import SECRET_KEY, WEBHOOK_SECRET, StripeDouble

# What each code must prove: of a first send, and of a resend, when our own first send may be its cause.
EXPECTED = {
    "charge_already_refunded": (NOT_PAID, NOTHING), "charge_disputed": (NOT_PAID, NOT_PAID),
    "charge_not_refundable": (NOT_PAID, NOTHING), "refund_disputed_payment": (NOT_PAID, NOT_PAID),
    "resource_missing": (NOT_PAID, NOT_PAID), "payment_intent_unexpected_state": (NOT_PAID, NOTHING),
    "parameter_missing": (NOT_PAID, NOT_PAID), "parameter_unknown": (NOT_PAID, NOT_PAID),
    "parameter_invalid_integer": (NOT_PAID, NOT_PAID), "balance_insufficient": (NOT_PAID, NOT_PAID), "permission_error": (NOTHING, NOTHING),
    "lock_timeout": (NOTHING, NOTHING), "rate_limit": (NOTHING, NOTHING), "api_key_expired": (NOTHING, NOTHING),
    "authentication_error": (NOTHING, NOTHING), "idempotency_key_in_use": (NOTHING, NOTHING),
    "idempotency_error": (NOTHING, NOTHING), "api_error": (NOTHING, NOTHING),
}
ALARMS = {"halt": {"balance_insufficient", "api_key_expired", "authentication_error", "permission_error"},
          "tell": {"parameter_missing", "parameter_unknown", "parameter_invalid_integer", "idempotency_error"}}
STATUSES = {"succeeded": PAID, "pending": ACCEPTED, "requires_action": ACCEPTED, "canceled": NOT_PAID, "failed": RETURNED}


def config_of(directory, double, name="stripe", **more):
    secret_file(directory, "stripe.key", SECRET_KEY + "\n")
    secret_file(directory, "stripe.whsec", WEBHOOK_SECRET)
    secret_file(directory, "stripe.whsec.old", "whsec_old0000000000000000")
    keys = {"kind": "stripe", "endpoint": double.endpoint, "ca_file": "trusted.pem", "timeout_ms": TIMEOUT_MS,
            "secret_key_file": "stripe.key", "webhook_secret_files": ["stripe.whsec.old", "stripe.whsec"]}
    keys.update(more)
    return {name: keys}


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Stripe(ChannelCase):
    double_class, name = StripeDouble, "stripe"

    @classmethod
    def config(cls, directory, double):
        other = StripeDouble(cls.authority, "elsewhere", address="127.0.0.9")  # its certificate names another place
        cls.stack.callback(other.stop)
        cls.other = other
        return {**config_of(directory, double), **config_of(directory, other, "other_name"),
                **config_of(directory, double, "untrusted", ca_file="/etc/ssl/certs/ca-certificates.crt"),
                **config_of(directory, double, "closed", endpoint="https://127.0.0.1:%d" % closed_port()),
                **config_of(directory, double, "nowhere", endpoint="https://stripe.invalid")}

    def order(self, mood="ok", query=(), **order):
        key = self.next_key()
        ref = "pi_%s" % key[-8:]
        self.double.moods[ref] = {"pay": mood, "query": list(query)}
        return key, ref, self.build(key, channel_ref=ref, **order)

    # -- bytes --

    def test_request_is_the_order(self):
        key, ref, request = self.order()
        self.assertEqual(request, "POST /v1/refunds\n\npayment_intent=%s&amount=12345&reason=requested_by_customer"
                                  "&metadata%%5Bebb_key%%5D=%s" % (ref, key))
        self.assertIn("\ncharge=ch_1&", self.build(key, channel_ref="ch_1"))
        self.assertIn("amount=700&", self.build(key, channel_ref="ch_1", amount=7, currency="ISK"))
        self.assertIn("amount=7&", self.build(key, channel_ref="ch_1", amount=700, currency="MGA"))

    def test_what_cannot_be_asked_is_never_sent(self):
        before = len(self.double.requests)
        for order, code in ((dict(channel_ref=None), "no_channel_ref"), (dict(channel_ref="2026112022001"), "no_channel_ref"),
                            (dict(channel_ref="pi_1&amount=9"), "no_channel_ref"),
                            (dict(channel_ref="pi_1", refund=False), "transfer_not_supported"),
                            (dict(channel_ref="pi_1", amount=701, currency="MGA"), "amount_not_payable")):
            key = self.next_key()
            request = self.build(key, **order)
            for answer in (self.send(key, request), self.send(key, request, first=False), self.query(key, request)):
                self.assertEqual((answer["kind"], answer["code"]), (NOT_PAID, code))
        self.assertEqual(len(self.double.requests), before)

    def test_paid_once_and_said_again(self):
        key, ref, request = self.order()
        first, again, asked = self.send(key, request), self.send(key, request, first=False), self.query(key, request)
        self.paid_as_sent(first)
        self.assertEqual((first, first), (again, {**asked, "detail": first["detail"]}))
        self.assertEqual(self.double.paid(ref), (1, 12345))
        path, body, headers = self.double.requests[-1]
        self.assertEqual(("POST " + path + "\n\n" + body, headers["Idempotency-Key"]), (request, key))

    # -- codes --

    def test_every_code(self):
        table = codes_of(self.ebb, "stripe")
        self.assertEqual({code for where, code in table if where == "refund"}, set(EXPECTED))
        for code, kinds in EXPECTED.items():
            for first, kind in zip((True, False), kinds):
                with self.subTest(code=code, first=first):
                    key, _, request = self.order("hold:" + code if kind == NOTHING else "refused:" + code)
                    answer = self.send(key, request, first=first)
                    self.assertEqual((answer["kind"], answer["code"], answer["alarm"]), (kind, code, alarm_of(ALARMS, code)), answer)
        self.assertEqual(alarms_of(self.ebb, "stripe"), ALARMS)

    def test_words_of_the_house_are_not_believed_of_a_channel(self):
        """What only the house may say of a send (it was not made) allows to send again, and as the first one."""
        for code in ("not_found", "not_sent", "never_sent", "sent_too_late", "channel_paused", "quarantined"):
            key, _, request = self.order("hold:" + code)
            answer = self.send(key, request)
            self.assertEqual((answer["kind"], answer["code"]), (NOTHING, "unlisted:" + code), answer)

    def test_every_status(self):
        table = codes_of(self.ebb, "stripe")
        self.assertEqual({code for where, code in table if where == "status"}, set(STATUSES))
        for status, kind in STATUSES.items():
            with self.subTest(status=status):
                key, _, request = self.order()
                self.send(key, request)
                payment = self.double.payments[key]
                refund = self.double.refund(payment, status=status)
                body = json.dumps({"type": "refund.updated", "data": {"object": refund}})
                answer = self.notify(body, self.double.signature(body))
                code = "expired_or_canceled_card" if status == "failed" else status
                self.assertEqual((answer["heard"], answer["kind"], answer["code"]), ("news", kind, code))

    # -- a bad line --

    def test_what_a_bad_line_proves(self):
        for mood, code in {"timeout_before": "no_answer", "timeout_after": "no_answer", "reset_before": "no_answer",
                           "reset_after": "no_answer", "truncated": "no_answer", "bad_json": "unreadable", "huge": "no_answer",
                           "drip": "no_answer", "redirect": "unreadable", "http500": "api_error", "unlisted": "code_of_tomorrow",
                           "other_key": "other_key"}.items():
            with self.subTest(mood=mood):
                key, _, request = self.order(mood)
                answer = self.send(key, request)
                self.assertEqual((answer["kind"], answer["code"]), (NOTHING, code), answer)

    def test_not_sent_is_told_of_a_first_send(self):
        for channel in ("closed", "nowhere", "untrusted", "other_name"):
            with self.subTest(channel=channel):
                key, ref, request = self.order()
                answers = [self.send(key, request, first, channel) for first in (True, False)]
                self.assertEqual([(a["kind"], a["code"]) for a in answers], [(NOTHING, "not_sent"), (NOTHING, "not_connected")])
                self.assertEqual(self.double.paid(ref), (0, 0))
        self.assertEqual((self.other.payments, self.other.requests), ({}, []))

    def test_other_amounts_are_told_as_they_are(self):
        key, _, request = self.order("wrong_amount")
        self.assertEqual((self.send(key, request)["kind"], self.send(key, request)["amount"]), (PAID, 12344))
        key, _, request = self.order("wrong_currency")
        self.assertEqual(self.send(key, request)["currency"], "USD")

    # -- queries --

    def test_queries(self):
        for mood, kind, code in (("not_found", NOTHING, "not_found"), ("timeout", NOTHING, "no_answer"),
                                 ("reset", NOTHING, "no_answer"), ("truncated", NOTHING, "no_answer"),
                                 ("bad_json", NOTHING, "query_failed"), ("http500", NOTHING, "query_failed"),
                                 ("unlisted", NOTHING, "query_failed"), ("huge", NOTHING, "no_answer"), ("honest", PAID, "succeeded")):
            with self.subTest(mood=mood):
                key, _, request = self.order("timeout_after" if mood == "honest" else "reset_after", [mood])
                self.send(key, request)
                answer = self.query(key, request)
                self.assertEqual((answer["kind"], answer["code"]), (kind, code), answer)

    def test_what_came_back_is_seen_by_the_query(self):
        key, _, request = self.order()
        self.paid_as_sent(self.send(key, request))
        self.double.payments[key].state = "returned"
        answer = self.query(key, request)
        self.assertEqual((answer["kind"], answer["code"], answer["amount"]), (RETURNED, "expired_or_canceled_card", 12345), answer)

    def test_a_key_that_had_no_balance_says_so_again(self):
        """Its first result is what Stripe repeats for it, whatever the balance is by then: it has not paid, and will not."""
        key, ref, request = self.order("refused:balance_insufficient")
        for first in (True, False, False):
            answer = self.send(key, request, first)
            self.assertEqual((answer["kind"], answer["code"], answer["alarm"]), (NOT_PAID, "balance_insufficient", "halt"), answer)
        self.assertEqual(self.double.paid(ref), (0, 0))

    def test_query_reads_every_page_within_the_time_of_one_call(self):
        keys = [self.next_key() for _ in range(3)]
        self.double.moods["pi_pages"] = {}
        for key in keys:
            request = self.build(key, channel_ref="pi_pages", amount=100)
            self.paid_as_sent(self.send(key, request), 100)
        self.double.page = 1
        try:
            self.paid_as_sent(self.query(keys[2], request), 100)
            self.assertEqual(self.query("EBB000000000000099", request)["code"], "not_found")
            self.double.moods["pi_pages"] = {"query": ["honest", "timeout"]}
            began = time.monotonic()
            self.assertEqual(self.query(keys[2], request)["code"], "no_answer")
            self.assertLess(time.monotonic() - began, 2 * TIMEOUT_MS / 1000)
        finally:
            self.double.page = None

    def test_two_refunds_of_one_key_never_tell_an_amount(self):
        """Whatever they add up to, and whatever of them can be read."""
        for change in ({}, {"amount": 0}, {"amount": -12345}, {"amount": 2 ** 63 - 1}, {"amount": "12345"}, {"currency": "usd"},
                       {"status": "canceled"}, {"status": None}, {"id": None}):
            for at in (0, 1):
                with self.subTest(change=change, at=at):
                    key, ref, request = self.order("twice")
                    self.send(key, request)
                    self.send(key, request, first=False)
                    numbers = list(self.double.payments[key].numbers)
                    self.double.changes[numbers[at]] = change
                    answer = self.query(key, request)
                    self.assertEqual((answer["kind"], answer["code"], answer["amount"]), (PAID, "refunded_twice", -1), answer)
                    for number in numbers if "id" not in change else []:
                        self.assertIn(number, answer["detail"])
                    if not change:
                        self.assertIn("12345", answer["detail"])

    def test_three_refunds_of_one_key_stay_a_difference(self):
        key, _, request = self.order("twice")
        for first in (True, False, False):
            self.send(key, request, first=first)
        self.assertEqual((self.query(key, request)["code"], self.query(key, request)["amount"]), ("refunded_twice", -1))

    def test_what_is_no_amount_of_ours_is_none(self):
        """What Stripe says in its own units, and what we had sent."""
        for currency, amount, told in (("isk", 12300, 123), ("isk", 12345, -1), ("isk", 123, -1), ("ugx", 150, -1), ("mga", 7, 700),
                                       ("cny", 12345, 12345), ("cny", -5, -1), ("cny", 2 ** 63 - 1, -1), ("mga", -2 ** 63, -1),
                                       ("mga", 2 ** 62, -1)):
            with self.subTest(currency=currency, amount=amount):
                key, _, request = self.order()
                self.send(key, request)
                refund = {**self.double.refund(self.double.payments[key]), "currency": currency, "amount": amount}
                body = json.dumps({"type": "refund.updated", "data": {"object": refund}})
                answer = self.notify(body, self.double.signature(body))
                self.assertEqual((answer["kind"], answer["amount"], answer["currency"]), (PAID, told, currency.upper()), answer)
                self.assertEqual(told == -1, str(amount) in answer["detail"], answer)

    # -- webhooks --

    def signed(self, **more):
        key, _, request = self.order()
        self.send(key, request)
        body = self.double.event(self.double.payments[key], **more)
        return body, self.double.signature(body)

    def test_webhook_with_any_secret(self):
        body, headers = self.signed()
        self.paid_as_sent(self.notify(body, headers))
        old = self.double.signature(body, "whsec_old0000000000000000")
        self.paid_as_sent(self.notify(body, old))
        both = {"Stripe-Signature": headers["Stripe-Signature"] + ",v1=" + "0" * 64 + ",v0=junk"}
        self.paid_as_sent(self.notify(body, both))

    def test_webhook_forged(self):
        body, headers = self.signed()
        given = headers["Stripe-Signature"]
        forged = ({}, {"Stripe-Signature": ""}, {"Stripe-Signature": given[:-1] + ("0" if given[-1] != "0" else "1")},
                  {"Stripe-Signature": given.split(",")[1]}, {"Stripe-Signature": given.split(",", maxsplit=1)[0]},
                  {"Stripe-Signature": given.replace("v1", "v0")}, {"Stripe-Signature": "t=1," + given},
                  self.double.signature(body, "whsec_of_somebody_else"), self.double.signature(body + " "))
        for bad in forged:
            self.assertEqual(self.notify(body, bad)["heard"], "refused", bad)
        self.assertEqual(self.notify(body.replace("12345", "12346"), headers)["heard"], "refused")

    def test_webhook_late_or_early(self):
        for shift, heard in ((-301, "refused"), (-299, "news"), (299, "news"), (302, "refused")):
            body, _ = self.signed()
            at = int(now())
            self.assertEqual(self.notify(body, self.double.signature(body, at=at + shift), at=at)["heard"], heard, shift)

    def test_webhook_of_others(self):
        for change in ({"type": "charge.succeeded"}, {"data": {"object": {"object": "refund", "metadata": {}}}}):
            body, _ = self.signed()
            body = json.dumps({**json.loads(body), **change})
            self.assertEqual(self.notify(body, self.double.signature(body))["heard"], "nothing")
        for body in ("[]", "", "{", "{\"type\":\"refund.updated\",\"type\":\"x\"}"):
            self.assertEqual(self.notify(body, self.double.signature(body))["heard"], "refused", body)


if __name__ == "__main__":
    main([Stripe])
