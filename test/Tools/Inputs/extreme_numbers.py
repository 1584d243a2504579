"""Masks with numbers near the ends of 64 bits, against their definition.

`extreme_numbers.py TOOLS SCRATCH`: each picture is right, or refused with the
element at which the bounds are wrong.
"""
import json
import pathlib
import subprocess
import sys

TOOLS, SCRATCH = (pathlib.Path(argument) for argument in sys.argv[1:3])
FAR = [2**30, 2**31, 2**40, 2**62, 2**63 - 1]
SIZE = 6


def masks():
    """The predicate, and whether it shows a pair."""
    for n in FAR:
        yield f"mask.chunk size {n}", lambda q, k: True
        yield f"mask.chunk size {n} offset {3 - n}", lambda q, k: (q < 3) == (k < 3)
        yield f"mask.window left {n} right 0", lambda q, k: k <= q
        yield f"mask.window left -{n} right unbounded", lambda q, k: False
        yield f"mask.prefix {n}", lambda q, k: True
        yield f"mask.key_length -{n}", lambda q, k: False
        yield f"mask.dilated {n}", lambda q, k: q == k
        yield f"mask.interval lower affine_map<(q) -> (q mod {n})> upper affine_map<(q) -> (q + 2)>", lambda q, k: q <= k < q + 2
        yield f"mask.interval lower affine_map<(q) -> (q - {n // 2})> upper affine_map<(q) -> (q + {n // 2})>", lambda q, k: True
        scaled = n // 8
        yield (f"mask.interval lower affine_map<(q) -> (0)> upper affine_map<(q) -> ((q * {scaled}) floordiv {scaled} + 1)>",
               lambda q, k: k <= q)
    for n in (2**31, 2**40, 2**62, 2**63 - 1):
        ends = [3, -n, n, 2, 1, 0]
        yield (f"mask.row_range unbounded, %t : tensor<6xi64>\n  // {ends}", lambda q, k, ends=ends: k < ends[q])
        ids = [n, 0, n, 0, n - 1, 1]
        yield (f"mask.document %t : tensor<6xi64>\n  // {ids}", lambda q, k, ids=ids: ids[q] == ids[k])


count = refused = wrong = 0
SCRATCH.mkdir(exist_ok=True)
(SCRATCH / "facts.json").write_text(json.dumps({"q_len": SIZE, "kv_len": SIZE}))
for text, visible in masks():
    table = text.partition("// ")[2]
    constant = f"  %t = arith.constant dense<{table}> : tensor<6xi64>\n" if table else ""
    policy = f'mask.policy @p() {{\n{constant}  %p = {text}\n  mask.layer_type "*" = %p\n}}\n'
    (SCRATCH / "policy.mlir").write_text(policy)
    result = subprocess.run([TOOLS / "mask-explain", SCRATCH / "policy.mlir", f"--facts={SCRATCH}/facts.json", "--format=json"],
                            capture_output=True, text=True)
    count += 1
    if result.returncode:
        # The verifier may have a say, too.
        located = result.returncode == 1 and "policy.mlir:" in result.stderr and "error: " in result.stderr
        refused += 1
        if not located or result.stdout:
            wrong += 1
            print("WRONG", text, result.returncode, result.stderr)
        continue
    plane, = json.loads(result.stdout)["*"]["rows"]
    shown = {(q, k) for q, spans in enumerate(plane) for first, end in spans for k in range(first, end)}
    wanted = {(q, k) for q in range(SIZE) for k in range(SIZE) if visible(q, k)}
    if shown != wanted:
        wrong += 1
        print("WRONG", text, sorted(shown ^ wanted)[:3])
print(f"{count} masks, {refused} refused, {wrong} wrong")
