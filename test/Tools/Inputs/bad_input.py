"""Bad facts, arrays, configs, options and outputs: each is an error with its
numbers, exit code 1 and no output file, in little memory.

`bad_input.py TOOLS SCRATCH {facts,arrays,configs,options,outputs}`
"""
import os
import pathlib
import resource
import signal
import struct
import subprocess
import sys

TOOLS, SCRATCH = (pathlib.Path(argument) for argument in sys.argv[1:3])
OUT = SCRATCH / "out.npy"
# Address space: libraries and a few hundred MB, no more.
LIMIT = 3 << 30


def limit_memory():
    # AddressSanitizer reserves all there is for its own books.
    if "ASAN_OPTIONS" not in os.environ:
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))


def expect_error(what, expected, tool, *arguments):
    result = subprocess.run(
        [TOOLS / tool, *map(str, arguments), "-o", OUT], capture_output=True, text=True, timeout=60,
        preexec_fn=limit_memory)
    lines = result.stderr.splitlines()
    assert result.returncode == 1, (what, result.returncode, result.stderr)
    # What the parser of options says has no "error: ".
    assert any(line.startswith(tool) or "error: " in line for line in lines if expected in line), (what, expected, result.stderr)
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
    ('{%s, "positions": [[0, 1, 2, -1073741824]]}', "-1073741824 is out of range; it must be at least -1073741823"),
    ('{%s, "kv_offset": -2, "key_positions": [[0, 1, 2, 3]]}', "'key_positions' of batch row 0: lists what begins at -2, but 'kv_offset' must be at least 0"),
    ('{%s, "left_padding": [5]}', "5 is more than the 4 tokens of the request"),
    ('{%s, "window": -1073741824}', "'window': -1073741824 is out of range"),
    ('{%s, "chunk": 1073741824}', "'chunk': 1073741824 is out of range"),
    ('{%s, "q_offset": -1073741824}', "'q_offset': -1073741824 is out of range; it must be at least -1073741823"),
    ('{%s, "left_padding": [-1]}', "-1 is out of range; it must be at least 0"),
    ('{"q_len": -1, "kv_len": 4}', "'q_len': -1 is out of range; it must be at least 0 and at most 67108864"),
    ('{%s, "window": 1e400}', "'window': expected an integer, got inf"),
    ('{%s, "window": 1e300}', "'window': expected an integer, got 1"),
    ('{%s, "window": NaN}', "Invalid JSON value"),
    ('{%s, "window": -Infinity}', "Invalid JSON value"),
    ('{%s, "window": 2.5}', "'window': expected an integer, got 2.5"),
    ('{%s, "window": 18446744073709551615}', "'window': expected an integer, got 18446744073709551615"),
    ('{%s, "window": 1073741824}', "'window': 1073741824 is out of range; it must be at least -1073741823 and at most 1073741823"),
    # Other types of JSON.
    ('{%s, "window": "3"}', "'window': expected an integer, got \"3\""),
    ('{%s, "window": null}', "'window': expected an integer, got null"),
    ('{%s, "window": true}', "'window': expected an integer, got true"),
    ('{%s, "window": [3]}', "'window': expected an integer, got [3]"),
    ('{%s, "q_offset": "0"}', "'q_offset': expected an integer, got \"0\""),
    ('{%s, "q_offset": []}', "'q_offset': has no batch row"),
    ('{%s, "key_valid": {"a": 1}}', "'key_valid': expected a list with one entry per batch row, got {\"a\":1}"),
    ('{%s, "key_valid": [3]}', "'key_valid' of batch row 0: expected a list, got 3"),
    ('{%s, "key_valid": [[[true, 4]]]}', "expected pairs [value, count] of integers, got [true,4]"),
    ('{%s, "key_valid": [[[2, 4]]]}', "2 is out of range; it must be at least 0 and at most 1"),
    ('{%s, "key_valid": [[[1, 2], [0, 0], [1, 2]]]}', "a run has 0 tokens; it must have at least 1"),
    ('{%s, "item_ranges": [[[0, 1, 2]]]}', "expected pairs [start, end], got [0,1,2]"),
    ('{%s, "left_padding": [[1]]}', "'left_padding' of batch row 0: expected an integer, got [1]"),
    # Keys that occur twice, however they are spelled.
    ('{"q_len": 5, %s}', '[1:13, byte=13]: key "q_len" occurs twice'),
    ('{"q\\u005flen": 4, %s}', 'key "q_len" occurs twice'),
    ('{"request": {%s}, "request": {%s}}', 'key "request" occurs twice'),
    ('{"request": {"kv_len": 4, %s}}', 'key "kv_len" occurs twice'),
    ('{"request": [%d]}', "Invalid JSON value"),
    ('{"request": 3}', "'request' must be an object"),
    ('{%s}x', "Text after end of document"),
    ('{%s, "length": 9}', "unknown key 'length'; known are q_len, kv_len"),
    ('{%s, "Window": 9}', "unknown key 'Window'"),
    ("\udcff\udcfe", "Invalid UTF-8 sequence"),
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
    ('{"a":' * 100000, "nested more than 100 levels deep"),
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
        path.write_text(text.replace("%s", N), errors="surrogateescape")
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


