// Gemma 4 with use_bidirectional_attention "all" in Transformers (SDPA), sliding layers
//
//   |q - k| <= W // 2 + 1
mask.policy @"gemma4-all"("window" %W : index) attributes {sequences_from_positions} {
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %half = arith.floordivsi %W, %two : index
  %reach = arith.addi %half, %one : index
  %p = mask.window left %reach right %reach
  mask.layer_type "*" = %p
}
