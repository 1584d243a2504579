// Gemma 4 in google-deepmind/gemma from 5621d2d until 09e7b48, in no release; read, not run
//
//   full_attention     causal and valid[k]
//   sliding_attention  (causal and valid[k]) or blk
//
// blk: both tokens lie in the same run of image or video placeholders. These
// revisions skip the window when a prompt has an image, which is the case
// written here.
mask.policy @"gemma-jax-gemma4-2026-05"(
    "token_types" optional %t : tensor<?x?xi8>,
    "key_valid" optional %v : tensor<?x?xi1>) {
  %ids = mask.runs %t of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %causal = mask.causal
  %past = mask.and %causal, %valid
  %either = mask.or %past, %block
  mask.layer_type "full_attention" = %past
  mask.layer_type "sliding_attention" = %either
}