def extents():
    """Extents of which no data are there, or too many."""
    huge = 1000000000000000
    shape = lambda *sizes: npy(header(shape=str(sizes)), bytes(4) * int(0 not in sizes and 4 * 8))
    cases = [
        ((1, 1, 4, 8), (1, 1, 0, 8), (1, 1, 0, huge), f"the value of shape (1, 1, 0, {huge}) is too large: at most 4294967296"),
        ((huge, 1, 0, 8), (huge, 1, 0, 8), (huge, 1, 0, 8), f"the query of shape ({huge}, 1, 0, 8) is too large"),
        ((1, 1, 4, 8), (1, 0, 4, 8), (1, 0, 4, 8), "the 0 key heads must divide the 1 query heads"),
        ((0, 1, 4, 8), (1, 1, 4, 8), (1, 1, 4, 8), "do not agree in the batch"),
        ((1, 1, 4, 8), (1, 1, 4, 0), (1, 1, 4, 8), "do not agree in the head dimension"),
        ((1, 1, 4, 0), (1, 1, 4, 0), (1, 1, 4, 8), "the head dimension must be at least 1, got 0 for query and key and 8 for value"),
        ((1, 1, 4, 8), (1, 1, 4, 8), (1, 1, 4, 0), "the head dimension must be at least 1, got 8 for query and key and 0 for value"),
    ]
    for *shapes, expected in cases:
        paths = [SCRATCH / name for name in ["q.npy", "k.npy", "v.npy"]]
        for path, sizes in zip(paths, shapes):
            path.write_bytes(shape(*sizes))
        request = SCRATCH / "extents.json"
        request.write_text('{"q_len": %d, "kv_len": %d, "q_offset": 0}' % (shapes[0][2], shapes[1][2]))
        expect_error(shapes, expected, "mask-run", "--policy=causal", f"--facts={request}", f"--query={paths[0]}",
                     f"--key={paths[1]}", f"--value={paths[2]}")
    print(len(cases), "extents refused")


def configs():
    layers = '"model_type": "mistral", "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16'
    cases = [
        ("[" * 100000, "nested more than 100 levels deep"),
        ('{"a":' * 100000, "nested more than 100 levels deep"),
        ('{%s, "head_dim": 32}' % layers, 'key "head_dim" occurs twice'),
        ('{"text_config": {%s, "head_dim": 32}}' % layers, 'key "head_dim" occurs twice'),
        ('{%s, "sliding_window": NaN}' % layers, "is not JSON"),
        ('{%s, "sliding_window": 1e400}' % layers, "sliding_window: inf is not an integer"),
        ('{%s, "text_config": 3}' % layers, "text_config: 3 is not an object"),
        ("", "is not JSON"),
    ]
    path = SCRATCH / "config.json"
    for text, expected in cases:
        path.write_text(text)
        expect_error(text[:80], expected, "mask-translate", "--import-hf-config", path)
    print(len(cases), "configs refused")


