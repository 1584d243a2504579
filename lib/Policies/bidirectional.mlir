// Bidirectional attention
//
//   true
mask.policy @"bidirectional"() {
  %p = mask.full
  mask.layer_type "*" = %p
}
