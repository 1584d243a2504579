//===- BuildTables.cpp - index tables for the leaves of predicates -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Analysis/RowIntervals.h"
#include "Mask/IR/Absence.h"
#include "Mask/IR/Packing.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/PredicateSlice.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKBUILDTABLES
#include "Mask/Transforms/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;
using namespace mlir::mask;

/// Per token `(outer lower, outer upper, inner lower, inner upper)`.
static RankedTensorType getIntervalTableType(Value ids) {
  auto type = cast<RankedTensorType>(ids.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(4);
  return RankedTensorType::get(shape, IntegerType::get(type.getContext(), 32));
}

/// One count more than there are flags, then the first and the end of the valid
/// keys.
static RankedTensorType getCountTableType(Value valid) {
  auto type = cast<RankedTensorType>(valid.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (!ShapedType::isDynamic(shape.back()))
    shape.back() += 3;
  return RankedTensorType::get(shape, IntegerType::get(type.getContext(), 32));
}

/// Per token the least and greatest value to both ends of its block.
static RankedTensorType getRangeTableType(Value data) {
  auto type = cast<RankedTensorType>(data.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(4);
  unsigned width = type.getElementTypeBitWidth() > 32 ? 64 : 32;
  return RankedTensorType::get(shape,
                               IntegerType::get(type.getContext(), width));
}

/// Whether the region reads the capture anywhere but at the query: what a tile
/// reads is then known from a table only.
static bool readsByKey(GenericOp op, unsigned capture) {
  Block &body = op.getBody().front();
  auto type = dyn_cast<RankedTensorType>(op.getCaptures()[capture].getType());
  if (!type || !type.getElementType().isInteger() || type.getRank() < 1 ||
      type.getRank() > 2)
    return false;
  Value query = body.getArgument(2);
  return llvm::any_of(body.getArgument(4 + capture).getUsers(),
                      [&](Operation *user) {
                        auto load = dyn_cast<tensor::ExtractOp>(user);
                        return load && load.getIndices().back() != query;
                      });
}

/// One flag per batch row, or one for all.
static RankedTensorType getMonotoneTableType(Value positions) {
  auto type = cast<RankedTensorType>(positions.getType());
  int64_t batch = type.getRank() == 2 ? type.getDimSize(0) : 1;
  return RankedTensorType::get({batch},
                               IntegerType::get(type.getContext(), 32));
}

/// Moves the insertion point to where both values exist first. One of the two
/// is defined at or before the other, since both reach the same attention.
static void setInsertionPointAfterBoth(OpBuilder &builder, Value a, Value b,
                                       DominanceInfo &dominance) {
  builder.setInsertionPointAfterValue(a);
  if (!b || a == b)
    return;
  OpBuilder::InsertPoint afterA = builder.saveInsertionPoint();
  builder.setInsertionPointAfterValue(b);
  OpBuilder::InsertPoint afterB = builder.saveInsertionPoint();
  if (dominance.properlyDominates(afterB.getBlock(), afterB.getPoint(),
                                  afterA.getBlock(), afterA.getPoint()))
    builder.restoreInsertionPoint(afterA);
}

namespace {
/// Attaches tables to leaves: those of the region of a closed attention, or
/// those of an open predicate, which read their facts directly.
class TableBuilder {
public:
  explicit TableBuilder(RewriterBase &rewriter, AttentionOp closed = {})
      : rewriter(rewriter), closed(closed) {}

  void addTable(Operation *op) {
    TypeSwitch<Operation *>(op)
        .Case([&](BlockBidirectionalOp leaf) {
          addIntervals(leaf, /*nonNegative=*/true);
        })
        .Case(
            [&](DocumentOp leaf) { addIntervals(leaf, /*nonNegative=*/false); })
        .Case([&](KeyPaddingOp leaf) {
          add<CountTableOp>(leaf, leaf.getValid(), getCountTableType);
        })
        .Case([&](AtPositionsOp leaf) {
          add<MonotoneTableOp>(leaf, leaf.getKeyPositions(),
                               getMonotoneTableType);
          addRange(leaf);
        })
        .Case([&](GenericOp leaf) { addRanges(leaf); });
  }

private:
  /// The tensor that the leaf's operand stands for outside of a region, or null
  /// if the region computes it or there is none.
  Value lookupFact(Value operand) {
    if (closed) {
      auto argument = dyn_cast<BlockArgument>(operand);
      if (!argument || argument.getOwner() != &closed.getPredicate().front())
        return {};
      operand = closed.getCaptures()[argument.getArgNumber()];
    }
    // The leaf that reads an absent fact folds.
    if (isAbsent(operand) || !isa<TensorType>(operand.getType()))
      return {};
    return operand;
  }

  /// `table`, or an identical op that is there already; in a closed region as
  /// the argument for it.
  template <typename TableOp>
  Value share(TableOp table, Value fact, Operation *leaf) {
    Operation *user = closed ? closed.getOperation() : leaf;
    for (Operation *other : fact.getUsers()) {
      if (other == table || !isa<TableOp>(other) ||
          !OperationEquivalence::isEquivalentTo(
              other, table, OperationEquivalence::IgnoreLocations) ||
          !dominance.properlyDominates(other, user))
        continue;
      rewriter.eraseOp(table);
      table = cast<TableOp>(other);
      break;
    }
    if (!closed)
      return table.getResult();
    for (auto [argument, capture] : llvm::zip_equal(
             closed.getPredicate().getArguments(), closed.getCaptures()))
      if (capture == table.getResult())
        return argument;
    return addCaptures(rewriter, closed, table->getResults()).front();
  }

  template <typename LeafOp>
  void attach(LeafOp leaf, Value table) {
    rewriter.modifyOpInPlace(leaf,
                             [&] { leaf.getTableMutable().assign(table); });
  }

  template <typename LeafOp>
  void addIntervals(LeafOp leaf, bool nonNegative) {
    Value ids = lookupFact(leaf.getQueryIds());
    Value keyIds = leaf.isSelf() ? Value() : lookupFact(leaf.getKeyIds());
    if (leaf.getTable() || !ids || (!leaf.isSelf() && !keyIds))
      return;
    OpBuilder::InsertionGuard guard(rewriter);
    setInsertionPointAfterBoth(rewriter, ids, keyIds, dominance);
    auto table = IntervalTableOp::create(rewriter, leaf.getLoc(),
                                         getIntervalTableType(ids), ids, keyIds,
                                         nonNegative);
    attach(leaf, share(table, ids, leaf));
    // Where the ids come from is out of sight in a body or on memrefs. The
    // tokens without an id lie anywhere, and share the id of a document.
    if (nonNegative && hasContiguousIds(keyIds ? keyIds : ids))
      rewriter.modifyOpInPlace(leaf, [&] { leaf.setContiguous(true); });
  }

  template <typename TableOp, typename LeafOp>
  void add(LeafOp leaf, Value operand,
           function_ref<RankedTensorType(Value)> getType) {
    Value fact = lookupFact(operand);
    if (leaf.getTable() || !fact)
      return;
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfterValue(fact);
    auto table = TableOp::create(rewriter, leaf.getLoc(), getType(fact), fact);
    attach(leaf, share(table, fact, leaf));
  }

  /// The range table of a fact, or null.
  Value makeRange(Operation *leaf, Value operand) {
    Value fact = lookupFact(operand);
    if (!fact)
      return {};
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointAfterValue(fact);
    auto table = RangeTableOp::create(rewriter, leaf->getLoc(),
                                      getRangeTableType(fact), fact);
    return share(table, fact, leaf);
  }

  void addRange(AtPositionsOp leaf) {
    if (leaf.getRange())
      return;
    if (Value table = makeRange(leaf, leaf.getKeyPositions()))
      rewriter.modifyOpInPlace(leaf,
                               [&] { leaf.getRangeMutable().assign(table); });
  }

  void addRanges(GenericOp leaf) {
    if (!leaf.getTables().empty())
      return;
    SmallVector<Value> tables;
    SmallVector<int64_t> tabled;
    for (auto [number, capture] : llvm::enumerate(leaf.getCaptures())) {
      Value table =
          readsByKey(leaf, number) ? makeRange(leaf, capture) : Value();
      if (!table)
        continue;
      tables.push_back(table);
      tabled.push_back(number);
    }
    if (tables.empty())
      return;
    rewriter.modifyOpInPlace(leaf, [&] {
      leaf.getTablesMutable().assign(tables);
      leaf.setTabled(tabled);
    });
  }

  RewriterBase &rewriter;
  AttentionOp closed;
  DominanceInfo dominance;
};
} // namespace

void mlir::mask::buildTables(RewriterBase &rewriter, AttentionOp attention) {
  if (!attention.isClosed() || !attention.hasPureTensorSemantics())
    return;
  SmallVector<PackedOp> packed(attention.getPredicate().getOps<PackedOp>());
  for (PackedOp op : packed)
    expandPacked(rewriter, op);
  hoistFacts(rewriter, attention);
  TableBuilder builder(rewriter, attention);
  attention.getPredicate().walk([&](Operation *op) { builder.addTable(op); });
}

void mlir::mask::buildTables(RewriterBase &rewriter,
                             const PredicateSlice &slice) {
  TableBuilder builder(rewriter);
  for (Operation *op : slice.ops)
    builder.addTable(op);
}

namespace {
struct BuildTablesPass
    : public mask::impl::MaskBuildTablesBase<BuildTablesPass> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<AttentionOp> attentions;
    getOperation()->walk(
        [&](AttentionOp attention) { attentions.push_back(attention); });
    IRRewriter rewriter(&getContext());
    for (AttentionOp attention : attentions)
      buildTables(rewriter, attention);
  }
};
} // namespace
