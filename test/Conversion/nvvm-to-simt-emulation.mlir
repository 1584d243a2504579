// RUN: mask-opt %s --convert-gpu-to-simt-emulation | FileCheck %s
// RUN: mask-opt %s --convert-gpu-to-simt-emulation=check-accesses=false | FileCheck %s --check-prefix=UNCHECKED
// UNCHECKED: @mask_simt_mma
// UNCHECKED-NOT: @mask_simt_access

// Kernels in the NVVM dialect. A launch passes arrays, the kernel takes the words of
// their descriptors; variables in workgroup memory are buffers, and the one without a
// size is the dynamic memory.
// CHECK: "kernels::all.numbers"(dense<[32, 1, 1, 1, 256, 32]> : tensor<6xi64>)
// CHECK: func.func @"kernels::all"(%{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %[[X:.*]]: memref<?xf32>, %{{.*}}: index)
// CHECK: %[[D:.*]] = builtin.unrealized_conversion_cast %[[X]]
// CHECK: llvm.extractvalue %[[D]][0]
// CHECK: llvm.extractvalue %[[D]][1]
// CHECK: llvm.extractvalue %[[D]][2]
// CHECK: llvm.extractvalue %[[D]][3, 0]
// CHECK: llvm.extractvalue %[[D]][4, 0]
// CHECK: llvm.call @mask_simt_launch
// CHECK: func.func private @"kernels::all.thread"
// CHECK: %[[ID:.*]] = llvm.call @mask_simt_id
// CHECK: llvm.trunc %[[ID]] : i64 to i32
// CHECK: llvm.call @mask_simt_workgroup_buffer
// CHECK: llvm.call @mask_simt_dynamic_memory
// CHECK: llvm.call @mask_simt_access
// CHECK: llvm.store %{{.*}} : f32, !llvm.ptr
// CHECK: llvm.call @mask_simt_copy
// CHECK: llvm.call @mask_simt_commit
// CHECK: llvm.call @mask_simt_wait
// CHECK: llvm.call @mask_simt_barrier
// CHECK: llvm.call @mask_simt_ldmatrix
// CHECK: llvm.load %{{.*}} : !llvm.ptr -> !llvm.struct<(i32, i32, i32, i32)>
// CHECK: llvm.call @mask_simt_mma
// Of shuffles upwards the clamp counts from the end.
// CHECK: %[[UP:.*]] = arith.subi %{{.*}}, %{{.*}} : i32
// CHECK: llvm.call @mask_simt_shuffle(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[UP]])
// CHECK: math.exp2
// bf16 is converted by integer arithmetic, where the processor cannot.
// CHECK: arith.truncf %{{.*}} : f32 to bf16
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: return
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global internal @part() {addr_space = 3 : i32, alignment = 32 : i64} : !llvm.array<64 x f32>
    llvm.mlir.global internal @dynamic() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
    llvm.func @all(%a: !llvm.ptr, %x: !llvm.ptr, %o: i64, %n: i64, %s: i64, %c: i64)
        attributes {gpu.kernel, gpu.known_block_size = array<i32: 32, 1, 1>, nvvm.kernel} {
      %id = nvvm.read.ptx.sreg.tid.x : i32
      %part = llvm.mlir.addressof @part : !llvm.ptr<3>
      %dynamic = llvm.mlir.addressof @dynamic : !llvm.ptr<3>
      %to = llvm.getelementptr %part[%id] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %from = llvm.addrspacecast %x : !llvm.ptr to !llvm.ptr<1>
      %v = llvm.load %x : !llvm.ptr -> f32
      llvm.store %v, %to : f32, !llvm.ptr<3>
      nvvm.cp.async.shared.global %dynamic, %from, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      nvvm.cp.async.commit.group
      nvvm.cp.async.wait.group 0
      nvvm.barrier0
      %m = nvvm.ldmatrix %dynamic {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 4 : i32, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
      %m0 = llvm.extractvalue %m[0] : !llvm.struct<(i32, i32, i32, i32)>
      %r = nvvm.mma.sync A[%m0, %m0, %m0, %m0] B[%m0, %m0] C[%v, %v, %v, %v] {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      %r0 = llvm.extractvalue %r[0] : !llvm.struct<(f32, f32, f32, f32)>
      %shifted = nvvm.shfl.sync up %id, %r0, %id, %id : f32 -> f32
      %e = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%shifted) : (f32) -> f32
      %t = llvm.fptrunc %e : f32 to bf16
      %w = llvm.fpext %t : bf16 to f32
      llvm.store %w, %x : f32, !llvm.ptr
      llvm.return
    }
  }
  func.func @host(%x: memref<?xf32>) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    gpu.launch_func @kernels::@all blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%x : memref<?xf32>, %c1 : index)
    return
  }
}
