//===- EmitPredicate.cpp - predicates evaluated element by element -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Conversion/EmitPredicate.h"

#include "LaneBuilder.h"
#include "Mask/IR/RegionEffects.h"

#include "Mask/IR/IntervalMap.h"

#include "mlir/IR/AffineExprVisitor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

using arith::CmpIPredicate;

namespace {

/// The recursion over a predicate. One function per op, each the op's formula.
class PredicateEmitter {
public:
  PredicateEmitter(OpBuilder &builder, Location loc, const MaskPoint &point,
                   const IRMapping &facts)
      : b(loc, builder, point.lanes), point(point), facts(facts) {}

  FailureOr<Value> emit(Value predicate);

private:
  FailureOr<Value> emit(CausalOp op);
  FailureOr<Value> emit(WindowOp op);
  FailureOr<Value> emit(ChunkOp op);
  FailureOr<Value> emit(KeyPaddingOp op);
  FailureOr<Value> emit(DilatedOp op);
  FailureOr<Value> emit(IntervalOp op);
  FailureOr<Value> emit(RowRangeOp op);
  FailureOr<Value> emit(DenseOp op);
  FailureOr<Value> emit(GenericOp op);
  FailureOr<Value> emit(AndOp op);
  FailureOr<Value> emit(OrOp op);
  FailureOr<Value> emit(ShiftOp op);
  FailureOr<Value> emit(PackedOp op);
  FailureOr<Value> sameId(Value queryIds, Value keyIds, bool nonNegative);
  FailureOr<Value> below(Value position, Parameter length);
  FailureOr<Value> members(Value input, ArrayRef<int64_t> members,
                           Value coordinate);
  FailureOr<Value> atPositions(Value input, Value queryPositions,
                               Value keyPositions);
  /// `predicate` with query and key replaced.
  FailureOr<Value> emitAt(Value predicate, Value q, Value k);

  /// The run-time value of `value`, whose pure producers in the predicate's
  /// region are repeated here.
  FailureOr<Value> fact(Value value);
  /// A parameter, or `otherwise` for a batch row or head that it has no element
  /// for, which makes `inside` false as well: the leaf is false there (law 1).
  FailureOr<Value> parameter(Parameter parameter, Value &inside,
                             int64_t otherwise = 0);
  /// The element of a per-token fact; a position or an end of a row is limited.
  FailureOr<LaneBuilder::Loaded> token(Value source, Value position,
                                       bool isLimited = false);

  LaneBuilder b;
  MaskPoint point;
  IRMapping facts;
};

/// An affine expression of one dimension, for all lanes.
struct AffineLanes : public AffineExprVisitor<AffineLanes, Value> {
  AffineLanes(LaneBuilder &b, Value dim, ArrayRef<Value> symbols)
      : b(b), dim(dim), symbols(symbols) {}

  Value visitAddExpr(AffineBinaryOpExpr e) {
    return b.add(visit(e.getLHS()), visit(e.getRHS()));
  }
  Value visitMulExpr(AffineBinaryOpExpr e) {
    Value x = visit(e.getLHS()), y = visit(e.getRHS());
    return isSaturatingProduct(e) ? b.saturatingMul(x, y) : b.mul(x, y);
  }
  Value visitFloorDivExpr(AffineBinaryOpExpr e) {
    return b.floorDiv(visit(e.getLHS()), visit(e.getRHS()));
  }
  Value visitCeilDivExpr(AffineBinaryOpExpr e) {
    Value negated = b.sub(b.index(0), visit(e.getLHS()));
    return b.sub(b.index(0), b.floorDiv(negated, visit(e.getRHS())));
  }
  Value visitModExpr(AffineBinaryOpExpr e) {
    return b.floorMod(visit(e.getLHS()), visit(e.getRHS()));
  }
  Value visitConstantExpr(AffineConstantExpr e) {
    return b.index(e.getValue());
  }
  Value visitDimExpr(AffineDimExpr) { return dim; }
  Value visitSymbolExpr(AffineSymbolExpr e) { return symbols[e.getPosition()]; }

  LaneBuilder &b;
  Value dim;
  ArrayRef<Value> symbols;
};

} // namespace

Value mlir::mask::emitAffine(LaneBuilder &builder, AffineExpr expr, Value dim,
                             ArrayRef<Value> symbols) {
  return AffineLanes(builder, dim, symbols).visit(expr);
}

//===----------------------------------------------------------------------===//
// Facts and parameters
//===----------------------------------------------------------------------===//

