// Gemma 4 in vLLM 0.25 to 0.33, the mask function of FlexAttention
//
//   full_attention     causal
//   sliding_attention  (causal and |q - k| < W) or blk
//
// blk: both tokens lie in the same item's range; ranges of one token are
// ignored, and touching items stay apart. The window does not bound blocks, and
// none is dropped.
mask.policy @"vllm-0.25-flex"(
    "item_ranges" optional %r : tensor<?x?x2xi32>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "length" %n : index,
    "window" %W : index) {
  %items = mask.item_ids %r length %n min_length 2 : tensor<?x?x2xi32> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %items : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %causal = mask.causal
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %causal_sliding = mask.and %causal, %left
  %near = mask.or %causal_sliding, %block
  %full = mask.and %causal, %valid
  %slide = mask.and %near, %valid
  mask.layer_type "full_attention" = %full
  mask.layer_type "sliding_attention" = %slide
}
