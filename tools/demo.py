#!/usr/bin/env python3
"""The project in five screens. Every number is computed while it runs.

`tools/dev.sh demo` builds the tools and starts this: `demo.py BUILD`, with
`--without-timings` for all but the fourth.
"""
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap
import time
import types

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench"))
import bench  # noqa: E402

CONFIG = ROOT / "test" / "configs" / "gemma-4-26b-a4b.json"
POLICY = ROOT / "tools" / "demo.mlir"
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
WIDTH = 100


class Demo:
    def __init__(self, build, scratch):
        self.build = build
        self.bin = build / "bin"
        self.scratch = scratch

    def run(self, tool, *arguments, codes=(0,), show=True):
        """What a tool prints; the command itself is shown."""
        words = [str(argument) for argument in arguments]
        if show:
            show_command(tool, *(self.shorten(word) for word in words))
        result = subprocess.run([self.bin / tool, *words], capture_output=True, text=True)
        if result.returncode not in codes:
            sys.exit(f"{tool} {' '.join(words)}: exit code {result.returncode}\n{result.stderr}")
        return result.stdout

    def shorten(self, word):
        return word.replace(str(self.scratch) + "/", "").replace(str(ROOT) + "/", "")

    def explain(self, *arguments, **options):
        return self.run("mask-explain", *arguments, **options)


def screen(number, title):
    print(f"\n\033[1m{number}  {title}\033[0m\n")


def show_command(*words):
    """A command as one would type it, within the width of the screen."""
    quoted = [re.sub(r"^(--[\w-]+=)?(.*[ *;{(].*)$", r"\1'\2'", word) for word in words]
    lines = [quoted[0]]
    for word in quoted[1:]:
        if len(lines[-1]) + len(word) + 5 > WIDTH:
            lines.append("   ")
        lines[-1] += " " + word
    print("\033[2m$ " + " \\\n".join(lines) + "\033[0m", flush=True)


def sees(mask, layer_type, query, key):
    """Whether the row of `query` in what --format=json printed has `key`."""
    return any(low <= key < high for low, high in mask[layer_type]["rows"][0][query])


#===----------------------------------------------------------------------===#
# 1: who disagrees
#===----------------------------------------------------------------------===#

def describe_difference(difference):
    """`+2,926 (1024,0)`: pairs and the smallest of them, each way."""
    texts = []
    for side, sign in [("only_first", "+"), ("only_second", "-")]:
        if difference[side]["pairs"]:
            witness = difference[side]["witness"]
            texts.append(f"{sign}{difference[side]['pairs']:,} ({witness['q']},{witness['k']})")
    return " ".join(texts) or "none"


def who_disagrees(demo):
    screen(1, "One model, one image of 1,100 tokens, a window of 1,024: who sees whom?")
    request = ["--prompt=image:1100", "--window=1024"]
    points = [("sliding_attention", 0, 1099), ("sliding_attention", 1099, 0),
              ("sliding_attention", 1024, 0), ("full_attention", 0, 1099)]
    print(f"{'':<23}{'sliding layers':>27}{'full':>9}{'pairs that differ from 5.13':>41}")
    print(f"{'query,key':<23}" + "".join(f"{f'{q},{k}':>9}" for _, q, k in points)
          + f"{'sliding layers':>22}{'full layers':>19}")
    for policy, name in SYSTEMS:
        mask = json.loads(demo.explain(f"--policy={policy}", *request, "--format=json", show=False))
        against = json.loads(demo.explain(f"--policy={policy}", f"--against={REFERENCE}", *request,
                                          "--format=json", codes=(0, 1), show=False))
        cells = ["visible" if sees(mask, *point) else "-" for point in points]
        print(f"{name:<23}" + "".join(f"{cell:>9}" for cell in cells)
              + f"{describe_difference(against['sliding_attention']):>22}"
              + f"{describe_difference(against['full_attention']):>19}", flush=True)
    print("\n+ shown here only, - shown in 5.13 only, (q,k) the smallest such pair. Any two, in full:")
    show_command("mask-explain", "--policy=transformers-5.12", "--against=transformers-5.13-gemma4",
                 *request)


#===----------------------------------------------------------------------===#
# 2: the policy
#===----------------------------------------------------------------------===#

