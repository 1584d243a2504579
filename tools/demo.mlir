// Gemma 4 as of Transformers 5.13: an image or a video sees itself both ways,
// but within the window: no key W tokens ago is seen.
mask.policy @demo("token_types" optional %types : tensor<?x?xi8>, "window" %W : index) {
  %ids = mask.runs %types of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>
  %block = mask.block_bidirectional %ids : tensor<?x?xi32>
  %causal = mask.causal
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %left = mask.window left %past right unbounded
  %either = mask.or %causal, %block
  %slide = mask.and %left, %either
  mask.layer_type "full_attention" = %causal
  mask.layer_type "sliding_attention" = %slide
}
