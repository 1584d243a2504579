//===- CheckAttention.cpp - what verifiers cannot check -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CheckAttention.h"

#include "../Emit/EmitCheck.h"
#include "Mask/IR/AttentionSizes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

namespace {

class CheckEmitter {
public:
  CheckEmitter(ImplicitLocOpBuilder &builder, AttentionOp op)
      : b(builder), op(op) {}

  void checkSizes();
  void checkPages();
  void checkHeads();
  void checkOrigin();
  void checkOffset(Parameter offset, StringRef name);
  void checkPredicate();
  LogicalResult checkTileHeads(int64_t heads);

private:
  /// Stops the program unless `condition` holds. `owner` is named.
  void require(Operation *owner, Value condition, const Twine &rule) {
    emitCheck(b, owner, condition, rule);
  }
  void requireAtLeast(Operation *owner, Value number, int64_t least,
                      const Twine &name);
  /// A parameter, or each element of one per batch row or head.
  void requireAtLeast(Operation *owner, Parameter parameter, int64_t least,
                      StringRef name);
  /// The divisors in a bound of an interval, inner ones first.
  void requireDivisors(IntervalOp interval, AffineMap map, StringRef name);

  /// What stands for a value of the predicate's region outside of it.
  Value getOutside(Value value);
  Value compare(CmpIPredicate predicate, Value x, Value y) {
    return b.createOrFold<arith::CmpIOp>(predicate, x, y);
  }
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value dim(Value memref, int64_t dim) {
    return b.createOrFold<memref::DimOp>(memref, dim);
  }

  ImplicitLocOpBuilder &b;
  AttentionOp op;
};

} // namespace

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

void CheckEmitter::requireAtLeast(Operation *owner, Value number, int64_t least,
                                  const Twine &name) {
  require(owner, compare(CmpIPredicate::sge, number, index(least)),
          name + " must be at least " + Twine(least));
}

void CheckEmitter::requireAtLeast(Operation *owner, Parameter parameter,
                                  int64_t least, StringRef name) {
  // Static numbers are the verifier's, which allows for other ones.
  if (!parameter.getValue())
    return;
  std::string quoted = ("'" + name + "'").str();
  Value data = getOutside(parameter.getValue());
  if (!parameter.axis)
    return requireAtLeast(owner, data, least, quoted);
  // Data that is no memref is refused where it is read.
  auto type = dyn_cast<MemRefType>(data.getType());
  if (!type)
    return;
  Value bound = arith::ConstantOp::create(
      b, b.getIntegerAttr(type.getElementType(), least));
  Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
  auto loop = scf::ForOp::create(
      b, index(0), dim(data, 0), index(1), yes,
      [&](OpBuilder &nested, Location loc, Value row, ValueRange carried) {
        Value number = memref::LoadOp::create(nested, loc, data, row);
        Value good = arith::CmpIOp::create(nested, loc, CmpIPredicate::sge,
                                           number, bound);
        Value all = arith::AndIOp::create(nested, loc, carried[0], good);
        scf::YieldOp::create(nested, loc, all);
      });
  require(owner, loop.getResult(0),
          "each element of " + quoted + " must be at least " + Twine(least));
}

//===----------------------------------------------------------------------===//
// The attention
//===----------------------------------------------------------------------===//

/// C12 of `mask.attention`.
void CheckEmitter::checkPages() {
  if (!op.isPaged())
    return;
  int64_t page = *op.getPageSize();
  require(op, compare(CmpIPredicate::eq, dim(op.getKey(), 2), index(page)),
          "pages of " + Twine(page) + " keys must be what key has rows of");
}

void CheckEmitter::checkSizes() {
  for (const SizeAgreement &pair : getSizeAgreements(op))
    if (pair.a != pair.b)
      require(op,
              compare(CmpIPredicate::eq, dim(pair.a, pair.dim),
                      dim(pair.b, pair.dim)),
              pair.nameA + " and " + pair.nameB + " must agree in " +
                  pair.what);
}

/// C3, C9 and C10 of `mask.attention`.
void CheckEmitter::checkHeads() {
  Value heads = dim(op.getQuery(), 1), keyHeads = dim(op.getKey(), 1);
  requireAtLeast(op, keyHeads, 1, "the number of key heads");
  if (op.getQuery() != op.getKey()) {
    Value rest = b.createOrFold<arith::RemUIOp>(heads, keyHeads);
    require(op, compare(CmpIPredicate::eq, rest, index(0)),
            "the key heads must divide the query heads");
  }
  requireAtLeast(op, dim(op.getQuery(), 3), 1, "the head dimension");
  if (Value sinks = op.getSinks())
    require(op, compare(CmpIPredicate::eq, dim(sinks, 0), heads),
            "must have one sink per query head");
}

