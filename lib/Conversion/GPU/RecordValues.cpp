//===- RecordValues.cpp - host values as expressions -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RecordValues.h"

#include "Mask/IR/LaunchValue.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

/// What the address of every workspace is a multiple of, in bytes.
static constexpr int64_t kWorkspaceAlignment = 16;

/// Integers of 64 bits, or taken for such.
static bool isWide(Type type) { return type.isIndex() || type.isInteger(64); }

RecordedValues::RecordedValues(func::FuncOp function)
    : context(function.getContext()) {
  for (BlockArgument argument : function.getArguments()) {
    values[argument] = apply("argument", number(argument.getArgNumber()));
    auto array = dyn_cast<MemRefType>(argument.getType());
    int64_t bytes = 1;
    // An index has 64 bits.
    if (array && array.getElementType().isIntOrFloat())
      bytes = llvm::PowerOf2Ceil(
          llvm::divideCeil(array.getElementTypeBitWidth(), 8));
    else if (array)
      bytes = 8;
    alignments.push_back(bytes);
  }
}

LaunchValueAttr RecordedValues::number(int64_t constant) const {
  return LaunchValueAttr::get(context, constant);
}

LaunchValueAttr
RecordedValues::apply(StringRef function,
                      ArrayRef<LaunchValueAttr> operands) const {
  if (llvm::is_contained(operands, LaunchValueAttr()))
    return {};
  // As of copies that are not made.
  if (function == "muli" && llvm::any_of(operands, [](LaunchValueAttr operand) {
        return isNumber(operand, 0);
      }))
    return number(0);
  auto value = LaunchValueAttr::get(context, function, operands);
  if (!llvm::all_of(operands,
                    [](LaunchValueAttr x) { return x.isConstant(); }) ||
      function == "argument" || function == "dim" || function == "workspace")
    return value;
  auto result = evaluate(value, [](LaunchValueAttr) { return 0; });
  if (result)
    return number(*result);
  llvm::consumeError(result.takeError());
  return value;
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

LaunchValueAttr RecordedValues::getExtent(Value array, int64_t dim) const {
  auto type = cast<MemRefType>(array.getType());
  if (!type.isDynamicDim(dim))
    return number(type.getDimSize(dim));
  LaunchValueAttr value = lookup(array);
  if (!value)
    return {};
  if (value.is("argument"))
    return apply("dim", {number(value.getIndex()), number(dim)});
  auto workspace = cast<WorkspaceAttr>(workspaces[value.getIndex()]);
  if (!workspace.getType().isDynamicDim(dim))
    return number(workspace.getType().getDimSize(dim));
  return workspace.getSizes()[workspace.getType().getDynamicDimIndex(dim)];
}

LaunchValueAttr RecordedValues::allocate(MemRefType type, ValueRange sizes) {
  SmallVector<LaunchValueAttr> extents;
  for (Value size : sizes)
    extents.push_back(lookup(size));
  if (llvm::is_contained(extents, LaunchValueAttr()) ||
      !type.getLayout().isIdentity())
    return {};
  workspaces.push_back(WorkspaceAttr::get(context, type, extents));
  return apply("workspace", number(workspaces.size() - 1));
}

bool RecordedValues::requireAlignment(LaunchValueAttr array, int64_t bytes) {
  if (array.is("workspace"))
    return bytes <= kWorkspaceAlignment;
  int64_t &alignment = alignments[array.getIndex()];
  alignment = std::max(alignment, bytes);
  return true;
}

/// Whether a value is a multiple of a power of two, whatever the call is.
static bool isMultiple(LaunchValueAttr value, int64_t power) {
  std::function<int64_t(LaunchValueAttr)> getDivisor =
      [&](LaunchValueAttr x) -> int64_t {
    if (x.isConstant())
      return x.getConstant() ? x.getConstant() & -x.getConstant() : power;
    if (!x.is("muli"))
      return 1;
    return std::min(power, getDivisor(x.getOperands()[0])) *
           std::min(power, getDivisor(x.getOperands()[1]));
  };
  return power <= (int64_t(1) << 30) && getDivisor(value) >= power;
}

/// What is left of addresses and numbers, joined by `or`, after a division by a
/// power of two: nothing of the addresses.
LaunchValueAttr RecordedValues::getRemainder(arith::RemUIOp op) {
  std::optional<int64_t> bytes = getConstantIntValue(op.getRhs());
  if (!bytes || *bytes < 1 || !llvm::isPowerOf2_64(*bytes))
    return getArithmetic(op);
  LaunchValueAttr divisor = number(*bytes), rest = number(0);
  SmallVector<LaunchValueAttr> arrays;
  SmallVector<Value> parts = {op.getLhs()};
  while (!parts.empty()) {
    Value part = parts.pop_back_val();
    if (auto both = part.getDefiningOp<arith::OrIOp>()) {
      parts.append({both.getLhs(), both.getRhs()});
      continue;
    }
    if (auto address =
            part.getDefiningOp<memref::ExtractAlignedPointerAsIndexOp>()) {
      arrays.push_back(lookup(address.getSource()));
      continue;
    }
    LaunchValueAttr value = lookup(part);
    if (value && isMultiple(value, *bytes))
      continue;
    rest = apply("ori", {rest, apply("remui", {value, divisor})});
  }
  if (arrays.empty())
    return getArithmetic(op);
  if (!rest || llvm::is_contained(arrays, LaunchValueAttr()))
    return {};
  for (LaunchValueAttr array : arrays)
    if (!requireAlignment(array, *bytes))
      return {};
  return rest;
}

/// Offset, extents and strides of an array.
bool RecordedValues::recordLayout(memref::ExtractStridedMetadataOp op) {
  LaunchValueAttr array = lookup(op.getSource());
  if (!array)
    return false;
  auto [strides, offset] = op.getSource().getType().getStridesAndOffset();
  auto isPossible = [](int64_t given, LaunchValueAttr value) {
    return ShapedType::isDynamic(given) || isNumber(value, given);
  };
  SmallVector<std::pair<Value, LaunchValueAttr>> results = {
      {op.getBaseBuffer(), array}, {op.getOffset(), number(0)}};
  LaunchValueAttr stride = number(1);
  bool isRowMajor = isPossible(offset, number(0));
  for (int64_t dim = strides.size(); dim-- > 0;) {
    LaunchValueAttr extent = getExtent(op.getSource(), dim);
    isRowMajor &= extent && isPossible(strides[dim], stride);
    results.append(
        {{op.getSizes()[dim], extent}, {op.getStrides()[dim], stride}});
    stride = isNumber(stride, 1) ? extent : apply("muli", {extent, stride});
  }
  if (isRowMajor)
    values.insert(results.begin(), results.end());
  return isRowMajor;
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

LaunchValueAttr RecordedValues::getConstant(Attribute value) const {
  if (auto real = dyn_cast<FloatAttr>(value)) {
    APInt bits = real.getValue().bitcastToAPInt();
    return bits.getBitWidth() <= 64 ? number(bits.getZExtValue())
                                    : LaunchValueAttr();
  }
  auto integer = dyn_cast<IntegerAttr>(value);
  if (!integer)
    return {};
  if (integer.getType().isInteger(1))
    return number(integer.getValue().getBoolValue());
  return integer.getValue().getBitWidth() <= 64 ? number(integer.getInt())
                                                : LaunchValueAttr();
}

/// A change of type: to more bits, or to fewer.
LaunchValueAttr RecordedValues::getCast(Operation *op) const {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  if (!from.isIntOrIndex() || !to.isIntOrIndex())
    return {};
  auto getWidth = [](Type type) -> int64_t {
    return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  };
  LaunchValueAttr value = lookup(op->getOperand(0));
  bool isUnsigned = isa<arith::ExtUIOp, arith::IndexCastUIOp>(op);
  int64_t width = getWidth(from);
  if (getWidth(to) >= width)
    // A flag is held without its sign.
    return isUnsigned == (width == 1) || width == 64
               ? value
               : apply(isUnsigned ? "extui" : "extsi", {value, number(width)});
  width = getWidth(to);
  return apply(width == 1 ? "extui" : "extsi", {value, number(width)});
}

LaunchValueAttr RecordedValues::getArithmetic(Operation *op) const {
  StringRef name = op->getName().stripDialect();
  SmallVector<LaunchValueAttr> operands;
  for (Value operand : op->getOperands())
    operands.push_back(lookup(operand));
  Type type = op->getOperand(0).getType();
  bool isBitwise = isa<arith::AndIOp, arith::OrIOp, arith::XOrIOp>(op);
  if (!isWide(type) && !(type.isInteger(1) && isBitwise))
    return {};
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return apply(("cmpi_" + stringifyEnum(compare.getPredicate())).str(),
                 operands);
  std::optional<unsigned> arity = getLaunchFunctionArity(name);
  if (!arity || *arity != operands.size())
    return {};
  return apply(name, operands);
}

/// The same in any width, as numbers are held here. Between arrays the choice
/// has to be known.
LaunchValueAttr RecordedValues::getSelection(Operation *op) const {
  LaunchValueAttr condition = lookup(op->getOperand(0));
  if (!condition || !op->getOperand(0).getType().isInteger(1))
    return {};
  LaunchValueAttr first = lookup(op->getOperand(1)),
                  second = lookup(op->getOperand(2));
  if (condition.isConstant())
    return condition.getConstant() ? first : second;
  if (isa<MemRefType>(op->getResult(0).getType()))
    return {};
  return apply("select", {condition, first, second});
}

LaunchValueAttr RecordedValues::getAffine(AffineExpr expr,
                                          ArrayRef<LaunchValueAttr> operands,
                                          unsigned numDims) const {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return operands[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return operands[numDims + symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return number(constant.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  SmallVector<LaunchValueAttr> sides = {
      getAffine(binary.getLHS(), operands, numDims),
      getAffine(binary.getRHS(), operands, numDims)};
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return apply("addi", sides);
  case AffineExprKind::Mul:
    return apply("muli", sides);
  case AffineExprKind::FloorDiv:
    return apply("floordivsi", sides);
  case AffineExprKind::CeilDiv:
    return apply("ceildivsi", sides);
  case AffineExprKind::Mod:
    // Never negative, unlike a remainder.
    return apply("subi", {sides[0], apply("muli", {apply("floordivsi", sides),
                                                   sides[1]})});
  default:
    llvm_unreachable("every binary affine expression is one of these");
  }
}

LaunchValueAttr RecordedValues::getAffine(AffineMap map, ValueRange operands,
                                          StringRef join) const {
  SmallVector<LaunchValueAttr> inputs;
  for (Value operand : operands)
    inputs.push_back(lookup(operand));
  if (llvm::is_contained(inputs, LaunchValueAttr()))
    return {};
  LaunchValueAttr result;
  for (AffineExpr expr : map.getResults()) {
    LaunchValueAttr next = getAffine(expr, inputs, map.getNumDims());
    result = result ? apply(join, {result, next}) : next;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

LaunchValueAttr RecordedValues::getResult(Operation *op) {
  return llvm::TypeSwitch<Operation *, LaunchValueAttr>(op)
      .Case([&](arith::ConstantOp op) { return getConstant(op.getValue()); })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
            arith::ExtUIOp, arith::TruncIOp>(
          [&](auto op) { return getCast(op); })
      .Case([&](arith::SelectOp op) { return getSelection(op); })
      .Case([&](arith::RemUIOp op) { return getRemainder(op); })
      .Case([&](affine::AffineApplyOp op) {
        return getAffine(op.getAffineMap(), op.getMapOperands(), "");
      })
      .Case([&](affine::AffineMinOp op) {
        return getAffine(op.getMap(), op.getOperands(), "minsi");
      })
      .Case([&](affine::AffineMaxOp op) {
        return getAffine(op.getMap(), op.getOperands(), "maxsi");
      })
      .Case([&](memref::DimOp op) {
        // One that the array does not have is valid IR as long as it is not
        // run.
        std::optional<int64_t> dim = op.getConstantIndex();
        auto type = dyn_cast<MemRefType>(op.getSource().getType());
        return dim && type && *dim >= 0 && *dim < type.getRank()
                   ? getExtent(op.getSource(), *dim)
                   : LaunchValueAttr();
      })
      .Case([&](memref::CastOp op) {
        return isa<MemRefType>(op.getSource().getType())
                   ? lookup(op.getSource())
                   : LaunchValueAttr();
      })
      .Case([&](memref::AllocOp op) {
        return allocate(op.getType(), op.getDynamicSizes());
      })
      .Default([&](Operation *op) {
        return isa_and_present<arith::ArithDialect>(op->getDialect()) &&
                       op->getNumResults() == 1
                   ? getArithmetic(op)
                   : LaunchValueAttr();
      });
}

bool RecordedValues::record(Operation *op) {
  if (auto layout = dyn_cast<memref::ExtractStridedMetadataOp>(op))
    return recordLayout(layout);
  if (op->getNumResults() != 1)
    return false;
  LaunchValueAttr value = getResult(op);
  if (!value)
    return false;
  values[op->getResult(0)] = value;
  return true;
}
