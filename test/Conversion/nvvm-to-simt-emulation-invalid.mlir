// RUN: mask-opt %s --split-input-file --convert-gpu-to-simt-emulation --verify-diagnostics

gpu.module @kernels {
  llvm.func @assembly() attributes {nvvm.kernel} {
    // expected-error@+1 {{'llvm.inline_asm' op is not emulated}}
    llvm.inline_asm has_side_effects "bar.sync 0;", "" : () -> ()
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @fence() attributes {nvvm.kernel} {
    // expected-error@+1 {{'nvvm.fence.mbarrier.init' op is not emulated}}
    nvvm.fence.mbarrier.init
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @barrier(%id: i32) attributes {nvvm.kernel} {
    // expected-error@+1 {{'nvvm.barrier' op is emulated for all threads, without a number or a reduction, only}}
    nvvm.barrier id = %id
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @intrinsic(%x: f32) attributes {nvvm.kernel} {
    // expected-error@+1 {{"llvm.nvvm.sin.approx.f" is not emulated}}
    %y = llvm.call_intrinsic "llvm.nvvm.sin.approx.f"(%x) : (f32) -> f32
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.func @integers(%a: i32, %c: i32) attributes {nvvm.kernel} {
    // expected-error@+1 {{'nvvm.mma.sync' op is emulated for m16n8k16 and m16n8k8 of f16 or bf16 with sums in f32, row by column, only}}
    %r = nvvm.mma.sync A[%a, %a] B[%a] C[%c, %c, %c, %c] {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 16, n = 8, k = 16>} : (i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    llvm.return
  }
}

// -----

// Races of such accesses would go unseen.
gpu.module @kernels {
  llvm.mlir.global internal @part() {addr_space = 3 : i32} : !llvm.array<64 x f32>
  llvm.func @generic(%x: f32) attributes {nvvm.kernel} {
    %part = llvm.mlir.addressof @part : !llvm.ptr<3>
    // expected-error@+1 {{'llvm.addrspacecast' op is not emulated: it has a pointer to workgroup memory}}
    %any = llvm.addrspacecast %part : !llvm.ptr<3> to !llvm.ptr
    llvm.store %x, %any : f32, !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @kernels {
  llvm.mlir.global internal @part() {addr_space = 3 : i32} : !llvm.array<64 x f32>
  // expected-error@+1 {{'llvm.func' op is not emulated: workgroup memory belongs to a kernel}}
  llvm.func @helper(%x: f32) {
    %part = llvm.mlir.addressof @part : !llvm.ptr<3>
    llvm.store %x, %part : f32, !llvm.ptr<3>
    llvm.return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // expected-error@+1 {{'kernels::one' is launched with arguments of other types than it has}}
    llvm.func @one(%x: i64) attributes {gpu.kernel, nvvm.kernel} {
      llvm.return
    }
  }
  func.func @host(%x: memref<?xf32>) {
    %c1 = arith.constant 1 : index
    gpu.launch_func @kernels::@one blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%x : memref<?xf32>)
    return
  }
}
