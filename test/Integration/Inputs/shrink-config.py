# shrink-config.py CONFIG: the same model with two layers, one of each type, and
# heads that hold a one-hot vector of 12 tokens.
import json
import sys

config = json.load(open(sys.argv[1]))
text = config["text_config"]
text.update(
    num_hidden_layers=2,
    layer_types=["sliding_attention", "full_attention"],
    num_attention_heads=2,
    num_key_value_heads=1,
    num_global_key_value_heads=2,
    head_dim=12,
    global_head_dim=16,
    sliding_window=5,
)
json.dump(config, sys.stdout)
