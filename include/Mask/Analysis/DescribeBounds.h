//===- DescribeBounds.h - bounds of predicates as text -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_DESCRIBEBOUNDS_H
#define MASK_ANALYSIS_DESCRIBEBOUNDS_H

#include "Mask/Analysis/RowIntervals.h"

#include <string>

namespace mlir::mask {

/// What a fact, a table or a parameter is called.
using ValueNamer = function_ref<std::string(Value)>;

/// What `TermSymbol::Query` stands for: a query, written `q` (and `q0`, `q1`
/// for the first and the last of a tile); in bounds of columns a key, `k`.
enum class BoundSubject { Query, Key };

/// A bound in usual notation: "max(q - window + 1, 0)". Very long ones end in
/// "...".
std::string describeTerm(Term term, ValueNamer name,
                         BoundSubject subject = BoundSubject::Query);

/// "[lower, upper)".
std::string describeInterval(const KeyInterval &interval, ValueNamer name,
                             BoundSubject subject = BoundSubject::Query);

/// Why the rows of `op` are not exact although those of its operands are.
StringRef explainInexactness(Operation *op);

} // namespace mlir::mask

#endif // MASK_ANALYSIS_DESCRIBEBOUNDS_H
