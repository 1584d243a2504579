"""Facts of many tokens in every shape that ids come in, and the time that
compiled code takes for the ids and index tables of them."""
import itertools
import random

LENGTH = 1_000_000

# Images and a video between text: [type, tokens].
PROMPT = [[0, 16], [1, 1120], [0, 300], [1, 560], [0, 200], [2, 560]]

VISION = ("transformers-5.13-gemma4", "sliding_attention")
DOCUMENTS = ("document-causal", "*")
ITEMS = ("llamacpp-gemma3", "sliding_attention")
SHORT_ITEMS = ("vllm-0.20", "sliding_attention")


def prompt(n, times=1):
    """`n` tokens that begin with the prompt; text behind it."""
    pairs = []
    for kind, count in itertools.chain(*itertools.repeat(PROMPT, times), [[0, n]]):
        count = min(count, n)
        if count:
            pairs.append([kind, count])
        n -= count
    return pairs


def runs(values):
    """Values as pairs [value, count]."""
    pairs = []
    for value in values:
        if pairs and pairs[-1][0] == value:
            pairs[-1][1] += 1
        else:
            pairs.append([value, 1])
    return pairs


def items(size, gap, n):
    return [[[first, first + size - 1] for first in range(0, n - size + 1, size + gap)]]


def shapes(n=LENGTH):
    """Tuples of a title, a policy with its layer type, and facts."""
    source = random.Random(1)
    flags = [source.randrange(2) for _ in range(n)]
    far = [source.randrange(2**30) for _ in range(n // 100)]
    yield "images and text", VISION, {"token_types": [prompt(n, times=n // 1000)]}
    yield "types that alternate", VISION, {"token_types": [runs(i % 2 for i in range(n))]}
    yield "random types", VISION, {"token_types": [runs(flags)]}
    yield "types that alternate, 8 batch rows", VISION, {
        "token_types": [runs(i % 2 for i in range(n // 8))] * 8, "kv_len": n // 8, "q_offset": n // 8 - 1}
    yield "documents of 1 token", DOCUMENTS, {"document_ids": [runs(range(n))]}
    yield "documents of 10 tokens", DOCUMENTS, {"document_ids": [runs(i // 10 for i in range(n))]}
    yield "7 documents, by turns", DOCUMENTS, {"document_ids": [runs(i % 7 for i in range(n))]}
    yield "documents of 100 tokens, far ids", DOCUMENTS, {
        "document_ids": [runs(far[i // 100] for i in range(n))]}
    yield "items of 8 tokens", ITEMS, {"item_ranges": items(8, 2, n)}
    yield "items of 2 tokens, long ones dropped", SHORT_ITEMS, {"item_ranges": items(2, 0, n)}
    yield "validity that alternates", VISION, {"key_valid": [runs(i % 2 for i in range(n))]}
    yield "positions from random validity", ("gemma-jax-gemma4", "sliding_attention"), {
        "key_valid": [runs(flags)], "token_types": [runs(i % 2 for i in range(n))]}


def scattered(n=LENGTH):
    """Neighbours that have nothing to do with each other: no cache helps. No
    system makes such ids."""
    source = random.Random(1)
    yield "documents of 1 token, shuffled ids", DOCUMENTS, {
        "document_ids": [runs(source.sample(range(n), n))]}
    yield "documents of 1 token, random far ids", DOCUMENTS, {
        "document_ids": [runs(source.randrange(2**30) for _ in range(n))]}


def request(facts, n=LENGTH):
    """The facts with one query at the end: tables cover all tokens all the same."""
    return {"q_len": 1, "kv_len": n, "q_offset": n - 1, "window": 1024, **facts}
