//===- EmulateBF16Products.cpp - products of bf16 in f32 -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Pipelines/Passes.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::mask {
#define GEN_PASS_DEF_MASKEMULATEBF16PRODUCTS
#include "Mask/Pipelines/Passes.h.inc"
} // namespace mlir::mask

using namespace mlir;

//===----------------------------------------------------------------------===//
// Pairs
//===----------------------------------------------------------------------===//

/// Both elements of pairs, as f32; `pairs` is a vector of words.
static std::pair<Value, Value> splitPairs(ImplicitLocOpBuilder &b,
                                          Value pairs) {
  auto words = cast<VectorType>(pairs.getType());
  auto floats = words.clone(b.getF32Type());
  auto constant = [&](uint32_t bits) {
    return arith::ConstantOp::create(
        b, DenseElementsAttr::get(words, APInt(32, bits)));
  };
  Value even = arith::ShLIOp::create(b, pairs, constant(16)),
        odd = arith::AndIOp::create(b, pairs, constant(0xffff0000));
  return {arith::BitcastOp::create(b, floats, even),
          arith::BitcastOp::create(b, floats, odd)};
}

namespace {
/// Two fused multiply-adds, that of the second elements first, as `vdpbf16ps`
/// does.
struct EmulateDot : OpConversionPattern<x86vector::DotBF16Op> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(x86vector::DotBF16Op op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto sums = cast<VectorType>(op.getType());
    auto split = [&](Value operand) {
      return splitPairs(
          b, vector::BitCastOp::create(b, sums.clone(b.getI32Type()), operand));
    };
    auto [evenA, oddA] = split(adaptor.getA());
    auto [evenB, oddB] = split(adaptor.getB());
    Value odd = vector::FMAOp::create(b, oddA, oddB, adaptor.getSrc());
    rewriter.replaceOpWithNewOp<vector::FMAOp>(op, evenA, evenB, odd);
    return success();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// A vector of the rows of a tile; pairs of bf16 are words.
static VectorType convertTile(amx::TileType type) {
  SmallVector<int64_t> shape(type.getShape());
  Type element = type.getElementType();
  if (element.isBF16()) {
    shape.back() /= 2;
    element = IntegerType::get(type.getContext(), 32);
  }
  return VectorType::get(shape, element);
}

/// The indices of the first element of a row of a tile.
static SmallVector<Value> locateRow(ImplicitLocOpBuilder &b, ValueRange indices,
                                    int64_t row) {
  SmallVector<Value> result(indices);
  Value distance = arith::ConstantIndexOp::create(b, row);
  Value &index = result[result.size() - 2];
  index = arith::AddIOp::create(b, index, distance);
  return result;
}

namespace {
struct EmulateZero : OpConversionPattern<amx::TileZeroOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(amx::TileZeroOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        op, rewriter.getZeroAttr(convertTile(op.getTileType())));
    return success();
  }
};

/// Rows lie as far apart as the memref says.
struct EmulateLoad : OpConversionPattern<amx::TileLoadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(amx::TileLoadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getStride())
      return rewriter.notifyMatchFailure(op, "has a stride of its own");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    amx::TileType tile = op.getTileType();
    VectorType type = convertTile(tile);
    auto inMemory =
        VectorType::get(tile.getShape().back(), tile.getElementType());
    auto rowType =
        VectorType::get(type.getShape().back(), type.getElementType());
    Value result = arith::ConstantOp::create(b, b.getZeroAttr(type));
    for (int64_t row = 0; row < type.getShape().front(); ++row) {
      Value elements =
          vector::LoadOp::create(b, inMemory, adaptor.getBase(),
                                 locateRow(b, adaptor.getIndices(), row));
      result = vector::InsertOp::create(
          b, b.createOrFold<vector::BitCastOp>(rowType, elements), result, row);
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct EmulateStore : OpConversionPattern<amx::TileStoreOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(amx::TileStoreOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (op.getStride() || !op.getTileType().getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "is not a tile of sums");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    for (int64_t row = 0; row < op.getTileType().getShape().front(); ++row)
      vector::StoreOp::create(
          b, vector::ExtractOp::create(b, adaptor.getVal(), row),
          adaptor.getBase(), locateRow(b, adaptor.getIndices(), row));
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

/// Two sums per element, of the first and of the second elements of pairs,
/// which are added to what was there at last, as `tdpbf16ps` does.
static void emitTileProduct(ImplicitLocOpBuilder &b, ValueRange arguments) {
  Value a = arguments[0], c = arguments[2];
  auto rows = cast<VectorType>(a.getType()).getShape().front(),
       pairs = cast<VectorType>(a.getType()).getShape().back();
  auto sumsType = cast<VectorType>(c.getType());
  auto rowType = VectorType::get(sumsType.getShape().back(), b.getF32Type());
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(rowType));
  SmallVector<std::pair<Value, Value>> second;
  for (int64_t k = 0; k < pairs; ++k)
    second.push_back(
        splitPairs(b, vector::ExtractOp::create(b, arguments[1], k)));
  for (int64_t m = 0; m < rows; ++m) {
    auto [even, odd] = splitPairs(b, vector::ExtractOp::create(b, a, m));
    Value evenSum = zero, oddSum = zero;
    auto multiply = [&](Value first, int64_t k, Value second, Value sum) {
      Value factor = vector::BroadcastOp::create(
          b, rowType, vector::ExtractOp::create(b, first, k));
      return vector::FMAOp::create(b, factor, second, sum);
    };
    for (int64_t k = 0; k < pairs; ++k) {
      evenSum = multiply(even, k, second[k].first, evenSum);
      oddSum = multiply(odd, k, second[k].second, oddSum);
    }
    Value before = vector::ExtractOp::create(b, c, m);
    Value after = arith::AddFOp::create(
        b, before, arith::AddFOp::create(b, evenSum, oddSum));
    c = vector::InsertOp::create(b, after, c, m);
  }
  func::ReturnOp::create(b, c);
}

/// A function of `module` that multiplies tiles of these types, which is added
/// where there is none.
static func::FuncOp getTileProduct(OpBuilder &builder, ModuleOp module,
                                   TypeRange types) {
  std::string name = "mask_multiply_tiles";
  for (Type type : types)
    for (int64_t size : cast<VectorType>(type).getShape())
      name += "_" + std::to_string(size);
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  auto function =
      func::FuncOp::create(builder, module.getLoc(), name,
                           builder.getFunctionType(types, types.back()));
  function.setPrivate();
  builder.setInsertionPointToStart(function.addEntryBlock());
  ImplicitLocOpBuilder b(module.getLoc(), builder);
  emitTileProduct(b, function.getArguments());
  return function;
}

namespace {
struct EmulateProduct : OpConversionPattern<amx::TileMulFOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(amx::TileMulFOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!op.getLhsTileType().getElementType().isBF16())
      return rewriter.notifyMatchFailure(op, "is not of bf16");
    SmallVector<Value> operands = {adaptor.getLhs(), adaptor.getRhs(),
                                   adaptor.getAcc()};
    func::FuncOp function =
        getTileProduct(rewriter, op->getParentOfType<ModuleOp>(),
                       ValueRange(operands).getTypes());
    rewriter.replaceOpWithNewOp<func::CallOp>(op, function, operands);
    return success();
  }
};

struct EmulateBF16Products
    : mask::impl::MaskEmulateBF16ProductsBase<EmulateBF16Products> {
  void runOnOperation() override {
    TypeConverter types;
    types.addConversion([](Type type) { return type; });
    types.addConversion([](amx::TileType type) { return convertTile(type); });
    ConversionTarget target(getContext());
    target.addIllegalDialect<amx::AMXDialect>();
    target.addIllegalOp<x86vector::DotBF16Op>();
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    RewritePatternSet patterns(&getContext());
    patterns.add<EmulateDot, EmulateZero, EmulateLoad, EmulateStore,
                 EmulateProduct>(types, &getContext());
    scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns,
                                                         target);
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
