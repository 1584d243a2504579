//===- MaskTileOps.cpp - tiles of scores and loops over them -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Mask.h"
#include "Mask/IR/Range.h"
#include "VerifyRegion.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// TileForOp
//===----------------------------------------------------------------------===//

OpFoldResult TileForOp::getMixedStep() {
  return getStep() ? OpFoldResult(getStep())
                   : OpFoldResult(getStaticStepAttr());
}

/// What is wrong with a step is said by the verifier, or at run time.
static bool isValidStep(int64_t step, std::optional<int64_t> align) {
  return step >= 1 && step <= kMaxTile && (!align || step % *align == 0);
}

LogicalResult TileForOp::fold(FoldAdaptor adaptor,
                              SmallVectorImpl<OpFoldResult> &) {
  auto constant = dyn_cast_if_present<IntegerAttr>(adaptor.getStep());
  if (!constant)
    return failure();
  int64_t step = constant.getValue().getSExtValue();
  if (!isValidStep(step, getAlign()))
    return failure();
  setStaticStepAttr(Builder(getContext()).getI64IntegerAttr(step));
  getStepMutable().clear();
  return success();
}

void TileForOp::getAsmBlockArgumentNames(Region &region,
                                         OpAsmSetValueNameFn setName) {
  static constexpr StringLiteral body[] = {
      "key",         "size",         "n",         "lower_fails",
      "upper_fails", "ahead_exists", "ahead_key", "ahead_size"};
  ArrayRef<StringLiteral> names = body;
  if (&region != &getBody())
    names = names.take_front(3);
  else if (!getAhead())
    names = names.take_front(5);
  if (region.empty())
    return;
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setName(argument, name);
}

SmallVector<Region *> TileForOp::getLoopRegions() { return {&getBody()}; }
Block::BlockArgListType TileForOp::getRegionIterArgs() {
  return getBody().getArguments().drop_front(getNumTileArguments());
}
std::optional<MutableArrayRef<OpOperand>> TileForOp::getYieldedValuesMutable() {
  auto yield = cast<YieldOp>(getBody().front().getTerminator());
  return MutableArrayRef<OpOperand>(yield.getOperandsMutable());
}
std::optional<ResultRange> TileForOp::getLoopResults() { return getResults(); }

OperandRange TileForOp::getEntrySuccessorOperands(RegionSuccessor successor) {
  bool isBody = successor.isParent() || successor.getSuccessor() == &getBody();
  return isBody ? getInits()
                : OperandRange(getInits().drop_front(getInits().size()));
}

/// There may be no tile; after each one may come another, or none. The regions
/// that ask about a tile and load one run in between: they hand nothing on, and
/// what comes after them comes after the body or the op too.
void TileForOp::getSuccessorRegions(RegionBranchPoint point,
                                    SmallVectorImpl<RegionSuccessor> &regions) {
  for (Region *region : {&getVisit(), &getLoad()})
    if (!region->empty())
      regions.emplace_back(region);
  Operation *terminator = point.getTerminatorPredecessorOrNull();
  if (terminator && terminator->getParentRegion() != &getBody())
    return;
  regions.emplace_back(&getBody(), getRegionIterArgs());
  regions.emplace_back(getOperation(), getResults());
}

/// Only the body of a loop hands values on, and to the body of the next tile or
/// the op: what is said of one tile goes nowhere.
MutableOperandRange
YieldOp::getMutableSuccessorOperands(RegionSuccessor point) {
  auto loop = dyn_cast<TileForOp>((*this)->getParentOp());
  if (!loop)
    return MutableOperandRange(*this);
  Region *body = &loop.getBody();
  bool carries = (*this)->getParentRegion() == body &&
                 (point.isParent() || point.getSuccessor() == body);
  if (!carries)
    return MutableOperandRange(*this, /*start=*/0, /*length=*/0);
  return MutableOperandRange(*this);
}

/// A region about one tile: C4 and C5.
static LogicalResult verifyTileRegion(TileForOp op, Region &region,
                                      unsigned numArguments, TypeRange results,
                                      StringRef name) {
  SmallVector<Type> expected(numArguments, IndexType::get(op.getContext()));
  if (region.getArgumentTypes() != TypeRange(expected))
    return op.emitOpError()
           << "'" << name << "' region must take (" << TypeRange(expected)
           << "), got (" << region.getArgumentTypes() << ")";
  TypeRange yielded = region.front().getTerminator()->getOperandTypes();
  if (yielded != results)
    return op.emitOpError() << "'" << name << "' region must yield (" << results
                            << "), got (" << yielded << ")";
  return success();
}

