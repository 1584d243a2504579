//===- EmitLaneRegion.cpp - scalar regions for all lanes of a vector -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/EmitPredicate.h"

#include "LaneBuilder.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

namespace {

class LaneRegionEmitter {
public:
  LaneRegionEmitter(OpBuilder &builder, Location loc, int64_t lanes)
      : b(loc, builder, lanes), inBounds(b.truth(true)) {}

  LogicalResult emitBlock(Block &block);

  LaneBuilder b;
  IRMapping mapping;
  Value inBounds;

private:
  LogicalResult emitOp(Operation &op);
  void emitLoad(memref::LoadOp op, ValueRange operands);
  LogicalResult emitIf(scf::IfOp op);
  Value guardDivision(Operation &op, SmallVectorImpl<Value> &operands);
  LogicalResult finishDivision(Operation &op, Value exists);
  void emitElementwise(Operation &op, ValueRange operands);
  void emitPerLane(Operation &op, ValueRange operands);
};

} // namespace

void LaneRegionEmitter::emitLoad(memref::LoadOp op, ValueRange operands) {
  auto loaded = b.load(operands.front(), operands.drop_front());
  inBounds = b.logicalAnd(inBounds, loaded.inBounds);
  mapping.map(op.getResult(), loaded.value);
}

/// Both branches are evaluated; loads are bounds-checked, so that the branch
/// that is not taken is harmless.
LogicalResult LaneRegionEmitter::emitIf(scf::IfOp op) {
  Value condition = mapping.lookupOrDefault(op.getCondition());
  Value before = inBounds;
  SmallVector<Value> results[2], bounds;
  for (auto [results, region] : llvm::zip_equal(results, op->getRegions())) {
    inBounds = b.truth(true);
    if (!region.empty()) {
      if (failed(emitBlock(region.front())))
        return failure();
      for (Value value : region.front().getTerminator()->getOperands())
        results.push_back(mapping.lookupOrDefault(value));
    }
    bounds.push_back(inBounds);
  }
  inBounds = b.logicalAnd(before, b.select(condition, bounds[0], bounds[1]));
  for (auto [result, then, otherwise] :
       llvm::zip_equal(op.getResults(), results[0], results[1]))
    mapping.map(result, b.select(condition, then, otherwise));
  return success();
}

static bool isDivision(Operation &op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
             arith::FloorDivSIOp, arith::CeilDivSIOp, arith::CeilDivUIOp>(op);
}

/// Whether an affine op divides by a number that may be zero: unlike those of
/// `arith`, its quotients cannot be guarded.
static bool mayDivideByZero(Operation &op) {
  AffineMap map;
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    map = apply.getAffineMap();
  else if (auto min = dyn_cast<affine::AffineMinOp>(op))
    map = min.getMap();
  else if (auto max = dyn_cast<affine::AffineMaxOp>(op))
    map = max.getMap();
  else
    return false;
  bool found = false;
  map.walkExprs([&](AffineExpr expr) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary || expr.getKind() == AffineExprKind::Add ||
        expr.getKind() == AffineExprKind::Mul)
      return;
    auto divisor = dyn_cast<AffineConstantExpr>(binary.getRHS());
    found |= !divisor || divisor.getValue() < 1;
  });
  return found;
}

/// Whether there is a quotient; null if there always is. Where there is none,
/// by zero or too large for its type, the divisor becomes one: processors trap.
Value LaneRegionEmitter::guardDivision(Operation &op,
                                       SmallVectorImpl<Value> &operands) {
  Type type = op.getResult(0).getType();
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
  };
  APInt divisor;
  bool isUnsigned = isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op);
  if (matchPattern(op.getOperand(1), m_ConstantInt(&divisor)) &&
      !divisor.isZero() && (isUnsigned || !divisor.isAllOnes()))
    return Value();
  Value exists = b.compare(arith::CmpIPredicate::ne, operands[1], constant(0));
  if (!isUnsigned) {
    unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
    int64_t least = llvm::minIntN(width);
    Value fits = b.logicalOr(
        b.compare(arith::CmpIPredicate::ne, operands[1], constant(-1)),
        b.compare(arith::CmpIPredicate::ne, operands[0], constant(least)));
    exists = b.logicalAnd(exists, fits);
  }
  operands[1] = b.select(exists, operands[1], constant(1));
  return exists;
}

/// Scores may be approximated (`mask-approximate-math`): where there is no
/// polynomial, each lane calls the C library.
static void allowApproximation(Operation *op) {
  auto fast = dyn_cast<arith::ArithFastMathInterface>(op);
  if (!fast || !isa<math::MathDialect>(op->getDialect()))
    return;
  auto flags =
      fast.getFastMathFlagsAttr().getValue() | arith::FastMathFlags::afn;
  op->setAttr(fast.getFastMathAttrName(),
              arith::FastMathFlagsAttr::get(op->getContext(), flags));
}

