#!/usr/bin/env python3
"""Writes the generated documentation: docs/Ops.md and docs/Passes.md.

With --check it writes nothing and fails, with a diff, where the files in the
repository are not what the .td files say.
"""
import argparse
import difflib
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTE = "<!-- Generated from {source} by `tools/dev.sh docs`; do not edit. -->\n"


def tblgen(args, action, source):
    command = [args.tblgen, *action, str(ROOT / source), "-I", str(ROOT / "include")]
    for directory in args.include:
        command += ["-I", directory]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # The first line is mlir-tblgen's own note; table of contents markers mean
    # nothing to GitHub.
    lines = text.split("\n")[1:]
    return "\n".join(line.rstrip() for line in lines if line != "[TOC]").strip() + "\n"


def ops(args):
    source = "include/Mask/IR/MaskOps.td"
    text = tblgen(args, ["-gen-dialect-doc", "-dialect=mask"], source)
    return NOTE.format(source=source) + "\n" + text


def passes(args):
    sources = sorted((ROOT / "include" / "Mask").glob("*/Passes.td"))
    text = NOTE.format(source="include/Mask/*/Passes.td") + "\n# Passes\n"
    for source in sources:
        relative = source.relative_to(ROOT)
        text += f"\n## {source.parent.name}\n\n"
        body = tblgen(args, ["-gen-pass-doc"], relative)
        # Passes are "###" already; their options become one level deeper.
        text += body.replace("\n#### ", "\n##### ")
    return text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tblgen", required=True, help="mlir-tblgen")
    parser.add_argument("--include", action="append", default=[], help="MLIR's headers")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    stale = False
    for name, text in [("docs/Ops.md", ops(args)), ("docs/Passes.md", passes(args))]:
        path = ROOT / name
        current = path.read_text() if path.exists() else ""
        if current == text:
            print(f"{name}: up to date")
            continue
        if not args.check:
            path.write_text(text)
            print(f"{name}: written")
            continue
        stale = True
        diff = difflib.unified_diff(current.splitlines(), text.splitlines(), name, "generated", lineterm="", n=1)
        print("\n".join(list(diff)[:40]))
        print(f"{name} is stale: run tools/dev.sh docs")
    return 1 if stale else 0


sys.exit(main())
