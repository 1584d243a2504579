"""flip-element.py CASE: changes the last element of CASE/mask.npy."""
import os
import sys

with open(os.path.join(sys.argv[1], "mask.npy"), "r+b") as file:
    data = bytearray(file.read())
    data[-1] ^= 1
    file.seek(0)
    file.write(data)
