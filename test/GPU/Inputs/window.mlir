// Attention in a window, of COLUMNS columns.
!data = tensor<?x?x?xCOLUMNSxbf16>

func.func @window(%q: !data, %k: !data, %v: !data, %out: !data) -> !data {
  %p = mask.window left 1023 right 0
  %o = mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%out : !data) mask(%p) -> !data
  return %o : !data
}
