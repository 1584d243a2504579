//===- IdSlots.cpp - small numbers in place of ids -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ids that the builders make, and most that users give, lie close together:
// the slot is the distance to the least. Any others are sorted, by radix: a
// hash table would have ids that all collide, and misses the cache at every
// token where a sort streams. Only the first token of each run of equal ids is
// sorted.
//
//===----------------------------------------------------------------------===//

#include "IdSlots.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace mlir::mask;

/// The bits of an id that one pass of the sort looks at. A histogram of them
/// fits in the first level of the cache.
static constexpr int64_t kDigitBits = 11;
/// Ids that spread this far, or twice as far as there are tokens, are dense.
static constexpr int64_t kAlwaysDense = 1024;

static Value compare(ImplicitLocOpBuilder &builder,
                     arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, predicate, a, b);
}

static Value load(ImplicitLocOpBuilder &builder, Value memref, Value i) {
  return memref::LoadOp::create(builder, memref, i);
}

static void store(ImplicitLocOpBuilder &builder, Value value, Value memref,
                  Value i) {
  memref::StoreOp::create(builder, value, memref, i);
}

static Value add(ImplicitLocOpBuilder &builder, Value a, Value b) {
  return arith::AddIOp::create(builder, a, b);
}

/// `value`, unsigned, as an index; a flag gives 0 or 1.
static Value toIndex(ImplicitLocOpBuilder &builder, Value value) {
  return arith::IndexCastUIOp::create(builder, builder.getIndexType(), value);
}

static Value allocate(ImplicitLocOpBuilder &builder, unsigned width,
                      Value size) {
  auto type =
      MemRefType::get({ShapedType::kDynamic}, builder.getIntegerType(width));
  return memref::AllocOp::create(builder, type, size);
}

Value mlir::mask::emitBeginsRun(ImplicitLocOpBuilder &builder, Value i,
                                Value id, Value previous) {
  return arith::OrIOp::create(
      builder,
      compare(builder, arith::CmpIPredicate::eq, i, emitIndex(builder, 0)),
      compare(builder, arith::CmpIPredicate::ne, id, previous));
}

//===----------------------------------------------------------------------===//
// Sorting
//===----------------------------------------------------------------------===//

namespace {
/// The ids of the runs, and numbers of runs in an order: first 0, 1, 2, ...
/// Room for the order twice: a pass of the sort copies one half to the other.
class RunList {
public:
  RunList(ImplicitLocOpBuilder &builder, Value size)
      : builder(builder), size(size),
        // A token is stored behind the last run before it is known to be none.
        ids(allocate(builder, 64, add(builder, size, emitIndex(builder, 1)))),
        order(allocate(builder, 32, add(builder, size, size))) {}

  Value getSize() const { return size; }
  Value loadId(Value run) const { return load(builder, ids, run); }
  void storeId(Value run, Value id) const { store(builder, id, ids, run); }
  /// The run at place `i` of the order.
  Value loadRun(Value i) const {
    return toIndex(builder, load(builder, order, i));
  }

  /// Sorts the order by the lowest `bits` bits of the ids, unsigned; returns
  /// where the half begins that holds it then.
  Value sort(Value bits) const;

private:
  void storeRun(Value i, Value run) const {
    store(builder,
          arith::IndexCastUIOp::create(builder, builder.getI32Type(), run),
          order, i);
  }
  Value emitDigit(Value run, Value shift) const;
  void emitPass(Value histogram, Value shift, Value from, Value to) const;
  void loop(Value upper, function_ref<void(Value)> body) const {
    emitLoop(builder, emitIndex(builder, 0), upper, {},
             [&](Value i, ValueRange) {
               body(i);
               return SmallVector<Value>();
             });
  }

  ImplicitLocOpBuilder &builder;
  Value size, ids, order;
};
} // namespace

Value RunList::emitDigit(Value run, Value shift) const {
  Value digit = arith::AndIOp::create(
      builder, arith::ShRUIOp::create(builder, loadId(run), shift),
      emitConstant(builder, (1 << kDigitBits) - 1));
  return toIndex(builder, digit);
}

