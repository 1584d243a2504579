#!/usr/bin/env python3
"""Times attention under masks against the same loops with plainer bounds.

Prints one table per setting and checks the figures the project promises: 8192
tokens under a window of 1024, tiles of 64 x 64; index tables of a million
tokens. The plainer loops are the same compiled code under the mask
`bidirectional` (every tile is multiplied) and `causal` (the upper bound only).
They carry no mask arithmetic for the window, so the speed-ups are lower bounds
of what skipping and masking in them would give.
"""
import argparse
import array
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import tables

WINDOW = 1024


def facts(length, vision):
    request = {"q_len": length, "kv_len": length, "window": WINDOW}
    if vision:
        request["token_types"] = [tables.prompt(length)]
    return request


def run_bench(build, policy, layer_type, request, options):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(request, file)
        file.flush()
        command = [
            str(build / "bin" / "mask-run"), "--bench", f"--policy={policy}",
            f"--layer-type={layer_type}", f"--facts={file.name}", "--dtype=f32",
            *(f"--{name}={value}" for name, value in options.items()),
        ]
        run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    return json.loads(run.stdout)


def bench(args, policy, layer_type, request):
    options = {"heads": args.heads, "kv-heads": args.kv_heads, "head-dim": args.head_dim, "repeat": args.repeat}
    if args.threads:
        options["threads"] = args.threads
    return run_bench(args.build, policy, layer_type, request, options)


def write_npy(path, shape, values):
    """Row-major f32, as numpy.save writes it."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        values.tofile(file)


def read_npy(path):
    data = pathlib.Path(path).read_bytes()
    values = array.array("f")
    values.frombytes(data[10 + struct.unpack("<H", data[8:10])[0]:])
    return values


def check(args):
    """The largest difference of compiled and interpreted attention under the
    vision mask, on random data of unit variance."""
    source = random.Random(1)
    n = sum(count for _, count in tables.PROMPT) // 2
    request = facts(n, False)
    request["token_types"] = [[[kind, count // 2] for kind, count in tables.PROMPT]]
    request["window"] = WINDOW // 2
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "facts.json").write_text(json.dumps(request))
        for name in ["query", "key", "value"]:
            heads = 2 if name == "query" else 1
            values = array.array("f", (source.gauss(0, 1) for _ in range(heads * n * args.head_dim)))
            write_npy(scratch / f"{name}.npy", [1, heads, n, args.head_dim], values)
        outputs = []
        for target in ["cpu", "interpreter"]:
            command = [
                str(args.build / "bin" / "mask-run"), "--policy=transformers-5.13-gemma4",
                "--layer-type=sliding_attention", f"--facts={scratch}/facts.json", f"--target={target}",
                *(f"--{name}={scratch}/{name}.npy" for name in ["query", "key", "value"]),
                "-o", f"{scratch}/{target}.npy"]
            run = subprocess.run(command, capture_output=True, text=True)
            if run.returncode:
                sys.exit(f"{' '.join(command)}\n{run.stderr}")
            outputs.append(read_npy(scratch / f"{target}.npy"))
    assert len(outputs[0]) == len(outputs[1]) == 2 * n * args.head_dim
    return max(abs(a - b) for a, b in zip(*outputs))


def print_table(title, rows):
    """Rows of (label, result); the last one is what the others are compared with."""
    print(f"\n{title}")
    print(f"  {'loops':<42}{'visited':>9}{'core':>7}{'edge':>7}{'pairs computed':>16}{'visible':>9}{'ms':>9}{'x':>7}")
    best = rows[-1][1]["min_ms"]
    for label, result in rows:
        tiles = result["tiles"]
        share = result["visible_pairs"] / result["computed_pairs"]
        print(f"  {label:<42}{tiles['visited']:>9,}{tiles['core']:>7,}{tiles['edge']:>7,}"
              f"{result['computed_pairs']:>16,}{share:>9.1%}{result['min_ms']:>9.1f}"
              f"{result['min_ms'] / best:>7.2f}", flush=True)


def time_tables(args, shapes):
    """Prints the time for the tables of each shape; returns the longest."""
    # One head of one query: next to nothing but tables.
    options = {"heads": 1, "kv-heads": 1, "head-dim": 8, "threads": 1, "repeat": 10}
    longest = 0
    for title, (policy, layer_type), given in shapes:
        result = run_bench(args.build, policy, layer_type, tables.request(given), options)
        longest = max(longest, result["tables_ms"])
        print(f"  {title:<42}{result['tables_ms']:>9.2f}", flush=True)
    return longest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="build directory")
    parser.add_argument("--length", type=int, default=8192)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--kv-heads", type=int, default=2)
    parser.add_argument("--head-dim", type=int, default=64)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--check", action="store_true",
                        help="compare the compiled loops with the interpreter as well")
    args = parser.parse_args()
    if not (args.build / "bin" / "mask-run").exists():
        sys.exit(f"bench.py: there is no mask-run in {args.build / 'bin'}")

    n = args.length
    shape = f"{n} tokens, window {WINDOW}, {args.heads} heads ({args.kv_heads} of keys) of {args.head_dim}, f32"
    print(f"{shape}; the least of {args.repeat} runs")
    all_tiles = bench(args, "bidirectional", "full_attention", facts(n, False))
    causal = bench(args, "causal", "full_attention", facts(n, False))
    sliding = bench(args, "causal-sliding", "sliding_attention", facts(n, False))
    print_table("Causal window", [
        ("all tiles", all_tiles), ("causal bound only", causal), ("bounds of the mask", sliding)])
    vision = bench(args, "transformers-5.13-gemma4", "sliding_attention", facts(n, True))
    print_table("Vision prompt, sliding layer of Gemma 4 (transformers 5.13)", [
        ("all tiles", all_tiles), ("bounds of the mask", vision)])
    print(f"\nCompiled once per mask: {sliding['compile_ms']:.0f} ms; index tables of the vision prompt: "
          f"{vision['tables_ms']:.2f} ms")

    print(f"\nIds and index tables of {tables.LENGTH:,} tokens, one thread, the least of 10 runs")
    print(f"  {'tokens':<42}{'ms':>9}")
    longest = time_tables(args, tables.shapes())
    time_tables(args, tables.scattered())

    if args.check:
        print(f"Largest error against the interpreter: {check(args):.1e}")

    if n != 8192:
        return 0
    tiles = sliding["tiles"]
    checks = [
        ("2,040 tiles visited of 16,384", tiles["visited"] == 2040 and tiles["total"] == 16384),
        ("1,800 core tiles", tiles["core"] == 1800),
        ("at least 6 x faster than all tiles", all_tiles["min_ms"] >= 6 * sliding["min_ms"]),
        ("at least 3 x faster than the causal bound", causal["min_ms"] >= 3 * sliding["min_ms"]),
        ("at most 10 ms for the tables of a million tokens", longest <= 10),
    ]
    print()
    for text, holds in checks:
        print(f"  [{'yes' if holds else ' NO'}] {text}")
    return 0 if all(holds for _, holds in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
