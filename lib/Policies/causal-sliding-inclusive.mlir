// Causal sliding window of W + 1 keys: attention-gym, Ollama, FlashAttention's window_size
//
//   k <= q and q - k <= W
mask.policy @"causal-sliding-inclusive"("window" %W : index) {
  %p = mask.window left %W right 0
  mask.layer_type "*" = %p
}
