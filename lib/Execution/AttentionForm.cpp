//===- AttentionForm.cpp - what a model does to its scores -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Execution/AttentionForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::mask;

static Attribute getConstant(Value value) {
  Attribute attribute;
  return value && matchPattern(value, m_Constant(&attribute)) ? attribute
                                                              : Attribute();
}

static DenseFPElementsAttr getConstantSinksOf(Value sinks) {
  auto elements = dyn_cast_or_null<DenseFPElementsAttr>(getConstant(sinks));
  return elements && elements.getElementType().isF32() ? elements : nullptr;
}

/// Everything that decides the form comes from the file itself.
static LogicalResult checkForm(AttentionOp op) {
  if (Value sinks = op.getSinks();
      sinks && !getElementTypeOrSelf(sinks).isF32())
    return op.emitOpError()
           << "sinks must have f32 elements, got " << sinks.getType();
  if (!op.getOrigin().empty() || op.getQueryOffsetParameter().isGiven() ||
      op.getKeyOffsetParameter().isGiven())
    return op.emitOpError() << "places its rows and columns itself; positions "
                               "come from the facts";
  if (op.isPaged())
    return op.emitOpError() << "reads its keys through pages; those of a "
                               "request are not in a file";
  if (op.getScale() && !getConstant(op.getScale()))
    return op.emitOpError() << "scale must be a constant";
  for (auto [i, capture] : llvm::enumerate(op.getScoreCaptures()))
    if (!getConstant(capture))
      return op.emitOpError() << "score capture " << i << " must be a constant";
  return success();
}

static bool haveSameForm(AttentionOp a, AttentionOp b) {
  return a.getSoftCapAttr() == b.getSoftCapAttr() &&
         getConstant(a.getScale()) == getConstant(b.getScale()) &&
         !a.getSinks() == !b.getSinks() &&
         getConstant(a.getSinks()) == getConstant(b.getSinks()) &&
         llvm::equal(llvm::map_range(a.getScoreCaptures(), getConstant),
                     llvm::map_range(b.getScoreCaptures(), getConstant)) &&
         OperationEquivalence::isRegionEquivalentTo(
             &a.getScore(), &b.getScore(),
             OperationEquivalence::IgnoreLocations);
}

FailureOr<AttentionOp> mlir::mask::findAttentionForm(ModuleOp module) {
  AttentionOp form;
  WalkResult result = module.walk([&](AttentionOp op) {
    if (failed(checkForm(op)))
      return WalkResult::interrupt();
    if (!form) {
      form = op;
      return WalkResult::advance();
    }
    if (haveSameForm(form, op))
      return WalkResult::advance();
    InFlightDiagnostic error =
        op.emitOpError() << "differs from another attention of the file in "
                            "scale, sinks, soft cap or score region";
    error.attachNote(form.getLoc()) << "the other one";
    return WalkResult::interrupt();
  });
  if (result.wasInterrupted())
    return failure();
  return form;
}

std::optional<float> mlir::mask::getConstantScale(AttentionOp form) {
  auto scale = dyn_cast_or_null<FloatAttr>(getConstant(form.getScale()));
  return scale ? std::optional<float>(scale.getValue().convertToFloat())
               : std::nullopt;
}

bool mlir::mask::hasOpenSinks(AttentionOp form) {
  return form.getSinks() && !getConstantSinksOf(form.getSinks());
}

void mlir::mask::setSinks(AttentionOp form, ArrayRef<float> sinks) {
  OpBuilder builder(form);
  auto type = RankedTensorType::get(static_cast<int64_t>(sinks.size()),
                                    builder.getF32Type());
  form.getSinksMutable().assign(arith::ConstantOp::create(
      builder, form.getLoc(), DenseElementsAttr::get(type, sinks)));
}

std::vector<double> mlir::mask::getConstantSinks(AttentionOp form) {
  std::vector<double> sinks;
  if (DenseFPElementsAttr elements = getConstantSinksOf(form.getSinks()))
    for (const APFloat &sink : elements)
      sinks.push_back(sink.convertToDouble());
  return sinks;
}

/// A copy of the constant `value`.
static Value cloneConstant(OpBuilder &builder, Value value) {
  return builder.clone(*value.getDefiningOp())
      ->getResult(cast<OpResult>(value).getResultNumber());
}

void mlir::mask::copyScore(OpBuilder &builder, AttentionOp form,
                           AttentionOp attention) {
  attention.setSoftCapAttr(form.getSoftCapAttr());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(attention);
  SmallVector<Value> captures;
  for (Value capture : form.getScoreCaptures())
    captures.push_back(cloneConstant(builder, capture));
  if (form.getSinks())
    attention.getSinksMutable().assign(cloneConstant(builder, form.getSinks()));
  attention.getScoreCapturesMutable().assign(captures);
  IRMapping mapping;
  form.getScore().cloneInto(&attention.getScore(), mapping);
}
