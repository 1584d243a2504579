//===- PythonGeneric.cpp - regions as Python statements ---------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The region of a `mask.generic` as statements over tensors, arrays and numbers
// alike: only operators are used. Integers narrower than 64 bits wrap as they
// do in the region; wider ones are taken not to overflow.
//
//===----------------------------------------------------------------------===//

#include "PythonRegion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::python;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

LogicalResult RegionWriter::bindCaptures() {
  Block &block = op.getBody().front();
  for (auto [argument, capture] :
       llvm::zip(block.getArguments().drop_front(4), op.getCaptures())) {
    if (isa<ShapedType>(capture.getType())) {
      Expression name = writer.addArray(capture, "captured");
      if (failed(name))
        return failure();
      if (name->empty())
        return op.emitOpError() << "captures an absent fact as argument "
                                << argument.getArgNumber();
      texts[argument] = *name;
      continue;
    }
    FailureOr<int64_t> number = writer.facts.evaluateNumber(capture);
    if (failed(number))
      return failure();
    texts[argument] = getConstant(APInt(64, *number, true), capture.getType());
  }
  return success();
}

std::string RegionWriter::getConstant(const APInt &value, Type type) const {
  return type.isInteger(1) ? getFlag(!value.isZero())
                           : std::to_string(value.getSExtValue());
}

/// Whether a value is provably not negative, so that unsigned arithmetic on it
/// is signed.
bool RegionWriter::isNonNegative(Value value) const {
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return !constant.isNegative();
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getArgNumber() < 2 ||
           (argument.getArgNumber() < 4 &&
            writer.isInside(/*isQuery=*/argument.getArgNumber() == 2,
                            std::numeric_limits<int64_t>::max(), at));
  Operation *inner = value.getDefiningOp();
  auto operands = [&] {
    return llvm::all_of(inner->getOperands(),
                        [&](Value operand) { return isNonNegative(operand); });
  };
  // Narrow sums may wrap.
  if (getWidth(value.getType()) < 63)
    return false;
  return TypeSwitch<Operation *, bool>(inner)
      .Case<arith::AddIOp, arith::MulIOp, arith::DivSIOp, arith::FloorDivSIOp,
            arith::DivUIOp, arith::RemUIOp, arith::MinSIOp, arith::IndexCastOp>(
          [&](auto) { return operands(); })
      .Case([&](arith::RemSIOp) { return isNonNegative(inner->getOperand(0)); })
      .Case([](tensor::DimOp) { return true; })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>(
          [&](auto) { return getWidth(inner->getOperand(0).getType()) < 63; })
      .Default([](Operation *) { return false; });
}

/// Whether an index provably lies in `[0, extent)`.
bool RegionWriter::isInside(Value index, int64_t extent) const {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return constant.sge(0) && constant.slt(extent);
  auto argument = dyn_cast<BlockArgument>(index);
  const MaskView &view = writer.view;
  switch (argument ? argument.getArgNumber() : 4) {
  case 0:
    return view.batch <= extent;
  case 1:
    return view.headsDiffer && view.heads <= extent;
  case 2:
    return writer.isInside(/*isQuery=*/true, extent, at);
  case 3:
    return writer.isInside(/*isQuery=*/false, extent, at);
  default:
    return false;
  }
}

/// Elements are read inside of the array only.
std::string RegionWriter::getExtract(tensor::ExtractOp extract) {
  const IntegerArray &array = *writer.arrays.at(text(extract.getTensor()));
  SmallVector<std::string> indices;
  for (auto [i, value] : llvm::enumerate(extract.getIndices())) {
    std::string index = text(value);
    int64_t extent = array.getSize(i);
    if (isInside(value, extent)) {
      indices.push_back(index);
      continue;
    }
    guards.push_back(writer.assign("inside", "(" + index + " >= 0) & (" +
                                                 index + " < " +
                                                 std::to_string(extent) + ")"));
    indices.push_back(index + " * " + guards.back());
  }
  // An array without elements has none to read instead.
  if (array.getNumElements() == 0)
    return "0";
  std::string element =
      text(extract.getTensor()) + "[" + llvm::join(indices, ", ") + "]";
  return extract.getType().isInteger(1) ? element + " != 0" : element;
}

std::string RegionWriter::getExtent(tensor::DimOp dim) const {
  const IntegerArray &array = *writer.arrays.at(text(dim.getSource()));
  std::optional<int64_t> index = dim.getConstantIndex();
  return index && *index >= 0 && *index < array.getRank()
             ? std::to_string(array.getSize(*index))
             : "";
}