def write_operands():
    """The options of a run that succeeds."""
    request, good = SCRATCH / "facts.json", SCRATCH / "good.npy"
    request.write_text("{%s}" % N)
    good.write_bytes(GOOD)
    return ["--policy=causal", f"--facts={request}", *(f"--{name}={good}" for name in ["query", "key", "value"])]


def options():
    """Options that are out of range, or that would be read and ignored."""
    run = ["mask-run", *write_operands()]
    bench = ["mask-run", "--bench", *run[1:3], "--heads=2", "--kv-heads=1", "--head-dim=4"]
    cases = [
        (run, "--scale=nan", "--scale must be finite in f32, got nan"),
        (run, "--scale=-inf", "--scale must be finite"),
        (run, "--scale=1e99", "--scale must be finite"),
        (run, "--scale=half", "'half' value invalid for floating point argument"),
        (run, "--threads=0", "--threads must be from 1 to 1024, got 0"),
        (run, "--threads=100000", "--threads must be from 1 to 1024, got 100000"),
        (run, "--check --tolerance=nan", "--tolerance must be at least 0, got nan"),
        (run, "--tolerance=1", "--tolerance does not go with files without --check"),
        (run, "--heads=4", "--heads does not go with files; it is for --bench"),
        (run, "--repeat=4", "--repeat does not go with files"),
        (run, "--target=interpreter --save-temps=temps", "--save-temps does not go with --target=interpreter"),
        (run, "--target=interpreter --static", "--static does not go with --target=interpreter"),
        (run, "--warp-order=skewed", "--warp-order does not go with --target=cpu; it is for simt-emulation"),
        (run, "--stage=nvvm", "--stage does not go with --target=cpu; it is for simt-emulation"),
        (run, "--emitter=tensor-core", "--emitter does not go with --target=cpu; it is for simt-emulation"),
        (run, "--target=interpreter --copy-time=early", "--copy-time does not go with --target=interpreter; it is for simt-emulation"),
        (run, "--target=simt-emulation --copy-time=early", "--copy-time does not go with portable kernels, which copy nothing asynchronously"),
        (run, "--target=simt-emulation --seed=3", "--seed does not go with an emulation in which nothing is random"),
        (run, "--target=simt-emulation --warp-order=sideways", "Cannot find option named 'sideways'"),
        (run, "--target=simt-emulation --static --bench", "--query does not go with --bench"),
        (run, "--target=vulkan --emitter=auto", "--emitter does not go with --target=vulkan, whose kernels run on a device"),
        (run, "--target=cuda --threads=2", "--threads does not go with --target=cuda, whose kernels run on a device"),
        (run, "--target=tpu", "Cannot find option named 'tpu'"),
        (run, "--dtype=f64", "--dtype=f64 is for --bench and --cases; files hold f32, f16 or bf16"),
        (run, "--dtype=f8", "Cannot find option named 'f8'"),
        (run, "--bench", "--query does not go with --bench"),
        (bench, "", "-o does not go with --bench"),
        (["mask-run", "--cases=cases"], "", "-o does not go with --cases"),
        (["mask-run", "--cases=cases", "--policy=causal"], "", "--policy does not go with --cases"),
        (["mask-run", "--cases=cases", "model.mlir"], "", "[model.mlir] does not go with --cases"),
        (["mask-explain", "--list-policies"], "", "-o does not go with --list-policies"),
        (["mask-explain", "--prompt=text:4", "--print-facts"], "--tile=2x2", "--tile does not go with --print-facts"),
        (["mask-explain", "--prompt=text:4", "--print-facts"], "--layer-type=x", "--layer-type does not go with --print-facts without a policy"),
        (["mask-explain", "--prompt=text:4", "--print-facts"], "--policy=causal-sliding", "needs the fact 'window'"),
        (["mask-explain", "--prompt=text:4"], "--policy=transformers@5.20", "unknown policy 'transformers@5.20'; known are"),
    ]
    for command, option, expected in cases:
        expect_error((command, option), expected, *command, *option.split())
    print(len(cases), "options refused")


