#!/usr/bin/env python3
"""Checks the documentation of every op: each has a parsing `mlir` example.

Reads what `mlir-tblgen -gen-op-doc` prints and runs every example of an op
through mask-opt. Examples leave their operands undefined; here these become
block arguments, whose types are learned from the parser's complaints.

usage: check-examples.py MASK_OPT OPS_MARKDOWN
"""
import re
import subprocess
import sys

# What an example may refer to.
PRELUDE = """
mask.policy @gemma("token_types" optional %t : tensor<?x?xi8>, "window" %w : index) {
  %p = mask.causal
  mask.layer_type "sliding_attention" = %p
}
"""

# Ops that live inside of another one: what stands before and after.
FRAMES = {
    "mask.yield": (
        "%s0 = mask.apply %scores at(%i, %i, %i, %i) over query predicate {\n",
        "\n} : vector<16xf32>\n",
    ),
    "mask.layer_type": (
        'mask.policy @framed("window" %w : index) {\n%slide = mask.causal\n',
        "\n}\n",
    ),
}
# A region of its own has to end in a predicate.
INNER = {"mask.yield": "%p = mask.causal\n"}


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


def parse(mask_opt, op, example):
    """None if the example parses, else the last error."""
    before, after = FRAMES.get(op, ("", ""))
    body = before + INNER.get(op, "") + example + after
    top_level = "func.func" in body or "mask.policy" in body
    names = sorted(set(re.findall(r"%[A-Za-z_]\w*", body)) - defined(body))
    types = dict.fromkeys(names, "!mask.predicate")
    error = ""
    for _ in range(2 * len(names) + 2):
        if top_level:
            source = PRELUDE + body
        else:
            arguments = ", ".join(f"{name}: {type}" for name, type in types.items())
            source = PRELUDE + f"func.func @example({arguments}) {{\n{body}\nreturn\n}}\n"
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
        sections = re.split(r"^### `(mask\.\w+)` \(mask::\w+Op\)$", file.read(), flags=re.M)[1:]
    failures = 0
    count = 0
    for op, text in zip(sections[::2], sections[1::2]):
        count += 1
        # The types and attributes come after the last op.
        text = re.split(r"^## ", text, flags=re.M)[0]
        examples = re.findall(r"^```mlir\n(.*?)^```$", text, flags=re.M | re.S)
        if not any(op in example for example in examples):
            print(f"FAIL {op}: no example")
            failures += 1
        for example in examples:
            error = parse(mask_opt, op, example)
            if error is not None:
                print(f"FAIL {op}:\n{example}{error}")
                failures += 1
    print(f"{count} ops, {failures} failures")
    return 1 if failures or not count else 0


sys.exit(main())
