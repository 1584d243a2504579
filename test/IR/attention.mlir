// RUN: mask-opt %s | mask-opt | FileCheck %s
// RUN: mask-opt %s --mlir-print-op-generic | mask-opt | FileCheck %s
// RUN: mask-opt %s --emit-bytecode | mask-opt | FileCheck %s

!query = tensor<1x8x?x64xf32>
!key = tensor<1x2x?x64xf32>
!value = tensor<1x2x?x32xf32>
!output = tensor<1x8x?x32xf32>
!lse = tensor<1x8x?xf32>

// CHECK-LABEL: func @open
func.func @open(%q: !query, %k: !key, %v: !value, %out: !output, %lse: !lse, %m: !mask.predicate, %sinks: tensor<8xf32>,
                %scale: f32, %i: index, %offset: tensor<1xi32>) -> !output {
  // CHECK: mask.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x32xf32>) outs(%{{.*}} : tensor<1x8x?x32xf32>) mask(%{{.*}}) -> tensor<1x8x?x32xf32>
  %0 = mask.attention ins(%q, %k, %v : !query, !key, !value) outs(%out : !output) mask(%m) -> !output
  // CHECK: mask.attention {{.*}} outs(%{{.*}}, %{{.*}} : tensor<1x8x?x32xf32>, tensor<1x8x?xf32>) mask(%{{.*}}) sinks(%{{.*}} : tensor<8xf32>) scale(%{{.*}}) origin(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) query_offset %{{.*}} per batch : tensor<1xi32> key_offset 3 -> tensor<1x8x?x32xf32>, tensor<1x8x?xf32>
  %1:2 = mask.attention ins(%q, %k, %v : !query, !key, !value) outs(%0, %lse : !output, !lse) mask(%m)
           sinks(%sinks : tensor<8xf32>) scale(%scale) origin(%i, %i, %i, %i)
           query_offset %offset per batch : tensor<1xi32> key_offset 3 -> !output, !lse
  return %1#0 : !output
}

