//===- Captures.cpp - captures of closed predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/Captures.h"

#include "Mask/IR/Absence.h"
#include "Mask/IR/RegionEffects.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::mask;

SmallVector<Value> mlir::mask::addCaptures(RewriterBase &rewriter,
                                           AttentionOp attention,
                                           ValueRange values) {
  Block &block = attention.getPredicate().front();
  SmallVector<Value> arguments;
  rewriter.modifyOpInPlace(attention, [&] {
    attention.getCapturesMutable().append(values);
    for (Value value : values)
      arguments.push_back(block.addArgument(value.getType(), value.getLoc()));
  });
  return arguments;
}

void mlir::mask::eraseUnusedCaptures(RewriterBase &rewriter,
                                     AttentionOp attention) {
  Block &block = attention.getPredicate().front();
  llvm::BitVector unused(block.getNumArguments());
  SmallVector<Value> used;
  for (auto [argument, capture] :
       llvm::zip_equal(block.getArguments(), attention.getCaptures())) {
    if (argument.use_empty())
      unused.set(argument.getArgNumber());
    else
      used.push_back(capture);
  }
  if (unused.none())
    return;
  rewriter.modifyOpInPlace(attention, [&] {
    attention.getCapturesMutable().assign(used);
    block.eraseArguments(unused);
  });
}

//===----------------------------------------------------------------------===//
// Hoisting
//===----------------------------------------------------------------------===//

static bool makesPredicate(Operation &op) {
  return llvm::any_of(op.getResultTypes(), llvm::IsaPred<PredicateType>);
}

static bool makesAbsent(Operation &op) {
  return llvm::any_of(op.getResults(), [](Value v) { return isAbsent(v); });
}

/// Folds look for numbers; data that is constant is a fact like others.
static bool isNumber(Operation &op) {
  Attribute number;
  return op.getNumResults() == 1 && matchPattern(&op, m_Constant(&number)) &&
         isa<IntegerAttr, FloatAttr>(number);
}

/// The values of `block` that `op`, or an op in its regions, reads.
static SetVector<Value> getInputs(Operation &op, Block &block) {
  SetVector<Value> inputs;
  op.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (operand.getParentBlock() == &block)
        inputs.insert(operand);
  });
  return inputs;
}

/// The ops of the region that the predicate it yields is computed from.
static DenseSet<Operation *> getNeeded(Block &block) {
  DenseSet<Operation *> needed;
  SmallVector<Operation *> worklist{block.getTerminator()};
  while (!worklist.empty())
    for (Value input : getInputs(*worklist.pop_back_val(), block))
      if (Operation *producer = input.getDefiningOp())
        if (needed.insert(producer).second)
          worklist.push_back(producer);
  return needed;
}

/// Whether the value may be an operand of an attention on tensors, or of one on
/// memrefs (C7 of `mask.attention`).
static bool canCapture(AttentionOp attention, Value value) {
  Type type = value.getType();
  if (isa<TensorType>(type))
    return isa<RankedTensorType>(type) && attention.hasPureTensorSemantics();
  if (isa<MemRefType>(type))
    return !attention.hasPureTensorSemantics();
  return type.isIntOrIndexOrFloat();
}

namespace {
/// Copies the ops that can be computed before the attention, in order.
class FactHoister {
public:
  FactHoister(RewriterBase &rewriter, AttentionOp attention)
      : rewriter(rewriter), attention(attention),
        block(attention.getPredicate().front()) {
    mapping.map(block.getArguments(), attention.getCaptures());
  }

  void run();

private:
  bool copy(Operation &op);
  void capture(Value result);

  RewriterBase &rewriter;
  AttentionOp attention;
  Block &block;
  IRMapping mapping;
  DenseSet<Operation *> copied;
};
} // namespace

/// Fails where an input is not computed outside.
bool FactHoister::copy(Operation &op) {
  SetVector<Value> inputs = getInputs(op, block);
  for (Value input : inputs)
    if (!mapping.contains(input) && !isNumber(*input.getDefiningOp()))
      return false;
  for (Value input : inputs)
    if (!mapping.contains(input))
      rewriter.clone(*input.getDefiningOp(), mapping);
  rewriter.clone(op, mapping);
  return copied.insert(&op).second;
}

/// Lets the ops that stay read what was copied.
void FactHoister::capture(Value result) {
  auto stays = [&](OpOperand &use) {
    return !copied.contains(block.findAncestorOpInBlock(*use.getOwner()));
  };
  if (!canCapture(attention, result) || llvm::none_of(result.getUses(), stays))
    return;
  Value inside =
      addCaptures(rewriter, attention, mapping.lookup(result)).front();
  rewriter.replaceUsesWithIf(result, inside, stays);
}

void FactHoister::run() {
  DenseSet<Operation *> needed = getNeeded(block);
  for (Operation &op : block.without_terminator())
    if (needed.contains(&op) && !makesPredicate(op) && !makesAbsent(op) &&
        !isNumber(op) && !findForbiddenEffect(&op))
      copy(op);
  for (Operation &op : block)
    if (copied.contains(&op))
      for (Value result : op.getResults())
        capture(result);
  // What only the copied ops read, and what nobody reads.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      rewriter.eraseOp(&op);
}

void mlir::mask::hoistFacts(RewriterBase &rewriter, AttentionOp attention) {
  if (!attention.isClosed())
    return;
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(attention);
  FactHoister(rewriter, attention).run();
  eraseUnusedCaptures(rewriter, attention);
}

LogicalResult mlir::mask::verifyHoistable(AttentionOp attention) {
  Block &block = attention.getPredicate().front();
  DenseSet<Operation *> needed = getNeeded(block);
  auto refuse = [&](Operation *op) {
    InFlightDiagnostic error = op->emitOpError();
    error.attachNote(attention.getLoc())
        << "in the predicate of this attention";
    return error;
  };
  for (Operation &op : block.without_terminator()) {
    if (std::optional<ForbiddenEffect> effect = findForbiddenEffect(&op))
      return refuse(effect->op)
             << effect->what
             << ", so it cannot run in front of the attention; a predicate's "
                "region may only compute and read";
    if (!needed.contains(&op))
      continue;
    if (makesPredicate(op)) {
      if (isa<MaskDialect>(op.getDialect()))
        continue;
      return refuse(&op) << "makes a predicate; only ops of the mask dialect "
                            "can be evaluated";
    }
    if (makesAbsent(op))
      return refuse(&op)
             << "is absent; what reads it must fold away first (canonicalize)";
    for (Value result : op.getResults())
      for (Operation *user : result.getUsers())
        if (makesPredicate(*user) && !canCapture(attention, result))
          return refuse(&op) << "makes a " << result.getType()
                             << " that a predicate on memrefs cannot read";
  }
  return success();
}
