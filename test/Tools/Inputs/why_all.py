"""What mask-explain --why says of every policy it knows, for any facts: one
line per layer type, with the reasons why bounds are not exact."""
import os
import re
import subprocess
import sys


def explain(*arguments):
    return subprocess.run([os.path.join(sys.argv[1], "mask-explain"), *arguments],
                          capture_output=True, text=True, check=True).stdout


for line in explain("--list-policies").splitlines():
    policy = line.split()[0]
    for part in explain(f"--policy={policy}", "--why").split("\n\n"):
        name, bounds = re.match(r"(\S+: \S+)\n  bounds   (.*)\n", part).groups()
        assert max(map(len, part.splitlines())) <= 100, part
        assert all(word in part for word in ["\n  row q  ", "\n  hull  ", "\n  core  ", "\n  parts"]), part
        because = sorted(set(re.findall(r"because (.*)", part)))
        assert bool(because) == ("not exact" in bounds), part
        print(f"{name}: {bounds}", *because, sep="; ")
