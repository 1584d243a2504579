//===- BuildTables.cpp - index tables for the leaves of predicates -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Packing.h"
#include "Mask/Transforms/Passes.h"
#include "Mask/Transforms/Transforms.h"

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
/// Attaches tables to the leaves of one attention.
class TableBuilder {
public:
  TableBuilder(RewriterBase &rewriter, AttentionOp attention)
      : rewriter(rewriter), attention(attention), dominance(attention) {}

  void run() {
    attention.getPredicate().walk([&](Operation *op) {
      TypeSwitch<Operation *>(op)
          .Case([&](BlockBidirectionalOp leaf) { addIntervals(leaf, true); })
          .Case([&](DocumentOp leaf) { addIntervals(leaf, false); })
          .Case([&](KeyPaddingOp leaf) { addCounts(leaf); })
          .Case([&](AtPositionsOp leaf) { addMonotone(leaf); });
    });
  }

private:
  /// What the region's value `inside` stands for, or null if the region
  /// computes it.
  Value lookupCapture(Value inside) {
    auto argument = dyn_cast<BlockArgument>(inside);
    if (!argument || argument.getOwner() != &attention.getPredicate().front())
      return {};
    return attention.getCaptures()[argument.getArgNumber()];
  }

  /// The region's argument for the table `create` builds from `fact` (and
  /// `second`): an identical table is used again.
  template <typename TableOp>
  Value getTable(Value fact, Value second,
                 function_ref<TableOp(OpBuilder &)> create) {
    OpBuilder::InsertionGuard guard(rewriter);
    setInsertionPointAfterBoth(rewriter, fact, second, dominance);
    TableOp table = create(rewriter);
    for (Operation *user : fact.getUsers()) {
      if (user == table || !isa<TableOp>(user) ||
          !OperationEquivalence::isEquivalentTo(
              user, table, OperationEquivalence::IgnoreLocations) ||
          !dominance.properlyDominates(user, attention))
        continue;
      rewriter.eraseOp(table);
      table = cast<TableOp>(user);
      break;
    }
    Value result = table.getResult();
    for (auto [argument, capture] : llvm::zip_equal(
             attention.getPredicate().getArguments(), attention.getCaptures()))
      if (capture == result)
        return argument;
    return addCaptures(rewriter, attention, result).front();
  }

  template <typename LeafOp>
  void addIntervals(LeafOp leaf, bool nonNegative) {
    if (leaf.getTable())
      return;
    Value ids = lookupCapture(leaf.getQueryIds());
    Value keyIds = leaf.isSelf() ? Value() : lookupCapture(leaf.getKeyIds());
    if (!ids || (!leaf.isSelf() && !keyIds))
      return;
    auto create = [&](OpBuilder &builder) {
      return IntervalTableOp::create(builder, leaf.getLoc(),
                                     getIntervalTableType(ids), ids, keyIds,
                                     nonNegative);
    };
    Value table = getTable<IntervalTableOp>(ids, keyIds, create);
    rewriter.modifyOpInPlace(leaf,
                             [&] { leaf.getTableMutable().assign(table); });
  }

  void addCounts(KeyPaddingOp leaf) {
    Value valid = lookupCapture(leaf.getValid());
    if (leaf.getTable() || !valid)
      return;
    auto create = [&](OpBuilder &builder) {
      return CountTableOp::create(builder, leaf.getLoc(),
                                  getCountTableType(valid), valid);
    };
    Value table = getTable<CountTableOp>(valid, Value(), create);
    rewriter.modifyOpInPlace(leaf,
                             [&] { leaf.getTableMutable().assign(table); });
  }

  void addMonotone(AtPositionsOp leaf) {
    Value positions = lookupCapture(leaf.getKeyPositions());
    if (leaf.getTable() || !positions)
      return;
    auto create = [&](OpBuilder &builder) {
      return MonotoneTableOp::create(
          builder, leaf.getLoc(), getMonotoneTableType(positions), positions);
    };
    Value table = getTable<MonotoneTableOp>(positions, Value(), create);
    rewriter.modifyOpInPlace(leaf,
                             [&] { leaf.getTableMutable().assign(table); });
  }

  RewriterBase &rewriter;
  AttentionOp attention;
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
  TableBuilder(rewriter, attention).run();
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
