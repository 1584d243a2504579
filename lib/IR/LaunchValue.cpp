//===- LaunchValue.cpp - what a host computes for a launch -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/LaunchValue.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

namespace {
/// The operands of a function: signed, and as the bits that they are.
struct Operands {
  int64_t a = 0, b = 0, c = 0;

  uint64_t ua() const { return static_cast<uint64_t>(a); }
  uint64_t ub() const { return static_cast<uint64_t>(b); }
};

struct Function {
  unsigned arity;
  int64_t (*compute)(Operands);
  /// Fails for a second operand of zero.
  bool divides = false;
};
} // namespace

static int64_t wrap(uint64_t bits) { return static_cast<int64_t>(bits); }

/// `x` without what does not fit into its lowest `bits` bits.
static int64_t extend(Operands x, bool isSigned) {
  if (x.b < 1 || x.b > 63)
    return x.a;
  auto bits = static_cast<unsigned>(x.b);
  if (isSigned)
    return llvm::SignExtend64(x.ua(), bits);
  return wrap(x.ua() & llvm::maskTrailingOnes<uint64_t>(bits));
}

/// Quotient and remainder of the lowest number by -1 wrap around.
static int64_t divide(Operands x) {
  return x.b == -1 ? wrap(0 - x.ua()) : x.a / x.b;
}

static int64_t getRemainder(Operands x) { return x.b == -1 ? 0 : x.a % x.b; }

static int64_t divideDown(Operands x) {
  bool isExact = getRemainder(x) == 0, isNegative = (x.a < 0) != (x.b < 0);
  return wrap(static_cast<uint64_t>(divide(x)) - (!isExact && isNegative));
}

static int64_t divideUp(Operands x) {
  bool isExact = getRemainder(x) == 0, isNegative = (x.a < 0) != (x.b < 0);
  return wrap(static_cast<uint64_t>(divide(x)) + (!isExact && !isNegative));
}

#define MASK_FUNCTION(arity, value)                                            \
  {arity, [](Operands x) -> int64_t { return value; }}
#define MASK_DIVISION(value)                                                   \
  {2, [](Operands x) -> int64_t { return value; }, /*divides=*/true}

/// Those whose operands are numbers.
static const llvm::StringMap<Function> &getFunctions() {
  static const llvm::StringMap<Function> functions = {
      {"addi", MASK_FUNCTION(2, wrap(x.ua() + x.ub()))},
      {"subi", MASK_FUNCTION(2, wrap(x.ua() - x.ub()))},
      {"muli", MASK_FUNCTION(2, wrap(x.ua() * x.ub()))},
      {"divsi", MASK_DIVISION(divide(x))},
      {"divui", MASK_DIVISION(wrap(x.ua() / x.ub()))},
      {"remsi", MASK_DIVISION(getRemainder(x))},
      {"remui", MASK_DIVISION(wrap(x.ua() % x.ub()))},
      {"ceildivsi", MASK_DIVISION(divideUp(x))},
      {"ceildivui", MASK_DIVISION(wrap(llvm::divideCeil(x.ua(), x.ub())))},
      {"floordivsi", MASK_DIVISION(divideDown(x))},
      {"minsi", MASK_FUNCTION(2, std::min(x.a, x.b))},
      {"minui", MASK_FUNCTION(2, wrap(std::min(x.ua(), x.ub())))},
      {"maxsi", MASK_FUNCTION(2, std::max(x.a, x.b))},
      {"maxui", MASK_FUNCTION(2, wrap(std::max(x.ua(), x.ub())))},
      {"andi", MASK_FUNCTION(2, x.a & x.b)},
      {"ori", MASK_FUNCTION(2, x.a | x.b)},
      {"xori", MASK_FUNCTION(2, x.a ^ x.b)},
      {"shli", MASK_FUNCTION(2, x.ub() > 63 ? 0 : wrap(x.ua() << x.b))},
      {"shrsi", MASK_FUNCTION(2, x.a >> std::min<uint64_t>(x.ub(), 63))},
      {"shrui", MASK_FUNCTION(2, x.ub() > 63 ? 0 : wrap(x.ua() >> x.b))},
      {"cmpi_eq", MASK_FUNCTION(2, x.a == x.b)},
      {"cmpi_ne", MASK_FUNCTION(2, x.a != x.b)},
      {"cmpi_slt", MASK_FUNCTION(2, x.a < x.b)},
      {"cmpi_sle", MASK_FUNCTION(2, x.a <= x.b)},
      {"cmpi_sgt", MASK_FUNCTION(2, x.a > x.b)},
      {"cmpi_sge", MASK_FUNCTION(2, x.a >= x.b)},
      {"cmpi_ult", MASK_FUNCTION(2, x.ua() < x.ub())},
      {"cmpi_ule", MASK_FUNCTION(2, x.ua() <= x.ub())},
      {"cmpi_ugt", MASK_FUNCTION(2, x.ua() > x.ub())},
      {"cmpi_uge", MASK_FUNCTION(2, x.ua() >= x.ub())},
      {"select", MASK_FUNCTION(3, x.a ? x.b : x.c)},
      {"extsi", MASK_FUNCTION(2, extend(x, /*isSigned=*/true))},
      {"extui", MASK_FUNCTION(2, extend(x, /*isSigned=*/false))},
  };
  return functions;
}

