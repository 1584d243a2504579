// k <= q and |q - k| <= W
mask.policy @causal_and_window("window" %W : index) {
  %causal = mask.causal
  %window = mask.window left %W right %W
  %p = mask.and %causal, %window
  mask.layer_type "*" = %p
}
