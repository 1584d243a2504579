//===- Goldens.h - masks of real systems as test cases -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_REQUEST_GOLDENS_H
#define MASK_REQUEST_GOLDENS_H

#include "Mask/Request/PolicyLibrary.h"

namespace mlir::mask {

/// One case: a folder with `case.json` and the mask it gives.
struct GoldenCase {
  /// The folder.
  std::string path;
  /// The policy to ask for; empty where the case brings its own `policy.mlir`.
  std::string policy;
  /// The case's own policy file, or empty.
  std::string policyFile;
  std::optional<PackingRule> packing;
  std::string layerType;
  Request request;
  /// Batch rows of `mask`; 1 for a mask `[q, k]`.
  int64_t batch = 1;
  /// `[batch, q, k]`, 0 and 1.
  std::vector<uint8_t> mask;

  /// An element, by array indices.
  uint8_t at(int64_t b, int64_t q, int64_t k) const {
    return mask[(b * request.queries + q) * request.keys + k];
  }
};

/// The folders below `dir` that hold a `case.json`, sorted. If `dir` is a file,
/// the folders that it lists, one a line, relative to its own.
llvm::Expected<std::vector<std::string>> findGoldenCases(llvm::StringRef dir);

/// Reads a case. Every error starts with the file's path.
llvm::Expected<GoldenCase> readGoldenCase(llvm::StringRef path);

/// The mask of a policy as `[batch, q, k]`, 0 and 1, by some engine. `policy`
/// lies in a module in which the engine may add ops.
using MaskEngine = llvm::function_ref<FailureOr<std::vector<uint8_t>>(
    const GoldenCase &golden, PolicyOp policy)>;

/// What came of a set of cases.
struct GoldenReport {
  /// Cases whose mask was compared or could not be, and of those the equal
  /// ones.
  unsigned compared = 0, equal = 0;
  /// Cases that name no policy and bring none.
  unsigned skipped = 0;
  /// One line per case that differs, or could not be read or computed.
  std::vector<std::string> failures;
};

/// Compares the masks of `engine` with the files of every case below `dir`,
/// element for element. Cases of one policy share one op.
llvm::Expected<GoldenReport>
checkGoldens(llvm::StringRef dir, MLIRContext *context, MaskEngine engine);

/// The engine that is the specification: the interpreter, element by element.
FailureOr<std::vector<uint8_t>> interpretGolden(const GoldenCase &golden,
                                                PolicyOp policy);

/// `predicate` over the extents of a request, as `[batch, q, k]`, for one head.
std::vector<uint8_t> evaluateMask(const PredicateFunction &predicate,
                                  const Request &request, int64_t batch,
                                  int64_t head = 0);

} // namespace mlir::mask

#endif // MASK_REQUEST_GOLDENS_H
