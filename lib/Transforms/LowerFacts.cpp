//===- LowerFacts.cpp - loops that compute ids, positions and counts -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LowerFacts.h"

#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

Value mlir::mask::emitConstant(ImplicitLocOpBuilder &builder, int64_t value) {
  return arith::ConstantIntOp::create(builder, value, 64);
}

Value mlir::mask::emitIndex(ImplicitLocOpBuilder &builder, int64_t value) {
  return arith::ConstantIndexOp::create(builder, value);
}

SmallVector<Value> TokenRow::getIndices(Value i) const {
  SmallVector<Value> indices;
  if (batch)
    indices.push_back(batch);
  indices.push_back(i);
  return indices;
}

Value TokenRow::getSize() const {
  return memref::DimOp::create(builder, memref, batch ? 1 : 0);
}

Value TokenRow::load(Value i) const {
  Value element = memref::LoadOp::create(builder, memref, getIndices(i));
  Type wide = builder.getI64Type();
  if (element.getType() == wide)
    return element;
  if (element.getType().isInteger(1))
    return arith::ExtUIOp::create(builder, wide, element);
  return arith::ExtSIOp::create(builder, wide, element);
}

Value TokenRow::loadFlag(Value i) const {
  Value isSet = arith::CmpIOp::create(builder, arith::CmpIPredicate::ne,
                                      load(i), emitConstant(builder, 0));
  return arith::ExtUIOp::create(builder, builder.getI64Type(), isSet);
}

void TokenRow::store(Value element, Value i, Value column) const {
  Type type = cast<MemRefType>(memref.getType()).getElementType();
  if (element.getType() != type)
    element = arith::TruncIOp::create(builder, type, element);
  SmallVector<Value> indices = getIndices(i);
  if (column)
    indices.push_back(column);
  memref::StoreOp::create(builder, element, memref, indices);
}

ValueRange mlir::mask::emitLoop(
    ImplicitLocOpBuilder &builder, Value lower, Value upper, ValueRange inits,
    function_ref<SmallVector<Value>(Value i, ValueRange carried)> body) {
  auto loop =
      scf::ForOp::create(builder, lower, upper, emitIndex(builder, 1), inits);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!inits.empty())
    scf::YieldOp::create(builder, next);
  return loop.getResults();
}

void mlir::mask::emitBatchLoop(ImplicitLocOpBuilder &builder, Value memref,
                               int64_t tokenRank,
                               function_ref<void(Value batch)> body) {
  if (tokenRank == 1)
    return body(Value());
  Value rows = memref::DimOp::create(builder, memref, 0);
  emitLoop(builder, emitIndex(builder, 0), rows, {},
           [&](Value batch, ValueRange) {
             body(batch);
             return SmallVector<Value>();
           });
}

static int64_t rankOf(Value memref) {
  return cast<MemRefType>(memref.getType()).getRank();
}

static Value compare(ImplicitLocOpBuilder &builder,
                     arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, predicate, a, b);
}

//===----------------------------------------------------------------------===//
// Ids and positions
//===----------------------------------------------------------------------===//

/// Whether `type` is one of `listed`.
static Value emitIsListed(ImplicitLocOpBuilder &builder, Value type,
                          ArrayRef<int64_t> listed) {
  Value any = arith::ConstantIntOp::create(builder, 0, 1);
  for (int64_t candidate : listed)
    any = arith::OrIOp::create(builder, any,
                               compare(builder, arith::CmpIPredicate::eq, type,
                                       emitConstant(builder, candidate)));
  return any;
}

void mlir::mask::emitRuns(ImplicitLocOpBuilder &builder, Value types,
                          ArrayRef<int64_t> listed, Value result) {
  emitBatchLoop(builder, types, rankOf(types), [&](Value batch) {
    TokenRow in(builder, types, batch), out(builder, result, batch);
    Value none = emitConstant(builder, -1);
    Value outside = arith::ConstantIntOp::create(builder, 0, 1);
    // Carried: the number of the current run, and whether the token before was
    // in it.
    emitLoop(
        builder, emitIndex(builder, 0), in.getSize(), {none, outside},
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value inRun = emitIsListed(builder, in.load(i), listed);
          Value begins =
              compare(builder, arith::CmpIPredicate::ugt, inRun, carried[1]);
          Value run = arith::AddIOp::create(
              builder, carried[0],
              arith::ExtUIOp::create(builder, builder.getI64Type(), begins));
          out.store(arith::SelectOp::create(builder, inRun, run, none), i);
          return {run, inRun};
        });
  });
}

