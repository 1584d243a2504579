// (k <= q and q - k < W) or both tokens lie in one block
mask.policy @sliding_or_block(
    "block_ids" %ids : tensor<?x?xi32>, "window" %W : index) {
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %sliding = mask.window left %past right 0
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %p = mask.or %sliding, %block
  mask.layer_type "*" = %p
}
