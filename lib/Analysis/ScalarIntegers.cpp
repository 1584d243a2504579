//===- ScalarIntegers.cpp - integer ops of scalar code -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarCompiler.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask;

unsigned mlir::mask::getIntegerWidth(Type type) {
  return type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
}

int64_t mlir::mask::toHostInteger(int64_t value, unsigned width) {
  if (width == 1)
    return value & 1;
  return width >= 64 ? value : llvm::SignExtend64(value, width);
}

uint64_t mlir::mask::toUnsigned(int64_t value, unsigned width) {
  return width >= 64
             ? value
             : uint64_t(value) & llvm::maskTrailingOnes<uint64_t>(width);
}

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b,
                    unsigned width) {
  uint64_t ua = toUnsigned(a, width), ub = toUnsigned(b, width);
  // A signed flag is 0 or -1.
  int64_t sa = width == 1 ? -a : a, sb = width == 1 ? -b : b;
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return sa < sb;
  case arith::CmpIPredicate::sle:
    return sa <= sb;
  case arith::CmpIPredicate::sgt:
    return sa > sb;
  case arith::CmpIPredicate::sge:
    return sa >= sb;
  case arith::CmpIPredicate::ult:
    return ua < ub;
  case arith::CmpIPredicate::ule:
    return ua <= ub;
  case arith::CmpIPredicate::ugt:
    return ua > ub;
  case arith::CmpIPredicate::uge:
    return ua >= ub;
  }
  llvm_unreachable("all predicates are handled");
}

void ScalarCompiler::compileCompare(arith::CmpIOp op) {
  unsigned a = slotOf(op.getLhs()), b = slotOf(op.getRhs());
  unsigned result = slotOf(op.getResult()),
           width = getIntegerWidth(op.getLhs().getType());
  arith::CmpIPredicate predicate = op.getPredicate();
  steps.emplace_back([=](ScalarFrame &frame) {
    frame.values[result] =
        compare(predicate, frame.values[a], frame.values[b], width);
  });
}

void ScalarCompiler::compileSelect(arith::SelectOp select) {
  unsigned condition = slotOf(select.getCondition());
  unsigned a = slotOf(select.getTrueValue()),
           b = slotOf(select.getFalseValue());
  unsigned result = slotOf(select.getResult());
  steps.emplace_back([=](ScalarFrame &frame) {
    frame.values[result] = frame.values[frame.values[condition] ? a : b];
  });
}

bool ScalarCompiler::binary(Operation *inner, IntegerFunction function,
                            bool isUnsigned) {
  unsigned a = slotOf(inner->getOperand(0)), b = slotOf(inner->getOperand(1));
  unsigned result = slotOf(inner->getResult(0));
  unsigned width = getIntegerWidth(inner->getResult(0).getType());
  steps.emplace_back([=](ScalarFrame &frame) {
    int64_t x = frame.values[a], y = frame.values[b];
    if (isUnsigned) {
      x = toUnsigned(x, width);
      y = toUnsigned(y, width);
    }
    frame.values[result] = toHostInteger(function(x, y, frame), width);
  });
  return true;
}

bool ScalarCompiler::cast(Operation *inner, bool isUnsigned) {
  unsigned source = slotOf(inner->getOperand(0));
  unsigned result = slotOf(inner->getResult(0));
  unsigned from = getIntegerWidth(inner->getOperand(0).getType());
  unsigned to = getIntegerWidth(inner->getResult(0).getType());
  steps.emplace_back([=](ScalarFrame &frame) {
    int64_t value = frame.values[source];
    if (isUnsigned)
      value = toUnsigned(value, from);
    else if (from == 1)
      value = -value;
    frame.values[result] = toHostInteger(value, to);
  });
  return true;
}

/// A quotient by zero, or one too large for its type, does not exist.
bool ScalarCompiler::division(Operation *inner, DivisionFunction function) {
  unsigned a = slotOf(inner->getOperand(0)), b = slotOf(inner->getOperand(1));
  unsigned result = slotOf(inner->getResult(0));
  unsigned width = getIntegerWidth(inner->getResult(0).getType());
  int64_t least = llvm::minIntN(width);
  steps.emplace_back([=](ScalarFrame &frame) {
    int64_t x = frame.values[a], y = frame.values[b];
    if (y == 0 || (y == -1 && x == least))
      frame.values[result] = frame.undefined();
    else
      frame.values[result] = toHostInteger(function(x, y), width);
  });
  return true;
}

