//===- ExplainPoint.cpp - one element of a mask -----------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExplainDetail.h"

#include "mlir/IR/Diagnostics.h"

#include <set>

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::explain;

/// No batch row has the element: says which each has.
static LogicalResult emitOutside(Location loc, const Request &request,
                                 int64_t query, int64_t key) {
  InFlightDiagnostic error = emitError(loc)
                             << "the mask has no element q = " << query
                             << ", k = " << key;
  auto describe = [&](StringRef what, int64_t first, int64_t count) {
    error << what;
    if (count == 0)
      error << " none";
    else
      error << " " << first;
    if (count > 1)
      error << " to " << first + count - 1;
  };
  // Rows that begin alike are alike.
  std::set<std::pair<int64_t, int64_t>> offsets;
  for (int64_t b = 0; b < request.batch; ++b)
    offsets.insert({request.getQueryOffset(b), request.getKeyOffset(b)});
  constexpr size_t kShown = 4;
  const char *separator = ": ";
  for (auto [i, offset] : llvm::enumerate(offsets)) {
    if (i == kShown) {
      error << "; or others";
      break;
    }
    error << separator;
    describe("queries are", offset.first, request.queries);
    describe(", keys", offset.second, request.keys);
    separator = "; or ";
  }
  return error;
}

/// Prints the tree of every batch row (and head) that has the element.
FailureOr<SmallVector<bool>>
explain::printPoint(raw_ostream &os, MaskInstance &instance,
                    const Request &request, const ExplainOptions &options) {
  auto [query, key] = *options.at;
  FailureOr<int64_t> heads = chooseHeads(instance, options);
  if (failed(heads))
    return failure();
  bool headsDiffer = dependsOnHead(instance.simplified);
  SmallVector<bool> result;
  for (int64_t b = 0; b < request.batch; ++b) {
    int64_t row = query - request.getQueryOffset(b);
    int64_t column = key - request.getKeyOffset(b);
    if (row < 0 || row >= request.queries || column < 0 ||
        column >= request.keys)
      continue;
    for (int64_t h = 0; h < (headsDiffer ? *heads : 1); ++h) {
      os << instance.policy << ": " << instance.layerType << " at q = " << query
         << ", k = " << key;
      if (request.batch > 1)
        os << ", batch row " << b;
      if (headsDiffer)
        os << ", head " << h;
      os << "\n";
      FailureOr<bool> visible =
          renderPoint(os, instance.written, {query, key, b, h}, instance.facts,
                      instance.names);
      if (failed(visible))
        return failure();
      result.push_back(*visible);
    }
  }
  if (result.empty())
    return emitOutside(UnknownLoc::get(instance.written.getContext()), request,
                       query, key);
  return result;
}

LogicalResult explain::explainPoint(Location loc, Instances instances,
                                    const Request &request,
                                    const ExplainOptions &options) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const std::unique_ptr<MaskInstance> &instance : instances) {
    if (instance != instances.front())
      os << "\n";
    if (failed(printPoint(os, *instance, request, options)))
      return failure();
  }
  return writeOutput(loc, options.output,
                     [&](raw_ostream &out) { out << text; });
}
