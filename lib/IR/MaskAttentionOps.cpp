//===- MaskAttentionOps.cpp - attention under a predicate -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/AttentionSizes.h"
#include "Mask/IR/Mask.h"
#include "Mask/IR/Range.h"
#include "VerifyRegion.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// AttentionOp
//===----------------------------------------------------------------------===//

Value AttentionOp::getPredicateValue() {
  if (getMask())
    return getMask();
  return cast<YieldOp>(getPredicate().front().getTerminator()).getOperand(0);
}

void AttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : (*this)->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    // By operand: a buffer that is read may also be an output.
    effects.emplace_back(
        isDpsInit(&operand)
            ? static_cast<MemoryEffects::Effect *>(MemoryEffects::Write::get())
            : MemoryEffects::Read::get(),
        &operand, SideEffects::DefaultResource::get());
  }
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  for (OpResult result : getResults())
    shapes.push_back(tensor::getMixedSizes(builder, getLoc(),
                                           getTiedOpOperand(result)->get()));
  return success();
}

/// The score region's arguments are called what the documentation calls them.
void AttentionOp::getAsmBlockArgumentNames(Region &region,
                                           OpAsmSetValueNameFn setName) {
  if (&region != &getScore() || region.empty())
    return;
  static constexpr StringLiteral names[] = {"s", "b", "h", "q", "k"};
  for (auto [argument, name] : llvm::zip(region.getArguments(), names))
    setName(argument, name);
}

//===----------------------------------------------------------------------===//
// Verifier; one function per constraint of the op's documentation
//===----------------------------------------------------------------------===//

/// C1
static LogicalResult verifyElements(AttentionOp op) {
  if (op.getOutputs().empty() || op.getOutputs().size() > 2)
    return op.emitOpError() << "takes an output and at most a log-sum-exp, got "
                            << op.getOutputs().size() << " outputs";
  Type element = getElementTypeOrSelf(op.getQuery().getType());
  std::pair<Value, StringRef> data[] = {{op.getKey(), "key"},
                                        {op.getValue(), "value"},
                                        {op.getOutput(), "output"}};
  for (auto [value, name] : data) {
    auto type = cast<ShapedType>(value.getType());
    if (type.getRank() != 4 || type.getElementType() != element)
      return op.emitOpError() << name << " must have rank 4 and element type "
                              << element << ", got " << type;
  }
  Value lse = op.getLogSumExp();
  if (!lse)
    return success();
  auto type = cast<ShapedType>(lse.getType());
  if (type.getRank() != 3 || !type.getElementType().isF32())
    return op.emitOpError()
           << "log-sum-exp must be f32 of rank 3, got " << type;
  return success();
}

SmallVector<SizeAgreement> mlir::mask::getSizeAgreements(AttentionOp op) {
  Value query = op.getQuery(), key = op.getKey(), value = op.getValue(),
        output = op.getOutput(), lse = op.getLogSumExp();
  Value rows = op.isPaged() ? op.getKeyPages() : key;
  StringRef rowsName = op.isPaged() ? "key_pages" : "key",
            blocks = op.isPaged() ? "pages" : "batch rows",
            keys = op.isPaged() ? "keys of a page" : "keys";
  SmallVector<SizeAgreement> agreements = {
      {query, "query", rows, rowsName, 0, "batch rows"},
      {query, "query", output, "output", 0, "batch rows"},
      {query, "query", output, "output", 1, "heads"},
      {query, "query", output, "output", 2, "queries"},
      {key, "key", value, "value", 0, blocks},
      {key, "key", value, "value", 1, "heads"},
      {key, "key", value, "value", 2, keys},
      {query, "query", key, "key", 3, "head dimension"},
      {value, "value", output, "output", 3, "value dimension"},
  };
  if (lse)
    agreements.append({{query, "query", lse, "log-sum-exp", 0, "batch rows"},
                       {query, "query", lse, "log-sum-exp", 1, "heads"},
                       {query, "query", lse, "log-sum-exp", 2, "queries"}});
  return agreements;
}

OpFoldResult mlir::mask::getNumKeys(OpBuilder &builder, AttentionOp op) {
  Value source = op.isPaged() ? op.getKeyPages() : op.getKey();
  int64_t dim = op.isPaged() ? 1 : 2;
  OpFoldResult count =
      isa<MemRefType>(source.getType())
          ? memref::getMixedSize(builder, op.getLoc(), source, dim)
          : tensor::getMixedSize(builder, op.getLoc(), source, dim);
  if (!op.isPaged())
    return count;
  return affine::makeComposedFoldedAffineApply(
      builder, op.getLoc(), builder.getAffineDimExpr(0) * *op.getPageSize(),
      count);
}

/// C2
static LogicalResult verifySizes(AttentionOp op) {
  for (const SizeAgreement &pair : getSizeAgreements(op)) {
    int64_t a = cast<ShapedType>(pair.a.getType()).getDimSize(pair.dim);
    int64_t b = cast<ShapedType>(pair.b.getType()).getDimSize(pair.dim);
    if (failed(verifyCompatibleShape(ArrayRef(a), ArrayRef(b))))
      return op.emitOpError()
             << pair.nameA << " and " << pair.nameB << " must agree in "
             << pair.what << ", got " << a << " and " << b;
  }
  return success();
}

