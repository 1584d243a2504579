# Configuration of the lit suite.
import ctypes.util
import glob
import importlib.util
import os
import shutil
import sys

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "mask"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "goldens", "configs", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.mask_obj_root, "test")

config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"
# Tests run side by side: a thread that waits for work must not keep another's processor.
config.environment["KMP_BLOCKTIME"] = "0"
# Every picture that a test makes is compared with the interpreter.
config.environment["MASK_EXPLAIN_OPTIONS"] = "--verify-view"
config.substitutions.append(("%PATH%", config.environment["PATH"]))
config.substitutions.append(("%mask_tools", config.mask_tools_dir))
config.substitutions.append(("%mlir_tblgen", os.path.join(config.llvm_tools_dir, "mlir-tblgen")))
config.substitutions.append(("%mlir_opt", os.path.join(config.llvm_tools_dir, "mlir-opt")))
config.substitutions.append(("%mask_opt", os.path.join(config.mask_tools_dir, "mask-opt")))
config.substitutions.append(("%src", config.mask_src_root))
config.substitutions.append(("%python", sys.executable))
config.substitutions.append(("%mlir_include", config.mlir_include_dir))
config.substitutions.append(("%mlir_lib_dir", os.path.join(os.path.dirname(config.llvm_tools_dir), "lib")))
config.substitutions.append(("%mask_obj_root", config.mask_obj_root))
config.substitutions.append(("%cmake_generator", f'"{config.cmake_generator}"'))
config.substitutions.append(("%cmake", config.cmake_command))
config.substitutions.append(("%cxx", config.cxx_compiler))
config.substitutions.append(("%mlir_dir", config.mlir_dir))

llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.use_default_substitutions()
# What not every build has; a test that needs it says `REQUIRES: NAME`.
config.substitutions.append(("%mask_plugin", os.path.join(config.mask_obj_root, "lib", "MaskPlugin.so")))
# Under sanitizers code that is not built with them cannot load ours, and they are told
# what not to look at by the environment.
if "sanitize" in lit_config.params:
    config.available_features.add("sanitize")
    llvm_config.with_system_environment(["ASAN_OPTIONS", "UBSAN_OPTIONS"])
elif config.mask_has_plugin:
    config.available_features.add("plugin")
# Tools of NVIDIA's toolkit: those that tools/dev.sh has fetched, or on the path, or where
# it is usually installed.
fetched = os.pathsep.join(glob.glob(os.path.join(
    config.mask_obj_root, "nvidia", "lib", "python3*", "site-packages", "nvidia", "cu*", "bin")))
for tool in ["ptxas", "nvdisasm"]:
    path = shutil.which(tool, path=fetched) or shutil.which(tool) or shutil.which(tool, path="/usr/local/cuda/bin")
    if path:
        config.available_features.add(tool)
        config.substitutions.append((f"%{tool}", path))
# `lit --param all=1`: `%if all` runs what others stand for otherwise.
if "all" in lit_config.params:
    config.available_features.add("all")
# The validator of SPIR-V, and a driver of Vulkan: the software one where there are
# several, so that every machine runs the same.
spirv_val = shutil.which("spirv-val")
if spirv_val:
    config.available_features.add("spirv-val")
    config.substitutions.append(("%spirv_val", spirv_val))
drivers = glob.glob("/usr/share/vulkan/icd.d/lvp_icd*.json")
if config.mask_has_vulkan and drivers and ctypes.util.find_library("vulkan"):
    config.available_features.add("vulkan")
    config.environment["VK_DRIVER_FILES"] = drivers[0]
    # What the driver compiles runs once: without optimizations, and kept beside the tests.
    config.environment["GALLIVM_PERF"] = "nopt"
    config.environment["MESA_SHADER_CACHE_DIR"] = config.test_exec_root
# A device of CUDA, and a driver that stands in for one.
try:
    if ctypes.CDLL("libcuda.so.1").cuInit(0) == 0:
        config.available_features.add("cuda")
except OSError:
    pass
config.substitutions.append(("%fake_cuda", os.path.join(config.test_exec_root, "FakeCuda")))
for module in ["numpy", "torch"]:
    if importlib.util.find_spec(module):
        config.available_features.add(module)

# `lit --param verify_roundtrip=1` has every mask-opt print and parse again what
# it read, and compare; with threads, of which tests that run side by side need none.
mask_opt = ToolSubst("mask-opt", extra_args=["--mlir-disable-threading"])
if "verify_roundtrip" in lit_config.params:
    script = os.path.join(config.test_source_root, "Inputs", "verify-roundtrip.py")
    mask_opt = ToolSubst("mask-opt", command=sys.executable,
                         extra_args=[script, os.path.join(config.mask_tools_dir, "mask-opt")])
tools = [
    mask_opt,
    "mask-compile",
    "mask-translate",
    "mask-explain",
    "mask-run",
    "mask-lsp-server",
    "mlir-opt",
    "mlir-runner",
    "mlir-translate",
    "llc",
    "mlir-tblgen",
]
llvm_config.add_tool_substitutions(tools, [config.mask_tools_dir, config.llvm_tools_dir])