/// The intervals, their bounds and how they are walked: C1 and C2.
static LogicalResult verifyWalk(TileForOp op) {
  size_t bounds = op.getBounds().size();
  if (Value memory = op.getIntervals()) {
    if (bounds)
      return op.emitOpError() << "takes bounds as operands or in memory, got "
                              << bounds << " operands and " << memory.getType();
    auto type = cast<MemRefType>(memory.getType());
    if (!type.isDynamicDim(1) && type.getDimSize(1) != 4)
      return op.emitOpError() << "takes 4 bounds per interval, got "
                              << type.getDimSize(1) << " columns";
  } else if (bounds == 0 || bounds % 4) {
    return op.emitOpError() << "takes 4 bounds per interval, got " << bounds;
  }
  if (!op.getStep() == !op.getStaticStep())
    return op.emitOpError() << "takes a step, as a number or as a value";
  std::optional<int64_t> step = op.getStaticStep();
  if (step && !isValidStep(*step, std::nullopt))
    return op.emitOpError()
           << "step must lie between 1 and " << kMaxTile << ", got " << *step;
  if (std::optional<int64_t> align = op.getAlign()) {
    if (*align < 1)
      return op.emitOpError() << "'align' must be at least 1, got " << *align;
    if (step && !isValidStep(*step, align))
      return op.emitOpError() << "'align' must be a divisor of the step "
                              << *step << ", got " << *align;
    if (!op.getEnd())
      return op.emitOpError() << "'align' needs 'whole' tiles";
  }
  if (!op.getPart() != !op.getParts())
    return op.emitOpError() << "takes a part and the number of parts or none";
  return success();
}

LogicalResult TileForOp::verify() {
  if (failed(verifyWalk(*this)))
    return failure();
  Type index = IndexType::get(getContext()),
       flag = IntegerType::get(getContext(), 1);
  SmallVector<Type> expected = {index, index, index, flag, flag};
  if (getAhead())
    expected.append({flag, index, index});
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
  if (!getVisit().empty() &&
      failed(verifyTileRegion(*this, getVisit(), 2, flag, "visit")))
    return failure();
  if (std::optional<uint64_t> ahead = getAhead();
      ahead && static_cast<int64_t>(*ahead) < 1)
    return emitOpError() << "'ahead' must be at least 1, got "
                         << static_cast<int64_t>(*ahead);
  if (getAhead().has_value() == getLoad().empty())
    return emitOpError() << "'ahead' and a 'load' region need each other, got "
                         << (getAhead() ? "the number" : "the region")
                         << " only";
  if (getLoadFirst() && !getAhead())
    return emitOpError() << "'first' says when a 'load' region runs";
  if (getAhead())
    return verifyTileRegion(*this, getLoad(), 3, TypeRange(), "load");
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

OpFoldResult ApplyOp::fold(FoldAdaptor adaptor) {
  auto flag = dyn_cast_if_present<BoolAttr>(adaptor.getWhen());
  bool hidesNothing =
      !getLower() && !getUpper() && !getKeyEnd() && getPredicate().empty();
  if (hidesNothing || (flag && !flag.getValue()))
    return getScores();
  if (!flag)
    return {};
  getWhenMutable().clear();
  return getResult();
}

SmallVector<unsigned> ApplyOp::getRowDims() {
  AffineMap map = getOver();
  SmallVector<unsigned> dims;
  for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
    if (map.getResult(0).isFunctionOfDim(dim) ||
        map.getResult(1).isFunctionOfDim(dim))
      dims.push_back(dim);
  return dims;
}

LogicalResult ApplyOp::verify() {
  auto vector = cast<VectorType>(getScores().getType());
  AffineMap map = getOver();
  if (map.getNumDims() != vector.getRank() ||
      map.getNumSymbols() != getSymbols().size() || map.getNumResults() != 3)
    return emitOpError() << "'over' must map " << vector.getRank()
                         << " dimensions and " << getSymbols().size()
                         << " symbols to 3 coordinates, got "
                         << map.getNumDims() << ", " << map.getNumSymbols()
                         << " and " << map.getNumResults();
  SmallVector<int64_t> rows;
  for (unsigned dim : getRowDims())
    rows.push_back(vector.getDimSize(dim));
  Type i32 = IntegerType::get(getContext(), 32);
  Type expected = rows.empty() ? i32 : VectorType::get(rows, i32);
  for (Value ends : {getLower(), getUpper()})
    if (ends && ends.getType() != expected)
      return emitOpError() << "ends must have one element per row, " << expected
                           << ", got " << ends.getType();
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

unsigned MergeOp::getRowDim() {
  if (std::optional<AffineMap> rows = getRows())
    return cast<AffineDimExpr>(rows->getResult(0)).getPosition();
  return cast<VectorType>(getAccumulator().getType()).getRank() - 1;
}

LogicalResult MergeOp::verify() {
  auto state = cast<VectorType>(getMaximum().getType());
  auto accumulator = cast<VectorType>(getAccumulator().getType());
  if (std::optional<AffineMap> rows = getRows())
    if (rows->getNumDims() != accumulator.getRank() || rows->getNumSymbols() ||
        rows->getNumResults() != 1 || !isa<AffineDimExpr>(rows->getResult(0)))
      return emitOpError() << "'rows' must map " << accumulator.getRank()
                           << " dimensions to one of them, got "
                           << AffineMapAttr::get(*rows);
  unsigned dim = getRowDim();
  if (accumulator.getDimSize(dim) != state.getDimSize(0))
    return emitOpError() << "dimension " << dim
                         << " of the accumulators must be "
                         << state.getDimSize(0) << ", got " << accumulator;
  return success();
}
