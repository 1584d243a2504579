// k <= q or q - left <= k <= q + right
mask.policy @causal_or_local("left" %left : index, "right" %right : index) {
  %causal = mask.causal
  %local = mask.window left %left right %right
  %p = mask.or %causal, %local
  mask.layer_type "*" = %p
}
