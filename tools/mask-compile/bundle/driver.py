"""The CUDA driver by ctypes, and calls of a bundle's functions."""
import ctypes
import itertools
import os
import tempfile

import numpy

from bundle import SIZES, BundleError

# Numbers of the driver's documentation.
MAX_THREADS, MAX_GRID, L2_BYTES, MAJOR, MINOR, MAX_SHARED = 1, 5, 38, 75, 76, 97
CLOCK_KHZ, MEMORY_CLOCK_KHZ = 13, 36
MAX_DYNAMIC_SHARED = 8
NO_DEVICE, STUB_LIBRARY = 100, 34
USUAL_SHARED_BYTES = 48 * 1024

Word = ctypes.c_uint64
NUMBERS = {"i1": ctypes.c_bool, "i8": ctypes.c_int8, "i16": ctypes.c_int16,
           "i32": ctypes.c_int32, "i64": ctypes.c_int64, "index": ctypes.c_int64,
           "f32": ctypes.c_float, "f64": ctypes.c_double}


class DeviceMissing(Exception):
    """There is no such device, or no driver for it."""


class Device:
    """The first device. Use in a `with`, which gives everything back."""

    def __init__(self):
        try:
            self.library = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise DeviceMissing(f"there is no CUDA driver: {error}") from error
        self.undo, self.attributes = [], {}
        result = self.library.cuInit(0)
        if result in (NO_DEVICE, STUB_LIBRARY):
            raise DeviceMissing(f"there is no device of CUDA: {self.describe(result)}")
        self.check(result, "start")
        count = ctypes.c_int()
        self.call("cuDeviceGetCount", "count devices", ctypes.byref(count))
        if count.value == 0:
            raise DeviceMissing("there is no device of CUDA: the driver counts 0")
        self.number = ctypes.c_int()
        self.call("cuDeviceGet", "find device 0", ctypes.byref(self.number), 0)
        name = ctypes.create_string_buffer(256)
        self.call("cuDeviceGetName", "name device 0", name, 255, self.number)
        self.name = name.value.decode()
        self.capability = (self.get_attribute(MAJOR), self.get_attribute(MINOR))

    def __enter__(self):
        try:
            context = ctypes.c_void_p()
            self.call("cuDevicePrimaryCtxRetain", f"open '{self.name}'",
                      ctypes.byref(context), self.number)
            self.undo.append(lambda: self.library.cuDevicePrimaryCtxRelease_v2(self.number))
            self.call("cuCtxSetCurrent", f"use '{self.name}'", context)
            self.start, self.end = self.create_event(), self.create_event()
        except BundleError:
            self.__exit__()
            raise
        return self

    # What cannot be given back after an error ends with the process.
    def __exit__(self, *_):
        while self.undo:
            self.undo.pop()()

    def describe(self, result):
        name = ctypes.c_char_p()
        if self.library.cuGetErrorName(result, ctypes.byref(name)) or not name.value:
            return f"an unknown error ({result})"
        return f"{name.value.decode()} ({result})"

    def check(self, result, what):
        if result:
            raise BundleError(f"CUDA cannot {what}: {self.describe(result)}")

    def call(self, function, what, *arguments):
        self.check(getattr(self.library, function)(*arguments), what)

    def get_attribute(self, attribute):
        if attribute not in self.attributes:
            value = ctypes.c_int()
            self.call("cuDeviceGetAttribute", f"tell attribute {attribute} of device 0",
                      ctypes.byref(value), attribute, self.number)
            self.attributes[attribute] = value.value
        return self.attributes[attribute]

    def create_event(self):
        event = ctypes.c_void_p()
        self.call("cuEventCreate", "make an event", ctypes.byref(event), 0)
        self.undo.append(lambda: self.library.cuEventDestroy_v2(event))
        return event

    def allocate(self, size):
        """The address of at least `size` bytes; the driver has no empty memory."""
        address = Word()
        size = max(size, 1)
        self.call("cuMemAlloc_v2", f"allocate {size} bytes", ctypes.byref(address),
                  ctypes.c_size_t(size))
        self.undo.append(lambda: self.library.cuMemFree_v2(address))
        return address.value

    def upload(self, address, array):
        if array.nbytes:
            self.call("cuMemcpyHtoD_v2", f"copy {array.nbytes} bytes to the device",
                      Word(address), ctypes.c_void_p(array.ctypes.data),
                      ctypes.c_size_t(array.nbytes))

    def download(self, address, array):
        if array.nbytes:
            self.call("cuMemcpyDtoH_v2", f"copy {array.nbytes} bytes from the device",
                      ctypes.c_void_p(array.ctypes.data), Word(address),
                      ctypes.c_size_t(array.nbytes))

    def load(self, bundle):
        """The bundle's kernels: the code for this chip if it is there, or PTX."""
        manifest = bundle.manifest
        image = bundle.read(manifest["ptx"]) + b"\0"
        module = ctypes.c_void_p()
        if manifest["chip"] == "sm_%d%d" % self.capability and manifest.get("cubin"):
            code = bundle.read(manifest["cubin"])
            if not self.library.cuModuleLoadDataEx(ctypes.byref(module), code, 0, None, None):
                image = None
        if image:
            log = ctypes.create_string_buffer(4096)
            options = (ctypes.c_int * 2)(5, 6)  # the log of errors, and its size
            values = (ctypes.c_void_p * 2)(ctypes.cast(log, ctypes.c_void_p), 4095)
            result = self.library.cuModuleLoadDataEx(ctypes.byref(module), image, 2, options,
                                                     values)
            if result:
                raise BundleError(f"CUDA cannot load the kernels for '{self.name}':"
                                  f" {self.describe(result)}\n{log.value.decode()}".rstrip())
        self.undo.append(lambda: self.library.cuModuleUnload(module))
        return module

    def get_function(self, module, step):
        name, shared = step["launch"], step["shared"]
        for what, count, most in [("workgroups", step["blocks"], MAX_GRID),
                                  ("threads of a workgroup", step["threads"], MAX_THREADS),
                                  ("bytes of workgroup memory", shared, MAX_SHARED)]:
            if count > self.get_attribute(most):
                raise BundleError(f"kernel '{name}' takes {count} {what}, more than the"
                                  f" {self.get_attribute(most)} of '{self.name}'")
        function = ctypes.c_void_p()
        self.call("cuModuleGetFunction", f"find kernel '{name}'", ctypes.byref(function),
                  module, name.encode())
        if shared > USUAL_SHARED_BYTES:
            self.call("cuFuncSetAttribute",
                      f"give kernel '{name}' {shared} bytes of workgroup memory", function,
                      MAX_DYNAMIC_SHARED, shared)
        return function

    def time(self, run, what):
        """Milliseconds on the device."""
        self.call("cuEventRecord", "record an event", self.start, None)
        run()
        self.call("cuEventRecord", "record an event", self.end, None)
        self.call("cuEventSynchronize", f"finish {what}", self.end)
        elapsed = ctypes.c_float()
        self.call("cuEventElapsedTime", f"time {what}", ctypes.byref(elapsed), self.start,
                  self.end)
        return elapsed.value


