// An interval whose core is empty, as constants tell: both of its ends still count.
// Zero scores over the values 0 to 63 print the mean index of the visible keys.

// RUN: mask-opt %s --mask-to-cpu \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %s

func.func private @printMemrefF32(memref<*xf32>) attributes {llvm.emit_c_interface}

func.func private @print(%r: tensor<1x1x64x1xf32>) {
  %s = tensor.extract_slice %r[0, 0, 0, 0] [1, 1, 8, 1] [1, 1, 1, 1] : tensor<1x1x64x1xf32> to tensor<8xf32>
  %m = bufferization.to_buffer %s : tensor<8xf32> to memref<8xf32, strided<[?], offset: ?>>
  %u = memref.cast %m : memref<8xf32, strided<[?], offset: ?>> to memref<*xf32>
  call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  return
}

// Row q sees [q floordiv 2 - 200, q floordiv 2): the first key that every row may not
// see lies at the start of the hull.
func.func private @half(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %p = mask.interval lower affine_map<(q) -> (q floordiv 2 - 200)> upper affine_map<(q) -> (q floordiv 2)>
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// Keys begin 51 positions after the queries, and the window ends at the query: row q sees
// the keys up to q - 51, so the rows that are printed see none.
func.func private @offsets(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %p = mask.window left 1023 right 0
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) query_offset 49 key_offset 100 -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// The same, moved by so much that the last rows see keys.
func.func private @last_rows(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %p = mask.window left 5 right 0
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) query_offset 98 key_offset 100 -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

func.func @main() {
  %q = arith.constant dense<0.0> : tensor<1x1x64x1xf32>
  %v = tensor.generate {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    %i = arith.index_cast %c : index to i32
    %f = arith.sitofp %i : i32 to f32
    tensor.yield %f : f32
  } : tensor<1x1x64x1xf32>
  // CHECK: [0, 0, 0, 0, 0.5, 0.5, 1, 1]
  %0 = call @half(%q, %v) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32>
  call @print(%0) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [0, 0, 0, 0, 0, 0, 0, 0]
  %1 = call @offsets(%q, %v) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32>
  call @print(%1) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [0, 0, 0, 0.5, 1, 1.5, 2, 2.5]
  %2 = call @last_rows(%q, %v) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32>
  call @print(%2) : (tensor<1x1x64x1xf32>) -> ()
  return
}
