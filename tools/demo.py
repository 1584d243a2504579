#!/usr/bin/env python3
"""The project in four screens. Every number is computed while it runs.

`tools/dev.sh demo` builds the tools and starts this.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONFIG = ROOT / "test" / "configs" / "gemma-4-26b-a4b.json"
REFERENCE = "transformers-5.13-gemma4"
SYSTEMS = [
    ("transformers-5.12", "Transformers up to 5.12"),
    ("transformers-5.13-gemma4", "Transformers from 5.13"),
    ("gemma-jax-gemma4", "google-deepmind/gemma"),
    ("vllm-0.20", "vLLM 0.20 to 0.24"),
    ("vllm-0.25-triton", "vLLM from 0.25, Triton"),
    ("kerashub-gemma4", "KerasHub 0.32"),
]
PROMPT = "text:16 image:1120 text:4 image:280,280 video:280"


class Demo:
    def __init__(self, build, scratch):
        self.bin = build / "bin"
        self.scratch = scratch

    def run(self, tool, *arguments, codes=(0,), show=True):
        """What a tool prints; the command itself is shown."""
        words = [str(argument) for argument in arguments]
        if show:
            shown = " ".join(f"'{w}'" if " " in w else w for w in words)
            shown = shown.replace(str(self.scratch) + "/", "").replace(str(ROOT) + "/", "")
            print(f"\033[2m$ {tool} {shown}\033[0m", flush=True)
        result = subprocess.run([self.bin / tool, *words], capture_output=True, text=True)
        if result.returncode not in codes:
            sys.exit(f"{tool} {' '.join(words)}: exit code {result.returncode}\n{result.stderr}")
        return result.stdout

    def has(self, tool):
        return (self.bin / tool).exists()

    def explain(self, *arguments, **options):
        return self.run("mask-explain", *arguments, **options)


def screen(number, title):
    print(f"\n\033[1m{number}  {title}\033[0m\n")


def sees(mask, layer_type, query, key):
    """Whether the row of `query` in what --format=json printed has `key`."""
    return any(low <= key < high for low, high in mask[layer_type]["rows"][0][query])


#===----------------------------------------------------------------------===#
# 1: who disagrees
#===----------------------------------------------------------------------===#

def who_disagrees(demo):
    screen(1, "One model, one image of 1,100 tokens, a window of 1,024: who sees whom?")
    request = ["--prompt=image:1100", "--window=1024"]
    points = [("sliding_attention", 0, 1099), ("sliding_attention", 1099, 0),
              ("sliding_attention", 1024, 0), ("full_attention", 0, 1099)]
    heads = [f"{'full ' if layer[0] == 'f' else ''}{q},{k}" for layer, q, k in points]
    print(f"{'Gemma 4 in':<26}" + "".join(f"{head:>12}" for head in heads)
          + f"{'pairs that differ from Transformers 5.13':>44}")
    for policy, name in SYSTEMS:
        mask = json.loads(demo.explain(f"--policy={policy}", *request, "--format=json", show=False))
        cells = ["visible" if sees(mask, *point) else "-" for point in points]
        against = json.loads(demo.explain(f"--policy={policy}", f"--against={REFERENCE}", *request,
                                          "--format=json", codes=(0, 1), show=False))
        difference = against["sliding_attention"]
        texts = []
        for side, sign in [("only_first", "+"), ("only_second", "-")]:
            if difference[side]["pairs"]:
                witness = difference[side]["witness"]
                texts.append(f"{sign}{difference[side]['pairs']:,} ({witness['q']},{witness['k']})")
        full = against["full_attention"]
        pairs = full["only_first"]["pairs"] + full["only_second"]["pairs"]
        if pairs:
            texts.append(f"full {pairs:,}")
        print(f"{name:<26}" + "".join(f"{cell:>12}" for cell in cells)
              + f"{', '.join(texts) or 'none':>44}", flush=True)
    print("\n+ shown here only, - shown in 5.13 only, (q,k) the smallest such pair. Any two, in full:")
    print("\033[2m$ mask-explain --policy=transformers-5.12 --against=transformers-5.13-gemma4 "
          "--prompt=image:1100 --window=1024\033[0m")


#===----------------------------------------------------------------------===#
# 2: the policy
#===----------------------------------------------------------------------===#

def the_policy(demo):
    screen(2, "The rule is a few lines of IR")
    path = ROOT / "lib" / "Policies" / f"{REFERENCE}.mlir"
    print(f"\033[2m{path.relative_to(ROOT)}\033[0m")
    print(path.read_text().rstrip())


#===----------------------------------------------------------------------===#
# 3: a model
#===----------------------------------------------------------------------===#

def a_model(demo):
    screen(3, "The same model on a prompt of text, a long image, two touching images and a video")
    print(demo.explain(f"--policy={REFERENCE}", f"--prompt={PROMPT}", "--window=1024", "--tile=96x96"))


#===----------------------------------------------------------------------===#
# 3, where configs can be imported
#===----------------------------------------------------------------------===#

LOOPS = ("builtin.module(one-shot-bufferize{bufferize-function-boundaries "
         "function-boundary-type-conversion=identity-layout-map},canonicalize,"
         "func.func(convert-mask-to-tiles),canonicalize,cse)")


def loop_headers(text):
    """Per layer body, the key loop of a query tile and what its bounds are."""
    for body in re.split(r"(?=^  func\.func )", text, flags=re.M):
        name = re.match(r"  func\.func private @(\w+)\(", body)
        loop = re.search(r"mask\.tile_for\s*\[(.*?)\] step \d+", body)
        if not name or not loop:
            continue
        print(f"\n  @{name.group(1)}")
        for bound in dict.fromkeys(re.findall(r"%\w+", loop.group(1))):
            definition = re.search(rf"^\s*({bound} = .*)$", body, flags=re.M)
            if definition and "arith.constant" not in definition.group(1):
                print(f"    {definition.group(1)}")
        print(f"    {loop.group(0)} {{ ... }}")


def imported_model(demo):
    """The layers of a real config, the bodies they share, and their loops."""
    screen(3, "Gemma 4 26B: one layer function, two bodies, bounds folded into their loops")
    model, layers = demo.scratch / "gemma4.mlir", demo.scratch / "layers.mlir"
    demo.run("mask-translate", "--import-hf-config", CONFIG, f"--policy={REFERENCE}",
             "--without=key_valid,sequence_ids,positions", "-o", model)
    bodies = demo.run("mask-opt", model, "--mask-specialize-layers")
    layers.write_text(bodies)
    for name in re.findall(r"^  func\.func (?:private )?@(\w+)\(", bodies, flags=re.M):
        calls = len(re.findall(rf"call @{name}\(", bodies))
        if calls:
            print(f"  {calls:>2} layers share @{name}")
    loop_headers(demo.run("mask-opt", layers, f"--pass-pipeline={LOOPS}", "--mlir-print-local-scope"))
    print("\n  (bounds: hull lower, core lower, core upper, hull upper; a query tile starts at the "
          "loop\n  variable; an upper bound that a table decides is reduced over the tile's rows)")


#===----------------------------------------------------------------------===#
# 4: measured now
#===----------------------------------------------------------------------===#

def measured(demo):
    screen(4, "Measured now: the same loops, with and without the mask in their bounds")
    subprocess.run([sys.executable, ROOT / "bench" / "bench.py", demo.bin.parent, "--length=4096",
                    "--heads=4", "--kv-heads=2", "--repeat=2", "--check"], check=True)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        demo = Demo(build, pathlib.Path(scratch))
        who_disagrees(demo)
        the_policy(demo)
        if demo.has("mask-translate"):
            imported_model(demo)
        a_model(demo)
        if demo.has("mask-run"):
            measured(demo)
    print(f"\n{time.monotonic() - start:.0f} seconds. Three commands to try next:\n")
    tool = f"{build.relative_to(ROOT) if build.is_relative_to(ROOT) else build}/bin/mask-explain"
    print(f"  {tool} --policy=transformers-5.12 --against=transformers-5.13-gemma4 "
          "--prompt=image:1100 --window=1024")
    print(f"  {tool} --policy=transformers-5.13-gemma4 --layer-type=sliding_attention "
          "--prompt=image:1100 --window=1024 --at=1024,0")
    print(f"  {tool} --policy=vllm-0.25-triton --prompt='{PROMPT}' --window=1024 --format=svg -o masks")


main()
