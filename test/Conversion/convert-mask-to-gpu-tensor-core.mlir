// RUN: mask-opt %s --convert-mask-to-gpu="emitter=tensor-core query-tile=64 key-tile=64" --canonicalize --cse --split-input-file | FileCheck %s

!data = memref<?x?x?x128xbf16>

// Four warps of 16 queries. Workgroup memory is asked for by the launch: Q, and two
// tiles of keys and values, in rows that are longer by 8: (64 + 2 * 2 * 64) * 136 * 2 bytes.
// A thread holds two rows of the scores: of 8 fragments, 2 rows of 2 elements.

// CHECK-DAG: #[[$FRAGMENT:.*]] = affine_map<(d0, d1, d2)[s0, s1] -> (0, d1 * 8 + s0, d0 * 8 + s1 + d2)>
// CHECK-LABEL: func @window
// CHECK-DAG: %[[BYTES:.*]] = arith.constant 87040 : i32
// CHECK: %[[FLAGS:.*]] = memref.alloc(%{{.*}}) : memref<?xi32>
// Copies are of 16 bytes: rows that lie elsewhere are moved before. A copy that is not
// needed has no batch rows.
// CHECK: %[[ADDRESS:.*]] = memref.extract_aligned_pointer_as_index %{{.*}} : memref<?x?x?x128xbf16> -> index
// CHECK: %[[REST:.*]] = arith.remui %[[ADDRESS]], %c16
// CHECK: %[[ALIGNED:.*]] = arith.cmpi eq, %[[REST]], %c0
// CHECK: %[[BATCHES:.*]] = arith.select %[[ALIGNED]], %c0, %{{.*}} : index
// CHECK: %[[MOVED:.*]] = memref.alloc(%[[BATCHES]], %{{.*}}, %{{.*}}) : memref<?x?x?x128xbf16>
// CHECK: gpu.launch {{.*}} threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c256,
// CHECK: memref.store %{{.*}}, %[[MOVED]]
// CHECK: arith.select %[[ALIGNED]], %{{.*}}, %[[MOVED]] : memref<?x?x?x128xbf16>
// So are stores of 4 bytes asked for.
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: memref.extract_aligned_pointer_as_index
// CHECK: %[[OUTPUT:.*]] = memref.extract_aligned_pointer_as_index
// CHECK: %[[OUTPUT_REST:.*]] = arith.remui %[[OUTPUT]], %c4
// CHECK: %[[PAIRED:.*]] = arith.cmpi eq, %[[OUTPUT_REST]], %c0
// CHECK: gpu.launch blocks(%[[BLOCK:.*]], %{{.*}}, %{{.*}}) in {{.*}} threads(%{{.*}}, %{{.*}}, %{{.*}}) in (%{{.*}} = %c128,
// CHECK-SAME: dynamic_shared_memory_size %[[BYTES]]
// Keys and values of a head are matrices, whose place is computed once.
// CHECK: %[[KEYS:.*]] = memref.subview %{{.*}}[%{{.*}}, %{{.*}}, 0, 0] [1, 1, %{{.*}}, 128] [1, 1, 1, 1] : memref<?x?x?x128xbf16> to memref<?x128xbf16, strided<[128, 1], offset: ?>>
// CHECK: memref.store %{{.*}}, %[[FLAGS]][%[[BLOCK]]]
// CHECK-COUNT-8: nvgpu.device_async_copy
// CHECK: nvgpu.device_async_wait
// CHECK: gpu.barrier
// CHECK-COUNT-8: nvgpu.ldmatrix %{{.*}} {numTiles = 4 : i32, transpose = false} : memref<1x4x16x136xbf16, #gpu.address_space<workgroup>> -> vector<4x2xbf16>
// Maxima and sums of two rows, and the elements of 16 fragments of the output.
// CHECK: %{{.*}}:68 = mask.tile_for[{{.*}}] step 64 ahead 1
// The body meets the other threads once, then copies the next tile.
// CHECK: ^bb0(%[[KEY:.*]]: index, %[[SIZE:.*]]: index, %[[N:.*]]: index, %{{.*}}: i1, %{{.*}}: i1, %[[MORE:.*]]: i1, %[[NEXT:.*]]: index, %{{.*}}: index,
// CHECK: nvgpu.device_async_wait
// CHECK: gpu.barrier
// CHECK: scf.if %[[MORE]]
// CHECK: nvgpu.device_async_copy %[[KEYS]]
// CHECK-COUNT-15: nvgpu.device_async_copy
// CHECK: nvgpu.device_async_create_group
// CHECK-NOT: gpu.barrier
// CHECK-COUNT-64: nvgpu.mma.sync
// CHECK: mask.apply %{{.*}} over #[[$FRAGMENT]][%{{.*}}, %{{.*}}] lower(%{{.*}} : vector<2xi32>) key_end(%{{.*}}) : vector<8x2x2xf32>
// CHECK: mask.apply %{{.*}} over #[[$FRAGMENT]][%{{.*}}, %{{.*}}] upper(%{{.*}} : vector<2xi32>) : vector<8x2x2xf32>
// CHECK-COUNT-4: gpu.shuffle xor
// CHECK: math.exp2
// Weights go from one product to the other in registers.
// CHECK: arith.truncf %{{.*}} : vector<4x2xf32> to vector<4x2xbf16>
// CHECK-COUNT-64: nvgpu.mma.sync
// CHECK: } load first {
// CHECK-COUNT-16: nvgpu.device_async_copy
// CHECK: scf.if %[[PAIRED]]
// CHECK: vector.store %{{.*}} {alignment = 4 : i64} : memref<?x?x?x128xbf16>, vector<2xbf16>
// What is not finite is computed again, by portable code.
// CHECK: gpu.launch
// CHECK: %[[FLAG:.*]] = memref.load %[[FLAGS]][%{{.*}}]
// CHECK: arith.cmpi ne, %[[FLAG]], %c0_i32
// CHECK: mask.tile_for
// CHECK: math.absf
// CHECK: memref.dealloc %[[FLAGS]]
// CHECK: memref.dealloc %[[MOVED]]
func.func @window(%q: !data, %k: !data, %v: !data, %o: !data) {
  mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.window left 1023 right 0
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// A scale that is known only at run time gives its sign to Q, and zero makes Q zero; the
// factor in the exponent is positive.

!data = memref<?x?x?x64xf16>

// CHECK-LABEL: func @scale
// CHECK-SAME: %[[SCALE:[a-z0-9]+]]: f32
// CHECK: %[[NEGATIVE:.*]] = arith.cmpf olt, %[[SCALE]], %{{.*}} : f32
// CHECK: %[[FLIP:.*]] = arith.select %[[NEGATIVE]], %{{.*}}, %c0_i32 : i32
// CHECK: %[[ZERO:.*]] = arith.cmpf oeq, %[[SCALE]], %{{.*}} : f32
// CHECK: %[[KEEP:.*]] = arith.select %[[ZERO]], %c0_i32, %c-1_i32 : i32
// CHECK: %[[MAGNITUDE:.*]] = math.absf %[[SCALE]] : f32
// CHECK: arith.select %[[ZERO]], %{{.*}}, %[[MAGNITUDE]] : f32
// CHECK: arith.xori %{{.*}}, %[[FLIP]] : i32
// CHECK: arith.andi %{{.*}}, %[[KEEP]] : i32
func.func @scale(%q: !data, %o: !data, %scale: f32) {
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) scale(%scale) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// A score region gets all elements of the thread as one row.

!data = memref<?x?x?x64xf16>

// CHECK-LABEL: func @score
// CHECK: %[[ROW:.*]] = vector.shape_cast %{{.*}} : vector<8x2x2xf32> to vector<32xf32>
// CHECK: math.tanh %{{.*}} : vector<32xf32>
// CHECK: vector.shape_cast %{{.*}} : vector<32xf32> to vector<8x2x2xf32>
func.func @score(%q: !data, %o: !data) {
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) soft_cap 30.0 predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Rows of an odd size become rows of a multiple of eight elements, with zeros, and
// fragments have more columns yet, which are filled with zeros as they are copied.

!data = memref<?x?x?x36xf16>

// CHECK-LABEL: func @odd_rows
// CHECK: %[[MOVED:.*]] = memref.alloc(%{{.*}}, %{{.*}}, %{{.*}}) : memref<?x?x?x40xf16>
// CHECK-NOT: extract_aligned_pointer
// CHECK: gpu.launch
// CHECK: memref.subview %[[MOVED]][
// CHECK: nvgpu.device_async_copy %{{.*}}[{{.*}}], %{{.*}}[{{.*}}], 8, %{{.*}} : memref<?x40xf16, strided<[40, 1], offset: ?>> to memref<1x1x64x56xf16, #gpu.address_space<workgroup>>
// CHECK: mask.tile_for
func.func @odd_rows(%q: !data, %o: !data) {
  mask.attention ins(%q, %q, %q : !data, !data, !data) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

// -----

// Rows that lie apart are looked at with all their strides.

!data = memref<?x?x?x64xf16>
!apart = memref<?x?x?x64xf16, strided<[?, ?, ?, 1], offset: ?>>

// CHECK-LABEL: func @strided
// CHECK: %{{.*}}, %[[OFFSET:.*]], %{{.*}}:4, %[[STRIDES:.*]]:4 = memref.extract_strided_metadata
// CHECK: arith.muli %[[OFFSET]], %c2
// CHECK: arith.muli %[[STRIDES]]#0, %c2
// CHECK: arith.muli %[[STRIDES]]#1, %c2
// CHECK: arith.muli %[[STRIDES]]#2, %c2
// CHECK: %[[ALL:.*]] = arith.ori
// CHECK-NEXT: arith.remui %[[ALL]], %c16
func.func @strided(%q: !data, %k: !apart, %o: !data) {
  mask.attention ins(%k, %k, %k : !apart, !apart, !apart) outs(%o : !data) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