def expect_write_error(expected, command, limit=None):
    def prepare():
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    result = subprocess.run([TOOLS / command[0], *map(str, command[1:])], stderr=subprocess.PIPE, text=True,
                            stdout=subprocess.DEVNULL, timeout=60, preexec_fn=prepare)
    assert result.returncode == 1 and f"error: {expected}" in result.stderr, (command, result.returncode, result.stderr)
    assert len(result.stderr.splitlines()) == 1, result.stderr
    left = [path for path in SCRATCH.rglob("*") if "out" in path.name or "temp" in path.name]
    assert not left, left


def outputs():
    """Files that cannot be written, or are not only written."""
    run = ["mask-run", "--target=interpreter", *write_operands()]
    explain = ["mask-explain", "--policy=causal", "--prompt=text:400"]
    config = SCRATCH / "config.json"
    config.write_text('{"model_type": "qwen3", "num_hidden_layers": 1, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16}')
    translate = ["mask-translate", "--import-hf-config", "--policy=causal", config]
    folder, missing, good = SCRATCH / "folder", SCRATCH / "missing" / "out.npy", SCRATCH / "good.npy"
    folder.mkdir(exist_ok=True)
    cases = 0
    for command in [run, explain, explain + ["--format=npy"], translate]:
        where = f"{config}: " if command is translate else ""
        for path, reason, limit in [(missing, "No such file or directory", None), (OUT, "File too large", 64),
                                    ("/dev/full", "No space left on device", None)]:
            expect_write_error(f"{where}cannot write '{path}': {reason}", [*command, "-o", path], limit)
            cases += 1
        if command[-1] != "--format=npy":
            expect_write_error(f"{where}cannot write '{folder}': Is a directory", [*command, "-o", folder])
    # A device is written, not replaced.
    assert not pathlib.Path("/dev/full").is_file()
    for path in [good, SCRATCH / "folder" / ".." / "good.npy", SCRATCH / "facts.json"]:
        expect_write_error("-o would replace what --", [*run, "-o", path])
    expect_write_error(f"-o and --lse are one file, '{OUT}'", [*run, "-o", OUT, f"--lse={OUT}"])
    expect_write_error("-o and --lse are one file, '-'", [*run, "-o", "-", "--lse=-"])
    expect_write_error(f"{config}: -o would replace what <config.json> reads", [*translate, "-o", config])
    facts = SCRATCH / "facts.json"
    expect_write_error("-o would replace what --facts reads",
                       ["mask-explain", "--policy=causal", f"--facts={facts}", "-o", facts])
    # Both files or none; several files or none.
    expect_write_error("cannot write", [*run, "-o", OUT, f"--lse={missing}"])
    expect_write_error("cannot write", [*run, "-o", OUT, f"--lse={folder}"])
    expect_write_error("cannot write", [*explain, "--format=blockmask", "--tile=8x8", "-o", SCRATCH / "lists"], limit=3000)
    assert not [path for path in (SCRATCH / "lists").rglob("*") if path.is_file()]
    # What was there stays.
    assert good.read_bytes() == GOOD
    # Standard output is a file like others.
    for command in [explain, translate, [*run, "--check"], [*run, "-o", "-"], ["mask-explain", "--list-policies"],
                    ["mask-explain", "--policy=causal", "--prompt=text:4", "--against=causal"]]:
        with open("/dev/full", "w") as full:
            result = subprocess.run([TOOLS / command[0], *map(str, command[1:])], stdout=full, stderr=subprocess.PIPE, text=True)
        assert result.returncode == (2 if "--against=causal" in command else 1), (command, result.returncode)
        assert "cannot write to standard output: No space left on device\n" in result.stderr, (command, result.stderr)
    # A file that may not be written, unless one may write everything.
    OUT.write_text("mine")
    OUT.chmod(0o444)
    if not os.access(OUT, os.W_OK):
        result = subprocess.run([TOOLS / explain[0], *explain[1:], "-o", OUT], stderr=subprocess.PIPE, text=True)
        assert result.returncode == 1 and "Permission denied" in result.stderr, result
        assert OUT.read_text() == "mine"
    OUT.unlink()
    print(cases, "outputs refused")


globals()[sys.argv[3]]()
