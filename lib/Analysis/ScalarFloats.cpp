//===- ScalarFloats.cpp - floating-point ops of scalar code -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarCompiler.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::mask;

bool ScalarCompiler::unary(Operation *inner, UnaryFunction function) {
  unsigned x = slotOf(inner->getOperand(0)),
           result = slotOf(inner->getResult(0));
  steps.emplace_back([=](ScalarFrame &frame) {
    frame.setFloat(result, function(frame.getFloat(x)));
  });
  return true;
}

bool ScalarCompiler::binaryFloat(Operation *inner, BinaryFunction function) {
  unsigned x = slotOf(inner->getOperand(0)), y = slotOf(inner->getOperand(1));
  unsigned result = slotOf(inner->getResult(0));
  steps.emplace_back([=](ScalarFrame &frame) {
    frame.setFloat(result, function(frame.getFloat(x), frame.getFloat(y)));
  });
  return true;
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

/// Rounds towards zero; what does not fit does not exist.
bool ScalarCompiler::toInteger(Operation *inner, bool isUnsigned) {
  unsigned x = slotOf(inner->getOperand(0)),
           result = slotOf(inner->getResult(0));
  unsigned width = getIntegerWidth(inner->getResult(0).getType());
  double end = std::ldexp(1.0, isUnsigned ? width : width - 1);
  double least = isUnsigned ? 0 : -end;
  steps.emplace_back([=](ScalarFrame &frame) {
    double whole = std::trunc(frame.getFloat(x));
    if (std::isnan(whole) || whole < least || whole >= end)
      frame.values[result] = frame.undefined();
    else
      frame.values[result] = toHostInteger(
          isUnsigned ? int64_t(uint64_t(whole)) : int64_t(whole), width);
  });
  return true;
}

bool ScalarCompiler::fromInteger(Operation *inner, bool isUnsigned) {
  unsigned x = slotOf(inner->getOperand(0)),
           result = slotOf(inner->getResult(0));
  unsigned width = getIntegerWidth(inner->getOperand(0).getType());
  steps.emplace_back([=](ScalarFrame &frame) {
    int64_t value = frame.values[x];
    if (isUnsigned)
      frame.setFloat(result, double(toUnsigned(value, width)));
    else // A signed flag is 0 or -1.
      frame.setFloat(result, double(width == 1 ? -value : value));
  });
  return true;
}

bool ScalarCompiler::compileConversion(Operation *inner) {
  return TypeSwitch<Operation *, bool>(inner)
      .Case([&](arith::SIToFPOp op) {
        return fromInteger(op, /*isUnsigned=*/false);
      })
      .Case([&](arith::UIToFPOp op) {
        return fromInteger(op, /*isUnsigned=*/true);
      })
      .Case([&](arith::FPToSIOp op) {
        return toInteger(op, /*isUnsigned=*/false);
      })
      .Case([&](arith::FPToUIOp op) {
        return toInteger(op, /*isUnsigned=*/true);
      })
      // Every width is float64 here.
      .Case<arith::ExtFOp, arith::TruncFOp>(
          [&](Operation *op) { return unary(op, [](double x) { return x; }); })
      .Default(false);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

/// The larger one, a NaN if there is one; of zeros the positive one.
static double maximum(double x, double y) {
  if (std::isnan(x) || std::isnan(y))
    return x + y;
  if (x == y)
    return std::signbit(x) ? y : x;
  return x > y ? x : y;
}
static double minimum(double x, double y) { return -maximum(-x, -y); }

static bool compare(arith::CmpFPredicate predicate, double a, double b) {
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case arith::CmpFPredicate::AlwaysFalse:
    return false;
  case arith::CmpFPredicate::OEQ:
    return a == b;
  case arith::CmpFPredicate::OGT:
    return a > b;
  case arith::CmpFPredicate::OGE:
    return a >= b;
  case arith::CmpFPredicate::OLT:
    return a < b;
  case arith::CmpFPredicate::OLE:
    return a <= b;
  case arith::CmpFPredicate::ONE:
    return !unordered && a != b;
  case arith::CmpFPredicate::ORD:
    return !unordered;
  case arith::CmpFPredicate::UEQ:
    return unordered || a == b;
  case arith::CmpFPredicate::UGT:
    return unordered || a > b;
  case arith::CmpFPredicate::UGE:
    return unordered || a >= b;
  case arith::CmpFPredicate::ULT:
    return unordered || a < b;
  case arith::CmpFPredicate::ULE:
    return unordered || a <= b;
  case arith::CmpFPredicate::UNE:
    return a != b;
  case arith::CmpFPredicate::UNO:
    return unordered;
  case arith::CmpFPredicate::AlwaysTrue:
    return true;
  }
  llvm_unreachable("all predicates are handled");
}

void ScalarCompiler::compileCompare(arith::CmpFOp op) {
  unsigned a = slotOf(op.getLhs()), b = slotOf(op.getRhs()),
           result = slotOf(op.getResult());
  arith::CmpFPredicate predicate = op.getPredicate();
  steps.emplace_back([=](ScalarFrame &frame) {
    frame.values[result] =
        compare(predicate, frame.getFloat(a), frame.getFloat(b));
  });
}

bool ScalarCompiler::compileFloat(Operation *inner) {
  return TypeSwitch<Operation *, bool>(inner)
      .Case([&](arith::CmpFOp op) {
        compileCompare(op);
        return true;
      })
      .Case([&](arith::AddFOp op) {
        return binaryFloat(op, [](double x, double y) { return x + y; });
      })
      .Case([&](arith::SubFOp op) {
        return binaryFloat(op, [](double x, double y) { return x - y; });
      })
      .Case([&](arith::MulFOp op) {
        return binaryFloat(op, [](double x, double y) { return x * y; });
      })
      .Case([&](arith::DivFOp op) {
        return binaryFloat(op, [](double x, double y) { return x / y; });
      })
      .Case([&](arith::RemFOp op) { return binaryFloat(op, std::fmod); })
      .Case([&](arith::MaximumFOp op) { return binaryFloat(op, maximum); })
      .Case([&](arith::MinimumFOp op) { return binaryFloat(op, minimum); })
      .Case([&](arith::MaxNumFOp op) { return binaryFloat(op, std::fmax); })
      .Case([&](arith::MinNumFOp op) { return binaryFloat(op, std::fmin); })
      .Case([&](arith::NegFOp op) {
        return unary(op, [](double x) { return -x; });
      })
      .Case([&](math::FmaOp op) {
        unsigned x = slotOf(op.getA()), y = slotOf(op.getB()),
                 z = slotOf(op.getC()), result = slotOf(op.getResult());
        steps.emplace_back([=](ScalarFrame &frame) {
          frame.setFloat(result, std::fma(frame.getFloat(x), frame.getFloat(y),
                                          frame.getFloat(z)));
        });
        return true;
      })
      .Default(false);
}

bool ScalarCompiler::compileElementary(Operation *inner) {
  return TypeSwitch<Operation *, bool>(inner)
      .Case([&](math::AbsFOp op) { return unary(op, std::fabs); })
      .Case([&](math::SqrtOp op) { return unary(op, std::sqrt); })
      .Case([&](math::RsqrtOp op) {
        return unary(op, [](double x) { return 1 / std::sqrt(x); });
      })
      .Case([&](math::ExpOp op) { return unary(op, std::exp); })
      .Case([&](math::Exp2Op op) { return unary(op, std::exp2); })
      .Case([&](math::ExpM1Op op) { return unary(op, std::expm1); })
      .Case([&](math::LogOp op) { return unary(op, std::log); })
      .Case([&](math::Log2Op op) { return unary(op, std::log2); })
      .Case([&](math::Log10Op op) { return unary(op, std::log10); })
      .Case([&](math::Log1pOp op) { return unary(op, std::log1p); })
      .Case([&](math::TanhOp op) { return unary(op, std::tanh); })
      .Case([&](math::SinOp op) { return unary(op, std::sin); })
      .Case([&](math::CosOp op) { return unary(op, std::cos); })
      .Case([&](math::ErfOp op) { return unary(op, std::erf); })
      .Case([&](math::FloorOp op) { return unary(op, std::floor); })
      .Case([&](math::CeilOp op) { return unary(op, std::ceil); })
      .Case([&](math::TruncOp op) { return unary(op, std::trunc); })
      .Case([&](math::RoundOp op) { return unary(op, std::round); })
      .Case([&](math::RoundEvenOp op) { return unary(op, std::nearbyint); })
      .Case([&](math::PowFOp op) { return binaryFloat(op, std::pow); })
      .Case([&](math::Atan2Op op) { return binaryFloat(op, std::atan2); })
      .Case([&](math::CopySignOp op) { return binaryFloat(op, std::copysign); })
      .Default(false);
}
