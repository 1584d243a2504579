// Gemma 3 with use_bidirectional_attention in Transformers (EmbeddingGemma), sliding layers
//
//   |q - k| < W // 2 + 1
mask.policy @"gemma3-bidirectional"("window" %W : index) attributes {sequences_from_positions} {
  %two = arith.constant 2 : index
  %half = arith.floordivsi %W, %two : index
  %p = mask.window left %half right %half
  mask.layer_type "*" = %p
}
