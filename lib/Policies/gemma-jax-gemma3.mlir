// Gemma 3 in google-deepmind/gemma 3.2 to 4.0.1
//
//   full_attention     (causal and valid[k]) or blk
//   sliding_attention  |pos[q] - pos[k]| < W and ((causal and valid[k]) or blk)
//
// blk: both tokens lie in the same run of image or video placeholders.
// Causality compares indices, the window positions: pos[i] = max(valid tokens
// up to and with i, 1) - 1.
mask.policy @"gemma-jax-gemma3"(
    "token_types" optional %t : tensor<?x?xi8>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "window" %W : index) {
  %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %causal = mask.causal
  %past = mask.and %causal, %valid
  %either = mask.or %past, %block
  %pos = mask.positions %v : tensor<?x?xi1> -> tensor<?x?xi32>
  %one = arith.constant 1 : index
  %reach = arith.subi %W, %one : index
  %both_sides = mask.window left %reach right %reach
  %near = mask.at_positions %both_sides query %pos key %pos : tensor<?x?xi32>, tensor<?x?xi32>
  %slide = mask.and %near, %either
  mask.layer_type "full_attention" = %either
  mask.layer_type "sliding_attention" = %slide
}
