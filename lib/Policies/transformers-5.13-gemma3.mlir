// Gemma 3 in Transformers 5.13 to 5.24.0
//
//   full_attention     causal or blk
//   sliding_attention  q - k < W and (causal or blk)
//
// blk: both tokens lie in the same run of image tokens. In full layers the
// block is an overlay beside the packed sequences; in sliding layers the window
// bounds it, packed sequences cut it, and from packing 5.23 on its ids are
// looked up at positions. Padding hides keys last.
mask.policy @"transformers-5.13-gemma3"(
    "token_types" optional %t : tensor<?x?xi8>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "sequence_ids" optional %seq : tensor<?x?xi32>,
    "positions" optional %pos : tensor<?x?xi32>,
    "window" %W : index) attributes {sequences_from_positions} {
  %ids = mask.runs %t of [1] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %none = mask.empty
  %causal = mask.causal
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %either = mask.or %causal, %block
  %near_either = mask.and %left, %either
  %all = mask.packed %causal, %block rule request sequences %seq : tensor<?x?xi32>
    positions %pos : tensor<?x?xi32>
  %near = mask.packed %near_either, %none rule request sequences %seq : tensor<?x?xi32>
    positions %pos : tensor<?x?xi32>
  %full = mask.and %all, %valid
  %slide = mask.and %near, %valid
  mask.layer_type "full_attention" = %full
  mask.layer_type "sliding_attention" = %slide
}
