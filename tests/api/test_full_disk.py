#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk takes nothing for a while: 503 and not ready; then, without a restart, everything goes on and what was answered
is there.

    test_full_disk.py EBB

No file of the server may grow or be written (RLIMIT_FSIZE, set on the running process from outside): as on a full disk."""
import resource
import sqlite3
import sys
import time

from service import Service

SECONDS_TO_RECOVER = 5


def disk(service, bytes_max):
    hard = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (bytes_max, hard))


def fill(service):
    disk(service, 0)


def free(service):
    disk(service, resource.RLIM_INFINITY)


def topup(service, number):
    """The same key every time: what was not known is asked again."""
    return service.call("POST", "/v1/accounts/full/topups", {"ref": f"t{number}", "amount": 100, "method": "alipay"},
                        headers={"Idempotency-Key": f"full-{number}"})


def wait_until_ready(service):
    """Tried anew with every command; the scheduler's are enough, and so is ours."""
    end = time.monotonic() + SECONDS_TO_RECOVER
    while time.monotonic() < end:
        if topup(service, 1).status in (200, 201) and service.call("GET", "/readyz", token=None).status == 200:
            return
        time.sleep(0.05)
    raise AssertionError("the disk is free again, but the server still refuses")


def full_and_free_again(service, first):
    fill(service)
    for number in range(first, first + 10):
        answer = topup(service, number)
        assert answer.status == 503, f"a full disk answered {answer.status}: {answer.text}"
        assert answer.code in ("unknown_outcome", "unavailable", "later"), answer.text
    assert service.call("GET", "/readyz", token=None).status == 503, "not ready while nothing can be written"
    assert service.call("GET", "/healthz", token=None).status == 200, "but alive: a restart would not help"
    assert service.quote("full").status == 200, "reading goes on"
    free(service)
    wait_until_ready(service)
    for number in range(first, first + 10):
        assert topup(service, number).status in (200, 201), "the same key again"


def money_goes_out(service):
    """Approved before the disk is full, paid when it is free: once. An intent whose answer was lost is asked about half a
    minute later and sent again after that, by the server's clock."""
    withdrawal = service.withdraw("full", 1500).json
    assert service.confirm(withdrawal).status == 200
    fill(service)
    time.sleep(0.5)
    free(service)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        now = service.call("GET", "/v1/withdrawals/" + withdrawal["id"]).json
        if now["status"] == "successful":
            break
        assert service.call("POST", "/demo/clock", {"advance": "5s"}).status == 200
        time.sleep(0.1)
    assert now["status"] == "successful", now
    bank = sqlite3.connect(service.directory.name + "/data/simulated.db")
    assert bank.execute("SELECT max(paid_times) FROM payment").fetchone()[0] == 1
    bank.close()


def main():
    service = Service(sys.argv[1])
    try:
        service.account("full")
        assert topup(service, 1).status == 201
        for first in (10, 20, 30):
            full_and_free_again(service, first)
        quote = service.quote("full").json
        assert quote["cash"] == 31 * 100, f"31 top-ups of 100 each, once: {quote['cash']}"
        money_goes_out(service)
    finally:
        free(service)
        assert service.stop() == 0
    print("full disk: ok")


if __name__ == "__main__":
    main()
