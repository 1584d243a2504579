//===- AgreedArguments.cpp - what all calls of a body say -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "AgreedArguments.h"

#include "Mask/IR/Absence.h"
#include "Mask/IR/Mask.h"
#include "SafeValueBounds.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace mlir::mask;

using Variable = SafeValueBounds::Variable;

namespace {
/// What a call hands over: an index, operand `operand`, or the size of
/// dimension `dim` of the data that is that operand.
struct CallInput {
  unsigned operand;
  std::optional<int64_t> dim;
};

/// What an argument is in every call: an affine function `map` of `inputs`,
/// which the body has as arguments, too; without a map it is not given.
struct ArgumentExpr {
  AffineMap map;
  SmallVector<CallInput> inputs;
};

class ArgumentSinker {
public:
  ArgumentSinker(RewriterBase &rewriter, FunctionOpInterface function,
                 ArrayRef<CallOpInterface> calls, StringRef category)
      : rewriter(rewriter), function(function), calls(calls),
        category(category), values(function.getArguments()) {}

  llvm::BitVector run();
  SmallVector<Operation *> assumeDropped();

private:
  std::optional<ArgumentExpr> express(CallOpInterface call, Value value,
                                      unsigned before);
  bool equals(CallOpInterface call, Value value, const ArgumentExpr &expr);
  bool forwards(CallOpInterface call, unsigned number,
                const ArgumentExpr &expr);
  Value materialize(Location loc, Type type, const ArgumentExpr &expr);
  std::string describe(const ArgumentExpr &expr);
  remark::RemarkOpts options(StringRef name) {
    return remark::RemarkOpts::name(name).category(category).function(
        function.getName());
  }

  RewriterBase &rewriter;
  FunctionOpInterface function;
  ArrayRef<CallOpInterface> calls;
  StringRef category;
  /// The arguments, or what has replaced them.
  SmallVector<Value> values;
};
} // namespace

/// What `value` is in terms of what `call` hands over: of sizes, and of indices
/// before the operand `before`.
std::optional<ArgumentExpr>
ArgumentSinker::express(CallOpInterface call, Value value, unsigned before) {
  ArgumentExpr expr;
  if (isAbsent(value))
    return expr;
  if (!value.getType().isIndex())
    return {};
  ValueDimList known;
  SmallVector<CallInput> knownInputs;
  auto add = [&](unsigned other, std::optional<int64_t> dim) {
    known.emplace_back(call.getArgOperands()[other], dim);
    knownInputs.push_back({other, dim});
  };
  for (auto [i, other] : llvm::enumerate(call.getArgOperands().getTypes())) {
    if (other.isIndex() && i < before)
      add(i, std::nullopt);
    if (auto data = dyn_cast<RankedTensorType>(other))
      for (int64_t dim = 0; dim < data.getRank(); ++dim)
        if (data.isDynamicDim(dim))
          add(i, dim);
  }
  ValueDimList inputs;
  if (failed(SafeValueBounds::computeDependentBound(
          expr.map, inputs, presburger::BoundType::EQ, Variable(value), known)))
    return {};
  for (const auto &input : inputs)
    expr.inputs.push_back(
        knownInputs[std::distance(known.begin(), llvm::find(known, input))]);
  return expr;
}

/// Whether `value` is what `expr` makes of what `call` hands over.
bool ArgumentSinker::equals(CallOpInterface call, Value value,
                            const ArgumentExpr &expr) {
  if (!expr.map)
    return isAbsent(value);
  if (!value.getType().isIndex())
    return false;
  SmallVector<Variable> inputs;
  for (CallInput input : expr.inputs)
    inputs.emplace_back(call.getArgOperands()[input.operand], input.dim);
  return SafeValueBounds::areEqual(Variable(value), Variable(expr.map, inputs));
}

/// Whether `call` is in the body itself and forwards argument `number` and the
/// inputs of `expr`: it says nothing that the other calls do not.
bool ArgumentSinker::forwards(CallOpInterface call, unsigned number,
                              const ArgumentExpr &expr) {
  auto isSame = [&](unsigned i) {
    return call.getArgOperands()[i] == values[i];
  };
  return isSame(number) && llvm::all_of(expr.inputs, [&](CallInput input) {
           return isSame(input.operand);
         });
}

