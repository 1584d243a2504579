// Predicates that move or restrict others, for mask-explain --at.
mask.policy @shifted("left_padding" %pad : tensor<?xi32>, "window" %W : index) {
  %near = mask.window left %W right 0
  %p = mask.shift %near query 2 key %pad per batch : tensor<?xi32>
  mask.layer_type "*" = %p
}
mask.policy @moved("query_positions" %q : tensor<?x?xi32>, "key_positions" %k : tensor<?x?xi32>) {
  %causal = mask.causal
  %p = mask.at_positions %causal query %q key %k : tensor<?x?xi32>, tensor<?x?xi32>
  mask.layer_type "*" = %p
}
mask.policy @chunks("left_padding" %pad : tensor<?xi32>, "chunk" %C : index) {
  %p = mask.chunk size %C offset %pad per batch : tensor<?xi32>
  mask.layer_type "*" = %p
}
mask.policy @restricted("window" %W : index, "dilation" %S : index) {
  %causal = mask.causal
  %near = mask.window left %W right %W
  %sparse = mask.dilated %S
  %a = mask.heads %causal in [0]
  %b = mask.heads %near in [1]
  %either = mask.or %a, %b
  %second = mask.batches %sparse in [1]
  %not = mask.not %second
  %p = mask.and %either, %not
  mask.layer_type "*" = %p
}
