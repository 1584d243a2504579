"""What this machine can do at this moment: multiply-adds, pair products of bf16 and
reads from memory per second, on a number of threads."""
import concurrent.futures
import ctypes
import dataclasses
import pathlib
import platform
import re
import subprocess
import time

import numpy

SOURCE = pathlib.Path(__file__).with_name("machine.c")


@dataclasses.dataclass
class Rates:
    """In 1e9 per second: f32 and bf16 operations, bytes read."""
    fma: float
    dot: float
    bandwidth: float

    def moved(self, other):
        """The largest relative change of a rate."""
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other))
        return max(abs(a / b - 1) for a, b in pairs if b)

    def mean(self, other):
        return Rates(*((a + b) / 2 for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other))))


class Machine:
    def __init__(self, scratch, compiler, threads, openmp):
        library = scratch / "machine.so"
        subprocess.run([compiler, "-O3", "-march=native", "-ffp-contract=fast", "-fopenmp", "-shared", "-fPIC",
                        str(SOURCE), "-o", str(library), f"-L{openmp.parent}", f"-Wl,-rpath,{openmp.parent}"],
                       check=True)
        self.code = ctypes.CDLL(str(library))
        for name in ["fma_f32", "dot_bf16"]:
            function = getattr(self.code, name)
            function.restype = ctypes.c_double
            function.argtypes = [ctypes.c_int64, ctypes.c_void_p]
        self.code.read_all.restype = ctypes.c_uint64
        self.code.read_all.argtypes = [ctypes.c_void_p, ctypes.c_int64]
        self.code.read_pieces.restype = ctypes.c_uint64
        self.code.read_pieces.argtypes = [ctypes.c_void_p, *[ctypes.c_int64] * 3, ctypes.c_int]
        self.threads = threads
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)
        self.memory = numpy.zeros(max(1 << 28, 4 * last_level_cache()), numpy.uint8)
        self.memory[::4096] = 1

    def together(self, work):
        """The least of five times that all threads need to do their part of `work`,
        and what the parts return, summed."""
        best, result = float("inf"), 0
        for _ in range(5):
            start = time.perf_counter()
            result = sum(self.pool.map(work, range(self.threads)))
            best = min(best, time.perf_counter() - start)
        return best, result

    def measure(self):
        sinks = numpy.zeros(16 * self.threads, numpy.float32)
        address = lambda part: sinks[16 * part:].ctypes.data
        seconds, operations = self.together(lambda part: self.code.fma_f32(1_000_000, address(part)))
        fma = operations / seconds * 1e-9
        seconds, operations = self.together(lambda part: self.code.dot_bf16(1_000_000, address(part)))
        dot = operations / seconds * 1e-9
        share = len(self.memory) // self.threads // 512 * 512

        def read(part):
            self.code.read_all(self.memory.ctypes.data + part * share, share)
            return share
        seconds, size = self.together(read)
        return Rates(fma, dot, size / seconds * 1e-9)


class Reading:
    """No attention: reads what a decode step has to read, the keys and values that are
    seen, on threads that sleep before, as those of the contenders do. Its time is what
    memory allows at that moment."""
    name = "reading alone"

    def __init__(self, computer, work, copies):
        self.computer, self.copies = computer, copies
        self.skipped = work.keys - work.seen()

    def run(self, i):
        for x in self.copies[i]:
            batch, heads, keys, dim = x.shape
            row = dim * x.element_size()
            self.computer.code.read_pieces(x.data_ptr() + self.skipped * row, batch * heads, keys * row,
                                           (keys - self.skipped) * row, self.computer.threads)


def last_level_cache():
    """Its size in bytes; 32 MiB where the system does not say."""
    sizes = []
    for path in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        number, unit = re.fullmatch(r"(\d+)([KM])", path.read_text().strip()).groups()
        sizes.append(int(number) << (10 if unit == "K" else 20))
    return max(sizes, default=32 << 20)


def describe():
    """The processor and the instructions that matter here."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    model = re.search(r"model name\s*:\s*(.*)", text)
    flags = set(re.search(r"flags\s*:\s*(.*)", text).group(1).split()) if "flags" in text else set()
    wanted = [flag for flag in ["avx2", "fma", "avx512f", "avx512_bf16", "amx_tile"] if flag in flags]
    return f"{model.group(1) if model else platform.processor()} ({' '.join(wanted)})"
