// RUN: mask-opt %s --convert-mask-to-tiles --split-input-file -remarks-filter=convert-mask-to-tiles -verify-diagnostics -o /dev/null
// RUN: mask-opt %s --convert-mask-to-tiles=decode --split-input-file -remarks-filter=convert-mask-to-tiles -verify-diagnostics -o /dev/null

// What a row can see, and what is made of it for the rows q0 to q1 of a tile.

func.func @window(%q: memref<1x1x512x64xf32>, %o: memref<1x1x512x64xf32>) {
  // expected-remark @below {{a row sees [q - 127, q + 1); a tile visits [q0 - 127, q1 + 1), unmasked in [q1 - 127, q0 + 1)}}
  mask.attention ins(%q, %q, %q : memref<1x1x512x64xf32>, memref<1x1x512x64xf32>, memref<1x1x512x64xf32>)
      outs(%o : memref<1x1x512x64xf32>) predicate {
    %p = mask.window left 127 right 0
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Two intervals, of sinks and of a window: the loop over tiles is split.

func.func @sinks(%q: memref<1x1x512x64xf32>, %o: memref<1x1x512x64xf32>) {
  // expected-remark @+3 {{2 intervals in a row: loops over tiles, one after the other, that visit none twice}}
  // expected-remark @+2 {{a row sees [-inf, min(q + 1, 4)); a tile visits [-inf, min(4, q1 + 1)), unmasked in [-inf, min(4, q0 + 1))}}
  // expected-remark @below {{a row sees [q - 127, q + 1)}}
  mask.attention ins(%q, %q, %q : memref<1x1x512x64xf32>, memref<1x1x512x64xf32>, memref<1x1x512x64xf32>)
      outs(%o : memref<1x1x512x64xf32>) predicate {
    %sinks = mask.prefix 4
    %near = mask.window left 127 right 0
    %either = mask.or %sinks, %near
    %causal = mask.causal
    %p = mask.and %causal, %either
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

func.func @nothing(%q: memref<1x1x512x64xf32>, %o: memref<1x1x512x64xf32>) {
  // expected-remark @below {{no row sees a key: no tile is visited}}
  mask.attention ins(%q, %q, %q : memref<1x1x512x64xf32>, memref<1x1x512x64xf32>, memref<1x1x512x64xf32>)
      outs(%o : memref<1x1x512x64xf32>) predicate {
    %p = mask.empty
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// What is not exact says so at the op that it comes from, once.

func.func @inexact(%ids: memref<?xi32>, %table: memref<?x4xi32>, %valid: memref<?xi1>, %m: memref<?x?xi1>,
                   %q: memref<1x1x?x?xf32>, %o: memref<1x1x?x?xf32>) {
  // expected-remark @below {{a row sees [max(%arg1[q, 0], ((0 <= q) and (q + 1 <= size(%arg3)) ? 0 : inf)), min(%arg1[q, 1], ((0 <= q) and (q + 1 <= size(%arg3)) ? size(%arg3) : -inf))) at most, [inf, -inf) at least}}
  mask.attention ins(%q, %q, %q : memref<1x1x?x?xf32>, memref<1x1x?x?xf32>, memref<1x1x?x?xf32>)
      outs(%o : memref<1x1x?x?xf32>)
      captures(%ids, %table, %valid, %m : memref<?xi32>, memref<?x4xi32>, memref<?xi1>, memref<?x?xi1>) predicate {
  ^bb0(%i: memref<?xi32>, %t: memref<?x4xi32>, %v: memref<?xi1>, %d: memref<?x?xi1>):
    // expected-remark @below {{'mask.document' has no exact bounds: whether ids are contiguous is known only at run time}}
    %document = mask.document %i table %t : memref<?xi32> table memref<?x4xi32>
    // expected-remark @below {{'mask.key_padding' has no bounds: it has no index table (see mask-build-tables)}}
    %padding = mask.key_padding %v : memref<?xi1>
    // expected-remark @below {{'mask.dense' has no exact bounds: a stored mask is bounded by its size alone}}
    %dense = mask.dense %d : memref<?x?xi1>
    %p = mask.and %document, %padding, %dense
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Of two sets of loops those for many queries are told.

func.func @few_or_many(%q: memref<1x8x?x64xf32>, %k: memref<1x2x?x64xf32>, %o: memref<1x8x?x64xf32>) {
  // expected-remark @below {{a row sees [-inf, q + 1); a tile visits [-inf, q1 + 1), unmasked in [-inf, q0 + 1)}}
  mask.attention ins(%q, %k, %k : memref<1x8x?x64xf32>, memref<1x2x?x64xf32>, memref<1x2x?x64xf32>)
      outs(%o : memref<1x8x?x64xf32>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
