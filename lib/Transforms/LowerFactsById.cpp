//===- LowerFactsById.cpp - loops that look tokens up by their id -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ids are arbitrary integers, so what is known of an id lives in a hash table.
// Neighbouring tokens mostly share an id: the table is probed once per run of
// equal ids and sized by the number of runs.
//
//===----------------------------------------------------------------------===//

#include "LowerFacts.h"

#include "Mask/IR/Mask.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::mask;

namespace {
/// From the ids of one row to how many tokens carry each, and where the first
/// and the last of them are. Open addressing with linear probing and
/// multiplicative (Fibonacci) hashing; at most half of the slots are in use.
class IdTable {
public:
  /// Emits the construction from `size` tokens of `ids`.
  IdTable(ImplicitLocOpBuilder &builder, TokenRow ids, Value size);

  /// The slot of `id`; of an id that does not occur, a slot with count 0.
  Value find(Value id) const;
  Value loadCount(Value slot) const { return load(counts, slot); }
  Value loadFirst(Value slot) const { return load(firsts, slot); }
  Value loadEnd(Value slot) const { return load(ends, slot); }

private:
  Value load(Value memref, Value slot) const {
    return memref::LoadOp::create(builder, memref, ValueRange{slot});
  }
  void store(Value value, Value memref, Value slot) const {
    memref::StoreOp::create(builder, value, memref, ValueRange{slot});
  }
  void allocate(Value runs);
  void insert(TokenRow ids, Value size);

  ImplicitLocOpBuilder &builder;
  Value keys, counts, firsts, ends;
  /// Number of slots minus one; how far a product is shifted to give a slot.
  Value slotMask, shift;
};
} // namespace

static Value compare(ImplicitLocOpBuilder &builder,
                     arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, predicate, a, b);
}

/// Whether token `i` begins a run: its id is not that of the token before.
static Value emitBeginsRun(ImplicitLocOpBuilder &builder, Value i, Value id,
                           Value previous) {
  return arith::OrIOp::create(
      builder,
      compare(builder, arith::CmpIPredicate::eq, i, emitIndex(builder, 0)),
      compare(builder, arith::CmpIPredicate::ne, id, previous));
}

/// `condition ? make() : otherwise`, where only the chosen side is computed.
static ValueRange emitIf(ImplicitLocOpBuilder &builder, Value condition,
                         ValueRange otherwise,
                         function_ref<SmallVector<Value>()> make) {
  auto branch = scf::IfOp::create(builder, otherwise.getTypes(), condition,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, otherwise);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, make());
  return branch.getResults();
}

/// The number of runs of equal ids.
static Value emitCountRuns(ImplicitLocOpBuilder &builder, TokenRow ids,
                           Value size) {
  Value zero = emitConstant(builder, 0);
  return emitLoop(builder, emitIndex(builder, 0), size, {zero, zero},
                  [&](Value i, ValueRange carried) -> SmallVector<Value> {
                    Value id = ids.load(i);
                    Value begins = emitBeginsRun(builder, i, id, carried[0]);
                    return {id,
                            arith::AddIOp::create(
                                builder, carried[1],
                                arith::ExtUIOp::create(
                                    builder, builder.getI64Type(), begins))};
                  })[1];
}

IdTable::IdTable(ImplicitLocOpBuilder &builder, TokenRow ids, Value size)
    : builder(builder) {
  allocate(emitCountRuns(builder, ids, size));
  insert(ids, size);
}

void IdTable::allocate(Value runs) {
  // The least power of two >= max(2 * runs, 2); its logarithm is
  // 64 - clz(that - 1).
  Value one = emitConstant(builder, 1);
  Value least = arith::SubIOp::create(
      builder,
      arith::MaxSIOp::create(builder, arith::ShLIOp::create(builder, runs, one),
                             emitConstant(builder, 2)),
      one);
  shift = math::CountLeadingZerosOp::create(builder, least);
  slotMask = arith::ShRUIOp::create(builder, emitConstant(builder, -1), shift);
  Value slots =
      arith::IndexCastOp::create(builder, builder.getIndexType(),
                                 arith::AddIOp::create(builder, slotMask, one));
  auto column = MemRefType::get({ShapedType::kDynamic}, builder.getI64Type());
  keys = memref::AllocOp::create(builder, column, slots);
  counts = memref::AllocOp::create(builder, column, slots);
  firsts = memref::AllocOp::create(builder, column, slots);
  ends = memref::AllocOp::create(builder, column, slots);
  Value zero = emitConstant(builder, 0);
  emitLoop(builder, emitIndex(builder, 0), slots, {},
           [&](Value slot, ValueRange) {
             store(zero, counts, slot);
             return SmallVector<Value>();
           });
}

