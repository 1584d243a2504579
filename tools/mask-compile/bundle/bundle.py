"""A bundle of kernels: its manifest, and the numbers of one call.

The manifest is the record of launches (docs/GPU.md of mask-mlir) as JSON. A value is
an integer or a list: the name of a function and its operands.
"""
import hashlib
import json
import os

FORMAT = "mask-mlir cuda-bundle"
VERSION = 1

# Bytes of the types of elements and numbers.
SIZES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "index": 8,
         "f16": 2, "bf16": 2, "f32": 4, "f64": 8}


class BundleError(Exception):
    """Says what is wrong with a bundle or a call."""


class Bundle:
    """The files of a folder, all there and whole."""

    def __init__(self, folder):
        self.folder = folder
        path = os.path.join(folder, "manifest.json")
        try:
            with open(path, encoding="utf-8") as file:
                manifest = json.load(file)
        except OSError as error:
            raise BundleError(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise BundleError(f"{path}: is no whole JSON: {error}") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise BundleError(f"{path}: is no manifest of a {FORMAT}")
        if manifest.get("version") != VERSION:
            raise BundleError(f"{path}: has version {manifest.get('version')}, but this"
                              f" script reads version {VERSION}")
        for key in ["chip", "ptx", "files", "functions"]:
            if key not in manifest:
                raise BundleError(f"{path}: lacks '{key}'")
        self.manifest = manifest
        for name in manifest["files"]:
            self.read(name)

    def read(self, name):
        """The bytes of a file, if they are those that were written."""
        path = os.path.join(self.folder, name)
        expected = self.manifest["files"].get(name)
        if expected is None:
            raise BundleError(f"{path}: is not in the manifest")
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise BundleError(f"{path}: {error.strerror}") from error
        if len(data) != expected["bytes"]:
            raise BundleError(f"{path}: has {len(data)} bytes, the manifest says"
                              f" {expected['bytes']}")
        if hashlib.sha256(data).hexdigest() != expected["sha256"]:
            raise BundleError(f"{path}: is not the file that the manifest describes")
        return data

    def get_function(self, name):
        functions = self.manifest["functions"]
        if name is None and len(functions) == 1:
            name = next(iter(functions))
        if name not in functions:
            said = "needs a function" if name is None else f"there is no function '{name}'"
            raise BundleError(f"{said}; there are {', '.join(functions)}")
        return name, functions[name]


def wrap(x):
    """As 64 bits hold it."""
    return ((x + (1 << 63)) & ((1 << 64) - 1)) - (1 << 63)


def unsigned(x):
    return x & ((1 << 64) - 1)


def quotient(a, b):
    """Towards zero."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def extend(x, bits, is_signed):
    if not 1 <= bits <= 63:
        return x
    x &= (1 << bits) - 1
    return x - (1 << bits) if is_signed and x >> (bits - 1) else x


COMPARISONS = {"eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
               "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
               "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b}

FUNCTIONS = {
    "addi": lambda a, b: a + b,
    "subi": lambda a, b: a - b,
    "muli": lambda a, b: a * b,
    "divsi": quotient,
    "divui": lambda a, b: unsigned(a) // unsigned(b),
    "remsi": lambda a, b: a - b * quotient(a, b),
    "remui": lambda a, b: unsigned(a) % unsigned(b),
    "ceildivsi": lambda a, b: -(-a // b),
    "ceildivui": lambda a, b: -(-unsigned(a) // unsigned(b)),
    "floordivsi": lambda a, b: a // b,
    "minsi": min,
    "minui": lambda a, b: min(unsigned(a), unsigned(b)),
    "maxsi": max,
    "maxui": lambda a, b: max(unsigned(a), unsigned(b)),
    "andi": lambda a, b: a & b,
    "ori": lambda a, b: a | b,
    "xori": lambda a, b: a ^ b,
    "shli": lambda a, b: 0 if unsigned(b) > 63 else a << b,
    "shrsi": lambda a, b: a >> min(unsigned(b), 63),
    "shrui": lambda a, b: 0 if unsigned(b) > 63 else unsigned(a) >> b,
    "select": lambda a, b, c: b if a else c,
    "extsi": lambda a, b: extend(a, b, True),
    "extui": lambda a, b: extend(a, b, False),
}
for _name, _compare in COMPARISONS.items():
    if _name in ["eq", "ne"]:
        FUNCTIONS["cmpi_" + _name] = lambda a, b, f=_compare: int(f(a, b))
    else:
        FUNCTIONS["cmpi_s" + _name] = lambda a, b, f=_compare: int(f(a, b))
        FUNCTIONS["cmpi_u" + _name] = (
            lambda a, b, f=_compare: int(f(unsigned(a), unsigned(b))))


def evaluate(value, shapes, numbers):
    """The number of a value; `shapes` and `numbers` are those of the arguments."""
    if isinstance(value, int):
        return value
    name, *operands = value
    if name == "dim":
        return shapes[operands[0]][operands[1]]
    if name == "argument":
        return numbers[operands[0]]
    if name not in FUNCTIONS:
        raise BundleError(f"the manifest has a function '{name}', which is not known")
    operands = [evaluate(operand, shapes, numbers) for operand in operands]
    try:
        return wrap(FUNCTIONS[name](*operands))
    except ZeroDivisionError as error:
        raise BundleError(f"{json.dumps(value)} divides by zero") from error


class Plan:
    """What one call does: workspaces and steps, with numbers for values."""

    def __init__(self, function, shapes, numbers):
        compute = lambda value: evaluate(value, shapes, numbers)
        self.check_arguments(function["arguments"], shapes)
        for check in function["checks"]:
            if not compute(check["condition"]):
                raise BundleError(check["message"])
        self.workspaces = []
        for workspace in function["workspaces"]:
            shape = [compute(size) for size in workspace["shape"]]
            if min(shape, default=0) < 0:
                raise BundleError(f"a workspace of {shape} elements has a negative extent")
            self.workspaces.append((workspace["element"], shape))
        self.steps = []
        for step in function["steps"]:
            planned = dict(step)
            if "launch" in step:
                for key in ["blocks", "shared"]:
                    planned[key] = compute(step[key])
                if planned["blocks"] < 0 or planned["shared"] < 0:
                    raise BundleError(
                        f"the launch of '{step['launch']}' has {planned['blocks']} workgroups"
                        f" and {planned['shared']} bytes of workgroup memory")
                if planned["blocks"] == 0:
                    continue
            planned["arguments"] = [
                dict(argument, value=compute(argument["value"]))
                if argument["kind"] == "number" else argument
                for argument in step["arguments"]]
            self.steps.append(planned)

    @staticmethod
    def check_arguments(arguments, shapes):
        for i, argument in enumerate(arguments):
            if argument["kind"] != "array":
                continue
            said = argument["shape"]
            if len(shapes[i]) != len(said) or any(
                    b not in (None, a) for a, b in zip(shapes[i], said)):
                raise BundleError(f"argument {i} has shape {list(shapes[i])}, but the function"
                                  f" takes {['?' if b is None else b for b in said]}")
