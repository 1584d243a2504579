//===- ApplyToVector.cpp - masks on scores, as vectors -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/EmitPredicate.h"
#include "Mask/Conversion/TilesToSCF.h"

#include "../Emit/LaneBuilder.h"
#include "../EmitOrErase.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

//===----------------------------------------------------------------------===//
// mask.apply
//===----------------------------------------------------------------------===//

namespace {

/// Lowers a tile line by line: the elements along the innermost dimension, at
/// given indices (`outer`) of the others.
class ApplyLowering {
public:
  ApplyLowering(RewriterBase &rewriter, ApplyOp op)
      : op(op), type(cast<VectorType>(op.getScores().getType())),
        b(op.getLoc(), rewriter, type.getShape().back()),
        rowDims(op.getRowDims()) {
    if (!op.getPredicate().empty())
      facts.map(op.getPredicate().getArguments(), op.getCaptures());
  }

  FailureOr<Value> run();

private:
  void placeKeys();
  Value moveEnd(Value end, Value moved);
  FailureOr<Value> lowerLine(ArrayRef<int64_t> outer, Value scores);
  FailureOr<Value> visible(ArrayRef<int64_t> outer);
  AffineExpr atLine(AffineExpr coordinate, ArrayRef<int64_t> outer);
  Value emit(AffineExpr coordinate, ArrayRef<int64_t> outer);
  Value getKey(ArrayRef<int64_t> outer);
  Value getEnd(Value ends, ArrayRef<int64_t> outer);
  Value isBetween(Value key, Value rowLower);
  Value toI32(Value value);

  ApplyOp op;
  VectorType type;
  LaneBuilder b;
  SmallVector<unsigned> rowDims;
  IRMapping facts;
  /// Ends and keys are compared with the part of the key that the indices of an
  /// element decide; what the symbols add is taken from the ends, once per row,
  /// or stays with the key where all elements share it.
  AffineExpr keyOfElement;
  Value lower, upper, keyEnd;
};

} // namespace

/// `coordinate` at the indices of a line: over the index along it, the only
/// dimension that is left.
AffineExpr ApplyLowering::atLine(AffineExpr coordinate,
                                 ArrayRef<int64_t> outer) {
  SmallVector<AffineExpr> dims;
  for (int64_t i : outer)
    dims.push_back(b.getAffineConstantExpr(i));
  dims.push_back(b.getAffineDimExpr(0));
  return simplifyAffineExpr(coordinate.replaceDims(dims), 1,
                            op.getSymbols().size());
}

/// A coordinate along a line, as `index`: uniform if it does not change there.
Value ApplyLowering::emit(AffineExpr coordinate, ArrayRef<int64_t> outer) {
  Value lanes = vector::StepOp::create(b, b.getLaneType(b.getIndexType()));
  SmallVector<Value> symbols(op.getSymbols());
  return emitAffine(b, atLine(coordinate, outer), lanes, symbols);
}

Value ApplyLowering::toI32(Value value) {
  Type i32 = b.getI32Type();
  Type result = LaneBuilder::isVarying(value) ? Type(b.getLaneType(i32)) : i32;
  return b.createOrFold<arith::IndexCastOp>(result, value);
}

/// Decides what is compared with what.
void ApplyLowering::placeKeys() {
  lower = op.getLower();
  upper = op.getUpper();
  keyEnd = op.getKeyEnd();
  AffineMap map = op.getOver();
  keyOfElement = map.getResult(2);
  SmallVector<AffineExpr> zeros(map.getNumSymbols(),
                                b.getAffineConstantExpr(0));
  auto simplify = [&](AffineExpr expr) {
    return simplifyAffineExpr(expr, map.getNumDims(), map.getNumSymbols());
  };
  AffineExpr ofDims = simplify(keyOfElement.replaceSymbols(zeros));
  AffineExpr ofSymbols = simplify(keyOfElement - ofDims);
  bool isSum = true;
  for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
    isSum &= !ofSymbols.isFunctionOfDim(dim);
  if (!isSum || isa<AffineConstantExpr>(ofDims))
    return;
  keyOfElement = ofDims;
  SmallVector<Value> symbols(op.getSymbols());
  Value moved = toI32(emitAffine(b, ofSymbols, Value(), symbols));
  for (Value *end : {&lower, &upper, &keyEnd})
    if (*end)
      *end = moveEnd(*end, moved);
}

