// Chunked attention of Llama 4 in Transformers; splash attention's chunked mask
//
//   k <= q and floor((q - p) / C) == floor((k - p) / C)
//
// p is the left padding of the batch row. With packed sequences, chunks are cut
// at indices by packing 5.12 and at the restarting positions from 5.23 on.
mask.policy @"chunked-causal"(
    "key_valid" optional %v : tensor<?x?xi1>,
    "sequence_ids" optional %seq : tensor<?x?xi32>,
    "positions" optional %pos : tensor<?x?xi32>,
    "left_padding" optional %padding : tensor<?xi32>,
    "chunk" %C : index) attributes {sequences_from_positions} {
  %causal = mask.causal
  %chunk = mask.chunk size %C offset %padding per batch : tensor<?xi32>
  %core = mask.and %causal, %chunk
  %none = mask.empty
  %cut = mask.packed %core, %none rule request sequences %seq : tensor<?x?xi32>
    positions %pos : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %p = mask.and %cut, %valid
  mask.layer_type "*" = %p
}
