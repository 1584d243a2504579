// |q - k| <= W and (q - k) mod D == 0
mask.policy @dilated("window" %W : index, "dilation" %D : index) {
  %window = mask.window left %W right %W
  %dilated = mask.dilated %D
  %p = mask.and %window, %dilated
  mask.layer_type "*" = %p
}
