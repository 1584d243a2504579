// RUN: mask-opt %s --split-input-file --convert-gpu-to-simt-emulation --verify-diagnostics

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k() kernel {
      // expected-error @+1 {{'gpu.printf' op is not emulated}}
      gpu.printf "hello"
      gpu.return
    }
  }
}

// -----

// Upstream's way to take it apart has several threads write one word.
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: f32) kernel {
      // expected-error @+1 {{'gpu.all_reduce' op is not emulated}}
      %y = gpu.all_reduce add %x uniform {} : (f32) -> f32
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    // expected-error @+1 {{'gpu.func' op is not emulated: it is no kernel}}
    gpu.func @k() {
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<4xf32>, %y: memref<4xf32>) kernel {
      // expected-error @+1 {{'memref.copy' op is not emulated; lower it to loads and stores of elements or vectors}}
      memref.copy %x, %y : memref<4xf32> to memref<4xf32>
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%x: memref<4x4xf32>) kernel {
      %c0 = arith.constant 0 : index
      // expected-error @+1 {{'vector.load' op is not emulated: its vector does not lie in one row}}
      %v = vector.load %x[%c0, %c0] : memref<4x4xf32>, vector<2x2xf32>
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%n: index) kernel {
      // expected-error @+1 {{workgroup memory of type 'memref<?xf32, 3>' is not emulated: it has no static size}}
      %m = memref.alloca(%n) : memref<?xf32, 3>
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%v: vector<8xf32>, %o: i32) kernel {
      // expected-error @+1 {{'gpu.shuffle' op is not emulated for 32 bytes; at most 16 are}}
      %a, %b = gpu.shuffle xor %v, %o, %o : vector<8xf32>
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%a: vector<2x1xf32>, %b: vector<1x1xf32>, %c: vector<2x2xf32>) kernel {
      // expected-error @+1 {{'nvgpu.mma.sync' op is not emulated for shape 16x8x4 of 'f32' with sums in 'f32'; only 16x8x16 and 16x8x8 of f16 or bf16 with sums in f32 are}}
      %d = nvgpu.mma.sync (%a, %b, %c) {mmaShape = [16, 8, 4], tf32Enabled} : (vector<2x1xf32>, vector<1x1xf32>, vector<2x2xf32>) -> vector<2x2xf32>
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k(%m: memref<8x4xf32, 3>) kernel {
      %c0 = arith.constant 0 : index
      // expected-error @+1 {{'nvgpu.ldmatrix' op is not emulated for elements of 32 bits; only 16 are}}
      %d = nvgpu.ldmatrix %m[%c0, %c0] {numTiles = 1 : i32, transpose = false} : memref<8x4xf32, 3> -> vector<1x1xf32>
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k() kernel {
      // expected-error @+1 {{'llvm.call_intrinsic' op "llvm.nvvm.read.ptx.sreg.clock" is not emulated}}
      %d = llvm.call_intrinsic "llvm.nvvm.read.ptx.sreg.clock"() : () -> i32
      gpu.return
    }
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @k() kernel {
      gpu.return
    }
  }
  func.func @host(%n: index) {
    // expected-error @+1 {{'gpu.launch_func' op is not emulated with tokens, streams or clusters}}
    %t = gpu.launch_func async @kernels::@k blocks in (%n, %n, %n) threads in (%n, %n, %n)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @half_a_warp() kernel {
      %some = arith.constant 65535 : i32
      // expected-error @+1 {{'nvvm.bar.warp.sync' op is emulated for all threads of a warp only}}
      nvvm.bar.warp.sync %some : i32
      gpu.return
    }
  }
}
