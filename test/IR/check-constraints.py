#!/usr/bin/env python3
"""Checks that every numbered constraint has a test, and every test a constraint.

The .td files document `(C1)` per op and `(P1)` for all parameters; a case of a test
starts with `// mask.OP C1` or `// (P1) ...`.

usage: check-constraints.py INCLUDE_DIR TEST_MLIR...
"""
import pathlib
import re
import sys


def documented(directory):
    for path in sorted(pathlib.Path(directory).glob("*.td")):
        op = None
        for line in path.read_text().splitlines():
            if match := re.match(r'def Mask_\w+Op\s*:\s*Mask_\w+<"(\w+)"', line):
                op = "mask." + match[1]
            for number in re.findall(r"\(([CP]\d+)\)", line):
                yield op if number[0] == "C" else "parameter", number


def tested(path):
    for case in re.split(r"^// -----$", pathlib.Path(path).read_text(), flags=re.M):
        comments = "\n".join(re.findall(r"^// (?!expected).*$", case, flags=re.M))
        yield from re.findall(r"^// (mask\.\w+) (C\d+)$", comments, flags=re.M)
        yield from (("parameter", number) for number in re.findall(r"^// \((P\d+)\)", comments, flags=re.M))


def main():
    directory, *tests = sys.argv[1:]
    constraints, cases = set(documented(directory)), {case for test in tests for case in tested(test)}
    for what, names in ("no test", constraints - cases), ("no constraint", cases - constraints):
        for name, number in sorted(names):
            print(f"{what} of {name} {number}")
    if constraints != cases:
        sys.exit(1)
    print(f"{len(constraints)} constraints")


main()
