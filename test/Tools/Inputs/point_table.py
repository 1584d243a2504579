"""The table of who sees whom, each cell asked with mask-explain --at."""
import os
import re
import subprocess
import sys

EXPLAIN = os.path.join(sys.argv[1], "mask-explain")

SYSTEMS = ["transformers-5.12", "transformers-5.13-gemma4", "gemma-jax-gemma4", "vllm-0.20",
           "vllm-0.25-triton"]
IMAGE, TOUCHING = "image:1100", "text:10 image:10,10"
POINTS = [(0, 1099, IMAGE), (1099, 0, IMAGE), (0, 1023, IMAGE), (0, 1024, IMAGE), (1023, 0, IMAGE),
          (1024, 0, IMAGE), (15, 25, TOUCHING), (0, 1099, IMAGE, "full")]


def sees(policy, query, key, prompt, layer="sliding"):
    """The verdict of the whole predicate: the first line of its tree."""
    text = subprocess.run(
        [EXPLAIN, f"--policy={policy}", f"--prompt={prompt}", "--window=1024",
         f"--layer-type={layer}_attention", f"--at={query},{key}"],
        capture_output=True, text=True, check=True).stdout
    header, root = text.splitlines()[:2]
    assert header == f"{policy}: {layer}_attention at q = {query}, k = {key}", header
    return re.search(r"  (visible|hidden)\b", root)[1] == "visible"


for point in POINTS:
    name = " ".join([*point[3:], f"{point[0]},{point[1]}"])
    print(f"{name:<12}", *("V" if sees(policy, *point) else "." for policy in SYSTEMS))
