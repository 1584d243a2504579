// Asymmetric local attention of Gemma 4's audio encoder in Transformers
//
//   (0 <= q - k < left) or (0 < k - q < right)
//
// One interval of keys, [q - left + 1, q + max(right, 1)).
mask.policy @"asymmetric-local"("left" %left : index, "right" %right : index) {
  %one = arith.constant 1 : index
  %end = arith.maxsi %right, %one : index
  %p = mask.interval
    lower affine_map<(q)[left, end] -> (q - left + 1)>
    upper affine_map<(q)[left, end] -> (q + end)>
    [%left, %end]
  mask.layer_type "*" = %p
}
