#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Arrows point down only: every #include of src/ must be allowed by tools/layers.txt.

layers.py ROOT          checks the tree
layers.py --self-check  checks that a wrong arrow is found"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
GENERATED = {  # header written by the build → rooms that may include it
    "queries.h": {"store", "report", "http", "cli", "engine"},
}


def layers_read(text):
    layers = {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line:
            room, _, below = line.partition(":")
            layers[room.strip()] = set(below.split())
    return layers


def layers_sound(layers):
    """A room stands below those that use it: no arrow leads back, and every name is a room."""
    problems = []
    for room, below in layers.items():
        problems += [f"layers.txt: {room} names {other}, which is no room" for other in below if other not in layers]

    def reaches(room, wanted, seen):
        return any(other == wanted or (other not in seen and reaches(other, wanted, seen | {other}))
                   for other in layers.get(room, ()))

    return problems + [f"layers.txt: {room} stands above itself" for room in layers if reaches(room, room, {room})]


def include_problem(layers, room, included):
    """None, or why a file of `room` may not include this."""
    if included in GENERATED:
        return None if room in GENERATED[included] else f"may not include the generated {included}"
    target, slash, _ = included.partition("/")
    if not slash:
        return f'includes "{included}" without its room'
    if target not in layers:
        return f'includes "{included}", and {target} is no room of tools/layers.txt'
    if target != room and target not in layers[room]:
        return f'includes "{included}": {room} may not look into {target}'
    return None


def file_problems(layers, name, room, text):
    found = (include_problem(layers, room, included) for included in INCLUDE.findall(text))
    return [f"{name}: {problem}" for problem in found if problem]


def tree_problems(root):
    layers = layers_read((root / "tools/layers.txt").read_text())
    problems = layers_sound(layers)
    files = [path for path in sorted((root / "src").rglob("*")) if path.suffix in (".c", ".h", ".def")]
    for path in files:
        parts = path.relative_to(root / "src").parts
        name = path.relative_to(root)
        if len(parts) == 1:
            continue  # main.c wires everything
        if parts[0] not in layers:
            problems.append(f"{name}: {parts[0]} is no room of tools/layers.txt")
        else:
            problems += file_problems(layers, name, parts[0], path.read_text())
    return problems, len(files)


def self_check():
    layers = layers_read("base:\ndomain: base\nstore: base domain # rows\n")
    cases = [  # room, text, how many problems
        ("store", '#include "domain/rows.h"\n#include <string.h>\n#include "store/store.h"\n#include "queries.h"\n', 0),
        ("domain", '#include "store/store.h"\n', 1),
        ("domain", '  #  include "store/store.h"\n', 1),
        ("base", '#include "domain/rows.h"\n#include "store/store.h"\n', 2),
        ("domain", '#include "queries.h"\n', 1),
        ("domain", '#include "rows.h"\n', 1),
        ("domain", '#include "attic/rows.h"\n', 1),
        ("domain", '// #include "store/store.h"\n', 0),
    ]
    for room, text, count in cases:
        found = file_problems(layers, "planted.c", room, text)
        assert len(found) == count, (room, text, found)
    assert not layers_sound(layers)
    assert len(layers_sound(layers_read("a: b\nb: a\n"))) == 2
    assert len(layers_sound(layers_read("a: c\n"))) == 1


def main():
    self_check()
    if sys.argv[1:] == ["--self-check"]:
        return 0
    problems, count = tree_problems(pathlib.Path(sys.argv[1]))
    assert count > 20, "the tree is not where it should be"
    print(*problems, f"{count} files, {len(problems)} wrong arrows", sep="\n")
    return 1 if problems else 0


sys.exit(main())
