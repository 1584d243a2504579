//===- ApplyToVector.cpp - masked scores and merged states as vector code -*-
// C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/EmitPredicate.h"
#include "Mask/Conversion/TilesToSCF.h"

#include "LaneBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// mask.apply
//===----------------------------------------------------------------------===//

namespace {

/// One line of a tile: the elements of the innermost dimension.
struct Line {
  Value scores, q, k, rowLower, rowUpper;
};

class ApplyLowering {
public:
  ApplyLowering(RewriterBase &rewriter, ApplyOp op)
      : op(op), b(op.getLoc(), rewriter,
                  cast<VectorType>(op.getScores().getType()).getShape().back()),
        facts() {
    if (!op.getPredicate().empty())
      facts.map(op.getPredicate().getArguments(), op.getCaptures());
  }

  FailureOr<Value> run();

private:
  FailureOr<Value> lowerLine(const Line &line);
  FailureOr<Value> visible(const Line &line);
  Line getLine(int64_t i);
  /// `first`, `first + 1`, ..., one per lane.
  Value consecutive(Value first) {
    return b.add(first,
                 vector::StepOp::create(b, b.getLaneType(b.getIndexType())));
  }
  Value rowBound(Value bounds, std::optional<int64_t> row) {
    if (!bounds || !row)
      return bounds;
    return vector::ExtractOp::create(b, bounds, *row);
  }

  ApplyOp op;
  LaneBuilder b;
  IRMapping facts;
};

} // namespace

Line ApplyLowering::getLine(int64_t i) {
  bool twoAxes = cast<VectorType>(op.getScores().getType()).getRank() == 2;
  bool lanesAreQueries =
      op.getOver() == TileLayout::Query || op.getOver() == TileLayout::KeyQuery;
  Line line;
  line.scores = twoAxes ? Value(vector::ExtractOp::create(b, op.getScores(), i))
                        : op.getScores();
  std::optional<int64_t> row;
  if (!lanesAreQueries)
    row = twoAxes ? i : 0;
  line.rowLower = rowBound(op.getRowLower(), row);
  line.rowUpper = rowBound(op.getRowUpper(), row);
  line.q = op.getQ();
  line.k = op.getK();
  Value &inner = lanesAreQueries ? line.q : line.k;
  Value &outer = lanesAreQueries ? line.k : line.q;
  inner = consecutive(inner);
  if (twoAxes)
    outer = b.add(outer, b.index(i));
  return line;
}

FailureOr<Value> ApplyLowering::visible(const Line &line) {
  Value result = b.truth(true);
  if (op.getKeyEnd())
    result = b.compare(CmpIPredicate::slt, line.k, op.getKeyEnd());
  Sides sides = op.getSides();
  if (line.rowLower && (sides == Sides::Both || sides == Sides::Lower))
    result = b.logicalAnd(result,
                          b.compare(CmpIPredicate::sge, line.k, line.rowLower));
  if (line.rowUpper && (sides == Sides::Both || sides == Sides::Upper))
    result = b.logicalAnd(result,
                          b.compare(CmpIPredicate::slt, line.k, line.rowUpper));
  if (op.getPredicate().empty())
    return result;
  Value predicate = op.getPredicate().front().getTerminator()->getOperand(0);
  MaskPoint point{op.getB(), op.getH(), line.q, line.k, b.getNumLanes()};
  FailureOr<Value> inside =
      emitPredicate(b, op.getLoc(), predicate, point, facts);
  if (failed(inside))
    return failure();
  return b.logicalAnd(result, *inside);
}

FailureOr<Value> ApplyLowering::lowerLine(const Line &line) {
  FailureOr<Value> condition = visible(line);
  if (failed(condition))
    return failure();
  auto type = cast<VectorType>(line.scores.getType());
  auto element = cast<FloatType>(type.getElementType());
  APFloat hidden = APFloat::getInf(element.getFloatSemantics(), true);
  if (std::optional<APFloat> given = op.getHidden()) {
    hidden = *given;
    bool losesInfo;
    hidden.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
  }
  Value hiddenVector =
      arith::ConstantOp::create(b, DenseElementsAttr::get(type, hidden));
  return b.select(*condition, line.scores, hiddenVector);
}

FailureOr<Value> ApplyLowering::run() {
  auto type = cast<VectorType>(op.getScores().getType());
  if (type.getRank() == 1)
    return lowerLine(getLine(0));
  Value result = op.getScores();
  for (int64_t i = 0; i < type.getDimSize(0); ++i) {
    FailureOr<Value> line = lowerLine(getLine(i));
    if (failed(line))
      return failure();
    result = vector::InsertOp::create(b, *line, result, i);
  }
  return result;
}

LogicalResult mlir::mask::lowerApply(RewriterBase &rewriter, ApplyOp op) {
  auto type = cast<VectorType>(op.getScores().getType());
  if (!isa<FloatType>(type.getElementType()) || type.isScalable())
    return op.emitOpError() << "can be lowered for vectors of floats of fixed "
                               "length, got "
                            << type;
  rewriter.setInsertionPoint(op);
  FailureOr<Value> result = ApplyLowering(rewriter, op).run();
  if (failed(result))
    return failure();
  rewriter.replaceOp(op, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// mask.merge
//===----------------------------------------------------------------------===//

void mlir::mask::lowerMerge(RewriterBase &rewriter, MergeOp op) {
  rewriter.setInsertionPoint(op);
  ImplicitLocOpBuilder b(op.getLoc(), rewriter);
  auto type = cast<VectorType>(op.getMaximum().getType());
  auto accumulatorType = cast<VectorType>(op.getAccumulator().getType());
  auto element = cast<FloatType>(type.getElementType());
  Value maximum =
      arith::MaxNumFOp::create(b, op.getMaximumA(), op.getMaximumB());
  // Both states may be empty: a finite reference keeps `-inf - -inf` away.
  APFloat lowest = APFloat::getLargest(element.getFloatSemantics(), true);
  Value reference = arith::MaxNumFOp::create(
      b, maximum,
      arith::ConstantOp::create(b, DenseElementsAttr::get(type, lowest)));
  auto weigh = [&](Value m) {
    return math::ExpOp::create(b, arith::SubFOp::create(b, m, reference));
  };
  auto join = [&](Value a, Value weightA, Value other, Value weightB) {
    return arith::AddFOp::create(b, arith::MulFOp::create(b, a, weightA),
                                 arith::MulFOp::create(b, other, weightB));
  };
  Value weightA = weigh(op.getMaximumA()), weightB = weigh(op.getMaximumB());
  Value sum = join(op.getSumA(), weightA, op.getSumB(), weightB);
  auto spread = [&](Value weight) {
    return vector::BroadcastOp::create(b, accumulatorType, weight).getResult();
  };
  Value accumulator = join(op.getAccumulatorA(), spread(weightA),
                           op.getAccumulatorB(), spread(weightB));
  rewriter.replaceOp(op, {maximum, sum, accumulator});
}
