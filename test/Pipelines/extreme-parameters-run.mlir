// Positions, parameters and table entries of any size and sign: zero scores over the
// values 0 to 63 print the mean index of the visible keys.

// RUN: mask-opt %s --mask-to-cpu \
// RUN:   | mlir-runner -e main -entry-point-result=void -shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so,%mlir_lib_dir/libmlir_runner_utils.so \
// RUN:   | FileCheck %s

func.func private @printMemrefF32(memref<*xf32>) attributes {llvm.emit_c_interface}

// What the compiler does not know.
func.func private @opaque(%x: index) -> index attributes {no_inline} {
  return %x : index
}

func.func private @print(%r: tensor<1x1x64x1xf32>) {
  %s = tensor.extract_slice %r[0, 0, 0, 0] [1, 1, 8, 1] [1, 1, 1, 1] : tensor<1x1x64x1xf32> to tensor<8xf32>
  %m = bufferization.to_buffer %s : tensor<8xf32> to memref<8xf32, strided<[?], offset: ?>>
  %u = memref.cast %m : memref<8xf32, strided<[?], offset: ?>> to memref<*xf32>
  call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  return
}

// A window side of 2^63 - 1 is no bound.
func.func private @window(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %big = arith.constant 9223372036854775807 : index
  %right = func.call @opaque(%big) : (index) -> index
  %p = mask.window left unbounded right %right
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// The same number where the compiler sees it.
func.func private @constant_window(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %big = arith.constant 9223372036854775807 : index
  %one = arith.constant 1 : index
  %p = mask.window left %one right %big
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// A chunk of 2^62 holds all tokens.
func.func private @chunk(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %big = arith.constant 4611686018427387904 : index
  %size = func.call @opaque(%big) : (index) -> index
  %p = mask.chunk size %size
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// Query -1 sees the interval [9, 4), which is empty, and keys 0 and 1.
func.func private @negative(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %a = mask.interval lower affine_map<(q) -> (q * -9)> upper affine_map<(q) -> (4)>
  %b = mask.interval lower affine_map<(q) -> (0)> upper affine_map<(q) -> (2)>
  %p = mask.or %a, %b
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) query_offset -1 -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// Ends of rows; an empty row is written in four ways, rows 1 to 4.
func.func private @rows(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>, %lower: tensor<?xi64>, %upper: tensor<?xi64>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %p = mask.row_range %lower, %upper : tensor<?xi64>
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// Products of the query and a symbol, of both signs and beyond what they can hold.
func.func private @products(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>, %s: index, %t: index) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %p = mask.interval lower affine_map<(q)[s, t] -> ((q floordiv 2 - 1) * s)> upper affine_map<(q)[s, t] -> (q * t)> [%s, %t]
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) -> tensor<1x1x64x1xf32>
  return %r : tensor<1x1x64x1xf32>
}

// The same, and a window: the two are joined at run time.
func.func private @joined(%q: tensor<1x1x64x1xf32>, %v: tensor<1x1x64x1xf32>, %lower: tensor<?xi64>, %upper: tensor<?xi64>) -> tensor<1x1x64x1xf32> {
  %e = tensor.empty() : tensor<1x1x64x1xf32>
  %range = mask.row_range %lower, %upper : tensor<?xi64>
  %window = mask.window left 0 right 1
  %p = mask.or %range, %window
  %r = mask.attention ins(%q, %q, %v : tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>)
    outs(%e : tensor<1x1x64x1xf32>) mask(%p) -> tensor<1x1x64x1xf32>
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
  %lower = arith.constant dense<[0, 9223372036854775807, 9223372036854775807, 5, 9223372036854775807, -9223372036854775808, -4611686018427387904, 6]> : tensor<8xi64>
  %upper = arith.constant dense<[9223372036854775807, 0, -9223372036854775808, 5, 9223372036854775807, 3, 4611686018427387904, 8]> : tensor<8xi64>
  %lowers = tensor.cast %lower : tensor<8xi64> to tensor<?xi64>
  %uppers = tensor.cast %upper : tensor<8xi64> to tensor<?xi64>
  // CHECK: [31.5, 31.5, 31.5, 31.5, 31.5, 31.5, 31.5, 31.5]
  %0 = call @window(%q, %v) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32>
  call @print(%0) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [31.5, 31.5, 32, 32.5, 33, 33.5, 34, 34.5]
  %1 = call @constant_window(%q, %v) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32>
  call @print(%1) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [31.5, 31.5, 31.5, 31.5, 31.5, 31.5, 31.5, 31.5]
  %2 = call @chunk(%q, %v) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32>
  call @print(%2) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [0.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]
  %3 = call @negative(%q, %v) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>) -> tensor<1x1x64x1xf32>
  call @print(%3) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [31.5, 0, 0, 0, 0, 1, 31.5, 6.5]
  %4 = call @rows(%q, %v, %lowers, %uppers) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<?xi64>, tensor<?xi64>) -> tensor<1x1x64x1xf32>
  call @print(%4) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [31.5, 1.5, 2.5, 3.5, 4.5, 2.8, 31.5, 7]
  %5 = call @joined(%q, %v, %lowers, %uppers) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, tensor<?xi64>, tensor<?xi64>) -> tensor<1x1x64x1xf32>
  call @print(%5) : (tensor<1x1x64x1xf32>) -> ()
  %two = arith.constant 2 : index
  %three = arith.constant 3 : index
  %far = arith.constant 1099511627776 : index
  %s2 = call @opaque(%two) : (index) -> index
  %s3 = call @opaque(%three) : (index) -> index
  %sfar = call @opaque(%far) : (index) -> index
  // Rows [-2, 0), [-2, 3), [0, 6), [0, 9), [2, 12), ...
  // CHECK: [0, 1, 2.5, 4, 6.5, 8, 10.5, 12]
  %6 = call @products(%q, %v, %s2, %s3) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, index, index) -> tensor<1x1x64x1xf32>
  call @print(%6) : (tensor<1x1x64x1xf32>) -> ()
  // CHECK: [0, 31.5, 31.5, 31.5, 0, 0, 0, 0]
  %7 = call @products(%q, %v, %sfar, %sfar) : (tensor<1x1x64x1xf32>, tensor<1x1x64x1xf32>, index, index) -> tensor<1x1x64x1xf32>
  call @print(%7) : (tensor<1x1x64x1xf32>) -> ()
  return
}
