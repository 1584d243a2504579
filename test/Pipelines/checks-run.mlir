// Calls that break a rule stop with its message, whole even where the output is a
// pipe, and before anything is read; the last of each kind that does not is run. The
// scores are zero and the values 0 to 3.

// Only what a case needs is compiled.
// DEFINE: %{case} =
// DEFINE: %{run} = mask-opt %s --symbol-privatize=exclude=main_%{case} --symbol-dce --mask-specialize-layers --mask-to-cpu | mlir-runner -O0 -e main_%{case} --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so
// DEFINE: %{fail} = mask-opt %s --symbol-privatize=exclude=main_%{case} --symbol-dce --mask-specialize-layers --mask-to-cpu | not --crash mlir-runner -O0 -e main_%{case} --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so 2>&1 | FileCheck %s --check-prefix

// REDEFINE: %{case} = chunk_0
// RUN: %{fail}=CHUNK
// REDEFINE: %{case} = chunk_minus
// RUN: %{fail}=CHUNK
// REDEFINE: %{case} = chunk_2
// RUN: %{run} | FileCheck %s --check-prefix=CHUNK2
// CHUNK: error: 'mask.chunk' op 'size' must be at least 1
// CHUNK2: ( 0.5, 0.5, 2.5, 2.5 )

// REDEFINE: %{case} = stride_0
// RUN: %{fail}=STRIDE
// REDEFINE: %{case} = stride_2
// RUN: %{run} | FileCheck %s --check-prefix=STRIDE2
// STRIDE: error: 'mask.dilated' op 'stride' must be at least 1
// STRIDE2: ( 1, 2, 1, 2 )

// REDEFINE: %{case} = divisor_0
// RUN: %{fail}=DIVISOR
// REDEFINE: %{case} = divisor_2
// RUN: %{run} | FileCheck %s --check-prefix=DIVISOR2
// DIVISOR: error: 'mask.interval' op each divisor in 'lower' must be at least 1
// DIVISOR2: ( 1.5, 1.5, 2, 2 )

// One of the rows is enough.
// REDEFINE: %{case} = window_minus
// RUN: %{fail}=WINDOW
// REDEFINE: %{case} = window_0
// RUN: %{run} | FileCheck %s --check-prefix=WINDOW0
// WINDOW: error: 'mask.window' op each element of 'left' must be at least 0
// WINDOW0: ( 0, 1, 2, 3 )

// REDEFINE: %{case} = heads_3_2
// RUN: %{fail}=HEADS
// REDEFINE: %{case} = heads_3_0
// RUN: %{fail}=NONE
// REDEFINE: %{case} = heads_4_2
// RUN: %{run} | FileCheck %s --check-prefix=HEADS4
// HEADS: error: 'mask.attention' op the key heads must divide the query heads
// NONE: error: 'mask.attention' op the number of key heads must be at least 1
// HEADS4: ( 0, 0.5, 1, 1.5 )

// REDEFINE: %{case} = values_3
// RUN: %{fail}=VALUES
// VALUES: error: 'mask.attention' op key and value must agree in keys

!data = tensor<?x?x?x?xf32>

func.func private @print(%o: !data) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %row = vector.transfer_read %o[%c0, %c0, %c0, %c0], %zero {in_bounds = [true], permutation_map = affine_map<(b, h, q, d) -> (q)>} : !data, vector<4xf32>
  vector.print %row : vector<4xf32>
  return
}

// Queries of `heads` heads against keys and values of `keyHeads`, and `keys` values.
func.func private @operands(%heads: index, %keyHeads: index, %keys: index) -> (!data, !data, !data) {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %q = tensor.generate %c1, %heads, %c4, %c1 {
  ^bb0(%b: index, %h: index, %i: index, %d: index):
    %zero = arith.constant 0.0 : f32
    tensor.yield %zero : f32
  } : !data
  %k = tensor.generate %c1, %keyHeads, %c4, %c1 {
  ^bb0(%b: index, %h: index, %i: index, %d: index):
    %zero = arith.constant 0.0 : f32
    tensor.yield %zero : f32
  } : !data
  %v = tensor.generate %c1, %keyHeads, %keys, %c1 {
  ^bb0(%b: index, %h: index, %i: index, %d: index):
    %number = arith.index_cast %i : index to i32
    %f = arith.sitofp %number : i32 to f32
    tensor.yield %f : f32
  } : !data
  return %q, %k, %v : !data, !data, !data
}