FailureOr<Value> PredicateEmitter::fact(Value value) {
  if (facts.contains(value))
    return facts.lookup(value);
  Operation *op = value.getDefiningOp();
  // What is defined outside of the predicate's region is visible as it is.
  auto inRegion = [&](Operation *op) {
    return isa_and_nonnull<ApplyOp, AttentionOp>(op->getParentOp());
  };
  if (!op || !inRegion(op))
    return value;
  if (std::optional<ForbiddenEffect> effect = findForbiddenEffect(op))
    return effect->op->emitOpError()
           << effect->what << ", so it cannot run where a predicate is "
           << "evaluated; a predicate's region may only compute and read";
  // What the ops of its regions read is an operand too.
  SetVector<Value> inputs(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), inputs);
  for (Value input : inputs) {
    FailureOr<Value> mapped = fact(input);
    if (failed(mapped))
      return failure();
    facts.map(input, *mapped);
  }
  b.clone(*op, facts);
  return facts.lookup(value);
}

FailureOr<Value> PredicateEmitter::parameter(Parameter parameter, Value &inside,
                                             int64_t otherwise) {
  if (std::optional<int64_t> constant = parameter.getConstant())
    return b.index(*constant);
  FailureOr<Value> value = fact(parameter.getValue());
  if (failed(value))
    return failure();
  if (!parameter.axis)
    return b.toLimited(*value);
  if (!isa<MemRefType>(value->getType()))
    return emitError(parameter.getValue().getLoc())
           << "parameter of type " << value->getType()
           << " must be a memref here";
  Value row = *parameter.axis == ParameterAxis::Batch ? point.b : point.h;
  auto [element, exists] = b.load(*value, row);
  inside = b.logicalAnd(inside, exists);
  return b.select(exists, b.toLimited(element), b.index(otherwise));
}

