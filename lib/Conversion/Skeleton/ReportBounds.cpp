//===- ReportBounds.cpp - remarks on the bounds of an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReportBounds.h"

#include "Mask/Analysis/DescribeBounds.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::mask;

/// The name in the IR.
static std::string nameOf(Value value) {
  std::string text;
  llvm::raw_string_ostream os(text);
  value.printAsOperand(os, OpPrintingFlags().useLocalScope());
  return text;
}

static remark::RemarkOpts makeOptions(AttentionOp op, StringRef name) {
  auto function = op->getParentOfType<FunctionOpInterface>();
  return remark::RemarkOpts::name(name)
      .category("convert-mask-to-tiles")
      .function(function ? function.getName() : "");
}

static std::string describeRow(const RowInterval &row,
                               const TileInterval &tile) {
  std::string text = "a row sees " + describeInterval(row.outer, nameOf);
  if (!row.isExact())
    text += " at most, " + describeInterval(row.inner, nameOf) + " at least";
  text += "; a tile visits " +
          describeInterval({tile.hullLower, tile.hullUpper}, nameOf) +
          ", unmasked in " +
          describeInterval({tile.coreLower, tile.coreUpper}, nameOf);
  return text;
}

/// Whether nothing is known of any row.
static bool isUnbounded(const RowIntervals &rows) {
  return rows.intervals.size() == 1 &&
         rows.intervals[0].outer.lower.isMinusInfinity() &&
         rows.intervals[0].outer.upper.isPlusInfinity();
}

namespace {
/// Says at the ops that it comes from why a predicate is not exact.
class InexactnessReport {
public:
  InexactnessReport(AttentionOp attention, TermContext &context,
                    const RowIntervalOptions &options)
      : attention(attention), context(context), options(options) {}

  void report(Value predicate) {
    Operation *op = predicate.getDefiningOp();
    if (!op || isExact(predicate) || !reported.insert(op).second)
      return;
    bool partsAreExact = true;
    for (Value part : op->getOperands()) {
      if (!isa<PredicateType>(part.getType()) || isExact(part))
        continue;
      partsAreExact = false;
      report(part);
    }
    if (partsAreExact)
      reportCause(op, predicate);
  }

private:
  bool isExact(Value predicate) {
    return computeRowIntervals(context, predicate, options).exact;
  }

  void reportCause(Operation *op, Value predicate) {
    bool unbounded =
        isUnbounded(computeRowIntervals(context, predicate, options));
    bool needsTable =
        unbounded && !isUnbounded(computeRowIntervals(context, predicate));
    remark::missed(op->getLoc(), makeOptions(attention, "InexactBounds"))
        << ("'" + op->getName().getStringRef() +
            (unbounded ? "' has no bounds: " : "' has no exact bounds: ") +
            (needsTable ? "it has no index table (see mask-build-tables)"
                        : explainInexactness(op)))
               .str();
  }

  AttentionOp attention;
  TermContext &context;
  const RowIntervalOptions &options;
  llvm::SmallPtrSet<Operation *, 8> reported;
};
} // namespace

void mlir::mask::reportBounds(AttentionOp op, const TilePlan &plan,
                              TermContext &context,
                              const RowIntervalOptions &options) {
  // Text that nobody reads is not made.
  if (!op.getContext()->getRemarkEngine())
    return;
  size_t count = plan.intervals.size();
  if (count == 0)
    remark::passed(op.getLoc(), makeOptions(op, "NoTiles"))
        << "no row sees a key: no tile is visited";
  if (count > 1)
    remark::passed(op.getLoc(), makeOptions(op, "TileLoopSplit"))
        << (Twine(count) + " intervals in a row: loops over tiles, one after "
                           "the other, that visit none twice")
               .str();
  for (const auto &[row, tile] : llvm::zip(plan.rows.intervals, plan.intervals))
    remark::analysis(op.getLoc(), makeOptions(op, "Bounds"))
        << describeRow(row, tile);
  if (!plan.rows.exact)
    InexactnessReport(op, context, options).report(op.getPredicateValue());
}
