// Causal attention
//
//   k <= q
mask.policy @"causal"() {
  %p = mask.causal
  mask.layer_type "*" = %p
}