LogicalResult CheckEmitter::checkTileHeads(int64_t heads) {
  if (heads == 1)
    return success();
  auto forHeads = [&]() -> InFlightDiagnostic {
    return op.emitOpError() << "cannot have tiles of " << heads << " heads: ";
  };
  for (auto [name, offset] :
       {std::pair{"query_offset", op.getQueryOffsetParameter()},
        std::pair{"key_offset", op.getKeyOffsetParameter()}})
    if (offset.axis == ParameterAxis::Head)
      return forHeads() << "'" << name << "' is per head";
  Value group = index(1);
  if (op.getQuery() != op.getKey())
    group = b.createOrFold<arith::DivUIOp>(dim(op.getQuery(), 1),
                                           dim(op.getKey(), 1));
  if (std::optional<int64_t> number = getConstantIntValue(group))
    if (*number % heads)
      return forHeads() << "they must divide the " << *number
                        << " query heads of a key head";
  Value rest = b.createOrFold<arith::RemUIOp>(group, index(heads));
  require(op, compare(CmpIPredicate::eq, rest, index(0)),
          "the " + Twine(heads) +
              " heads of a tile must divide the query heads of a key head");
  return success();
}

/// C12 of `mask.attention`: facts are read without asking whether their row
/// lies before the first.
void CheckEmitter::checkOrigin() {
  if (op.getOrigin().empty())
    return;
  requireAtLeast(op, op.getOrigin()[0], 0, "the origin's batch row");
  requireAtLeast(op, op.getOrigin()[1], 0, "the origin's head");
}

/// Offsets are read without a check of their own.
void CheckEmitter::checkOffset(Parameter offset, StringRef name) {
  if (!offset.axis)
    return;
  unsigned axis = *offset.axis == ParameterAxis::Batch ? 0 : 1;
  Value needed = dim(op.getQuery(), axis);
  if (!op.getOrigin().empty())
    needed = b.createOrFold<arith::AddIOp>(op.getOrigin()[axis], needed);
  require(op, compare(CmpIPredicate::sge, dim(offset.getValue(), 0), needed),
          "'" + name + "' must have an element for each " +
              (axis == 0 ? "batch row" : "head"));
}

//===----------------------------------------------------------------------===//
// The predicate
//===----------------------------------------------------------------------===//

Value CheckEmitter::getOutside(Value value) {
  Block &block = op.getPredicate().front();
  if (auto argument = dyn_cast<BlockArgument>(value))
    if (argument.getOwner() == &block)
      return op.getCaptures()[argument.getArgNumber()];
  if (std::optional<int64_t> constant = getConstantIntValue(value))
    return index(*constant);
  return value;
}

void CheckEmitter::requireDivisors(IntervalOp interval, AffineMap map,
                                   StringRef name) {
  SmallVector<OpFoldResult> symbols;
  for (Value symbol : interval.getSymbols())
    symbols.push_back(getAsOpFoldResult(getOutside(symbol)));
  map.getResult(0).walk([&](AffineExpr expr) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
    if (!binary || expr.getKind() == AffineExprKind::Add ||
        expr.getKind() == AffineExprKind::Mul ||
        isa<AffineConstantExpr>(binary.getRHS()))
      return;
    AffineMap divisor = AffineMap::get(0, symbols.size(), binary.getRHS());
    Value number = getValueOrCreateConstantIndexOp(
        b, b.getLoc(),
        affine::makeComposedFoldedAffineApply(b, b.getLoc(), divisor, symbols));
    requireAtLeast(interval, number, 1, "each divisor in '" + name + "'");
  });
}

void CheckEmitter::checkPredicate() {
  for (Operation &part : op.getPredicate().front()) {
    if (auto predicate = dyn_cast<PredicateOpInterface>(&part))
      for (const PredicateParameter &entry : predicate.getParameters())
        if (entry.least)
          requireAtLeast(&part, entry.parameter, *entry.least, entry.name);
    if (auto interval = dyn_cast<IntervalOp>(&part)) {
      if (std::optional<AffineMap> lower = interval.getLower())
        requireDivisors(interval, *lower, "lower");
      if (std::optional<AffineMap> upper = interval.getUpper())
        requireDivisors(interval, *upper, "upper");
    }
  }
}

void mlir::mask::emitChecks(ImplicitLocOpBuilder &builder, AttentionOp op) {
  CheckEmitter checks(builder, op);
  checks.checkSizes();
  checks.checkPages();
  checks.checkHeads();
  checks.checkOrigin();
  checks.checkOffset(op.getQueryOffsetParameter(), "query_offset");
  checks.checkOffset(op.getKeyOffsetParameter(), "key_offset");
  checks.checkPredicate();
}

LogicalResult mlir::mask::checkTileHeads(ImplicitLocOpBuilder &builder,
                                         AttentionOp op, int64_t heads) {
  return CheckEmitter(builder, op).checkTileHeads(heads);
}
