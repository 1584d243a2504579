// RUN: mask-opt %s --split-input-file --convert-gpu-to-simt-emulation=check-accesses=false | FileCheck %s
// RUN: mask-opt %s --split-input-file --convert-gpu-to-simt-emulation | FileCheck %s --check-prefix=CHECKED

// A kernel becomes what a thread runs, and what launches it; a launch is a call.
// CHECK-NOT: gpu.
// CHECK: llvm.mlir.global internal constant @"kernels::sites"("{{.*}}gpu-to-simt-emulation.mlir:[[@LINE+37]]:7: 'gpu.barrier'\00")
// CHECK: llvm.mlir.global internal constant @"kernels::reverse.name"("kernels::reverse\00")
// 64 threads, one buffer of 256 bytes at a multiple of 128.
// CHECK: llvm.mlir.global internal constant @"kernels::reverse.numbers"(dense<[64, 1, 1, 1, 256, 128]> : tensor<6xi64>)
// CHECK: func.func @"kernels::reverse"(%[[GX:.*]]: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %[[X:.*]]: memref<?xf32>) attributes {llvm.emit_c_interface}
// CHECK: %[[STRUCT:.*]] = llvm.alloca %{{.*}} x !llvm.struct<(struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>)>
// CHECK: %[[F:.*]] = constant @"kernels::reverse.thread" : (!llvm.ptr) -> ()
// CHECK: %[[THREAD:.*]] = builtin.unrealized_conversion_cast %[[F]]
// CHECK: llvm.call @mask_simt_launch(%{{.*}}, %[[THREAD]], %[[STRUCT]],
// CHECK: func.func private @"kernels::reverse.thread"(%{{.*}}: !llvm.ptr)
// CHECK: llvm.call @mask_simt_workgroup_buffer(%{{.*}}) : (i32) -> !llvm.ptr
// CHECK: llvm.call @mask_simt_id(%{{.*}}, %{{.*}}) : (i32, i32) -> i64
// CHECK: memref.store %{{.*}}, %{{.*}}[%{{.*}}] : memref<64xf32>
// CHECK: llvm.call @mask_simt_barrier(%{{.*}}) : (i32) -> ()
// CHECK: func.func @host(%[[HOST_X:.*]]: memref<?xf32>)
// CHECK: call @"kernels::reverse"(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[HOST_X]])

// Every index is checked, and accesses to workgroup memory are noted.
// CHECKED-LABEL: func.func private @"kernels::reverse.thread"
// CHECKED: %[[EXTENT:.*]] = memref.dim
// CHECKED: %[[SITE:.*]] = arith.constant 0 : i32
// CHECKED: %[[DIM:.*]] = arith.constant 0 : i32
// CHECKED: %[[INDEX:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECKED: %[[ONE:.*]] = arith.constant 1 : i64
// CHECKED: %[[SIZE:.*]] = arith.index_cast %[[EXTENT]] : index to i64
// CHECKED: llvm.call @mask_simt_check_bounds(%[[SITE]], %[[DIM]], %[[INDEX]], %[[ONE]], %[[SIZE]])
// CHECKED: memref.load
// CHECKED: llvm.call @mask_simt_access
// CHECKED: memref.store %{{.*}} : memref<64xf32>
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @reverse(%x: memref<?xf32, #gpu.address_space<global>>) workgroup(%all: memref<64xf32, #gpu.address_space<workgroup>>)
        kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
      %c63 = arith.constant 63 : index
      %i = gpu.thread_id x
      %v = memref.load %x[%i] : memref<?xf32, #gpu.address_space<global>>
      memref.store %v, %all[%i] : memref<64xf32, #gpu.address_space<workgroup>>
      gpu.barrier
      %j = arith.subi %c63, %i : index
      %w = memref.load %all[%j] : memref<64xf32, #gpu.address_space<workgroup>>
      memref.store %w, %x[%i] : memref<?xf32, #gpu.address_space<global>>
      gpu.return
    }
  }
  func.func @host(%x: memref<?xf32, #gpu.address_space<global>>) {
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    gpu.launch_func @kernels::@reverse blocks in (%c1, %c1, %c1) threads in (%c64, %c1, %c1) args(%x : memref<?xf32, #gpu.address_space<global>>)
    return
  }
}

// -----

// What kernels share gets a name of its own; tokens are numbers.
// CHECK-LABEL: func.func private @"a::step.thread"
// CHECK: call @"a::twice"
// CHECK: memref.get_global @"a::table"
// CHECK: llvm.call @mask_simt_copy
// CHECK: llvm.call @mask_simt_commit
// CHECK: llvm.call @mask_simt_wait
// CHECK: memref.global "private" constant @"a::table" : memref<4xf32>
// CHECK: func.func private @"a::twice"
// CHECKED-LABEL: func.func private @"a::step.thread"
module attributes {gpu.container_module} {
  gpu.module @a {
    memref.global "private" constant @table : memref<4xf32> = dense<2.0>
    func.func private @twice(%x: f32) -> f32 {
      %y = arith.addf %x, %x : f32
      return %y : f32
    }
    gpu.func @step(%x: memref<4xf32>) workgroup(%s: memref<4xf32, 3>) kernel {
      %c0 = arith.constant 0 : index
      %v = memref.load %x[%c0] : memref<4xf32>
      %w = func.call @twice(%v) : (f32) -> f32
      %t = memref.get_global @table : memref<4xf32>
      %u = memref.load %t[%c0] : memref<4xf32>
      %copy = nvgpu.device_async_copy %x[%c0], %s[%c0], 4 : memref<4xf32> to memref<4xf32, 3>
      %group = nvgpu.device_async_create_group %copy
      nvgpu.device_async_wait %group
      gpu.return
    }
  }
}
