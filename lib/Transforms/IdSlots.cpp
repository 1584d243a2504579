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

/// The bits of an id that one pass of the sort looks at. Few, so that the ends
/// of all buckets fit in the first level of the cache, and in the first level
/// of address translation.
static constexpr int64_t kDigitBits = 8;
/// The bits of an id that are sorted by before others are fetched: whole
/// digits.
static constexpr int64_t kWordBits = 32;
static_assert(kWordBits % kDigitBits == 0);
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

/// Whether token `i` begins a run: its id is not that of the token before.
static Value emitBeginsRun(ImplicitLocOpBuilder &builder, Value i, Value id,
                           Value previous) {
  return arith::OrIOp::create(
      builder,
      compare(builder, arith::CmpIPredicate::eq, i, emitIndex(builder, 0)),
      compare(builder, arith::CmpIPredicate::ne, id, previous));
}

//===----------------------------------------------------------------------===//
// Sorting
//===----------------------------------------------------------------------===//

namespace {
/// The ids of the runs, and the runs in an order: first that of the tokens.
///
/// An element of the order is the number of a run, below a word of its id. A
/// pass of the sort then reads one stream, and writes as many as there are
/// digits; were the ids looked up by the run, each would miss the cache. Room
/// for the order twice: a pass copies one half to the other.
class RunList {
public:
  /// Room for `size` runs of ids that have `idBits` bits, unsigned.
  RunList(ImplicitLocOpBuilder &builder, Value size, Value idBits)
      : builder(builder), idBits(idBits),
        // A token is stored behind the last run before it is known to be none.
        ids(allocate(builder, 64, add(builder, size, emitIndex(builder, 1)))),
        order(allocate(builder, 64, add(builder, size, size))) {}

  void storeId(Value run, Value id) const { store(builder, id, ids, run); }
  /// The run at place `i` of the order.
  Value loadRun(Value i) const;
  /// The id at place `i` of the sorted order.
  Value loadSortedId(Value i) const;

  /// Sorts the first `size` runs by id; returns where the half of the order
  /// begins that holds them.
  Value sort(Value size) const;

private:
  Value constant(int64_t value) const { return emitConstant(builder, value); }
  void loop(Value upper, function_ref<void(Value)> body) const {
    emitLoop(builder, emitIndex(builder, 0), upper, {},
             [&](Value i, ValueRange) {
               body(i);
               return SmallVector<Value>();
             });
  }
  void emitWords(Value size, Value shift, Value from) const;
  void emitPass(Value size, Value histogram, Value shift, Value from,
                Value to) const;

  ImplicitLocOpBuilder &builder;
  Value idBits, ids, order;
};
} // namespace

Value RunList::loadRun(Value i) const {
  Value run = arith::TruncIOp::create(builder, builder.getI32Type(),
                                      load(builder, order, i));
  return toIndex(builder, run);
}

Value RunList::loadSortedId(Value i) const {
  Value isWide =
      compare(builder, arith::CmpIPredicate::sgt, idBits, constant(kWordBits));
  auto branch = scf::IfOp::create(builder, TypeRange{builder.getI64Type()},
                                  isWide, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, load(builder, ids, loadRun(i)));
  builder.setInsertionPointToStart(branch.elseBlock());
  Value word = arith::ShRUIOp::create(builder, load(builder, order, i),
                                      constant(kWordBits));
  scf::YieldOp::create(builder, word);
  return branch.getResult(0);
}

/// Puts the words of the ids that begin at bit `shift` above the runs.
void RunList::emitWords(Value size, Value shift, Value from) const {
  loop(size, [&](Value i) {
    Value place = add(builder, from, i);
    Value run = loadRun(place);
    Value word = arith::ShLIOp::create(
        builder,
        arith::ShRUIOp::create(builder, load(builder, ids, run), shift),
        constant(kWordBits));
    Value number =
        arith::IndexCastUIOp::create(builder, builder.getI64Type(), run);
    store(builder, arith::OrIOp::create(builder, word, number), order, place);
  });
}

/// Copies the order that begins at `from` to `to`, by the digit of the elements
/// that begins at bit `shift`.
void RunList::emitPass(Value size, Value histogram, Value shift, Value from,
                       Value to) const {
  Value zero = emitIndex(builder, 0), one = emitIndex(builder, 1);
  Value buckets = emitIndex(builder, 1 << kDigitBits);
  auto digitOf = [&](Value element) {
    Value digit = arith::AndIOp::create(
        builder, arith::ShRUIOp::create(builder, element, shift),
        constant((1 << kDigitBits) - 1));
    return toIndex(builder, digit);
  };
  loop(buckets, [&](Value bucket) { store(builder, zero, histogram, bucket); });
  loop(size, [&](Value i) {
    Value digit = digitOf(load(builder, order, add(builder, from, i)));
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
    Value element = load(builder, order, add(builder, from, i));
    Value digit = digitOf(element);
    Value target = load(builder, histogram, digit);
    store(builder, add(builder, target, one), histogram, digit);
    store(builder, element, order, target);
  });
}

