// Gemma 4 in Transformers up to 5.12.1; gemma4_unified up to 5.24.0
//
//   full_attention     causal or blk
//   sliding_attention  (causal and q - k < W) or blk
//
// blk: both tokens lie in the same run of image or video tokens. The block is
// an overlay beside the packed sequences, so that it may cross them (packing
// 5.12 and 5.23; from 5.24 on it may not). Padding hides keys last.
mask.policy @"transformers-5.12"(
    "token_types" optional %t : tensor<?x?xi8>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "sequence_ids" optional %seq : tensor<?x?xi32>,
    "positions" optional %pos : tensor<?x?xi32>,
    "window" %W : index) attributes {sequences_from_positions} {
  %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %causal = mask.causal
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %causal_sliding = mask.and %causal, %left
  %all = mask.packed %causal, %block rule request sequences %seq : tensor<?x?xi32>
    positions %pos : tensor<?x?xi32>
  %near = mask.packed %causal_sliding, %block rule request sequences %seq : tensor<?x?xi32>
    positions %pos : tensor<?x?xi32>
  %full = mask.and %all, %valid
  %slide = mask.and %near, %valid
  mask.layer_type "full_attention" = %full
  mask.layer_type "sliding_attention" = %slide
}
