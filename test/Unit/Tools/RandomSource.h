//===- RandomSource.h - numbers for random tests -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_TEST_UNIT_TOOLS_RANDOMSOURCE_H
#define MASK_TEST_UNIT_TOOLS_RANDOMSOURCE_H

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <random>

namespace mlir::mask::test {

/// What random tests draw from. The same seed gives the same test.
class RandomSource {
public:
  explicit RandomSource(unsigned seed) : engine(seed) {}

  int64_t between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(engine() % (most - least + 1));
  }
  bool oneIn(unsigned n) { return engine() % n == 0; }
  template <typename List>
  auto pick(const List &list) {
    return list[engine() % std::size(list)];
  }
  /// Around the borders of 32 bits, of the supported range and of 64 bits.
  int64_t pickExtreme() {
    constexpr int64_t kBorders[] = {
        int64_t(1) << 30, int64_t(1) << 31,
        int64_t(1) << 39, int64_t(1) << 40,
        int64_t(1) << 62, std::numeric_limits<int64_t>::max()};
    int64_t border = pick(kBorders) - between(0, 1);
    return oneIn(2) ? border : -border - between(0, 1);
  }

  std::mt19937 engine;
};

} // namespace mlir::mask::test

#endif // MASK_TEST_UNIT_TOOLS_RANDOMSOURCE_H
