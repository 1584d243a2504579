#!/usr/bin/env python3
"""Runs every policy of DIR through mask-opt, and its output again.

A file holds one policy, named like the file, under a comment whose first line
says what it is.

usage: verify-policies.py MASK_OPT DIR
"""
import pathlib
import subprocess
import sys

MASK_OPT = [sys.argv[1], "--split-input-file"]
SEPARATOR = "// -----\n"


def optimize(texts, *options):
    """All at once; each is a module of its own."""
    run = subprocess.run(MASK_OPT + list(options), input=SEPARATOR.join(texts), capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return run.stdout.split(SEPARATOR)


def is_one_policy(path, text):
    names = [f"mask.policy @{path.stem}(", f'mask.policy @"{path.stem}"(']
    return text.startswith("// ") and text.count("mask.policy") == 1 and any(name in text for name in names)


def main():
    paths = sorted(pathlib.Path(sys.argv[2]).glob("*.mlir"))
    texts = [path.read_text() for path in paths]
    problems = [f"{path}: is not one commented policy of the file's name"
                for path, text in zip(paths, texts) if not is_one_policy(path, text)]
    once = optimize(texts)
    for again in optimize(once), optimize(optimize(texts, "--mlir-print-op-generic")):
        assert len(once) == len(again) == len(paths), (len(once), len(again), len(paths))
        problems += [f"{path}: changes in a round trip" for path, x, y in zip(paths, once, again) if x != y]
    print(*problems, f"{len(paths)} policies, {len(problems)} problems", sep="\n")
    return 1 if problems or not paths else 0


sys.exit(main())