/// Writes `id` to the tokens of the item that covers `[first, last]`, as far as
/// they exist, if it is long enough.
static void emitOneItem(ImplicitLocOpBuilder &builder, TokenRow out, Value id,
                        Value first, Value last, Value length,
                        int64_t minLength) {
  Type index = builder.getIndexType();
  Value size = arith::AddIOp::create(
      builder, arith::SubIOp::create(builder, last, first),
      emitConstant(builder, 1));
  Value isLongEnough = compare(builder, arith::CmpIPredicate::sge, size,
                               emitConstant(builder, minLength));
  auto branch = scf::IfOp::create(builder, isLongEnough, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value lower = arith::MaxSIOp::create(
      builder, arith::IndexCastOp::create(builder, index, first),
      emitIndex(builder, 0));
  Value upper = arith::MinSIOp::create(
      builder,
      arith::AddIOp::create(builder,
                            arith::IndexCastOp::create(builder, index, last),
                            emitIndex(builder, 1)),
      length);
  emitLoop(builder, lower, upper, {}, [&](Value token, ValueRange) {
    out.store(id, token);
    return SmallVector<Value>();
  });
}

void mlir::mask::emitItemIds(ImplicitLocOpBuilder &builder, Value ranges,
                             Value length, int64_t minLength, Value result) {
  Type wide = builder.getI64Type();
  Value zero = emitIndex(builder, 0), one = emitIndex(builder, 1);
  emitBatchLoop(builder, result, rankOf(result), [&](Value batch) {
    TokenRow out(builder, result, batch);
    // Ranges have a batch dimension even where the result has none.
    Value row = batch ? batch : zero;
    Value none = emitConstant(builder, -1);
    emitLoop(builder, zero, length, {}, [&](Value token, ValueRange) {
      out.store(none, token);
      return SmallVector<Value>();
    });
    Value items = memref::DimOp::create(builder, ranges, 1);
    emitLoop(builder, zero, items, {}, [&](Value item, ValueRange) {
      auto end = [&](Value column) -> Value {
        Value element = memref::LoadOp::create(builder, ranges,
                                               ValueRange{row, item, column});
        if (element.getType() == wide)
          return element;
        return arith::ExtSIOp::create(builder, wide, element);
      };
      Value first = end(zero), last = end(one);
      Value id = arith::IndexCastOp::create(builder, wide, item);
      emitOneItem(builder, out, id, first, last, length, minLength);
      return SmallVector<Value>();
    });
  });
}

void mlir::mask::emitPositions(ImplicitLocOpBuilder &builder, Value valid,
                               Value result) {
  emitBatchLoop(builder, valid, rankOf(valid), [&](Value batch) {
    TokenRow in(builder, valid, batch), out(builder, result, batch);
    Value zero = emitConstant(builder, 0), one = emitConstant(builder, 1);
    emitLoop(builder, emitIndex(builder, 0), in.getSize(), {zero},
             [&](Value i, ValueRange carried) -> SmallVector<Value> {
               Value count =
                   arith::AddIOp::create(builder, carried[0], in.loadFlag(i));
               Value position = arith::MaxSIOp::create(
                   builder, arith::SubIOp::create(builder, count, one), zero);
               out.store(position, i);
               return {count};
             });
  });
}

//===----------------------------------------------------------------------===//
// Counts and monotony
//===----------------------------------------------------------------------===//

void mlir::mask::emitCountTable(ImplicitLocOpBuilder &builder, Value valid,
                                Value result) {
  emitBatchLoop(builder, valid, rankOf(valid), [&](Value batch) {
    TokenRow in(builder, valid, batch), out(builder, result, batch);
    Type wide = builder.getI64Type();
    Value size = in.getSize(), one = emitIndex(builder, 1);
    Value zero = emitConstant(builder, 0);
    out.store(zero, emitIndex(builder, 0));
    // Carried: the count, the first valid key, one past the last one.
    ValueRange last = emitLoop(
        builder, emitIndex(builder, 0), size,
        {zero, emitConstant(builder, kNoKey), emitConstant(builder, -kNoKey)},
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value flag = in.loadFlag(i);
          Value isValid =
              compare(builder, arith::CmpIPredicate::ne, flag, zero);
          Value count = arith::AddIOp::create(builder, carried[0], flag);
          Value next = arith::AddIOp::create(builder, i, one);
          out.store(count, next);
          Value first = arith::MinSIOp::create(
              builder, carried[1],
              arith::IndexCastOp::create(builder, wide, i));
          Value end = arith::IndexCastOp::create(builder, wide, next);
          return {count,
                  arith::SelectOp::create(builder, isValid, first, carried[1]),
                  arith::SelectOp::create(builder, isValid, end, carried[2])};
        });
    Value slot = arith::AddIOp::create(builder, size, one);
    out.store(last[1], slot);
    out.store(last[2], arith::AddIOp::create(builder, slot, one));
  });
}

