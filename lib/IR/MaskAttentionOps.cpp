//===- MaskAttentionOps.cpp - attention and tile ops -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

Value AttentionOp::getPredicateValue() {
  if (getMask())
    return getMask();
  return cast<YieldOp>(getPredicate().front().getTerminator()).getOperand(0);
}

void AttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  if (hasPureTensorSemantics())
    return;
  for (OpOperand &operand : (*this)->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isOutput = llvm::is_contained(getOutputs(), operand.get());
    effects.emplace_back(isOutput ? static_cast<MemoryEffects::Effect *>(
                                        MemoryEffects::Write::get())
                                  : MemoryEffects::Read::get(),
                         &operand, SideEffects::DefaultResource::get());
  }
}

/// Reports two sizes that are both static and differ.
static LogicalResult verifySameSize(AttentionOp op, Value a, int64_t dimA,
                                    StringRef nameA, Value b, int64_t dimB,
                                    StringRef nameB, StringRef what) {
  int64_t sizeA = cast<ShapedType>(a.getType()).getDimSize(dimA);
  int64_t sizeB = cast<ShapedType>(b.getType()).getDimSize(dimB);
  if (ShapedType::isDynamic(sizeA) || ShapedType::isDynamic(sizeB) ||
      sizeA == sizeB)
    return success();
  return op.emitOpError() << nameA << " and " << nameB << " must agree in "
                          << what << ", got " << sizeA << " and " << sizeB;
}

LogicalResult AttentionOp::verify() {
  if (getOutputs().empty() || getOutputs().size() > 2)
    return emitOpError() << "takes an output and at most a log-sum-exp, got "
                         << getOutputs().size() << " outputs";
  Type element = getElementTypeOrSelf(getQuery().getType());
  SmallVector<std::pair<Value, StringRef>> data = {
      {getKey(), "key"}, {getValue(), "value"}, {getOutput(), "output"}};
  for (auto [value, name] : data) {
    auto type = cast<ShapedType>(value.getType());
    if (!type.hasRank() || type.getRank() != 4 ||
        type.getElementType() != element)
      return emitOpError() << name << " must have rank 4 and element type "
                           << element << ", got " << type;
  }
  if (Value lse = getLogSumExp()) {
    auto type = cast<ShapedType>(lse.getType());
    if (!type.hasRank() || type.getRank() != 3 ||
        !type.getElementType().isF32())
      return emitOpError() << "log-sum-exp must be f32 of rank 3, got " << type;
    static constexpr StringLiteral what[] = {"batch rows", "heads", "queries"};
    for (int64_t dim = 0; dim < 3; ++dim)
      if (failed(verifySameSize(*this, getQuery(), dim, "query", lse, dim,
                                "log-sum-exp", what[dim])))
        return failure();
  }
  Value q = getQuery(), k = getKey(), v = getValue(), o = getOutput();
  if (failed(verifySameSize(*this, q, 0, "query", k, 0, "key", "batch rows")) ||
      failed(
          verifySameSize(*this, q, 0, "query", o, 0, "output", "batch rows")) ||
      failed(verifySameSize(*this, q, 1, "query", o, 1, "output", "heads")) ||
      failed(verifySameSize(*this, q, 2, "query", o, 2, "output", "queries")) ||
      failed(verifySameSize(*this, k, 0, "key", v, 0, "value", "batch rows")) ||
      failed(verifySameSize(*this, k, 1, "key", v, 1, "value", "heads")) ||
      failed(verifySameSize(*this, k, 2, "key", v, 2, "value", "keys")) ||
      failed(verifySameSize(*this, q, 3, "query", k, 3, "key",
                            "head dimension")) ||
      failed(verifySameSize(*this, v, 3, "value", o, 3, "output",
                            "value dimension")))
    return failure();
  int64_t heads = cast<ShapedType>(q.getType()).getDimSize(1);
  int64_t keyHeads = cast<ShapedType>(k.getType()).getDimSize(1);
  if (!ShapedType::isDynamic(keyHeads) && !ShapedType::isDynamic(heads) &&
      (keyHeads == 0 || heads % keyHeads))
    return emitOpError() << "the " << keyHeads << " key heads must divide the "
                         << heads << " query heads";
  if (cast<ShapedType>(q.getType()).getDimSize(3) == 0)
    return emitOpError() << "the head dimension must be at least 1, got 0";
  if (!getMask() == getPredicate().empty())
    return emitOpError() << "takes either a mask or a predicate region";
  if (isClosed()) {
    if (!getPredicate().hasOneBlock())
      return emitOpError() << "predicate region must have one block";
    Block &block = getPredicate().front();
    if (block.getArgumentTypes() != TypeRange(getCaptures()))
      return emitOpError() << "predicate region must take the captures ("
                           << getCaptures().getTypes() << "), got ("
                           << block.getArgumentTypes() << ")";
    auto yield =
        dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
    if (!yield || yield.getNumOperands() != 1 ||
        !isa<PredicateType>(yield.getOperand(0).getType()))
      return emitOpError() << "predicate region must yield one predicate";
  } else if (!getCaptures().empty()) {
    return emitOpError() << "has captures, but no predicate region";
  }
  if (!getOrigin().empty() && getOrigin().size() != 4)
    return emitOpError() << "origin takes 4 indices, got "
                         << getOrigin().size();
  if (!getScore().empty()) {
    Builder builder(getContext());
    SmallVector<Type> expected{builder.getF32Type()};
    expected.append(4, builder.getIndexType());
    llvm::append_range(expected, getScoreCaptures().getTypes());
    Block &block = getScore().front();
    if (block.getArgumentTypes() != TypeRange(expected))
      return emitOpError() << "score region must take (" << TypeRange(expected)
                           << "), got (" << block.getArgumentTypes() << ")";
    auto yield =
        dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
    if (!yield || yield.getNumOperands() != 1 ||
        !yield.getOperand(0).getType().isF32())
      return emitOpError() << "score region must yield one f32";
  } else if (!getScoreCaptures().empty()) {
    return emitOpError() << "has score captures, but no score region";
  }
  bool tensors = hasPureTensorSemantics();
  for (Value value : {k, v})
    if (isa<TensorType>(value.getType()) != tensors)
      return emitOpError() << "must be on tensors or on memrefs throughout";
  for (Value value : getOutputs())
    if (isa<TensorType>(value.getType()) != tensors)
      return emitOpError() << "must be on tensors or on memrefs throughout";
  if (tensors ? getResultTypes() != TypeRange(getOutputs())
              : getNumResults() != 0)
    return emitOpError() << (tensors ? "results must have the outputs' types"
                                     : "has no results on memrefs");
  if (!tensors && !isClosed())
    return emitOpError()
           << "on memrefs must be closed: facts have to be operands";
  if (failed(verifyParameter(*this, getQueryOffsetParameter(), "query_offset")))
    return failure();
  return verifyParameter(*this, getKeyOffsetParameter(), "key_offset");
}

