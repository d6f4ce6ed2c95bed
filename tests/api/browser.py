# SPDX-License-Identifier: Apache-2.0
"""A browser as far as signing in goes: it keeps the cookie that it was given, and sends it along."""
OURS = {"Ebb-Session": "1"}


class Browser:
    """Holds one cookie, as a browser would."""

    def __init__(self, service):
        self.service, self.cookie = service, None

    def call(self, method, path, body=None, headers=None):
        given = {**({"Cookie": self.cookie} if self.cookie else {}), **(headers or {})}
        answer = self.service.call(method, path, body, token=None, headers=given)
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    def sign_in(self, token):
        answer = self.call("POST", "/v1/session", {"token": token})
        assert answer.status == 201, answer.text
        return answer

    def who(self):
        answer = self.call("GET", "/v1/session")
        return answer.json["principal"] if answer.status == 200 else answer.status
