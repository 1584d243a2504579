//===- RandomPredicate.h - random predicates as text -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tree of predicates (Compositions.h) with any parameters: constants around
// the borders of the supported range, values, data per batch row or head, and
// numbers that scalar code computes from captures.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TOOLS_RANDOMPREDICATE_H
#define MASK_TEST_UNIT_TOOLS_RANDOMPREDICATE_H

#include "RandomSource.h"

#include <string>
#include <vector>

namespace mlir::mask::test {

struct FactName {
  std::string name, type;
};

/// Facts of `Compositions.h` and those that the other leaves read. `n` and `t`
/// are at least 1, `w` is at least 0, `any`, `longs` and `deep` are any
/// numbers.
std::vector<FactName> listFacts();

/// Facts that are computed from others, on tensors.
inline constexpr const char *kComputedFacts[] = {
    "%runs = mask.runs %types of [1, 2] : tensor<?x?xi8> -> tensor<?x?xi32>",
    "%short = mask.drop_long %runs longer_than %n : tensor<?x?xi32>",
    "%count = mask.positions %flags : tensor<?x?xi1> -> tensor<?x?xi32>",
};

struct RandomPredicate {
  /// Ops over facts, which are values of their names, and what they make.
  std::string code, value;
};

/// Of at most five ops above each other.
RandomPredicate drawPredicate(RandomSource &random, bool readsComputedFacts);

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TOOLS_RANDOMPREDICATE_H
