#!/usr/bin/env python3
"""Checks docs/facts.schema.json against the goldens' requests.

Every request must fit; requests with one thing wrong must not.

usage: check-facts-schema.py SCHEMA GOLDENS
"""
import json
import pathlib
import sys

TYPES = {"object": dict, "array": list, "integer": int}
KNOWN = {"$schema", "title", "description", "type", "required", "additionalProperties", "properties",
         "items", "prefixItems", "minItems", "maxItems", "minimum", "maximum", "anyOf"}


def fits(schema, value):
    """The part of JSON schema that this one uses; other keywords are errors."""
    assert not set(schema) - KNOWN, set(schema) - KNOWN
    if "anyOf" in schema:
        return any(fits(choice, value) for choice in schema["anyOf"])
    kind = TYPES[schema["type"]] if "type" in schema else object
    if not isinstance(value, kind) or isinstance(value, bool):
        return False
    if isinstance(value, dict):
        properties = schema["properties"]
        return (set(schema.get("required", [])) <= set(value) <= set(properties)
                and all(fits(properties[key], item) for key, item in value.items()))
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return False
        items = schema.get("prefixItems") or [schema["items"]] * len(value)
        return all(fits(part, item) for part, item in zip(items, value))
    return schema.get("minimum", value) <= value <= schema.get("maximum", value)


# Positions are integers.
RIGHT = [
    {"q_len": 4, "kv_len": 2, "q_offset": -2},
    {"q_len": 4, "kv_len": 4, "q_offset": [-1, 0], "kv_offset": -3},
    {"q_len": 4, "kv_len": 4, "positions": [[-1, 0, 1, 2]], "key_positions": [[0, -1, -1, 5]]},
]
WRONG = [
    {},
    {"q_len": 4},
    {"q_len": 4, "kv_len": "4"},
    {"q_len": -1, "kv_len": 4},
    {"q_len": 4, "kv_len": 4, "windw": 2},
    {"q_len": 4, "kv_len": 4, "window": 1 << 30},
    {"q_len": 4, "kv_len": 4, "window": True},
    {"q_len": 4, "kv_len": 4, "token_types": [[0, 4]]},
    {"q_len": 4, "kv_len": 4, "token_types": [[[4, 4]]]},
    {"q_len": 4, "kv_len": 4, "token_types": [[[0, 0]]]},
    {"q_len": 4, "kv_len": 4, "key_valid": [[[2, 4]]]},
    {"q_len": 4, "kv_len": 4, "item_ranges": [[[0, 1, 2]]]},
    {"q_len": 4, "kv_len": 4, "q_offset": []},
    {"q_len": 4, "kv_len": 4, "q_offset": -1073741824},
    {"q_len": 4, "kv_len": 4, "left_padding": [-1]},
]


def main():
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
    failures = count = 0
    for path in pathlib.Path(sys.argv[2]).glob("*/*/case.json"):
        count += 1
        if not fits(schema, json.loads(path.read_text())["request"]):
            print(f"FAIL {path} does not fit")
            failures += 1
    for request in RIGHT:
        if not fits(schema, request):
            print(f"FAIL {request} does not fit")
            failures += 1
    for request in WRONG:
        if fits(schema, request):
            print(f"FAIL {request} fits")
            failures += 1
    print(f"{count} requests fit, {failures} failures")
    return 1 if failures or not count else 0


sys.exit(main())
