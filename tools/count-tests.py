#!/usr/bin/env python3
"""Prints "PASSED FAILED" for a JSON file that `lit --output` wrote.

Fails if a suite of those named has no test that ran: it has tested nothing.

usage: count-tests.py RESULT SUITE...
"""
import json
import sys

PASSED = ("PASS", "XFAIL", "FLAKYPASS")
# Tests that miss an optional feature have neither passed nor failed.
LEFT_OUT = ("UNSUPPORTED", "EXCLUDED")


def main():
    with open(sys.argv[1]) as file:
        tests = [test for test in json.load(file)["tests"] if test["code"] not in LEFT_OUT]
    passed = sum(test["code"] in PASSED for test in tests)
    # "suite :: path"
    suites = {test["name"].split(" :: ")[0] for test in tests}
    for suite in sys.argv[2:]:
        if suite not in suites:
            print(f"no test of suite '{suite}' ran", file=sys.stderr)
            return 1
    print(passed, len(tests) - passed)
    return 0


sys.exit(main())
