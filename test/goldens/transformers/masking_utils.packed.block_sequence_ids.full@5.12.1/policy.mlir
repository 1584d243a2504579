// (k <= q and same sequence) or both tokens lie in one block
mask.policy @packed_causal_or_block(
    "block_ids" %ids : tensor<?x?xi32>,
    "sequence_ids" %seq : tensor<?x?xi32>,
    "positions" %pos : tensor<?x?xi32>) {
  %causal = mask.causal
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %p = mask.packed %causal, %block rule v5_12 sequences %seq : tensor<?x?xi32> positions %pos : tensor<?x?xi32>
  mask.layer_type "*" = %p
}
