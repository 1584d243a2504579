//===- Passes.td - passes that pipelines need and upstream lacks -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PIPELINES_PASSES_TD
#define MASK_PIPELINES_PASSES_TD

include "mlir/Pass/PassBase.td"

def MaskApproximateMath : Pass<"mask-approximate-math"> {
  let summary = "replace exp and log by polynomials where that is allowed";
  let description = [{
    Applies upstream's polynomial approximations to the functions of the `math` dialect
    whose flags have `afn`, and to no others. The lowering of attention sets it: a
    polynomial keeps vectors whole where a call of the C library would take them apart.
    Errors are a few units in the last place. `exp` of minus infinity is zero, `log` of
    zero minus infinity.

    ```mlir
    %p = math.exp %s fastmath<afn> : vector<16xf32>
    %q = math.exp %s : vector<16xf32> // stays
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::vector::VectorDialect"];
}

def MaskBufferizeStrided : Pass<"mask-bufferize-strided", "::mlir::ModuleOp"> {
  let summary = "bufferize a module, with strides where data comes and goes";
  let description = [{
    Upstream's one-shot bufferization of a module and of the boundaries of its functions,
    where `one-shot-bufferize` has one kind of layout for all. Arguments and results of
    floats with four dimensions, which queries, keys, values and outputs have, keep only
    their columns side by side: rows, heads and batch rows lie at distances that a call
    tells, so that views, like `[batch, rows, heads, columns]` seen as
    `[batch, heads, rows, columns]`, are read and written where they lie. Facts are in
    row-major order.

    ```mlir
    func.func @f(%q: tensor<?x8x?x64xf32>, %ids: tensor<?xi32>)
    ```
    becomes
    ```mlir
    func.func @f(%q: memref<?x8x?x64xf32, strided<[?, ?, ?, 1], offset: ?>>, %ids: memref<?xi32>)
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect"];
}

def MaskEmulateBF16Products : Pass<"mask-emulate-bf16-products", "::mlir::ModuleOp"> {
  let summary = "multiply bf16 by arithmetic in f32, as other processors do in one instruction";
  let description = [{
    Replaces products of pairs (`x86vector.avx512.dot`) and of tiles (the `amx` dialect)
    by fused multiply-adds of f32, in the order in which processors with AVX-512 BF16 and
    AMX add them up. So code made for these can be run, and its numbers checked, on others.
    They flush denormal numbers; what replaces them here does not.

    A tile becomes a vector of its rows, whose pairs are words, and a product of tiles a
    call of a function that the pass adds to the module.

    ```mlir
    %y = x86vector.avx512.dot %sums, %a, %b : vector<32xbf16> -> vector<16xf32>
    ```
    becomes
    ```mlir
    %as = vector.bitcast %a : vector<32xbf16> to vector<16xi32>
    %bs = vector.bitcast %b : vector<32xbf16> to vector<16xi32>
    // of both: the second of each pair in the upper half, the first shifted there
    %odd = vector.fma %a_odd, %b_odd, %sums : vector<16xf32>
    %y = vector.fma %a_even, %b_even, %odd : vector<16xf32>
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::vector::VectorDialect"
  ];
}

def MaskExpandBF16 : Pass<"mask-expand-bf16"> {
  let summary = "convert between f32 and bf16 by integer arithmetic";
  let description = [{
    Where a processor has no instruction that rounds f32 to bf16, LLVM calls a library
    function for each element. Upstream's patterns, which are applied here, round to
    nearest, ties to even, in six ops on integers, which vectors have everywhere.
    Denormal numbers stay what they are, NaN stays NaN.

    ```mlir
    %y = arith.extf %x : vector<4xbf16> to vector<4xf32>
    ```
    becomes
    ```mlir
    %bits = arith.bitcast %x : vector<4xbf16> to vector<4xi16>
    %wide = arith.extui %bits : vector<4xi16> to vector<4xi32>
    %moved = arith.shli %wide, %sixteen : vector<4xi32>
    %y = arith.bitcast %moved : vector<4xi32> to vector<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def MaskScheduleDynamically : Pass<"mask-schedule-dynamically"> {
  let summary = "lower uneven parallel loops to OpenMP with a dynamic schedule";
  let description = [{
    Tiles of queries differ in cost: under a causal mask the last sees all keys, the
    first hardly any. With a dynamic schedule a thread takes the next tile whenever it
    is done with one. The lowering of attention marks its loops `mask.uneven`; those
    become loops of OpenMP here, since `convert-scf-to-openmp`, which takes all others
    afterwards, has no schedules. A marked loop with reductions is left to it, too.
    Memory that a round allocates and frees, of a size that is the same in all of them, is
    allocated once per thread.

    ```mlir
    scf.parallel (%i) = (%lb) to (%ub) step (%s) {
      scf.reduce
    } {mask.uneven}
    ```
    becomes
    ```mlir
    omp.parallel {
      omp.wsloop schedule(dynamic) {
        omp.loop_nest (%i) : index = (%lb) to (%ub) step (%s) {
          memref.alloca_scope {
          }
          omp.yield
        }
      }
      omp.terminator
    }
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::omp::OpenMPDialect"];
}

def MaskLowerAsserts : Pass<"mask-lower-asserts", "::mlir::ModuleOp"> {
  let summary = "make failed asserts leave their message";
  let description = [{
    Lowers `cf.assert` to a branch around `puts`, `fflush` and `abort`. Upstream's own
    lowering does not flush, so that the message is lost where the output is a file or
    a pipe. An assert in a region of one block (`scf.for`) is left alone: loops are
    lowered first.

    ```mlir
    cf.assert %good, "model.mlir:7:10: error: 'mask.chunk' op 'size' must be at least 1"
    ```
  }];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // MASK_PIPELINES_PASSES_TD
