#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server's table of routes and api/openapi.yaml say the same, in both directions.

Usage: test_routes.py EBB"""
import json
import re
import subprocess
import sys
import unittest

from service import Service

PROGRAM = sys.argv.pop(1)


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(PROGRAM)
        cls.openapi = cls.service.openapi
        printed = subprocess.run([PROGRAM, "serve", "--print-routes"], check=True, capture_output=True, text=True).stdout
        cls.routes = {}
        for line in printed.splitlines():
            verb, path, *words = line.split()
            cls.routes[verb, path] = words
        cls.described = {(verb.upper(), path): (item, operation) for path, item in cls.openapi["paths"].items()
                         for verb, operation in item.items() if verb in ("get", "post", "put", "delete", "patch")}

    @classmethod
    def tearDownClass(cls):
        cls.service.stop()

    def parameters(self, key, place):
        item, operation = self.described[key]
        all_of_them = item.get("parameters", []) + operation.get("parameters", [])
        return {p["name"]: p for p in map(self.service.resolve, all_of_them) if p["in"] == place}

    def test_what_is_described_once_is_used(self):
        text = json.dumps({name: part for name, part in self.openapi.items() if name != "components"})
        left = {(kind, name): json.dumps(part) for kind, parts in self.openapi["components"].items()
                for name, part in parts.items() if kind != "securitySchemes"}
        while used := [key for key in left if f'"#/components/{key[0]}/{key[1]}"' in text]:
            text += "".join(left.pop(key) for key in used)
        self.assertEqual(set(left), {("schemas", "EventNotice")})  # the stream's lines, which OpenAPI 3.1 cannot point at
        for tag in self.openapi["tags"]:
            self.assertEqual(set(tag), {"name", "description"})  # a comma in YAML begins another member

    def test_every_route_is_described_and_every_description_is_a_route(self):
        self.assertEqual(set(self.routes), set(self.described))
        self.assertGreaterEqual(len(self.routes), 40)

    def test_query_parameters_are_the_same(self):
        for key, words in self.routes.items():
            served = {word[1:] for word in words if word.startswith("?")}
            self.assertEqual(served, set(self.parameters(key, "query")), key)

    def test_path_parameters_are_described(self):
        for key in self.routes:
            in_path = {part[1:-1] for part in key[1].split("/") if part.startswith("{")}
            self.assertEqual(in_path, set(self.parameters(key, "path")), key)

    def test_required_headers_are_the_same(self):
        for key, words in self.routes.items():
            headers = self.parameters(key, "header")
            self.assertEqual("key" in words, "Idempotency-Key" in headers, key)
            self.assertEqual("if-match" in words, "If-Match" in headers, key)

    def test_open_routes_are_the_same(self):
        for key, words in self.routes.items():
            self.assertEqual("open" in words, self.described[key][1].get("security") == [], key)

    def test_bodies_are_described_where_they_are_read(self):
        for key, words in self.routes.items():
            operation = self.described[key][1]
            self.assertEqual(key[0] in ("POST", "PUT"), "requestBody" in operation, key)
            if "requestBody" in operation:
                self.assertEqual("lines" in words, "application/x-ndjson" in operation["requestBody"]["content"], key)

    def test_operations_have_names_of_their_own(self):
        names = [operation["operationId"] for _, operation in self.described.values()]
        self.assertEqual(len(names), len(set(names)))

    def test_required_members_of_bodies_are_the_server_s(self):
        """An empty object is refused with exactly the members that the description requires."""
        for (verb, path), (_, operation) in self.described.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            required = set(self.service.resolve(content["schema"]).get("required", []))
            concrete = re.sub(r"\{\w+\}", "nobody", path.replace("{id}", "wd_0000000000001"))
            answer = self.service.call(verb, concrete, {}, headers={"If-Match": '"v1"'})
            missing = {error["pointer"][1:] for error in (answer.json or {}).get("errors", []) if error["code"] == "missing"}
            self.assertEqual(required, missing, (verb, path, answer.text))

    def test_closed_bodies_refuse_what_they_do_not_know(self):
        for (verb, path), (_, operation) in self.described.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None or self.service.resolve(content["schema"]).get("additionalProperties") is not False:
                continue
            concrete = re.sub(r"\{\w+\}", "nobody", path.replace("{id}", "wd_0000000000001"))
            answer = self.service.call(verb, concrete, {"surprise": 1}, headers={"If-Match": '"v1"'})
            self.assertEqual(answer.status, 400, (verb, path))
            self.assertIn({"pointer": "/surprise", "code": "unknown"},
                          [{k: e[k] for k in ("pointer", "code")} for e in answer.json["errors"]], (verb, path))


if __name__ == "__main__":
    unittest.main(verbosity=1)
