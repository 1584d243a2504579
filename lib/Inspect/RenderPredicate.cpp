//===- RenderPredicate.cpp - predicates in words -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/Inspect/RenderPredicate.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::mask;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static std::string join(ArrayRef<int64_t> numbers) {
  std::string text = "[";
  llvm::ListSeparator comma;
  for (int64_t number : numbers)
    text += StringRef(comma).str() + std::to_string(number);
  return text + "]";
}

/// `a OP b`, with the operands in parentheses where they are sums.
static std::string describeBinary(const ValueNames &names, Operation *op,
                                  StringRef symbol, bool bindsTighter) {
  auto operand = [&](unsigned i) {
    std::string text = names.describe(op->getOperand(i));
    bool isSum = StringRef(text).contains(' ');
    return isSum && (bindsTighter || i == 1) ? "(" + text + ")" : text;
  };
  return operand(0) + " " + symbol.str() + " " + operand(1);
}

/// As --packing spells it.
static StringRef describeRule(PackingRule rule) {
  switch (rule) {
  case PackingRule::V5_12:
    return "5.12";
  case PackingRule::V5_23:
    return "5.23";
  case PackingRule::V5_24:
    return "5.24";
  case PackingRule::Request:
    return "of the request";
  }
  llvm_unreachable("every rule has a spelling");
}

static std::string describeFact(const ValueNames &names, Operation *op) {
  return TypeSwitch<Operation *, std::string>(op)
      .Case([&](RunsOp runs) {
        return "runs of types " + join(runs.getTypes()) + " in " +
               names.describe(runs.getTokenTypes());
      })
      .Case([&](ItemIdsOp items) {
        std::string text = "items of " + names.describe(items.getRanges());
        if (items.getMinLength() > 1)
          text += " of at least " + std::to_string(items.getMinLength()) +
                  " tokens";
        return text;
      })
      .Case([&](DropLongOp drop) {
        return names.describe(drop.getIds()) + " not longer than " +
               names.describe(drop.getBound());
      })
      .Case([&](PositionsOp positions) {
        return "positions by " + names.describe(positions.getValid());
      })
      .Case([&](AbsentOp) { return std::string("absent"); })
      .Default(
          [](Operation *op) { return op->getName().getStringRef().str(); });
}

std::string ValueNames::describe(Value value) const {
  auto it = names.find(value);
  if (it != names.end())
    return it->second;
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return std::to_string(constant.getSExtValue());
  Operation *op = value.getDefiningOp();
  if (!op)
    return "?";
  return TypeSwitch<Operation *, std::string>(op)
      .Case(
          [&](arith::AddIOp) { return describeBinary(*this, op, "+", false); })
      .Case(
          [&](arith::SubIOp) { return describeBinary(*this, op, "-", false); })
      .Case([&](arith::MulIOp) { return describeBinary(*this, op, "*", true); })
      .Case<arith::FloorDivSIOp, arith::DivSIOp, arith::DivUIOp>(
          [&](auto) { return describeBinary(*this, op, "/", true); })
      .Case<arith::RemSIOp, arith::RemUIOp>(
          [&](auto) { return describeBinary(*this, op, "mod", true); })
      .Case<arith::MaxSIOp, arith::MaxUIOp>([&](auto) {
        return "max(" + describe(op->getOperand(0)) + ", " +
               describe(op->getOperand(1)) + ")";
      })
      .Case<arith::MinSIOp, arith::MinUIOp>([&](auto) {
        return "min(" + describe(op->getOperand(0)) + ", " +
               describe(op->getOperand(1)) + ")";
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp, arith::ExtUIOp>(
          [&](auto) { return describe(op->getOperand(0)); })
      .Default([&](Operation *) { return describeFact(*this, op); });
}

//===----------------------------------------------------------------------===//
// Predicates
//===----------------------------------------------------------------------===//

static std::string describeParameter(Parameter parameter,
                                     const ValueNames &names) {
  if (std::optional<int64_t> constant = parameter.getConstant())
    return std::to_string(*constant);
  if (!parameter.getValue())
    return "unbounded";
  std::string text = names.describe(parameter.getValue());
  if (parameter.axis)
    text += parameter.axis == ParameterAxis::Batch ? "[b]" : "[h]";
  return text;
}

static std::string describeIds(StringRef name, Value query, Value key,
                               const ValueNames &names) {
  std::string text = name.str() + " " + names.describe(query);
  if (key != query)
    text += " against " + names.describe(key);
  return text;
}

/// The op's name, then its facts and parameters. A parameter that has to be
/// given goes without its name.
static std::string describeByName(PredicateOpInterface op,
                                  const ValueNames &names) {
  std::string text = op->getName().stripDialect().str();
  SetVector<Value> facts;
  for (const TableRead &read : op.getFactReads())
    facts.insert(read.table);
  llvm::ListSeparator comma(", ", " ");
  for (Value fact : facts)
    text += StringRef(comma).str() + names.describe(fact);
  for (const PredicateParameter &entry : op.getParameters()) {
    if (!entry.parameter.isGiven())
      continue;
    if (!entry.isRequired)
      text += " " + entry.name.str();
    text += " " + describeParameter(entry.parameter, names);
  }
  return text;
}

/// Leaves that say more, or less, than their names and what they read.
static std::string describeLeaf(Operation *op, const ValueNames &names) {
  auto parameter = [&](Parameter p) { return describeParameter(p, names); };
  return TypeSwitch<Operation *, std::string>(op)
      .Case([&](WindowOp window) {
        return "window left " + parameter(window.getLeftParameter()) +
               " right " + parameter(window.getRightParameter());
      })
      .Case([&](BlockBidirectionalOp ids) {
        return describeIds("block", ids.getQueryIds(), ids.getEffectiveKeyIds(),
                           names);
      })
      .Case([&](DocumentOp ids) {
        return describeIds("document", ids.getQueryIds(),
                           ids.getEffectiveKeyIds(), names);
      })
      .Case<DenseOp, GenericOp>(
          [](auto op) { return op->getName().stripDialect().str(); })
      .Case([&](PredicateOpInterface op) { return describeByName(op, names); })
      .Default(
          [](Operation *op) { return op->getName().stripDialect().str(); });
}

std::string mlir::mask::describePredicate(Value predicate,
                                          const ValueNames &names) {
  Operation *op = predicate.getDefiningOp();
  if (!op)
    return "predicate of another function";
  return TypeSwitch<Operation *, std::string>(op)
      .Case([&](ShiftOp shift) {
        return "shift query " +
               describeParameter(shift.getQueryParameter(), names) + " key " +
               describeParameter(shift.getKeyParameter(), names);
      })
      .Case([&](AtPositionsOp at) {
        return describeIds("at_positions", at.getQueryPositions(),
                           at.getKeyPositions(), names);
      })
      .Case<HeadsOp, BatchesOp>([&](auto restricted) {
        return op->getName().stripDialect().str() + " in " +
               join(restricted.getMembers());
      })
      .Case([&](PackedOp packed) {
        return "packed rule " + describeRule(packed.getRule()).str();
      })
      .Default([&](Operation *) { return describeLeaf(op, names); });
}

std::string
mlir::mask::fillFormula(PredicateOpInterface op,
                        function_ref<std::string(StringRef)> replace) {
  std::string text;
  for (StringRef rest = op.getFormula(); !rest.empty();) {
    auto [before, after] = rest.split('{');
    text += before;
    if (after.empty())
      break;
    auto [name, next] = after.split('}');
    text += replace(name);
    rest = next;
  }
  return text;
}
