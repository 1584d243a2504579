// Prefix keys that every query sees, or causal (attention-gym's prefix LM)
//
//   k <= q or k < prefix
mask.policy @"prefix-keys"("prefix" %P : index) {
  %causal = mask.causal
  %prefix = mask.prefix %P
  %p = mask.or %causal, %prefix
  mask.layer_type "*" = %p
}
