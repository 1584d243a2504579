#!/usr/bin/env python3
"""Times compiled attention beside what else can be installed from PyPI, in one process,
on the same tensors: `tools/dev.sh bench --peers [FILTER..]`.

Timed is the way from ready queries, keys and values to a finished output: index tables,
packing and transposes included. Compilation and masks in a contender's own notation are
columns of their own. Contenders run in the order A B C C B A, again and again, on equal
numbers of threads; a time is the least, or in decode, where every repetition reads
another copy of the keys, the median. What the processor can do is measured before and
after each row, and the row again if that moved by more than 5 %; what memory gives to a
decode step between the repetitions, by reading the same keys and values.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import contenders  # noqa: E402

contenders.quiet_pools()
import torch  # noqa: E402

import machine  # noqa: E402
from work import DTYPES, works  # noqa: E402

# How much a rate may move while a row is measured, and how often a row is tried.
STEADY, TRIES = 0.05, 3
# The share of the peak that a decode step can be asked for.
REACHABLE = 0.75
# A peer whose matrix product is below this share of the peak is limited by it.
GOOD_PRODUCT = 0.7


def run_in_turn(running, copies, rounds, inner):
    """Seconds of each of `running`, by name: forwards, backwards, and again."""
    times = {one.name: [] for one in running}
    number = 0
    for _ in range(rounds):
        for one in [*running, *reversed(running)]:
            for _ in range(inner):
                number = (number + 1) % copies
                times[one.name].append(contenders.timed(lambda: one.run(number))[1])
    return times


def error_of(work, output, expected, weight):
    """The largest difference, and the largest in units of sum(p |v|)."""
    difference = (output[:, :, work.sample()].double() - expected).abs()
    if not torch.isfinite(difference).all():
        return float("inf"), float("inf")
    return float(difference.max()), float((difference / weight.clamp_min(1e-30)).max())


def make_contenders(work, q, copies, settings):
    running, unable = [], []
    for make in contenders.all_contenders():
        if settings.only and make is not contenders.Ours and make.name not in settings.only:
            continue
        try:
            running.append(make(work, q, copies, settings))
        except contenders.Unable as reason:
            unable.append((make.name, str(reason)))
    return running, unable


def measure(work, settings, computer):
    """One row of the table."""
    decode = work.queries == 1
    # All keys and values, whatever the mask shows of them.
    size = 2 * work.batch * work.kv_heads * work.keys * work.dim * DTYPES[work.dtype].itemsize
    count = max(1, -(-4 * machine.last_level_cache() // size)) if decode else 1
    q, copies = work.data(rising=False, copies=count)
    running, unable = make_contenders(work, q, copies, settings)
    expected, weight = work.reference(q, *copies[0])
    errors = {one.name: error_of(work, one.run(0).clone(), expected, weight) for one in running}
    inner = max(count, 8) if decode else 1
    reading = [machine.Reading(computer, work, copies)] if decode else []
    for attempt in range(TRIES):
        before = computer.measure()
        times = run_in_turn(running + reading, count, settings.rounds, inner)
        after = computer.measure()
        steady = before.moved(after) <= STEADY
        if steady:
            break
    pick = statistics.median if decode else min
    best = {name: pick(seconds) for name, seconds in times.items()}
    row = {
        "work": work, "rates": before.mean(after), "steady": steady, "unable": unable, "errors": errors,
        "reading": best.pop(machine.Reading.name, None), "seconds": best,
        "compile": {one.name: one.compile_time for one in running},
        "mask": {one.name: one.mask_time for one in running},
        "product": contenders.product_rate(work.dtype),
    }
    row["rising"] = rising_ratio(work, settings, best, (q, copies[:1]))
    return row


def rising_ratio(work, settings, best, plain):
    """How much longer ours takes where the maximum moves in every tile."""
    if contenders.Ours.name not in best:
        return None
    pair = [contenders.Ours(work, q, copies, settings) for q, copies in [work.data(rising=True, copies=1), plain]]
    seconds = [[], []]
    for _ in range(max(3, settings.rounds)):
        for i in [0, 1, 1, 0]:
            seconds[i].append(contenders.timed(lambda: pair[i].run(0))[1])
    return min(seconds[0]) / min(seconds[1])


def print_row(row):
    work, rates = row["work"], row["rates"]
    visible, causal = work.pairs()
    operations = work.operations(visible)
    decode = work.queries == 1
    peak = max(rates.dot, rates.fma) if work.dtype == "bf16" else rates.fma
    share = row["product"] / peak
    print(f"\n{work.name}: {work.batch} x {work.heads}/{work.kv_heads} heads, {work.queries} queries, "
          f"{work.keys} keys, D {work.dim}, {work.dtype}")
    print(f"  peak {peak:.0f} G/s, memory {rates.bandwidth:.1f} GB/s{'' if row['steady'] else ' (NOT STEADY)'}; "
          f"PyTorch's product at {share:.0%} of the peak"
          f"{'' if share >= GOOD_PRODUCT else ': peers are limited by their BLAS on this CPU'}")
    print(f"  {'':<22}{'ms':>10}{'of peak':>9}{'of memory':>11}{'x ours':>8}{'error':>10}{'/ p|v|':>10}"
          f"{'compile':>9}{'mask ms':>9}")
    ours = row["seconds"].get(contenders.Ours.name)
    if decode:
        # What memory allows, or the processor at the share of its peak that is asked for.
        least = max(row["reading"], operations / (REACHABLE * peak * 1e9))
        print(f"  {machine.Reading.name:<22}{row['reading'] * 1e3:>10.2f}")
    for name, seconds in row["seconds"].items():
        error, relative = row["errors"][name]
        same = name != contenders.CausalOnnxRuntime.name
        accuracy = f"{error:>10.1e}{relative:>10.1e}" if same else f"{'':>20}"
        ratio = f"{seconds / ours:>8.2f}" if ours else f"{'':>8}"
        memory = f"{least / seconds:>11.0%}" if decode else f"{'':>11}"
        print(f"  {name:<22}{seconds * 1e3:>10.2f}{operations / seconds * 1e-9 / peak:>9.0%}{memory}{ratio}"
              f"{accuracy}{row['compile'][name]:>9.2f}{row['mask'][name] * 1e3:>9.1f}")
    runtime = row["seconds"].get(contenders.CausalOnnxRuntime.name)
    if runtime:
        ideal = runtime * visible / causal
        ratio = f", {ideal / ours:.2f} x ours" if ours else ""
        print(f"  ONNX Runtime, if it skipped all that is hidden: {ideal * 1e3:.2f} ms{ratio}")
    for name, reason in row["unable"]:
        if not reason.startswith("for "):
            print(f"  {name:<22}cannot: {reason}")
    if row["rising"]:
        print(f"  ours where the maximum moves in every tile: {row['rising']:.2f} x")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="build directory")
    parser.add_argument("filter", nargs="*", help="parts of the names of works; all without")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="how often the contenders run forwards and backwards")
    parser.add_argument("--only", action="append", help="a peer; may be given again")
    parser.add_argument("--list", action="store_true", help="names the works and peers, and ends")
    parser.add_argument("--openmp", type=pathlib.Path, default="/usr/lib/llvm-22/lib/libomp.so")
    parser.add_argument("--compiler", default="clang-22")
    settings = parser.parse_args()
    names = [make.name for make in contenders.all_contenders()]
    if settings.list:
        print("\n".join(work.name for work in works()), "\n\npeers: ", ", ".join(names[1:]), sep="")
        return 0
    for name in settings.only or []:
        if name not in names:
            sys.exit(f"peers: there is no '{name}'; there are {', '.join(names)}")
    chosen = [work for work in works()
              if not settings.filter or any(part in work.name for part in settings.filter)]
    if not chosen:
        sys.exit(f"peers: no work is called like {' or '.join(map(repr, settings.filter))}")
    torch.set_num_threads(settings.threads)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        settings.scratch = pathlib.Path(scratch)
        computer = machine.Machine(settings.scratch, settings.compiler, settings.threads, settings.openmp)
        print(f"{machine.describe()}, {settings.threads} threads; torch {torch.__version__}")
        with torch.no_grad():
            for work in chosen:
                print_row(measure(work, settings, computer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
