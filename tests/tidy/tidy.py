#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""House rules that a compiler does not know (TIGER_STYLE's "tidy as a test"). Each rule is a function from a file's text to
(line, complaint) pairs, and each has planted offenders in self_check.

tidy.py ROOT          checks src/, sim/, tests/, tools/, sql/ and docs/
tidy.py --self-check  checks the rules only"""
import pathlib
import re
import sys

LINE_COLUMNS = 120
FUNCTION_LINES = 70
FILE_LINES = 500
EXCEPTIONS = {  # (rule, file): why
    ("sql", "src/channel/simulated_book.c"): "the simulated payer's own memory: another house, with no store under it",
}
C_FILES = {".c", ".h", ".def"}
SOURCE_FILES = C_FILES | {".py", ".sh", ".sql"}
DOCUMENTS = {".md", ".1", ".5"}
LEFTOVERS = {".orig", ".rej", ".bak", ".swp"}  # of a merge or an editor
FOLDERS = ("src", "tests", "tools", "sql", "sim", "docs")

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
FLOATS = re.compile(r"\b(float|double|goto)\b|(?<![\w.])\d+\.\d+|\b\d+[eE]-?\d+\b")
CLOCKS = re.compile(r"\b(time|clock|clock_gettime|gettimeofday|localtime|localtime_r|gmtime|mktime|timespec_get)\s*\(")
UNSAFE = re.compile(r"\b(gets|sprintf|vsprintf|strtok|atoi|atol|atof|strtod|alloca|system|popen|rand|srand|random|setjmp)\s*\(")
UNDONE = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "HA" + "CK")) + r")\b")
PAPER = re.compile(r"\b(contract|requirements|targets|design|style)" + r"\.md\b")
MDOC = re.compile(r"\.(Bl|El|It|Sh|Ss)\b")
SQL = re.compile(r"\b(SELECT|INSERT\s+INTO|INSERT\s+OR|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(TABLE|INDEX|UNIQUE|TRIGGER|VIEW)|"
                 r"DROP\s+TABLE|ALTER\s+TABLE|WHERE\s+\w+\s*=)")


def blank(match):
    """A token as spaces, so that lines and columns stay."""
    return re.sub(r"[^\n]", " ", match[0])


def code_of(text):
    return TOKEN.sub(blank, text)


def comments_gone(text):
    return TOKEN.sub(lambda match: blank(match) if match[0][0] == "/" else match[0], text)


def matches(pattern, text, complaint):
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, complaint.format(match[0].strip(" ("))


def rule_float(text):
    return matches(FLOATS, code_of(text), "{}: there is no floating point and no jump in this tree")


def rule_clock(text):
    return matches(CLOCKS, code_of(text), "{}(): moments come in as arguments (engine/world.h)")


def rule_unsafe(text):
    return matches(UNSAFE, code_of(text), "{}() has a safe sister")


def rule_undone(text):
    return matches(UNDONE, text, "{}: finish it or write an issue")


def rule_sql(text):
    for number, line in enumerate(comments_gone(text).split("\n"), 1):
        for literal in STRING.findall(line):
            if SQL.search(literal):
                yield number, f'"{literal[:40]}": SQL lives in sql/'


def rule_function(text):
    begin = None
    for number, line in enumerate(text.split("\n"), 1):
        if line == "{":
            begin = number
        elif line.startswith("}") and begin is not None:
            if number - begin + 1 > FUNCTION_LINES:
                yield begin, f"a function of {number - begin + 1} lines; {FUNCTION_LINES} are the most"
            begin = None


def rule_file(text):
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield lines, f"{lines} lines; {FILE_LINES} are the most"


def rule_license(text):
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in text.split("\n")[:2]):
        yield 1, "no SPDX line on top"


def rule_line(text):
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_COLUMNS:
            yield number, f"{len(line)} columns; {LINE_COLUMNS} are the most"
        if line != line.rstrip() or "\t" in line:
            yield number, "a tab or blanks at the end"


def rule_paper(text):
    return matches(PAPER, text, "{}: readers do not have it; say what is meant, or name a file of docs/")


def rule_manual(text):
    """mdoc: an item stands in a list, and a list ends before its section does."""
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        match = MDOC.match(line)
        if match and match[1] in ("Sh", "Ss", "It") and (depth > 0) != (match[1] == "It"):
            yield number, f".{match[1]} " + ("within a list" if depth else "outside of a list")
        depth += {"Bl": 1, "El": -1}.get(match[1], 0) if match else 0
    if depth != 0:
        yield number, "lists that do not end, or end twice"


RULES = {  # name: (function, folders, endings, files left out)
    "float": (rule_float, ("src",), C_FILES, ()),
    "clock": (rule_clock, ("src",), C_FILES, ("src/engine/world.c",)),
    "unsafe": (rule_unsafe, ("src",), C_FILES, ()),
    "undone": (rule_undone, ("src", "tests", "tools", "sql"), SOURCE_FILES, ("tests/tidy/tidy.py",)),
    "sql": (rule_sql, ("src",), C_FILES, ()),
    "function": (rule_function, ("src", "tests"), {".c"}, ()),
    "file": (rule_file, ("src",), C_FILES, ()),
    "license": (rule_license, ("src", "tests", "tools"), C_FILES | {".py", ".sh"}, ()),
    "line": (rule_line, ("src", "tools"), C_FILES | {".py"}, ()),
    "paper": (rule_paper, FOLDERS, SOURCE_FILES | DOCUMENTS, ("tests/tidy/tidy.py",)),
    "manual": (rule_manual, ("docs",), {".1", ".5"}, ()),
}


def tree_problems(root):
    count = 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix in LEFTOVERS:
                yield f"{name}: somebody left it behind"
            if path.suffix not in SOURCE_FILES | DOCUMENTS or not path.is_file() or "__pycache__" in name or \
                    "node_modules" in name:
                continue
            count += 1
            text = path.read_text(encoding="utf-8")
            for rule, (function, folders, endings, left_out) in RULES.items():
                if folder not in folders or path.suffix not in endings or name in left_out or (rule, name) in EXCEPTIONS:
                    continue
                for line, complaint in function(text):
                    yield f"{name}:{line}: {rule}: {complaint}"
    assert count > 50, "the tree is not where it should be"


def self_check():
    body = "    x++;\n"
    planted = {  # rule: (offenders, clean)
        "float": (["float x;", "int f(void)\n{\n    goto end;\n}", "x = 1.5;", "x = 1e9;"],
                  ["/* no float */", '"double entry"', "// goto", "int floats, x1e9 = 0x1e9;", "a.b", "int64_t version_1_2;"]),
        "clock": (["t = time(NULL);", "clock_gettime(0, &t);"], ["at_time(x);", "/* time(2) */", "view_time (x);"]),
        "unsafe": (["sprintf(a, b);", "atoi (a)"], ["snprintf(a, 1, b);", '"system("', "random_below(r, 1);"]),
        "undone": (["/* TO" + "DO later */", "FIX" + "ME"], ["METHODO", "A to do"]),
        "sql": (['x = "SELECT 1";', 'y = "insert", "DELETE FROM a";', 'f("UPDATE a SET b = 1")'],
                ['"select the best"', '/* "SELECT 1" */', '"UPDATE it"', "SELECT"]),
        "function": (["int f(void)\n{\n" + body * FUNCTION_LINES + "}\n"],
                     ["int f(void)\n{\n" + body * (FUNCTION_LINES - 2) + "}\n", "int t[] = {\n" + "1,\n" * 99 + "};\n"]),
        "file": (["\n" * (FILE_LINES + 1)], ["\n" * FILE_LINES]),
        "license": (["int x;\n", "\n\n/* SPDX-License-Identifier: Apache-2.0 */"], ["/* SPDX-License-Identifier: Apache-2.0 */"]),
        "paper": (["/* (contract" + ".md) */", "see targets" + ".md."], ["docs/policy.md", "redesign", "designs.md"]),
        "manual": ([".Sh A\n.It x\n", ".Bl\n.It x\n.Ss B\n", ".Bl\n.It x\n", ".El\n"], [".Sh A\n.Bl -tag\n.It x\n.El\n.Ss B\n"]),
        "line": (["x" * (LINE_COLUMNS + 1), "x ", "\tx"], ["x" * LINE_COLUMNS, "十" * LINE_COLUMNS]),
    }
    assert planted.keys() == RULES.keys()
    for rule, (offenders, clean) in planted.items():
        function = RULES[rule][0]
        for text in offenders:
            assert list(function(text)), (rule, "misses", text)
        for text in clean:
            assert not list(function(text)), (rule, "complains of", text, list(function(text)))
    assert list(rule_float('/* a\n*/ "b" float'))[0][0] == 2  # lines are counted through comments


def main():
    self_check()
    if sys.argv[1:] == ["--self-check"]:
        return 0
    problems = list(tree_problems(pathlib.Path(sys.argv[1])))
    print(*problems, f"{len(problems)} complaints", sep="\n")
    return 1 if problems else 0


sys.exit(main())
