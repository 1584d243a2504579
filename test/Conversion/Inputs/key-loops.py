# key-loops.py write DIR: one attention for each layer type of each policy in DIR,
# with all facts, and without those that place padding and sequences.
# key-loops.py check FILE: what the loops over keys in that module, lowered, do.
import glob
import os
import re
import sys

DATA = "tensor<?x?x?x?xf32>"
PLACING = {"key_valid", "sequence_ids", "positions", "left_padding"}
# Whether these are intervals is known at run time: ids may come back, positions
# may fall.
RUN_TIME = {"document-causal", "gemma-jax-slots", "gemma-jax-slots-sliding"}


def write(directory):
    for path in sorted(glob.glob(os.path.join(directory, "*.mlir"))):
        text = open(path).read()
        print(text)
        name, arguments = re.search(r'mask\.policy @"?([^"(]+)"?\((.*?)\)\s*(?:attributes \{.*?\}\s*)?\{', text, re.S).groups()
        facts = re.findall(r'"(\w+)"( optional)? %\w+\s*:\s*([^\s,]+)', arguments)
        types = ", ".join(type for _, _, type in facts)
        for layer in re.findall(r'mask\.layer_type "([^"]+)"', text):
            for kind in "given", "plain":
                parameters, absent = "", ""
                for fact, optional, type in facts:
                    if kind == "plain" and optional and fact in PLACING:
                        absent += f"  %{fact} = mask.absent : {type}\n"
                    else:
                        parameters += f", %{fact}: {type}"
                values = ", ".join("%" + fact for fact, _, _ in facts)
                print(f'func.func @"{kind} {name} {layer}"(%q: {DATA}, %k: {DATA}, %v: {DATA}, '
                      f"%o: {DATA}{parameters}) -> {DATA} {{\n{absent}"
                      f'  %m = mask.of_layer @"{name}" "{layer}"({values}) {": " if types else ""}{types}\n'
                      f"  %r = mask.attention ins(%q, %k, %v : {DATA}, {DATA}, {DATA}) "
                      f"outs(%o : {DATA}) mask(%m) -> {DATA}\n  return %r : {DATA}\n}}")


def indent(line):
    return len(line) - len(line.lstrip())


def block(lines, start):
    """The lines of the op that begins at `start`."""
    end = start + 1
    while indent(lines[end]) > indent(lines[start]):
        end += 1
    return lines[start + 1 : end]


def key_loops(function):
    """The loops over tiles of keys: directly inside of the one over queries."""
    for i, line in enumerate(function):
        if re.match(r"\s*scf\.parallel .*step \(%c1, %c1, %c16\)", line):
            body = block(function, i)
            for j, inner in enumerate(body):
                if re.match(r"\s*scf\.for .*step %c64", inner) and indent(inner) == indent(line) + 2:
                    loop = block(body, j)
                    if any("vector.fma" in x for x in loop):
                        yield loop


def check(path):
    lines = open(path).read().splitlines()
    counts = {"functions": 0, "core": 0, "edge": 0}
    for i, line in enumerate(lines):
        found = re.match(r'\s*func\.func @"(\w+) (\S+) (\S+)"\(', line)
        if not found:
            continue
        kind, policy, _ = found.groups()
        counts["functions"] += 1
        cores = 0
        for loop in key_loops(block(lines, i)):
            # The last tile of an edge may be short, those of a core are whole.
            top = [x for x in loop if indent(x) == indent(loop[0])]
            is_core = not any("affine.min" in x for x in top)
            cores += is_core
            counts["core" if is_core else "edge"] += 1
            facts = [x for x in loop if re.search(r"vector\.gather|memref\.load .*xi\d+", x)]
            # The softmax's maximum is the greater of two floats.
            greater = {m[1] for x in loop if (m := re.match(r"\s*(%\w+) = arith\.cmpf ogt", x))}
            arithmetic = [x for x in loop if re.search(r"arith\.(cmpi|select|divsi|remsi)", x)
                          and not ((m := re.search(r"arith\.select (%\w+)", x)) and m[1] in greater)]
            if is_core and facts + arithmetic:
                print(f"{line}: a core loop has {(facts + arithmetic)[0].strip()}")
            if kind == "plain" and policy not in RUN_TIME and facts:
                print(f"{line}: an edge loop has {facts[0].strip()}")
        if cores == 0:
            print(f"{line}: no core loop")
    print("{functions} functions, {core} core loops, {edge} edge loops".format(**counts))


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