void LaneRegionEmitter::emitElementwise(Operation &op, ValueRange operands) {
  SmallVector<Value> vectors;
  for (Value operand : operands)
    vectors.push_back(b.splat(operand));
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(b.getLaneType(type));
  OperationState state(op.getLoc(), op.getName(), vectors, types);
  for (NamedAttribute attribute : op.getDiscardableAttrs())
    state.addAttribute(attribute.getName(), attribute.getValue());
  state.propertiesAttr = op.getPropertiesAsAttribute();
  Operation *vectorized = b.create(state);
  allowApproximation(vectorized);
  for (auto [from, to] :
       llvm::zip_equal(op.getResults(), vectorized->getResults()))
    mapping.map(from, to);
}

void LaneRegionEmitter::emitPerLane(Operation &op, ValueRange operands) {
  SmallVector<Value> results;
  for (Type type : op.getResultTypes())
    results.push_back(arith::ConstantOp::create(
        b, cast<TypedAttr>(b.getZeroAttr(b.getLaneType(type)))));
  for (int64_t lane = 0; lane < b.getNumLanes(); ++lane) {
    IRMapping scalars;
    for (auto [from, to] : llvm::zip_equal(op.getOperands(), operands))
      scalars.map(from, LaneBuilder::isVarying(to)
                            ? vector::ExtractOp::create(b, to, lane).getResult()
                            : to);
    Operation *clone = b.clone(op, scalars);
    allowApproximation(clone);
    for (auto [result, scalar] : llvm::zip_equal(results, clone->getResults()))
      result = vector::InsertOp::create(b, scalar, result, lane);
  }
  for (auto [from, to] : llvm::zip_equal(op.getResults(), results))
    mapping.map(from, to);
}

/// A quotient that does not exist reads like an element outside of its array.
LogicalResult LaneRegionEmitter::finishDivision(Operation &op, Value exists) {
  if (!exists)
    return success();
  Value result = op.getResult(0);
  Value zero =
      arith::ConstantOp::create(b, b.getIntegerAttr(result.getType(), 0));
  mapping.map(result, b.select(exists, mapping.lookup(result), zero));
  inBounds = b.logicalAnd(inBounds, exists);
  return success();
}

LogicalResult LaneRegionEmitter::emitOp(Operation &op) {
  SmallVector<Value> operands;
  for (Value operand : op.getOperands())
    operands.push_back(mapping.lookupOrDefault(operand));
  if (auto load = dyn_cast<memref::LoadOp>(op)) {
    emitLoad(load, operands);
    return success();
  }
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return emitIf(branch);
  if (op.getNumRegions() || !isMemoryEffectFree(&op))
    return op.emitOpError()
           << "cannot be evaluated per element: only pure ops, memref.load and "
              "scf.if can";
  // Of what a value is in each lane, only numbers can be told.
  if (llvm::any_of(op.getResultTypes(), llvm::IsaPred<VectorType>))
    return op.emitOpError() << "cannot be evaluated per element: its result is "
                               "not a number";
  if (mayDivideByZero(op))
    return op.emitOpError() << "cannot be evaluated per element: it may divide "
                               "by zero; divide by ops of arith instead";
  Value exists;
  if (isDivision(op) && op.getResult(0).getType().isIntOrIndex())
    exists = guardDivision(op, operands);
  if (!llvm::any_of(operands, LaneBuilder::isVarying)) {
    IRMapping scalars;
    scalars.map(op.getOperands(), operands);
    Operation *clone = b.clone(op, scalars);
    allowApproximation(clone);
    mapping.map(op.getResults(), clone->getResults());
    return finishDivision(op, exists);
  }
  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
  if (!llvm::all_of(op.getResultTypes(), isScalar))
    return op.emitOpError() << "cannot be evaluated per element: its result is "
                               "not a number";
  if (OpTrait::hasElementwiseMappableTraits(&op))
    emitElementwise(op, operands);
  else
    emitPerLane(op, operands);
  return finishDivision(op, exists);
}

LogicalResult LaneRegionEmitter::emitBlock(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(emitOp(op)))
      return failure();
  return success();
}

FailureOr<Value> mlir::mask::emitLaneRegion(OpBuilder &builder, Location loc,
                                            Region &region,
                                            ValueRange arguments, int64_t lanes,
                                            Value *inBounds) {
  LaneRegionEmitter emitter(builder, loc, lanes);
  Block &block = region.front();
  emitter.mapping.map(block.getArguments(), arguments);
  if (failed(emitter.emitBlock(block)))
    return failure();
  if (inBounds)
    *inBounds = emitter.inBounds;
  return emitter.mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
}
