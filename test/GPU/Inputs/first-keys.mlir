// Attention to the first keys and in a window, of COLUMNS columns.
!data = tensor<?x?x?xCOLUMNSxbf16>

func.func @window(%q: !data, %k: !data, %v: !data, %out: !data) -> !data {
  %w = mask.window left 1023 right 0
  %f = mask.prefix 4
  %u = mask.or %w, %f
  %c = mask.causal
  %p = mask.and %u, %c
  %o = mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%out : !data) mask(%p) -> !data
  return %o : !data
}