/// C3, C9, C10
static LogicalResult verifyHeads(AttentionOp op) {
  auto query = cast<ShapedType>(op.getQuery().getType());
  int64_t heads = query.getDimSize(1);
  int64_t keyHeads = cast<ShapedType>(op.getKey().getType()).getDimSize(1);
  if (!ShapedType::isDynamic(keyHeads) && !ShapedType::isDynamic(heads) &&
      (keyHeads == 0 || heads % keyHeads))
    return op.emitOpError()
           << "the " << keyHeads << " key heads must divide the " << heads
           << " query heads";
  if (query.getDimSize(3) == 0)
    return op.emitOpError() << "the head dimension must be at least 1, got 0";
  if (!op.getSinks())
    return success();
  int64_t sinks = cast<ShapedType>(op.getSinks().getType()).getDimSize(0);
  if (failed(verifyCompatibleShape(ArrayRef(heads), ArrayRef(sinks))))
    return op.emitOpError() << "must have one sink per query head (" << heads
                            << "), got " << sinks;
  return success();
}

/// C4, C5
static LogicalResult verifyPredicate(AttentionOp op) {
  if (!op.getMask() == op.getPredicate().empty())
    return op.emitOpError() << "takes either a mask or a predicate region";
  if (op.isClosed())
    return verifyYieldingRegion(
        op, op.getPredicate(), op.getCaptures().getTypes(),
        PredicateType::get(op.getContext()), "predicate");
  if (!op.getCaptures().empty())
    return op.emitOpError() << "has " << op.getCaptures().size()
                            << " captures, but no predicate region";
  return success();
}

/// C7
static LogicalResult verifyDestinations(AttentionOp op) {
  bool tensors = op.hasPureTensorSemantics();
  for (OpOperand &operand : op->getOpOperands()) {
    Type type = operand.get().getType();
    if (tensors ? isa<MemRefType>(type) : isa<TensorType>(type))
      return op.emitOpError()
             << "must be on tensors or on memrefs throughout, got "
             << op.getQuery().getType() << " and, as operand "
             << operand.getOperandNumber() << ", " << type;
  }
  if (!tensors && op.getNumResults())
    return op.emitOpError()
           << "has no results on memrefs, got " << op.getNumResults();
  if (tensors && op.getResultTypes() != TypeRange(op.getOutputs()))
    return op.emitOpError() << "results must have the outputs' types ("
                            << TypeRange(op.getOutputs()) << "), got ("
                            << op.getResultTypes() << ")";
  if (!tensors && !op.isClosed())
    return op.emitOpError()
           << "on memrefs must be closed: facts have to be operands";
  return success();
}

/// C8
static LogicalResult verifyScore(AttentionOp op) {
  if (op.getScore().empty()) {
    if (!op.getScoreCaptures().empty())
      return op.emitOpError() << "has " << op.getScoreCaptures().size()
                              << " score captures, but no score region";
    return success();
  }
  Builder builder(op.getContext());
  SmallVector<Type> expected{builder.getF32Type()};
  expected.append(4, builder.getIndexType());
  llvm::append_range(expected, op.getScoreCaptures().getTypes());
  return verifyYieldingRegion(op, op.getScore(), expected, builder.getF32Type(),
                              "score");
}

/// C11
static LogicalResult verifySoftCap(AttentionOp op) {
  std::optional<APFloat> cap = op.getSoftCap();
  if (!cap || (cap->isFiniteNonZero() && !cap->isNegative()))
    return success();
  return op.emitOpError() << "soft_cap must be finite and greater than 0, got "
                          << cap->convertToFloat();
}

/// C12
static LogicalResult verifyPages(AttentionOp op) {
  std::optional<int64_t> page = op.getPageSize();
  if (op.isPaged() != page.has_value())
    return op.emitOpError() << "takes key_pages and a page size together";
  if (!page)
    return success();
  if (*page < 1 || *page > kMaxTile)
    return op.emitOpError()
           << "a page must have 1 to " << kMaxTile << " keys, got " << *page;
  int64_t rows = cast<ShapedType>(op.getKey().getType()).getDimSize(2);
  if (!ShapedType::isDynamic(rows) && rows != *page)
    return op.emitOpError()
           << "pages of " << *page << " keys must be what key has rows of, got "
           << op.getKey().getType();
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyElements(*this)) || failed(verifySizes(*this)) ||
      failed(verifyHeads(*this)) || failed(verifyPages(*this)) ||
      failed(verifyPredicate(*this)))
    return failure();
  if (!getOrigin().empty() && getOrigin().size() != 4) // C6
    return emitOpError() << "origin takes 4 indices, got "
                         << getOrigin().size();
  if (failed(verifyDestinations(*this)) || failed(verifyScore(*this)) ||
      failed(verifySoftCap(*this)) ||
      failed(verifyParameter(*this, getQueryOffsetParameter(), "query_offset")))
    return failure();
  return verifyParameter(*this, getKeyOffsetParameter(), "key_offset");
}
