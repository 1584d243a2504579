//===- HostValue.h - facts and parameters as host data -*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_ANALYSIS_HOSTVALUE_H
#define MASK_ANALYSIS_HOSTVALUE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

namespace mlir::mask {

/// An array in row-major order.
template <typename Element>
struct HostArrayOf {
  llvm::SmallVector<int64_t> shape;
  std::vector<Element> values;

  /// The number of dimensions, the extent of one, and the product of all.
  int64_t getRank() const { return shape.size(); }
  int64_t getSize(unsigned dim) const { return shape[dim]; }
  int64_t getNumElements() const {
    int64_t count = 1;
    for (int64_t size : shape)
      count *= size;
    return count;
  }
  /// Zeros of the given shape.
  static std::shared_ptr<HostArrayOf> zeros(llvm::ArrayRef<int64_t> shape) {
    auto array = std::make_shared<HostArrayOf>();
    array->shape.assign(shape.begin(), shape.end());
    array->values.assign(array->getNumElements(), 0);
    return array;
  }
};

/// Integers of any width; flags are 0 and 1.
using IntegerArray = HostArrayOf<int64_t>;
/// One that is shared and not changed any more.
using HostArray = std::shared_ptr<const IntegerArray>;
/// Floats of any width, as float64.
using FloatArray = HostArrayOf<double>;

/// A fact that was not given (`mask.absent`).
struct AbsentValue {};

/// What a value is at run time: nothing, one number, or an array.
using HostValue =
    std::variant<AbsentValue, int64_t, std::shared_ptr<const IntegerArray>,
                 double, std::shared_ptr<const FloatArray>>;

} // namespace mlir::mask

#endif // MASK_ANALYSIS_HOSTVALUE_H
