"""Writes PREFIX-{query,key,value}.npy of unit variance, without NumPy.

make-attention.py PREFIX B H G Sq Skv D Dv [f32|f16|bf16]
"""
import random
import struct
import sys

prefix, sizes = sys.argv[1], [int(a) for a in sys.argv[2:9]]
dtype = sys.argv[9] if len(sys.argv) > 9 else "f32"
b, h, g, sq, skv, d, dv = sizes
random.seed(7)


def element(x):
    if dtype == "f32":
        return struct.pack("<f", x)
    if dtype == "f16":
        return struct.pack("<e", x)
    return struct.pack("<f", x)[2:]  # bf16: the upper half


def write(name, shape):
    count = 1
    for size in shape:
        count *= size
    descr = {"f32": "<f4", "f16": "<f2", "bf16": "<u2"}[dtype]
    header = repr({"descr": descr, "fortran_order": False, "shape": tuple(shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(f"{prefix}-{name}.npy", "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(b"".join(element(random.gauss(0, 1)) for _ in range(count)))


write("query", (b, h, sq, d))
write("key", (b, g, skv, d))
write("value", (b, g, skv, dv))