Value IdTable::find(Value id) const {
  Type index = builder.getIndexType();
  // 2^64 divided by the golden ratio.
  Value product = arith::MulIOp::create(
      builder, id,
      emitConstant(builder, static_cast<int64_t>(0x9E3779B97F4A7C15)));
  Value start = arith::IndexCastOp::create(
      builder, index, arith::ShRUIOp::create(builder, product, shift));
  Value wrap = arith::IndexCastOp::create(builder, index, slotMask);
  auto loop = scf::WhileOp::create(
      builder, TypeRange{index}, ValueRange{start},
      [&](OpBuilder &, Location, ValueRange slot) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(slot[0].getParentBlock());
        Value used = compare(builder, arith::CmpIPredicate::ne,
                             loadCount(slot[0]), emitConstant(builder, 0));
        Value other =
            compare(builder, arith::CmpIPredicate::ne, load(keys, slot[0]), id);
        scf::ConditionOp::create(
            builder, arith::AndIOp::create(builder, used, other), slot);
      },
      [&](OpBuilder &, Location, ValueRange slot) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToStart(slot[0].getParentBlock());
        Value next =
            arith::AddIOp::create(builder, slot[0], emitIndex(builder, 1));
        scf::YieldOp::create(
            builder, ValueRange{arith::AndIOp::create(builder, next, wrap)});
      });
  return loop.getResult(0);
}

void IdTable::insert(TokenRow ids, Value size) {
  Type wide = builder.getI64Type();
  Value zero = emitConstant(builder, 0), one = emitConstant(builder, 1);
  // Carried: the id before and its slot.
  emitLoop(builder, emitIndex(builder, 0), size, {zero, emitIndex(builder, 0)},
           [&](Value i, ValueRange carried) -> SmallVector<Value> {
             Value id = ids.load(i);
             Value token = arith::IndexCastOp::create(builder, wide, i);
             Value begins = emitBeginsRun(builder, i, id, carried[0]);
             Value slot = emitIf(builder, begins, carried[1], [&] {
               Value found = find(id);
               Value isNew = compare(builder, arith::CmpIPredicate::eq,
                                     loadCount(found), zero);
               auto branch =
                   scf::IfOp::create(builder, isNew, /*withElse=*/false);
               OpBuilder::InsertionGuard guard(builder);
               builder.setInsertionPointToStart(branch.thenBlock());
               store(id, keys, found);
               store(token, firsts, found);
               return SmallVector<Value>{found};
             })[0];
             store(arith::AddIOp::create(builder, loadCount(slot), one), counts,
                   slot);
             store(arith::AddIOp::create(builder, token, one), ends, slot);
             return {id, slot};
           });
}

void mlir::mask::emitDropLong(ImplicitLocOpBuilder &builder, Value ids,
                              Value bound, Value result) {
  int64_t rank = cast<MemRefType>(ids.getType()).getRank();
  emitBatchLoop(builder, ids, rank, [&](Value batch) {
    TokenRow in(builder, ids, batch), out(builder, result, batch);
    Value size = in.getSize();
    IdTable table(builder, in, size);
    Value limit =
        arith::IndexCastOp::create(builder, builder.getI64Type(), bound);
    Value zero = emitConstant(builder, 0), none = emitConstant(builder, -1);
    // Carried: the id before and what became of it.
    emitLoop(builder, emitIndex(builder, 0), size, {zero, zero},
             [&](Value i, ValueRange carried) -> SmallVector<Value> {
               Value id = in.load(i);
               Value begins = emitBeginsRun(builder, i, id, carried[0]);
               Value kept = emitIf(builder, begins, carried[1], [&] {
                 Value count = table.loadCount(table.find(id));
                 Value isLong =
                     compare(builder, arith::CmpIPredicate::sgt, count, limit);
                 return SmallVector<Value>{
                     arith::SelectOp::create(builder, isLong, none, id)};
               })[0];
               out.store(kept, i);
               return {id, kept};
             });
  });
}

/// The outer and the inner interval of the keys that carry `id`.
static SmallVector<Value> emitInterval(ImplicitLocOpBuilder &builder,
                                       const IdTable &table, Value id,
                                       bool nonNegative) {
  Value slot = table.find(id);
  Value count = table.loadCount(slot), first = table.loadFirst(slot),
        end = table.loadEnd(slot);
  Value zero = emitConstant(builder, 0);
  Value occurs = compare(builder, arith::CmpIPredicate::sgt, count, zero);
  if (nonNegative)
    occurs = arith::AndIOp::create(
        builder, occurs, compare(builder, arith::CmpIPredicate::sge, id, zero));
  Value isContiguous = arith::AndIOp::create(
      builder, occurs,
      compare(builder, arith::CmpIPredicate::eq,
              arith::SubIOp::create(builder, end, first), count));
  Value noLower = emitConstant(builder, kNoKey),
        noUpper = emitConstant(builder, -kNoKey);
  return {arith::SelectOp::create(builder, occurs, first, noLower),
          arith::SelectOp::create(builder, occurs, end, noUpper),
          arith::SelectOp::create(builder, isContiguous, first, noLower),
          arith::SelectOp::create(builder, isContiguous, end, noUpper)};
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
    IdTable table(builder, keys, emitNumKeys(builder, keyIds, keys, batch));
    // Carried: the id before and its four bounds.
    SmallVector<Value> inits(5, emitConstant(builder, 0));
    emitLoop(builder, emitIndex(builder, 0), queries.getSize(), inits,
             [&](Value i, ValueRange carried) {
               Value id = queries.load(i);
               Value begins = emitBeginsRun(builder, i, id, carried[0]);
               ValueRange bounds =
                   emitIf(builder, begins, carried.drop_front(), [&] {
                     return emitInterval(builder, table, id, nonNegative);
                   });
               for (auto [column, bound] : llvm::enumerate(bounds))
                 out.store(bound, i, emitIndex(builder, column));
               SmallVector<Value> next{id};
               llvm::append_range(next, bounds);
               return next;
             });
  });
}
