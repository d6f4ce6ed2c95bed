#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules know no clock, no disk and no heap: what libdomain.a and the views ask of others is a closed list.

purity.py BASE.a PURE.a...  reads the symbols with nm; anything undefined that is neither of these libraries nor on a list
fails. Base is allowed except for its impure corners. An unlisted symbol is not wrong by itself: look at it, and add it
here when it is a pure function of its arguments."""
import re
import subprocess
import sys

LIBC = set("""
memchr memcmp memcpy memmove memset bcmp strchr strrchr strcmp strcspn strlen strncmp strncpy strnlen strspn strstr stpcpy strcpy
strcat qsort bsearch snprintf vsnprintf abs labs
__memcpy_chk __memmove_chk __memset_chk __snprintf_chk __vsnprintf_chk __strcpy_chk __strncpy_chk __strcat_chk __stpcpy_chk
__stack_chk_fail _GLOBAL_OFFSET_TABLE_ __assert_fail abort
""".split())
YAML = set("""
yaml_parser_initialize yaml_parser_delete yaml_parser_set_input_string yaml_parser_set_encoding yaml_parser_parse
yaml_event_delete
""".split())
SODIUM = {"sodium_memcmp", "sodium_memzero", "sodium_base642bin", "sodium_bin2base64"}
# Of base, these look at the machine or speak to it.
BASE_IMPURE = {"random_init_system", "log_line", "log_quiet"}
TOOLCHAIN = re.compile(r"^__(asan|ubsan|tsan|sanitizer|gcov|llvm|sanitizer_cov)_")
SYMBOL = re.compile(r"^(?:[0-9a-fA-F]+ )?\s*([A-Za-z]) (\S+)$")


def symbols_read(nm_text):
    """(defined, {undefined: object that asks for it})"""
    defined, undefined, member = set(), {}, "?"
    for line in nm_text.splitlines():
        if line.endswith(":"):
            member = line[:-1]
        match = SYMBOL.match(line.strip())
        if match and match[1] in "Uw":
            undefined.setdefault(match[2], member)
        elif match:
            defined.add(match[2])
    return defined, undefined


def impure(base_text, pure_texts):
    base_defined, _ = symbols_read(base_text)
    pure = [symbols_read(text) for text in pure_texts]
    allowed = (base_defined - BASE_IMPURE) | LIBC | YAML | SODIUM
    for defined, _ in pure:
        allowed |= defined
    return sorted((symbol, member) for _, undefined in pure for symbol, member in undefined.items()
                  if symbol not in allowed and not TOOLCHAIN.match(symbol))


def self_check():
    base = "err.c.o:\n0000 T invariant_broken\n0000 T log_line\n"
    clean = "quote.c.o:\n0000 T quote_make\n                 U memcpy\n                 U invariant_broken\n"
    assert impure(base, [clean]) == []
    assert impure(base, [clean, "view.c.o:\n                 U quote_make\n"]) == []
    for bad in ("time", "clock_gettime", "malloc", "free", "fopen", "printf", "getenv", "pthread_mutex_lock", "strtod", "rand",
                "log_line", "sqlite3_step", "json_loadb", "yaml_parser_set_input_file", "randombytes_buf", "gettimeofday"):
        found = impure(base, [clean + f"                 U {bad}\n"])
        assert found == [(bad, "quote.c.o")], (bad, found)


def nm(path):
    return subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout


def main():
    self_check()
    if sys.argv[1:] == ["--self-check"]:
        return 0
    base, *pure = sys.argv[1:]
    texts = [nm(path) for path in pure]
    assert all("T " in text for text in texts), "nothing to look at"
    problems = impure(nm(base), texts)
    for symbol, member in problems:
        print(f"{member}: {symbol} is not on the list of pure functions")
    print(f"{len(pure)} libraries, {len(problems)} impure symbols")
    return 1 if problems else 0


sys.exit(main())
