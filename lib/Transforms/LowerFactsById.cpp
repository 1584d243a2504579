//===- LowerFactsById.cpp - loops that look tokens up by their id -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IdSlots.h"
#include "LowerFacts.h"

#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::mask;

static Value compare(ImplicitLocOpBuilder &builder,
                     arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, predicate, a, b);
}

/// A 32-bit number.
static Value emitNarrow(ImplicitLocOpBuilder &builder, int64_t value) {
  return arith::ConstantIntOp::create(builder, value, 32);
}

static Value narrow(ImplicitLocOpBuilder &builder, Value index) {
  return arith::IndexCastOp::create(builder, builder.getI32Type(), index);
}

//===----------------------------------------------------------------------===//
// Lengths
//===----------------------------------------------------------------------===//

/// How many tokens carry the id of each slot.
static Value emitCounts(ImplicitLocOpBuilder &builder, const IdSlots &slots,
                        TokenRow ids, Value size) {
  auto type = MemRefType::get({ShapedType::kDynamic}, builder.getI32Type());
  Value counts = memref::AllocOp::create(builder, type, slots.getNumSlots());
  Value zero = emitIndex(builder, 0);
  emitLoop(builder, zero, slots.getNumSlots(), {}, [&](Value slot, ValueRange) {
    memref::StoreOp::create(builder, emitNarrow(builder, 0), counts, slot);
    return SmallVector<Value>();
  });
  emitLoop(builder, zero, size, {}, [&](Value i, ValueRange) {
    Value slot = slots.get(0, i, ids.load(i));
    Value count = memref::LoadOp::create(builder, counts, slot);
    count = arith::AddIOp::create(builder, count, emitNarrow(builder, 1));
    memref::StoreOp::create(builder, count, counts, slot);
    return SmallVector<Value>();
  });
  return counts;
}

void mlir::mask::emitDropLong(ImplicitLocOpBuilder &builder, Value ids,
                              Value bound, Value result) {
  int64_t rank = cast<MemRefType>(ids.getType()).getRank();
  emitBatchLoop(builder, ids, rank, [&](Value batch) {
    TokenRow in(builder, ids, batch), out(builder, result, batch);
    Value size = in.getSize();
    IdSlots slots(builder, {{in, size}});
    Value counts = emitCounts(builder, slots, in, size);
    Value none = emitConstant(builder, -1);
    emitLoop(
        builder, emitIndex(builder, 0), size, {}, [&](Value i, ValueRange) {
          Value id = in.load(i);
          Value count =
              memref::LoadOp::create(builder, counts, slots.get(0, i, id));
          Value isLong = compare(builder, arith::CmpIPredicate::sgt,
                                 arith::IndexCastOp::create(
                                     builder, builder.getIndexType(), count),
                                 bound);
          out.store(arith::SelectOp::create(builder, isLong, none, id), i);
          return SmallVector<Value>();
        });
  });
}

//===----------------------------------------------------------------------===//
// Intervals
//===----------------------------------------------------------------------===//

namespace {
/// Where the keys of each slot are: the first one, one past the last one, and
/// the first one of the last run of them. They are contiguous if the last run
/// is the only one.
///
/// Each of the three is written by a loop that only stores, once per token: the
/// last store wins. So no token waits for the one before, and nothing depends
/// on how long the runs are.
class KeysOfSlots {
public:
  /// With `mayLack`, a slot may have no keys; its end is zero then.
  KeysOfSlots(ImplicitLocOpBuilder &builder, const IdSlots &slots,
              TokenRow keys, Value size, bool mayLack);

  Value loadFirst(Value slot) const { return load(slot, kFirst); }
  Value loadEnd(Value slot) const { return load(slot, kEnd); }
  Value loadLastRun(Value slot) const { return load(slot, kLastRun); }

private:
  enum Column { kFirst, kEnd, kLastRun, kNumColumns };

  Value load(Value slot, Column column) const {
    return memref::LoadOp::create(builder, table,
                                  ValueRange{slot, emitIndex(builder, column)});
  }
  void store(Value value, Value slot, Column column) const {
    memref::StoreOp::create(builder, value, table,
                            ValueRange{slot, emitIndex(builder, column)});
  }

  ImplicitLocOpBuilder &builder;
  Value table;
};
} // namespace

