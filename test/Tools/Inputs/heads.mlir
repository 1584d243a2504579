// Head 0 is causal, head 1 sees everything.
mask.policy @heads("length" %n : index) {
  %causal = mask.causal
  %full = mask.full
  %a = mask.heads %causal in [0]
  %b = mask.heads %full in [1]
  %p = mask.or %a, %b
  mask.layer_type "*" = %p
}
