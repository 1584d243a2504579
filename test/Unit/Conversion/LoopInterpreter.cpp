//===- LoopInterpreter.cpp - runs scf loops on integers -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LoopInterpreter.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::mask::test;

static int64_t evaluate(AffineExpr expression, ArrayRef<int64_t> operands,
                        unsigned numDims) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expression))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expression))
    return operands[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expression))
    return operands[numDims + symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expression);
  int64_t x = evaluate(binary.getLHS(), operands, numDims),
          y = evaluate(binary.getRHS(), operands, numDims);
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    return x + y;
  case AffineExprKind::Mul:
    return x * y;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(x, y);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(x, y);
  case AffineExprKind::Mod:
    return llvm::mod(x, y);
  default:
    llvm_unreachable("not a binary expression");
  }
}

/// Of an `affine.apply`, the only result.
static int64_t evaluate(AffineMap map, ArrayRef<int64_t> operands,
                        bool isMinimum) {
  int64_t result = evaluate(map.getResult(0), operands, map.getNumDims());
  for (AffineExpr expression : map.getResults().drop_front()) {
    int64_t other = evaluate(expression, operands, map.getNumDims());
    result = isMinimum ? std::min(result, other) : std::max(result, other);
  }
  return result;
}

/// `i1` values are zero and one.
static int64_t evaluate(Operation &op, int64_t x, int64_t y) {
  return llvm::TypeSwitch<Operation *, int64_t>(&op)
      .Case([&](arith::AddIOp) { return x + y; })
      .Case([&](arith::SubIOp) { return x - y; })
      .Case([&](arith::MulIOp) { return x * y; })
      .Case([&](arith::DivUIOp) {
        return static_cast<int64_t>(static_cast<uint64_t>(x) /
                                    static_cast<uint64_t>(y));
      })
      .Case([&](arith::RemUIOp) {
        return static_cast<int64_t>(static_cast<uint64_t>(x) %
                                    static_cast<uint64_t>(y));
      })
      .Case([&](arith::MaxSIOp) { return std::max(x, y); })
      .Case([&](arith::AndIOp) { return x & y; })
      .Case([&](arith::OrIOp) { return x | y; })
      .Case([&](arith::XOrIOp) { return x ^ y; })
      .Case([&](arith::CmpIOp compare) {
        return arith::applyCmpPredicate(compare.getPredicate(),
                                        llvm::APInt(64, x, true),
                                        llvm::APInt(64, y, true));
      })
      .Default([](Operation *other) -> int64_t {
        other->emitError("has no meaning here");
        llvm::report_fatal_error("cannot run an op");
      });
}

LoopInterpreter::LoopInterpreter(func::FuncOp function, Call call,
                                 const Memory &memory)
    : call(std::move(call)), memory(memory),
      body(prepare(function.getBody().front())) {}

std::vector<int64_t> LoopInterpreter::run(ArrayRef<int64_t> arguments) {
  for (auto [slot, argument] : llvm::zip_equal(body.arguments, arguments))
    *slot = argument;
  body.run();
  std::vector<int64_t> results;
  for (Slot slot : body.yielded)
    results.push_back(*slot);
  return results;
}

LoopInterpreter::Slot LoopInterpreter::getSlot(Value value) {
  Slot &slot = slots[value];
  if (!slot)
    slot = &storage.emplace_back(0);
  return slot;
}

LoopInterpreter::Slots LoopInterpreter::getSlots(ValueRange values) {
  Slots result;
  for (Value value : values)
    result.push_back(getSlot(value));
  return result;
}

/// All at once: `to` may hold what `from` names.
void LoopInterpreter::copy(const Slots &from, const Slots &to) {
  llvm::SmallVector<int64_t> values;
  for (size_t i = 0; i < to.size(); ++i)
    values.push_back(*from[i]);
  for (size_t i = 0; i < to.size(); ++i)
    *to[i] = values[i];
}

LoopInterpreter::Code LoopInterpreter::prepare(Block &block) {
  Code code;
  code.arguments = getSlots(block.getArguments());
  for (Operation &op : block.without_terminator()) {
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      const llvm::APInt &value =
          cast<IntegerAttr>(constant.getValue()).getValue();
      *getSlot(constant) = value.getBitWidth() == 1 ? value.getZExtValue()
                                                    : value.getSExtValue();
      continue;
    }
    code.steps.push_back(prepare(op));
  }
  code.yielded = getSlots(block.getTerminator()->getOperands());
  return code;
}

