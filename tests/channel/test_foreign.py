#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Both directions, judged by programs that are not ours (foreign/foreign.mjs): what Ebb signs is checked by them, what they
sign Ebb takes, and they get on with the doubles as Ebb does, so that the doubles speak the real wire format.

test_foreign.py EBB DRIVE"""
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse

import alipay_double
import stripe_double
import test_alipay
import test_stripe
import test_wechatpay
import wechatpay_double
from double import Authority, as_json, now, pem_private, pem_public, stranger_key
from driven import ChannelCase, child, main

HERE = os.path.dirname(os.path.abspath(__file__))


class Foreign:
    def __init__(self, ca_file):
        self.process = subprocess.Popen(["node", os.path.join(HERE, "foreign", "foreign.mjs")], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, env={**os.environ, "NODE_EXTRA_CA_CERTS": ca_file, "TZ": "Asia/Shanghai"},
                                        preexec_fn=child.ends_with_parent)

    def ask(self, do, **ask):
        self.process.stdin.write(json.dumps({"do": do, **ask}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Judged(ChannelCase):
    foreign = None


class AlipayJudged(Judged):
    double_class, name = alipay_double.AlipayDouble, "alipay"
    order = test_alipay.Alipay.order

    @classmethod
    def config(cls, directory, double):
        return test_alipay.config_of(directory, double)

    def sdk(self, do, private, public, **ask):
        return self.foreign.ask(do, app_id=alipay_double.APP_ID, private_key=pem_private(private).decode(),
                                public_key=pem_public(public).decode(), endpoint=self.double.endpoint + "/gateway.do", **ask)

    def test_what_ebb_signs(self):
        for transfer in (False, True):
            key, _, request = self.order(transfer=transfer)
            self.send(key, request)
            path, biz, *_ = self.double.requests[-1]
            members = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query), biz_content=biz)
            merchant = self.double.merchant
            self.assertEqual(self.sdk("alipay_check", merchant, merchant, members=members), {"good": True})
            members["biz_content"] = biz.replace("123.45", "123.46")
            self.assertEqual(self.sdk("alipay_check", merchant, merchant, members=members), {"good": False})

    def test_what_ebb_takes(self):
        key, _, request = self.order(transfer=True)
        self.send(key, request)
        members = {"msgMethod": "alipay.fund.trans.order.changed", "notifyId": "n1"}
        content = self.double.order(self.double.payments[key], "SUCCESS")
        form = self.sdk("alipay_sign", self.double.own, self.double.own, members=members, biz_content=content)["form"]
        self.paid_as_sent(self.notify(form, {}))
        forged = self.sdk("alipay_sign", stranger_key(), self.double.own, members=members, biz_content=content)["form"]
        self.assertEqual(self.notify(forged, {})["heard"], "refused")

    def test_the_double_is_alipay(self):
        key, source, _ = self.order()
        said = self.sdk("alipay_call", self.double.merchant, self.double.own, method=alipay_double.REFUND, biz_content={
            "trade_no": source, "refund_amount": "123.45", "out_request_no": key, "refund_reason": "余额提现"})
        self.assertEqual((said["code"], said["fund_change"], said["refund_fee"]), ("10000", "Y", "123.45"), said)
        asked = self.sdk("alipay_call", self.double.merchant, self.double.own, method=alipay_double.REFUND_QUERY,
                         biz_content={"trade_no": source, "out_request_no": key})
        self.assertEqual((asked["refund_status"], asked["out_request_no"]), ("REFUND_SUCCESS", key), asked)
        self.double.moods[source]["query"] = ["bad_signature"]
        lied = self.sdk("alipay_call", self.double.merchant, self.double.own, method=alipay_double.REFUND_QUERY,
                        biz_content={"trade_no": source, "out_request_no": key})
        self.assertIn("fault", lied)
        for with_type in (False, True):
            _, body = self.double.changed(self.changed_payment(), with_type=with_type)
            members = dict(urllib.parse.parse_qsl(body))
            self.assertEqual(self.sdk("alipay_check", self.double.own, self.double.own, members=members), {"good": True})

    def changed_payment(self):
        key, _, request = self.order(transfer=True)
        self.send(key, request)
        return self.double.payments[key]


class WechatpayJudged(Judged):
    double_class, name = wechatpay_double.WechatpayDouble, "wechatpay"
    order, told = test_wechatpay.Wechatpay.order, test_wechatpay.Wechatpay.told

    @classmethod
    def config(cls, directory, double):
        return test_wechatpay.config_of(directory, double)

    def test_what_ebb_signs(self):
        key, _, request = self.order()
        self.send(key, request)
        path, body, headers = self.double.requests[-1]
        found = wechatpay_double.authorization(headers["Authorization"])
        text = self.foreign.ask("wechatpay_request", verb="POST", place=path, at=found["timestamp"], nonce=found["nonce_str"],
                                body=body)["text"]
        public = pem_public(self.double.merchant).decode()
        self.assertEqual(self.foreign.ask("wechatpay_check", text=text, signature=found["signature"], public_key=public), {"good": True})
        self.assertEqual(self.foreign.ask("wechatpay_check", text=text + "x", signature=found["signature"], public_key=public),
                         {"good": False})

    def test_what_ebb_takes(self):
        content = as_json(self.told())
        for key, serial, heard in ((self.double.own, self.double.serial, "news"), (stranger_key(), self.double.serial, "refused"),
                                   (self.double.bare, wechatpay_double.PUBLIC_KEY_ID, "news")):
            made = self.foreign.ask("wechatpay_notice", plain=content, apiv3_key=wechatpay_double.APIV3_KEY, serial=serial,
                                    at=int(now()), private_key=pem_private(key).decode(),
                                    event={"id": "1", "event_type": "REFUND.SUCCESS", "resource_type": "encrypt-resource"})
            self.assertEqual(self.notify(made["body"], made["headers"])["heard"], heard)

    def test_the_double_is_wechat(self):
        key, source, request = self.order()
        said = self.foreign.ask("wechatpay_call", endpoint=self.double.endpoint, mchid=wechatpay_double.MCHID,
                                serial=wechatpay_double.SERIAL, private_key=pem_private(self.double.merchant).decode(),
                                platform_serial=self.double.serial, platform=self.double.pem.decode(),
                                body=json.loads(request.split("\n\n")[1]))
        self.assertEqual((said.get("status"), said.get("out_refund_no")), ("SUCCESS", key), said)
        _, body = self.double.notice(self.told())
        opened = self.foreign.ask("wechatpay_open", resource=json.loads(body)["resource"], apiv3_key=wechatpay_double.APIV3_KEY)
        self.assertEqual(json.loads(opened["plain"])["refund_status"], "SUCCESS")


class StripeJudged(Judged):
    double_class, name = stripe_double.StripeDouble, "stripe"

    @classmethod
    def config(cls, directory, double):
        return test_stripe.config_of(directory, double)

    def test_what_ebb_takes(self):
        key = self.next_key()
        self.send(key, self.build(key, channel_ref="pi_1"))
        body, at = self.double.event(self.double.payments[key]), int(now())
        for secret, heard in ((stripe_double.WEBHOOK_SECRET, "news"), ("whsec_other00000000000", "refused")):
            header = self.foreign.ask("stripe_sign", body=body, secret=secret, at=at)["header"]
            self.assertEqual(self.notify(body, {"Stripe-Signature": header}, at=at)["heard"], heard)

    def test_the_double_is_stripe(self):
        """The same order by Stripe's own client is the same form, and its refund the same object."""
        key = self.next_key()
        request = self.build(key, channel_ref="pi_foreign")
        to = {"key": stripe_double.SECRET_KEY, "port": self.double.port}
        said = self.foreign.ask("stripe_create", **to, idempotency_key=key, refund={
            "payment_intent": "pi_foreign", "amount": 12345, "reason": "requested_by_customer", "metadata": {"ebb_key": key}})
        self.assertEqual((said.get("status"), said.get("object")), ("succeeded", "refund"), said)
        path, body, headers = self.double.requests[-1]
        ours = urllib.parse.parse_qsl(request.split("\n\n")[1])
        self.assertEqual((path, sorted(urllib.parse.parse_qsl(body)), headers["Idempotency-Key"]), ("/v1/refunds", sorted(ours), key))
        listed = self.foreign.ask("stripe_list", **to, payment_intent="pi_foreign")
        self.assertEqual([refund["metadata"]["ebb_key"] for refund in listed["data"]], [key])
        body = self.double.event(self.double.payments[key])
        header = self.double.signature(body)["Stripe-Signature"]
        self.assertEqual(self.foreign.ask("stripe_check", body=body, header=header, secret=stripe_double.WEBHOOK_SECRET),
                         {"type": "refund.updated"})
        self.assertIn("fault", self.foreign.ask("stripe_check", body=body + " ", header=header, secret=stripe_double.WEBHOOK_SECRET))


if __name__ == "__main__":
    if not os.path.isdir(os.path.join(HERE, "foreign", "node_modules")):
        print("the packages of tests/channel/foreign are not installed (script/bootstrap --tests)")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as place:
        ChannelCase.authority_shared = Authority(place)
        Judged.foreign = Foreign(ChannelCase.authority_shared.file)
        main([AlipayJudged, WechatpayJudged, StripeJudged])
