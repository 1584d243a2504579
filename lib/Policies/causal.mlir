// Causal attention
//
//   k <= q
mask.policy @"causal"() attributes {sequences_from_positions} {
  %p = mask.causal
  mask.layer_type "*" = %p
}
