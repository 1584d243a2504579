// Gemma 4 in vLLM 0.25 to 0.33, FlexAttention with the pages that its block map keeps
//
//   full_attention     causal
//   sliding_attention  ((causal and |q - k| < W) or blk)
//                      and floor(max(g - W + 1, 0) / P) <= floor(k / P) <= floor(h / P)
//
// blk: both tokens lie in the same item's range; ranges of one token are
// ignored, and touching items stay apart. g and h are the first and the last
// query of the group of Q queries (q_block, 16) that q lies in, P is the page
// (16). No key lies below 0 or behind the last query, so neither max nor the
// end of the last group is needed.
mask.policy @"vllm-0.25-flex-effective"(
    "item_ranges" optional %r : tensor<?x?x2xi32>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "length" %n : index,
    "window" %W : index,
    "page" %P : index,
    "q_block" %Q : index) {
  %items = mask.item_ids %r length %n min_length 2 : tensor<?x?x2xi32> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %items : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %causal = mask.causal
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %causal_sliding = mask.and %causal, %left
  %mask_function = mask.or %causal_sliding, %block
  %pages = mask.interval
    lower affine_map<(q)[W, P, Q] -> ((((q floordiv Q) * Q - W + 1) floordiv P) * P)>
    upper affine_map<(q)[W, P, Q] -> ((((q floordiv Q) * Q + Q - 1) floordiv P) * P + P)>
    [%W, %P, %Q]
  %near = mask.and %mask_function, %pages
  %full = mask.and %causal, %valid
  %slide = mask.and %near, %valid
  mask.layer_type "full_attention" = %full
  mask.layer_type "sliding_attention" = %slide
}