void mlir::mask::emitMonotoneTable(ImplicitLocOpBuilder &builder,
                                   Value positions, Value result) {
  emitBatchLoop(builder, positions, rankOf(positions), [&](Value batch) {
    TokenRow in(builder, positions, batch);
    Value lowest = emitConstant(builder, std::numeric_limits<int64_t>::min());
    ValueRange last = emitLoop(
        builder, emitIndex(builder, 0), in.getSize(),
        {lowest, emitConstant(builder, 1)},
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value position = in.load(i);
          Value rises =
              arith::ExtUIOp::create(builder, builder.getI64Type(),
                                     compare(builder, arith::CmpIPredicate::sle,
                                             carried[0], position));
          return {position, arith::AndIOp::create(builder, carried[1], rises)};
        });
    Value row = batch ? batch : emitIndex(builder, 0);
    TokenRow(builder, result, Value()).store(last[1], row);
  });
}

//===----------------------------------------------------------------------===//
// Extrema of blocks
//===----------------------------------------------------------------------===//

/// Writes running extrema, that start anew with each block, to two columns; in
/// the order of the tokens or against it.
static void emitRunningExtrema(ImplicitLocOpBuilder &builder, TokenRow in,
                               TokenRow out, bool backwards, int64_t column) {
  Value size = in.getSize(), one = emitIndex(builder, 1),
        block = emitIndex(builder, kRangeBlock), zero = emitIndex(builder, 0);
  Value none = emitConstant(builder, 0);
  auto body = [&](Value step, ValueRange carried) -> SmallVector<Value> {
    Value i = step;
    if (backwards)
      i = arith::SubIOp::create(builder,
                                arith::SubIOp::create(builder, size, one), i);
    // The first token of a block, or, backwards, the last one of it or of all.
    Value next = backwards ? arith::AddIOp::create(builder, i, one) : i;
    Value starts = compare(builder, arith::CmpIPredicate::eq,
                           arith::RemUIOp::create(builder, next, block), zero);
    if (backwards)
      starts = arith::OrIOp::create(
          builder, starts,
          compare(builder, arith::CmpIPredicate::eq, next, size));
    Value value = in.load(i);
    Value least = arith::SelectOp::create(
        builder, starts, value,
        arith::MinSIOp::create(builder, carried[0], value));
    Value greatest = arith::SelectOp::create(
        builder, starts, value,
        arith::MaxSIOp::create(builder, carried[1], value));
    out.store(least, i, emitIndex(builder, column));
    out.store(greatest, i, emitIndex(builder, column + 1));
    return {least, greatest};
  };
  emitLoop(builder, zero, size, {none, none}, body);
}

void mlir::mask::emitRangeTable(ImplicitLocOpBuilder &builder, Value data,
                                Value result) {
  emitBatchLoop(builder, data, rankOf(data), [&](Value batch) {
    TokenRow in(builder, data, batch), out(builder, result, batch);
    emitRunningExtrema(builder, in, out, /*backwards=*/true, /*column=*/0);
    emitRunningExtrema(builder, in, out, /*backwards=*/false, /*column=*/2);
  });
}
