//===- Explain.h - the work of mask-explain -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TOOLS_MASKEXPLAIN_EXPLAIN_H
#define MASK_TOOLS_MASKEXPLAIN_EXPLAIN_H

#include "Mask/Inspect/MaskInstance.h"

namespace mlir::mask {

/// What masks are written as; `BlockMask` is a directory of files.
enum class ExplainFormat { Text, Svg, Json, Npy, BlockMask };

/// What `mask-explain` is asked for.
struct ExplainOptions {
  /// Empty for all layer types.
  std::string layerType;
  std::optional<PackingRule> packing;
  TileShape tile;
  ExplainFormat format = ExplainFormat::Text;
  /// A file or directory; "-" is the standard output.
  std::string output = "-";
  /// Absolute query and key to explain.
  std::optional<std::pair<int64_t, int64_t>> at;
  /// Say what bounds the masks.
  bool why = false;
  /// Compare every picture with the interpreter.
  bool verifyView = false;
  /// Heads, for predicates that do not tell how many there are.
  std::optional<int64_t> heads;
};

/// Prints the request as `--facts` takes it. A policy that is given (it may be
/// null) has to be content with it.
LogicalResult explainFacts(MLIRContext *context, PolicyOp policy,
                           const Request &request,
                           const ExplainOptions &options);

/// Shows the masks of a policy on the request `given`, which may be null with
/// `why` alone.
LogicalResult explainPolicy(PolicyOp policy, const Request *given,
                            const ExplainOptions &options);

/// Shows where the masks of two policies differ. Returns whether they are
/// equal.
FailureOr<bool> explainDifference(PolicyOp first, PolicyOp second,
                                  const Request &given,
                                  const ExplainOptions &options);

/// Writes a file, or nothing: an error, reported at `loc`, leaves no partial
/// file.
LogicalResult writeOutput(Location loc, StringRef path,
                          function_ref<void(raw_ostream &)> write);
/// Makes the directory `path` if it is not there.
LogicalResult makeDirectory(Location loc, StringRef path);

} // namespace mlir::mask

#endif // MASK_TOOLS_MASKEXPLAIN_EXPLAIN_H
