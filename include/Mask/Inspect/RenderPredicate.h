//===- RenderPredicate.h - predicates in words -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_RENDERPREDICATE_H
#define MASK_INSPECT_RENDERPREDICATE_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/Inspect/CompareMasks.h"

namespace mlir::mask {

/// The names of facts and parameters, for people.
class ValueNames {
public:
  /// Names a value.
  void set(Value value, StringRef name) { names[value] = name.str(); }
  /// A parameter as an expression of named ones ("window - 1"), per-token data
  /// by what they are made of ("runs of [1, 2] of token_types").
  std::string describe(Value value) const;

private:
  DenseMap<Value, std::string> names;
};

/// A predicate op in one line: "window left window - 1 right unbounded".
std::string describePredicate(Value predicate, const ValueNames &names);

/// The formula of a predicate op (`getFormula`), each name in it, `q`, `k` or
/// that of a parameter, replaced.
std::string fillFormula(PredicateOpInterface op,
                        function_ref<std::string(StringRef)> replace);

/// Prints whether one element is visible, and under it, as a tree, every
/// sub-predicate with its value and the numbers that decide it. Returns whether
/// the element is visible.
FailureOr<bool> renderPoint(raw_ostream &os, Value predicate,
                            const MaskElement &element, FactEvaluator &facts,
                            const ValueNames &names);

/// Prints what the analysis knows about the bounds of `predicate` and of its
/// parts for any facts, and what came of it in `view`, which may be null.
void renderWhy(raw_ostream &os, Value predicate, const ValueNames &names,
               const MaskView *view);

} // namespace mlir::mask

#endif // MASK_INSPECT_RENDERPREDICATE_H