// CHECK-LABEL: func @closed
func.func @closed(%q: !query, %k: !key, %v: !value, %out: !output, %ids: tensor<?xi32>, %bias: tensor<8xf32>) -> !output {
  // CHECK: mask.attention {{.*}} captures(%{{.*}} : tensor<?xi32>) score_captures(%{{.*}} : tensor<8xf32>) predicate {
  // CHECK: ^bb0(%[[IDS:.*]]: tensor<?xi32>):
  // CHECK: %[[P:.*]] = mask.document %[[IDS]] : tensor<?xi32>
  // CHECK: mask.yield %[[P]] : !mask.predicate
  // CHECK: } score {
  // CHECK: ^bb0(%s: f32, %b: index, %h: index, %q: index, %k: index, %{{.*}}: tensor<8xf32>):
  // CHECK: mask.yield %{{.*}} : f32
  // CHECK: } {schedule = #mask.cpu_schedule<query_tile = 64, key_tile = 32, heads = 4, lanes = 16, rows = 8, pairs = true, amx = true>} -> tensor<1x8x?x32xf32>
  %0 = mask.attention ins(%q, %k, %v : !query, !key, !value) outs(%out : !output)
    captures(%ids : tensor<?xi32>) score_captures(%bias : tensor<8xf32>) predicate {
    ^bb0(%i: tensor<?xi32>):
      %p = mask.document %i : tensor<?xi32>
      mask.yield %p : !mask.predicate
    } score {
    ^bb0(%s: f32, %b: index, %h: index, %qi: index, %ki: index, %slopes: tensor<8xf32>):
      %slope = tensor.extract %slopes[%h] : tensor<8xf32>
      %biased = arith.addf %s, %slope : f32
      mask.yield %biased : f32
    } {schedule = #mask.cpu_schedule<query_tile = 64, key_tile = 32, heads = 4, lanes = 16, rows = 8, pairs = true, amx = true>} -> !output
  return %0 : !output
}

// Schedules of GPUs; what is not said is not printed.
// CHECK-LABEL: func @gpu_schedules
// CHECK-SAME: a = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 32, warp_rows = 16, value_columns = 128>
// CHECK-SAME: b = #mask.gpu_schedule<portable, query_tile = 4, key_tile = 32, heads = 8, parts = 64, threads = 128, depth = 32, value_columns = 64, order = early_first>
func.func @gpu_schedules() attributes {
  a = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 32, heads = 1, warp_rows = 16, value_columns = 128, order = late_first>,
  b = #mask.gpu_schedule<portable, query_tile = 4, key_tile = 32, heads = 8, parts = 64, threads = 128, depth = 32, value_columns = 64, order = early_first>
} {
  return
}

// CHECK-LABEL: func @soft_cap
func.func @soft_cap(%q: !query, %k: !key, %v: !value, %out: !output, %m: !mask.predicate) -> !output {
  // CHECK: mask.attention {{.*}} mask(%{{.*}}) soft_cap 5.000000e+01 -> tensor<1x8x?x32xf32>
  %0 = mask.attention ins(%q, %k, %v : !query, !key, !value) outs(%out : !output) mask(%m) soft_cap 50.0 -> !output
  return %0 : !output
}

// CHECK-LABEL: func @memrefs
func.func @memrefs(%q: memref<1x4x8x16xbf16>, %k: memref<1x4x?x16xbf16>, %out: memref<1x4x8x16xbf16>) {
  // CHECK: mask.attention ins({{.*}}) outs(%{{.*}} : memref<1x4x8x16xbf16>) predicate {
  // CHECK: mask.causal
  // CHECK: }{{$}}
  mask.attention ins(%q, %k, %k : memref<1x4x8x16xbf16>, memref<1x4x?x16xbf16>, memref<1x4x?x16xbf16>)
    outs(%out : memref<1x4x8x16xbf16>) predicate {
      %p = mask.causal
      mask.yield %p : !mask.predicate
    }
  return
}

// CHECK-LABEL: func @element_types
func.func @element_types(%d: tensor<1x1x4x8xf64>, %h: tensor<1x1x4x8xf16>, %b: tensor<1x1x4x8xbf16>, %m: !mask.predicate) {
  // CHECK: mask.attention {{.*}} -> tensor<1x1x4x8xf64>
  %0 = mask.attention ins(%d, %d, %d : tensor<1x1x4x8xf64>, tensor<1x1x4x8xf64>, tensor<1x1x4x8xf64>) outs(%d : tensor<1x1x4x8xf64>) mask(%m) -> tensor<1x1x4x8xf64>
  // CHECK: mask.attention {{.*}} -> tensor<1x1x4x8xf16>
  %1 = mask.attention ins(%h, %h, %h : tensor<1x1x4x8xf16>, tensor<1x1x4x8xf16>, tensor<1x1x4x8xf16>) outs(%h : tensor<1x1x4x8xf16>) mask(%m) -> tensor<1x1x4x8xf16>
  // CHECK: mask.attention {{.*}} -> tensor<1x1x4x8xbf16>
  %2 = mask.attention ins(%b, %b, %b : tensor<1x1x4x8xbf16>, tensor<1x1x4x8xbf16>, tensor<1x1x4x8xbf16>) outs(%b : tensor<1x1x4x8xbf16>) mask(%m) -> tensor<1x1x4x8xbf16>
  return
}

// CHECK-LABEL: func @pages
func.func @pages(%q: tensor<2x8x1x64xf32>, %k: tensor<?x2x16x64xf32>, %v: tensor<?x2x?x32xf32>, %out: tensor<2x8x1x32xf32>, %table: tensor<2x?xi32>,
                 %seen: tensor<2xi32>, %m: !mask.predicate) -> tensor<2x8x1x32xf32> {
  // CHECK: mask.attention {{.*}} mask(%{{.*}}) query_offset %{{.*}} per batch : tensor<2xi32> key_pages %{{.*}} page 16 : tensor<2x?xi32> -> tensor<2x8x1x32xf32>
  %0 = mask.attention ins(%q, %k, %v : tensor<2x8x1x64xf32>, tensor<?x2x16x64xf32>, tensor<?x2x?x32xf32>) outs(%out : tensor<2x8x1x32xf32>)
    mask(%m) query_offset %seen per batch : tensor<2xi32> key_pages %table page 16 : tensor<2x?xi32> -> tensor<2x8x1x32xf32>
  return %0 : tensor<2x8x1x32xf32>
}

// CHECK-LABEL: func @pages_in_memory
func.func @pages_in_memory(%q: memref<2x8x1x64xf16>, %pool: memref<?x2x?x64xf16, strided<[?, 64, 128, 1], offset: ?>>, %out: memref<2x8x1x64xf16>, %table: memref<?x?xi64>) {
  // CHECK: mask.attention {{.*}} key_pages %{{.*}} page 1 : memref<?x?xi64> predicate {
  mask.attention ins(%q, %pool, %pool : memref<2x8x1x64xf16>, memref<?x2x?x64xf16, strided<[?, 64, 128, 1], offset: ?>>, memref<?x2x?x64xf16, strided<[?, 64, 128, 1], offset: ?>>)
    outs(%out : memref<2x8x1x64xf16>) key_pages %table page 1 : memref<?x?xi64> predicate {
      %p = mask.full
      mask.yield %p : !mask.predicate
    }
  return
}
