//===- AttentionDomain.h - the queries and keys of an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LIB_TRANSFORMS_ATTENTIONDOMAIN_H
#define MASK_LIB_TRANSFORMS_ATTENTIONDOMAIN_H

#include "Mask/Analysis/PredicateDomain.h"
#include "SafeValueBounds.h"

namespace mlir::mask {

/// The points that a closed attention asks its predicate about, and what is
/// known of its sizes, offsets and captures: static sizes, and what MLIR's
/// value bounds say of dynamic ones and of indices.
class AttentionDomain : public PredicateDomain {
public:
  AttentionDomain(TermContext &context, AttentionOp attention);

  /// Where the predicate is asked.
  PredicateFrame getFrame() { return frame; }

private:
  using Variable = SafeValueBounds::Variable;

  /// The term of an index outside of the region, or of a size.
  Term number(Value index);
  Term size(Value data, int64_t dim);
  Term offset(Parameter offset);
  /// Assumes the bounds of what `term` stands for.
  void describe(Term term, const Variable &variable);
  void describeCaptures();
  /// The region's argument for a captured value, or the value.
  Value lookupInside(Value value);

  AttentionOp attention;
  PredicateFrame frame;
  llvm::SmallDenseSet<const Term::Node *> described;
};

} // namespace mlir::mask

#endif // MASK_LIB_TRANSFORMS_ATTENTIONDOMAIN_H