void RunList::emitPass(Value histogram, Value shift, Value from,
                       Value to) const {
  Value zero = emitIndex(builder, 0), one = emitIndex(builder, 1);
  Value buckets = emitIndex(builder, 1 << kDigitBits);
  loop(buckets, [&](Value bucket) { store(builder, zero, histogram, bucket); });
  loop(size, [&](Value run) {
    Value digit = emitDigit(run, shift);
    Value count = add(builder, load(builder, histogram, digit), one);
    store(builder, count, histogram, digit);
  });
  // From the number of each digit to where its first run goes.
  emitLoop(builder, zero, buckets, {to},
           [&](Value bucket, ValueRange carried) -> SmallVector<Value> {
             Value count = load(builder, histogram, bucket);
             store(builder, carried[0], histogram, bucket);
             return {add(builder, carried[0], count)};
           });
  loop(size, [&](Value i) {
    Value run = loadRun(add(builder, from, i));
    Value digit = emitDigit(run, shift);
    Value target = load(builder, histogram, digit);
    store(builder, add(builder, target, one), histogram, digit);
    storeRun(target, run);
  });
}

Value RunList::sort(Value bits) const {
  loop(size, [&](Value run) { storeRun(run, run); });
  auto buckets =
      MemRefType::get({int64_t(1) << kDigitBits}, builder.getIndexType());
  Value histogram = memref::AllocOp::create(builder, buckets);
  SmallVector<Value> inits{emitConstant(builder, 0), emitIndex(builder, 0),
                           size};
  auto passes = scf::WhileOp::create(
      builder, ValueRange(inits).getTypes(), inits,
      [&](OpBuilder &, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(carried[0].getParentBlock());
        Value more =
            compare(builder, arith::CmpIPredicate::slt, carried[0], bits);
        scf::ConditionOp::create(builder, more, carried);
      },
      [&](OpBuilder &, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(carried[0].getParentBlock());
        Value shift = carried[0], from = carried[1], to = carried[2];
        emitPass(histogram, shift, from, to);
        Value next = add(builder, shift, emitConstant(builder, kDigitBits));
        scf::YieldOp::create(builder, ValueRange{next, to, from});
      });
  return passes.getResult(1);
}

//===----------------------------------------------------------------------===//
// Numbering
//===----------------------------------------------------------------------===//

/// The least and the greatest id.
static std::pair<Value, Value> emitExtrema(ImplicitLocOpBuilder &builder,
                                           ArrayRef<IdSlots::Tokens> rows) {
  using Limits = std::numeric_limits<int64_t>;
  SmallVector<Value> extrema{emitConstant(builder, Limits::max()),
                             emitConstant(builder, Limits::min())};
  for (const IdSlots::Tokens &row : rows)
    extrema =
        emitLoop(builder, emitIndex(builder, 0), row.size, extrema,
                 [&](Value i, ValueRange carried) -> SmallVector<Value> {
                   Value id = row.ids.load(i);
                   return {arith::MinSIOp::create(builder, carried[0], id),
                           arith::MaxSIOp::create(builder, carried[1], id)};
                 });
  return {extrema[0], extrema[1]};
}

/// The number of runs of equal ids.
static Value emitCountRuns(ImplicitLocOpBuilder &builder,
                           ArrayRef<IdSlots::Tokens> rows) {
  Value runs = emitIndex(builder, 0);
  for (const IdSlots::Tokens &row : rows)
    runs = emitLoop(
        builder, emitIndex(builder, 0), row.size,
        {emitConstant(builder, 0), runs},
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value id = row.ids.load(i);
          Value begins = emitBeginsRun(builder, i, id, carried[0]);
          return {id, add(builder, carried[1], toIndex(builder, begins))};
        })[1];
  return runs;
}

