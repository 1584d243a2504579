#!/usr/bin/env python3
"""Runs the commands of a Markdown file and compares what they print.

Every ```sh block is run by bash, all in one scratch directory, with the
project's tools first on the PATH. A ```text block after it is what it prints:
its lines must appear in the output in this order; a line of `...` stands for
any number of lines, so lines with nothing between them must be neighbours.

usage: run-tutorial.py FILE TOOL_DIRECTORY SCRATCH_DIRECTORY
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys


def blocks(text):
    """(command, expected or None, line) of each ```sh block."""
    pattern = re.compile(r"^```sh\n(.*?)^```\n(?:\s*\n)?(?:^```text\n(.*?)^```\n)?", re.M | re.S)
    for match in pattern.finditer(text):
        yield match.group(1), match.group(2), text.count("\n", 0, match.start()) + 1


def find(lines, run, start):
    """Where the lines of `run` stand in `lines`, at or after `start`."""
    for i in range(start, len(lines) - len(run) + 1):
        if lines[i:i + len(run)] == run:
            return i
    return None


def missing(expected, output):
    """The first part of `expected` that `output` lacks, or None."""
    lines = [line.rstrip() for line in output.splitlines()]
    position = 0
    parts = re.split(r"^\.\.\.\n", expected, flags=re.M)
    for number, part in enumerate(parts):
        run = [line.rstrip() for line in part.splitlines()]
        if not run:
            continue
        at = find(lines, run, position)
        if at is None or (number == 0 and at != 0):
            return part
        position = at + len(run)
    if not expected.endswith("...\n") and position != len(lines):
        return "(end of output)\n"
    return None


def main():
    path, tools, scratch = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}")
    count = compared = 0
    for command, expected, line in blocks(path.read_text()):
        count += 1
        run = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", command], cwd=scratch, env=environment,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode:
            sys.exit(f"{path}:{line}: exit code {run.returncode}\n{command}{run.stdout}")
        if expected is not None:
            compared += 1
            part = missing(expected, run.stdout)
            if part is not None:
                sys.exit(f"{path}:{line}: not printed:\n{part}\n--- by\n{command}--- which printed\n{run.stdout}")
    print(f"{count} commands ran, {compared} outputs compared")
    return 0 if count and compared else 1


sys.exit(main())
