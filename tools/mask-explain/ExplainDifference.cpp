//===- ExplainDifference.cpp - two policies compared -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExplainDetail.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::explain;

namespace {
/// The layer types to compare, and those that only one policy has.
struct LayerTypes {
  SmallVector<std::string> both, onlyFirst, onlySecond;
};

/// One layer type of two policies.
struct Comparison {
  MaskInstance *firstInstance, *secondInstance;
  MaskView first, second;
  MaskDifference difference;
};
} // namespace

/// A policy of a single predicate serves every layer type of the other.
static LayerTypes matchLayerTypes(PolicyOp first, PolicyOp second,
                                  const ExplainOptions &options) {
  LayerTypes types;
  if (!options.layerType.empty()) {
    types.both = {options.layerType};
    return types;
  }
  SmallVector<StringRef> a = first.getLayerTypes(), b = second.getLayerTypes();
  bool anyOfFirst = llvm::is_contained(a, "*");
  bool anyOfSecond = llvm::is_contained(b, "*");
  for (StringRef type : anyOfFirst ? b : a)
    (anyOfFirst || anyOfSecond || llvm::is_contained(b, type) ? types.both
                                                              : types.onlyFirst)
        .push_back(type.str());
  for (StringRef type : b)
    if (!anyOfFirst && !anyOfSecond && !llvm::is_contained(a, type))
      types.onlySecond.push_back(type.str());
  return types;
}

static FailureOr<Comparison> compare(MaskInstance &first, MaskInstance &second,
                                     const Request &request,
                                     const ExplainOptions &options) {
  Comparison result;
  result.firstInstance = &first;
  result.secondInstance = &second;
  if (options.at)
    return result;
  FailureOr<int64_t> firstHeads = chooseHeads(first, options);
  FailureOr<int64_t> secondHeads = chooseHeads(second, options);
  if (failed(firstHeads) || failed(secondHeads))
    return failure();
  int64_t heads = std::max(*firstHeads, *secondHeads);
  FailureOr<MaskView> firstView = makeView(first, request, heads, options);
  FailureOr<MaskView> secondView = makeView(second, request, heads, options);
  if (failed(firstView) || failed(secondView))
    return failure();
  result.first = std::move(*firstView);
  result.second = std::move(*secondView);
  result.difference = compareMasks(result.first, result.second);
  return result;
}

/// The facts that `a` reads and `b` does not.
static SmallVector<StringRef> getOwnFacts(const MaskInstance &a,
                                          const MaskInstance &b) {
  SmallVector<StringRef> own;
  for (const std::string &fact : a.reads)
    if (fact != "length" && !llvm::is_contained(b.reads, fact))
      own.push_back(fact);
  return own;
}

static void printFacts(raw_ostream &os, StringRef which, const MaskInstance &a,
                       const MaskInstance &b) {
  SmallVector<StringRef> own = getOwnFacts(a, b);
  if (own.empty())
    return;
  os << "note: only the " << which << " reads " << llvm::join(own, ", ");
  SmallVector<StringRef> missing;
  for (StringRef fact : own)
    if (llvm::is_contained(a.missing, fact))
      missing.push_back(fact);
  if (!missing.empty())
    os << " (not given: " << llvm::join(missing, ", ") << ")";
  os << "\n";
}

static void printHeader(raw_ostream &os, const Comparison &comparison,
                        const LayerTypes &types) {
  const MaskInstance &first = *comparison.firstInstance;
  const MaskInstance &second = *comparison.secondInstance;
  os << "< first   " << first.policy << "\n"
     << "> second  " << second.policy << "\n";
  printFacts(os, "first", first, second);
  printFacts(os, "second", second, first);
  if (!types.onlyFirst.empty())
    os << "note: only the first has " << llvm::join(types.onlyFirst, ", ")
       << "\n";
  if (!types.onlySecond.empty())
    os << "note: only the second has " << llvm::join(types.onlySecond, ", ")
       << "\n";
}

/// Prints the element in both; returns whether both show it alike.
static FailureOr<bool> comparePoint(Location loc,
                                    std::vector<Comparison> &comparisons,
                                    const Request &request,
                                    const ExplainOptions &options) {
  std::string text;
  llvm::raw_string_ostream os(text);
  bool equal = true;
  for (Comparison &comparison : comparisons) {
    if (&comparison != &comparisons.front())
      os << "\n";
    FailureOr<SmallVector<bool>> first =
        printPoint(os, *comparison.firstInstance, request, options);
    os << "\n";
    FailureOr<SmallVector<bool>> second =
        printPoint(os, *comparison.secondInstance, request, options);
    if (failed(first) || failed(second))
      return failure();
    equal &= *first == *second;
  }
  if (failed(writeOutput(loc, options.output,
                         [&](raw_ostream &out) { out << text; })))
    return failure();
  return equal;
}

static LogicalResult writeComparison(Location loc,
                                     ArrayRef<Comparison> comparisons,
                                     const LayerTypes &types,
                                     const Request &request,
                                     const ExplainOptions &options) {
  SmallVector<ComparedMasks> compared;
  SmallVector<const MaskInstance *> instances;
  for (const Comparison &c : comparisons) {
    compared.push_back({&c.first, &c.second, &c.difference});
    instances.append({c.firstInstance, c.secondInstance});
  }
  return writeOutput(loc, options.output, [&](raw_ostream &os) {
    if (options.format == ExplainFormat::Json) {
      renderJson(os, compared);
      return;
    }
    if (options.format == ExplainFormat::Svg) {
      renderSvg(os, compared, options.tile, makeContext(request, instances));
      return;
    }
    printHeader(os, comparisons.front(), types);
    for (const Comparison &c : comparisons) {
      os << "\n";
      renderText(os, c.first, c.second, c.difference, options.tile,
                 makeContext(request, {c.firstInstance, c.secondInstance}));
    }
  });
}

FailureOr<bool> mlir::mask::explainDifference(PolicyOp first, PolicyOp second,
                                              const Request &given,
                                              const ExplainOptions &options) {
  Location loc = UnknownLoc::get(first.getContext());
  LayerTypes types = matchLayerTypes(first, second, options);
  if (types.both.empty())
    return emitError(loc) << "policies '" << first.getSymName() << "' and '"
                          << second.getSymName()
                          << "' have no layer type in common: the first has "
                          << llvm::join(types.onlyFirst, ", ")
                          << ", the second "
                          << llvm::join(types.onlySecond, ", ");
  FailureOr<PolicyMasks> a =
      PolicyMasks::create(first, types.both, options.packing, given);
  FailureOr<PolicyMasks> b =
      PolicyMasks::create(second, types.both, options.packing, given);
  if (failed(a) || failed(b) || failed(placeBatch({&*a, &*b})))
    return failure();
  reportUnread({&*a, &*b});
  // Both have the same extents.
  const Request &request = a->getRequest();
  std::vector<Comparison> comparisons;
  for (auto [x, y] : llvm::zip_equal(a->getInstances(), b->getInstances())) {
    FailureOr<Comparison> comparison = compare(*x, *y, request, options);
    if (failed(comparison))
      return failure();
    comparisons.push_back(std::move(*comparison));
  }
  if (options.at)
    return comparePoint(loc, comparisons, request, options);
  if (failed(writeComparison(loc, comparisons, types, request, options)))
    return failure();
  return llvm::all_of(
      comparisons, [](const Comparison &c) { return c.difference.isEqual(); });
}