/// `end - moved`, saturating: an end may be as far away as an i32 can say.
Value ApplyLowering::moveEnd(Value end, Value moved) {
  using Limits = std::numeric_limits<int32_t>;
  auto constant = [&](int32_t value) -> Value {
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(value));
  };
  auto spread = [&](Value value) -> Value {
    if (!isa<VectorType>(end.getType()))
      return value;
    return vector::BroadcastOp::create(b, end.getType(), value);
  };
  Value up = b.createOrFold<arith::MaxSIOp>(moved, constant(0));
  Value down = b.createOrFold<arith::MinSIOp>(moved, constant(0));
  Value least = b.createOrFold<arith::AddIOp>(up, constant(Limits::min()));
  Value greatest = b.createOrFold<arith::AddIOp>(down, constant(Limits::max()));
  end = b.createOrFold<arith::MaxSIOp>(end, spread(least));
  end = b.createOrFold<arith::MinSIOp>(end, spread(greatest));
  return b.createOrFold<arith::SubIOp>(end, spread(moved));
}

/// The key of each element of a line, in i32: constants where nothing but the
/// indices of the elements decides it.
Value ApplyLowering::getKey(ArrayRef<int64_t> outer) {
  AffineExpr key = atLine(keyOfElement, outer);
  SmallVector<int32_t> keys;
  for (int64_t lane = 0; lane < b.getNumLanes(); ++lane) {
    auto constant = dyn_cast<AffineConstantExpr>(
        key.replaceDims(b.getAffineConstantExpr(lane)));
    if (!constant)
      return toI32(emit(keyOfElement, outer));
    keys.push_back(static_cast<int32_t>(constant.getValue()));
  }
  if (llvm::all_equal(keys))
    return arith::ConstantOp::create(b, b.getI32IntegerAttr(keys.front()));
  return arith::ConstantOp::create(b, b.getI32VectorAttr(keys));
}

/// The ends of the rows of a line: one per element, or one for all.
Value ApplyLowering::getEnd(Value ends, ArrayRef<int64_t> outer) {
  if (!isa<VectorType>(ends.getType()))
    return ends;
  SmallVector<int64_t> position;
  for (unsigned dim : rowDims)
    if (dim < outer.size())
      position.push_back(outer[dim]);
  if (position.empty())
    return ends;
  return vector::ExtractOp::create(b, ends, position);
}

/// Whether the keys of one row lie between its lower end and the end of keys:
/// one comparison, without sign, of the distance from the lower end. LLVM would
/// make two selects of two comparisons.
Value ApplyLowering::isBetween(Value key, Value rowLower) {
  Value end = b.createOrFold<arith::MaxSIOp>(keyEnd, rowLower);
  return b.compare(CmpIPredicate::ult, b.sub(key, rowLower),
                   b.sub(end, rowLower));
}

FailureOr<Value> ApplyLowering::visible(ArrayRef<int64_t> outer) {
  Value result = b.truth(true);
  if (lower || upper || keyEnd) {
    Value key = getKey(outer);
    auto require = [&](CmpIPredicate relation, Value end) {
      result = b.logicalAnd(result, b.compare(relation, key, end));
    };
    Value rowLower = lower ? getEnd(lower, outer) : Value();
    bool isOneRow = rowLower && !LaneBuilder::isVarying(rowLower);
    if (keyEnd && isOneRow) {
      result = isBetween(key, rowLower);
    } else {
      if (keyEnd)
        require(CmpIPredicate::slt, keyEnd);
      if (lower)
        require(CmpIPredicate::sge, rowLower);
    }
    if (upper)
      require(CmpIPredicate::slt, getEnd(upper, outer));
  }
  if (op.getPredicate().empty())
    return result;
  Value predicate = op.getPredicate().front().getTerminator()->getOperand(0);
  AffineMap map = op.getOver();
  MaskPoint point{op.getB(), b.add(op.getH(), emit(map.getResult(0), outer)),
                  b.add(op.getQ(), emit(map.getResult(1), outer)),
                  b.add(op.getK(), emit(map.getResult(2), outer)),
                  b.getNumLanes()};
  FailureOr<Value> inside =
      emitPredicate(b, op.getLoc(), predicate, point, facts);
  if (failed(inside))
    return failure();
  return b.logicalAnd(result, *inside);
}