bool ScalarCompiler::compileInteger(Operation *inner) {
  return TypeSwitch<Operation *, bool>(inner)
      .Case([&](arith::CmpIOp op) {
        compileCompare(op);
        return true;
      })
      .Case([&](arith::SelectOp op) {
        compileSelect(op);
        return true;
      })
      .Case([&](arith::AddIOp op) {
        return binary(op, [](int64_t a, int64_t b, ScalarFrame &) {
          return int64_t(uint64_t(a) + uint64_t(b));
        });
      })
      .Case([&](arith::SubIOp op) {
        return binary(op, [](int64_t a, int64_t b, ScalarFrame &) {
          return int64_t(uint64_t(a) - uint64_t(b));
        });
      })
      .Case([&](arith::MulIOp op) {
        return binary(op, [](int64_t a, int64_t b, ScalarFrame &) {
          return int64_t(uint64_t(a) * uint64_t(b));
        });
      })
      .Case([&](arith::DivSIOp op) {
        return division(op, [](int64_t a, int64_t b) { return a / b; });
      })
      .Case([&](arith::RemSIOp op) {
        return division(op, [](int64_t a, int64_t b) { return a % b; });
      })
      .Case([&](arith::FloorDivSIOp op) {
        return division(op, [](int64_t a, int64_t b) {
          return llvm::divideFloorSigned(a, b);
        });
      })
      .Case([&](arith::CeilDivSIOp op) {
        return division(op, [](int64_t a, int64_t b) {
          return llvm::divideCeilSigned(a, b);
        });
      })
      .Case([&](arith::MaxSIOp op) {
        return binary(op, [](int64_t a, int64_t b, ScalarFrame &) {
          return std::max(a, b);
        });
      })
      .Case([&](arith::MinSIOp op) {
        return binary(op, [](int64_t a, int64_t b, ScalarFrame &) {
          return std::min(a, b);
        });
      })
      .Case([&](arith::AndIOp op) {
        return binary(
            op, [](int64_t a, int64_t b, ScalarFrame &) { return a & b; });
      })
      .Case([&](arith::OrIOp op) {
        return binary(
            op, [](int64_t a, int64_t b, ScalarFrame &) { return a | b; });
      })
      .Case([&](arith::XOrIOp op) {
        return binary(
            op, [](int64_t a, int64_t b, ScalarFrame &) { return a ^ b; });
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>(
          [&](Operation *op) { return cast(op, /*isUnsigned=*/false); })
      .Case<arith::IndexCastUIOp, arith::ExtUIOp>(
          [&](Operation *op) { return cast(op, /*isUnsigned=*/true); })
      .Default(false);
}

bool ScalarCompiler::compileUnsigned(Operation *inner) {
  constexpr bool isUnsigned = true;
  return TypeSwitch<Operation *, bool>(inner)
      .Case([&](arith::DivUIOp op) {
        return binary(
            op,
            [](int64_t a, int64_t b, ScalarFrame &frame) {
              return b ? int64_t(uint64_t(a) / uint64_t(b)) : frame.undefined();
            },
            isUnsigned);
      })
      .Case([&](arith::RemUIOp op) {
        return binary(
            op,
            [](int64_t a, int64_t b, ScalarFrame &frame) {
              return b ? int64_t(uint64_t(a) % uint64_t(b)) : frame.undefined();
            },
            isUnsigned);
      })
      .Case([&](arith::MaxUIOp op) {
        return binary(
            op,
            [](int64_t a, int64_t b, ScalarFrame &) {
              return uint64_t(a) > uint64_t(b) ? a : b;
            },
            isUnsigned);
      })
      .Case([&](arith::MinUIOp op) {
        return binary(
            op,
            [](int64_t a, int64_t b, ScalarFrame &) {
              return uint64_t(a) < uint64_t(b) ? a : b;
            },
            isUnsigned);
      })
      .Default(false);
}
