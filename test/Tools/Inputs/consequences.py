"""What follows from the rules of the vision systems, asked of mask-explain.

Each function is one consequence; `consequences.py TOOLS NAME` checks it
with the mask-explain of the directory TOOLS.
"""
import functools
import json
import os
import subprocess
import sys
import tempfile

RUNS = ["transformers-5.12", "transformers-5.13-gemma4", "gemma-jax-gemma4", "kerashub-gemma4",
        "transformers-5.12-gemma3", "transformers-5.13-gemma3", "gemma-jax-gemma3", "kerashub-gemma3"]
ITEMS = ["vllm-0.20", "vllm-0.25-triton", "vllm-0.25-flex", "vllm-gemma3", "llamacpp-gemma3"]
SLIDING = "--layer-type=sliding_attention"
FULL = "--layer-type=full_attention"


def explain(*arguments, codes=(0,)):
    result = subprocess.run([os.path.join(sys.argv[1], "mask-explain"), *arguments], capture_output=True, text=True)
    assert result.returncode in codes, (arguments, result.returncode, result.stderr)
    return result.stdout


def facts(request):
    """The options for a request that no prompt can say."""
    file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
    with file:
        json.dump(request, file)
    FILES.append(file.name)
    return [f"--facts={file.name}"]


FILES = []


def prompt(text, window):
    return [f"--prompt={text}", f"--window={window}"]


@functools.cache
def masks(policy, request):
    """By layer type. A policy that has one mask for all of them names it "*"."""
    return json.loads(explain(f"--policy={policy}", "--format=json", *request))


def rows(policy, request, layer=SLIDING):
    """Per query of batch row 0, the spans of keys that it sees."""
    layers = masks(policy, tuple(request))
    return layers.get(layer.removeprefix("--layer-type="), layers.get("*"))["rows"][0]


def pairs(policy, request, layer=SLIDING):
    return {(q, k) for q, spans in enumerate(rows(policy, request, layer))
            for low, high in spans for k in range(low, high)}


def difference(first, second, request, layer=SLIDING):
    """How many pairs only the one and only the other shows, with witnesses."""
    text = explain(f"--policy={first}", f"--against={second}", layer, "--format=json", *request,
                   codes=(0, 1))
    sides = next(iter(json.loads(text).values()))
    return tuple((sides[side]["pairs"], *(sides[side]["witness"][c] for c in "qk"))
                 if sides[side]["pairs"] else (0,) for side in ["only_first", "only_second"])


SAME = ((0,), (0,))


def short_blocks_coincide():
    """Blocks of at most W tokens: all sliding rules are one, but for
    flex-effective and 2026-05."""
    request = prompt("text:3 image:8 text:9 image:7 text:2 image:2 text:14", 8)
    for policy in RUNS[1:] + ITEMS:
        assert difference(RUNS[0], policy, request) == SAME, policy
    unbounded, = {difference(RUNS[0], "gemma-jax-gemma4-2026-05", request)}
    assert unbounded[0] == (0,) and unbounded[1][0] > 0, unbounded
    pages = facts({"q_len": 45, "kv_len": 45, "window": 20, "page": 4, "q_block": 4,
                   "token_types": [[[0, 2], [1, 18], [0, 25]]], "item_ranges": [[[2, 19]]]})
    assert difference(RUNS[0], "vllm-0.25-flex", pages) == SAME
    lost = difference(RUNS[0], "vllm-0.25-flex-effective", pages)
    assert lost[0][0] > 0 and lost[1] == (0,), lost


def long_blocks_differ():
    """5.13 without gemma-jax is {blk, k - q >= W}, and 5.12 without 5.13 is
    {blk, q - k >= W}; neither way back is there a pair."""
    request = prompt("text:2 image:13 text:3 image:5 text:1 image:11", 8)
    block = lambda q, k: any(s <= q < e and s <= k < e for s, e in [(2, 15), (18, 23), (24, 35)])
    square = {(q, k) for q in range(35) for k in range(35)}
    old, new, jax = (pairs(policy, request) for policy in RUNS[:3])
    assert new - jax == {(q, k) for q, k in square if block(q, k) and k - q >= 8}
    assert old - new == {(q, k) for q, k in square if block(q, k) and q - k >= 8}
    assert not jax - new and not new - old
    request = prompt("image:1100", 1024)
    assert difference(RUNS[1], RUNS[2], request) == ((2926, 0, 1024), (0,))
    assert difference(RUNS[0], RUNS[1], request) == ((2926, 1024, 0), (0,))


