#!/usr/bin/env python3
"""Checks the documentation of every op, attribute and type: each has a parsing
`mlir` example.

Reads what `mlir-tblgen -gen-dialect-doc` prints and runs every example through
mask-opt. Examples leave their operands undefined; here these become
block arguments, whose types are learned from the parser's complaints.

usage: check-examples.py MASK_OPT DIALECT_MARKDOWN
"""
import re
import subprocess
import sys

def defined(text):
    names = set()
    for line in text.splitlines():
        match = re.match(r"\s*((?:%\w+(?::\d+)?,?\s*)+)=\s", line)
        if match:
            names |= set(re.findall(r"%\w+", match.group(1)))
        if re.match(r"\s*\^\w+\(", line) or "mask.policy" in line or "func.func" in line:
            names |= set(re.findall(r"(%\w+)\s*:", line))
    return names


def run(mask_opt, source):
    return subprocess.run([mask_opt], input=source, capture_output=True, text=True)


def parse(mask_opt, body):
    """None if the example parses, else the last error."""
    if body.startswith("#"):
        body = f"func.func private @example() attributes {{example = {body}}}"
    if body.startswith("!"):
        body = f"func.func private @example({body})"
    top_level = "func.func" in body or "mask.policy" in body
    names = sorted(set(re.findall(r"%[A-Za-z_]\w*", body)) - defined(body))
    types = dict.fromkeys(names, "!mask.predicate")
    error = ""
    for _ in range(2 * len(names) + 2):
        if top_level:
            source = body
        else:
            arguments = ", ".join(f"{name}: {type}" for name, type in types.items())
            source = f"func.func @example({arguments}) {{\n{body}\nreturn\n}}\n"
        result = run(mask_opt, source)
        if result.returncode == 0:
            return None
        error = result.stderr
        match = re.search(
            r"use of value '(%\w+)' expects different type than prior uses: '(.*)' vs '(.*)'", error)
        if not match or types.get(match.group(1)) == match.group(2):
            return error
        types[match.group(1)] = match.group(2)
    return error


def main():
    mask_opt, path = sys.argv[1:]
    with open(path) as file:
        text = file.read()
    # Ops, attributes and types. Enums have cases instead of an example.
    sections = re.split(r"^### (.*)$", text.split("\n## Enums\n")[0], flags=re.M)[1:]
    failures = 0
    count = 0
    for title, text in zip(sections[::2], sections[1::2]):
        if "an enum of type" in text:
            continue
        op = re.match(r"`(mask\.\w+)`", title)
        used = op[1] if op else re.search(r"[#!]mask\.\w+", text)[0]
        count += 1
        examples = re.findall(r"^```mlir\n(.*?)^```$", text, flags=re.M | re.S)
        if not any(used in example for example in examples):
            print(f"FAIL {used}: no example")
            failures += 1
        for example in examples:
            error = parse(mask_opt, example)
            if error is not None:
                print(f"FAIL {used}:\n{example}{error}")
                failures += 1
    print(f"{count} definitions, {failures} failures")
    return 1 if failures or not count else 0


sys.exit(main())
