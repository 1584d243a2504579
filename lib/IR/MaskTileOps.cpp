//===- MaskTileOps.cpp - tiles of scores and loops over them -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"
#include "VerifyRegion.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// TileForOp
//===----------------------------------------------------------------------===//

/// The first key of a tile and the number of keys in it come before the carried
/// values.
static constexpr unsigned kTileArguments = 2;

void TileForOp::getAsmBlockArgumentNames(Region &region,
                                         OpAsmSetValueNameFn setName) {
  if (region.empty())
    return;
  static constexpr StringLiteral names[] = {"key", "size"};
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setName(argument, name);
}

SmallVector<Region *> TileForOp::getLoopRegions() { return {&getBody()}; }
Block::BlockArgListType TileForOp::getRegionIterArgs() {
  return getBody().getArguments().drop_front(kTileArguments);
}
std::optional<MutableArrayRef<OpOperand>> TileForOp::getYieldedValuesMutable() {
  auto yield = cast<YieldOp>(getBody().front().getTerminator());
  return MutableArrayRef<OpOperand>(yield.getOperandsMutable());
}
std::optional<ResultRange> TileForOp::getLoopResults() { return getResults(); }

OperandRange TileForOp::getEntrySuccessorOperands(RegionSuccessor) {
  return getInits();
}

/// There may be no tile; after each one may come another, or none.
void TileForOp::getSuccessorRegions(RegionBranchPoint,
                                    SmallVectorImpl<RegionSuccessor> &regions) {
  regions.emplace_back(&getBody(), getRegionIterArgs());
  regions.emplace_back(getOperation(), getResults());
}

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
    return emitOpError()
           << "results must have the types of the initial values ("
           << getInits().getTypes() << "), got (" << getResultTypes() << ")";
  auto yield = cast<YieldOp>(getBody().front().getTerminator());
  if (yield.getOperandTypes() != getInits().getTypes())
    return emitOpError() << "region must yield (" << getInits().getTypes()
                         << "), got (" << yield.getOperandTypes() << ")";
  return success();
}

//===----------------------------------------------------------------------===//
// ApplyOp
//===----------------------------------------------------------------------===//

void ApplyOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &capture : getCapturesMutable())
    if (isa<MemRefType>(capture.get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), &capture,
                           SideEffects::DefaultResource::get());
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
    return emitOpError() << "takes both row bounds or none, got the "
                         << (getRowLower() ? "lower" : "upper") << " only";
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
  if (!getPredicate().empty())
    return verifyYieldingRegion(*this, getPredicate(), getCaptures().getTypes(),
                                PredicateType::get(getContext()), "predicate");
  if (!getCaptures().empty())
    return emitOpError() << "has " << getCaptures().size()
                         << " captures, but no predicate region";
  return success();
}

//===----------------------------------------------------------------------===//
// MergeOp
//===----------------------------------------------------------------------===//

LogicalResult MergeOp::verify() {
  auto state = cast<VectorType>(getMaximum().getType());
  auto accumulator = cast<VectorType>(getAccumulator().getType());
  if (accumulator.getShape().back() != state.getDimSize(0))
    return emitOpError() << "the last dimension of the accumulators must be "
                         << state.getDimSize(0) << ", got " << accumulator;
  return success();
}