def full_layers_differ():
    """By the L (L - 1) / 2 future pairs of a block of L tokens, whatever W is."""
    for length in [2, 17, 280, 1100, 1120]:
        for window in [1, 1024, 4096]:
            request = prompt(f"text:5 image:{length} text:3", window)
            only = difference(RUNS[0], RUNS[1], request, FULL)
            assert only == ((length * (length - 1) // 2, 5, 6), (0,)), (length, window, only)


def touching_images():
    """10..19 and 20..29 are one block of runs and two of items."""
    request = prompt("text:10 image:10,10 text:4", 1024)
    for policy in RUNS:
        assert (15, 25) in pairs(policy, request), policy
    for policy in ITEMS:
        assert (15, 25) not in pairs(policy, request), policy
    # The first image does not see the second; the way back is causal.
    assert difference(RUNS[1], "vllm-0.25-triton", request) == ((100, 10, 20), (0,))


def one_interval():
    """A row is [low, high] around the block [s, e] of its query, or around
    itself."""
    W, blocks = 6, [(2, 14), (16, 19), (25, 32)]
    rules = {
        "transformers-5.13-gemma4": lambda q, s, e: (max(0, q - W + 1), max(q, e)),
        "transformers-5.13-gemma3": lambda q, s, e: (max(0, q - W + 1), max(q, e)),
        "gemma-jax-gemma4": lambda q, s, e: (max(0, q - W + 1), min(max(q, e), q + W - 1)),
        "gemma-jax-gemma3": lambda q, s, e: (max(0, q - W + 1), min(max(q, e), q + W - 1)),
        "transformers-5.12": lambda q, s, e: (min(max(0, q - W + 1), s), max(q, e)),
        "kerashub-gemma4": lambda q, s, e: (min(max(0, q - W + 1), s), max(q, e)),
    }
    request = prompt("text:2 image:13 text:1 image:4 text:5 image:8 text:3", W)
    for policy, rule in rules.items():
        for q, spans in enumerate(rows(policy, request)):
            s, e = next(((s, e) for s, e in blocks if s <= q <= e), (q, q))
            low, high = rule(q, s, e)
            assert spans == [[low, high + 1]], (policy, q, spans)
        why = explain(f"--policy={policy}", SLIDING, "--why", *request)
        assert "36 of 36 rows exact, at most 1 interval in a row" in why, why


def windows_of_positions():
    """gemma-jax counts valid tokens: a hole, or padding at the right end, lets
    a query see further back by index. KerasHub and Transformers count tokens."""
    hole = facts({"q_len": 20, "kv_len": 20, "window": 4, "token_types": [[[0, 20]]],
                  "key_valid": [[[1, 8], [0, 3], [1, 9]]]})
    jax = rows("gemma-jax-gemma4", hole)
    # Token 12 is the tenth valid one. It sees the seventh, which is token 6.
    assert jax[12] == [[6, 8], [11, 13]], jax[12]
    for policy in ["kerashub-gemma4", "transformers-5.13-gemma4"]:
        assert rows(policy, hole)[12] == [[11, 13]], policy
    right = facts({"q_len": 16, "kv_len": 16, "window": 4, "token_types": [[[0, 16]]],
                   "key_valid": [[[1, 10], [0, 6]]]})
    # All of the padding has the position of token 9, and causality is by index.
    assert rows("gemma-jax-gemma4", right)[15] == [[6, 10]]
    for policy in ["kerashub-gemma4", "transformers-5.13-gemma4"]:
        assert rows(policy, right)[15] == [], policy
        assert rows(policy, right)[10] == [[7, 10]], policy


def one_token_items():
    """vLLM ignores a range of one token: its query is in no block."""
    request = prompt("text:3 image:1 text:2 image:2 text:2", 4)
    for policy in ["vllm-0.20", "vllm-0.25-triton", "vllm-0.25-flex", "vllm-gemma3"]:
        one, two = (explain(f"--policy={policy}", SLIDING, f"--at={q},{q}", *request)
                    for q in [3, 6])
        assert "q in no block, k in no block" in one, one
        assert "q in block 1, k in block 1" in two or "q in block 0, k in block 0" in two, two


def oversize_items():
    """A block longer than W by one is dropped whole in 0.20, and by Gemma 3 in
    every layer; from 0.25 on Gemma 4 keeps it."""
    sees = lambda policy, length, layer=SLIDING: \
        rows(policy, prompt(f"image:{length}", 1024), layer)[0] == [[0, length]]
    for policy in ["vllm-0.20", "vllm-gemma3"]:
        assert sees(policy, 1024) and not sees(policy, 1025), policy
    assert sees("vllm-gemma3", 1024, FULL) and not sees("vllm-gemma3", 1025, FULL)
    assert not sees("vllm-0.20", 1024, FULL)
    assert sees("vllm-0.25-triton", 1025) and sees("vllm-0.25-flex", 1025)


def audio_items():
    """Up to 0.22 an audio item is a range, from 0.24 on it is not: the request
    says. Runs of token types never are audio."""
    types = [[[0, 4], [3, 6], [0, 2]]]
    request = {"q_len": 12, "kv_len": 12, "window": 8, "token_types": types}
    old, new = facts(request | {"item_ranges": [[[4, 9]]]}), facts(request | {"item_ranges": [[]]})
    assert (4, 9) in pairs("vllm-0.20", old) and (4, 9) not in pairs("vllm-0.20", new)
    assert json.loads(explain("--print-facts", *prompt("text:4 audio:6 text:2", 8)))["item_ranges"] == [[]]
    for policy in RUNS:
        assert (4, 9) not in pairs(policy, new), policy


def pruned_pages():
    """Flex prunes pages as if the mask were causal: the future half of an image
    is lost but in a query group's own pages. The mask function does not say so."""
    request = facts({"q_len": 1100, "kv_len": 1100, "window": 1024, "page": 16, "q_block": 16,
                     "token_types": [[[1, 1100]]], "item_ranges": [[[0, 1099]]]})
    kept, said = rows("vllm-0.25-flex-effective", request), rows("vllm-0.25-flex", request)
    assert kept[0] == kept[15] == [[0, 16]] and kept[16] == [[0, 32]], (kept[0], kept[16])
    assert said[0] == said[16] == [[0, 1100]]
    # The last group's window begins in page 3: (1088 - 1023) / 16.
    assert kept[1099] == [[64, 1100]], kept[1099]


def differences_lie_in_blocks():
    """For contiguous tokens without padding, all pairs of systems: runs are the
    blocks, items where both systems know items only. The one exception is
    2026-05, which has no window: sliding layers differ beyond it as well.
    flex-effective is none: what it loses was in a block."""
    layouts = [("text:5 image:13 text:3 image:4,9 text:14 video:6 image:3 text:11", 8,
                [(5, 18), (21, 34), (48, 57)], [(5, 18), (21, 25), (25, 34), (48, 54), (54, 57)]),
               ("image:1 text:9 image:20 text:12", 6, [(0, 1), (10, 30)], [(0, 1), (10, 30)])]
    paged = ITEMS + ["vllm-0.25-flex-effective"]
    policies = RUNS + paged + ["gemma-jax-gemma4-2026-05"]
    for text, window, runs, items in layouts:
        request = json.loads(explain("--print-facts", *prompt(text, window)))
        request = facts(request | {"page": 4, "q_block": 4})
        for layer in [SLIDING, FULL]:
            masks = {policy: pairs(policy, request, layer) for policy in policies}
            for i, first in enumerate(policies):
                for second in policies[:i]:
                    blocks = items if first in paged and second in paged else runs
                    outside = {(q, k) for q, k in masks[first] ^ masks[second]
                               if not any(s <= q < e and s <= k < e for s, e in blocks)}
                    if layer == SLIDING and "2026-05" in first:
                        assert outside and all(q - k >= window for q, k in outside), second
                    else:
                        assert not outside, (layer, first, second, min(outside))


def window_conventions():
    """What a window of W shows before and after a query, both ends inclusive."""
    reach = {
        "causal-sliding": lambda W: (W - 1, 0),
        "causal-sliding-inclusive": lambda W: (W, 0),
        "bidirectional-sliding": lambda W: (W, W),
        "gemma4-all": lambda W: (W // 2 + 1, W // 2 + 1),
        "gemma3-bidirectional": lambda W: (W // 2, W // 2),
        "kerashub-bidirectional": lambda W: (W - W // 2 - 1, W // 2),
        "t5gemma2": lambda W: ((W + 1) // 2 - 1, W // 2),
    }
    for policy, ends in reach.items():
        for W, n in [(1, 9), (2, 9), (5, 21), (512, 1100)]:
            past, future = ends(W)
            spans = rows(policy, prompt(f"text:{n}", W), "--layer-type=any")
            assert spans == [[[max(0, q - past), min(n, q + future + 1)]] for q in range(n)], (policy, W)
    assert reach["gemma4-all"](512) == (257, 257)
    # Both sides and the offset of splash attention are inclusive; a side may be unbounded.
    for key, low, high in [({"left": 2, "right": 1}, -2, 1), ({"left": 2, "right": 1, "offset": 3}, 1, 4),
                           ({"left": 0}, 0, 9), ({"right": 0}, -9, 0)]:
        request = facts({"q_len": 9, "kv_len": 9} | key)
        expected = [[[max(0, q + low), min(9, q + high + 1)]] if q + low < 9 else [] for q in range(9)]
        assert rows("local-inclusive", request, "--layer-type=any") == expected, key
    shifted = facts({"q_len": 6, "kv_len": 6, "offset": 2})
    assert rows("causal-offset", shifted, "--layer-type=any") == [[[0, min(6, q + 3)]] for q in range(6)]


def other_families():
    """Chunks begin at the left padding of their row, the two sides of an audio
    layer are exclusive, a prefix sees itself both ways."""
    padded = facts({"q_len": 10, "kv_len": 10, "chunk": 4, "left_padding": [3],
                    "key_valid": [[[0, 3], [1, 7]]]})
    assert rows("chunked-causal", padded, "--layer-type=any") == \
        [[]] * 3 + [[[3 if q < 7 else 7, q + 1]] for q in range(3, 10)]
    for left, right, past, future in [(3, 2, 2, 1), (1, 0, 0, 0), (0, 3, -1, 2)]:
        request = facts({"q_len": 8, "kv_len": 8, "left": left, "right": right})
        spans = rows("asymmetric-local", request, "--layer-type=any")
        assert spans == [[[max(0, q - past), min(8, q + future + 1)]] if q < 7 or past >= 0 else []
                         for q in range(8)], (left, right, spans)
    prefix = facts({"q_len": 6, "kv_len": 6, "prefix": 4})
    assert rows("prefix-lm", prefix, "--layer-type=any") == [[[0, max(4, q + 1)]] for q in range(6)]
    back = facts({"q_len": 9, "kv_len": 9, "chunk": 3, "lookback": 1})
    assert rows("chunked-causal-lookback", back, "--layer-type=any") == \
        [[[max(0, (q // 3 - 1) * 3), q + 1]] for q in range(9)]


def packed_positions():
    """From 5.23 on chunks begin with each sequence, and a sliding layer of Gemma
    looks its blocks up at positions: those of the first tokens of the row."""
    request = facts({"q_len": 9, "kv_len": 9, "chunk": 2, "window": 9, "token_types": [[[0, 1], [1, 2], [0, 6]]],
                     "sequence_ids": [[[0, 5], [1, 4]]], "positions": [[0, 1, 2, 3, 4, 0, 1, 2, 3]]})
    chunks = [rows("chunked-causal", [*request, f"--packing={rule}"], "--layer-type=any")
              for rule in ["5.12", "5.23", "5.24"]]
    assert chunks[0][5:] == [[[5, 6]], [[6, 7]], [[6, 8]], [[8, 9]]], chunks[0]
    assert chunks[1] == chunks[2] and chunks[1][5:] == [[[5, 6]], [[5, 7]], [[7, 8]], [[7, 9]]], chunks[1]
    old, new = (rows(RUNS[1], [*request, f"--packing={rule}"]) for rule in ["5.12", "5.23"])
    assert old[6] == [[5, 7]] and new[6] == [[5, 8]], (old[6], new[6])


def caches():
    """A cache of the last W - 1 keys (C - 1 of chunks) holds all that a step can
    see, and slots behind the last query, which are not written, are hidden."""
    for policy, layer, key in [("transformers-5.13-gemma4", SLIDING, "window"),
                               ("chunked-causal", "--layer-type=any", "chunk")]:
        for seen, steps in [(0, 3), (3, 1), (5, 1), (9, 4), (20, 1)]:
            step = {"q_len": steps, "q_offset": seen, key: 6, "window": 6}
            first = max(seen - 6 + 1, 0)
            whole = rows(policy, facts(step | {"kv_len": seen + steps}), layer)
            kept = rows(policy, facts(step | {"kv_len": seen + steps - first, "kv_offset": first}), layer)
            assert whole == [[[low + first, high + first] for low, high in spans] for spans in kept], (policy, seen)
    static = facts({"q_len": 1, "kv_len": 16, "q_offset": 4, "window": 6})
    assert rows("transformers-5.13-gemma4", static, FULL) == [[[0, 5]]]
    # vLLM: the queries are the last of the keys.
    varlen = facts({"q_len": 3, "kv_len": 10, "q_offset": 7, "window": 4})
    assert rows("vllm-0.25-triton", varlen) == [[[4, 8]], [[5, 9]], [[6, 10]]]


if __name__ == "__main__":
    try:
        globals()[sys.argv[2]]()
    finally:
        for name in FILES:
            os.unlink(name)
    print("ok")
