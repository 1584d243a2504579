//===- LayerBody.cpp - layer functions with their predicate -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerBody.h"

#include "Mask/IR/Absence.h"
#include "Mask/IR/AttentionCasts.h"
#include "Mask/Transforms/Transforms.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/BitVector.h"

using namespace mlir;
using namespace mlir::mask;

StringAttr mlir::mask::getCalleeName(CallOpInterface call) {
  auto name = dyn_cast<SymbolRefAttr>(call.getCallableForCallee());
  return name && name.getNestedReferences().empty() ? name.getRootReference()
                                                    : StringAttr();
}

static void setTypes(FunctionOpInterface function, TypeRange arguments,
                     TypeRange results) {
  function.setType(function.cloneTypeWith(arguments, results));
}

/// Returns what is cast before it is returned, where all returns do.
static void refineResults(RewriterBase &rewriter,
                          FunctionOpInterface function) {
  if (!function.getFunctionBody().hasOneBlock())
    return;
  Operation *returnOp = function.front().getTerminator();
  if (returnOp->getOperandTypes() != TypeRange(function.getResultTypes()))
    return; // What is returned is wrapped: a value that is ready later.
  rewriter.modifyOpInPlace(returnOp, [&] {
    for (OpOperand &operand : returnOp->getOpOperands())
      operand.set(lookThroughCast(operand.get()));
  });
  setTypes(function, function.getArgumentTypes(), returnOp->getOperandTypes());
}

void mlir::mask::eraseDeadOps(RewriterBase &rewriter, Region &region) {
  for (Block &block : region)
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        rewriter.eraseOp(&op);
}

static void updateType(FunctionOpInterface function) {
  setTypes(function, function.front().getArgumentTypes(),
           function.getResultTypes());
}

/// Replaces the predicates among the arguments by copies of the slices, and
/// appends their captures to the arguments.
static void sinkPredicates(RewriterBase &rewriter, const LayerCall &call,
                           FunctionOpInterface function) {
  Block &entry = function.front();
  unsigned numOriginal = entry.getNumArguments();
  rewriter.setInsertionPointToStart(&entry);
  const PredicateSlice *slice = call.predicates.begin();
  llvm::BitVector sunk(numOriginal);
  for (unsigned i = 0; i < numOriginal; ++i) {
    BlockArgument argument = entry.getArgument(i);
    if (!isPredicate(argument))
      continue;
    SmallVector<Value> captures;
    for (Value capture : slice->captures)
      captures.push_back(
          entry.addArgument(capture.getType(), argument.getLoc()));
    rewriter.replaceAllUsesWith(argument,
                                cloneSlice(rewriter, *slice, captures));
    sunk.set(i);
    ++slice;
  }
  // Attributes of arguments go with them.
  SmallVector<Attribute> attributes;
  if (ArrayAttr all = function.getAllArgAttrs()) {
    for (auto [i, attribute] : llvm::enumerate(all))
      if (!sunk.test(i))
        attributes.push_back(attribute);
    attributes.resize(entry.getNumArguments() - sunk.count(),
                      DictionaryAttr::get(function->getContext()));
  }
  sunk.resize(entry.getNumArguments());
  entry.eraseArguments(sunk);
  updateType(function);
  if (!attributes.empty())
    function.setAllArgAttrs(attributes);
}

/// What a call does not give is not given in the body either.
static void sinkAbsentFacts(RewriterBase &rewriter, const LayerCall &call,
                            FunctionOpInterface function) {
  rewriter.setInsertionPointToStart(&function.front());
  for (auto [value, argument] :
       llvm::zip_first(call.data, function.getArguments()))
    if (isAbsent(value))
      rewriter.replaceAllUsesWith(
          argument,
          AbsentOp::create(rewriter, argument.getLoc(), argument.getType()));
}

/// Gives the data the types they have before they are cast for the call.
static void specializeShapes(RewriterBase &rewriter, const LayerCall &call,
                             FunctionOpInterface function) {
  Block &entry = function.front();
  rewriter.setInsertionPointToStart(&entry);
  for (auto [i, value] : llvm::enumerate(call.data)) {
    BlockArgument argument = entry.getArgument(i);
    Type general = argument.getType();
    if (value.getType() == general)
      continue;
    argument.setType(value.getType());
    auto cast =
        tensor::CastOp::create(rewriter, argument.getLoc(), general, argument);
    rewriter.replaceAllUsesExcept(argument, cast, cast);
  }
  updateType(function);
}

void mlir::mask::specializeBody(RewriterBase &rewriter, const LayerCall &call,
                                FunctionOpInterface function) {
  OpBuilder::InsertionGuard guard(rewriter);
  sinkPredicates(rewriter, call, function);
  sinkAbsentFacts(rewriter, call, function);
  specializeShapes(rewriter, call, function);
  function->walk([&](AttentionOp attention) {
    foldCastsIntoAttention(rewriter, attention);
  });
  refineResults(rewriter, function);
  eraseDeadOps(rewriter, function.getFunctionBody());
}

LogicalResult mlir::mask::closeBody(RewriterBase &rewriter,
                                    FunctionOpInterface function,
                                    StringRef category) {
  SmallVector<AttentionOp> attentions;
  function->walk(
      [&](AttentionOp attention) { attentions.push_back(attention); });
  SimplifyOptions options;
  options.category = category;
  for (AttentionOp attention : attentions) {
    if (failed(closePredicate(rewriter, attention)))
      return failure();
    simplifyPredicate(rewriter, attention, options);
  }
  return success();
}