def the_policy(demo):
    screen(2, "The rule is ten lines of IR")
    print(f"\033[2m{POLICY.relative_to(ROOT)}\033[0m")
    print(POLICY.read_text())
    print("Is it what Transformers 5.13 computes?")
    masks = json.loads(demo.explain(POLICY, f"--against={REFERENCE}", f"--prompt={PROMPT}",
                                    "--window=1024", "--format=json"))
    for layer_type, mask in masks.items():
        print(f"  {layer_type}: equal, {mask['common']:,} pairs")


#===----------------------------------------------------------------------===#
# 3: a model
#===----------------------------------------------------------------------===#

LOOPS = ("builtin.module(one-shot-bufferize{bufferize-function-boundaries "
         "function-boundary-type-conversion=identity-layout-map},canonicalize,"
         "func.func(convert-mask-to-tiles),canonicalize,cse)")


class LoopHeader:
    """The key loop of one layer body, its bounds' affine maps written out."""

    def __init__(self, body):
        self.lines = []
        loop = re.search(r"mask\.tile_for\s*\[(.*?)\] step (\d+)", body)
        query = re.search(r"scf\.parallel \(%\w+, %\w+, (%\w+)\)", body)
        # Rounds count from the last tile of queries.
        first = re.search(rf"(%\w+) = arith\.subi %\w+, {query.group(1)} :", body[query.start():])
        self.names = {first.group(1): "%q"}
        # What all heads share is computed before the loop over heads.
        self.shared, self.body = body[:query.start()], body[query.start():]
        roles = ["%hull_lower", "%core_lower", "%core_upper", "%hull_upper"]
        bounds = [self.visit(value, role) for value, role in zip(re.findall(r"%[\w-]+", loop.group(1)), roles)]
        self.lines += ["mask.tile_for", f"  [{', '.join(bounds[:2])},", f"   {', '.join(bounds[2:])}]",
                       f"  step {loop.group(2)} {{ ... }}"]

    def define(self, value):
        """The op that defines a value, without its regions."""
        for part in self.body, self.shared:
            definition = re.search(rf"^ *{value} = (.*)$", part, flags=re.M)
            if definition:
                return definition.group(1)
        return ""

    def scan(self, table, column):
        """The loop over the rows of a query tile whose result is stored in a column of a table."""
        value = re.search(rf"memref\.store (%\w+), {table}\[.*, {column}\]", self.shared).group(1)
        return re.search(rf"^( *){value} = scf\.for .*?^\1\}}", self.shared, flags=re.M | re.S).group(0)

    def visit(self, value, role="%bound"):
        """The name of a value, its definition having been listed."""
        if value in self.names:
            return self.names[value]
        text = self.define(value)
        constant = re.match(r"arith\.constant (-?\d+)", text)
        if constant:
            return constant.group(1)
        affine = re.match(r"(affine\.\w+) affine_map<\((.*?)\)(?:\[(.*?)\])? -> (\(.*\))>\((.*?)\)(?:\[(.*?)\])?$", text)
        if text.startswith("memref.dim"):
            self.names[value] = "%keys"
        elif text.startswith("memref.load"):
            # A table decides: the rows of a query tile were looked at.
            most = "arith.maxsi" in self.scan(*re.match(r"memref\.load (%\w+)\[.*, (%\w+)\]", text).groups())
            self.names[value] = "%greatest" if most else "%least"
            end = "greatest block end" if most else "least end"
            self.lines.append(f"{self.names[value]} = ... the {end} of a row")
        elif text.startswith("arith.select"):
            # Tiles of few rows have no core.
            return self.visit(re.match(r"arith\.select %[\w-]+, %[\w-]+, (%[\w-]+) ", text).group(1), role)
        elif affine:
            operation, dims, symbols, results, values, others = affine.groups()
            if "-d0 + s0" in results:
                self.names[value] = "%rows"
                return "%rows"
            inputs = [self.visit(v) for v in re.findall(r"%[\w-]+", values + (others or ""))]
            for name, text in zip(re.findall(r"\w+", f"{dims} {symbols or ''}"), inputs):
                results = re.sub(rf"\b{name}\b", text, results)
            if role == "%bound":
                return f"{operation[7:]}{results}"
            self.names[value] = role
            self.lines.append(f"{role} =")
            self.lines.append(f"  {operation} {results}")
        return self.names.get(value, value)


def layer_bodies(text):
    """Per layer type, how many layers share its body, and the loop in it."""
    for body in re.split(r"(?=^  func\.func )", text, flags=re.M):
        name = re.match(r"  func\.func private @(attention_layer_(\w+))\(", body)
        if name and "mask.tile_for" in body:
            yield name.group(2), len(re.findall(rf"call @{name.group(1)}\(", text)), LoopHeader(body)


