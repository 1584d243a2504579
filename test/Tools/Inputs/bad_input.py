"""Bad facts and bad arrays: each is an error with its numbers, exit code 1 and no
output file, in little memory.

`bad_input.py TOOLS SCRATCH {facts,arrays}`
"""
import pathlib
import resource
import struct
import subprocess
import sys

TOOLS, SCRATCH = (pathlib.Path(argument) for argument in sys.argv[1:3])
OUT = SCRATCH / "out.npy"
# Address space: libraries and a few hundred MB, no more.
LIMIT = 3 << 30


def expect_error(what, expected, tool, *arguments):
    result = subprocess.run(
        [TOOLS / tool, *map(str, arguments), "-o", OUT], capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT)))
    lines = result.stderr.splitlines()
    assert result.returncode == 1, (what, result.returncode, result.stderr)
    assert any("error: " in line and expected in line for line in lines), (what, expected, result.stderr)
    assert not result.stdout and not OUT.exists(), what


N = '"q_len": 4, "kv_len": 4'
HUGE = ", ".join(["[[1, 67108864]]"] * 40)
FACTS = [
    # Lengths that contradict each other, or what the facts cover.
    ('{"q_len": 1, "kv_len": 4}', "'q_len' is 1 and 'kv_len' is 4, so 'q_offset' must be given: 0 if"),
    ('{"q_len": 1, "kv_len": 4}', "kv_len - q_len = 3 if they end with them"),
    ('{"q_len": 9, "kv_len": 4, "q_offset": [0, 1], "kv_offset": [0]}', "'kv_offset': has 1 batch rows, but 'q_offset' has 2"),
    ('{%s, "token_types": [[[0, 3]]]}', "'token_types' of batch row 0: covers 3 tokens, but kv_offset + kv_len is 4"),
    ('{%s, "key_valid": [[[1, 9]]]}', "'key_valid' of batch row 0: covers more than the 4 tokens of the request"),
    ('{%s, "query_positions": [[0, 1, 2]]}', "has 3 elements, but q_len is 4"),
    ('{%s, "token_types": [[[0, 4]], [[0, 4]]], "key_valid": [[[1, 4]]]}', "has 1 batch rows, but 'token_types' has 2"),
    # Values out of range.
    ('{%s, "token_types": [[[7, 4]]]}', "'token_types' of batch row 0: 7 is out of range; it must be at least 0 and at most 3"),
    ('{%s, "sequence_ids": [[[-2, 4]]]}', "-2 is out of range; it must be at least -1"),
    ('{%s, "document_ids": [[[1073741824, 4]]]}', "1073741824 is out of range; it must be at least -1 and at most 1073741823"),
    ('{%s, "positions": [[0, 1, 2, -1]]}', "-1 is out of range; it must be at least 0"),
    ('{%s, "left_padding": [5]}', "5 is more than the 4 tokens of the request"),
    ('{%s, "window": 0}', "'window': 0 is out of range; it must be at least 1"),
    ('{%s, "window": -3}', "'window': -3 is out of range"),
    ('{%s, "chunk": 0}', "'chunk': 0 is out of range"),
    ('{%s, "q_offset": -1}', "'q_offset': -1 is out of range"),
    ('{"q_len": -1, "kv_len": 4}', "'q_len': -1 is out of range; it must be at least 0 and at most 67108864"),
    ('{%s, "window": 1e400}', ""),
    ('{%s, "window": 2.5}', "'window': expected an integer"),
    # Ranges.
    ('{%s, "item_ranges": [[[3, 2]]]}', "'item_ranges' of batch row 0: range [3, 2] is reversed"),
    ('{%s, "item_ranges": [[[2, 4]]]}', "range [2, 4] lies outside of the 4 tokens of the request"),
    ('{%s, "item_ranges": [[[2, 3], [0, 2]]]}', "ranges [0, 2] and [2, 3] overlap"),
    # Keys and shapes.
    ('{%s, "windw": 3}', "unknown key 'windw'; known are q_len, kv_len"),
    ('{"kv_len": 4}', "'q_len' is missing"),
    ('{%s, "token_types": [[0, 0, 1, 1]]}', "expected pairs [value, count]"),
    ('{%s, "token_types": 3}', "expected a list with one entry per batch row"),
    ('{%s, "token_types": []}', "has no batch row"),
    ('[]', "expected a JSON object"),
    ('{"q_len": 4', ""),
    ('', ""),
    ("[" * 100000, "nested more than 100 levels deep"),
    # Sizes that no memory holds, in few characters.
    ('{"q_len": 4, "kv_len": 1000000000000}', "'kv_len': 1000000000000 is out of range; it must be at least 0 and at most 67108864"),
    ('{%s, "q_offset": 1000000000, "kv_offset": 1000000000}', "the request ends at position 1000000004; at most 67108864 tokens are supported"),
    ('{%s, "token_types": [[[0, 9000000000000000000], [0, 9000000000000000000]]]}', "covers more than the 4 tokens"),
    ('{"q_len": 67108864, "kv_len": 67108864, "key_valid": [' + HUGE + ']}', "'key_valid': has 134217728 elements or more"),
    ('{"q_len": 67108864, "kv_len": 67108864}', "67108864 queries and 67108864 keys is too large: at most 16777216 rows"),
]