func.func private @attend(%heads: index, %keyHeads: index, %keys: index, %m: !mask.predicate) {
  %q, %k, %v = func.call @operands(%heads, %keyHeads, %keys) : (index, index, index) -> (!data, !data, !data)
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %e = tensor.empty(%c1, %heads, %c4, %c1) : !data
  %o = mask.attention ins(%q, %k, %v : !data, !data, !data) outs(%e : !data) mask(%m) -> !data
  func.call @print(%o) : (!data) -> ()
  return
}

func.func private @chunk(%n: index) {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %m = mask.chunk size %n
  call @attend(%c1, %c1, %c4, %m) : (index, index, index, !mask.predicate) -> ()
  return
}
func.func @main_chunk_0() {
  %n = arith.constant 0 : index
  call @chunk(%n) : (index) -> ()
  return
}
func.func @main_chunk_minus() {
  %n = arith.constant -4 : index
  call @chunk(%n) : (index) -> ()
  return
}
func.func @main_chunk_2() {
  %n = arith.constant 2 : index
  call @chunk(%n) : (index) -> ()
  return
}

func.func private @stride(%n: index) {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %m = mask.dilated %n
  call @attend(%c1, %c1, %c4, %m) : (index, index, index, !mask.predicate) -> ()
  return
}
func.func @main_stride_0() {
  %n = arith.constant 0 : index
  call @stride(%n) : (index) -> ()
  return
}
func.func @main_stride_2() {
  %n = arith.constant 2 : index
  call @stride(%n) : (index) -> ()
  return
}

func.func private @divisor(%n: index) {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %m = mask.interval lower affine_map<(q)[s] -> (q floordiv s)> upper affine_map<(q)[s] -> (4)> [%n]
  call @attend(%c1, %c1, %c4, %m) : (index, index, index, !mask.predicate) -> ()
  return
}
func.func @main_divisor_0() {
  %n = arith.constant 0 : index
  call @divisor(%n) : (index) -> ()
  return
}
func.func @main_divisor_2() {
  %n = arith.constant 2 : index
  call @divisor(%n) : (index) -> ()
  return
}

func.func private @window(%w: tensor<?xi32>) {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %m = mask.window left %w per batch : tensor<?xi32> right 0
  call @attend(%c1, %c1, %c4, %m) : (index, index, index, !mask.predicate) -> ()
  return
}
func.func @main_window_minus() {
  %w = arith.constant dense<[0, 2, -1]> : tensor<3xi32>
  %d = tensor.cast %w : tensor<3xi32> to tensor<?xi32>
  call @window(%d) : (tensor<?xi32>) -> ()
  return
}
func.func @main_window_0() {
  %w = arith.constant dense<[0, 2, 1]> : tensor<3xi32>
  %d = tensor.cast %w : tensor<3xi32> to tensor<?xi32>
  call @window(%d) : (tensor<?xi32>) -> ()
  return
}

func.func private @heads(%heads: index, %keyHeads: index, %keys: index) {
  %m = mask.causal
  call @attend(%heads, %keyHeads, %keys, %m) : (index, index, index, !mask.predicate) -> ()
  return
}
func.func @main_heads_3_2() {
  %heads = arith.constant 3 : index
  %keyHeads = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  call @heads(%heads, %keyHeads, %c4) : (index, index, index) -> ()
  return
}
func.func @main_heads_3_0() {
  %heads = arith.constant 3 : index
  %keyHeads = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  call @heads(%heads, %keyHeads, %c4) : (index, index, index) -> ()
  return
}
func.func @main_heads_4_2() {
  %heads = arith.constant 4 : index
  %keyHeads = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  call @heads(%heads, %keyHeads, %c4) : (index, index, index) -> ()
  return
}
func.func @main_values_3() {
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  call @heads(%c1, %c1, %c3) : (index, index, index) -> ()
  return
}