def beside(left, right):
    """Two columns."""
    width = max(map(len, left)) + 2
    height = max(len(left), len(right))
    for a, b in zip(left + [""] * (height - len(left)), right + [""] * (height - len(right))):
        print(f"{a:<{width}}{b}".rstrip())


def imported_model(demo):
    """The layers of a real config, the bodies they share, and their loops."""
    screen(3, "Gemma 4 26B: one layer function, two bodies, bounds folded into their loops")
    model, layers = demo.scratch / "gemma4.mlir", demo.scratch / "layers.mlir"
    demo.run("mask-translate", "--import-hf-config", CONFIG, f"--policy={REFERENCE}",
             "--without=key_valid,sequence_ids,positions", "-o", model)
    demo.run("mask-opt", model, "--mask-specialize-layers", "-o", layers)
    loops = demo.run("mask-opt", layers, f"--pass-pipeline={LOOPS}", "--mlir-print-local-scope", show=False)
    maps = demo.explain(f"--policy={REFERENCE}", f"--prompt={PROMPT}", "--window=1024", "--tile=128x128")
    maps = {re.match(r"\S+: (\S+)", part).group(1): part.splitlines()
            for part in re.split(rf"\n(?={REFERENCE}: )", maps)}
    for layer_type, layers, header in layer_bodies(loops):
        lines = maps[layer_type]
        first = next(i for i, line in enumerate(lines) if line.split()[:1] == ["k"])
        last = lines.index("", first)
        print(f"\n{layers} layers share @attention_layer_{layer_type}")
        for line in lines[3:5]:
            print(line)
        print()
        beside(lines[first:last], ["", *header.lines])
    print("\n" + "\n".join(line for line in lines[last + 1:] if line))
    print(textwrap.fill(
        "On the right the loop over the keys of the query tile [q, q + rows), as the compiler has it; its "
        "affine maps are written out. Tiles are masked from hull_lower on, not from core_lower on, and "
        "again from core_upper to hull_upper; where half of the rows or more are missing, all are.", WIDTH, initial_indent="  ", subsequent_indent="  "))


#===----------------------------------------------------------------------===#
# 4: measured now
#===----------------------------------------------------------------------===#

def print_timings(title, loops):
    """Rows of (label, what --bench printed); the last are the mask's own."""
    own = loops[-1][1]
    print(f"\n{title}: {own['visible_pairs']:,} pairs visible, {own['tiles']['total']:,} tiles of 64 x 64")
    print(f"  {'loops':<34}{'visited':>8}{'core':>7}{'edge':>6}{'pairs computed':>16}{'ms':>9}{'speed-up':>10}")
    for label, result in loops:
        tiles, gain = result["tiles"], result["min_ms"] / own["min_ms"]
        print(f"  {label:<34}{tiles['visited']:>8,}{tiles['core']:>7,}{tiles['edge']:>6,}"
              f"{result['computed_pairs']:>16,}{result['min_ms']:>9.1f}"
              + (f"{gain:>8.1f} x" if result is not own else ""), flush=True)


def measured(demo):
    screen(4, "Measured now: the same loops, with and without the mask in their bounds")
    args = types.SimpleNamespace(build=demo.build, heads=4, kv_heads=2, head_dim=64, repeat=3, threads=None)
    length = 4096
    text, images = bench.facts(length, False), bench.facts(length, True)
    everything = bench.bench(args, "bidirectional", "full_attention", text)
    causal = bench.bench(args, "causal", "full_attention", text)
    sliding = bench.bench(args, "causal-sliding", "sliding_attention", text)
    upper = bench.bench(args, "gemma-jax-gemma4-2026-05", "sliding_attention", images)
    vision = bench.bench(args, REFERENCE, "sliding_attention", images)
    print(f"{length:,} tokens, window 1,024, 4 heads (2 of keys) of 64, f32, "
          f"{vision['threads']} threads; the least of 3 runs")
    print_timings("Causal window", [("all tiles", everything), ("causal upper bound only", causal),
                                    ("bounds of the mask", sliding)])
    print_timings("Images and a video, sliding layer of Gemma 4",
                  [("all tiles", everything), ("upper bound only: causal or image", upper),
                   ("bounds of the mask", vision)])
    print(f"\nCompiled in {vision['compile_ms']:.0f} ms, once for every length; index tables of the images: "
          f"{vision['tables_ms']:.2f} ms")
    print(f"Largest error against the interpreter: {bench.check(args):.1e}")


