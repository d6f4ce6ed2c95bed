# SPDX-License-Identifier: Apache-2.0
"""`ebb quote` against stored answers: facts.jsonl in, quotes.jsonl expected, line by line. Bad lines stand among good
ones, so the answers must stay in step. The two vectors of AL-09 are files of their own. Every member of a facts object is
then left out once: each must be missed by its pointer."""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
OPTIONAL = {"/funds/other_held"}


def quote(ebb, *arguments, text=""):
    done = subprocess.run([ebb, "quote", "--facts", *arguments], input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def without_each(value, pointer=""):
    """Every (pointer, copy of the whole without it)."""
    if isinstance(value, dict):
        for key in value:
            yield pointer + "/" + key, {k: v for k, v in value.items() if k != key}
            for inner, changed in without_each(value[key], pointer + "/" + key):
                yield inner, {**value, key: changed}
    if isinstance(value, list):
        for index, item in enumerate(value):
            for inner, changed in without_each(item, f"{pointer}/{index}"):
                yield inner, value[:index] + [changed] + value[index + 1:]


def check_lines(ebb):
    status, answers, _ = quote(ebb, "-", text=(HERE / "facts.jsonl").read_text())
    expected = (HERE / "quotes.jsonl").read_text().splitlines()
    assert status == 2, f"bad lines must end in 2, not {status}"
    assert len(answers.splitlines()) == len(expected), "answers and expectations are out of step"
    for number, (got, want) in enumerate(zip(answers.splitlines(), expected), 1):
        assert json.loads(got) == json.loads(want), f"line {number}:\n{got}\n{want}"
    return len(expected)


def check_sums(ebb):
    _, answers, _ = quote(ebb, "-", text=(HERE / "facts.jsonl").read_text())
    for answer in map(json.loads, answers.splitlines()):
        if "cash" in answer:
            assert answer["cash"] - sum(i["amount"] for i in answer["held_back"]) == answer["withdrawable"]


def check_files(ebb):
    for name, withdrawable in (("alibaba-1.json", 20000), ("alibaba-2.json", 50000)):
        status, answer, _ = quote(ebb, str(HERE / name))
        assert (status, json.loads(answer)["withdrawable"]) == (0, withdrawable), name
    status, answer, problem = quote(ebb, str(HERE / "absent.json"))
    assert status == 2 and answer == "" and "absent.json" in problem


def check_missing(ebb):
    whole = json.loads((HERE / "alibaba-1.json").read_text())
    cases = [case for case in without_each(whole) if case[0] not in OPTIONAL]
    status, answers, _ = quote(ebb, "-", text="\n".join(json.dumps(changed) for _, changed in cases))
    assert status == 2
    for (pointer, _), answer in zip(cases, map(json.loads, answers.splitlines()), strict=True):
        assert [e["pointer"] for e in answer["errors"]] == [pointer], (pointer, answer)
    return len(cases)


def main():
    ebb = sys.argv[1]
    lines = check_lines(ebb)
    check_sums(ebb)
    check_files(ebb)
    print(f"{lines} lines, 2 files, {check_missing(ebb)} members left out")


if __name__ == "__main__":
    main()
