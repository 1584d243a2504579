#!/usr/bin/env python3
"""Runs mask-opt, after a check that what it read survives being printed and
parsed again.

`mask-opt --verify-roundtrip` makes the trip through bytecode and the generic form.
The custom forms, which this project writes, are what this script adds.

usage: verify-roundtrip.py MASK_OPT ARGUMENT...
"""
import difflib
import pathlib
import re
import subprocess
import sys

# Options without which a text cannot be parsed.
PARSER_OPTIONS = ("allow-unregistered-dialect", "split-input-file")


def name_of(argument):
    return argument.lstrip("-").split("=")[0]


def verify(mask_opt, arguments, source):
    """Compares the generic form of `source`, text or bytecode, with that of its custom form."""
    options = [argument for argument in arguments if name_of(argument) in PARSER_OPTIONS]

    def print_again(source, *more):
        return subprocess.run([mask_opt, *options, *more], input=source, capture_output=True)

    reference = print_again(source, "--mlir-print-op-generic")
    if reference.returncode != 0:
        return  # A test of what is refused.
    custom = print_again(source)
    again = print_again(custom.stdout, "--mlir-print-op-generic")
    if again.returncode == 0 and again.stdout == reference.stdout:
        return
    why = [custom.stderr.decode(), again.stderr.decode()]
    if again.returncode == 0:
        lines = [output.decode().splitlines() for output in (reference.stdout, again.stdout)]
        why = difflib.unified_diff(*lines, "read", "read again", lineterm="", n=0)
    sys.exit("\n".join(["the custom form does not survive a round trip:", *why]))


def main():
    mask_opt, *arguments = sys.argv[1:]
    files = [argument for argument in arguments if re.search(r"\.mlir$", argument) and not argument.startswith("-")]
    # What `-o` names is no input.
    files = [file for file in files if arguments[arguments.index(file) - 1] != "-o"]
    source = pathlib.Path(files[0]).read_bytes() if files else sys.stdin.buffer.read()
    verify(mask_opt, arguments, source)
    command = [mask_opt, "--verify-roundtrip", *arguments]
    sys.exit(subprocess.run(command, input=None if files else source).returncode)


main()
