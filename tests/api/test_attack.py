#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What somebody on the wire, or somebody careless with the data directory, may try.

    test_attack.py EBB"""
import os
import re
import socket
import subprocess
import sys
import tempfile

from service import Service, child

BODY = b'{"ref":"once","amount":5,"method":"alipay"}'
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)

# what came, its headers beside the usual ones, the body, the status
FRAMES = (
    ("a plain body", LENGTH, BODY, 201),
    ("chunks", b"Transfer-Encoding: chunked\r\n", CHUNKED, 200),
    ("two lengths", b"Content-Length: 5\r\n" + LENGTH, BODY, 400),
    ("the same length twice", LENGTH + LENGTH, BODY, 400),
    ("length and chunks", b"Transfer-Encoding: chunked\r\n" + LENGTH, CHUNKED, 400),
    ("an unknown coding", b"Transfer-Encoding: gzip\r\n", BODY, 400),
    ("chunks in something else", b"Transfer-Encoding: gzip, chunked\r\n", CHUNKED, 400),
    ("two codings", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKED, 400),
    ("two keys", b"Idempotency-Key: another\r\n" + LENGTH, BODY, 400),
    ("two callers", b"Authorization: Bearer demo-customer:wire\r\n" + LENGTH, BODY, 400),
)


def exchange(port, data):
    """Everything that comes back until the server closes or is silent for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while True:
                piece = connection.recv(65536)
                if not piece:
                    return answer, True
                answer += piece
        except socket.timeout:
            return answer, False


def ambiguous_frames_end_the_connection(service):
    """A request that two readers could cut differently is refused, and what stands behind it is not read."""
    service.account("wire")
    for name, headers, body, status in FRAMES:
        head = (b"POST /v1/accounts/wire/topups HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer demo-admin\r\n"
                b"Content-Type: application/json\r\nIdempotency-Key: frame-" + name.replace(" ", "-").encode() + b"\r\n")
        answer, closed = exchange(service.port, head + headers + b"\r\n" + body + SMUGGLED)
        statuses = [int(found) for found in re.findall(rb"HTTP/1\.1 (\d+)", answer)]
        expected = [status] if status == 400 else [status, 200]
        assert statuses == expected, f"{name}: {statuses}, not {expected}"
        assert closed == (status == 400), f"{name}: the connection is {'closed' if closed else 'open'}"
    assert service.quote("wire").json["cash"] == 5, "one top-up, once"


def the_clock_stays_within_the_ids(service):
    """Ids carry the time and never go back: a clock beyond them would end the service for good."""
    for far in ({"set": "2199-01-01T00:00:00+08:00"}, {"set": "2090-01-02T00:00:00+08:00"}):
        assert service.call("POST", "/demo/clock", far).status == 400, far
    statuses = [service.call("POST", "/demo/clock", {"advance": "3660d"}).status for _ in range(12)]
    assert statuses[0] == 200 and statuses[-1] == 400, statuses
    assert service.topup("wire", "far", 1).status == 201


def a_lost_key_is_not_replaced(program):
    """Beside a database whose key is gone no new key may appear: it would hide the loss, and get into backups."""
    with tempfile.TemporaryDirectory(prefix="ebb-api-") as directory:
        command = [program, "serve", "--data", directory, "--listen", "127.0.0.1:0", "--demo"]
        first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=child.ends_with_parent)
        first.stdout.readline()
        first.terminate()
        assert first.wait(15) == 0
        first.stdout.close()
        with open(directory + "/master.key", "rb") as file:
            key = file.read()
        os.unlink(directory + "/master.key")
        refused = subprocess.run(command, capture_output=True, text=True, timeout=15)
        assert refused.returncode == 1 and "master.key" in refused.stderr and "missing" in refused.stderr, refused
        assert not os.path.exists(directory + "/master.key"), "a new key was made"
        with open(os.open(directory + "/master.key", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(key)
        again = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=child.ends_with_parent)
        assert "listens" in again.stdout.readline()
        again.terminate()
        assert again.wait(15) == 0
        again.stdout.close()


def main():
    service = Service(sys.argv[1])
    try:
        ambiguous_frames_end_the_connection(service)
        the_clock_stays_within_the_ids(service)
    finally:
        assert service.stop() == 0
    a_lost_key_is_not_replaced(sys.argv[1])
    print("attack: ok")


if __name__ == "__main__":
    main()
