// Prefix LM in Transformers (PaliGemma, HRM): one block over the prefix, or causal
//
//   (q < prefix and k < prefix) or k <= q
//
// A query behind the prefix sees it causally, so `q < prefix` needs no test.
mask.policy @"prefix-lm"("prefix" %P : index) attributes {sequences_from_positions} {
  %causal = mask.causal
  %prefix = mask.prefix %P
  %p = mask.or %causal, %prefix
  mask.layer_type "*" = %p
}
