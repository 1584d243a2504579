//===- AttentionForms.h - random functions with an attention -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is drawn when a function is written: its predicate (RandomPredicate.h),
// in front of the attention or in its region, on tensors or on memrefs;
// schedule, types, offsets, and what of all that is constant.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TOOLS_ATTENTIONFORMS_H
#define MASK_TEST_UNIT_TOOLS_ATTENTIONFORMS_H

#include "RandomPredicate.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <array>
#include <string>
#include <vector>

namespace mlir::mask::test {

struct Schedule {
  int64_t queryTile, keyTile, lanes, rows, heads = 1, parts = 1;
  bool pairs = false, amx = false, columns = false;
};

/// What attention may be: names of element types, and whether bf16 can be
/// multiplied in pairs, or in tiles.
struct ElementChoice {
  std::vector<std::string> types;
  bool hasPairs = false, hasAMX = false;
  /// Whether keys may lie in pages.
  bool hasPages = false;
  /// The keys of a tile of attentions whose schedule is left to the compiler,
  /// with code of their own for few queries, a multiple of 16; zero if there
  /// are none.
  int64_t chosenKeyTile = 0;
};

struct Sizes {
  int64_t batch, heads, keyHeads, queries, keys, dim, valueDim;
  /// Of the origin, if there is one.
  std::array<int64_t, 4> origin = {0, 0, 0, 0};
};

/// The arguments of a function in front of those that a form names: query, key,
/// value, output and log-sum-exp.
inline constexpr unsigned kDataArguments = 5;

/// One function with an attention.
struct Form {
  std::string name, text;
  /// The type of query, key, value and output.
  std::string elements;
  /// If the text does not give it, what sizes are drawn around.
  Schedule schedule;
  /// Keys of a page, if they lie in pages, whose table is the argument `pages`;
  /// else zero.
  int64_t page = 0;
  /// Its arguments after the data and the outputs.
  std::vector<std::string> arguments;
  /// Sizes that types may tell; the others are `ShapedType::kDynamic`, and each
  /// call has its own.
  Sizes sizes;
  /// Added to all offsets that the text gives.
  int64_t base = 0;
  bool hasConstantOffset = false;
  /// Whether the text gives the origin, which is that of `sizes`.
  bool hasConstantOrigin = false;

  bool hasArgument(StringRef argument) const {
    return llvm::is_contained(arguments, argument);
  }
  /// Whether no call differs in its sizes.
  bool isStatic() const;
};

/// A function called `name`.
Form drawForm(RandomSource &random, std::string name,
              const ElementChoice &choice);

/// Gives the facts of `function`, which was parsed from `form`, other types:
/// ranks, widths, static extents.
void drawTypes(RandomSource &random, func::FuncOp function, const Form &form);

/// Sizes of a call, around the borders of tiles, or any.
Sizes drawSizes(RandomSource &random, const Form &form);

/// Where the arrays of a call lie.
std::array<int64_t, 4> drawOrigin(RandomSource &random, const Form &form);

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TOOLS_ATTENTIONFORMS_H
