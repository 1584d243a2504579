#!/usr/bin/env python3
"""Runs a function of this bundle on the first CUDA device.

Needs NumPy and the CUDA driver. An attention is checked against NumPy in float64, and
with --time it is timed, where torch is installed beside torch's attentions.

  run.py --sizes 1,8,2,1000,1000                    B,H,G,Sq,Skv; random data
  run.py attention 0=q.npy 1=k.npy 2=v.npy -o 3=o.npy
  run.py attention --sizes 1,8,2,64,64 4=ids.npy --mask mask.npy

Arguments are INDEX=FILE.npy or INDEX=NUMBER. bf16 elements are bit patterns in uint16.
A mask is what `mask-explain` writes: a .npy of [B, Sq, Skv] or [B, H, Sq, Skv]
(--format=npy), or a folder (--format=blockmask).

Exit codes: 0, 1 for an error or a result that is wrong, 77 without a device.
"""
import argparse
import importlib.util
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

try:
    import numpy
except ImportError:
    sys.exit("run.py: error: needs NumPy")

from bundle import Bundle, BundleError, Plan
from driver import Array, Call, Device, DeviceMissing

TYPES = {"i1": numpy.bool_, "i8": numpy.int8, "i16": numpy.int16, "i32": numpy.int32,
         "i64": numpy.int64, "index": numpy.int64, "f16": numpy.float16,
         "bf16": numpy.uint16, "f32": numpy.float32, "f64": numpy.float64}


def widen(data, element):
    if element == "bf16":
        return (data.astype(numpy.uint32) << 16).view(numpy.float32).astype(numpy.float64)
    return data.astype(numpy.float64)


def narrow(data, element):
    if element != "bf16":
        return data.astype(TYPES[element])
    bits = data.astype(numpy.float32).view(numpy.uint32)
    return ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16)


def read_pairs(texts, what):
    pairs = {}
    for text in texts:
        index, equals, value = text.partition("=")
        if not equals or not index.isdigit():
            raise BundleError(f"{what} must be INDEX=..., got '{text}'")
        if int(index) in pairs:
            raise BundleError(f"{what} {index} is given twice")
        pairs[int(index)] = value
    return pairs


def read_array(path):
    try:
        return numpy.ascontiguousarray(numpy.load(path, allow_pickle=False))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: {error}") from error


def read_number(text, element):
    """As bits, if it is a floating-point number."""
    try:
        if element in ("f32", "f64"):
            code, bits = ("<f", "<i") if element == "f32" else ("<d", "<q")
            return struct.unpack(bits, struct.pack(code, float(text)))[0]
        return int(text)
    except (ValueError, OverflowError) as error:
        raise BundleError(f"'{text}' is no {element}") from error


def get_random_shapes(attention, sizes):
    """Of the arguments of an attention that have sizes in common."""
    if not sizes:
        return {}
    try:
        b, h, g, sq, skv = [int(size) for size in sizes.split(",")]
    except ValueError as error:
        raise BundleError(f"--sizes must be B,H,G,Sq,Skv, got '{sizes}'") from error
    if not attention:
        raise BundleError("--sizes is for functions that are one attention")
    return {attention["query"]: [b, h, sq, None], attention["key"]: [b, g, skv, None],
            attention["value"]: [b, g, skv, None], attention["output"]: [b, h, sq, None],
            attention.get("log_sum_exp"): [b, h, sq]}


def read_argument(i, argument, text):
    element = argument["element"]
    if argument["kind"] == "number":
        return read_number(text, element)
    data = read_array(text)
    if data.dtype != TYPES[element]:
        raise BundleError(f"argument {i} has elements of type {data.dtype}, but the function"
                          f" takes {numpy.dtype(TYPES[element])} ({element})")
    return data


def make_random(i, argument, shape, random):
    element = argument["element"]
    if shape is None:
        raise BundleError(f"argument {i}, an array of {element}, is not given")
    if element not in ("f16", "bf16", "f32"):
        raise BundleError(f"argument {i}, an array of {element}, cannot be random")
    shape = [known if size is None else size for size, known in zip(shape, argument["shape"])]
    if None in shape:
        raise BundleError(f"argument {i} has no size in dimension {shape.index(None)};"
                          " give a file")
    data = random.standard_normal(shape)
    if argument["output"]:
        data[...] = numpy.nan  # what is not written is seen
    return narrow(data, element)


