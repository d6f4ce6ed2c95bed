#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The WeChat Pay channel against a double of APIv3: bytes, every row of the table of codes, replies that are unsigned,
wrongly signed or old, notifications sealed and forged, probes.

test_wechatpay.py EBB DRIVE"""
import json

from double import TIMEOUT_MS, now, pem_private, pem_public, secret_file, stranger_key
from driven import ACCEPTED, NOT_PAID, NOTHING, OTHERS_KEYS, PAID, ChannelCase, alarm_of, alarms_of, codes_of, main
from test_stripe import closed_port
from wechatpay_double import APIV3_KEY, MCHID, PATH, PUBLIC_KEY_ID, SERIAL, WechatpayDouble

REFUNDS = {
    **dict.fromkeys(("SYSTEM_ERROR", "FREQUENCY_LIMITED", "NOT_ENOUGH", "SIGN_ERROR", "NO_AUTH", "MCH_NOT_EXISTS"),
                    (NOTHING, NOTHING)),
    **dict.fromkeys(("USER_ACCOUNT_ABNORMAL", "RESOURCE_NOT_EXISTS", "PARAM_ERROR", "INVALID_REQUEST"), (NOT_PAID, NOTHING))}
QUERIES = {"RESOURCE_NOT_EXISTS": "not_found", "SYSTEM_ERROR": "SYSTEM_ERROR", "FREQUENCY_LIMITED": "FREQUENCY_LIMITED"}
ALARMS = {"halt": {"NOT_ENOUGH", "SIGN_ERROR", "NO_AUTH", "MCH_NOT_EXISTS"}, "tell": {"PARAM_ERROR", "INVALID_REQUEST"}}
STATUSES = {"SUCCESS": PAID, "PROCESSING": ACCEPTED, "CLOSED": NOT_PAID, "ABNORMAL": NOTHING}


def config_of(directory, double, name="wechatpay", **more):
    secret_file(directory, "wechat.own.pem", pem_private(double.merchant))
    secret_file(directory, "wechat.apiv3", APIV3_KEY + "\n")
    secret_file(directory, "wechat.platform.pem", double.pem, 0o644)
    secret_file(directory, "wechat.public.pem", pem_public(double.bare), 0o644)
    keys = {"kind": "wechatpay", "endpoint": double.endpoint, "ca_file": "trusted.pem", "timeout_ms": TIMEOUT_MS, "mchid": MCHID,
            "serial": SERIAL, "private_key_file": "wechat.own.pem", "apiv3_secret_file": "wechat.apiv3",
            "platform_certificate_files": ["wechat.platform.pem"], "platform_public_key_file": "wechat.public.pem",
            "platform_public_key_id": PUBLIC_KEY_ID}
    keys.update(more)
    return {name: keys}


class Wechatpay(ChannelCase):
    double_class, name = WechatpayDouble, "wechatpay"

    @classmethod
    def config(cls, directory, double):
        return {**config_of(directory, double),
                **config_of(directory, double, "by_number", reference="out_trade_no",
                            notify_url="https://ebb.example/v1/channels/wechatpay/notify"),
                **config_of(directory, double, "closed", endpoint="https://127.0.0.1:%d" % closed_port())}

    def order(self, mood="ok", query=(), channel=None, **order):
        key = self.next_key()
        source = "42000%s" % key[-8:]
        self.double.moods[source] = {"pay": mood, "query": list(query)}
        return key, source, self.build(key, channel, channel_ref=source, **order)

    def test_refund_is_the_order(self):
        key, source, request = self.order()
        self.assertEqual(request, 'POST %s\n\n{"transaction_id":"%s","out_refund_no":"%s","reason":"余额提现",'
                                  '"amount":{"refund":12345,"total":50000,"currency":"CNY"}}' % (PATH, source, key))
        key, source, request = self.order(channel="by_number")
        self.assertIn('{"out_trade_no":"%s",' % source, request)
        self.assertIn('"notify_url":"https://ebb.example/v1/channels/wechatpay/notify",', request)

    def test_what_cannot_be_asked_is_never_sent(self):
        before = len(self.double.requests)
        for order, code in ((dict(channel_ref=None), "no_channel_ref"), (dict(channel_ref="1", currency="USD"), "currency_not_payable"),
                            (dict(channel_ref="1", refund=False), "transfer_not_supported")):
            key = self.next_key()
            request = self.build(key, **order)
            for answer in (self.send(key, request), self.send(key, request, first=False), self.query(key, request)):
                self.assertEqual((answer["kind"], answer["code"]), (NOT_PAID, code))
        self.assertEqual(len(self.double.requests), before)

    def test_paid_once_and_accepted_before(self):
        key, source, request = self.order("processing")
        first = self.send(key, request)
        self.assertEqual((first["kind"], first["code"]), (ACCEPTED, "PROCESSING"))  # HTTP 200 is no success
        self.paid_as_sent(self.query(key, request))
        self.paid_as_sent(self.send(key, request, first=False))
        self.assertEqual(self.double.paid(source), (1, 12345))
        self.assertEqual(self.double.requests[-1][1], request.split("\n\n")[1])

    def test_every_refund_code(self):
        self.assertEqual({code for where, code in codes_of(self.ebb, "wechatpay") if where == "refund"}, set(REFUNDS))
        for code, kinds in REFUNDS.items():
            for first, kind in zip((True, False), kinds):
                with self.subTest(code=code, first=first):
                    key, _, request = self.order("hold:" + code)
                    answer = self.send(key, request, first=first)
                    self.assertEqual((answer["kind"], answer["code"], answer["alarm"]), (kind, code, alarm_of(ALARMS, code)), answer)
        self.assertEqual(alarms_of(self.ebb, "wechatpay"), ALARMS)

    def test_every_query_code(self):
        self.assertEqual({code for where, code in codes_of(self.ebb, "wechatpay") if where == "query"}, set(QUERIES))
        for code, said in QUERIES.items():
            with self.subTest(code=code):
                key, _, request = self.order("reset_after", ["refused:" + code])
                self.send(key, request)
                answer = self.query(key, request)
                self.assertEqual((answer["kind"], answer["code"]), (NOTHING, said), answer)

    def test_every_status(self):
        self.assertEqual({code for where, code in codes_of(self.ebb, "wechatpay") if where == "status"}, set(STATUSES))
        for status, kind in STATUSES.items():
            with self.subTest(status=status):
                key, _, request = self.order()
                self.send(key, request)
                event = "REFUND." + (status if status != "PROCESSING" else "SUCCESS")
                headers, body = self.double.notice(self.double.told(self.double.payments[key], status), event)
                answer = self.notify(body, headers)
                self.assertEqual((answer["heard"], answer["kind"], answer["code"], answer["amount"], answer["currency"]),
                                 ("news", kind, status, 12345, "CNY"))

    def test_every_refusal_counts_only_on_a_first_send(self):
        for (where, code), (fact, _, first_only) in codes_of(self.ebb, "wechatpay").items():
            self.assertEqual(first_only, where == "refund" and fact == "did_not", (where, code))

    def test_who_received_it(self):
        """SUCCESS is said of what came back to the merchant, too."""
        for account, kind, code in (("商户基本账户", NOTHING, "returned_to_merchant"),
                                    ("商户结算银行账户", NOTHING, "returned_to_merchant"), ("支付用户零钱", PAID, "SUCCESS"),
                                    ("企业支付商户", PAID, "SUCCESS"), (None, PAID, "SUCCESS")):
            with self.subTest(account=account):
                key, source, request = self.order()
                self.double.received[source] = account
                answers = [self.send(key, request), self.query(key, request), self.notify(
                    *reversed(self.double.notice(self.double.told(self.double.payments[key]))))]
                for answer in answers:
                    self.assertEqual((answer["kind"], answer["code"], answer["amount"]), (kind, code, 12345), answer)
                    self.assertEqual(answer["detail"], account or "")
        key, _, request = self.order()
        self.send(key, request)
        told = self.double.told(self.double.payments[key], "CLOSED", user_received_account="商户基本账户")
        self.assertEqual(self.notify(*reversed(self.double.notice(told)))["kind"], NOT_PAID)

    def test_what_a_bad_line_proves(self):
        for mood, code in {"timeout_after": "no_answer", "reset_before": "no_answer", "truncated": "no_answer",
                           "bad_json": "bad_signature", "huge": "no_answer", "redirect": "bad_signature",
                           "http500": "SYSTEM_ERROR", "unlisted": "CODE_OF_TOMORROW", "other_key": "other_key",
                           "bad_signature": "bad_signature", "unsigned": "bad_signature"}.items():
            with self.subTest(mood=mood):
                key, _, request = self.order(mood)
                answer = self.send(key, request)
                self.assertEqual((answer["kind"], answer["code"]), (NOTHING, code), answer)
                self.paid_as_sent(self.send(key, request, first=False))

    def test_other_amounts_are_told_as_they_are(self):
        for mood, amount, currency in (("wrong_amount", 12344, "CNY"), ("wrong_currency", 12345, "USD")):
            key, _, request = self.order(mood)
            answer = self.send(key, request)
            self.assertEqual((answer["kind"], answer["amount"], answer["currency"]), (PAID, amount, currency))

    def test_what_the_payer_got_is_the_amount(self):
        amount = {"total": 50000, "refund": 12345}
        for change, kind, told in (({"payer_refund": 12345}, PAID, 12345), ({}, PAID, 12345), ({"payer_refund": 12000}, PAID, 12000),
                                   ({"payer_refund": 0}, PAID, 0), ({"payer_refund": "12345"}, NOTHING, 0),
                                   ({"currency": 156}, NOTHING, 0), ({"refund": 12345.0}, NOTHING, 0)):
            with self.subTest(change=change):
                answer = self.notify(*reversed(self.double.notice(self.told(amount={**amount, **change}))))
                self.assertEqual((answer["heard"], answer["kind"], answer["amount"]), ("news", kind, told), answer)

    def test_not_sent(self):
        key, source, request = self.order()
        answers = [self.send(key, request, first, "closed") for first in (True, False)]
        self.assertEqual([(a["kind"], a["code"]) for a in answers], [(NOTHING, "not_sent"), (NOTHING, "not_connected")])
        self.assertEqual(self.double.paid(source), (0, 0))

    # -- notifications --

    def told(self, **change):
        key, _, request = self.order()
        self.send(key, request)
        return self.double.told(self.double.payments[key], **change)

    def test_notice_by_certificate_and_by_public_key(self):
        content = self.told()
        self.paid_as_sent(self.notify(*reversed(self.double.notice(content))))
        by_key = self.double.notice(content, key=self.double.bare, serial=PUBLIC_KEY_ID)
        self.paid_as_sent(self.notify(*reversed(by_key)))

    def test_notice_forged(self):
        content = self.told()
        headers, body = self.double.notice(content)
        forged = [(headers, body.replace("退款", "退宽")), ({}, body), self.double.notice(content, key=stranger_key()),
                  self.double.notice(content, key=self.double.bare), self.double.notice(content, serial=PUBLIC_KEY_ID),
                  self.double.notice(content, serial="00"), self.double.notice(content, probe=True),
                  self.double.notice(content, apiv3_key=APIV3_KEY[::-1]), self.double.notice("[]"), self.double.notice("{"),
                  self.double.notice({**content, "mchid": "1900000002"})]
        forged += [({k: v for k, v in headers.items() if k != name}, body) for name in headers if name.startswith("Wechatpay")]
        for change in ({"nonce": "short"}, {"nonce": "000000000000"}, {"associated_data": "other"}, {"algorithm": "AES"},
                       {"ciphertext": "AAAA"}, {"ciphertext": "?"}, {"ciphertext": ""}):
            changed = json.loads(body)
            changed["resource"].update(change)
            changed = json.dumps(changed)
            forged.append((self.double.signature(changed), changed))
        for bad_headers, bad in forged:
            self.assertEqual(self.notify(bad, bad_headers)["heard"], "refused", (bad_headers, bad))

    def test_notice_late_or_early(self):
        content = self.told()
        for shift, heard in ((-301, "refused"), (-299, "news"), (299, "news"), (302, "refused")):
            at = int(now())
            headers, body = self.double.notice(content, at=at + shift)
            self.assertEqual(self.notify(body, headers, at=at)["heard"], heard, shift)

    def test_notice_of_others(self):
        for headers, body in (self.double.notice(self.told(), "TRANSACTION.SUCCESS"),
                              *(self.double.notice(self.told(out_refund_no=key)) for key in OTHERS_KEYS)):
            self.assertEqual(self.notify(body, headers)["heard"], "nothing")


if __name__ == "__main__":
    main([Wechatpay])
