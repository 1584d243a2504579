//===- PolicyLibrary.h - the policies of real systems -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_REQUEST_POLICYLIBRARY_H
#define MASK_REQUEST_POLICYLIBRARY_H

#include "Mask/Analysis/Interpreter.h"
#include "Mask/IR/Mask.h"
#include "Mask/Request/Facts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::mask {

/// A policy that ships with the tools: a file of lib/Policies.
struct PolicyEntry {
  llvm::StringRef name;
  /// The first line of the file's comment.
  llvm::StringRef summary;
  /// The text of the file.
  llvm::StringRef source;
};

/// All policies, by name.
llvm::ArrayRef<PolicyEntry> getPolicies();
/// The policy of that name, or null.
const PolicyEntry *lookupPolicy(llvm::StringRef name);

/// The policy `name` as an op of `module`, parsed into it unless it is there
/// already. An unknown name is an error at the module that lists the known
/// ones.
FailureOr<PolicyOp> loadPolicy(llvm::StringRef name, ModuleOp module);

/// `5.12`, `5.23` or `5.24`.
std::optional<PackingRule> parsePackingRule(llvm::StringRef text);

/// The request as the system of `policy` takes it. Where the system finds
/// packed rows by positions (`sequences_from_positions`), and the request gives
/// positions, no sequence ids, no padding and no cache, each position that is
/// not one more than the one before begins a sequence; `sequence_ids` are added
/// if there is more than one in some batch row. A mask in which every token is
/// valid is no padding.
Request placeSequences(PolicyOp policy, Request request);

/// The value of a fact of the given name and type, or null where it is not
/// given.
using FactBuilder = llvm::function_ref<Value(llvm::StringRef name, Type type)>;

/// Builds the predicate of one layer type as a request sees it: the policy's
/// own (`mask.of_layer`), and last, where the policy does not place them
/// itself, `sequence_ids` (by the packing rule, 5.12 unless one is given) and
/// `key_valid`. Facts that are not given become `mask.absent`; one that the
/// policy needs is an error that names both.
FailureOr<Value> buildPredicate(OpBuilder &builder, Location loc,
                                PolicyOp policy, llvm::StringRef layerType,
                                std::optional<PackingRule> packing,
                                FactBuilder getFact);

/// Adds to the policy's module a private function that returns the predicate as
/// `buildPredicate` builds it, with an argument for each fact that `isGiven`.
/// `bind` sees each argument; its failure is the result's.
FailureOr<func::FuncOp> buildPredicateFunction(
    PolicyOp policy, llvm::StringRef layerType,
    std::optional<PackingRule> packing,
    llvm::function_ref<bool(llvm::StringRef name)> isGiven,
    llvm::function_ref<LogicalResult(llvm::StringRef name, BlockArgument)>
        bind);

/// What a function of `buildPredicateFunction` returns.
Value getReturnedPredicate(func::FuncOp function);

/// The predicate on the facts of `request`, by the interpreter. Reads all that
/// the predicate reads: facts that are missing or do not fit, and parameters
/// that break a constraint of their op (a negative window), are errors with the
/// numbers.
FailureOr<PredicateFunction> interpretPolicy(PolicyOp policy,
                                             llvm::StringRef layerType,
                                             std::optional<PackingRule> packing,
                                             const Request &request);

/// Adds to `request` the parameters that it lacks and that the policy's file
/// says: the constants that the file hands to the policy in `mask.of_layer`,
/// for one layer type or, if it is empty, for all. Where the file says several,
/// the request has to say which. What both say is the request's, with a warning
/// where they differ.
LogicalResult takeParameters(PolicyOp policy, llvm::StringRef layerType,
                             Request &request);

/// The fact as host data of the rank that `type` declares, or an error at
/// `loc`.
FailureOr<HostValue> getFactValue(Location loc, const Request &request,
                                  llvm::StringRef name, Type type);

} // namespace mlir::mask

#endif // MASK_REQUEST_POLICYLIBRARY_H
