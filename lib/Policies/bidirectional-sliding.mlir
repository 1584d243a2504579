// Bidirectional sliding window in Transformers, both ends inclusive (2 W + 1 keys)
//
//   |q - k| <= W
mask.policy @"bidirectional-sliding"("window" %W : index) {
  %p = mask.window left %W right %W
  mask.layer_type "*" = %p
}
