// Gemma 3 in llama.cpp, one image chunk at a time without causality; read, not run
//
//   full_attention     causal or blk
//   sliding_attention  q - k < W and (causal or blk)
//
// blk: both tokens lie in the same image; touching images stay apart.
mask.policy @"llamacpp-gemma3"(
    "item_ranges" optional %r : tensor<?x?x2xi32>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "length" %n : index,
    "window" %W : index) {
  %items = mask.item_ids %r length %n : tensor<?x?x2xi32> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %items : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %causal = mask.causal
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %either = mask.or %causal, %block
  %full = mask.and %either, %valid
  %slide = mask.and %left, %either, %valid
  mask.layer_type "full_attention" = %full
  mask.layer_type "sliding_attention" = %slide
}
