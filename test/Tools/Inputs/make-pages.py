"""Lays the keys and values of PREFIX-{key,value}.npy out in pages, without NumPy.

make-pages.py PREFIX P {shuffled|ring}

Writes PREFIX-pages.npy (i32 if shuffled, else i64) and PREFIX-pool-{key,value}.npy. Shuffled: every
page of P keys anywhere in a pool that has another page, of NaN; the rest of last pages is NaN, too.
A ring: one page per batch row, in which key j takes the place of key j - P.
"""
import ast
import random
import struct
import sys

prefix, size, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def read(path):
    data = open(path, "rb").read()
    end = 10 + struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:end].decode())
    return header["descr"], header["shape"], data[end:]


def write(path, descr, shape, data):
    header = repr({"descr": descr, "fortran_order": False, "shape": tuple(shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


batch, _, keys, _ = read(prefix + "-key.npy")[1]
columns = -(-keys // size)
if kind == "ring":
    count = batch
    table = [b for b in range(batch) for _ in range(columns)]
else:
    count = batch * columns + 1
    table = list(range(count))
    random.Random(3).shuffle(table)
    table = table[:-1]
integers = "i" if kind == "shuffled" else "q"
write(prefix + "-pages.npy", "<i4" if integers == "i" else "<i8", (batch, columns), struct.pack(f"<{len(table)}{integers}", *table))

for name in "key", "value":
    descr, (_, heads, _, dim), rows = read(f"{prefix}-{name}.npy")
    width = dim * int(descr[2])
    # All bits set are NaN.
    pool = bytearray(b"\xff" * (count * heads * size * width))
    for b in range(batch):
        for head in range(heads):
            for key in range(keys):
                page = table[b * columns + key // size]
                source = ((b * heads + head) * keys + key) * width
                target = ((page * heads + head) * size + key % size) * width
                pool[target : target + width] = rows[source : source + width]
    write(f"{prefix}-pool-{name}.npy", descr, (count, heads, size, dim), bytes(pool))
