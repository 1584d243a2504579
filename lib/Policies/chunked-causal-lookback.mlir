// Chunked attention with lookback in vLLM 0.33 (Triton)
//
//   k <= q and floor(q / C) - floor(k / C) <= lookback
mask.policy @"chunked-causal-lookback"("chunk" %C : index, "lookback" %L : index) {
  %p = mask.interval
    lower affine_map<(q)[C, L] -> ((q floordiv C - L) * C)>
    upper affine_map<(q)[C, L] -> (q + 1)>
    [%C, %L]
  mask.layer_type "*" = %p
}
