// RUN: mask-opt %s --mask-prepare-spirv --split-input-file | FileCheck %s

// CHECK-LABEL: func.func private @host(memref<?x3xbf16>, index) attributes {mask.launch_record =
// CHECK-NOT: gpu.launch_func
// CHECK:       gpu.module @kernels attributes {spirv.target_env = #spirv.target_env<#spirv.vce<v1.3, [Shader,
module attributes {gpu.container_module} {
  func.func @host(%x: memref<?x3xbf16>, %n: index) attributes {
    mask.launch_record = #mask.launch_record<types = [memref<?x3xbf16>, index], alignments = [2, 1],
      outputs = [0], checks = [], workspaces = [], steps = []>
  } {
    %c1 = arith.constant 1 : index
    %c128 = arith.constant 128 : index
    %f = arith.constant 0.0 : f32
    %true = arith.constant true
    gpu.launch_func @kernels::@kernel blocks in (%c1, %c1, %c1) threads in (%c128, %c1, %c1)
      args(%x : memref<?x3xbf16>, %n : index, %f : f32, %true : i1)
    return
  }
  gpu.module @kernels {
    // Arrays have one dimension, numbers are words of one array: the extent of
    // %x, %n, %f, %flag.
    // CHECK:       gpu.func @kernel(%[[X:.*]]: memref<?xi16>, %[[WORDS:.*]]: memref<?xi64>) kernel
    // CHECK-SAME:    known_block_size = array<i32: 128, 1, 1>
    // CHECK-SAME:    spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [128, 1, 1], target_width = 32>
    // CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
    // CHECK-DAG:     %[[ROWS_WORD:.*]] = memref.load %[[WORDS]][%[[C0]]]
    // CHECK-DAG:     %[[ROWS:.*]] = arith.index_cast %[[ROWS_WORD]] : i64 to index
    // CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
    // CHECK-DAG:     %[[N_WORD:.*]] = memref.load %[[WORDS]][%[[C1]]]
    // CHECK-DAG:     %[[N:.*]] = arith.index_cast %[[N_WORD]] : i64 to index
    // CHECK-DAG:     %[[C2:.*]] = arith.constant 2 : index
    // CHECK-DAG:     %[[F_WORD:.*]] = memref.load %[[WORDS]][%[[C2]]]
    // CHECK-DAG:     %[[F_BITS:.*]] = arith.trunci %[[F_WORD]] : i64 to i32
    // CHECK-DAG:     %[[F:.*]] = arith.bitcast %[[F_BITS]] : i32 to f32
    // CHECK-DAG:     %[[FLAG:.*]] = arith.trunci %{{.*}} : i64 to i1
    // CHECK-DAG:     %[[SHARED:.*]] = memref.alloc() : memref<20xf32, #spirv.storage_class<Workgroup>>
    gpu.func @kernel(%x: memref<?x3xbf16>, %n: index, %f: f32, %flag: i1)
        workgroup(%shared: memref<4x5xf32, #gpu.address_space<workgroup>>)
        kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      // CHECK: %[[OWN:.*]] = memref.alloca() : memref<4xi64, #spirv.storage_class<Function>>
      %own = memref.alloca() : memref<2x2xindex>
      %rows = memref.dim %x, %c0 : memref<?x3xbf16>
      // CHECK: %[[WORD:.*]] = arith.index_cast %[[ROWS]] : index to i64
      // CHECK: memref.store %[[WORD]], %[[OWN]][%{{.*}}] : memref<4xi64
      memref.store %rows, %own[%c1, %c0] : memref<2x2xindex>
      // CHECK: %[[BITS:.*]] = memref.load %[[X]]
      // CHECK: %[[E:.*]] = arith.bitcast %[[BITS]] : i16 to bf16
      %e = memref.load %x[%n, %c2] : memref<?x3xbf16>
      // A loop without an iteration hands on what it began with.
      // CHECK: %[[SUM:.*]] = scf.for %{{.*}} = %[[FROM:.*]] to %[[N]] step {{.*}} iter_args(%{{.*}} = %[[F]])
      %sum = scf.for %i = %c1 to %n step %c1 iter_args(%s = %f) -> f32 {
        %wide = arith.extf %e : bf16 to f32
        %next = arith.addf %s, %wide : f32
        scf.yield %next : f32
      }
      // CHECK: %[[ENTERED:.*]] = arith.cmpi slt, %[[FROM]], %[[N]]
      // CHECK: %[[GUARDED:.*]] = arith.select %[[ENTERED]], %[[SUM]], %[[F]] : f32
      // CHECK: memref.store %[[GUARDED]], %[[SHARED]]
      memref.store %sum, %shared[%c1, %c2] : memref<4x5xf32, #gpu.address_space<workgroup>>
      // CHECK: arith.extui %[[FLAG]] : i1 to i64
      // CHECK-NEXT: arith.index_cast
      %bit = arith.index_castui %flag : i1 to index
      memref.store %bit, %own[%c0, %bit] : memref<2x2xindex>
      // Signs are extended by arithmetic.
      // CHECK: %[[NARROW:.*]] = arith.trunci %{{.*}} : i64 to i32
      // CHECK-DAG: %[[SIGN:.*]] = arith.constant 2147483648 : i64
      // CHECK-DAG: %[[BITS32:.*]] = arith.extui %[[NARROW]] : i32 to i64
      // CHECK: %[[FLIPPED:.*]] = arith.xori %[[BITS32]], %[[SIGN]] : i64
      // CHECK: %[[EXTENDED:.*]] = arith.subi %[[FLIPPED]], %[[SIGN]] : i64
      // CHECK: arith.index_cast %[[EXTENDED]] : i64 to index
      %long = arith.index_cast %n : index to i64
      %narrow = arith.trunci %long : i64 to i32
      %extended = arith.index_cast %narrow : i32 to index
      memref.store %extended, %own[%c0, %c0] : memref<2x2xindex>
      // What is done to a vector is done to its elements.
      // CHECK: %[[A0:.*]] = vector.extract %[[A:.*]][0] : f32 from vector<2xf32>
      // CHECK: %[[B0:.*]] = math.fma %[[A0]]
      // CHECK: %[[A1:.*]] = vector.extract %[[A]][1] : f32 from vector<2xf32>
      // CHECK: %[[B1:.*]] = math.fma %[[A1]]
      // CHECK: vector.from_elements %[[B0]], %[[B1]] : vector<2xf32>
      %a = vector.from_elements %f, %sum : vector<2xf32>
      %b = math.fma %a, %a, %a : vector<2xf32>
      %b1 = vector.extract %b[1] : f32 from vector<2xf32>
      memref.store %b1, %shared[%c1, %c2] : memref<4x5xf32, #gpu.address_space<workgroup>>
      gpu.return
    }
  }
}
