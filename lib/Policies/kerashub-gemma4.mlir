// Gemma 4 in KerasHub 0.32
//
//   full_attention     causal
//   sliding_attention  (causal and q - k < W) or blk
//
// blk: both tokens lie in the same run of image or video placeholders. Padding
// hides keys last.
mask.policy @"kerashub-gemma4"(
    "token_types" optional %t : tensor<?x?xi8>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "window" %W : index) {
  %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
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
