"""link-cases.py GOLDENS DIR STEP | link-cases.py GOLDENS DIR CASE...

Makes DIR hold links to every STEPth case of the sample, or to the cases named.
"""
import os
import sys

goldens, directory, *what = sys.argv[1:]
if what[0].isdigit():
    with open(os.path.join(goldens, "sample.txt")) as file:
        what = file.read().split()[:: int(what[0])]
os.makedirs(directory)
for case in what:
    source = os.path.join(goldens, case)
    assert os.path.exists(os.path.join(source, "case.json")), source
    os.symlink(source, os.path.join(directory, case.replace("/", "-")))
