// Same document, and k <= q or k is one of the first P tokens of its document:
// the token P before it is missing or lies in another document.
mask.policy @document_prefix(
    "document_ids" %ids : tensor<?x?xi32>, "prefix" %P : index) {
  %same = mask.document %ids : tensor<?x?xi32>
  %causal = mask.causal
  %prefix = mask.generic captures(%ids, %P : tensor<?x?xi32>, index) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?x?xi32>, %n: index):
    %zero = arith.constant 0 : index
    %before = arith.subi %k, %n : index
    %missing = arith.cmpi slt, %before, %zero : index
    %safe = arith.maxsi %before, %zero : index
    %there = tensor.extract %x[%b, %safe] : tensor<?x?xi32>
    %here = tensor.extract %x[%b, %k] : tensor<?x?xi32>
    %other = arith.cmpi ne, %there, %here : i32
    %v = arith.ori %missing, %other : i1
    mask.yield %v : i1
  }
  %either = mask.or %causal, %prefix
  %p = mask.and %same, %either
  mask.layer_type "*" = %p
}
