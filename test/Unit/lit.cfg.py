# The GoogleTest executables, as lit tests.
import os

import lit.formats

config.name = "mask-unit"
config.test_source_root = config.unit_test_root
config.test_exec_root = config.unit_test_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
# What sanitizers are told (`tools/dev.sh test --sanitize`).
for name in ["ASAN_OPTIONS", "UBSAN_OPTIONS"]:
    if name in os.environ:
        config.environment[name] = os.environ[name]
# The driver of CUDA that runs nothing, before what there is.
libraries = [os.path.join(os.path.dirname(config.unit_test_root), "FakeCuda"),
             os.environ.get("LD_LIBRARY_PATH")]
config.environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, libraries))
