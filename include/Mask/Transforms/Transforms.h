//===- Transforms.h - rewrites from masks to masks -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TRANSFORMS_TRANSFORMS_H
#define MASK_TRANSFORMS_TRANSFORMS_H

#include "Mask/IR/Captures.h"
#include "Mask/IR/Mask.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::mask {
struct PredicateSlice;

/// How policies are resolved.
struct ResolvePoliciesOptions {
  /// Keep policies that nothing refers to any longer.
  bool keepPolicies = false;
};

/// Replaces every `mask.of_layer` below `root` that is not itself part of a
/// policy by the predicate of its policy, and erases the policies without uses.
/// Fails, with an error, on a policy that is built from itself.
LogicalResult resolvePolicies(RewriterBase &rewriter, Operation *root,
                              const ResolvePoliciesOptions &options = {});

/// Gives `attention` a region that holds its predicate; one that is closed
/// stays as it is. Fails, with an error, if the predicate is not built by ops
/// of the mask dialect that `attention` can reach: an argument, a select.
LogicalResult closePredicate(RewriterBase &rewriter, AttentionOp attention);

/// Gives the leaves of a closed predicate on tensors the tables that they lack.
/// A table is built right after its fact, and shared. Other attentions stay as
/// they are.
void buildTables(RewriterBase &rewriter, AttentionOp attention);

/// The same for an open predicate, whose leaves read the facts directly.
void buildTables(RewriterBase &rewriter, const PredicateSlice &slice);

/// How simplification reports.
struct SimplifyOptions {
  /// The category of remarks: the argument of the pass that simplifies.
  StringRef category = "mask-simplify";
};

/// Replaces the parts of a closed predicate that hold for all, or for none, of
/// the queries and keys that the attention looks at, and simplifies what is
/// left. Each part is a remark. Others than closed attentions stay as they are.
void simplifyPredicate(RewriterBase &rewriter, AttentionOp attention,
                       const SimplifyOptions &options = {});

/// Clones each function that takes predicates once per structure of predicate
/// and shape of data that it is called with, and gives each clone its
/// predicate: K bodies for N layers, in `module` and in each module nested in
/// it. Resolves policies and builds the tables of the callers' predicates. What
/// all calls of a clone say of an argument is known in it.
/// Fails, with an error, on a predicate that is not built by ops of the mask
/// dialect, and on layers that call themselves with ever other predicates.
LogicalResult specializeLayers(RewriterBase &rewriter, ModuleOp module);

} // namespace mlir::mask

#endif // MASK_TRANSFORMS_TRANSFORMS_H