FailureOr<Value> ApplyLowering::lowerLine(ArrayRef<int64_t> outer,
                                          Value scores) {
  FailureOr<Value> condition = visible(outer);
  if (failed(condition))
    return failure();
  auto lineType = cast<VectorType>(scores.getType());
  auto element = cast<FloatType>(lineType.getElementType());
  APFloat hidden = APFloat::getInf(element.getFloatSemantics(), true);
  if (std::optional<APFloat> given = op.getHidden()) {
    hidden = *given;
    bool losesInfo;
    hidden.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
  }
  Value hiddenVector =
      arith::ConstantOp::create(b, DenseElementsAttr::get(lineType, hidden));
  return b.select(*condition, scores, hiddenVector);
}

FailureOr<Value> ApplyLowering::run() {
  placeKeys();
  if (type.getRank() == 1)
    return lowerLine({}, op.getScores());
  Value result = op.getScores();
  SmallVector<int64_t> tile(type.getShape());
  for (int64_t &size : MutableArrayRef(tile).drop_back())
    size = 1;
  for (SmallVector<int64_t> outer :
       StaticTileOffsetRange(type.getShape(), tile)) {
    outer.pop_back();
    Value scores = vector::ExtractOp::create(b, op.getScores(), outer);
    FailureOr<Value> line = lowerLine(outer, scores);
    if (failed(line))
      return failure();
    result = vector::InsertOp::create(b, *line, result, outer);
  }
  return result;
}

LogicalResult mlir::mask::lowerApply(RewriterBase &rewriter, ApplyOp op) {
  auto type = cast<VectorType>(op.getScores().getType());
  if (!isa<FloatType>(type.getElementType()) || type.isScalable())
    return op.emitOpError() << "can be lowered for vectors of floats of fixed "
                               "length, got "
                            << type;
  Value replacement;
  auto emit = [&]() -> LogicalResult {
    scf::IfOp branch;
    if (op.getWhen()) {
      branch = scf::IfOp::create(rewriter, op.getLoc(), type, op.getWhen(),
                                 /*withElseRegion=*/true);
      rewriter.setInsertionPointToStart(branch.thenBlock());
    }
    FailureOr<Value> result = ApplyLowering(rewriter, op).run();
    if (failed(result))
      return failure();
    replacement = *result;
    if (!branch)
      return success();
    scf::YieldOp::create(rewriter, op.getLoc(), *result);
    rewriter.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(rewriter, op.getLoc(), op.getScores());
    replacement = branch.getResult(0);
    return success();
  };
  if (failed(emitOrErase(rewriter, op, emit)))
    return failure();
  rewriter.replaceOp(op, replacement);
  return success();
}

//===----------------------------------------------------------------------===//
// mask.merge
//===----------------------------------------------------------------------===//

/// The accumulator type with `weights`, one per row, everywhere in the row.
static Value spreadOverRows(ImplicitLocOpBuilder &b, Value weights,
                            VectorType type, unsigned rowDim) {
  int64_t last = type.getRank() - 1;
  if (rowDim == last)
    return vector::BroadcastOp::create(b, type, weights);
  // A broadcast adds dimensions in front: the row is last until it is moved.
  SmallVector<int64_t> shape(type.getShape()), order;
  shape.erase(shape.begin() + rowDim);
  shape.push_back(type.getDimSize(rowDim));
  for (int64_t dim = 0; dim < last; ++dim)
    order.push_back(dim);
  order.insert(order.begin() + rowDim, last);
  Value spread = vector::BroadcastOp::create(
      b, VectorType::get(shape, type.getElementType()), weights);
  return vector::TransposeOp::create(b, spread, order);
}

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
  auto weigh = [&](Value m) -> Value {
    Value distance = arith::SubFOp::create(b, m, reference);
    if (op.getBase2())
      return math::Exp2Op::create(b, distance, arith::FastMathFlags::afn);
    return math::ExpOp::create(b, distance, arith::FastMathFlags::afn);
  };
  auto join = [&](Value a, Value weightA, Value other, Value weightB) {
    return arith::AddFOp::create(b, arith::MulFOp::create(b, a, weightA),
                                 arith::MulFOp::create(b, other, weightB));
  };
  Value weightA = weigh(op.getMaximumA()), weightB = weigh(op.getMaximumB());
  Value sum = join(op.getSumA(), weightA, op.getSumB(), weightB);
  auto spread = [&](Value weight) {
    return spreadOverRows(b, weight, accumulatorType, op.getRowDim());
  };
  Value accumulator = join(op.getAccumulatorA(), spread(weightA),
                           op.getAccumulatorB(), spread(weightB));
  rewriter.replaceOp(op, {maximum, sum, accumulator});
}
