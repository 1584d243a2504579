"""Reads what mask-explain writes, with the standard library alone."""
import ast
import importlib.util
import json
import os
import re
import struct
import sys
import xml.dom.minidom


class Array:
    """A .npy file, indexed like an array."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        assert data[:8] == b"\x93NUMPY\x01\x00", path
        size = struct.unpack("<H", data[8:10])[0]
        assert (10 + size) % 64 == 0, path
        header = ast.literal_eval(data[10 : 10 + size].decode())
        assert not header["fortran_order"], path
        self.shape = header["shape"]
        self.descr = header["descr"]
        code = {"|u1": "B", "|b1": "?", "<i4": "i", "<i8": "q"}[header["descr"]]
        count = 1
        for extent in self.shape:
            count *= extent
        self.values = struct.unpack("<%d%s" % (count, code), data[10 + size :])

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        assert len(index) == len(self.shape)
        flat = 0
        for i, extent in zip(index, self.shape):
            assert 0 <= i < extent, (index, self.shape)
            flat = flat * extent + i
        return self.values[flat]


def golden(directory):
    """A golden mask as a function of (b, q, k)."""
    case = json.load(open(os.path.join(directory, "case.json")))
    shape = case["mask_shape"]
    stored = Array(os.path.join(directory, case["mask_file"]))
    def visible(b, q, k):
        lead = (b, q) if len(shape) == 3 else (q,)
        if case["mask_file"] == "mask.npy":
            return bool(stored[lead + (k,)])
        return bool(stored[lead + (k // 8,)] >> (7 - k % 8) & 1)
    return case, visible


def npy(path, directory):
    """The dense mask is the golden one."""
    mask = Array(path)
    case, visible = golden(directory)
    batch, queries, keys = mask.shape
    assert mask.descr == "|u1"
    assert [queries, keys] == case["mask_shape"][-2:], mask.shape
    for b in range(batch):
        for q in range(queries):
            for k in range(keys):
                assert mask[b, q, k] == visible(b, q, k), (b, q, k)


def load_mask_mod(path):
    """The mask function of a block mask, with its facts."""
    spec = importlib.util.spec_from_file_location("mask_mod", os.path.join(path, "mask_mod.py"))
    mask = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(mask)
    for name in mask.FACTS:
        setattr(mask, name, Array(os.path.join(path, name + ".npy")))
    return mask.mask_mod


def mask_mod(path, dense):
    """The mask function of a block mask is the dense mask."""
    function, mask = load_mask_mod(path), Array(dense)
    batch, queries, keys = mask.shape
    for b in range(batch):
        for q in range(queries):
            for k in range(keys):
                assert bool(function(b, 0, q, k)) == bool(mask[b, q, k]), (b, q, k)
    print(sum(mask.values), "of", len(mask.values), "visible")


def blockmask(path, directory):
    """The lists are torch's, and the mask function is the golden mask."""
    case, visible = golden(directory)
    read = lambda name: Array(os.path.join(path, name + ".npy"))
    torch = case["facts"].get("block_mask_8x8")
    for name, lists in (("", "partial"), ("full_", "full")):
        counts, indices = read(name + "kv_num_blocks"), read(name + "kv_indices")
        assert counts.descr == indices.descr == "<i4"
        rows, columns = indices.shape[2:]
        assert counts.shape == indices.shape[:3]
        for row in range(rows):
            listed = [indices[0, 0, row, i] for i in range(columns)]
            count = counts[0, 0, row]
            assert sorted(listed) == list(range(columns))
            assert listed[:count] == sorted(listed[:count])
            assert listed[count:] == sorted(listed[count:])
            if torch:
                assert listed[:count] == torch[lists][row], (lists, row)
    mask_mod = load_mask_mod(path)
    batch = case["mask_shape"][0] if len(case["mask_shape"]) == 3 else 1
    queries, keys = case["mask_shape"][-2:]
    for b in range(batch):
        for q in range(queries):
            for k in range(keys):
                assert bool(mask_mod(b, 0, q, k)) == visible(b, q, k), (b, q, k)


def lightness(colour):
    red, green, blue = (int(colour[i : i + 2], 16) for i in (0, 2, 4))
    return 0.3 * red + 0.59 * green + 0.11 * blue


def svg(path):
    """The picture is XML, scales, has few elements, is still read in grey, and no
    text of its legend runs into the next."""
    root = xml.dom.minidom.parse(path).documentElement
    assert root.tagName == "svg" and root.hasAttribute("viewBox")
    elements = root.getElementsByTagName("*")
    assert len(elements) < 400, len(elements)
    style = root.getElementsByTagName("style")[0].firstChild.data
    fills = dict(re.findall(r"\.(\w+){fill:#(\w{6})}", style))
    for legend in [["core", "edge", "never"], ["first", "second", "mixed", "both", "never"]]:
        light = sorted(lightness(fills[name]) for name in legend)
        assert all(b - a > 25 for a, b in zip(light, light[1:])), (legend, light)
    words = [(e.getAttribute("y"), float(e.getAttribute("x")), e.firstChild.data)
             for e in elements if e.getAttribute("class") == "legend"]
    for (y, x, text), (below, right, _) in zip(words, words[1:]):
        assert y != below or right - 20 > x + 0.56 * 12 * len(text), (text, x, right)
    print("classes:", " ".join(sorted({e.getAttribute("class") for e in elements} - {""})))


def rows(path, directory, layer_type):
    """The rows and counts of a JSON file are those of the golden mask."""
    result = json.load(open(path))[layer_type]
    case, visible = golden(directory)
    total = 0
    for b, batch in enumerate(result["rows"]):
        for q, spans in enumerate(batch):
            keys = {k for lower, upper in spans for k in range(lower, upper)}
            assert keys == {k for k in range(case["mask_shape"][-1]) if visible(b, q, k)}
            for (_, upper), (lower, _) in zip(spans, spans[1:]):
                assert upper < lower
            assert result["visible_per_row"][b][q] == len(keys)
            total += len(keys)
    assert result["visible"] == total
    tiles = result["tiles"]
    assert tiles["visited"] == tiles["core"] + tiles["edge"] <= tiles["total"]


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
    print("ok")
