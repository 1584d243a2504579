//===- WindowBounds.h - windows as intervals of distances -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_WINDOWBOUNDS_H
#define MASK_IR_WINDOWBOUNDS_H

#include "Mask/IR/PredicateOrder.h"

namespace mlir::mask {

/// `q - left <= k <= q + right`; a side that is not given is unbounded.
struct WindowBounds {
  Parameter left, right;

  /// Both sides are unbounded or static.
  bool isStatic() const { return !left.getValue() && !right.getValue(); }
  /// A side is indexed by batch row or head: outside of the extent of that
  /// data the window shows nothing (law 1).
  bool isPerRow() const { return left.axis || right.axis; }
};

/// The bounds of `mask.window` and of `mask.causal`, or nothing.
std::optional<WindowBounds> getWindowBounds(Value predicate);

/// The window in normal form: `mask.causal` where it is that, else
/// `mask.window`.
Value createWindow(OpBuilder &builder, Location loc, WindowBounds bounds);

/// Proves that side `a` reaches at least as far as side `b`, wherever both are
/// defined. Run-time sides are not negative (C1 of `mask.window`).
bool reachesAsFar(PredicateOrder &order, Parameter a, Parameter b);

/// The window that is the intersection, if there is one whatever the run-time
/// bounds are.
std::optional<WindowBounds> intersectWindows(PredicateOrder &order,
                                             WindowBounds a, WindowBounds b);
/// The window that is the union: both must share or touch a distance.
std::optional<WindowBounds> uniteWindows(PredicateOrder &order, WindowBounds a,
                                         WindowBounds b);

/// Warns of each window below `root` that holds no key as a bound of -1 stands
/// in it: elsewhere that is a side without bound. For what users write, not for
/// what passes make of it.
void warnOfEmptyWindows(Operation *root);

} // namespace mlir::mask

#endif // MASK_IR_WINDOWBOUNDS_H
