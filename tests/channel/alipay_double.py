# SPDX-License-Identifier: Apache-2.0
"""A double of Alipay's gateway: signed calls with the parameters in the address and biz_content in the body, replies whose
signature covers the bytes of one member, refunds of trades, transfers, their queries, signed messages."""
import base64
import json
import time
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from double import Double, as_json, now, rsa_key

APP_ID = "2021000000000001"
REFUND, REFUND_QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
TRANSFER, TRANSFER_QUERY = "alipay.fund.trans.uni.transfer", "alipay.fund.trans.common.query"
STATUS = {"paid": "SUCCESS", "processing": "DEALING", "refused": "FAIL", "returned": "REFUND"}
GATEWAY = {"20000", "20001", "40001", "40002", "40003", "40005", "40006"}


def yuan(fen):
    return "%d.%02d" % divmod(fen, 100)


def fen(text):
    whole, part = text.split(".")
    assert len(part) == 2, text
    return int(whole) * 100 + int(part)


def sign(key, text):
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(public, text, signature):
    try:
        public.verify(base64.b64decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return True
    except InvalidSignature:
        return False


class AlipayDouble(Double):
    prefix = "20261126"
    kind = "alipay"

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.own, self.merchant = rsa_key(), rsa_key()
        self.tells = {}  # by payee: the trans_amount that is told instead of the true one; None: none

    # -- calls --

    def answer(self, handler, body):
        parameters = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(handler.path).query, strict_parsing=True))
        parameters.update(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        signature = parameters.pop("sign")
        text = "&".join("%s=%s" % item for item in sorted(parameters.items()) if item[1])
        method, biz = parameters["method"], json.loads(parameters["biz_content"])
        self.requests.append((handler.path, parameters["biz_content"], dict(handler.headers), text, signature))
        if not verify(self.merchant.public_key(), text, signature) or parameters["app_id"] != APP_ID:
            self.complaints.append("the signature of a call is wrong")
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now() + 8 * 3600))
        if abs(self.seconds(parameters["timestamp"]) - self.seconds(at)) > 300:
            self.complaints.append("timestamp %s, not %s" % (parameters["timestamp"], at))
        known = {REFUND: self.refund, REFUND_QUERY: self.refund_query, TRANSFER: self.transfer,
                 TRANSFER_QUERY: self.transfer_query}
        known[method](handler, method, biz, parameters["biz_content"])

    @staticmethod
    def seconds(text):
        return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S"))

    def signed(self, method, content, mood):
        """(status, headers, body): the bytes of the member are not what a writer of JSON would make of it again."""
        raw = json.dumps(content, ensure_ascii=False, separators=(", ", " : ")).replace("/", "\\/")
        name = "error_response" if content["code"] in GATEWAY and content["code"].startswith("4") else \
            method.replace(".", "_") + "_response"
        signature = sign(self.own, raw + "." if mood == "bad_signature" else raw)
        return 200, {"Content-Type": "text/html;charset=utf-8"}, '{"%s":%s,"sign":"%s"}' % (name, raw, signature)

    def say(self, handler, method, mood, content):
        what, _, code = mood.partition(":")
        reply = self.signed(method, content, mood)
        if what in ("http500", "http500_unpaid"):
            reply = 500, {}, "<html>500</html>"
        if what in ("unlisted", "refused", "hold"):
            code = code or "ACQ.CODE_OF_TOMORROW"
            reply = self.signed(method, {"code": code, "msg": "gateway"} if code in GATEWAY else {
                "code": "40002", "msg": "Invalid Arguments", "sub_code": code} if code.startswith("isv.") else {
                "code": "40004", "msg": "Business Failed", "sub_code": code, "sub_msg": "由替身说的/said"}, mood)
        self.mangle(handler, mood, reply)

    # -- refunds --

    def refund(self, handler, method, biz, body):
        trade = biz.get("trade_no") or biz["out_trade_no"]
        with self.lock:
            payment, mood = self.take(biz["out_request_no"], body.encode(), trade, fen(biz["refund_amount"]), "CNY")
            if mood == "known" and payment.state == "refused":
                mood = "refused:" + payment.code
            changed = payment is not None and payment.state == "paid" and mood not in ("known", "discordant")
            if mood == "known" and payment.mood == "twice":
                changed = True
            total = sum(p.amount * p.times for p in self.payments.values() if p.ref == trade)
        content = {"code": "10000", "msg": "Success", "buyer_logon_id": "158****1562", "fund_change": "Y" if changed else "N",
                   "out_trade_no": biz.get("out_trade_no", "shop-" + trade), "refund_fee": yuan(total), "send_back_fee": yuan(total),
                   "store_name": "望湘园/联洋店", "trade_no": biz.get("trade_no", "2026" + trade)}
        if mood == "other_key":
            content["trade_no"] = content["out_trade_no"] = "somebody-elses"
        if mood == "discordant":
            mood = "refused:ACQ.DISCORDANT_REPEAT_REQUEST"
        self.say(handler, method, mood, content)

    def refund_query(self, handler, method, biz, _):
        trade = biz.get("trade_no") or biz["out_trade_no"]
        mood = self.mood_of(trade, "query")
        content = {"code": "10000", "msg": "Success", "trade_no": biz.get("trade_no", "2026" + trade),
                   "out_trade_no": biz.get("out_trade_no", "shop-" + trade)}
        with self.lock:
            payment = self.payments.get(biz["out_request_no"])
            if payment is not None and mood != "processing":
                self.settle(payment)
            if payment is not None and payment.state == "paid" and mood not in ("not_found", "processing"):
                content.update(out_request_no=payment.key, refund_amount=yuan(payment.amount * payment.times),
                               refund_status="REFUND_SUCCESS", total_amount="1000.00",
                               deposit_back_info={"has_deposit_back": "true", "dback_status": "P", "dback_amount": "1.00"})
        if mood == "other_key":
            content["out_request_no"] = "EBB0000000000000001"
        self.say(handler, method, mood, content)

    # -- transfers --

    def order(self, payment, status=None):
        content = {"out_biz_no": payment.key, "order_id": payment.numbers[0] if payment.numbers else "0" + payment.key[-9:],
                   "pay_fund_order_id": "2026", "status": status or STATUS[payment.state], "trans_amount": yuan(payment.amount)}
        if payment.ref in self.tells:
            told = self.tells[payment.ref]
            content.pop("trans_amount") if told is None else content.update(trans_amount=None if told == "null" else told)
        if content["status"] == "FAIL":
            content.update(error_code=payment.code or "PAYEE_CARD_INFO_ERROR", fail_reason="由替身说的")
        return content

    def transfer(self, handler, method, biz, body):
        payee = biz["payee_info"]
        with self.lock:
            payment, mood = self.take(biz["out_biz_no"], body.encode(), payee["identity"], fen(biz["trans_amount"]), "CNY",
                                      biz=biz)
            content = {"code": "10000", "msg": "Success"}
            if payment is not None:
                content.update(self.order(payment))
                if payment.state == "refused" and mood == "known":
                    mood = "refused:" + payment.code
        if mood == "other_key":
            content["out_biz_no"] = "EBB0000000000000001"
        self.say(handler, method, "refused:PAYMENT_INFO_INCONSISTENCY" if mood == "discordant" else mood, content)

    def transfer_query(self, handler, method, biz, _):
        with self.lock:
            payment = self.payments.get(biz["out_biz_no"])
            mood = self.mood_of(payment.ref, "query") if payment is not None else "not_found"
            if payment is None or mood == "not_found":
                mood = "refused:ORDER_NOT_EXIST"
            elif mood != "processing":
                self.settle(payment)
            content = {"code": "10000", "msg": "Success", **(self.order(payment) if payment is not None else {})}
        self.say(handler, method, mood, content)

    # -- messages --

    def message(self, method, content, with_type=False, key=None, app_id=APP_ID):
        """(headers, body)."""
        members = {"notify_id": "n" + self.number(), "utc_timestamp": str(int(now() * 1000)), "msg_method": method,
                   "app_id": app_id, "msg_type": "sys", "version": "1.1", "charset": "UTF-8",
                   "biz_content": content if isinstance(content, str) else as_json(content)}
        if with_type:
            members["sign_type"] = "RSA2"
        members["sign"] = sign(key or self.own, "&".join("%s=%s" % item for item in sorted(members.items())))
        members["sign_type"] = "RSA2"
        return {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}, urllib.parse.urlencode(members)

    def changed(self, payment, status=None, **more):
        content = {**self.order(payment, status), "action_type": "FINISH", "biz_scene": "DIRECT_TRANSFER",
                   "origin_interface": TRANSFER, "product_code": "TRANS_ACCOUNT_NO_PWD"}
        content.update(more.pop("content", {}))
        return self.message("alipay.fund.trans.order.changed", content, **more)

    def deposit_back(self, payment, status="S"):
        return self.message("alipay.trade.refund.depositback.completed", {
            "trade_no": payment.ref, "out_trade_no": "shop-" + payment.ref, "out_request_no": payment.key, "dback_status": status,
            "dback_amount": yuan(payment.amount), "bank_ack_time": "2026-11-26 12:00:00"})