#===----------------------------------------------------------------------===#
# 5: kernels
#===----------------------------------------------------------------------===#

GPU_CONFIG = ROOT / "test" / "configs" / "mistral-7b-v0.1.json"
COUNTED = [("mma.sync", r"mma\.sync"), ("ldmatrix", r"ldmatrix"), ("cp.async", r"cp\.async\.c[ag]\."),
           ("ex2", r"ex2\.approx"), ("barrier", r"(?:bar|barrier)\.(?:cta\.)?sync"),
           ("setp", r"setp\."), ("selp", r"selp\.")]


def load_script(path):
    spec = importlib.util.spec_from_file_location(path.stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def print_kernel_loops(ptx, name):
    """What the loops over tiles of keys hold, in the order of the code."""
    kernel = re.search(rf"^\.visible \.entry {name}\(.*?^}}", ptx, flags=re.M | re.S).group(0)
    loops = load_script(ROOT / "test" / "GPU" / "Inputs" / "kernel-loops.py").loops(
        kernel.splitlines(), r"(\$L\w+):", r"\bbra(?:\.uni)?\s+(\$L\w+);", r"\bret;")
    loops = [loop for loop in loops if any("mma.sync" in line for line in loop)]
    titles = ["before the core", "core", "after the core"]
    print(f"  {'tiles of 64 x 64':<18}{'instructions':>13}" + "".join(f"{title:>9}" for title, _ in COUNTED))
    for title, loop in zip(titles, loops):
        code = [line for line in loop if re.match(r"\s+(@%p\d+ )?[a-z]", line)]
        counts = [len(re.findall(pattern, "\n".join(code))) for _, pattern in COUNTED]
        print(f"  {title:<18}{len(code):>13}" + "".join(f"{count:>9}" for count in counts))


def kernels(demo):
    screen(5, "Mistral 7B as kernels for tensor cores: the same bounds, three loops")
    model, ptx = demo.scratch / "mistral.mlir", demo.scratch / "mistral.ptx"
    demo.run("mask-translate", "--import-hf-config", GPU_CONFIG, "--dtype=bf16", "-o", model)
    demo.run("mask-compile", model, "--emit=ptx", "--chip=sm_90",
             "--tiles=emitter=tensor-core query-tile=64 key-tile=64", "-o", ptx)
    print_kernel_loops(ptx.read_text(), "attention_layer_sliding_attention")
    print(textwrap.fill(
        "A select of the core is the size of a copy, a comparison that of a copy or a loop: no score is "
        "compared or selected there. Nothing has to be linked.", WIDTH, initial_indent="  ", subsequent_indent="  "))
    print("\nSuch a kernel, its threads run here, each warp as far ahead as barriers let it:")
    data = demo.scratch / "gpu"
    subprocess.run([sys.executable, ROOT / "test" / "Tools" / "Inputs" / "make-attention.py", data,
                    *"1 4 1 300 300 128 128 bf16".split()], check=True)
    facts = demo.scratch / "facts.json"
    facts.write_text('{"q_len": 300, "kv_len": 300, "window": 100}')
    print("  " + demo.run(
        "mask-run", "--target=simt-emulation", "--emitter=tensor-core", "--warp-order=skewed", "--dtype=bf16",
        "--policy=causal-sliding", f"--facts={facts}", f"--query={data}-query.npy", f"--key={data}-key.npy",
        f"--value={data}-value.npy", "--check").strip() + " (bf16, against float64; no race)")


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: demo.py BUILD [--without-timings]")
    build = pathlib.Path(sys.argv[1]).resolve()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        demo = Demo(build, pathlib.Path(scratch))
        who_disagrees(demo)
        the_policy(demo)
        imported_model(demo)
        if "--without-timings" not in sys.argv:
            measured(demo)
        kernels(demo)
    print(f"\n{time.monotonic() - start:.0f} seconds. Three commands to try next:\n")
    where = f"$PWD/{build.relative_to(ROOT)}" if build.is_relative_to(ROOT) else build
    print(textwrap.dedent(f"""\
        export PATH={where}/bin:$PATH
        mask-explain --policy=transformers-5.12 --against=transformers-5.13-gemma4 \\
          --prompt=image:1100 --window=1024
        mask-explain tools/demo.mlir --layer-type=sliding_attention --at=1024,0 \\
          --prompt=image:1100 --window=1024
        mask-explain --policy=vllm-0.25-triton --format=svg -o masks.svg --window=1024 \\
          --prompt='{PROMPT}'"""))


main()