Value ArgumentSinker::materialize(Location loc, Type type,
                                  const ArgumentExpr &expr) {
  if (!expr.map)
    return AbsentOp::create(rewriter, loc, type);
  SmallVector<OpFoldResult> inputs;
  for (CallInput input : expr.inputs) {
    Value value = values[input.operand];
    if (input.dim)
      value = tensor::DimOp::create(rewriter, loc, value, *input.dim);
    inputs.push_back(value);
  }
  return getValueOrCreateConstantIndexOp(
      rewriter, loc,
      affine::makeComposedFoldedAffineApply(rewriter, loc, expr.map, inputs));
}

/// `d0 - 1, where d0 is size 2 of argument 1`.
std::string ArgumentSinker::describe(const ArgumentExpr &expr) {
  if (!expr.map)
    return "absent";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << expr.map.getResult(0);
  unsigned numDims = expr.map.getNumDims();
  for (auto [i, input] : llvm::enumerate(expr.inputs)) {
    os << (i == 0 ? ", where " : " and ");
    if (i < numDims)
      os << "d" << i << " is ";
    else
      os << "s" << i - numDims << " is ";
    if (input.dim)
      os << "size " << *input.dim << " of ";
    os << "argument " << input.operand;
  }
  return text;
}

llvm::BitVector ArgumentSinker::run() {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(&function.front());
  llvm::BitVector sunk(values.size());
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    std::optional<ArgumentExpr> expr;
    for (CallOpInterface call : calls)
      if (!expr)
        expr = express(call, call.getArgOperands()[number], number);
    if (!expr)
      continue;
    const auto *other = llvm::find_if_not(calls, [&](CallOpInterface call) {
      return forwards(call, number, *expr) ||
             equals(call, call.getArgOperands()[number], *expr);
    });
    if (other != calls.end()) {
      remark::missed(CallOpInterface(*other)->getLoc(),
                     options("CallsDisagree"))
          << ("here argument " + Twine(number) +
              " is not, as in another call, " + describe(*expr))
                 .str();
      continue;
    }
    remark::passed(argument.getLoc(), options("CallsAgree"))
        << ("in every call argument " + Twine(number) + " is " +
            describe(*expr))
               .str();
    values[number] = materialize(argument.getLoc(), argument.getType(), *expr);
    rewriter.replaceAllUsesWith(argument, values[number]);
    sunk.set(number);
  }
  return sunk;
}

SmallVector<Operation *> ArgumentSinker::assumeDropped() {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(&function.front());
  auto getBound = [](CallOpInterface call, unsigned number) -> Value {
    auto drop = call.getArgOperands()[number].getDefiningOp<DropLongOp>();
    return drop ? drop.getBound() : Value();
  };
  SmallVector<Operation *> assumptions;
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    Value bound = calls.empty() || argument.use_empty()
                      ? Value()
                      : getBound(calls.front(), number);
    std::optional<ArgumentExpr> expr;
    if (bound)
      expr = express(calls.front(), bound, values.size());
    if (!expr || !llvm::all_of(calls, [&](CallOpInterface call) {
          Value other = getBound(call, number);
          return forwards(call, number, *expr) ||
                 (other && equals(call, other, *expr));
        }))
      continue;
    remark::passed(argument.getLoc(), options("CallsAgree"))
        << ("in every call argument " + Twine(number) +
            " has no block longer than " + describe(*expr))
               .str();
    Value known = materialize(argument.getLoc(), bound.getType(), *expr);
    auto drop =
        DropLongOp::create(rewriter, argument.getLoc(), argument, known);
    values[number] = drop;
    rewriter.replaceAllUsesExcept(argument, drop, drop);
    assumptions.push_back(drop);
  }
  return assumptions;
}

llvm::BitVector mlir::mask::sinkAgreedArguments(RewriterBase &rewriter,
                                                FunctionOpInterface function,
                                                ArrayRef<CallOpInterface> calls,
                                                StringRef category) {
  return ArgumentSinker(rewriter, function, calls, category).run();
}

SmallVector<Operation *> mlir::mask::assumeDroppedBlocks(
    RewriterBase &rewriter, FunctionOpInterface function,
    ArrayRef<CallOpInterface> calls, StringRef category) {
  return ArgumentSinker(rewriter, function, calls, category).assumeDropped();
}
