# SPDX-License-Identifier: Apache-2.0
"""Doubles of those who move money: a small outside world over real TLS on loopback, with a book of its own.

A double keeps its promises as the real one does (the same key pays once) unless it is told to misbehave. What it does
with a payment is its *mood*: what happens to the first send of a payment, by the source or destination that the payment
names, and then what happens to the queries about it, one after the other; after that it is honest. Certificates are made
by the test that runs it. Each channel is a subclass that speaks its wire format.

Moods of a first send (PAYS says which of them pay):
  ok  processing  refused:CODE  hold:CODE      what is said
  unlisted                                     a code that stands on no list; not paid, and not remembered
  wrong_amount  too_much  wrong_currency  other_key  bad_signature
  timeout_before  timeout_after  reset_before  reset_after  truncated  bad_json  huge  drip  redirect
  http500  http500_unpaid
  twice                                        pays, resets, and pays again when the same key comes again: a lie
  two_at_once                                  pays two times, and resets: a lie that only the query tells
Of a query: honest  not_found  processing  timeout  reset  truncated  bad_json  http500  unlisted  bad_signature  huge"""
import datetime
import functools
import hashlib
import http.client
import http.server
import ipaddress
import json
import os
import socket
import ssl
import struct
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

HURRY = int(os.environ.get("EBB_HURRY", "1"))
HURRY_FROM = int(os.environ.get("EBB_HURRY_FROM", "0"))
HANG_S = 1.6  # longer than the time-out that the tests configure
TIMEOUT_MS = 800
NEVER_PAYS = {"timeout_before", "reset_before", "http500_unpaid", "unlisted"}


def now():
    """Seconds since 1970 by the clock that hurry.c gives the server."""
    return HURRY_FROM + (time.time() - HURRY_FROM) * HURRY


# ---- keys and certificates ----

