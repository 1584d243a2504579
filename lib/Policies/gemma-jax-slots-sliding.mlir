// Decoding in google-deepmind/gemma 3.2 to 4.0.1, sliding layers: keys are cache slots
//
//   valid[k] and |query_positions[q] - key_positions[k]| < W
//
// A slot that is not written yet is not valid.
mask.policy @"gemma-jax-slots-sliding"(
    "key_valid" %v : tensor<?x?xi1>,
    "query_positions" %qpos : tensor<?x?xi32>,
    "key_positions" %kpos : tensor<?x?xi32>,
    "window" %W : index) {
  %valid = mask.key_padding %v : tensor<?x?xi1>
  %one = arith.constant 1 : index
  %reach = arith.subi %W, %one : index
  %both_sides = mask.window left %reach right %reach
  %near = mask.at_positions %both_sides query %qpos key %kpos : tensor<?x?xi32>, tensor<?x?xi32>
  %p = mask.and %valid, %near
  mask.layer_type "*" = %p
}