KeysOfSlots::KeysOfSlots(ImplicitLocOpBuilder &builder, const IdSlots &slots,
                         TokenRow keys, Value size, bool mayLack)
    : builder(builder) {
  auto type = MemRefType::get({ShapedType::kDynamic, kNumColumns},
                              builder.getI32Type());
  table = memref::AllocOp::create(builder, type, slots.getNumSlots());
  Value zero = emitIndex(builder, 0), one = emitIndex(builder, 1);
  if (mayLack)
    emitLoop(builder, zero, slots.getNumSlots(), {},
             [&](Value slot, ValueRange) {
               store(emitNarrow(builder, 0), slot, kEnd);
               return SmallVector<Value>();
             });
  // Forwards. Carried: the id before, and where its run began.
  emitLoop(builder, zero, size,
           {emitConstant(builder, 0), emitNarrow(builder, 0)},
           [&](Value i, ValueRange carried) -> SmallVector<Value> {
             Value id = keys.load(i);
             Value slot = slots.get(0, i, id);
             Value begins = emitBeginsRun(builder, i, id, carried[0]);
             Value run = arith::SelectOp::create(
                 builder, begins, narrow(builder, i), carried[1]);
             store(run, slot, kLastRun);
             Value end = arith::AddIOp::create(builder, i, one);
             store(narrow(builder, end), slot, kEnd);
             return {id, run};
           });
  // Backwards.
  Value last = arith::SubIOp::create(builder, size, one);
  emitLoop(builder, zero, size, {}, [&](Value i, ValueRange) {
    Value token = arith::SubIOp::create(builder, last, i);
    Value slot = slots.get(0, token, keys.load(token));
    store(narrow(builder, token), slot, kFirst);
    return SmallVector<Value>();
  });
}

namespace {
/// The ids of queries and of keys, in one batch row.
struct IdRows {
  IdSlots::Tokens keys, queries;
  /// Whether the queries are the keys.
  bool isSelf;
};
} // namespace

/// The outer and the inner interval of the keys of `slot`, if it `occurs`.
static SmallVector<Value> emitInterval(ImplicitLocOpBuilder &builder,
                                       const KeysOfSlots &keys, Value slot,
                                       Value occurs) {
  Value first = keys.loadFirst(slot), end = keys.loadEnd(slot);
  Value isContiguous =
      arith::AndIOp::create(builder, occurs,
                            compare(builder, arith::CmpIPredicate::eq, first,
                                    keys.loadLastRun(slot)));
  Value noLower = emitNarrow(builder, kNoKey),
        noUpper = emitNarrow(builder, -kNoKey);
  return {arith::SelectOp::create(builder, occurs, first, noLower),
          arith::SelectOp::create(builder, occurs, end, noUpper),
          arith::SelectOp::create(builder, isContiguous, first, noLower),
          arith::SelectOp::create(builder, isContiguous, end, noUpper)};
}

/// Fills the rows of `out`, one per query.
static void emitIntervalRows(ImplicitLocOpBuilder &builder, const IdRows &rows,
                             bool nonNegative, TokenRow out) {
  SmallVector<IdSlots::Tokens> tokens{rows.keys};
  if (!rows.isSelf)
    tokens.push_back(rows.queries);
  IdSlots slots(builder, tokens);
  KeysOfSlots keys(builder, slots, rows.keys.ids, rows.keys.size,
                   /*mayLack=*/!rows.isSelf);
  emitLoop(builder, emitIndex(builder, 0), rows.queries.size, {},
           [&](Value i, ValueRange) {
             Value id = rows.queries.ids.load(i);
             Value slot = slots.get(tokens.size() - 1, i, id);
             Value occurs = arith::ConstantIntOp::create(builder, 1, 1);
             if (!rows.isSelf)
               occurs = compare(builder, arith::CmpIPredicate::ne,
                                keys.loadEnd(slot), emitNarrow(builder, 0));
             if (nonNegative)
               occurs = arith::AndIOp::create(
                   builder, occurs,
                   compare(builder, arith::CmpIPredicate::sge, id,
                           emitConstant(builder, 0)));
             for (auto [column, bound] :
                  llvm::enumerate(emitInterval(builder, keys, slot, occurs)))
               out.store(bound, i, emitIndex(builder, column));
             return SmallVector<Value>();
           });
}

/// The number of keys of a batch row: none beyond the batch rows that exist.
static Value emitNumKeys(ImplicitLocOpBuilder &builder, Value keyIds,
                         TokenRow keys, Value batch) {
  Value size = keys.getSize();
  if (!batch)
    return size;
  Value rows = memref::DimOp::create(builder, keyIds, 0);
  Value exists = compare(builder, arith::CmpIPredicate::slt, batch, rows);
  return arith::SelectOp::create(builder, exists, size, emitIndex(builder, 0));
}

void mlir::mask::emitIntervalTable(ImplicitLocOpBuilder &builder,
                                   Value queryIds, Value keyIds,
                                   bool nonNegative, Value result) {
  int64_t rank = cast<MemRefType>(queryIds.getType()).getRank();
  emitBatchLoop(builder, queryIds, rank, [&](Value batch) {
    TokenRow queries(builder, queryIds, batch), keys(builder, keyIds, batch),
        out(builder, result, batch);
    IdRows rows{{keys, emitNumKeys(builder, keyIds, keys, batch)},
                {queries, queries.getSize()},
                /*isSelf=*/queryIds == keyIds};
    emitIntervalRows(builder, rows, nonNegative, out);
  });
}
