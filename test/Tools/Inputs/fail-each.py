"""fail-each.py OUTPUT FUNCTION... -- COMMAND...: a driver that fails half-way.

Runs COMMAND with the fake driver failing at the first call of each FUNCTION (`*`: at every
call of any; `*3`: at every third one). It has to exit with 1, say what the driver could not
do, and leave neither OUTPUT nor anything of the device behind.
"""
import os
import subprocess
import sys

output, rest = sys.argv[1], sys.argv[2:]
functions, command = rest[:rest.index("--")], rest[rest.index("--") + 1:]


def run(function, number):
    environment = dict(os.environ, MASK_FAKE_CUDA_FAIL=f"{function}:{number}:719")
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def check(function, number):
    """Returns whether there is such a call."""
    result = run(function, number)
    where = f"call {number} of {function}: {result.stderr}"
    if result.returncode == 0:
        return False
    assert result.returncode == 1, where
    assert "CUDA cannot " in result.stderr and "CUDA_ERROR_LAUNCH_FAILED (719)" in result.stderr, where
    assert "not given back" not in result.stderr, where
    assert not os.path.exists(output), where
    return True


total = 0
for function in functions:
    number, step = 1, 0
    if function[0] == "*":
        function, step = "*", int(function[1:] or 1)
    assert check(function, number), f"{function} is not called"
    total += 1
    while step and check(function, number + step):
        number += step
        total += 1
if os.path.exists(output):
    os.remove(output)  # of the run that did not fail
print(f"{total} failures of the driver")