//===----------------------------------------------------------------------===//
// Tile ops
//===----------------------------------------------------------------------===//

LogicalResult TileForOp::verify() {
  if (getBounds().empty() || getBounds().size() % 4)
    return emitOpError() << "takes 4 bounds per interval, got "
                         << getBounds().size();
  if (static_cast<int64_t>(getStep()) < 1)
    return emitOpError() << "step must be at least 1, got "
                         << static_cast<int64_t>(getStep());
  SmallVector<Type> expected(2, IndexType::get(getContext()));
  llvm::append_range(expected, getInits().getTypes());
  if (getBody().getArgumentTypes() != TypeRange(expected))
    return emitOpError() << "region must take (" << TypeRange(expected)
                         << "), got (" << getBody().getArgumentTypes() << ")";
  if (getResultTypes() != getInits().getTypes())
    return emitOpError() << "results must have the types of the initial values";
  auto yield = cast<YieldOp>(getBody().front().getTerminator());
  if (yield.getOperandTypes() != getInits().getTypes())
    return emitOpError() << "region must yield (" << getInits().getTypes()
                         << "), got (" << yield.getOperandTypes() << ")";
  return success();
}

LogicalResult ApplyOp::verify() {
  auto vector = cast<VectorType>(getScores().getType());
  bool twoAxes =
      getOver() == TileLayout::QueryKey || getOver() == TileLayout::KeyQuery;
  if (vector.getRank() != (twoAxes ? 2 : 1))
    return emitOpError() << "'over' names " << (twoAxes ? 2 : 1)
                         << " axes, but the scores have rank "
                         << vector.getRank();
  if (!getRowLower() != !getRowUpper())
    return emitOpError() << "takes both row bounds or none";
  if (getRowLower()) {
    int64_t queries = getOver() == TileLayout::Key ? 1
                      : getOver() == TileLayout::QueryKey
                          ? vector.getDimSize(0)
                          : vector.getShape().back();
    for (Value bound : {getRowLower(), getRowUpper()})
      if (cast<VectorType>(bound.getType()).getNumElements() != queries)
        return emitOpError() << "row bounds must have one element per query ("
                             << queries << "), got " << bound.getType();
  }
  if (!getPredicate().empty()) {
    Block &block = getPredicate().front();
    if (block.getArgumentTypes() != TypeRange(getCaptures()))
      return emitOpError() << "predicate region must take the captures ("
                           << getCaptures().getTypes() << "), got ("
                           << block.getArgumentTypes() << ")";
    auto yield =
        dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
    if (!yield || yield.getNumOperands() != 1 ||
        !isa<PredicateType>(yield.getOperand(0).getType()))
      return emitOpError() << "predicate region must yield one predicate";
  } else if (!getCaptures().empty()) {
    return emitOpError() << "has captures, but no predicate region";
  }
  return success();
}

LogicalResult MergeOp::verify() {
  auto state = cast<VectorType>(getMaximum().getType());
  auto accumulator = cast<VectorType>(getAccumulator().getType());
  if (state.getRank() != 1)
    return emitOpError() << "maxima and sums must have rank 1, got " << state;
  if (accumulator.getShape().back() != state.getDimSize(0))
    return emitOpError() << "the last dimension of the accumulators must be "
                         << state.getDimSize(0) << ", got " << accumulator;
  return success();
}
