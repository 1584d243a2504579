#!/usr/bin/env python3
"""Runs the `mlir` blocks of a page through mask-opt.

A block whose first line is `// canonicalized` must be what `--canonicalize`
makes of the block before, up to the names of values.

usage: check-blocks.py MASK_OPT PAGE
"""
import re
import subprocess
import sys


def run(mask_opt, block, *options):
    result = subprocess.run([mask_opt, *options], input=block, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{block}\n{result.stderr}")
    return result.stdout


def main():
    mask_opt, page = sys.argv[1:]
    with open(page) as file:
        blocks = re.findall(r"^```mlir\n(.*?)^```$", file.read(), flags=re.M | re.S)
    compared = 0
    for before, block in zip([""] + blocks, blocks):
        printed = run(mask_opt, block)
        if not block.startswith("// canonicalized\n"):
            continue
        actual = run(mask_opt, before, "--canonicalize")
        compared += 1
        if actual != printed:
            sys.exit(f"not what the page says:\n{actual}")
    print(f"{len(blocks)} blocks, {compared} compared")


main()
