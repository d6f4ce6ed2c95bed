# SPDX-License-Identifier: Apache-2.0
"""A double of WeChat Pay's APIv3: signed calls and replies, refunds and their query, sealed notifications, probes."""
import base64
import json
import re
import secrets

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alipay_double import verify
from double import Double, as_json, certificate, now, rsa_key

MCHID, SERIAL = "1900000001", "3775B6A45ACD588826D15E583A95F5DD0EBB0001"
APIV3_KEY = "0123456789abcdef0123456789ABCDEF"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012026112600000000000001"
PATH = "/v3/refund/domestic/refunds"
STATUS = {"paid": "SUCCESS", "processing": "PROCESSING", "refused": "CLOSED"}
HTTP = {"SYSTEM_ERROR": 500, "FREQUENCY_LIMITED": 429, "NOT_ENOUGH": 403, "USER_ACCOUNT_ABNORMAL": 403, "NO_AUTH": 403,
        "RESOURCE_NOT_EXISTS": 404, "MCH_NOT_EXISTS": 404, "SIGN_ERROR": 401}
SCHEME, MEMBER = "WECHATPAY2-SHA256-RSA2048 ", re.compile(r'(\w+)="([A-Za-z0-9+/=]+)"')


def authorization(header):
    """The members of the header, in whatever order they stand; {} when it is none."""
    found = [MEMBER.fullmatch(part) for part in header[len(SCHEME):].split(",")] if header.startswith(SCHEME) else [None]
    members = {one[1]: one[2] for one in found if one}
    return members if set(members) == {"mchid", "nonce_str", "timestamp", "serial_no", "signature"} == {
        one[1] for one in found} else {}


class WechatpayDouble(Double):
    """A mood of its own: to_merchant, a refund that the payer's bank did not take."""
    prefix = "50300"
    kind = "wechatpay"

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.own, self.merchant, self.bare = rsa_key(), rsa_key(), rsa_key()
        self.received = {}  # by payment: where its refund went; None: not said
        self.certificate = certificate("Tenpay.com test", self.own)
        self.serial = "%X" % self.certificate.serial_number
        self.serial = "0" * (len(self.serial) % 2) + self.serial
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)

    # -- signatures --

    def signature(self, body, at=None, key=None, serial=None, probe=False):
        at, nonce = str(int(now() if at is None else at)), secrets.token_hex(16)
        text = "%s\n%s\n%s\n" % (at, nonce, body)
        made = base64.b64encode((key or self.own).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        return {"Wechatpay-Timestamp": at, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": serial or self.serial,
                "Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + made if probe else made,
                "Content-Type": "application/json; charset=utf-8"}

    def checked(self, handler, body):
        found = authorization(handler.headers.get("Authorization") or "")
        text = "%s\n%s\n%s\n%s\n%s\n" % (handler.command, handler.path, found.get("timestamp"), found.get("nonce_str"),
                                         body.decode())
        if (found.get("mchid"), found.get("serial_no")) != (MCHID, SERIAL) or not verify(
                self.merchant.public_key(), text, found["signature"]):
            self.complaints.append("a call is not signed: %s" % handler.headers.get("Authorization"))
        elif abs(int(found["timestamp"]) - now()) > 300:
            self.complaints.append("the time of a call is wrong")
        if not (handler.headers.get("User-Agent") and "json" in handler.headers.get("Accept", "")):
            self.complaints.append("a header that WeChat requires is missing")

    def say(self, handler, mood, status, content):
        what, _, code = mood.partition(":")
        if what in ("refused", "hold", "unlisted"):
            code = code or "CODE_OF_TOMORROW"
            status, content = HTTP.get(code, 400), {"code": code, "message": "由替身说的"}
        body = json.dumps(content, ensure_ascii=False)
        if what in ("http500", "http500_unpaid"):
            status, body = 500, "{\"code\":\"SYSTEM_ERROR\",\"message\":\"系统错误\"}"
        headers = self.signature(body + " " if mood == "bad_signature" else body)
        if mood == "unsigned":
            headers = {}
        self.mangle(handler, mood, (status, headers, body))

    # -- refunds --

    def refund(self, payment, status=None):
        return {"refund_id": payment.numbers[0] if payment.numbers else "0" + payment.key[-9:], "out_refund_no": payment.key,
                "transaction_id": payment.ref, "out_trade_no": "shop-" + payment.ref, "channel": "ORIGINAL",
                "user_received_account": self.received.get(
                    payment.ref, "商户基本账户" if payment.mood == "to_merchant" else "招商银行信用卡0403"),
                "create_time": "2026-11-26T12:00:00+08:00",
                "status": status or STATUS[payment.state], "amount": {
                    "total": payment.more["total"], "refund": payment.amount, "payer_refund": payment.amount,
                    "currency": payment.currency}}

    def answer(self, handler, body):
        self.checked(handler, body)
        if handler.command == "GET":
            self.query(handler, handler.path.rsplit("/", 1)[1])
            return
        self.requests.append((handler.path, body.decode(), dict(handler.headers)))
        biz = json.loads(body)
        with self.lock:
            payment, mood = self.take(biz["out_refund_no"], body, biz.get("transaction_id") or biz["out_trade_no"],
                                      biz["amount"]["refund"], biz["amount"]["currency"], total=biz["amount"]["total"])
            content = self.refund(payment) if payment is not None else {}
        if mood == "known" and payment.state == "refused":
            mood = "refused:" + payment.code
        if mood == "other_key":
            content["out_refund_no"] = "EBB0000000000000001"
        self.say(handler, "refused:INVALID_REQUEST" if mood == "discordant" else mood, 200, content)

    def query(self, handler, key):
        with self.lock:
            payment = self.payments.get(key)
            mood = self.mood_of(payment.ref, "query") if payment is not None else "not_found"
            if payment is None or mood == "not_found":
                mood = "refused:RESOURCE_NOT_EXISTS"
            elif mood != "processing":
                self.settle(payment)
            content = self.refund(payment) if payment is not None else {}
            if payment is not None and payment.times > 1:
                for name in ("refund", "payer_refund"):
                    content["amount"][name] *= payment.times
        self.say(handler, mood, 200, content)

    # -- notifications --

    def notice(self, content, event="REFUND.SUCCESS", apiv3_key=APIV3_KEY, **more):
        """(headers, body)."""
        nonce, plain = secrets.token_hex(6), content if isinstance(content, str) else as_json(content)
        sealed = AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plain.encode(), b"refund")
        body = as_json({"id": "ev" + self.number(), "create_time": "2026-11-26T12:00:00+08:00", "resource_type": "encrypt-resource",
                        "event_type": event, "summary": "退款", "resource": {
                            "original_type": "refund", "algorithm": "AEAD_AES_256_GCM", "associated_data": "refund",
                            "nonce": nonce, "ciphertext": base64.b64encode(sealed).decode()}})
        return self.signature(body, **more), body

    def told(self, payment, status="SUCCESS", **change):
        refund = self.refund(payment, status)
        content = {"mchid": MCHID, "transaction_id": refund["transaction_id"], "out_trade_no": refund["out_trade_no"],
                   "refund_id": refund["refund_id"], "out_refund_no": payment.key, "refund_status": status,
                   "user_received_account": refund["user_received_account"],
                   "amount": {"total": payment.more["total"], "refund": payment.amount, "payer_total": payment.more["total"],
                              "payer_refund": payment.amount}}
        content.update(change)
        return content
