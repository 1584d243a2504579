//===- RunAttention.h - attention by several engines -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_RUNATTENTION_H
#define MASK_EXECUTION_RUNATTENTION_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Execution/AttentionKernel.h"
#include "Mask/Request/Goldens.h"
#include "Mask/Support/Npy.h"

namespace mlir::mask {

/// Query, key and value of one attention, widened, and room for its results.
struct AttentionBuffers {
  DataType type = DataType::F32;
  AttentionArrays sizes;
  std::vector<float> query, key, value, output, logSumExp;
  /// The table of pages, where keys and values lie in pages.
  std::vector<int64_t> table;

  /// Allocates the results and points `sizes` to the data.
  void finish(std::optional<float> scale);
  /// The output in its own element type, `[B, H, Sq, Dv]`, and the log-sum-exp,
  /// `[B, H, Sq]`.
  NpyArray getOutput() const;
  NpyArray getLogSumExp() const;
};

/// Takes the arrays of three files, and, unless its path is empty, a table of
/// pages, `[B, pages]`, which key and value then are: `[pages, G, page, D]`.
/// Errors name the file and the numbers. `type` is what `--dtype` says; without
/// it the files tell f32 from f16.
llvm::Expected<AttentionBuffers>
readAttention(StringRef queryPath, StringRef keyPath, StringRef valuePath,
              StringRef pagesPath, std::optional<DataType> type,
              std::optional<float> scale);

/// Reads one f32 logit per query head, `[H]`. Errors start with the path.
llvm::Expected<std::vector<float>> readSinks(StringRef path, int64_t heads);

/// Checks that query, key, value and output have at most 2^32 elements each, an
/// extent of 0 counted as 1: a few bytes of input can ask for any amount of
/// memory and time.
llvm::Error checkSizes(const AttentionArrays &sizes);

/// Chooses the rows of tiles for arrays of these sizes (`chooseTileRows`), as
/// far as `options` leave them open. Code for few queries serves all numbers of
/// them up to the next power of two, and no code another number of heads per
/// key head.
void chooseTileRows(PolicyOp policy, const AttentionArrays &sizes,
                    JitOptions &options);

/// Data of unit variance, the same for the same sizes. With `pageSize`, which
/// may be zero, keys lie in pages of so many, shuffled.
AttentionBuffers makeRandomAttention(const AttentionArrays &sizes,
                                     int64_t pageSize);

/// Checks that the arrays have the extents of the request; pages may have more
/// keys, which are then those of the request.
llvm::Error checkExtents(AttentionArrays &sizes, const Request &request);

/// The same attention by the interpreter, in float64; scores as `form` has
/// them, if it is not null.
FailureOr<InterpretedAttention>
interpretAttention(PolicyOp policy, StringRef layerType,
                   std::optional<PackingRule> packing, const Request &request,
                   const AttentionBuffers &buffers, AttentionOp form = {});

/// The mask of a case recovered from compiled code: with query and key zero and
/// one-hot rows of value, a key has weight in the output iff it is visible.
FailureOr<std::vector<uint8_t>>
recoverMask(const GoldenCase &golden, PolicyOp policy, KernelCache &kernels);

} // namespace mlir::mask

#endif // MASK_EXECUTION_RUNATTENTION_H
