//===- Connective.h - and and or as each other's dual -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_IR_CONNECTIVE_H
#define MASK_LIB_IR_CONNECTIVE_H

#include "Mask/IR/Mask.h"
#include "Mask/IR/PredicateProofs.h"
#include "Mask/IR/WindowBounds.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {

/// Predicates are a lattice: `and` is its meet, `or` its join, and turning it
/// upside down makes each the other. A rewrite of connectives is written once,
/// over this; what it says of `and` it says, upside down, of `or`.
template <typename OpTy>
struct Connective {
  static constexpr bool isAnd = std::is_same_v<OpTy, AndOp>;
  using Dual = std::conditional_t<isAnd, OrOp, AndOp>;

  /// The operand that changes nothing, and the one that decides everything, as
  /// visibility of all keys.
  static constexpr bool neutral = isAnd, absorbing = !isAnd;

  /// `x` adds nothing to `y`.
  static bool isRedundant(PredicateProver &prover, Value x, Value y) {
    return isAnd ? prover.implies(y, x) : prover.implies(x, y);
  }
  /// `x` and `y` together are the absorbing constant.
  static bool isDecided(PredicateProver &prover, Value x, Value y) {
    return isAnd ? prover.excludes(x, y) : prover.covers(x, y);
  }
  /// The one window that both together are, if there is one.
  static std::optional<WindowBounds> join(PredicateOrder &order, Value x,
                                          Value y) {
    std::optional<WindowBounds> a = getWindowBounds(x), b = getWindowBounds(y);
    if (!a || !b)
      return std::nullopt;
    return isAnd ? intersectWindows(order, *a, *b)
                 : uniteWindows(order, *a, *b);
  }
};

/// `mask.full` or `mask.empty`.
inline Value createConstant(OpBuilder &builder, Location loc, bool visible) {
  Type type = PredicateType::get(loc.getContext());
  if (visible)
    return FullOp::create(builder, loc, type);
  return EmptyOp::create(builder, loc, type);
}

/// The connective over any number of inputs.
template <typename OpTy>
Value createConnective(OpBuilder &builder, Location loc, ValueRange inputs) {
  if (inputs.empty())
    return createConstant(builder, loc, Connective<OpTy>::neutral);
  if (inputs.size() == 1)
    return inputs.front();
  return OpTy::create(builder, loc, PredicateType::get(loc.getContext()),
                      inputs);
}

/// The operands without those at `i` and `j`.
inline SmallVector<Value> without(ValueRange inputs, size_t i, size_t j) {
  SmallVector<Value> rest;
  for (auto [n, value] : llvm::enumerate(inputs))
    if (n != i && n != j)
      rest.push_back(value);
  return rest;
}

/// The rewrites of `and` and of `or` over `mask.heads` and `mask.batches`.
void populateRestrictedAndPatterns(RewritePatternSet &patterns);
void populateRestrictedOrPatterns(RewritePatternSet &patterns);

/// The rewrites of `or` over the sides of windows.
void populateWindowOrPatterns(RewritePatternSet &patterns);

} // namespace mlir::mask

#endif // MASK_LIB_IR_CONNECTIVE_H
