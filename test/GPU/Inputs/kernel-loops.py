# What the loops of a tensor-core kernel hold, one line each, in the order of the code.
#
# kernel-loops.py mlir FILE: the scf.for of a module.
# kernel-loops.py ptx FILE: the loops with mma.sync of a compiled gpu.binary.
# kernel-loops.py ptxas FILE PTXAS: what ptxas says of it.
# kernel-loops.py sass FILE PTXAS NVDISASM LIMIT: its loops with HMMA, as assembled; a
#   loop without selects may have LIMIT instructions, and one with selects 3 more for each
#   score of a thread and 40 (2 more after the last core). A tile that is worked on in
#   slices has a loop in its loop, which counts once; a line of its own tells what is in it.
import re
import subprocess
import sys
import tempfile


def count(lines, patterns):
    text = "\n".join(lines)
    return ", ".join(f"{name} {len(re.findall(pattern, text, re.M))}" for name, pattern in patterns)


def mlir(path):
    """Loops hold no loops; a loop's end has the indent of its start."""
    lines = open(path).read().splitlines()
    for start, line in enumerate(lines):
        head = re.match(r"( *)(?:%\S+ = )?scf\.for ", line)
        if not head:
            continue
        end = next(i for i in range(start + 1, len(lines)) if lines[i].startswith(head[1] + "}"))
        print("loop:", count(lines[start:end], [
            ("mma.sync", r"nvgpu\.mma\.sync"), ("ldmatrix", r"nvgpu\.ldmatrix"),
            ("async_copy", r"nvgpu\.device_async_copy"), ("shuffle", r"gpu\.shuffle"),
            ("barrier", r"gpu\.barrier"),
            ("score selects", r"arith\.select .*vector<2xf32>"), ("score compares", r"arith\.cmpi .*vector<2xi32>")]))


def read_ptx(path):
    assembly = re.search(r'assembly = "((?:[^"\\]|\\.)*)"', open(path).read())[1]
    return re.sub(r"\\([0-9A-F]{2}|\\)", lambda m: "\\" if m[1] == "\\" else chr(int(m[1], 16)), assembly)


def loops(lines, label, branch, end, cut=None):
    """The lines of each loop, wherever its blocks lie: those that reach each other. A
    line that starts with a predicate may be passed by. None goes through a line that `cut`
    matches: what is a loop without its barrier is one in a loop."""
    blocks, targets = [[]], {}
    for line in lines:
        if found := re.match(label, line):
            blocks.append([])
            targets[found[1]] = len(blocks) - 1
        blocks[-1].append(line)
        if re.search(branch, line) or re.search(end, line):
            blocks.append([])
    reached = []
    for i, block in enumerate(blocks):
        last = block[-1] if block else ""
        found = re.search(branch, last)
        # `BRA.U UP0, ...` has its predicate behind it.
        is_conditional = last.strip().startswith("@") or re.search(r"\bBRA\S* !?U?P\d", last)
        leaves = (found or re.search(end, last)) and not is_conditional
        if cut and any(re.search(cut, line) for line in block):
            reached.append(set())
            continue
        reached.append(({targets[found[1]]} if found else set()) | (set() if leaves else {i + 1}))
    for k in range(len(blocks)):
        for i in range(len(blocks)):
            if k in reached[i]:
                reached[i] |= reached[k]
    cycles = {frozenset(j for j in reached[i] if j < len(blocks) and i in reached[j]) for i in range(len(blocks)) if i in reached[i]}
    return [[line for i in sorted(cycle) for line in blocks[i]] for cycle in sorted(cycles, key=min)]


def ptx(path):
    lines = read_ptx(path).splitlines()
    syntax = (r"(\$L\w+):", r"\bbra(?:\.uni)?\s+(\$L\w+);", r"\bret;")
    bar = r"\b(?:bar|barrier)\.(?:cta\.)?sync"
    inner = loops(lines, *syntax, cut=bar)
    for loop in loops(lines, *syntax):
        slices = [each for each in inner if set(each) <= set(loop)]
        for name, each in [("loop", loop)] + [("slice", each) for each in slices]:
            if not any("mma.sync" in line for line in each):
                continue
            print(f"{name}:", count(each, [
                ("mma.sync", r"mma\.sync"), ("ldmatrix", r"ldmatrix"), ("cp.async", r"cp\.async\.c[ag]\."),
                ("shfl", r"shfl\.sync"), ("bar", bar),
                ("ex2", r"ex2\.approx\.ftz"), ("selp.f32", r"selp\.f32")]))
    print("all:", count(lines, [("mma.sync", r"mma\.sync"), ("ldmatrix", r"ldmatrix"), ("cp.async", r"cp\.async\.c[ag]\."),
                                ("extern functions", r"\.extern \.func"), ("ex2 without ftz", r"ex2\.approx\.f32"),
                                ("local memory", r"(?:ld|st)\.local|\.local ")]))


def assemble(path, ptxas, cubin):
    text = read_ptx(path)
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as file:
        file.write(text)
        file.flush()
        chip = re.search(r"^\.target (\w+)", text, re.M)[1]
        run = subprocess.run([ptxas, "-v", f"-arch={chip}", file.name, "-o", cubin], capture_output=True, text=True)
    sys.stdout.write(run.stdout + run.stderr)
    run.check_returncode()


def sass(path, ptxas, nvdisasm, limit):
    with tempfile.NamedTemporaryFile(suffix=".cubin") as cubin:
        assemble(path, ptxas, cubin.name)
        text = subprocess.run([nvdisasm, "-c", cubin.name], capture_output=True, text=True, check=True).stdout
    code = re.compile(r"\s*(?:(\.L_x_\d+):|/\*[0-9a-f]+\*/\s+(.*?);)")
    lines = [f"{m[1]}:" if m[1] else m[2] for m in map(code.match, text.splitlines()) if m]
    # `CALL.REL.NOINC` to such a label is a far branch.
    syntax = (r"(\.L_x_\d+):", r"\b(?:BRA|CALL\.REL).*`\((\.L_x_\d+)\)", r"\bEXIT\b")

    def find(**options):
        found = [[line for line in loop if not line.endswith(":")] for loop in loops(lines, *syntax, **options)]
        return [loop for loop in found if any("HMMA" in line for line in loop)]

    found, inner = find(), find(cut=r"\bBAR\b")
    selects = [sum("FSEL" in line for line in instructions) for instructions in found]
    cores = [i for i, n in enumerate(selects) if n == 0]
    parts = [("HMMA", r"\bHMMA"), ("LDSM", r"\bLDSM"), ("LDGSTS", r"\bLDGSTS"), ("FSEL", r"\bFSEL"), ("BAR", r"\bBAR\b"),
             ("spills", r"\b(?:STL|LDL)")]
    for i, instructions in enumerate(found):
        size = len(instructions)
        per_score = 3 if i < cores[-1] else 2
        most = int(limit) if i in cores else len(found[cores[0]]) + per_score * selects[i] + 40
        print("core:" if i in cores else "edge:", count(instructions, parts),
              f"of {size}, {'within' if size <= most else 'MORE THAN'} {most}")
        if i < len(inner):
            print("slice:", count(inner[i], parts), f"of {len(inner[i])}")


if __name__ == "__main__":
    if sys.argv[1] == "ptxas":
        assemble(*sys.argv[2:], "/dev/null")
    else:
        globals()[sys.argv[1]](*sys.argv[2:])
