// RUN: mask-opt %s -split-input-file -mask-specialize-layers -remarks-filter=mask-specialize-layers -verify-diagnostics | FileCheck %s

// What all calls of a body say of an argument is known in it.

// A decode step: the caller hands over where its one query lies, behind all other
// keys. Both calls say so, each of its own cache, and no mask is left.

// CHECK: #[[$LAST:.*]] = affine_map<()[s0] -> (s0 - 1)>
// CHECK-LABEL: func.func private @decode_layer_specialized
// CHECK-SAME: (%{{.*}}: tensor<1x8x1x64xf32>, %[[K:.*]]: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32>
// CHECK: %[[KEYS:.*]] = tensor.dim %[[K]], %{{.*}}
// CHECK: %[[OFFSET:.*]] = affine.apply #[[$LAST]]()[%[[KEYS]]]
// CHECK: mask.attention {{.*}} query_offset %[[OFFSET]] predicate {
// CHECK-NEXT: mask.full
// expected-remark @below {{2 layers share @decode_layer_specialized}}
func.func private @decode_layer(%q: tensor<?x?x?x?xf32>, %k: tensor<?x?x?x?xf32>,
                                // expected-remark @below {{in every call argument 2 is s0 - 1, where s0 is size 2 of argument 1}}
                                %offset: index, %m: !mask.predicate) -> tensor<?x?x?x?xf32> {
  // expected-remark @below {{every key is visible: no mask is left}}
  %o = mask.attention ins(%q, %k, %k : tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>)
         outs(%q : tensor<?x?x?x?xf32>) mask(%m) query_offset %offset -> tensor<?x?x?x?xf32>
  return %o : tensor<?x?x?x?xf32>
}
// CHECK-LABEL: func.func @decode
// CHECK-COUNT-2: call @decode_layer_specialized(%{{[a-z0-9]+}}, %{{[a-z0-9]+}}) :
func.func @decode(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %l: tensor<1x2x?x64xf32>) -> tensor<?x?x?x?xf32> {
  // expected-remark @below {{'mask.causal' hides no key of this attention}}
  %m = mask.causal
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %q0 = tensor.cast %q : tensor<1x8x1x64xf32> to tensor<?x?x?x?xf32>
  %k0 = tensor.cast %k : tensor<1x2x?x64xf32> to tensor<?x?x?x?xf32>
  %l0 = tensor.cast %l : tensor<1x2x?x64xf32> to tensor<?x?x?x?xf32>
  %keys = tensor.dim %k0, %two : tensor<?x?x?x?xf32>
  %queries = tensor.dim %q0, %two : tensor<?x?x?x?xf32>
  %seen = arith.subi %keys, %queries : index
  %0 = call @decode_layer(%q0, %k0, %seen, %m) : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, index, !mask.predicate) -> tensor<?x?x?x?xf32>
  %more = tensor.dim %l, %two : tensor<1x2x?x64xf32>
  %last = arith.subi %more, %one : index
  %1 = call @decode_layer(%0, %l0, %last, %m) : (tensor<?x?x?x?xf32>, tensor<?x?x?x?xf32>, index, !mask.predicate) -> tensor<?x?x?x?xf32>
  return %1 : tensor<?x?x?x?xf32>
}

// -----

// The offset of another cache says nothing of this one.

// CHECK-LABEL: func.func private @layer_specialized
// CHECK-SAME: %[[OFFSET:[a-z0-9]+]]: index) -> tensor<1x8x1x64xf32>
// CHECK: query_offset %[[OFFSET]] predicate {
// CHECK-NEXT: mask.causal
// expected-remark @below {{2 layers share @layer_specialized}}
func.func private @layer(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %offset: index, %m: !mask.predicate) -> tensor<1x8x1x64xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
         outs(%q : tensor<1x8x1x64xf32>) mask(%m) query_offset %offset -> tensor<1x8x1x64xf32>
  return %o : tensor<1x8x1x64xf32>
}
func.func @negative_other_cache(%q: tensor<1x8x1x64xf32>, %k: tensor<1x2x?x64xf32>, %l: tensor<1x2x?x64xf32>) -> tensor<1x8x1x64xf32> {
  %m = mask.causal
  %one = arith.constant 1 : index
  %two = arith.constant 2 : index
  %keys = tensor.dim %k, %two : tensor<1x2x?x64xf32>
  %last = arith.subi %keys, %one : index
  %0 = call @layer(%q, %k, %last, %m) : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, index, !mask.predicate) -> tensor<1x8x1x64xf32>
  // expected-remark @below {{here argument 2 is not, as in another call, s0 - 1, where s0 is size 2 of argument 1}}
  %1 = call @layer(%0, %l, %last, %m) : (tensor<1x8x1x64xf32>, tensor<1x2x?x64xf32>, index, !mask.predicate) -> tensor<1x8x1x64xf32>
  return %1 : tensor<1x8x1x64xf32>
}

