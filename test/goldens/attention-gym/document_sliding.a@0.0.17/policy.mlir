// Same document, k <= q and q - k <= W
mask.policy @document_sliding(
    "document_ids" %ids : tensor<?x?xi32>, "window" %W : index) {
  %same = mask.document %ids : tensor<?x?xi32>
  %window = mask.window left %W right 0
  %p = mask.and %same, %window
  mask.layer_type "*" = %p
}
