// T5Gemma 2's encoder in Transformers, sliding layers
//
//   (0 <= q - k < (W + 1) // 2) or (0 < k - q < W // 2 + 1)
mask.policy @"t5gemma2"("window" %W : index) {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %longer = arith.addi %W, %one : index
  %reach = arith.floordivsi %longer, %two : index
  %past = arith.subi %reach, %one : index
  %future = arith.floordivsi %W, %two : index
  %p = mask.window left %past right %future
  mask.layer_type "*" = %p
}