def pem_private(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def pem_public(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def rsa_key():
    return rsa.generate_private_key(65537, 2048)


@functools.lru_cache(maxsize=None)
def stranger_key(_name="nobody"):
    """Of nobody in the story, or of somebody that it names."""
    return rsa_key()


def certificate(name, key, issuer=None, issuer_key=None, ca=False, address="127.0.0.1"):
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begin = datetime.datetime.utcnow() - datetime.timedelta(days=1)
    builder = (x509.CertificateBuilder().subject_name(named).issuer_name(issuer.subject if issuer else named)
               .public_key(key.public_key()).serial_number(x509.random_serial_number()).not_valid_before(begin)
               .not_valid_after(begin + datetime.timedelta(days=4000))
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
    return builder.sign(issuer_key or key, hashes.SHA256())


class Authority:
    """A certificate authority of the test, and the certificates that it gives."""

    def __init__(self, directory):
        self.directory, self.key = directory, ec.generate_private_key(ec.SECP256R1())
        self.certificate = certificate("test authority", self.key, ca=True)
        self.file = os.path.join(directory, "ca.pem")
        with open(self.file, "wb") as file:
            file.write(self.certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, name, address="127.0.0.1"):
        key = ec.generate_private_key(ec.SECP256R1())
        given = certificate(name, key, self.certificate, self.key, address=address)
        path = os.path.join(self.directory, name + ".tls")
        with open(path, "wb") as file:
            file.write(pem_private(key) + given.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def secret_file(directory, name, content, mode=0o600):
    path = os.path.join(directory, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)
    return name


# ---- the book ----

class Payment:
    def __init__(self, key, digest, ref, amount, currency, mood, more):
        self.key, self.digest, self.ref, self.amount, self.currency = key, digest, ref, amount, currency
        self.mood, self.more = mood, more
        self.state, self.times, self.code = "processing", 0, ""
        self.numbers = []

    def pay(self, number):
        self.state = "paid"
        self.times += 1
        self.numbers.append(number)


class Double:
    """Subclasses give `prefix`, `route` and the replies; see stripe_double.py for the smallest."""

    prefix = "D"

    def __init__(self, authority, name, address="127.0.0.1"):
        self.name, self.lock, self.payments, self.moods = name, threading.RLock(), {}, {}
        self.count, self.requests, self.complaints = 0, [], []
        self.stopping = threading.Event()
        context = authority.context(name, address)
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                self.request.settimeout(10)
                self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("Content-Length") or 0)
                double.answer(self, self.rfile.read(size))
                self.close_connection = True

            do_POST = do_GET = answer

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # a client that goes away, or trusts another authority, is part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.endpoint = "https://127.0.0.1:%d" % self.port
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def stop(self):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    # -- what it does --

    def number(self):
        self.count += 1
        return "%s%06d" % (self.prefix, self.count)

    def mood_of(self, ref, what):
        """The mood of a first send, or the next of the queries."""
        mood = self.moods.get(ref, {})
        if what == "query":
            queries = mood.get("query", [])
            return queries.pop(0) if queries else "honest"
        return mood.get("pay", "ok")

    def take(self, key, body, ref, amount, currency, **more):
        """A send: (payment, mood). The payment is None where nothing was taken."""
        digest = hashlib.sha256(body).hexdigest()
        with self.lock:
            known = self.payments.get(key)
            if known is not None:
                if known.digest != digest:
                    self.complaints.append("%s came with other bytes" % key)
                    return known, "discordant"
                if known.mood == "twice":
                    known.pay(self.number())
                return known, "known"
            mood = self.mood_of(ref, "pay")
            if mood in NEVER_PAYS or mood.startswith("hold:"):
                self.moods.get(ref, {}).pop("pay", None)  # once
                return None, mood
            payment = self.payments[key] = Payment(key, digest, ref, amount, currency, mood, more)
            if mood.startswith("refused:"):
                payment.state, payment.code = "refused", mood.split(":", 1)[1]
            elif mood in ("wrong_amount", "too_much"):
                payment.amount = amount + (1 if mood == "too_much" else -1)
                payment.pay(self.number())
            elif mood == "wrong_currency":
                payment.currency = "USD"
                payment.pay(self.number())
            elif mood == "two_at_once":
                payment.pay(self.number())
                payment.pay(self.number())
            elif mood != "processing":
                payment.pay(self.number())
            return payment, mood

    def settle(self, payment):
        with self.lock:
            if payment.state == "processing":
                payment.pay(self.number())

    def paid(self, ref):
        """(times, sum) of what left for a source or destination."""
        with self.lock:
            mine = [p for p in self.payments.values() if p.ref == ref]
            return sum(p.times for p in mine), sum(p.times * p.amount for p in mine)

    # -- how it answers --

    @staticmethod
    def reply(handler, status, headers, body):
        body = body if isinstance(body, bytes) else body.encode()
        lines = ["HTTP/1.1 %d %s" % (status, http.client.responses.get(status, "?")), "Connection: close",
                 "Content-Length: %d" % len(body)] + ["%s: %s" % item for item in headers.items()]
        handler.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    @staticmethod
    def reset(handler):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()

    def mangle(self, handler, mood, reply):
        """Sends an honest reply (status, headers, body) through a bad line."""
        status, headers, body = reply
        if mood in ("timeout_before", "timeout_after", "timeout"):
            self.stopping.wait(HANG_S)
            self.reset(handler)
        elif mood in ("reset_before", "reset_after", "reset", "twice", "two_at_once"):
            self.reset(handler)
        elif mood == "truncated":
            raw = body if isinstance(body, bytes) else body.encode()
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(raw) + raw[:len(raw) // 2])
        elif mood == "bad_json":
            self.reply(handler, status, headers, "{\"broken")
        elif mood == "huge":
            self.reply(handler, status, headers, b" " * (1 << 20) + (body if isinstance(body, bytes) else body.encode()))
        elif mood == "drip":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
            end = time.monotonic() + HANG_S
            while time.monotonic() < end and not self.stopping.wait(0.1):
                handler.wfile.write(b" ")
        elif mood == "redirect":
            self.reply(handler, 302, {"Location": self.endpoint + "/elsewhere"}, "")
        else:
            self.reply(handler, status, headers, body)

    def answer(self, handler, body):
        raise NotImplementedError


class Line:
    """A place that refuses every connection, until it is opened: then it leads to a double."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and nobody gets in
        self.endpoint = "https://127.0.0.1:%d" % self.socket.getsockname()[1]

    def open(self, port):
        self.socket.listen(64)
        threading.Thread(target=self.run, args=(port,), daemon=True).start()

    def run(self, port):
        while True:
            try:
                near, _ = self.socket.accept()
                far = socket.create_connection(("127.0.0.1", port))
            except OSError:
                return  # the test is over
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.copy, args=pair, daemon=True).start()

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side went away

    def stop(self):
        self.socket.close()


def post(port, path, body, headers):
    """A notification to Ebb: (status, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", path, body.encode(), headers)
    reply = connection.getresponse()
    data = reply.read().decode()
    connection.close()
    return reply.status, data


def as_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
