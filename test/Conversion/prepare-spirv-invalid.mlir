// RUN: mask-opt %s --mask-prepare-spirv --split-input-file --verify-diagnostics

module attributes {gpu.container_module} {
  gpu.module @kernels { gpu.func @f() kernel attributes {known_block_size = array<i32: 1, 1, 1>} { gpu.return } }
  // expected-error@+1 {{launches kernels, and has no 'mask.launch_record', by which a host for Vulkan would}}
  func.func @no_record() {
    %c1 = arith.constant 1 : index
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
    return
  }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{cannot be SPIR-V: its known_block_size is not given}}
  gpu.func @no_block_size() kernel { gpu.return }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{cannot be SPIR-V: the rows of 'memref<4x4xf32, strided<[8, 1]>>' must lie side by side}}
  gpu.func @strides(%x: memref<4x4xf32, strided<[8, 1]>>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} { gpu.return }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{cannot be SPIR-V: Vulkan's memory has no elements of type 'f8E4M3FN'}}
  gpu.func @narrow(%x: memref<4xf8E4M3FN>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} { gpu.return }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{cannot be SPIR-V: it has an argument of type 'complex<f32>'}}
  gpu.func @argument(%x: complex<f32>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} { gpu.return }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{cannot be SPIR-V: it has private attributions}}
  gpu.func @private() private(%x: memref<4xf32, #gpu.address_space<private>>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} { gpu.return }
}

// -----

gpu.module @kernels {
  gpu.func @view(%x: memref<4x4xf32>) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    // expected-error@+1 {{'memref.collapse_shape' op has no counterpart in SPIR-V for an array of type 'memref<4x4xf32>'}}
    %y = memref.collapse_shape %x [[0, 1]] : memref<4x4xf32> into memref<16xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @dynamic(%n: index) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    // expected-error@+1 {{must have a static shape to be SPIR-V, got 'memref<?xf32>'}}
    %x = memref.alloca(%n) : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error@+1 {{cannot be SPIR-V: its code branches}}
  gpu.func @blocks() kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    cf.br ^next
  ^next:
    gpu.return
  }
}
