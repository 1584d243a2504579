//===- EmitTerm.h - bounds as IR -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_EMITTERM_H
#define MASK_CONVERSION_EMITTERM_H

#include "Mask/Analysis/Term.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseMap.h"

#include <array>

namespace mlir::mask {

/// Where terms are emitted: the SSA values of the term symbols and of the
/// facts, and what has been emitted already. One scope serves one insertion
/// region; a scope for a nested region names its parent, whose values it
/// reuses.
class TermScope {
public:
  explicit TermScope(TermScope *parent = nullptr) : parent(parent) {}

  /// The `index` value of a symbol.
  void bind(TermSymbol symbol, Value value) {
    symbols[static_cast<size_t>(symbol)] = value;
  }
  /// The run-time counterpart of a value that terms mention (an argument of a
  /// predicate region). Values that are not bound stand for themselves.
  void bind(Value value, Value counterpart) { facts.map(value, counterpart); }

  /// What is bound here or in a parent: null for a symbol, the value itself for
  /// a value where nothing is.
  Value lookup(TermSymbol symbol) const;
  Value lookup(Value value) const;
  /// What was emitted for a term, as `index` or as `i1`, or null.
  Value lookupEmitted(const Term::Node *node, bool asTruth) const;
  void setEmitted(const Term::Node *node, bool asTruth, Value value) {
    emitted[{node, asTruth}] = value;
  }

private:
  TermScope *parent;
  std::array<Value, kNumTermSymbols> symbols;
  IRMapping facts;
  DenseMap<std::pair<const Term::Node *, unsigned>, Value> emitted;
};

/// Emits `term` as an `index` value at the builder's insertion point. Affine
/// parts become `affine.apply`, `affine.min` and `affine.max`, so that
/// constants fold; loads are bounds-checked. Fails, with an error at `loc`,
/// only if the term reads data that is not a memref operand: a table that was
/// never built.
FailureOr<Value> emitTerm(OpBuilder &builder, Location loc, Term term,
                          TermScope &scope);

/// The same for a truth value, as an `i1`.
FailureOr<Value> emitTruth(OpBuilder &builder, Location loc, Term term,
                           TermScope &scope);

/// Emits the parts of `term`, a truth value or a number, that depend on none of
/// `symbols` and remembers them in `scope`: what an emission of `term` in a
/// nested scope, where the symbols are bound, then finds.
LogicalResult emitInvariants(OpBuilder &builder, Location loc, Term term,
                             TermScope &scope, ArrayRef<TermSymbol> symbols,
                             bool asTruth);

} // namespace mlir::mask

#endif // MASK_CONVERSION_EMITTERM_H
