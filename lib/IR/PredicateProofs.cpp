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

/// `k < length` in either of its names.
static std::optional<Parameter> getKeyBound(Operation *op) {
  if (auto prefix = dyn_cast<PrefixOp>(op))
    return prefix.getLengthParameter();
  if (auto length = dyn_cast<KeyLengthOp>(op))
    return length.getLengthParameter();
  return std::nullopt;
}

static bool keyBoundImplies(PredicateOrder &order, Operation *a, Operation *b) {
  Parameter boundA = *getKeyBound(a), boundB = *getKeyBound(b);
  if (boundA.getConstant() && boundB.getConstant())
    return *boundA.getConstant() <= *boundB.getConstant();
  // An absent bound may still come: it makes a prefix empty, a key length full.
  return (isa<PrefixOp>(a) || isa<KeyLengthOp>(b)) &&
         order.isSame(boundA, boundB);
}

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
  if (offsetA.value || offsetB.value)
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

/// `k == q` is visible for every `q`. Ids do not qualify: they have an extent.
static bool showsDiagonal(Operation *op) {
  if (auto chunk = dyn_cast<ChunkOp>(op))
    return !chunk.getSizeAxis() && !chunk.getOffsetAxis();
  auto dilated = dyn_cast<DilatedOp>(op);
  return dilated && !dilated.getStrideAxis();
}

static bool dilatedImplies(DilatedOp a, DilatedOp b) {
  std::optional<int64_t> strideA = a.getStrideParameter().getConstant(),
                         strideB = b.getStrideParameter().getConstant();
  return strideA && strideB && *strideA % *strideB == 0;
}