def get_strides(shape):
    """Row-major, in elements."""
    return list(itertools.accumulate(reversed(shape[1:]), int.__mul__, initial=1))[::-1] \
        if shape else []


def make_descriptor(address, shape):
    """The words of an array as MLIR passes it."""
    return [address, address, 0, *shape, *get_strides(list(shape))]


class Array:
    """An array of a call: on the host, on the device, or both."""

    def __init__(self, device, element, shape, data=None):
        self.device, self.element, self.shape = device, element, list(shape)
        self.data, self.address = data, None
        self.is_on_device = False

    def count_bytes(self):
        return SIZES[self.element] * int(numpy.prod(self.shape, dtype=object))

    def to_device(self):
        if self.address is None:
            self.address = self.device.allocate(self.count_bytes())
        if not self.is_on_device and self.data is not None:
            self.device.upload(self.address, self.data)
        self.is_on_device = True
        return self.address

    def to_host(self):
        if self.data is None:
            self.data = numpy.zeros(self.count_bytes(), dtype=numpy.uint8)
        if self.is_on_device:
            self.device.download(self.address, self.data)
        self.is_on_device = False
        return self.data


class Call:
    """A function of a bundle with its arguments on a device."""

    def __init__(self, device, bundle, plan, arguments):
        self.device, self.plan = device, plan
        self.module = device.load(bundle)
        self.arguments = arguments
        self.workspaces = [Array(device, *workspace) for workspace in plan.workspaces]
        self.host = self.load_host(bundle) if any(
            "call" in step for step in plan.steps) else None

    @staticmethod
    def load_host(bundle):
        # A copy of the bytes that were checked.
        with tempfile.NamedTemporaryFile(suffix=".so") as file:
            file.write(bundle.read(bundle.manifest["host"]))
            file.flush()
            os.chmod(file.name, 0o700)
            try:
                return ctypes.CDLL(file.name)
            except OSError as error:
                raise BundleError(f"{bundle.manifest['host']}: {error}") from error

    def get_array(self, argument):
        arrays = self.arguments if argument["kind"] == "argument" else self.workspaces
        return arrays[argument["index"]]

    def launch(self, step):
        words = []
        for argument in step["arguments"]:
            if argument["kind"] == "number":
                words.append(argument["value"])
            else:
                array = self.get_array(argument)
                words += make_descriptor(array.to_device(), array.shape)
        values = (Word * max(len(words), 1))(*[word % (1 << 64) for word in words])
        # Ends with null, which the driver does not read, but who stands in for it does.
        pointers = (ctypes.c_void_p * (len(words) + 1))(
            *[ctypes.addressof(values) + 8 * i for i in range(len(words))], None)
        function = self.device.get_function(self.module, step)
        self.device.call(
            "cuLaunchKernel",
            f"launch kernel '{step['launch']}' with {step['blocks']} workgroups of"
            f" {step['threads']} threads and {step['shared']} bytes of workgroup memory",
            function, step["blocks"], 1, 1, step["threads"], 1, 1, step["shared"], None,
            pointers, None)

    def call_host(self, step):
        """By MLIR's C interface: arrays by the address of their descriptor."""
        values, kept = [], []
        for argument in step["arguments"]:
            if argument["kind"] == "number":
                # Floating-point numbers are bits here.
                bits = ctypes.c_uint64(argument["value"] % (1 << 64))
                values.append(NUMBERS[argument["element"]].from_buffer_copy(bits))
                continue
            array = self.get_array(argument)
            data = array.to_host()
            words = make_descriptor(data.ctypes.data, array.shape)
            kept.append((data, (Word * len(words))(*words)))
            values.append(ctypes.c_void_p(ctypes.addressof(kept[-1][1])))
        function = getattr(self.host, "_mlir_ciface_" + step["call"])
        function.restype = None
        function(*values)

    def run(self):
        """All steps; returns the milliseconds of the kernels."""
        elapsed = 0
        for step in self.plan.steps:
            if "call" in step:
                self.call_host(step)
            else:
                elapsed += self.device.time(lambda: self.launch(step),
                                            f"kernel '{step['launch']}'")
        return elapsed

    def launch_all(self):
        """The kernels again, on what is on the device."""
        for step in self.plan.steps:
            if "launch" in step:
                self.launch(step)
