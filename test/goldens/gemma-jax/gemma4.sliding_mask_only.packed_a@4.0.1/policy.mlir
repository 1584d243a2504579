// |positions[q] - positions[k]| < W
mask.policy @sliding_positions(
    "positions" %pos : tensor<?x?xi32>, "window" %W : index) {
  %one = arith.constant 1 : index
  %reach = arith.subi %W, %one : index
  %window = mask.window left %reach right %reach
  %p = mask.at_positions %window query %pos key %pos : tensor<?x?xi32>, tensor<?x?xi32>
  mask.layer_type "*" = %p
}
