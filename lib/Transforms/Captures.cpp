//===- Captures.cpp - captures of closed predicates -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/Transforms.h"

#include "Mask/IR/Absence.h"

#include "mlir/IR/IRMapping.h"
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

/// Whether `op` computes data out of data: anything but a predicate.
static bool computesFact(Operation &op) {
  return op.getNumResults() > 0 && op.getNumRegions() == 0 &&
         isMemoryEffectFree(&op) &&
         llvm::none_of(op.getResultTypes(), llvm::IsaPred<PredicateType>) &&
         llvm::any_of(op.getResultTypes(), llvm::IsaPred<TensorType>);
}

/// Whether everything `op` reads is a capture, a constant, or computed from
/// them by scalar code; `inputs` are then the ops of the region it depends on,
/// in order.
static bool collectInputs(Operation *op, Block &block,
                          SetVector<Operation *> &inputs) {
  for (Value operand : op->getOperands()) {
    Operation *producer = operand.getDefiningOp();
    if (!producer || producer->getBlock() != &block)
      continue;
    if (producer->getNumRegions() || !isMemoryEffectFree(producer) ||
        !collectInputs(producer, block, inputs))
      return false;
  }
  inputs.insert(op);
  return true;
}

void mlir::mask::hoistFacts(RewriterBase &rewriter, AttentionOp attention) {
  if (!attention.isClosed() || !attention.hasPureTensorSemantics())
    return;
  Block &block = attention.getPredicate().front();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(attention);
  IRMapping mapping;
  for (auto [argument, capture] :
       llvm::zip_equal(block.getArguments(), attention.getCaptures()))
    mapping.map(argument, capture);

  for (Operation &op : llvm::make_early_inc_range(block)) {
    SetVector<Operation *> inputs;
    // An absent fact stays: the leaf that reads it folds.
    if (!computesFact(op) || isAbsent(op.getResult(0)) ||
        !collectInputs(&op, block, inputs))
      continue;
    for (Operation *input : inputs)
      if (!mapping.contains(input))
        rewriter.clone(*input, mapping);
    for (Value result : op.getResults()) {
      Value outside = mapping.lookup(result);
      Value inside = addCaptures(rewriter, attention, outside).front();
      rewriter.replaceAllUsesWith(result, inside);
      mapping.map(inside, outside);
    }
    rewriter.eraseOp(&op);
  }
  // What only the moved ops read.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      rewriter.eraseOp(&op);
  eraseUnusedCaptures(rewriter, attention);
}
