// Decoding in google-deepmind/gemma 3.2 to 4.0.1, full layers: keys are cache slots
//
//   valid[k]
//
// A slot that is not written yet is not valid.
mask.policy @"gemma-jax-slots"("key_valid" %v : tensor<?x?xi1>) {
  %valid = mask.key_padding %v : tensor<?x?xi1>
  mask.layer_type "*" = %valid
}
