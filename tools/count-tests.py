#!/usr/bin/env python3
"""Prints "PASSED FAILED" for a JSON file that `lit --output` wrote.

Fails if the file holds no test: a run without tests has tested nothing.
"""
import json
import sys


def main():
    with open(sys.argv[1]) as file:
        tests = json.load(file)["tests"]
    codes = [test["code"] for test in tests]
    # Unsupported tests have neither passed nor failed.
    passed = sum(code in ("PASS", "XFAIL", "FLAKYPASS") for code in codes)
    failed = sum(code in ("FAIL", "XPASS", "TIMEOUT", "UNRESOLVED") for code in codes)
    print(passed, failed)
    return 0 if passed + failed else 1


sys.exit(main())
