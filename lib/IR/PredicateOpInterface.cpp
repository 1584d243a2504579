//===- PredicateOpInterface.cpp - what is asked of every predicate -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/PredicateOpInterface.h"
#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::mask;

#include "Mask/IR/PredicateOpInterface.cpp.inc"

LogicalResult mlir::mask::verifyPredicateParameters(Operation *op) {
  for (const PredicateParameter &entry :
       cast<PredicateOpInterface>(op).getParameters()) {
    if (failed(verifyParameter(op, entry.parameter, entry.name)))
      return failure();
    if (entry.isRequired && !entry.parameter.isGiven())
      return op->emitOpError() << "'" << entry.name << "' must be given";
    std::optional<int64_t> constant = entry.parameter.getConstant();
    if (entry.least && entry.isStaticLimited && constant &&
        *constant < *entry.least)
      return op->emitOpError() << "'" << entry.name << "' must be at least "
                               << *entry.least << ", got " << *constant;
  }
  return success();
}

bool mlir::mask::hasPredicatesThatDependOn(Operation *scope,
                                           ParameterAxis axis) {
  return scope
      ->walk([&](PredicateOpInterface op) {
        return op.dependsOn(axis) ? WalkResult::interrupt()
                                  : WalkResult::advance();
      })
      .wasInterrupted();
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static int64_t rankOf(Value value) {
  return cast<ShapedType>(value.getType()).getRank();
}

void mlir::mask::appendTokenRead(SmallVectorImpl<TableRead> &reads, Value table,
                                 TableIndex index) {
  if (!table)
    return;
  if (rankOf(table) == 1)
    reads.push_back({table, {index}});
  else
    reads.push_back({table, {TableIndex::Batch, index}});
}

static TableIndex getIndex(ParameterAxis axis) {
  return axis == ParameterAxis::Batch ? TableIndex::Batch : TableIndex::Head;
}

SmallVector<TableRead> mlir::mask::getTableReads(Operation *op) {
  auto predicate = dyn_cast<PredicateOpInterface>(op);
  if (!predicate)
    return {};
  SmallVector<TableRead> reads = predicate.getFactReads();
  for (const PredicateParameter &entry : predicate.getParameters())
    if (Value data = entry.parameter.getValue(); data && entry.parameter.axis)
      reads.push_back({data, {getIndex(*entry.parameter.axis)}});
  return reads;
}

bool mlir::mask::readsPer(Operation *op, ParameterAxis axis) {
  return llvm::any_of(getTableReads(op), [&](const TableRead &read) {
    return llvm::is_contained(read.indices, getIndex(axis));
  });
}

static SmallVector<TableRead> readTokens(Value queries, Value keys) {
  SmallVector<TableRead> reads;
  appendTokenRead(reads, queries, TableIndex::Query);
  appendTokenRead(reads, keys, TableIndex::Key);
  return reads;
}

SmallVector<TableRead> BlockBidirectionalOp::getFactReads() {
  return readTokens(getQueryIds(), getEffectiveKeyIds());
}
SmallVector<TableRead> DocumentOp::getFactReads() {
  return readTokens(getQueryIds(), getEffectiveKeyIds());
}
SmallVector<TableRead> KeyPaddingOp::getFactReads() {
  return readTokens(Value(), getValid());
}
SmallVector<TableRead> AtPositionsOp::getFactReads() {
  return readTokens(getQueryPositions(), getKeyPositions());
}
SmallVector<TableRead> PackedOp::getFactReads() {
  SmallVector<TableRead> reads = readTokens(getSequenceIds(), getSequenceIds());
  llvm::append_range(reads, readTokens(getPositions(), getPositions()));
  return reads;
}
SmallVector<TableRead> RowRangeOp::getFactReads() {
  SmallVector<TableRead> reads;
  for (Value table : {getLower(), getUpper()})
    appendTokenRead(reads, table, TableIndex::Query);
  return reads;
}

SmallVector<TableRead> DenseOp::getFactReads() {
  TableIndex all[] = {TableIndex::Batch, TableIndex::Head, TableIndex::Query,
                      TableIndex::Key};
  int64_t rank = rankOf(getMask());
  SmallVector<TableIndex, 4> indices(ArrayRef(all).take_back(rank));
  if (rank == 3)
    indices.front() = TableIndex::Batch;
  return {TableRead{getMask(), indices}};
}

SmallVector<TableRead> GenericOp::getFactReads() {
  SmallVector<TableRead> reads;
  Block &body = getBody().front();
  getBody().walk([&](tensor::ExtractOp extract) {
    auto source = dyn_cast<BlockArgument>(extract.getTensor());
    if (!source || source.getOwner() != &body)
      return;
    TableRead read{getCaptures()[source.getArgNumber() - 4], {}};
    for (Value index : extract.getIndices()) {
      auto argument = dyn_cast<BlockArgument>(index);
      bool isOwn = argument && argument.getOwner() == &body &&
                   argument.getArgNumber() < 4;
      read.indices.push_back(
          isOwn ? static_cast<TableIndex>(argument.getArgNumber())
                : TableIndex::Other);
    }
    reads.push_back(std::move(read));
  });
  return reads;
}

bool GenericOp::dependsOn(ParameterAxis axis) {
  unsigned number = axis == ParameterAxis::Batch ? 0 : 1;
  return !getBody().getArgument(number).use_empty();
}
