// JAX splash attention's CausalMask with an offset
//
//   k <= q + offset
mask.policy @"causal-offset"("offset" %offset : index) {
  %causal = mask.causal
  %p = mask.shift %causal query %offset key 0
  mask.layer_type "*" = %p
}