IdSlots::IdSlots(ImplicitLocOpBuilder &builder, ArrayRef<Tokens> given)
    : builder(builder), rows(given) {
  Value greatest;
  std::tie(least, greatest) = emitExtrema(builder, rows);
  // At most 2^64 - 1; without tokens one, and then nobody asks.
  range = arith::SubIOp::create(builder, greatest, least);
  Value tokens = rows[0].size;
  for (const Tokens &row : ArrayRef(rows).drop_front())
    tokens = add(builder, tokens, row.size);
  Value wide =
      arith::IndexCastOp::create(builder, builder.getI64Type(), tokens);
  Value bound = arith::MaxSIOp::create(builder, add(builder, wide, wide),
                                       emitConstant(builder, kAlwaysDense));
  isDense = compare(builder, arith::CmpIPredicate::ult, range, bound);
  Value denseSlots =
      toIndex(builder, add(builder, range, emitConstant(builder, 1)));
  numSlots = arith::SelectOp::create(builder, isDense, denseSlots, tokens);
  ranks = allocate(
      builder, 32,
      arith::SelectOp::create(builder, isDense, emitIndex(builder, 0), tokens));
  Value isSparse = arith::XOrIOp::create(
      builder, isDense, arith::ConstantIntOp::create(builder, 1, 1));
  auto branch = scf::IfOp::create(builder, isSparse, /*withElse=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  emitRanks();
}

Value IdSlots::getPosition(unsigned row, Value i) const {
  for (const Tokens &before : ArrayRef(rows).take_front(row))
    i = add(builder, i, before.size);
  return i;
}

/// For each run, the rank of its id among all, a memref.
Value IdSlots::emitRanksOfRuns() const {
  RunList list(builder, emitCountRuns(builder, rows));
  Value zero = emitIndex(builder, 0);
  // Every token is stored behind the runs so far, and stays where it begins
  // one: there is no branch that random ids could make expensive.
  Value end = zero;
  for (const Tokens &row : rows)
    end = emitLoop(
        builder, zero, row.size, {emitConstant(builder, 0), end},
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value id = row.ids.load(i);
          Value begins = emitBeginsRun(builder, i, id, carried[0]);
          list.storeId(carried[1], arith::SubIOp::create(builder, id, least));
          return {id, add(builder, carried[1], toIndex(builder, begins))};
        })[1];
  Value bits =
      arith::SubIOp::create(builder, emitConstant(builder, 64),
                            math::CountLeadingZerosOp::create(builder, range));
  Value sorted = list.sort(bits);
  Value ranksOfRuns = allocate(builder, 32, list.getSize());
  // Carried: the id before and its rank. The least id, 0 here, has the rank 0.
  emitLoop(
      builder, zero, list.getSize(),
      {emitConstant(builder, 0), arith::ConstantIntOp::create(builder, 0, 32)},
      [&](Value i, ValueRange carried) -> SmallVector<Value> {
        Value run = list.loadRun(add(builder, sorted, i));
        Value id = list.loadId(run);
        Value isNew =
            compare(builder, arith::CmpIPredicate::ne, id, carried[0]);
        Value rank =
            add(builder, carried[1],
                arith::ExtUIOp::create(builder, builder.getI32Type(), isNew));
        store(builder, rank, ranksOfRuns, run);
        return {id, rank};
      });
  return ranksOfRuns;
}

void IdSlots::emitRanks() const {
  Value ranksOfRuns = emitRanksOfRuns();
  Value zero = emitIndex(builder, 0);
  // Carried: the id before, and the number of runs so far.
  Value runs = zero;
  for (unsigned row = 0; row < rows.size(); ++row)
    runs = emitLoop(
        builder, zero, rows[row].size, {emitConstant(builder, 0), runs},
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value id = rows[row].ids.load(i);
          Value begins = emitBeginsRun(builder, i, id, carried[0]);
          Value count = add(builder, carried[1], toIndex(builder, begins));
          Value run =
              arith::SubIOp::create(builder, count, emitIndex(builder, 1));
          store(builder, load(builder, ranksOfRuns, run), ranks,
                getPosition(row, i));
          return {id, count};
        })[1];
}

Value IdSlots::get(unsigned row, Value i, Value id) const {
  Type index = builder.getIndexType();
  auto branch = scf::IfOp::create(builder, TypeRange{index}, isDense,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  Value distance = toIndex(builder, arith::SubIOp::create(builder, id, least));
  scf::YieldOp::create(builder, distance);
  builder.setInsertionPointToStart(branch.elseBlock());
  Value rank = toIndex(builder, load(builder, ranks, getPosition(row, i)));
  scf::YieldOp::create(builder, rank);
  return branch.getResult(0);
}
