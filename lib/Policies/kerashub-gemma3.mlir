// Gemma 3 in KerasHub 0.32
//
//   full_attention     causal or blk
//   sliding_attention  |q - k| < W and (causal or blk)
//
// blk: both tokens lie in the same run of image or video placeholders. Padding
// hides keys last.
mask.policy @"kerashub-gemma3"(
    "token_types" optional %t : tensor<?x?xi8>,
    "key_valid" optional %v : tensor<?x?xi1>,
    "window" %W : index) {
  %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %causal = mask.causal
  %either = mask.or %causal, %block
  %one = arith.constant 1 : index
  %reach = arith.subi %W, %one : index
  %near = mask.window left %reach right %reach
  %full = mask.and %either, %valid
  %slide = mask.and %near, %either, %valid
  mask.layer_type "full_attention" = %full
  mask.layer_type "sliding_attention" = %slide
}
