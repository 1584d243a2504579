//===- PredicateProofs.cpp - proofs about predicates by their structure -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mask/IR/PredicateProofs.h"
#include "Mask/IR/Mask.h"
#include "Mask/IR/WindowBounds.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::mask;

static constexpr unsigned kBudget = 400;

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

/// Chunks of `a` lie inside of those of `b` if their sizes divide and one
/// boundary is shared.
static bool chunkImplies(PredicateOrder &order, ChunkOp a, ChunkOp b) {
  std::optional<int64_t> sizeA = a.getSizeParameter().getConstant(),
                         sizeB = b.getSizeParameter().getConstant();
  if (!sizeA || !sizeB || *sizeB % *sizeA)
    return false;
  Parameter offsetA = a.getOffsetParameter(), offsetB = b.getOffsetParameter();
  if (order.isSame(offsetA, offsetB))
    return true;
  if (offsetA.getValue() || offsetB.getValue())
    return false;
  int64_t restA = llvm::mod(offsetA.getConstant().value_or(0), *sizeA);
  int64_t restB = llvm::mod(offsetB.getConstant().value_or(0), *sizeA);
  return restA == restB;
}

/// Tokens of one chunk are less than its size apart.
static bool chunkImpliesWindow(ChunkOp chunk, WindowBounds window) {
  std::optional<int64_t> size = chunk.getSizeParameter().getConstant();
  auto reaches = [&](Parameter side) {
    return !side.isGiven() ||
           (side.getConstant() && *side.getConstant() >= *size - 1);
  };
  return size && reaches(window.left) && reaches(window.right);
}

/// Only `k == q` is visible, or nothing.
static bool isDiagonal(WindowBounds window) {
  auto isShort = [](Parameter side) {
    return side.getConstant() && *side.getConstant() <= 0;
  };
  return isShort(window.left) && isShort(window.right);
}

static bool dilatedImplies(DilatedOp a, DilatedOp b) {
  std::optional<int64_t> strideA = a.getStrideParameter().getConstant(),
                         strideB = b.getStrideParameter().getConstant();
  return strideA && strideB && *strideA % *strideB == 0;
}

/// The causal mask is a window.
static bool windowImplies(Value window, Operation *other,
                          PredicateOrder &order) {
  std::optional<WindowBounds> a = getWindowBounds(window),
                              b = getWindowBounds(other->getResult(0));
  if (!a)
    return false;
  if (b)
    return reachesAsFar(order, b->left, a->left) &&
           reachesAsFar(order, b->right, a->right);
  auto leaf = dyn_cast<PredicateOpInterface>(other);
  return leaf && isDiagonal(*a) && leaf.showsDiagonal();
}

bool CausalOp::impliesLeaf(Operation *other, PredicateOrder &order) {
  return windowImplies(getResult(), other, order);
}
bool WindowOp::impliesLeaf(Operation *other, PredicateOrder &order) {
  return windowImplies(getResult(), other, order);
}

bool ChunkOp::impliesLeaf(Operation *other, PredicateOrder &order) {
  if (std::optional<WindowBounds> window = getWindowBounds(other->getResult(0)))
    return chunkImpliesWindow(*this, *window);
  auto chunk = dyn_cast<ChunkOp>(other);
  return chunk && chunkImplies(order, *this, chunk);
}

bool DilatedOp::impliesLeaf(Operation *other, PredicateOrder &) {
  auto dilated = dyn_cast<DilatedOp>(other);
  return dilated && dilatedImplies(*this, dilated);
}

/// Tokens of one block are of one document.
bool BlockBidirectionalOp::impliesLeaf(Operation *other,
                                       PredicateOrder &order) {
  auto document = dyn_cast<DocumentOp>(other);
  return document && order.isSame(getQueryIds(), document.getQueryIds()) &&
         order.isSame(getEffectiveKeyIds(), document.getEffectiveKeyIds());
}

/// Two static windows without a common distance.
static bool areDisjoint(WindowBounds a, WindowBounds b) {
  auto before = [](Parameter right, Parameter left) {
    // right < -left, without overflow: -x - 1 is ~x.
    return right.getConstant() && left.getConstant() &&
           *right.getConstant() <= ~*left.getConstant();
  };
  return before(a.right, b.left) || before(b.right, a.left);
}

//===----------------------------------------------------------------------===//
// Compositions
//===----------------------------------------------------------------------===//

template <typename OpTy>
static bool isSubset(OpTy a, OpTy b) {
  return llvm::includes(b.getMembers(), a.getMembers());
}

/// Both are ops of one kind.
template <typename OpTy>
static std::optional<std::pair<OpTy, OpTy>> matchBoth(Value a, Value b) {
  auto x = a.getDefiningOp<OpTy>(), y = b.getDefiningOp<OpTy>();
  if (!x || !y)
    return std::nullopt;
  return std::make_pair(x, y);
}

/// The inputs of two predicates that are asked at the same other coordinates.
static std::optional<std::pair<Value, Value>>
matchSameCoordinates(PredicateOrder &order, Value a, Value b) {
  if (auto both = matchBoth<ShiftOp>(a, b)) {
    auto [x, y] = *both;
    if (order.isSame(x.getQueryParameter(), y.getQueryParameter()) &&
        order.isSame(x.getKeyParameter(), y.getKeyParameter()))
      return std::make_pair(x.getInput(), y.getInput());
  }
  if (auto both = matchBoth<AtPositionsOp>(a, b)) {
    auto [x, y] = *both;
    if (order.isSame(x.getQueryPositions(), y.getQueryPositions()) &&
        order.isSame(x.getKeyPositions(), y.getKeyPositions()))
      return std::make_pair(x.getInput(), y.getInput());
  }
  return std::nullopt;
}