def make_arguments(function, given, sizes, seed):
    """Data or a number for each argument."""
    random = numpy.random.default_rng(seed)
    attention, arguments = function["attention"], function["arguments"]
    shapes = get_random_shapes(attention, sizes)
    if given and max(given) >= len(arguments):
        raise BundleError(f"there is no argument {max(given)}; the function has"
                          f" {len(arguments)}")
    values = [read_argument(i, argument, given[i]) if i in given else None
              for i, argument in enumerate(arguments)]
    if attention and not sizes:
        # Those of what is computed follow.
        query, value = values[attention["query"]], values[attention["value"]]
        if query is not None and value is not None and query.ndim == value.ndim == 4:
            shapes = {attention["output"]: [*query.shape[:3], value.shape[3]],
                      attention.get("log_sum_exp"): query.shape[:3]}
    for i, argument in enumerate(arguments):
        if values[i] is None and argument["kind"] == "number":
            raise BundleError(f"argument {i}, a number of {argument['element']}, is not given")
        if values[i] is None:
            values[i] = make_random(i, argument, shapes.get(i), random)
    return values


def load_mask_function(path):
    spec = importlib.util.spec_from_file_location("mask_mod", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def find_mask(bundle, attention, values, given):
    """A function of b, h, query and key; None if it is not known."""
    (b, h, sq), skv = values[attention["query"]].shape[:3], values[attention["key"]].shape[2]
    if not given:
        if not attention.get("mask"):
            return None
        bundle.read(attention["mask"])
        return load_mask_function(os.path.join(bundle.folder, attention["mask"])).mask_mod
    if os.path.isdir(given):
        module = load_mask_function(os.path.join(given, "mask_mod.py"))
        for name in module.FACTS:
            setattr(module, name, read_array(os.path.join(given, name + ".npy")))
        return module.mask_mod
    dense = read_array(given)
    if dense.dtype not in (numpy.bool_, numpy.uint8) or not 2 <= dense.ndim <= 4:
        raise BundleError(f"{given}: must be booleans or bytes of 2 to 4 dimensions, got"
                          f" {dense.dtype} of {dense.ndim}")
    # [Sq, Skv], [B, Sq, Skv] or [B, H, Sq, Skv].
    shape = [1] * (4 - dense.ndim) + list(dense.shape)
    if dense.ndim == 3:
        shape = [dense.shape[0], 1, *dense.shape[1:]]
    dense = dense.reshape(shape).astype(bool)
    extents = [b, h, sq, skv]
    if any(size not in (1, extent) for size, extent in zip(shape[:2], extents)) \
            or shape[2:] != extents[2:]:
        raise BundleError(f"{given}: is a mask of {shape}, but the attention is of {extents}")
    return lambda b, h, q, k: dense[b % shape[0], h % shape[1], q, k]


def get_scale(attention, values):
    scale = attention["scale"]
    if isinstance(scale, dict):
        return struct.unpack("<f", struct.pack("<i", values[scale["argument"]]))[0]
    return values[attention["query"]].shape[3] ** -0.5 if scale is None else scale


def compute_reference(attention, function, values, mask):
    """Output, the sums of magnitudes behind it, and how many pairs are visible."""
    get = lambda name: widen(values[attention[name]],
                             function["arguments"][attention[name]]["element"])
    query, key, value = get("query"), get("key"), get("value")
    heads, group = query.shape[1], query.shape[1] // key.shape[1]
    scale = get_scale(attention, values)
    rows, columns = numpy.arange(query.shape[2])[:, None], numpy.arange(key.shape[2])[None]
    output = numpy.zeros(query.shape[:3] + value.shape[3:])
    magnitudes, visible_pairs = numpy.zeros_like(output), 0
    for b in range(query.shape[0]):
        for h in range(heads):
            # A hidden key may hold anything.
            visible = numpy.broadcast_to(mask(b, h, rows, columns),
                                         (query.shape[2], key.shape[2]))
            visible_pairs += int(visible.sum())
            with numpy.errstate(all="ignore"):
                scores = scale * (query[b, h] @ key[b, h // group].T)
                if attention["soft_cap"] is not None:
                    cap = attention["soft_cap"]
                    scores = cap * numpy.tanh(scores / cap)
                scores = numpy.where(visible, scores, -numpy.inf)
                most = scores.max(axis=1, initial=-numpy.inf, keepdims=True)
                sink = None
                if attention["sinks"] is not None:
                    sinks = attention["sinks"]
                    sink = (values[sinks["argument"]] if isinstance(sinks, dict) else sinks)[h]
                    most = numpy.maximum(most, sink)
                most = numpy.where(numpy.isfinite(most), most, 0)
                weights = numpy.exp(scores - most)
                total = weights.sum(axis=1, keepdims=True)
                if sink is not None:
                    total = total + numpy.exp(sink - most)
                weights = weights / numpy.where(total == 0, 1, total)
            seen = numpy.where(visible.any(axis=0)[:, None], value[b, h // group], 0)
            output[b, h], magnitudes[b, h] = weights @ seen, weights @ abs(seen)
    return output, magnitudes, visible_pairs


def check(attention, function, values, mask, output):
    """Prints the largest error; returns whether all are small enough."""
    element = function["arguments"][attention["output"]]["element"]
    expected, magnitudes, visible = compute_reference(attention, function, values, mask)
    error = abs(widen(output, element) - expected)
    # Half a unit of the last place, and as much again for weights that are rounded.
    unit = {"f16": 2.0 ** -10, "bf16": 2.0 ** -7}.get(element, 0)
    bound = 2e-6 * max(1, magnitudes.max(initial=0)) + unit * magnitudes
    print(f"max abs error {error.max(initial=0):.3g} over {visible} visible pairs")
    return bool((error <= bound).all()), visible


def run(options):
    bundle = Bundle(HERE)
    name, function = bundle.get_function(options.function)
    attention = function["attention"]
    values = make_arguments(function, read_pairs(options.arguments, "argument"),
                            options.sizes, options.seed)
    outputs = read_pairs(options.output, "-o")
    for index in outputs:
        if index >= len(values) or not function["arguments"][index].get("output"):
            raise BundleError(f"argument {index} is no output of '{name}'")
    if options.mask and not attention:
        raise BundleError("--mask is for functions that are one attention")
    is_array = [isinstance(value, numpy.ndarray) for value in values]
    plan = Plan(function, [value.shape if array else () for value, array in zip(values, is_array)],
                [0 if array else value for value, array in zip(values, is_array)])
    mask = find_mask(bundle, attention, values, options.mask) if attention else None
    with Device() as device:
        arguments = [
            Array(device, argument["element"], value.shape, value) if array else value
            for argument, value, array in zip(function["arguments"], values, is_array)]
        call = Call(device, bundle, plan, arguments)
        elapsed = call.run()
        print(f"{name}: {elapsed:.3f} ms in kernels on '{device.name}'")
        for argument, described in zip(arguments, function["arguments"]):
            if described.get("output"):
                argument.to_host()
        passed, visible = True, None
        if mask is None:
            print("not checked: " + ("the mask depends on facts; give --mask" if attention
                                     else "is not one attention"))
        else:
            passed, visible = check(attention, function, values, mask,
                                    values[attention["output"]])
        if options.time and passed:
            for argument in arguments:
                if isinstance(argument, Array):
                    argument.to_device()
            import compare  # only here, since it may load torch
            scale = get_scale(attention, values) if attention else None
            compare.compare(device, call, function, values, mask, scale, visible)
    if not passed:
        raise BundleError("differs from the reference in float64")
    for index, path in outputs.items():
        numpy.save(path, values[index])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("function", nargs="?", help="needed where there are several")
    parser.add_argument("arguments", nargs="*", metavar="INDEX=VALUE")
    parser.add_argument("--sizes", metavar="B,H,G,Sq,Skv")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mask", metavar="MASK")
    parser.add_argument("-o", dest="output", action="append", default=[],
                        metavar="INDEX=FILE.npy")
    parser.add_argument("--time", action="store_true",
                        help="20 calls to warm up, then 50 with the L2 cache flushed")
    options = parser.parse_intermixed_args()
    if options.function and "=" in options.function:
        options.arguments.insert(0, options.function)
        options.function = None
    try:
        run(options)
    except (BundleError, OSError) as error:
        sys.exit(f"run.py: error: {error}")
    except DeviceMissing as error:
        print(f"run.py: {error}", file=sys.stderr)
        sys.exit(77)


if __name__ == "__main__":
    main()
