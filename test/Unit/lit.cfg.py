# The GoogleTest executables, as lit tests.
import lit.formats

config.name = "mask-unit"
config.test_source_root = config.unit_test_root
config.test_exec_root = config.unit_test_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
