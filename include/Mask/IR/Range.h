//===- Range.h - how large positions and parameters can be -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The supported range (docs/Dialect.md, "Range"). What is read at run time is
// clamped to it where it is read, by the interpreter, by bounds and by emitted
// code alike, so that no sum of a few of these numbers overflows 64 bits; what
// is written in the IR beyond it is refused by the verifiers.
//
//===----------------------------------------------------------------------===//

#ifndef MASK_IR_RANGE_H
#define MASK_IR_RANGE_H

#include <algorithm>
#include <cstdint>

namespace mlir::mask {

/// Absolute positions of queries and keys lie within plus and minus this.
inline constexpr int64_t kMaxPosition = int64_t(1) << 39;

/// Parameters, offsets, stored positions and stored ends of rows lie within
/// plus and minus this. So does every distance between two positions: a window
/// side, length or end beyond it means the same as this.
inline constexpr int64_t kMaxParameter = 2 * kMaxPosition;

/// What a predicate is asked about as a query, positions that were shifted a
/// few times included, lies within plus and minus this.
inline constexpr int64_t kMaxQuery = 4 * kMaxParameter;

/// A tile has at most this many keys, so that a key counted from its first one,
/// and the first key of the tile after it, fit where an index has 32 bits.
inline constexpr int64_t kMaxTile = int64_t(1) << 30;

/// A product of two numbers that are both known only at run time (in an affine
/// interval) saturates at plus and minus this.
inline constexpr int64_t kMaxProduct = int64_t(1) << 58;

/// No number that a static map computes within the ranges above may lie
/// beyond this.
inline constexpr int64_t kMaxNumber = int64_t(1) << 60;

/// `number` within plus and minus `limit`.
inline int64_t clampTo(int64_t number, int64_t limit) {
  return std::clamp(number, -limit, limit);
}

/// A parameter, offset, position or end as it is read.
inline int64_t clampParameter(int64_t number) {
  return clampTo(number, kMaxParameter);
}

/// The product of two numbers, saturating at `kMaxProduct`.
inline int64_t saturatingProduct(int64_t a, int64_t b) {
  return static_cast<int64_t>(
      std::clamp<__int128>(__int128(a) * b, -kMaxProduct, kMaxProduct));
}

} // namespace mlir::mask

#endif // MASK_IR_RANGE_H
