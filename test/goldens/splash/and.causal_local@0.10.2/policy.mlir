// k <= q and q - left <= k <= q + right
mask.policy @causal_and_local("left" %left : index, "right" %right : index) {
  %causal = mask.causal
  %local = mask.window left %left right %right
  %p = mask.and %causal, %local
  mask.layer_type "*" = %p
}