/// Those that name what a call is given; 0 for other functions.
static unsigned getReferenceArity(StringRef name) {
  return llvm::StringSwitch<unsigned>(name)
      .Cases({"argument", "workspace"}, 1)
      .Case("dim", 2)
      .Default(0);
}

std::optional<unsigned> mlir::mask::getLaunchFunctionArity(StringRef name) {
  if (unsigned arity = getReferenceArity(name))
    return arity;
  auto found = getFunctions().find(name);
  if (found == getFunctions().end())
    return std::nullopt;
  return found->second.arity;
}

llvm::Expected<int64_t>
mlir::mask::evaluate(LaunchValueAttr value,
                     llvm::function_ref<int64_t(LaunchValueAttr)> lookup) {
  if (value.isConstant())
    return value.getConstant();
  if (getReferenceArity(value.getFunction()))
    return lookup(value);
  const Function &function = getFunctions().find(value.getFunction())->second;
  int64_t numbers[3] = {};
  for (auto [number, operand] : llvm::zip(numbers, value.getOperands())) {
    auto result = evaluate(operand, lookup);
    if (!result)
      return result.takeError();
    number = *result;
  }
  if (function.divides && numbers[1] == 0) {
    std::string text;
    llvm::raw_string_ostream os(text);
    value.printFunction(os);
    return llvm::createStringError(text + " divides by zero");
  }
  return function.compute({numbers[0], numbers[1], numbers[2]});
}

//===----------------------------------------------------------------------===//
// Attribute
//===----------------------------------------------------------------------===//

LogicalResult
LaunchValueAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                        StringRef function, int64_t constant,
                        ArrayRef<LaunchValueAttr> operands) {
  if (function.empty())
    return success(operands.empty());
  std::optional<unsigned> arity = getLaunchFunctionArity(function);
  if (!arity)
    return emitError() << "'" << function << "' is no function of the host";
  if (operands.size() != *arity)
    return emitError() << "'" << function << "' has " << *arity
                       << " operand(s), got " << operands.size();
  if (!getReferenceArity(function))
    return success();
  for (LaunchValueAttr operand : operands)
    if (!operand.isConstant() || operand.getConstant() < 0)
      return emitError() << "the operands of '" << function
                         << "' must be constants of at least 0";
  return success();
}

void LaunchValueAttr::printFunction(llvm::raw_ostream &os) const {
  if (isConstant()) {
    os << getConstant();
    return;
  }
  os << getFunction() << '(';
  llvm::interleaveComma(getOperands(), os, [&](LaunchValueAttr operand) {
    operand.printFunction(os);
  });
  os << ')';
}