def facts():
    path = SCRATCH / "facts.json"
    for text, expected in FACTS:
        path.write_text(text.replace("%s", N))
        expect_error(text[:80], expected, "mask-explain", "--policy=causal", f"--facts={path}", "--format=npy")
    print(len(FACTS), "facts refused")


def npy(header, data=b"", version=1):
    header = header.encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


GOOD = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 4, 8), }", bytes(128))


def header(descr="'<f4'", order="False", shape="(1, 1, 4, 8)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


ARRAYS = [
    (b"", "not a .npy file"),
    (b"PK\x03\x04" + bytes(60), "not a .npy file: the first 6 bytes are not its magic"),
    (GOOD[:8], "truncated: 8 bytes are no whole header"),
    (GOOD[:40], "truncated: the header has"),
    (GOOD[:-1], "needs 128 bytes of data, the file has 127"),
    (GOOD + b"\0", "needs 128 bytes of data, the file has 129"),
    (b"\x93NUMPY\x09\x00" + GOOD[8:], "format version 9.0 is not supported"),
    (npy(header(), b"", version=2)[:14], "truncated"),
    (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "truncated: the header has 4294967295 bytes"),
    (npy(header(descr="'|O'"), bytes(256)), "holds Python objects"),
    (npy(header(descr="'>f4'"), bytes(128)), "is big endian"),
    (npy(header(descr="[('a', '<f4')]"), bytes(128)), "structured arrays are not supported"),
    (npy(header(descr="'<c8'"), bytes(256)), "element type '<c8' is not supported"),
    (npy(header(descr="'<f8'"), bytes(256)), "has elements of type <f8; f32, f16 and bf16"),
    (npy(header(shape="(4294967296, 4294967296, 4, 8)")), "overflows the size of an array"),
    (npy(header(shape="(99999999999999999999, 1, 4, 8)")), "is no number of 63 bits"),
    (npy(header(shape="(1000000, 1000000, 4, 8)")), "bytes of data, the file has 0"),
    (npy(header(shape="(1, -1, 4, 8)")), "is no number of 63 bits"),
    (npy(header(shape="(4, 8)"), bytes(128)), "must have shape [batch, heads, seq, dim], got (4, 8)"),
    (npy(header(order="Maybe"), bytes(128)), "'fortran_order' must be True or False"),
    (npy("{'descr': '<f4'}", bytes(128)), "lacks 'descr', 'fortran_order' or 'shape'"),
    (npy("import os"), "the header is not a dictionary"),
]


def arrays():
    request, good, bad = (SCRATCH / name for name in ["facts.json", "good.npy", "bad.npy"])
    request.write_text("{%s}" % N)
    good.write_bytes(GOOD)
    for data, expected in ARRAYS:
        bad.write_bytes(data)
        for operand in ["query", "key", "value"]:
            operands = [f"--{name}={bad if name == operand else good}" for name in ["query", "key", "value"]]
            expect_error((operand, data[:70]), expected, "mask-run", "--policy=causal", f"--facts={request}",
                         "--target=interpreter", *operands)
    print(len(ARRAYS), "arrays refused")


globals()[sys.argv[3]]()