std::string RegionWriter::getCast(Operation *cast, bool isUnsigned) const {
  Value source = cast->getOperand(0);
  Type from = source.getType(), to = cast->getResult(0).getType();
  std::string value = text(source);
  if (to.isInteger(1))
    return from.isInteger(1) ? value : "(" + value + " & 1) != 0";
  if (isUnsigned)
    value = toUnsigned(value, from);
  else if (from.isInteger(1))
    value += " * -1";
  return getWidth(to) < getWidth(from) || isUnsigned ? wrap(value, to) : value;
}

//===----------------------------------------------------------------------===//
// The region
//===----------------------------------------------------------------------===//

std::string RegionWriter::getExpression(Operation *inner) {
  if (inner->getNumResults() != 1 ||
      !inner->getResult(0).getType().isIntOrIndex())
    return "";
  bool isFlag = inner->getResult(0).getType().isInteger(1);
  APInt constant;
  if (matchPattern(inner, m_ConstantInt(&constant)))
    return getConstant(constant, inner->getResult(0).getType());
  auto bits = [&](StringRef symbol) {
    return lhs(inner) + symbol.str() + rhs(inner);
  };
  std::string text =
      TypeSwitch<Operation *, std::string>(inner)
          .Case([&](arith::CmpIOp op) { return getCompare(op); })
          .Case([&](arith::SelectOp op) { return getSelect(op); })
          .Case([&](tensor::ExtractOp op) { return getExtract(op); })
          .Case([&](tensor::DimOp op) { return getExtent(op); })
          .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(
              [&](auto) { return getCast(inner, false); })
          .Case<arith::IndexCastUIOp, arith::ExtUIOp>(
              [&](auto) { return getCast(inner, true); })
          .Case([&](arith::AddIOp) { return getSigned(inner, " + ", " ^ "); })
          .Case([&](arith::SubIOp) { return getSigned(inner, " - ", " ^ "); })
          .Case([&](arith::MulIOp) { return getSigned(inner, " * ", " & "); })
          .Case([&](arith::AndIOp) { return bits(" & "); })
          .Case([&](arith::OrIOp) { return bits(" | "); })
          .Case([&](arith::XOrIOp) { return bits(" ^ "); })
          .Default([](Operation *) { return std::string(); });
  if (!text.empty() || isFlag)
    return text;
  return TypeSwitch<Operation *, std::string>(inner)
      .Case([&](arith::DivSIOp) { return getDivision(inner, false); })
      .Case([&](arith::RemSIOp) { return getDivision(inner, true); })
      .Case([&](arith::FloorDivSIOp) {
        return wrap(lhs(inner) + " // " + getDivisor(inner),
                    inner->getResult(0).getType());
      })
      .Case([&](arith::CeilDivSIOp) {
        return wrap("-(-" + lhs(inner) + " // " + getDivisor(inner) + ")",
                    inner->getResult(0).getType());
      })
      .Case([&](arith::DivUIOp) { return getUnsignedDivision(inner, " // "); })
      .Case([&](arith::RemUIOp) { return getUnsignedDivision(inner, " % "); })
      .Case([&](arith::MinSIOp) { return getExtremum(inner, " < "); })
      .Case([&](arith::MaxSIOp) { return getExtremum(inner, " > "); })
      .Case([&](arith::MinUIOp) { return getUnsignedExtremum(inner, true); })
      .Case([&](arith::MaxUIOp) { return getUnsignedExtremum(inner, false); })
      .Default([](Operation *) { return std::string(); });
}

Expression RegionWriter::write() {
  Block &block = op.getBody().front();
  texts[block.getArgument(0)] = "b";
  texts[block.getArgument(1)] = "h";
  texts[block.getArgument(2)] = at.query;
  texts[block.getArgument(3)] = at.key;
  if (failed(bindCaptures()))
    return failure();
  for (Operation &inner : block.without_terminator()) {
    std::string expression = getExpression(&inner);
    if (expression.empty())
      return inner.emitOpError() << "has no Python form";
    bool isConstant = matchPattern(&inner, m_Constant());
    texts[inner.getResult(0)] =
        isConstant ? expression : writer.assign("value", expression);
  }
  std::string result = text(block.getTerminator()->getOperand(0));
  // Where no coordinate decides it is a number, not a tensor.
  bool isUniform =
      llvm::all_of(block.getArguments().take_front(4),
                   [](BlockArgument argument) { return argument.use_empty(); });
  if (isUniform)
    result += " & " + getFlag(true);
  return PythonWriter::guarded(guards, result);
}

Expression PythonWriter::writeGeneric(GenericOp op, const Coordinates &at) {
  return RegionWriter(*this, op, at).write();
}