// -----

// An unrolled decode loop: a body for each step would be one for each token.

// CHECK-LABEL: func.func private @step_specialized
// CHECK-SAME: (%{{[a-z0-9]+}}: tensor<1x1x1x4xf32>, %{{[a-z0-9]+}}: tensor<1x1x8x4xf32>, %[[OFFSET:[a-z0-9]+]]: index) ->
// CHECK: query_offset %[[OFFSET]] predicate {
// CHECK-NEXT: mask.causal
// CHECK-NOT: @step_specialized_
// expected-remark @below {{3 layers share @step_specialized}}
func.func private @step(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>, %offset: index, %m: !mask.predicate) -> tensor<1x1x1x4xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) mask(%m) query_offset %offset -> tensor<1x1x1x4xf32>
  return %o : tensor<1x1x1x4xf32>
}
// CHECK-LABEL: func.func @unrolled
// CHECK-COUNT-3: call @step_specialized(
func.func @unrolled(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>) -> tensor<1x1x1x4xf32> {
  %m = mask.causal
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %0 = call @step(%q, %k, %c5, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  // expected-remark @below {{here argument 2 is not, as in another call, 5}}
  %1 = call @step(%0, %k, %c6, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  %2 = call @step(%1, %k, %c7, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  return %2 : tensor<1x1x1x4xf32>
}

// -----

// A decode loop: what changes from step to step is an argument.

// CHECK-LABEL: func.func private @step_specialized
// CHECK-SAME: %[[OFFSET:[a-z0-9]+]]: index) -> tensor<1x1x1x4xf32>
// CHECK: query_offset %[[OFFSET]]
// expected-remark @below {{1 layer uses @step_specialized}}
func.func private @step(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>, %offset: index, %m: !mask.predicate) -> tensor<1x1x1x4xf32> {
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) mask(%m) query_offset %offset -> tensor<1x1x1x4xf32>
  return %o : tensor<1x1x1x4xf32>
}
func.func @loop(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>, %first: index) -> tensor<1x1x1x4xf32> {
  %m = mask.causal
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%x = %q) -> tensor<1x1x1x4xf32> {
    %offset = arith.addi %first, %i : index
    %0 = func.call @step(%x, %k, %offset, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
    scf.yield %0 : tensor<1x1x1x4xf32>
  }
  return %r : tensor<1x1x1x4xf32>
}

// -----

// The numbers of the outer layer are known in the inner one, though the body of that
// was made first: the last query, and a window as long as the cache. A layer that
// hands itself what it was given repeats its caller.

// CHECK-DAG: func.func private @inner_specialized(%{{[a-z0-9]*}}: tensor<1x1x1x4xf32>, %{{[a-z0-9]*}}: tensor<1x1x8x4xf32>) -> tensor<1x1x1x4xf32>
// CHECK-DAG: func.func private @outer_specialized(%{{[a-z0-9]*}}: tensor<1x1x1x4xf32>, %{{[a-z0-9]*}}: tensor<1x1x8x4xf32>, %{{[a-z0-9]*}}: i1) -> tensor<1x1x1x4xf32>
// CHECK-DAG: func.call @outer_specialized(%{{[a-z0-9]*}}, %{{[a-z0-9]*}}, %{{[a-z0-9]*}}) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, i1) ->
// CHECK-NOT: mask.causal
// CHECK-NOT: mask.window
// expected-remark @below {{2 layers share @inner_specialized}}
func.func private @inner(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>,
                         // expected-remark @below {{in every call argument 2 is 7}}
                         %offset: index, %m: !mask.predicate) -> tensor<1x1x1x4xf32> {
  // expected-remark @below {{every key is visible: no mask is left}}
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) mask(%m) query_offset %offset -> tensor<1x1x1x4xf32>
  return %o : tensor<1x1x1x4xf32>
}
// expected-remark @below {{2 layers share @outer_specialized}}
func.func private @outer(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>, %more: i1,
                         // expected-remark @below {{in every call argument 3 is 7}}
                         %offset: index,
                         // expected-remark @below {{in every call argument 4 is 8}}
                         %window: index, %m: !mask.predicate) -> tensor<1x1x1x4xf32> {
  %0 = call @inner(%q, %k, %offset, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  %one = arith.constant 1 : index
  %past = arith.subi %window, %one : index
  // expected-remark @below {{'mask.window' hides no key of this attention}}
  %near = mask.window left %past right 0
  // expected-remark @below {{every key is visible: no mask is left}}
  %1 = mask.attention ins(%0, %k, %k : tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%0 : tensor<1x1x1x4xf32>) mask(%near) query_offset %offset -> tensor<1x1x1x4xf32>
  %no = arith.constant false
  %2 = scf.if %more -> tensor<1x1x1x4xf32> {
    %3 = func.call @outer(%1, %k, %no, %offset, %window, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, i1, index, index, !mask.predicate) -> tensor<1x1x1x4xf32>
    scf.yield %3 : tensor<1x1x1x4xf32>
  } else {
    scf.yield %1 : tensor<1x1x1x4xf32>
  }
  return %2 : tensor<1x1x1x4xf32>
}
func.func @nested(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>, %more: i1) -> tensor<1x1x1x4xf32> {
  // expected-remark @below {{'mask.causal' hides no key of this attention}}
  %m = mask.causal
  %c7 = arith.constant 7 : index
  %c8 = arith.constant 8 : index
  %0 = call @inner(%q, %k, %c7, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  %1 = call @outer(%0, %k, %more, %c7, %c8, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, i1, index, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  return %1 : tensor<1x1x1x4xf32>
}

// -----

// One that hands itself another offset does not.

// CHECK-LABEL: func.func private @layer_specialized
// CHECK-SAME: %[[OFFSET:[a-z0-9]+]]: index, %{{[a-z0-9]+}}: i1)
// CHECK: query_offset %[[OFFSET]] predicate {
// CHECK-NEXT: mask.causal
// expected-remark @below {{2 layers share @layer_specialized}}
func.func private @layer(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>, %offset: index, %more: i1, %m: !mask.predicate) {
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) mask(%m) query_offset %offset -> tensor<1x1x1x4xf32>
  scf.if %more {
    %no = arith.constant false
    %one = arith.constant 1 : index
    %before = arith.subi %offset, %one : index
    // expected-remark @below {{here argument 2 is not, as in another call, 7}}
    func.call @layer(%o, %k, %before, %no, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, i1, !mask.predicate) -> ()
  }
  return
}
func.func @negative_recursion(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>, %more: i1) {
  %m = mask.causal
  %c7 = arith.constant 7 : index
  call @layer(%q, %k, %c7, %more, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, i1, !mask.predicate) -> ()
  return
}

// -----

// Two indices that are the same in every call: the offsets cancel, and what the
// predicate reads is known too. The number of keys hides none of them.

// CHECK-LABEL: func.func private @layer_specialized
// CHECK-SAME: (%{{[a-z0-9]+}}: tensor<1x1x?x4xf32>, %[[N:[a-z0-9]+]]: index) ->
// CHECK: query_offset %[[N]] key_offset %[[N]]
// CHECK-NOT: mask.key_length
// CHECK: mask.window left 3 right 0
// expected-remark @below {{1 layer uses @layer_specialized}}
func.func private @layer(%x: tensor<1x1x?x4xf32>, %n: index,
                         // expected-remark @below {{in every call argument 2 is s0, where s0 is argument 1}}
                         %l: index,
                         // expected-remark @below {{in every call argument 3 is s0 + s1, where s0 is argument 1 and s1 is size 2 of argument 0}}
                         %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %o = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) query_offset %n key_offset %l -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}
func.func @equal_offsets(%x: tensor<1x1x?x4xf32>, %n: index) -> tensor<1x1x?x4xf32> {
  %two = arith.constant 2 : index
  %keys = tensor.dim %x, %two : tensor<1x1x?x4xf32>
  %end = arith.addi %keys, %n : index
  // expected-remark @below {{'mask.key_length' hides no key of this attention}}
  %written = mask.key_length %end
  %near = mask.window left 3 right 0
  %m = mask.and %near, %written
  %0 = call @layer(%x, %n, %n, %m) : (tensor<1x1x?x4xf32>, index, index, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}

// -----

// Whether a fact is given is part of what a body is made for. What is not given
// folds away, also in the layers that are called from it.

// CHECK-DAG: func.func private @inner_specialized(%{{[a-z0-9]*}}: tensor<1x1x?x4xf32>) ->
// CHECK-DAG: func.func private @inner_specialized_1(%{{[a-z0-9]*}}: tensor<1x1x?x4xf32>, %{{[a-z0-9]*}}: tensor<?xi1>, %{{[a-z0-9]*}}: tensor<?xi32>) ->
// CHECK-DAG: mask.key_padding
// expected-remark @below {{1 layer uses @inner_specialized_1}}
// expected-remark @below {{1 layer uses @inner_specialized}}
func.func private @inner(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %o = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}
// expected-remark @below {{1 layer uses @layer_specialized}}
// expected-remark @below {{2 layers share @layer_specialized_0}}
func.func private @layer(%x: tensor<1x1x?x4xf32>,
                         // expected-remark @below {{in every call argument 1 is absent}}
                         %valid: tensor<?xi1>, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %p = mask.key_padding %valid : tensor<?xi1>
  %n = mask.and %m, %p
  %0 = call @inner(%x, %n) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}
// CHECK-LABEL: func.func @absent_facts
// CHECK-NOT: mask.absent
// CHECK: call @layer_specialized(%{{[a-z0-9]+}}, %{{[a-z0-9]+}}) :
// CHECK: call @layer_specialized_0(%{{[a-z0-9]+}}) :
// CHECK: call @layer_specialized_0(%{{[a-z0-9]+}}) :
func.func @absent_facts(%x: tensor<1x1x?x4xf32>, %valid: tensor<?xi1>) -> tensor<1x1x?x4xf32> {
  %m = mask.causal
  %none = mask.absent : tensor<?xi1>
  %0 = call @layer(%x, %valid, %m) : (tensor<1x1x?x4xf32>, tensor<?xi1>, !mask.predicate) -> tensor<1x1x?x4xf32>
  %1 = call @layer(%0, %none, %m) : (tensor<1x1x?x4xf32>, tensor<?xi1>, !mask.predicate) -> tensor<1x1x?x4xf32>
  %2 = call @layer(%1, %none, %m) : (tensor<1x1x?x4xf32>, tensor<?xi1>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %2 : tensor<1x1x?x4xf32>
}

// -----

// No block is longer than the window, which therefore hides none: both calls say
// so, of ids of their own. Nothing is dropped in the body.

// CHECK-LABEL: func.func private @near_specialized
// CHECK-NOT: mask.drop_long
// CHECK: mask.attention {{.*}} predicate {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: %[[B:.*]] = mask.block_bidirectional
// CHECK-NEXT: mask.yield %[[B]]
// expected-remark @below {{2 layers share @near_specialized}}
func.func private @near(%x: tensor<1x1x?x4xf32>,
                        // expected-remark @below {{in every call argument 1 has no block longer than 8}}
                        %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %o = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}
// CHECK-LABEL: func.func @dropped_blocks
// CHECK-COUNT-2: mask.drop_long
func.func @dropped_blocks(%x: tensor<1x1x?x4xf32>, %types: tensor<?xi8>) -> tensor<1x1x?x4xf32> {
  %c8 = arith.constant 8 : index
  // expected-remark @below {{'mask.window' hides no key of this attention that the rest of the mask shows}}
  %left = mask.window left 7 right unbounded
  %images = mask.runs %types of [1] : tensor<?xi8> -> tensor<?xi32>
  %short = mask.drop_long %images longer_than %c8 : tensor<?xi32>
  %block = mask.block_bidirectional %short : tensor<?xi32>
  %m = mask.and %left, %block
  %0 = call @near(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  %videos = mask.runs %types of [2] : tensor<?xi8> -> tensor<?xi32>
  %brief = mask.drop_long %videos longer_than %c8 : tensor<?xi32>
  %other = mask.block_bidirectional %brief : tensor<?xi32>
  %n = mask.and %left, %other
  %1 = call @near(%0, %n) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %1 : tensor<1x1x?x4xf32>
}

// -----

// Another bound in one call, and the window stays.

// CHECK-LABEL: func.func private @near_specialized
// CHECK: mask.window left 7 right unbounded
// expected-remark @below {{2 layers share @near_specialized}}
func.func private @near(%x: tensor<1x1x?x4xf32>, %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %o = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}
func.func @negative_longer_blocks(%x: tensor<1x1x?x4xf32>, %types: tensor<?xi8>) -> tensor<1x1x?x4xf32> {
  %c8 = arith.constant 8 : index
  %c9 = arith.constant 9 : index
  %left = mask.window left 7 right unbounded
  %images = mask.runs %types of [1] : tensor<?xi8> -> tensor<?xi32>
  %short = mask.drop_long %images longer_than %c8 : tensor<?xi32>
  %block = mask.block_bidirectional %short : tensor<?xi32>
  %m = mask.and %left, %block
  %0 = call @near(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  %longer = mask.drop_long %images longer_than %c9 : tensor<?xi32>
  %other = mask.block_bidirectional %longer : tensor<?xi32>
  %n = mask.and %left, %other
  %1 = call @near(%0, %n) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %1 : tensor<1x1x?x4xf32>
}

// -----

// Ids that a caller gives may lie apart: a block of few tokens may be wider than the
// window.

// CHECK-LABEL: func.func private @near_specialized
// CHECK: mask.window left 7 right unbounded
// expected-remark @below {{1 layer uses @near_specialized}}
func.func private @near(%x: tensor<1x1x?x4xf32>,
                        // expected-remark @below {{in every call argument 1 has no block longer than 8}}
                        %m: !mask.predicate) -> tensor<1x1x?x4xf32> {
  %o = mask.attention ins(%x, %x, %x : tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>, tensor<1x1x?x4xf32>)
         outs(%x : tensor<1x1x?x4xf32>) mask(%m) -> tensor<1x1x?x4xf32>
  return %o : tensor<1x1x?x4xf32>
}
func.func @negative_scattered_blocks(%x: tensor<1x1x?x4xf32>, %ids: tensor<?xi32>) -> tensor<1x1x?x4xf32> {
  %c8 = arith.constant 8 : index
  %left = mask.window left 7 right unbounded
  %short = mask.drop_long %ids longer_than %c8 : tensor<?xi32>
  %block = mask.block_bidirectional %short : tensor<?xi32>
  %m = mask.and %left, %block
  %0 = call @near(%x, %m) : (tensor<1x1x?x4xf32>, !mask.predicate) -> tensor<1x1x?x4xf32>
  return %0 : tensor<1x1x?x4xf32>
}

// -----

// What is known of the outer layer folds its loop away, and a call with it.

// CHECK-LABEL: func.func private @inner_specialized
// CHECK: query_offset %{{.*}} predicate {
// CHECK-NEXT: mask.full
// expected-remark @below {{1 layer uses @inner_specialized}}
func.func private @inner(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>,
                         // expected-remark @below {{in every call argument 2 is 7}}
                         %offset: index, %m: !mask.predicate) -> tensor<1x1x1x4xf32> {
  // expected-remark @below {{every key is visible: no mask is left}}
  %o = mask.attention ins(%q, %k, %k : tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, tensor<1x1x8x4xf32>)
         outs(%q : tensor<1x1x1x4xf32>) mask(%m) query_offset %offset -> tensor<1x1x1x4xf32>
  return %o : tensor<1x1x1x4xf32>
}
// CHECK-LABEL: func.func private @outer_specialized
// CHECK-COUNT-1: call @inner_specialized
// CHECK-NOT: call
// CHECK: return
// expected-remark @below {{1 layer uses @outer_specialized}}
func.func private @outer(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>,
                         // expected-remark @below {{in every call argument 2 is 0}}
                         %more: index, %m: !mask.predicate) -> tensor<1x1x1x4xf32> {
  %c3 = arith.constant 3 : index
  %c7 = arith.constant 7 : index
  %0 = affine.for %i = 0 to %more iter_args(%x = %q) -> tensor<1x1x1x4xf32> {
    %1 = func.call @inner(%x, %k, %c3, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
    affine.yield %1 : tensor<1x1x1x4xf32>
  }
  %2 = call @inner(%0, %k, %c7, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  return %2 : tensor<1x1x1x4xf32>
}
func.func @folded_calls(%q: tensor<1x1x1x4xf32>, %k: tensor<1x1x8x4xf32>) -> tensor<1x1x1x4xf32> {
  // expected-remark @below {{'mask.causal' hides no key of this attention}}
  %m = mask.causal
  %c0 = arith.constant 0 : index
  %0 = call @outer(%q, %k, %c0, %m) : (tensor<1x1x1x4xf32>, tensor<1x1x8x4xf32>, index, !mask.predicate) -> tensor<1x1x1x4xf32>
  return %0 : tensor<1x1x1x4xf32>
}
