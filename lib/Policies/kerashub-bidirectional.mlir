// EmbeddingGemma in KerasHub 0.32, sliding layers
//
//   -(W // 2) <= q - k <= W - W // 2 - 1
mask.policy @"kerashub-bidirectional"("window" %W : index) {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %future = arith.floordivsi %W, %two : index
  %rest = arith.subi %W, %future : index
  %past = arith.subi %rest, %one : index
  %p = mask.window left %past right %future
  mask.layer_type "*" = %p
}
