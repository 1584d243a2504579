"""Loads what mask-explain --format=blockmask wrote with torch, and compares it
with what torch makes of the mask function and with the dense mask.

`check_torch.py DIR MASK.npy`: the lists are create_block_mask's, the mask
function is the mask, and flex_attention is dense attention under it.
"""
import importlib.util
import pathlib
import sys
import warnings

import numpy
import torch
from torch.nn.attention.flex_attention import create_block_mask, create_mask, flex_attention

warnings.filterwarnings("ignore")  # flex_attention asks for torch.compile.
directory = pathlib.Path(sys.argv[1])
mask = torch.from_numpy(numpy.load(sys.argv[2])).bool()
mask = mask[:, None] if mask.ndim == 3 else mask
B, H, Q, K = mask.shape

sys.path.insert(0, str(directory))
spec = importlib.util.spec_from_file_location("load", directory / "load.py")
load = importlib.util.module_from_spec(spec)
spec.loader.exec_module(load)
block_mask = load.load()

assert torch.equal(create_mask(block_mask.mask_mod, B, H, Q, K, device="cpu"), mask)

theirs = create_block_mask(block_mask.mask_mod, B, H, Q, K, device="cpu", BLOCK_SIZE=block_mask.BLOCK_SIZE)
for name in ["kv_num_blocks", "kv_indices", "full_kv_num_blocks", "full_kv_indices",
             "q_num_blocks", "q_indices", "full_q_num_blocks", "full_q_indices"]:
    assert torch.equal(getattr(block_mask, name), getattr(theirs, name)), name

torch.manual_seed(1)
query, key, value = (torch.randn(B, H, n, 16, dtype=torch.float64) for n in [Q, K, K])
computed = flex_attention(query, key, value, block_mask=block_mask)
scores = (query @ key.mT / 4).masked_fill(~mask, float("-inf"))
expected = torch.nan_to_num(scores.softmax(-1)) @ value
assert (computed - expected).abs().max() < 1e-12, (computed - expected).abs().max()
print("ok")
