// A left window over causal and blocks.
mask.policy @"window-and-causal-or-block"(
    "block_ids" optional %ids : tensor<?x?xi32>,
    "window" %W : index) {
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %causal = mask.causal
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %either = mask.or %causal, %block
  %p = mask.and %left, %either
  mask.layer_type "*" = %p
}
