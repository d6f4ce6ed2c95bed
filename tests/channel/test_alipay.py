#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Alipay channel against a double of its gateway: refunds and transfers as bytes, every row of the table of codes,
replies whose signature or subject is wrong, messages forged, of others, in both ways of signing.

test_alipay.py EBB DRIVE"""
import json
import urllib.parse

from alipay_double import APP_ID, REFUND, TRANSFER, AlipayDouble, sign, verify, yuan
from double import TIMEOUT_MS, pem_private, pem_public, secret_file, stranger_key
from driven import ACCEPTED, NOT_PAID, NOTHING, OTHERS_KEYS, PAID, RETURNED, ChannelCase, alarm_of, alarms_of, codes_of, main
from test_stripe import closed_port

# Of a first send, and of a resend: its refusal is of that call, and says nothing of the first one.
REFUSED, LATER = (NOT_PAID, NOTHING), (NOTHING, NOTHING)
GATEWAY = dict.fromkeys(("20000", "20001", "40001", "40002", "isv.invalid-parameter", "40003", "40005", "40006"), LATER)
REFUNDS = {
    **dict.fromkeys(("ACQ.SYSTEM_ERROR", "ACQ.REFUND_CHARGE_ERROR", "ACQ.DISCORDANT_REPEAT_REQUEST",
                     "ACQ.SELLER_BALANCE_NOT_ENOUGH"), LATER),
    **dict.fromkeys(("ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_NOT_ALLOW_REFUND", "ACQ.REASON_TRADE_REFUND_FEE_ERR",
                     "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "ACQ.TRADE_HAS_FINISHED", "ACQ.TRADE_NOT_EXIST",
                     "ACQ.BUYER_NOT_EXIST", "ACQ.BUYER_ERROR", "ACQ.BUYER_ENABLE_STATUS_FORBID", "ACQ.CUSTOMER_VALIDATE_ERROR",
                     "ACQ.REASON_TRADE_BEEN_FREEZEN", "ACQ.NOT_ALLOW_PARTIAL_REFUND", "ACQ.INVALID_PARAMETER"), REFUSED)}
TRANSFERS = {
    **dict.fromkeys(("SYSTEM_ERROR", "PAYMENT_INFO_INCONSISTENCY", "PAYER_BALANCE_NOT_ENOUGH", "EXCEED_LIMIT_DM_AMOUNT",
                     "EXCEED_LIMIT_MM_AMOUNT"), LATER),
    **dict.fromkeys(("EXCEED_LIMIT_SM_AMOUNT", "EXCEED_LIMIT_SM_MIN_AMOUNT", "EXCEED_LIMIT_PERSONAL_SM_AMOUNT",
                     "EXCEED_LIMIT_ENT_SM_AMOUNT", "MEMO_REQUIRED_IN_TRANSFER_ERROR", "PAYEE_USER_INFO_ERROR", "PAYEE_NOT_EXIST",
                     "PAYEE_CARD_INFO_ERROR", "CARD_BIN_ERROR", "NO_ACCOUNT_RECEIVE_PERMISSION", "INVALID_PARAMETER"), REFUSED)}
QUERIES = {("refund_query", "ACQ.SYSTEM_ERROR"): "ACQ.SYSTEM_ERROR", ("refund_query", "ACQ.TRADE_NOT_EXIST"): "not_found",
           ("transfer_query", "SYSTEM_ERROR"): "SYSTEM_ERROR", ("transfer_query", "ORDER_NOT_EXIST"): "not_found"}
ALARMS = {"halt": {"20001", "40001", "40002", "40003", "40006", "ACQ.SELLER_BALANCE_NOT_ENOUGH",
                   "PAYER_BALANCE_NOT_ENOUGH", "EXCEED_LIMIT_DM_AMOUNT", "EXCEED_LIMIT_MM_AMOUNT"},
          "tell": {"isv.invalid-parameter", "ACQ.DISCORDANT_REPEAT_REQUEST", "ACQ.REASON_TRADE_REFUND_FEE_ERR", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL",
                   "ACQ.NOT_ALLOW_PARTIAL_REFUND", "ACQ.INVALID_PARAMETER", "PAYMENT_INFO_INCONSISTENCY", "INVALID_PARAMETER"}}
STATUSES = {"SUCCESS": PAID, "DEALING": ACCEPTED, "FAIL": NOT_PAID, "REFUND": RETURNED}
BACK = {"S": "arrived", "F": NOTHING, "P": NOTHING}


def config_of(directory, double, name="alipay", **more):
    secret_file(directory, "alipay.own.pem", pem_private(double.merchant))
    secret_file(directory, "alipay.theirs.pem", pem_public(double.own), 0o644)
    secret_file(directory, "alipay.before.pem", pem_public(stranger_key("before")), 0o644)
    keys = {"kind": "alipay", "endpoint": double.endpoint + "/gateway.do", "ca_file": "trusted.pem", "timeout_ms": TIMEOUT_MS,
            "app_id": APP_ID, "private_key_file": "alipay.own.pem",
            "alipay_public_key_files": ["alipay.before.pem", "alipay.theirs.pem"]}
    keys.update(more)
    return {name: keys}


class Alipay(ChannelCase):
    double_class, name = AlipayDouble, "alipay"

    @classmethod
    def config(cls, directory, double):
        return {**config_of(directory, double), **config_of(directory, double, "by_number", reference="out_trade_no"),
                **config_of(directory, double, "closed", endpoint="https://127.0.0.1:%d" % closed_port()),
                **config_of(directory, double, "others_key", alipay_public_key_files="alipay.before.pem")}

    def order(self, mood="ok", query=(), transfer=False, channel=None, **order):
        key = self.next_key()
        source = ("138%s@ebb.example" if transfer else "20261126%s") % key[-8:]
        self.double.moods[source] = {"pay": mood, "query": list(query)}
        to = json.dumps({"kind": "alipay", "name": "张三", "account": source}, ensure_ascii=False) if transfer else None
        order.setdefault("destination", to)
        return key, source, self.build(key, channel, refund=not transfer, channel_ref=None if transfer else source, **order)

    # -- bytes --

    def test_refund_is_the_order(self):
        key, source, request = self.order()
        self.assertEqual(request, 'POST %s\n\n{"trade_no":"%s","refund_amount":"123.45","out_request_no":"%s",'
                                  '"refund_reason":"余额提现"}' % (REFUND, source, key))
        key, source, request = self.order(channel="by_number", amount=5)
        self.assertIn('{"out_trade_no":"%s","refund_amount":"0.05",' % source, request)

    def test_transfer_is_the_order(self):
        key, source, request = self.order(transfer=True)
        self.assertEqual(request, 'POST %s\n\n{"out_biz_no":"%s","trans_amount":"123.45","product_code":"TRANS_ACCOUNT_NO_PWD",'
                                  '"biz_scene":"DIRECT_TRANSFER","order_title":"余额提现","remark":"余额提现",'
                                  '"payee_info":{"identity":"%s","identity_type":"ALIPAY_LOGON_ID","name":"张三"}}'
                         % (TRANSFER, key, source))
        to = {"kind": "alipay", "name": "张三", "account": "2088123412341234"}
        self.assertIn('"ALIPAY_USER_ID"', self.order(transfer=True, destination=json.dumps(to))[2])
        to = {"kind": "bank", "name": "厂", "account": "6222021234567890128", "bank": "ICBC", "branch": "中关村", "city": "北京"}
        for account, kind in (("4111111111111111", "2"), ("4111111111111112", "1"), ("1100123456", "1")):
            request = self.order(transfer=True, destination=json.dumps({**to, "account": account}, ensure_ascii=False))[2]
            self.assertIn('"identity_type":"BANKCARD_ACCOUNT","name":"厂","bankcard_ext_info":{"account_type":"%s",'
                          '"inst_name":"ICBC","inst_branch_name":"中关村","inst_city":"北京"}' % kind, request)

    def test_what_cannot_be_asked_is_never_sent(self):
        before = len(self.double.requests)
        for order, code in ((dict(channel_ref=None), "no_channel_ref"), (dict(channel_ref="1", currency="USD"), "currency_not_payable"),
                            (dict(refund=False), "no_destination"),
                            (dict(refund=False, destination='{"kind":"alipay","name":"x","account":"y"}', amount=9), "amount_not_payable")):
            key = self.next_key()
            request = self.build(key, **order)
            for answer in (self.send(key, request), self.send(key, request, first=False), self.query(key, request)):
                self.assertEqual((answer["kind"], answer["code"]), (NOT_PAID, code))
        self.assertEqual(len(self.double.requests), before)

    def test_paid_once_and_only_on_fund_change(self):
        key, source, request = self.order()
        first, again, asked = self.send(key, request), self.send(key, request, first=False), self.query(key, request)
        self.paid_as_sent(first)
        self.assertEqual((again["kind"], again["code"]), (NOTHING, "fund_change_N"))
        self.paid_as_sent(asked)
        self.assertEqual((first["reference"], first["code"], asked["code"]), (source, "fund_change_Y", "REFUND_SUCCESS"))
        self.assertEqual(self.double.paid(source), (1, 12345))

    def test_second_refund_of_a_trade(self):
        """refund_fee is the sum of both: how much of it is ours, only the query tells."""
        key, source, request = self.order()
        self.paid_as_sent(self.send(key, request))
        other = self.next_key()
        request = self.build(other, channel_ref=source, amount=100)
        answer = self.send(other, request)
        self.assertEqual((answer["kind"], answer["code"]), (NOTHING, "fund_change_Y"), answer)
        self.paid_as_sent(self.query(other, request), 100)

    def test_transfer_paid_once(self):
        key, source, request = self.order(transfer=True)
        for answer in (self.send(key, request), self.send(key, request, first=False), self.query(key, request)):
            self.paid_as_sent(answer)
        self.assertEqual(self.double.paid(source), (1, 12345))

    def test_more_than_was_asked_is_found_by_the_query(self):
        key, source, request = self.order("too_much")
        answer = self.send(key, request)
        self.assertEqual((answer["kind"], answer["code"]), (NOTHING, "fund_change_Y"), answer)
        answer = self.query(key, request)
        self.assertEqual((answer["kind"], answer["amount"]), (PAID, 12346), answer)

    # -- codes --

    def test_every_refusal_counts_only_on_a_first_send(self):
        for (where, code), (fact, _, first_only) in codes_of(self.ebb, "alipay").items():
            self.assertEqual(first_only, where in ("gateway", "refund", "transfer") and fact == "did_not", (where, code))

    def test_a_status_of_the_order_ends_it_whenever_it_is_told(self):
        key, _, request = self.order("refused:PAYEE_NOT_EXIST", transfer=True)
        self.assertEqual([self.send(key, request, first)["kind"] for first in (True, False)], [NOT_PAID, NOTHING])
        answer = self.query(key, request)
        self.assertEqual((answer["kind"], answer["code"]), (NOT_PAID, "PAYEE_NOT_EXIST"), answer)

    def each_code(self, where, expected, transfer):
        self.assertEqual({code for place, code in codes_of(self.ebb, "alipay") if place == where}, set(expected))
        for code, kinds in expected.items():
            for first, kind in zip((True, False), kinds):
                with self.subTest(code=code, first=first):
                    key, _, request = self.order("hold:" + code, transfer=transfer)
                    answer = self.send(key, request, first=first)
                    self.assertEqual((answer["kind"], answer["code"], answer["alarm"]), (kind, code, alarm_of(ALARMS, code)), answer)

    def test_every_gateway_code(self):
        self.assertEqual(alarms_of(self.ebb, "alipay"), ALARMS)
        self.each_code("gateway", GATEWAY, False)
        self.each_code("gateway", GATEWAY, True)

    def test_every_refund_code(self):
        self.each_code("refund", REFUNDS, False)

    def test_every_transfer_code(self):
        self.each_code("transfer", TRANSFERS, True)

    def test_every_query_code(self):
        self.assertEqual({row for row in codes_of(self.ebb, "alipay") if row[0].endswith("_query")}, set(QUERIES))
        for (where, code), said in QUERIES.items():
            with self.subTest(where=where, code=code):
                key, _, request = self.order("reset_after", ["refused:" + code], transfer=where == "transfer_query")
                self.send(key, request)
                answer = self.query(key, request)
                self.assertEqual((answer["kind"], answer["code"]), (NOTHING, said), answer)

    def test_every_status(self):
        table = codes_of(self.ebb, "alipay")
        self.assertEqual({code for where, code in table if where == "status"}, set(STATUSES))
        self.assertEqual({code for where, code in table if where == "refund_status"}, {"REFUND_SUCCESS"})
        for status, kind in STATUSES.items():
            with self.subTest(status=status):
                key, _, request = self.order(transfer=True)
                self.send(key, request)
                headers, body = self.double.changed(self.double.payments[key], status)
                answer = self.notify(body, headers)
                self.assertEqual((answer["heard"], answer["kind"], answer["amount"]), ("news", kind, 12345))
                self.assertEqual(answer["code"], "PAYEE_CARD_INFO_ERROR" if status == "FAIL" else status)

    def test_every_deposit_back(self):
        self.assertEqual({code for where, code in codes_of(self.ebb, "alipay") if where == "deposit_back"}, set(BACK))
        for status, kind in BACK.items():
            key, _, request = self.order()
            self.send(key, request)
            headers, body = self.double.deposit_back(self.double.payments[key], status)
            answer = self.notify(body, headers)
            self.assertEqual((answer["heard"], answer["kind"], answer["key"], answer["amount"]), ("news", kind, key, 12345))

    # -- a bad line, a bad signature --

    def test_what_a_bad_line_proves(self):
        for mood, code in {"timeout_after": "no_answer", "reset_before": "no_answer", "truncated": "no_answer",
                           "bad_json": "unreadable", "huge": "no_answer", "redirect": "unreadable", "http500": "unreadable",
                           "unlisted": "ACQ.CODE_OF_TOMORROW", "other_key": "other_key", "bad_signature": "bad_signature"}.items():
            for transfer in (False, True):
                with self.subTest(mood=mood, transfer=transfer):
                    key, _, request = self.order(mood, transfer=transfer)
                    answer = self.send(key, request)
                    self.assertEqual((answer["kind"], answer["code"]), (NOTHING, code), answer)
                    if mood in ("reset_before", "unlisted"):
                        again = self.send(key, request, first=False)
                        self.assertEqual((again["kind"], again["code"]), (PAID, "SUCCESS") if transfer else (NOTHING, "fund_change_Y"))
                    self.paid_as_sent(self.query(key, request))

    def test_other_amounts_are_told_as_they_are(self):
        for transfer in (False, True):
            key, _, request = self.order("wrong_amount", transfer=transfer)
            answer = self.send(key, request)
            self.assertEqual((answer["kind"], answer["amount"]), (PAID, 12344))

    def test_our_amount_stands_only_where_none_is_told(self):
        for told, kind, code, amount in ((None, PAID, "SUCCESS", 12345), ("", NOTHING, "unreadable", 0),
                                         ("123.455", NOTHING, "unreadable", 0), (12345, NOTHING, "unreadable", 0),
                                         ("null", NOTHING, "unreadable", 0), ("123.46", PAID, "SUCCESS", 12346)):
            with self.subTest(told=told):
                key, source, request = self.order(transfer=True)
                self.double.tells[source] = told
                for answer in (self.send(key, request), self.query(key, request)):
                    self.assertEqual((answer["kind"], answer["code"], answer["amount"]), (kind, code, amount), answer)

    def test_what_came_back_is_seen_by_the_query(self):
        key, _, request = self.order(transfer=True)
        self.paid_as_sent(self.send(key, request))
        self.double.payments[key].state = "returned"
        answer = self.query(key, request)
        self.assertEqual((answer["kind"], answer["code"], answer["amount"]), (RETURNED, "REFUND", 12345), answer)

    def test_twice_is_told_as_its_sum(self):
        key, source, request = self.order("twice")
        self.send(key, request)
        self.send(key, request, first=False)
        self.assertEqual((self.double.paid(source)[0], self.query(key, request)["amount"]), (2, 24690))

    def test_not_sent_and_not_trusted(self):
        key, source, request = self.order()
        answers = [self.send(key, request, first, "closed") for first in (True, False)]
        self.assertEqual([(a["kind"], a["code"]) for a in answers], [(NOTHING, "not_sent"), (NOTHING, "not_connected")])
        self.assertEqual(self.double.paid(source), (0, 0))
        self.assertEqual(self.send(key, request, True, "others_key")["code"], "bad_signature")
        self.paid_as_sent(self.query(key, request))

    def test_queries(self):
        for mood, code in (("not_found", "not_found"), ("timeout", "no_answer"), ("bad_json", "unreadable"),
                           ("http500", "unreadable"), ("unlisted", "ACQ.CODE_OF_TOMORROW"), ("bad_signature", "bad_signature")):
            for transfer in (False, True):
                with self.subTest(mood=mood, transfer=transfer):
                    key, _, request = self.order("reset_after", [mood], transfer=transfer)
                    self.send(key, request)
                    answer = self.query(key, request)
                    self.assertEqual((answer["kind"], answer["code"]), (NOTHING, code), answer)
                    self.paid_as_sent(self.query(key, request))

    # -- messages --

    def changed(self, **more):
        key, _, request = self.order(transfer=True)
        self.send(key, request)
        return self.double.changed(self.double.payments[key], **more)

    def test_message_signed_in_both_ways(self):
        for with_type in (False, True):
            headers, body = self.changed(with_type=with_type)
            self.paid_as_sent(self.notify(body, headers))

    def test_message_forged(self):
        headers, body = self.changed()
        members = dict(urllib.parse.parse_qsl(body))
        without = urllib.parse.urlencode({k: v for k, v in members.items() if k != "sign"})
        forged = [body.replace("123.45", "123.46"), without, "", "%", body + "&app_id=" + APP_ID, body + "&x", "a=%zz&" + body,
                  body.replace("RSA2", "RSA"), urllib.parse.urlencode({**members, "sign": "AAAA"}), body + "&more=1",
                  self.changed(key=stranger_key())[1], self.changed(app_id="2021000000000002")[1],
                  self.double.message("alipay.fund.trans.order.changed", "[]")[1],
                  self.changed(content={"trans_amount": "1e2"})[1], self.changed(content={"trans_amount": 123.45})[1]]
        for bad in forged:
            self.assertEqual(self.notify(bad, headers)["heard"], "refused", bad)
        self.assertEqual(self.notify(body, headers, channel="others_key")["heard"], "refused")

    def test_what_is_signed_is_cut_in_one_way(self):
        """Alipay signs the members joined by "&" (sorted, without sign and sign_type): a text of somebody's choice in one of
        them is not to be read as members of its own."""
        key, _, request = self.order(transfer=True)
        self.send(key, request)
        told = json.dumps(self.double.order(self.double.payments[key]))
        words = "a&biz_content=%s&charset=utf-8&msg_method=alipay.fund.trans.order.changed&n=" % told
        genuine = {"app_id": APP_ID, "attach": words, "notify_id": "1", "notify_type": "trade_status_sync", "version": "1.0"}
        text = "&".join("%s=%s" % item for item in sorted(genuine.items()))
        signature = sign(self.double.own, text)
        signed = {"sign": signature, "sign_type": "RSA2"}
        self.assertEqual(self.notify(urllib.parse.urlencode({**genuine, **signed}), {})["heard"], "nothing")
        cut = {"app_id": APP_ID, "attach": "a", "biz_content": told, "charset": "utf-8",
               "msg_method": "alipay.fund.trans.order.changed", "n": text.split("&n=", 1)[1]}
        self.assertEqual("&".join("%s=%s" % item for item in sorted(cut.items())), text)
        self.assertEqual(self.notify(urllib.parse.urlencode({**cut, **signed}), {})["heard"], "refused")
        cut = {"app_id": APP_ID, "attach": "a", "biz_content": told, "charset": "utf-8",
               "msg_method=alipay.fund.trans.order.changed&n": text.split("&n=", 1)[1]}
        self.assertEqual(self.notify(urllib.parse.urlencode({**cut, **signed}), {})["heard"], "nothing")

    def test_every_kind_of_character_is_verified_as_it_was_signed(self):
        for name in ("张三 & 李四=+%26", "a+b c", "100% \"x\" \\/", "\u00e9\u3000", ""):
            with self.subTest(name=name):
                headers, body = self.changed(content={"remark": name})
                self.paid_as_sent(self.notify(body, headers))

    def test_message_of_others(self):
        key, _, request = self.order()
        self.send(key, request)
        back = {"trade_no": "1", "dback_status": "S", "dback_amount": "123.45"}
        for headers, body in (self.double.message("alipay.open.auth.notify", {"a": 1}),
                              *(self.changed(content={"out_biz_no": key}) for key in OTHERS_KEYS),
                              self.changed(content={"out_biz_no": "shop-1", "trans_amount": None}),
                              *(self.double.message("alipay.trade.refund.depositback.completed", {**back, "out_request_no": key})
                                for key in OTHERS_KEYS)):
            self.assertEqual(self.notify(body, headers)["heard"], "nothing", body)

    def test_what_is_signed_goes_over_the_wire(self):
        key, _, request = self.order()
        self.send(key, request)
        _, biz, _, text, signature = self.double.requests[-1]
        self.assertTrue(verify(self.double.merchant.public_key(), text, signature))
        self.assertEqual(request.split("\n\n")[1], biz)
        self.assertEqual(yuan(12345), json.loads(biz)["refund_amount"])


if __name__ == "__main__":
    main([Alipay])
