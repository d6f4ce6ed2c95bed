# SPDX-License-Identifier: Apache-2.0
"""A real `ebb serve --demo` on a free port and a fresh directory, and callers for it. Every answer is checked against the
schemas of its own /openapi.json: what the description does not say is a failure of the test that met it."""
import http.client
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "postgresql"))
import cluster  # noqa: E402
from cluster import child  # noqa: E402

keys = itertools.count(1)


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text
        self.json = json.loads(text) if text and "json" in headers.get("Content-Type", "") and \
            "ndjson" not in headers["Content-Type"] else None

    @property
    def code(self):
        return self.json.get("code") if isinstance(self.json, dict) else None


class Service:
    def __init__(self, program, *arguments, demo=True):
        self.directory = tempfile.TemporaryDirectory(prefix="ebb-api-")
        self.store = ["--store", cluster.place(cluster.asked())] if cluster.asked() else []
        self.command = [program, "serve", "--data", self.directory.name + "/data", "--listen", "127.0.0.1:0", *self.store,
                        *arguments, *(["--demo"] if demo else [])]
        self.openapi = None
        self.start()
        self.openapi = self.call("GET", "/openapi.json").json

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        preexec_fn=child.ends_with_parent)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise RuntimeError("the server did not start: " + line)
        self.port = int(found.group(1))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def restart(self, kill=False, between=lambda: None):
        """The same directory, at another port."""
        self.connection.close()
        (self.process.kill if kill else self.process.terminate)()
        self.process.wait(timeout=15)
        self.process.stdout.close()
        between()
        self.start()

    def stop(self):
        self.connection.close()
        self.process.terminate()
        code = self.process.wait(timeout=15)
        self.process.stdout.close()
        self.directory.cleanup()
        return code

    def call(self, method, path, body=None, token="demo-admin", headers=None, raw=False):
        """`body` is JSON unless it is bytes. A POST gets a key of its own unless the headers say otherwise."""
        given = {} if raw or token is None else {"Authorization": "Bearer " + token}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None and not raw:
            given["Content-Type"] = "application/json"
        if method == "POST" and path.startswith("/v1/") and not raw:
            given["Idempotency-Key"] = f"key-{next(keys)}"
        for name, value in (headers or {}).items():
            given.pop(name, None)
            if value is not None:
                given[name] = value
        self.connection.request(method, path, data, given)
        response = self.connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read().decode())
        if self.openapi is not None and method != "HEAD":
            self.check(method, path, answer)
        return answer

    # ---- the answer against the description ----

    def operation(self, method, path):
        asked = path.split("?")[0].split("/")
        for template, item in self.openapi["paths"].items():
            parts = template.split("/")
            if len(parts) == len(asked) and all(p == a or p.startswith("{") for p, a in zip(parts, asked)):
                if method.lower() in item:
                    return item[method.lower()]
        return None

    def check(self, method, path, answer):
        operation = self.operation(method, path)
        if operation is None or answer.json is None:
            return
        responses = operation["responses"]
        described = responses.get(str(answer.status), responses.get("default"))
        assert described is not None, f"{method} {path}: {answer.status} is not described"
        content = self.resolve(described).get("content", {})
        media_type = answer.headers["Content-Type"].split(";")[0]
        assert media_type in content, f"{method} {path}: {media_type} is not described for {answer.status}"
        fault = self.fault(content[media_type]["schema"], answer.json, "")
        assert fault is None, f"{method} {path} → {answer.status}: {fault}: {answer.text[:600]}"

    def resolve(self, node):
        while "$ref" in node:
            target = self.openapi
            for part in node["$ref"][2:].split("/"):
                target = target[part]
            node = target
        return node

    TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}

    def fault(self, schema, value, at):
        """The first place where the value is not what the schema says; None when it is."""
        schema = self.resolve(schema)
        for inner in schema.get("allOf", []):
            found = self.fault(inner, value, at)
            if found:
                return found
        if "anyOf" in schema and all(self.fault(inner, value, at) for inner in schema["anyOf"]):
            return f"{at}: fits none of anyOf"
        if "const" in schema and value != schema["const"]:
            return f"{at}: is not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            return f"{at}: {value!r} is none of {schema['enum']}"
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        if types and not any(isinstance(value, self.TYPES[t]) and not (t == "integer" and isinstance(value, bool)) for t in types):
            return f"{at}: {value!r} is not {types}"
        if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{at}: {value!r} does not match {schema['pattern']}"
        if isinstance(value, dict):
            return self.fault_of_members(schema, value, at)
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                found = self.fault(schema["items"], item, f"{at}/{i}")
                if found:
                    return found
        return None

    def fault_of_members(self, schema, value, at):
        known = schema.get("properties")
        for name in schema.get("required", []):
            if name not in value:
                return f"{at}/{name}: is missing"
        for name, member in value.items():
            if known is not None and name in known:
                found = self.fault(known[name], member, f"{at}/{name}")
                if found:
                    return found
            elif known is not None:
                return f"{at}/{name}: is not described"
        return None

    # ---- short words for stories ----

    def account(self, ref, policy="alibaba", **more):
        body = {"policy": policy, "currency": "CNY", "phone": "139" + ref[-8:],
                "subject": {"kind": "person", "name": "魏明", "id_number": "ID-" + ref, "verified": True}, **more}
        return self.call("PUT", "/v1/accounts/" + ref, body)

    def topup(self, account, ref, amount, method="alipay", **more):
        return self.call("POST", f"/v1/accounts/{account}/topups", {"ref": ref, "amount": amount, "method": method, **more})

    def quote(self, account, token="demo-admin"):
        return self.call("GET", f"/v1/accounts/{account}/withdrawable", token=token)

    def withdraw(self, account, amount, token=None, headers=None, **more):
        return self.call("POST", "/v1/withdrawals", {"account": account, "amount": amount, **more},
                         token=token or "demo-customer:" + account, headers=headers)

    def code_of(self, account):
        return self.call("GET", f"/demo/messages?account={account}&limit=1").json["data"][0]["code"]

    def confirm(self, withdrawal):
        """Enters the right code."""
        account = withdrawal["account"]
        return self.call("POST", f"/v1/withdrawals/{withdrawal['id']}/code", {"code": self.code_of(account)},
                         token="demo-customer:" + account)
