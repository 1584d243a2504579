// k <= q or both tokens lie in one block
mask.policy @causal_or_block("block_ids" %ids : tensor<?x?xi32>) {
  %causal = mask.causal
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %p = mask.or %causal, %block
  mask.layer_type "*" = %p
}