bool PredicateProver::leafImplies(Operation *a, Operation *b) {
  std::optional<WindowBounds> windowA = getWindowBounds(a->getResult(0)),
                              windowB = getWindowBounds(b->getResult(0));
  if (windowA && windowB)
    return reachesAsFar(order, windowB->left, windowA->left) &&
           reachesAsFar(order, windowB->right, windowA->right);
  if (windowA)
    return isDiagonal(*windowA) && showsDiagonal(b);
  if (auto chunk = dyn_cast<ChunkOp>(a)) {
    if (windowB)
      return chunkImpliesWindow(chunk, *windowB);
    auto other = dyn_cast<ChunkOp>(b);
    return other && chunkImplies(order, chunk, other);
  }
  if (getKeyBound(a) && getKeyBound(b))
    return keyBoundImplies(order, a, b);
  if (auto dilated = dyn_cast<DilatedOp>(a)) {
    auto other = dyn_cast<DilatedOp>(b);
    return other && dilatedImplies(dilated, other);
  }
  auto block = dyn_cast<BlockBidirectionalOp>(a);
  auto document = dyn_cast<DocumentOp>(b);
  return block && document &&
         order.isSame(block.getQueryIds(), document.getQueryIds()) &&
         order.isSame(block.getEffectiveKeyIds(),
                      document.getEffectiveKeyIds());
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

bool PredicateProver::proveImplies(Value a, Value b) {
  if (!spend())
    return false;
  if (order.isSame(a, b) || a.getDefiningOp<EmptyOp>() ||
      b.getDefiningOp<FullOp>())
    return true;
  auto implies = [&](Value x, Value y) { return proveImplies(x, y); };
  if (auto either = a.getDefiningOp<OrOp>())
    return llvm::all_of(either.getInputs(),
                        [&](Value x) { return implies(x, b); });
  if (auto both = b.getDefiningOp<AndOp>())
    return llvm::all_of(both.getInputs(),
                        [&](Value y) { return implies(a, y); });
  if (auto both = a.getDefiningOp<AndOp>())
    if (llvm::any_of(both.getInputs(), [&](Value x) { return implies(x, b); }))
      return true;
  if (auto either = b.getDefiningOp<OrOp>())
    if (llvm::any_of(either.getInputs(),
                     [&](Value y) { return implies(a, y); }))
      return true;
  if (auto notB = b.getDefiningOp<NotOp>())
    return proveExcludes(a, notB.getInput());
  if (auto notA = a.getDefiningOp<NotOp>())
    return proveCovers(notA.getInput(), b);
  if (auto both = matchBoth<HeadsOp>(a, b))
    return isSubset(both->first, both->second) &&
           implies(both->first.getInput(), both->second.getInput());
  if (auto both = matchBoth<BatchesOp>(a, b))
    return isSubset(both->first, both->second) &&
           implies(both->first.getInput(), both->second.getInput());
  if (auto heads = a.getDefiningOp<HeadsOp>())
    return implies(heads.getInput(), b);
  if (auto batches = a.getDefiningOp<BatchesOp>())
    return implies(batches.getInput(), b);
  if (auto inputs = matchSameCoordinates(order, a, b))
    return implies(inputs->first, inputs->second);
  Operation *opA = a.getDefiningOp(), *opB = b.getDefiningOp();
  return opA && opB && leafImplies(opA, opB);
}

bool PredicateProver::proveExcludes(Value a, Value b) {
  if (!spend())
    return false;
  if (a.getDefiningOp<EmptyOp>() || b.getDefiningOp<EmptyOp>())
    return true;
  if (auto notA = a.getDefiningOp<NotOp>())
    if (proveImplies(b, notA.getInput()))
      return true;
  if (auto notB = b.getDefiningOp<NotOp>())
    if (proveImplies(a, notB.getInput()))
      return true;
  for (auto [x, y] : {std::pair(a, b), std::pair(b, a)}) {
    Value other = y;
    auto excludes = [&](Value part) { return proveExcludes(part, other); };
    if (auto either = x.getDefiningOp<OrOp>())
      return llvm::all_of(either.getInputs(), excludes);
    if (auto both = x.getDefiningOp<AndOp>())
      if (llvm::any_of(both.getInputs(), excludes))
        return true;
    if (auto heads = x.getDefiningOp<HeadsOp>())
      if (excludes(heads.getInput()))
        return true;
    if (auto batches = x.getDefiningOp<BatchesOp>())
      if (excludes(batches.getInput()))
        return true;
  }
  auto disjoint = [](ArrayRef<int64_t> x, ArrayRef<int64_t> y) {
    return llvm::none_of(x,
                         [&](int64_t i) { return llvm::is_contained(y, i); });
  };
  if (auto both = matchBoth<HeadsOp>(a, b))
    return disjoint(both->first.getMembers(), both->second.getMembers());
  if (auto both = matchBoth<BatchesOp>(a, b))
    return disjoint(both->first.getMembers(), both->second.getMembers());
  std::optional<WindowBounds> windowA = getWindowBounds(a),
                              windowB = getWindowBounds(b);
  return windowA && windowB && areDisjoint(*windowA, *windowB);
}

bool PredicateProver::proveCovers(Value a, Value b) {
  if (!spend())
    return false;
  if (a.getDefiningOp<FullOp>() || b.getDefiningOp<FullOp>())
    return true;
  if (auto notA = a.getDefiningOp<NotOp>())
    if (proveImplies(notA.getInput(), b))
      return true;
  if (auto notB = b.getDefiningOp<NotOp>())
    if (proveImplies(notB.getInput(), a))
      return true;
  for (auto [x, y] : {std::pair(a, b), std::pair(b, a)}) {
    Value other = y;
    auto covers = [&](Value part) { return proveCovers(part, other); };
    if (auto both = x.getDefiningOp<AndOp>())
      return llvm::all_of(both.getInputs(), covers);
    if (auto either = x.getDefiningOp<OrOp>())
      if (llvm::any_of(either.getInputs(), covers))
        return true;
  }
  std::optional<WindowBounds> windowA = getWindowBounds(a),
                              windowB = getWindowBounds(b);
  if (!windowA || !windowB)
    return false;
  std::optional<WindowBounds> all = uniteWindows(order, *windowA, *windowB);
  return all && !all->left.isGiven() && !all->right.isGiven();
}

bool PredicateProver::implies(Value a, Value b) {
  budget = kBudget;
  return proveImplies(a, b);
}
bool PredicateProver::excludes(Value a, Value b) {
  budget = kBudget;
  return proveExcludes(a, b);
}
bool PredicateProver::covers(Value a, Value b) {
  budget = kBudget;
  return proveCovers(a, b);
}
