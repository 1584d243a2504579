// Causal attention inside documents (attention-gym)
//
//   document_ids[q] == document_ids[k] and k <= q
mask.policy @"document-causal"("document_ids" %ids : tensor<?x?xi32>) {
  %same = mask.document %ids : tensor<?x?xi32>
  %causal = mask.causal
  %p = mask.and %same, %causal
  mask.layer_type "*" = %p
}
