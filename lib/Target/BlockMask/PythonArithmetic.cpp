//===- PythonArithmetic.cpp - integer arithmetic in Python ------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PythonRegion.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::mask;
using namespace mlir::mask::python;

unsigned python::getWidth(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

std::string python::wrap(const std::string &value, Type type) {
  unsigned width = getWidth(type);
  if (width >= 63)
    return value;
  std::string half = std::to_string(int64_t(1) << (width - 1));
  std::string mask = std::to_string((int64_t(1) << width) - 1);
  return "((" + value + " + " + half + ") & " + mask + ") - " + half;
}

std::string python::toUnsigned(const std::string &value, Type type) {
  unsigned width = getWidth(type);
  if (width == 1)
    return value + " * 1";
  if (width >= 63)
    return value;
  return "(" + value + " & " + std::to_string((int64_t(1) << width) - 1) + ")";
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

std::string RegionWriter::getCompare(arith::CmpIOp compare) const {
  std::string a = lhs(compare), b = rhs(compare);
  // The signs decide where they differ.
  auto asUnsigned = [&](StringRef symbol) {
    return "(" + a + symbol.str() + b + ") ^ ((" + a + " < 0) ^ (" + b +
           " < 0))";
  };
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::eq:
    return a + " == " + b;
  case arith::CmpIPredicate::ne:
    return a + " != " + b;
  default:
    break;
  }
  if (compare.getLhs().getType().isInteger(1))
    return "";
  switch (compare.getPredicate()) {
  case arith::CmpIPredicate::slt:
    return a + " < " + b;
  case arith::CmpIPredicate::sle:
    return a + " <= " + b;
  case arith::CmpIPredicate::sgt:
    return a + " > " + b;
  case arith::CmpIPredicate::sge:
    return a + " >= " + b;
  case arith::CmpIPredicate::ult:
    return asUnsigned(" < ");
  case arith::CmpIPredicate::ule:
    return asUnsigned(" <= ");
  case arith::CmpIPredicate::ugt:
    return asUnsigned(" > ");
  case arith::CmpIPredicate::uge:
    return asUnsigned(" >= ");
  default:
    return "";
  }
}

/// On tensors a conditional expression does not work.
std::string RegionWriter::getSelect(arith::SelectOp select) const {
  std::string condition = text(select.getCondition());
  std::string a = text(select.getTrueValue());
  std::string b = text(select.getFalseValue());
  if (select.getType().isInteger(1))
    return "(" + condition + " & " + a + ") | ((" + condition + " ^ True) & " +
           b + ")";
  return b + " + " + condition + " * (" + a + " - " + b + ")";
}

/// The left operand where the comparison holds, else the right one.
std::string RegionWriter::getExtremum(Operation *binary,
                                      StringRef comparison) const {
  std::string a = lhs(binary), b = rhs(binary);
  return b + " + (" + a + comparison.str() + b + ") * (" + a + " - " + b + ")";
}

std::string RegionWriter::getUnsignedExtremum(Operation *binary,
                                              bool isMin) const {
  std::string a = lhs(binary), b = rhs(binary);
  std::string less =
      "((" + a + " < " + b + ") ^ ((" + a + " < 0) ^ (" + b + " < 0)))";
  std::string first = isMin ? a : b, second = isMin ? b : a;
  return second + " + " + less + " * (" + first + " - " + second + ")";
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// Flags have an operator of their own for what wraps at one bit.
std::string RegionWriter::getSigned(Operation *binary, StringRef symbol,
                                    StringRef flag) {
  Type type = binary->getResult(0).getType();
  if (type.isInteger(1))
    return lhs(binary) + flag.str() + rhs(binary);
  return wrap(lhs(binary) + symbol.str() + rhs(binary), type);
}

std::string RegionWriter::getDivisor(Operation *binary) {
  APInt constant;
  if (matchPattern(binary->getOperand(1), m_ConstantInt(&constant)) &&
      !constant.isZero())
    return rhs(binary);
  guards.push_back(writer.assign("divides", rhs(binary) + " != 0"));
  return writer.assign("divisor",
                       rhs(binary) + " + (" + rhs(binary) + " == 0)");
}

/// `arith.divsi` and `arith.remsi` round towards zero, Python and tensors
/// downwards: one less where the quotient is negative and not whole.
std::string RegionWriter::getDivision(Operation *binary, bool isRemainder) {
  std::string a = lhs(binary), b = getDivisor(binary);
  std::string isRounded =
      writer.assign("rounded", "(" + a + " % " + b + " != 0) & ((" + a +
                                   " < 0) ^ (" + b + " < 0))");
  if (isRemainder)
    return a + " % " + b + " - " + isRounded + " * " + b;
  return wrap(a + " // " + b + " + " + isRounded + " * 1",
              binary->getResult(0).getType());
}

std::string RegionWriter::getUnsignedDivision(Operation *binary,
                                              StringRef symbol) {
  Type type = binary->getResult(0).getType();
  // Numbers of 63 bits and more must be the same when they are signed.
  if (getWidth(type) >= 63 && !(isNonNegative(binary->getOperand(0)) &&
                                isNonNegative(binary->getOperand(1))))
    return "";
  std::string divisor = getDivisor(binary);
  return wrap(toUnsigned(lhs(binary), type) + symbol.str() +
                  toUnsigned(divisor, type),
              type);
}
