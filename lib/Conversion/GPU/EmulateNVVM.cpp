//===- EmulateNVVM.cpp - kernels in the NVVM dialect to calls -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The same instructions as in EmulateOps.cpp, one step later: pointers instead
// of memrefs. What is workgroup memory, an address space says; where an array
// ends, its launch.
//
//===----------------------------------------------------------------------===//

#include "EmulateKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;
using simt::IdKind;

namespace {

/// Replaces the ops of one kernel.
class NVVMEmulator {
public:
  NVVMEmulator(EmulationBuilder &emulation, LLVM::LLVMFuncOp function,
               bool checks, SmallVectorImpl<WorkgroupBuffer> &buffers)
      : emulation(emulation), function(function), checks(checks),
        buffers(buffers), rewriter(function.getContext()) {}

  LogicalResult run();

private:
  LogicalResult replace(Operation *op);
  LogicalResult replaceId(Operation *op, IdKind kind, int64_t dim = 0);
  LogicalResult replaceShuffle(NVVM::ShflOp op);
  LogicalResult replaceLoadMatrix(NVVM::LdMatrixOp op);
  LogicalResult replaceMultiply(NVVM::MmaOp op);
  LogicalResult replaceCopy(NVVM::CpAsyncOp op);
  LogicalResult replaceAddress(LLVM::AddressOfOp op);

  /// A pointer of any address space as the runtime takes it.
  Value toGeneric(Value pointer) {
    return cast(emulation.getPointerType(), pointer);
  }
  Value cast(Type type, Value value) {
    return UnrealizedConversionCastOp::create(rewriter, value.getLoc(), type,
                                              value)
        .getResult(0);
  }
  Value getScratch(int which) {
    return emulation.getScratch(rewriter, function, which);
  }
  /// The words of a fragment, one behind the other.
  void store(ValueRange words, Value address);

  EmulationBuilder &emulation;
  LLVM::LLVMFuncOp function;
  bool checks;
  SmallVectorImpl<WorkgroupBuffer> &buffers;
  IRRewriter rewriter;
  /// The buffers of variables.
  llvm::MapVector<StringAttr, int64_t> numbers;
};

} // namespace

LogicalResult NVVMEmulator::run() {
  SmallVector<Operation *> ops;
  function.walk([&](Operation *op) { ops.push_back(op); });
  for (Operation *op : ops) {
    if (op == function)
      continue;
    rewriter.setInsertionPoint(op);
    if (checks && failed(notePointers(emulation, rewriter, op)))
      return failure();
    if (failed(replace(op)))
      return failure();
  }
  return success();
}

