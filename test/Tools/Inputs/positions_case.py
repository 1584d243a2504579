"""Copies the goldens of packed rows without their sequence ids, and lists some.

Their systems were told positions alone, and found the sequences themselves.
"""
import json
import pathlib
import shutil
import sys

goldens, copies = map(pathlib.Path, sys.argv[1:])
for path in goldens.glob("transformers/*packed*/case.json"):
    case = json.loads(path.read_text())
    # Compositions bring policies of their own.
    if not case["use"]["policy"] or not case["request"].pop("sequence_ids", None):
        continue
    copy = copies / path.parent.name
    copy.mkdir()
    (copy / "case.json").write_text(json.dumps(case))
    shutil.copy(path.parent / case["mask_file"], copy)
SAMPLE = ["gemma4.packed.pv_a.sliding_attention@5.24.0", "masking_utils.packed.p_b2.full_attention@5.12.1"]
(copies / "sample.txt").write_text("\n".join(SAMPLE))
