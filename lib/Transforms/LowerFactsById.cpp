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
    Value slot = slots.get(0, i);
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
              memref::LoadOp::create(builder, counts, slots.get(0, i));
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
/// Where the keys of each slot are: the first one, and one past the last one.
/// The first one is complemented if there are other keys between the two; the
/// end of a slot without keys is zero.
///
/// What is known of a slot fills eight bytes and is filled in one pass: where
/// neighbours have ids that lie far apart, each visit misses the cache.
class KeysOfSlots {
public:
  KeysOfSlots(ImplicitLocOpBuilder &builder, const IdSlots &slots, Value size);

  Value loadFirst(Value slot) const { return load(slot, kFirst); }
  Value loadEnd(Value slot) const { return load(slot, kEnd); }
  /// Asks for what is known of the slot of a token some way behind token `i` of
  /// a row: where neighbours have ids that lie far apart the caches hold none,
  /// and the processor looks ahead for a few tokens only.
  void prefetch(unsigned row, Value i) const;

private:
  enum Column { kFirst, kEnd, kNumColumns };

  Value load(Value slot, Column column) const {
    return memref::LoadOp::create(builder, table,
                                  ValueRange{slot, emitIndex(builder, column)});
  }
  void store(Value value, Value slot, Column column) const {
    memref::StoreOp::create(builder, value, table,
                            ValueRange{slot, emitIndex(builder, column)});
  }
  Value emitFirst(Value i, Value slot) const;

  ImplicitLocOpBuilder &builder;
  const IdSlots &slots;
  Value table;
};
} // namespace

static Value complement(ImplicitLocOpBuilder &builder, Value first) {
  return arith::XOrIOp::create(builder, first, emitNarrow(builder, -1));
}

KeysOfSlots::KeysOfSlots(ImplicitLocOpBuilder &builder, const IdSlots &slots,
                         Value size)
    : builder(builder), slots(slots) {
  auto type = MemRefType::get({ShapedType::kDynamic, kNumColumns},
                              builder.getI32Type());
  table = memref::AllocOp::create(builder, type, slots.getNumSlots());
  Value nobodys = emitIndex(builder, 0), one = emitIndex(builder, 1);
  emitLoop(builder, nobodys, slots.getNumSlots(), {},
           [&](Value slot, ValueRange) {
             for (Column column : {kFirst, kEnd})
               store(emitNarrow(builder, 0), slot, column);
             return SmallVector<Value>();
           });
  // Carried: the slot before, and its first key.
  emitLoop(
      builder, emitIndex(builder, 0), size, {nobodys, emitNarrow(builder, 0)},
      [&](Value i, ValueRange carried) -> SmallVector<Value> {
        prefetch(0, i);
        Value slot = slots.get(0, i);
        Value begins =
            compare(builder, arith::CmpIPredicate::ne, slot, carried[0]);
        // In a run nothing is read that the token before has written, so
        // that none waits for another.
        Value before = arith::SelectOp::create(builder, begins, slot, nobodys);
        Value first = arith::SelectOp::create(builder, begins,
                                              emitFirst(i, before), carried[1]);
        store(first, slot, kFirst);
        Value end = arith::AddIOp::create(builder, i, one);
        store(narrow(builder, end), slot, kEnd);
        return {slot, first};
      });
}

void KeysOfSlots::prefetch(unsigned row, Value i) const {
  Value ahead = arith::AddIOp::create(builder, i,
                                      emitIndex(builder, IdSlots::kSlotsAhead));
  memref::PrefetchOp::create(
      builder, table,
      ValueRange{slots.get(row, ahead), emitIndex(builder, kFirst)},
      /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
}

/// The first key of a slot when key `i` begins a run of it: a second run lies
/// apart from the first.
Value KeysOfSlots::emitFirst(Value i, Value slot) const {
  Value isNew = compare(builder, arith::CmpIPredicate::eq, loadEnd(slot),
                        emitNarrow(builder, 0));
  Value first = loadFirst(slot);
  Value apart =
      arith::MinSIOp::create(builder, first, complement(builder, first));
  return arith::SelectOp::create(builder, isNew, narrow(builder, i), apart);
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
                            compare(builder, arith::CmpIPredicate::sge, first,
                                    emitNarrow(builder, 0)));
  first = arith::MaxSIOp::create(builder, first, complement(builder, first));
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
  KeysOfSlots keys(builder, slots, rows.keys.size);
  emitLoop(builder, emitIndex(builder, 0), rows.queries.size, {},
           [&](Value i, ValueRange) {
             Value id = rows.queries.ids.load(i);
             unsigned row = tokens.size() - 1;
             keys.prefetch(row, i);
             Value slot = slots.get(row, i);
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