LogicalResult NVVMEmulator::replaceAddress(LLVM::AddressOfOp op) {
  if (!isInWorkgroupMemory(op.getType()))
    return success();
  Location loc = op.getLoc();
  auto kernels = function->getParentOfType<gpu::GPUModuleOp>();
  auto variable = kernels.lookupSymbol<LLVM::GlobalOp>(op.getGlobalNameAttr());
  if (!variable)
    return op.emitOpError() << "names no variable of its module";
  int64_t bytes = emulation.getBytes(variable.getGlobalType());
  Value address;
  if (bytes == 0) {
    address = emulation.call(rewriter, loc, "mask_simt_dynamic_memory",
                             emulation.getPointerType(), {});
  } else {
    auto [known, isNew] =
        numbers.insert({variable.getSymNameAttr(), int64_t(buffers.size())});
    int64_t alignment = variable.getAlignment().value_or(16);
    if (isNew)
      buffers.push_back({bytes, alignment});
    address = emulation.call(rewriter, loc, "mask_simt_workgroup_buffer",
                             emulation.getPointerType(),
                             emulation.getI32(rewriter, loc, known->second));
  }
  rewriter.replaceOp(op, cast(op.getType(), address));
  return success();
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

static bool isBF16(Value value) {
  return getElementTypeOrSelf(value.getType()).isBF16();
}

LogicalResult NVVMEmulator::replace(Operation *op) {
  Location loc = op->getLoc();
  return TypeSwitch<Operation *, LogicalResult>(op)
#define MASK_IDS(OP, KIND)                                                     \
  .Case([&](NVVM::OP##XOp) {                                                   \
    return replaceId(op, KIND, 0);                                             \
  }).Case([&](NVVM::OP##YOp) {                                                 \
      return replaceId(op, KIND, 1);                                           \
    }).Case([&](NVVM::OP##ZOp) { return replaceId(op, KIND, 2); })
      // clang-format off
      MASK_IDS(ThreadId, IdKind::ThreadId)
      MASK_IDS(BlockId, IdKind::BlockId)
      MASK_IDS(BlockDim, IdKind::BlockDim)
      MASK_IDS(GridDim, IdKind::GridDim)
  // clang-format on
#undef MASK_IDS
          .Case([&](NVVM::LaneIdOp) { return replaceId(op, IdKind::LaneId); })
          .Case([&](NVVM::WarpSizeOp) {
            return replaceId(op, IdKind::SubgroupSize);
          })
          .Case<NVVM::Barrier0Op, NVVM::BarrierOp>([&](auto) -> LogicalResult {
            if (op->getNumOperands() || op->getNumResults())
              return op->emitOpError()
                     << "is emulated for all threads, without a "
                        "number or a reduction, only";
            emulation.call(rewriter, loc, "mask_simt_barrier", {},
                           emulation.getSite(rewriter, op));
            rewriter.eraseOp(op);
            return success();
          })
          .Case([&](NVVM::ShflOp shuffle) { return replaceShuffle(shuffle); })
          .Case([&](NVVM::LdMatrixOp load) { return replaceLoadMatrix(load); })
          .Case([&](NVVM::MmaOp multiply) { return replaceMultiply(multiply); })
          .Case([&](NVVM::CpAsyncOp copy) { return replaceCopy(copy); })
          .Case([&](NVVM::CpAsyncCommitGroupOp) {
            emulation.call(rewriter, loc, "mask_simt_commit", {}, {});
            rewriter.eraseOp(op);
            return success();
          })
          .Case([&](NVVM::CpAsyncWaitGroupOp wait) {
            emulation.call(rewriter, loc, "mask_simt_wait", {},
                           emulation.getI32(rewriter, loc, wait.getN()));
            rewriter.eraseOp(op);
            return success();
          })
          .Case([&](LLVM::AddressOfOp address) {
            return replaceAddress(address);
          })
          // All memory is the CPU's.
          .Case([&](LLVM::AddrSpaceCastOp conversion) {
            rewriter.replaceOp(op,
                               cast(conversion.getType(), conversion.getArg()));
            return success();
          })
          // Not every C library has functions for these.
          .Case([&](LLVM::FPTruncOp truncation) {
            if (isBF16(truncation.getRes()))
              rewriter.replaceOpWithNewOp<arith::TruncFOp>(
                  op, truncation.getType(), truncation.getArg());
            return success();
          })
          .Case([&](LLVM::FPExtOp extension) {
            if (isBF16(extension.getArg()))
              rewriter.replaceOpWithNewOp<arith::ExtFOp>(
                  op, extension.getType(), extension.getArg());
            return success();
          })
          .Case([&](NVVM::SyncWarpOp sync) {
            return emulateSyncWarp(emulation, rewriter, sync);
          })
          .Case([&](LLVM::CallIntrinsicOp call) {
            return emulateIntrinsic(rewriter, call);
          })
          .Default([&](Operation *) -> LogicalResult {
            if (isa<LLVM::InlineAsmOp>(op) ||
                isa_and_nonnull<gpu::GPUDialect, NVVM::NVVMDialect>(
                    op->getDialect()))
              return op->emitOpError() << "is not emulated";
            return success();
          });
}

LogicalResult NVVMEmulator::replaceId(Operation *op, IdKind kind, int64_t dim) {
  Location loc = op->getLoc();
  Value id = emulation.getId(rewriter, loc, kind, dim);
  rewriter.replaceOpWithNewOp<LLVM::TruncOp>(op, op->getResult(0).getType(),
                                             id);
  return success();
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

void NVVMEmulator::store(ValueRange words, Value address) {
  for (auto [i, word] : llvm::enumerate(words)) {
    Location loc = word.getLoc();
    Value place = LLVM::GEPOp::create(rewriter, loc, emulation.getPointerType(),
                                      rewriter.getI8Type(), address,
                                      ArrayRef<LLVM::GEPArg>{int32_t(4 * i)});
    LLVM::StoreOp::create(rewriter, loc, word, place, /*alignment=*/4);
  }
}

LogicalResult NVVMEmulator::replaceShuffle(NVVM::ShflOp op) {
  Location loc = op.getLoc();
  auto [mode, isUp] = [&]() -> std::pair<simt::ShuffleMode, bool> {
    switch (op.getKind()) {
    case NVVM::ShflKind::bfly:
      return {simt::ShuffleMode::Xor, false};
    case NVVM::ShflKind::up:
      return {simt::ShuffleMode::Up, true};
    case NVVM::ShflKind::down:
      return {simt::ShuffleMode::Down, false};
    case NVVM::ShflKind::idx:
      return {simt::ShuffleMode::Idx, false};
    }
    llvm_unreachable("unknown kind");
  }();
  // The last lane that takes part, or of shuffles upwards the first of so many
  // from the end.
  Value clamp = op.getMaskAndClamp();
  Value width =
      isUp ? Value(arith::SubIOp::create(
                 rewriter, loc, emulation.getI32(rewriter, loc, 32), clamp))
           : Value(arith::AddIOp::create(rewriter, loc, clamp,
                                         emulation.getI32(rewriter, loc, 1)));
  Value value = getScratch(0);
  store(op.getVal(), value);
  Value valid = emulation.call(
      rewriter, loc, "mask_simt_shuffle", rewriter.getI32Type(),
      {emulation.getSite(rewriter, op),
       emulation.getI32(rewriter, loc, int32_t(mode)), value,
       emulation.getI32(rewriter, loc, 4), op.getOffset(), width});
  Value moved =
      LLVM::LoadOp::create(rewriter, loc, op.getVal().getType(), value);
  if (op.getReturnValueAndIsValid()) {
    Value isValid =
        arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::ne, valid,
                              emulation.getI32(rewriter, loc, 0));
    Value both = LLVM::PoisonOp::create(rewriter, loc, op.getType());
    both = LLVM::InsertValueOp::create(rewriter, loc, both, moved,
                                       ArrayRef<int64_t>{0});
    moved = LLVM::InsertValueOp::create(rewriter, loc, both, isValid,
                                        ArrayRef<int64_t>{1});
  }
  rewriter.replaceOp(op, moved);
  return success();
}

LogicalResult NVVMEmulator::replaceLoadMatrix(NVVM::LdMatrixOp op) {
  Location loc = op.getLoc();
  NVVM::LdStMatrixShapeAttr shape = op.getShape();
  if (shape.getM() != 8 || shape.getN() != 8 ||
      op.getEltType() != NVVM::LdStMatrixEltType::B16)
    return op.emitOpError() << "is emulated for 8x8 elements of 16 bits only";
  bool transpose = op.getLayout() == NVVM::MMALayout::col;
  Value fragment = getScratch(0);
  emulation.call(rewriter, loc, "mask_simt_ldmatrix", {},
                 {emulation.getSite(rewriter, op), toGeneric(op.getPtr()),
                  emulation.getI32(rewriter, loc, op.getNum()),
                  emulation.getI32(rewriter, loc, transpose), fragment});
  rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, op.getType(), fragment,
                                            /*alignment=*/16);
  return success();
}

LogicalResult NVVMEmulator::replaceMultiply(NVVM::MmaOp op) {
  Location loc = op.getLoc();
  NVVM::MMAShapeAttr shape = op.getShape();
  int64_t k = shape.getK();
  NVVM::MMATypes type =
      op.getMultiplicandAPtxType().value_or(NVVM::MMATypes::f64);
  bool isHalf = type == NVVM::MMATypes::f16 || type == NVVM::MMATypes::bf16;
  bool isSum32 = llvm::all_of(op.getOperandC().getTypes(),
                              [](Type type) { return type.isF32(); });
  if (shape.getM() != 16 || shape.getN() != 8 || (k != 8 && k != 16) ||
      !isHalf || !isSum32 || op.getLayoutA() != NVVM::MMALayout::row ||
      op.getLayoutB() != NVVM::MMALayout::col)
    return op.emitOpError() << "is emulated for m16n8k16 and m16n8k8 of f16 or "
                               "bf16 with sums in f32, row by column, only";
  Value a = getScratch(0), b = getScratch(1), c = getScratch(2);
  store(op.getOperandA(), a);
  store(op.getOperandB(), b);
  store(op.getOperandC(), c);
  auto half =
      type == NVVM::MMATypes::f16 ? simt::HalfType::F16 : simt::HalfType::BF16;
  emulation.call(rewriter, loc, "mask_simt_mma", {},
                 {emulation.getSite(rewriter, op),
                  emulation.getI32(rewriter, loc, int32_t(half)),
                  emulation.getI32(rewriter, loc, k), a, b, c});
  rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, op.getType(), c,
                                            /*alignment=*/16);
  return success();
}

LogicalResult NVVMEmulator::replaceCopy(NVVM::CpAsyncOp op) {
  Location loc = op.getLoc();
  Value bytes = emulation.getI64(rewriter, loc, op.getSize());
  Value fromBytes = bytes;
  if (Value read = op.getCpSize())
    fromBytes =
        LLVM::SExtOp::create(rewriter, loc, rewriter.getI64Type(), read);
  emulation.call(rewriter, loc, "mask_simt_copy", {},
                 {emulation.getSite(rewriter, op), toGeneric(op.getDst()),
                  toGeneric(op.getSrc()), bytes, fromBytes});
  rewriter.eraseOp(op);
  return success();
}

LogicalResult
mlir::mask::emulateNVVM(EmulationBuilder &emulation, LLVM::LLVMFuncOp function,
                        bool checks,
                        SmallVectorImpl<WorkgroupBuffer> &buffers) {
  return NVVMEmulator(emulation, function, checks, buffers).run();
}
