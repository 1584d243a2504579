//===- BufferizableOpInterfaceImpl.cpp - from tensors to buffers -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Transforms/BufferizableOpInterfaceImpl.h"

#include "LowerFacts.h"
#include "Mask/IR/FactShape.h"
#include "Mask/IR/Mask.h"
#include "OutlineTables.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace mlir::mask;

/// The operands with tensors replaced by their buffers.
static FailureOr<SmallVector<Value>>
getBufferizedOperands(RewriterBase &rewriter, Operation *op,
                      const BufferizationOptions &options,
                      BufferizationState &state) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    if (isa<TensorType>(operand.getType())) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operand = *buffer;
    }
    operands.push_back(operand);
  }
  return operands;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

static void convertArgument(RewriterBase &rewriter, BlockArgument argument,
                            Type type);

/// Moves one use of a region argument to the argument's new memref type. Ops of
/// the dialect read memrefs as they are; what upstream ops made of the tensor
/// while they were bufferized is replaced.
static void convertUse(RewriterBase &rewriter, BlockArgument argument,
                       OpOperand &use) {
  Operation *user = use.getOwner();
  if (auto toBuffer = dyn_cast<ToBufferOp>(user)) {
    rewriter.setInsertionPoint(user);
    Value buffer = argument;
    if (buffer.getType() != toBuffer.getType())
      buffer = memref::CastOp::create(rewriter, user->getLoc(),
                                      toBuffer.getType(), buffer);
    return rewriter.replaceOp(user, buffer);
  }
  if (auto generic = dyn_cast<GenericOp>(user)) {
    unsigned numIndices = 4;
    // Tables are read by the analysis, not by the region.
    if (use.getOperandNumber() >= generic.getCaptures().size())
      return;
    BlockArgument inner =
        generic.getBody().getArgument(numIndices + use.getOperandNumber());
    return convertArgument(rewriter, inner, argument.getType());
  }
  if (isa<MaskDialect>(user->getDialect()))
    return;
  rewriter.setInsertionPointToStart(argument.getOwner());
  Value tensor = ToTensorOp::create(
      rewriter, argument.getLoc(),
      memref::getTensorTypeFromMemRefType(argument.getType()), argument);
  rewriter.modifyOpInPlace(user, [&] { use.set(tensor); });
}

static void convertArgument(RewriterBase &rewriter, BlockArgument argument,
                            Type type) {
  if (argument.getType() == type)
    return;
  OpBuilder::InsertionGuard guard(rewriter);
  argument.setType(type);
  for (OpOperand &use : llvm::make_early_inc_range(argument.getUses()))
    convertUse(rewriter, argument, use);
}

/// Moves a region into `target`; its last arguments, which stand for
/// `captures`, take their types.
static void moveRegion(RewriterBase &rewriter, Region &region, Region &target,
                       ValueRange captures) {
  if (region.empty())
    return;
  rewriter.inlineRegionBefore(region, target, target.end());
  auto arguments = target.getArguments().take_back(captures.size());
  for (auto [argument, capture] : llvm::zip_equal(arguments, captures))
    convertArgument(rewriter, argument, capture.getType());
}

