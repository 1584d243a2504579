"""make-sinks.py FILE DTYPE VALUE...: writes the numbers as a .npy array of DTYPE
(f4 or f8), without NumPy."""
import struct
import sys

path, dtype, values = sys.argv[1], sys.argv[2], [float(a) for a in sys.argv[3:]]
header = repr({"descr": "<" + dtype, "fortran_order": False, "shape": (len(values),)})
header += " " * (-(len(header) + 11) % 64) + "\n"
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    file.write(struct.pack(f"<{len(values)}{'f' if dtype == 'f4' else 'd'}", *values))
