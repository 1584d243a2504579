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
/// An index that a call hands over, or a size of the data: the operand, and the
/// dimension.
struct Place {
  unsigned operand;
  std::optional<int64_t> dim;
};

/// What an argument is in every call, in terms that the body has itself: an
/// affine function of other arguments, or, without a map, not given.
struct Meaning {
  AffineMap map;
  SmallVector<Place> places;
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
  std::optional<Meaning> getMeaning(CallOpInterface call, Value value,
                                    unsigned before);
  bool says(CallOpInterface call, Value value, const Meaning &meaning);
  bool handsOn(CallOpInterface call, unsigned number, const Meaning &meaning);
  Value materialize(Location loc, Type type, const Meaning &meaning);
  std::string describe(const Meaning &meaning);
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
std::optional<Meaning>
ArgumentSinker::getMeaning(CallOpInterface call, Value value, unsigned before) {
  Meaning meaning;
  if (isAbsent(value))
    return meaning;
  if (!value.getType().isIndex())
    return {};
  ValueDimList known;
  SmallVector<Place> places;
  auto add = [&](unsigned other, std::optional<int64_t> dim) {
    known.emplace_back(call.getArgOperands()[other], dim);
    places.push_back({other, dim});
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
  if (failed(SafeValueBounds::computeDependentBound(meaning.map, inputs,
                                                    presburger::BoundType::EQ,
                                                    Variable(value), known)))
    return {};
  for (const auto &input : inputs)
    meaning.places.push_back(
        places[std::distance(known.begin(), llvm::find(known, input))]);
  return meaning;
}

/// Whether `value` is what `meaning` makes of what `call` hands over.
bool ArgumentSinker::says(CallOpInterface call, Value value,
                          const Meaning &meaning) {
  if (!meaning.map)
    return isAbsent(value);
  if (!value.getType().isIndex())
    return false;
  SmallVector<Variable> inputs;
  for (Place place : meaning.places)
    inputs.emplace_back(call.getArgOperands()[place.operand], place.dim);
  return SafeValueBounds::areEqual(Variable(value),
                                   Variable(meaning.map, inputs));
}

/// Whether `call` is in the body itself and hands on what the body was given:
/// it repeats what the other calls say.
bool ArgumentSinker::handsOn(CallOpInterface call, unsigned number,
                             const Meaning &meaning) {
  auto isSame = [&](unsigned i) {
    return call.getArgOperands()[i] == values[i];
  };
  return isSame(number) && llvm::all_of(meaning.places, [&](Place place) {
           return isSame(place.operand);
         });
}

Value ArgumentSinker::materialize(Location loc, Type type,
                                  const Meaning &meaning) {
  if (!meaning.map)
    return AbsentOp::create(rewriter, loc, type);
  SmallVector<OpFoldResult> inputs;
  for (Place place : meaning.places) {
    Value input = values[place.operand];
    if (place.dim)
      input = tensor::DimOp::create(rewriter, loc, input, *place.dim);
    inputs.push_back(input);
  }
  return getValueOrCreateConstantIndexOp(
      rewriter, loc,
      affine::makeComposedFoldedAffineApply(rewriter, loc, meaning.map,
                                            inputs));
}

/// `d0 - 1, where d0 is size 2 of argument 1`.
std::string ArgumentSinker::describe(const Meaning &meaning) {
  if (!meaning.map)
    return "absent";
  std::string text;
  llvm::raw_string_ostream os(text);
  os << meaning.map.getResult(0);
  unsigned numDims = meaning.map.getNumDims();
  for (auto [i, place] : llvm::enumerate(meaning.places)) {
    os << (i == 0 ? ", where " : " and ");
    if (i < numDims)
      os << "d" << i << " is ";
    else
      os << "s" << i - numDims << " is ";
    if (place.dim)
      os << "size " << *place.dim << " of ";
    os << "argument " << place.operand;
  }
  return text;
}

llvm::BitVector ArgumentSinker::run() {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPointToStart(&function.front());
  llvm::BitVector sunk(values.size());
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    std::optional<Meaning> meaning;
    for (CallOpInterface call : calls)
      if (!meaning)
        meaning = getMeaning(call, call.getArgOperands()[number], number);
    if (!meaning)
      continue;
    const auto *other = llvm::find_if_not(calls, [&](CallOpInterface call) {
      return handsOn(call, number, *meaning) ||
             says(call, call.getArgOperands()[number], *meaning);
    });
    if (other != calls.end()) {
      remark::missed(CallOpInterface(*other)->getLoc(),
                     options("CallsDisagree"))
          << ("here argument " + Twine(number) +
              " is not, as in another call, " + describe(*meaning))
                 .str();
      continue;
    }
    remark::passed(argument.getLoc(), options("CallsAgree"))
        << ("in every call argument " + Twine(number) + " is " +
            describe(*meaning))
               .str();
    values[number] =
        materialize(argument.getLoc(), argument.getType(), *meaning);
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
    std::optional<Meaning> meaning;
    if (bound)
      meaning = getMeaning(calls.front(), bound, values.size());
    if (!meaning || !llvm::all_of(calls, [&](CallOpInterface call) {
          Value other = getBound(call, number);
          return handsOn(call, number, *meaning) ||
                 (other && says(call, other, *meaning));
        }))
      continue;
    remark::passed(argument.getLoc(), options("CallsAgree"))
        << ("in every call argument " + Twine(number) +
            " has no block longer than " + describe(*meaning))
               .str();
    Value known = materialize(argument.getLoc(), bound.getType(), *meaning);
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
