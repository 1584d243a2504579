// JAX splash attention's LocalMask; a side that is not given is unbounded
//
//   q + offset - left <= k <= q + offset + right
mask.policy @"local-inclusive"(
    "left" optional %left : index,
    "right" optional %right : index,
    "offset" optional %offset : index) {
  %window = mask.window left %left right %right
  %p = mask.shift %window query %offset key 0
  mask.layer_type "*" = %p
}
