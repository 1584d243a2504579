#!/usr/bin/env python3
"""Runs every policy of DIR through mask-opt, and its output again.

A file holds one policy, named like the file, under a comment whose first line
says what it is.

usage: verify-policies.py MASK_OPT DIR
"""
import pathlib
import subprocess
import sys


def optimize(mask_opt, text, *options):
    return subprocess.run([mask_opt, *options], input=text, check=True, capture_output=True, text=True).stdout


def problem_of(mask_opt, path):
    text = path.read_text()
    if not text.startswith("// ") or text.count("mask.policy") != 1 or f'mask.policy @"{path.stem}"' not in text.replace(
            f"@{path.stem}(", f'@"{path.stem}"('):
        return "is not one commented policy of the file's name"
    try:
        once = optimize(mask_opt, text)
        if optimize(mask_opt, once) != once or optimize(mask_opt, optimize(mask_opt, text, "--mlir-print-op-generic")) != once:
            return "changes in a round trip"
    except subprocess.CalledProcessError as error:
        return error.stderr
    return None


def main():
    paths = sorted(pathlib.Path(sys.argv[2]).glob("*.mlir"))
    problems = [f"{path}: {problem}" for path in paths if (problem := problem_of(sys.argv[1], path))]
    print(*problems, f"{len(paths)} policies, {len(problems)} problems", sep="\n")
    return 1 if problems or not paths else 0


sys.exit(main())
