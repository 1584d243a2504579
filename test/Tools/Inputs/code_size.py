"""Reads what `llvm-nm --print-size --radix=d` prints, and prints the bytes of code of each
layer's body, loops of threads included; fails where they are more than 64 KB."""
import re
import sys

LIMIT = 64 * 1024

sizes = {}
for line in sys.stdin:
    match = re.match(r"\d+ (\d+) [tT] (attention_layer\w*)", line)
    if match:
        sizes[match[2]] = sizes.get(match[2], 0) + int(match[1])
for name, size in sorted(sizes.items()):
    print(f"{name}: {size} bytes")
sys.exit(not sizes or max(sizes.values()) > LIMIT)
