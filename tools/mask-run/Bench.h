//===- Bench.h - timing of compiled attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASKRUN_BENCH_H
#define MASK_TOOLS_MASKRUN_BENCH_H

#include "Mask/Execution/RunAttention.h"

namespace mlir::mask {

struct BenchOptions {
  std::string layerType;
  std::optional<PackingRule> packing;
  int64_t threads = 1;
  int64_t heads = 1, keyHeads = 1, dim = 64;
  /// Keys of a page, if they lie in pages, shuffled; else zero.
  int64_t pageSize = 0;
  /// Calls that are timed, after one that is not.
  int64_t repeat = 5;
  JitOptions jit;
  /// Has scale, sinks, soft cap and scores, or is null.
  AttentionOp form;
};

/// Times attention on random data and prints one JSON object. On a device what
/// is timed is kernels, by its clock, without copies and tables.
LogicalResult runBench(PolicyOp policy, const Request &request,
                       BenchOptions options, raw_ostream &os);

} // namespace mlir::mask

#endif // MASK_TOOLS_MASKRUN_BENCH_H