LoopInterpreter::Step LoopInterpreter::prepareLoop(Operation &op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return
        [code = prepare(*loop.getBody()), lower = getSlot(loop.getLowerBound()),
         upper = getSlot(loop.getUpperBound()), step = getSlot(loop.getStep()),
         inits = getSlots(loop.getInits()),
         carried = getSlots(loop.getRegionIterArgs()),
         results = getSlots(loop.getResults())] {
          copy(inits, carried);
          for (int64_t i = *lower, end = *upper; i < end; i += *step) {
            *code.arguments[0] = i;
            code.run();
            copy(code.yielded, carried);
          }
          copy(carried, results);
        };
  auto loop = cast<scf::WhileOp>(op);
  Code before = prepare(*loop.getBeforeBody());
  Slot condition = before.yielded.front();
  before.yielded.erase(before.yielded.begin());
  return [before, condition, after = prepare(*loop.getAfterBody()),
          inits = getSlots(loop.getInits()),
          results = getSlots(loop.getResults())] {
    copy(inits, before.arguments);
    for (before.run(); *condition; before.run()) {
      copy(before.yielded, after.arguments);
      after.run();
      copy(after.yielded, before.arguments);
    }
    copy(before.yielded, results);
  };
}

LoopInterpreter::Step LoopInterpreter::prepareCall(func::CallOp op) {
  return [this, callee = op.getCallee().str(),
          operands = getSlots(op.getOperands()),
          results = getSlots(op.getResults())] {
    llvm::SmallVector<int64_t> values;
    for (Slot operand : operands)
      values.push_back(*operand);
    int64_t result = call(callee, values);
    if (!results.empty())
      *results[0] = result;
  };
}

LoopInterpreter::Step LoopInterpreter::prepare(Operation &op) {
  if (isa<scf::ForOp, scf::WhileOp>(op))
    return prepareLoop(op);
  if (auto callOp = dyn_cast<func::CallOp>(op))
    return prepareCall(callOp);
  Slots operands = getSlots(op.getOperands());
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return
        [operands, then = prepare(*branch.thenBlock()),
         otherwise = branch.elseBlock() ? prepare(*branch.elseBlock()) : Code(),
         results = getSlots(op.getResults())] {
          const Code &taken = *operands[0] ? then : otherwise;
          taken.run();
          copy(taken.yielded, results);
        };
  if (auto check = dyn_cast<cf::AssertOp>(op))
    return [operands, rule = check.getMsg().str()] {
      if (*operands[0])
        return;
      llvm::report_fatal_error(rule.c_str());
    };
  Slot result = getSlot(op.getResult(0));
  auto prepareMap = [&](AffineMap map, bool isMinimum) -> Step {
    return [=] {
      llvm::SmallVector<int64_t> values;
      for (Slot operand : operands)
        values.push_back(*operand);
      *result = evaluate(map, values, isMinimum);
    };
  };
  return llvm::TypeSwitch<Operation *, Step>(&op)
      .Case<affine::AffineApplyOp, affine::AffineMaxOp>(
          [&](auto affine) { return prepareMap(affine.getMap(), false); })
      .Case([&](affine::AffineMinOp affine) {
        return prepareMap(affine.getMap(), true);
      })
      .Case([&](arith::SelectOp) -> Step {
        return [=] { *result = *operands[0] ? *operands[1] : *operands[2]; };
      })
      .Case([&](arith::IndexCastOp cast) -> Step {
        bool isNarrow = cast.getType().isInteger(32);
        return [=] {
          *result =
              isNarrow ? static_cast<int32_t>(*operands[0]) : *operands[0];
        };
      })
      .Case([&](arith::IndexCastUIOp) -> Step {
        return [=] { *result = *operands[0]; };
      })
      .Case([&](memref::DimOp) -> Step {
        return [=] { *result = *operands[1] == 0 ? memory.size() : 4; };
      })
      .Case([&](memref::LoadOp) -> Step {
        return [=] { *result = memory.at(*operands[1])[*operands[2]]; };
      })
      .Default([&](Operation *other) -> Step {
        return [=] { *result = evaluate(*other, *operands[0], *operands[1]); };
      });
}
