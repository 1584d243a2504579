// What has no exact interval per row, each for a reason of its own.
mask.policy @dilated("window" %w : index) {
  %causal = mask.causal
  %dilated = mask.dilated %w
  %both = mask.and %causal, %dilated
  mask.layer_type "*" = %both
}
mask.policy @half("positions" optional %low : tensor<?x?xi32>,
                  "sequence_ids" optional %high : tensor<?x?xi32>) {
  %range = mask.row_range %low, %high : tensor<?x?xi32>
  mask.layer_type "*" = %range
}
mask.policy @sinks("window" %w : index) {
  %causal = mask.causal
  %sinks = mask.prefix 4
  %window = mask.window left %w right unbounded
  %near = mask.or %sinks, %window
  %both = mask.and %causal, %near
  mask.layer_type "*" = %both
}
