// Causal sliding window of W keys: Transformers, vLLM, google-deepmind/gemma, llama.cpp
//
//   k <= q and q - k < W
mask.policy @"causal-sliding"("window" %W : index) attributes {sequences_from_positions} {
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %p = mask.window left %past right 0
  mask.layer_type "*" = %p
}