Value RunList::sort(Value size) const {
  loop(size, [&](Value run) {
    Value number =
        arith::IndexCastUIOp::create(builder, builder.getI64Type(), run);
    store(builder, number, order, run);
  });
  auto buckets =
      MemRefType::get({int64_t(1) << kDigitBits}, builder.getIndexType());
  Value histogram = memref::AllocOp::create(builder, buckets);
  SmallVector<Value> inits{constant(0), emitIndex(builder, 0), size};
  auto passes = scf::WhileOp::create(
      builder, ValueRange(inits).getTypes(), inits,
      [&](OpBuilder &, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(carried[0].getParentBlock());
        Value more =
            compare(builder, arith::CmpIPredicate::slt, carried[0], idBits);
        scf::ConditionOp::create(builder, more, carried);
      },
      [&](OpBuilder &, Location, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(carried[0].getParentBlock());
        Value shift = carried[0], from = carried[1], to = carried[2];
        Value inWord =
            arith::RemUIOp::create(builder, shift, constant(kWordBits));
        Value beginsWord =
            compare(builder, arith::CmpIPredicate::eq, inWord, constant(0));
        auto branch =
            scf::IfOp::create(builder, beginsWord, /*withElseRegion=*/false);
        {
          OpBuilder::InsertionGuard inner(builder);
          builder.setInsertionPointToStart(branch.thenBlock());
          emitWords(size, shift, from);
        }
        emitPass(size, histogram, add(builder, inWord, constant(kWordBits)),
                 from, to);
        Value next = add(builder, shift, constant(kDigitBits));
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

/// `value` as a 32-bit number.
static Value narrow(ImplicitLocOpBuilder &builder, Value value) {
  return arith::TruncIOp::create(builder, builder.getI32Type(), value);
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
  Value isDense = compare(builder, arith::CmpIPredicate::ult, range, bound);
  Value numIds = arith::SelectOp::create(
      builder, isDense,
      toIndex(builder, add(builder, range, emitConstant(builder, 1))), tokens);
  numSlots = add(builder, numIds, emitIndex(builder, 1));
  slots = allocate(builder, 32,
                   add(builder, tokens, emitIndex(builder, kSlotsAhead)));
  auto branch = scf::IfOp::create(builder, isDense, /*withElse=*/true);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(branch.thenBlock());
    emitDistances();
    builder.setInsertionPointToStart(branch.elseBlock());
    emitRanks(tokens);
  }
  Value nobodys = arith::ConstantIntOp::create(builder, 0, 32);
  emitLoop(builder, tokens,
           add(builder, tokens, emitIndex(builder, kSlotsAhead)), {},
           [&](Value position, ValueRange) {
             store(builder, nobodys, slots, position);
             return SmallVector<Value>();
           });
}

Value IdSlots::getPosition(unsigned row, Value i) const {
  for (const Tokens &before : ArrayRef(rows).take_front(row))
    i = add(builder, i, before.size);
  return i;
}

/// Fills the slots with the distances of the ids to the least one, from one on.
void IdSlots::emitDistances() const {
  Value beforeLeast =
      arith::SubIOp::create(builder, least, emitConstant(builder, 1));
  for (unsigned row = 0; row < rows.size(); ++row)
    emitLoop(builder, emitIndex(builder, 0), rows[row].size, {},
             [&](Value i, ValueRange) {
               Value distance = arith::SubIOp::create(
                   builder, rows[row].ids.load(i), beforeLeast);
               store(builder, narrow(builder, distance), slots,
                     getPosition(row, i));
               return SmallVector<Value>();
             });
}

/// For each run, the rank of its id among all, from one on, a memref.
Value IdSlots::emitRanksOfRuns(Value tokens) const {
  Value bits =
      arith::SubIOp::create(builder, emitConstant(builder, 64),
                            math::CountLeadingZerosOp::create(builder, range));
  RunList list(builder, tokens, bits);
  Value zero = emitIndex(builder, 0);
  // Every token is stored behind the runs so far, and stays where it begins
  // one: there is no branch that random ids could make expensive.
  Value runs = zero;
  for (const Tokens &row : rows)
    runs = emitLoop(
        builder, zero, row.size, {emitConstant(builder, 0), runs},
        [&](Value i, ValueRange carried) -> SmallVector<Value> {
          Value id = row.ids.load(i);
          Value begins = emitBeginsRun(builder, i, id, carried[0]);
          list.storeId(carried[1], arith::SubIOp::create(builder, id, least));
          return {id, add(builder, carried[1], toIndex(builder, begins))};
        })[1];
  Value sorted = list.sort(runs);
  Value ranksOfRuns = allocate(builder, 32, tokens);
  // Carried: the id before and its rank. The least id is 0 here.
  emitLoop(
      builder, zero, runs,
      {emitConstant(builder, 0), arith::ConstantIntOp::create(builder, 1, 32)},
      [&](Value i, ValueRange carried) -> SmallVector<Value> {
        Value place = add(builder, sorted, i);
        Value id = list.loadSortedId(place);
        Value isNew =
            compare(builder, arith::CmpIPredicate::ne, id, carried[0]);
        Value rank =
            add(builder, carried[1],
                arith::ExtUIOp::create(builder, builder.getI32Type(), isNew));
        store(builder, rank, ranksOfRuns, list.loadRun(place));
        return {id, rank};
      });
  return ranksOfRuns;
}

/// Fills the slots with the ranks of the ids.
void IdSlots::emitRanks(Value tokens) const {
  Value ranksOfRuns = emitRanksOfRuns(tokens);
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
          store(builder, load(builder, ranksOfRuns, run), slots,
                getPosition(row, i));
          return {id, count};
        })[1];
}

Value IdSlots::get(unsigned row, Value i) const {
  return toIndex(builder, load(builder, slots, getPosition(row, i)));
}
