#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""yaml_to_json.py IN OUT: the OpenAPI file as compact JSON."""
import json
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as source, open(sys.argv[2], "w", encoding="utf-8") as target:
    json.dump(yaml.safe_load(source), target, ensure_ascii=False, separators=(",", ":"))