namespace {
struct AttentionModel
    : DstBufferizableOpInterfaceExternalModel<AttentionModel, AttentionOp> {
  /// Every element of the outputs is written, none is read.
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<AttentionOp>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto attention = cast<AttentionOp>(op);
    if (!attention.isClosed())
      return op->emitOpError()
             << "reads its facts lazily, so writes to them cannot be ordered; "
                "close predicates first (mask-close-predicates)";
    rewriter.setInsertionPoint(op);
    FailureOr<SmallVector<Value>> operands =
        getBufferizedOperands(rewriter, op, options, state);
    if (failed(operands))
      return failure();
    auto lowered = cast<AttentionOp>(
        cloneWithoutRegions(rewriter, op, TypeRange(), *operands));
    moveRegion(rewriter, attention.getPredicate(), lowered.getPredicate(),
               lowered.getCaptures());
    moveRegion(rewriter, attention.getScore(), lowered.getScore(),
               lowered.getScoreCaptures());
    replaceOpWithBufferizedValues(rewriter, op, lowered.getOutputs());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Facts
//===----------------------------------------------------------------------===//

using Extents = SmallVector<Value>;
} // namespace

/// Extents of the result buffer of a fact op whose operands are `buffers`.
static Extents getResultExtents(ImplicitLocOpBuilder &builder, Operation *op,
                                ValueRange buffers) {
  Extents extents;
  for (FactSize size : getFactShape(op)) {
    Value constant = emitIndex(builder, size.constant);
    if (!size.operand) {
      extents.push_back(constant);
      continue;
    }
    Value operand = buffers[*size.operand];
    Value extent = operand.getType().isIndex()
                       ? operand
                       : memref::DimOp::create(builder, operand, size.dim);
    extents.push_back(builder.createOrFold<arith::AddIOp>(extent, constant));
  }
  return extents;
}

/// The loops that fill the result buffer. One overload per op.
static void fill(ImplicitLocOpBuilder &builder, RunsOp op, ValueRange buffers,
                 Value result) {
  emitRuns(builder, buffers[0], op.getTypes(), result);
}
static void fill(ImplicitLocOpBuilder &builder, ItemIdsOp op,
                 ValueRange buffers, Value result) {
  emitItemIds(builder, buffers[0], op.getLength(), op.getMinLength(), result);
}
static void fill(ImplicitLocOpBuilder &builder, DropLongOp op,
                 ValueRange buffers, Value result) {
  emitOutlined(builder, "mask_drop_long", [&] {
    emitDropLong(builder, buffers[0], op.getBound(), result);
  });
}
static void fill(ImplicitLocOpBuilder &builder, PositionsOp, ValueRange buffers,
                 Value result) {
  emitPositions(builder, buffers[0], result);
}
static void fill(ImplicitLocOpBuilder &builder, IntervalTableOp op,
                 ValueRange buffers, Value result) {
  Value keyIds = op.getKeyIds() ? buffers[1] : buffers[0];
  emitOutlined(builder, "mask_interval_table", [&] {
    emitIntervalTable(builder, buffers[0], keyIds, op.getNonNegative(), result);
  });
}
static void fill(ImplicitLocOpBuilder &builder, CountTableOp,
                 ValueRange buffers, Value result) {
  emitCountTable(builder, buffers[0], result);
}
static void fill(ImplicitLocOpBuilder &builder, RangeTableOp,
                 ValueRange buffers, Value result) {
  emitRangeTable(builder, buffers[0], result);
}
static void fill(ImplicitLocOpBuilder &builder, MonotoneTableOp,
                 ValueRange buffers, Value result) {
  emitMonotoneTable(builder, buffers[0], result);
}

/// A buffer of `type`, with the extents that the type leaves open.
static FailureOr<Value> allocate(ImplicitLocOpBuilder &builder, MemRefType type,
                                 const Extents &extents,
                                 const BufferizationOptions &options) {
  SmallVector<Value> dynamic;
  for (auto [dim, extent] : llvm::enumerate(extents))
    if (type.isDynamicDim(dim))
      dynamic.push_back(extent);
  return options.createAlloc(builder, builder.getLoc(), type, dynamic);
}

namespace {
/// A fact op reads its tensors and makes a fresh one.
template <typename FactOp>
struct FactModel
    : BufferizableOpInterface::ExternalModel<FactModel<FactOp>, FactOp> {
  bool bufferizesToAllocation(Operation *, Value) const { return true; }
  bool bufferizesToMemoryRead(Operation *, OpOperand &,
                              const AnalysisState &) const {
    return true;
  }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &,
                               const AnalysisState &) const {
    return false;
  }
  AliasingValueList getAliasingValues(Operation *, OpOperand &,
                                      const AnalysisState &) const {
    return {};
  }

  FailureOr<BufferLikeType> getBufferType(Operation *, Value value,
                                          const BufferizationOptions &,
                                          const BufferizationState &,
                                          SmallVector<Value> &) const {
    return cast<BufferLikeType>(getMemRefTypeWithStaticIdentityLayout(
        cast<TensorType>(value.getType())));
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    auto fact = cast<FactOp>(op);
    rewriter.setInsertionPoint(op);
    FailureOr<SmallVector<Value>> buffers =
        getBufferizedOperands(rewriter, op, options, state);
    auto type = cast<MemRefType>(getMemRefTypeWithStaticIdentityLayout(
        cast<TensorType>(fact.getType())));
    if (failed(buffers))
      return failure();
    ImplicitLocOpBuilder builder(op->getLoc(), rewriter);
    FailureOr<Value> result = allocate(
        builder, type, getResultExtents(builder, fact, *buffers), options);
    if (failed(result))
      return failure();
    fill(builder, fact, *buffers, *result);
    replaceOpWithBufferizedValues(rewriter, op, *result);
    return success();
  }
};

/// There is no buffer that could stand for a fact that is not given.
struct AbsentModel
    : BufferizableOpInterface::ExternalModel<AbsentModel, AbsentOp> {
  bool bufferizesToAllocation(Operation *, Value) const { return true; }
  AliasingValueList getAliasingValues(Operation *, OpOperand &,
                                      const AnalysisState &) const {
    return {};
  }
  LogicalResult bufferize(Operation *op, RewriterBase &,
                          const BufferizationOptions &,
                          BufferizationState &) const {
    return op->emitOpError()
           << "has no buffer; it must fold away before bufferization";
  }
};
} // namespace

void mlir::mask::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, MaskDialect *) {
    AttentionOp::attachInterface<AttentionModel>(*context);
    AbsentOp::attachInterface<AbsentModel>(*context);
    RunsOp::attachInterface<FactModel<RunsOp>>(*context);
    ItemIdsOp::attachInterface<FactModel<ItemIdsOp>>(*context);
    DropLongOp::attachInterface<FactModel<DropLongOp>>(*context);
    PositionsOp::attachInterface<FactModel<PositionsOp>>(*context);
    IntervalTableOp::attachInterface<FactModel<IntervalTableOp>>(*context);
    CountTableOp::attachInterface<FactModel<CountTableOp>>(*context);
    MonotoneTableOp::attachInterface<FactModel<MonotoneTableOp>>(*context);
    RangeTableOp::attachInterface<FactModel<RangeTableOp>>(*context);
    context->loadDialect<arith::ArithDialect, math::MathDialect,
                         memref::MemRefDialect, scf::SCFDialect>();
  });
}