FailureOr<LaneBuilder::Loaded>
PredicateEmitter::token(Value source, Value position, bool isLimited) {
  FailureOr<Value> data = fact(source);
  if (failed(data))
    return failure();
  auto type = dyn_cast<MemRefType>(data->getType());
  if (!type)
    return emitError(source.getLoc())
           << "fact of type " << data->getType() << " must be a memref here";
  SmallVector<Value> indices;
  if (type.getRank() == 2)
    indices.push_back(point.b);
  indices.push_back(position);
  LaneBuilder::Loaded loaded = b.load(*data, indices);
  loaded.value =
      isLimited ? b.toLimited(loaded.value) : b.toIndex(loaded.value);
  return loaded;
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

FailureOr<Value> PredicateEmitter::emit(CausalOp op) {
  return b.compare(CmpIPredicate::sle, point.k, point.q);
}

FailureOr<Value> PredicateEmitter::emit(WindowOp op) {
  Value visible = b.truth(true);
  if (Parameter left = op.getLeftParameter(); left.isGiven()) {
    FailureOr<Value> bound = parameter(left, visible);
    if (failed(bound))
      return failure();
    visible = b.logicalAnd(visible, b.compare(CmpIPredicate::sge, point.k,
                                              b.sub(point.q, *bound)));
  }
  if (Parameter right = op.getRightParameter(); right.isGiven()) {
    FailureOr<Value> bound = parameter(right, visible);
    if (failed(bound))
      return failure();
    visible = b.logicalAnd(visible, b.compare(CmpIPredicate::sle, point.k,
                                              b.add(point.q, *bound)));
  }
  return visible;
}

FailureOr<Value> PredicateEmitter::sameId(Value queryIds, Value keyIds,
                                          bool nonNegative) {
  FailureOr<LaneBuilder::Loaded> query = token(queryIds, point.q);
  FailureOr<LaneBuilder::Loaded> key = token(keyIds, point.k);
  if (failed(query) || failed(key))
    return failure();
  Value visible = b.logicalAnd(query->inBounds, key->inBounds);
  visible = b.logicalAnd(
      visible, b.compare(CmpIPredicate::eq, query->value, key->value));
  if (!nonNegative)
    return visible;
  return b.logicalAnd(visible,
                      b.compare(CmpIPredicate::sge, query->value, b.index(0)));
}

FailureOr<Value> PredicateEmitter::emit(ChunkOp op) {
  Value inside = b.truth(true);
  FailureOr<Value> size =
      parameter(op.getSizeParameter(), inside, /*otherwise=*/1);
  FailureOr<Value> offset = op.getOffsetParameter().isGiven()
                                ? parameter(op.getOffsetParameter(), inside)
                                : b.index(0);
  if (failed(size) || failed(offset))
    return failure();
  auto chunkOf = [&](Value position) {
    return b.floorDiv(b.sub(position, *offset), *size);
  };
  return b.logicalAnd(
      inside, b.compare(CmpIPredicate::eq, chunkOf(point.q), chunkOf(point.k)));
}

FailureOr<Value> PredicateEmitter::below(Value position, Parameter length) {
  Value inside = b.truth(true);
  FailureOr<Value> end = parameter(length, inside);
  if (failed(end))
    return failure();
  return b.logicalAnd(inside, b.compare(CmpIPredicate::slt, position, *end));
}

FailureOr<Value> PredicateEmitter::emit(KeyPaddingOp op) {
  FailureOr<LaneBuilder::Loaded> valid = token(op.getValid(), point.k);
  if (failed(valid))
    return failure();
  return b.logicalAnd(valid->inBounds,
                      b.compare(CmpIPredicate::ne, valid->value, b.index(0)));
}

FailureOr<Value> PredicateEmitter::emit(DilatedOp op) {
  Value inside = b.truth(true);
  FailureOr<Value> stride =
      parameter(op.getStrideParameter(), inside, /*otherwise=*/1);
  if (failed(stride))
    return failure();
  Value distance = b.sub(point.q, point.k);
  return b.logicalAnd(
      inside,
      b.compare(CmpIPredicate::eq, b.floorMod(distance, *stride), b.index(0)));
}

FailureOr<Value> PredicateEmitter::emit(IntervalOp op) {
  SmallVector<Value> symbols;
  for (Value symbol : op.getSymbols()) {
    FailureOr<Value> value = fact(symbol);
    if (failed(value))
      return failure();
    symbols.push_back(b.toLimited(*value));
  }
  auto bound = [&](AffineMap map) {
    return emitAffine(b, map.getResult(0), point.q, symbols);
  };
  Value visible = b.truth(true);
  if (std::optional<AffineMap> lower = op.getLower())
    visible = b.compare(CmpIPredicate::sge, point.k, bound(*lower));
  if (std::optional<AffineMap> upper = op.getUpper())
    visible = b.logicalAnd(
        visible, b.compare(CmpIPredicate::slt, point.k, bound(*upper)));
  return visible;
}

FailureOr<Value> PredicateEmitter::emit(RowRangeOp op) {
  Value visible = b.truth(true);
  for (auto [table, relation] :
       {std::pair(op.getLower(), CmpIPredicate::sge),
        std::pair(op.getUpper(), CmpIPredicate::slt)}) {
    if (!table)
      continue;
    FailureOr<LaneBuilder::Loaded> end =
        token(table, point.q, /*isLimited=*/true);
    if (failed(end))
      return failure();
    visible = b.logicalAnd(visible, end->inBounds);
    visible = b.logicalAnd(visible, b.compare(relation, point.k, end->value));
  }
  return visible;
}

FailureOr<Value> PredicateEmitter::emit(DenseOp op) {
  FailureOr<Value> data = fact(op.getMask());
  if (failed(data))
    return failure();
  auto type = dyn_cast<MemRefType>(data->getType());
  if (!type)
    return op.emitOpError() << "reads a mask of type " << data->getType()
                            << ", which must be a memref here";
  SmallVector<Value> indices = {point.b, point.h, point.q, point.k};
  if (type.getRank() < 4)
    indices.erase(indices.begin() + 1);
  if (type.getRank() < 3)
    indices.erase(indices.begin());
  LaneBuilder::Loaded loaded = b.load(*data, indices);
  return b.logicalAnd(
      loaded.inBounds,
      b.compare(CmpIPredicate::ne, b.toIndex(loaded.value), b.index(0)));
}

FailureOr<Value> PredicateEmitter::emit(GenericOp op) {
  SmallVector<Value> arguments = {point.b, point.h, point.q, point.k};
  for (Value capture : op.getCaptures()) {
    FailureOr<Value> value = fact(capture);
    if (failed(value))
      return failure();
    arguments.push_back(*value);
  }
  Value inBounds;
  FailureOr<Value> visible = emitLaneRegion(b, op.getLoc(), op.getBody(),
                                            arguments, point.lanes, &inBounds);
  if (failed(visible))
    return failure();
  return b.logicalAnd(*visible, inBounds);
}

//===----------------------------------------------------------------------===//
// Connectives and changes of coordinates
//===----------------------------------------------------------------------===//

FailureOr<Value> PredicateEmitter::emit(AndOp op) {
  Value visible = b.truth(true);
  for (Value input : op.getInputs()) {
    FailureOr<Value> value = emit(input);
    if (failed(value))
      return failure();
    visible = b.logicalAnd(visible, *value);
  }
  return visible;
}

FailureOr<Value> PredicateEmitter::emit(OrOp op) {
  Value visible = b.truth(false);
  for (Value input : op.getInputs()) {
    FailureOr<Value> value = emit(input);
    if (failed(value))
      return failure();
    visible = b.logicalOr(visible, *value);
  }
  return visible;
}

FailureOr<Value> PredicateEmitter::emitAt(Value predicate, Value q, Value k) {
  MaskPoint saved = point;
  point.q = q;
  point.k = k;
  FailureOr<Value> visible = emit(predicate);
  point = saved;
  return visible;
}

FailureOr<Value> PredicateEmitter::emit(ShiftOp op) {
  Value inside = b.truth(true);
  FailureOr<Value> query = parameter(op.getQueryParameter(), inside);
  FailureOr<Value> key = parameter(op.getKeyParameter(), inside);
  if (failed(query) || failed(key))
    return failure();
  FailureOr<Value> visible =
      emitAt(op.getInput(), b.add(point.q, *query), b.add(point.k, *key));
  if (failed(visible))
    return failure();
  return b.logicalAnd(inside, *visible);
}

FailureOr<Value> PredicateEmitter::atPositions(Value input,
                                               Value queryPositions,
                                               Value keyPositions) {
  FailureOr<LaneBuilder::Loaded> query =
      token(queryPositions, point.q, /*isLimited=*/true);
  FailureOr<LaneBuilder::Loaded> key =
      token(keyPositions, point.k, /*isLimited=*/true);
  if (failed(query) || failed(key))
    return failure();
  FailureOr<Value> visible = emitAt(input, query->value, key->value);
  if (failed(visible))
    return failure();
  return b.logicalAnd(b.logicalAnd(query->inBounds, key->inBounds), *visible);
}

FailureOr<Value> PredicateEmitter::members(Value input,
                                           ArrayRef<int64_t> members,
                                           Value coordinate) {
  Value isMember = b.truth(false);
  for (int64_t member : members)
    isMember = b.logicalOr(
        isMember, b.compare(CmpIPredicate::eq, coordinate, b.index(member)));
  FailureOr<Value> visible = emit(input);
  if (failed(visible))
    return failure();
  return b.logicalAnd(isMember, *visible);
}

/// The table of `mask.packed`; `request` without a request is `v5_12`.
FailureOr<Value> PredicateEmitter::emit(PackedOp op) {
  PackingRule rule = op.getRule();
  bool coreAtPositions =
      op.getSequenceIds() && op.getPositions() &&
      (rule == PackingRule::V5_23 || rule == PackingRule::V5_24);
  FailureOr<Value> core =
      coreAtPositions
          ? atPositions(op.getCore(), op.getPositions(), op.getPositions())
          : emit(op.getCore());
  FailureOr<Value> overlay = emit(op.getOverlay());
  if (failed(core) || failed(overlay))
    return failure();
  if (!op.getSequenceIds())
    return b.logicalOr(*core, *overlay);
  FailureOr<Value> same =
      sameId(op.getSequenceIds(), op.getSequenceIds(), /*nonNegative=*/false);
  if (failed(same))
    return failure();
  if (rule == PackingRule::V5_24)
    return b.logicalAnd(b.logicalOr(*core, *overlay), *same);
  return b.logicalOr(b.logicalAnd(*core, *same), *overlay);
}

FailureOr<Value> PredicateEmitter::emit(Value predicate) {
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return emitError(predicate.getLoc())
           << "a predicate must be built where it is evaluated, got a block "
              "argument";
  return TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case([&](FullOp) { return b.truth(true); })
      .Case([&](EmptyOp) { return b.truth(false); })
      .Case<CausalOp, WindowOp, ChunkOp, KeyPaddingOp, DilatedOp, IntervalOp,
            RowRangeOp, DenseOp, GenericOp, AndOp, OrOp, ShiftOp, PackedOp>(
          [&](auto op) { return emit(op); })
      .Case([&](BlockBidirectionalOp op) {
        return sameId(op.getQueryIds(), op.getEffectiveKeyIds(),
                      /*nonNegative=*/true);
      })
      .Case([&](DocumentOp op) {
        return sameId(op.getQueryIds(), op.getEffectiveKeyIds(),
                      /*nonNegative=*/false);
      })
      .Case<PrefixOp, KeyLengthOp>(
          [&](auto op) { return below(point.k, op.getLengthParameter()); })
      .Case([&](QueryLengthOp op) {
        return below(point.q, op.getLengthParameter());
      })
      .Case([&](NotOp op) -> FailureOr<Value> {
        FailureOr<Value> visible = emit(op.getInput());
        if (failed(visible))
          return failure();
        return b.logicalNot(*visible);
      })
      .Case([&](AtPositionsOp op) {
        return atPositions(op.getInput(), op.getQueryPositions(),
                           op.getKeyPositions());
      })
      .Case([&](HeadsOp op) {
        return members(op.getInput(), op.getMembers(), point.h);
      })
      .Case([&](BatchesOp op) {
        return members(op.getInput(), op.getMembers(), point.b);
      })
      .Default([](Operation *op) {
        return op->emitOpError() << "cannot be evaluated at run time";
      });
}

FailureOr<Value> mlir::mask::emitPredicate(OpBuilder &builder, Location loc,
                                           Value predicate,
                                           const MaskPoint &point,
                                           const IRMapping &facts) {
  PredicateEmitter emitter(builder, loc, point, facts);
  return emitter.emit(predicate);
}
