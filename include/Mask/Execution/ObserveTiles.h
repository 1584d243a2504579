//===- ObserveTiles.h - which tiles compiled attention computes -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_EXECUTION_OBSERVETILES_H
#define MASK_EXECUTION_OBSERVETILES_H

#include "Mask/Execution/AttentionKernel.h"

namespace mlir::mask {

/// A tile whose scores compiled code computes: indices of its first query and
/// key into the arrays, how many of each exist in it, and whether the code
/// masks it (an unmasked one is taken to be visible as a whole).
struct ObservedTile {
  int64_t batch, head, query, key, queries, keys;
  bool masked;

  /// Scores that are computed for it.
  int64_t getNumPairs() const { return queries * keys; }
};

/// Attention compiled so that it reports its tiles: the loops and conditions of
/// `AttentionKernel`, on one thread.
class TileObserver {
public:
  using Sink = llvm::function_ref<void(const ObservedTile &)>;

  /// As `AttentionKernel::compile`.
  static FailureOr<TileObserver> compile(PolicyOp policy, StringRef layerType,
                                         std::optional<PackingRule> packing,
                                         const Request &request,
                                         JitOptions options);

  /// Calls `sink` for every tile of `heads` heads, in the order of the code.
  /// `request` must have the signature that was compiled for.
  LogicalResult observe(const Request &request, int64_t heads, Sink sink) const;

private:
  explicit TileObserver(std::unique_ptr<AttentionKernel> kernel)
      : kernel(std::move(kernel)) {}
  std::unique_ptr<AttentionKernel> kernel;
};

} // namespace mlir::mask

#endif // MASK_EXECUTION_OBSERVETILES_H