/// What both predicates would say of every key: `full` and `empty`.
static bool isConstant(Value predicate, bool visible) {
  return visible ? predicate.getDefiningOp<FullOp>() != nullptr
                 : predicate.getDefiningOp<EmptyOp>() != nullptr;
}

/// The operands of a conjunction: of `and`, or of the complement of `or`. Or of
/// a disjunction.
static std::optional<OperandRange> matchParts(Value predicate, bool positive,
                                              bool conjunction) {
  if (positive == conjunction) {
    if (auto op = predicate.getDefiningOp<AndOp>())
      return op.getInputs();
  } else if (auto op = predicate.getDefiningOp<OrOp>()) {
    return op.getInputs();
  }
  return std::nullopt;
}

bool PredicateProver::proveParts(Literal a, Literal b) {
  auto fromPart = [&](Value part) { return prove({part, a.positive}, b); };
  auto toPart = [&](Value part) { return prove(a, {part, b.positive}); };
  if (auto parts = matchParts(a.predicate, a.positive, /*conjunction=*/false))
    return llvm::all_of(*parts, fromPart);
  if (auto parts = matchParts(b.predicate, b.positive, /*conjunction=*/true))
    return llvm::all_of(*parts, toPart);
  if (auto parts = matchParts(a.predicate, a.positive, /*conjunction=*/true))
    if (llvm::any_of(*parts, fromPart))
      return true;
  if (auto parts = matchParts(b.predicate, b.positive, /*conjunction=*/false))
    return llvm::any_of(*parts, toPart);
  return false;
}

template <typename OpTy>
static bool areApart(OpTy a, OpTy b) {
  return llvm::none_of(a.getMembers(), [&](int64_t i) {
    return llvm::is_contained(b.getMembers(), i);
  });
}

/// Restrictions show what their input shows, on some heads or batch rows.
bool PredicateProver::proveRestricted(Literal a, Literal b) {
  auto inputOf = [](Literal literal) -> Value {
    Operation *op = literal.predicate.getDefiningOp();
    return isa_and_nonnull<HeadsOp, BatchesOp>(op) ? op->getOperand(0)
                                                   : Value();
  };
  auto overMembers = [&](auto both) {
    if (!both || !a.positive)
      return false;
    auto [x, y] = *both;
    if (!b.positive)
      return areApart(x, y);
    return isSubset(x, y) && prove({x.getInput(), true}, {y.getInput(), true});
  };
  if (overMembers(matchBoth<HeadsOp>(a.predicate, b.predicate)) ||
      overMembers(matchBoth<BatchesOp>(a.predicate, b.predicate)))
    return true;
  Value inputA = inputOf(a), inputB = inputOf(b);
  return (a.positive && inputA && prove({inputA, true}, b)) ||
         (!b.positive && inputB && prove(a, {inputB, false}));
}

bool PredicateProver::leavesImply(Literal a, Literal b) {
  Operation *opA = a.predicate.getDefiningOp(),
            *opB = b.predicate.getDefiningOp();
  if (!opA || !opB)
    return false;
  if (a.positive && b.positive) {
    auto leaf = dyn_cast<PredicateOpInterface>(opA);
    return leaf && leaf.impliesLeaf(opB, order);
  }
  std::optional<WindowBounds> windowA = getWindowBounds(a.predicate),
                              windowB = getWindowBounds(b.predicate);
  if (!windowA || !windowB)
    return false;
  if (a.positive)
    return areDisjoint(*windowA, *windowB);
  std::optional<WindowBounds> all = uniteWindows(order, *windowA, *windowB);
  return all && !all->left.isGiven() && !all->right.isGiven();
}

bool PredicateProver::prove(Literal a, Literal b) {
  if (!spend())
    return false;
  if (auto negation = a.predicate.getDefiningOp<NotOp>())
    return prove({negation.getInput(), !a.positive}, b);
  if (auto negation = b.predicate.getDefiningOp<NotOp>())
    return prove(a, {negation.getInput(), !b.positive});
  // Of two complements the reverse is the same.
  if (!a.positive && !b.positive)
    return prove({b.predicate, true}, {a.predicate, true});
  if (isConstant(a.predicate, !a.positive) ||
      isConstant(b.predicate, b.positive) ||
      (a.positive == b.positive && order.isSame(a.predicate, b.predicate)))
    return true;
  if (proveParts(a, b) || proveRestricted(a, b))
    return true;
  if (auto inputs = matchSameCoordinates(order, a.predicate, b.predicate))
    // Outside of the extent of the coordinates both show nothing.
    return a.positive &&
           prove({inputs->first, true}, {inputs->second, b.positive});
  return leavesImply(a, b);
}

bool PredicateProver::implies(Value a, Value b) {
  budget = kBudget;
  return prove({a, true}, {b, true});
}
bool PredicateProver::excludes(Value a, Value b) {
  budget = kBudget;
  return prove({a, true}, {b, false});
}
bool PredicateProver::covers(Value a, Value b) {
  budget = kBudget;
  return prove({a, false}, {b, true});
}
